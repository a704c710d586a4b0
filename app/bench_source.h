/* bench_source.h - frames from memory as a queue that a worker polls
 *
 * recv() writes the next burst into a small ring of buffers that stay in the cache, as a NIC with
 * direct cache access would have done, and hands it out. So its time is part of the worker's; it is
 * measured apart, too.
 */
#ifndef PAVO_BENCH_SOURCE_H
#define PAVO_BENCH_SOURCE_H

#include "bench_feed.h"
#include "capture.h"

/* A queue of the feed; never ends by itself. 'buffers' of BENCH_FRAME_MAX bytes, at least two
 * bursts. NULL: no memory. */
struct cap_queue *bench_source_open(const struct bench_feed *feed, unsigned buffers);
void bench_source_close(struct cap_queue *q);

/* bench_source_cost - CPU nanoseconds that recv() and done() take for a packet, in bursts */
double bench_source_cost(struct cap_queue *q, uint64_t packets, unsigned burst);

#endif
