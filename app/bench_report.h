/* bench_report.h - the figures of a measurement, in words and as JSON */
#ifndef PAVO_BENCH_REPORT_H
#define PAVO_BENCH_REPORT_H

#include <stdio.h>

#include "bench_run.h"

void bench_report_text(FILE *out, const struct bench_plan *p, const struct bench_result *r);

#endif
