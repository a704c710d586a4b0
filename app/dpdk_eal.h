/* dpdk_eal.h - DPDK's environment layer, started from the configuration and taken down again */
#ifndef PAVO_DPDK_EAL_H
#define PAVO_DPDK_EAL_H

#include "cfg.h"

/* Is this device a PCI address ("81:00.0", "0000:81:00.0", with device arguments behind a comma)?
 * Else a vdev. */
bool dpdk_is_pci(const char *device);

/* dpdk_eal_open - starts EAL
 *
 * Needs no EAL arguments from the user; capture.dpdk.eal is appended. EAL can be started once in
 * the life of a process: where somebody has done so already, it is used as it is, and
 * dpdk_eal_close() leaves it alone. The calling thread keeps its CPU affinity (EAL would pin it).
 * Returns 0, or -errno with one sentence in err. */
int dpdk_eal_open(const struct cfg *cfg, struct pavo_err *err);
void dpdk_eal_close(void);

/* What EAL and drivers complained about since the mark: their first and their last line; "" if
 * nothing. Main thread. */
void dpdk_log_mark(void);
const char *dpdk_log_said(void);

#endif
