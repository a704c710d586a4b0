/* carrier.c - carries frames between a tap device and a peer, inside an encapsulation that the
 * kernel here cannot make
 *
 *   pavo-carrier --encap KIND --tap NAME --local ADDR --peer ADDR [--port N] [--id N] [--dev NIC]
 *                [--lose P] [--duplicate P] [--reorder P] [--delay MS] [--seed N]
 *
 * One process at either end makes a tunnel: what the kernel sends into the tap goes out
 * encapsulated, what arrives is unpacked and written to the tap. KIND is one row of kinds[]:
 * geneve, vxlan, gre (Ethernet in GRE), greip (IP in GRE), gue (variant 0), gue1 (variant 1), fou
 * (IP straight in UDP), ipip, vlan (a tag on the frames of --dev). Kinds that carry IP make a tun
 * device.
 *
 * The way out may be made bad: frames are lost, sent twice, held back by --delay, or held back so
 * that later ones overtake them (--reorder), with the given probabilities. The draws come from
 * --seed and the number of the frame alone. Everything is counted; at SIGINT or SIGTERM the counts
 * are printed as one JSON object. 'ready' is printed when the device exists. The code shares
 * nothing with the decoder that it is to test.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>

enum {
    ROOM = 64, /* in front of a frame, for the headers */
    FRAME_MAX = 65536,
    HELD_MAX = 4096,
    OVERTAKE_MS = 5, /* a reordered frame waits so long for others to pass */
};

struct frame {
    uint64_t due_ns;
    uint64_t order; /* frames due at the same time leave in this order */
    uint32_t len;
    uint8_t *bytes; /* ROOM, then the frame; owned */
};

struct carrier {
    const struct kind *kind;
    int tap, net;
    int net_is_raw4; /* received packets begin with their IPv4 header */
    uint32_t id;
    uint32_t sequence; /* GRE */
    double lose, duplicate, reorder;
    uint64_t delay_ns;
    uint64_t seed;
    struct frame held[HELD_MAX];
    unsigned n_held;
    struct {
        uint64_t from_tap, sent, lost, duplicated, reordered, delayed, send_errors;
        uint64_t from_net, to_tap, ignored, tap_errors;
    } n;
};

/* An encapsulation: how it travels, and what it puts in front of a frame. */
struct kind {
    const char *name;
    enum { BY_UDP, BY_IP, BY_FRAME } by;
    bool is_l2;  /* carries Ethernet frames; else IP packets */
    int number;  /* UDP port, IP protocol */
    uint32_t id; /* default of --id */
    /* Writes the header that ends at 'end'; returns its bytes. 'frame' is what follows. */
    unsigned (*wrap)(struct carrier *c, uint8_t *end, const uint8_t *frame);
    /* Bytes of the header at 'p'; -1: it is not for us. */
    int (*unwrap)(const struct carrier *c, const uint8_t *p, uint32_t n);
};

static volatile sig_atomic_t is_stopped;

static void
on_signal(int number)
{
    (void)number;
    is_stopped = 1;
}

