/* decap_check.h - what every result of the decoder must keep to, whatever the bytes
 *
 * Shared by the fuzz targets of the decoder. check_result() aborts; it is no assert(), for it must
 * also stop a release build.
 */
#ifndef DECAP_CHECK_H
#define DECAP_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pavo_decap.h"

#define must(holds) ((holds) ? (void)0 : must_fail(#holds, __LINE__))

static inline void
must_fail(const char *what, int line)
{
    fprintf(stderr, "decap_check.h:%d: does not hold: %s\n", line, what);
    abort();
}

static inline bool
is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

/* All that is off by default is on. */
static inline void
fuzz_config(struct pavo_decap_config *cfg)
{
    pavo_decap_config_init(cfg);
    pavo_decap_fou(cfg, 5555, 4);
    pavo_decap_fou(cfg, 5556, 41);
    pavo_decap_fou(cfg, 5557, 47);
    pavo_decap_udp(cfg, PAVO_UDP_ARUBA_ERM, 5558);
    pavo_decap_udp(cfg, PAVO_UDP_OTV, 5559);
    cfg->esp_null = true;
}

/* The bytes that a result may speak of. */
struct held {
    const uint8_t *bytes;
    size_t n;
};

/* No address that is not in the bytes. */
static inline bool
is_held(const struct held *h, const uint8_t *what, size_t n)
{
    return n == 0 || memmem(h->bytes, h->n, what, n) != NULL;
}

/* A link address may be shorter than six bytes, with zeros before it; FDDI sends its bits in the
 * other order, the numbers of virtual sockets have their bytes in it. Of a source the first byte is
 * not compared: in token rings its lowest bit says that there is routing information. */
static inline bool
is_held_mac(const struct held *h, const uint8_t mac[6])
{
    uint8_t bits[6] = {0}, bytes[6];
    unsigned from = 1;

    for (unsigned i = 0; i < 6; i++) {
        bytes[5 - i] = mac[i];
        for (unsigned bit = 0; bit < 8; bit++)
            bits[i] |= (uint8_t)((mac[i] >> bit & 1) << (7 - bit));
    }
    while (from < 6 && mac[from] == 0)
        from++;
    return is_held(h, mac + from, 6 - from) || is_held(h, bits, 6) || is_held(h, bytes, 6 - from);
}

/* An IPv4 (4) or IPv6 (6) address, with zeros behind a short one. */
static inline bool
is_held_ip(const struct held *h, unsigned version, const uint8_t address[16])
{
    return version == 6 ? is_held(h, address, 16)
                        : is_held(h, address, 4) && is_zero(address + 4, 12);
}

static inline void
check_layer(const struct pavo_layer *l, const struct held *h)
{
    must(strcmp(pavo_carrier_word((enum pavo_carrier)l->type), "?") != 0);
    must(l->unused == 0);
    switch (l->ip_version) {
    case 0:
        must(is_zero(l->src, 16) && is_zero(l->dst, 16));
        break;
    case PAVO_LAYER_MAC:
        must(is_zero(l->src + 6, 10) && is_zero(l->dst + 6, 10));
        must(is_held_mac(h, l->src) && is_held_mac(h, l->dst));
        break;
    default:
        must(l->ip_version == 4 || l->ip_version == 6);
        must(is_held_ip(h, l->ip_version, l->src) && is_held_ip(h, l->ip_version, l->dst));
    }
}

static inline void
check_quote(const struct pavo_layers *o, const struct held *h)
{
    const struct pavo_quote *q = &o->quote;

    if (q->kind == 0)
        return;
    must(q->kind == PAVO_KIND_IP4 || q->kind == PAVO_KIND_IP6);
    must(o->has_icmp);
    must(is_held_ip(h, q->kind, q->src) && is_held_ip(h, q->kind, q->dst));
}

