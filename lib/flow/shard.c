/* shard.c - one worker's flow table: flows that begin, end, wait for room
 *
 * The number of flows is fixed at open. When all are in use, a new one takes the place of the
 * idlest among its sixteen candidates, whose record leaves with "lack of resources".
 *
 * A flow's index stays the same for its life. A flow that ends because of a packet is replaced
 * in its entry by the flow of that packet. If its record has no room in 'out', a copy of it in a
 * free entry waits in a queue, which is drained first whenever there is room. Only when there is no
 * free entry either is a record dropped, and counted.
 */
#include <errno.h>
#include <string.h>

#include "draft.h"
#include "table.h"

/* ---- entries and records ------------------------------------------------------------------- */

static uint32_t
flow_take(struct pavo_shard *s)
{
    if (s->n_free > 0)
        return s->free[--s->n_free];
    return s->used < s->limit ? ++s->used : 0;
}

static void
flow_give(struct pavo_shard *s, uint32_t i)
{
    s->flows[i].state = STATE_FREE;
    s->free[s->n_free++] = i;
}

bool
record_put(struct pavo_shard *s, uint32_t i, enum pavo_end reason, enum pavo_end_detail detail)
{
    const struct pavo_flow *f = &s->flows[i];
    struct draft *d = ring_slot(s->out);

    if (!d) {
        pavo_stat_add(&s->stats.ring_full, 1);
        return false;
    }
    draft_fill(s, i, reason, detail, d);
    ring_prefetch(s->out, d->head.bytes); /* the next one is likely of the same kind */
    ring_push(s->out);
    pavo_stat_add(&s->stats.records, 1);
    pavo_stat_add(&s->stats.record_packets, (uint64_t)f->packets[0] + f->packets[1]);
    pavo_stat_add(&s->stats.record_octets, f->octets[0] + f->octets[1]);
    return true;
}

static void
record_drop(struct pavo_shard *s, uint32_t i)
{
    const struct pavo_flow *f = &s->flows[i];

    pavo_stat_add(&s->stats.dropped_records, 1);
    pavo_stat_add(&s->stats.dropped_packets, (uint64_t)f->packets[0] + f->packets[1]);
}

/* Gives back what few flows have. */
static __attribute__((noinline)) void
rare_give(struct pavo_shard *s, struct flow_cold *c)
{
    encap_give(&s->encap, c->encap);
    c->encap = ENCAP_NONE;
    if (c->said != PART_REFUSED)
        pool_give(&s->saids, c->said);
    pool_give(&s->longers, c->longer);
    pool_give(&s->rares, c->rare);
}

/* The last record of a flow has been made, or dropped. */
static void
flow_release(struct pavo_shard *s, uint32_t i)
{
    struct pavo_flow *f = &s->flows[i];
    struct flow_cold *c = &s->cold[i];

    if (f->state >= STATE_TCP_NEW) {
        const struct tcp_part *t = pool_at(&s->details, f->detail);

        if (t->loss != TCP_LOSS_REFUSED)
            pool_give(&s->losses, t->loss);
    } else if (f->flags & FLOW_TALK_MASK << FLOW_TALK_SHIFT) {
        talk_give(s, f);
    }
    if (part_is_there(f->meter))
        pool_give(&s->meters, f->meter);
    if (c->encap | c->said | c->longer | c->rare)
        rare_give(s, c);
    pavo_stat_add(&s->stats.flows_ended, 1);
}

static uint32_t
ended_pop(struct pavo_shard *s)
{
    const uint32_t i = s->ended_first;

    s->ended_first = (uint32_t)s->cold[i].start_ns;
    if (!s->ended_first)
        s->ended_last = 0;
    s->n_ended--;
    s->cold[i].waits = 0;
    flow_release(s, i);
    return i;
}

void
ended_drain(struct pavo_shard *s)
{
    while (s->ended_first) {
        const uint32_t i = s->ended_first;
        const uint32_t why = s->flows[i].cut; /* kept there by flow_end() */

        if (!record_put(s, i, (enum pavo_end)(why >> 8), (enum pavo_end_detail)(why & 0xff)))
            return;
        flow_give(s, ended_pop(s));
    }
}

