/* dpdk_none.c - what a build without DPDK says to a measurement through it */
#include <errno.h>
#include <string.h>

#include "dpdk_bench.h"

struct dpdk_bench *
dpdk_bench_open(enum dpdk_bench_kind kind, struct cfg *cfg, struct bench_feed *const *feeds,
                unsigned n, struct pavo_err *err)
{
    pavo_err_set(err, ENOTSUP, "--dpdk %s: this pavo was built without DPDK",
                 dpdk_bench_word(kind));
    return NULL;
}

struct cap_queue *
dpdk_bench_queue(struct dpdk_bench *d, unsigned i)
{
    return NULL;
}

bool
dpdk_bench_is_drained(const struct dpdk_bench *d, unsigned i)
{
    return true;
}

void
dpdk_bench_close(struct dpdk_bench *d)
{
}
