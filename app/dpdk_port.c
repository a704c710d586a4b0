/* dpdk_port.c - one DPDK port: found or made, set up, started, asked for its losses, taken down
 *
 * EAL starts without any vdev, and each is added here, so that an error names its device
 * (rte_eal_init() succeeds although a --vdev failed). What a driver reports about itself is only a
 * hint: net_null and net_tap claim RSS and have none, many count failed polls as lost packets,
 * net_af_packet loses packets and reports none. drivers[] says whose counters mean packets; the
 * rest of the counters are shown as debug lines and enter no sum.
 */
#define ALLOW_EXPERIMENTAL_API /* rte_eth_read_clock */
#include "dpdk_port.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_packet.h>

#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "dpdk_eal.h"
#include "dpdk_pcap.h"
#include "dpdk_spread.h"
#include "log.h"

enum {
    MISSED = 1 << 0,     /* imissed counts packets, all that were lost for want of a descriptor */
    ERRORS = 1 << 1,     /* ierrors counts packets */
    NOMBUF = 1 << 2,     /* rx_nombuf counts packets; for most drivers it counts failed polls */
    SOCKETS = 1 << 3,    /* losses are known to the driver's packet sockets only */
    IF_DROPS = 1 << 4,   /* losses are known to the kernel's interface only */
    TELLS = 1 << 5,      /* with the above, every loss is known */
    ALL_QUEUES = 1 << 6, /* each queue it has gets packets: all must be polled */
    PAIRS = 1 << 7,      /* wants as many transmit queues as receive queues */
    WAITS = 1 << 8,      /* makes packets when it is polled: nothing is lost while nobody does */
    FILLS = 1 << 9,      /* its fill ring holds twice the descriptors, besides those received */
    WAKES = 1 << 10,     /* has receive interrupts */
};

static const struct driver {
    const char *name;
    unsigned traits;
} drivers[] = {
    {"net_pcap", MISSED | NOMBUF | TELLS | ALL_QUEUES},
    {"net_af_packet", SOCKETS | TELLS | ALL_QUEUES},
    {"net_af_xdp", MISSED | TELLS | ALL_QUEUES | FILLS},
    {"net_tap", IF_DROPS | TELLS | PAIRS | WAKES},
    {"net_ring", ALL_QUEUES},
    {"net_memif", PAIRS},
    {"net_vhost", PAIRS | ALL_QUEUES | WAKES},
    {"net_virtio_user", PAIRS | ALL_QUEUES | WAKES},
    {"net_virtio", PAIRS | ALL_QUEUES | WAKES},
    {"net_null", WAITS},
};
/* A NIC: the counters of the hardware. rx_nombuf is a failed refill, and what is lost by it shows
 * up in imissed. */
static const unsigned traits_of_nic = MISSED | ERRORS | TELLS | WAKES;

enum {
    BURST_MAX = 64,
    CACHE = 256, /* packet buffers kept by each polling thread; of big ones */
    CACHE_BIG = 32,
    ROOM_BIG = 8192,
    ROOM_MAX = 65535 - RTE_PKTMBUF_HEADROOM, /* of a packet buffer */
    RING_HEADER = 66,  /* in front of a frame in the ring of a packet socket (TPACKET_V2) */
    MTU_WANTED = 9600, /* what jumbo networks use, with room */
};

static unsigned
traits_of(const char *driver, bool is_vdev)
{
    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++)
        if (strcmp(drivers[i].name, driver) == 0)
            return drivers[i].traits;
    return is_vdev ? 0 : traits_of_nic;
}

/* ---- device arguments --------------------------------------------------------------------------
 */

/* Value of the 'nth' argument 'key' in "name,key=value,key=value"; NULL if there are not so many.
 * Not terminated. */
static const char *
arg_find(const char *device, const char *key, unsigned nth, size_t *n_out)
{
    const char *at = strchr(device, ',');
    size_t n = strlen(key);

    for (; at; at = strchr(at, ',')) {
        at++;
        if (strncmp(at, key, n) == 0 && at[n] == '=' && nth-- == 0) {
            at += n + 1;
            *n_out = strcspn(at, ",");
            return at;
        }
    }
    return NULL;
}

