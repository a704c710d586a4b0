/* report.h - the counters of a run in words and as JSON */
#ifndef PAVO_REPORT_H
#define PAVO_REPORT_H

#include <stdio.h>

#include "sensor.h"

/* A short table for people. */
void report_text(FILE *out, const struct pavo_counts *c, struct pavo_sink *const *sinks,
                 unsigned n_sinks);

/* One JSON object: counts, rates since 'before' (seconds ago), per source, worker and sink. */
struct report_rate {
    uint64_t ms; /* monotonic */
    uint64_t packets, octets, records, flows;
};
/* 'certified': packets per second that a worker of this machine was measured to do, 0 not known;
 * the load is told as a share of it. */
void report_json(FILE *out, const struct sensor *s, const struct cfg *cfg,
                 struct pavo_sink *const *sinks, unsigned n_sinks, uint64_t uptime_ms,
                 const struct report_rate *from, const struct report_rate *to, double certified);

/* report_counts_each - all single counters, by the names that `pavo stats --json` has for them. */
typedef void report_count_fn(void *ctx, const char *name, uint64_t n);
void report_counts_each(const struct pavo_counts *c, report_count_fn *each, void *ctx);

#endif
