/* worker.c - the loop of a worker */
#include "worker.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "pavo_export.h"

enum {
    SWEEP_BUSY = 128,
    SWEEP_IDLE = 4096,
    PREFETCH_AHEAD = PAVO_PUSH_PACKETS,
    PATIENCE_SLEEPER_NS = 50000000, /* for room in the mesh: the kernel buffers as much */
    PATIENCE_POLLED_NS = 100000,    /* a NIC's ring holds about this at line rate */
    TELL_NS = 1000000000,           /* how far event time moves before the others are told */
};

static void
nap_us(unsigned us)
{
    const struct timespec t = {.tv_nsec = (long)us * 1000};

    nanosleep(&t, NULL);
}

static uint64_t
monotonic_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t
wall_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Room for all that a burst may bring to an end. */
static bool
has_record_room(struct worker *w)
{
    const uint32_t need = 2 * w->run->burst;

    if (pavo_shard_backlog(w->shard) > 0) {
        (void)pavo_shard_sweep(w->shard, SWEEP_BUSY); /* moves what waits into the ring */
        if (pavo_shard_backlog(w->shard) > 0)
            return false;
    }
    return ring_room(w->out) >= (need < w->out->n_slots / 2 ? need : w->out->n_slots / 2);
}

/* ---- the own shard ----------------------------------------------------------------------------
 */

/* Before the packets that were pushed are used for something else. */
static void
own_flush(struct worker *w)
{
    pavo_shard_drain(w->shard);
    w->n_copies = 0;
}

/* ---- what others send -------------------------------------------------------------------------
 */

static bool resolve_drain(struct worker *w);
static void fragment_emit(void *ctx, const struct pavo_packet *p);

/* One message that is no packet. False: it can't be finished yet and stays in the ring. */
static bool
account_message(struct worker *w, unsigned from, const struct mesh_slot *s)
{
    switch ((enum mesh_tag)s->tag) {
    case MESH_CLOCK:
        pavo_shard_clock(w->shard, s->now_ns);
        return true;
    case MESH_JUMP:
        w->frags_jumped = true;
        pavo_shard_clock(w->shard, s->now_ns);
        return pavo_shard_flush(w->shard, PAVO_DETAIL_CLOCK_JUMP);
    case MESH_END:
        w->account_ended[from] = true;
        if (s->now_ns > w->final_ns)
            w->final_ns = s->now_ns;
        if (s->why == PAVO_DETAIL_STOPPED)
            w->end_why = PAVO_DETAIL_STOPPED;
        return true;
    case MESH_PACKET:
        break;
    }
    return true;
}

/* Accounts what one worker sent, at most a burst of it. */
static bool
account_from(struct worker *w, unsigned from)
{
    struct pavo_ring *r = mesh_ring(&w->run->account, from, w->id);
    struct pavo_packet *batch[BURST_MAX];
    struct mesh_slot *s = NULL;
    unsigned n = 0;

    if (!r)
        return false;
    while (n < BURST_MAX && (s = mesh_peek_at(r, n)) != NULL && s->tag == MESH_PACKET) {
        s->packet.hash = pavo_key_hash(&s->packet.key, w->run->make.seed);
        batch[n++] = &s->packet;
    }
    if (n > 0) {
        pavo_shard_burst(w->shard, batch, n);
        mesh_pop(r, n);
        return true;
    }
    if (!s ||
        !account_message(w, from, s)) /* what the loop ended at: a packet may be behind it by now */
        return false;
    mesh_pop(r, 1);
    return true;
}

static bool
account_drain(struct worker *w)
{
    bool busy = false;

    for (unsigned from = 0; from < w->run->n; from++) {
        if (from == w->id || (w->run->can_wait && !has_record_room(w)))
            continue;
        busy |= account_from(w, from);
    }
    return busy;
}

/* ---- sending ----------------------------------------------------------------------------------
 */

/* What was sent is seen by those it was sent to. */
static inline void
sent_publish(struct worker *w)
{
    mesh_publish(&w->run->account, w->id);
    mesh_publish(&w->run->resolve, w->id);
}

/* A free slot in the ring to a worker; with 'wait' not before there is one, else as long as this
 * burst's patience lasts: the source buffers meanwhile, and the other worker may only be asleep.
 * While waiting the worker serves what could keep others from making room (mesh.h). */
