/* dpdk_rings.c - the DPDK backend over rings: what a driver may hand out, exactly
 *
 * Two rings are a port with two queues (rte_eth_from_rings). The test is the wire and the driver's
 * other half: it decides which packet buffer arrives, in which queue, with which flags. EAL is
 * started once; each case opens and closes nothing of it, so the cases stand in the order in which
 * they run. Memory is ordinary, no privilege is needed.
 */
#define ALLOW_EXPERIMENTAL_API /* rte_eth_read_clock */
#include "t.h"

#include <errno.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "capture.h"
#include "cfg.h"
#include "dpdk_eal.h"

enum { QUEUES = 2, BUFFERS = 1023, FRAMES = 64 };

/* The wire's clock runs at 100 MHz; it takes the place of the library's function. */
int
rte_eth_read_clock(uint16_t port, uint64_t *clock)
{
    struct timespec t;

    (void)port;
    clock_gettime(CLOCK_REALTIME, &t);
    *clock = ((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec) / 10 - 12345;
    return 0;
}

static struct cfg *cfg;
static int stamp_offset;
static uint64_t stamp_flag;
static struct cap_set set;
static struct rte_ring *rings[QUEUES];
static struct rte_mempool *pool;

static void
accept_no_complaint(void *ctx, const char *sentence)
{
    (void)ctx;
    fail_msg("%s", sentence);
}

static int
open_all(void **state)
{
    struct pavo_err err;

    (void)state;
    cfg = cfg_open(&err);
    assert_non_null(cfg);
    cfg_set(cfg, "capture.backend=dpdk", accept_no_complaint, NULL);
    cfg_set(cfg, "capture.dpdk.hugepages=false", accept_no_complaint, NULL);
    cfg_set(cfg, "capture.dpdk.memory=64MiB", accept_no_complaint, NULL);
    cfg_set(cfg, "capture.devices=[\"net_ring_wire\"]", accept_no_complaint, NULL);
    cfg_set(cfg, "capture.filter=not udp port 9", accept_no_complaint, NULL);
    cfg_set(cfg, "capture.stop_idle=100ms", accept_no_complaint, NULL);
    if (dpdk_eal_open(cfg, &err) < 0)
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < QUEUES; i++) {
        rings[i] =
            rte_ring_create(i ? "b" : "a", 256, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
        assert_non_null(rings[i]);
    }
    assert_true(rte_eth_from_rings("wire", rings, QUEUES, rings, QUEUES, 0) >= 0);
    pool = rte_pktmbuf_pool_create("wire", BUFFERS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    assert_non_null(pool);
    assert_int_equal(rte_mbuf_dyn_rx_timestamp_register(&stamp_offset, &stamp_flag), 0);
    if (capture_dpdk_open(cfg, &set, &err) < 0)
        fail_msg("%s", err.text);
    for (unsigned i = 0; i < set.n_queues; i++)
        set.queues[i]->ops->enter(set.queues[i]);
    return 0;
}

static int
close_all(void **state)
{
    struct cap_stats s;
    bool whole;

    (void)state;
    for (unsigned i = 0; i < set.n_queues; i++) {
        set.queues[i]->ops->leave(set.queues[i]);
        set.queues[i]->ops->stats(set.queues[i], &s);
    }
    whole = rte_mempool_full(pool);
    capture_close(&set);
    cfg_close(cfg);
    return whole ? 0 : -1; /* each buffer came back */
}

/* ---- the wire
 * ------------------------------------------------------------------------------------- */

/* A buffer with 'n' bytes, in segments of at most 'most', that count from 'first'. */
static struct rte_mbuf *
buffer(uint8_t first, unsigned n, unsigned most)
{
    struct rte_mbuf *head = NULL;
    unsigned at = 0;

    while (at < n || !head) {
        struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
        const unsigned now = n - at < most ? n - at : most;
        uint8_t *to;

        assert_non_null(m);
        to = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)now);
        for (unsigned i = 0; i < now; i++)
            to[i] = (uint8_t)(first + at + i);
        at += now;
        if (!head)
            head = m;
        else
            assert_int_equal(rte_pktmbuf_chain(head, m), 0);
    }
    return head;
}

