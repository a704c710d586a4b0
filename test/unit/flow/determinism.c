/* determinism.c - the multiset of records is a function of the packets
 *
 * One stream with everything in it (fragments in any order, orphans, nested tunnels, ICMP errors,
 * TCP, late packets, gaps) goes through the fragment memory into shards, with bursts of 1, 7 and
 * 64, swept never, always or at random, by one or four shards, with several seeds of the hash. The
 * digest of the records is the same each time.
 */
#include "frag_t.h"
#include "rnd.h"

enum {
    SHARDS_MAX = 4,
    BURST_MAX = 64,
};

struct variant {
    unsigned shards, burst, sweep_one_in;
    uint64_t seed;
};

struct pipe {
    struct variant v;
    struct pavo_shard *s[SHARDS_MAX];
    struct pavo_ring *ring[SHARDS_MAX];
    struct pavo_packet *queue[SHARDS_MAX]; /* BURST_MAX each */
    unsigned n_queue[SHARDS_MAX];
    uint64_t hash_seed[2];
    struct rnd rnd;
    struct digest out;
};

static void
pipe_burst(struct pipe *pipe, unsigned i)
{
    struct pavo_packet *burst[BURST_MAX];

    for (unsigned k = 0; k < pipe->n_queue[i]; k++)
        burst[k] = &pipe->queue[i][k];
    pavo_shard_burst(pipe->s[i], burst, pipe->n_queue[i]);
    pipe->n_queue[i] = 0;
    if (pipe->v.sweep_one_in && rnd_one_in(&pipe->rnd, pipe->v.sweep_one_in))
        pavo_shard_sweep(pipe->s[i], 1 + rnd_below(&pipe->rnd, 200));
    digest_drain(&pipe->out, pipe->ring[i]);
}

static void
route(void *ctx, const struct pavo_packet *p)
{
    struct pipe *pipe = ctx;
    const unsigned i = (p->owner_hash & 0xffff) % pipe->v.shards;
    struct pavo_packet *copy = &pipe->queue[i][pipe->n_queue[i]++];

    memcpy(copy, p, pavo_packet_size(p));
    copy->hash = pavo_key_hash(&copy->key, pipe->hash_seed);
    copy->is_plain =
        rnd_one_in(&pipe->rnd, 2) ? (uint8_t)pavo_packet_is_plain(copy) : PAVO_PLAIN_NOT;
    if (pipe->n_queue[i] == pipe->v.burst)
        pipe_burst(pipe, i);
}

/* Some pieces of a datagram, not always all of them, in some order; deep in up to two tunnels. */
static void
stream_piece(struct rnd *rnd, struct pavo_packet *p, uint64_t ts_ns)
{
    const uint32_t id = 1 + rnd_below(rnd, 30), pair = id % 5;

    if (rnd_one_in(rnd, 4)) {
        p_tunnel_piece(p, ts_ns, 0xc0000201 + pair, 0xc6000001, id);
        return;
    }
    p_piece(p, ts_ns, 0x0a000001 + pair, (uint16_t)(1000 + id % 3), 0x0a010001, 53, id,
            !rnd_one_in(rnd, 3));
    if (rnd_one_in(rnd, 2))
        p_tunnel(p, 0xc0000201 + pair, 0xc6000001, rnd_one_in(rnd, 2) ? id : 0);
}

static void
stream_packet(struct rnd *rnd, struct pavo_packet *p, uint64_t ts_ns)
{
    static const uint16_t tcp_flags[] = {SYN, SYN | ACK, ACK, ACK, ACK, FIN | ACK, RST};
    const uint32_t host = rnd_below(rnd, 40);
    struct pavo_packet quoted;

    switch (rnd_below(rnd, 6)) {
    case 0:
    case 1:
        stream_piece(rnd, p, ts_ns);
        return;
    case 2:
        p_tcp(p, ts_ns, 0x0a000001 + host, 40000, 0x0a020001, 80,
              tcp_flags[rnd_below(rnd, LENGTH(tcp_flags))], rnd_below(rnd, 4), rnd_below(rnd, 5),
              rnd_below(rnd, 2));
        break;
    case 3:
        p_tcp(p, ts_ns, 0x0a020001, 80, 0x0a000001 + host, 40000,
              tcp_flags[rnd_below(rnd, LENGTH(tcp_flags))], rnd_below(rnd, 4), rnd_below(rnd, 5),
              rnd_below(rnd, 2));
        break;
    case 4:
        p_udp(p, ts_ns, 0x0a000001 + host, 1000, 0x0a010001, 53);
        break;
    default:
        p_udp(&quoted, ts_ns, 0x0a000001 + host, 1000, 0x0a010001, 53);
        p_icmp(p, ts_ns, 0xc0000263, 0x0a000001 + host, 11, 0, 0);
        p_quote(p, &quoted);
        break;
    }
    if (rnd_one_in(rnd, 3))
        p_tunnel(p, 0xc0000201 + host % 3, 0xc6000001, 0);
}