static void
die(const char *what)
{
    fprintf(stderr, "pavo-carrier: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void
put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static unsigned
get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t
get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static unsigned
ip_version(const uint8_t *packet)
{
    return packet[0] >> 4;
}

/* ---- encapsulations
 * ------------------------------------------------------------------------------ */

/* RFC 8926 section 3.4, with one option of eight bytes of an experimental class, so that options
 * are there. */
static unsigned
geneve_wrap(struct carrier *c, uint8_t *end, const uint8_t *frame)
{
    uint8_t *h = end - 16;

    (void)frame;
    memset(h, 0, 16);
    h[0] = 2; /* option words */
    put16(h + 2, 0x6558);
    put32(h + 4, c->id << 8);
    put16(h + 8, 0xff01);
    h[11] = 1; /* words of data */
    put32(h + 12, c->sequence++);
    return 16;
}

static int
geneve_unwrap(const struct carrier *c, const uint8_t *p, uint32_t n)
{
    uint32_t header;

    if (n < 8 || p[0] >> 6 != 0 || get16(p + 2) != 0x6558 || get32(p + 4) >> 8 != c->id)
        return -1;
    header = 8 + 4u * (p[0] & 0x3f);
    return header <= n ? (int)header : -1;
}

/* RFC 7348 section 5 */
static unsigned
vxlan_wrap(struct carrier *c, uint8_t *end, const uint8_t *frame)
{
    (void)frame;
    put32(end - 8, 0x08000000);
    put32(end - 4, c->id << 8);
    return 8;
}

static int
vxlan_unwrap(const struct carrier *c, const uint8_t *p, uint32_t n)
{
    return n >= 8 && p[0] & 8 && get32(p + 4) >> 8 == c->id ? 8 : -1;
}

/* RFC 2784, with key and sequence number (RFC 2890). */
static unsigned
gre_wrap(struct carrier *c, uint8_t *end, const uint8_t *frame)
{
    uint8_t *h = end - 12;

    put16(h, 0x3000);
    put16(h + 2, c->kind->is_l2 ? 0x6558 : ip_version(frame) == 6 ? 0x86dd : 0x0800);
    put32(h + 4, c->id);
    put32(h + 8, c->sequence++);
    return 12;
}

static int
gre_unwrap(const struct carrier *c, const uint8_t *p, uint32_t n)
{
    if (n < 12 || get16(p) != 0x3000 || get32(p + 4) != c->id)
        return -1;
    if (c->kind->is_l2 != (get16(p + 2) == 0x6558))
        return -1;
    return 12;
}

/* draft-ietf-intarea-gue-09 section 3.1, variant 0 without options */
static unsigned
gue_wrap(struct carrier *c, uint8_t *end, const uint8_t *frame)
{
    (void)c;
    put32(end - 4, ip_version(frame) == 6 ? 41u << 16 : 4u << 16);
    return 4;
}

static int
gue_unwrap(const struct carrier *c, const uint8_t *p, uint32_t n)
{
    uint32_t header;

    (void)c;
    if (n < 4 || p[0] >> 5 != 0 || (p[1] != 4 && p[1] != 41))
        return -1;
    header = 4 + 4u * (p[0] & 0x1f);
    return header <= n ? (int)header : -1;
}

/* The packet follows without a header: variant 1 of GUE (section 4), FOU, IP in IP. */
static unsigned
bare_wrap(struct carrier *c, uint8_t *end, const uint8_t *frame)
{
    (void)c;
    (void)end;
    (void)frame;
    return 0;
}

static int
bare_unwrap(const struct carrier *c, const uint8_t *p, uint32_t n)
{
    (void)c;
    return n > 0 && (ip_version(p) == 4 || ip_version(p) == 6) ? 0 : -1;
}

static const struct kind kinds[] = {
    {"geneve", BY_UDP, true, 6081, 4097, geneve_wrap, geneve_unwrap},
    {"vxlan", BY_UDP, true, 4789, 4098, vxlan_wrap, vxlan_unwrap},
    {"gre", BY_IP, true, 47, 4099, gre_wrap, gre_unwrap},
    {"greip", BY_IP, false, 47, 4100, gre_wrap, gre_unwrap},
    {"gue", BY_UDP, false, 6080, 0, gue_wrap, gue_unwrap},
    {"gue1", BY_UDP, false, 6080, 0, bare_wrap, bare_unwrap},
    {"fou", BY_UDP, false, 5555, 0, bare_wrap, bare_unwrap},
    {"ipip", BY_IP, false, 4, 0, bare_wrap, bare_unwrap},
    {"vlan", BY_FRAME, true, 0, 100, NULL, NULL},
};

/* ---- chance
 * ---------------------------------------------------------------------------------------- */

/* A number in [0, 1) for the 'which'-th question about frame 'order': splitmix64 of both and the
 * seed. */
static double
draw(const struct carrier *c, uint64_t order, unsigned which)
{
    uint64_t x = c->seed + order * 4 + which;

    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return (double)(x >> 11) / (double)(UINT64_C(1) << 53);
}

/* ---- the way out
 * ------------------------------------------------------------------------------------- */

static void
frame_send(struct carrier *c, uint8_t *bytes, uint32_t len)
{
    uint8_t *frame = bytes + ROOM, *at = frame;
    ssize_t rc = -1;

    if (c->kind->by == BY_FRAME) {
        /* IEEE 802.1Q: the tag stands behind the addresses. */
        at -= 4;
        memmove(at, frame, 12);
        put16(at + 12, 0x8100);
        put16(at + 14, c->id);
    } else {
        at -= c->kind->wrap(c, frame, frame);
    }
    len += (uint32_t)(frame - at);
    /* An ICMP error that came back is told once, at the next send: it says nothing about this
     * frame. */
    for (int i = 0; i < 3 && rc < 0; i++)
        rc = send(c->net, at, len, 0);
    if (c->kind->by == BY_FRAME)
        memmove(frame, at, 12); /* as it was: it may be sent again */
    if (rc == (ssize_t)len)
        c->n.sent++;
    else
        c->n.send_errors++;
}

static void
frame_hold(struct carrier *c, const uint8_t *bytes, uint32_t len, uint64_t order, uint64_t due_ns)
{
    struct frame *f = &c->held[c->n_held];

    f->bytes = malloc(ROOM + len);
    if (!f->bytes)
        die("memory");
    memcpy(f->bytes + ROOM, bytes + ROOM, len);
    f->len = len;
    f->order = order;
    f->due_ns = due_ns;
    c->n_held++;
}

/* Sends what is due, all of it at the end; returns when the next is due, 0 if none waits. */
static uint64_t
held_send(struct carrier *c, uint64_t now, bool all)
{
    for (;;) {
        unsigned first = 0;

        if (c->n_held == 0)
            return 0;
        for (unsigned i = 1; i < c->n_held; i++) {
            const struct frame *a = &c->held[i], *b = &c->held[first];

            if (a->due_ns < b->due_ns || (a->due_ns == b->due_ns && a->order < b->order))
                first = i;
        }
        if (!all && c->held[first].due_ns > now)
            return c->held[first].due_ns;
        frame_send(c, c->held[first].bytes, c->held[first].len);
        free(c->held[first].bytes);
        c->held[first] = c->held[--c->n_held];
    }
}

static void
from_tap(struct carrier *c, uint8_t *bytes)
{
    const ssize_t n = read(c->tap, bytes + ROOM, FRAME_MAX);
    const uint64_t order = c->n.from_tap;
    uint64_t wait_ns = c->delay_ns;

    if (n <= 0)
        return;
    c->n.from_tap++;
    if (draw(c, order, 0) < c->lose) {
        c->n.lost++;
        return;
    }
    if (draw(c, order, 2) < c->reorder) {
        wait_ns += (uint64_t)OVERTAKE_MS * 1000000;
        c->n.reordered++;
    }
    if (c->delay_ns)
        c->n.delayed++;
    for (int copies = draw(c, order, 1) < c->duplicate ? 2 : 1; copies > 0; copies--) {
        if (copies == 2)
            c->n.duplicated++;
        if (wait_ns && c->n_held < HELD_MAX)
            frame_hold(c, bytes, (uint32_t)n, order, now_ns() + wait_ns);
        else
            frame_send(c, bytes, (uint32_t)n);
    }
}

/* ---- the way in
 * ---------------------------------------------------------------------------------------- */

/* The tag of a received frame: the kernel has taken it out and tells it beside the frame. -1: none.
 */
static int
tag_of(struct msghdr *m)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
        struct tpacket_auxdata a;

        if (h->cmsg_level != SOL_PACKET || h->cmsg_type != PACKET_AUXDATA)
            continue;
        memcpy(&a, CMSG_DATA(h), sizeof a);
        if (a.tp_status & TP_STATUS_VLAN_VALID)
            return a.tp_vlan_tci & 0xfff;
    }
    return -1;
}

