/* flow_t.h - what the tests of the flow library share: packets without frames, a shard and its
 * records
 *
 * Packets are made as the decoder would leave them. Times are given in milliseconds after T0, an
 * even number of seconds in 2026, so that a test reads like its story.
 */
#ifndef PAVO_FLOW_T_H
#define PAVO_FLOW_T_H

#include "t.h"

#include "pavo_flow.h"
#include "ring.h"

#define T0        UINT64_C(1789000000000000000)
#define MS        UINT64_C(1000000)
#define SEC       UINT64_C(1000000000)
#define AT_MS(ms) (T0 + (uint64_t)(ms)*MS)
#define LENGTH(a) (sizeof(a) / sizeof(a)[0])

enum {
    FIN = 0x01,
    SYN = 0x02,
    RST = 0x04,
    ACK = 0x10,
};

static const uint64_t t_seed[2] = {UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210)};

static inline struct pavo_shard_config
ft_config(uint32_t limit, struct pavo_ring *out)
{
    return (struct pavo_shard_config){
        .flow_limit = limit,
        .meter_limit = PAVO_METERS_AUTO,
        .encap_limit = 1024,
        .timeouts = {.active = 60 * SEC,
                     .idle_tcp = 300 * SEC,
                     .idle_tcp_new = 20 * SEC,
                     .idle_udp = 60 * SEC,
                     .idle_icmp = 10 * SEC,
                     .idle_other = 60 * SEC,
                     .linger = 5 * SEC,
                     .grace = SEC},
        .seed = {t_seed[0], t_seed[1]},
        .mem = &pavo_mem_plain,
        .out = out,
    };
}

/* What stands in parts that a record does not have is whatever was there before. */
static inline void
r_clean(struct pavo_record *r)
{
    const unsigned parts = r->parts;

    if (!(parts & PAVO_PART_METER))
        memset(&r->meter, 0, sizeof r->meter);
    if (!(parts & PAVO_PART_TCP))
        memset(&r->tcp, 0, sizeof r->tcp);
    if (!(parts & PAVO_PART_ECHO))
        memset(&r->echo, 0, sizeof r->echo);
    if (!(parts & PAVO_PART_ASSOC))
        memset(&r->assoc, 0, sizeof r->assoc);
    if (!(parts & PAVO_PART_RTP))
        memset(&r->rtp, 0, sizeof r->rtp);
}

/* A shard with a ring, and all records that left it. */
struct ft {
    struct pavo_shard_config cfg;
    struct pavo_shard *s;
    struct pavo_ring *ring;
    struct pavo_record *got;
    size_t n_got, room;
};

static inline void
ft_open(struct ft *t, const struct pavo_shard_config *cfg, uint32_t ring_slots)
{
    struct pavo_err err;

    *t = (struct ft){0};
    t->ring = pavo_ring_open(pavo_draft_room(cfg->parts), ring_slots, &pavo_mem_plain, &err);
    assert_non_null(t->ring);
    t->cfg = *cfg;
    t->cfg.out = t->ring;
    t->s = pavo_shard_open(&t->cfg, &err);
    assert_non_null(t->s);
}

static inline void
ft_close(struct ft *t)
{
    pavo_shard_close(t->s);
    pavo_ring_close(t->ring);
    free(t->got);
}

static inline void
ft_drain(struct ft *t)
{
    const struct pavo_draft *d;
    struct pavo_record r;

    while ((d = ring_peek(t->ring))) {
        if (t->n_got == t->room) {
            t->room = t->room ? 2 * t->room : 64;
            t->got = realloc(t->got, t->room * sizeof t->got[0]);
        }
        pavo_record_make(d, &r);
        pavo_record_copy(&t->got[t->n_got], &r);
        r_clean(&t->got[t->n_got]);
        t->n_got++;
        ring_pop(t->ring);
    }
}

static inline void
ft_flush(struct ft *t, uint64_t clock_ns, enum pavo_end_detail why)
{
    if (clock_ns)
        pavo_shard_clock(t->s, clock_ns);
    while (!pavo_shard_flush(t->s, why))
        ft_drain(t);
    ft_drain(t);
}

