/* bench_options.h - the command line of pavo bench */
#ifndef PAVO_BENCH_OPTIONS_H
#define PAVO_BENCH_OPTIONS_H

#include "args.h"
#include "bench_load.h"

enum { BENCH_SET_MAX = 64 };

struct bench_options {
    struct args args;
    struct bench_plan plan;
    struct bench_load_plan load;
    bool as_json, with_scale, with_load, with_floor;
    enum dpdk_bench_kind dpdk; /* measured beside memory; NONE: not */
    const char *capture_path;  /* NULL: a workload */
    const char *certificate;   /* to write; NULL: none */
    const char *check;         /* to verify, and nothing else; NULL: none */
    const char *set[BENCH_SET_MAX];
    unsigned n_set;
};

enum bench_options_end { BENCH_OPTIONS_GOOD, BENCH_OPTIONS_BAD, BENCH_OPTIONS_HELP };

extern const struct cli_option bench_option_rows[];

/* Reads options and the configuration; what is wrong is printed. bench_options_close() in any case.
 */
enum bench_options_end bench_options_read(struct bench_options *o, int argc, char **argv);
void bench_options_close(struct bench_options *o);

#endif
