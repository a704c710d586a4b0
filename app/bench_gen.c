/* bench_gen.c - which flow and which of its packets comes next, and the bytes that say so
 *
 * A flow is a number of 32 bits. An odd multiplier scatters it (a bijection, so numbers that differ
 * give flows that differ), and its bits become the client's address and port and the upper half of
 * the server's address. The lower half of that is chosen last: the symmetric Toeplitz hash, whose
 * key repeats after 16 bits, depends on nothing but the exclusive or of all 16-bit words, so any
 * flow is led to any worker by one word.
 *
 * Flows that stay are made one after the other, then drawn at random, in both directions. Those
 * that end are numbered on. There is no division, no memory per flow and no branch that depends on
 * a random bit where it can be a selection: a frame of one line costs a few nanoseconds.
 */
#include "bench_gen.h"

#include <stdlib.h>
#include <string.h>

#include "bytes_put.h"
#include "sensor.h"

#define SCATTER  UINT32_C(0x9e3779b1)
#define SCATTER2 UINT32_C(0x85ebca6b)

enum {
    ANSWER_BEHIND = 4096, /* a DNS answer is so many queries behind its own */
    PIECE_BEHIND = 64,    /* and a piece so many datagrams behind the one before it */
    IMIX = 12,
    STEP_BITS = 16,
};

/* 2026-01-01T00:00:00Z */
static const uint64_t epoch_ns = UINT64_C(1767225600) * 1000000000;
static const uint64_t second = 1000000000;
static const uint64_t rate_fixed = 10000000;

/* ---- names ------------------------------------------------------------------------------------
 */

static const struct {
    const char *word, *help;
} workloads[BENCH_WORKLOADS] = {
    [BENCH_UDP64] = {"udp64", "64-byte frames of UDP (60 without check sequence), flows that stay"},
    [BENCH_IMIX] = {"imix", "UDP of 64, 594 and 1518 bytes, 7 to 4 to 1, flows that stay"},
    [BENCH_TCP] = {"tcp", "whole sessions of 16 packets: handshake, data, close"},
    [BENCH_DNS] = {"dns", "a query and its answer, always new"},
    [BENCH_SYNFLOOD] = {"synflood", "a SYN each, always new"},
    [BENCH_VXLAN] = {"vxlan", "udp64 inside VXLAN over IPv4"},
    [BENCH_GENEVE6] = {"geneve6", "udp64 inside Geneve over IPv6"},
    [BENCH_GTPU] = {"gtpu", "udp64 inside GTP-U over IPv4"},
    [BENCH_PIECED] = {"fragments", "UDP datagrams in three pieces, one in 16 in reverse order"},
    [BENCH_MIXED] = {"mixed", "all of them at once, in random order"},
};

const char *
bench_workload_word(enum bench_workload w)
{
    return w < BENCH_WORKLOADS ? workloads[w].word : "?";
}

const char *
bench_workload_help(enum bench_workload w)
{
    return w < BENCH_WORKLOADS ? workloads[w].help : "?";
}

int
bench_workload_find(const char *word)
{
    for (int i = 0; i < BENCH_WORKLOADS; i++)
        if (strcmp(workloads[i].word, word) == 0)
            return i;
    return -1;
}

/* What 'mixed' is made of: frames of 32, and 128ths of the flows that stay. */
static const struct {
    uint8_t frames, flows;
} mix[BENCH_WORKLOADS] = {
    [BENCH_IMIX] = {12, 76},   [BENCH_TCP] = {9, 0},     [BENCH_DNS] = {4, 0},
    [BENCH_SYNFLOOD] = {1, 0}, [BENCH_VXLAN] = {2, 20},  [BENCH_GENEVE6] = {1, 10},
    [BENCH_GTPU] = {1, 10},    [BENCH_PIECED] = {2, 12},
};
enum { MIX_FRAMES = 32, MIX_FLOWS = 128 };

