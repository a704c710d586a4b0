/* bench_run.c - a run from warm-up to the balanced ledger
 *
 * Nothing of the sensor is replaced but its sources: workers, mesh, export thread and sinks are
 * those of `pavo run`. The main thread only sleeps, moves the phases on and reads counters between
 * them.
 */
#include "bench_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_probe.h"
#include "bench_source.h"
#include "bench_turns.h"

enum {
    COST_PACKETS = 2000000,
    COST_PART = 4, /* of a run by packets: so much of it is made once more to time the source */
    POLL_US = 500,
    SLICES = 20,
    STAGE_PART = 4, /* the stages are measured for so much of the measurement's length */
};

static const double slices_least_s = 0.2; /* shorter ones are of too few packets */

struct queue {
    struct bench_feed feed;
    struct cap_queue *source;
    struct bench_turns turns; /* with a driver, which is the inner queue then */
    struct bench_probe probe;
};

struct run {
    const struct bench_plan *plan;
    struct queue queues[WORKERS_MAX];
    struct cap_queue *list[WORKERS_MAX];
    struct cap_set set;
    struct dpdk_bench *dpdk; /* NULL: from memory */
    struct bench_sinks sinks;
    struct sensor *sensor;
    struct bench_phases phases;
};

/* ---- opening ----------------------------------------------------------------------------------
 */

/* Where the frames of all workers come from: memory, or memory and a driver in turns. */
static int
sources_open(struct run *r, struct pavo_err *err)
{
    const struct bench_plan *p = r->plan;
    struct bench_feed *feeds[WORKERS_MAX];
    int rc;

    for (unsigned i = 0; i < p->workers; i++) {
        rc = bench_feed_open(p, i, &r->queues[i].feed, err);
        if (rc < 0)
            return rc;
        feeds[i] = &r->queues[i].feed;
    }
    if (p->dpdk != DPDK_BENCH_NONE) {
        r->dpdk = dpdk_bench_open(p->dpdk, p->cfg, feeds, p->workers, err);
        if (!r->dpdk)
            return -EIO;
    }
    for (unsigned i = 0; i < p->workers; i++) {
        r->queues[i].source = bench_source_open(feeds[i], p->buffers);
        if (!r->queues[i].source)
            return pavo_err_set(err, ENOMEM, "bench: no memory for queue %u", i);
    }
    return 0;
}

static void
probe_open(struct run *r, unsigned i)
{
    const struct bench_plan *p = r->plan;
    const uint64_t quota =
        p->packets ? p->packets / p->workers + (i < p->packets % p->workers) : UINT64_MAX;
    struct queue *q = &r->queues[i];

    if (r->dpdk)
        bench_turns_init(&q->turns, q->source, r->dpdk, i, quota);
    bench_probe_init(&q->probe, r->dpdk ? &q->turns.q : q->source, &r->phases, i);
    q->probe.quota[BENCH_WARMUP] = q->feed.warmup;
    if (p->packets) {
        q->probe.quota[BENCH_MEASURE] = quota;
        q->probe.quota[BENCH_STAGES] = q->probe.quota[BENCH_MEASURE] / STAGE_PART;
    }
    r->list[i] = &q->probe.q;
}

static int
run_open(struct run *r, struct pavo_err *err)
{
    static const char *names[] = {"memory"};
    const struct bench_plan *p = r->plan;
    int rc;

    r->set = (struct cap_set){
        .queues = r->list, .n_queues = p->workers, .source_names = names, .n_sources = 1};
    r->phases.with_laps = !p->no_stages;
    atomic_store_explicit(&r->phases.fed, p->workers, memory_order_relaxed);
    rc = sources_open(r, err);
    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < p->workers; i++)
        probe_open(r, i);
    if (bench_sinks_open(&r->sinks, p, &r->set, err) < 0)
        return -EIO;
    p->cfg->workers.count = p->workers;
    r->sensor = sensor_open(p->cfg, &r->set, r->sinks.out.sinks, r->sinks.out.n, err);
    if (!r->sensor)
        return -ENOMEM;
    r->phases.sensor = r->sensor;
    return 0;
}

static void
run_close(struct run *r)
{
    sensor_close(r->sensor);
    bench_sinks_close(&r->sinks);
    dpdk_bench_close(r->dpdk);
    for (unsigned i = 0; i < r->plan->workers; i++) {
        bench_source_close(r->queues[i].source);
        bench_feed_close(&r->queues[i].feed);
    }
    free(r);
}

