/* ring.h - a bounded ring of equal slots between two threads
 *
 * Single producer, single consumer, no lock. 'head' and 'tail' count slots since open and wrap at
 * 2^32; their difference is what is in the ring, and a slot's place is the count modulo the size, a
 * power of two. Each side keeps the other's index as it last saw it on a line of its own, and looks
 * again only when that old value says "full" or "empty": most calls then touch no line that the
 * other side writes.
 *
 * A slot is handed out, not copied: ring_slot() lends the next free one to be filled in place,
 * ring_push() publishes it; ring_peek() lends the oldest one to be read in place, ring_pop() gives
 * it back.
 */
#ifndef PAVO_RING_H
#define PAVO_RING_H

#include "cacheline.h"

struct pavo_ring {
    /* Line 0: set at open, then only read. */
    PAVO_ALIGNED uint8_t *slots;
    size_t slot_bytes;
    uint32_t n_slots; /* a power of two */
    uint32_t mask;
    const struct pavo_mem *mem;

    /* Line 1: the producer's. */
    PAVO_ALIGNED _Atomic uint32_t tail; /* slots published; the consumer loads it */
    uint32_t head_seen;                 /* 'head' as the producer last saw it */

    /* Line 2: the consumer's. */
    PAVO_ALIGNED _Atomic uint32_t head; /* slots given back; the producer loads it */
    uint32_t tail_seen;                 /* 'tail' as the consumer last saw it */
};
_Static_assert(offsetof(struct pavo_ring, tail) == PAVO_CACHE_LINE, "line 1 starts here");
_Static_assert(offsetof(struct pavo_ring, head) == 2 * PAVO_CACHE_LINE, "line 2 starts here");

/* Producer: the next free slot, or NULL when the ring is full. It stays the producer's until
 * ring_push(). */
static inline void *
ring_slot(struct pavo_ring *r)
{
    const uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

    if (tail - r->head_seen == r->n_slots) {
        /* Acquire: pairs with the release in ring_pop(); the consumer has done reading the slot. */
        r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
        if (tail - r->head_seen == r->n_slots)
            return NULL;
    }
    return r->slots + (size_t)(tail & r->mask) * r->slot_bytes;
}

/* Producer: publishes the slot that ring_slot() lent. */
static inline void
ring_push(struct pavo_ring *r)
{
    const uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

    /* Release: pairs with the acquire in ring_peek(); the slot is whole before it is seen. */
    atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
}

/* Producer: it will soon write the first 'bytes' of the slot after the next one. */
static inline void
ring_prefetch(const struct pavo_ring *r, size_t bytes)
{
    const uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    const uint8_t *slot = r->slots + (size_t)((tail + 1) & r->mask) * r->slot_bytes;

    for (size_t at = 0; at < bytes; at += PAVO_CACHE_LINE)
        prefetch_write(slot + at);
}

/* Producer: free slots, at least. */
static inline uint32_t
ring_room(struct pavo_ring *r)
{
    const uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

    /* Acquire: pairs with the release in ring_pop(), as in ring_slot(). */
    r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
    return r->n_slots - (tail - r->head_seen);
}

/* Consumer: the oldest slot, or NULL when the ring is empty. It stays the consumer's until
 * ring_pop(). */
static inline void *
ring_peek(struct pavo_ring *r)
{
    const uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    if (head == r->tail_seen) {
        /* Acquire: pairs with the release in ring_push(); the slot is whole. */
        r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (head == r->tail_seen)
            return NULL;
    }
    return r->slots + (size_t)(head & r->mask) * r->slot_bytes;
}

/* Consumer: the slot 'n' places behind the oldest, if it is known to be published; else NULL. */
static inline const void *
ring_ahead(const struct pavo_ring *r, uint32_t n)
{
    const uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    if (r->tail_seen - head <= n)
        return NULL;
    return r->slots + (size_t)((head + n) & r->mask) * r->slot_bytes;
}

/* Consumer: gives the slot that ring_peek() lent back. */
static inline void
ring_pop(struct pavo_ring *r)
{
    const uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    /* Release: pairs with the acquire in ring_slot() and ring_room(); reading is over before it is
     * reused. */
    atomic_store_explicit(&r->head, head + 1, memory_order_release);
}

#endif