/* ---- event time -------------------------------------------------------------------------------
 */

/* Seconds that a flow stays after its last packet. */
static double
stay_s(const struct bench_gen_config *c, uint64_t timeout_ns)
{
    return (double)(timeout_ns + c->timeouts.grace) / 1e9;
}

static uint32_t
sessions_of(const struct bench_gen_config *c)
{
    const uint32_t n = c->workload == BENCH_MIXED ? c->flows / 8 : c->flows / 2;

    return n ? n : 1;
}

/* Flows that are live for each packet a second, of those that end. */
static double
live_per_rate(const struct bench_gen_config *c, enum bench_workload w)
{
    switch (w) {
    case BENCH_TCP:
        return stay_s(c, c->timeouts.linger) / BENCH_TCP_PACKETS;
    case BENCH_DNS:
        return stay_s(c, c->timeouts.idle_udp) / 2;
    case BENCH_SYNFLOOD:
        return stay_s(c, c->timeouts.idle_tcp_new);
    default:
        return 0;
    }
}

uint64_t
bench_gen_rate(const struct bench_gen_config *c)
{
    double live = 0, flows = c->flows;
    uint64_t rate;

    if (c->workload == BENCH_MIXED) {
        for (unsigned i = 0; i < BENCH_WORKLOADS; i++)
            live += live_per_rate(c, (enum bench_workload)i) * mix[i].frames / MIX_FRAMES;
        flows = flows / 2 - sessions_of(c);
    } else {
        live = live_per_rate(c, c->workload);
        if (c->workload == BENCH_TCP)
            flows -= sessions_of(c);
    }
    if (live <= 0)
        return rate_fixed;
    rate = (uint64_t)(flows / live);
    return rate < 1 ? 1 : rate > rate_fixed * 10 ? rate_fixed * 10 : rate;
}

uint64_t
bench_gen_warmup(const struct bench_gen *g)
{
    const struct bench_gen_config *c = &g->cfg;
    const double rate = (double)c->rate / c->n_workers; /* of this generator */
    double packets = 0;

    switch (c->workload) {
    case BENCH_TCP:
        packets = 2.0 * BENCH_TCP_PACKETS * g->sessions.n + rate * stay_s(c, c->timeouts.linger);
        break;
    case BENCH_DNS:
    case BENCH_MIXED:
        packets = 1.05 * rate * stay_s(c, c->timeouts.idle_udp);
        break;
    case BENCH_SYNFLOOD:
        packets = 1.05 * rate * stay_s(c, c->timeouts.idle_tcp_new);
        break;
    case BENCH_PIECED:
        packets = 4.0 * BENCH_PIECES * g->fixed[c->workload].n;
        break;
    default:
        packets = 2.0 * g->fixed[c->workload].n;
    }
    return (uint64_t)packets;
}

/* ---- open -------------------------------------------------------------------------------------
 */