static struct digest
run(const struct variant *v, unsigned n_packets, uint64_t mean_ms)
{
    struct pipe *pipe = calloc(1, sizeof *pipe);
    struct pavo_clock clock = {.grace_ns = SEC};
    struct rnd rnd = {n_packets};
    struct pavo_frags *frags;
    struct digest out;
    uint64_t t = T0;

    *pipe = (struct pipe){.v = *v, .hash_seed = {v->seed, v->seed * 3}, .rnd = {v->seed ^ 0x55555}};
    frags = t_frags(64, 64, pipe->hash_seed);
    for (unsigned i = 0; i < v->shards; i++) {
        struct pavo_shard_config cfg = ft_config(1u << 18, NULL);

        pipe->ring[i] = pavo_ring_open(pavo_draft_room(0), 2048, &pavo_mem_plain, NULL);
        cfg.out = pipe->ring[i];
        cfg.seed[0] = pipe->hash_seed[0];
        cfg.seed[1] = pipe->hash_seed[1];
        pipe->s[i] = pavo_shard_open(&cfg, NULL);
        pipe->queue[i] = calloc(BURST_MAX, sizeof *pipe->queue[i]);
    }
    for (unsigned n = 0; n < n_packets; n++) {
        struct pavo_packet p;
        uint64_t ts_ns;

        t += rnd_below(&rnd, (uint32_t)(2 * mean_ms)) * MS;
        if (rnd_one_in(&rnd, 3000))
            t += rnd_below(&rnd, 200) * SEC;
        ts_ns = rnd_one_in(&rnd, 20) ? t - rnd_below(&rnd, 3000) * MS : t;
        stream_packet(&rnd, &p, ts_ns);
        pavo_clock_tick(&clock, ts_ns, &p.now_ns);
        if (p.now_ns >= pavo_frags_due(frags))
            pavo_frags_expire(frags, p.now_ns, route, pipe);
        if (p.at.n_frags)
            pavo_frags_step(frags, &p, route, pipe);
        else
            route(pipe, &p);
    }
    pavo_frags_expire(frags, clock.now_ns, route, pipe);
    pavo_frags_expire(frags, UINT64_MAX, route, pipe);
    for (unsigned i = 0; i < v->shards; i++) {
        pipe_burst(pipe, i);
        pavo_shard_clock(pipe->s[i], clock.now_ns);
        while (!pavo_shard_flush(pipe->s[i], PAVO_DETAIL_CAPTURE_END))
            digest_drain(&pipe->out, pipe->ring[i]);
        digest_drain(&pipe->out, pipe->ring[i]);
        assert_int_equal(ft_stat(&pavo_shard_stats(pipe->s[i])->evicted), 0);
        pavo_shard_close(pipe->s[i]);
        pavo_ring_close(pipe->ring[i]);
        free(pipe->queue[i]);
    }
    pavo_frags_close(frags);
    out = pipe->out;
    free(pipe);
    assert_int_equal(out.packets, n_packets);
    return out;
}

static const struct variant variants[] = {
    {1, 1, 0, 1}, {1, 1, 1, 2}, {1, 7, 3, 3},  {1, 64, 1, 4},
    {4, 1, 1, 5}, {4, 7, 0, 6}, {4, 64, 2, 7},
};

static void
same_records(unsigned n_packets, uint64_t mean_ms)
{
    const struct digest first = run(&variants[0], n_packets, mean_ms);

    assert_true(first.n > n_packets / 100);
    for (unsigned i = 1; i < LENGTH(variants); i++) {
        const struct digest other = run(&variants[i], n_packets, mean_ms);

        digest_equal(&other, &first);
    }
}

static void
dense_stream(void **state)
{
    same_records(100000, 10);
}

static void
stream_around_the_idle_times(void **state)
{
    same_records(60000, 200);
}

static void
sparse_stream(void **state)
{
    same_records(30000, 3000);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense_stream),
        cmocka_unit_test(stream_around_the_idle_times),
        cmocka_unit_test(sparse_stream),
    };

    return cmocka_run_group_tests_name("determinism", tests, NULL, NULL);
}