static struct mesh_slot *
mesh_slot_to(struct worker *w, const struct mesh *m, unsigned to, bool wait)
{
    struct mesh_slot *s;
    uint64_t until = 0;

    while (!(s = mesh_slot(m, w->id, to)) && (wait || w->patience_ns > 0)) {
        const uint64_t now = monotonic_ns();
        bool busy;

        sent_publish(w); /* nobody makes room for what he can't see */
        if (until == 0)
            until = now + w->patience_ns;
        busy = account_drain(w);
        if (m == &w->run->resolve)
            busy |= resolve_drain(w);
        if (!busy)
            nap_us(20);
        w->patience_ns = until > now ? until - now : 0; /* what was served may have used some */
    }
    return s;
}

static void
send_message(struct worker *w, const struct mesh *m, unsigned to, enum mesh_tag tag,
             uint64_t now_ns)
{
    struct mesh_slot *s = mesh_slot_to(w, m, to, tag != MESH_CLOCK);

    if (!s)
        return; /* CLOCK only: the next one says as much */
    s->tag = (uint8_t)tag;
    s->now_ns = now_ns;
    s->why = (uint8_t)w->end_why;
    mesh_fill(m, w->id, to);
}

static void
send_to_others(struct worker *w, const struct mesh *m, enum mesh_tag tag, uint64_t now_ns)
{
    for (unsigned to = 0; to < w->run->n; to++)
        if (to != w->id)
            send_message(w, m, to, tag, now_ns);
    sent_publish(w);
}

/* The payload is borrowed from a frame that the other worker does not have. */
static void
payload_copy(struct mesh_slot *s, uint32_t room)
{
    struct pavo_packet *p = &s->packet;

    if (p->payload_held > room)
        p->payload_held = room;
    if (p->payload_held == 0) {
        p->payload = NULL;
        return;
    }
    memcpy(mesh_payload(s), p->payload, p->payload_held);
    p->payload = mesh_payload(s);
}

static void
send_packet(struct worker *w, const struct mesh *m, unsigned to, const struct pavo_packet *p,
            bool wait)
{
    struct mesh_slot *s = mesh_slot_to(w, m, to, wait);

    if (!s) {
        pavo_stat_add(&w->stats.handoff_full, 1);
        return;
    }
    s->tag = MESH_PACKET;
    memcpy(&s->packet, p, pavo_packet_size(p));
    payload_copy(s, m->payload);
    mesh_fill(m, w->id, to);
    pavo_stat_add(&w->stats.handed_off, 1);
}

/* ---- fragments --------------------------------------------------------------------------------
 */

/* What the fragment memory hands out: a packet whose flow is known, borrowed for the call. */
static void
fragment_emit(void *ctx, const struct pavo_packet *p)
{
    struct worker *w = ctx;
    const unsigned owner = w->run->owner[p->owner_hash % OWNERS];

    if (owner != w->id) {
        send_packet(w, &w->run->account, owner, p, w->run->can_wait);
        return;
    }
    if (w->n_copies == BURST_MAX)
        own_flush(w);
    memcpy(&w->copies[w->n_copies], p, pavo_packet_size(p));
    /* It may have been given the key of its datagram's first piece. */
    w->copies[w->n_copies].hash = pavo_key_hash(&p->key, w->run->make.seed);
    pavo_shard_push(w->shard, &w->copies[w->n_copies++], 1);
}

static bool
resolve_from(struct worker *w, unsigned from)
{
    struct pavo_ring *r = mesh_ring(&w->run->resolve, from, w->id);
    struct mesh_slot *s;
    unsigned n = 0;

    for (; r && n < BURST_MAX && (s = ring_peek(r)) != NULL; n++) {
        if (s->tag == MESH_PACKET)
            pavo_frags_step(w->frags, &s->packet, fragment_emit, w);
        else if (s->tag == MESH_END)
            w->resolve_ended[from] = true;
        if (s->tag == MESH_END && s->now_ns > w->final_ns)
            w->final_ns = s->now_ns;
        if (s->tag == MESH_END && s->why == PAVO_DETAIL_STOPPED)
            w->end_why = PAVO_DETAIL_STOPPED;
        ring_pop(r);
    }
    return n > 0;
}

static bool
resolve_drain(struct worker *w)
{
    bool busy = false;

    if (!w->run->has_resolve)
        return false;
    for (unsigned from = 0; from < w->run->n; from++)
        if (from != w->id)
            busy |= resolve_from(w, from);
    return busy;
}

