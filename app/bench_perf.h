/* bench_perf.h - the processor's own counters of a thread, where the system gives them */
#ifndef PAVO_BENCH_PERF_H
#define PAVO_BENCH_PERF_H

#include <stdbool.h>
#include <stdint.h>

enum bench_perf_what { BENCH_CYCLES, BENCH_INSTRUCTIONS, BENCH_CACHE_MISSES, BENCH_PERF_N };
extern const char *const bench_perf_words[BENCH_PERF_N];

struct bench_perf_counts {
    uint64_t n[BENCH_PERF_N];
    bool known[BENCH_PERF_N];
};

/* Owner: the thread that is counted. */
struct bench_perf {
    int fds[BENCH_PERF_N]; /* -1: not to be had */
    int errnum;            /* why, of the first that is missing; 0: all are there */
};

void bench_perf_open(struct bench_perf *p); /* counts from here on */
void bench_perf_read(const struct bench_perf *p, struct bench_perf_counts *out);
void bench_perf_close(struct bench_perf *p);

#endif
