/* burst.c - packets through the table, in stages a few packets apart
 *
 * A packet touches lines that are not in the caches: the bucket of its flow, the flow's two lines,
 * perhaps parts of it. Each stage has the lines fetched that a later one needs, and works on those
 * that an earlier one asked for; between two stages of a packet lies the work for some others,
 * decoding included, for packets are pushed as they are made. So memory is waited for while there
 * is something else to do, and only at the end of a burst, when the pipe is drained, there is less
 * of that.
 *
 *     push      the first bucket is fetched
 *     find      tags are compared: the flow is fetched, or the other bucket
 *     parts     the flow is there: parts of it are fetched. Or the other bucket is: tags are
 *               compared there; of a new flow, the entry it will take is fetched
 *     step      the flow is found for certain, or made, and the packet accounted
 *
 * What the stages before the last find out is a guess: packets in between may move what they saw.
 * Packets are accounted in the order in which they were pushed.
 */
#include "fresh.h"
#include "quick.h"
#include "table.h"

/* Packets go through the stages in groups; a stage is so many groups behind the push. */
enum { GROUP = PAVO_PUSH_PACKETS, FIND_BEHIND = 1, PARTS_BEHIND = 2, STEP_BEHIND = 3 };
_Static_assert((STEP_BEHIND + 2) * (int)GROUP <= (int)PAVO_PIPE_PACKETS &&
                   (int)PAVO_PIPE_PACKETS <= (int)BURST_MAX && (int)BURST_MAX % (int)GROUP == 0,
               "a slot is free again when it comes round, and a group lies in one piece");

/* ---- stages -----------------------------------------------------------------------------------
 */

/* The entry that a new flow will take: a free one, or that of the flow it evicts; 'other' is its
 * second bucket. Packets in between may take the first free ones themselves. */
static void
entry_prefetch(const struct pavo_shard *s, const struct ft_bucket *other, uint64_t hash)
{
    uint32_t i = 0;

    if (s->n_free > NEW_AHEAD) {
        i = s->free[s->n_free - 1 - NEW_AHEAD];
    } else if (s->limit - s->used > NEW_AHEAD) {
        i = s->used + 1 + NEW_AHEAD;
    } else if (s->n_free == 0) {
        const uint64_t place =
            idlest_of(s, bucket_of(s, hash), (uint32_t)(other - s->buckets), hash);

        i = place == NO_PLACE ? 0 : place_flow(s, place);
    }
    if (i)
        flow_prefetch_end(s, i);
}

/* The parts that a packet will write: their numbers stand in the flow. */
static inline void
parts_prefetch(const struct pavo_shard *s, const struct pavo_packet *p, uint32_t i)
{
    const struct pavo_flow *f = &s->flows[i];

    if (pavo_unlikely(f->packets[p->is_b] == 0)) /* a side's first packet writes there */
        prefetch_write(&s->cold[i]);
    detail_prefetch(s, f);
    if (part_is_there(f->meter)) {
        const struct meter_part *m = pool_at(&s->meters, f->meter);
        const struct meter_side *side = &m->side[p->is_b];

        prefetch_write(side);
        prefetch_write(&side->bins);
        /* An acknowledgement ends a round trip of the other side. */
        if (f->state >= STATE_TCP_NEW) {
            prefetch_write(&side->rtt_at_ns);
            prefetch_write(&m->side[!p->is_b].rtt_at_ns);
        }
    }
}

/* Looks for the tag in a bucket whose line is there. */
static inline __attribute__((always_inline)) bool
slot_match(const struct pavo_shard *s, struct pipe_slot *t)
{
    const unsigned bits = bucket_match(t->bucket, t->tag);

    if (!bits)
        return false;
    t->entry = (uint16_t)lowest_bit(bits);
    t->flow = t->bucket->flow[t->entry];
    flow_prefetch(s, t->flow);
    return true;
}

static inline __attribute__((always_inline)) void
stage_find(const struct pavo_shard *s, struct pipe_slot *t)
{
    if (pavo_likely(slot_match(s, t)))
        return;
    t->bucket = &s->buckets[bucket_other(s, (uint32_t)(t->bucket - s->buckets), t->tag)];
    prefetch_read(t->bucket);
}

static inline __attribute__((always_inline)) void
stage_parts(const struct pavo_shard *s, struct pipe_slot *t)
{
    if (pavo_likely(t->flow != 0)) {
        parts_prefetch(s, t->packet, t->flow);
    } else if (!slot_match(s, t)) {
        entry_prefetch(s, t->bucket, t->packet->hash);
        t->bucket = NULL;
    }
}

