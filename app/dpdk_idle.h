/* dpdk_idle.h - when the worker of an empty queue polls on, and when it sleeps
 *
 * An empty queue is polled for a moment, then looked at between short naps, then between longer
 * ones, the longest below a millisecond: that is how late the first packet after a silence may be
 * seen. Where the device can interrupt, the long sleep is on its interrupt.
 *
 * An interrupt is believed when it has come once. Until then a sleep on it lasts a millisecond at
 * most, for some drivers accept the request and never wake anybody (igb under uio_pci_generic). If
 * packets are found MISSED_MAX times in a row after sleeps that nothing ended, it is not believed
 * any more.
 *
 * It needs nothing of DPDK. Owner: the thread that polls the queue.
 */
#ifndef PAVO_DPDK_IDLE_H
#define PAVO_DPDK_IDLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    IDLE_POLLS = 64,      /* empty polls before the first nap */
    IDLE_UNPROVEN_MS = 1, /* a sleep on an interrupt that has never come */
    IDLE_MISSED_MAX = 3,
};

/* Naps of one length until their time is over: some 10 ms, some 100 ms, for ever. */
static const struct {
    uint32_t ns, n;
} idle_naps[] = {{50 * 1000, 200}, {200 * 1000, 500}, {970 * 1000, UINT32_MAX}};

enum idle_rest {
    IDLE_POLL,  /* do not sleep */
    IDLE_NAP,   /* for 'nap_ns' */
    IDLE_ARM,   /* ask for the interrupt, and poll once more: a packet may have come before it */
    IDLE_SLEEP, /* until the interrupt, for 'sleep_ms' at most */
};

struct dpdk_idle {
    bool may_sleep;     /* false: IDLE_POLL always */
    bool has_interrupt; /* and it may be asked for */
    bool is_armed;
    bool is_proven;      /* it has come */
    bool timed_out;      /* the last sleep: nothing has ended it */
    uint8_t missed;      /* such sleeps in a row after which there were packets */
    uint32_t empty;      /* polls in a row that gave nothing */
    uint32_t naps, step; /* of the present length */
    uint32_t nap_ns;
    int sleep_ms;
    uint64_t n_sleeps, n_woken; /* on the interrupt, and ended by it */
};

static inline void
dpdk_idle_restart(struct dpdk_idle *i)
{
    i->naps = i->step = 0;
}

/* A poll gave packets (or did not). */
static inline void
dpdk_idle_polled(struct dpdk_idle *i, bool got)
{
    if (!got) {
        i->empty++;
        return;
    }
    i->empty = 0;
    dpdk_idle_restart(i);
    if (i->timed_out && ++i->missed >= IDLE_MISSED_MAX)
        i->has_interrupt = i->is_proven = false;
    i->timed_out = false;
}

/* A sleep on the interrupt is over. It stays armed when it did not come. */
static inline void
dpdk_idle_woken(struct dpdk_idle *i, bool by_interrupt)
{
    i->is_armed = !by_interrupt;
    i->n_sleeps++;
    i->n_woken += by_interrupt;
    i->timed_out = !by_interrupt;
    if (by_interrupt) {
        i->is_proven = true;
        i->missed = 0;
    }
}

/* What to do until the next poll. 'most_ms': the worker has other work after that, 0: it has been
 * busy a moment ago. 'alone': it has no other queue that it would sleep through. */
static inline enum idle_rest
dpdk_idle_rest(struct dpdk_idle *i, int most_ms, bool alone)
{
    if (most_ms == 0)
        dpdk_idle_restart(i);
    if (!i->may_sleep || most_ms == 0 || i->empty < IDLE_POLLS)
        return IDLE_POLL;
    if (i->step > 0 && i->has_interrupt && alone) {
        if (!i->is_armed) {
            i->is_armed = true;
            return IDLE_ARM;
        }
        i->sleep_ms = i->is_proven ? most_ms : IDLE_UNPROVEN_MS;
        return IDLE_SLEEP;
    }
    i->nap_ns = idle_naps[i->step].ns;
    if (++i->naps >= idle_naps[i->step].n) {
        i->naps = 0;
        i->step++;
    }
    return IDLE_NAP;
}

#endif
