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

unsigned
pavo_shard_sweep(struct pavo_shard *s, unsigned budget)
{
    const uint64_t now = s->now_ns >> WHEEL_SHIFT;
    unsigned exported = 0;

    if (s->ended_first)
        ended_drain(s);
    if (now >= WHEEL_SLOTS && s->wheel_tick < now - (WHEEL_SLOTS - 1))
        s->wheel_tick = now - (WHEEL_SLOTS - 1);
    while (s->wheel_tick <= now) {
        uint32_t *slot = wheel_slot(s, s->wheel_tick);
        uint32_t i;

        while ((i = *slot) != 0) {
            if (budget-- == 0)
                return exported;
            prefetch_write(&s->flows[s->next[i]].last_ns);
            if (flow_is_overdue(s, i)) {
                struct pavo_flow *f = &s->flows[i];

                if (s->ended_first || !record_put(s, i, flow_due_reason(f), flow_due_detail(f)))
                    return exported;
                *slot = s->next[i];
                flow_drop(s, i);
                exported++;
            } else {
                *slot = s->next[i];
                wheel_arm(s, i);
            }
        }
        s->wheel_tick++;
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
