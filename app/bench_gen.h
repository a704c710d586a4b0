/* bench_gen.h - workloads: an endless stream of frames of known flows, cheap enough to be made
 * between two packets of a measurement
 *
 * One generator serves one worker. Its flows are those that a NIC with symmetric RSS would bring to
 * that worker, and no two generators of a run make the same flow. What it makes is a function of
 * its configuration and the number of frames before.
 */
#ifndef PAVO_BENCH_GEN_H
#define PAVO_BENCH_GEN_H

#include "bench_frames.h"

enum bench_workload {
    BENCH_UDP64,
    BENCH_IMIX,
    BENCH_TCP,
    BENCH_DNS,
    BENCH_SYNFLOOD,
    BENCH_VXLAN,
    BENCH_GENEVE6,
    BENCH_GTPU,
    BENCH_PIECED,
    BENCH_MIXED,
    BENCH_WORKLOADS,
};
const char *bench_workload_word(enum bench_workload w); /* "udp64" */
const char *bench_workload_help(enum bench_workload w);
int bench_workload_find(const char *word); /* -1: there is none */

struct bench_gen_config {
    enum bench_workload workload;
    uint32_t flows; /* live at once, of all workers; where flows are always new: about so many */
    uint64_t rate;  /* packets per second of event time, of all workers; 0: bench_gen_rate() */
    unsigned worker, n_workers;
    bool spread; /* flows of any worker: the sensor has to hand them over */
    uint16_t source;
    struct pavo_timeouts timeouts; /* of the sensor: how long what has ended stays */
    uint64_t seed;
};

/* Flows that come back for ever. */
struct bench_fixed {
    uint32_t n, made;
};

/* Whole sessions: each slot holds one, is taken in turn, and begins the next when it is over. */
struct bench_sessions {
    uint64_t rng; /* of the rounds' orders */
    uint32_t n, at, stride, left, round;
};

/* What every frame changes. */
struct bench_hot {
    uint64_t rng;
    uint64_t ts_ns;   /* event time */
    uint64_t ts_part; /* of a nanosecond, in units of 2^-16 */
};

/* Owner: the thread that fills frames in. */
struct bench_gen {
    struct bench_template frames[BENCH_FRAMES];
    uint16_t lanes[256];  /* address words, exclusive-ored, that lead to this worker */
    uint32_t hashes[256]; /* their Toeplitz hash */
    struct bench_hot hot;
    uint64_t step; /* of event time between two packets, in units of 2^-16 ns */
    uint64_t made; /* frames */
    struct bench_gen_config cfg;
    struct bench_fixed fixed[BENCH_WORKLOADS];
    struct bench_sessions sessions;
    uint64_t queries, answers, syns, pieces;
    uint32_t imix_at;
};

/* Event time rate at which a workload of always new flows keeps 'flows' of them live; 10 million a
 * second where flows stay. */
uint64_t bench_gen_rate(const struct bench_gen_config *cfg);

/* NULL: no memory. */
struct bench_gen *bench_gen_open(const struct bench_gen_config *cfg);
void bench_gen_close(struct bench_gen *g);
/* Frames until all flows were made, and the first of those that end have left. */
uint64_t bench_gen_warmup(const struct bench_gen *g);

/* bench_gen_fill - the next 'n' frames, frame i into the BENCH_FRAME_MAX bytes at buf[i]
 *
 * Only heads are written; what is behind them stays as it was. */
void bench_gen_fill(struct bench_gen *g, uint8_t *const *buf, struct pavo_frame *out, unsigned n);

#endif
