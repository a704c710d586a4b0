/* model.c - random packets drive a shard and a plain array, which must make the same records
 *
 * The model keeps each flow in an array, found by number, and knows no buckets, sweep or
 * burst: it applies the rules of time and of TCP to one packet after the other, as the
 * documentation words them. The shard gets the same packets in bursts of random size, is swept at
 * random times with random budgets, split into one or three shards by owner.
 *
 * Arguments: seed, packets. What fails can be repeated with less.
 */
#include "flow_t.h"
#include "rnd.h"

#include "key.h"

enum {
    PAIRS = 61, /* of hosts */
    KINDS = 4,  /* TCP, UDP, ping, errors about the UDP flow */
    FLOWS = PAIRS * KINDS,
    SHARDS_MAX = 3,
};

static uint64_t arg_seed = 1;
static unsigned arg_packets = 2000000;

/* ---- the model ---- */

enum life { NEW, OPEN, CLOSED, RESET };

struct model_flow {
    bool live;
    struct pavo_key key;
    bool exported;
    uint64_t id;
    uint64_t start_rule, last_rule, close_rule, first, last;
    uint64_t packets[2], octets[2], payload[2], before[2], octets_before[2];
    uint16_t flags_union[2], flags_first[2];
    uint8_t ttl_min[2], ttl_max[2], tos[2];
    bool seen[2];
    uint32_t sequence, fwd;
    enum pavo_basis basis;
    enum life life;
    bool has_syn[2], has_fin[2], has_ack[2], has_base[2], has_data;
    uint32_t base[2], next[2], acked[2]; /* docs/transport.md; has_ack: of what this side sent */
    uint32_t errors;
    uint8_t error_type, error_code;
    uint8_t icmp_type[2];
    struct pavo_quote quote;
};

struct model {
    struct model_flow flow[FLOWS];
    struct digest out;
    struct pavo_timeouts t;
    uint64_t marks;
};

static bool
model_lingers(const struct model_flow *f)
{
    return f->key.proto == 6 && (f->life == CLOSED || f->life == RESET);
}

static uint64_t
model_due(const struct model *m, const struct model_flow *f)
{
    if (f->key.proto == 17)
        return f->last_rule + m->t.idle_udp;
    if (f->key.proto == 1)
        return f->last_rule + m->t.idle_icmp;
    if (model_lingers(f))
        return f->close_rule + m->t.linger;
    return f->last_rule + (f->life == NEW ? m->t.idle_tcp_new : m->t.idle_tcp);
}

static void
model_record(struct model *m, struct model_flow *f, uint8_t reason, uint8_t detail)
{
    const uint32_t w = f->fwd;
    const struct pavo_key *k = &f->key;
    struct pavo_record r;

    memset(&r, 0, sizeof r);
    if (!f->exported)
        f->id = hash_word(key_fixed_hash(k), f->first);
    f->exported = true;
    r.kind = 4;
    r.protocolIdentifier = k->proto;
    r.flowEndReason = reason;
    r.endDetail = detail;
    r.initiatorBasis = f->basis;
    r.biflowDirection = f->basis != 0;
    r.flowFinal = reason != 2;
    r.hasPorts = k->proto != 1;
    r.flowSequence = f->sequence;
    r.flowId = f->id;
    memcpy(r.sourceAddress, w ? k->b : k->a, 16);
    memcpy(r.destinationAddress, w ? k->a : k->b, 16);
    r.sourceTransportPort = w ? k->port_b : k->port_a;
    r.destinationTransportPort = w ? k->port_a : k->port_b;
    r.ethernetType = 0x0800;
    if (k->proto == 1) {
        r.hasIcmp = 1;
        r.icmpType = f->icmp_type[w] != 255 ? f->icmp_type[w] : f->icmp_type[!w];
        r.icmpCode = f->quote.kind ? 3 : 0;
        r.icmpIdentifier = f->quote.kind ? 0 : (uint16_t)k->extra;
        r.quote = f->quote;
    }
    r.icmpErrorCount = f->errors;
    r.icmpErrorType = f->errors ? f->error_type : 0;
    r.icmpErrorCode = f->errors ? f->error_code : 0;
    r.flowStartNanoseconds = f->first;
    r.flowEndNanoseconds = f->last;
    for (unsigned d = 0; d < 2; d++) {
        const unsigned s = d ? !w : w;

        r.packetDeltaCount[d] = f->packets[s];
        r.octetDeltaCount[d] = f->octets[s];
        r.payloadOctets[d] = f->payload[s];
        r.packetTotalCount[d] = f->before[s] + f->packets[s];
        r.octetTotalCount[d] = f->octets_before[s] + f->octets[s];
        r.tcpControlBits[d] = f->flags_union[s];
        r.initialTCPFlags[d] = f->flags_first[s];
        r.minimumTTL[d] = f->ttl_min[s];
        r.maximumTTL[d] = f->ttl_max[s];
        r.ipClassOfService[d] = f->tos[s];
    }
    digest_add_spine(&m->out, &r);
}

