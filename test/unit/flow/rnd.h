/* rnd.h - random numbers that are the same everywhere for a seed, and an order-free digest of
 * records */
#ifndef PAVO_FLOW_RND_H
#define PAVO_FLOW_RND_H

#include "flow_t.h"

struct rnd {
    uint64_t s;
};

static inline uint64_t
rnd_next(struct rnd *r) /* splitmix64 */
{
    uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 .. n-1 */
static inline uint32_t
rnd_below(struct rnd *r, uint32_t n)
{
    return (uint32_t)((rnd_next(r) >> 32) * n >> 32);
}

static inline bool
rnd_one_in(struct rnd *r, uint32_t n)
{
    return rnd_below(r, n) == 0;
}

/* A multiset of records: how many, and two sums that no other multiset is likely to have. */
struct digest {
    uint64_t n, sum[2], packets;
};

static inline void
digest_add(struct digest *d, const struct pavo_record *r)
{
    static const uint64_t seeds[2][2] = {{1, 2}, {3, 4}};
    struct pavo_record plain;
    const size_t bytes = pavo_record_size(r);

    pavo_record_copy(&plain, r);
    r_clean(&plain);
    for (unsigned i = 0; i < 2; i++)
        d->sum[i] += pavo_hash(&plain, bytes, seeds[i]);
    d->n++;
    d->packets += r->packetDeltaCount[0] + r->packetDeltaCount[1];
}

/* The same without transport state and parts: what the models of time and identity know. */
static inline void
digest_add_spine(struct digest *d, const struct pavo_record *r)
{
    struct pavo_record spine;
    const size_t from = offsetof(struct pavo_record, parts);

    pavo_record_copy(&spine, r);
    memset((uint8_t *)&spine + from, 0, offsetof(struct pavo_record, encap) - from);
    spine.n_encap = r->n_encap;
    spine.encapLost = r->encapLost;
    digest_add(d, &spine);
}

static inline void
digest_drain(struct digest *d, struct pavo_ring *ring)
{
    const struct pavo_draft *draft;
    struct pavo_record r;

    while ((draft = ring_peek(ring))) {
        pavo_record_make(draft, &r);
        digest_add(d, &r);
        ring_pop(ring);
    }
}

static inline void
digest_drain_spine(struct digest *d, struct pavo_ring *ring)
{
    const struct pavo_draft *draft;
    struct pavo_record r;

    while ((draft = ring_peek(ring))) {
        pavo_record_make(draft, &r);
        digest_add_spine(d, &r);
        ring_pop(ring);
    }
}

static inline void
digest_equal(const struct digest *x, const struct digest *y)
{
    assert_int_equal(x->packets, y->packets);
    assert_int_equal(x->n, y->n);
    assert_true(x->sum[0] == y->sum[0] && x->sum[1] == y->sum[1]);
}

#endif
