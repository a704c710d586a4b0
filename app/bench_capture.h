/* bench_capture.h - a capture file in memory, played again and again
 *
 * In each round the addresses of all IP packets are others, and the time goes on, so that every
 * flow is new each time. Both addresses of a packet, and those in what an ICMP error quotes, change
 * by the same exclusive or, in their last 24 bits: directions still meet, and a flow's worker stays
 * its own.
 */
#ifndef PAVO_BENCH_CAPTURE_H
#define PAVO_BENCH_CAPTURE_H

#include "bench_feed.h"
#include "cfg.h"

struct bench_capture;

/* Reads a pcap, pcapng or snoop file whole. NULL with err. */
struct bench_capture *bench_capture_open(const char *path, struct pavo_err *err);
void bench_capture_close(struct bench_capture *c);
uint64_t bench_capture_packets(const struct bench_capture *c);

/* bench_capture_feed - those of its packets that a NIC would bring to 'worker' of 'n'; with
 * 'spread' every n-th of them
 *
 *   rate   packets per second of event time, of all workers; 0: the capture's own times
 *
 * The capture's bytes are changed in place: one feed of a worker may be used at a time. 0, or
 * -errno with err; a worker to which no packet belongs is an error. */
int bench_capture_feed(struct bench_capture *c, const struct cfg *cfg, unsigned worker, unsigned n,
                       bool spread, uint64_t rate, struct bench_feed *out, struct pavo_err *err);

#endif
