/* frag.c - which flow a fragment belongs to
 *
 * Only the first piece of a datagram holds the ports, the tunnel and whatever is inside. This
 * memory learns from it what all of its pieces belong to, keyed by (addresses, protocol, id) of the
 * fragmented header and the identity of what carries that header, so that tenants of an overlay
 * with equal addresses do not mix. RFC 791 section 3.2, RFC 8200 section 4.5.
 *
 * A frame can hold several fragmented headers (a datagram was fragmented, its pieces were put in a
 * tunnel, and those fragmented again). The last of them decides what the frame is: a first piece
 * has a key, a later one takes its key from the memory. Once the key is known, the headers further
 * out teach it to the pieces of their own datagrams.
 *
 * Datagrams are kept in two queues, known ones and ones that wait for their first piece, each in
 * the order of its deadlines. A waiting piece is a copy in a pool. When a datagram is known, or
 * given up, its waiting pieces move to the queue 'ready', which is worked off in a loop: a piece
 * that leaves it may make further ones ready. So a chain of nested pieces, however crafted, costs
 * no stack.
 *
 * Pieces that are given up are a flow of their own, one per datagram: their key has the fragment
 * id, and the time of the first piece in 'quoted', so that the same id, used again, is another
 * flow. Rules see a piece at the time at which it is handed on: a joined one at the time of its
 * first piece, a given-up one at the time of giving up. Its record shows its own time stamp.
 *
 * Of each datagram it is also remembered which pieces came (pieces.h), to count those that overlap,
 * repeat others or come out of order. That changes nothing: every piece is a packet of its flow.
 *
 * Owner: the worker that receives the frames; nothing here is shared but the counters.
 */
#include <errno.h>

#include "cacheline.h"
#include "key.h"
#include "pieces.h"

/* What names a datagram: compared as bytes. */
struct frag_name {
    uint8_t src[16];
    uint8_t dst[16];
    uint64_t carrier; /* identity of the layers outside this header */
    uint32_t id;
    uint16_t ip_version;
    uint16_t proto; /* IPv6: 0 */
};
_Static_assert(sizeof(struct frag_name) == 48, "no padding in a name that is compared as bytes");

/* Indexes of entries and slots begin at 1; 0 is none. */
struct frag_entry {
    struct frag_name name;
    uint64_t deadline_ns;
    uint64_t first_ns; /* waiting: time stamp of the piece that came first */
    uint32_t chain;    /* next of the same hash, or of the free list */
    uint32_t older, newer;
    uint32_t waits_first, waits_last; /* slots, in order of arrival */
    bool known;
    /* Known: what the pieces belong to. */
    bool is_level; /* the fragmented header is the flow's own, not that of a tunnel around it */
    uint8_t is_b;
    uint8_t has_ports;
    uint32_t owner_hash;
    struct pavo_key key;
    struct pieces seen;
};

struct frag_slot {
    uint32_t next; /* of the datagram's, of 'ready', or of the free list */
    struct pavo_packet p;
};

struct frag_queue {
    uint32_t oldest, newest;
};

struct pavo_frags {
    struct pavo_frags_config cfg;
    uint32_t *heads; /* hash chains */
    uint32_t head_mask;
    struct frag_entry *entries;
    struct frag_slot *slots;
    uint32_t free_entry, free_slot;      /* given back */
    uint32_t entries_fresh, slots_fresh; /* so many were ever taken: those above are zero */
    uint32_t n_waiting;
    struct frag_queue queue[2]; /* [known] */
    uint32_t ready_first, ready_last;
    uint64_t step_ns; /* clock of the fragments taken; orders the deadlines */
    uint64_t seen_ns; /* and of pavo_frags_expire() */
    struct pavo_frag_stats stats;
};

static size_t
heads_bytes(const struct pavo_frags *f)
{
    return ((size_t)f->head_mask + 1) * sizeof f->heads[0];
}

static size_t
entries_bytes(const struct pavo_frags *f)
{
    return ((size_t)f->cfg.limit + 1) * sizeof f->entries[0];
}

