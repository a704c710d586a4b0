/* pieces.c - the pieces of a datagram: what each is, and that bounded memory stays bounded */
#include "pieces_t.h"
#include "rnd.h"
#include "t.h"

static enum piece_is
note(struct pieces *s, uint32_t offset, uint32_t bytes, bool has_more)
{
    const struct pavo_fragment piece = {
        .offset = offset, .bytes = bytes, .is_later = offset != 0, .has_more = has_more};
    const enum piece_is is = pieces_note(s, &piece);

    assert_true(s->n_runs <= PIECES_RUNS);
    return is;
}

static void
pieces_in_order_are_two_runs(void **state)
{
    struct pieces s = {0};

    for (uint32_t i = 0; i < 44; i++)
        assert_int_equal(note(&s, i * 1480, 1480, true), PIECE_NEXT);
    assert_false(pieces_are_whole(&s));
    assert_int_equal(note(&s, 44 * 1480, 387, false), PIECE_NEXT);
    assert_true(pieces_are_whole(&s));
    assert_int_equal(s.n_runs, 2);
    assert_int_equal(note(&s, 20 * 1480, 1480, true), PIECE_DUPLICATE);
    assert_int_equal(note(&s, 44 * 1480, 387, false), PIECE_DUPLICATE);
    assert_int_equal(note(&s, 20 * 1480, 1472, true), PIECE_OVERLAP);
}

static void
pieces_from_the_last_to_the_first_are_two_runs(void **state)
{
    struct pieces s = {0};

    assert_int_equal(note(&s, 44 * 1480, 387, false), PIECE_NEXT);
    for (uint32_t i = 44; i > 0; i--)
        assert_int_equal(note(&s, (i - 1) * 1480, 1480, true), PIECE_LATE);
    assert_true(pieces_are_whole(&s));
    assert_int_equal(s.n_runs, 2);
}

static void
two_runs_that_meet_are_one(void **state)
{
    struct pieces s = {0};

    note(&s, 0, 8, true);
    note(&s, 8, 8, true);
    note(&s, 24, 8, true);
    note(&s, 32, 8, true);
    assert_int_equal(s.n_runs, 2);
    assert_int_equal(note(&s, 16, 8, true), PIECE_LATE);
    assert_int_equal(s.n_runs, 1);
    assert_int_equal(note(&s, 24, 8, true), PIECE_DUPLICATE);
}

static void
a_teardrop_overlaps(void **state)
{
    struct pieces s = {0};

    assert_int_equal(note(&s, 0, 36, true), PIECE_NEXT);
    assert_int_equal(note(&s, 24, 4, false), PIECE_OVERLAP); /* within the first */
    assert_int_equal(note(&s, 24, 4, false), PIECE_DUPLICATE);
    assert_false(pieces_are_whole(&s));
}

static void
a_piece_without_bytes_is_nothing(void **state)
{
    struct pieces s = {0};

    note(&s, 0, 16, true);
    assert_int_equal(note(&s, 8, 0, true), PIECE_NEXT);
    assert_int_equal(note(&s, 0, 0, false), PIECE_NEXT);
    assert_int_equal(s.n_runs, 1);
    assert_int_equal(s.total, 0);
}

static void
the_ends_of_what_lengths_can_say_are_no_trouble(void **state)
{
    struct pieces s = {0};

    assert_int_equal(note(&s, 65528, UINT32_MAX, false), PIECE_NEXT);
    assert_int_equal(s.total, 65528 + 65535);
    assert_int_equal(note(&s, 0, UINT32_MAX, true), PIECE_OVERLAP);
    assert_int_equal(note(&s, 0, 65535, true), PIECE_DUPLICATE);
}

/* With as many pieces as there are runs nothing is forgotten. */
static void
few_pieces_are_told_as_by_a_memory_without_bounds(void **state)
{
    struct rnd rnd = {7};

    for (unsigned round = 0; round < 50000; round++) {
        const unsigned n = 1 + rnd_below(&rnd, PIECES_RUNS);
        const uint32_t width = 1 + rnd_below(&rnd, 6);
        struct slow_pieces slow = {.n = 0};
        struct pieces s = {0};

        for (unsigned i = 0; i < n; i++) {
            const uint32_t offset = rnd_below(&rnd, 12) * 8;
            const uint32_t bytes =
                rnd_one_in(&rnd, 3) ? 1 + rnd_below(&rnd, 40) : 8 * (1 + rnd_below(&rnd, width));
            const bool has_more = !rnd_one_in(&rnd, 4);

            assert_int_equal(note(&s, offset, bytes, has_more),
                             slow_note(&slow, offset, bytes, has_more));
            assert_int_equal(s.bytes, slow.sum);
            assert_int_equal(s.total, slow.total);
        }
    }
}

/* With more, things go unnoticed; nothing is made up. */
static void
many_pieces_are_never_blamed_for_nothing(void **state)
{
    struct rnd rnd = {11};

    for (unsigned round = 0; round < 2000; round++) {
        struct slow_pieces slow = {.n = 0};
        struct pieces s = {0};

        for (unsigned i = 0; i < 200; i++) {
            const uint32_t offset = rnd_below(&rnd, 400) * 8;
            const uint32_t bytes = 8 * (1 + rnd_below(&rnd, 3));
            const enum piece_is is = note(&s, offset, bytes, true);
            const enum piece_is truth = slow_note(&slow, offset, bytes, true);

            assert_true(is >= truth);
            /* What stands before another does so whether it is remembered or not. */
            assert_true(is != PIECE_NEXT || truth == PIECE_NEXT || truth <= PIECE_OVERLAP);
        }
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_in_order_are_two_runs),
        cmocka_unit_test(pieces_from_the_last_to_the_first_are_two_runs),
        cmocka_unit_test(two_runs_that_meet_are_one),
        cmocka_unit_test(a_teardrop_overlaps),
        cmocka_unit_test(a_piece_without_bytes_is_nothing),
        cmocka_unit_test(the_ends_of_what_lengths_can_say_are_no_trouble),
        cmocka_unit_test(few_pieces_are_told_as_by_a_memory_without_bounds),
        cmocka_unit_test(many_pieces_are_never_blamed_for_nothing),
    };

    return cmocka_run_group_tests_name("pieces", tests, NULL, NULL);
}
