/* capture_live.c - one network interface through libpcap
 *
 * Exact books: on Linux the kernel counts a frame when it puts it into the socket's ring or drops
 * it for want of room. At a stop a filter that takes nothing is attached to the socket, past
 * libpcap, so that the count stands still; recv() then hands out what is in the ring until received
 * + dropped is what the kernel counted. Only a silent half second ends it earlier, and the ledger
 * then shows what is missing.
 *
 * libpcap's counters may be read by one thread only: the worker reads them, at most once a second,
 * and stores them for everyone.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/filter.h>
#include <net/if.h>
#include <sys/ioctl.h>
#endif

#include "capture_pcap.h"
#include "cfg.h"
#include "log.h"

enum {
    BLOCK_MS = 100, /* the kernel hands over a block that is not full after this */
    DRAIN_MS = 500, /* silence after a stop that ends the draining */
    STATS_MS = 1000,
};

struct live_queue {
    struct cap_queue q; /* first */
    char *name;
    pcap_t *pcap;
    int fd; /* to sleep on; -1: there is none */
    bool is_nano;
    bool is_exact; /* the kernel's count is of frames that we are given */
    uint8_t link;
    struct cap_arena arena;
    char error[PCAP_ERRBUF_SIZE + 128];

    struct pcap_stat last; /* 32 bits wide: only their differences count */
    uint64_t stats_at_ms, drain_until_ms, idle_from_ms, stop_idle_ms;
    bool stopping;
    bool failed;
    uint64_t n_received;
    _Atomic uint64_t received;
    _Atomic uint64_t kernel, dropped,
        if_dropped; /* as the kernel counts; 'kernel' includes 'dropped' */
    _Atomic bool is_final;
};

static uint64_t
clock_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The kernel's counters into ours; they are 32 bits wide and wrap. */
static void
stats_read(struct live_queue *l)
{
    struct pcap_stat now;

    if (pcap_stats(l->pcap, &now) != 0)
        return;
    pavo_stat_add(&l->kernel, now.ps_recv - l->last.ps_recv);
    pavo_stat_add(&l->dropped, now.ps_drop - l->last.ps_drop);
    pavo_stat_add(&l->if_dropped, now.ps_ifdrop - l->last.ps_ifdrop);
    l->last = now;
}

static bool
has_all(const struct live_queue *l)
{
    return l->n_received >= pavo_stat_get(&l->kernel) - pavo_stat_get(&l->dropped);
}

static void
on_frame(u_char *ctx, const struct pcap_pkthdr *h, const u_char *data)
{
    struct live_queue *l = (struct live_queue *)(void *)ctx;

    if (!cap_arena_put(&l->arena, h, data, l->is_nano, l->link, l->q.source))
        pcap_breakloop(l->pcap);
}

/* Nothing came. Is it the end? */
static int
nothing(struct live_queue *l, uint64_t now_ms)
{
    if (l->stopping) {
        stats_read(l);
        if (has_all(l) || now_ms >= l->drain_until_ms)
            return CAP_END;
    } else if (l->stop_idle_ms && l->idle_from_ms && now_ms - l->idle_from_ms >= l->stop_idle_ms) {
        stats_read(l);
        return CAP_END;
    } else if (!l->idle_from_ms) {
        l->idle_from_ms = now_ms;
    }
    return 0;
}

static int
live_recv(struct cap_queue *q, struct pavo_frame *out, unsigned max)
{
    struct live_queue *l = (struct live_queue *)(void *)q;
    int rc;

    l->arena.out = out;
    l->arena.max = max;
    do
        rc = pcap_dispatch(l->pcap, (int)max, on_frame, (u_char *)(void *)l);
    while (rc == PCAP_ERROR_BREAK && l->arena.n == 0); /* left over from a full arena */
    if (l->arena.n > 0) {
        l->n_received += l->arena.n;
        pavo_stat_add(&l->received, l->arena.n);
        l->idle_from_ms = 0;
        if (l->stopping)
            l->drain_until_ms = clock_ms() + DRAIN_MS;
        return (int)l->arena.n;
    }
    if (rc < 0) {
        snprintf(l->error, sizeof l->error, "%s: %s", l->name, pcap_geterr(l->pcap));
        l->failed = true;
        stats_read(l);
        return CAP_FAILED;
    }
    return nothing(l, clock_ms());
}

static void
live_done(struct cap_queue *q)
{
    struct live_queue *l = (struct live_queue *)(void *)q;

    l->arena.n = 0;
    l->arena.used = 0;
}

static bool
live_wait(struct cap_queue *q, int timeout_ms)
{
    struct live_queue *l = (struct live_queue *)(void *)q;
    struct pollfd fd = {.fd = l->fd, .events = POLLIN};
    const uint64_t now = clock_ms();

    if (now - l->stats_at_ms >= STATS_MS) {
        l->stats_at_ms = now;
        stats_read(l);
    }
    if (l->stopping && timeout_ms > BLOCK_MS / 10)
        timeout_ms = BLOCK_MS / 10;
    if (l->fd < 0) {
        const struct timespec nap = {.tv_nsec = 1000000};

        nanosleep(&nap, NULL);
        return true;
    }
    (void)poll(&fd, 1, timeout_ms);
    return true;
}