static size_t
slots_bytes(const struct pavo_frags *f)
{
    return ((size_t)f->cfg.waiting + 1) * sizeof f->slots[0];
}

struct pavo_frags *
pavo_frags_open(const struct pavo_frags_config *cfg, struct pavo_err *err)
{
    const struct pavo_mem *mem = cfg->mem;
    struct pavo_frags *f;

    if (cfg->limit == 0 || cfg->limit > UINT32_C(1) << 30) {
        pavo_err_set(err, EINVAL, "fragments: a memory of %u datagrams; at least 1, at most 2^30",
                     cfg->limit);
        return NULL;
    }
    f = mem->get(mem, sizeof *f);
    if (!f)
        goto fail;
    f->cfg = *cfg;
    f->head_mask = pow2_above(cfg->limit) - 1;
    f->heads = mem->get(mem, heads_bytes(f));
    f->entries = mem->get(mem, entries_bytes(f));
    f->slots = mem->get(mem, slots_bytes(f));
    if (!f->heads || !f->entries || !f->slots)
        goto fail;
    return f;

fail:
    pavo_err_set(err, ENOMEM, "fragments: no memory for %u datagrams and %u waiting pieces",
                 cfg->limit, cfg->waiting);
    pavo_frags_close(f);
    return NULL;
}

void
pavo_frags_close(struct pavo_frags *f)
{
    if (!f)
        return;
    mem_put(f->cfg.mem, f->slots, slots_bytes(f));
    mem_put(f->cfg.mem, f->entries, entries_bytes(f));
    mem_put(f->cfg.mem, f->heads, heads_bytes(f));
    f->cfg.mem->put(f->cfg.mem, f, sizeof *f);
}

const struct pavo_frag_stats *
pavo_frags_stats(const struct pavo_frags *f)
{
    return &f->stats;
}

uint64_t
pavo_frags_due(const struct pavo_frags *f)
{
    const uint32_t oldest = f->queue[false].oldest;

    return oldest ? f->entries[oldest].deadline_ns : UINT64_MAX;
}

uint32_t
pavo_frag_owner_hash(const struct pavo_packet *p)
{
    const uint8_t *src = p->at.src, *dst = p->at.dst;
    uint64_t h = HASH_C2;

    for (unsigned i = 0; i < p->at.n_layers; i++) {
        if (p->at.layers[i].ip_version > PAVO_LAYER_MAC) {
            src = p->at.layers[i].src;
            dst = p->at.layers[i].dst;
            break;
        }
    }
    h = hash_word(hash_word(h, hash_le64(src)), hash_le64(src + 8));
    h = hash_word(hash_word(h, hash_le64(dst)), hash_le64(dst + 8));
    return (uint32_t)(h ^ h >> 32);
}

/* The names of all fragmented headers of a packet. What is outside of a header are the layers
 * before the one that has its addresses; of the innermost header, all layers. */
static void
names_of(const struct pavo_packet *p, struct frag_name out[PAVO_FRAGS_MAX])
{
    unsigned layer = 0;

    for (unsigned i = 0; i < p->at.n_frags; i++) {
        const struct pavo_fragment *piece = &p->at.frags[i];
        unsigned outside = p->at.n_layers;

        for (unsigned l = layer; l < p->at.n_layers; l++) {
            const struct pavo_layer *at = &p->at.layers[l];

            if (at->ip_version == piece->ip_version && !memcmp(at->src, piece->src, 16) &&
                !memcmp(at->dst, piece->dst, 16)) {
                outside = l;
                layer = l + 1;
                break;
            }
        }
        out[i].ip_version = piece->ip_version;
        out[i].proto = piece->proto;
        out[i].id = piece->id;
        memcpy(out[i].src, piece->src, 16);
        memcpy(out[i].dst, piece->dst, 16);
        out[i].carrier = key_carrier(p->at.layers, outside, PAVO_KEY_VLAN | PAVO_KEY_TUNNEL);
    }
}

static uint32_t *
head_of(struct pavo_frags *f, const struct frag_name *name)
{
    return &f->heads[pavo_hash(name, sizeof *name, f->cfg.seed) & f->head_mask];
}

