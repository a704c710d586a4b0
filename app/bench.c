/* bench.c - pavo bench: the command line, and which measurements follow each other
 *
 * A measurement is always made; scale, search, overload and floor come behind it when they are
 * asked for. All that was found goes into one JSON object, which is the output of --json and, under
 * a digest, the certificate.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "bench_cert.h"
#include "bench_options.h"
#include "bench_report.h"
#include "log.h"

struct session {
    const struct bench_options *o;
    json_t *doc;
    struct bench_result result;
    int status;
    double certified; /* packets per second that a worker was seen to do */
    const char *by;   /* "measurement" or "search" */
};

static void
add(struct session *s, const char *name, json_t *value)
{
    if (s->doc)
        json_object_set_new(s->doc, name, value);
    else
        json_decref(value);
}

static void
worsen(struct session *s, int status)
{
    s->status = status > s->status ? status : s->status;
}

static bool
failed(struct session *s, const struct pavo_err *err)
{
    log_error("%s", err->text);
    worsen(s, EXIT_SOURCE);
    return false;
}

static void
text(const struct session *s,
     void (*print)(FILE *, const struct bench_plan *, const struct bench_result *),
     const struct bench_plan *p, const struct bench_result *r)
{
    if (!s->o->as_json)
        print(stdout, p, r);
}

/* ---- measurements -----------------------------------------------------------------------------
 */

static bool
measure(struct session *s)
{
    const struct bench_plan *p = &s->o->plan;
    struct pavo_err err;

    if (bench_run(p, &s->result, &err) < 0)
        return failed(s, &err);
    text(s, bench_report_text, p, &s->result);
    add(s, "measured", bench_report_json(p, &s->result));
    s->certified = bench_pps(&s->result) / p->workers;
    s->by = "measurement";
    if (!s->result.is_balanced)
        worsen(s, EXIT_UNBALANCED);
    return true;
}

/* The measurement again with 1, 2, .. workers; the last of them was made already. */
static bool
scale(struct session *s)
{
    struct bench_plan p = s->o->plan;
    const unsigned n = p.workers;
    struct bench_result *r = calloc(n, sizeof *r);
    struct pavo_err err;
    bool good = r != NULL;

    p.no_stages = true;
    p.beside_one = false;
    for (unsigned i = 0; good && i + 1 < n; i++) {
        p.workers = i + 1;
        if (bench_run(&p, &r[i], &err) < 0)
            good = failed(s, &err);
        else if (!r[i].is_balanced)
            worsen(s, EXIT_UNBALANCED);
    }
    if (good) {
        r[n - 1] = s->result;
        if (!s->o->as_json)
            bench_scale_text(stdout, r, n);
        add(s, "scale", bench_scale_json(r, n));
        add(s, "scale_in_turns", bench_alone_json(&s->result.alone));
    }
    free(r);
    return good;
}

/* The measurement again with the flows where a symmetric NIC would bring them: the difference is
 * what handing over costs. */
static bool
spread(struct session *s)
{
    struct bench_plan p = s->o->plan;
    struct bench_result *r = calloc(1, sizeof *r);
    struct pavo_err err;
    bool good = r != NULL;

    p.spread = false;
    p.no_stages = true;
    if (good && bench_run(&p, r, &err) < 0)
        good = failed(s, &err);
    if (good) {
        if (!s->o->as_json)
            bench_spread_text(stdout, r, &s->result);
        add(s, "spread", bench_spread_json(r, &s->result));
        if (!r->is_balanced)
            worsen(s, EXIT_UNBALANCED);
    }
    free(r);
    return good;
}

static bool
load(struct session *s)
{
    const struct bench_plan *p = &s->o->plan;
    struct bench_load_result *r = calloc(1, sizeof *r);
    struct pavo_err err;
    bool good = r != NULL;

    if (good && bench_load(p, &s->o->load, r, &err) < 0)
        good = failed(s, &err);
    if (good) {
        if (!s->o->as_json)
            bench_load_text(stdout, p, r);
        add(s, "load", bench_load_json(p, r));
        if (!r->is_balanced)
            worsen(s, EXIT_UNBALANCED);
        if (r->overload.was_run && (!r->overload.recovered || !r->overload.is_bounded))
            worsen(s, EXIT_SOURCE);
        if (r->has_search && r->search.best.reached > 0) {
            s->certified = r->search.best.reached / p->workers;
            s->by = "search";
        }
    }
    free(r);
    return good;
}

/* The same packets through a driver. What it can't hold as many flows of is measured in memory with
 * fewer, too. */
static bool
dpdk(struct session *s)
{
    struct bench_plan p = s->o->plan;
    struct bench_result *r = calloc(2, sizeof *r);
    const uint32_t most = dpdk_bench_flows(s->o->dpdk);
    struct pavo_err err;
    bool good = r != NULL;

    if (good)
        r[0] = s->result;
    p.beside_one = false;
    if (good && !p.capture && p.flows > most) {
        p.flows = most;
        good = bench_run(&p, &r[0], &err) == 0 || failed(s, &err);
    }
    p.dpdk = s->o->dpdk;
    if (good && bench_run(&p, &r[1], &err) < 0)
        good = failed(s, &err);
    if (good) {
        if (!s->o->as_json)
            bench_dpdk_text(stdout, &p, &r[0], &r[1]);
        add(s, "dpdk", bench_dpdk_json(&p, &r[0], &r[1]));
        if (!r[1].is_balanced)
            worsen(s, EXIT_UNBALANCED);
    }
    free(r);
    return good;
}