static bool
arg_copy(const char *device, const char *key, unsigned nth, char *out, size_t size)
{
    size_t n;
    const char *v = arg_find(device, key, nth, &n);

    if (!v || n >= size)
        return false;
    memcpy(out, v, n);
    out[n] = '\0';
    return true;
}

static unsigned
arg_count(const char *device, const char *key)
{
    unsigned n = 0;
    size_t ignored;

    while (arg_find(device, key, n, &ignored))
        n++;
    return n;
}

static unsigned long
arg_number(const char *device, const char *key)
{
    char text[32];

    return arg_copy(device, key, 0, text, sizeof text) ? strtoul(text, NULL, 0) : 0;
}

/* ---- the kernel's interfaces --------------------------------------------------------------------
 */

/* MTU or flags of an interface by ioctl; -1 if it can't be asked. */
static int
if_ask(const char *name, unsigned long what)
{
    struct ifreq r;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int value = -1;

    if (fd < 0)
        return -1;
    memset(&r, 0, sizeof r);
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    if (ioctl(fd, what, &r) == 0)
        value = what == SIOCGIFMTU ? r.ifr_mtu : r.ifr_flags & 0xffff;
    close(fd);
    return value;
}

/* Packets that the kernel wanted to send into a tap and could not: the 'drop' column of the
 * transmit side. */
static uint64_t
if_tx_drops(const char *name)
{
    FILE *f = fopen("/proc/thread-self/net/dev", "r");
    char line[512];
    uint64_t drops = 0;
    size_t n = strlen(name);

    if (!f)
        return 0;
    while (fgets(line, sizeof line, f)) {
        char *at = line + strspn(line, " ");
        unsigned long long tx_drop;

        if (strncmp(at, name, n) != 0 || at[n] != ':')
            continue;
        if (sscanf(at + n + 1, "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %llu", &tx_drop) == 1)
            drops = tx_drop;
    }
    fclose(f);
    return drops;
}

/* Calls 'fn' for every packet socket of this process. */
static void
packet_sockets(void (*fn)(void *ctx, int fd), void *ctx)
{
    DIR *d = opendir("/proc/self/fd");
    struct dirent *e;

    if (!d)
        return;
    while ((e = readdir(d))) {
        int fd = atoi(e->d_name), domain = 0;
        socklen_t n = sizeof domain;

        if (e->d_name[0] == '.' || fd == dirfd(d))
            continue;
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_PACKET)
            fn(ctx, fd);
    }
    closedir(d);
}

struct fd_list {
    int *fds;
    unsigned n;
    const struct fd_list *except; /* these are left out */
};

static void
fd_list_add(void *ctx, int fd)
{
    struct fd_list *l = ctx;
    int *more;

    for (unsigned i = 0; l->except && i < l->except->n; i++)
        if (l->except->fds[i] == fd)
            return;
    more = realloc(l->fds, (l->n + 1) * sizeof *more);
    if (!more)
        return;
    l->fds = more;
    l->fds[l->n++] = fd;
}

/* ---- finding or making the device
 * ---------------------------------------------------------------- */

static bool
port_find(struct dpdk_port *p)
{
    uint16_t id;

    if (rte_eth_dev_get_port_by_name(p->name, &p->id) == 0)
        return true;
    /* PCI addresses may be given without their domain, and a driver may name its ports otherwise.
     */
    RTE_ETH_FOREACH_DEV(id)
    {
        struct rte_eth_dev_info info;
        const char *name;

        if (rte_eth_dev_info_get(id, &info) != 0 || !info.device)
            continue;
        name = rte_dev_name(info.device);
        if (strcmp(name, p->name) == 0 ||
            (strncmp(name, "0000:", 5) == 0 && strcmp(name + 5, p->name) == 0)) {
            p->id = id;
            return true;
        }
    }
    return false;
}

/* Arguments for the ring of net_af_packet: frames as long as the interface may carry, and as many
 * of them as capture.buffer holds. A block has a whole number of frames and of pages; a frame fits
 * into one packet buffer. */
