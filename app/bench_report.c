/* bench_report.c - what a measurement says, derived in one place for people and programs */
#include "bench_report.h"

#include <inttypes.h>
#include <string.h>

static const char *const stage_words[PAVO_LAP_N] = {
    [PAVO_LAP_RECEIVE] = "receive", [PAVO_LAP_DECODE] = "decode",   [PAVO_LAP_ROUTE] = "route",
    [PAVO_LAP_FIND] = "find",       [PAVO_LAP_ACCOUNT] = "account", [PAVO_LAP_DONE] = "done",
    [PAVO_LAP_MESH] = "mesh",       [PAVO_LAP_SWEEP] = "sweep",     [PAVO_LAP_IDLE] = "idle",
};

static double
per(double a, double b)
{
    return b > 0 ? a / b : 0;
}

double
bench_pps(const struct bench_result *r)
{
    return per((double)r->packets, r->seconds);
}

double
bench_ns(const struct bench_result *r)
{
    return per(r->cpu_seconds * 1e9, (double)r->packets);
}

static void
stages_text(FILE *out, const struct bench_result *r)
{
    double sum = 0;

    for (unsigned i = 0; i < PAVO_LAP_N; i++)
        sum += r->stage_ns[i];
    if (r->stage_packets == 0 || sum <= 0)
        return;
    fprintf(out, "  stages       measured apart, with a time stamp at each: %.1f ns a packet\n",
            sum);
    for (unsigned i = 0; i < PAVO_LAP_N; i++)
        fprintf(out, "    %-9s %7.1f ns %5.1f %%%s\n", stage_words[i], r->stage_ns[i],
                100 * r->stage_ns[i] / sum, i == PAVO_LAP_RECEIVE ? "   making the packets" : "");
}

static void
perf_text(FILE *out, const struct bench_result *r)
{
    bool any = false;

    for (unsigned i = 0; i < BENCH_PERF_N; i++) {
        if (!r->perf.known[i])
            continue;
        fprintf(out, "%s%.2f %s", any ? ", " : "  a packet     ",
                per((double)r->perf.n[i], (double)r->packets), bench_perf_words[i]);
        any = true;
    }
    if (any)
        fputc('\n', out);
    if (r->perf_errnum)
        fprintf(out, "  counters     %s of the processor can't be read: %s\n",
                any ? "some" : "those", strerror(r->perf_errnum));
}

void
bench_report_text(FILE *out, const struct bench_plan *p, const struct bench_result *r)
{
    const double n = (double)r->packets;
    const double ns = bench_ns(r);

    fprintf(out, "%s, %u flows, %u %s, %s\n", bench_plan_word(p), p->flows, r->workers,
            r->workers == 1 ? "worker" : "workers",
            p->has_sinks ? "records written" : "records counted and dropped");
    fprintf(out, "  warm-up      %" PRIu64 " packets in %.2f s\n", r->warmup_packets,
            r->warmup_seconds);
    fprintf(out, "  measured     %" PRIu64 " packets in %.2f s, CPU time of the workers %.2f s\n",
            r->packets, r->seconds, r->cpu_seconds);
    fprintf(out, "  packets/s    %.3f million, %.3f million for each worker\n", bench_pps(r) / 1e6,
            bench_pps(r) / r->workers / 1e6);
    fprintf(out, "  by CPU time  %.3f million for each second of a worker: %.1f ns a packet\n",
            per(n, r->cpu_seconds) / 1e6, ns);
    if (r->slice_median_ns > 0)
        fprintf(out, "  slices       %.1f ns a packet in the best of 20, median %.1f, worst %.1f\n",
                r->slice_least_ns, r->slice_median_ns, r->slice_most_ns);
    fprintf(out,
            "  source       %.1f ns of these make the packet (measured alone); without: %.1f ns\n",
            r->source_ns, ns - r->source_ns);
    fprintf(out, "  flows/s      %.0f made, %.0f records\n", per((double)r->flows, r->seconds),
            per((double)r->records, r->seconds));
    fprintf(out, "  exporter     %.1f %% of a processor\n",
            100 * per(r->exporter_cpu_seconds, r->seconds));
    fprintf(out, "  live         %" PRIu64 " flows of %u, %.0f bytes each: %zu MiB of tables\n",
            r->live_flows, r->flow_limit, per((double)r->table_bytes, r->flow_limit),
            r->table_bytes >> 20);
    perf_text(out, r);
    stages_text(out, r);
    fprintf(out,
            "  limits met   evicted %" PRIu64 ", ring full %" PRIu64 ", records dropped %" PRIu64
            ", handed over %" PRIu64 ", handoff full %" PRIu64 ", pools empty %" PRIu64 "\n",
            r->counts.evicted, r->ring_full, r->counts.ring_dropped.records, r->counts.handed_off,
            r->counts.lost[PAVO_LOSS_HANDOFF_FULL], r->counts.pool_empty);
    fprintf(out, "  ledger       %s%s%s\n", r->is_balanced ? "balanced" : "NOT BALANCED",
            r->is_balanced ? "" : ": ", r->why);
}

