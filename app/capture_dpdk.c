/* capture_dpdk.c - the DPDK backend: queues of ports as a worker polls them
 *
 * A port is a source, each of its receive queues a struct cap_queue with the number of that source.
 * Frames are lent out where the driver put them; only what a worker could not read in place is
 * copied: a frame in several segments, into the queue's scratch memory. A driver is always asked
 * for at least 32 packets, for some (vector receive) give nothing to who asks for fewer; the worker
 * gets them in the portions that it asks for.
 *
 * Time: net_pcap's packets carry their own, to the microsecond; of a file its own headers have
 * more, and the length of the frames where only their beginning was captured (dpdk_pcap.h). Packets
 * that a NIC stamped by a clock that can be read get that time, all others the time of their burst
 * (dpdk_clock.h).
 *
 * Stop: the losses are frozen, and what the driver still has is fetched, for DRAIN_MS at most.
 *
 * End: a file that net_pcap reads ends silently. But it gives fewer packets than it was asked for
 * only at the end of its file, at damage in it, or when it has no buffer, and the last is counted:
 * a short burst without that is the end. What follows damage is not read, as the other backend
 * does.
 *
 * Polling: capture.dpdk.poll says whether a silent queue is polled without pause or slept on
 * (dpdk_idle.h, docs/decisions/0016-polling-and-silence.md).
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "capture.h"
#include "capture_filter.h"
#include "cfg.h"
#include "dpdk_clock.h"
#include "dpdk_eal.h"
#include "dpdk_idle.h"
#include "dpdk_pcap.h"
#include "dpdk_port.h"
#include "log.h"
#include "topo.h"

enum {
    BURST_MAX = 64,
    MBUFS_AHEAD = 4,  /* that are on their way from memory */
    BURST_LEAST = 32, /* ask a driver for this many at least */
    SCRATCH_BYTES = 256 * 1024,
    DRAIN_MS = 100, /* traffic goes on while we stop: what has not been fetched by then is left */
};

struct dq_port {
    struct dpdk_port port;
    _Atomic unsigned n_polled;  /* queues that are polled, or will be */
    _Atomic uint64_t seen_tick; /* when any queue of the port received last; stored by the queues'
                                   workers, relaxed */
};

/* Owner: the worker that polls it, from enter() to leave(). The counters of the last line are
 * loaded by anyone. */
struct dq {
    struct cap_queue cap; /* first: ops get a pointer to it */
    struct dq_port *at;
    uint16_t number;
    bool is_registered;  /* enter() made this thread known to EAL */
    int fd;              /* readable when there are packets; -1: none */
    bool has_event;      /* its interrupt is in the thread's epoll set */
    bool cuts_to_us;     /* capture.precision is microseconds */
    bool is_usual;       /* nothing but the burst's time and the packet's bytes goes into a frame */
    uint64_t idle_ticks; /* silent this long: ended; 0 never */
    uint64_t entered_tick;
    uint64_t stop_tick; /* told to stop: no burst is taken after this; 0 not told */
    uint64_t burst_ns;  /* time of the burst that is being handed out */
    struct dpdk_clock clock;
    bool has_clock;
    struct dpdk_clock device; /* follows the NIC's clock, if has_clock */
    /* What the driver gave: handed out up to 'next', of that lent and not yet freed from 'lent' on.
     */
    struct rte_mbuf *mbufs[BURST_MAX];
    unsigned n, next, lent;
    unsigned n_single;        /* of those lent, from the first on: whole in one buffer, which is */
    struct rte_mempool *pool; /* of this pool and can go back to it unseen */
    struct dpdk_idle idle;
    uint64_t no_buffer;     /* of the port, when a file last gave less than it was asked for */
    struct dpdk_told *told; /* of a file: lengths and time stamps; or NULL */
    bool has_ended;         /* nothing comes after what was received */
    uint8_t *scratch;
    size_t scratch_used;
    char broken[160];
    bool is_broken;

    _Alignas(PAVO_CACHE_LINE) _Atomic uint64_t delivered;
    _Atomic uint64_t unreadable;
    _Atomic uint64_t filtered;
};

static struct {
    struct dq_port *ports;
    unsigned n_ports;
    struct dq **queues;
    unsigned n_queues;
    struct cap_filter *filter; /* NULL: every frame is wanted */
    int stamp_offset; /* of the driver's time stamp in a packet buffer; -1: no driver has one */
    uint64_t stamp_flag;
} dpdk = {.stamp_offset = -1};

