/* bench_turns.h - memory and a driver in turns: what the driver's road costs, as a ratio of
 * neighbours
 *
 * A machine whose speed changes from second to second makes a ratio of two measurements worthless.
 * So one worker takes its packets now from memory and now from the driver, a short turn of each
 * side by side, and each pair of turns gives a ratio. Table, code and the feed of frames are the
 * same; what is not being measured has no thread of its own and costs nothing.
 *
 * The order within the pairs alternates, so that a machine that grows steadily slower favours
 * neither. The first packets of a turn bring the road's own memory back into the caches and are not
 * counted. Event time goes on through all turns.
 */
#ifndef PAVO_BENCH_TURNS_H
#define PAVO_BENCH_TURNS_H

#include "capture.h"
#include "dpdk_bench.h"

enum { BENCH_PAIRS = 20, BENCH_TURNS_LAST = 2 * BENCH_PAIRS };

enum bench_road { BENCH_ROAD_MEMORY, BENCH_ROAD_DRIVER, BENCH_ROADS };

/* Of the turns of all workers. */
struct bench_pairs {
    unsigned n;                    /* of which both turns have packets; 0: there were no turns */
    uint64_t packets[BENCH_ROADS]; /* counted */
    double ns[BENCH_ROADS];        /* CPU time for a packet, median of the turns */
    double ratio, ratio_low, ratio_high; /* memory by driver: median of the pairs and quartiles */
};

/* Owner: the worker's thread, but what says otherwise. */
struct bench_turns {
    struct cap_queue q; /* first */
    struct cap_queue *roads[BENCH_ROADS];
    struct dpdk_bench *dpdk;
    unsigned number;        /* of the queue */
    _Atomic unsigned asked; /* the turn that the main thread wants, from 1 on; 0 and what is beyond
                               the last: all is the driver's */
    _Atomic unsigned ended; /* the last turn that is over; release: its figures are whole */
    uint64_t quota;         /* packets of each road in all turns; UINT64_MAX: no end */
    unsigned turn;
    enum bench_road road;
    uint64_t left; /* of the quota, or of the packets before the counting */
    bool is_counting;
    uint64_t packets, from_packets, from_cpu_ns; /* handed out; when counting began */
    uint64_t last_ns, shift_ns[BENCH_ROADS];     /* event time */
    struct {
        uint64_t packets, cpu_ns;
    } turns[BENCH_TURNS_LAST + 1];
};

/* Takes the place of both queues, which stay the caller's; 'driver' is queue 'number' of 'dpdk'. */
void bench_turns_init(struct bench_turns *t, struct cap_queue *memory, struct dpdk_bench *dpdk,
                      unsigned number, uint64_t quota);
/* bench_turns_ask - the worker's next burst is of turn 'turn'. bench_turns_has - all packets of its
 * quota were handed out and accounted. Any thread. */
void bench_turns_ask(struct bench_turns *t, unsigned turn);
bool bench_turns_has(const struct bench_turns *t, unsigned turn);
/* What 'n' workers have found, after they have ended. */
void bench_turns_pairs(const struct bench_turns *const *t, unsigned n, struct bench_pairs *out);

/* Sorts 'v'; least, lower quartile, median, upper quartile, most. */
void bench_quartiles(double *v, unsigned n, double out[5]);

#endif