void
flow_end(struct pavo_shard *s, uint32_t i, enum pavo_end reason, enum pavo_end_detail detail)
{
    uint32_t wait;

    ended_drain(s);
    if (!s->ended_first && record_put(s, i, reason, detail)) {
        flow_release(s, i);
        return;
    }
    wait = flow_take(s);
    if (!wait) {
        record_drop(s, i);
        flow_release(s, i);
        return;
    }
    s->flows[wait] = s->flows[i];
    s->cold[wait] = s->cold[i];
    s->flows[wait].cut = (uint32_t)reason << 8 | (uint32_t)detail;
    if (s->flows[i].state >= STATE_ICMP) {
        s->flows[wait].detail = wait;
        memcpy(pool_at(&s->details, wait), pool_at(&s->details, i), sizeof(union flow_detail));
    }
    s->cold[i].encap = ENCAP_NONE; /* the copy holds it now */
    s->cold[wait].waits = 1;
    s->cold[wait].start_ns = 0;
    if (s->ended_last)
        s->cold[s->ended_last].start_ns = wait;
    else
        s->ended_first = wait;
    s->ended_last = wait;
    s->n_ended++;
}

/* All of an entry, for its record or for a new flow. */
void
flow_prefetch_end(const struct pavo_shard *s, uint32_t i)
{
    flow_prefetch(s, i);
    prefetch_write(&s->cold[i]);
}

uint64_t
flow_prefetch_bucket(const struct pavo_shard *s, uint32_t i)
{
    const uint64_t hash = key_hash(&s->flows[i].key, s->cfg.seed);

    prefetch_write(&s->buckets[bucket_of(s, hash)]); /* where most stand */
    return hash;
}

void
flow_drop(struct pavo_shard *s, uint32_t i, uint64_t hash)
{
    const uint16_t tag = tag_of(hash);
    uint32_t bucket = bucket_of(s, hash);

    for (unsigned n = 0; n < 2; n++, bucket = bucket_other(s, bucket, tag)) {
        struct ft_bucket *b = &s->buckets[bucket];
        unsigned bits = bucket_match(b, tag);

        while (bits && b->flow[lowest_bit(bits)] != i)
            bits &= bits - 1;
        if (bits) {
            entry_set(b, lowest_bit(bits), 0, 0, 0);
            break;
        }
    }
    flow_release(s, i);
    flow_give(s, i);
}

static void
flow_evict(struct pavo_shard *s, uint32_t i)
{
    flow_end(s, i, PAVO_END_RESOURCES, PAVO_DETAIL_EVICTED);
    pavo_stat_add(&s->stats.evicted, 1);
}

/* There is no entry, or no place in both buckets: another flow goes, mostly the idlest of the
 * sixteen, and leaves its own. */
static __attribute__((noinline)) uint64_t
flow_replace(struct pavo_shard *s, uint64_t hash, uint32_t *i)
{
    const uint32_t one = bucket_of(s, hash), two = bucket_other(s, one, tag_of(hash));
    uint64_t place = idlest_of(s, one, two, hash);

    if (pavo_likely(place != NO_PLACE)) {
        *i = place_flow(s, place);
        flow_evict(s, *i);
        return place;
    }
    place = table_near(s, one, hash); /* the table is full of flows whose buckets are others */
    if (place != NO_PLACE) {
        *i = place_flow(s, place);
        place_clear(s, place);
        flow_evict(s, *i);
    } else { /* all flows have ended and wait for room: the oldest record goes */
        record_drop(s, s->ended_first);
        *i = ended_pop(s);
    }
    return table_place(s, hash);
}

uint64_t
flow_create(struct pavo_shard *s, uint64_t hash)
{
    const bool is_full = s->n_free == 0 && s->used == s->limit;
    uint64_t place = is_full ? NO_PLACE : table_place(s, hash);
    uint32_t i;

    if (place == NO_PLACE)
        place = flow_replace(s, hash, &i);
    else
        i = flow_take(s);
    entry_set(place_bucket(s, place), place % BUCKET_ENTRIES, tag_of(hash), i, age_now(s));
    return place;
}

/* ---- open, close, and what anyone may ask --------------------------------------------------- */

uint32_t
pavo_shard_backlog(const struct pavo_shard *s)
{
    return s->n_ended;
}

const struct pavo_shard_stats *
pavo_shard_stats(const struct pavo_shard *s)
{
    return &s->stats;
}

void
pavo_shard_laps(struct pavo_shard *s, struct pavo_laps *laps)
{
    s->laps = laps;
}

void
pavo_shard_clock(struct pavo_shard *s, uint64_t now_ns)
{
    if (now_ns > s->now_ns)
        s->now_ns = now_ns;
}

/* At most 85 % of the entries are in use, so that a place is found without eviction. */
static uint32_t
buckets_for(uint32_t flow_limit)
{
    const uint32_t entries = flow_limit + flow_limit / 17 * 3 + 3;
    const uint32_t buckets = (entries + BUCKET_ENTRIES - 1) / BUCKET_ENTRIES;

    return buckets > 2 ? buckets + (buckets & 1) : 2;
}