/* The entry of flow 'i' learns when a packet came. */
static inline void
entry_age(struct pavo_shard *s, struct ft_bucket *b, unsigned entry, const struct pavo_flow *f,
          uint32_t i)
{
    if (pavo_unlikely(state_lingers(f->state))) {
        b->age[entry] = (uint16_t)((s->cold[i].closed_ns >> s->age_shift) - AGE_ENDED);
        block_hasten(s, i);
    } else if (pavo_unlikely(b->age[entry] != age_now(s))) {
        b->age[entry] = age_now(s);
    }
}

/* A packet of flow 'i', counted by all rules; 'is_new': the flow is yet to begin. */
static void
flow_step(struct pavo_shard *s, uint32_t i, struct pavo_packet *p, bool is_new)
{
    const uint64_t now_ns = packet_now(p);

    /* A plain segment of a connection is asked for its header alone. */
    if (is_new || !p->is_plain || s->flows[i].state < STATE_TCP_NEW || s->cfg.parts)
        pavo_packet_complete(p);
    if (is_new)
        flow_begin(s, i, p, now_ns);
    flow_account(s, i, p, now_ns);
    if (!p->is_plain && pavo_unlikely(p->at.has_icmp) && key_is_icmp(&p->key) &&
        icmp_classify(p->key.proto, p->at.icmp_type) == ICMP_ERROR)
        flow_mark(s, p, now_ns);
}

/* A packet of the flow in an entry of bucket 'b'. */
static __attribute__((noinline)) void
step_known(struct pavo_shard *s, struct ft_bucket *b, unsigned entry, struct pavo_packet *p)
{
    const uint32_t i = b->flow[entry];

    if (!fresh_answer(s, i, p) && !fresh_again(s, i, p))
        flow_step(s, i, p, false);
    entry_age(s, b, entry, &s->flows[i], i);
}

/* A packet whose flow stands elsewhere than it seemed, or is none yet. */
static __attribute__((noinline)) void
step_unknown(struct pavo_shard *s, struct pavo_packet *p)
{
    uint64_t place = table_find(s, &p->key, p->hash);
    uint32_t i;

    if (place != NO_PLACE) {
        step_known(s, place_bucket(s, place), place % BUCKET_ENTRIES, p);
        return;
    }
    place = flow_create(s, p->hash);
    i = place_flow(s, place);
    if (fresh_begins(s, p)) {
        fresh_begin(s, i, p);
        return;
    }
    flow_step(s, i, p, true);
    entry_age(s, place_bucket(s, place), place % BUCKET_ENTRIES, &s->flows[i], i);
}

static inline __attribute__((always_inline)) void
stage_step(struct pavo_shard *s, const struct pipe_slot *t)
{
    struct pavo_packet *p = t->packet;
    struct ft_bucket *b = t->bucket;
    struct pavo_flow *f;
    uint32_t i;

    s->pipe.octets += p->at.l3_len;
    if (packet_now(p) > s->now_ns)
        s->now_ns = packet_now(p);
    if (pavo_unlikely(b == NULL) || pavo_unlikely((i = b->flow[t->entry]) == 0) ||
        pavo_unlikely(!key_equal(&(f = address_kept(&s->flows[i]))->key, &p->key)))
        step_unknown(s, p);
    else if (pavo_likely(quick_account(s, f, i, p)))
        entry_age(s, b, t->entry, f, i);
    else
        step_known(s, b, t->entry, p);
}

/* ---- the pipe ---------------------------------------------------------------------------------
 */

static inline struct pipe_slot *
slot_at(struct pavo_shard *s, uint32_t number)
{
    return &s->pipe.slots[number % BURST_MAX];
}

/* The last group was pushed whole, 'at' is its first packet: each stage takes one group. */
static __attribute__((noinline)) void
pipe_turn(struct pavo_shard *s, uint32_t at)
{
    struct pipe_slot *t;

    if (pavo_unlikely(at < FIND_BEHIND * GROUP))
        return;
    t = slot_at(s, at - FIND_BEHIND * GROUP);
    for (unsigned i = 0; i < GROUP; i++)
        stage_find(s, t + i);
    if (pavo_unlikely(at < PARTS_BEHIND * GROUP))
        return;
    t = slot_at(s, at - PARTS_BEHIND * GROUP);
    for (unsigned i = 0; i < GROUP; i++)
        stage_parts(s, t + i);
    if (pavo_unlikely(at < STEP_BEHIND * GROUP))
        return;
    t = slot_at(s, at - STEP_BEHIND * GROUP);
    for (unsigned i = 0; i < GROUP; i++)
        stage_step(s, t + i);
}

