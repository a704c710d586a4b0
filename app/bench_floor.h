/* bench_floor.h - what memory alone costs a packet on this box: the table's accesses, without work
 */
#ifndef PAVO_BENCH_FLOOR_H
#define PAVO_BENCH_FLOOR_H

#include "pavo_flow.h"

struct bench_floor {
    double ns;      /* for each packet, CPU time */
    size_t bytes;   /* of the table */
    unsigned lines; /* that a packet touches */
};

/* bench_floor - random packets of 'flows' flows in bursts, on the calling thread
 *
 * A packet reads its two bucket lines, reads the line of its flow's key and writes the one behind
 * it. Each stage prefetches what the next one needs, over the burst. 0 or -ENOMEM with err. */
int bench_floor(uint32_t flows, unsigned burst, double seconds, struct bench_floor *out,
                struct pavo_err *err);

#endif
