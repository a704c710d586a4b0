/* wire.c - a wire between two NICs that can be bad, with a mirror that can be bad
 *
 *   pavo-wire --a NIC --b NIC [--delay MS] [--lose P] [--duplicate P] [--reorder P]
 *             [--mirror NIC [--mirror-lose P] [--mirror-duplicate P]] [--seed N]
 *
 * What comes in at one NIC goes out at the other, unchanged. All frames are held for --delay; TCP
 * segments with payload are lost, sent twice, or held back until two others have overtaken them.
 * The mirror gets a copy of each frame as it comes in, before anything happens to it; what the
 * mirror loses or sends twice are TCP segments with payload, too. So acknowledgements always
 * arrive, and what a bystander must have seen can be told from the counts.
 *
 * The draws come from --seed, the direction and the number of the segment. At SIGINT or SIGTERM the
 * counts are printed as one JSON object, "up" for what went from --a to --b. What is counted as
 * reordered has been overtaken by at least one segment. 'ready' is printed when the NICs are open.
 * The code shares nothing with the decoder that it is to test.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

enum {
    FRAME_MAX = 65536,
    HELD_MAX = 8192,  /* of each direction; more than any window here */
    OVERTAKE = 2,     /* segments that pass one that is held back */
    OVERTAKE_MS = 20, /* unless so few come */
};

struct frame {
    uint64_t due_ns;
    uint64_t order; /* of data segments; counts from 1, 0: none */
    uint32_t len, payload;
    uint8_t *bytes; /* owned */
};

/* One direction: a queue of what is delayed, and a place beside it for one that is overtaken. */
struct way {
    int in, out;
    struct frame held[HELD_MAX];
    unsigned first, n_held;
    struct frame late;
    unsigned passed; /* by so many segments */
    struct {
        uint64_t frames, data, data_bytes, lost, lost_bytes, delayed, duplicated, reordered;
        uint64_t mirrored, mirror_lost, mirror_lost_bytes, mirror_duplicated, errors;
    } n;
};

static struct wire {
    struct way ways[2]; /* [0] from a to b */
    int mirror;         /* -1: none */
    double lose, duplicate, reorder, mirror_lose, mirror_duplicate;
    uint64_t delay_ns, seed;
} wire;

