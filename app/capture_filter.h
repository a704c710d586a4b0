/* capture_filter.h - the user's pcap-filter expression, compiled once per link type
 *
 * For sources that don't filter in the kernel: files, and DPDK ports.
 */
#ifndef PAVO_CAPTURE_FILTER_H
#define PAVO_CAPTURE_FILTER_H

#include "pavo_flow.h"

struct cap_filter;

/* Does the expression parse? It is compiled for a link type when cap_filter_link() names it. */
struct cap_filter *cap_filter_open(const char *expression, struct pavo_err *err);
/* 0, or -EINVAL: the expression makes no sense on this link type. Main thread, before the workers
 * start. */
int cap_filter_link(struct cap_filter *f, enum pavo_link link, struct pavo_err *err);
/* Is the frame wanted? Frames of a link type that was not compiled pass. Any thread. */
bool cap_filter_pass(const struct cap_filter *f, const struct pavo_frame *frame);
void cap_filter_close(struct cap_filter *f);

/* "libpcap version 1.10.3 ..." */
const char *cap_library(void);

#endif
