/* bench_alone.h - one worker alone and all of them, in turns
 *
 * What several workers do together, divided by what one does alone, says nothing where the
 * machine's speed is another one when the second of them is measured. So of a run of all workers
 * only the first one gets packets for a short turn, then all do, and each pair of turns gives a
 * ratio. Tables and feeds are each worker's own and stay as they are; who gets nothing waits for
 * it.
 *
 * The order within the pairs alternates; the first quarter of a turn is not counted.
 */
#ifndef PAVO_BENCH_ALONE_H
#define PAVO_BENCH_ALONE_H

#include "bench_probe.h"

/* Of all pairs. */
struct bench_alone {
    unsigned n;                          /* 0: there were no turns */
    double alone_ns, all_ns;             /* CPU time for a packet, medians */
    double ratio, ratio_low, ratio_high; /* packets of all for each of one, in the same CPU time of
                                            a worker: median and quartiles */
};

/* bench_alone_measure - 'seconds' of each kind, of a sensor whose probes have 'phases'. Main
 * thread. */
void bench_alone_measure(struct bench_phases *phases, double seconds, struct bench_alone *out);

#endif