static struct rte_mbuf *
buffer_hex(const char *hex)
{
    size_t n;
    uint8_t *bytes = t_hex(hex, &n);
    struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

    assert_non_null(m);
    memcpy(rte_pktmbuf_append(m, (uint16_t)n), bytes, n);
    free(bytes);
    return m;
}

static void
arrive(unsigned queue, struct rte_mbuf *m)
{
    assert_int_equal(rte_ring_sp_enqueue(rings[queue], m), 0);
}

static int
receive(unsigned queue, struct pavo_frame *f, unsigned max)
{
    return set.queues[queue]->ops->recv(set.queues[queue], f, max);
}

static void
done(unsigned queue)
{
    set.queues[queue]->ops->done(set.queues[queue]);
}

static struct cap_stats
stats(unsigned queue)
{
    struct cap_stats s;

    set.queues[queue]->ops->stats(set.queues[queue], &s);
    return s;
}

static void
expect_bytes(const struct pavo_frame *f, const char *hex)
{
    size_t n;
    uint8_t *bytes = t_hex(hex, &n);

    assert_int_equal(f->caplen, n);
    assert_int_equal(f->len, n);
    assert_memory_equal(f->data, bytes, n);
    free(bytes);
}

/* ---- cases
 * ------------------------------------------------------------------------------------------ */

static void
queues_are_one_source(void **state)
{
    struct pavo_frame f[FRAMES];
    struct timespec t;

    (void)state;
    assert_int_equal(set.n_queues, QUEUES);
    assert_int_equal(set.n_sources, 1);
    assert_string_equal(set.source_names[0], "net_ring_wire");
    assert_true(set.queues[0]->wall_clock);
    assert_false(set.queues[0]->can_wait);
    arrive(1, buffer(7, 60, 2000));
    assert_int_equal(receive(0, f, FRAMES), 0);
    assert_int_equal(receive(1, f, FRAMES), 1);
    assert_int_equal(f[0].source, 0);
    assert_int_equal(f[0].link, PAVO_LINK_ETHER);
    assert_int_equal(f[0].caplen, 60);
    assert_int_equal(f[0].len, 60);
    assert_int_equal(f[0].data[59], 66);
    clock_gettime(CLOCK_REALTIME, &t);
    assert_true((uint64_t)t.tv_sec * 1000000000u - f[0].ts_ns + 1000000000u < 3000000000u);
    done(1);
}

static void
small_bursts_keep_order(void **state)
{
    struct pavo_frame f[FRAMES];

    (void)state;
    for (unsigned i = 0; i < 40; i++)
        arrive(0, buffer((uint8_t)i, 60, 2000));
    for (unsigned i = 0; i < 40;) {
        const unsigned max = i < 10 ? 1 : 7;
        const int n = receive(0, f, max);

        assert_true(n > 0 && (unsigned)n <= max);
        for (int k = 0; k < n; k++)
            assert_int_equal(f[k].data[0], i++);
        done(0);
    }
    assert_int_equal(receive(0, f, 1), 0);
}

static void
segments_are_joined(void **state)
{
    struct pavo_frame f[FRAMES];

    (void)state;
    arrive(0, buffer(3, 5000, 900));
    assert_int_equal(receive(0, f, FRAMES), 1);
    assert_int_equal(f[0].caplen, 5000);
    for (unsigned i = 0; i < 5000; i++)
        assert_int_equal(f[0].data[i], (uint8_t)(3 + i));
    done(0);
}

static void
long_frames_come_in_portions(void **state)
{
    struct pavo_frame f[FRAMES];
    unsigned n = 0, portions = 0;

    (void)state;
    for (unsigned i = 0; i < 60; i++)
        arrive(0, buffer((uint8_t)i, 16000, 2000)); /* 937 KiB in all */
    while (n < 60) {
        const int got = receive(0, f, FRAMES);

        assert_true(got > 0);
        for (int k = 0; k < got; k++, n++) {
            assert_int_equal(f[k].caplen, 16000);
            assert_int_equal(f[k].data[0], n);
            assert_int_equal(f[k].data[15999], (uint8_t)(n + 15999));
        }
        done(0);
        portions++;
    }
    assert_true(portions > 1);
}

#define MACS "020000000001 020000000002 "

