/* sweep.c - flows that are overdue leave
 *
 * A packet only stores its time; nobody moves a timer, and no list is kept of who is due when.
 * Flows lie in blocks, and of each block it is known before when none of them can be due: packets
 * only move that time on, and what moves it closer, a new flow or the end of a TCP connection,
 * lowers the block's (block_hasten()). Once in a second of event time the sweep goes over the
 * blocks, a bit after each burst; it looks into those whose time has come, and finds out when it
 * has to come again. Reading the flows of a block in order costs a few nanoseconds each, for
 * processors fetch ahead what is read so. Flows that were made one after the other lie near each
 * other, so those that are overdue mostly do as well.
 *
 * Nothing here decides how a flow ends: a packet after the due time would have ended it with the
 * same record. The sweep comes no earlier than grace behind that time, when no such packet can be
 * taken for an earlier one any more. So when and how often it runs is not seen in the records.
 */
#include "flow.h"

enum {
    LOOKS = 16, /* flows that are looked at for each that may leave */
    AHEAD = 8,  /* flows whose lines are on their way */
};

/* What the record of a flow is made of, besides the line that the sweep has read. */
static void
leaver_prefetch(const struct pavo_shard *s, uint32_t i)
{
    const struct pavo_flow *f = &s->flows[i];

    prefetch_write(&f->key);
    prefetch_write(&s->cold[i]);
    detail_prefetch(s, f);
    if (part_is_there(f->meter)) {
        const uint8_t *meter = pool_at(&s->meters, f->meter);

        for (unsigned at = 0; at < sizeof(struct meter_part); at += PAVO_CACHE_LINE)
            prefetch_write(meter + at);
    }
}

/* Looks at the flows of a block. Returns how many of them, at most 'limit', shall leave; when those
 * are all, the block's time is set anew. */
static unsigned
block_look(struct pavo_shard *s, uint32_t block, unsigned limit, uint32_t *leavers)
{
    const uint32_t first = (block << BLOCK_SHIFT) + 1;
    const uint32_t end = first + BLOCK_FLOWS <= s->used ? first + BLOCK_FLOWS : s->used + 1;
    uint64_t next = UINT64_MAX;
    unsigned n = 0;

    for (uint32_t i = first; i < end; i++) {
        const uint64_t due = flow_due(s, &s->flows[i], &s->cold[i]) + s->grace_ns;

        /* Beyond the block too: the next one is likely looked at next. */
        prefetch_read(&s->flows[i + AHEAD <= s->limit ? i + AHEAD : i].last_ns);
        if (pavo_likely(s->now_ns <= due)) {
            next = due < next ? due : next;
        } else if (!s->cold[i].waits) {
            if (n == limit)
                return n;
            leavers[n++] = i;
            leaver_prefetch(s, i);
        }
    }
    s->block_tick[block] = tick_of(next);
    return n;
}

/* Makes their records and lets go of them. Returns how many; fewer than 'n' when 'out' is full. */
static unsigned
leavers_go(struct pavo_shard *s, const uint32_t *leavers, unsigned n)
{
    uint64_t hashes[BLOCK_FLOWS];
    unsigned done = 0;

    for (unsigned k = 0; k < n + AHEAD; k++) {
        const struct pavo_flow *f;

        if (k < n)
            hashes[k] = flow_prefetch_bucket(s, leavers[k]);
        if (k < AHEAD)
            continue;
        f = &s->flows[leavers[done]];
        if (s->ended_first || !record_put(s, leavers[done], flow_due_reason(f), flow_due_detail(f)))
            break;
        flow_drop(s, leavers[done], hashes[done]);
        done++;
    }
    return done;
}

unsigned
pavo_shard_sweep(struct pavo_shard *s, unsigned budget)
{
    const uint32_t now = tick_of(s->now_ns), n_blocks = (s->used + BLOCK_FLOWS - 1) >> BLOCK_SHIFT;
    int64_t looks = (int64_t)budget * LOOKS;
    unsigned exported = 0;

    if (s->ended_first)
        ended_drain(s);
    if (s->pass_at >= n_blocks) {
        if (s->pass_tick == now)
            return 0;
        s->pass_tick = now;
        s->pass_at = 0;
    }
    while (exported < budget && looks > 0 && s->pass_at < n_blocks) {
        const unsigned limit = budget - exported < BLOCK_FLOWS ? budget - exported : BLOCK_FLOWS;
        uint32_t leavers[BLOCK_FLOWS];
        unsigned n, gone;

        if (s->block_tick[s->pass_at] > now) {
            s->pass_at++;
            looks--;
            continue;
        }
        n = block_look(s, s->pass_at, limit, leavers);
        looks -= BLOCK_FLOWS;
        gone = leavers_go(s, leavers, n);
        exported += gone;
        if (gone < n) { /* 'out' is full: here again */
            s->block_tick[s->pass_at] = 0;
            break;
        }
        if (s->block_tick[s->pass_at] > now || n < limit)
            s->pass_at++;
    }
    return exported;
}

/* Ends a flow for the flush. False: 'out' is full. */
static bool
flush_one(struct pavo_shard *s, uint32_t i, enum pavo_end_detail why)
{
    const struct pavo_flow *f = &s->flows[i];
    enum pavo_end reason = PAVO_END_FORCED;
    enum pavo_end_detail detail = why;

    if (state_lingers(f->state) || s->now_ns > flow_due(s, f, &s->cold[i])) {
        reason = flow_due_reason(f);
        detail = flow_due_detail(f);
    }
    if (!record_put(s, i, reason, detail))
        return false;
    flow_drop(s, i, key_hash(&f->key, s->cfg.seed));
    return true;
}

bool
pavo_shard_flush(struct pavo_shard *s, enum pavo_end_detail why)
{
    ended_drain(s);
    if (s->ended_first)
        return false;
    /* Flows that were made since a flush that could not be finished may lie before its place. */
    for (bool again = s->flush_at != 0; s->flush_at < s->used || again;) {
        if (s->flush_at >= s->used) {
            s->flush_at = 0;
            again = false;
            continue;
        }
        if (s->flush_at + AHEAD < s->used && s->flows[s->flush_at + AHEAD].state != STATE_FREE)
            (void)flow_prefetch_bucket(s, s->flush_at + AHEAD);
        if (s->flows[s->flush_at + 1].state != STATE_FREE && !flush_one(s, s->flush_at + 1, why))
            return false;
        s->flush_at++;
    }
    s->flush_at = 0;
    /* What follows may be another time: after a jump, an earlier one. */
    s->now_ns = 0;
    s->pass_tick = 0;
    s->pass_at = 0;
    return true;
}
