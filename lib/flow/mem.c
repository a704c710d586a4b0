/* mem.c - tables from the C library
 *
 * calloc() of a large block costs nothing until it is touched, so a generous flow limit does not
 * make a small sensor big. The block is moved up to a cache line, and what calloc() returned is
 * kept in front of it. Where the system can back large blocks by huge pages, it is asked to: a
 * random flow then costs one miss and not a page walk as well.
 */
#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "cacheline.h"

enum {
    HUGE_BYTES = 2 * 1024 * 1024,
};

static void *
plain_get(const struct pavo_mem *m, size_t bytes)
{
    const size_t extra = PAVO_CACHE_LINE + sizeof(void *);
    uint8_t *raw, *p;

    if (bytes > SIZE_MAX - extra || !(raw = calloc(1, bytes + extra)))
        return NULL;
    p = raw + sizeof(void *);
    p += (PAVO_CACHE_LINE - (uintptr_t)p % PAVO_CACHE_LINE) % PAVO_CACHE_LINE;
    memcpy(p - sizeof(void *), &raw, sizeof raw);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (bytes >= 4 * (size_t)HUGE_BYTES) {
        const size_t skip = (HUGE_BYTES - (uintptr_t)p % HUGE_BYTES) % HUGE_BYTES;

        (void)madvise(p + skip, (bytes - skip) / HUGE_BYTES * HUGE_BYTES, MADV_HUGEPAGE);
    }
#endif
    return p;
}

static void
plain_put(const struct pavo_mem *m, void *p, size_t bytes)
{
    void *raw;

    if (!p)
        return;
    memcpy(&raw, (uint8_t *)p - sizeof raw, sizeof raw);
    free(raw);
}

const struct pavo_mem pavo_mem_plain = {.get = plain_get, .put = plain_put, .node = -1};