static void
model_end(struct model *m, struct model_flow *f)
{
    if (model_lingers(f))
        model_record(m, f, 3, f->life == CLOSED ? PAVO_DETAIL_TCP_CLOSED : PAVO_DETAIL_TCP_RESET);
    else
        model_record(m, f, 1, PAVO_DETAIL_IDLE);
    f->live = false;
}

static void
model_interval(struct model_flow *f, const struct pavo_packet *p)
{
    for (unsigned s = 0; s < 2; s++) {
        f->before[s] += f->packets[s];
        f->octets_before[s] += f->octets[s];
        f->packets[s] = f->octets[s] = f->payload[s] = 0;
        f->flags_union[s] = 0;
        f->ttl_min[s] = f->ttl_max[s] = 0;
    }
    f->errors = 0;
    f->start_rule = p->now_ns;
    f->first = f->last = p->ts_ns;
}

static void
model_begin(struct model_flow *f, const struct pavo_packet *p)
{
    memset(f, 0, sizeof *f);
    f->live = true;
    f->key = p->key;
    f->sequence = 1;
    f->last_rule = p->now_ns;
    f->icmp_type[0] = f->icmp_type[1] = 255;
    f->quote = p->at.quote;
    model_interval(f, p);
    f->fwd = p->is_b;
    f->life = (p->at.tcp_flags & SYN) ? NEW : OPEN;
    if (p->key.proto == 1) {
        if (p->at.icmp_type == 8 || p->at.icmp_type == 0)
            f->basis = PAVO_BASIS_ICMP_REQUEST;
        if (p->at.icmp_type == 0)
            f->fwd = !p->is_b;
    } else { /* endpoint ports are 443 and above 40000; UDP uses 40000 and 50000 */
        if ((p->key.port_a == 443) != (p->key.port_b == 443)) {
            f->basis = PAVO_BASIS_KNOWN_PORT;
            f->fwd = p->key.port_a == 443;
        }
    }
}

static bool
model_new_connection(const struct model_flow *f, const struct pavo_packet *p)
{
    const unsigned s = p->is_b;

    if (p->key.proto != 6 || (p->at.tcp_flags & (SYN | ACK | RST)) != SYN)
        return false;
    if (f->has_syn[s] && f->base[s] - 1 == p->at.tcp_seq)
        return false;
    return model_lingers(f) || f->has_fin[s];
}

static bool
is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* Numbers of a segment, as far as they decide when a connection is closed. */
static void
model_numbers(struct model_flow *f, const struct pavo_packet *p)
{
    const unsigned s = p->is_b;
    const uint16_t flags = p->at.tcp_flags;
    const uint32_t seq = p->at.tcp_seq, payload = p->at.payload_len;
    const uint32_t end = seq + payload + ((flags & SYN) != 0) + ((flags & FIN) != 0);

    if ((flags & SYN) && f->has_base[s] && seq + 1 != f->base[s]) {
        f->has_base[s] = f->has_fin[s] = f->has_ack[s] = false;
    }
    if (!f->has_base[s]) {
        f->has_base[s] = true;
        f->base[s] = (flags & SYN) ? seq + 1 : seq;
        f->next[s] = end;
    } else if (!(flags & (SYN | FIN)) && payload <= 1 && seq + 1 == f->next[s]) {
        return; /* keep-alive */
    } else if (end == seq || (f->has_fin[s] && is_before(f->next[s], end))) {
        return;
    } else if (is_before(f->next[s], end)) {
        f->next[s] = end;
    }
    if ((flags & FIN) && end == f->next[s])
        f->has_fin[s] = true;
}

