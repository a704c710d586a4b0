/* flow.c - what a packet costs in the flow table, by size of the table and kind of traffic
 *
 * Prints operation, size and nanoseconds of CPU time per packet (median of runs, and the spread). A
 * run makes bursts of packets as the decoder leaves them (in the cache, with key and hash),
 * accounts them, sweeps, and takes the records out of the ring. What making the packets costs is
 * measured apart and taken off.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pavo_flow.h"
#include "ring.h"

#define T0 UINT64_C(1789000000000000000)

enum {
    BURST = 32,
    PACKETS = 1 << 20, /* of a run */
    RUNS = 5,
};

static const uint64_t seed[2] = {0x1234567, 0x89abcdef};
static struct pavo_packet pool[BURST];
static uint64_t rnd_state = 88172645463325252u;

static uint64_t
rnd(void)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    rnd_state ^= rnd_state << 17;
    return rnd_state;
}

static double
seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
packet_set(struct pavo_packet *p, uint32_t flow, uint64_t ts_ns, bool syn)
{
    p->ts_ns = p->now_ns = ts_ns;
    p->at.kind = PAVO_KIND_IP4;
    p->at.proto = syn ? 6 : 17;
    p->at.has_tcp = syn;
    p->at.tcp_flags = syn ? 2 : 0;
    p->at.has_ports = 1;
    p->at.ttl = 64;
    p->at.l3_len = 46;
    p->at.payload_len = 18;
    p->at.src[0] = 10;
    p->at.src[1] = (uint8_t)(flow >> 24);
    p->at.src[2] = (uint8_t)(flow >> 16);
    p->at.src[3] = (uint8_t)(flow >> 8);
    p->at.dst[0] = 192;
    p->at.src_port = (uint16_t)(30000 + (flow & 0xff));
    p->at.dst_port = 443;
    pavo_packet_key(p, PAVO_KEY_DEFAULT);
    p->hash = pavo_key_hash(&p->key, seed);
}

static struct pavo_shard *
shard_open(uint32_t limit, struct pavo_ring *out)
{
    const struct pavo_shard_config cfg = {
        .flow_limit = limit,
        .encap_limit = 1024,
        .timeouts = {60000000000, 300000000000, 20000000000, 60000000000, 10000000000, 60000000000,
                     5000000000, 1000000000},
        .seed = {seed[0], seed[1]},
        .mem = &pavo_mem_plain,
        .out = out,
    };
    struct pavo_err err;
    struct pavo_shard *s = pavo_shard_open(&cfg, &err);

    if (!s) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return s;
}

static void
drain(struct pavo_ring *r)
{
    while (ring_peek(r))
        ring_pop(r);
}

static int
less(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

static void
print(const char *what, uint32_t size, double *ns)
{
    qsort(ns, RUNS, sizeof ns[0], less);
    printf("%-34s %10u %8.1f ns/packet  (%.1f to %.1f)\n", what, size, ns[RUNS / 2], ns[0],
           ns[RUNS - 1]);
}

struct traffic {
    uint32_t n_flows; /* random ones of these; 0: each packet a new one */
    uint64_t gap_ns;
    bool is_syn;
    uint64_t t;
    uint32_t next;
};

static void
burst_make(struct traffic *tr)
{
    for (unsigned i = 0; i < BURST; i++, tr->t += tr->gap_ns) {
        const uint32_t flow = tr->n_flows ? (uint32_t)(rnd() % tr->n_flows) : tr->next++;

        packet_set(&pool[i], flow, tr->t, tr->is_syn);
    }
}

static void
burst_account(struct pavo_shard *s, struct pavo_ring *out)
{
    struct pavo_packet *burst[BURST];

    for (unsigned k = 0; k < BURST; k++)
        burst[k] = &pool[k];
    pavo_shard_burst(s, burst, BURST);
    pavo_shard_sweep(s, 2 * BURST);
    drain(out);
}

/* CPU seconds to make a run's packets, and with a shard, to account them. */
static double
run(struct traffic *tr, struct pavo_shard *s, struct pavo_ring *out)
{
    const double begin = seconds();

    for (unsigned k = 0; k < PACKETS; k += BURST) {
        burst_make(tr);
        if (s)
            burst_account(s, out);
    }
    return seconds() - begin;
}

static void
bench(const char *what, uint32_t limit, struct traffic tr, struct pavo_ring *out)
{
    struct pavo_shard *s = shard_open(limit, out);
    const struct pavo_shard_stats *st = pavo_shard_stats(s);
    struct traffic same = tr;
    double ns[RUNS];

    for (uint32_t f = 0; f < tr.n_flows; f += BURST) { /* all flows are there when it begins */
        for (unsigned i = 0; i < BURST; i++)
            packet_set(&pool[i], (f + i) % tr.n_flows, tr.t, tr.is_syn);
        burst_account(s, out);
    }
    for (unsigned k = 0; k < RUNS; k++) {
        const double make = run(&same, NULL, NULL);

        ns[k] = (run(&tr, s, out) - make) / PACKETS * 1e9;
    }
    print(what, limit, ns);
    printf("    %llu packets, %llu records, %llu evicted\n",
           (unsigned long long)pavo_stat_get(&st->packets),
           (unsigned long long)pavo_stat_get(&st->records),
           (unsigned long long)pavo_stat_get(&st->evicted));
    pavo_shard_close(s);
}

static void
bench_hash(void)
{
    double ns[RUNS];
    uint64_t sum = 0;

    for (unsigned run = 0; run < RUNS; run++) {
        const double begin = seconds();

        for (unsigned k = 0; k < PACKETS / BURST; k++)
            for (unsigned i = 0; i < BURST; i++)
                sum += pavo_key_hash(&pool[i].key, seed);
        ns[run] = (seconds() - begin) / PACKETS * 1e9;
    }
    print(sum ? "pavo_hash of a key" : "?", 64, ns);
    for (unsigned run = 0; run < RUNS; run++) {
        const double begin = seconds();

        for (unsigned k = 0; k < PACKETS / BURST; k++)
            for (unsigned i = 0; i < BURST; i++)
                pavo_packet_key(&pool[i], PAVO_KEY_DEFAULT);
        ns[run] = (seconds() - begin) / PACKETS * 1e9;
    }
    print("pavo_packet_key", 64, ns);
}

int
main(void)
{
    struct pavo_err err;
    struct pavo_ring *out = pavo_ring_open(sizeof(struct pavo_record), 4096, &pavo_mem_plain, &err);

    if (!out) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    bench("live flows, random", 1000, (struct traffic){1000, 100, false, T0, 0}, out);
    bench("live flows, random", 100000, (struct traffic){100000, 100, false, T0, 0}, out);
    bench("live flows, random", 1000000, (struct traffic){1000000, 100, false, T0, 0}, out);
    bench("SYN flood, full table", 100000, (struct traffic){0, 1000, true, T0, 0}, out);
    bench("new flows, swept in time", 1000000, (struct traffic){0, 30000, true, T0, 0}, out);
    bench_hash();
    pavo_ring_close(out);
    return 0;
}