static size_t
flows_bytes(uint32_t limit)
{
    return ((size_t)limit + 1) * sizeof(struct pavo_flow);
}

static size_t
cold_bytes(uint32_t limit)
{
    return ((size_t)limit + 1) * sizeof(struct flow_cold);
}

static size_t
free_bytes(uint32_t limit)
{
    return ((size_t)limit + 1) * sizeof(uint32_t);
}

static size_t
blocks_bytes(uint32_t limit)
{
    return ((size_t)limit / BLOCK_FLOWS + 1) * sizeof(uint32_t);
}

/* A share of the flows, but all of few. */
static uint32_t
share_of(uint32_t limit, uint32_t share)
{
    return limit <= POOL_LEAST ? limit : limit / share > POOL_LEAST ? limit / share : POOL_LEAST;
}

/* How many parts of each kind there are. One detail for each flow; of the others a share of the
 * flows, for most need none; and meters for what then remains of FLOW_BYTES. */
struct pool_sizes {
    uint32_t details, losses, longers, rares, talks, meters, saids;
};

static struct pool_sizes
pools_for(const struct pavo_shard_config *cfg)
{
    const uint32_t limit = cfg->flow_limit;
    struct pool_sizes n = {
        .details = limit,
        .losses = share_of(limit, 64),
        .longers = share_of(limit, 4),
        .rares = share_of(limit, 16),
        .talks = share_of(limit, 32),
        .saids = cfg->parts ? cfg->name_limit < limit ? cfg->name_limit : limit : 0,
        .meters = cfg->meter_limit < limit ? cfg->meter_limit : limit,
    };
    const uint64_t used = (uint64_t)buckets_for(limit) * sizeof(struct ft_bucket) +
                          flows_bytes(limit) + cold_bytes(limit) + free_bytes(limit) +
                          blocks_bytes(limit) + pool_bytes(n.details, sizeof(union flow_detail)) +
                          pool_bytes(n.losses, sizeof(struct loss_part)) +
                          pool_bytes(n.longers, sizeof(struct long_part)) +
                          pool_bytes(n.rares, sizeof(struct rare_part)) +
                          pool_bytes(n.talks, talk_bytes);
    const uint64_t all = (uint64_t)limit * FLOW_BYTES;
    const uint64_t room = used < all ? (all - used) / sizeof(struct meter_part) : 0;

    if (cfg->meter_limit == PAVO_METERS_AUTO) {
        n.meters = limit < POOL_LEAST ? limit : POOL_LEAST;
        n.meters = room > n.meters ? (uint32_t)room : n.meters;
    }
    return n;
}

size_t
pavo_shard_bytes(const struct pavo_shard_config *cfg)
{
    const struct pool_sizes n = pools_for(cfg);

    return sizeof(struct pavo_shard) +
           (size_t)buckets_for(cfg->flow_limit) * sizeof(struct ft_bucket) +
           flows_bytes(cfg->flow_limit) + cold_bytes(cfg->flow_limit) +
           free_bytes(cfg->flow_limit) + blocks_bytes(cfg->flow_limit) +
           encap_bytes(cfg->encap_limit) + pool_bytes(n.details, sizeof(union flow_detail)) +
           pool_bytes(n.losses, sizeof(struct loss_part)) +
           pool_bytes(n.longers, sizeof(struct long_part)) +
           pool_bytes(n.rares, sizeof(struct rare_part)) + pool_bytes(n.talks, talk_bytes) +
           (n.saids ? pool_bytes(n.saids, said_places(cfg).size) : 0) +
           pool_bytes(n.meters, sizeof(struct meter_part));
}

static int
pools_open(struct pavo_shard *s)
{
    const struct pool_sizes n = pools_for(&s->cfg);
    const struct pavo_mem *mem = s->cfg.mem;
    int rc = pool_open(&s->details, n.details, sizeof(union flow_detail), mem);

    rc |= pool_open(&s->losses, n.losses, sizeof(struct loss_part), mem);
    rc |= pool_open(&s->longers, n.longers, sizeof(struct long_part), mem);
    rc |= pool_open(&s->rares, n.rares, sizeof(struct rare_part), mem);
    s->said = said_places(&s->cfg);
    rc |= pool_open(&s->talks, n.talks, talk_bytes, mem);
    if (n.saids)
        rc |= pool_open(&s->saids, n.saids, s->said.size, mem);
    if (s->cfg.parts & PAVO_PART_NAMES)
        s->crypto = pavo_inspect_crypto_open(); /* NULL: QUIC has only versions */
    rc |= pool_open(&s->meters, n.meters, sizeof(struct meter_part), mem);
    return rc;
}

