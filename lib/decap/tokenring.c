/* tokenring.c - Token Ring, with the route that source-route bridges read */
#include "routes.h"

enum {
    FRAME_TYPE = 0xc0,
    FRAME_LLC = 0x40,
    ROUTED = 0x80, /* in a source address, which is never a group: a routing field follows */
    ROUTE_LENGTH = 0x1f,
};

/* Access control, frame control, destination, source: ISO/IEC 8802-5 section 3.2. A routing field
 * tells its own length, which counts its first two bytes: section 3.3. */
enum dec_step
dec_token_ring(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint8_t *route;

    dec_macs(out, h + 2, h + 8);
    out->src_mac[0] &= (uint8_t)~ROUTED;
    dec_mark_link(w, rest, 0, false);
    if (h[8] & ROUTED) {
        uint32_t bytes;

        route = cur_peek(rest, 2);
        if (!route)
            return dec_cut(w, rest, 2);
        bytes = route[0] & ROUTE_LENGTH;
        if (bytes < 2 || bytes % 2)
            return dec_stop(w, PAVO_WHY_MALFORMED);
        if (!cur_take(rest, bytes))
            return dec_cut(w, rest, bytes);
        dec_mark_link(w, rest, 0, false);
    }
    if ((h[1] & FRAME_TYPE) == FRAME_LLC)
        return DEC_LLC;
    out->named = PAVO_NAME_RING_MAC;
    return DEC_STOP;
}