static void
ring_args(struct dpdk_port *p, const struct cfg *cfg, unsigned queues, char *args, size_t size)
{
    const char *device = p->device->device;
    unsigned need = 1500 + RING_HEADER + 22, frame = 2048, block = 65536; /* Ethernet, two tags */
    char iface[IFNAMSIZ];
    uint64_t frames;
    int mtu;

    p->ring_frame = frame; /* the driver's default */
    if (arg_count(device, "framesz"))
        p->ring_frame = (uint32_t)arg_number(device, "framesz");
    if (arg_count(device, "framesz") || arg_count(device, "blocksz") ||
        arg_count(device, "framecnt"))
        return;
    mtu = arg_copy(device, "iface", 0, iface, sizeof iface) ? if_ask(iface, SIOCGIFMTU) : -1;
    if (mtu > 0)
        need = (unsigned)mtu + RING_HEADER + 22;
    while (frame < need && frame < 65536)
        frame *= 2;
    if (frame == 65536)
        frame = block = 15 * 4096;
    frames = cfg->capture.buffer_bytes / frame / (queues ? queues : 1);
    frames = frames < 512 ? 512 : frames > 32768 ? 32768 : frames;
    frames -= frames % (block / frame);
    snprintf(args, size, ",framesz=%u,blocksz=%u,framecnt=%u", frame, block, (unsigned)frames);
    p->ring_frame = frame;
}

/* The arguments for the driver. net_af_packet gets what makes it right by itself: a queue per
 * worker, and a ring. */
static char *
vdev_args(struct dpdk_port *p, const struct cfg *cfg, unsigned queues)
{
    const char *given = strchr(p->device->device, ',');
    size_t size = strlen(p->device->device) + 128, n;
    char *args = malloc(size);

    if (!args)
        return NULL;
    snprintf(args, size, "%s", given ? given + 1 : "");
    if (strncmp(p->device->device, "net_af_packet", 13) != 0)
        return args;
    n = strlen(args);
    if (arg_count(p->device->device, "qpairs"))
        queues = (unsigned)arg_number(p->device->device, "qpairs");
    else
        snprintf(args + n, size - n, ",qpairs=%u", queues > 16 ? 16 : queues);
    n = strlen(args);
    ring_args(p, cfg, queues, args + n, size - n);
    return args;
}

static int
port_make(struct dpdk_port *p, const struct cfg *cfg, unsigned queues, struct pavo_err *err)
{
    struct fd_list before = {0}, after = {.except = &before};
    char *args = vdev_args(p, cfg, queues);
    const char *said;
    int rc;

    if (!args)
        return pavo_err_set(err, ENOMEM, "%s: no memory", p->name);
    packet_sockets(fd_list_add, &before);
    dpdk_log_mark();
    rc = rte_vdev_init(p->name, args);
    said = dpdk_log_said();
    if (rc == 0) {
        p->is_made = true;
        packet_sockets(fd_list_add, &after);
        p->sockets = after.fds;
        p->n_sockets = after.n;
    }
    free(before.fds);
    if (rc == 0 && !port_find(p))
        rc = -ENODEV;
    if (rc < 0)
        pavo_err_set(err, -rc, "%s: the device could not be made from \"%s\": %s%s", p->name, args,
                     *said ? said
                           : "no driver has taken it; is its name right, is its package "
                             "(librte-net-...) installed?",
                     geteuid() != 0 ? "; this may need CAP_NET_RAW and CAP_NET_ADMIN" : "");
    free(args);
    return rc;
}

/* ---- set-up
 * -------------------------------------------------------------------------------------- */

bool
dpdk_port_file(const struct dpdk_port *p, unsigned nth, char *path, size_t size)
{
    return arg_copy(p->device->device, "rx_pcap", nth, path, size);
}

bool
dpdk_port_clock(const struct dpdk_port *p, uint64_t *ticks)
{
    return rte_eth_read_clock(p->id, ticks) == 0;
}

int
dpdk_port_fd(const struct dpdk_port *p, unsigned queue)
{
    /* net_af_packet makes its sockets queue by queue. If another version does not, the wrong one
     * wakes nobody, and dpdk_idle.h finds that out. */
    return p->traits & SOCKETS && p->n_sockets == p->n_queues ? p->sockets[queue] : -1;
}

