/* dpdk_clock.h - wall-clock time from the processor's tick counter
 *
 * Reading the tick counter costs a few nanoseconds and no system call, so it can be read for every
 * burst. The counter's rate is measured against CLOCK_REALTIME about once a second. An error found
 * then is not corrected in one step: the rate of the next second is bent, by a tenth at most, so
 * that time never runs backwards and never jumps. Only an error above a second, that is a clock
 * somebody has set, is taken over at once: that jump is real, and the flow side has rules for it
 * (docs/decisions/0001-time-is-event-time.md).
 *
 * One clock per queue, used by the thread that polls it. It needs nothing of DPDK: ticks and time
 * are handed in.
 */
#ifndef PAVO_DPDK_CLOCK_H
#define PAVO_DPDK_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct dpdk_clock {
    uint64_t base_tick;  /* where the present line starts... */
    uint64_t base_ns;    /* ...and the time shown there */
    double ns_per_tick;  /* its slope, with the correction */
    uint64_t check_tick; /* measure again at this tick */
    uint64_t hz;         /* ticks in a second, as good as the system knows */
    uint64_t ref_tick;   /* the measurement before: tick and true time */
    uint64_t ref_ns;
};

static inline void
dpdk_clock_init(struct dpdk_clock *c, uint64_t hz, uint64_t tick, uint64_t real_ns)
{
    *c = (struct dpdk_clock){
        .base_tick = tick,
        .base_ns = real_ns,
        .ns_per_tick = 1e9 / (double)hz,
        .check_tick = tick + hz / 8, /* soon: the system's idea of hz may be rounded */
        .hz = hz,
        .ref_tick = tick,
        .ref_ns = real_ns,
    };
}

static inline bool
dpdk_clock_is_due(const struct dpdk_clock *c, uint64_t tick)
{
    return tick >= c->check_tick;
}

/* Time at 'tick', which is not before the last measurement. */
static inline uint64_t
dpdk_clock_at(const struct dpdk_clock *c, uint64_t tick)
{
    return c->base_ns + (uint64_t)((double)(tick - c->base_tick) * c->ns_per_tick);
}

/* Time of a packet that the device stamped by the counter that 'c' follows, which was received in a
 * burst at 'burst_ns'. A stamp is not believed, and the burst's time taken, if it lies a
 * millisecond after its burst or a second before it. */
static inline uint64_t
dpdk_clock_stamp(const struct dpdk_clock *c, uint64_t stamp, uint64_t burst_ns)
{
    const double ticks = (double)(int64_t)(stamp - c->base_tick); /* may be before the base */
    const double most = 2e9 / c->ns_per_tick;
    uint64_t ns;

    if (ticks > most || ticks < -most)
        return burst_ns;
    ns = c->base_ns + (uint64_t)(int64_t)(ticks * c->ns_per_tick);
    return (int64_t)(ns - burst_ns) < 1000000 && (int64_t)(burst_ns - ns) < 1000000000 ? ns
                                                                                       : burst_ns;
}

/* dpdk_clock_measure - 'real_ns' is the true time at 'tick'. */
static inline void
dpdk_clock_measure(struct dpdk_clock *c, uint64_t tick, uint64_t real_ns)
{
    uint64_t shown = dpdk_clock_at(c, tick);
    int64_t error = (int64_t)(real_ns - shown);
    uint64_t ticks = tick - c->ref_tick;
    double rate = 1e9 / (double)c->hz;
    double bend, most;

    /* The measured slope, unless the clock was set in between: then it is far from what hz says. */
    if (ticks > 0 && real_ns > c->ref_ns) {
        double measured = (double)(real_ns - c->ref_ns) / (double)ticks;

        if (measured > rate * 0.95 && measured < rate * 1.05)
            rate = measured;
    }
    c->ref_tick = tick;
    c->ref_ns = real_ns;
    c->base_tick = tick;
    c->check_tick = tick + c->hz;
    if (error > 1000000000 || error < -1000000000) {
        c->base_ns = real_ns;
        c->ns_per_tick = rate;
        return;
    }
    c->base_ns = shown;
    bend = (double)error / (double)c->hz;
    most = rate / 10;
    c->ns_per_tick = rate + (bend > most ? most : bend < -most ? -most : bend);
}

#endif