static void
model_tcp(struct model_flow *f, const struct pavo_packet *p)
{
    const unsigned s = p->is_b;
    const uint16_t flags = p->at.tcp_flags;

    f->flags_union[s] |= flags;
    if ((flags & SYN) && !(flags & RST)) {
        const enum pavo_basis basis = (flags & ACK) ? PAVO_BASIS_SYNACK : PAVO_BASIS_SYN;

        if (!f->exported && basis > f->basis) {
            f->basis = basis;
            f->fwd = (flags & ACK) ? !s : s;
        }
    }
    if (p->at.payload_len && !(flags & (SYN | FIN | RST)))
        f->has_data = true;
    if ((flags & RST) && !model_lingers(f)) {
        f->life = RESET;
        f->close_rule = p->now_ns;
    }
    if (flags & RST)
        return;
    if ((flags & SYN) && f->has_data && f->has_base[s] && p->at.tcp_seq + 1 != f->base[s])
        return; /* a challenge */
    if (flags & SYN)
        f->has_syn[s] = true;
    model_numbers(f, p);
    if ((flags & ACK) && f->has_base[!s] &&
        (!f->has_ack[!s] || is_before(f->acked[!s], p->at.tcp_ack)) &&
        !((flags & SYN) && f->has_base[!s] && is_before(f->next[!s], p->at.tcp_ack))) {
        const bool is_beyond = f->has_base[!s] && is_before(f->next[!s], p->at.tcp_ack);

        f->has_ack[!s] = true;
        f->acked[!s] = p->at.tcp_ack;
        if (is_beyond && f->acked[!s] - f->next[!s] == 1 && f->next[!s] == f->base[!s] &&
            !f->has_syn[!s])
            f->base[!s] = f->acked[!s];
        if (is_beyond)
            f->next[!s] = f->acked[!s];
    }
    if (f->life == NEW && (flags & ACK) && !(flags & SYN))
        f->life = OPEN;
    if (!model_lingers(f) && f->has_fin[0] && f->has_fin[1] && f->has_ack[0] && f->has_ack[1] &&
        !is_before(f->acked[0], f->next[0]) && !is_before(f->acked[1], f->next[1])) {
        f->life = CLOSED;
        f->close_rule = p->now_ns;
    }
}

static void
model_step(struct model *m, unsigned number, const struct pavo_packet *p)
{
    struct model_flow *f = &m->flow[number];
    const unsigned s = p->is_b;

    if (f->live && p->now_ns > model_due(m, f)) {
        model_end(m, f);
    } else if (f->live && model_new_connection(f, p)) {
        if (model_lingers(f))
            model_end(m, f);
        else
            model_record(m, f, 3, PAVO_DETAIL_TCP_REUSED);
        f->live = false;
    }
    if (!f->live) {
        model_begin(f, p);
    } else if (p->now_ns >= f->start_rule + m->t.active) {
        model_record(m, f, 2, PAVO_DETAIL_ACTIVE);
        f->sequence++;
        model_interval(f, p);
    }
    if (!f->seen[s]) {
        f->seen[s] = true;
        f->tos[s] = p->at.tos;
        f->flags_first[s] = p->at.tcp_flags;
        f->icmp_type[s] = p->at.icmp_type;
    }
    f->packets[s]++;
    f->octets[s] += p->at.l3_len;
    f->payload[s] += p->at.payload_len;
    if (!f->ttl_min[s] || p->at.ttl < f->ttl_min[s])
        f->ttl_min[s] = p->at.ttl;
    if (p->at.ttl > f->ttl_max[s])
        f->ttl_max[s] = p->at.ttl;
    if (p->key.proto == 6)
        model_tcp(f, p);
    if (p->ts_ns > f->last)
        f->last = p->ts_ns;
    if (p->ts_ns < f->first)
        f->first = p->ts_ns;
    if (p->now_ns > f->last_rule)
        f->last_rule = p->now_ns;

    if (p->at.quote.kind) {
        struct model_flow *q = &m->flow[number - 2]; /* the UDP flow of the same pair */

        if (q->live && p->now_ns <= model_due(m, q)) {
            q->errors++;
            q->error_type = p->at.icmp_type;
            q->error_code = p->at.icmp_code;
            m->marks++;
        }
    }
}