/* Which link type do the frames have? The configuration's word; else, for capture files, the files'
 * own. */
static int
port_link(struct dpdk_port *p, struct pavo_err *err)
{
    const char *word = p->device->link_type;
    char path[4096];
    int link = -1;

    for (unsigned i = 0; dpdk_port_file(p, i, path, sizeof path); i++) {
        const int of_file = dpdk_file_link(path, err);

        if (of_file == -2)
            return -EPROTONOSUPPORT;
        if (of_file >= 0 && link >= 0 && of_file != link)
            return pavo_err_set(
                err, EINVAL,
                "%s: its files have different link types (%s, %s); give each a device of its own",
                p->name, pavo_link_word((enum pavo_link)link),
                pavo_link_word((enum pavo_link)of_file));
        if (of_file >= 0)
            link = of_file;
    }
    if (link >= 0) {
        p->link = (uint8_t)link;
        return 0;
    }
    if (!word || !*word) {
        p->link = PAVO_LINK_ETHER;
        return 0;
    }
    for (int i = 0; i < PAVO_LINKS && link < 0; i++)
        if (strcasecmp(word, pavo_link_word((enum pavo_link)i)) == 0)
            link = i;
    if (link < 0 && *word >= '0' && *word <= '9')
        link = pavo_link_of(atoi(word));
    if (link < 0)
        return pavo_err_set(
            err, EINVAL,
            "%s: link_type \"%s\" is not one that pavo opens (EN10MB, RAW, LINUX_SLL, ...)",
            p->name, word);
    p->link = (uint8_t)link;
    return 0;
}

static int
port_queues(struct dpdk_port *p, const struct rte_eth_dev_info *info, unsigned queues,
            struct pavo_err *err)
{
    const unsigned max = info->max_rx_queues;

    if (max == 0)
        return pavo_err_set(
            err, ENODEV, "%s: the device has no receive queue%s", p->name,
            strcmp(p->driver, "net_pcap") == 0 ? "; give it rx_pcap=FILE or rx_iface=NIC" : "");
    if (p->traits & ALL_QUEUES && p->device->queues && p->device->queues != max)
        return pavo_err_set(err, EINVAL,
                            "%s: the device spreads packets over %u queues, all of them must be "
                            "polled; set queues to %u, or to auto",
                            p->name, max, max);
    if (p->traits & ALL_QUEUES)
        queues = max;
    if (queues > max) {
        log_info("%s: has %u queues, not %u", p->name, max, queues);
        queues = max;
    }
    p->n_queues = queues;
    return 0;
}

static int
port_configure(struct dpdk_port *p, const struct rte_eth_dev_info *info, uint32_t room,
               bool with_rss, uint16_t tx_queues, bool with_mtu, bool with_interrupts)
{
    struct rte_eth_conf conf;

    memset(&conf, 0, sizeof conf);
    conf.intr_conf.rxq = with_interrupts;
    if (p->has_clock)
        conf.rxmode.offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP;
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_NONE;
    if (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER)
        conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
    if (with_rss) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rxmode.offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH;
        conf.rx_adv_conf.rss_conf = dpdk_spread_conf(p, info);
    }
    if (with_mtu) {
        uint32_t mtu = info->max_mtu < MTU_WANTED ? info->max_mtu : MTU_WANTED;

        if (!(info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) && mtu + 26 > room)
            mtu = room - 26; /* Ethernet header, checksum, two tags */
        conf.rxmode.mtu = mtu;
    }
    return rte_eth_dev_configure(p->id, (uint16_t)p->n_queues, tx_queues, &conf);
}

/* Configures with RSS and as many transmit queues as the driver wants, then with less: what a
 * driver reports about itself may not be what it accepts. */