static inline void
ft_put(struct ft *t, struct pavo_packet *p)
{
    p->is_plain = (uint8_t)pavo_packet_is_plain(p);
    pavo_shard_burst(t->s, &p, 1);
    ft_drain(t);
}

static inline uint64_t
ft_stat(const _Atomic uint64_t *c)
{
    return pavo_stat_get(c);
}

/* ---- packets ---- */

static inline void
p_ip4(struct pavo_packet *p, uint64_t ts_ns, uint8_t proto, uint32_t src, uint32_t dst)
{
    memset(p, 0, sizeof *p);
    p->ts_ns = p->now_ns = ts_ns;
    p->at.kind = PAVO_KIND_IP4;
    p->at.proto = proto;
    p->at.ttl = 64;
    p->at.l3_len = 100;
    p->at.payload_len = 60;
    p->at.ethertype = 0x0800;
    for (unsigned i = 0; i < 4; i++) {
        p->at.src[i] = (uint8_t)(src >> (24 - 8 * i));
        p->at.dst[i] = (uint8_t)(dst >> (24 - 8 * i));
    }
}

/* Sets key and hash after the layers were changed. */
static inline struct pavo_packet *
p_key(struct pavo_packet *p)
{
    pavo_packet_key(p, PAVO_KEY_DEFAULT);
    p->hash = pavo_key_hash(&p->key, t_seed);
    return p;
}

static inline struct pavo_packet *
p_ports(struct pavo_packet *p, uint64_t ts_ns, uint8_t proto, uint32_t src, uint16_t sport,
        uint32_t dst, uint16_t dport)
{
    p_ip4(p, ts_ns, proto, src, dst);
    p->at.has_ports = 1;
    p->at.src_port = sport;
    p->at.dst_port = dport;
    return p_key(p);
}

static inline struct pavo_packet *
p_udp(struct pavo_packet *p, uint64_t ts_ns, uint32_t src, uint16_t sport, uint32_t dst,
      uint16_t dport)
{
    return p_ports(p, ts_ns, 17, src, sport, dst, dport);
}

static inline struct pavo_packet *
p_tcp(struct pavo_packet *p, uint64_t ts_ns, uint32_t src, uint16_t sport, uint32_t dst,
      uint16_t dport, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t payload)
{
    p_ports(p, ts_ns, 6, src, sport, dst, dport);
    p->at.has_tcp = 1;
    p->at.tcp_flags = flags;
    p->at.tcp_seq = seq;
    p->at.tcp_ack = ack;
    p->at.payload_len = payload;
    p->at.l3_len = 40 + payload;
    return p;
}

static inline struct pavo_packet *
p_icmp(struct pavo_packet *p, uint64_t ts_ns, uint32_t src, uint32_t dst, uint8_t type,
       uint8_t code, uint16_t id)
{
    p_ip4(p, ts_ns, 1, src, dst);
    p->at.has_icmp = 1;
    p->at.icmp_type = type;
    p->at.icmp_code = code;
    p->at.icmp_id = id;
    return p_key(p);
}

/* The quote of packet 'of' in an ICMP error. */
static inline struct pavo_packet *
p_quote(struct pavo_packet *p, const struct pavo_packet *of)
{
    p->at.quote =
        (struct pavo_quote){.kind = of->at.kind,
                            .proto = of->at.proto,
                            .has_ports = of->at.has_ports,
                            .icmp_type = of->at.icmp_type,
                            .src_port = of->at.has_icmp ? of->at.icmp_id : of->at.src_port,
                            .dst_port = of->at.dst_port};
    memcpy(p->at.quote.src, of->at.src, 16);
    memcpy(p->at.quote.dst, of->at.dst, 16);
    return p_key(p);
}

/* ---- records ---- */

static inline int
r_compare(const void *x, const void *y)
{
    return memcmp(x, y, sizeof(struct pavo_record));
}

/* Sorts records by their bytes: two runs are the same when these are. */
static inline void
r_canonical(struct pavo_record *r, size_t n)
{
    qsort(r, n, sizeof *r, r_compare);
}

#endif