static void
model_flush(struct model *m, uint64_t clock_ns)
{
    for (unsigned i = 0; i < FLOWS; i++) {
        struct model_flow *f = &m->flow[i];

        if (!f->live)
            continue;
        if (model_lingers(f) || clock_ns > model_due(m, f))
            model_end(m, f);
        else
            model_record(m, f, 4, PAVO_DETAIL_CAPTURE_END);
    }
}

/* ---- random packets ---- */

/* Flow 'number' in a random direction. */
static void
packet_make(struct rnd *rnd, unsigned number, uint64_t ts_ns, struct pavo_packet *p)
{
    static const uint16_t tcp_flags[] = {SYN, SYN | ACK, ACK, ACK, ACK, ACK,
                                         ACK, FIN | ACK, FIN, RST, 0x18};
    const unsigned pair = number / KINDS;
    const bool back = rnd_one_in(rnd, 2);
    const uint32_t x = 0x0a000001 + pair, y = 0xac100001 + pair * 7;
    const uint32_t src = back ? y : x, dst = back ? x : y;

    switch (number % KINDS) {
    case 0:
        p_tcp(p, ts_ns, src, back ? 443 : 40001, dst, back ? 40001 : 443,
              tcp_flags[rnd_below(rnd, LENGTH(tcp_flags))], UINT32_MAX - 2 + rnd_below(rnd, 5),
              UINT32_MAX - 2 + rnd_below(rnd, 6), rnd_below(rnd, 2));
        p->at.tcp_window = 1000;
        break;
    case 1:
        p_udp(p, ts_ns, src, back ? 50000 : 40000, dst, back ? 40000 : 50000);
        break;
    case 2:
        p_icmp(p, ts_ns, src, dst, back ? 0 : 8, 0, 77);
        break;
    default: {
        struct pavo_packet quoted;

        p_udp(&quoted, ts_ns, x, 40000, y, 50000);
        p_icmp(p, ts_ns, 0xc0000201, x, 3, 3, 0);
        p_quote(p, &quoted);
        break;
    }
    }
    p->at.ttl = (uint8_t)(30 + rnd_below(rnd, 5));
    p->at.tos = (uint8_t)(rnd_below(rnd, 3) * 4);
}

/* The next time stamp: mostly a little later, now and then seconds or minutes, sometimes out of
 * order or late. */
static uint64_t
time_next(struct rnd *rnd, uint64_t *t, uint64_t mean_ns)
{
    *t += rnd_below(rnd, (uint32_t)(2 * mean_ns / 1000)) * UINT64_C(1000);
    if (rnd_one_in(rnd, 20000))
        *t += rnd_below(rnd, 400) * SEC;
    if (rnd_one_in(rnd, 50))
        return *t - rnd_below(rnd, 1000) * MS;
    if (rnd_one_in(rnd, 500))
        return *t - rnd_below(rnd, 30000) * MS;
    return *t;
}

struct run {
    struct pavo_shard *s[SHARDS_MAX];
    struct pavo_ring *ring[SHARDS_MAX];
    struct digest out;
    struct pavo_packet *queue[SHARDS_MAX][64];
    unsigned n_queue[SHARDS_MAX], n_shards;
};

static void
run_burst(struct run *r, unsigned i)
{
    for (unsigned k = 0; k < r->n_queue[i]; k++)
        r->queue[i][k]->is_plain = (uint8_t)pavo_packet_is_plain(r->queue[i][k]);
    pavo_shard_burst(r->s[i], r->queue[i], r->n_queue[i]);
    r->n_queue[i] = 0;
    digest_drain_spine(&r->out, r->ring[i]);
}

static void
run_open(struct run *r, unsigned n_shards)
{
    memset(r, 0, sizeof *r);
    r->n_shards = n_shards;
    for (unsigned i = 0; i < n_shards; i++) {
        struct pavo_shard_config cfg = ft_config(FLOWS * 4, NULL);

        r->ring[i] = pavo_ring_open(pavo_draft_room(0), 4096, &pavo_mem_plain, NULL);
        cfg.out = r->ring[i];
        r->s[i] = pavo_shard_open(&cfg, NULL);
        assert_non_null(r->s[i]);
    }
}

