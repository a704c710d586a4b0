/* bench_paced.c - the offering thread, its rings, and the sensor behind them
 *
 * The thread looks at the counter of ticks, and offers what has become due since. If it was not run
 * for a while (another process had its processor) what fell due meanwhile is not offered in one
 * heap, for no wire would: it is left out, counted as 'behind', and the rate that was reached is
 * less. A frame of 2 KiB is a slot of the ring; only the head of it is written.
 */
#include "bench_paced.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ring.h"

enum {
    BATCH = 32,
    BEHIND_MOST = 512, /* packets that may be due at once */
    POLL_US = 200,
};

struct slot {
    struct pavo_frame frame;
    _Alignas(PAVO_CACHE_LINE) uint8_t bytes[33 * PAVO_CACHE_LINE - PAVO_CACHE_LINE];
};
_Static_assert(sizeof(((struct slot *)0)->bytes) >= (size_t)BENCH_FRAME_MAX, "a frame fits");

struct lane {
    struct cap_queue q; /* first; the worker's */
    struct pavo_ring *ring;
    unsigned lent; /* the worker's: slots handed out */
    bool is_stopping;

    struct bench_feed feed; /* the offering thread's, with what follows */
    PAVO_ALIGNED _Atomic uint64_t pushed;
    _Atomic uint64_t missed;
};

struct bench_paced {
    const struct bench_plan *plan;
    struct lane *lanes[WORKERS_MAX];
    struct cap_queue *list[WORKERS_MAX];
    struct cap_set set;
    struct bench_sinks sinks;
    struct sensor *sensor;
    pthread_t thread;
    bool has_thread;
    _Atomic bool stop;
    _Atomic uint64_t rate;
    _Atomic uint64_t behind;
    uint8_t scratch[BATCH][BENCH_FRAME_MAX]; /* for what is lost */
};

/* ---- the worker's side ------------------------------------------------------------------------
 */

static int
lane_recv(struct cap_queue *q, struct pavo_frame *out, unsigned max)
{
    struct lane *l = (struct lane *)(void *)q;
    struct pavo_ring *r = l->ring;
    const uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    uint32_t n;

    /* Acquire: pairs with the release in lane_publish(); the slots are whole. */
    r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
    n = r->tail_seen - head;
    if (n == 0)
        return l->is_stopping ? CAP_END : 0;
    n = n < max ? n : max;
    for (uint32_t i = 0; i < n; i++) {
        const size_t at = (size_t)((head + i) & r->mask) * r->slot_bytes;

        out[i] = ((const struct slot *)(const void *)(r->slots + at))->frame;
    }
    l->lent = n;
    return (int)n;
}

static void
lane_done(struct cap_queue *q)
{
    struct lane *l = (struct lane *)(void *)q;
    const uint32_t head = atomic_load_explicit(&l->ring->head, memory_order_relaxed);

    /* Release: pairs with the acquire in ring_room(); reading is over. */
    atomic_store_explicit(&l->ring->head, head + l->lent, memory_order_release);
    l->lent = 0;
}

static void
lane_stats(struct cap_queue *q, struct cap_stats *out)
{
    const struct lane *l = (const struct lane *)(const void *)q;
    const uint64_t missed = pavo_stat_get(&l->missed);

    *out = (struct cap_stats){.offered = pavo_stat_get(&l->pushed) + missed, .knows_losses = true};
    out->lost[PAVO_LOSS_NIC_MISSED] = missed;
}

static const char *
lane_error(struct cap_queue *q)
{
    return NULL;
}

static void
lane_stop(struct cap_queue *q)
{
    ((struct lane *)(void *)q)->is_stopping = true;
}

static const struct cap_ops lane_ops = {.recv = lane_recv,
                                        .done = lane_done,
                                        .stats = lane_stats,
                                        .error = lane_error,
                                        .stop = lane_stop};

/* ---- the offering thread ----------------------------------------------------------------------
 */

/* A frame that lies elsewhere is copied, as far as a slot holds it. */
static void
slot_put(struct slot *s, const struct pavo_frame *f, bool copy)
{
    s->frame = *f;
    if (!copy)
        return;
    if (s->frame.caplen > sizeof s->bytes)
        s->frame.caplen = sizeof s->bytes;
    memcpy(s->bytes, f->data, s->frame.caplen);
    s->frame.data = s->bytes;
}

