/* dpdk_telemetry.h - what DPDK's telemetry socket answers about a sensor
 *
 * /pavo/stats    the ledger's counts
 * /pavo/queues   every receive queue; /pavo/queues,N one of them
 * /pavo/plan     which worker runs where and polls what
 */
#ifndef PAVO_DPDK_TELEMETRY_H
#define PAVO_DPDK_TELEMETRY_H

struct sensor;

/* Main thread. Until dpdk_telemetry_close() the sensor is asked by DPDK's own thread; the commands
 * stay known after it, and answer that nothing runs. */
void dpdk_telemetry_open(const struct sensor *s);
void dpdk_telemetry_close(void);

#endif
