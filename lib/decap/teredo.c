/* teredo.c - Teredo: IPv6 through UDP and address translators */
#include "dec.h"

enum {
    TEREDO_PREFIX = 0x20010000, /* RFC 4380 section 2.6 */
    ORIGIN = 0x0000,
    AUTHENTICATION = 0x0001,
    ORIGIN_BYTES = 8,
    AUTH_BYTES = 13, /* with an empty client id and value */
    NO_NEXT_HEADER = 59,
    TRAILERS_MAX = 64, /* RFC 6081 section 4: options behind a bubble */
};

/* RFC 4380 section 5.1.1: an authentication (type, two lengths, client id, value, nonce, a byte)
 * may come first, then an origin indication (type, port, address), then IPv6. */
enum dec_step
dec_teredo(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 4);
    if (!h)
        return dec_cut(w, rest, 4);
    if (be16(h) == AUTHENTICATION) {
        const uint32_t n = AUTH_BYTES + h[2] + h[3];

        if (!cur_take(rest, n))
            return dec_cut(w, rest, n);
        h = cur_peek(rest, 4);
    }
    if (h && be16(h) == ORIGIN) {
        if (!cur_take(rest, ORIGIN_BYTES))
            return dec_cut(w, rest, ORIGIN_BYTES);
    }
    h = cur_peek(rest, 7);
    if (!h)
        return dec_cut(w, rest, 7);
    if (h[0] >> 4 != 6)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (!w->out->n_frags) {
        const uint32_t total = be16(h + 4) + 40u;
        const uint32_t room = rest->told + w->over;

        if (total > room ||
            (total < room && (h[6] != NO_NEXT_HEADER || room - total > TRAILERS_MAX)))
            return dec_stop(w, PAVO_WHY_UNSOUND);
    }
    dec_enter(w, PAVO_CARRIER_TEREDO, 0);
    return DEC_IP6;
}

/* Clients of Teredo talk to each other between any ports. IPv6 that fills a datagram is theirs if
 * one of its addresses is of Teredo's prefix and holds the port and the IPv4 address, both
 * inverted, of the same side outside (RFC 4380 section 4): 80 bits that agree. The other side may
 * be behind a translator and look different. */
enum dec_step
dec_teredo_client(const uint8_t *udp, const struct cur *rest, const struct dec_walk *w)
{
    const struct pavo_layers *out = w->out;
    const uint8_t *h = cur_peek(rest, 40);

    if (!h || out->kind != PAVO_KIND_IP4)
        return DEC_STOP;
    for (unsigned side = 0; side < 2; side++) {
        const uint8_t *inside = h + 8 + 16 * side;
        const uint8_t *outside = side ? out->dst : out->src;

        if (be32(inside) == TEREDO_PREFIX &&
            (be16(inside + 10) ^ be16(udp + 2 * side)) == UINT16_MAX &&
            (be32(inside + 12) ^ be32(outside)) == UINT32_MAX)
            return DEC_TEREDO;
    }
    return DEC_STOP;
}
