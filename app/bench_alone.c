/* bench_alone.c - who gets packets in which turn, and what the workers spent */
#include "bench_alone.h"

#include "bench_plan.h"
#include "bench_turns.h"
#include "sensor.h"

enum { WARM_PART = 4 };

/* A turn in which the first 'n' workers get packets: CPU time for each. 0: there was none. */
static double
turn_ns(struct bench_phases *phases, unsigned n, double seconds)
{
    uint64_t packets, cpu, packets_now, cpu_now;

    atomic_store_explicit(&phases->fed, n, memory_order_relaxed);
    bench_sleep(seconds / WARM_PART);
    bench_spent(phases->sensor, n, &packets, &cpu);
    bench_sleep(seconds - seconds / WARM_PART);
    bench_spent(phases->sensor, n, &packets_now, &cpu_now);
    return packets_now > packets ? (double)(cpu_now - cpu) / (double)(packets_now - packets) : 0;
}

void
bench_alone_measure(struct bench_phases *phases, double seconds, struct bench_alone *out)
{
    const struct worker *w;
    const struct topo_place *places;
    const unsigned all = sensor_workers(phases->sensor, &w, &places);
    double ratios[BENCH_PAIRS], alone[BENCH_PAIRS], together[BENCH_PAIRS], q[5];

    *out = (struct bench_alone){0};
    for (unsigned pair = 0; pair < BENCH_PAIRS; pair++) {
        double ns[2]; /* of one, of all */

        for (unsigned k = 0; k < 2; k++) {
            const unsigned kind = (pair + k) % 2;

            ns[kind] = turn_ns(phases, kind ? all : 1, seconds / BENCH_PAIRS);
        }
        if (ns[0] <= 0 || ns[1] <= 0)
            continue;
        alone[out->n] = ns[0];
        together[out->n] = ns[1];
        ratios[out->n++] = ns[0] / ns[1] * all;
    }
    atomic_store_explicit(&phases->fed, all, memory_order_relaxed);
    if (out->n == 0)
        return;
    bench_quartiles(ratios, out->n, q);
    out->ratio_low = q[1];
    out->ratio = q[2];
    out->ratio_high = q[3];
    bench_quartiles(alone, out->n, q);
    out->alone_ns = q[2];
    bench_quartiles(together, out->n, q);
    out->all_ns = q[2];
}