/* ---- receiving --------------------------------------------------------------------------------
 */

/* Would a NIC that spreads by the symmetric hash have brought it to its owner? */
static bool
is_spread(const struct pavo_packet *p)
{
    /* Three headers: Ethernet, IP, transport. What a NIC makes of others is its own affair. */
    if (p->is_brief != PAVO_BRIEF_NOT)
        return p->is_brief == PAVO_BRIEF_PLAIN;
    return p->at.depth == 3 && p->at.n_layers == 0 && p->at.n_frags == 0 && p->at.has_ports &&
           (p->at.proto == IPPROTO_TCP || p->at.proto == IPPROTO_UDP);
}

/* Is the NIC's hash ours? One packet of a burst tells: a wrong key makes nearly all differ. */
static inline void
hash_sample(struct worker *w, struct worker_queue *wq, const struct pavo_frame *f,
            const struct pavo_packet *p)
{
    if (!f->has_rss || w->run->n == 1 || !is_spread(p))
        return;
    pavo_stat_add(&wq->sampled, 1);
    if (f->rss != p->owner_hash)
        pavo_stat_add(&wq->hash_differs, 1);
}

/* A piece of a datagram goes to the worker that remembers its other pieces. */
static __attribute__((noinline)) void
route_piece(struct worker *w, struct worker_queue *wq, struct pavo_packet *p)
{
    const struct worker_run *run = w->run;
    const unsigned owner = run->has_resolve ? pavo_frag_owner_hash(p) % run->n : w->id;

    if (owner == w->id)
        pavo_frags_step(w->frags, p, fragment_emit, w);
    else
        send_packet(w, &run->resolve, owner, p, wq->q->can_wait);
}

static inline bool
is_own(const struct worker *w, const struct pavo_packet *p)
{
    return w->run->n == 1 || w->run->owner[p->owner_hash % OWNERS] == w->id;
}

/* True: it was pushed, and the shard has borrowed it. */
static bool
route(struct worker *w, struct worker_queue *wq, struct pavo_packet *p)
{
    const struct worker_run *run = w->run;

    if (pavo_unlikely(!p->is_plain)) {
        if (p->at.n_atomic > 0)
            pavo_frags_atomic(w->frags, p->at.n_atomic);
        if (p->at.n_frags > 0) {
            route_piece(w, wq, p);
            return false;
        }
    }
    if (is_own(w, p)) {
        pavo_shard_push(w->shard, p, 1);
        return true;
    }
    pavo_packet_complete(p); /* the other worker has no frame */
    if (wq->q->spreads && is_spread(p)) {
        pavo_stat_add(&w->stats.wrong_shard, 1);
        pavo_stat_add(&wq->wrong_shard, 1);
    }
    send_packet(w, &run->account, run->owner[p->owner_hash % OWNERS], p, wq->q->can_wait);
    return false;
}

/* Notes what was wrong with packets. */
static void
flaws_count(struct worker *w, const struct pavo_packet *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (!p[i].is_plain && p[i].at.why) {
            w->why[p[i].at.why]++;
            w->n_flawed++;
        }
    }
}

/* The clock of a queue jumped: every flow of every shard ends before what follows is accounted.
 * 'before_ns' is where it stood: what was idle by then has ended as idle, in whichever shard it is.
 */
static void
jump(struct worker *w, uint64_t before_ns)
{
    (void)pavo_frags_expire(w->frags, UINT64_MAX, fragment_emit, w);
    own_flush(w);
    if (w->run->n > 1)
        send_to_others(w, &w->run->account, MESH_JUMP, before_ns);
    pavo_shard_clock(w->shard, before_ns);
    while (!pavo_shard_flush(w->shard, PAVO_DETAIL_CLOCK_JUMP))
        nap_us(50);
}

