/* bench_probe.c - phases and their stamps, in the worker's thread
 *
 * The end of a phase is noted at the first recv() after its last burst, when that burst has been
 * accounted. A queue whose share of a phase is done gives nothing until the phase moves on; what it
 * waits is in no phase.
 */
#include "bench_probe.h"

#include <time.h>

#include "sensor.h"

enum { NAP_NS = 50000 };

static uint64_t
clock_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void
stamp(struct bench_probe *p, struct bench_stamp *s)
{
    s->packets = p->packets;
    bench_perf_read(&p->perf, &s->perf);
    s->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    s->wall_ns = clock_ns(CLOCK_MONOTONIC);
    s->ticks = pavo_ticks();
}

static bool
is_noted(const struct bench_probe *p)
{
    return atomic_load_explicit(&p->reached, memory_order_relaxed) > (int)p->phase;
}

static void
note_end(struct bench_probe *p)
{
    if (is_noted(p))
        return;
    stamp(p, &p->to[p->phase]);
    if (p->phase == BENCH_STAGES && p->phases->with_laps)
        sensor_laps(p->phases->sensor, p->worker, NULL);
    /* Release: pairs with the acquire in bench_probe_has(); the stamps are whole. */
    atomic_store_explicit(&p->reached, (int)p->phase + 1, memory_order_release);
}

static void
phase_begin(struct bench_probe *p, enum bench_phase phase)
{
    p->phase = phase;
    p->left = p->quota[phase];
    stamp(p, &p->from[phase]);
    if (phase == BENCH_STAGES && p->phases->with_laps)
        sensor_laps(p->phases->sensor, p->worker, &p->laps);
}

static void
inner_stop(struct bench_probe *p)
{
    if (!p->is_stopping && p->inner->ops->stop)
        p->inner->ops->stop(p->inner);
    p->is_stopping = true;
}

static int
probe_recv(struct cap_queue *q, struct pavo_frame *out, unsigned max)
{
    struct bench_probe *p = (struct bench_probe *)(void *)q;
    const enum bench_phase phase =
        (enum bench_phase)atomic_load_explicit(&p->phases->phase, memory_order_relaxed);
    int n;

    if (phase != p->phase) {
        note_end(p);
        phase_begin(p, phase);
    }
    if (phase == BENCH_END)
        inner_stop(p);
    if (p->is_stopping && !p->inner->ops->stop)
        return CAP_END;
    if (p->left == 0 && !p->is_stopping) {
        note_end(p);
        return 0;
    }
    if (!p->is_stopping && p->worker >= atomic_load_explicit(&p->phases->fed, memory_order_relaxed))
        return 0;
    n = p->inner->ops->recv(p->inner, out,
                            p->left < max && !p->is_stopping ? (unsigned)p->left : max);
    if (n > 0) {
        p->packets += (unsigned)n;
        if (!p->is_stopping && p->left != UINT64_MAX)
            p->left -= (unsigned)n;
    }
    return n;
}

static void
probe_done(struct cap_queue *q)
{
    struct bench_probe *p = (struct bench_probe *)(void *)q;

    p->inner->ops->done(p->inner);
}

static bool
probe_wait(struct cap_queue *q, int timeout_ms)
{
    struct bench_probe *p = (struct bench_probe *)(void *)q;

    if (p->inner->ops->wait && p->left > 0)
        return p->inner->ops->wait(p->inner, timeout_ms);
    nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    return true;
}

static void
probe_stats(struct cap_queue *q, struct cap_stats *out)
{
    const struct bench_probe *p = (const struct bench_probe *)(const void *)q;

    p->inner->ops->stats(p->inner, out);
}

static const char *
probe_error(struct cap_queue *q)
{
    const struct bench_probe *p = (const struct bench_probe *)(const void *)q;

    return p->inner->ops->error(p->inner);
}

static void
probe_enter(struct cap_queue *q)
{
    struct bench_probe *p = (struct bench_probe *)(void *)q;

    if (p->inner->ops->enter)
        p->inner->ops->enter(p->inner);
    bench_perf_open(&p->perf);
    phase_begin(p, BENCH_WARMUP);
}

static void
probe_leave(struct cap_queue *q)
{
    struct bench_probe *p = (struct bench_probe *)(void *)q;

    note_end(p);
    bench_perf_close(&p->perf);
    if (p->inner->ops->leave)
        p->inner->ops->leave(p->inner);
}

static void
probe_stop(struct cap_queue *q)
{
    inner_stop((struct bench_probe *)(void *)q);
}

static void
probe_interrupt(struct cap_queue *q)
{
    const struct bench_probe *p = (const struct bench_probe *)(const void *)q;

    if (p->inner->ops->interrupt)
        p->inner->ops->interrupt(p->inner);
}

static const struct cap_ops probe_ops = {
    .recv = probe_recv,
    .done = probe_done,
    .wait = probe_wait,
    .stats = probe_stats,
    .error = probe_error,
    .enter = probe_enter,
    .leave = probe_leave,
    .stop = probe_stop,
    .interrupt = probe_interrupt,
};

void
bench_probe_init(struct bench_probe *p, struct cap_queue *inner, struct bench_phases *phases,
                 unsigned worker)
{
    *p = (struct bench_probe){.q = *inner, .inner = inner, .phases = phases, .worker = worker};
    p->q.ops = &probe_ops;
    for (unsigned i = 0; i < BENCH_PHASES; i++)
        p->quota[i] = UINT64_MAX;
}

bool
bench_probe_has(const struct bench_probe *p, enum bench_phase phase)
{
    /* Acquire: pairs with the release in note_end(). */
    return atomic_load_explicit(&p->reached, memory_order_acquire) > (int)phase;
}