static json_t *
perf_json(const struct bench_result *r)
{
    json_t *o = json_object();

    for (unsigned i = 0; i < BENCH_PERF_N; i++)
        json_object_set_new(o, bench_perf_words[i],
                            r->perf.known[i]
                                ? json_real(per((double)r->perf.n[i], (double)r->packets))
                                : json_null());
    json_object_set_new(o, "unknown_because",
                        r->perf_errnum ? json_string(strerror(r->perf_errnum)) : json_null());
    return o;
}

static json_t *
stages_json(const struct bench_result *r)
{
    json_t *o = json_object();
    double sum = 0;

    if (r->stage_packets == 0) {
        json_decref(o);
        return json_null();
    }
    for (unsigned i = 0; i < PAVO_LAP_N; i++)
        sum += r->stage_ns[i];
    for (unsigned i = 0; i < PAVO_LAP_N; i++)
        json_object_set_new(
            o, stage_words[i],
            json_pack("{s:f,s:f}", "ns", r->stage_ns[i], "share", per(r->stage_ns[i], sum)));
    return o;
}

static json_int_t
whole(uint64_t n)
{
    return (json_int_t)n;
}

/* What was met, and where each packet and record ended. */
static json_t *
counts_json(const struct pavo_counts *c)
{
    json_t *lost = json_object();

    for (unsigned i = 0; i < PAVO_LOSSES; i++)
        json_object_set_new(lost, pavo_loss_word((enum pavo_loss)i),
                            json_integer(whole(c->lost[i])));
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "offered", whole(c->offered),
                     "received", whole(c->received), "accounted", whole(c->accounted), "flows",
                     whole(c->flows_made), "records", whole(c->made.records), "records_dropped",
                     whole(c->ring_dropped.records), "evicted", whole(c->evicted), "handed_off",
                     whole(c->handed_off), "pool_empty", whole(c->pool_empty), "lost", lost);
}

json_t *
bench_report_json(const struct bench_plan *p, const struct bench_result *r)
{
    const double ns = bench_ns(r);
    json_t *o = json_pack(
        "{s:s,s:I,s:i,s:b,s:I,s:s,s:I,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "workload",
        bench_plan_word(p), "flows", whole(p->flows), "workers", (int)r->workers, "spread",
        (int)p->spread, "event_rate", whole(r->event_rate), "sink",
        p->has_sinks ? "written" : "none", "packets", whole(r->packets), "seconds", r->seconds,
        "cpu_seconds", r->cpu_seconds, "packets_per_second", bench_pps(r),
        "packets_per_second_per_worker", bench_pps(r) / r->workers, "packets_per_cpu_second",
        per((double)r->packets, r->cpu_seconds), "ns_per_packet", ns, "source_ns", r->source_ns,
        "ns_without_source", ns - r->source_ns);

    json_object_set_new(o, "per_packet", perf_json(r));
    json_object_set_new(o, "stages", stages_json(r));
    json_object_set_new(o, "slices",
                        r->slice_median_ns > 0
                            ? json_pack("{s:f,s:f,s:f}", "least_ns", r->slice_least_ns, "median_ns",
                                        r->slice_median_ns, "most_ns", r->slice_most_ns)
                            : json_null());
    json_object_update_new(
        o,
        json_pack("{s:f,s:f,s:f,s:{s:I,s:f},s:{s:I,s:I,s:f,s:I,s:I,s:I},s:I,s:o,s:I,s:I,s:b,s:s?}",
                  "ip_bytes_per_second", per((double)r->octets, r->seconds), "flows_per_second",
                  per((double)r->flows, r->seconds), "records_per_second",
                  per((double)r->records, r->seconds), "exporter", "ring_full", whole(r->ring_full),
                  "cpu_share", per(r->exporter_cpu_seconds, r->seconds), "memory", "flow_limit",
                  whole(r->flow_limit), "table_bytes", whole(r->table_bytes), "bytes_per_flow",
                  per((double)r->table_bytes, r->flow_limit), "live_flows", whole(r->live_flows),
                  "rss_before", whole(r->rss_before), "rss_after", whole(r->rss_after),
                  "warmup_packets", whole(r->warmup_packets), "counts", counts_json(&r->counts),
                  "records_written", whole(r->records_written), "record_packets",
                  whole(r->record_packets), "balanced", (int)r->is_balanced, "why",
                  r->is_balanced ? NULL : r->why));
    return o;
}

