/* bench_plan.h - what is to be measured, and what every kind of measurement needs for it */
#ifndef PAVO_BENCH_PLAN_H
#define PAVO_BENCH_PLAN_H

#include "bench_capture.h"
#include "bench_gen.h"
#include "dpdk_bench.h"
#include "outputs.h"
#include "sensor.h"

struct bench_plan {
    struct cfg *cfg; /* workers.count is set by each run */
    enum bench_workload workload;
    struct bench_capture *capture; /* in place of a workload; NULL: none */
    uint32_t flows;
    uint64_t rate; /* of event time; 0: as the workload has it */
    unsigned workers;
    double seconds;   /* of the measurement, unless it is by packets */
    uint64_t packets; /* of all workers; 0: by time */
    uint64_t warmup;  /* of all workers; UINT64_MAX: as the workload has it */
    bool spread;
    bool beside_one; /* several workers: measure one of them alone, too, in turns with all */
    bool no_stages;
    bool has_sinks; /* cfg's; else records are counted and dropped */
    unsigned buffers;
    enum dpdk_bench_kind dpdk; /* through which driver the packets come */
    uint64_t seed;
};

/* The frames of a worker, from their beginning. 0, or -errno with err. */
int bench_feed_open(const struct bench_plan *p, unsigned worker, struct bench_feed *out,
                    struct pavo_err *err);
void bench_feed_close(struct bench_feed *f);
/* The workload's word, or "pcap". */
const char *bench_plan_word(const struct bench_plan *p);

/* The plan's sinks, or the one that counts and drops. */
struct bench_sinks {
    struct outputs out;
    struct pavo_sink *none;
};
int bench_sinks_open(struct bench_sinks *s, const struct bench_plan *p, const struct cap_set *set,
                     struct pavo_err *err);
void bench_sinks_close(struct bench_sinks *s);

/* bench_sinks_error - why a sink failed in a run that has ended; NULL: none did. */
const char *bench_sinks_error(const struct bench_sinks *s);

/* bench_balance - the ledger of a run that has ended: the equations of counts and sinks; and, where
 * records were counted apart, their packets against those accounted. false with 'why'. */
bool bench_balance(const struct pavo_counts *c, const struct bench_sinks *s, char *why, size_t n);

/* bench_sleep - of the main thread. bench_spent - what the first 'n' workers have received so far,
 * and their CPU time. */
void bench_sleep(double seconds);
void bench_spent(const struct sensor *s, unsigned n, uint64_t *packets, uint64_t *cpu_ns);

/* Resident bytes of this process, 0: not known. */
uint64_t bench_rss(void);

#endif
