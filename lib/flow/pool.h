/* pool.h - parts of flows that only some need, of one size, fixed at open
 *
 * A part is named by its number, from 1; 0 is none. Parts that were never taken stay untouched, so
 * a generous pool costs only address space. Owner: the shard's worker.
 */
#ifndef PAVO_POOL_H
#define PAVO_POOL_H

#include "cacheline.h"

struct pool {
    uint8_t *at;
    uint32_t bytes;   /* of a part; a multiple of 8 */
    uint32_t limit;   /* parts */
    uint32_t used;    /* ever taken: those above are free too */
    uint32_t free_at; /* list of those given back, linked through their first bytes */
};

static inline size_t
pool_bytes(uint32_t limit, uint32_t bytes)
{
    return ((size_t)limit + 1) * bytes;
}

/* 0, or -ENOMEM. */
int pool_open(struct pool *p, uint32_t limit, uint32_t bytes, const struct pavo_mem *mem);
void pool_close(struct pool *p, const struct pavo_mem *mem);

static inline void *
pool_at(const struct pool *p, uint32_t i)
{
    return p->at + (size_t)i * p->bytes;
}

/* A part, all zero; 0: none is left. */
uint32_t pool_take(struct pool *p);
/* 'i' may be 0. */
void pool_give(struct pool *p, uint32_t i);

#endif
