/* etherip.c - Ethernet in IP */
#include "dec.h"

/* Version 3 in four bits, then twelve reserved zeros: RFC 3378 section 3. */
enum dec_step
dec_etherip(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (h[0] >> 4 != 3)
        return dec_stop(w, PAVO_WHY_ETHERIP_VERSION);
    dec_enter(w, PAVO_CARRIER_ETHERIP, 0);
    if (be16(h) & 0x0fff)
        w->in_doubt = true;
    return DEC_ETHER;
}
