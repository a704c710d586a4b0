/* wheel.c - when flows are looked at again
 *
 * A packet only stores its time; nobody moves a timer. A flow stands in the list of one slot, of
 * about a second of event time. When the shard's clock has passed the slot, the sweep takes the
 * flow off, and either finds it overdue by its idle time and the grace, and exports it, or puts it
 * into the slot in which it would be, but at most WHEEL_AHEAD slots away: so a flow whose due time
 * has moved closer, because TCP closed it, is still found in time.
 *
 * Nothing here decides how a flow ends: a packet after the due time would have ended it with the
 * same record. The sweep comes no earlier than grace behind that time, when no such packet can be
 * taken for an earlier one any more. So when and how often it runs is not seen in the records.
 *
 * When the clock is further ahead than the wheel is long, all slots are due; the sweep goes round
 * once.
 */
#include "flow.h"

enum {
    SWEEP_BATCH = 16,
};

static uint32_t *
wheel_slot(struct pavo_shard *s, uint64_t tick)
{
    return &s->wheel[tick % WHEEL_SLOTS];
}

void
wheel_arm(struct pavo_shard *s, uint32_t i)
{
    const uint64_t now = s->now_ns >> WHEEL_SHIFT;
    uint64_t tick = ((flow_due(s, &s->flows[i], &s->cold[i]) + s->grace_ns) >> WHEEL_SHIFT) + 1;
    uint32_t *slot;

    if (tick > now + WHEEL_AHEAD)
        tick = now + WHEEL_AHEAD;
    if (tick <= now)
        tick = now + 1;
    if (tick >=
        s->wheel_tick + WHEEL_SLOTS) /* the sweep is far behind: it will come round to this one */
        tick = s->wheel_tick + WHEEL_SLOTS - 1;
    slot = wheel_slot(s, tick);
    s->next[i] = *slot;
    *slot = i;
}

static bool
flow_is_overdue(const struct pavo_shard *s, uint32_t i)
{
    return s->now_ns > flow_due(s, &s->flows[i], &s->cold[i]) + s->grace_ns;
}

/* Takes flows off the list of the current slot, up to 'budget' and SWEEP_BATCH, and has their lines
 * fetched, so that the misses of a batch overlap. */
static unsigned
batch_take(struct pavo_shard *s, uint32_t *slot, unsigned budget, uint32_t *batch)
{
    unsigned n = 0;

    for (; n < SWEEP_BATCH && n < budget && *slot; n++) {
        batch[n] = *slot;
        *slot = s->next[*slot];
        prefetch_write(&s->flows[batch[n]].last_ns);
        prefetch_read(&s->next[*slot]);
    }
    return n;
}

/* Exports and drops the overdue ones of a batch, and puts the others back into the wheel. When
 * 'out' is full, the rest goes back into the current slot, and '*is_full' is set. */
static unsigned
batch_step(struct pavo_shard *s, uint32_t *slot, const uint32_t *batch, unsigned n, bool *is_full)
{
    uint32_t overdue[SWEEP_BATCH];
    unsigned n_overdue = 0, done = 0;

    for (unsigned k = 0; k < n; k++) {
        if (flow_is_overdue(s, batch[k])) {
            overdue[n_overdue++] = batch[k];
            flow_prefetch_end(s, batch[k]);
        } else {
            wheel_arm(s, batch[k]);
        }
    }
    for (unsigned k = 0; k < n_overdue; k++)
        flow_prefetch_bucket(s, overdue[k]);
    for (; done < n_overdue; done++) {
        const struct pavo_flow *f = &s->flows[overdue[done]];

        if (s->ended_first || !record_put(s, overdue[done], flow_due_reason(f), flow_due_detail(f)))
            break;
        flow_drop(s, overdue[done]);
    }
    *is_full = done < n_overdue;
    for (unsigned k = done; k < n_overdue; k++) {
        s->next[overdue[k]] = *slot;
        *slot = overdue[k];
    }
    return done;
}

unsigned
pavo_shard_sweep(struct pavo_shard *s, unsigned budget)
{
    const uint64_t now = s->now_ns >> WHEEL_SHIFT;
    unsigned exported = 0;
    bool is_full = false;

    if (s->ended_first)
        ended_drain(s);
    if (now >= WHEEL_SLOTS && s->wheel_tick < now - (WHEEL_SLOTS - 1))
        s->wheel_tick = now - (WHEEL_SLOTS - 1);
    while (s->wheel_tick <= now && budget > 0 && !is_full) {
        uint32_t *slot = wheel_slot(s, s->wheel_tick);
        uint32_t batch[SWEEP_BATCH];
        const unsigned n = batch_take(s, slot, budget, batch);

        if (n == 0) {
            s->wheel_tick++;
            continue;
        }
        budget -= n;
        exported += batch_step(s, slot, batch, n, &is_full);
    }
    return exported;
}

bool
pavo_shard_flush(struct pavo_shard *s, enum pavo_end_detail why)
{
    ended_drain(s);
    if (s->ended_first)
        return false;
    for (unsigned n = 0; n < WHEEL_SLOTS; n++) {
        while (s->wheel[n]) {
            const uint32_t i = s->wheel[n];
            const struct pavo_flow *f = &s->flows[i];
            enum pavo_end reason = PAVO_END_FORCED;
            enum pavo_end_detail detail = why;

            if (state_lingers(f->state) || s->now_ns > flow_due(s, f, &s->cold[i])) {
                reason = flow_due_reason(f);
                detail = flow_due_detail(f);
            }
            flow_prefetch_end(s, s->next[i]);
            if (!record_put(s, i, reason, detail))
                return false;
            s->wheel[n] = s->next[i];
            flow_drop(s, i);
        }
    }
    /* What follows may be another time: after a jump, an earlier one. */
    s->now_ns = 0;
    s->wheel_tick = 0;
    return true;
}
