/* bench_run.h - one measurement: a real sensor, queues from memory, and what came out */
#ifndef PAVO_BENCH_RUN_H
#define PAVO_BENCH_RUN_H

#include "bench_alone.h"
#include "bench_perf.h"
#include "bench_plan.h"
#include "bench_turns.h"
#include "laps.h"

/* Of the measurement, but what says otherwise. */
struct bench_result {
    unsigned workers;
    uint64_t event_rate;
    uint64_t packets, octets; /* octets: of IP */
    double seconds;           /* wall clock, from the first worker's start to the last one's end */
    double cpu_seconds;       /* of all workers */
    double exporter_cpu_seconds;
    /* CPU time for a packet in slices of the measurement, where it goes by time; 0: too short. On a
     * box that is disturbed the least is the nearest to what it can do. */
    double slice_least_ns, slice_median_ns, slice_most_ns;
    struct bench_pairs pairs; /* of a measurement through a driver */
    struct bench_alone alone; /* of a measurement of several workers, if the plan says so */
    double source_ns;         /* CPU time of making a packet, measured alone */
    uint64_t flows, records;  /* made */
    uint64_t ring_full;       /* times that a record waited for the export thread */
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
    uint64_t records_written, record_packets;
    bool is_balanced;
    char why[512]; /* is_balanced false: what does not hold */
};

/* 0, or -errno with err: nothing was measured. */
int bench_run(const struct bench_plan *p, struct bench_result *r, struct pavo_err *err);

#endif
