/* dpdk_idle.c - when the worker of a silent queue sleeps, and how long */
#include "t.h"

#include "dpdk_idle.h"

enum { MOST_MS = 100 };

/* Silence for 'ns' from now on; stops before a rest of the kind 'until'. Returns the longest time
 * between two polls. */
static uint64_t
silence(struct dpdk_idle *i, uint64_t ns, enum idle_rest until, bool alone)
{
    uint64_t worst = 0;

    for (uint64_t now = 0; now < ns;) {
        uint64_t rest = 500; /* a poll */

        dpdk_idle_polled(i, false);
        switch (dpdk_idle_rest(i, MOST_MS, alone)) {
        case IDLE_NAP:
            rest += i->nap_ns;
            break;
        case IDLE_SLEEP:
            if (until == IDLE_SLEEP)
                return worst;
            rest += (uint64_t)i->sleep_ms * 1000000;
            dpdk_idle_woken(i, false);
            break;
        case IDLE_ARM:
        case IDLE_POLL:
            break;
        }
        worst = rest > worst ? rest : worst;
        now += rest;
    }
    return worst;
}

static const uint64_t second = 1000000000;

static void
busy_never_sleeps(void **state)
{
    struct dpdk_idle i = {.has_interrupt = true};

    (void)state;
    for (unsigned n = 0; n < 1000000; n++) {
        dpdk_idle_polled(&i, false);
        assert_int_equal(dpdk_idle_rest(&i, MOST_MS, true), IDLE_POLL);
    }
}

static void
naps_grow_and_stay_below_a_millisecond(void **state)
{
    struct dpdk_idle i = {.may_sleep = true};
    unsigned polls = 0;

    (void)state;
    do
        dpdk_idle_polled(&i, false), polls++;
    while (dpdk_idle_rest(&i, MOST_MS, true) == IDLE_POLL);
    assert_int_equal(polls, IDLE_POLLS);
    assert_true(silence(&i, second / 200, IDLE_POLL, true) < 60000);
    assert_true(silence(&i, second / 10, IDLE_POLL, true) < 250000);
    assert_true(silence(&i, 10 * second, IDLE_POLL, true) > 800000);
    assert_true(silence(&i, 10 * second, IDLE_POLL, true) < 1000000);
}

static void
packets_and_work_wake(void **state)
{
    struct dpdk_idle i = {.may_sleep = true};

    (void)state;
    silence(&i, second, IDLE_POLL, true);
    dpdk_idle_polled(&i, true);
    assert_int_equal(dpdk_idle_rest(&i, MOST_MS, true), IDLE_POLL);
    assert_true(silence(&i, second / 200, IDLE_POLL, true) < 60000);
    silence(&i, second, IDLE_POLL, true);
    assert_int_equal(dpdk_idle_rest(&i, 0, true), IDLE_POLL); /* other work came by */
    assert_true(silence(&i, second / 200, IDLE_POLL, true) < 60000);
}

static void
interrupts_are_armed_then_polled_then_slept_on(void **state)
{
    struct dpdk_idle i = {.may_sleep = true, .has_interrupt = true};
    enum idle_rest rest;

    (void)state;
    do {
        dpdk_idle_polled(&i, false);
        rest = dpdk_idle_rest(&i, MOST_MS, true);
    } while (rest == IDLE_POLL || rest == IDLE_NAP);
    assert_int_equal(rest, IDLE_ARM);
    dpdk_idle_polled(&i, false);
    assert_int_equal(dpdk_idle_rest(&i, MOST_MS, true), IDLE_SLEEP);
    assert_int_equal(i.sleep_ms, IDLE_UNPROVEN_MS);
    dpdk_idle_woken(&i, true);
    dpdk_idle_polled(&i, true);
    silence(&i, second, IDLE_SLEEP, true);
    assert_int_equal(i.sleep_ms, MOST_MS);
}

static void
interrupts_that_never_come_are_given_up(void **state)
{
    struct dpdk_idle i = {.may_sleep = true, .has_interrupt = true};

    (void)state;
    for (unsigned n = 0; n < IDLE_MISSED_MAX; n++) {
        assert_true(i.has_interrupt);
        silence(&i, second, IDLE_SLEEP, true);
        dpdk_idle_woken(&i, false);
        dpdk_idle_polled(&i, true);
    }
    assert_false(i.has_interrupt);
    assert_true(silence(&i, 10 * second, IDLE_SLEEP, true) < 1000000);
}

static void
one_that_came_is_believed_again(void **state)
{
    struct dpdk_idle i = {.may_sleep = true, .has_interrupt = true};

    (void)state;
    for (unsigned n = 0; n < 5 * IDLE_MISSED_MAX; n++) { /* a packet may come as the time is over */
        silence(&i, second, IDLE_SLEEP, true);
        dpdk_idle_woken(&i, n % IDLE_MISSED_MAX == 0);
        dpdk_idle_polled(&i, true);
    }
    assert_true(i.has_interrupt);
}

static void
other_queues_are_not_slept_through(void **state)
{
    struct dpdk_idle i = {.may_sleep = true, .has_interrupt = true, .is_proven = true};

    (void)state;
    assert_true(silence(&i, 10 * second, IDLE_SLEEP, false) < 1000000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"a queue that is polled busily is never slept on", busy_never_sleeps, NULL, NULL, NULL},
        {"naps grow with the silence and stay below a millisecond",
         naps_grow_and_stay_below_a_millisecond, NULL, NULL, NULL},
        {"packets, and work from elsewhere, make naps short again", packets_and_work_wake, NULL,
         NULL, NULL},
        {"an interrupt is asked for, the queue polled once more, then slept on",
         interrupts_are_armed_then_polled_then_slept_on, NULL, NULL, NULL},
        {"an interrupt that never comes is given up", interrupts_that_never_come_are_given_up, NULL,
         NULL, NULL},
        {"an interrupt that comes now and then is not given up", one_that_came_is_believed_again,
         NULL, NULL, NULL},
        {"a worker with other queues does not sleep on one of them",
         other_queues_are_not_slept_through, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
