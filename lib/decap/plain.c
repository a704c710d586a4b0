/* plain.c - Ethernet, IP without options, TCP or UDP: the frames that most of a network are
 *
 * Reads the three headers at their fixed places. Whatever is not as usual is left to the walk,
 * which knows the rest: another type, tags, options, fragments, lengths that disagree. Behind a UDP
 * port that leads on the walk begins where these headers end. A test proves that the walk from the
 * start says the same of each frame that is taken here.
 */
#include "ip.h"

enum {
    ETHER_FIXED = 14,
    TYPE_IP4 = 0x0800,
    TYPE_IP6 = 0x86dd,
    TCP_STAMPED = SHORT_TCP_FIXED + 12, /* may have time stamps and nothing else */
};

/* 'h' is a header of UDP in a datagram of 'n' bytes, at least 8, of which 'held' are captured.
 * False: there is more to it. */
static inline bool
udp_is_plain(const struct pavo_decap_config *cfg, const uint8_t *h, uint32_t n, uint32_t held,
             enum dec_step *next)
{
    const enum dec_step to = dec_udp_step(cfg, be16(h + 2));

    *next = to != DEC_STOP ? to : dec_udp_step(cfg, be16(h));
    return be16(h + 4) == n &&
           (*next != DEC_STOP ||
            !dec_looks_teredo(h + SHORT_UDP_FIXED, held - SHORT_UDP_FIXED, n - SHORT_UDP_FIXED));
}

/* 'h' is a header of TCP, of whose segment 'held' bytes are captured. Returns its bytes, 0: there
 * is more to it. */
static inline uint32_t
tcp_is_plain(const struct pavo_decap_config *cfg, const uint8_t *h, uint32_t n, uint32_t held)
{
    const uint32_t head = (h[12] >> 4) * 4u;

    if (head == SHORT_TCP_FIXED)
        return be16(h + 2) == cfg->stt_port ? 0 : head;
    return head > SHORT_TCP_FIXED && n >= head && held >= head ? head : 0;
}

/* The transport of 'n' bytes behind an IP header that ends 'at' bytes into the frame. */
static inline bool
transport_plain(const struct pavo_decap_config *cfg, const struct pavo_frame *f, uint8_t proto,
                uint32_t at, uint32_t n, uint32_t *head, enum dec_step *next)
{
    const uint8_t *h = f->data + at;
    const uint32_t fixed = short_fixed(proto);
    uint32_t held = f->caplen - at;

    held = held < n ? held : n;
    if (fixed == 0 || held < fixed)
        return false;
    if (proto == SHORT_UDP)
        *head = udp_is_plain(cfg, h, n, held, next) ? SHORT_UDP_FIXED : 0;
    else
        *head = tcp_is_plain(cfg, h, n, held);
    return *head != 0;
}

static inline void
transport_fields(struct pavo_layers *out, const uint8_t *h, uint8_t proto, uint32_t head)
{
    out->src_port = be16(h);
    out->dst_port = be16(h + 2);
    out->has_ports = 1;
    if (proto == SHORT_UDP)
        return;
    tcp_fields(out, h);
    if (head == TCP_STAMPED && be32(h + SHORT_TCP_FIXED) == DEC_TS_ALONE) {
        out->has_tcp_opt = PAVO_TCP_OPT_TS;
        out->tcp_tsval = be32(h + SHORT_TCP_FIXED + 4);
        out->tcp_tsecr = be32(h + SHORT_TCP_FIXED + 8);
    } else if (head > SHORT_TCP_FIXED &&
               !dec_tcp_options(out, h + SHORT_TCP_FIXED, head - SHORT_TCP_FIXED,
                                head - SHORT_TCP_FIXED)) {
        out->why = PAVO_WHY_TCP_OPTIONS;
    }
}

enum dec_step
dec_plain(const struct pavo_decap_config *cfg, const struct pavo_frame *f, struct pavo_layers *out)
{
    const uint8_t *h = f->data, *ip = h + ETHER_FIXED;
    const uint32_t told = (f->len > f->caplen ? f->len : f->caplen) - ETHER_FIXED;
    enum dec_step next = DEC_STOP;
    uint32_t type, total, fixed, head;
    uint8_t proto;

    if (f->link != PAVO_LINK_ETHER || f->caplen < ETHER_FIXED + IP4_FIXED + SHORT_UDP_FIXED)
        return DEC_STEPS;
    type = be16(h + 12);
    if (type == TYPE_IP4 && ip4_is_plain(ip)) {
        fixed = IP4_FIXED;
        total = be16(ip + 2);
        proto = ip[9];
    } else if (type == TYPE_IP6 && ip[0] >> 4 == 6 && f->caplen >= ETHER_FIXED + IP6_FIXED) {
        fixed = IP6_FIXED;
        total = IP6_FIXED + be16(ip + 4);
        proto = ip[6];
    } else {
        return DEC_STEPS;
    }
    if (total > told || total < fixed ||
        !transport_plain(cfg, f, proto, ETHER_FIXED + fixed, total - fixed, &head, &next))
        return DEC_STEPS;
    dec_clear(out);
    out->wire_len = f->len;
    out->depth = 3;
    out->ethertype = (uint16_t)type;
    dec_macs(out, h, h + 6);
    if (fixed == IP4_FIXED)
        ip4_fields(out, ip, total);
    else
        ip6_fields(out, ip, total - IP6_FIXED);
    transport_fields(out, ip + fixed, proto, head);
    out->payload_at = ETHER_FIXED + fixed + head;
    out->payload_len = total - fixed - head;
    return next;
}