static void
tags_are_put_back(void **state)
{
    struct pavo_frame f[FRAMES];
    struct rte_mbuf *m = buffer_hex(MACS "0800 4500");

    (void)state;
    m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    m->vlan_tci = 0x6064;
    arrive(0, m);
    m = buffer_hex(MACS "86dd 6000");
    m->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ |
                   RTE_MBUF_F_RX_QINQ_STRIPPED;
    m->vlan_tci = 0x0065;
    m->vlan_tci_outer = 0x0066;
    arrive(0, m);
    assert_int_equal(receive(0, f, FRAMES), 2);
    expect_bytes(&f[0], MACS "8100 6064 0800 4500");
    expect_bytes(&f[1], MACS "88a8 0066 8100 0065 86dd 6000");
    done(0);
}

static void
unreadable_is_counted(void **state)
{
    struct pavo_frame f[FRAMES];
    const struct cap_stats before = stats(0);
    struct rte_mbuf *shared = buffer_hex(MACS "0800 4500");
    struct cap_stats after;

    (void)state;
    /* Nothing may be inserted into a buffer that somebody else holds, too. */
    shared->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
    rte_mbuf_refcnt_set(shared, 2);
    arrive(0, shared);
    arrive(0, buffer(1, 60, 2000));
    assert_int_equal(receive(0, f, FRAMES), 1);
    assert_int_equal(f[0].data[0], 1);
    done(0);
    rte_pktmbuf_free(shared);
    after = stats(0);
    assert_int_equal(after.lost[PAVO_LOSS_UNREADABLE] - before.lost[PAVO_LOSS_UNREADABLE], 1);
    assert_int_equal(after.offered - before.offered, 2);
}

static void
contradiction_is_counted(void **state)
{
    struct pavo_frame f[FRAMES];
    const struct cap_stats before = stats(0);
    struct rte_mbuf *more = buffer(1, 3000, 900), *less = buffer(1, 3000, 900);
    struct rte_mbuf *one = buffer(1, 100, 900);

    (void)state;
    more->pkt_len += 70000; /* as net_pcap does with a frame above 65535 bytes */
    less->pkt_len -= 100;
    one->pkt_len += 10;
    arrive(0, more);
    arrive(0, less);
    arrive(0, one);
    assert_int_equal(receive(0, f, FRAMES), 0);
    assert_int_equal(stats(0).lost[PAVO_LOSS_UNREADABLE] - before.lost[PAVO_LOSS_UNREADABLE], 3);
}

static void
filter_is_counted(void **state)
{
    struct pavo_frame f[FRAMES];
    const struct cap_stats before = stats(0);
    struct cap_stats after;
    const char *to_9 = MACS "0800 4500001c00000000401100000a0000010a000002 0400000900080000";
    const char *to_10 = MACS "0800 4500001c00000000401100000a0000010a000002 0400000a00080000";

    (void)state;
    arrive(0, buffer_hex(to_9));
    arrive(0, buffer_hex(to_10));
    assert_int_equal(receive(0, f, FRAMES), 1);
    expect_bytes(&f[0], to_10);
    done(0);
    arrive(0, buffer_hex(to_9));
    assert_int_equal(receive(0, f, FRAMES), 0); /* and its buffer is free without done() */
    after = stats(0);
    assert_int_equal(after.filtered - before.filtered, 2);
    assert_int_equal(after.offered - before.offered, 1);
}

static void
stamps_are_the_packets_times(void **state)
{
    struct rte_mbuf *m = buffer(1, 60, 2000), *lie = buffer(2, 60, 2000);
    struct pavo_frame f[FRAMES];
    uint64_t ticks;

    (void)state;
    (void)rte_eth_read_clock(0, &ticks);
    *RTE_MBUF_DYNFIELD(m, stamp_offset, rte_mbuf_timestamp_t *) = ticks - 30000000; /* 0.3 s ago */
    *RTE_MBUF_DYNFIELD(lie, stamp_offset, rte_mbuf_timestamp_t *) = 77;
    m->ol_flags |= stamp_flag;
    lie->ol_flags |= stamp_flag;
    arrive(0, m);
    arrive(0, lie);
    arrive(0, buffer(3, 60, 2000)); /* none: the burst's */
    assert_int_equal(receive(0, f, FRAMES), 3);
    assert_int_equal(f[1].ts_ns, f[2].ts_ns);
    /* the stamp's time is known to a fraction of what 2 ms of measuring give */
    assert_true((ticks + 12345) * 10 - 300000000 - f[0].ts_ns + 5000000 < 10000000);
    done(0);
}

