/* otv.c - Overlay Transport Virtualization: Ethernet between sites */
#include "dec.h"

enum { FLAG_I = 0x08 };

/* Flags, overlay id, instance id, a reserved byte: draft-hasmit-otv-04 section 5. On the wire it is
 * a VXLAN header, and its port 8472 is the one that Linux uses for VXLAN. */
enum dec_step
dec_otv(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if ((h[0] & ~FLAG_I) != 0)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    dec_enter(w, PAVO_CARRIER_OTV, h[0] & FLAG_I ? be24(h + 4) : 0);
    if (h[7] != 0)
        w->in_doubt = true;
    return DEC_ETHER;
}
