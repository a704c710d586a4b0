/* bench_report.h - the figures of a measurement, in words and as JSON
 *
 * JSON objects are new references, NULL without memory.
 */
#ifndef PAVO_BENCH_REPORT_H
#define PAVO_BENCH_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "bench_floor.h"
#include "bench_load.h"
#include "bench_run.h"

void bench_report_text(FILE *out, const struct bench_plan *p, const struct bench_result *r);
json_t *bench_report_json(const struct bench_plan *p, const struct bench_result *r);

/* Runs of 1, 2, .. n workers. */
void bench_scale_text(FILE *out, const struct bench_result *r, unsigned n);
json_t *bench_scale_json(const struct bench_result *r, unsigned n);
/* One worker and all of them in turns; null if there were no turns. */
json_t *bench_alone_json(const struct bench_alone *a);

/* The same packets from memory and through a driver (p->dpdk). */
void bench_dpdk_text(FILE *out, const struct bench_plan *p, const struct bench_result *memory,
                     const struct bench_result *driver);
json_t *bench_dpdk_json(const struct bench_plan *p, const struct bench_result *memory,
                        const struct bench_result *driver);

/* With flows where they belong, and dealt to any worker. */
void bench_spread_text(FILE *out, const struct bench_result *own, const struct bench_result *dealt);
json_t *bench_spread_json(const struct bench_result *own, const struct bench_result *dealt);

void bench_load_text(FILE *out, const struct bench_plan *p, const struct bench_load_result *r);
json_t *bench_load_json(const struct bench_plan *p, const struct bench_load_result *r);

/* 'worker_ns': of a measurement to compare with; 0: there is none. */
void bench_floor_text(FILE *out, const struct bench_floor *f, double worker_ns);
json_t *bench_floor_json(const struct bench_floor *f, double worker_ns);

/* Packets per second, and nanoseconds of CPU time for a packet, of a measurement. */
double bench_pps(const struct bench_result *r);
double bench_ns(const struct bench_result *r);

#endif
