/* bench_load.c - trials for the search, and an overload on purpose
 *
 * All trials run on one sensor, whose flows were made before. A trial's losses are counted until
 * its last packet is out of the rings.
 */
#include "bench_load.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    POLL_US = 200,
    DRAIN_MS = 2000,
    RECOVER_MS = 10000,
    SLACK_MIB = 48, /* code, libraries, stacks, the heap of small things */
};

static const double saturation_s = 0.5;
static const double light = 0.1; /* of the rate found: the load after the overload */

struct trials {
    struct bench_paced *b;
    double seconds;
};

static double
since_s(const struct bench_paced_counts *from, const struct bench_paced_counts *to)
{
    return (double)(to->wall_ns - from->wall_ns) / 1e9;
}

/* Until no more than 'most' packets wait; false: they do not go away. */
static bool
drain(const struct bench_paced *b, uint64_t most, unsigned ms, struct bench_paced_counts *c)
{
    const unsigned polls = ms * (1000 / POLL_US);

    for (unsigned i = 0; i < polls; i++) {
        bench_paced_counts(b, c);
        if (c->waiting <= most)
            return true;
        usleep(POLL_US);
    }
    return false;
}

static int
trial(void *ctx, double rate, struct bench_trial *out)
{
    const struct trials *t = ctx;
    struct bench_paced_counts from, to, end;

    bench_paced_counts(t->b, &from);
    bench_paced_rate(t->b, (uint64_t)rate);
    bench_sleep(t->seconds);
    bench_paced_rate(t->b, 0);
    bench_paced_counts(t->b, &to);
    if (!drain(t->b, 0, DRAIN_MS, &end))
        return -EIO;
    out->packets = end.offered - from.offered;
    out->lost = end.missed - from.missed + end.dropped - from.dropped;
    out->reached = (double)out->packets / since_s(&from, &to);
    return 0;
}

/* What goes through when the offering side waits for room. */
static double
saturation(struct bench_paced *b)
{
    struct bench_paced_counts from, to;

    bench_paced_rate(b, BENCH_PACED_FULL);
    bench_paced_counts(b, &from);
    bench_sleep(saturation_s);
    bench_paced_counts(b, &to);
    bench_paced_rate(b, 0);
    (void)drain(b, 0, DRAIN_MS, &(struct bench_paced_counts){0});
    return (double)(to.offered - from.offered) / since_s(&from, &to);
}

/* All that this process may come to hold: nothing grows under load. */
static uint64_t
memory_most(const struct bench_plan *p, const struct bench_load_plan *l, uint64_t before)
{
    const struct pavo_shard_config shard = sensor_shard_config(p->cfg, p->workers);
    const uint64_t records =
        (uint64_t)p->cfg->workers.record_ring * pavo_draft_room(shard.parts) * p->workers;

    return before + pavo_shard_bytes(&shard) * p->workers + records * 2 +
           (uint64_t)l->descriptors * 2 * 2240 * p->workers +
           mesh_bytes(p->workers, p->workers, sensor_mesh_slots(p->cfg, p->workers),
                      sensor_payload_room(p->cfg)) *
               2 +
           ((uint64_t)SLACK_MIB << 20);
}

static void
overload(struct bench_paced *b, const struct bench_load_plan *l, double good, double most,
         struct bench_overload *o)
{
    struct bench_paced_counts from, to, end;

    o->was_run = true;
    o->seconds = l->overload_s;
    /* On a box that is disturbed the rate without loss may be far below what it can do. */
    o->asked = l->offer ? l->offer : (uint64_t)(2 * (good > most ? good : most));
    o->rss_before = bench_rss();
    if (o->rss_most < o->rss_before + ((uint64_t)SLACK_MIB << 20))
        o->rss_most = o->rss_before + ((uint64_t)SLACK_MIB << 20);
    bench_paced_counts(b, &from);
    bench_paced_rate(b, o->asked);
    bench_sleep(l->overload_s);
    bench_paced_counts(b, &to);
    bench_paced_rate(b, (uint64_t)(good * light));
    o->recovered = drain(b, 64, RECOVER_MS, &end); /* the light load goes on */
    o->recovery_ms = since_s(&to, &end) * 1e3;
    o->offered = to.offered - from.offered;
    o->missed = to.missed - from.missed;
    bench_sleep(l->overload_s < 1 ? l->overload_s : 1);
    bench_paced_rate(b, 0);
    (void)drain(b, 0, DRAIN_MS, &end);
    o->rss_after = bench_rss();
    o->is_bounded = o->rss_after <= o->rss_most;
}

int
bench_load(const struct bench_plan *p, const struct bench_load_plan *l,
           struct bench_load_result *out, struct pavo_err *err)
{
    const uint64_t rss = bench_rss();
    struct trials t = {.seconds = l->seconds};
    double good;
    int rc = 0;

    *out = (struct bench_load_result){0};
    t.b = bench_paced_open(p, l->descriptors, err);
    if (!t.b)
        return -EIO;
    out->overload.rss_most = memory_most(p, l, rss);
    out->saturation = good = saturation(t.b);
    out->has_search = l->overload_s <= 0 || l->offer == 0;
    if (out->has_search) {
        const struct bench_search_config c = {.high = out->saturation * 1.1,
                                              .resolution = l->resolution,
                                              .loss = l->loss,
                                              .tries = l->tries};

        rc = bench_search(&c, trial, &t, &out->search);
        if (rc < 0)
            pavo_err_set(err, -rc, "bench: what was offered was never taken");
        if (out->search.best.reached > 0)
            good = out->search.best.reached;
    }
    if (rc == 0 && l->overload_s > 0)
        overload(t.b, l, good, out->saturation, &out->overload);
    out->is_balanced = bench_paced_end(t.b, &out->counts, out->why, sizeof out->why);
    if (bench_paced_error(t.b))
        rc = pavo_err_set(err, EIO, "%s", bench_paced_error(t.b));
    out->overload.handoff_full = out->counts.lost[PAVO_LOSS_HANDOFF_FULL];
    out->overload.record_packets_dropped = out->counts.ring_dropped.packets;
    out->overload.received = out->counts.received;
    bench_paced_close(t.b);
    return rc;
}
