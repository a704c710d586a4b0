/* bench_probe.h - a queue around a queue: it leads a worker through the phases of a measurement
 *
 * The phases are WARMUP (all flows are made), MEASURE (nothing but the worker), TURNS (beside a
 * driver: bench_turns.h), ALONE (one worker and all: bench_alone.h), STAGES (the same with laps,
 * for the stages' shares), END. The main thread moves the phase on; the probe, in the worker's
 * thread, notes time, CPU time, packets and hardware counters at both ends of each.
 */
#ifndef PAVO_BENCH_PROBE_H
#define PAVO_BENCH_PROBE_H

#include "bench_perf.h"
#include "capture.h"
#include "laps.h"

struct sensor;

enum bench_phase {
    BENCH_WARMUP,
    BENCH_MEASURE,
    BENCH_TURNS,
    BENCH_ALONE,
    BENCH_STAGES,
    BENCH_END,
    BENCH_PHASES
};

/* What all probes of a run share. */
struct bench_phases {
    _Atomic int phase;     /* the main thread's; enum bench_phase */
    _Atomic unsigned fed;  /* the main thread's: the first so many workers get packets */
    struct sensor *sensor; /* set before sensor_go() */
    bool with_laps;
};

struct bench_stamp {
    uint64_t wall_ns, cpu_ns, packets, ticks;
    struct bench_perf_counts perf;
};

/* Owner: the worker's thread, but what says otherwise. */
struct bench_probe {
    struct cap_queue q; /* first */
    struct cap_queue *inner;
    struct bench_phases *phases;
    unsigned worker;
    uint64_t quota[BENCH_PHASES]; /* packets of a phase; UINT64_MAX: no end. Set before the start */
    enum bench_phase phase;
    uint64_t left, packets;
    bool is_stopping;
    struct bench_perf perf;
    struct pavo_laps laps;
    struct bench_stamp from[BENCH_PHASES], to[BENCH_PHASES];
    _Atomic int reached; /* highest phase whose quota was met, + 1; release: its stamps are whole */
};

/* Takes the inner queue's place; 'inner' stays the caller's. */
void bench_probe_init(struct bench_probe *p, struct cap_queue *inner, struct bench_phases *phases,
                      unsigned worker);
/* All its packets of this phase have been handed out, and its end is noted. Any thread. */
bool bench_probe_has(const struct bench_probe *p, enum bench_phase phase);

#endif
