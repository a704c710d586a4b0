/* bench.c - pavo bench: measures this box with the sensor's own workers, from the command line to
 * the report */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "bench_report.h"
#include "bench_run.h"
#include "log.h"

struct options {
    struct args args;
    struct bench_plan plan;
    bool as_json;
};

static bool
take_number(const char *word, const char *arg, uint64_t most, uint64_t *out)
{
    char *end;
    unsigned long long n;

    errno = 0;
    n = strtoull(arg, &end, 10);
    if (*end == 'k' || *end == 'M' || *end == 'G') {
        const unsigned long long unit = *end == 'k' ? 1000 : *end == 'M' ? 1000000 : 1000000000;

        if (n > ULLONG_MAX / unit)
            errno = ERANGE;
        n *= unit;
        end++;
    }
    if (end == arg || *end || *arg == '-' || errno || n > most) {
        log_error("--%s %s: not a number up to %llu", word, arg, (unsigned long long)most);
        return false;
    }
    *out = n;
    return true;
}

static bool
take_seconds(const char *arg, double *out)
{
    char *end;

    *out = strtod(arg, &end);
    if (end != arg && strcmp(end, "s") == 0)
        end++;
    if (end == arg || *end || !(*out > 0 && *out <= 86400)) {
        log_error("--seconds %s: not a time of up to 86400 s", arg);
        return false;
    }
    return true;
}

static bool
take_workload(const char *arg, enum bench_workload *out)
{
    const int w = bench_workload_find(arg);

    if (w >= 0) {
        *out = (enum bench_workload)w;
        return true;
    }
    log_error("--workload %s: there is none of that name; there are:", arg);
    for (unsigned i = 0; i < BENCH_WORKLOADS; i++)
        fprintf(stderr, "  %-10s %s\n", bench_workload_word((enum bench_workload)i),
                bench_workload_help((enum bench_workload)i));
    return false;
}

static bool
take(struct options *o, const struct cli_option *opt, const char *arg)
{
    const char *word = opt->word;
    uint64_t n = 0;

    if (strcmp(word, "workload") == 0)
        return take_workload(arg, &o->plan.workload);
    if (strcmp(word, "seconds") == 0)
        return take_seconds(arg, &o->plan.seconds);
    if (strcmp(word, "flows") == 0) {
        if (!take_number(word, arg, 800000000, &n) || n == 0)
            return false;
        o->plan.flows = (uint32_t)n;
        return true;
    }
    if (strcmp(word, "packets") == 0)
        return take_number(word, arg, UINT64_MAX / 2, &o->plan.packets);
    if (strcmp(word, "warmup") == 0)
        return take_number(word, arg, UINT64_MAX / 2, &o->plan.warmup);
    if (strcmp(word, "rate") == 0)
        return take_number(word, arg, 10000000000, &o->plan.rate);
    if (strcmp(word, "seed") == 0)
        return take_number(word, arg, UINT64_MAX / 2, &o->plan.seed);
    if (strcmp(word, "spread") == 0)
        o->plan.spread = true;
    else if (strcmp(word, "no-stages") == 0)
        o->plan.no_stages = true;
    else if (strcmp(word, "json") == 0)
        o->as_json = true;
    return true;
}

/* The table is made for the flows that are asked for, unless the configuration says otherwise: so
 * --flows is looked for before the configuration is read. */
static void
table_for(struct options *o, int argc, char **argv)
{
    const struct cli_option *opt;
    const char *arg;
    int at = 1, bad = 0;
    uint64_t flows = o->plan.flows;
    uint64_t limit;

    while ((opt = cli_getopt(&cmd_bench, argc, argv, &at, &arg, &bad)) != NULL)
        if (opt->word && strcmp(opt->word, "flows") == 0)
            (void)take_number("flows", arg, 800000000, &flows);
    limit = flows + flows / 5;
    if (limit > o->args.cfg->flow.limit)
        o->args.cfg->flow.limit = (uint32_t)limit;
}

