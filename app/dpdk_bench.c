/* dpdk_bench.c - three virtual devices that give the frames of a feed
 *
 * null   the driver hands out empty buffers, and a receive callback fills them: fresh frames, as a
 *        NIC with direct cache access leaves them
 * ring   buffers are taken from a pool, written, put into the driver's ring, taken out, and freed,
 *        all by the worker's thread, whose cache of the pool brings the same ones back
 * pcap   the driver copies frames that it read from a file before
 *
 * The worker sees the queue of capture_dpdk.c. The wrapper replaces the time stamps, which would be
 * the wall clock's, by those of the feed, and says that the source can wait, as that of a
 * measurement in memory does.
 */
#include "dpdk_bench.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "bench_frames.h"
#include "dpdk_eal.h"
#include "log.h"

enum {
    BURST_MOST = 64,
    STAMPS = 256,        /* of frames that were written, before room is made for more */
    RING_BUFFERS = 512,  /* that a ring holds */
    RING_CACHE = 256,    /* that go round */
    RING_QUEUES = 16,    /* that a port of net_ring may have */
    FILE_FRAMES = 32768, /* that net_pcap holds for a queue */
    MEMORY_MIB = 512,
    STEP_BITS = 16,
    BUFFERS_MORE = 8192, /* for a queue, beside those that a driver holds */
};
static const uint64_t epoch_ns = UINT64_C(1767225600) * 1000000000;

/* Owner: the worker's thread, from the first recv() on. */
struct road {
    struct cap_queue q; /* first */
    struct cap_queue *inner;
    enum dpdk_bench_kind kind;
    struct bench_feed *feed;
    uint64_t stamps[STAMPS];
    uint32_t stamps_in, stamps_out;
    uint64_t now_ns, part, step; /* pcap: event time */
    struct rte_ring *ring;
    struct rte_mempool *pool; /* of what goes into 'ring' */
};

struct dpdk_bench {
    struct cfg *cfg;
    enum dpdk_bench_kind kind;
    struct road *roads;
    unsigned n;
    struct cap_set set;
    bool is_open;
    struct rte_mempool *pool; /* ring */
    bool has_eal;             /* ring: we started it */
    char (*paths)[64];        /* pcap: files, gone when the driver has read them */
};

/* ---- frames -----------------------------------------------------------------------------------
 */

/* Where the stamps of 'n' more frames go. What a worker has not taken yet is less than a burst. */
static uint64_t *
stamps_room(struct road *r, unsigned n)
{
    const uint32_t waiting = r->stamps_in - r->stamps_out;

    assert(waiting + n <= STAMPS);
    if (r->stamps_in + n > STAMPS) {
        memmove(r->stamps, r->stamps + r->stamps_out, waiting * sizeof r->stamps[0]);
        r->stamps_out = 0;
        r->stamps_in = waiting;
    }
    return r->stamps + r->stamps_in;
}

/* The next 'n' frames of the feed into packet buffers. */
static void
mbufs_fill(struct road *r, struct rte_mbuf **m, unsigned n)
{
    const uint32_t room = (uint32_t)m[0]->buf_len - m[0]->data_off; /* they are of one pool */
    const bool in_place = r->feed->in_place;
    struct pavo_frame frames[BURST_MOST];
    uint8_t *bufs[BURST_MOST];
    uint64_t *stamps = stamps_room(r, n);
    unsigned got = 0;

    do { /* n is not 0 */
        bufs[got] = rte_pktmbuf_mtod(m[got], uint8_t *);
    } while (++got < n);
    r->feed->fill(r->feed->ctx, bufs, frames, n);
    for (unsigned i = 0; i < n; i++) {
        uint32_t held = frames[i].caplen;

        if (unlikely(held > room))
            held = room;
        if (unlikely(in_place))
            memcpy(bufs[i], frames[i].data, held);
        m[i]->pkt_len = held;
        m[i]->data_len = (uint16_t)held;
        stamps[i] = frames[i].ts_ns;
    }
    r->stamps_in += n;
}

static uint16_t
on_receive(uint16_t port, uint16_t queue, struct rte_mbuf **m, uint16_t n, uint16_t most, void *ctx)
{
    for (unsigned at = 0; at < n; at += BURST_MOST)
        mbufs_fill(ctx, m + at, n - at < BURST_MOST ? n - at : BURST_MOST);
    return n;
}

