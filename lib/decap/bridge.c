/* bridge.c - tags between a bridge and the port extenders or virtual interfaces that it controls
 *
 * Their ids name a port by direction: to it as the destination, from it as the source.
 */
#include "routes.h"

/* Priority 3 bits, drop eligible, ingress E-CID base 12, reserved 2, group 2, E-CID base 12,
 * ingress and E-CID extension 8 each, EtherType: IEEE 802.1BR-2012 clause 7.5. */
enum dec_step
dec_etag(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_enter(w, PAVO_CARRIER_ETAG, (uint32_t)h[5] << 14 | (be16(h + 2) & 0x3fffu));
    return dec_link_type(be16(h + 6), rest, w);
}

/* Direction, pointer, destination interface 14 bits, looped, reserved, version 2, source interface
 * 12 bits, EtherType. */
enum dec_step
dec_vntag(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (h[2] & 0x30)
        return dec_stop(w, PAVO_WHY_TAG_FORM);
    dec_enter(w, PAVO_CARRIER_VNTAG, (be16(h) & 0x3fffu) << 12 | (be16(h + 2) & 0x0fffu));
    return dec_link_type(be16(h + 4), rest, w);
}
