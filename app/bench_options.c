/* bench_options.c - options, their defaults and their bounds */
#include "bench_options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum { FLOWS = 1000000, FLOWS_MOST = 800000000 };

const struct cli_option bench_option_rows[] = {
    {0, "workload", "W",
     "The traffic: udp64, imix, tcp, dns, synflood, vxlan, geneve6, gtpu, fragments or mixed."},
    {0, "pcap", "FILE",
     "Plays a capture from memory in place of a workload, again and again; in each round with "
     "other "
     "addresses."},
    {0, "flows", "N",
     "Flows that are live at once, 1M by default; flow.limit is made large enough for them unless "
     "it is set."},
    {0, "workers", "N", "Decodes and accounts in N threads, 1 by default."},
    {0, "seconds", "S", "How long is measured, 5 by default."},
    {0, "packets", "N", "Measures N packets in place of a time."},
    {0, "warmup", "N", "Packets before the measurement, in place of as many as the flows need."},
    {0, "rate", "N",
     "Packets per second of event time, which drives all timeouts: 10M by default; where flows are "
     "always new, so many that --flows of them are live; of a capture its own times."},
    {0, "spread", NULL,
     "Deals packets to any worker, as a NIC without symmetric RSS: they go through the mesh."},
    {0, "scale", NULL, "Measures with 1, 2, .. N workers and tells the ratios."},
    {0, "search", NULL,
     "Looks for the highest rate without loss (RFC 2544), offered by a thread of its own through a "
     "ring of frames for each worker."},
    {0, "trial", "S", "How long each rate of the search is offered, 1 s by default."},
    {0, "tries", "N", "A rate passes when one of N trials has no loss, 3 by default."},
    {0, "loss", "PERCENT", "Loss that a trial may have, 0 by default."},
    {0, "descriptors", "N", "Frames in each worker's ring, 4096 by default."},
    {0, "overload", "S",
     "After the search offers twice the rate that the sensor can take for S seconds, then a light "
     "load; checks the ledger, memory and recovery."},
    {0, "offer", "N", "Packets per second of the overload, in place of a search."},
    {0, "floor", NULL, "Measures what the table's memory accesses alone cost on this box."},
    {0, "dpdk", "KIND",
     "Measures through a DPDK driver, too, and tells the ratio: null (net_null and a receive "
     "callback), ring (net_ring, buffers that go round) or pcap (net_pcap with infinite_rx)."},
    {0, "no-stages", NULL, "Leaves the shares of the stages out."},
    {0, "buffers", "N",
     "Buffers that a worker's packets are written into in turn, 128 by default; more of them lie "
     "farther from the processor."},
    {0, "seed", "N", "Of the workload: the same seed gives the same packets."},
    {0, "json", NULL, "The figures for programs."},
    {0, "certificate", "FILE",
     "Writes machine, versions, configuration and figures under a digest; stats.certificate lets a "
     "sensor tell its load by it."},
    {0, "check-certificate", "FILE",
     "Verifies the digest of a certificate, and does nothing else."},
    {'c', "config", "FILE", "Reads the configuration FILE, as pavo run does."},
    {'w', "write", "[FORMAT:]TARGET",
     "Writes the records, as pavo run does; may be given several times. Without it the export "
     "thread counts them and drops them."},
    {0, "set", "KEY=VALUE", "Sets any key of the configuration (pavo keys)."},
    {'h', "help", NULL, "This text."},
    {0},
};

/* ---- values -----------------------------------------------------------------------------------
 */

static bool
take_number(const char *word, const char *arg, uint64_t least, uint64_t most, uint64_t *out)
{
    static const char letters[] = "kMG";
    const char *unit;
    char *end;
    unsigned long long n;

    errno = 0;
    n = strtoull(arg, &end, 10);
    unit = *end ? strchr(letters, *end) : NULL;
    for (long i = unit ? unit - letters + 1 : 0; i > 0; i--) {
        errno = n > ULLONG_MAX / 1000 ? ERANGE : errno;
        n *= 1000;
    }
    end += unit != NULL;
    if (end == arg || *end || *arg == '-' || errno || n < least || n > most) {
        log_error("--%s %s: not a number from %llu to %llu", word, arg, (unsigned long long)least,
                  (unsigned long long)most);
        return false;
    }
    *out = n;
    return true;
}