static uint64_t
real_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Real time and the tick it belongs to. Preemption between the two readings would tear them apart:
 * try again then. */
static uint64_t
real_at_tick(uint64_t *tick)
{
    const uint64_t near = rte_get_tsc_hz() / 100000; /* 10 us */
    uint64_t ns = 0;

    for (int i = 0; i < 5; i++) {
        uint64_t before = rte_rdtsc(), after;

        ns = real_ns();
        after = rte_rdtsc();
        *tick = before + (after - before) / 2;
        if (after - before < near)
            break;
    }
    return ns;
}

/* The NIC's clock, and the real time it belongs to. */
static bool
device_now(const struct dq *q, uint64_t *ticks, uint64_t *ns)
{
    const uint64_t before = real_ns();

    if (!dpdk_port_clock(&q->at->port, ticks))
        return false;
    *ns = before + (real_ns() - before) / 2;
    return true;
}

/* How fast does the NIC's clock run? Two milliseconds tell to a thousandth, and it is measured
 * again soon; longer, the rings would overflow. */
static bool
device_init(struct dq *q)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    uint64_t ticks[2], ns[2];
    double hz;

    if (!device_now(q, &ticks[0], &ns[0]))
        return false;
    nanosleep(&moment, NULL);
    if (!device_now(q, &ticks[1], &ns[1]) || ns[1] <= ns[0])
        return false;
    hz = (double)(ticks[1] - ticks[0]) * 1e9 / (double)(ns[1] - ns[0]);
    if (hz < 1e6 || hz > 1e10) /* it stands, or is no clock */
        return false;
    dpdk_clock_init(&q->device, (uint64_t)hz, ticks[1], ns[1]);
    log_debug("%s: queue %u: packets stamped by the NIC, %.3f MHz", q->cap.name, q->number,
              hz / 1e6);
    return true;
}

/* ---- receiving
 * ------------------------------------------------------------------------------------ */

/* Puts tags back that a driver took out of the frame: they identify flows. IEEE 802.1Q; 802.1ad for
 * the outer one. */
static bool
tags_restore(struct rte_mbuf *m)
{
    const uint64_t flags = m->ol_flags;
    const uint16_t outer = m->vlan_tci_outer;

    if (rte_vlan_insert(&m) != 0) /* clears the flag */
        return false;
    if (flags & RTE_MBUF_F_RX_QINQ_STRIPPED) {
        uint8_t *frame;

        m->vlan_tci = outer;
        if (rte_vlan_insert(&m) != 0)
            return false;
        frame = rte_pktmbuf_mtod(m, uint8_t *);
        frame[12] = 0x88;
        frame[13] = 0xa8;
        m->ol_flags &= ~RTE_MBUF_F_RX_QINQ_STRIPPED;
    }
    return true;
}

/* How long was a frame that the driver has cut? Its IP header says. RFC 791 section 3.1, RFC 8200
 * section 3. Behind another EtherType nothing does, and the frame stays as long as it is. */
static uint32_t
wire_length(const struct pavo_frame *f)
{
    const uint8_t *p = f->data;
    uint32_t at = 12, n = 0;

    for (int tags = 0; tags < 2 && (p[at] << 8 | p[at + 1]) != 0x0800; tags++)
        if ((p[at] << 8 | p[at + 1]) == 0x8100 || (p[at] << 8 | p[at + 1]) == 0x88a8)
            at += 4;
    if ((p[at] << 8 | p[at + 1]) == 0x0800)
        n = at + 2 + (uint32_t)(p[at + 4] << 8 | p[at + 5]);
    else if ((p[at] << 8 | p[at + 1]) == 0x86dd)
        n = at + 2 + 40 + (uint32_t)(p[at + 6] << 8 | p[at + 7]);
    return n > f->caplen ? n : f->caplen;
}

/* Copies the segments of a frame to 'to', which has room for pkt_len bytes. False: they are not
 * that many. net_pcap reckons with 16 bits: of a frame above 65535 bytes it delivers a part, and
 * the whole length. */
static bool
segments_join(const struct rte_mbuf *m, uint8_t *to)
{
    uint32_t left = m->pkt_len;

    for (; m; m = m->next) {
        if (m->data_len > left)
            return false;
        memcpy(to, rte_pktmbuf_mtod(m, const void *), m->data_len);
        to += m->data_len;
        left -= m->data_len;
    }
    return left == 0;
}

