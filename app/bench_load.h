/* bench_load.h - the drop point and what lies beyond it: search and overload on a paced sensor */
#ifndef PAVO_BENCH_LOAD_H
#define PAVO_BENCH_LOAD_H

#include "bench_paced.h"
#include "bench_search.h"

struct bench_load_plan {
    uint32_t descriptors; /* of each worker's ring */
    double seconds;       /* of a trial */
    double resolution, loss;
    unsigned tries;
    double overload_s; /* 0: none */
    uint64_t
        offer; /* packets a second of the overload; 0: twice what the search finds, or saturation */
};

struct bench_overload {
    bool was_run;
    double seconds;
    uint64_t asked; /* packets per second */
    uint64_t offered, received;
    uint64_t missed, handoff_full, record_packets_dropped;
    uint64_t rss_before, rss_after, rss_most; /* bytes; most: with all tables and rings full */
    double recovery_ms;                       /* from the last of the overload to empty rings */
    bool recovered, is_bounded;
};

struct bench_load_result {
    double saturation; /* packets per second when nothing may be lost and nothing is paced */
    bool has_search;
    struct bench_search_result search;
    struct bench_overload overload;
    struct pavo_counts counts; /* of the whole */
    bool is_balanced;
    char why[512];
};

/* Search and overload as the plan says, on one sensor. 0, or -errno with err. */
int bench_load(const struct bench_plan *p, const struct bench_load_plan *l,
               struct bench_load_result *out, struct pavo_err *err);

#endif
