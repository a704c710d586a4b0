/* clock.c - event time of a source */
#include "flow_t.h"

/* Steps in milliseconds after T0; grace 1 s, jump back 60 s, jump forward 1 h. */
static const struct clock_case {
    const char *says;
    struct {
        int64_t ts_ms, now_ms;
        bool jump;
    } step[5];
    unsigned n;
    uint64_t late, jumps;
} cases[] = {
    {.says = "the first packet sets the clock", .step = {{5, 5, false}}, .n = 1},
    {.says = "disorder within the grace is taken as it comes",
     .step = {{0, 0, false}, {2000, 2000, false}, {1000, 1000, false}, {1500, 1500, false}},
     .n = 4},
    {.says = "a packet later than the grace is seen at now - grace",
     .step = {{0, 0, false}, {5000, 5000, false}, {3999, 4000, false}, {4000, 4000, false}},
     .n = 4,
     .late = 1},
    {.says = "a step back by the limit is late, by more it is a jump and the clock follows",
     .step = {{100000, 100000, false},
              {40000, 99000, false},
              {39999, 39999, true},
              {40000, 40000, false}},
     .n = 4,
     .late = 1,
     .jumps = 1},
    {.says = "a step forward by the limit is silence, by more it is a jump",
     .step = {{0, 0, false}, {3600000, 3600000, false}, {7200001, 7200001, true}},
     .n = 3,
     .jumps = 1},
};

static void
clock_case(void **state)
{
    const struct clock_case *c = *state;
    struct pavo_clock clock = {.grace_ns = SEC, .back_ns = 60 * SEC, .forward_ns = 3600 * SEC};

    for (unsigned i = 0; i < c->n; i++) {
        uint64_t now_ns;
        const bool jump = pavo_clock_tick(&clock, AT_MS(c->step[i].ts_ms), &now_ns);

        assert_int_equal(jump, c->step[i].jump);
        assert_true(now_ns == AT_MS(c->step[i].now_ms));
    }
    assert_int_equal(clock.late, c->late);
    assert_int_equal(clock.jumps, c->jumps);
}

static void
without_limits_nothing_jumps(void **state)
{
    struct pavo_clock clock = {.grace_ns = SEC};
    uint64_t now_ns;

    assert_false(pavo_clock_tick(&clock, T0, &now_ns));
    assert_false(pavo_clock_tick(&clock, 1, &now_ns));
    assert_true(now_ns == T0 - SEC);
    assert_false(pavo_clock_tick(&clock, 2 * T0, &now_ns));
    assert_true(now_ns == 2 * T0);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(without_limits_nothing_jumps)};

    return T_RUN_TABLE(cases, clock_case) + cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