enum taken { TAKEN, TAKE_LATER, TAKE_NEVER };

/* A frame of a packet buffer. LATER: the scratch memory is used up until done(). NEVER: it can't be
 * read whole. */
static enum taken
frame_take(struct dq *q, struct rte_mbuf *m, struct pavo_frame *f)
{
    const struct dpdk_port *port = &q->at->port;

    if (m->ol_flags & (RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED) &&
        !tags_restore(m))
        return TAKE_NEVER;
    if (m->nb_segs == 1 && m->data_len == m->pkt_len) {
        f->data = rte_pktmbuf_mtod(m, const uint8_t *);
    } else {
        if (m->pkt_len > SCRATCH_BYTES)
            return TAKE_NEVER;
        if (m->pkt_len > SCRATCH_BYTES - q->scratch_used)
            return TAKE_LATER;
        f->data = q->scratch + q->scratch_used;
        if (!segments_join(m, q->scratch + q->scratch_used))
            return TAKE_NEVER;
        q->scratch_used += (m->pkt_len + 63u) & ~(size_t)63;
    }
    f->caplen = f->len = m->pkt_len;
    f->ts_ns = q->burst_ns;
    if (port->has_stamps && m->ol_flags & dpdk.stamp_flag) {
        const uint64_t us = *RTE_MBUF_DYNFIELD(m, dpdk.stamp_offset, rte_mbuf_timestamp_t *);

        f->ts_ns = us <= UINT64_MAX / 1000 ? us * 1000 : 0; /* a broken file may claim anything */
        if (q->told)
            dpdk_told_next(q->told, us, f);
    } else if (q->has_clock && m->ol_flags & dpdk.stamp_flag) {
        f->ts_ns = dpdk_clock_stamp(
            &q->device, *RTE_MBUF_DYNFIELD(m, dpdk.stamp_offset, rte_mbuf_timestamp_t *),
            q->burst_ns);
    }
    if (port->cut_bytes && f->caplen >= port->cut_bytes)
        f->len = wire_length(f);
    if (q->cuts_to_us)
        f->ts_ns -= f->ts_ns % 1000;
    /* The port may say that it hashes; only the packet knows whether it was. */
    f->has_rss = port->has_rss && m->ol_flags & RTE_MBUF_F_RX_RSS_HASH;
    f->rss = f->has_rss ? m->hash.rss : 0;
    f->source = q->cap.source;
    f->link = port->link;
    return TAKEN;
}

/* Frames of packets that lie in one buffer as they were on the wire, as long as there are any, of a
 * queue of which nothing more is to be known; frame_take() says the same of them. Returns how many.
 */
static unsigned
frames_usual(struct dq *q, struct pavo_frame *out, unsigned max)
{
    const struct dpdk_port *port = &q->at->port;
    const uint64_t ns = q->burst_ns;
    const uint16_t source = q->cap.source;
    const uint8_t link = port->link;
    const uint64_t rss_flag = port->has_rss ? RTE_MBUF_F_RX_RSS_HASH : 0;
    const uint64_t unusual = RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED |
                             RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
    struct rte_mempool *pool = q->mbufs[q->next]->pool;
    unsigned n = 0, at = q->next;

    for (; n < max && at < q->n; n++, at++) {
        const struct rte_mbuf *m = q->mbufs[at];

        if (at + MBUFS_AHEAD < q->n)
            rte_prefetch0(q->mbufs[at + MBUFS_AHEAD]);
        if (m->nb_segs != 1 || m->refcnt != 1 || m->pool != pool || m->data_len != m->pkt_len ||
            m->ol_flags & unusual)
            break;
        out[n] = (struct pavo_frame){
            .data = rte_pktmbuf_mtod(m, const uint8_t *),
            .ts_ns = ns,
            .caplen = m->data_len,
            .len = m->data_len,
            .rss = m->hash.rss,
            .source = source,
            .link = link,
            .has_rss = (m->ol_flags & rss_flag) != 0,
        };
    }
    q->next = at;
    q->n_single = n;
    q->pool = pool;
    return n;
}