/* Offers 'n' packets to a worker; true: all found room. */
static bool
lane_offer(struct bench_paced *b, struct lane *l, unsigned n)
{
    struct pavo_frame frames[BATCH];
    uint8_t *bufs[BATCH];
    struct pavo_ring *r = l->ring;
    const uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    const uint32_t room = ring_room(r);
    const unsigned fits = room < n ? room : n;

    for (unsigned i = 0; i < n; i++)
        bufs[i] = i < fits ? ((struct slot *)(void *)(r->slots + (size_t)((tail + i) & r->mask) *
                                                                     r->slot_bytes))
                                 ->bytes
                           : b->scratch[i];
    l->feed.fill(l->feed.ctx, bufs, frames, n);
    for (unsigned i = 0; i < fits; i++) {
        const size_t at = (size_t)((tail + i) & r->mask) * r->slot_bytes;

        slot_put((struct slot *)(void *)(r->slots + at), &frames[i], l->feed.in_place);
    }
    pavo_stat_add(&l->pushed, fits);
    if (n > fits)
        pavo_stat_add(&l->missed, n - fits);
    /* Release: pairs with the acquire in lane_recv(); the slots are whole. */
    atomic_store_explicit(&r->tail, tail + fits, memory_order_release);
    return fits == n;
}

static void
offer_all(struct bench_paced *b)
{
    bool any = false;

    for (unsigned i = 0; i < b->plan->workers; i++) {
        if (ring_room(b->lanes[i]->ring) < BATCH)
            continue;
        (void)lane_offer(b, b->lanes[i], BATCH);
        any = true;
    }
    if (!any)
        sched_yield();
}

/* Ticks of the counter in a second. */
static double
ticks_hz(void)
{
    struct timespec a, z;
    const uint64_t from = pavo_ticks();
    uint64_t to;

    clock_gettime(CLOCK_MONOTONIC, &a);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    to = pavo_ticks();
    clock_gettime(CLOCK_MONOTONIC, &z);
    return (double)(to - from) /
           ((double)(z.tv_sec - a.tv_sec) + (double)(z.tv_nsec - a.tv_nsec) / 1e9);
}

static void *
offering(void *ctx)
{
    struct bench_paced *b = ctx;
    const double hz = ticks_hz();
    uint64_t rate = 0, start = 0, sent = 0;
    unsigned turn = 0;

    sensor_avoid_workers(b->sensor);
    while (!atomic_load_explicit(&b->stop, memory_order_relaxed)) {
        const uint64_t want = atomic_load_explicit(&b->rate, memory_order_relaxed);
        uint64_t due;

        if (want != rate) {
            rate = want;
            start = pavo_ticks();
            sent = 0;
        }
        if (rate == BENCH_PACED_FULL) {
            offer_all(b);
            continue;
        }
        if (rate == 0) {
            usleep(POLL_US);
            continue;
        }
        due = (uint64_t)((double)(pavo_ticks() - start) * (double)rate / hz);
        if (due < sent + BATCH) /* sent may be ahead by what was rounded down */
            continue;
        due -= sent;
        if (due > BEHIND_MOST) {
            pavo_stat_add(&b->behind, due - BEHIND_MOST);
            sent += due - BEHIND_MOST;
            due = BEHIND_MOST;
        }
        for (; due >= BATCH; due -= BATCH) {
            (void)lane_offer(b, b->lanes[turn], BATCH);
            turn = turn + 1 == b->plan->workers ? 0 : turn + 1;
            sent += BATCH;
        }
    }
    return NULL;
}

/* ---- together ---------------------------------------------------------------------------------
 */

void
bench_paced_rate(struct bench_paced *b, uint64_t packets_s)
{
    atomic_store_explicit(&b->rate, packets_s, memory_order_relaxed);
}

static uint64_t
mono_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void
bench_paced_counts(const struct bench_paced *b, struct bench_paced_counts *out)
{
    struct pavo_counts c;

    *out = (struct bench_paced_counts){.behind = pavo_stat_get(&b->behind)};
    for (unsigned i = 0; i < b->plan->workers; i++) {
        const struct lane *l = b->lanes[i];
        const uint32_t head = atomic_load_explicit(&l->ring->head, memory_order_relaxed);
        const uint32_t tail = atomic_load_explicit(&l->ring->tail, memory_order_relaxed);
        const uint64_t missed = pavo_stat_get(&l->missed);

        out->missed += missed;
        out->offered += pavo_stat_get(&l->pushed) + missed;
        out->waiting += tail - head;
    }
    sensor_counts(b->sensor, false, &c);
    out->dropped = c.lost[PAVO_LOSS_HANDOFF_FULL] + c.ring_dropped.packets;
    out->wall_ns = mono_ns();
}