enum question { LOSE, DUPLICATE, REORDER, MIRROR_LOSE, MIRROR_DUPLICATE, QUESTIONS };

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
    fprintf(stderr, "pavo-wire: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* True with probability 'p', for a question about a data segment: splitmix64 of all that is known.
 */
static bool
draw(const struct way *w, const struct frame *f, enum question which, double p)
{
    uint64_t x = wire.seed * 2 + (uint64_t)(w - wire.ways);

    if (f->order == 0)
        return false;
    x = (x << 32) + f->order * QUESTIONS + which;
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return (double)(x >> 11) / (double)(UINT64_C(1) << 53) < p;
}

static unsigned
get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* Payload of a frame that is a TCP segment over IPv4 or IPv6 without extension headers; else 0. */
static uint32_t
tcp_payload(const uint8_t *p, uint32_t n)
{
    uint32_t ip, rest, tcp;

    if (n < 14 + 20)
        return 0;
    if (get16(p + 12) == ETH_P_IP && p[14 + 9] == IPPROTO_TCP) {
        ip = 4u * (p[14] & 15);
        rest = get16(p + 14 + 2) - ip;
    } else if (get16(p + 12) == ETH_P_IPV6 && p[14 + 6] == IPPROTO_TCP) {
        ip = 40;
        rest = get16(p + 14 + 4);
    } else {
        return 0;
    }
    if (n < 14 + ip + 20)
        return 0;
    tcp = 4u * (p[14 + ip + 12] >> 4);
    return rest > tcp ? rest - tcp : 0;
}

static void
put(struct way *w, int nic, const struct frame *f)
{
    if (send(nic, f->bytes, f->len, 0) != (ssize_t)f->len)
        w->n.errors++;
}

static void
mirror(struct way *w, const struct frame *f)
{
    if (draw(w, f, MIRROR_LOSE, wire.mirror_lose)) {
        w->n.mirror_lost++;
        w->n.mirror_lost_bytes += f->payload;
        return;
    }
    put(w, wire.mirror, f);
    w->n.mirrored++;
    if (draw(w, f, MIRROR_DUPLICATE, wire.mirror_duplicate)) {
        put(w, wire.mirror, f);
        w->n.mirror_duplicated++;
    }
}

static void
late_send(struct way *w)
{
    if (!w->late.bytes)
        return;
    put(w, w->out, &w->late);
    if (w->passed > 0)
        w->n.reordered++;
    free(w->late.bytes);
    w->late.bytes = NULL;
}

/* The end of the wire: a frame leaves, or is kept for those that overtake it. Takes its bytes. */
static void
leave(struct way *w, struct frame *f, uint64_t now)
{
    if (!w->late.bytes && draw(w, f, REORDER, wire.reorder)) {
        w->late = *f;
        w->late.due_ns = now + OVERTAKE_MS * UINT64_C(1000000);
        w->passed = 0;
        return;
    }
    put(w, w->out, f);
    if (draw(w, f, DUPLICATE, wire.duplicate)) {
        put(w, w->out, f);
        w->n.duplicated++;
    }
    free(f->bytes);
    if (w->late.bytes && f->order && ++w->passed == OVERTAKE)
        late_send(w);
}

static void
arrive(struct way *w, uint8_t *bytes)
{
    const ssize_t n = recv(w->in, bytes, FRAME_MAX, 0);
    const uint64_t now = now_ns();
    struct frame f = {.due_ns = now + wire.delay_ns};

    if (n <= 0)
        return;
    f.len = (uint32_t)n;
    f.bytes = bytes;
    f.payload = tcp_payload(bytes, f.len);
    w->n.frames++;
    if (f.payload) {
        f.order = ++w->n.data;
        w->n.data_bytes += f.payload;
    }
    if (wire.mirror >= 0)
        mirror(w, &f);
    if (draw(w, &f, LOSE, wire.lose)) {
        w->n.lost++;
        w->n.lost_bytes += f.payload;
        return;
    }
    f.bytes = malloc(f.len);
    if (!f.bytes)
        die("memory");
    memcpy(f.bytes, bytes, f.len);
    if (!wire.delay_ns) {
        leave(w, &f, now);
        return;
    }
    if (w->n_held == HELD_MAX) {
        w->n.errors++;
        free(f.bytes);
        return;
    }
    w->n.delayed += f.payload != 0;
    w->held[(w->first + w->n_held++) % HELD_MAX] = f;
}

/* Lets go what is due; returns when the next is, 0 if none waits. */
static uint64_t
let_go(struct way *w, uint64_t now)
{
    uint64_t next = 0;

    while (w->n_held && w->held[w->first].due_ns <= now) {
        struct frame f = w->held[w->first];

        w->first = (w->first + 1) % HELD_MAX;
        w->n_held--;
        leave(w, &f, now);
    }
    if (w->late.bytes && w->late.due_ns <= now)
        late_send(w);
    if (w->n_held)
        next = w->held[w->first].due_ns;
    if (w->late.bytes && (!next || w->late.due_ns < next))
        next = w->late.due_ns;
    return next;
}

static void
carry(void)
{
    static uint8_t bytes[FRAME_MAX];
    struct pollfd fds[2] = {{.fd = wire.ways[0].in, .events = POLLIN},
                            {.fd = wire.ways[1].in, .events = POLLIN}};
    sigset_t none;

    sigemptyset(&none);
    while (!is_stopped) {
        const uint64_t now = now_ns();
        const uint64_t up = let_go(&wire.ways[0], now), down = let_go(&wire.ways[1], now);
        const uint64_t due = !up || (down && down < up) ? down : up;
        const uint64_t wait = due > now ? due - now : 0;
        const struct timespec t = {.tv_sec = (time_t)(wait / 1000000000u),
                                   .tv_nsec = (long)(wait % 1000000000u)};

        if (ppoll(fds, 2, due ? &t : NULL, &none) <= 0)
            continue;
        for (int i = 0; i < 2; i++)
            if (fds[i].revents)
                arrive(&wire.ways[i], bytes);
    }
}

static int
nic_open(const char *name, bool hears)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    const struct packet_mreq all = {.mr_ifindex = (int)if_nametoindex(name),
                                    .mr_type = PACKET_MR_PROMISC};
    const int on = 1, buffer = 32 << 20;
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || !all.mr_ifindex)
        die(name);
    at.sll_ifindex = all.mr_ifindex;
    /* A mirror has nothing to say: protocol 0 receives nothing. */
    if (!hears)
        at.sll_protocol = 0;
    if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof at) != 0)
        die(name);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer);
    return fd;
}