/* A file gave less than it was asked for: is that its end? Says so if it ended badly. */
static bool
file_has_ended(struct dq *q)
{
    uint64_t lost[PAVO_LOSSES], broken;

    dpdk_port_lost(&q->at->port, lost, &broken);
    if (lost[PAVO_LOSS_NO_BUFFER] != q->no_buffer) {
        q->no_buffer = lost[PAVO_LOSS_NO_BUFFER];
        return false;
    }
    if (broken) {
        q->is_broken = true;
        snprintf(q->broken, sizeof q->broken,
                 "%s: a capture file could not be read to its end: it is cut short or damaged",
                 q->cap.name);
    }
    return true;
}

/* Has the port been silent for as long as the user said? */
static bool
is_silent(const struct dq *q, uint64_t tick)
{
    uint64_t seen = atomic_load_explicit(&q->at->seen_tick, memory_order_relaxed);

    if (!q->idle_ticks)
        return false;
    if (seen < q->entered_tick)
        seen = q->entered_tick;
    return tick > seen && tick - seen > q->idle_ticks;
}

/* The device shall wake this thread. net_tap has no such call and needs none: its descriptors are
 * always armed, as those of sockets are. */
static void
interrupt_on(struct dq *q)
{
    if (q->fd < 0)
        (void)rte_eth_dev_rx_intr_enable(q->at->port.id, q->number);
}

static void
interrupt_off(struct dq *q)
{
    if (q->fd < 0)
        (void)rte_eth_dev_rx_intr_disable(q->at->port.id, q->number);
    q->idle.is_armed = false;
}

/* The next burst of the driver; 0 or CAP_END if there is none. */
static int
dq_fill(struct dq *q, unsigned max)
{
    const uint16_t asked = (uint16_t)(max < BURST_LEAST ? BURST_LEAST : max);
    uint64_t tick = rte_rdtsc(), ticks;

    if (dpdk_clock_is_due(&q->clock, tick)) {
        uint64_t at, ns = real_at_tick(&at);

        dpdk_clock_measure(&q->clock, at, ns);
        if (q->has_clock && device_now(q, &ticks, &ns))
            dpdk_clock_measure(&q->device, ticks, ns);
        tick = at;
    }
    q->next = q->lent = q->n = 0;
    if (q->has_ended || (q->stop_tick && (q->at->port.can_wait || tick >= q->stop_tick)))
        return CAP_END;
    q->n = rte_eth_rx_burst(q->at->port.id, q->number, q->mbufs, asked);
    if (q->n < asked && q->at->port.is_file)
        q->has_ended = file_has_ended(q);
    dpdk_idle_polled(&q->idle, q->n > 0);
    if (q->n > 0 && q->idle.is_armed)
        interrupt_off(q);
    if (q->n == 0)
        return q->has_ended || q->stop_tick || is_silent(q, tick) ? CAP_END : 0;
    q->burst_ns = dpdk_clock_at(&q->clock, tick);
    atomic_store_explicit(&q->at->seen_tick, tick, memory_order_relaxed);
    return (int)q->n;
}