static void
burst_stats(struct worker *w, struct worker_queue *wq, unsigned n)
{
    pavo_stat_add(&w->stats.received, n);
    pavo_stat_add(&wq->received, n);
    pavo_stat_add(&w->stats.bursts, 1);
    pavo_stat_add(&w->stats.why[PAVO_WHY_DONE], n - w->n_flawed);
    for (unsigned i = 0; i < PAVO_WHYS && w->n_flawed > 0; i++) {
        if (w->why[i] == 0)
            continue;
        pavo_stat_add(&w->stats.why[i], w->why[i]);
        w->n_flawed -= w->why[i];
        w->why[i] = 0;
    }
    if (wq->clock.jumps != wq->jumps)
        pavo_stat_add(&w->stats.jumps, wq->clock.jumps - wq->jumps);
    if (wq->clock.late != wq->late)
        pavo_stat_add(&w->stats.late, wq->clock.late - wq->late);
    wq->jumps = wq->clock.jumps;
    wq->late = wq->clock.late;
    atomic_store_explicit(&w->stats.clock_ns, wq->clock.now_ns, memory_order_relaxed);
}

/* Event time has moved: the own shard, and every second the others, who may get no packets. */
static void
tell_clock(struct worker *w, struct worker_queue *wq)
{
    const uint64_t now_ns = wq->clock.now_ns;

    pavo_shard_clock(w->shard, now_ns);
    if (now_ns - wq->told_ns < TELL_NS && now_ns >= wq->told_ns)
        return;
    wq->told_ns = now_ns;
    if (w->run->n > 1)
        send_to_others(w, &w->run->account, MESH_CLOCK, now_ns);
    /* Files must not depend on when we look; what waits of a live source must not wait for ever. */
    if (wq->q->wall_clock) {
        (void)pavo_frags_expire(w->frags, now_ns, fragment_emit, w);
        own_flush(w);
    }
}

/* Is there nothing to be done about them but to hand them to the shard? So it is of what is plain,
 * and of most others, as a SYN. */
static __attribute__((noinline)) bool
are_simple(const struct pavo_packet *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (!p[i].is_plain && (p[i].at.why || p[i].at.n_frags > 0 || p[i].at.n_atomic > 0))
            return false;
    return true;
}

/* Are all of them simple, and the own shard's? */
static inline bool
are_usual(const struct worker *w, const struct pavo_packet *p, unsigned n)
{
    unsigned usual = 1;

    for (unsigned i = 0; i < n; i++)
        usual &= p[i].is_plain != PAVO_PLAIN_NOT;
    if (!usual)
        usual = are_simple(p, n);
    if (pavo_likely(w->run->n == 1))
        return usual;
    for (unsigned i = 0; i < n; i++)
        usual &= is_own(w, &p[i]);
    return usual;
}

/* Makes 'n' packets of frames and hands each to its owner. Those that are pushed stand side by
 * side: behind one that is not they move up. */
static inline void
chunk_take(struct worker *w, struct worker_queue *wq, const struct pavo_frame *f,
           const uint64_t *now_ns, struct pavo_packet *p, unsigned n)
{
    struct pavo_packet *at = p;

    pavo_packets_make(&w->run->make, f, now_ns, p, n);
    if (pavo_likely(are_usual(w, p, n))) {
        pavo_shard_push(w->shard, p, n);
        w->n_pushed += n;
        return;
    }
    flaws_count(w, p, n);
    for (unsigned i = 0; i < n; i++) {
        if (at != &p[i])
            memcpy(at, &p[i], pavo_packet_size(&p[i]));
        at += route(w, wq, at);
    }
    w->n_pushed += (uint32_t)(at - p);
}

/* Frames between two jumps of the clock. Returns the packet of the last one. */
static const struct pavo_packet *
segment(struct worker *w, struct worker_queue *wq, const struct pavo_frame *f,
        const uint64_t *now_ns, unsigned n)
{
    /* Of a queue that brings the packets of all workers few would stay side by side. */
    const unsigned most = w->run->n == 1 || wq->q->spreads ? PAVO_PUSH_PACKETS : 1;
    struct pavo_packet *p = NULL;
    unsigned chunk = 0;

    for (unsigned i = 0; i < n; i += chunk) {
        /* To the end of a group of what the shard takes, so that the next one is whole. */
        const unsigned room = most - w->n_pushed % most;

        chunk = n - i < room ? n - i : room;
        for (unsigned k = i + PREFETCH_AHEAD; k < i + PREFETCH_AHEAD + chunk && k < n; k++)
            __builtin_prefetch(f[k].data);
        p = &w->packets[w->n_pushed % PAVO_PIPE_PACKETS];
        chunk_take(w, wq, &f[i], now_ns ? &now_ns[i] : NULL, p, chunk);
    }
    return p + chunk - 1;
}