static void
the_link_is_told(void **state)
{
    struct cap_queue *q = set.queues[0];
    uint16_t port;

    (void)state;
    assert_int_equal(stats(0).link, CAP_LINK_UNKNOWN);
    q->ops->look(q);
    assert_int_equal(stats(0).link, CAP_LINK_UP);
    assert_int_equal(rte_eth_dev_get_port_by_name("net_ring_wire", &port), 0);
    assert_int_equal(rte_eth_dev_set_link_down(port), 0);
    for (unsigned i = 0; i < 3; i++)
        q->ops->look(q);
    assert_int_equal(stats(0).link, CAP_LINK_DOWN);
    assert_int_equal(rte_eth_dev_set_link_up(port), 0);
    q->ops->look(q);
    assert_int_equal(stats(1).link, CAP_LINK_UP);
    assert_int_equal(stats(0).link_downs, 1);
}

static void
hash_is_not_believed(void **state)
{
    struct pavo_frame f[FRAMES];
    struct rte_mbuf *m = buffer(1, 60, 2000);

    (void)state;
    m->hash.rss = 12345;
    m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
    arrive(0, m);
    assert_int_equal(receive(0, f, FRAMES), 1);
    assert_false(f[0].has_rss);
    done(0);
}

static void
stop_drains_and_ends(void **state)
{
    struct pavo_frame f[FRAMES];
    int n;

    (void)state;
    for (unsigned i = 0; i < 50; i++)
        arrive(0, buffer((uint8_t)i, 60, 2000));
    assert_int_equal(receive(0, f, 5), 5);
    done(0);
    set.queues[0]->ops->stop(set.queues[0]);
    for (unsigned i = 5; i < 50; i += (unsigned)n) {
        n = receive(0, f, FRAMES);
        assert_true(n > 0);
        assert_int_equal(f[0].data[0], i);
        done(0);
    }
    assert_int_equal(receive(0, f, FRAMES), CAP_END);
    assert_null(set.queues[0]->ops->error(set.queues[0]));
}

static void
silence_ends(void **state)
{
    struct pavo_frame f[FRAMES];
    unsigned polls = 0;
    int n;

    (void)state;
    arrive(1, buffer(1, 60, 2000));
    assert_int_equal(receive(1, f, FRAMES), 1);
    done(1);
    while ((n = receive(1, f, FRAMES)) == 0)
        polls++;
    assert_int_equal(n, CAP_END);
    assert_true(polls > 10);
}

int
main(void)
{
#define CASE(fn, says)                                                                             \
    {                                                                                              \
        says, fn, NULL, NULL, NULL                                                                 \
    }
    const struct CMUnitTest tests[] = {
        CASE(queues_are_one_source,
             "the queues of a port are one source, and a frame comes from its own"),
        CASE(small_bursts_keep_order,
             "a worker that asks for one frame gets what the driver gave, in order"),
        CASE(segments_are_joined, "a frame in six segments is handed out in one piece"),
        CASE(long_frames_come_in_portions,
             "segmented frames beyond the scratch memory come with the next burst"),
        CASE(stamps_are_the_packets_times,
             "a stamp of the NIC's clock is the packet's time, unless it can't be"),
        CASE(the_link_is_told, "a link that goes down and up is seen and counted once"),
        CASE(tags_are_put_back, "VLAN tags that the driver took out stand in the frame again"),
        CASE(unreadable_is_counted,
             "a frame that can't be put together is offered, and lost as unreadable"),
        CASE(contradiction_is_counted,
             "a frame whose segments are not what its length says is lost as unreadable"),
        CASE(filter_is_counted, "what the filter leaves out is counted, and not offered"),
        CASE(hash_is_not_believed,
             "the hash of a port without symmetric RSS is not used, whatever a packet says"),
        CASE(stop_drains_and_ends,
             "after stop what was received is handed out, then the queue ends"),
        CASE(silence_ends, "a source that is silent for capture.stop_idle has ended"),
    };

    return cmocka_run_group_tests_name("dpdk rings", tests, open_all, close_all);
}