/* One stage after the other for the whole burst, so that each can be timed by itself. */
static void
pipe_drain_lapped(struct pavo_shard *s)
{
    const uint32_t n = s->pipe.n;

    for (uint32_t i = 0; i < n; i++)
        stage_find(s, slot_at(s, i));
    pavo_lap(s->laps, PAVO_LAP_FIND);
    for (uint32_t i = 0; i < n + NEW_AHEAD; i++) {
        if (i < n)
            stage_parts(s, slot_at(s, i));
        if (i >= NEW_AHEAD)
            stage_step(s, slot_at(s, i - NEW_AHEAD));
    }
    pavo_lap(s->laps, PAVO_LAP_ACCOUNT);
}

static inline void
slot_fill(struct pavo_shard *s, struct pipe_slot *t, struct pavo_packet *p)
{
    t->packet = p;
    t->tag = tag_of(p->hash);
    t->flow = 0;
    t->bucket = &s->buckets[bucket_of(s, p->hash)];
    prefetch_read(t->bucket);
}

/* Not a whole group, or not where one begins, or a measurement. */
static __attribute__((noinline)) void
push_any(struct pavo_shard *s, struct pavo_packet *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        slot_fill(s, slot_at(s, s->pipe.n), p + i);
        s->pipe.n++;
        if (pavo_likely(s->laps == NULL)) {
            if (s->pipe.n % GROUP == 0)
                pipe_turn(s, s->pipe.n - GROUP);
        } else if (s->pipe.n == BURST_MAX) {
            pavo_shard_drain(s);
        }
    }
}

void
pavo_shard_push(struct pavo_shard *s, struct pavo_packet *p, unsigned n)
{
    const uint32_t at = s->pipe.n;
    struct pipe_slot *t = slot_at(s, at);

    if (pavo_unlikely(n != GROUP) || pavo_unlikely(at % GROUP) || pavo_unlikely(s->laps != NULL)) {
        push_any(s, p, n);
        return;
    }
    for (unsigned i = 0; i < GROUP; i++)
        slot_fill(s, t + i, p + i);
    s->pipe.n = at + GROUP;
    pipe_turn(s, at);
}

/* The turn after 'at' packets of 'n', of which there may be fewer than it takes: as many groups go
 * on as if more had been pushed, so that what a stage has fetched has time to come. */
static inline void
pipe_turn_last(struct pavo_shard *s, uint32_t at, uint32_t n)
{
    const uint32_t find = at - FIND_BEHIND * GROUP, parts = at - PARTS_BEHIND * GROUP,
                   step = at - STEP_BEHIND * GROUP; /* of no packet: far beyond 'n' */

    for (uint32_t i = find; i < n && i < find + GROUP; i++)
        stage_find(s, slot_at(s, i));
    for (uint32_t i = parts; i < n && i < parts + GROUP; i++)
        stage_parts(s, slot_at(s, i));
    for (uint32_t i = step; i < n && i < step + GROUP; i++)
        stage_step(s, slot_at(s, i));
}

/* What is left of each stage. */
static void
pipe_drain(struct pavo_shard *s)
{
    const uint32_t n = s->pipe.n, whole = n - n % GROUP;

    for (uint32_t at = whole; at < whole + (STEP_BEHIND + 1) * GROUP; at += GROUP)
        pipe_turn_last(s, at, n);
}

void
pavo_shard_drain(struct pavo_shard *s)
{
    const uint32_t n = s->pipe.n;

    if (pavo_unlikely(s->ended_first))
        ended_drain(s);
    if (n == 0)
        return;
    if (pavo_unlikely(s->laps != NULL))
        pipe_drain_lapped(s);
    else
        pipe_drain(s);
    s->pipe.n = 0;
    pavo_stat_add(&s->stats.packets, n);
    pavo_stat_add(&s->stats.octets, s->pipe.octets);
    s->pipe.octets = 0;
}

void
pavo_shard_burst(struct pavo_shard *s, struct pavo_packet *const *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        pavo_shard_push(s, p[i], 1);
    pavo_shard_drain(s);
}
