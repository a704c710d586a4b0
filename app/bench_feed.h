/* bench_feed.h - which frames come next: a workload's, or those of a capture in memory, over and
 * over */
#ifndef PAVO_BENCH_FEED_H
#define PAVO_BENCH_FEED_H

#include "pavo_flow.h"

/* Owner: one thread. */
struct bench_feed {
    /* The next 'n' frames; frame i in the BENCH_FRAME_MAX bytes at buf[i], or, if 'in_place' is
     * set, wherever its data points to. */
    void (*fill)(void *ctx, uint8_t *const *buf, struct pavo_frame *out, unsigned n);
    void (*close)(void *ctx);
    void *ctx;
    bool in_place;
    uint64_t warmup; /* packets until all flows are there, and those that end have begun to leave */
    uint64_t event_rate; /* packets per second of event time, of all workers; 0: a capture's own */
};

#endif