static bool
floor_of_memory(struct session *s)
{
    const struct bench_plan *p = &s->o->plan;
    const double ns = bench_ns(&s->result);
    struct bench_floor f;
    struct pavo_err err;

    if (bench_floor(p->flows, p->cfg->capture.burst, 1, &f, &err) < 0)
        return failed(s, &err);
    if (!s->o->as_json)
        bench_floor_text(stdout, &f, ns);
    add(s, "floor", bench_floor_json(&f, ns));
    return true;
}

/* ---- the document -----------------------------------------------------------------------------
 */

static json_t *
configuration(const struct bench_options *o)
{
    const struct cfg *c = o->plan.cfg;
    json_t *set = json_array();

    for (unsigned i = 0; i < o->n_set; i++)
        json_array_append_new(set, json_string(o->set[i]));
    return json_pack("{s:s,s:s?,s:I,s:I,s:I,s:i,s:I,s:I,s:s,s:s?,s:o}", "workload",
                     bench_plan_word(&o->plan), "capture", o->capture_path, "flows",
                     (json_int_t)o->plan.flows, "flow_limit", (json_int_t)c->flow.limit, "seed",
                     (json_int_t)o->plan.seed, "burst", (int)c->capture.burst, "record_ring",
                     (json_int_t)c->workers.record_ring, "descriptors",
                     (json_int_t)o->load.descriptors, "cores", c->workers.cores, "file",
                     o->args.file, "set", set);
}

static void
begin(struct session *s)
{
    s->doc = json_object();
    add(s, "machine", bench_cert_machine());
    add(s, "versions", bench_cert_versions());
    add(s, "configuration", configuration(s->o));
}

static void
finish(struct session *s)
{
    struct pavo_err err;

    if (s->by)
        add(s, "certified",
            json_pack("{s:f,s:s}", "packets_per_second_per_worker", s->certified, "by", s->by));
    add(s, "status", json_integer(s->status));
    if (s->o->as_json && json_dumpf(s->doc, stdout, JSON_INDENT(2)) == 0)
        fputc('\n', stdout);
    if (s->o->certificate) {
        if (bench_cert_write(s->doc, s->o->certificate, &err) < 0)
            failed(s, &err);
        else
            log_info("certificate: %s: %.3f million packets/s for each worker", s->o->certificate,
                     s->certified / 1e6);
    }
    json_decref(s->doc);
}

static int
check_certificate(const char *path)
{
    struct pavo_err err;
    json_t *cert = bench_cert_read(path, &err);

    if (!cert) {
        log_error("%s", err.text);
        return EXIT_SOURCE;
    }
    printf("%s: sound; %.3f million packets/s for each worker, on %s\n", path,
           bench_cert_rate(cert) / 1e6,
           json_string_value(json_object_get(json_object_get(cert, "machine"), "cpu")));
    json_decref(cert);
    return EXIT_DONE;
}

static int
measure_all(const struct bench_options *o)
{
    struct session s = {.o = o};
    bool good;

    begin(&s);
    good = measure(&s);
    if (good && o->plan.spread)
        good = spread(&s);
    if (good && o->with_scale)
        good = scale(&s);
    if (good && o->with_load)
        good = load(&s);
    if (good && o->with_floor)
        good = floor_of_memory(&s);
    if (good && o->dpdk != DPDK_BENCH_NONE)
        (void)dpdk(&s);
    finish(&s);
    return s.status;
}

static int
bench_main(int argc, char **argv)
{
    struct bench_options o;
    int status = EXIT_USAGE;

    switch (bench_options_read(&o, argc, argv)) {
    case BENCH_OPTIONS_HELP:
        status = cli_help(&cmd_bench);
        break;
    case BENCH_OPTIONS_GOOD:
        status = o.check ? check_certificate(o.check) : measure_all(&o);
        break;
    case BENCH_OPTIONS_BAD:
        break;
    }
    bench_options_close(&o);
    return status;
}

const struct cli_command cmd_bench = {
    .name = "bench",
    .usage = "[--workload W | --pcap FILE] [--flows N] [--workers N] [--seconds S] ...",
    .summary = "measures this box: packets a second, and where the time goes",
    .text = "Plays traffic from memory through the sensor: its workers, tables, export thread and\n"
            "sinks are those of pavo run. After a warm-up, in which all flows are made, it counts\n"
            "packets for some seconds, then looks where the time goes. Making the packets is part\n"
            "of the time; what it costs alone is said, too.\n"
            "\n"
            "Workloads: udp64, imix, vxlan, geneve6, gtpu and fragments have flows that stay; tcp\n"
            "(whole sessions), dns and synflood have always new ones; mixed is all of them.\n"
            "\n"
            "Exit status 3: the ledger of a run did not balance; 2: an overload made memory grow "
            "or the\n"
            "rings stay full, or a sink failed. docs/bench.md tells how to read the figures.\n",
    .options = bench_option_rows,
    .examples =
        (const struct cli_example[]){
            {"pavo bench", "64-byte frames, a million flows, one worker"},
            {"pavo bench --workload tcp --flows 200k --workers 2 --scale",
             "whole sessions, one worker and two"},
            {"pavo bench --search --overload 5 --certificate box.json",
             "the rate without loss, what happens beyond it, and a file that says so"},
            {"pavo bench --pcap traffic.pcap -w ipfix:/dev/null --json",
             "one's own traffic, encoded as IPFIX, for programs"},
            {0},
        },
    .run = bench_main,
};
