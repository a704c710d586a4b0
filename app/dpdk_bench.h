/* dpdk_bench.h - the frames of a measurement through a DPDK driver: what the driver's road adds
 *
 * The queues are those of capture_dpdk.c, around which stands only what makes a measurement's event
 * time: the same as without DPDK, so that the same flows end at the same packets.
 */
#ifndef PAVO_DPDK_BENCH_H
#define PAVO_DPDK_BENCH_H

#include "bench_feed.h"
#include "capture.h"
#include "cfg.h"

enum dpdk_bench_kind {
    DPDK_BENCH_NONE,
    DPDK_BENCH_NULL, /* net_null; a receive callback writes the frames into its buffers */
    DPDK_BENCH_RING, /* buffers that go round, through net_ring */
    DPDK_BENCH_PCAP, /* net_pcap, infinite_rx: copies of frames that it holds in memory */
};
const char *dpdk_bench_word(enum dpdk_bench_kind k);
int dpdk_bench_find(const char *word); /* -1: there is none of that name */
/* Most flows that this kind can show: net_pcap holds its frames in packet buffers. */
uint32_t dpdk_bench_flows(enum dpdk_bench_kind k);

struct dpdk_bench;

/* dpdk_bench_open - a port with a queue for each of 'n' feeds
 *
 * Sets capture.backend, capture.devices and, where no huge page is free, capture.dpdk.hugepages of
 * 'cfg'. EAL stays up until dpdk_bench_close() and can't be started again: one at a time, and the
 * last of the process. NULL with err. */
struct dpdk_bench *dpdk_bench_open(enum dpdk_bench_kind kind, struct cfg *cfg,
                                   struct bench_feed *const *feeds, unsigned n,
                                   struct pavo_err *err);
struct cap_queue *dpdk_bench_queue(struct dpdk_bench *d, unsigned i);
/* All frames that were made for queue 'i' have been handed out. The worker's thread only. */
bool dpdk_bench_is_drained(const struct dpdk_bench *d, unsigned i);
void dpdk_bench_close(struct dpdk_bench *d);

#endif
