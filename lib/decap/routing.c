/* routing.c - routing headers of IPv6, and what segment routing carries
 *
 * A routing header is read through: its length is its own, whatever its type. The counts of a known
 * type must fit into that length. Addresses stay those of the IP header.
 */
#include "routes.h"

enum {
    SOURCE_ROUTE = 0, /* RFC 5095 forbids it; it is read through all the same */
    MOBILE_IP = 2,
    RPL = 3,
    SEGMENTS = 4,
    IP_IN_IP = 4,
    IPV6_IN_IP = 41,
    ETHERNET = 143, /* RFC 8986 section 10.1 */
};

/* Do the counts of the header at 'h', of 'more' bytes beyond its first eight, fit together? */
static bool
is_sound(const uint8_t *h, uint32_t more)
{
    const uint32_t left = h[3];

    switch (h[2]) {
    case SOURCE_ROUTE: /* RFC 2460 section 4.4: addresses only */
        return more % 16 == 0 && left <= more / 16;
    case MOBILE_IP: /* RFC 6275 section 6.4: one address */
        return more == 16 && left == 1;
    case RPL: { /* RFC 6554 section 3: addresses without the bytes that they share, then padding */
        const uint32_t each = 16 - (h[4] >> 4);
        const uint32_t last = 16 - (h[4] & 0x0fu);
        const uint32_t pad = h[5] >> 4;

        return more >= pad + last && (more - pad - last) % each == 0 &&
               left <= (more - pad - last) / each + 1;
    }
    case SEGMENTS: /* RFC 8754 section 4.3.1.1; the first segment may be left out */
        return (h[4] + 1u) * 16 <= more && left <= h[4] + 1u;
    default:
        return true;
    }
}

/* RFC 8200 section 4.4: next header, length, type, segments left, and data by type. What comes
 * straight behind segments is carried by them: RFC 8986 section 4. */
enum dec_step
dec_routing(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t more = h[1] * 8u;

    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    dec_mark(w, rest);
    if (!is_sound(h, more))
        dec_flaw(w, PAVO_WHY_ROUTING_HEADER);
    if (h[2] != SEGMENTS || (h[0] != IP_IN_IP && h[0] != IPV6_IN_IP && h[0] != ETHERNET))
        return dec_by_ip_proto(h[0], w);
    w->out->proto = h[0];
    dec_enter(w, PAVO_CARRIER_SRV6, h[3]);
    return h[0] == IP_IN_IP ? DEC_IP4 : h[0] == IPV6_IN_IP ? DEC_IP6 : DEC_ETHER;
}

/* Ethernet straight behind an IPv6 header: the segment that is its destination says what becomes of
 * it, and none is left. */
enum dec_step
dec_sr_ether(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (w->out->kind != PAVO_KIND_IP6)
        return DEC_STOP;
    dec_enter(w, PAVO_CARRIER_SRV6, 0);
    return DEC_ETHER;
}
