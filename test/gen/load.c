/* load.c - workloads of millions of packets for measuring: few kinds of packets, many flows
 *
 * udp64 and vxlan build both directions of every flow once and then deal them out in random order;
 * the others build each packet, for every flow is seen once or twice only. Addresses are of
 * 198.18.0.0/15 (RFC 2544 appendix C.2.2).
 */
#include "workloads.h"

#include <stdlib.h>
#include <string.h>

/* 2026-01-01T00:00:00Z */
static const uint64_t epoch_ns = 1767225600ull * 1000000000u;

static const uint8_t mac_a[6] = {0x00, 0x00, 0x5e, 0x00, 0x53, 0x01};
static const uint8_t mac_b[6] = {0x00, 0x00, 0x5e, 0x00, 0x53, 0x02};

static uint64_t
when(const struct workload_options *o, uint64_t packet)
{
    return epoch_ns + packet * 1000000000u / o->rate;
}

/* Ethernet and IP of flow 'i'; its ports are port_of(i) and the service's. */
static void
head(struct gen *g, uint64_t i, bool from_b)
{
    const struct gen_addr a = gen_ip4(0xc6120000u | (uint32_t)(i & 0xffff));
    const struct gen_addr b = gen_ip4(0xc6130000u | (uint32_t)(i * 7 & 0xffff));
    const struct gen_ip ip = {.src = from_b ? b : a, .dst = from_b ? a : b, .id = (uint16_t)i};

    gen_ether(g, from_b ? mac_a : mac_b, from_b ? mac_b : mac_a);
    gen_ip(g, &ip);
}

static uint16_t
port_of(uint64_t i)
{
    return (uint16_t)(1024 + (i >> 16) % 60000);
}

static void
udp_frame(struct gen *g, uint64_t i, bool from_b, uint32_t frame_bytes)
{
    head(g, i, from_b);
    gen_udp(g, from_b ? 9 : port_of(i), from_b ? port_of(i) : 9, true);
    gen_fill(g, frame_bytes - 42, (uint8_t)i);
}

/* The outer packet goes between two of 64 tunnel ends, as between the hosts of a small cloud. */
static void
vxlan_head(struct gen *g, uint64_t i, bool from_b)
{
    const struct gen_addr a = gen_ip4(0x0a000000u | (uint32_t)(i % 64 + 1));
    const struct gen_addr b = gen_ip4(0x0a000100u | (uint32_t)(i / 64 % 64 + 1));
    const struct gen_ip ip = {.src = from_b ? b : a, .dst = from_b ? a : b};

    gen_ether(g, from_b ? mac_a : mac_b, from_b ? mac_b : mac_a);
    gen_ip(g, &ip);
    gen_udp(g, (uint16_t)(49152 + i % 16384), 4789, false);
    gen_vxlan(g, (uint32_t)(1 + i % 1000));
}

static void
deal(const struct workload_options *o, struct gen_pcap *out, bool vxlan)
{
    const uint32_t n = o->size + (vxlan ? 50 : 0);
    struct gen *g = malloc(sizeof *g);
    uint8_t *frames = malloc(o->flows * 2 * n);
    struct gen_rng rng = {o->seed};

    if (!g || !frames) {
        fprintf(stderr, "gen: no memory for %llu flows\n", (unsigned long long)o->flows);
        exit(1);
    }
    for (uint64_t i = 0; i < o->flows * 2; i++) {
        gen_begin(g);
        if (vxlan)
            vxlan_head(g, i / 2, i & 1);
        udp_frame(g, i / 2, i & 1, o->size);
        gen_end(g);
        memcpy(frames + i * n, g->at, n);
    }
    for (uint64_t i = 0; i < o->packets; i++)
        gen_pcap_put(out, when(o, i), frames + gen_random(&rng) % (o->flows * 2) * n, n);
    free(frames);
    free(g);
}

void
workload_udp(const struct workload_options *o, struct gen_pcap *out)
{
    deal(o, out, false);
}

void
workload_vxlan(const struct workload_options *o, struct gen_pcap *out)
{
    deal(o, out, true);
}

/* A query and, some packets later, its answer: DNS-like, each flow of two packets. */
void
workload_pairs(const struct workload_options *o, struct gen_pcap *out)
{
    const uint64_t behind = 32; /* answers are this many queries behind */
    struct gen *g = malloc(sizeof *g);
    uint8_t dns[31] = {0,   0,   1, 0,   0,   1,   0,   0,   0,   0,   0, 0, 4, 'h', 'o',
                       's', 't', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0,   1};
    uint64_t asked = 0, answered = 0, sent = 0;

    if (!g)
        abort();
    while (answered < o->flows) {
        const bool answer = asked == o->flows || (asked > answered + behind);
        const uint64_t i = answer ? answered++ : asked++;

        dns[0] = (uint8_t)(i >> 8);
        dns[1] = (uint8_t)i;
        dns[2] = answer ? 0x81 : 0x01;
        gen_begin(g);
        head(g, i, answer);
        gen_udp(g, answer ? 53 : port_of(i), answer ? port_of(i) : 53, true);
        gen_bytes(g, dns, 30);
        gen_end(g);
        gen_pcap_put(out, when(o, sent++), g->at, g->len);
    }
    free(g);
}

