/* world.c - the network between two endpoints, the tap in it, and the order in which things happen
 */
#include <stdlib.h>
#include <string.h>

#include "end.h"
#include "script.h"

static bool
happens(struct world *w, uint16_t of_10000)
{
    return of_10000 && rnd_below(&w->rnd, 10000) < of_10000;
}

/* ---- the tap ------------------------------------------------------------------------------- */

static void
tap_put(struct world *w, const struct talk_seg *g, uint64_t at)
{
    struct talk *t = w->t;
    struct talk_seg *to;

    if (t->n == t->room) {
        t->room = t->room ? 2 * t->room : 512;
        t->seg = realloc(t->seg, t->room * sizeof t->seg[0]);
        if (!t->seg)
            abort();
    }
    to = &t->seg[t->n++];
    *to = *g;
    to->at = to->ts = at;
    to->order = w->order++;
    if (happens(w, w->f.ts_late))
        to->ts -= rnd_below(&w->rnd, rnd_one_in(&w->rnd, 4) ? 900000 : 300) * TALK_US;
}

static void
tap_see(struct world *w, const struct talk_seg *g, uint64_t at)
{
    if (happens(w, w->f.tap_loss)) {
        w->t->gap_octets[g->side] += g->len;
        return;
    }
    tap_put(w, g, at);
    if (happens(w, w->f.mirror)) {
        /* Those without identification and time stamps cannot be told from repetitions. */
        if ((g->ip_id && w->t->has_ip_id) || (g->opt & PAVO_TCP_OPT_TS))
            w->t->mirrored[g->side]++;
        tap_put(w, g,
                at + (w->mirror_lags && rnd_one_in(&w->rnd, 3) ? rnd_below(&w->rnd, 20000) : 0));
    }
}

/* ---- the way ------------------------------------------------------------------------------- */

static void
deliver(struct world *w, const struct wire *x, uint64_t tap_at)
{
    const unsigned side = x->g.side;
    uint64_t at = tap_at + w->delay[side][1] + rnd_below(&w->rnd, w->jitter_ns + 1);

    if (happens(w, w->f.loss_behind) || w->n_flight == FLIGHT_MAX)
        return;
    if (happens(w, w->f.late_behind))
        at += rnd_below(&w->rnd, 20000) * TALK_US;
    else if (at <= w->last_arrival[side])
        at = w->last_arrival[side] + 1;
    if (at > w->last_arrival[side])
        w->last_arrival[side] = at;
    w->flight[w->n_flight] = *x;
    w->flight[w->n_flight++].arrives = at;
}

void
world_send(struct world *w, unsigned side, const struct wire *x)
{
    uint64_t at = w->now + w->delay[side][0] + rnd_below(&w->rnd, w->jitter_ns + 1);
    struct wire y = *x;
    unsigned copies = 1;

    if (happens(w, w->f.loss_before))
        return;
    if ((y.g.tos & 3) == 2 && happens(w, w->ce))
        y.g.tos |= 3;
    if (happens(w, w->f.late_before))
        at += rnd_below(&w->rnd, 20000) * TALK_US;
    else if (at <= w->last_tap[side])
        at = w->last_tap[side] + 1;
    if (at > w->last_tap[side])
        w->last_tap[side] = at;
    if (happens(w, w->f.twice_before))
        copies = 2;
    for (unsigned i = 0; i < copies; i++) {
        tap_see(w, &y.g, at + i * 1000);
        if ((y.g.tos & 3) == 2 && happens(w, w->ce)) {
            struct wire z = y;

            z.g.tos |= 3;
            deliver(w, &z, at);
        } else {
            deliver(w, &y, at);
        }
        if (happens(w, w->f.twice_behind))
            deliver(w, &y, at);
    }
}

uint64_t
world_iss(struct world *w)
{
    uint32_t low = (uint32_t)rnd_next(&w->rnd);

    if (rnd_one_in(&w->rnd, 3))
        low = UINT32_MAX - rnd_below(&w->rnd, rnd_one_in(&w->rnd, 2) ? 4 : 20000);
    return (uint64_t)(w->epoch + 1) << 40 | low;
}

/* ---- time ---------------------------------------------------------------------------------- */

/* The next thing happens. False: nothing will before 'until'. */
static bool
world_step(struct world *w, uint64_t until)
{
    uint64_t due = NEVER;
    unsigned who = 0; /* 0, 1: timers of a side; 2 on: flight */

    for (unsigned side = 0; side < 2; side++) {
        const uint64_t at = end_due(&w->end[side]);

        if (at < due) {
            due = at;
            who = side;
        }
    }
    for (unsigned i = 0; i < w->n_flight; i++)
        if (w->flight[i].arrives < due) {
            due = w->flight[i].arrives;
            who = 2 + i;
        }
    if (due == NEVER || due > until)
        return false;
    if (due > w->now)
        w->now = due;
    if (who < 2) {
        end_tick(&w->end[who]);
    } else {
        const struct wire x = w->flight[who - 2];

        w->flight[who - 2] = w->flight[--w->n_flight];
        end_take(&w->end[!x.g.side], &x);
    }
    return true;
}

void
world_run(struct world *w, const struct script *s)
{
    const unsigned events = w->t->big ? 200000 : 3000;
    const size_t segs = w->t->big ? 100000 : s->segs;
    uint64_t until = w->now;

    for (unsigned i = 0; i < events && w->t->n < segs; i++) {
        if (world_step(w, w->epoch < s->connections ? until : s->stop_ns))
            continue;
        if (w->epoch == s->connections)
            break;
        if (until > w->now)
            w->now = until;
        script_connection(w, s);
        until = w->now + s->gap_ns[w->epoch % 4];
        w->epoch++;
    }
}

/* ---- what the tap gives -------------------------------------------------------------------- */

static int
seg_compare(const void *x, const void *y)
{
    const struct talk_seg *a = x, *b = y;

    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void
world_capture(struct world *w, const struct script *s)
{
    struct talk *t = w->t;
    size_t n = 0, from, to;

    qsort(t->seg, t->n, sizeof t->seg[0], seg_compare);
    from = s->skip_10000 * t->n / 10000;
    to = t->n - s->miss_10000 * t->n / 10000;
    for (size_t i = from; i < to; i++)
        if (s->only < 0 || t->seg[i].side == (unsigned)s->only) {
            if (s->ts_coarse)
                t->seg[i].ts -= t->seg[i].ts % TALK_US;
            t->seg[n++] = t->seg[i];
        }
    t->n = n;
}