static int
port_configure_some(struct dpdk_port *p, const struct rte_eth_dev_info *info, uint32_t room,
                    bool with_mtu, bool with_interrupts, uint16_t *tx_queues, bool *with_rss)
{
    const uint16_t pairs =
        (uint16_t)(p->n_queues < info->max_tx_queues ? p->n_queues : info->max_tx_queues);
    const bool can_rss = dpdk_spread_can(p, info);
    int rc = -EINVAL;

    for (int rss = can_rss; rss >= 0; rss--) {
        for (int tx = p->traits & PAIRS ? 1 : 0; tx <= 1; tx++) {
            *tx_queues = tx ? pairs : 0;
            *with_rss = rss != 0;
            rc = port_configure(p, info, room, *with_rss, *tx_queues, with_mtu, with_interrupts);
            if (rc == 0)
                return 0;
        }
    }
    return rc;
}

static int
port_configure_best(struct dpdk_port *p, const struct rte_eth_dev_info *info, uint32_t room,
                    uint16_t *tx_queues, bool *with_rss, struct pavo_err *err)
{
    const int can_jumbo = !p->is_vdev && info->max_mtu > RTE_ETHER_MTU;
    const int can_wake = p->may_sleep && p->traits & WAKES;
    const int can_stamp = p->has_clock;
    int rc = -EINVAL;

    dpdk_log_mark();
    for (int stamps = can_stamp; stamps >= 0; stamps--) {
        for (int wakes = can_wake; wakes >= 0; wakes--) {
            for (int jumbo = can_jumbo; jumbo >= 0; jumbo--) {
                p->has_clock = stamps;
                p->has_interrupts = wakes;
                rc = port_configure_some(p, info, room, jumbo, wakes, tx_queues, with_rss);
                if (rc == 0)
                    return 0;
            }
        }
    }
    return pavo_err_set(err, -rc, "%s: %u receive queues could not be configured: %s (%s)", p->name,
                        p->n_queues, dpdk_log_said()[0] ? dpdk_log_said() : strerror(-rc),
                        p->driver);
}

static unsigned
port_cache(uint32_t room)
{
    return room > ROOM_BIG ? CACHE_BIG : CACHE;
}

/* Packet buffers: what the rings hold, what is in the hands of the workers, what waits in their
 * caches. */
static uint32_t
port_mbufs(const struct dpdk_port *p, const struct cfg *cfg, uint16_t descriptors, uint32_t room)
{
    /* A thread's cache may hold half as much again before it gives some back. */
    uint64_t per_queue = BURST_MAX * 2 + port_cache(room) * 3 / 2 + 64, n = 512;

    if (cfg->capture.dpdk.mbufs)
        return cfg->capture.dpdk.mbufs;
    if (strcmp(p->driver, "net_pcap") == 0)
        per_queue += (65535 / room + 1) * BURST_MAX; /* a long frame takes several */
    else if (!(p->traits &
               SOCKETS)) /* there the kernel holds the packets: a burst is all it needs */
        per_queue += p->traits & FILLS ? 4u * descriptors : descriptors;
    per_queue *= p->n_queues;
    while (n - 1 < per_queue)
        n *= 2;
    return (uint32_t)(n - 1);
}

static int
port_buffers(struct dpdk_port *p, const struct cfg *cfg, uint16_t descriptors, uint32_t room,
             struct pavo_err *err)
{
    const uint32_t n = port_mbufs(p, cfg, descriptors, room);
    const uint32_t cache = n / 2 < port_cache(room) ? n / 2 : port_cache(room);
    char name[32];

    snprintf(name, sizeof name, "pavo%u", p->id);
    p->pool = rte_pktmbuf_pool_create(name, n, cache, 0, (uint16_t)(room + RTE_PKTMBUF_HEADROOM),
                                      p->node < 0 ? SOCKET_ID_ANY : p->node);
    if (p->pool)
        return 0;
    return pavo_err_set(err, rte_errno,
                        "%s: no memory for %u packet buffers of %u bytes (%u MiB): %s; reserve "
                        "more huge pages (sysctl -w "
                        "vm.nr_hugepages), raise capture.dpdk.memory where there are none, or "
                        "lower capture.dpdk.mbufs",
                        p->name, n, room, (unsigned)((uint64_t)n * (room + 320) >> 20),
                        rte_strerror(rte_errno));
}