static int
lane_open(struct bench_paced *b, unsigned i, uint32_t descriptors, struct pavo_err *err)
{
    struct lane *l = aligned_alloc(PAVO_CACHE_LINE, sizeof *l);
    int rc;

    if (!l)
        return pavo_err_set(err, ENOMEM, "bench: no memory for queue %u", i);
    memset(l, 0, sizeof *l);
    b->lanes[i] = l;
    b->list[i] = &l->q;
    l->q = (struct cap_queue){.ops = &lane_ops, .node = -1, .name = "memory"};
    rc = bench_feed_open(b->plan, i, &l->feed, err);
    if (rc < 0)
        return rc;
    l->ring = pavo_ring_open(sizeof(struct slot), descriptors, &pavo_mem_plain, err);
    return l->ring ? 0 : -ENOMEM;
}

static int
thread_start(struct bench_paced *b, struct pavo_err *err)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&b->thread, NULL, offering, b);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    b->has_thread = rc == 0;
    return rc == 0 ? 0 : pavo_err_set(err, rc, "bench: no thread: %s", strerror(rc));
}

/* Until the flows are there, and the rings are empty again. */
static void
warm_up(struct bench_paced *b)
{
    struct bench_paced_counts c;
    uint64_t need = 0;

    for (unsigned i = 0; i < b->plan->workers; i++)
        need += b->lanes[i]->feed.warmup;
    bench_paced_rate(b, BENCH_PACED_FULL);
    do {
        usleep(POLL_US);
        bench_paced_counts(b, &c);
    } while (c.offered < need && !sensor_is_done(b->sensor));
    bench_paced_rate(b, 0);
    do {
        usleep(POLL_US);
        bench_paced_counts(b, &c);
    } while (c.waiting > 0 && !sensor_is_done(b->sensor));
}

struct bench_paced *
bench_paced_open(const struct bench_plan *p, uint32_t descriptors, struct pavo_err *err)
{
    static const char *names[] = {"memory"};
    struct bench_paced *b = calloc(1, sizeof *b);

    if (!b) {
        pavo_err_set(err, ENOMEM, "bench: no memory");
        return NULL;
    }
    b->plan = p;
    b->set = (struct cap_set){
        .queues = b->list, .n_queues = p->workers, .source_names = names, .n_sources = 1};
    for (unsigned i = 0; i < p->workers; i++)
        if (lane_open(b, i, descriptors, err) < 0)
            goto fail;
    if (bench_sinks_open(&b->sinks, p, &b->set, err) < 0)
        goto fail;
    p->cfg->workers.count = p->workers;
    b->sensor = sensor_open(p->cfg, &b->set, b->sinks.out.sinks, b->sinks.out.n, err);
    if (!b->sensor || thread_start(b, err) < 0)
        goto fail;
    sensor_go(b->sensor);
    warm_up(b);
    return b;

fail:
    bench_paced_close(b);
    return NULL;
}

static void
thread_end(struct bench_paced *b)
{
    if (!b->has_thread)
        return;
    atomic_store_explicit(&b->stop, true, memory_order_relaxed);
    pthread_join(b->thread, NULL);
    b->has_thread = false;
}

const char *
bench_paced_error(const struct bench_paced *b)
{
    return bench_sinks_error(&b->sinks);
}

bool
bench_paced_end(struct bench_paced *b, struct pavo_counts *c, char *why, size_t n)
{
    thread_end(b); /* before the queues are told that nothing follows */
    sensor_stop(b->sensor);
    while (!sensor_is_done(b->sensor))
        usleep(POLL_US);
    sensor_join(b->sensor);
    sensor_counts(b->sensor, true, c);
    return bench_balance(c, &b->sinks, why, n);
}

void
bench_paced_close(struct bench_paced *b)
{
    if (!b)
        return;
    thread_end(b);
    sensor_close(b->sensor);
    bench_sinks_close(&b->sinks);
    for (unsigned i = 0; i < b->plan->workers; i++) {
        if (!b->lanes[i])
            continue;
        pavo_ring_close(b->lanes[i]->ring);
        bench_feed_close(&b->lanes[i]->feed);
        free(b->lanes[i]);
    }
    free(b);
}
