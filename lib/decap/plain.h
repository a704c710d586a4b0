/* plain.h - IP without options, TCP or UDP, in Ethernet: the frames that most of a network are
 *
 * Reads the headers at their fixed places. Whatever is not as usual is left to the walk, which
 * knows the rest: another type, tags, options, fragments, lengths that disagree. Inline, because
 * who makes a key of the same fields has them at hand here (lib/flow/make.c). A test proves that
 * the walk from the start says the same of each frame that is taken here.
 */
#ifndef PAVO_PLAIN_H
#define PAVO_PLAIN_H

#include "ip.h"

/* Used in several places: left to themselves, compilers make functions of these, and all slower. */
#define PLAIN_INLINE inline __attribute__((always_inline))

enum {
    ETHER_FIXED = 14,
    TYPE_IP4 = 0x0800,
    TYPE_IP6 = 0x86dd,
    TCP_STAMPED = SHORT_TCP_FIXED + 12, /* may have time stamps and nothing else */
};

/* The headers of an IP packet and of the transport in it. */
struct plain {
    const uint8_t *ip, *transport;
    uint32_t total; /* bytes of the IP packet */
    uint32_t head;  /* bytes of the transport header */
    uint32_t held;  /* bytes behind the IP header that were captured of it */
    uint16_t src_port, dst_port;
    uint8_t proto;      /* SHORT_UDP or SHORT_TCP */
    enum dec_step next; /* what follows at its payload, mostly DEC_STOP */
};

/* Does IP begin 'at' bytes into the frame, without options or pieces, and is room for its fixed
 * header and that of UDP? */
static PLAIN_INLINE bool
plain_is_ip4(const struct pavo_frame *f, uint32_t at)
{
    return f->caplen >= at + IP4_FIXED + SHORT_UDP_FIXED && ip4_is_plain(f->data + at);
}

static PLAIN_INLINE bool
plain_is_ip6(const struct pavo_frame *f, uint32_t at)
{
    return f->caplen >= at + IP6_FIXED + SHORT_UDP_FIXED && f->data[at] >> 4 == 6;
}

/* 0, TYPE_IP4 or TYPE_IP6: is the whole frame Ethernet with such a packet? */
static PLAIN_INLINE uint32_t
plain_type(const struct pavo_frame *f)
{
    uint32_t type;

    if (f->link != PAVO_LINK_ETHER || f->caplen < ETHER_FIXED)
        return 0;
    type = be16(f->data + 12);
    if (__builtin_expect(type == TYPE_IP4, 1))
        return plain_is_ip4(f, ETHER_FIXED) ? type : 0;
    return type == TYPE_IP6 && plain_is_ip6(f, ETHER_FIXED) ? type : 0;
}

static PLAIN_INLINE uint32_t
plain_told(const struct pavo_frame *f)
{
    return (f->len > f->caplen ? f->len : f->caplen) - ETHER_FIXED;
}

/* The datagram behind the header of UDP 'h': false if there is more to it. */
static PLAIN_INLINE bool
plain_udp(const struct pavo_decap_config *cfg, const uint8_t *h, uint32_t n, struct plain *v)
{
    v->next = DEC_STOP;
    v->head = SHORT_UDP_FIXED;
    if (__builtin_expect(dec_udp_may(cfg, v->src_port, v->dst_port), 0)) {
        v->next = dec_udp_step(cfg, v->dst_port);
        if (v->next == DEC_STOP)
            v->next = dec_udp_step(cfg, v->src_port);
    }
    return be16(h + 4) == n &&
           (v->next != DEC_STOP ||
            !dec_looks_teredo(h + SHORT_UDP_FIXED, v->held - SHORT_UDP_FIXED, n - SHORT_UDP_FIXED));
}

static PLAIN_INLINE bool
plain_tcp(const struct pavo_decap_config *cfg, const uint8_t *h, uint32_t n, struct plain *v)
{
    v->next = DEC_STOP;
    v->head = (h[12] >> 4) * 4u;
    if (v->head == SHORT_TCP_FIXED)
        return v->dst_port != cfg->stt_port;
    return v->head > SHORT_TCP_FIXED && n >= v->head && v->held >= v->head;
}

/* Finds the headers of a packet that passed plain_is_ip4() or, if 'is_ip6', the other one; 'told'
 * bytes follow 'at'. False: it is for the walk. */
static PLAIN_INLINE bool
plain_read(const struct pavo_decap_config *cfg, const struct pavo_frame *f, uint32_t at,
           uint32_t told, const bool is_ip6, struct plain *v)
{
    const uint32_t fixed = is_ip6 ? IP6_FIXED : IP4_FIXED;
    const uint8_t *ip = f->data + at, *h = ip + fixed;
    const uint32_t held = f->caplen - at;
    const uint32_t total = is_ip6 ? IP6_FIXED + be16(ip + 4) : be16(ip + 2);

    if (total > told || total < fixed + SHORT_UDP_FIXED)
        return false;
    v->ip = ip;
    v->transport = h;
    v->total = total;
    v->held = (held < total ? held : total) - fixed;
    v->proto = is_ip6 ? ip[6] : ip[9];
    v->src_port = be16(h);
    v->dst_port = be16(h + 2);
    if (v->proto == SHORT_UDP)
        return plain_udp(cfg, h, total - fixed, v);
    return v->proto == SHORT_TCP && total >= fixed + SHORT_TCP_FIXED &&
           v->held >= SHORT_TCP_FIXED && plain_tcp(cfg, h, total - fixed, v);
}