static uint32_t
entry_find(struct pavo_frags *f, const struct frag_name *name)
{
    uint32_t i = *head_of(f, name);

    while (i && memcmp(&f->entries[i].name, name, sizeof *name))
        i = f->entries[i].chain;
    return i;
}

static void
queue_leave(struct pavo_frags *f, uint32_t i)
{
    struct frag_entry *e = &f->entries[i];
    struct frag_queue *q = &f->queue[e->known];

    *(e->older ? &f->entries[e->older].newer : &q->oldest) = e->newer;
    *(e->newer ? &f->entries[e->newer].older : &q->newest) = e->older;
}

static void
queue_enter(struct pavo_frags *f, uint32_t i)
{
    struct frag_entry *e = &f->entries[i];
    struct frag_queue *q = &f->queue[e->known];

    e->deadline_ns = f->step_ns + f->cfg.timeout_ns;
    e->newer = 0;
    e->older = q->newest;
    *(q->newest ? &f->entries[q->newest].newer : &q->oldest) = i;
    q->newest = i;
}

/* Appends the slots that wait for an entry to 'ready'. */
static void
waiters_ready(struct pavo_frags *f, struct frag_entry *e)
{
    if (!e->waits_first)
        return;
    *(f->ready_last ? &f->slots[f->ready_last].next : &f->ready_first) = e->waits_first;
    f->ready_last = e->waits_last;
    e->waits_first = e->waits_last = 0;
}

/* The packet joins the flow that 'e' knows. */
static void
packet_join(const struct frag_entry *e, struct pavo_packet *p)
{
    p->key = e->key;
    p->is_b = e->is_b;
    p->owner_hash = e->owner_hash;
    p->at.has_ports = e->has_ports;
    p->at.proto = e->key.proto;
    if (!e->is_level)
        p->at.ttl = p->at.tos =
            0; /* those of a tunnel's header say nothing about the flow inside */
}

/* The datagram is given up or forgotten: who waits for it goes as a flow of its own. */
static void
entry_forget(struct pavo_frags *f, uint32_t i, uint64_t now_ns)
{
    struct frag_entry *e = &f->entries[i];
    uint32_t *link = head_of(f, &e->name);

    while (*link != i)
        link = &f->entries[*link].chain;
    *link = e->chain;
    queue_leave(f, i);
    for (uint32_t s = e->waits_first; s; s = f->slots[s].next) {
        struct pavo_packet *p = &f->slots[s].p;

        p->key.is_fragment = 1;
        p->key.port_a = p->key.port_b = 0;
        p->key.extra = e->name.id;
        p->key.quoted = hash_word(HASH_C2, e->first_ns) | 1;
        p->now_ns = now_ns;
        pavo_stat_add(&f->stats.orphaned, 1);
    }
    waiters_ready(f, e);
    e->chain = f->free_entry;
    f->free_entry = i;
}

/* Entries and slots join the free lists when they are first needed: memory that no fragment has
 * used is not touched, so it is not taken. */
static bool
has_free_entry(struct pavo_frags *f)
{
    if (!f->free_entry && f->entries_fresh < f->cfg.limit)
        f->free_entry = ++f->entries_fresh;
    return f->free_entry;
}

static bool
has_free_slot(struct pavo_frags *f)
{
    if (!f->free_slot && f->slots_fresh < f->cfg.waiting)
        f->free_slot = ++f->slots_fresh;
    return f->free_slot;
}

/* A new entry for 'name', at the expense of the oldest one when there is no room. */
static uint32_t
entry_make(struct pavo_frags *f, const struct frag_name *name, bool known, uint64_t now_ns)
{
    struct frag_entry *e;
    uint32_t *head;
    uint32_t i;

    if (!has_free_entry(f)) {
        const uint32_t k = f->queue[true].oldest, w = f->queue[false].oldest;

        pavo_stat_add(&f->stats.evicted, 1);
        if (k && w)
            i = f->entries[k].deadline_ns <= f->entries[w].deadline_ns ? k : w;
        else
            i = k ? k : w;
        entry_forget(f, i, now_ns);
    }
    i = f->free_entry;
    e = &f->entries[i];
    f->free_entry = e->chain;
    memset(e, 0, sizeof *e);
    e->name = *name;
    e->known = known;
    head = head_of(f, name);
    e->chain = *head;
    *head = i;
    queue_enter(f, i);
    return i;
}