static void
from_net(struct carrier *c, uint8_t *bytes)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    } control;
    struct iovec v = {.iov_base = bytes, .iov_len = FRAME_MAX};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(c->net, &m, 0);
    uint8_t *p = bytes;
    int header = 0;

    if (n <= 0)
        return;
    c->n.from_net++;
    if (c->kind->by == BY_FRAME) {
        header = tag_of(&m) == (int)c->id ? 0 : -1;
    } else {
        if (c->net_is_raw4) {
            const ssize_t ip = (p[0] & 15) * 4;

            if (n < 20 || ip > n)
                return;
            p += ip;
            n -= ip;
        }
        header = c->kind->unwrap(c, p, (uint32_t)n);
    }
    if (header < 0) {
        c->n.ignored++;
        return;
    }
    p += header;
    n -= header;
    if (write(c->tap, p, (size_t)n) == n)
        c->n.to_tap++;
    else
        c->n.tap_errors++;
}

/* ---- set-up
 * -------------------------------------------------------------------------------------------- */

static int
tap_open(const char *name, bool is_l2)
{
    struct ifreq r;
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        die("/dev/net/tun");
    memset(&r, 0, sizeof r);
    snprintf(r.ifr_name, sizeof r.ifr_name, "%s", name);
    r.ifr_flags = (short)((is_l2 ? IFF_TAP : IFF_TUN) | IFF_NO_PI);
    if (ioctl(fd, TUNSETIFF, &r) != 0)
        die(name);
    return fd;
}