static bool
take_real(const char *word, const char *arg, const char *unit, double least, double most,
          double *out)
{
    char *end;
    const double v = strtod(arg, &end);

    if (end != arg && strcmp(end, unit) == 0)
        end += strlen(unit);
    if (end == arg || *end || !(v >= least && v <= most)) {
        log_error("--%s %s: not from %g to %g %s", word, arg, least, most, unit);
        return false;
    }
    *out = v;
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

/* Options with a number, and where it goes. */
static bool
take_numbers(struct bench_options *o, const char *word, const char *arg, bool *taken)
{
    const struct {
        const char *word;
        uint64_t least, most, *wide;
        uint32_t *narrow;
    } rows[] = {
        {"flows", 1, FLOWS_MOST, NULL, &o->plan.flows},
        {"packets", 1, UINT64_MAX / 2, &o->plan.packets, NULL},
        {"warmup", 0, UINT64_MAX / 2, &o->plan.warmup, NULL},
        {"rate", 1, UINT64_C(10000000000), &o->plan.rate, NULL},
        {"seed", 0, INT64_MAX, &o->plan.seed, NULL},
        {"buffers", 1, 1 << 20, NULL, &o->plan.buffers},
        {"tries", 1, 20, NULL, &o->load.tries},
        {"descriptors", 64, 1 << 20, NULL, &o->load.descriptors},
        {"offer", 1, UINT64_C(10000000000), &o->load.offer, NULL},
    };
    uint64_t n;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].word, word) != 0)
            continue;
        *taken = true;
        if (!take_number(word, arg, rows[i].least, rows[i].most, &n))
            return false;
        if (rows[i].wide)
            *rows[i].wide = n;
        else
            *rows[i].narrow = (uint32_t)n;
        return true;
    }
    return true;
}

static bool
take_switch(struct bench_options *o, const char *word)
{
    const struct {
        const char *word;
        bool *at;
    } rows[] = {
        {"spread", &o->plan.spread}, {"scale", &o->with_scale}, {"search", &o->with_load},
        {"floor", &o->with_floor},   {"json", &o->as_json},     {"no-stages", &o->plan.no_stages},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].word, word) == 0)
            return *rows[i].at = true;
    return false;
}

