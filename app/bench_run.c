/* bench_run.c - a run from warm-up to the balanced ledger
 *
 * Nothing of the sensor is replaced but its sources: workers, mesh, export thread and sinks are
 * those of `pavo run`. The main thread only sleeps, moves the phases on and reads counters between
 * them.
 */
#include "bench_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_none.h"
#include "bench_probe.h"
#include "bench_source.h"

enum {
    COST_PACKETS = 2000000,
    COST_PART = 4, /* of a run by packets: so much of it is made once more to time the source */
    POLL_US = 500,
    STAGE_PART = 4, /* the stages are measured for so much of the measurement's length */
};

struct queue {
    struct bench_gen *gen;
    struct cap_queue *source;
    struct bench_probe probe;
};

struct run {
    const struct bench_plan *plan;
    struct queue queues[WORKERS_MAX];
    struct cap_queue *list[WORKERS_MAX];
    struct cap_set set;
    struct outputs out;
    struct pavo_sink *none;
    struct sensor *sensor;
    struct bench_phases phases;
};

uint64_t
bench_rss(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f && fscanf(f, "%*u %llu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void
gen_fill(void *ctx, uint8_t *const *buf, struct pavo_frame *out, unsigned n)
{
    bench_gen_fill(ctx, buf, out, n);
}

static struct bench_gen_config
gen_config(const struct bench_plan *p, unsigned worker)
{
    return (struct bench_gen_config){
        .workload = p->workload,
        .flows = p->flows,
        .rate = p->rate,
        .worker = worker,
        .n_workers = p->workers,
        .spread = p->spread,
        .timeouts = p->cfg->flow.timeouts,
        .seed = p->seed,
    };
}

static int
queue_open(struct run *r, unsigned i)
{
    const struct bench_plan *p = r->plan;
    const struct bench_gen_config c = gen_config(p, i);
    struct queue *q = &r->queues[i];
    uint64_t warmup;

    q->gen = bench_gen_open(&c);
    if (!q->gen)
        return -ENOMEM;
    q->source =
        bench_source_open(&(struct bench_feed){.fill = gen_fill, .ctx = q->gen}, p->buffers);
    if (!q->source)
        return -ENOMEM;
    bench_probe_init(&q->probe, q->source, &r->phases, i);
    warmup = p->warmup == UINT64_MAX ? bench_gen_warmup(q->gen)
                                     : p->warmup / p->workers + (i < p->warmup % p->workers);
    q->probe.quota[BENCH_WARMUP] = warmup;
    if (p->packets) {
        q->probe.quota[BENCH_MEASURE] = p->packets / p->workers + (i < p->packets % p->workers);
        q->probe.quota[BENCH_STAGES] = q->probe.quota[BENCH_MEASURE] / STAGE_PART;
    }
    r->list[i] = &q->probe.q;
    return 0;
}

static int
run_open(struct run *r, struct pavo_err *err)
{
    static const char *names[] = {"memory"};
    const struct bench_plan *p = r->plan;

    r->set = (struct cap_set){
        .queues = r->list, .n_queues = p->workers, .source_names = names, .n_sources = 1};
    r->phases.with_laps = !p->no_stages;
    for (unsigned i = 0; i < p->workers; i++)
        if (queue_open(r, i) < 0)
            return pavo_err_set(err, ENOMEM, "bench: no memory for queue %u", i);
    if (p->has_sinks) {
        if (outputs_open(&r->out, p->cfg, &r->set, err) < 0)
            return -EIO;
    } else {
        r->none = bench_none_open(err);
        if (!r->none)
            return -ENOMEM;
        r->out = (struct outputs){.sinks = &r->none, .n = 1};
    }
    p->cfg->workers.count = p->workers;
    r->sensor = sensor_open(p->cfg, &r->set, r->out.sinks, r->out.n, err);
    if (!r->sensor)
        return -ENOMEM;
    r->phases.sensor = r->sensor;
    return 0;
}

static void
run_close(struct run *r)
{
    sensor_close(r->sensor);
    if (r->plan->has_sinks)
        outputs_close(&r->out);
    else if (r->none)
        pavo_sink_close(r->none);
    for (unsigned i = 0; i < r->plan->workers; i++) {
        bench_source_close(r->queues[i].source);
        bench_gen_close(r->queues[i].gen);
    }
    free(r);
}

/* What making the packets costs: the same source, alone, on this thread. */
static double
source_cost(const struct bench_plan *p)
{
    const struct bench_gen_config c = gen_config(p, 0);
    const uint64_t packets =
        p->packets && p->packets / COST_PART < COST_PACKETS ? p->packets / COST_PART : COST_PACKETS;
    struct bench_gen *g = bench_gen_open(&c);
    struct cap_queue *q =
        g ? bench_source_open(&(struct bench_feed){.fill = gen_fill, .ctx = g}, p->buffers) : NULL;
    double ns = 0;

    if (q) {
        (void)bench_source_cost(q, packets / 4, p->cfg->capture.burst);
        ns = bench_source_cost(q, packets, p->cfg->capture.burst);
    }
    bench_source_close(q);
    bench_gen_close(g);
    return ns;
}

/* ---- phases -----------------------------------------------------------------------------------
 */

static void
phase_set(struct run *r, enum bench_phase phase)
{
    atomic_store_explicit(&r->phases.phase, (int)phase, memory_order_relaxed);
}

static bool
have_all(const struct run *r, enum bench_phase phase)
{
    for (unsigned i = 0; i < r->plan->workers; i++)
        if (!bench_probe_has(&r->queues[i].probe, phase))
            return false;
    return true;
}

static void
wait_for(const struct run *r, enum bench_phase phase)
{
    while (!have_all(r, phase) && !sensor_is_done(r->sensor))
        usleep(POLL_US);
}

static void
sleep_s(double s)
{
    const struct timespec t = {.tv_sec = (time_t)s,
                               .tv_nsec = (long)((s - (double)(time_t)s) * 1e9)};

    nanosleep(&t, NULL);
}

/* A phase until its packets, or its time, are over. */
static void
phase_run(struct run *r, enum bench_phase phase, double seconds)
{
    phase_set(r, phase);
    if (r->plan->packets == 0)
        sleep_s(seconds);
    else
        wait_for(r, phase);
}

static uint64_t
ring_full(const struct sensor *s)
{
    const struct worker *w;
    const struct topo_place *places;
    const unsigned n = sensor_workers(s, &w, &places);
    uint64_t sum = 0;

    for (unsigned i = 0; i < n; i++)
        sum += pavo_stat_get(&pavo_shard_stats(w[i].shard)->ring_full);
    return sum;
}

/* ---- results ----------------------------------------------------------------------------------
 */

static void
add_perf(struct bench_result *r, const struct bench_stamp *from, const struct bench_stamp *to)
{
    for (unsigned i = 0; i < BENCH_PERF_N; i++) {
        r->perf.known[i] = from->perf.known[i] && to->perf.known[i];
        r->perf.n[i] += to->perf.n[i] - from->perf.n[i];
    }
}

/* Wall clock from the first start to the last end. */
static double
span_s(const struct run *run, enum bench_phase phase)
{
    uint64_t from = UINT64_MAX, to = 0;

    for (unsigned i = 0; i < run->plan->workers; i++) {
        const struct bench_probe *p = &run->queues[i].probe;

        from = p->from[phase].wall_ns < from ? p->from[phase].wall_ns : from;
        to = p->to[phase].wall_ns > to ? p->to[phase].wall_ns : to;
    }
    return (double)(to - from) / 1e9;
}

static void
add_up(const struct run *run, struct bench_result *r)
{
    double ticks[PAVO_LAP_N] = {0};

    for (unsigned i = 0; i < run->plan->workers; i++) {
        const struct bench_probe *p = &run->queues[i].probe;
        const struct bench_stamp *from = &p->from[BENCH_MEASURE], *to = &p->to[BENCH_MEASURE];
        const struct bench_stamp *s0 = &p->from[BENCH_STAGES], *s1 = &p->to[BENCH_STAGES];

        r->packets += to->packets - from->packets;
        r->cpu_seconds += (double)(to->cpu_ns - from->cpu_ns) / 1e9;
        r->warmup_packets += p->to[BENCH_WARMUP].packets;
        r->perf_errnum = p->perf.errnum;
        add_perf(r, from, to);
        if (run->plan->no_stages || s1->ticks <= s0->ticks)
            continue;
        r->stage_packets += s1->packets - s0->packets;
        for (unsigned k = 0; k < PAVO_LAP_N; k++) /* in units of CPU time */
            ticks[k] += (double)p->laps.ticks[k] / (double)(s1->ticks - s0->ticks) *
                        (double)(s1->cpu_ns - s0->cpu_ns);
    }
    for (unsigned k = 0; k < PAVO_LAP_N && r->stage_packets; k++)
        r->stage_ns[k] = ticks[k] / (double)r->stage_packets;
    r->seconds = span_s(run, BENCH_MEASURE);
    r->warmup_seconds = span_s(run, BENCH_WARMUP);
}

static bool
not_balanced(char *why, size_t n, const char *sentence)
{
    snprintf(why, n, "%s", sentence);
    return false;
}

bool
bench_balance(const struct pavo_counts *c, const struct outputs *out, bool counted_alone, char *why,
              size_t n)
{
    struct pavo_err err;

    if (!pavo_counts_balance(c, true, &err))
        return not_balanced(why, n, err.text);
    for (unsigned i = 0; i < out->n; i++) {
        struct pavo_sink_counts s;

        pavo_sink_counts(out->sinks[i], &s);
        if (!pavo_sink_balance(c, &s, true, &err))
            return not_balanced(why, n, err.text);
    }
    if (counted_alone && bench_none_sums().packets + c->ring_dropped.packets != c->accounted) {
        snprintf(why, n,
                 "the records have %" PRIu64 " packets and %" PRIu64
                 " were dropped with theirs, but %" PRIu64 " were accounted",
                 bench_none_sums().packets, c->ring_dropped.packets, c->accounted);
        return false;
    }
    return true;
}

static void
measure(struct run *run, struct bench_result *r)
{
    const struct bench_plan *p = run->plan;
    struct pavo_counts before, after;
    uint64_t cpu;

    wait_for(run, BENCH_WARMUP);
    sensor_counts(run->sensor, false, &before);
    cpu = sensor_cpu_ns(run->sensor, SENSOR_EXPORTER);
    phase_run(run, BENCH_MEASURE, p->seconds);
    sensor_counts(run->sensor, false, &after);
    r->exporter_cpu_seconds = (double)(sensor_cpu_ns(run->sensor, SENSOR_EXPORTER) - cpu) / 1e9;
    r->flows = after.flows_made - before.flows_made;
    r->records = after.made.records - before.made.records;
    r->octets = after.received_octets - before.received_octets;
    r->live_flows = after.live_flows;
    r->rss_after = bench_rss();
    if (!p->no_stages)
        phase_run(run, BENCH_STAGES, p->seconds / STAGE_PART);
    phase_set(run, BENCH_END);
    while (!sensor_is_done(run->sensor))
        usleep(POLL_US);
    sensor_join(run->sensor);
}

int
bench_run(const struct bench_plan *p, struct bench_result *r, struct pavo_err *err)
{
    struct run *run = calloc(1, sizeof *run);
    struct pavo_shard_config shard;
    struct pavo_sink_counts written;
    int rc;

    if (!run)
        return pavo_err_set(err, ENOMEM, "bench: no memory");
    run->plan = p;
    *r = (struct bench_result){.workers = p->workers, .flow_limit = p->cfg->flow.limit};
    r->source_ns = source_cost(p);
    r->rss_before = bench_rss();
    rc = run_open(run, err);
    if (rc < 0) {
        run_close(run);
        return rc;
    }
    shard = sensor_shard_config(p->cfg, p->workers);
    r->table_bytes = pavo_shard_bytes(&shard) * p->workers;
    r->event_rate = run->queues[0].gen->cfg.rate;
    sensor_go(run->sensor);
    measure(run, r);
    add_up(run, r);
    sensor_counts(run->sensor, true, &r->counts);
    r->ring_full = ring_full(run->sensor);
    r->is_balanced = bench_balance(&r->counts, &run->out, !p->has_sinks, r->why, sizeof r->why);
    pavo_sink_counts(run->out.sinks[0], &written);
    r->records_written = written.written.records;
    r->record_packets = written.written.packets;
    run_close(run);
    return 0;
}