static void
run_close(struct run *r, const struct model *m, unsigned n_packets)
{
    uint64_t made = 0, ended = 0, packets = 0, evicted = 0, marks = 0, record_packets = 0;

    for (unsigned i = 0; i < r->n_shards; i++) {
        const struct pavo_shard_stats *st = pavo_shard_stats(r->s[i]);

        made += ft_stat(&st->flows_made);
        ended += ft_stat(&st->flows_ended);
        packets += ft_stat(&st->packets);
        record_packets += ft_stat(&st->record_packets);
        evicted += ft_stat(&st->evicted);
        marks += ft_stat(&st->icmp_errors);
        pavo_shard_close(r->s[i]);
        pavo_ring_close(r->ring[i]);
    }
    assert_int_equal(packets, n_packets);
    assert_int_equal(record_packets, n_packets);
    assert_int_equal(made, ended);
    assert_int_equal(evicted, 0);
    assert_int_equal(marks, m->marks);
    digest_equal(&r->out, &m->out);
}

static void
drive(unsigned n_shards, unsigned sweep_one_in, unsigned n_packets, uint64_t mean_ns, uint64_t seed)
{
    static struct pavo_packet packets[64 * SHARDS_MAX];
    struct rnd rnd = {seed};
    struct pavo_clock clock = {.grace_ns = SEC};
    struct model *m = calloc(1, sizeof *m);
    struct run r;
    uint64_t t = T0;
    unsigned done = 0;

    m->t = ft_config(1, NULL).timeouts;
    run_open(&r, n_shards);
    while (done < n_packets) {
        const unsigned burst = 1 + rnd_below(&rnd, 64);

        for (unsigned i = 0; i < burst && done < n_packets; i++, done++) {
            struct pavo_packet *p = &packets[i];
            const unsigned skew = rnd_one_in(&rnd, 2) ? FLOWS : 24;
            const unsigned number = rnd_below(&rnd, skew);
            unsigned to;

            packet_make(&rnd, number, time_next(&rnd, &t, mean_ns), p);
            pavo_clock_tick(&clock, p->ts_ns, &p->now_ns);
            model_step(m, number, p);
            to = (p->owner_hash & 0xffff) % n_shards;
            r.queue[to][r.n_queue[to]++] = p;
        }
        for (unsigned i = 0; i < n_shards; i++) {
            run_burst(&r, i);
            if (rnd_one_in(&rnd, 3))
                pavo_shard_clock(r.s[i], clock.now_ns);
            if (sweep_one_in && rnd_one_in(&rnd, sweep_one_in))
                pavo_shard_sweep(r.s[i], rnd_below(&rnd, 100));
            digest_drain_spine(&r.out, r.ring[i]);
        }
    }
    model_flush(m, clock.now_ns);
    for (unsigned i = 0; i < n_shards; i++) {
        pavo_shard_clock(r.s[i], clock.now_ns);
        assert_true(pavo_shard_flush(r.s[i], PAVO_DETAIL_CAPTURE_END));
        digest_drain_spine(&r.out, r.ring[i]);
    }
    run_close(&r, m, n_packets);
    assert_true(m->marks > n_packets / 100);
    free(m);
}

static void
one_shard_swept_often(void **state)
{
    drive(1, 1, arg_packets / 2, 5 * MS, arg_seed);
}

static void
one_shard_never_swept(void **state)
{
    drive(1, 0, arg_packets / 8, 20 * MS, arg_seed + 1);
}

static void
three_shards_swept_at_random(void **state)
{
    drive(3, 7, arg_packets / 4, 30 * MS, arg_seed + 2);
}

static void
sparse_traffic(void **state)
{
    drive(1, 3, arg_packets / 8, 500 * MS, arg_seed + 3);
}

int
main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_shard_swept_often),
        cmocka_unit_test(one_shard_never_swept),
        cmocka_unit_test(three_shards_swept_at_random),
        cmocka_unit_test(sparse_traffic),
    };

    if (argc > 1)
        arg_seed = strtoull(argv[1], NULL, 0);
    if (argc > 2)
        arg_packets = (unsigned)strtoul(argv[2], NULL, 0);
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
