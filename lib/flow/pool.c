/* pool.c - parts of one size: take and give back */
#include <errno.h>
#include <string.h>

#include "pool.h"

int
pool_open(struct pool *p, uint32_t limit, uint32_t bytes, const struct pavo_mem *mem)
{
    *p = (struct pool){.bytes = bytes, .limit = limit};
    p->at = mem->get(mem, pool_bytes(limit, bytes));
    return p->at ? 0 : -ENOMEM;
}

void
pool_close(struct pool *p, const struct pavo_mem *mem)
{
    mem_put(mem, p->at, pool_bytes(p->limit, p->bytes));
    p->at = NULL;
}

uint32_t
pool_take(struct pool *p)
{
    uint32_t i = p->free_at;

    if (i)
        memcpy(&p->free_at, pool_at(p, i), sizeof p->free_at);
    else if (p->used < p->limit)
        return ++p->used; /* zero since open */
    else
        return 0;
    memset(pool_at(p, i), 0, p->bytes);
    return i;
}

void
pool_give(struct pool *p, uint32_t i)
{
    if (i == 0)
        return;
    memcpy(pool_at(p, i), &p->free_at, sizeof p->free_at);
    p->free_at = i;
}
