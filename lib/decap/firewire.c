/* firewire.c - IP over IEEE 1394, as macOS captures it */
#include "routes.h"

/* Destination and source, EtherType. The addresses are 64 bits long; the lower 48 are kept, which
 * hold the vendor's number of the device and a byte of the vendor. */
enum dec_step
dec_firewire(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    dec_macs(out, h + 2, h + 10);
    dec_mark_link(w, rest, be16(h + 16), false);
    return dec_route(DEC_BY_ETHERTYPE, be16(h + 16));
}