static void
live_stats(struct cap_queue *q, struct cap_stats *out)
{
    const struct live_queue *l = (const struct live_queue *)(void *)q;
    const uint64_t received = pavo_stat_get(&l->received);

    *out = (struct cap_stats){.knows_losses = true};
    out->lost[PAVO_LOSS_KERNEL_DROP] = pavo_stat_get(&l->dropped);
    out->lost[PAVO_LOSS_INTERFACE_DROP] = pavo_stat_get(&l->if_dropped);
    /* Acquire: pairs with the release in live_leave(); the counters are the last ones. */
    if (atomic_load_explicit(&l->is_final, memory_order_acquire) && l->is_exact)
        out->offered = pavo_stat_get(&l->kernel) + out->lost[PAVO_LOSS_INTERFACE_DROP];
    else
        out->offered =
            received + out->lost[PAVO_LOSS_KERNEL_DROP] + out->lost[PAVO_LOSS_INTERFACE_DROP];
}

static const char *
live_error(struct cap_queue *q)
{
    const struct live_queue *l = (const struct live_queue *)(void *)q;

    return l->error[0] ? l->error : NULL;
}

/* A filter that takes nothing, on the socket itself: libpcap's own would also throw away what is in
 * the ring. */
static int
take_nothing(struct live_queue *l)
{
#ifdef __linux__
    struct sock_filter none = {.code = BPF_RET | BPF_K, .k = 0};
    const struct sock_fprog program = {.len = 1, .filter = &none};

    return setsockopt(pcap_fileno(l->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
#else
    return -1;
#endif
}

static void
live_stop(struct cap_queue *q)
{
    struct live_queue *l = (struct live_queue *)(void *)q;

    if (take_nothing(l) != 0)
        l->is_exact = false; /* frames go on coming: what is read is what was offered */
    l->stopping = true;
    l->drain_until_ms = clock_ms() + DRAIN_MS;
    stats_read(l);
}

static void
live_leave(struct cap_queue *q)
{
    struct live_queue *l = (struct live_queue *)(void *)q;

    if (!l->stopping) /* it ended by itself: frames may have come behind its last one */
        l->is_exact = l->is_exact && l->failed && has_all(l);
    /* Release: pairs with the acquire in live_stats(). */
    atomic_store_explicit(&l->is_final, true, memory_order_release);
}

static const struct cap_ops live_ops = {
    .recv = live_recv,
    .done = live_done,
    .wait = live_wait,
    .stats = live_stats,
    .error = live_error,
    .stop = live_stop,
    .leave = live_leave,
};

/* ---- opening ----------------------------------------------------------------------------------
 */

/* libpcap skips one of the two copies that a loopback interface shows, after the kernel counted
 * both; "any" may hold one. Then what was read is what was offered. */
static bool
counts_are_exact(const struct live_queue *l)
{
#ifdef __linux__
    struct ifreq r = {0};

    if (strcmp(l->name, "any") == 0 || strlen(l->name) >= sizeof r.ifr_name)
        return false;
    memcpy(r.ifr_name, l->name, strlen(l->name));
    return ioctl(pcap_fileno(l->pcap), SIOCGIFFLAGS, &r) == 0 && !(r.ifr_flags & IFF_LOOPBACK);
#else
    return false;
#endif
}

static int
why_not_activated(const struct live_queue *l, int rc, struct pavo_err *err)
{
    const char *says = pcap_geterr(l->pcap);

    if (rc == PCAP_ERROR_NO_SUCH_DEVICE)
        return pavo_err_set(err, ENODEV,
                            "%s: there is no such interface; `ip link` lists those there are",
                            l->name);
    if (rc == PCAP_ERROR_PERM_DENIED || rc == PCAP_ERROR_PROMISC_PERM_DENIED)
        return pavo_err_set(err, EPERM,
                            "%s: listening needs root, or the capability: sudo setcap "
                            "cap_net_raw,cap_net_admin+ep $(command -v pavo)",
                            l->name);
    if (rc == PCAP_ERROR_IFACE_NOT_UP)
        return pavo_err_set(err, ENETDOWN, "%s: is down; try: sudo ip link set %s up", l->name,
                            l->name);
    return pavo_err_set(err, EIO, "%s: can't listen: %s%s%s", l->name, pcap_statustostr(rc),
                        *says ? ": " : "", says);
}

/* Frames that came between the start of the capture and the filter would be counted and not be
 * wanted: nothing is taken until the ring is empty, and the counters start there. */
static int
set_filter(struct live_queue *l, const char *expression, struct pavo_err *err)
{
    struct bpf_program program;
    int rc;

    if (pcap_compile(l->pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return pavo_err_set(err, EINVAL, "filter \"%.200s\" on %s: %s", expression, l->name,
                            pcap_geterr(l->pcap));
    if (l->is_exact && take_nothing(l) == 0) {
        const uint64_t until = clock_ms() + 2 * BLOCK_MS;
        struct pavo_frame none[64];

        for (;;) {
            l->arena.out = none;
            l->arena.max = 64;
            (void)pcap_dispatch(l->pcap, 64, on_frame, (u_char *)(void *)l);
            l->n_received += l->arena.n;
            live_done(&l->q);
            stats_read(l);
            if (has_all(l) || clock_ms() >= until)
                break;
            live_wait(&l->q, 10);
        }
        l->n_received = 0;
        atomic_store_explicit(&l->kernel, 0, memory_order_relaxed);
        atomic_store_explicit(&l->dropped, 0, memory_order_relaxed);
        atomic_store_explicit(&l->if_dropped, 0, memory_order_relaxed);
    }
    rc = pcap_setfilter(l->pcap, &program);
    pcap_freecode(&program);
    if (rc != 0)
        return pavo_err_set(err, EINVAL, "filter \"%.200s\" on %s: %s", expression, l->name,
                            pcap_geterr(l->pcap));
    return 0;
}

static int
activate(struct live_queue *l, const struct cfg *cfg, struct pavo_err *err)
{
    char text[PCAP_ERRBUF_SIZE];
    int rc;

    l->pcap = pcap_create(l->name, text);
    if (!l->pcap)
        return pavo_err_set(err, EIO, "%s: %s", l->name, text);
    pcap_set_snaplen(l->pcap, (int)cfg->capture.snaplen);
    pcap_set_promisc(l->pcap, cfg->capture.promiscuous);
    pcap_set_timeout(l->pcap, BLOCK_MS);
    pcap_set_buffer_size(l->pcap, (int)cfg->capture.buffer_bytes);
    pcap_set_immediate_mode(l->pcap, cfg->capture.immediate);
    (void)pcap_set_tstamp_precision(l->pcap, PCAP_TSTAMP_PRECISION_NANO); /* else microseconds */
    rc = pcap_activate(l->pcap);
    if (rc < 0)
        return why_not_activated(l, rc, err);
    if (rc > 0)
        log_warn("%s: %s %s", l->name, pcap_statustostr(rc), pcap_geterr(l->pcap));
    if (pcap_setnonblock(l->pcap, 1, text) != 0)
        return pavo_err_set(err, EIO, "%s: %s", l->name, text);
    l->is_nano = pcap_get_tstamp_precision(l->pcap) == PCAP_TSTAMP_PRECISION_NANO;
    l->fd = pcap_get_selectable_fd(l->pcap);
    l->is_exact = counts_are_exact(l);
    rc = pavo_link_of(pcap_datalink(l->pcap));
    if (rc < 0)
        return cap_refuse_link(l->name, pcap_datalink(l->pcap), err);
    l->link = (uint8_t)rc;
    return cfg->capture.filter ? set_filter(l, cfg->capture.filter, err) : 0;
}

/* The NUMA node that the NIC hangs on. */
static int
nic_node(const char *name)
{
    char path[300];
    FILE *f;
    int node = -1;

    snprintf(path, sizeof path, "/sys/class/net/%.200s/device/numa_node", name);
    f = fopen(path, "r");
    if (f) {
        if (fscanf(f, "%d", &node) != 1)
            node = -1;
        fclose(f);
    }
    return node;
}

int
cap_live_open(const struct cfg *cfg, const struct cfg_device *device, struct cap_set *set,
              struct cap_queue **out, struct pavo_err *err)
{
    struct live_queue *l = calloc(1, sizeof *l);
    int rc;

    if (!l)
        return pavo_err_set(err, ENOMEM, "%s: no memory", device->device);
    l->fd = -1;
    l->name = strdup(device->device);
    l->arena.bytes = malloc(ARENA_BYTES + FRAME_MAX);
    if (!l->name || !l->arena.bytes) {
        rc = pavo_err_set(err, ENOMEM, "%s: no memory", device->device);
        goto fail;
    }
    l->arena.cut_us = strcmp(cfg->capture.precision, "us") == 0;
    l->stop_idle_ms = cfg->capture.stop_idle_ns / 1000000;
    l->q = (struct cap_queue){
        .ops = &live_ops,
        .wall_clock = true,
        .node = nic_node(device->device),
        .name = l->name,
    };
    rc = cap_set_device(set, device, device->device);
    if (rc < 0) {
        rc = pavo_err_set(err, -rc, "%s: %s", device->device, strerror(-rc));
        goto fail;
    }
    l->q.source = (uint16_t)rc;
    rc = activate(l, cfg, err);
    if (rc < 0)
        goto fail;
    *out = &l->q;
    return 0;

fail:
    cap_live_close(&l->q);
    return rc;
}

void
cap_live_close(struct cap_queue *q)
{
    struct live_queue *l = (struct live_queue *)(void *)q;

    if (!l)
        return;
    if (l->pcap)
        pcap_close(l->pcap);
    free(l->arena.bytes);
    free(l->name);
    free(l);
}