static void
address(const char *text, int port, struct sockaddr_storage *out, socklen_t *n)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *a = NULL;
    char service[16];

    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(text, service, &hints, &a) != 0) {
        fprintf(stderr, "pavo-carrier: %s is no address\n", text);
        exit(1);
    }
    memcpy(out, a->ai_addr, a->ai_addrlen);
    *n = a->ai_addrlen;
    freeaddrinfo(a);
}

static void
net_open(struct carrier *c, const char *local, const char *peer, int port)
{
    struct sockaddr_storage from, to;
    socklen_t n_from, n_to;
    const bool by_udp = c->kind->by == BY_UDP;

    /* With a port, a raw socket would take it for a protocol. */
    address(local, by_udp ? port : 0, &from, &n_from);
    address(peer, by_udp ? port : 0, &to, &n_to);
    c->net = socket(from.ss_family, (by_udp ? SOCK_DGRAM : SOCK_RAW) | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    by_udp                                               ? 0
                    : c->kind->number == 4 && from.ss_family == AF_INET6 ? 41
                                                                         : c->kind->number);
    if (c->net < 0)
        die("socket");
    c->net_is_raw4 = !by_udp && from.ss_family == AF_INET;
    if (bind(c->net, (struct sockaddr *)&from, n_from) != 0)
        die(local);
    if (connect(c->net, (struct sockaddr *)&to, n_to) != 0)
        die(peer);
}

static void
net_open_frames(struct carrier *c, const char *dev)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    const int on = 1;

    at.sll_ifindex = (int)if_nametoindex(dev);
    if (!at.sll_ifindex)
        die(dev);
    c->net = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->net < 0 || setsockopt(c->net, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) != 0 ||
        setsockopt(c->net, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0 ||
        bind(c->net, (struct sockaddr *)&at, sizeof at) != 0)
        die(dev);
}

static void
carry(struct carrier *c)
{
    static uint8_t bytes[ROOM + FRAME_MAX];
    struct pollfd fds[2] = {{.fd = c->tap, .events = POLLIN}, {.fd = c->net, .events = POLLIN}};
    sigset_t none;

    sigemptyset(&none);
    while (!is_stopped) {
        const uint64_t now = now_ns();
        const uint64_t due = held_send(c, now, false);
        const uint64_t wait = due > now ? due - now : 0;
        const struct timespec t = {.tv_sec = (time_t)(wait / 1000000000u),
                                   .tv_nsec = (long)(wait % 1000000000u)};

        if (ppoll(fds, 2, due ? &t : NULL, &none) <= 0)
            continue;
        if (fds[0].revents)
            from_tap(c, bytes);
        if (fds[1].revents)
            from_net(c, bytes);
    }
    held_send(c, 0, true);
}