/* Compares a piece with those of its datagram that came before. Of one that is 'overdue' the order
 * is not known: it waited, as part of what it carries. */
static void
piece_note(struct pavo_frags *f, struct frag_entry *e, const struct pavo_fragment *piece,
           bool overdue)
{
    if (!piece->is_later && pieces_are_whole(&e->seen)) /* the id is used again */
        memset(&e->seen, 0, sizeof e->seen);
    switch (pieces_note(&e->seen, piece)) {
    case PIECE_DUPLICATE:
        pavo_stat_add(&f->stats.duplicates, 1);
        break;
    case PIECE_OVERLAP:
        pavo_stat_add(&f->stats.overlaps, 1);
        break;
    case PIECE_LATE:
        if (!overdue)
            pavo_stat_add(&f->stats.out_of_order, 1);
        break;
    case PIECE_NEXT:
        break;
    }
}

/* Is the last fragmented header of a packet that of a tiny piece? RFC 1858 sections 3 and 4: the
 * second one may begin within the header of TCP. */
static bool
piece_is_tiny(const struct pavo_packet *p)
{
    const struct pavo_fragment *piece = &p->at.frags[p->at.n_frags - 1];

    if (!piece->is_later)
        return p->at.why == PAVO_WHY_TINY_FRAGMENT;
    return piece->offset == 8 && p->at.proto == PROTO_TCP;
}

/* 'p' has its key: all pieces of the datagram 'name', of which its header 'piece' is one, belong to
 * the same flow. */
static void
teach(struct pavo_frags *f, const struct frag_name *name, const struct pavo_fragment *piece,
      const struct pavo_packet *p, bool is_level, bool overdue)
{
    uint32_t i = entry_find(f, name);
    struct frag_entry *e;

    if (i) {
        queue_leave(f, i);
        f->entries[i].known = true;
        queue_enter(f, i);
    } else {
        i = entry_make(f, name, true, p->now_ns);
    }
    e = &f->entries[i];
    e->key = p->key;
    e->is_b = p->is_b;
    e->owner_hash = p->owner_hash;
    e->has_ports = p->at.has_ports;
    e->is_level = is_level;
    piece_note(f, e, piece, overdue);
    for (uint32_t s = e->waits_first; s; s = f->slots[s].next) {
        packet_join(e, &f->slots[s].p);
        f->slots[s].p.now_ns = p->now_ns;
        pavo_stat_add(&f->stats.joined, 1);
    }
    waiters_ready(f, e);
}

/* Teaches the first 'n' fragmented headers of a packet that has its key. */
static void
teach_outer(struct pavo_frags *f, const struct frag_name *names, unsigned n,
            const struct pavo_packet *p, bool overdue)
{
    for (unsigned i = 0; i < n; i++)
        teach(f, &names[i], &p->at.frags[i], p, false, overdue);
}

static void
ready_emit(struct pavo_frags *f, pavo_emit_fn *emit, void *ctx)
{
    while (f->ready_first) {
        const uint32_t s = f->ready_first;
        const struct pavo_packet *p = &f->slots[s].p;
        struct frag_name names[PAVO_FRAGS_MAX];

        f->ready_first = f->slots[s].next;
        if (!f->ready_first)
            f->ready_last = 0;
        names_of(p, names);
        teach_outer(f, names, p->at.n_frags - 1u, p, true);
        emit(ctx, p);
        f->n_waiting--;
        f->slots[s].next = f->free_slot;
        f->free_slot = s;
    }
}

