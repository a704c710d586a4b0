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

/* Are the 'held' bytes at 'ip' such a header, without options or pieces, and enough for its fixed
 * part and that of UDP? */
static PLAIN_INLINE bool
plain_is_ip4(const uint8_t *ip, uint32_t held)
{
    return held >= IP4_FIXED + SHORT_UDP_FIXED && ip4_is_plain(ip);
}

static PLAIN_INLINE bool
plain_is_ip6(const uint8_t *ip, uint32_t held)
{
    return held >= IP6_FIXED + SHORT_UDP_FIXED && ip[0] >> 4 == 6;
}

/* 0, TYPE_IP4 or TYPE_IP6: is the whole frame Ethernet with such a packet? */
static PLAIN_INLINE uint32_t
plain_type(const struct pavo_frame *f)
{
    const uint8_t *ip = f->data + ETHER_FIXED;

    if (f->link != PAVO_LINK_ETHER || f->caplen < ETHER_FIXED + IP4_FIXED + SHORT_UDP_FIXED)
        return 0;
    if (__builtin_expect(be16_is(ip - 2, TYPE_IP4), 1))
        return ip4_is_plain(ip) ? TYPE_IP4 : 0;
    return be16_is(ip - 2, TYPE_IP6) && plain_is_ip6(ip, f->caplen - ETHER_FIXED) ? TYPE_IP6 : 0;
}

static PLAIN_INLINE uint32_t
plain_told(const struct pavo_frame *f)
{
    return (f->len > f->caplen ? f->len : f->caplen) - ETHER_FIXED;
}

/* Finds the headers of a packet that passed plain_is_ip4() or, if 'is_ip6', the other one: 'held'
 * bytes are there at 'ip', and 'told' are promised. False: it is for the walk. */
static PLAIN_INLINE bool
plain_open(const uint8_t *ip, uint32_t held, uint32_t told, const bool is_ip6, struct plain *v)
{
    const uint32_t fixed = is_ip6 ? IP6_FIXED : IP4_FIXED;
    const uint32_t total = is_ip6 ? IP6_FIXED + be16(ip + 4) : be16(ip + 2);

    if (total < fixed + SHORT_UDP_FIXED)
        return false;
    v->held = total - fixed;
    if (__builtin_expect(total > held, 0)) { /* not captured whole, or not sent */
        if (total > told)
            return false;
        v->held = held - fixed;
    }
    v->ip = ip;
    v->transport = ip + fixed;
    v->total = total;
    v->proto = is_ip6 ? ip[6] : ip[9];
    v->src_port = be16(v->transport);
    v->dst_port = be16(v->transport + 2);
    return true;
}

/* Bytes behind the IP header. */
static PLAIN_INLINE uint32_t
plain_body(const struct plain *v, const bool is_ip6)
{
    return v->total - (is_ip6 ? IP6_FIXED : IP4_FIXED);
}

/* The header of UDP behind it: false if there is more to it. */
static PLAIN_INLINE bool
plain_udp(const struct pavo_decap_config *cfg, const bool is_ip6, struct plain *v)
{
    const uint32_t n = plain_body(v, is_ip6);

    v->next = DEC_STOP;
    v->head = SHORT_UDP_FIXED;
    if (__builtin_expect(dec_udp_may(cfg, v->src_port, v->dst_port), 0)) {
        v->next = dec_udp_step(cfg, v->dst_port);
        if (v->next == DEC_STOP)
            v->next = dec_udp_step(cfg, v->src_port);
    }
    return be16(v->transport + 4) == n &&
           (v->next != DEC_STOP ||
            !dec_looks_teredo(v->transport + SHORT_UDP_FIXED, v->held - SHORT_UDP_FIXED,
                              n - SHORT_UDP_FIXED));
}

/* The header of TCP. */
static PLAIN_INLINE bool
plain_tcp(const struct pavo_decap_config *cfg, const bool is_ip6, struct plain *v)
{
    const uint32_t n = plain_body(v, is_ip6);

    if (n < SHORT_TCP_FIXED || v->held < SHORT_TCP_FIXED)
        return false;
    v->next = DEC_STOP;
    v->head = (v->transport[12] >> 4) * 4u;
    if (v->head == SHORT_TCP_FIXED)
        return v->dst_port != cfg->stt_port;
    return v->head > SHORT_TCP_FIXED && n >= v->head && v->held >= v->head;
}

