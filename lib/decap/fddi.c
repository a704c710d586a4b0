/* fddi.c - FDDI
 *
 * The ring sends the bits of an address in the other order than Ethernet does, and captures hold
 * them as they were sent. Records show the order of Ethernet, as tcpdump and tshark do.
 */
#include "routes.h"

enum {
    FORMAT = 0x70, /* length of the addresses, format; the bit above is the class */
    FORMAT_LLC = 0x50,
    CLASS_FORMAT = 0xf0,
    CONTROL_SMT = 0x40,
};

static void
turn_bits(uint8_t to[6], const uint8_t *from)
{
    for (unsigned i = 0; i < 6; i++) {
        uint32_t b = from[i];

        b = (b & 0xf0u) >> 4 | (b & 0x0fu) << 4;
        b = (b & 0xccu) >> 2 | (b & 0x33u) << 2;
        b = (b & 0xaau) >> 1 | (b & 0x55u) << 1;
        to[i] = (uint8_t)b;
    }
}

/* Frame control, destination, source: ISO 9314-2 section 7.3. */
enum dec_step
dec_fddi(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    turn_bits(out->dst_mac, h + 1);
    turn_bits(out->src_mac, h + 7);
    out->has_mac = 1;
    dec_mark_link(w, rest, 0, false);
    if ((h[0] & FORMAT) == FORMAT_LLC)
        return DEC_LLC;
    out->named = (h[0] & CLASS_FORMAT) == CONTROL_SMT ? PAVO_NAME_FDDI_SMT : PAVO_NAME_RING_MAC;
    return DEC_STOP;
}