static uint64_t
random64(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Words whose hash belongs to the worker. At least one of 128 does. */
static void
lanes_fill(struct bench_gen *g)
{
    static const uint8_t nowhere[4];
    uint64_t rng = g->cfg.seed + 1;
    unsigned n = 0;

    while (n < 256) {
        const uint16_t word = (uint16_t)random64(&rng);
        const uint32_t hash = pavo_toeplitz(nowhere, nowhere, 4, word, 0);

        if (!g->cfg.spread && sensor_owner(hash, g->cfg.n_workers) != g->cfg.worker)
            continue;
        g->lanes[n] = word;
        g->hashes[n++] = hash;
    }
}

static uint32_t
share_of(uint32_t flows, const struct bench_gen_config *c)
{
    const uint32_t n = flows / c->n_workers + (c->worker < flows % c->n_workers);

    return n ? n : 1;
}

static uint32_t
greatest_divisor(uint32_t a, uint32_t b)
{
    while (b) {
        const uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The next round over all slots, in an order of its own. */
static void
round_begin(struct bench_gen *g)
{
    struct bench_sessions *s = &g->sessions;

    s->left = s->n;
    s->at = (uint32_t)(random64(&g->sessions.rng) % s->n);
    do
        s->stride = 1 + (uint32_t)(random64(&g->sessions.rng) % s->n);
    while (greatest_divisor(s->stride, s->n) != 1);
}

struct bench_gen *
bench_gen_open(const struct bench_gen_config *cfg)
{
    struct bench_gen *g = aligned_alloc(PAVO_CACHE_LINE, sizeof *g);

    if (!g)
        return NULL;
    memset(g, 0, sizeof *g);
    g->cfg = *cfg;
    if (g->cfg.rate == 0)
        g->cfg.rate = bench_gen_rate(cfg);
    bench_frames_make(g->frames);
    lanes_fill(g);
    g->hot.rng = cfg->seed * UINT64_C(0x9e3779b97f4a7c15) + cfg->worker;
    g->hot.ts_ns = epoch_ns;
    g->step = (uint64_t)((double)(second << STEP_BITS) * cfg->n_workers / (double)g->cfg.rate);
    for (unsigned i = 0; i < BENCH_WORKLOADS; i++)
        g->fixed[i].n =
            share_of(cfg->workload == BENCH_MIXED
                         ? (uint32_t)((uint64_t)cfg->flows / 2 * mix[i].flows / MIX_FLOWS)
                         : cfg->flows,
                     cfg);
    g->sessions.n = share_of(sessions_of(cfg), cfg);
    g->sessions.rng = g->hot.rng;
    round_begin(g);
    return g;
}

void
bench_gen_close(struct bench_gen *g)
{
    free(g);
}

/* ---- a frame ----------------------------------------------------------------------------------
 */

/* One multiplication; the upper half is good enough to choose flows with. */
static inline uint32_t
draw(struct bench_hot *h)
{
    h->rng = h->rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(h->rng >> 32);
}

static inline const struct bench_template *
put_head(const struct bench_gen *g, unsigned frame, uint8_t *b)
{
    const struct bench_template *t = &g->frames[frame];

    memcpy(b, t->head, PAVO_CACHE_LINE);
    for (uint32_t i = 1; __builtin_expect(i < t->lines, 0); i++)
        memcpy(b + i * PAVO_CACHE_LINE, t->head + i * PAVO_CACHE_LINE, PAVO_CACHE_LINE);
    return t;
}

static inline uint32_t
number(const struct bench_gen *g, uint64_t i)
{
    return (uint32_t)i * g->cfg.n_workers + g->cfg.worker;
}

/* Addresses of flow 'f', and its client's port; 'back': from the server. */
static inline uint32_t
put_ends(const struct bench_gen *g, uint8_t *ip, uint32_t f, uint32_t service, bool back,
         struct pavo_frame *out)
{
    const uint32_t bits = f * SCATTER;
    const uint32_t client = 0x0a000000u | (bits & 0xffffff);
    const uint32_t port = 0xc000 | (bits >> 7 & 0x3fff);
    const uint32_t high = 0x6400 | bits >> 24;
    const uint32_t lane = bits >> 5 & 255;
    const uint32_t low = g->lanes[lane] ^ client >> 16 ^ (client & 0xffff) ^ high ^ port ^ service;
    const uint32_t server = high << 16 | (low & 0xffff);
    const uint32_t turn = (client ^ server) & (0 - (uint32_t)back);

    (void)put_be(ip + 12, (uint64_t)(client ^ turn) << 32 | (server ^ turn), 8);
    out->rss = g->hashes[lane];
    return port;
}

static inline void
put_ports(uint8_t *l4, uint32_t port, uint32_t service, bool back)
{
    const uint32_t turn = (port ^ service) & (0 - (uint32_t)back);

    (void)put_be(l4, (port ^ turn) << 16 | (service ^ turn), 4);
}

static inline void
frame_of(const struct bench_gen *g, const struct bench_hot *h, const struct bench_template *t,
         const uint8_t *b, bool plain, struct pavo_frame *out)
{
    out->data = b;
    out->ts_ns = h->ts_ns;
    out->caplen = out->len = t->len;
    out->source = g->cfg.source;
    out->link = PAVO_LINK_ETHER;
    out->has_rss = plain && !g->cfg.spread;
}

static inline uint32_t
fixed_flow(struct bench_gen *g, struct bench_hot *h, enum bench_workload w, bool *back)
{
    struct bench_fixed *f = &g->fixed[w];
    const uint32_t r = draw(h);

    if (__builtin_expect(f->made < f->n, 0)) {
        *back = false;
        return number(g, f->made++);
    }
    *back = h->rng >> 31 & 1;
    return number(g, (uint64_t)r * f->n >> 32);
}

static inline void
plain_udp(struct bench_gen *g, struct bench_hot *h, enum bench_workload w, unsigned frame,
          uint8_t *b, struct pavo_frame *out)
{
    const struct bench_template *t = put_head(g, frame, b);
    bool back;
    const uint32_t f = fixed_flow(g, h, w, &back);
    const uint32_t port = put_ends(g, b + 14, f, BENCH_PORT_UDP, back, out);

    put_ports(b + 34, port, BENCH_PORT_UDP, back);
    frame_of(g, h, t, b, true, out);
}

static inline void
udp64(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    plain_udp(g, h, BENCH_UDP64, BENCH_FRAME_UDP64, b, out);
}

static inline void
imix(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    static const uint8_t order[IMIX] = {0, 1, 0, 0, 1, 0, 2, 0, 1, 0, 1, 0};
    const unsigned size = order[g->imix_at];

    g->imix_at = g->imix_at + 1 == IMIX ? 0 : g->imix_at + 1;
    plain_udp(g, h, BENCH_IMIX, BENCH_FRAME_UDP64 + size, b, out);
}

static inline void
vxlan(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    const struct bench_template *t = put_head(g, BENCH_FRAME_VXLAN, b);
    bool back;
    const uint32_t f = fixed_flow(g, h, BENCH_VXLAN, &back);
    const uint32_t pair = f * SCATTER2 >> 24;
    const uint32_t port = put_ends(g, b + t->ip_at, f, BENCH_PORT_UDP, back, out);

    put_ports(b + t->ip_at + 20, port, BENCH_PORT_UDP, back);
    (void)put_be(b + 26, 0xac100000u | (uint32_t)back << 8 | pair, 4);
    (void)put_be(b + 30, 0xac100000u | (uint32_t)!back << 8 | pair, 4);
    (void)put_be(b + 34, port, 2); /* entropy of the inner flow: RFC 7348 section 5 */
    (void)put_be(b + 46, (5000 + pair) << 8, 4);
    frame_of(g, h, t, b, false, out);
}

static inline void
geneve6(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    const struct bench_template *t = put_head(g, BENCH_FRAME_GENEVE6, b);
    bool back;
    const uint32_t f = fixed_flow(g, h, BENCH_GENEVE6, &back);
    const uint32_t pair = f * SCATTER2 >> 24;
    const uint32_t port = put_ends(g, b + t->ip_at, f, BENCH_PORT_UDP, back, out);

    put_ports(b + t->ip_at + 20, port, BENCH_PORT_UDP, back);
    (void)put_be(b + 34, (uint32_t)back << 8 | pair, 4);
    (void)put_be(b + 50, (uint32_t)!back << 8 | pair, 4);
    (void)put_be(b + 54, port, 2);
    (void)put_be(b + 66, (6000 + pair) << 8, 4);
    frame_of(g, h, t, b, false, out);
}

static inline void
gtpu(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    const struct bench_template *t = put_head(g, BENCH_FRAME_GTPU, b);
    bool back;
    const uint32_t f = fixed_flow(g, h, BENCH_GTPU, &back);
    const uint32_t pair = f * SCATTER2 >> 24;
    const uint32_t port = put_ends(g, b + t->ip_at, f, BENCH_PORT_UDP, back, out);

    put_ports(b + t->ip_at + 20, port, BENCH_PORT_UDP, back);
    (void)put_be(b + 26, 0xac110000u | (uint32_t)back << 8 | pair, 4);
    (void)put_be(b + 30, 0xac110000u | (uint32_t)!back << 8 | pair, 4);
    (void)put_be(b + 46, (uint32_t)back << 16 | pair, 4); /* each direction has a TEID of its own */
    frame_of(g, h, t, b, false, out);
}

static inline void
dns(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    const bool answer = g->queries >= g->answers + ANSWER_BEHIND;
    const uint64_t i = answer ? g->answers++ : g->queries++;
    const struct bench_template *t =
        put_head(g, answer ? BENCH_FRAME_ANSWER : BENCH_FRAME_QUERY, b);
    const uint32_t port = put_ends(g, b + 14, number(g, i), BENCH_PORT_DNS, answer, out);

    put_ports(b + 34, port, BENCH_PORT_DNS, answer);
    (void)put_be(b + 42, (uint32_t)i, 2);
    frame_of(g, h, t, b, true, out);
}

static inline void
synflood(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    const struct bench_template *t = put_head(g, BENCH_FRAME_SYN, b);
    const uint32_t f = number(g, g->syns++);
    const uint32_t port = put_ends(g, b + 14, f, BENCH_PORT_SYN, false, out);

    (void)put_be(b + 34, port, 2);
    (void)put_be(b + 38, f * SCATTER2, 4);
    frame_of(g, h, t, b, true, out);
}

/* The slots are in different packets of their sessions; in the first rounds those are passed over
 * that would begin in the middle of one. */
static inline void
tcp(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    struct bench_sessions *s = &g->sessions;
    const struct bench_template *t;
    uint32_t slot, phase, at, f, port;

    do {
        if (__builtin_expect(s->left == 0, 0)) {
            round_begin(g);
            s->round++;
        }
        slot = s->at;
        s->at = s->at + s->stride >= s->n ? s->at + s->stride - s->n : s->at + s->stride;
        s->left--;
        phase = slot * SCATTER2 >> 28;
        at = s->round + phase;
    } while (phase != 0 && at < BENCH_TCP_PACKETS);
    t = put_head(g, BENCH_FRAME_TCP + at % BENCH_TCP_PACKETS, b);
    f = number(g, (uint64_t)(at / BENCH_TCP_PACKETS) * s->n + slot);
    port = put_ends(g, b + 14, f, BENCH_PORT_TCP, t->back, out);
    put_ports(b + 34, port, BENCH_PORT_TCP, t->back);
    (void)put_be(b + 38, (t->back ? ~(f * SCATTER2) : f * SCATTER2) + t->seq[0], 4);
    (void)put_be(b + 42, (t->back ? f * SCATTER2 : ~(f * SCATTER2)) + t->seq[1], 4);
    frame_of(g, h, t, b, true, out);
}

/* Pieces 0, 1, 2 in turn, of datagrams that are PIECE_BEHIND apart, so that those of one datagram
 * have others between them; of one datagram in 16 in reverse order. Datagram d is of flow d while
 * flows are made, then of any. */
static inline void
pieced(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    const struct bench_fixed *x = &g->fixed[BENCH_PIECED];
    const struct bench_template *t;
    uint64_t d;
    uint32_t f, port;
    unsigned turn;

    do {
        turn = (unsigned)(g->pieces % BENCH_PIECES);
        d = g->pieces / BENCH_PIECES - turn * PIECE_BEHIND;
        g->pieces++;
    } while ((int64_t)d < 0); /* at the start there is none so far back */
    t = put_head(g, BENCH_FRAME_PIECE + (d % 16 == 15 ? BENCH_PIECES - 1 - turn : turn), b);
    f = (uint32_t)d;
    if (d >= x->n)
        f = (uint32_t)((uint64_t)((uint32_t)d * SCATTER2) * x->n >> 32);
    port = put_ends(g, b + 14, number(g, f), BENCH_PORT_PIECES, false, out);
    (void)put_be(b + 18, (uint32_t)d, 2);
    if (t == &g->frames[BENCH_FRAME_PIECE])
        (void)put_be(b + 34, port, 2);
    frame_of(g, h, t, b, false, out);
}

/* ---- bursts -----------------------------------------------------------------------------------
 */

static inline void
tick(struct bench_hot *h, uint64_t step)
{
    h->ts_part += step;
    h->ts_ns += h->ts_part >> STEP_BITS;
    h->ts_part &= (1u << STEP_BITS) - 1;
}

static void
mixed(struct bench_gen *g, struct bench_hot *h, uint8_t *b, struct pavo_frame *out)
{
    static const uint8_t order[MIX_FRAMES] = {
        BENCH_IMIX, BENCH_TCP,  BENCH_IMIX,   BENCH_DNS,      BENCH_IMIX,    BENCH_TCP,
        BENCH_IMIX, BENCH_TCP,  BENCH_VXLAN,  BENCH_IMIX,     BENCH_TCP,     BENCH_DNS,
        BENCH_IMIX, BENCH_TCP,  BENCH_IMIX,   BENCH_PIECED,   BENCH_TCP,     BENCH_IMIX,
        BENCH_GTPU, BENCH_TCP,  BENCH_DNS,    BENCH_IMIX,     BENCH_VXLAN,   BENCH_TCP,
        BENCH_IMIX, BENCH_IMIX, BENCH_PIECED, BENCH_SYNFLOOD, BENCH_GENEVE6, BENCH_TCP,
        BENCH_DNS,  BENCH_IMIX,
    };

    switch ((enum bench_workload)order[draw(h) >> 27]) {
    case BENCH_TCP:
        tcp(g, h, b, out);
        break;
    case BENCH_DNS:
        dns(g, h, b, out);
        break;
    case BENCH_SYNFLOOD:
        synflood(g, h, b, out);
        break;
    case BENCH_VXLAN:
        vxlan(g, h, b, out);
        break;
    case BENCH_GENEVE6:
        geneve6(g, h, b, out);
        break;
    case BENCH_GTPU:
        gtpu(g, h, b, out);
        break;
    case BENCH_PIECED:
        pieced(g, h, b, out);
        break;
    default:
        imix(g, h, b, out);
    }
}

void
bench_gen_fill(struct bench_gen *g, uint8_t *const *buf, struct pavo_frame *out, unsigned n)
{
    const uint64_t step = g->step;

/* What changes with each frame is kept in registers: a store into a frame could change all else. */
#define EACH(word, make)                                                                           \
    case word: {                                                                                   \
        struct bench_hot h = g->hot;                                                               \
                                                                                                   \
        for (unsigned i = 0; i < n; i++) {                                                         \
            tick(&h, step);                                                                        \
            make(g, &h, buf[i], &out[i]);                                                          \
        }                                                                                          \
        g->hot = h;                                                                                \
        break;                                                                                     \
    }
    switch (g->cfg.workload) {
        EACH(BENCH_UDP64, udp64)
        EACH(BENCH_IMIX, imix)
        EACH(BENCH_TCP, tcp)
        EACH(BENCH_DNS, dns)
        EACH(BENCH_SYNFLOOD, synflood)
        EACH(BENCH_VXLAN, vxlan)
        EACH(BENCH_GENEVE6, geneve6)
        EACH(BENCH_GTPU, gtpu)
        EACH(BENCH_PIECED, pieced)
        EACH(BENCH_MIXED, mixed)
    case BENCH_WORKLOADS:
        break;
    }
#undef EACH
    g->made += n;
}