/* As many as the ring has not yet, for the burst that follows. */
static void
ring_supply(struct road *r, unsigned n)
{
    struct rte_mbuf *m[BURST_MOST];

    if (rte_ring_count(r->ring) >= n || rte_mempool_get_bulk(r->pool, (void **)m, n) != 0)
        return;
    mbufs_fill(r, m, n);
    if (rte_ring_sp_enqueue_bulk(r->ring, (void *const *)m, n, NULL) == 0)
        rte_mempool_put_bulk(r->pool, (void *const *)m, n);
}

/* Event time in place of the driver's. */
static void
stamps_put(struct road *r, struct pavo_frame *f, unsigned n)
{
    if (r->kind != DPDK_BENCH_PCAP) {
        for (unsigned i = 0; i < n; i++)
            f[i].ts_ns = r->stamps[r->stamps_out + i];
        r->stamps_out += n;
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        r->part += r->step;
        r->now_ns += r->part >> STEP_BITS;
        r->part &= (1u << STEP_BITS) - 1;
        f[i].ts_ns = r->now_ns;
    }
}

/* ---- the queue around the queue ---------------------------------------------------------------
 */

static int
road_recv(struct cap_queue *q, struct pavo_frame *out, unsigned max)
{
    struct road *r = (struct road *)q;
    int n;

    if (r->kind == DPDK_BENCH_RING)
        ring_supply(r, max);
    n = r->inner->ops->recv(r->inner, out, max);
    if (n > 0)
        stamps_put(r, out, (unsigned)n);
    return n;
}

static void
road_done(struct cap_queue *q)
{
    struct road *r = (struct road *)q;

    r->inner->ops->done(r->inner);
}

static void
road_stats(struct cap_queue *q, struct cap_stats *out)
{
    struct road *r = (struct road *)q;

    r->inner->ops->stats(r->inner, out);
}

static const char *
road_error(struct cap_queue *q)
{
    struct road *r = (struct road *)q;

    return r->inner->ops->error(r->inner);
}

static void
road_enter(struct cap_queue *q)
{
    struct road *r = (struct road *)q;

    r->inner->ops->enter(r->inner);
}

static void
road_leave(struct cap_queue *q)
{
    struct road *r = (struct road *)q;

    r->inner->ops->leave(r->inner);
}

/* No 'stop': a driver that never runs dry is left at once, what it would give was never offered. */
static const struct cap_ops road_ops = {.recv = road_recv,
                                        .done = road_done,
                                        .stats = road_stats,
                                        .error = road_error,
                                        .enter = road_enter,
                                        .leave = road_leave};

/* ---- files for net_pcap -----------------------------------------------------------------------
 */

static bool
put32(FILE *f, uint32_t v)
{
    return fwrite(&v, sizeof v, 1, f) == 1;
}

static bool
frames_write(FILE *f, struct bench_feed *feed)
{
    static uint8_t bytes[BURST_MOST][BENCH_FRAME_MAX];
    struct pavo_frame frames[BURST_MOST];
    uint8_t *bufs[BURST_MOST];
    bool good = put32(f, 0xa1b2c3d4) && put32(f, 4u << 16 | 2) && put32(f, 0) && put32(f, 0) &&
                put32(f, 65535) && put32(f, 1);

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    good =
        good && fseek(f, 4, SEEK_SET) == 0 && put32(f, 2u << 16 | 4) && fseek(f, 24, SEEK_SET) == 0;
#endif
    for (unsigned i = 0; i < BURST_MOST; i++)
        bufs[i] = bytes[i];
    for (unsigned done = 0; good && done < FILE_FRAMES; done += BURST_MOST) {
        feed->fill(feed->ctx, bufs, frames, BURST_MOST);
        for (unsigned i = 0; good && i < BURST_MOST; i++) {
            const uint32_t n =
                frames[i].caplen < BENCH_FRAME_MAX ? frames[i].caplen : BENCH_FRAME_MAX;

            good = put32(f, (uint32_t)(frames[i].ts_ns / 1000000000)) && put32(f, 0) &&
                   put32(f, n) && put32(f, n) && fwrite(frames[i].data, n, 1, f) == 1;
        }
    }
    return good;
}

