/* dpdk_pcap.h - the link type of a capture file that the driver net_pcap is to read: it does not
 * tell */
#ifndef PAVO_DPDK_PCAP_H
#define PAVO_DPDK_PCAP_H

#include "pavo_export.h"

/* dpdk_file_link - the link type of a capture file
 *
 * Returns an enum pavo_link; -1 if it can't be told without consuming it (a pipe) or reading it
 * fails, which the driver will report; -2 with err if the file has a link type that pavo does not
 * open. */
int dpdk_file_link(const char *path, struct pavo_err *err);

/* The headers of the frames of a file, in order. Owner: the worker that polls the queue that has
 * the file. */
struct dpdk_told;

/* NULL: there is no telling (a pipe, no memory); frames are then as long as what the driver
 * delivers. */
struct dpdk_told *dpdk_told_open(const char *path);
void dpdk_told_close(struct dpdk_told *t);

/* dpdk_told_next - corrects the length and the time of the next frame of the file
 *
 *   ts_us   microseconds, as the driver has them
 *
 * A frame that is not the one that comes next in the file means that the driver has lost some: from
 * there on frames are left as they are. */
void dpdk_told_next(struct dpdk_told *t, uint64_t ts_us, struct pavo_frame *f);

#endif