/* The same in stages that are timed each by itself. */
static const struct pavo_packet *
segment_lapped(struct worker *w, struct worker_queue *wq, const struct pavo_frame *f,
               const uint64_t *now_ns, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (i + PREFETCH_AHEAD < n)
            __builtin_prefetch(f[i + PREFETCH_AHEAD].data);
        pavo_packets_make(&w->run->make, &f[i], now_ns ? &now_ns[i] : NULL, &w->packets[i], 1);
    }
    pavo_lap(w->laps, PAVO_LAP_DECODE);
    flaws_count(w, w->packets, n);
    for (unsigned i = 0; i < n; i++)
        (void)route(w, wq, &w->packets[i]);
    pavo_lap(w->laps, PAVO_LAP_ROUTE);
    own_flush(w);
    return &w->packets[n - 1];
}

static inline const struct pavo_packet *
segment_any(struct worker *w, struct worker_queue *wq, const struct pavo_frame *f,
            const uint64_t *now_ns, unsigned n)
{
    return pavo_likely(w->laps == NULL) ? segment(w, wq, f, now_ns, n)
                                        : segment_lapped(w, wq, f, now_ns, n);
}

/* Does each time stamp follow the one before, without a jump, as they mostly do? Then the clock has
 * taken all, and they are the times that rules use; else none. */
static inline bool
ticks_take(struct pavo_clock *c, const struct pavo_frame *f, unsigned n)
{
    const uint64_t most = c->forward_ns && c->forward_ns < INT64_MAX ? c->forward_ns : INT64_MAX;
    uint64_t last = c->now_ns;
    bool is_odd = last == 0;

    for (unsigned i = 0; i < n; i++) {
        is_odd |= f[i].ts_ns - last > most; /* a step back is one of more than INT64_MAX */
        last = f[i].ts_ns;
    }
    if (pavo_unlikely(is_odd))
        return false;
    c->now_ns = last;
    return true;
}

/* Decodes each frame and hands it to its owner. Returns the packet of the last one. */
static const struct pavo_packet *
frames_take(struct worker *w, struct worker_queue *wq, const struct pavo_frame *f, unsigned n)
{
    uint64_t now_ns[BURST_MAX];
    unsigned from = 0;

    if (pavo_likely(ticks_take(&wq->clock, f, n)))
        return segment_any(w, wq, f, NULL, n);
    for (unsigned i = 0; i < n; i++) {
        const uint64_t before_ns = wq->clock.now_ns;

        if (pavo_likely(!pavo_clock_tick(&wq->clock, f[i].ts_ns, &now_ns[i])))
            continue;
        if (i > from)
            (void)segment_any(w, wq, f + from, now_ns + from, i - from);
        own_flush(w);
        jump(w, before_ns);
        from = i;
    }
    return segment_any(w, wq, f + from, now_ns + from, n - from);
}

static void
burst(struct worker *w, struct worker_queue *wq, struct pavo_frame *f, unsigned n)
{
    const struct pavo_packet *last;

    w->n_pushed = 0;
    last = frames_take(w, wq, f, n);
    own_flush(w);
    hash_sample(w, wq, &f[n - 1], last);
    burst_stats(w, wq, n);
    tell_clock(w, wq);
}

static void
queue_ended(struct worker *w, struct worker_queue *wq)
{
    const char *error = wq->q->ops->error ? wq->q->ops->error(wq->q) : NULL;

    wq->has_ended = true;
    if (error)
        log_error("%s", error);
    if (wq->is_stopping || atomic_load_explicit(&w->run->stop, memory_order_relaxed))
        w->end_why = PAVO_DETAIL_STOPPED;
    if (wq->clock.now_ns > w->final_ns)
        w->final_ns = wq->clock.now_ns;
    if (wq->q->ops->leave)
        wq->q->ops->leave(wq->q);
}