static PLAIN_INLINE void
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

/* What the packets of a flow that goes on are asked for. Of UDP the fields of TCP stay as they are.
 */
static PLAIN_INLINE void
plain_first(const struct plain *v, const bool is_ip6, struct pavo_layers *out)
{
    out->ttl = v->ip[is_ip6 ? 7 : 8];
    out->tos = is_ip6 ? (uint8_t)(be16(v->ip) >> 4) : v->ip[1];
    out->l3_len = v->total;
    out->payload_len = v->total - (is_ip6 ? IP6_FIXED : IP4_FIXED) - v->head;
    out->has_ip_id = !is_ip6;
    out->ip_id = is_ip6 ? 0 : be16(v->ip + 4);
    out->has_tcp = 0;
    if (v->proto == SHORT_UDP)
        return;
    out->why = PAVO_WHY_DONE;
    out->has_tcp_opt = 0;
    out->tcp_tsval = 0;
    out->tcp_tsecr = 0;
    out->n_sack = 0;
    out->has_mptcp_token = 0;
    tcp_fields(out, v->transport);
    if (v->head > SHORT_TCP_FIXED)
        plain_tcp_options(v, out);
}

/* The rest of what these headers say, 'ether' before them, and 'depth' all in all, of 'frame',
 * which had 'wire_len' bytes. 'out' is clear but for what plain_first() has set. */
static PLAIN_INLINE void
plain_rest(const struct plain *v, const uint8_t *frame, uint32_t wire_len, const uint8_t *ether,
           uint8_t depth, const bool is_ip6, struct pavo_layers *out)
{
    const uint8_t *ip = v->ip;

    out->kind = is_ip6 ? PAVO_KIND_IP6 : PAVO_KIND_IP4;
    out->proto = v->proto;
    out->depth = depth;
    out->has_ports = 1;
    out->wire_len = wire_len;
    out->ip_flags = is_ip6 ? 0 : ip[6] >> 5;
    if (is_ip6) {
        out->flow_label = be32(ip) & 0xfffffu;
        memcpy(out->src, ip + 8, 16);
        memcpy(out->dst, ip + 24, 16);
    } else {
        memcpy(out->src, ip + 12, 4);
        memcpy(out->dst, ip + 16, 4);
    }
    out->src_port = v->src_port;
    out->dst_port = v->dst_port;
    dec_macs(out, ether, ether + 6);
    out->ethertype = be16(ether + 12);
    out->payload_at = (uint32_t)(v->transport - frame) + v->head;
}

static PLAIN_INLINE void
plain_fields(const struct plain *v, const uint8_t *frame, uint32_t wire_len, const uint8_t *ether,
             uint8_t depth, const bool is_ip6, struct pavo_layers *out)
{
    dec_clear(out);
    plain_first(v, is_ip6, out);
    plain_rest(v, frame, wire_len, ether, depth, is_ip6, out);
}

/* The rest of a packet that has gone through plain_first() and nothing else. */
static PLAIN_INLINE void
plain_complete(const struct plain *v, const uint8_t *frame, uint32_t wire_len, const uint8_t *ether,
               uint8_t depth, const bool is_ip6, struct pavo_layers *out)
{
    uint16_t mss = 0;

    if (out->has_tcp) {
        mss = (out->has_tcp_opt & PAVO_TCP_OPT_MSS) ? out->tcp_mss : 0;
        out->tcp_wscale = (out->has_tcp_opt & PAVO_TCP_OPT_WSCALE) ? out->tcp_wscale : 0;
    } else { /* its fields, and what their reading came to */
        memset(&out->why, 0, DEC_FIRST_BYTES - offsetof(struct pavo_layers, why));
    }
    dec_clear_rest(out);
    plain_rest(v, frame, wire_len, ether, depth, is_ip6, out);
    out->tcp_mss = mss;
}

/* The header of a tunnel, and what the packet inside is. */
struct plain_tunnel {
    const uint8_t *link; /* Ethernet header of the packet, its own or that of the frame */
    uint32_t at;         /* where in the frame the packet begins, */
    uint32_t n;          /* and bytes from there to the end of the tunnel's payload */
    uint32_t id;
    uint32_t type;   /* EtherType */
    uint8_t carrier; /* enum pavo_carrier */
    uint8_t depth;   /* headers of the frame down to those of the packet inside */
};

/* plain_tunnel - opens the tunnel of which outer->next is the header, behind the outer headers
 *
 * False: it is for the walk. So is what is inside, unless plain_read_inside() takes it. */
bool plain_tunnel(const struct pavo_frame *f, const struct plain *outer, struct plain_tunnel *t);

static PLAIN_INLINE bool
plain_read_inside(const struct pavo_decap_config *cfg, const struct pavo_frame *f,
                  const struct plain_tunnel *t, const bool is_ip6, struct plain *v)
{
    return (is_ip6 ? plain_is_ip6(f, t->at) : plain_is_ip4(f, t->at)) &&
           plain_read(cfg, f, t->at, t->n, is_ip6, v);
}

#endif
