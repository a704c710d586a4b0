/* bench_run.h - one measurement: a real sensor, queues from memory, and what came out */
#ifndef PAVO_BENCH_RUN_H
#define PAVO_BENCH_RUN_H

#include "bench_gen.h"
#include "bench_perf.h"
#include "laps.h"
#include "outputs.h"
#include "sensor.h"

struct bench_plan {
    struct cfg *cfg; /* workers.count is set by each run */
    enum bench_workload workload;
    uint32_t flows;
    uint64_t rate; /* of event time; 0: as the workload has it */
    unsigned workers;
    double seconds;   /* of the measurement, unless it is by packets */
    uint64_t packets; /* of all workers; 0: by time */
    uint64_t warmup;  /* of all workers; UINT64_MAX: as the workload has it */
    bool spread;
    bool no_stages;
    bool has_sinks; /* cfg's; else records are counted and dropped */
    unsigned buffers;
    uint64_t seed;
};

/* Of the measurement, but what says otherwise. */
struct bench_result {
    unsigned workers;
    uint64_t event_rate;
    uint64_t packets, octets; /* octets: of IP */
    double seconds;           /* wall clock, from the first worker's start to the last one's end */
    double cpu_seconds;       /* of all workers */
    double exporter_cpu_seconds;
    double source_ns; /* CPU time of making a packet, measured alone */
    uint64_t flows, records;
    struct bench_perf_counts perf;
    int perf_errnum; /* why 'perf' knows nothing; 0 it does */
    uint64_t warmup_packets;
    double warmup_seconds;
    uint64_t stage_packets;      /* 0: stages were not measured */
    double stage_ns[PAVO_LAP_N]; /* for each packet, of a worker's time */
    uint64_t live_flows;         /* at the end of the measurement */
    size_t table_bytes;          /* of all workers */
    uint32_t flow_limit;
    uint64_t rss_before, rss_after; /* bytes; before the tables, and full */
    /* Of the whole run, when all is written. */
    struct pavo_counts counts;
    uint64_t ring_full; /* times that a record waited for the export thread */
    uint64_t records_written, record_packets;
    bool is_balanced;
    char why[512]; /* is_balanced false: what does not hold */
};

/* 0, or -errno with err: nothing was measured. */
int bench_run(const struct bench_plan *p, struct bench_result *r, struct pavo_err *err);

/* Resident bytes of this process, 0: not known. */
uint64_t bench_rss(void);
/* The ledger of a run that has ended: equations, sinks, and the records' packets against those
 * received. false with 'why'. */
bool bench_balance(const struct pavo_counts *c, const struct outputs *out, bool counted_alone,
                   char *why, size_t n);

#endif
