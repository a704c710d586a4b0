/* frag_t.h - fragments as the decoder leaves them */
#ifndef PAVO_FRAG_T_H
#define PAVO_FRAG_T_H

#include "flow_t.h"

static inline void
fragment_set(struct pavo_fragment *f, const struct pavo_packet *header, uint32_t id, bool later)
{
    *f = (struct pavo_fragment){
        .ip_version = 4, .proto = header->at.proto, .id = id, .is_later = later};
    memcpy(f->src, header->at.src, 16);
    memcpy(f->dst, header->at.dst, 16);
}

/* A piece of a UDP datagram. */
static inline struct pavo_packet *
p_piece(struct pavo_packet *p, uint64_t ts_ns, uint32_t src, uint16_t sport, uint32_t dst,
        uint16_t dport, uint32_t id, bool later)
{
    p_ip4(p, ts_ns, 17, src, dst);
    p->at.frag = later ? PAVO_FRAG_LATER : PAVO_FRAG_FIRST;
    p->at.n_frags = 1;
    fragment_set(&p->at.frags[0], p, id, later);
    if (!later) {
        p->at.has_ports = 1;
        p->at.src_port = sport;
        p->at.dst_port = dport;
    }
    return p_key(p);
}

/* A piece with its place: 'bytes' from 'offset' on. */
static inline struct pavo_packet *
p_piece_at(struct pavo_packet *p, uint64_t ts_ns, uint32_t src, uint32_t dst, uint32_t id,
           uint32_t offset, uint32_t bytes, bool has_more)
{
    p_piece(p, ts_ns, src, 500, dst, 4500, id, offset != 0);
    p->at.frags[0].offset = offset;
    p->at.frags[0].bytes = bytes;
    p->at.frags[0].has_more = has_more;
    return p;
}

/* Puts a packet into an IP-in-IP tunnel; with 'id' that is the first piece of a fragmented tunnel
 * packet. */
static inline struct pavo_packet *
p_tunnel(struct pavo_packet *p, uint32_t src, uint32_t dst, uint32_t id)
{
    struct pavo_packet outer;
    struct pavo_layer *l = &p->at.layers[p->at.n_layers++];

    p_ip4(&outer, p->ts_ns, 4, src, dst);
    *l = (struct pavo_layer){.type = PAVO_CARRIER_IPIP, .ip_version = 4, .id = 4};
    memcpy(l->src, outer.at.src, 16);
    memcpy(l->dst, outer.at.dst, 16);
    if (id) {
        p->at.frags[p->at.n_frags] = p->at.frags[0];
        p->at.n_frags++;
        fragment_set(&p->at.frags[0], &outer, id, false);
    }
    return p_key(p);
}

/* A later piece of such a tunnel packet. */
static inline struct pavo_packet *
p_tunnel_piece(struct pavo_packet *p, uint64_t ts_ns, uint32_t src, uint32_t dst, uint32_t id)
{
    p_ip4(p, ts_ns, 4, src, dst);
    p->at.ttl = 9;
    p->at.frag = PAVO_FRAG_LATER;
    p->at.n_frags = 1;
    fragment_set(&p->at.frags[0], p, id, true);
    return p_key(p);
}

static inline struct pavo_frags *
t_frags(uint32_t limit, uint32_t waiting, const uint64_t seed[2])
{
    const struct pavo_frags_config cfg = {.limit = limit,
                                          .waiting = waiting,
                                          .timeout_ns = 30 * SEC,
                                          .seed = {seed[0], seed[1]},
                                          .mem = &pavo_mem_plain};
    struct pavo_err err;
    struct pavo_frags *f = pavo_frags_open(&cfg, &err);

    assert_non_null(f);
    return f;
}

#endif
