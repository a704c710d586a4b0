/* ring.c - a producer and a consumer thread on one ring, often full and often empty
 *
 * Each slot holds a counter and words made from it; the consumer checks order and content. Meant to
 * run under ThreadSanitizer, where a wrong memory order is a report; without it, tearing or
 * reordering fails the check. The two sides pause at random, so that the ring runs full and empty;
 * the test fails if it did not.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "pavo_flow.h"
#include "ring.h"

enum {
    WORDS = 9, /* not a divisor of a cache line */
};

static struct pavo_ring *ring;
static uint64_t n_slots = 2000000;
static uint64_t was_full, was_empty;
static _Atomic bool producer_done;

static uint64_t
mixed(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x7fb5d329728ea185);
    return x ^ x >> 27;
}

/* Gives the other side time now and then. */
static void
pause_sometimes(uint64_t i)
{
    if (mixed(i) % 977 == 0)
        for (unsigned k = 0; k < mixed(i) % 20; k++)
            sched_yield();
}

static void *
produce(void *arg)
{
    for (uint64_t i = 0; i < n_slots; i++) {
        uint64_t *slot;

        while (!(slot = ring_slot(ring))) {
            was_full++;
            sched_yield();
        }
        if (ring_room(ring) == 0) {
            fprintf(stderr, "a slot was lent, and there is no room\n");
            exit(1);
        }
        for (unsigned w = 0; w < WORDS; w++)
            slot[w] = w ? mixed(i + w) : i;
        ring_push(ring);
        pause_sometimes(i);
    }
    /* Release: pairs with the acquire in main(); all was pushed before. */
    atomic_store_explicit(&producer_done, true, memory_order_release);
    return NULL;
}

int
main(int argc, char **argv)
{
    struct pavo_err err = {.text = ""};
    pthread_t thread;
    uint64_t got = 0;

    if (argc > 1)
        n_slots = strtoull(argv[1], NULL, 0);
    ring = pavo_ring_open(WORDS * sizeof(uint64_t), 16, &pavo_mem_plain, &err);
    if (!ring || pthread_create(&thread, NULL, produce, NULL)) {
        fprintf(stderr, "cannot start: %s\n", err.text);
        return 1;
    }
    while (got < n_slots) {
        const uint64_t *slot = ring_peek(ring);

        if (!slot) {
            was_empty++;
            sched_yield();
            continue;
        }
        for (unsigned w = 0; w < WORDS; w++) {
            if (slot[w] != (w ? mixed(got + w) : got)) {
                fprintf(stderr, "slot %llu word %u is wrong\n", (unsigned long long)got, w);
                return 1;
            }
        }
        ring_pop(ring);
        got++;
        pause_sometimes(~got);
    }
    pthread_join(thread, NULL);
    if (!atomic_load_explicit(&producer_done, memory_order_acquire) || ring_peek(ring)) {
        fprintf(stderr, "more came out than went in\n");
        return 1;
    }
    pavo_ring_close(ring);
    printf("%llu slots, full %llu times, empty %llu times\n", (unsigned long long)n_slots,
           (unsigned long long)was_full, (unsigned long long)was_empty);
    return was_full && was_empty ? 0 : 1;
}
