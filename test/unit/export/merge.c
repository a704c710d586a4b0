/* Unit tests of lib/export/merge.c: records of several rings in the order of their time. */
#include "t.h"

#include "pavo_export.h"
#include "ring.h"

/* The merge reads the head; the rest stands for what the record is made of. */
struct slot {
    struct pavo_draft head;
    uint64_t id;
    uint8_t rest[PAVO_DRAFT_LEAST];
};

static struct pavo_ring *
ring_open(void)
{
    struct pavo_err err;
    struct pavo_ring *r = pavo_ring_open(sizeof(struct slot), 64, &pavo_mem_plain, &err);

    assert_non_null(r);
    return r;
}

static void
put(struct pavo_ring *ring, uint64_t made_ns, uint64_t id)
{
    struct slot *slot = ring_slot(ring);

    assert_non_null(slot);
    *slot = (struct slot){.head = {.made_ns = made_ns, .bytes = sizeof *slot}, .id = id};
    ring_push(ring);
}

static uint64_t
peek(struct pavo_merge *m)
{
    const struct slot *slot = (const void *)pavo_merge_peek(m);

    return slot ? slot->id : 0;
}

static uint64_t
next(struct pavo_merge *m)
{
    const uint64_t id = peek(m);

    pavo_merge_pop(m);
    return id;
}

static void
oldest_first(void **state)
{
    struct pavo_ring *rings[3] = {ring_open(), ring_open(), ring_open()};
    struct pavo_merge m = {.rings = rings, .n = 3};

    assert_null(pavo_merge_peek(&m));
    pavo_merge_pop(&m); /* nothing was peeked: nothing happens */
    put(rings[0], 30, 3);
    put(rings[0], 40, 4);
    put(rings[1], 10, 1);
    put(rings[1], 40, 5);
    put(rings[2], 20, 2);
    for (uint64_t id = 1; id <= 5; id++)
        assert_int_equal(next(&m), id);
    assert_null(pavo_merge_peek(&m));
    for (unsigned i = 0; i < 3; i++)
        pavo_ring_close(rings[i]);
}

static void
peeked_stays(void **state)
{
    struct pavo_ring *rings[2] = {ring_open(), ring_open()};
    struct pavo_merge m = {.rings = rings, .n = 2};

    put(rings[1], 20, 2);
    assert_int_equal(peek(&m), 2);
    put(rings[0], 10, 1); /* an older one comes in between */
    assert_int_equal(peek(&m), 2);
    pavo_merge_pop(&m);
    assert_int_equal(next(&m), 1);
    assert_null(pavo_merge_peek(&m));
    pavo_ring_close(rings[0]);
    pavo_ring_close(rings[1]);
}

static void
no_rings(void **state)
{
    struct pavo_merge m = {0};

    assert_null(pavo_merge_peek(&m));
}

static void
a_ring_keeps_its_order(void **state)
{
    struct pavo_ring *rings[1] = {ring_open()};
    struct pavo_merge m = {.rings = rings, .n = 1};

    put(rings[0], 20, 1);
    put(rings[0], 10, 2);
    assert_int_equal(next(&m), 1);
    assert_int_equal(next(&m), 2);
    pavo_ring_close(rings[0]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"the oldest record comes first, ties in the order of the rings", oldest_first, NULL, NULL,
         NULL},
        {"what was peeked is what is popped, whatever comes between", peeked_stays, NULL, NULL,
         NULL},
        {"no rings have no records", no_rings, NULL, NULL, NULL},
        {"records of one ring keep their order", a_ring_keeps_its_order, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