static void
count(_Atomic uint64_t *c, uint64_t n)
{
    /* This thread is the only writer. */
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static void
dq_done(struct cap_queue *cap)
{
    struct dq *q = (struct dq *)cap;
    struct rte_mbuf **m = q->mbufs + q->lent;

    if (q->n_single > 0)
        rte_mempool_put_bulk(q->pool, (void *const *)m, q->n_single);
    rte_pktmbuf_free_bulk(m + q->n_single, q->next - q->lent - q->n_single);
    q->n_single = 0;
    q->lent = q->next;
    q->scratch_used = 0;
}

static int
dq_recv(struct cap_queue *cap, struct pavo_frame *out, unsigned max)
{
    struct dq *q = (struct dq *)cap;
    const struct cap_filter *filter = dpdk.filter;
    unsigned n = 0, bad = 0, unwanted = 0;

    if (max > BURST_MAX)
        max = BURST_MAX;
    if (q->next == q->n) {
        int rc = dq_fill(q, max);

        if (rc <= 0)
            return rc;
    }
    if (q->is_usual && !filter)
        n = frames_usual(q, out, max);
    while (n < max && q->next < q->n) {
        enum taken t = frame_take(q, q->mbufs[q->next], &out[n]);

        if (t == TAKE_LATER)
            break;
        q->next++;
        if (t == TAKE_NEVER)
            bad++;
        else if (filter && !cap_filter_pass(filter, &out[n]))
            unwanted++;
        else
            n++;
    }
    if (unwanted)
        count(&q->filtered, unwanted);
    if (bad)
        count(&q->unreadable, bad);
    if (n)
        count(&q->delivered, n);
    else
        dq_done(cap); /* none of them is handed out */
    return (int)n;
}

/* Until the interrupt, or for idle.sleep_ms. */
static void
sleep_on_interrupt(struct dq *q)
{
    struct pollfd readable = {.fd = q->fd, .events = POLLIN};
    struct rte_epoll_event event;
    int n;

    if (q->fd >= 0)
        n = poll(&readable, 1, q->idle.sleep_ms);
    else
        n = rte_epoll_wait(RTE_EPOLL_PER_THREAD, &event, 1, q->idle.sleep_ms);
    if (n > 0)
        interrupt_off(q);
    dpdk_idle_woken(&q->idle, n > 0);
}

static bool
dq_wait(struct cap_queue *cap, int timeout_ms)
{
    struct dq *q = (struct dq *)cap;
    struct timespec nap = {0};

    switch (dpdk_idle_rest(&q->idle, timeout_ms, !cap->has_company)) {
    case IDLE_POLL:
        rte_pause();
        return false;
    case IDLE_ARM:
        interrupt_on(q);
        break;
    case IDLE_SLEEP:
        sleep_on_interrupt(q);
        break;
    case IDLE_NAP:
        nap.tv_nsec = q->idle.nap_ns;
        nanosleep(&nap, NULL);
        break;
    }
    return q->at->port
        .is_vdev; /* a NIC's ring holds too little for anybody to wait on its account */
}

/* ---- a queue's thread, and what it tells others
 * --------------------------------------------------- */

/* What can wake this thread when the queue is silent? */
static void
idle_init(struct dq *q)
{
    const struct dpdk_port *port = &q->at->port;

    q->idle.may_sleep = port->may_sleep;
    q->fd = port->may_sleep ? dpdk_port_fd(port, q->number) : -1;
    q->has_event = q->fd < 0 && port->has_interrupts &&
                   rte_eth_dev_rx_intr_ctl_q(port->id, q->number, RTE_EPOLL_PER_THREAD,
                                             RTE_INTR_EVENT_ADD, NULL) == 0;
    q->idle.has_interrupt = q->has_event || q->fd >= 0;
    /* Those of virtual devices were seen to come; a NIC's depend on what it is bound to. */
    q->idle.is_proven = port->is_vdev;
    log_debug("%s: queue %u is %s", q->cap.name, q->number,
              !port->may_sleep        ? "polled without pause"
              : q->idle.has_interrupt ? "slept on when it is silent: the device wakes its worker"
                                      : "looked at every millisecond when it is silent");
}

static void
dq_enter(struct cap_queue *cap)
{
    struct dq *q = (struct dq *)cap;
    uint64_t tick, ns;

    /* A thread that EAL knows has a cache of packet buffers of its own. Without one it works too,
     * slower. */
    if (rte_lcore_id() == LCORE_ID_ANY) {
        q->is_registered = rte_thread_register() == 0;
        if (!q->is_registered)
            log_debug("%s: EAL has no room for another thread; it goes on without a buffer cache",
                      q->cap.name);
    }
    prctl(PR_SET_TIMERSLACK, 1000); /* naps of 50 us, not of 100 */
    idle_init(q);
    ns = real_at_tick(&tick);
    dpdk_clock_init(&q->clock, rte_get_tsc_hz(), tick, ns);
    q->has_clock = q->at->port.has_clock && device_init(q);
    q->is_usual =
        !q->at->port.has_stamps && !q->has_clock && !q->at->port.cut_bytes && !q->cuts_to_us;
    q->entered_tick = rte_rdtsc();
}

static void
dq_leave(struct cap_queue *cap)
{
    struct dq *q = (struct dq *)cap;

    /* What the driver gave and nobody took: it stays uncounted, like what still waits in the
     * driver. */
    q->next = q->n;
    dq_done(cap);
    if (q->has_event) {
        interrupt_off(q);
        (void)rte_eth_dev_rx_intr_ctl_q(q->at->port.id, q->number, RTE_EPOLL_PER_THREAD,
                                        RTE_INTR_EVENT_DEL, NULL);
    }
    q->has_event = false;
    if (q->idle.n_sleeps)
        log_debug("%s: queue %u: %llu sleeps, %llu ended by the device", cap->name, q->number,
                  (unsigned long long)q->idle.n_sleeps, (unsigned long long)q->idle.n_woken);
    if (q->is_registered)
        rte_thread_unregister();
    q->is_registered = false;
    if (atomic_fetch_sub_explicit(&q->at->n_polled, 1, memory_order_relaxed) == 1)
        dpdk_port_freeze(&q->at->port);
}

/* What the port has received so far is still taken. */
static void
dq_stop(struct cap_queue *cap)
{
    struct dq *q = (struct dq *)cap;

    q->stop_tick = rte_rdtsc() + rte_get_tsc_hz() / 1000 * DRAIN_MS;
    dpdk_port_freeze(&q->at->port);
}

static void
dq_stats(struct cap_queue *cap, struct cap_stats *out)
{
    struct dq *q = (struct dq *)cap;
    uint64_t broken;

    memset(out, 0, sizeof *out);
    out->offered = atomic_load_explicit(&q->delivered, memory_order_relaxed);
    out->filtered = atomic_load_explicit(&q->filtered, memory_order_relaxed);
    out->knows_losses = dpdk_port_tells(&q->at->port);
    if (q->number == 0) { /* losses are the port's: its first queue reports them */
        dpdk_port_lost(&q->at->port, out->lost, &broken);
        for (int i = 0; i < PAVO_LOSSES; i++)
            out->offered += out->lost[i];
    }
    out->link = (enum cap_link)atomic_load_explicit(&q->at->port.link_state, memory_order_relaxed);
    out->link_downs = pavo_stat_get(&q->at->port.link_downs);
    out->lost[PAVO_LOSS_UNREADABLE] = atomic_load_explicit(&q->unreadable, memory_order_relaxed);
    out->offered += out->lost[PAVO_LOSS_UNREADABLE];
}

static const char *
dq_error(struct cap_queue *cap)
{
    const struct dq *q = (const struct dq *)cap;

    return q->is_broken ? q->broken : NULL;
}

static void
dq_look(struct cap_queue *cap)
{
    struct dq *q = (struct dq *)cap;

    if (q->number == 0)
        dpdk_port_look(&q->at->port);
}

static const struct cap_ops dq_ops = {
    .look = dq_look,
    .recv = dq_recv,
    .done = dq_done,
    .wait = dq_wait,
    .stats = dq_stats,
    .error = dq_error,
    .enter = dq_enter,
    .leave = dq_leave,
    .stop = dq_stop,
};

/* ---- open and close
 * --------------------------------------------------------------------------------- */

/* Queues of a port where the configuration says "auto": the workers, shared out over the ports. */
static unsigned
auto_queues(const struct cfg *cfg)
{
    const struct topo_from from = {.sys = "/sys", .with_nics = true};
    const unsigned n = cfg->capture.n_devices;
    unsigned queues = cfg->workers.count / n;
    struct topo *t = cfg->workers.count ? NULL : calloc(1, sizeof *t);
    int *nodes = calloc(n, sizeof *nodes);
    struct pavo_err err;

    if (t && nodes && topo_read(t, &from, &err) == 0) {
        for (unsigned i = 0; i < n; i++)
            nodes[i] = topo_device_node(t, from.sys, cfg->capture.devices[i].device);
        queues = topo_auto_queues(t, cfg->workers.smt, nodes, n);
    }
    free(nodes);
    free(t);
    return queues ? queues : 1;
}

static struct dq *
dq_open(struct dq_port *at, unsigned number, uint16_t source, const struct cfg *cfg)
{
    char path[4096];
    struct dq *q = aligned_alloc(PAVO_CACHE_LINE, (sizeof *q + PAVO_CACHE_LINE - 1) /
                                                      PAVO_CACHE_LINE * PAVO_CACHE_LINE);

    if (!q)
        return NULL;
    memset(q, 0, sizeof *q);
    q->scratch = malloc(SCRATCH_BYTES);
    if (!q->scratch) {
        free(q);
        return NULL;
    }
    if (at->port.is_file && dpdk_port_file(&at->port, number, path, sizeof path))
        q->told = dpdk_told_open(path);
    q->cap = (struct cap_queue){
        .ops = &dq_ops,
        .source = source,
        .can_wait = at->port.can_wait,
        .wall_clock = !at->port.is_file,
        .node = at->port.node,
        .spreads = at->port.spreads,
        .number = (uint16_t)number,
        .name = at->port.name,
    };
    q->at = at;
    q->number = (uint16_t)number;
    q->cuts_to_us = cfg->capture.precision && strcmp(cfg->capture.precision, "us") == 0;
    q->idle_ticks = (uint64_t)((double)cfg->capture.stop_idle_ns * 1e-9 * (double)rte_get_tsc_hz());
    return q;
}

static int
queues_open(struct dq_port *at, const struct cfg *cfg, struct cap_set *set, struct pavo_err *err)
{
    int source = cap_set_device(set, at->port.device, at->port.name);

    if (source < 0)
        return pavo_err_set(err, ENOMEM, "%s: no memory", at->port.name);
    atomic_store_explicit(&at->n_polled, at->port.n_queues, memory_order_relaxed);
    for (unsigned i = 0; i < at->port.n_queues; i++) {
        struct dq **more = realloc(dpdk.queues, (dpdk.n_queues + 1) * sizeof(struct dq *));
        struct dq *q = more ? dq_open(at, i, (uint16_t)source, cfg) : NULL;

        if (more)
            dpdk.queues = more;
        if (!q)
            return pavo_err_set(err, ENOMEM, "%s: no memory for queue %u", at->port.name, i);
        dpdk.queues[dpdk.n_queues++] = q;
        if (cap_set_queue(set, &q->cap) < 0)
            return pavo_err_set(err, ENOMEM, "%s: no memory for queue %u", at->port.name, i);
    }
    return 0;
}

int
capture_dpdk_open(const struct cfg *cfg, struct cap_set *set, struct pavo_err *err)
{
    unsigned queues;
    int rc;

    if (cfg->capture.n_devices == 0)
        return pavo_err_set(
            err, EINVAL,
            "dpdk: capture.devices names no device (a PCI address, or a vdev such as "
            "net_af_packet0,iface=eth0)");
    if (cfg->capture.n_files)
        return pavo_err_set(err, EINVAL,
                            "dpdk: files (-r) are read by the backend pcap; or name the device "
                            "net_pcap0,rx_pcap=%s",
                            cfg->capture.files[0]);
    rc = dpdk_eal_open(cfg, err);
    if (rc < 0)
        return rc;
    if (cfg->capture.filter && cfg->capture.filter[0]) {
        dpdk.filter = cap_filter_open(cfg->capture.filter, err);
        if (!dpdk.filter) {
            rc = -ENOMEM;
            goto fail;
        }
    }
    dpdk.ports = calloc(cfg->capture.n_devices, sizeof *dpdk.ports);
    if (!dpdk.ports) {
        rc = pavo_err_set(err, ENOMEM, "dpdk: no memory");
        goto fail;
    }
    queues = auto_queues(cfg);
    for (unsigned i = 0; i < cfg->capture.n_devices; i++) {
        struct dq_port *at = &dpdk.ports[i];

        rc = dpdk_port_open(&at->port, cfg, &cfg->capture.devices[i], queues, err);
        if (rc < 0)
            goto fail;
        dpdk.n_ports++;
        if (dpdk.filter) {
            rc = cap_filter_link(dpdk.filter, (enum pavo_link)at->port.link, err);
            if (rc < 0)
                goto fail;
        }
    }
    for (unsigned i = 0; i < dpdk.n_ports; i++) {
        rc = dpdk_port_start(&dpdk.ports[i].port, cfg, err);
        if (rc == 0)
            rc = queues_open(&dpdk.ports[i], cfg, set, err);
        if (rc < 0)
            goto fail;
    }
    dpdk.stamp_offset = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL);
    rc = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, NULL);
    dpdk.stamp_flag = rc >= 0 && dpdk.stamp_offset >= 0 ? UINT64_C(1) << rc : 0;
    return 0;

fail:
    capture_dpdk_close();
    return rc;
}

void
capture_dpdk_close(void)
{
    for (unsigned i = 0; i < dpdk.n_queues; i++) {
        dpdk_told_close(dpdk.queues[i]->told);
        free(dpdk.queues[i]->scratch);
        free(dpdk.queues[i]);
    }
    free(dpdk.queues);
    for (unsigned i = 0; i < dpdk.n_ports; i++)
        dpdk_port_close(&dpdk.ports[i].port);
    free(dpdk.ports);
    cap_filter_close(dpdk.filter);
    dpdk.filter = NULL;
    dpdk.queues = NULL;
    dpdk.ports = NULL;
    dpdk.n_queues = dpdk.n_ports = 0;
    dpdk_eal_close();
}