static int
status_of(const struct bench_result *r)
{
    return r->is_balanced ? EXIT_DONE : EXIT_UNBALANCED;
}

static int
measure(struct options *o)
{
    struct bench_result r;
    struct pavo_err err;

    if (bench_run(&o->plan, &r, &err) < 0) {
        log_error("%s", err.text);
        return EXIT_SOURCE;
    }
    bench_report_text(stdout, &o->plan, &r);
    return status_of(&r);
}

static int
bench_main(int argc, char **argv)
{
    struct options o = {
        .plan = {.flows = 1000000, .seconds = 5, .warmup = UINT64_MAX, .seed = 1, .workers = 1}};
    const struct cli_option *opt;
    const char *arg;
    int at = 1, bad = 0, status = EXIT_USAGE;

    if (args_open(&o.args) < 0)
        return EXIT_USAGE;
    o.plan.cfg = o.args.cfg;
    table_for(&o, argc, argv);
    args_config(&o.args, &cmd_bench, argc, argv);
    while (o.args.bad == 0 && !bad &&
           (opt = cli_getopt(&cmd_bench, argc, argv, &at, &arg, &bad)) != NULL) {
        if (opt->letter == 'h') {
            args_close(&o.args);
            return cli_help(&cmd_bench);
        }
        if (!args_option(&o.args, opt, arg) && !take(&o, opt, arg))
            bad = 1;
    }
    if (!bad && at < argc) {
        log_error("bench: %s: it takes no operand", argv[at]);
        bad = 1;
    }
    if (bad || args_finish(&o.args, 0, NULL) > 0)
        goto end;
    o.plan.has_sinks = o.args.has_sink;
    o.plan.workers = o.args.cfg->workers.count ? o.args.cfg->workers.count : 1;
    status = measure(&o);

end:
    args_close(&o.args);
    return status;
}

const struct cli_command cmd_bench = {
    .name = "bench",
    .usage = "[--workload W] [--flows N] [--workers N] [--seconds S] [--json] ...",
    .summary = "measures this box: packets a second, and where the time goes",
    .text =
        "Plays traffic from memory through the sensor: its workers, tables, export thread and\n"
        "sinks are those of pavo run. After a warm-up, in which all flows are made, it counts\n"
        "packets for some seconds. Making the packets is part of the time; what it costs alone is\n"
        "said, too.\n",
    .options =
        (const struct cli_option[]){
            {0, "workload", "W",
             "The traffic: udp64, imix, tcp, dns, synflood, vxlan, geneve6, gtpu, fragments or "
             "mixed."},
            {0, "flows", "N",
             "Flows that are live at once, 1000000 by default; flow.limit is made large enough "
             "unless it is set."},
            {0, "seconds", "S", "How long is measured, 5 by default."},
            {0, "packets", "N", "Measures N packets in place of a time."},
            {0, "warmup", "N", "Packets before the measurement, in place of what the flows need."},
            {0, "rate", "N",
             "Packets per second of event time, which drives timeouts: 10M by default; where flows "
             "are always new, so many that --flows of them are live."},
            {0, "spread", NULL,
             "Deals the flows to any worker, so that packets go through the mesh."},
            {0, "no-stages", NULL, "Leaves the measurement of the stages out."},
            {0, "seed", "N", "Of the generator: the same seed gives the same packets."},
            {0, "json", NULL, "The figures for programs."},
            {'c', "config", "FILE", "Reads the configuration FILE, as pavo run does."},
            {'w', "write", "[FORMAT:]TARGET",
             "Writes the records, as pavo run does. Without it they are counted and dropped."},
            {0, "workers", "N", "Decodes and accounts in N threads, 1 by default."},
            {0, "set", "KEY=VALUE", "Sets any key of the configuration (pavo keys)."},
            {'h', "help", NULL, "This text."},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"pavo bench", "64-byte frames, a million flows, one worker"},
            {"pavo bench --workload tcp --flows 200k --workers 2", "whole sessions, two workers"},
            {0},
        },
    .run = bench_main,
};