/* What making the packets costs: the same source, alone, on this thread. */
static double
source_cost(const struct bench_plan *p)
{
    const uint64_t packets =
        p->packets && p->packets / COST_PART < COST_PACKETS ? p->packets / COST_PART : COST_PACKETS;
    struct bench_feed feed = {0};
    struct pavo_err unused;
    struct cap_queue *q = NULL;
    double ns = 0;

    if (bench_feed_open(p, 0, &feed, &unused) == 0)
        q = bench_source_open(&feed, p->buffers);
    if (q) {
        (void)bench_source_cost(q, packets / 4, p->cfg->capture.burst);
        ns = bench_source_cost(q, packets, p->cfg->capture.burst);
    }
    bench_source_close(q);
    bench_feed_close(&feed);
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

/* A phase until its packets, or its time, are over. */
static void
phase_run(struct run *r, enum bench_phase phase, double seconds)
{
    phase_set(r, phase);
    if (r->plan->packets == 0)
        bench_sleep(seconds);
    else
        wait_for(r, phase);
}

/* ---- slices -----------------------------------------------------------------------------------
 */

/* The measurement by time, looked at SLICES times. */
static void
measure_slices(struct run *run, struct bench_result *r, double seconds)
{
    double ns[SLICES], spread[5];
    unsigned n = 0;
    uint64_t packets, cpu;

    phase_set(run, BENCH_MEASURE);
    bench_spent(run->sensor, run->plan->workers, &packets, &cpu);
    for (unsigned i = 0; i < SLICES; i++) {
        uint64_t packets_now, cpu_now;

        bench_sleep(seconds / SLICES);
        bench_spent(run->sensor, run->plan->workers, &packets_now, &cpu_now);
        if (packets_now > packets && cpu_now > cpu)
            ns[n++] = (double)(cpu_now - cpu) / (double)(packets_now - packets);
        packets = packets_now;
        cpu = cpu_now;
    }
    if (n == 0 || seconds < slices_least_s)
        return;
    bench_quartiles(ns, n, spread);
    r->slice_least_ns = spread[0];
    r->slice_median_ns = spread[2];
    r->slice_most_ns = spread[4];
}

/* ---- turns ------------------------------------------------------------------------------------
 */

static bool
have_turn(const struct run *run, unsigned turn)
{
    for (unsigned i = 0; i < run->plan->workers; i++)
        if (!bench_turns_has(&run->queues[i].turns, turn))
            return false;
    return true;
}

static void
wait_for_turn(const struct run *run, unsigned turn)
{
    while (!have_turn(run, turn) && !sensor_is_done(run->sensor))
        usleep(POLL_US);
}

static void
ask_turn(struct run *run, unsigned turn)
{
    for (unsigned i = 0; i < run->plan->workers; i++)
        bench_turns_ask(&run->queues[i].turns, turn);
}

/* Memory and driver in turns, each of them as much as was measured before. */
static void
measure_turns(struct run *run)
{
    const struct bench_plan *p = run->plan;

    phase_set(run, BENCH_TURNS);
    for (unsigned turn = 1; turn <= BENCH_TURNS_LAST; turn++) {
        ask_turn(run, turn);
        if (p->packets)
            wait_for_turn(run, turn);
        else
            bench_sleep(p->seconds / BENCH_PAIRS);
    }
    ask_turn(run, BENCH_TURNS_LAST + 1);
    wait_for_turn(run, BENCH_TURNS_LAST);
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
    const struct bench_turns *turns[WORKERS_MAX];
    double ticks[PAVO_LAP_N] = {0};

    for (unsigned i = 0; i < run->plan->workers; i++) {
        const struct bench_probe *p = &run->queues[i].probe;
        const struct bench_stamp *from = &p->from[BENCH_MEASURE], *to = &p->to[BENCH_MEASURE];
        const struct bench_stamp *s0 = &p->from[BENCH_STAGES], *s1 = &p->to[BENCH_STAGES];

        turns[i] = &run->queues[i].turns;
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
    bench_turns_pairs(turns, run->plan->workers, &r->pairs);
    r->seconds = span_s(run, BENCH_MEASURE);
    r->warmup_seconds = span_s(run, BENCH_WARMUP);
}

static void
measure(struct run *run, struct bench_result *r)
{
    const struct bench_plan *p = run->plan;
    struct pavo_counts before, after;
    uint64_t cpu, full;

    wait_for(run, BENCH_WARMUP);
    sensor_counts(run->sensor, false, &before);
    full = ring_full(run->sensor);
    cpu = sensor_cpu_ns(run->sensor, SENSOR_EXPORTER);
    if (p->packets)
        phase_run(run, BENCH_MEASURE, 0);
    else
        measure_slices(run, r, p->seconds);
    sensor_counts(run->sensor, false, &after);
    r->exporter_cpu_seconds = (double)(sensor_cpu_ns(run->sensor, SENSOR_EXPORTER) - cpu) / 1e9;
    r->flows = after.flows_made - before.flows_made;
    r->records = after.made.records - before.made.records;
    r->octets = after.received_octets - before.received_octets;
    r->ring_full = ring_full(run->sensor) - full;
    r->live_flows = after.live_flows;
    r->rss_after = bench_rss();
    if (run->dpdk)
        measure_turns(run);
    if (p->beside_one && !p->packets && p->seconds >= slices_least_s) {
        phase_set(run, BENCH_ALONE);
        bench_alone_measure(&run->phases, p->seconds, &r->alone);
    }
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
    const char *error;
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
    r->event_rate = run->queues[0].feed.event_rate;
    sensor_go(run->sensor);
    measure(run, r);
    error = bench_sinks_error(&run->sinks);
    if (error) {
        rc = pavo_err_set(err, EIO, "%s", error);
    } else {
        add_up(run, r);
        sensor_counts(run->sensor, true, &r->counts);
        r->is_balanced = bench_balance(&r->counts, &run->sinks, r->why, sizeof r->why);
        pavo_sink_counts(run->sinks.out.sinks[0], &written);
        r->records_written = written.written.records;
        r->record_packets = written.written.packets;
    }
    run_close(run);
    return rc;
}
