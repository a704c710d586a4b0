/* bench_floor.c - bucket lines and flow lines in random order, prefetched as a shard does */
#include "bench_floor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cacheline.h"
#include "worker.h"

enum { ENTRIES = 8, TURNS = 4096 };

struct bucket {
    PAVO_ALIGNED uint32_t flow[PAVO_CACHE_LINE / 4];
};
struct flow {
    PAVO_ALIGNED uint64_t key[PAVO_CACHE_LINE / 8];
    PAVO_ALIGNED uint64_t counts[PAVO_CACHE_LINE / 8];
};

struct table {
    struct bucket *buckets;
    struct flow *flows;
    uint32_t n_buckets, n_flows;
    uint64_t rng;
};

static double
cpu_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline uint32_t
draw(uint64_t *rng, uint32_t n)
{
    *rng = *rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*rng >> 32) * n >> 32);
}

static uint64_t
burst_step(struct table *t, unsigned n)
{
    uint32_t first[BURST_MAX], other[BURST_MAX], flow[BURST_MAX];
    uint64_t sum = 0;

    for (unsigned i = 0; i < n; i++) {
        first[i] = draw(&t->rng, t->n_buckets);
        other[i] = draw(&t->rng, t->n_buckets);
        prefetch_read(&t->buckets[first[i]]);
        prefetch_read(&t->buckets[other[i]]);
    }
    for (unsigned i = 0; i < n; i++) {
        flow[i] = t->buckets[first[i]].flow[i % ENTRIES] ^ t->buckets[other[i]].flow[ENTRIES];
        prefetch_read(&t->flows[flow[i]]);
        prefetch_write(t->flows[flow[i]].counts);
    }
    for (unsigned i = 0; i < n; i++) {
        struct flow *f = &t->flows[flow[i]];

        sum += f->key[0];
        f->counts[0] += 1;
        f->counts[4] += i;
    }
    return sum;
}

int
bench_floor(uint32_t flows, unsigned burst, double seconds, struct bench_floor *out,
            struct pavo_err *err)
{
    struct table t = {.n_flows = flows, .n_buckets = flows / (ENTRIES - 1) + 1, .rng = 1};
    const size_t bucket_bytes = (size_t)t.n_buckets * sizeof *t.buckets;
    const size_t flow_bytes = (size_t)flows * sizeof *t.flows;
    volatile uint64_t sink = 0;
    uint64_t packets = 0, sum = 0;
    double from, spent;

    t.buckets = pavo_mem_plain.get(&pavo_mem_plain, bucket_bytes);
    t.flows = pavo_mem_plain.get(&pavo_mem_plain, flow_bytes);
    if (!t.buckets || !t.flows) {
        mem_put(&pavo_mem_plain, t.buckets, bucket_bytes);
        mem_put(&pavo_mem_plain, t.flows, flow_bytes);
        return pavo_err_set(err, ENOMEM, "bench: no memory for %u flows", flows);
    }
    for (uint32_t i = 0; i < t.n_buckets; i++)
        for (unsigned k = 0; k < ENTRIES; k++)
            t.buckets[i].flow[k] = draw(&t.rng, flows);
    for (uint32_t i = 0; i < flows; i++)
        t.flows[i].key[0] = i;
    for (unsigned i = 0; i < TURNS; i++)
        sum += burst_step(&t, burst);
    from = cpu_s();
    do {
        for (unsigned i = 0; i < TURNS; i++)
            sum += burst_step(&t, burst);
        packets += (uint64_t)TURNS * burst;
        spent = cpu_s() - from;
    } while (spent < seconds);
    sink = sum;
    (void)sink;
    *out = (struct bench_floor){
        .ns = spent * 1e9 / (double)packets, .bytes = bucket_bytes + flow_bytes, .lines = 4};
    mem_put(&pavo_mem_plain, t.buckets, bucket_bytes);
    mem_put(&pavo_mem_plain, t.flows, flow_bytes);
    return 0;
}