/* ---- scale, floor -----------------------------------------------------------------------------
 */

static void
alone_text(FILE *out, const struct bench_alone *a)
{
    if (a->n == 0)
        return;
    fprintf(
        out,
        "  in turns     %.2f times one by CPU time, median of %u pairs of short turns (quartiles "
        "%.2f and %.2f): %.1f ns alone, %.1f together\n",
        a->ratio, a->n, a->ratio_low, a->ratio_high, a->alone_ns, a->all_ns);
}

void
bench_scale_text(FILE *out, const struct bench_result *r, unsigned n)
{
    fprintf(out, "scale\n");
    for (unsigned i = 0; i < n; i++)
        fprintf(out,
                "  %3u %-8s %8.3f million packets/s, %5.2f times one; by CPU time %8.3f million, "
                "%5.2f times\n",
                r[i].workers, r[i].workers == 1 ? "worker" : "workers", bench_pps(&r[i]) / 1e6,
                per(bench_pps(&r[i]), bench_pps(&r[0])), per(1e3, bench_ns(&r[i])) * r[i].workers,
                per(bench_ns(&r[0]), bench_ns(&r[i])) * r[i].workers);
    alone_text(out, &r[n - 1].alone);
}

json_t *
bench_scale_json(const struct bench_result *r, unsigned n)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < n; i++)
        json_array_append_new(
            list,
            json_pack("{s:i,s:f,s:f,s:f}", "workers", (int)r[i].workers, "packets_per_second",
                      bench_pps(&r[i]), "ratio", per(bench_pps(&r[i]), bench_pps(&r[0])),
                      "ratio_by_cpu_time", per(bench_ns(&r[0]), bench_ns(&r[i])) * r[i].workers));
    return list;
}

json_t *
bench_alone_json(const struct bench_alone *a)
{
    if (a->n == 0)
        return json_null();
    return json_pack("{s:i,s:f,s:f,s:f,s:f,s:f}", "pairs", (int)a->n, "ratio", a->ratio,
                     "ratio_lower_quartile", a->ratio_low, "ratio_upper_quartile", a->ratio_high,
                     "ns_per_packet_alone", a->alone_ns, "ns_per_packet", a->all_ns);
}

/* Of the packets of a whole run. */
static double
handed_share(const struct bench_result *r)
{
    return per((double)r->counts.handed_off, (double)r->counts.received);
}

/* CPU time of all workers for a packet that is handed over, beyond that of one that is not. */
static double
handed_ns(const struct bench_result *own, const struct bench_result *dealt)
{
    return per(bench_ns(dealt) - bench_ns(own), handed_share(dealt));
}

void
bench_spread_text(FILE *out, const struct bench_result *own, const struct bench_result *dealt)
{
    fprintf(out,
            "spread       %.0f %% of the packets handed over; %.1f ns a packet in place of %.1f: "
            "%.1f ns for each that is\n",
            100 * handed_share(dealt), bench_ns(dealt), bench_ns(own), handed_ns(own, dealt));
}

json_t *
bench_spread_json(const struct bench_result *own, const struct bench_result *dealt)
{
    return json_pack("{s:f,s:f,s:f,s:f}", "handed_share", handed_share(dealt), "ns_per_packet",
                     bench_ns(dealt), "ns_per_packet_own", bench_ns(own), "ns_per_handed_packet",
                     handed_ns(own, dealt));
}

void
bench_floor_text(FILE *out, const struct bench_floor *f, double worker_ns)
{
    fprintf(out, "floor        %.1f ns a packet for %u random cache lines in %zu MiB, no work\n",
            f->ns, f->lines, f->bytes >> 20);
    if (worker_ns > 0)
        fprintf(out, "             the worker takes %.1f times as long\n", per(worker_ns, f->ns));
}