/* Connection requests that nobody answers, each from other addresses and ports. */
void
workload_synflood(const struct workload_options *o, struct gen_pcap *out)
{
    struct gen *g = malloc(sizeof *g);
    struct gen_rng rng = {o->seed};

    if (!g)
        abort();
    for (uint64_t i = 0; i < o->flows; i++) {
        const uint64_t r = gen_random(&rng);
        const struct gen_ip ip = {
            .src = gen_ip4((uint32_t)(i * 2654435761u)), /* a permutation: no flow twice */
            .dst = gen_ip4(0xcb007150u),
            .id = (uint16_t)r};
        const struct gen_tcp tcp = {.src_port = (uint16_t)(1024 + (r >> 16) % 64512),
                                    .dst_port = 80,
                                    .flags = GEN_SYN,
                                    .seq = (uint32_t)(r >> 32)};

        gen_begin(g);
        gen_ether(g, mac_b, mac_a);
        gen_ip(g, &ip);
        gen_tcp(g, &tcp);
        gen_end(g);
        gen_pad(g, 60);
        gen_pcap_put(out, when(o, i), g->at, g->len);
    }
    free(g);
}

/* What one step of a session sends: flags, and by how much the numbers of both sides have moved. */
static const struct session_step {
    bool from_b;
    uint16_t flags;
    uint32_t sent_a, sent_b; /* numbers taken before, SYN and FIN included */
    uint32_t bytes;
} session[] = {
    {false, GEN_SYN, 0, 0, 0},
    {true, GEN_SYN | GEN_ACK, 0, 1, 0},
    {false, GEN_ACK, 1, 1, 0},
    {false, GEN_ACK | GEN_PSH, 1, 1, 120},
    {true, GEN_ACK, 121, 1, 0},
    {true, GEN_ACK, 121, 1, 512},
    {true, GEN_ACK, 121, 513, 512},
    {false, GEN_ACK, 121, 1025, 0},
    {true, GEN_ACK | GEN_PSH, 121, 1025, 300},
    {false, GEN_ACK, 121, 1325, 0},
    {false, GEN_ACK | GEN_FIN, 121, 1325, 0},
    {true, GEN_ACK | GEN_FIN, 122, 1325, 0},
    {false, GEN_ACK, 122, 1326, 0},
};
enum { SESSION_STEPS = sizeof session / sizeof session[0] };

static void
session_frame(struct gen *g, uint64_t i, uint64_t number, const struct session_step *s)
{
    const uint32_t isn_a = (uint32_t)(number * 2654435761u), isn_b = ~isn_a;
    const uint16_t port = (uint16_t)(1024 + (i >> 16) % 60000);
    const uint32_t sent = s->from_b ? s->sent_b : s->sent_a;
    const uint32_t seq =
        (s->from_b ? isn_b : isn_a) + sent - (s->from_b && (s->flags & GEN_SYN) ? 1 : 0);
    const uint32_t ack = s->from_b ? isn_a + (s->sent_a ? s->sent_a : 1) : isn_b + s->sent_b;
    const struct gen_tcp tcp = {.src_port = s->from_b ? 80 : port,
                                .dst_port = s->from_b ? port : 80,
                                .flags = s->flags,
                                .seq = seq,
                                .ack = (s->flags & GEN_ACK) ? ack : 0,
                                .window = 64000};

    gen_begin(g);
    head(g, i, s->from_b);
    gen_tcp(g, &tcp);
    gen_fill(g, s->bytes, (uint8_t)i);
    gen_end(g);
    gen_pad(g, 60);
}

/* Whole TCP sessions of a request and its answer. All flows go forward together, a packet each in
 * turn, so all are alive at once; when they have ended they begin anew on the same ports. */
void
workload_tcp(const struct workload_options *o, struct gen_pcap *out)
{
    struct gen *g = malloc(sizeof *g);

    if (!g)
        abort();
    for (uint64_t k = 0; k < o->packets; k++) {
        const uint64_t round = k / o->flows;
        const uint64_t i =
            k % o->flows * 1000003 % o->flows; /* scattered, if 1000003 is no divisor */

        session_frame(g, i, i + round / SESSION_STEPS * o->flows, &session[round % SESSION_STEPS]);
        gen_pcap_put(out, when(o, k), g->at, g->len);
    }
    free(g);
}