static int
port_rings(struct dpdk_port *p, const struct rte_eth_dev_info *info, uint16_t descriptors,
           uint16_t tx_queues, struct pavo_err *err)
{
    const unsigned node = (unsigned)p->node; /* -1 is SOCKET_ID_ANY */
    uint16_t rx = descriptors, tx = 512;
    int rc;

    rc = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &rx, &tx);
    if (rc != 0)
        return pavo_err_set(err, -rc, "%s: %u descriptors are not possible: %s", p->name,
                            descriptors, strerror(-rc));
    if (p->device->descriptors && rx != p->device->descriptors)
        log_info("%s: %u descriptors, not %u", p->name, rx, p->device->descriptors);
    dpdk_log_mark();
    for (uint16_t q = 0; q < p->n_queues && rc == 0; q++)
        rc = rte_eth_rx_queue_setup(p->id, q, rx, node, NULL, p->pool);
    for (uint16_t q = 0; q < tx_queues && rc == 0; q++)
        rc = rte_eth_tx_queue_setup(p->id, q, tx, node, NULL);
    if (rc != 0)
        return pavo_err_set(err, -rc, "%s: a queue of %u descriptors could not be set up: %s",
                            p->name, rx, dpdk_log_said()[0] ? dpdk_log_said() : strerror(-rc));
    return 0;
}

int
dpdk_port_open(struct dpdk_port *p, const struct cfg *cfg, const struct cfg_device *device,
               unsigned workers, struct pavo_err *err)
{
    const unsigned queues = device->queues ? device->queues : workers;
    struct rte_eth_dev_info info;
    uint32_t room;
    uint16_t descriptors, tx_queues;
    uint64_t ticks;
    bool with_rss;
    int rc;

    *p = (struct dpdk_port){.device = device};
    pthread_mutex_init(&p->lock, NULL);
    snprintf(p->name, sizeof p->name, "%.*s", (int)strcspn(device->device, ","), device->device);
    p->is_vdev = !dpdk_is_pci(device->device);
    rc = port_link(p, err);
    if (rc < 0)
        goto fail;
    if (!port_find(p)) {
        rc = -ENODEV;
        if (!p->is_vdev)
            pavo_err_set(err, ENODEV,
                         "%s: no DPDK driver has this device: bind it (modprobe vfio-pci; "
                         "dpdk-devbind.py -b vfio-pci %s), and "
                         "look whether its driver's package (librte-net-...) is installed",
                         p->name, p->name);
        else
            rc = port_make(p, cfg, queues, err);
        if (rc < 0)
            goto fail;
    }
    p->is_open = true;
    rc = rte_eth_dev_info_get(p->id, &info);
    if (rc != 0) {
        pavo_err_set(err, -rc, "%s: the driver says nothing about the device: %s", p->name,
                     strerror(-rc));
        goto fail;
    }
    snprintf(p->driver, sizeof p->driver, "%s", info.driver_name ? info.driver_name : "?");
    p->traits = traits_of(p->driver, p->is_vdev);
    p->node = rte_eth_dev_socket_id(p->id);
    p->has_stamps = strcmp(p->driver, "net_pcap") == 0;
    p->is_file = p->has_stamps && arg_count(device->device, "rx_pcap") > 0 &&
                 arg_number(device->device, "infinite_rx") == 0;
    p->can_wait = arg_count(device->device, "rx_pcap") > 0 || p->traits & WAITS;

    p->has_clock =
        cfg->capture.dpdk.hardware_stamps && !p->has_stamps && dpdk_port_clock(p, &ticks);
    p->rss = strcmp(cfg->capture.dpdk.rss, "off") == 0     ? RSS_OFF
             : strcmp(cfg->capture.dpdk.rss, "trust") == 0 ? RSS_TRUST
                                                           : RSS_AUTO;
    p->may_sleep = !p->is_file && (strcmp(cfg->capture.dpdk.poll, "adaptive") == 0 ||
                                   (p->is_vdev && strcmp(cfg->capture.dpdk.poll, "auto") == 0));

    room = cfg->capture.dpdk.mbuf_bytes >= 256 ? cfg->capture.dpdk.mbuf_bytes : 2176;
    room -= RTE_PKTMBUF_HEADROOM;
    if (p->traits & SOCKETS) {
        while (room < p->ring_frame) /* a frame of the ring must fit into one buffer */
            room *= 2;
        if (p->ring_frame >= RING_HEADER + 64)
            p->cut_bytes = p->ring_frame - RING_HEADER;
    }
    if (room > ROOM_MAX)
        room = ROOM_MAX;
    descriptors = (uint16_t)(device->descriptors                 ? device->descriptors
                             : info.default_rxportconf.ring_size ? info.default_rxportconf.ring_size
                                                                 : 1024);
    if ((rc = port_queues(p, &info, queues, err)) < 0 ||
        (rc = port_configure_best(p, &info, room, &tx_queues, &with_rss, err)) < 0 ||
        (rc = port_buffers(p, cfg, descriptors, room, err)) < 0 ||
        (rc = port_rings(p, &info, descriptors, tx_queues, err)) < 0)
        goto fail;
    p->has_rss = with_rss;
    return 0;

fail:
    dpdk_port_close(p);
    return rc;
}

