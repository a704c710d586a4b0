/* mesh.h - how packets get from the worker that received them to the worker that owns them
 *
 * One single-producer ring for each pair of workers that talk. There are two meshes: RESOLVE takes
 * fragments to the worker that remembers their datagram, ACCOUNT takes packets to the shard of
 * their flow. Control messages travel in the same rings, so that they can't overtake packets.
 *
 * No deadlock: accounting sends nothing, so a worker that waits for room anywhere goes on
 * accounting what others send it; one that waits in RESOLVE goes on resolving, too, which waits at
 * most for an ACCOUNT ring.
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

/* Consumer: slot number 'i' from the oldest on, or NULL when there are not so many. It stays the
 * consumer's until it is popped. */
static inline struct mesh_slot *
mesh_peek_at(struct pavo_ring *r, uint32_t i)
{
    const uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    if (r->tail_seen - head <= i) {
        /* Acquire: pairs with the release in ring_push(); the slots are whole. */
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

    /* Release: pairs with the acquire in ring_slot() and ring_room(); reading is over. */
    atomic_store_explicit(&r->head, head + n, memory_order_release);
}

#endif