static int
file_make(char path[64], struct bench_feed *feed, struct pavo_err *err)
{
    int fd;
    FILE *f;
    bool good;

    snprintf(path, 64, "/tmp/pavo-bench-XXXXXX");
    fd = mkstemp(path);
    f = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!f) {
        const int errnum = errno;

        if (fd >= 0)
            close(fd);
        path[0] = fd >= 0 ? path[0] : '\0';
        return pavo_err_set(err, errnum, "bench: no file for net_pcap in /tmp: %s",
                            strerror(errnum));
    }
    good = frames_write(f, feed);
    good = fclose(f) == 0 && good;
    return good ? 0 : pavo_err_set(err, EIO, "%s: the frames for net_pcap can't be written", path);
}

static void
files_remove(struct dpdk_bench *d)
{
    for (unsigned i = 0; d->paths && i < d->n; i++)
        if (d->paths[i][0])
            unlink(d->paths[i]);
    free(d->paths);
    d->paths = NULL;
}

/* ---- configuration ----------------------------------------------------------------------------
 */

static void
complain(void *ctx, const char *sentence)
{
    log_error("%s", sentence);
}

static int
set(struct cfg *cfg, const char *key_value)
{
    return cfg_set(cfg, key_value, complain, NULL) == 0 ? 0 : -EINVAL;
}

static bool
has_huge_pages(void)
{
    FILE *f = fopen("/proc/meminfo", "re");
    char line[128];
    unsigned long n = 0;

    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "HugePages_Free: %lu", &n) == 1)
            break;
    if (f)
        fclose(f);
    return n > 0;
}

/* The device and its arguments, as capture.devices wants them. */
static int
device_set(struct dpdk_bench *d, struct bench_feed *const *feeds, struct pavo_err *err)
{
    static const char *const names[] = {[DPDK_BENCH_NULL] = "net_null_bench",
                                        [DPDK_BENCH_RING] = "net_ring_bench",
                                        [DPDK_BENCH_PCAP] = "net_pcap_bench"};
    const size_t size = 256 + (size_t)d->n * 96;
    char *text = malloc(size);
    size_t at;
    int rc = text ? 0 : pavo_err_set(err, ENOMEM, "bench: no memory");

    if (d->kind == DPDK_BENCH_PCAP)
        d->paths = calloc(d->n, sizeof *d->paths);
    if (rc == 0 && d->kind == DPDK_BENCH_PCAP && !d->paths)
        rc = pavo_err_set(err, ENOMEM, "bench: no memory");
    at = rc < 0
             ? 0
             : (size_t)snprintf(text, size, "capture.devices=[{\"device\": \"%s", names[d->kind]);
    for (unsigned i = 0; d->kind == DPDK_BENCH_PCAP && rc == 0 && i < d->n; i++) {
        rc = file_make(d->paths[i], feeds[i], err);
        at += (size_t)snprintf(text + at, size - at, ",rx_pcap=%s", d->paths[i]);
    }
    if (rc == 0) {
        snprintf(text + at, size - at, "%s\", \"queues\": %u}]",
                 d->kind == DPDK_BENCH_PCAP ? ",infinite_rx=1" : "", d->n);
        if (set(d->cfg, text) < 0)
            rc = pavo_err_set(err, EINVAL, "bench: the device can't be configured");
    }
    free(text);
    return rc;
}

static int
configure(struct dpdk_bench *d, struct bench_feed *const *feeds, struct pavo_err *err)
{
    char text[64];
    int rc = set(d->cfg, "capture.backend=dpdk");

    rc |= set(d->cfg, "capture.filter="); /* memory is not filtered either */
    if (!has_huge_pages()) {
        rc |= set(d->cfg, "capture.dpdk.hugepages=false");
        snprintf(text, sizeof text, "capture.dpdk.memory=%uMiB", MEMORY_MIB + d->n * 128);
        rc |= set(d->cfg, text);
    }
    if (d->kind == DPDK_BENCH_PCAP) {
        snprintf(text, sizeof text, "capture.dpdk.mbufs=%u", d->n * (FILE_FRAMES + BUFFERS_MORE));
        rc |= set(d->cfg, text);
    }
    if (rc < 0)
        return pavo_err_set(err, EINVAL, "bench: DPDK can't be configured");
    return device_set(d, feeds, err);
}

/* ---- together ---------------------------------------------------------------------------------
 */

