/* mesh.h - how packets get from the worker that received them to the worker that owns them
 *
 * One single-producer ring for each pair of workers that talk. There are two meshes: RESOLVE takes
 * fragments to the worker that remembers their datagram, ACCOUNT takes packets to the shard of
 * their flow. Control messages travel in the same rings, so that they can't overtake packets.
 *
 * No deadlock: accounting sends nothing, so a worker that waits for room anywhere goes on
 * accounting what others send it; one that waits in RESOLVE goes on resolving, too, which waits at
 * most for an ACCOUNT ring.
 *
 * A producer fills slots and publishes those of a burst together, with one store for each ring: the
 * line that the consumer looks at changes hands once a burst, not once a packet. What is filled
 * must be published before its producer waits for anything.
 */
#ifndef PAVO_MESH_H
#define PAVO_MESH_H

#include "pavo_flow.h"
#include "ring.h"

enum mesh_tag {
    MESH_PACKET,
    MESH_CLOCK, /* event time has come to now_ns */
    MESH_JUMP,  /* the clock jumped: end all flows before what follows */
    MESH_END,   /* nothing follows; 'why' says how the source ended */
};

struct mesh_slot {
    uint64_t now_ns;
    uint8_t tag;               /* enum mesh_tag */
    uint8_t why;               /* enum pavo_end_detail, of END */
    struct pavo_packet packet; /* last: copied as far as it has layers */
};

/* Behind a slot of ACCOUNT there is room for the first bytes of the packet's payload, as many as
 * the ring was opened for. */
static inline uint8_t *
mesh_payload(struct mesh_slot *s)
{
    return (uint8_t *)(s + 1);
}

/* Owner: main thread; the rings' ends belong to the two workers of each pair. */
struct mesh {
    unsigned n;
    uint32_t payload;         /* bytes that a slot has room for */
    struct pavo_ring **rings; /* [from * n + to]; NULL where nobody sends */
    /* Slots that 'from' filled and has not published, [from * row + to]; its owner alone. A row is
     * whole cache lines, and its last number says whether any other is not 0. */
    uint32_t *filled;
    unsigned row;
    const struct pavo_mem *mem;
};

/* 'sends' says which workers send; slots are rounded up to a power of two, and have room for
 * 'payload' bytes beyond the packet. */
int mesh_open(struct mesh *m, unsigned n, const bool *sends, uint32_t slots, uint32_t payload,
              const struct pavo_mem *mem, struct pavo_err *err);
void mesh_close(struct mesh *m);
/* Bytes that it takes. */
size_t mesh_bytes(unsigned n, unsigned n_senders, uint32_t slots, uint32_t payload);

static inline struct pavo_ring *
mesh_ring(const struct mesh *m, unsigned from, unsigned to)
{
    return m->rings[from * m->n + to];
}

static inline uint32_t *
mesh_filled(const struct mesh *m, unsigned from)
{
    return m->filled + (size_t)from * m->row;
}

/* Producer: the next free slot behind those that are filled, or NULL when the ring is full. */
static inline struct mesh_slot *
mesh_slot(const struct mesh *m, unsigned from, unsigned to)
{
    struct pavo_ring *r = mesh_ring(m, from, to);
    const uint32_t at =
        atomic_load_explicit(&r->tail, memory_order_relaxed) + mesh_filled(m, from)[to];

    if (at - r->head_seen == r->n_slots) {
        /* Acquire: pairs with the release in mesh_pop(); the consumer has done reading the slot. */
        r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
        if (at - r->head_seen == r->n_slots)
            return NULL;
    }
    return (struct mesh_slot *)(void *)(r->slots + (size_t)(at & r->mask) * r->slot_bytes);
}

/* Producer: the slot that mesh_slot() lent is filled. */
static inline void
mesh_fill(const struct mesh *m, unsigned from, unsigned to)
{
    uint32_t *filled = mesh_filled(m, from);

    filled[to]++;
    filled[m->row - 1] = 1;
}

/* Producer: the consumers may have what is filled. */
static inline void
mesh_publish(const struct mesh *m, unsigned from)
{
    uint32_t *filled = m->n ? mesh_filled(m, from) : NULL;

    if (!filled || !filled[m->row - 1])
        return;
    filled[m->row - 1] = 0;
    for (unsigned to = 0; to < m->n; to++) {
        struct pavo_ring *r = mesh_ring(m, from, to);

        if (!filled[to])
            continue;
        /* Release: pairs with the acquire in mesh_peek_at() and ring_peek(); the slots are whole
         * before they are seen. */
        atomic_store_explicit(&r->tail,
                              atomic_load_explicit(&r->tail, memory_order_relaxed) + filled[to],
                              memory_order_release);
        filled[to] = 0;
    }
}

/* Consumer: slot number 'i' from the oldest on, or NULL when there are not so many. It stays the
 * consumer's until it is popped. */
static inline struct mesh_slot *
mesh_peek_at(struct pavo_ring *r, uint32_t i)
{
    const uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    if (r->tail_seen - head <= i) {
        /* Acquire: pairs with the release in mesh_publish(); the slots are whole. */
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (r->tail_seen - head <= i)
            return NULL;
    }
    return (struct mesh_slot *)(void *)(r->slots + (size_t)((head + i) & r->mask) * r->slot_bytes);
}

static inline void
mesh_pop(struct pavo_ring *r, uint32_t n)
{
    const uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    /* Release: pairs with the acquire in mesh_slot(); reading is over. */
    atomic_store_explicit(&r->head, head + n, memory_order_release);
}

#endif