json_t *
bench_floor_json(const struct bench_floor *f, double worker_ns)
{
    return json_pack("{s:f,s:i,s:I,s:o}", "ns_per_packet", f->ns, "lines", (int)f->lines, "bytes",
                     whole(f->bytes), "worker_ratio",
                     worker_ns > 0 ? json_real(per(worker_ns, f->ns)) : json_null());
}

/* ---- DPDK -------------------------------------------------------------------------------------
 */

void
bench_dpdk_text(FILE *out, const struct bench_plan *p, const struct bench_result *memory,
                const struct bench_result *driver)
{
    const struct bench_result *rows[] = {memory, driver};

    fprintf(out, "%s, %u flows, from memory and by DPDK's net_%s\n", bench_plan_word(p), p->flows,
            dpdk_bench_word(p->dpdk));
    for (unsigned i = 0; i < 2; i++)
        fprintf(out, "  %-12s %.3f million packets/s; by CPU time %.3f million, %.1f ns a packet\n",
                i ? "by DPDK" : "in memory", bench_pps(rows[i]) / 1e6, per(1e3, bench_ns(rows[i])),
                bench_ns(rows[i]));
    for (unsigned i = 0; i < 2; i++)
        if (rows[i]->stage_packets)
            fprintf(out, "  %-12s %.1f ns of these to receive, %.1f ns to give back and count\n",
                    i ? "by DPDK" : "in memory", rows[i]->stage_ns[PAVO_LAP_RECEIVE],
                    rows[i]->stage_ns[PAVO_LAP_DONE]);
    fprintf(out, "  ratio        %.2f by CPU time: the driver's road adds %.1f ns a packet\n",
            per(bench_ns(memory), bench_ns(driver)), bench_ns(driver) - bench_ns(memory));
    if (driver->pairs.n)
        fprintf(
            out,
            "  in turns     %.2f by CPU time, median of %u pairs of short turns (quartiles %.2f "
            "and %.2f): %.1f ns in memory, %.1f by DPDK\n",
            driver->pairs.ratio, driver->pairs.n, driver->pairs.ratio_low, driver->pairs.ratio_high,
            driver->pairs.ns[BENCH_ROAD_MEMORY], driver->pairs.ns[BENCH_ROAD_DRIVER]);
    fprintf(out, "  ledger       %s%s%s\n", driver->is_balanced ? "balanced" : "NOT BALANCED",
            driver->is_balanced ? "" : ": ", driver->why);
}

static json_t *
pairs_json(const struct bench_pairs *p)
{
    if (p->n == 0)
        return json_null();
    return json_pack("{s:i,s:f,s:f,s:f,s:f,s:f,s:I,s:I}", "pairs", (int)p->n, "ratio", p->ratio,
                     "ratio_lower_quartile", p->ratio_low, "ratio_upper_quartile", p->ratio_high,
                     "ns_per_packet_memory", p->ns[BENCH_ROAD_MEMORY], "ns_per_packet",
                     p->ns[BENCH_ROAD_DRIVER], "packets_memory",
                     whole(p->packets[BENCH_ROAD_MEMORY]), "packets",
                     whole(p->packets[BENCH_ROAD_DRIVER]));
}

json_t *
bench_dpdk_json(const struct bench_plan *p, const struct bench_result *memory,
                const struct bench_result *driver)
{
    return json_pack("{s:s,s:I,s:f,s:f,s:f,s:f,s:f,s:o,s:o,s:o,s:o,s:b,s:s?}", "driver",
                     dpdk_bench_word(p->dpdk), "flows", whole(p->flows),
                     "packets_per_second_memory", bench_pps(memory), "packets_per_second",
                     bench_pps(driver), "ns_per_packet_memory", bench_ns(memory), "ns_per_packet",
                     bench_ns(driver), "ratio", per(bench_ns(memory), bench_ns(driver)), "in_turns",
                     pairs_json(&driver->pairs), "stages_memory", stages_json(memory), "stages",
                     stages_json(driver), "counts", counts_json(&driver->counts), "balanced",
                     (int)driver->is_balanced, "why", driver->is_balanced ? NULL : driver->why);
}

/* ---- search, overload -------------------------------------------------------------------------
 */

