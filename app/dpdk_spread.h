/* dpdk_spread.h - how a NIC spreads packets over its queues: what is asked for, what is believed */
#ifndef PAVO_DPDK_SPREAD_H
#define PAVO_DPDK_SPREAD_H

#include <rte_ethdev.h>

#include "dpdk_port.h"

/* Can its configuration have what we want? */
bool dpdk_spread_can(const struct dpdk_port *p, const struct rte_eth_dev_info *info);
/* What a port with RSS is configured with. */
struct rte_eth_rss_conf dpdk_spread_conf(const struct dpdk_port *p,
                                         const struct rte_eth_dev_info *info);
/* After the start: sets table and rules, finds out what of it is so (has_rss, spreads), says it. */
void dpdk_spread_set(struct dpdk_port *p, const struct rte_eth_dev_info *info);

#endif