static uint64_t
timeout_of(uint64_t ns)
{
    return ns < TIMEOUT_MAX ? ns : TIMEOUT_MAX;
}

/* The finest unit in which no live flow can be as idle as half the range of an age: the other half
 * is for flows that have ended. */
static unsigned
age_shift_for(const struct pavo_shard *s)
{
    uint64_t longest = 0;
    unsigned shift = 10;

    for (unsigned i = STATE_OTHER; i < STATES; i++)
        longest = s->idle_ns[i] > longest ? s->idle_ns[i] : longest;
    while ((longest + longest / 4) >> shift >= AGE_ENDED)
        shift++;
    return shift;
}

struct pavo_shard *
pavo_shard_open(const struct pavo_shard_config *cfg, struct pavo_err *err)
{
    const struct pavo_timeouts *t = &cfg->timeouts;
    const struct pavo_mem *mem = cfg->mem;
    struct pavo_shard *s = NULL;

    if (cfg->flow_limit == 0 || cfg->flow_limit > UINT32_C(1) << 30 ||
        cfg->encap_limit > UINT32_C(1) << 30) {
        pavo_err_set(err, EINVAL, "shard %u: %u flows and %u encapsulations; 1 to 2^30 flows",
                     cfg->id, cfg->flow_limit, cfg->encap_limit);
        return NULL;
    }
    s = mem->get(mem, sizeof *s);
    if (!s)
        goto fail;
    s->cfg = *cfg;
    s->limit = cfg->flow_limit;
    s->n_buckets = buckets_for(cfg->flow_limit);
    s->out = cfg->out;
    s->idle_ns[STATE_FREE] = UINT64_MAX / 4; /* never due */
    s->idle_ns[STATE_OTHER] = timeout_of(t->idle_other);
    s->idle_ns[STATE_UDP] = timeout_of(t->idle_udp);
    s->idle_ns[STATE_ICMP] = timeout_of(t->idle_icmp);
    s->idle_ns[STATE_TCP_NEW] = timeout_of(t->idle_tcp_new);
    s->idle_ns[STATE_TCP_OPEN] = timeout_of(t->idle_tcp);
    s->idle_ns[STATE_TCP_CLOSED] = s->idle_ns[STATE_TCP_RESET] = timeout_of(t->linger);
    s->age_shift = age_shift_for(s);
    s->active_ns = timeout_of(t->active);
    s->grace_ns = timeout_of(t->grace);
    s->buckets = mem->get(mem, (size_t)s->n_buckets * sizeof s->buckets[0]);
    s->flows = mem->get(mem, flows_bytes(s->limit));
    s->cold = mem->get(mem, cold_bytes(s->limit));
    s->free = mem->get(mem, free_bytes(s->limit));
    s->block_tick = mem->get(mem, blocks_bytes(s->limit));
    if (encap_open(&s->encap, cfg->encap_limit, cfg->seed, mem) || pools_open(s) || !s->buckets ||
        !s->flows || !s->cold || !s->free || !s->block_tick)
        goto fail;
    return s;

fail:
    pavo_err_set(err, ENOMEM, "shard %u: no %zu MiB for %u flows; lower flow.limit", cfg->id,
                 pavo_shard_bytes(cfg) >> 20, cfg->flow_limit);
    pavo_shard_close(s);
    return NULL;
}

void
pavo_shard_close(struct pavo_shard *s)
{
    const struct pavo_mem *mem;

    if (!s)
        return;
    mem = s->cfg.mem;
    encap_close(&s->encap, mem);
    pavo_inspect_crypto_close(s->crypto);
    pool_close(&s->saids, mem);
    pool_close(&s->talks, mem);
    pool_close(&s->meters, mem);
    pool_close(&s->rares, mem);
    pool_close(&s->longers, mem);
    pool_close(&s->losses, mem);
    pool_close(&s->details, mem);
    mem_put(mem, s->block_tick, blocks_bytes(s->limit));
    mem_put(mem, s->free, free_bytes(s->limit));
    mem_put(mem, s->cold, cold_bytes(s->limit));
    mem_put(mem, s->flows, flows_bytes(s->limit));
    mem_put(mem, s->buckets, (size_t)s->n_buckets * sizeof s->buckets[0]);
    mem->put(mem, s, sizeof *s);
}
