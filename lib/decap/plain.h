/* plain.h - Ethernet, IP without options, TCP or UDP: the frames that most of a network are
 *
 * Reads the three headers at their fixed places. Whatever is not as usual is left to the walk,
 * which knows the rest: another type, tags, options, fragments, lengths that disagree. Inline,
 * because who makes a key of the same fields has them at hand here (lib/flow/make.c). A test proves
 * that the walk from the start says the same of each frame that is taken here.
 */
#ifndef PAVO_PLAIN_H
#define PAVO_PLAIN_H

#include "ip.h"

enum {
    ETHER_FIXED = 14,
    PLAIN_IP4 = 0x080045, /* EtherType, version and header length */
    PLAIN_IP6 = 0x86dd,
    TCP_STAMPED = SHORT_TCP_FIXED + 12, /* may have time stamps and nothing else */
};

/* Where the headers of such a frame are. */
struct plain {
    const uint8_t *ip, *transport;
    uint32_t total;     /* bytes of the IP packet */
    uint32_t head;      /* bytes of the transport header */
    uint32_t held;      /* bytes behind the IP header that were captured of it */
    uint8_t proto;      /* SHORT_UDP or SHORT_TCP */
    enum dec_step next; /* what follows at its payload, mostly DEC_STOP */
};

/* Is it Ethernet, and the fixed header of IPv4 or IPv6 and UDP whole? */
static inline bool
plain_is_ip4(const struct pavo_frame *f)
{
    return f->link == PAVO_LINK_ETHER && f->caplen >= ETHER_FIXED + IP4_FIXED + SHORT_UDP_FIXED &&
           be32(f->data + 12) >> 8 == PLAIN_IP4 &&
           !(be16(f->data + ETHER_FIXED + 6) & IP4_IS_FRAGMENT);
}

static inline bool
plain_is_ip6(const struct pavo_frame *f)
{
    return f->link == PAVO_LINK_ETHER && f->caplen >= ETHER_FIXED + IP6_FIXED + SHORT_UDP_FIXED &&
           be16(f->data + 12) == PLAIN_IP6 && f->data[ETHER_FIXED] >> 4 == 6;
}

/* The datagram behind the header of UDP 'h': false if there is more to it. */
static inline bool
plain_udp(const struct pavo_decap_config *cfg, const uint8_t *h, uint32_t n, struct plain *v)
{
    v->next = dec_udp_step(cfg, be16(h + 2));
    v->head = SHORT_UDP_FIXED;
    if (v->next == DEC_STOP)
        v->next = dec_udp_step(cfg, be16(h));
    return be16(h + 4) == n &&
           (v->next != DEC_STOP ||
            !dec_looks_teredo(h + SHORT_UDP_FIXED, v->held - SHORT_UDP_FIXED, n - SHORT_UDP_FIXED));
}

static inline bool
plain_tcp(const struct pavo_decap_config *cfg, const uint8_t *h, uint32_t n, struct plain *v)
{
    v->next = DEC_STOP;
    v->head = (h[12] >> 4) * 4u;
    if (v->head == SHORT_TCP_FIXED)
        return be16(h + 2) != cfg->stt_port;
    return v->head > SHORT_TCP_FIXED && n >= v->head && v->held >= v->head;
}

/* Finds the headers of a frame that passed plain_is_ip4() or, if 'is_ip6', the other; false: it is
 * for the walk. */
static inline __attribute__((always_inline)) bool
plain_read(const struct pavo_decap_config *cfg, const struct pavo_frame *f, const bool is_ip6,
           struct plain *v)
{
    const uint32_t fixed = is_ip6 ? IP6_FIXED : IP4_FIXED;
    const uint8_t *ip = f->data + ETHER_FIXED, *h = ip + fixed;
    const uint32_t told = (f->len > f->caplen ? f->len : f->caplen) - ETHER_FIXED;
    const uint32_t held = f->caplen - ETHER_FIXED;
    const uint32_t total = is_ip6 ? IP6_FIXED + be16(ip + 4) : be16(ip + 2);

    if (total > told || total < fixed + SHORT_UDP_FIXED)
        return false;
    v->ip = ip;
    v->transport = h;
    v->total = total;
    v->held = (held < total ? held : total) - fixed;
    v->proto = is_ip6 ? ip[6] : ip[9];
    if (v->proto == SHORT_UDP)
        return plain_udp(cfg, h, total - fixed, v);
    return v->proto == SHORT_TCP && total >= fixed + SHORT_TCP_FIXED &&
           v->held >= SHORT_TCP_FIXED && plain_tcp(cfg, h, total - fixed, v);
}

static inline void
plain_tcp_options(const struct plain *v, struct pavo_layers *out)
{
    const uint8_t *h = v->transport + SHORT_TCP_FIXED;

    if (v->head == TCP_STAMPED && be32(h) == DEC_TS_ALONE) {
        out->has_tcp_opt = PAVO_TCP_OPT_TS;
        out->tcp_tsval = be32(h + 4);
        out->tcp_tsecr = be32(h + 8);
    } else if (!dec_tcp_options(out, h, v->head - SHORT_TCP_FIXED, v->head - SHORT_TCP_FIXED)) {
        out->why = PAVO_WHY_TCP_OPTIONS;
    }
}

/* What these headers say. */
static inline __attribute__((always_inline)) void
plain_fields(const struct plain *v, const bool is_ip6, uint32_t wire_len, struct pavo_layers *out)
{
    const uint32_t fixed = is_ip6 ? IP6_FIXED : IP4_FIXED;
    const uint8_t *ether = v->ip - ETHER_FIXED;

    dec_clear(out);
    out->wire_len = wire_len;
    out->depth = 3;
    out->ethertype = is_ip6 ? PLAIN_IP6 : PLAIN_IP4 >> 8;
    dec_macs(out, ether, ether + 6);
    if (is_ip6)
        ip6_fields(out, v->ip, v->total - IP6_FIXED);
    else
        ip4_fields(out, v->ip, v->total);
    out->src_port = be16(v->transport);
    out->dst_port = be16(v->transport + 2);
    out->has_ports = 1;
    out->payload_at = ETHER_FIXED + fixed + v->head;
    out->payload_len = v->total - fixed - v->head;
    if (v->proto == SHORT_UDP)
        return;
    tcp_fields(out, v->transport);
    if (v->head > SHORT_TCP_FIXED)
        plain_tcp_options(v, out);
}

#endif
