/* dpdk_clock.c - the clock that turns ticks into time */
#include "t.h"

#include "dpdk_clock.h"

static const uint64_t start_ns = UINT64_C(1700000000000000000), second = 1000000000;

/* A counter of 'hz' that the system takes for 'told_hz', beside a true clock that 'set_ns' is added
 * to in between. */
struct clock_case {
    const char *says;
    uint64_t hz, told_hz;
    int64_t set_ns; /* the wall clock is set by so much after 10 s */
    uint64_t
        worst_ns; /* error allowed from the second second on (of the first: a rate that is off) */
};

static const struct clock_case cases[] = {
    {"a clock whose rate is known is right to the microsecond", 2300000000, 2300000000, 0, 1000},
    {"a rate that is off by 0.2 % is found out and made good", 2303912000, 2300000000, 0, 1500},
    {"a counter of 100 MHz will do", 100000000, 100000000, 0, 1000},
    {"a clock set forward by 40 ms is followed without a jump", 2300000000, 2300000000, 40000000,
     1000},
    {"a clock set back by 40 ms is followed, and time does not run backwards", 2300000000,
     2300000000, -40000000, 1000},
};

static uint64_t
true_ns(const struct clock_case *c, uint64_t tick)
{
    const uint64_t ns = (uint64_t)((double)tick / (double)c->hz * 1e9);

    return start_ns + ns + (ns >= 10 * second ? (uint64_t)c->set_ns : 0);
}

static void
run_case(void **state)
{
    const struct clock_case *c = *state;
    const uint64_t step = c->hz / 1000; /* a burst each millisecond */
    struct dpdk_clock clock;
    uint64_t before;

    dpdk_clock_init(&clock, c->told_hz, 0, true_ns(c, 0));
    before = true_ns(c, 0);
    for (uint64_t tick = 0; tick < 20 * c->hz; tick += step) {
        const uint64_t truth = true_ns(c, tick);
        const bool settled = (tick > 3 * c->hz && tick < 10 * c->hz) || tick > 14 * c->hz;
        uint64_t now;

        if (dpdk_clock_is_due(&clock, tick))
            dpdk_clock_measure(&clock, tick, truth);
        now = dpdk_clock_at(&clock, tick);
        assert_true(now >= before);
        assert_true(now - before <= 1200000); /* of a millisecond: a tenth faster at most */
        if (settled)
            assert_true((now > truth ? now - truth : truth - now) <= c->worst_ns);
        before = now;
    }
}

/* Measurements that are late or early by up to 20 us, and a counter whose rate wanders by 50 parts
 * per million: time stays near the truth and never runs backwards. */
static void
bears_jitter_and_drift(void **state)
{
    const uint64_t hz = 2300000000, step = hz / 1000;
    struct dpdk_clock clock;
    double truth = (double)(0);
    uint64_t before = 0, worst = 0, noise = 88172645463325252u;

    (void)state;
    dpdk_clock_init(&clock, hz, 0, start_ns);
    for (uint64_t tick = 0, ms = 0; ms < 120000; ms++, tick += step) {
        const double ppm = 50.0 * (double)(ms % 60000) / 60000.0 - 25.0; /* saws from -25 to 25 */
        uint64_t now, real = start_ns + (uint64_t)truth;

        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        if (dpdk_clock_is_due(&clock, tick))
            dpdk_clock_measure(&clock, tick, real + noise % 40000 - 20000);
        now = dpdk_clock_at(&clock, tick);
        assert_true(now >= before);
        if (ms > 3000 && (now > real ? now - real : real - now) > worst)
            worst = now > real ? now - real : real - now;
        before = now;
        truth += 1e6 * (1 + ppm * 1e-6);
    }
    /* The noise of a measurement, once more by the slope it suggests, and a second of drift. */
    assert_true(worst < 130000);
    assert_true(worst > 1000); /* the noise was there */
}

/* Stamps of a NIC whose counter runs at 78.125 MHz from a start of its own. */
static void
stamps_become_times(void **state)
{
    const uint64_t hz = 78125000, zero = UINT64_C(0xfffffffffff00000); /* wraps soon */
    const uint64_t now = start_ns + second;
    struct dpdk_clock clock;

    (void)state;
    dpdk_clock_init(&clock, hz, zero, start_ns);
    dpdk_clock_measure(&clock, zero + hz, now);
    assert_true(dpdk_clock_stamp(&clock, zero + hz + hz / 1000, now + 1500000) == now + 1000000);
    /* stamped before the last measurement */
    assert_true(dpdk_clock_stamp(&clock, zero + hz - hz / 1000, now + 20000) == now - 1000000);
    /* what can't be: of the future, of long ago, no stamp at all */
    assert_true(dpdk_clock_stamp(&clock, zero + hz + hz / 100, now) == now);
    assert_true(dpdk_clock_stamp(&clock, zero - hz, now) == now);
    assert_true(dpdk_clock_stamp(&clock, 0x123456789abcdef, now) == now);
}

/* A thread that was held up for a long time measures before it shows a time again. */
static void
bears_a_long_pause(void **state)
{
    const uint64_t hz = 2300000000;
    struct dpdk_clock clock;
    uint64_t now;

    (void)state;
    dpdk_clock_init(&clock, hz, 0, start_ns);
    dpdk_clock_measure(&clock, hz, start_ns + second + 30000000); /* 30 ms behind: it hurries */
    assert_true(dpdk_clock_is_due(&clock, 61 * hz));
    dpdk_clock_measure(&clock, 61 * hz, start_ns + 61 * second + 30000000);
    now = dpdk_clock_at(&clock, 61 * hz);
    /* It hurried on all the while, and is beyond: set right at once, as a step of the clock is. */
    assert_true(now - start_ns >= 61 * second);
    for (uint64_t s = 62; s < 80; s++)
        dpdk_clock_measure(&clock, s * hz, start_ns + s * second + 30000000);
    now = dpdk_clock_at(&clock, 80 * hz);
    assert_true(now - start_ns - 80 * second - 30000000 + 1000 < 2000);
}

static void
follows_a_step(void **state)
{
    struct dpdk_clock clock;

    (void)state;
    dpdk_clock_init(&clock, 1000000000, 0, start_ns);
    dpdk_clock_measure(&clock, second, start_ns + 3600 * second);
    assert_true(dpdk_clock_at(&clock, second) == start_ns + 3600 * second);
    dpdk_clock_measure(&clock, 2 * second, start_ns + second);
    assert_true(dpdk_clock_at(&clock, 2 * second) == start_ns + second);
    assert_true(dpdk_clock_at(&clock, 3 * second) == start_ns + 2 * second);
}

int
main(void)
{
    const struct CMUnitTest steps[] = {
        {"jitter of 20 us and a rate that wanders leave it within 130 us", bears_jitter_and_drift,
         NULL, NULL, NULL},
        {"stamps of a NIC become times, and what can't be is not believed", stamps_become_times,
         NULL, NULL, NULL},
        {"after a long pause it finds back", bears_a_long_pause, NULL, NULL, NULL},
        {"a clock that somebody sets by an hour is taken over at once", follows_a_step, NULL, NULL,
         NULL},
    };

    return T_RUN_TABLE(cases, run_case) + cmocka_run_group_tests(steps, NULL, NULL);
}
