/* ring.c - the ring in one thread: order, full, empty, and counters that wrap */
#include "flow_t.h"

static struct pavo_ring *
open_ring(size_t bytes, uint32_t slots)
{
    struct pavo_err err;
    struct pavo_ring *r = pavo_ring_open(bytes, slots, &pavo_mem_plain, &err);

    assert_non_null(r);
    return r;
}

static void
fills_to_the_last_slot_and_empties(void **state)
{
    struct pavo_ring *r = open_ring(sizeof(uint32_t), 5); /* rounded up to 8 */

    assert_null(ring_peek(r));
    for (uint32_t round = 0; round < 10; round++) {
        for (uint32_t i = 0; i < 8; i++) {
            uint32_t *slot = ring_slot(r);

            assert_non_null(slot);
            assert_int_equal(ring_room(r), 8 - i);
            *slot = round * 8 + i;
            ring_push(r);
        }
        assert_null(ring_slot(r));
        assert_int_equal(ring_room(r), 0);
        for (uint32_t i = 0; i < 8; i++) {
            const uint32_t *slot = ring_peek(r);

            assert_non_null(slot);
            assert_int_equal(*slot, round * 8 + i);
            ring_pop(r);
        }
        assert_null(ring_peek(r));
    }
    pavo_ring_close(r);
}

static void
counters_wrap_at_32_bits(void **state)
{
    struct pavo_ring *r = open_ring(sizeof(uint32_t), 4);

    atomic_store(&r->head, UINT32_MAX - 1);
    atomic_store(&r->tail, UINT32_MAX - 1);
    r->head_seen = r->tail_seen = UINT32_MAX - 1;
    for (uint32_t i = 0; i < 4; i++) {
        *(uint32_t *)ring_slot(r) = i;
        ring_push(r);
    }
    assert_null(ring_slot(r));
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(*(uint32_t *)ring_peek(r), i);
        ring_pop(r);
    }
    assert_null(ring_peek(r));
    pavo_ring_close(r);
}

static void
slots_are_aligned_for_any_type(void **state)
{
    struct pavo_ring *r = open_ring(13, 2);

    assert_int_equal((uintptr_t)ring_slot(r) % sizeof(uint64_t), 0);
    ring_push(r);
    assert_int_equal((uintptr_t)ring_slot(r) % sizeof(uint64_t), 0);
    pavo_ring_close(r);
}

static void *
no_memory(const struct pavo_mem *m, size_t bytes)
{
    return NULL;
}

static void
refusals_say_why(void **state)
{
    const struct pavo_mem none = {.get = no_memory};
    struct pavo_err err = {.text = ""};

    assert_null(pavo_ring_open(8, 0, &pavo_mem_plain, &err));
    assert_non_null(strstr(err.text, "0 slots"));
    assert_null(pavo_ring_open(8, 4, &none, &err));
    assert_non_null(strstr(err.text, "no memory for 4 slots of"));
    assert_int_equal(pavo_err_set(&err, 5, "%s %d", "number", 7), -5);
    assert_string_equal(err.text, "number 7");
    pavo_ring_close(NULL);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_to_the_last_slot_and_empties),
        cmocka_unit_test(counters_wrap_at_32_bits),
        cmocka_unit_test(slots_are_aligned_for_any_type),
        cmocka_unit_test(refusals_say_why),
    };

    return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