static bool
take(struct bench_options *o, const char *word, const char *arg)
{
    bool taken = false;

    if (!take_numbers(o, word, arg ? arg : "", &taken))
        return false;
    if (taken || take_switch(o, word))
        return true;
    if (strcmp(word, "workload") == 0)
        return take_workload(arg, &o->plan.workload);
    if (strcmp(word, "dpdk") == 0) {
        const int kind = dpdk_bench_find(arg);

        if (kind < 0)
            log_error("--dpdk %s: null, ring or pcap", arg);
        o->dpdk = kind < 0 ? DPDK_BENCH_NONE : (enum dpdk_bench_kind)kind;
        return kind >= 0;
    }
    if (strcmp(word, "seconds") == 0)
        return take_real(word, arg, "s", 0.01, 86400, &o->plan.seconds);
    if (strcmp(word, "trial") == 0)
        return take_real(word, arg, "s", 0.01, 3600, &o->load.seconds);
    if (strcmp(word, "loss") == 0) {
        if (!take_real(word, arg, "%", 0, 50, &o->load.loss))
            return false;
        o->load.loss /= 100;
        return true;
    }
    if (strcmp(word, "overload") == 0) {
        o->with_load = true;
        return take_real(word, arg, "s", 0.01, 86400, &o->load.overload_s);
    }
    if (strcmp(word, "pcap") == 0)
        o->capture_path = arg;
    else if (strcmp(word, "certificate") == 0)
        o->certificate = arg;
    else if (strcmp(word, "check-certificate") == 0)
        o->check = arg;
    return true;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

/* The table is made for the flows that are asked for, unless the configuration says otherwise: so
 * --flows is looked for before the configuration is read. */
static void
table_for(struct bench_options *o, int argc, char **argv)
{
    const struct cli_option *opt;
    const char *arg;
    int at = 1, bad = 0;
    uint64_t flows = FLOWS, limit;

    while ((opt = cli_getopt(&cmd_bench, argc, argv, &at, &arg, &bad)) != NULL)
        if (opt->word && strcmp(opt->word, "flows") == 0 &&
            !take_number("flows", arg, 1, FLOWS_MOST, &flows))
            bad = 1;
    o->args.bad += bad;
    limit = flows + flows / 5;
    if (limit > o->args.cfg->flow.limit)
        o->args.cfg->flow.limit = (uint32_t)limit;
}

static void
keep_set(struct bench_options *o, const struct cli_option *opt, const char *arg)
{
    if (opt->word && strcmp(opt->word, "set") == 0 && o->n_set < BENCH_SET_MAX)
        o->set[o->n_set++] = arg;
}

/* What only several options together show. */
static bool
is_consistent(const struct bench_options *o)
{
    const struct bench_plan *p = &o->plan;

    if (p->packets && p->packets < p->workers) {
        log_error("--packets %llu: fewer than there are workers", (unsigned long long)p->packets);
        return false;
    }
    if (p->workers > WORKERS_MAX) {
        log_error("--workers %u: at most %d", p->workers, WORKERS_MAX);
        return false;
    }
    if (!o->capture_path && p->flows < p->workers) {
        log_error("--flows %u: fewer than there are workers", p->flows);
        return false;
    }
    for (unsigned i = 0; p->has_sinks && i < p->cfg->n_sinks; i++)
        if (strcmp(outputs_path(&p->cfg->sinks[i]), "-") == 0) {
            log_error("-w %s: standard output is the report's: /dev/null or a file",
                      p->cfg->sinks[i].to);
            return false;
        }
    if (p->spread && p->workers < 2) {
        log_error("--spread is for several workers: --workers N");
        return false;
    }
    if (o->load.offer && o->load.overload_s <= 0) {
        log_error("--offer is the rate of an overload: --overload says for how long");
        return false;
    }
    return true;
}

static bool
finish(struct bench_options *o)
{
    struct pavo_err err;

    if (args_finish(&o->args, 0, NULL) > 0)
        return false;
    o->plan.has_sinks = o->args.has_sink;
    o->plan.workers = o->args.cfg->workers.count ? o->args.cfg->workers.count : 1;
    if (!is_consistent(o))
        return false;
    /* Of flows that belong to others a worker alone has nothing to do. */
    o->plan.beside_one = o->with_scale && o->plan.workers > 1 && !o->plan.spread;
    if (o->capture_path && !o->check) {
        o->plan.capture = bench_capture_open(o->capture_path, &err);
        if (!o->plan.capture) {
            log_error("%s", err.text);
            return false;
        }
    }
    return true;
}

enum bench_options_end
bench_options_read(struct bench_options *o, int argc, char **argv)
{
    const struct cli_option *opt;
    const char *arg;
    int at = 1, bad = 0;

    *o = (struct bench_options){
        .plan = {.flows = FLOWS, .seconds = 5, .warmup = UINT64_MAX, .seed = 1, .workers = 1},
        .load = {.descriptors = 4096, .seconds = 1, .resolution = 0.01, .tries = 3},
    };
    if (args_open(&o->args) < 0)
        return BENCH_OPTIONS_BAD;
    o->plan.cfg = o->args.cfg;
    table_for(o, argc, argv);
    if (o->args.bad == 0)
        args_config(&o->args, &cmd_bench, argc, argv);
    while (o->args.bad == 0 &&
           (opt = cli_getopt(&cmd_bench, argc, argv, &at, &arg, &bad)) != NULL) {
        if (opt->letter == 'h')
            return BENCH_OPTIONS_HELP;
        keep_set(o, opt, arg);
        if (!args_option(&o->args, opt, arg) && !take(o, opt->word, arg))
            return BENCH_OPTIONS_BAD;
    }
    if (bad || o->args.bad)
        return BENCH_OPTIONS_BAD;
    if (at < argc) {
        log_error("bench: %s: it takes no operand", argv[at]);
        return BENCH_OPTIONS_BAD;
    }
    return finish(o) ? BENCH_OPTIONS_GOOD : BENCH_OPTIONS_BAD;
}

void
bench_options_close(struct bench_options *o)
{
    bench_capture_close(o->plan.capture);
    args_close(&o->args);
}
