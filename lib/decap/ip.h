/* ip.h - the fixed headers of IPv4 and IPv6, and the short way through them
 *
 * ip4_short() and ip6_short() read IP and the TCP or UDP behind it in one go where nothing needs a
 * second look: a whole header without options, no fragment, no length that exceeds the frame. That
 * is nearly all traffic; the walk's loop, which asks before each header what it has asked here
 * once, costs it twice as much. What it does not take it leaves for the walk as it was, and a test
 * proves that both ways end the same.
 */
#ifndef PAVO_IP_H
#define PAVO_IP_H

#include "dec.h"

enum {
    IP4_FIXED = 20,
    IP4_PLAIN = 0x45,         /* version 4, and no options */
    IP4_IS_FRAGMENT = 0x3fff, /* MF, or an offset */
    IP6_FIXED = 40,
    SHORT_TCP = 6, /* the protocols that have a short way, and their fixed headers */
    SHORT_TCP_FIXED = 20,
    SHORT_UDP = 17,
    SHORT_UDP_FIXED = 8,
};

/* RFC 791 section 3.1: 'h' is the header of a packet of 'total' bytes. The head of 'out' is clear.
 */
static inline void
ip4_fill(struct pavo_layers *out, const uint8_t *h, uint32_t total)
{
    out->kind = PAVO_KIND_IP4;
    out->proto = h[9];
    out->ttl = h[8];
    out->tos = h[1];
    out->l3_len = total;
    memcpy(out->src, h + 12, 4);
    memcpy(out->dst, h + 16, 4);
    out->has_ip_id = 1;
    out->ip_id = be16(h + 4);
    out->ip_flags = h[6] >> 5;
}

/* RFC 8200 section 3: 'body' bytes follow the header at 'h'. The head of 'out' is clear. */
static inline void
ip6_fill(struct pavo_layers *out, const uint8_t *h, uint32_t body)
{
    out->kind = PAVO_KIND_IP6;
    out->proto = h[6];
    out->ttl = h[7];
    out->tos = (uint8_t)(be16(h) >> 4);
    out->l3_len = IP6_FIXED + body;
    out->flow_label = be32(h) & 0xfffffu;
    memcpy(out->src, h + 8, 16);
    memcpy(out->dst, h + 24, 16);
}

/* Forgets the transport that an IP header before had. */
static inline void
ip_anew(struct pavo_layers *out)
{
    out->frag = PAVO_FRAG_NONE;
    out->has_ports = 0;
    out->src_port = 0;
    out->dst_port = 0;
    out->spi = 0;
}

static inline void
ip4_fields(struct pavo_layers *out, const uint8_t *h, uint32_t total)
{
    ip_anew(out);
    out->flow_label = 0;
    memset(out->src, 0, sizeof out->src);
    memset(out->dst, 0, sizeof out->dst);
    ip4_fill(out, h, total);
}

static inline void
ip6_fields(struct pavo_layers *out, const uint8_t *h, uint32_t body)
{
    ip_anew(out);
    dec_no_ip4(out);
    ip6_fill(out, h, body);
}

/* RFC 9293 section 3.1, without ports and options. */
static inline void
tcp_fields(struct pavo_layers *out, const uint8_t *h)
{
    out->has_tcp = 1;
    out->tcp_seq = be32(h + 4);
    out->tcp_ack = be32(h + 8);
    out->tcp_flags = be16(h + 12) & 0x0fffu;
    out->tcp_window = be16(h + 14);
}

/* Is it an IPv4 header without options, of a packet that is no fragment? */
static inline bool
ip4_is_plain(const uint8_t *h)
{
    return h[0] == IP4_PLAIN && !be16_has(h + 6, IP4_IS_FRAGMENT);
}

/* Bytes of the fixed transport header; 0: this protocol has no short way. */
static inline uint32_t
short_fixed(uint8_t proto)
{
    return proto == SHORT_UDP ? SHORT_UDP_FIXED : proto == SHORT_TCP ? SHORT_TCP_FIXED : 0;
}

/* 'rest' begins at an IP header whose fields are in w->out: 'head' bytes of a packet of 'total'.
 * Takes both headers. */
static inline enum dec_step
short_transport(struct dec_walk *w, struct cur *rest, uint32_t head, uint32_t total, uint8_t proto)
{
    const uint32_t fixed = short_fixed(proto);
    const uint8_t *h;

    dec_prove(w);
    w->over = 0;
    (void)cur_narrow(rest, total);
    h = cur_take(rest, head + fixed) + head;
    w->out->depth += 2;
    return proto == SHORT_UDP ? dec_udp(h, rest, w) : dec_tcp(h, rest, w);
}

/* False, and nothing has changed: it is for the walk. */
static inline bool
ip4_short(struct dec_walk *w, struct cur *rest, enum dec_step *next)
{
    const uint8_t *h = cur_peek(rest, IP4_FIXED + SHORT_UDP_FIXED);
    uint32_t total, fixed;

    if (!h || !ip4_is_plain(h))
        return false;
    fixed = short_fixed(h[9]);
    total = be16(h + 2);
    if (fixed == 0 || total < IP4_FIXED + fixed || total > rest->told ||
        rest->held < IP4_FIXED + fixed || w->out->depth > PAVO_DEPTH_MAX - 2)
        return false;
    ip4_fields(w->out, h, total);
    *next = short_transport(w, rest, IP4_FIXED, total, h[9]);
    return true;
}

static inline bool
ip6_short(struct dec_walk *w, struct cur *rest, enum dec_step *next)
{
    const uint8_t *h = cur_peek(rest, IP6_FIXED + SHORT_UDP_FIXED);
    uint32_t total, fixed;

    if (!h || h[0] >> 4 != 6)
        return false;
    fixed = short_fixed(h[6]);
    total = IP6_FIXED + be16(h + 4);
    if (fixed == 0 || total < IP6_FIXED + fixed || total > rest->told ||
        rest->held < IP6_FIXED + fixed || w->out->depth > PAVO_DEPTH_MAX - 2)
        return false;
    ip6_fields(w->out, h, total - IP6_FIXED);
    w->is_jumbo = false;
    *next = short_transport(w, rest, IP6_FIXED, total, h[6]);
    return true;
}

#endif