/* One burst of a queue; true: there was one. */
static bool
receive(struct worker *w, struct worker_queue *wq)
{
    struct cap_queue *q = wq->q;
    struct pavo_frame frames[BURST_MAX];
    int n;

    if (!wq->is_stopping && atomic_load_explicit(&w->run->stop, memory_order_relaxed)) {
        wq->is_stopping = true;
        if (q->ops->stop) {
            q->ops->stop(q);
        } else if (q->can_wait) {
            queue_ended(w, wq);
            return false;
        }
    }
    if (q->can_wait && !has_record_room(w)) {
        nap_us(50);
        return true;
    }
    w->patience_ns = wq->can_sleep ? PATIENCE_SLEEPER_NS : PATIENCE_POLLED_NS;
    n = q->ops->recv(q, frames, w->run->burst);
    pavo_lap(w->laps, PAVO_LAP_RECEIVE);
    wq->is_empty = n == 0;
    if (n < 0 || (n == 0 && wq->is_stopping && !q->ops->stop)) {
        queue_ended(w, wq);
        return false;
    }
    if (n == 0)
        return false;
    burst(w, wq, frames, (unsigned)n);
    sent_publish(w);
    q->ops->done(q);
    pavo_lap(w->laps, PAVO_LAP_DONE);
    return true;
}

/* ---- idle -------------------------------------------------------------------------------------
 */

/* A live queue is empty: the wall clock, less the grace that its packets have, moves event time, so
 * that idle flows leave. A wall clock that is far from the packets' time stamps is not theirs and
 * is left alone. */
static void
idle_clock(struct worker *w, struct worker_queue *wq)
{
    struct pavo_clock *c = &wq->clock;
    const uint64_t wall = wall_ns();
    uint64_t unused;

    if (c->now_ns == 0 || wall <= c->now_ns + c->grace_ns)
        return;
    if (c->forward_ns && wall - c->grace_ns - c->now_ns > c->forward_ns)
        return;
    (void)pavo_clock_tick(c, wall - c->grace_ns, &unused);
    atomic_store_explicit(&w->stats.clock_ns, c->now_ns, memory_order_relaxed);
    tell_clock(w, wq);
}

/* Nothing to do anywhere: sleep, shortly while others may send, on the queue's descriptor where it
 * has one. */
static void
idle(struct worker *w)
{
    struct worker_queue *live = NULL;
    unsigned n_live = 0;

    for (unsigned i = 0; i < w->n_queues; i++) {
        struct worker_queue *wq = &w->queues[(w->turn + i) % w->n_queues];

        if (wq->has_ended)
            continue;
        n_live++;
        live = live ? live : wq;
        if (wq->q->wall_clock && wq->is_empty)
            idle_clock(w, wq);
    }
    sent_publish(w); /* fragments that the clock gave up */
    w->turn++;
    w->idle_streak++;
    if (live && live->q->ops->wait) {
        /* A moment's silence between workers or queues is short: look again before sleeping on one.
         */
        const bool moment = (w->run->n > 1 || n_live > 1) && w->idle_streak <= 20;
        /* Others may send meanwhile: their rings hold some milliseconds of a NIC's traffic. Where
         * the system buffers, they may also wait for us (PATIENCE_SLEEPER_NS). */
        const bool long_idle = live->can_sleep && w->idle_streak > 200;
        const int ms = moment ? 0 : w->run->n > 1 ? (long_idle ? 10 : 2) : n_live > 1 ? 10 : 100;

        live->can_sleep = live->q->ops->wait(live->q, ms);
        if (!live->can_sleep)
            sched_yield(); /* it is polled: no sleep is short enough */
        else if (moment)
            nap_us(50);
    } else if (live) {
        sched_yield();
    } else {
        nap_us(w->idle_streak < 20 ? 50 : w->idle_streak < 200 ? 250 : 2000);
    }
}

/* ---- phases -----------------------------------------------------------------------------------
 */

static bool
queues_ended(const struct worker *w)
{
    for (unsigned i = 0; i < w->n_queues; i++)
        if (!w->queues[i].has_ended)
            return false;
    return true;
}

static bool
all_resolve_ended(const struct worker *w)
{
    for (unsigned i = 0; i < w->run->n; i++)
        if (i != w->id && w->run->receives[i] && !w->resolve_ended[i])
            return false;
    return true;
}

static bool
all_account_ended(const struct worker *w)
{
    for (unsigned i = 0; i < w->run->n; i++)
        if (i != w->id && mesh_ring(&w->run->account, i, w->id) && !w->account_ended[i])
            return false;
    return true;
}

/* No fragment can come any more: give up what waits, and tell the owners that nothing follows. */
static void
end_sending(struct worker *w)
{
    (void)pavo_frags_expire(w->frags, UINT64_MAX, fragment_emit, w);
    own_flush(w);
    if (w->run->n > 1 && (w->run->has_resolve || w->n_queues > 0))
        send_to_others(w, &w->run->account, MESH_END, w->final_ns);
}