static void
report(const struct carrier *c)
{
#define N(member) (unsigned long long)c->n.member
    printf("{\"encap\":\"%s\",\"from_tap\":%llu,\"sent\":%llu,\"lost\":%llu,\"duplicated\":%llu,"
           "\"reordered\":%llu,"
           "\"delayed\":%llu,\"send_errors\":%llu,\"from_net\":%llu,\"to_tap\":%llu,\"ignored\":%"
           "llu,\"tap_errors\":%llu}\n",
           c->kind->name, N(from_tap), N(sent), N(lost), N(duplicated), N(reordered), N(delayed),
           N(send_errors), N(from_net), N(to_tap), N(ignored), N(tap_errors));
#undef N
}

static void
usage(void)
{
    fprintf(stderr,
            "usage: pavo-carrier --encap KIND --tap NAME (--local ADDR --peer ADDR [--port N] | "
            "--dev NIC) [--id N]\n"
            "       [--lose P] [--duplicate P] [--reorder P] [--delay MS] [--seed N]\nKIND:");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        fprintf(stderr, " %s", kinds[i].name);
    fputc('\n', stderr);
    exit(1);
}

int
main(int argc, char **argv)
{
    enum { ENCAP = 1, TAP, LOCAL, PEER, PORT, ID, DEV, LOSE, DUPLICATE, REORDER, DELAY, SEED };
    static const struct option options[] = {
        {"encap", 1, NULL, ENCAP},
        {"tap", 1, NULL, TAP},
        {"local", 1, NULL, LOCAL},
        {"peer", 1, NULL, PEER},
        {"port", 1, NULL, PORT},
        {"id", 1, NULL, ID},
        {"dev", 1, NULL, DEV},
        {"lose", 1, NULL, LOSE},
        {"duplicate", 1, NULL, DUPLICATE},
        {"reorder", 1, NULL, REORDER},
        {"delay", 1, NULL, DELAY},
        {"seed", 1, NULL, SEED},
        {NULL, 0, NULL, 0},
    };
    static struct carrier c;
    const char *tap = NULL, *local = NULL, *peer = NULL, *dev = NULL;
    const struct sigaction a = {.sa_handler = on_signal};
    const int buffer = 8 << 20;
    sigset_t stops;
    int port = 0, o;
    long id = -1;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (o) {
        case ENCAP:
            for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                if (strcmp(kinds[i].name, optarg) == 0)
                    c.kind = &kinds[i];
            break;
        case TAP:
            tap = optarg;
            break;
        case LOCAL:
            local = optarg;
            break;
        case PEER:
            peer = optarg;
            break;
        case PORT:
            port = atoi(optarg);
            break;
        case ID:
            id = atol(optarg);
            break;
        case DEV:
            dev = optarg;
            break;
        case LOSE:
            c.lose = atof(optarg);
            break;
        case DUPLICATE:
            c.duplicate = atof(optarg);
            break;
        case REORDER:
            c.reorder = atof(optarg);
            break;
        case DELAY:
            c.delay_ns = (uint64_t)(atof(optarg) * 1e6);
            break;
        case SEED:
            c.seed = strtoull(optarg, NULL, 0);
            break;
        default:
            usage();
        }
    }
    if (!c.kind || !tap || optind != argc || (c.kind->by == BY_FRAME ? !dev : !local || !peer))
        usage();
    c.id = id < 0 ? c.kind->id : (uint32_t)id;
    /* The signals may come in ppoll() only. */
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    sigprocmask(SIG_BLOCK, &stops, NULL);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    c.tap = tap_open(tap, c.kind->is_l2);
    if (c.kind->by == BY_FRAME)
        net_open_frames(&c, dev);
    else
        net_open(&c, local, peer, port ? port : c.kind->number);
    /* Full buffers lose packets that nobody counts. Without the privilege to force it the limit of
     * the system holds. */
    if (setsockopt(c.net, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0)
        (void)setsockopt(c.net, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    puts("ready");
    fflush(stdout);
    carry(&c);
    report(&c);
    return 0;
}
