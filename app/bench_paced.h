/* bench_paced.h - a sensor that is offered packets at a chosen rate, whether it keeps up or not
 *
 * One thread makes the packets and puts them into a ring of frames for each worker, as a NIC would:
 * what finds no room is lost and counted (nic_missed). The frames cross from one processor to
 * another, so figures of this kind are not those of queues whose worker makes its own packets.
 */
#ifndef PAVO_BENCH_PACED_H
#define PAVO_BENCH_PACED_H

#include "bench_run.h"

struct bench_paced;

/* All totals since the start. */
struct bench_paced_counts {
    uint64_t offered;
    uint64_t missed;  /* of them: no room in the ring */
    uint64_t dropped; /* lost behind it: handed over without room, or in records without room */
    uint64_t behind;  /* not offered at all, for this thread did not run when they were due */
    uint64_t waiting; /* in the rings now */
    uint64_t wall_ns;
};

/* Opens the sensor of the plan, starts everything and makes all flows, losing none. 'descriptors'
 * of each ring are rounded up to a power of two. NULL with err. */
struct bench_paced *bench_paced_open(const struct bench_plan *p, uint32_t descriptors,
                                     struct pavo_err *err);
/* From now on so many packets a second, of all workers together; 0: none. BENCH_PACED_FULL: as fast
 * as they are taken, none is lost. */
#define BENCH_PACED_FULL UINT64_MAX
void bench_paced_rate(struct bench_paced *b, uint64_t packets_s);
void bench_paced_counts(const struct bench_paced *b, struct bench_paced_counts *out);
/* Why a sink failed; NULL: none did. */
const char *bench_paced_error(const struct bench_paced *b);
/* Stops the packets and the sensor, which accounts and writes what it has; afterwards the counts of
 * the whole are in *c. false: the ledger does not balance, 'why' says so. */
bool bench_paced_end(struct bench_paced *b, struct pavo_counts *c, char *why, size_t n);
void bench_paced_close(struct bench_paced *b);

#endif
