/* bench_report.c - what a measurement says, derived in one place for people and programs */
#include "bench_report.h"

#include <inttypes.h>
#include <string.h>

static const char *const stage_words[PAVO_LAP_N] = {
    [PAVO_LAP_RECEIVE] = "receive", [PAVO_LAP_DECODE] = "decode", [PAVO_LAP_KEY] = "key",
    [PAVO_LAP_ROUTE] = "route",     [PAVO_LAP_FIND] = "find",     [PAVO_LAP_ACCOUNT] = "account",
    [PAVO_LAP_DONE] = "done",       [PAVO_LAP_MESH] = "mesh",     [PAVO_LAP_SWEEP] = "sweep",
    [PAVO_LAP_IDLE] = "idle",
};

static double
per(double a, double b)
{
    return b > 0 ? a / b : 0;
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

void
bench_report_text(FILE *out, const struct bench_plan *p, const struct bench_result *r)
{
    const double n = (double)r->packets;
    const double ns = per(r->cpu_seconds * 1e9, n);

    fprintf(out, "%s, %u flows, %u %s, %s\n", bench_workload_word(p->workload), p->flows,
            r->workers, r->workers == 1 ? "worker" : "workers",
            p->has_sinks ? "records written" : "records counted and dropped");
    fprintf(out, "  warm-up      %" PRIu64 " packets in %.2f s\n", r->warmup_packets,
            r->warmup_seconds);
    fprintf(out, "  measured     %" PRIu64 " packets in %.2f s, CPU time of the workers %.2f s\n",
            r->packets, r->seconds, r->cpu_seconds);
    fprintf(out, "  packets/s    %.3f million, %.3f million for each worker\n",
            per(n, r->seconds) / 1e6, per(n, r->seconds) / r->workers / 1e6);
    fprintf(out, "  by CPU time  %.3f million for each second of a worker: %.1f ns a packet\n",
            per(n, r->cpu_seconds) / 1e6, ns);
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
    stages_text(out, r);
    fprintf(out,
            "  limits met   evicted %" PRIu64 ", ring full %" PRIu64 ", records dropped %" PRIu64
            ", handed over %" PRIu64 ", handoff full %" PRIu64 ", pools empty %" PRIu64 "\n",
            r->counts.evicted, r->ring_full, r->counts.ring_dropped.records, r->counts.handed_off,
            r->counts.lost[PAVO_LOSS_HANDOFF_FULL], r->counts.pool_empty);
    fprintf(out, "  ledger       %s%s%s\n", r->is_balanced ? "balanced" : "NOT BALANCED",
            r->is_balanced ? "" : ": ", r->why);
}