static void
phase_step(struct worker *w)
{
    if (w->phase == WORKER_RECEIVES && queues_ended(w)) {
        if (w->run->has_resolve && w->n_queues > 0)
            send_to_others(w, &w->run->resolve, MESH_END, w->final_ns);
        w->phase = WORKER_RESOLVES;
    }
    if (w->phase == WORKER_RESOLVES && (!w->run->has_resolve || all_resolve_ended(w))) {
        end_sending(w);
        w->phase = WORKER_ACCOUNTS;
    }
    if (w->phase == WORKER_ACCOUNTS && all_account_ended(w)) {
        pavo_shard_clock(w->shard, w->final_ns);
        w->phase = WORKER_FLUSHES;
    }
    if (w->phase == WORKER_FLUSHES && pavo_shard_flush(w->shard, w->end_why))
        w->phase = WORKER_DONE;
}

void
worker_run_loop(struct worker *w)
{
    for (unsigned i = 0; i < w->n_queues; i++) {
        struct cap_queue *q = w->queues[i].q;

        q->has_company = w->n_queues > 1;
        if (q->ops->enter)
            q->ops->enter(q);
    }
    while (w->phase != WORKER_DONE) {
        bool busy = false;

        /* First what others sent: they received it while this worker may have slept. */
        if (w->run->n > 1) {
            w->patience_ns = PATIENCE_SLEEPER_NS; /* the ring it comes from buffers meanwhile */
            busy |= resolve_drain(w);
            own_flush(w); /* fragments of others whose flow is ours */
            busy |= account_drain(w);
            pavo_lap(w->laps, PAVO_LAP_MESH);
        }
        for (unsigned i = 0; i < w->n_queues; i++)
            if (!w->queues[i].has_ended)
                busy |= receive(w, &w->queues[i]);
        if (w->frags_jumped) {
            w->frags_jumped = false;
            (void)pavo_frags_expire(w->frags, UINT64_MAX, fragment_emit, w);
            own_flush(w);
        }
        sent_publish(w);
        (void)pavo_shard_sweep(w->shard, busy ? SWEEP_BUSY : SWEEP_IDLE);
        pavo_lap(w->laps, PAVO_LAP_SWEEP);
        phase_step(w);
        if (busy)
            w->idle_streak = 0;
        else if (w->phase != WORKER_DONE)
            idle(w);
        pavo_lap(w->laps, PAVO_LAP_IDLE);
    }
    /* Release: pairs with the acquire of the export thread; counters and ring are complete. */
    atomic_store_explicit(&w->is_done, true, memory_order_release);
}

int
worker_open(struct worker *w, const struct pavo_mem *mem, uint32_t record_ring,
            struct pavo_err *err)
{
    struct pavo_shard_config shard = w->run->shard;
    struct pavo_frags_config frags = w->run->frags;

    w->end_why = PAVO_DETAIL_CAPTURE_END;
    w->packets = calloc(BURST_MAX, sizeof *w->packets);
    w->copies = calloc(BURST_MAX, sizeof *w->copies);
    if (!w->packets || !w->copies) {
        pavo_err_set(err, ENOMEM, "worker %u: no memory", w->id);
        goto fail;
    }
    w->out = pavo_ring_open(pavo_draft_room(shard.parts), record_ring, mem, err);
    if (!w->out)
        goto fail;
    frags.mem = mem;
    w->frags = pavo_frags_open(&frags, err);
    if (!w->frags)
        goto fail;
    shard.id = w->id;
    shard.mem = mem;
    shard.out = w->out;
    w->shard = pavo_shard_open(&shard, err);
    if (!w->shard)
        goto fail;
    return 0;

fail:
    worker_close(w);
    return -ENOMEM;
}

void
worker_laps(struct worker *w, struct pavo_laps *laps)
{
    if (laps)
        laps->last = pavo_ticks();
    w->laps = laps;
    pavo_shard_laps(w->shard, laps);
}

void
worker_close(struct worker *w)
{
    pavo_shard_close(w->shard);
    w->shard = NULL;
    pavo_frags_close(w->frags);
    w->frags = NULL;
    pavo_ring_close(w->out);
    w->out = NULL;
    free(w->packets);
    w->packets = NULL;
    free(w->copies);
    w->copies = NULL;
}
