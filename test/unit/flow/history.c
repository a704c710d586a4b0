/* history.c - letters of a conversation, and the pools that parts come from */
#include "flow_t.h"

#include "history.h"
#include "pool.h"

static void
letters_are_spelled_from_the_initiators_side(void **state)
{
    struct history h = {{0}};
    char text[PAVO_HISTORY_MAX + 3];

    history_add(&h, 0, HISTORY_S);
    history_add(&h, 1, HISTORY_H);
    history_add(&h, 0, HISTORY_A);
    history_spell(&h, 0, false, text);
    assert_string_equal(text, "ShA");
    history_spell(&h, 1, true, text);
    assert_string_equal(text, "^sHa");
}

static void
every_letter_comes_back(void **state)
{
    struct history h = {{0}};
    char text[PAVO_HISTORY_MAX + 3];

    for (unsigned i = 0; i < HISTORY_LETTERS; i++)
        history_add(&h, i & 1, (enum history_letter)i);
    history_spell(&h, 0, false, text);
    assert_string_equal(text, "ShAdFrTwGiQ");
    assert_int_equal(history_count(&h), HISTORY_LETTERS);
}

static void
more_letters_than_fit_are_a_plus(void **state)
{
    struct history h = {{0}};
    char text[PAVO_HISTORY_MAX + 3];

    for (unsigned i = 0; i < HISTORY_KEPT; i++)
        history_add(&h, 0, HISTORY_T);
    history_spell(&h, 0, false, text);
    assert_string_equal(text, "TTTTTTTTTTTTTTTTTT");
    for (unsigned i = 0; i < 3; i++)
        history_add(&h, 0, HISTORY_S);
    history_spell(&h, 1, true, text);
    assert_string_equal(text, "^tttttttttttttttttt+");
    assert_int_equal(strlen(text), PAVO_HISTORY_MAX + 2);
}

static void
a_pool_gives_each_part_once_and_clean(void **state)
{
    struct pool p;
    uint32_t part[5];

    assert_int_equal(pool_open(&p, 4, 24, &pavo_mem_plain), 0);
    for (unsigned i = 0; i < 5; i++) {
        part[i] = pool_take(&p);
        assert_int_equal(part[i], i < 4 ? i + 1 : 0);
        if (part[i])
            memset(pool_at(&p, part[i]), 0xee, 24);
    }
    pool_give(&p, part[2]);
    pool_give(&p, 0);
    pool_give(&p, part[0]);
    for (unsigned i = 0; i < 2; i++) {
        static const uint8_t clean[24];
        const uint32_t again = pool_take(&p);

        assert_int_equal(again, i ? part[2] : part[0]);
        assert_memory_equal(pool_at(&p, again), clean, 24);
    }
    assert_int_equal(pool_take(&p), 0);
    pool_close(&p, &pavo_mem_plain);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_are_spelled_from_the_initiators_side),
        cmocka_unit_test(every_letter_comes_back),
        cmocka_unit_test(more_letters_than_fit_are_a_plus),
        cmocka_unit_test(a_pool_gives_each_part_once_and_clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