/* ---- start
 * ------------------------------------------------------------------------------------------ */

static void
promiscuous_on(struct dpdk_port *p, const struct rte_eth_dev_info *info)
{
    char name[IF_NAMESIZE];
    int flags = -1, rc;

    /* An interface of the kernel that is promiscuous already stays so when we leave. */
    if (info->if_index && if_indextoname(info->if_index, name))
        flags = if_ask(name, SIOCGIFFLAGS);
    if (flags >= 0 && flags & IFF_PROMISC)
        return;
    rc = rte_eth_promiscuous_enable(p->id);
    if (rc == 0)
        p->is_promiscuous = true;
    else if (rc != -ENOTSUP)
        log_warn(
            "%s: promiscuous mode could not be set: %s; frames for other stations may be missing",
            p->name, strerror(-rc));
}

int
dpdk_port_start(struct dpdk_port *p, const struct cfg *cfg, struct pavo_err *err)
{
    struct rte_eth_dev_info info;
    int rc = rte_eth_dev_info_get(p->id, &info);

    dpdk_log_mark();
    if (rc == 0)
        rc = rte_eth_dev_start(p->id);
    if (rc != 0)
        return pavo_err_set(err, -rc, "%s: the device could not be started: %s (%s)", p->name,
                            dpdk_log_said()[0] ? dpdk_log_said() : strerror(-rc), p->driver);
    p->is_started = true;
    if (!p->is_vdev)
        rte_eth_stats_reset(p->id);
    if (cfg->capture.promiscuous)
        promiscuous_on(p, &info);
    dpdk_spread_set(p, &info);
    if (p->traits & IF_DROPS) {
        char name[IF_NAMESIZE];

        if (info.if_index && if_indextoname(info.if_index, name))
            p->if_drops_before = if_tx_drops(name);
    }
    log_debug("%s: port %u, driver %s, %u queues, node %d, link type %s, hash %s", p->name, p->id,
              p->driver, p->n_queues, p->node, pavo_link_word((enum pavo_link)p->link),
              p->has_rss ? "symmetric, by the NIC" : "in software");
    return 0;
}

/* ---- losses
 * ------------------------------------------------------------------------------------------- */

/* Packets that the sockets dropped since the last call: the kernel sets its counters to 0 when they
 * are read. */
static uint64_t
socket_drops_read(struct dpdk_port *p)
{
    uint64_t drops = 0;

    for (unsigned i = 0; i < p->n_sockets; i++) {
        struct tpacket_stats s = {0};
        socklen_t n = sizeof s;

        if (getsockopt(p->sockets[i], SOL_PACKET, PACKET_STATISTICS, &s, &n) == 0)
            drops += s.tp_drops;
    }
    return drops;
}