/* 'len' is the frame's length on the wire. */
static inline void
check_result(const struct pavo_layers *o, const struct held *h, uint32_t len)
{
    const bool is_ip = o->kind == PAVO_KIND_IP4 || o->kind == PAVO_KIND_IP6;
    const uint8_t ports[4] = {(uint8_t)(o->src_port >> 8), (uint8_t)o->src_port,
                              (uint8_t)(o->dst_port >> 8), (uint8_t)o->dst_port};

    must(o->why < PAVO_WHYS);
    must(o->depth <= PAVO_DEPTH_MAX && o->depth <= h->n);
    must(o->n_layers <= PAVO_LAYERS_MAX && o->n_layers <= 2 * o->depth + 1);
    must(o->n_frags <= PAVO_FRAGS_MAX && o->n_frags <= o->depth);
    must(o->wire_len == len);
    must(strcmp(pavo_name_word((enum pavo_name)o->named), "?") != 0);
    must(is_ip || o->kind == PAVO_KIND_LINK || o->kind == PAVO_KIND_ARP);
    must(is_ip || (o->proto == 0 && !o->has_ports && o->frag == PAVO_FRAG_NONE && !o->has_tcp));
    must(o->payload_len <= o->l3_len);
    must(!o->has_tcp || (o->has_ports && o->proto == 6));
    must(!o->has_tcp_opt || o->has_tcp);
    must(o->tcp_wscale <= 14);
    must(!o->has_sctp || (o->proto == 132 && o->has_ports));
    must(o->has_sctp || o->sctp_chunks == 0);
    must(o->n_sack <= 2 && (!o->n_sack || (o->has_tcp_opt & PAVO_TCP_OPT_SACK)));
    must(!o->has_mptcp_token || (o->has_tcp_opt & PAVO_TCP_OPT_MPTCP));
    must(!o->has_icmp_seq || o->has_icmp);
    must(!o->has_dccp || (o->proto == 33 && o->has_ports && o->dccp_type < 16));
    must(o->has_ip_id == (o->kind == PAVO_KIND_IP4));
    must(o->has_ip_id || (o->ip_id == 0 && o->ip_flags == 0));
    must(!o->has_sequence || is_ip);
    must(o->kind != PAVO_KIND_ARP || is_held(h, o->arp_sha, 6) || is_zero(o->arp_sha, 6));
    /* Only the rest of a header may be told and not captured: options of TCP, most of DCCP's. */
    must(o->payload_at <= h->n + (o->has_dccp ? 1008 : o->has_tcp ? 40 : 0));
    must(o->tcp_flags <= 0xfff && o->flow_label <= 0xfffff);
    must(o->frag != PAVO_FRAG_LATER || !o->has_ports);
    if (o->kind == PAVO_KIND_LINK)
        must(is_zero(o->src, 16) && is_zero(o->dst, 16));
    else
        must(is_held_ip(h, o->kind, o->src) && is_held_ip(h, o->kind, o->dst));
    must(!o->has_ports || is_held(h, ports, 4));
    must(!o->has_mac || (is_held_mac(h, o->src_mac) && is_held_mac(h, o->dst_mac)));
    for (unsigned i = 0; i < o->n_layers; i++)
        check_layer(&o->layers[i], h);
    for (unsigned i = 0; i < o->n_frags; i++) {
        const struct pavo_fragment *f = &o->frags[i];

        must(f->ip_version == 4 || f->ip_version == 6);
        must(!f->is_later || i + 1u == o->n_frags);
        must(is_held_ip(h, f->ip_version, f->src) && is_held_ip(h, f->ip_version, f->dst));
    }
    check_quote(o, h);
}

/* The result must not depend on what was in it before: 'once' and 'twice' were made of the same
 * bytes over different ones. What lies behind the counts is only valid as far as they say. */
static inline void
check_same(const struct pavo_layers *once, const struct pavo_layers *twice)
{
    must(memcmp(once, twice, offsetof(struct pavo_layers, n_layers) + 1) == 0);
    must(once->quote.kind == twice->quote.kind);
    must(once->quote.kind == 0 || memcmp(&once->quote, &twice->quote, sizeof once->quote) == 0);
    must(memcmp(once->tcp_sack, twice->tcp_sack, once->n_sack * 2 * sizeof once->tcp_sack[0]) == 0);
    must(!once->has_mptcp_token || once->mptcp_token == twice->mptcp_token);
    must(!once->has_icmp_seq || once->icmp_seq == twice->icmp_seq);
    must(!once->has_dccp ||
         (once->dccp_type == twice->dccp_type && once->dccp_code == twice->dccp_code));
    must(once->kind != PAVO_KIND_ARP || memcmp(once->arp_sha, twice->arp_sha, 6) == 0);
    must(memcmp(once->frags, twice->frags, once->n_frags * sizeof once->frags[0]) == 0);
    must(memcmp(once->layers, twice->layers, once->n_layers * sizeof once->layers[0]) == 0);
}

#endif
