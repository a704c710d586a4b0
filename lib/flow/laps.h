/* laps.h - where a worker's time goes, stage by stage
 *
 * Only `pavo bench` hands laps to a worker; in every other run the pointer is NULL and a lap is one
 * predictable branch for a burst and a stage. A lap adds all ticks since the one before to its
 * stage, so the stages' sum is the whole time.
 */
#ifndef PAVO_LAPS_H
#define PAVO_LAPS_H

#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#elif !defined(__aarch64__)
#include <time.h>
#endif

enum pavo_lap {
    PAVO_LAP_RECEIVE, /* the queue hands out a burst */
    PAVO_LAP_DECODE,  /* and identity and hashes */
    PAVO_LAP_ROUTE,   /* owner, fragments, hand-over to other workers */
    PAVO_LAP_FIND,    /* buckets and flows are prefetched, tags compared */
    PAVO_LAP_ACCOUNT, /* flows are found for certain, made, written */
    PAVO_LAP_DONE,    /* counters of the burst, the clock, the frames given back */
    PAVO_LAP_MESH,    /* taking what other workers sent (but finding and accounting it) */
    PAVO_LAP_SWEEP,
    PAVO_LAP_IDLE,
    PAVO_LAP_N
};

/* Owner: the thread that laps. */
struct pavo_laps {
    uint64_t ticks[PAVO_LAP_N];
    uint64_t last;
};

/* Of a counter that never stops; its rate is measured by who reads it. */
static inline uint64_t
pavo_ticks(void)
{
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__aarch64__)
    uint64_t t;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
#else
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
#endif
}

static inline void
pavo_lap(struct pavo_laps *l, enum pavo_lap stage)
{
    if (__builtin_expect(l != NULL, 0)) {
        const uint64_t now = pavo_ticks();

        l->ticks[stage] += now - l->last;
        l->last = now;
    }
}

#endif