/* What the kernel has dropped because we were too slow. */
static unsigned
overruns(int fd)
{
    struct tpacket_stats s = {0};
    socklen_t n = sizeof s;

    return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &n) == 0 ? s.tp_drops : 0;
}

static void
report(const struct way *w, const char *name)
{
#define N(member) (unsigned long long)w->n.member
    printf("\"%s\":{\"frames\":%llu,\"data\":%llu,\"data_bytes\":%llu,\"lost\":%llu,"
           "\"lost_bytes\":%llu,\"delayed\":%llu,\"duplicated\":%llu,\"reordered\":%llu,"
           "\"mirrored\":%llu,\"mirror_lost\":%llu,\"mirror_lost_bytes\":%llu,"
           "\"mirror_duplicated\":%llu,\"errors\":%llu}",
           name, N(frames), N(data), N(data_bytes), N(lost), N(lost_bytes), N(delayed),
           N(duplicated), N(reordered), N(mirrored), N(mirror_lost), N(mirror_lost_bytes),
           N(mirror_duplicated), N(errors) + overruns(w->in));
#undef N
}

static void
usage(void)
{
    fprintf(stderr,
            "usage: pavo-wire --a NIC --b NIC [--delay MS] [--lose P] [--duplicate P] [--reorder P]"
            "\n       [--mirror NIC] [--mirror-lose P] [--mirror-duplicate P] [--seed N]\n");
    exit(1);
}

int
main(int argc, char **argv)
{
    static const struct option options[] = {
        {"a", 1, NULL, 'a'},
        {"b", 1, NULL, 'b'},
        {"delay", 1, NULL, 'd'},
        {"lose", 1, NULL, 'l'},
        {"duplicate", 1, NULL, '2'},
        {"reorder", 1, NULL, 'r'},
        {"mirror", 1, NULL, 'm'},
        {"mirror-lose", 1, NULL, 'L'},
        {"mirror-duplicate", 1, NULL, 'D'},
        {"seed", 1, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    const struct sigaction on_end = {.sa_handler = on_signal};
    const char *a = NULL, *b = NULL, *to = NULL;
    sigset_t stops;
    int o;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (o) {
        case 'a':
            a = optarg;
            break;
        case 'b':
            b = optarg;
            break;
        case 'm':
            to = optarg;
            break;
        case 'd':
            wire.delay_ns = (uint64_t)(atof(optarg) * 1e6);
            break;
        case 'l':
            wire.lose = atof(optarg);
            break;
        case '2':
            wire.duplicate = atof(optarg);
            break;
        case 'r':
            wire.reorder = atof(optarg);
            break;
        case 'L':
            wire.mirror_lose = atof(optarg);
            break;
        case 'D':
            wire.mirror_duplicate = atof(optarg);
            break;
        case 's':
            wire.seed = strtoull(optarg, NULL, 0);
            break;
        default:
            usage();
        }
    }
    if (!a || !b || optind != argc)
        usage();
    /* The signals may come in ppoll() only. */
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    sigprocmask(SIG_BLOCK, &stops, NULL);
    sigaction(SIGINT, &on_end, NULL);
    sigaction(SIGTERM, &on_end, NULL);
    wire.ways[0].in = wire.ways[1].out = nic_open(a, true);
    wire.ways[1].in = wire.ways[0].out = nic_open(b, true);
    wire.mirror = to ? nic_open(to, false) : -1;
    puts("ready");
    fflush(stdout);
    carry();
    putchar('{');
    report(&wire.ways[0], "up");
    putchar(',');
    report(&wire.ways[1], "down");
    puts("}");
    return 0;
}