/* Keeps a later piece whose first one has not come. */
static void
piece_wait(struct pavo_frags *f, const struct frag_name *name, const struct pavo_packet *p,
           pavo_emit_fn *emit, void *ctx)
{
    struct frag_entry *e;
    uint32_t i, s;

    pavo_stat_add(&f->stats.waited, 1);
    if (!has_free_slot(f) && f->queue[false].oldest) {
        pavo_stat_add(&f->stats.evicted, 1);
        entry_forget(f, f->queue[false].oldest, p->now_ns);
        ready_emit(f, emit, ctx);
    }
    s = f->free_slot;
    if (!s) { /* nothing may wait */
        struct pavo_packet alone;

        memcpy(&alone, p, pavo_packet_size(p));
        alone.key.is_fragment = 1;
        alone.key.extra = name->id;
        pavo_stat_add(&f->stats.orphaned, 1);
        emit(ctx, &alone);
        return;
    }
    i = entry_find(f, name); /* only now: making room may have forgotten it, or learned it */
    if (!i) {
        i = entry_make(f, name, false, p->now_ns);
        f->entries[i].first_ns = p->ts_ns;
    }
    e = &f->entries[i];
    piece_note(f, e, &p->at.frags[p->at.n_frags - 1], false);
    f->free_slot = f->slots[s].next;
    f->n_waiting++;
    memcpy(&f->slots[s].p, p, pavo_packet_size(p));
    f->slots[s].next = 0;
    *(e->waits_last ? &f->slots[e->waits_last].next : &e->waits_first) = s;
    e->waits_last = s;
    if (e->known) {
        packet_join(e, &f->slots[s].p);
        pavo_stat_add(&f->stats.joined, 1);
        waiters_ready(f, e);
    }
    ready_emit(f, emit, ctx);
}

void
pavo_frags_step(struct pavo_frags *f, const struct pavo_packet *p, pavo_emit_fn *emit, void *ctx)
{
    const unsigned last = p->at.n_frags - 1u;
    struct frag_name names[PAVO_FRAGS_MAX];
    uint32_t i;

    if (p->now_ns > f->step_ns)
        f->step_ns = p->now_ns;
    if (p->now_ns > f->seen_ns)
        f->seen_ns = p->now_ns;
    for (unsigned known = 0; known < 2; known++) {
        while ((i = f->queue[known].oldest) && f->entries[i].deadline_ns <= f->step_ns)
            entry_forget(f, i, p->now_ns);
    }
    ready_emit(f, emit, ctx);

    if (piece_is_tiny(p))
        pavo_stat_add(&f->stats.tiny, 1);
    names_of(p, names);
    if (!p->at.frags[last].is_later) {
        pavo_stat_add(&f->stats.firsts, 1);
        teach_outer(f, names, last, p, false);
        teach(f, &names[last], &p->at.frags[last], p, p->at.frag == PAVO_FRAG_FIRST, false);
        emit(ctx, p);
        ready_emit(f, emit, ctx);
        return;
    }
    i = entry_find(f, &names[last]);
    if (i && f->entries[i].known) {
        struct pavo_packet joined;

        piece_note(f, &f->entries[i], &p->at.frags[last], false);
        memcpy(&joined, p, pavo_packet_size(p));
        packet_join(&f->entries[i], &joined);
        pavo_stat_add(&f->stats.followed, 1);
        teach_outer(f, names, last, &joined, false);
        emit(ctx, &joined);
        ready_emit(f, emit, ctx);
        return;
    }
    piece_wait(f, &names[last], p, emit, ctx);
}

void
pavo_frags_atomic(struct pavo_frags *f, unsigned n)
{
    pavo_stat_add(&f->stats.atomic, n);
}

uint32_t
pavo_frags_expire(struct pavo_frags *f, uint64_t now_ns, pavo_emit_fn *emit, void *ctx)
{
    const bool all = now_ns == UINT64_MAX;
    uint32_t i;

    if (!all && now_ns > f->seen_ns)
        f->seen_ns = now_ns;
    while ((i = f->queue[false].oldest) && (all || f->entries[i].deadline_ns <= now_ns))
        entry_forget(f, i, f->seen_ns);
    ready_emit(f, emit, ctx);
    if (all) { /* what follows is another time */
        while ((i = f->queue[true].oldest))
            entry_forget(f, i, f->seen_ns);
        f->step_ns = f->seen_ns = 0;
    }
    return f->n_waiting;
}