/* A port of rings that only we put something into; EAL has to be up before them. */
static int
rings_open(struct dpdk_bench *d, struct pavo_err *err)
{
    struct rte_ring *rings[RING_QUEUES] = {NULL};
    int rc = dpdk_eal_open(d->cfg, err);

    if (rc < 0)
        return rc;
    d->has_eal = true;
    d->pool = rte_pktmbuf_pool_create("bench", d->n * RING_BUFFERS * 2, RING_CACHE, 0,
                                      RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    for (unsigned i = 0; d->pool && i < d->n; i++) {
        char name[24];

        snprintf(name, sizeof name, "bench%u", i);
        rings[i] = d->roads[i].ring =
            rte_ring_create(name, RING_BUFFERS, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
        d->roads[i].pool = d->pool;
        if (!rings[i])
            return pavo_err_set(err, ENOMEM, "net_ring: no memory for packet buffers");
    }
    if (!d->pool || rte_eth_from_rings("bench", rings, d->n, rings, d->n, 0) < 0)
        return pavo_err_set(err, ENOMEM, "net_ring: no port can be made of rings");
    return 0;
}

static int
road_open(struct dpdk_bench *d, struct bench_feed *feed, unsigned i, struct pavo_err *err)
{
    struct road *r = &d->roads[i];
    const uint64_t rate = feed->event_rate ? feed->event_rate : 10000000;
    uint16_t port;

    r->q = *d->set.queues[i];
    r->q.ops = &road_ops;
    r->q.can_wait = true;
    r->q.wall_clock = false;
    r->inner = d->set.queues[i];
    r->kind = d->kind;
    r->feed = feed;
    r->now_ns = epoch_ns;
    r->step = (uint64_t)(1e9 * (double)(1u << STEP_BITS) * d->n / (double)rate);
    if (d->kind == DPDK_BENCH_NULL && (rte_eth_dev_get_port_by_name("net_null_bench", &port) != 0 ||
                                       !rte_eth_add_rx_callback(port, (uint16_t)i, on_receive, r)))
        return pavo_err_set(err, ENOTSUP, "net_null: no receive callback can be added");
    return 0;
}

struct dpdk_bench *
dpdk_bench_open(enum dpdk_bench_kind kind, struct cfg *cfg, struct bench_feed *const *feeds,
                unsigned n, struct pavo_err *err)
{
    struct dpdk_bench *d = calloc(1, sizeof *d);

    if (d)
        d->roads = calloc(n, sizeof *d->roads);
    if (!d || !d->roads) {
        free(d);
        pavo_err_set(err, ENOMEM, "bench: no memory for %u queues", n);
        return NULL;
    }
    d->cfg = cfg;
    d->kind = kind;
    d->n = n;
    if (kind == DPDK_BENCH_RING && n > RING_QUEUES) {
        pavo_err_set(err, EINVAL, "net_ring has %d queues, not %u", RING_QUEUES, n);
        goto fail;
    }
    if (configure(d, feeds, err) < 0 || (kind == DPDK_BENCH_RING && rings_open(d, err) < 0) ||
        capture_open(cfg, &d->set, err) < 0)
        goto fail;
    d->is_open = true;
    files_remove(d);
    if (d->set.n_queues != n) {
        pavo_err_set(err, EINVAL, "the driver gave %u queues in place of %u", d->set.n_queues, n);
        goto fail;
    }
    for (unsigned i = 0; i < n; i++)
        if (road_open(d, feeds[i], i, err) < 0)
            goto fail;
    return d;

fail:
    dpdk_bench_close(d);
    return NULL;
}

struct cap_queue *
dpdk_bench_queue(struct dpdk_bench *d, unsigned i)
{
    return &d->roads[i].q;
}

bool
dpdk_bench_is_drained(const struct dpdk_bench *d, unsigned i)
{
    return d->roads[i].stamps_in == d->roads[i].stamps_out;
}

/* Frames that were put into a ring and never taken. */
static void
ring_close(struct road *r)
{
    void *m;

    while (r->ring && rte_ring_sc_dequeue(r->ring, &m) == 0)
        rte_pktmbuf_free(m);
}

void
dpdk_bench_close(struct dpdk_bench *d)
{
    if (!d)
        return;
    files_remove(d);
    /* Rings and pool are EAL's memory and go with it; so are they gone where opening failed. */
    for (unsigned i = 0; d->is_open && i < d->n; i++)
        ring_close(&d->roads[i]);
    if (d->is_open)
        capture_close(&d->set);
    else if (d->has_eal)
        dpdk_eal_close();
    free(d->roads);
    free(d);
}