/* Under the lock. */
static void
lost_read(struct dpdk_port *p)
{
    struct rte_eth_stats s;

    if (p->is_frozen || !p->is_started)
        return;
    if (rte_eth_stats_get(p->id, &s) != 0)
        memset(&s, 0, sizeof s);
    if (p->traits & MISSED)
        p->lost[PAVO_LOSS_NIC_MISSED] = s.imissed;
    if (p->traits & ERRORS)
        p->lost[PAVO_LOSS_NIC_ERROR] = s.ierrors;
    if (p->traits & NOMBUF)
        p->lost[PAVO_LOSS_NO_BUFFER] = s.rx_nombuf;
    if (p->traits & SOCKETS)
        p->lost[PAVO_LOSS_KERNEL_DROP] += socket_drops_read(p);
    if (p->traits & IF_DROPS) {
        struct rte_eth_dev_info info;
        char name[IF_NAMESIZE];

        if (rte_eth_dev_info_get(p->id, &info) == 0 && info.if_index &&
            if_indextoname(info.if_index, name)) {
            uint64_t drops = if_tx_drops(name);

            if (drops > p->if_drops_before)
                p->lost[PAVO_LOSS_INTERFACE_DROP] = drops - p->if_drops_before;
        }
    }
    if (p->is_file)
        p->broken = s.ierrors;
}

void
dpdk_port_lost(struct dpdk_port *p, uint64_t lost[PAVO_LOSSES], uint64_t *broken)
{
    pthread_mutex_lock(&p->lock);
    lost_read(p);
    memcpy(lost, p->lost, sizeof p->lost);
    *broken = p->broken;
    pthread_mutex_unlock(&p->lock);
}

void
dpdk_port_freeze(struct dpdk_port *p)
{
    pthread_mutex_lock(&p->lock);
    lost_read(p);
    p->is_frozen = true;
    pthread_mutex_unlock(&p->lock);
}

bool
dpdk_port_tells(const struct dpdk_port *p)
{
    return p->traits & TELLS;
}

void
dpdk_port_debug(const struct dpdk_port *p)
{
    struct rte_eth_xstat_name *names;
    struct rte_eth_xstat *values;
    int n = rte_eth_xstats_get(p->id, NULL, 0);

    if (n <= 0)
        return;
    names = calloc((size_t)n, sizeof *names);
    values = calloc((size_t)n, sizeof *values);
    if (names && values && rte_eth_xstats_get_names(p->id, names, (unsigned)n) == n &&
        rte_eth_xstats_get(p->id, values, (unsigned)n) == n)
        for (int i = 0; i < n; i++)
            if (values[i].value && values[i].id < (uint64_t)n)
                log_debug("%s: %s %llu", p->name, names[values[i].id].name,
                          (unsigned long long)values[i].value);
    free(names);
    free(values);
}

/* ---- the link
 * ------------------------------------------------------------------------------------------- */

void
dpdk_port_look(struct dpdk_port *p)
{
    const uint8_t before = atomic_load_explicit(&p->link_state, memory_order_relaxed);
    struct rte_eth_link link;
    uint8_t now;

    if (p->is_file || rte_eth_link_get_nowait(p->id, &link) != 0)
        return;
    now = link.link_status ? CAP_LINK_UP : CAP_LINK_DOWN;
    if (now == before)
        return;
    atomic_store_explicit(&p->link_state, now, memory_order_relaxed);
    if (now == CAP_LINK_DOWN && before == CAP_LINK_UP)
        pavo_stat_add(&p->link_downs, 1);
    if (now == CAP_LINK_DOWN)
        log_warn("%s: the link is down: nothing comes until it is up again", p->name);
    else if (before == CAP_LINK_DOWN)
        log_info("%s: the link is up", p->name);
}

/* ---- the end
 * -------------------------------------------------------------------------------------------- */

void
dpdk_port_close(struct dpdk_port *p)
{
    if (p->is_open) {
        if (p->is_started && log_get_level() >= LOG_DEBUG)
            dpdk_port_debug(p);
        dpdk_rss_close(&p->rules, p->id);
        if (p->is_promiscuous)
            rte_eth_promiscuous_disable(p->id);
        if (p->is_started)
            rte_eth_dev_stop(p->id);
        rte_eth_dev_close(p->id);
    }
    if (p->is_made)
        rte_vdev_uninit(p->name);
    rte_mempool_free(p->pool);
    free(p->sockets);
    pthread_mutex_destroy(&p->lock);
    *p = (struct dpdk_port){0};
}