static void
overload_text(FILE *out, const struct bench_overload *o)
{
    fprintf(out,
            "  overload     %.3f million/s asked for %.1f s: %" PRIu64 " offered, of them %" PRIu64
            " nic_missed\n",
            (double)o->asked / 1e6, o->seconds, o->offered, o->missed);
    fprintf(out,
            "               in all: %" PRIu64 " handoff_full, %" PRIu64
            " packets in records that were dropped\n",
            o->handoff_full, o->record_packets_dropped);
    fprintf(out, "  recovery     %s %.1f ms after its end\n",
            o->recovered ? "the rings were empty" : "THE RINGS WERE NOT EMPTY", o->recovery_ms);
    fprintf(out,
            "  memory       %" PRIu64 " MiB before, %" PRIu64 " MiB after, of at most %" PRIu64
            " MiB%s\n",
            o->rss_before >> 20, o->rss_after >> 20, o->rss_most >> 20,
            o->is_bounded ? "" : ": IT GREW");
}

void
bench_load_text(FILE *out, const struct bench_plan *p, const struct bench_load_result *r)
{
    const struct bench_search_result *s = &r->search;

    fprintf(out, "%s, %u flows, %u %s, offered by a thread of its own through rings of frames\n",
            bench_plan_word(p), p->flows, p->workers, p->workers == 1 ? "worker" : "workers");
    fprintf(out, "  saturation   %.3f million packets/s when the offering side waits\n",
            r->saturation / 1e6);
    for (unsigned i = 0; i < s->n; i++)
        fprintf(out,
                "    %8.3f million/s asked, %8.3f offered: %9" PRIu64 " lost of %" PRIu64 "%s\n",
                s->trials[i].asked / 1e6, s->trials[i].reached / 1e6, s->trials[i].lost,
                s->trials[i].packets, s->trials[i].passed ? ", passed" : "");
    if (r->has_search && s->best.reached > 0)
        fprintf(out, "  no loss      up to %s%.3f million packets/s, %.3f for each worker\n",
                s->is_limited ? "at least " : "", s->best.reached / 1e6,
                s->best.reached / p->workers / 1e6);
    else if (r->has_search)
        fprintf(out, "  no loss      at no rate that was tried\n");
    if (r->overload.was_run)
        overload_text(out, &r->overload);
    fprintf(out, "  ledger       %s%s%s\n", r->is_balanced ? "balanced" : "NOT BALANCED",
            r->is_balanced ? "" : ": ", r->why);
}

static json_t *
overload_json(const struct bench_overload *o)
{
    return json_pack("{s:f,s:I,s:I,s:I,s:I,s:I,s:f,s:b,s:I,s:I,s:I,s:b}", "seconds", o->seconds,
                     "asked", whole(o->asked), "offered", whole(o->offered), "nic_missed",
                     whole(o->missed), "handoff_full", whole(o->handoff_full),
                     "record_packets_dropped", whole(o->record_packets_dropped), "recovery_ms",
                     o->recovery_ms, "recovered", (int)o->recovered, "rss_before",
                     whole(o->rss_before), "rss_after", whole(o->rss_after), "rss_most",
                     whole(o->rss_most), "bounded", (int)o->is_bounded);
}

static json_t *
trial_json(const struct bench_trial *t)
{
    return json_pack("{s:f,s:f,s:I,s:I,s:b}", "asked", t->asked, "offered", t->reached, "packets",
                     whole(t->packets), "lost", whole(t->lost), "passed", (int)t->passed);
}

json_t *
bench_load_json(const struct bench_plan *p, const struct bench_load_result *r)
{
    json_t *trials = json_array();
    json_t *o = json_pack("{s:s,s:I,s:i,s:f,s:o,s:b,s:s?}", "workload", bench_plan_word(p), "flows",
                          whole(p->flows), "workers", (int)p->workers, "saturation", r->saturation,
                          "counts", counts_json(&r->counts), "balanced", (int)r->is_balanced, "why",
                          r->is_balanced ? NULL : r->why);

    for (unsigned i = 0; i < r->search.n; i++)
        json_array_append_new(trials, trial_json(&r->search.trials[i]));
    json_object_set_new(o, "trials", trials);
    json_object_set_new(o, "no_loss",
                        r->has_search && r->search.best.reached > 0
                            ? json_pack("{s:f,s:f,s:b}", "packets_per_second",
                                        r->search.best.reached, "packets_per_second_per_worker",
                                        r->search.best.reached / p->workers, "lower_bound",
                                        (int)r->search.is_limited)
                            : json_null());
    json_object_set_new(o, "overload",
                        r->overload.was_run ? overload_json(&r->overload) : json_null());
    return o;
}
