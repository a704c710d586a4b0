/* exporter.c - the loop of the export thread
 *
 * It is the only consumer of the record rings and the only one who writes. A slow target makes it
 * late, never the packets: workers keep records in their shards then, sources that can wait are
 * waited for, and what is lost beyond that is counted by the shard.
 */
#include "exporter.h"

#include <time.h>

#include "sensor.h"

enum {
    BATCH = 1024, /* records between two looks at the clock */
    NAP_MIN_US = 500,
    NAP_MAX_US = 10000,
    NAP_IDLE_US = 50000, /* when nothing has come for a second */
    IDLE_MS = 1000,
    FLUSH_MS = 1000,     /* what was put is written at least so often */
    FLUSH_IDLE_MS = 200, /* and when nothing came for so long */
    FLUSH_TERMINAL_MS = 5,
};

static uint64_t
clock_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

struct loop {
    uint64_t now_ms, ledger_ns, flushed_ms, last_ms;
    uint64_t second; /* of the last look for rotations */
    bool dirty;
    unsigned nap_us;
};

static unsigned
take_batch(struct exporter *e)
{
    const unsigned n_sinks = e->n_sinks;
    const struct pavo_draft *d;
    struct pavo_record r;
    bool whole = false;
    unsigned n = 0;

    for (unsigned i = 0; i < n_sinks; i++)
        whole |= pavo_sink_wants_whole(e->sinks[i]);

    while (n < BATCH && (d = pavo_merge_peek(&e->merge)) != NULL) {
        if (n_sinks > 0)
            pavo_record_make_lean(d, &r);
        pavo_merge_pop(&e->merge);
        if (whole)
            pavo_record_complete(&r);
        for (unsigned i = 0; i < n_sinks; i++)
            pavo_sink_put(e->sinks[i], &r);
        n++;
    }
    for (unsigned i = 0; n > 0 && i < n_sinks; i++)
        pavo_sink_publish(e->sinks[i]);
    return n;
}

static void
flush_all(struct exporter *e, struct loop *l)
{
    for (unsigned i = 0; i < e->n_sinks; i++)
        pavo_sink_flush(e->sinks[i]);
    l->dirty = false;
    l->flushed_ms = l->now_ms;
}

/* Do all sinks only drop? Then the run has no reader left. */
static bool
nobody_reads(struct exporter *e)
{
    for (unsigned i = 0; i < e->n_sinks; i++) {
        struct pavo_sink_counts c;

        pavo_sink_counts(e->sinks[i], &c);
        if (c.dropped[PAVO_DROP_CLOSED].records == 0)
            return false;
    }
    return e->n_sinks > 0;
}

/* What is due by the clock: ledger, flush, rotation, new files. */
static void
housekeeping(struct exporter *e, struct loop *l, unsigned n)
{
    const uint64_t mono = clock_ns(CLOCK_MONOTONIC);
    struct pavo_counts counts;

    l->now_ms = mono / 1000000;
    if (n > 0) {
        l->dirty = true;
        l->last_ms = l->now_ms;
    }
    if (l->dirty &&
        (l->now_ms - l->flushed_ms >= FLUSH_MS ||
         (n == 0 && l->now_ms - l->last_ms >= (e->terminal ? FLUSH_TERMINAL_MS : FLUSH_IDLE_MS)))) {
        flush_all(e, l);
        if (nobody_reads(e))
            sensor_stop(e->sensor);
    }
    if (atomic_exchange_explicit(&e->reopen, false, memory_order_relaxed)) {
        sensor_counts(e->sensor, false, &counts);
        for (unsigned i = 0; i < e->n_sinks; i++)
            pavo_sink_reopen(e->sinks[i], sensor_time(e->sensor), &counts);
    }
    if (mono - l->ledger_ns < e->interval_ns && mono / 1000000000 == l->second &&
        !(e->by_size && n > 0))
        return;
    l->second = mono / 1000000000;
    sensor_counts(e->sensor, false, &counts);
    for (unsigned i = 0; i < e->n_sinks; i++)
        pavo_sink_rotate(e->sinks[i], clock_ns(CLOCK_REALTIME), sensor_time(e->sensor), &counts);
    if (mono - l->ledger_ns < e->interval_ns)
        return;
    l->ledger_ns = mono;
    for (unsigned i = 0; i < e->n_sinks; i++)
        pavo_sink_ledger(e->sinks[i], PAVO_LEDGER_INTERVAL, sensor_time(e->sensor), &counts);
}

void
exporter_run(struct exporter *e)
{
    struct loop l = {.nap_us = NAP_MIN_US, .ledger_ns = clock_ns(CLOCK_MONOTONIC)};
    struct pavo_counts counts;

    l.flushed_ms = l.last_ms = l.ledger_ns / 1000000;
    e->merge.reads = e->n_sinks > 0;
    for (;;) {
        const bool last = sensor_workers_done(e->sensor); /* before the look at the rings */
        const unsigned n = take_batch(e);
        unsigned nap_max;

        if (n == 0 && last)
            break;
        housekeeping(e, &l, n);
        if (n == BATCH) {
            l.nap_us = NAP_MIN_US;
            continue;
        }
        nap_max = l.now_ms - l.last_ms < IDLE_MS ? NAP_MAX_US : NAP_IDLE_US;
        l.nap_us = n > 0 ? NAP_MIN_US : l.nap_us * 2 < nap_max ? l.nap_us * 2 : nap_max;
        nanosleep(&(struct timespec){.tv_nsec = (long)l.nap_us * 1000}, NULL);
    }
    sensor_counts(e->sensor, true, &counts);
    for (unsigned i = 0; i < e->n_sinks; i++)
        pavo_sink_finish(e->sinks[i], sensor_time(e->sensor), &counts);
}