static PLAIN_INLINE bool
plain_read(const struct pavo_decap_config *cfg, const uint8_t *ip, uint32_t held, uint32_t told,
           const bool is_ip6, struct plain *v)
{
    if (!plain_open(ip, held, told, is_ip6, v))
        return false;
    if (v->proto == SHORT_UDP)
        return plain_udp(cfg, is_ip6, v);
    return v->proto == SHORT_TCP && plain_tcp(cfg, is_ip6, v);
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

/* What the packets of a flow that goes on are asked for; 'proto' is v->proto. Of UDP the fields of
 * TCP stay as they are. */
static PLAIN_INLINE void
plain_first(const struct plain *v, const bool is_ip6, const uint8_t proto, struct pavo_layers *out)
{
    out->ttl = v->ip[is_ip6 ? 7 : 8];
    out->tos = is_ip6 ? (uint8_t)(be16(v->ip) >> 4) : v->ip[1];
    out->l3_len = v->total;
    out->payload_len = v->total - (is_ip6 ? IP6_FIXED : IP4_FIXED) - v->head;
    out->has_ip_id = !is_ip6;
    out->has_tcp = 0;
    out->ip_id = is_ip6 ? 0 : be16(v->ip + 4);
    if (proto == SHORT_UDP)
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

/* The rest of what these headers say, 'ether' before them, and 'depth' all in all. 'out' is clear
 * but for what plain_first() has set. */
static PLAIN_INLINE void
plain_rest(const struct plain *v, const struct pavo_frame *f, const uint8_t *ether, uint8_t depth,
           const bool is_ip6, struct pavo_layers *out)
{
    const uint8_t *ip = v->ip;

    out->kind = is_ip6 ? PAVO_KIND_IP6 : PAVO_KIND_IP4;
    out->proto = v->proto;
    out->depth = depth;
    out->has_ports = 1;
    out->wire_len = f->len;
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
    out->payload_at = (uint32_t)(v->transport - f->data) + v->head;
}

static PLAIN_INLINE void
plain_fields(const struct plain *v, const struct pavo_frame *f, const uint8_t *ether, uint8_t depth,
             const bool is_ip6, struct pavo_layers *out)
{
    dec_clear(out);
    plain_first(v, is_ip6, v->proto, out);
    plain_rest(v, f, ether, depth, is_ip6, out);
}

/* The rest of a packet that has gone through plain_first() and nothing else. */
static PLAIN_INLINE void
plain_complete(const struct plain *v, const struct pavo_frame *f, const uint8_t *ether,
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
    plain_rest(v, f, ether, depth, is_ip6, out);
    out->tcp_mss = mss;
}

/* ---- tunnels ------------------------------------------------------------------------------------
 */

enum {
    TYPE_ETHER = 0x6558,
    TUNNEL_FIXED = 8, /* VXLAN, Geneve and GTP-U begin with as many bytes */
    TUNNEL_LEAST = SHORT_UDP_FIXED + TUNNEL_FIXED + IP4_FIXED + SHORT_UDP_FIXED,
    VXLAN_I = 0x08,
    GENEVE_O = 0x80,
    GTPU_VERSION = 0x3, /* 1, and GTP */
    GTPU_OPTIONAL = 0x07,
    GTPU_EXTENSION = 0x04,
    GTPU_G_PDU = 255,
};

/* The header of a tunnel, and what the packet inside is. */
struct plain_tunnel {
    const uint8_t *link; /* Ethernet header of the packet, its own or that of the frame */
    struct cur rest;     /* where the packet begins */
    uint32_t id;
    uint32_t type;   /* EtherType */
    uint8_t carrier; /* enum pavo_carrier */
    uint8_t depth;   /* headers of the frame down to those of the packet inside */
};

/* GTP-U, behind the header of UDP: gtp.c; an extension header of four bytes is that of 5G. */
static PLAIN_INLINE bool
plain_gtpu(const struct pavo_frame *f, struct plain_tunnel *t)
{
    const uint8_t *h = t->rest.at;
    uint32_t head = TUNNEL_FIXED;

    t->carrier = PAVO_CARRIER_GTPU;
    t->id = be32(h + 4);
    t->depth = 6;
    if (h[0] & GTPU_OPTIONAL)
        head += 4;
    if (h[0] & GTPU_EXTENSION && h[11] != 0) {
        if (h[12] != 1 || h[15] != 0)
            return false;
        head += 4;
    }
    if (h[0] >> 4 != GTPU_VERSION || h[1] != GTPU_G_PDU ||
        !cur_narrow(&t->rest, be16(h + 2) + TUNNEL_FIXED))
        return false;
    t->link = f->data;
    t->type = h[head] >> 4 == 4 ? TYPE_IP4 : TYPE_IP6;
    return cur_take(&t->rest, head) != NULL;
}

/* VXLAN: vxlan.c, other bits are of no account once IP is met inside; and Geneve: geneve.c. */
static PLAIN_INLINE bool
plain_vxlan(enum dec_step step, struct plain_tunnel *t)
{
    const uint8_t *h = t->rest.at;
    uint32_t head = TUNNEL_FIXED + ETHER_FIXED;

    t->id = be32(h + 4) >> 8;
    t->depth = 7;
    if (step == DEC_VXLAN) {
        t->carrier = PAVO_CARRIER_VXLAN;
        if (!(h[0] & VXLAN_I))
            return false;
    } else {
        t->carrier = PAVO_CARRIER_GENEVE;
        head += (h[0] & 0x3fu) * 4;
        if (h[0] >> 6 != 0 || h[1] & GENEVE_O || be16(h + 2) != TYPE_ETHER)
            return false;
    }
    if (!cur_take(&t->rest, head))
        return false;
    t->link = h + head - ETHER_FIXED;
    t->type = be16(t->link + 12);
    return true;
}

/* Opens the tunnel that 'step' says is behind the header of UDP at 'udp', of which 'held' of 'told'
 * bytes are there. False: it is for the walk. So is what is inside, unless plain_is_ip4() or
 * plain_is_ip6() of the rest holds, and plain_open(). */
static PLAIN_INLINE bool
plain_tunnel(const struct pavo_frame *f, enum dec_step step, const uint8_t *udp, uint32_t held,
             uint32_t told, struct plain_tunnel *t)
{
    if (held < TUNNEL_LEAST)
        return false;
    t->rest = cur_open(udp + SHORT_UDP_FIXED, held - SHORT_UDP_FIXED, told - SHORT_UDP_FIXED);
    if (step == DEC_VXLAN || step == DEC_GENEVE)
        return plain_vxlan(step, t);
    return step == DEC_GTPU && plain_gtpu(f, t);
}

#endif
