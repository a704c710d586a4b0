/* twins.c - what is done twice, once quickly and once plainly, says the same
 *
 * Tags and ages of a bucket, and keys, by vectors and by loops; keys in whole words and member by
 * member; the hash of a key from both; packets of usual frames in one go and step by step; segments
 * of TCP by the short way and by all rules; flows by the quick ways and by all rules; the numbers
 * of a meter packet by packet and from a list of all.
 */
#include "bucket.h"
#include "key.h"
#include "meter.h"
#include "t.h"
#include "tcp.h"

static uint64_t state_rnd = 88172645463325252u;

static uint64_t
rnd(void)
{
    state_rnd ^= state_rnd << 13;
    state_rnd ^= state_rnd >> 7;
    state_rnd ^= state_rnd << 17;
    return state_rnd;
}

/* Few different tags and ages, so that equal ones are common, and the ends of both ranges. */
static uint16_t
few(void)
{
    static const uint16_t values[] = {0, 0, 1, 2, 0x7fff, 0x8000, 0x8001, 0xffff};

    return values[rnd() % (sizeof values / sizeof values[0])];
}

static void
buckets_are_looked_at_alike(void **state)
{
    for (unsigned round = 0; round < 200000; round++) {
        struct ft_bucket b = {.tags = {0}}, c = {.tags = {0}};
        const uint16_t now = few();

        for (unsigned i = 0; i < BUCKET_ENTRIES; i++) {
            entry_set(&b, i, few(), (uint32_t)rnd(), few());
            entry_set(&c, i, few(), (uint32_t)rnd(), few());
        }
        if (round % 8 == 0)
            c = (struct ft_bucket){.tags = {0}};
        for (unsigned i = 0; i < 4; i++) {
            const uint16_t tag = few();

            assert_int_equal(bucket_match(&b, tag), bucket_match_portable(&b, tag));
        }
        assert_int_equal(buckets_idlest(&b, &c, now), buckets_idlest_portable(&b, &c, now));
        assert_int_equal(buckets_idlest(&c, &b, now), buckets_idlest_portable(&c, &b, now));
    }
}

static void
keys_are_compared_alike(void **state)
{
    struct pavo_key a, b;

    for (unsigned i = 0; i < sizeof a; i++)
        ((uint8_t *)&a)[i] = (uint8_t)rnd();
    b = a;
    assert_true(key_equal(&a, &b) && key_equal_portable(&a, &b));
    for (unsigned bit = 0; bit < 8 * sizeof a; bit++) { /* one differs, and half of them */
        b = a;
        ((uint8_t *)&b)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(key_equal(&a, &b) || key_equal_portable(&a, &b));
        for (unsigned i = bit / 8; i < sizeof a; i++)
            ((uint8_t *)&b)[i] ^= (uint8_t)rnd();
        assert_int_equal(key_equal(&a, &b), key_equal_portable(&a, &b));
    }
}

/* A packet as the decoder leaves it, of few addresses and ports. */
static void
packet_any(struct pavo_packet *p)
{
    static const uint8_t kinds[] = {PAVO_KIND_IP4, PAVO_KIND_IP4, PAVO_KIND_IP6, PAVO_KIND_ARP,
                                    PAVO_KIND_LINK};
    uint64_t r = rnd();

    memset(p, 0, sizeof *p);
    p->at.kind = kinds[r % 5];
    p->at.proto = p->at.kind < PAVO_KIND_IP4 ? 0 : r & 0x100 ? PROTO_TCP : PROTO_UDP;
    p->at.has_ports = p->at.proto != 0 && r & 0xe00;
    p->at.has_mac = r >> 12 & 1;
    p->at.n_layers = r & 0x6000 ? 0 : 1;
    p->at.layers[0].type = PAVO_CARRIER_VLAN;
    p->at.layers[0].id = r >> 20 & 0xfff;
    p->at.src[r >> 32 & 3] = (uint8_t)(r >> 40 & 3);
    p->at.dst[r >> 34 & 3] = (uint8_t)(r >> 42 & 3);
    if (p->at.kind == PAVO_KIND_IP6) {
        p->at.src[15] = (uint8_t)(r >> 44 & 3);
        p->at.dst[8] = (uint8_t)(r >> 46 & 3);
    }
    if (p->at.has_ports) {
        p->at.src_port = few();
        p->at.dst_port = few();
    } else {
        p->at.spi = (uint32_t)rnd();
    }
    p->source = r >> 50 & 3;
}

static void
keys_are_made_alike(void **state)
{
    static const unsigned parts[] = {PAVO_KEY_DEFAULT, PAVO_KEY_DEFAULT | PAVO_KEY_ALONE, 0,
                                     PAVO_KEY_DEFAULT | PAVO_KEY_INTERFACE,
                                     PAVO_KEY_DEFAULT | PAVO_KEY_MAC};
    const uint64_t seed[2] = {1, 2};

    for (unsigned round = 0; round < 300000; round++) {
        const unsigned which = parts[rnd() % 5];
        struct pavo_packet plain, quick;

        packet_any(&plain);
        quick = plain;
        memset(&quick.key, 0xff, sizeof quick.key);
        pavo_packet_key(&plain, which);
        pavo_packet_key_hash(&quick, which, seed);
        assert_memory_equal(&plain.key, &quick.key, sizeof plain.key);
        assert_int_equal(plain.is_b, quick.is_b);
        assert_int_equal(plain.owner_hash, quick.owner_hash);
        assert_true(quick.hash == pavo_key_hash(&plain.key, seed));
    }
}

/* A frame that is as most are, or nearly. Returns its bytes. */
static uint32_t
frame_any(uint8_t *h)
{
    static const uint8_t tcp_stamps[] = {1, 1, 8, 10};
    const uint64_t r = rnd();
    const bool is_ip6 = r & 1, is_tcp = r & 2, has_stamps = (r & 12) == 12;
    const uint32_t fixed = is_ip6 ? 40 : 20, head = !is_tcp ? 8 : has_stamps ? 32 : 20;
    const uint32_t payload = r & 0x100000   ? 0
                             : r & 0x200000 ? 1
                                            : r >> 8 & 31,
                   total = fixed + head + payload;
    uint8_t *ip = h + 14, *transport = ip + fixed;
    uint32_t n = 14 + total;

    for (uint32_t i = 0; i < n; i++)
        h[i] = (uint8_t)(rnd() & 3);
    h[12] = is_ip6 ? 0x86 : 0x08;
    h[13] = is_ip6 ? 0xdd : 0x00;
    ip[0] = is_ip6 ? 0x60 : 0x45;
    ip[is_ip6 ? 5 : 3] = (uint8_t)(is_ip6 ? total - fixed : total);
    ip[is_ip6 ? 4 : 2] = 0;
    ip[is_ip6 ? 6 : 9] = is_tcp ? PROTO_TCP : PROTO_UDP;
    if (!is_ip6)
        ip[6] = ip[7] = 0;
    if (is_tcp) {
        transport[12] = (uint8_t)(head / 4 << 4);
        if (has_stamps)
            memcpy(transport + 20, tcp_stamps, sizeof tcp_stamps);
    } else {
        transport[4] = 0;
        transport[5] = (uint8_t)(head + payload);
        if (r & 0x10000) /* VXLAN, or Teredo by its looks */
            memcpy(transport + 2, (const uint8_t[]){0x12, 0xb5}, 2);
        else if (r & 0x20000)
            transport[8] = 0x60;
    }
    if (r & 0x40000)
        n -= (uint32_t)(rnd() % (n + 1)); /* a short capture */
    if (r & 0x80000)
        h[rnd() % (14 + total)] = (uint8_t)rnd();
    return n;
}

/* Such a frame in VXLAN, Geneve or GTP-U, or nearly, in IPv4 or IPv6. */
static uint32_t
frame_in_tunnel(uint8_t *h)
{
    static const uint16_t ports[] = {4789, 6081, 2152};
    static const uint8_t heads[][8] = {
        {0x08, 0, 0, 0, 0, 0, 9, 0}, {0, 0, 0x65, 0x58, 0, 0, 9, 0}, {0x30, 255, 0, 0, 0, 0, 0, 9}};
    const uint64_t r = rnd();
    const unsigned kind = r % 3, link = kind == 2 ? 14 : 0; /* GTP-U carries no Ethernet */
    const bool is_ip6 = r & 0x100;
    const uint32_t fixed = is_ip6 ? 40 : 20;
    uint8_t inner[128], *ip = h + 14, *udp = ip + fixed;
    const uint32_t held = frame_any(inner), n = held > link ? held - link : 0, total = 16 + n;

    memset(h, 0, 14 + fixed);
    h[12] = is_ip6 ? 0x86 : 0x08;
    h[13] = is_ip6 ? 0xdd : 0x00;
    ip[0] = is_ip6 ? 0x60 : 0x45;
    if (is_ip6) {
        memcpy(ip + 4, (const uint8_t[]){(uint8_t)(total >> 8), (uint8_t)total, 17, 64}, 4);
    } else {
        memcpy(ip + 2, (const uint8_t[]){(uint8_t)((20 + total) >> 8), (uint8_t)(20 + total)}, 2);
        ip[8] = 64;
        ip[9] = 17;
    }
    memcpy(udp,
           (const uint8_t[]){0xc0, 1, (uint8_t)(ports[kind] >> 8), (uint8_t)ports[kind],
                             (uint8_t)(total >> 8), (uint8_t)total, 0, 0},
           8);
    memcpy(udp + 8, heads[kind], 8);
    if (kind == 2)
        memcpy(udp + 10, (const uint8_t[]){(uint8_t)(n >> 8), (uint8_t)n}, 2);
    memcpy(udp + 16, inner + link, n);
    if (!(r & 0xf0000))
        h[rnd() % (14 + fixed + total)] = (uint8_t)rnd();
    return 14 + fixed + total - (r & 0xf00000 ? 0 : (uint32_t)(rnd() % total));
}

/* What a packet has without pavo_packet_complete(). */
static void
assert_brief_equal(const struct pavo_layers *a, const struct pavo_layers *b)
{
    assert_int_equal(a->ttl, b->ttl);
    assert_int_equal(a->tos, b->tos);
    assert_int_equal(a->l3_len, b->l3_len);
    assert_int_equal(a->payload_len, b->payload_len);
    assert_int_equal(a->has_ip_id, b->has_ip_id);
    assert_int_equal(a->ip_id, b->ip_id);
    assert_int_equal(a->has_tcp, b->has_tcp);
    if (!a->has_tcp)
        return;
    assert_int_equal(a->tcp_flags, b->tcp_flags);
    assert_int_equal(a->tcp_window, b->tcp_window);
    assert_int_equal(a->tcp_seq, b->tcp_seq);
    assert_int_equal(a->tcp_ack, b->tcp_ack);
    assert_int_equal(a->has_tcp_opt, b->has_tcp_opt);
    assert_int_equal(a->tcp_tsval, b->tcp_tsval);
    assert_int_equal(a->tcp_tsecr, b->tcp_tsecr);
    assert_int_equal(a->n_sack, b->n_sack);
    assert_int_equal(a->has_mptcp_token, b->has_mptcp_token);
}

static void
packets_are_made_alike(void **state)
{
    static struct pavo_decap_config decap;
    struct pavo_packet_make m = {.decap = &decap, .seed = {3, 4}};
    unsigned n_plain = 0, n_tunnel = 0, was_brief;

    pavo_decap_config_init(&decap);
    for (unsigned round = 0; round < 400000; round++) {
        const uint64_t now_ns = rnd() % 4 ? 5 : 6;
        struct pavo_packet quick, plain;
        uint8_t bytes[256];
        struct pavo_frame f = {.data = bytes, .ts_ns = 5, .source = 7};

        f.caplen = rnd() % 4 ? frame_any(bytes) : frame_in_tunnel(bytes);
        f.len = f.caplen + (rnd() % 4 ? 0 : (uint32_t)(rnd() % 64));
        m.key_parts = PAVO_KEY_DEFAULT | (rnd() & 1 ? PAVO_KEY_ALONE : 0) |
                      (rnd() % 8 ? 0 : PAVO_KEY_MAC | PAVO_KEY_INTERFACE);
        m.payload_room = rnd() % 4 ? 384 : 8;
        memset(&quick, 0xff, sizeof quick);
        memset(&plain, 0, sizeof plain);
        pavo_packets_make(&m, &f, &now_ns, &quick, 1);
        pavo_decap(&decap, &f, &plain.at);
        plain.source = f.source;
        pavo_packet_key(&plain, m.key_parts);
        assert_memory_equal(&quick.key, &plain.key, sizeof plain.key);
        assert_int_equal(quick.hash, pavo_key_hash(&plain.key, m.seed));
        assert_int_equal(quick.is_b, plain.is_b);
        assert_int_equal(quick.source, 7);
        assert_int_equal(quick.ts_ns, 5);
        if (!(m.key_parts & PAVO_KEY_ALONE))
            assert_int_equal(quick.owner_hash, plain.owner_hash);
        assert_brief_equal(&quick.at, &plain.at);
        assert_true(!quick.is_brief || quick.is_plain);
        was_brief = quick.is_brief;
        pavo_packet_complete(&quick);
        assert_int_equal(quick.is_brief, 0);
        assert_memory_equal(&quick.at, &plain.at, offsetof(struct pavo_layers, quote));
        assert_int_equal(quick.at.quote.kind, plain.at.quote.kind);
        assert_int_equal(quick.is_plain, pavo_packet_is_plain(&quick));
        n_plain += quick.is_plain;
        n_tunnel += was_brief == PAVO_BRIEF_TUNNEL;
        if (quick.payload_held) {
            assert_true(quick.payload == bytes + plain.at.payload_at);
            assert_true(quick.payload + quick.payload_held <= bytes + f.caplen);
            assert_true(quick.payload_held <= m.payload_room);
        }
        if (!plain.at.n_frags) {
            const uint32_t held =
                f.caplen > plain.at.payload_at ? f.caplen - plain.at.payload_at : 0;
            const uint32_t whole = held < plain.at.payload_len ? held : plain.at.payload_len;

            assert_int_equal(quick.payload_held, whole < m.payload_room ? whole : m.payload_room);
        }
    }
    assert_in_range(n_plain, 50000, 400000);
    assert_in_range(n_tunnel, 10000, 100000);
}

/* ---- segments: tcp_step() and tcp_general() -------------------------------------------------- */

/* A shard of one flow, in memory that can be compared. */
struct world {
    struct pavo_shard s;
    struct pavo_flow flows[2];
    struct flow_cold cold[2];
    union flow_detail details[2];
    PAVO_ALIGNED struct meter_part meters[2];
    struct loss_part losses[2];
    struct rare_part rares[2];
};

static struct pool
pool_of(void *at, uint32_t bytes)
{
    return (struct pool){.at = at, .bytes = bytes, .limit = 1};
}

static void
world_begin(struct world *w, bool has_meter, enum flow_state state)
{
    memset(w, 0, sizeof *w);
    w->s.flows = w->flows;
    w->s.cold = w->cold;
    w->s.details = pool_of(w->details, sizeof w->details[0]);
    w->s.meters = pool_of(w->meters, sizeof w->meters[0]);
    w->s.losses = pool_of(w->losses, sizeof w->losses[0]);
    w->s.rares = pool_of(w->rares, sizeof w->rares[0]);
    w->flows[1].detail = 1;
    w->flows[1].meter = has_meter;
    w->flows[1].state = (uint8_t)state;
}

static void
assert_worlds_equal(const struct world *a, const struct world *b)
{
    assert_memory_equal(a->flows, b->flows, sizeof a->flows);
    assert_memory_equal(a->cold, b->cold, sizeof a->cold);
    assert_memory_equal(a->details, b->details, sizeof a->details);
    assert_memory_equal(a->meters, b->meters, sizeof a->meters);
    assert_memory_equal(a->losses, b->losses, sizeof a->losses);
    assert_memory_equal(a->rares, b->rares, sizeof a->rares);
}

/* What both sides would send next. */
struct speaker {
    uint32_t next, acked; /* acked: of the other side */
    uint32_t stamp, ip_id;
    uint16_t window;
};

static bool
one_in(unsigned n)
{
    return rnd() % n == 0;
}

/* Mostly the next segment of a conversation that goes well; 'odd': how seldom something is not. */
static void
segment_any(struct pavo_packet *p, struct speaker two[2], uint64_t *now_ns, unsigned odd)
{
    static const uint16_t flags[] = {TCP_SYN,           TCP_SYN | TCP_ACK, TCP_FIN | TCP_ACK,
                                     TCP_RST,           TCP_ACK | TCP_ECE, 0,
                                     TCP_ACK | TCP_CWR, TCP_SYN | TCP_FIN};
    static const uint32_t sizes[] = {0, 0, 0, 1, 2, 100, 1448, 1448, 900000000};
    const unsigned side = rnd() % 2;
    struct speaker *x = &two[side], *y = &two[!side];
    struct pavo_layers *at = &p->at;

    if (one_in(4 * odd))
        return; /* the one before once more */
    *now_ns += one_in(8) ? rnd() % UINT64_C(3000000000) : rnd() % 1000000;
    memset(p, 0, sizeof *p);
    p->ts_ns = one_in(odd) ? *now_ns - rnd() % 2000000 : *now_ns;
    p->is_b = side != 0;
    at->has_tcp = 1;
    at->tcp_flags = one_in(odd) ? flags[rnd() % 8] : one_in(3) ? 0x18 : TCP_ACK;
    at->payload_len = sizes[rnd() % (one_in(odd) ? 9 : 8)];
    at->tcp_seq = x->next;
    if (one_in(odd))
        at->tcp_seq += (uint32_t)(rnd() % 5000) - 2500;
    if (one_in(odd))
        at->tcp_seq = x->next - 1;
    at->tcp_ack = one_in(3) ? x->acked : y->next;
    if (one_in(odd))
        at->tcp_ack += one_in(9) ? (uint32_t)rnd() : (uint32_t)(rnd() % 5000) - 2500;
    x->acked = at->tcp_ack;
    if (one_in(odd))
        x->window = one_in(3) ? 0 : (uint16_t)rnd();
    at->tcp_window = x->window;
    if (one_in(odd)) /* fills the window */
        at->payload_len =
            y->acked + y->window - at->tcp_seq < 70000 ? y->acked + y->window - at->tcp_seq : 1;
    if (x->stamp) {
        at->has_tcp_opt = PAVO_TCP_OPT_TS;
        at->tcp_tsval = x->stamp += rnd() % 2;
        at->tcp_tsecr = y->stamp;
    }
    if (one_in(odd)) {
        at->has_tcp_opt |= (uint8_t)(1u << rnd() % 6);
        at->tcp_wscale = rnd() % 15;
        if (one_in(2)) {
            at->n_sack = 1;
            at->tcp_sack[0] = y->next - 100;
            at->tcp_sack[1] = y->next;
        }
    }
    if (x->ip_id) {
        at->has_ip_id = 1;
        at->ip_id = (uint16_t)++x->ip_id;
    }
    if (at->tcp_seq == x->next)
        x->next += at->payload_len + ((at->tcp_flags & (TCP_SYN | TCP_FIN)) != 0);
    else if (one_in(2))
        x->next = at->tcp_seq + at->payload_len;
}

static void
segments_are_taken_alike(void **state)
{
    static struct world a, b;
    static const unsigned odds[] = {4, 16, 64, 400};

    for (unsigned round = 0; round < 20000; round++) {
        const unsigned odd = odds[rnd() % 4];
        const uint32_t far = one_in(8) ? UINT32_C(1) << 31 : 0;
        struct speaker two[2] = {
            {.next = (uint32_t)rnd(), .window = 65535, .stamp = rnd() % 2, .ip_id = rnd() % 2},
            {.next = (uint32_t)rnd() + far, .window = 500, .stamp = rnd() % 2, .ip_id = rnd() % 2}};
        uint64_t now_ns = UINT64_C(1700000000000000000);
        struct pavo_packet p = {.at = {.has_tcp = 1, .tcp_flags = TCP_SYN}};
        const unsigned opened = rnd() % 4; /* by so many segments of a handshake */
        const bool has_meter = one_in(2);

        world_begin(&a, has_meter, opened ? STATE_TCP_NEW : STATE_TCP_OPEN);
        world_begin(&b, has_meter, opened ? STATE_TCP_NEW : STATE_TCP_OPEN);
        a.s.losses.limit = b.s.losses.limit = one_in(2);
        for (unsigned i = one_in(4); i < 60; i++) {
            enum said_is said;

            if (one_in(odd)) {
                tcp_interval(&a.s, &a.details[1].tcp);
                tcp_interval(&b.s, &b.details[1].tcp);
            }
            if (i < opened) {
                segment_any(&p, two, &now_ns, 1u << 28);
                p.is_b = i == 1;
                p.at.tcp_flags = i == 0 ? TCP_SYN : i == 1 ? TCP_SYN | TCP_ACK : TCP_ACK;
                p.at.payload_len = 0;
                p.at.tcp_seq = two[i == 1].next - (i < 2);
                p.at.tcp_ack = two[i != 1].next;
            } else {
                segment_any(&p, two, &now_ns, odd);
                if (odd == 400 && one_in(2)) /* one direction is not seen */
                    p.is_b = false;
            }
            said = tcp_general(&b.s, 1, &p, now_ns);
            assert_int_equal(tcp_step(&a.s, 1, &p, now_ns), said);
            assert_worlds_equal(&a, &b);
        }
    }
}

/* ---- flows: the quick ways, and all rules ---------------------------------------------------- */

static void
put32(uint8_t *at, uint32_t v)
{
    memcpy(at,
           (const uint8_t[]){(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v},
           4);
}

/* The header of TCP: a segment of a connection that begins with the one or the other number, mostly
 * one that may come next. */
static void
tcp_of_few(uint8_t *h, bool by_server)
{
    static const uint8_t flags[] = {
        TCP_SYN, TCP_SYN,     TCP_SYN | TCP_ACK, TCP_SYN | TCP_ACK, TCP_ACK,
        TCP_ACK, TCP_ACK | 8, TCP_FIN | TCP_ACK, TCP_RST | TCP_ACK, TCP_SYN | TCP_ECE | TCP_CWR};
    static const uint8_t of_syn[] = {2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 1, 1};
    const uint8_t is = one_in(40) ? (uint8_t)rnd() : flags[rnd() % sizeof flags];
    const uint32_t client = one_in(8) ? 9000 : 1000, server = one_in(40) ? 7000 : 5000;
    const bool is_syn = is & TCP_SYN;

    put32(h + 4, (by_server ? server : client) + !is_syn + (uint32_t)(one_in(8) ? rnd() % 3 : 0));
    put32(h + 8, is & TCP_ACK
                     ? (by_server ? client : server) + 1 + (uint32_t)(one_in(8) ? rnd() % 3 : 0)
                     : 0);
    h[13] = is;
    if (is_syn && h[12] == 0x80 && one_in(2))
        memcpy(h + 20, of_syn, sizeof of_syn);
}

/* A frame between few hosts and ports, mostly of UDP or the beginning of a connection. */
static uint32_t
frame_of_few(uint8_t *h)
{
    static const uint16_t ports[] = {53, 67, 68, 546, 547, 1900, 5060, 40000, 40001, 40002};
    static const uint8_t question[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};
    uint32_t n = frame_any(h);
    const bool is_ip6 = h[12] == 0x86;
    uint8_t *ip = h + 14, *src = ip + (is_ip6 ? 8 : 12), *dst = ip + (is_ip6 ? 24 : 16);
    const uint32_t bytes = is_ip6 ? 16 : 4;
    uint8_t *transport = dst + bytes;

    memset(src, 1, bytes);
    memset(dst, 1, bytes);
    src[bytes - 1] = (uint8_t)(rnd() & 1);
    dst[bytes - 1] = (uint8_t)(2 | (rnd() & 1));
    if (one_in(2)) { /* the other direction */
        src[bytes - 1] ^= 2;
        dst[bytes - 1] ^= 2;
    }
    if (one_in(16))
        dst[0] = is_ip6 ? 0xff : (uint8_t)(one_in(2) ? 0xe0 : 0xff);
    if (one_in(16))
        memset(h, 0xff, 6);
    for (unsigned i = 0; i < 2; i++) {
        const uint16_t port = ports[rnd() % 10 * (rnd() % 10) / 10]; /* some often */

        transport[2 * i] = (uint8_t)(port >> 8);
        transport[2 * i + 1] = (uint8_t)port;
    }
    if (ip[is_ip6 ? 6 : 9] == PROTO_TCP && !one_in(8))
        tcp_of_few(transport, src[bytes - 1] & 2);
    if (ip[is_ip6 ? 6 : 9] == PROTO_UDP && n >= 14 + 40 + 8 + sizeof question && one_in(2))
        memcpy(transport + 8, question, sizeof question);
    return n;
}

struct burst {
    uint8_t bytes[64][256];
    struct pavo_frame frames[64];
    uint64_t now_ns[64];
};

static void
burst_any(struct burst *b, unsigned n, uint64_t *now_ns, uint64_t step_ns)
{
    for (unsigned i = 0; i < n; i++) {
        *now_ns += one_in(200) ? UINT64_C(40000000000) : rnd() % step_ns;
        b->frames[i] =
            (struct pavo_frame){.data = b->bytes[i],
                                .ts_ns = one_in(16) ? *now_ns - rnd() % 1000000 : *now_ns,
                                .source = 3};
        b->frames[i].caplen = one_in(8) ? frame_in_tunnel(b->bytes[i]) : frame_of_few(b->bytes[i]);
        b->frames[i].len = b->frames[i].caplen;
        b->now_ns[i] = one_in(16) ? *now_ns : b->frames[i].ts_ns;
    }
}

/* Through the shard as they are, or without a mark that anything can be left out. Returns how many
 * were marked. */
static unsigned
burst_push(struct pavo_shard *s, const struct burst *b, unsigned n,
           const struct pavo_packet_make *m, bool all_rules)
{
    static struct pavo_packet packets[64];
    unsigned brief = 0;

    pavo_packets_make(m, b->frames, b->now_ns, packets, n);
    for (unsigned i = 0; i < n; i++) {
        brief += packets[i].is_brief != PAVO_BRIEF_NOT;
        if (!all_rules)
            continue;
        pavo_packet_complete(&packets[i]);
        packets[i].is_plain = 0;
    }
    for (unsigned i = 0; i < n; i += PAVO_PUSH_PACKETS)
        pavo_shard_push(s, packets + i, n - i < PAVO_PUSH_PACKETS ? n - i : PAVO_PUSH_PACKETS);
    pavo_shard_drain(s);
    return brief;
}

/* Takes what both have, which is the same. Returns how many. */
static unsigned
drafts_compare(struct pavo_ring *a, struct pavo_ring *b)
{
    const struct pavo_draft *x, *y;
    unsigned n = 0;

    for (; (x = ring_peek(a)) && (y = ring_peek(b)); n++) {
        assert_int_equal(x->bytes, y->bytes);
        assert_memory_equal(x, y, x->bytes);
        ring_pop(a);
        ring_pop(b);
    }
    assert_true(!ring_peek(a) && !ring_peek(b));
    return n;
}

static void
flows_are_counted_alike(void **state)
{
    static struct pavo_decap_config decap;
    static struct burst b;
    struct pavo_packet_make m = {
        .decap = &decap, .seed = {5, 6}, .key_parts = PAVO_KEY_DEFAULT, .payload_room = 384};
    unsigned n_brief = 0, n_records = 0;

    pavo_decap_config_init(&decap);
    for (unsigned round = 0; round < 12; round++) {
        struct pavo_shard_config cfg = {.flow_limit = round % 2 ? 40 : 4000,
                                        .meter_limit = round % 3 ? PAVO_METERS_AUTO : round % 4,
                                        .encap_limit = 64,
                                        .timeouts = {.active = 5 * GAP_IDLE_NS,
                                                     .idle_tcp = 30 * GAP_IDLE_NS,
                                                     .idle_tcp_new = 5 * GAP_IDLE_NS,
                                                     .idle_udp = 10 * GAP_IDLE_NS,
                                                     .idle_icmp = 5 * GAP_IDLE_NS,
                                                     .idle_other = 5 * GAP_IDLE_NS,
                                                     .linger = 2 * GAP_IDLE_NS,
                                                     .grace = GAP_IDLE_NS},
                                        .seed = {5, 6},
                                        .mem = &pavo_mem_plain};
        struct pavo_ring *out[2];
        struct pavo_shard *s[2];
        struct pavo_err err;
        uint64_t now_ns = UINT64_C(1700000000000000000);

        for (unsigned i = 0; i < 2; i++) {
            cfg.out = out[i] = pavo_ring_open(pavo_draft_room(0), 8192, &pavo_mem_plain, &err);
            s[i] = pavo_shard_open(&cfg, &err);
            assert_true(out[i] && s[i]);
        }
        for (unsigned i = 0; i < 300; i++) {
            const unsigned n = 1 + rnd() % 64;

            burst_any(&b, n, &now_ns, round % 4 ? 100000000 : 4000000);
            n_brief += burst_push(s[0], &b, n, &m, false);
            (void)burst_push(s[1], &b, n, &m, true);
            (void)pavo_shard_sweep(s[0], 128);
            (void)pavo_shard_sweep(s[1], 128);
            n_records += drafts_compare(out[0], out[1]);
        }
        assert_true(pavo_shard_flush(s[0], PAVO_DETAIL_CAPTURE_END) &&
                    pavo_shard_flush(s[1], PAVO_DETAIL_CAPTURE_END));
        n_records += drafts_compare(out[0], out[1]);
        assert_memory_equal(pavo_shard_stats(s[0]), pavo_shard_stats(s[1]),
                            sizeof(struct pavo_shard_stats));
        for (unsigned i = 0; i < 2; i++) {
            pavo_shard_close(s[i]);
            pavo_ring_close(out[i]);
        }
    }
    assert_in_range(n_brief, 30000, 120000);
    assert_in_range(n_records, 5000, 120000);
}

/* ---- the meter, and its numbers from a list of packets -------------------------------------- */

enum { METERED = 40 };

struct metered {
    uint64_t ts_ns;
    uint32_t octets;
    uint16_t ip_id;
    uint8_t ttl, tos;
};

static unsigned
bin_of(uint64_t v, const uint64_t limits[PAVO_BINS - 1])
{
    unsigned bin = 0;

    while (bin < PAVO_BINS - 1 && v > limits[bin])
        bin++;
    return bin;
}

/* What the packets [from .. n) of a side give; those before only say where it was. */
static void
meter_expect(const struct metered *p, unsigned from, unsigned n, struct pavo_record_meter *m)
{
    static const uint64_t sizes[] = {64, 128, 256, 512, 1024, 1280, 1500};
    static const uint64_t gaps[] = {99999,      999999,      9999999,    99999999,
                                    1000000000, 10000000000, 60000000000};
    uint64_t newest = 0, began = 0, burst = 0, most = 0;
    unsigned n_gaps = 0;
    uint8_t moves = PAVO_IP_ID_UNKNOWN;

    memset(m, 0, sizeof *m);
    for (unsigned i = 0; i < n; i++) {
        const uint64_t gap = i && p[i].ts_ns > newest ? p[i].ts_ns - newest : 0;
        const uint16_t by = (uint16_t)(i ? p[i].ip_id - p[i - 1].ip_id : 0);
        const uint16_t octets = (uint16_t)(p[i].octets < 65535 ? p[i].octets : 65535);

        newest = i == 0 || p[i].ts_ns > newest ? p[i].ts_ns : newest;
        if (i) {
            const uint8_t is = by == 0     ? p[i].ip_id ? PAVO_IP_ID_CONSTANT : PAVO_IP_ID_ZERO
                               : by == 1   ? PAVO_IP_ID_COUNTER
                               : by < 1024 ? PAVO_IP_ID_RISING
                                           : PAVO_IP_ID_RANDOM;
            moves = is > moves ? is : moves;
        }
        if (i < from)
            continue;
        m->minimumPacket[0] =
            i == from || octets < m->minimumPacket[0] ? octets : m->minimumPacket[0];
        m->maximumPacket[0] = octets > m->maximumPacket[0] ? octets : m->maximumPacket[0];
        m->packetSquares[0] += (uint64_t)p[i].octets * p[i].octets;
        m->packetBins[0][bin_of(p[i].octets, sizes)]++;
        if (i == from || p[i].ts_ns >= began + BURST_NS) {
            began = p[i].ts_ns;
            burst = 0;
        }
        burst += p[i].octets;
        most = burst > most ? burst : most;
        m->ceMarks[0] += (p[i].tos & 3) == 3;
        m->ecnSeen[0] |= (uint8_t)(1u << (p[i].tos & 3));
        if (i == 0)
            continue;
        m->ttlChanges[0] += p[i].ttl != p[i - 1].ttl;
        m->tosChanges[0] += p[i].tos != p[i - 1].tos;
        m->gapBins[0][bin_of(gap, gaps)]++;
        if (gap > GAP_IDLE_NS) {
            m->idleSum_ns[0] += gap;
            m->idleMax_ns[0] = gap > m->idleMax_ns[0] ? gap : m->idleMax_ns[0];
            continue;
        }
        m->gapMin_ns[0] = n_gaps++ == 0 || gap < m->gapMin_ns[0] ? gap : m->gapMin_ns[0];
        m->gapMax_ns[0] = gap > m->gapMax_ns[0] ? gap : m->gapMax_ns[0];
        m->gapSum_ns[0] += gap;
        m->gapSquares_us[0] += gap / 1000 * (gap / 1000);
    }
    m->burstOctets[0] = (uint32_t)(most < UINT32_MAX ? most : UINT32_MAX);
    m->dscpLast[0] = n ? p[n - 1].tos >> 2 : 0;
    m->ipIdBehaviour[0] = n < 3 ? PAVO_IP_ID_UNKNOWN : moves;
}

static void
packets_are_measured_alike(void **state)
{
    static const uint64_t limits[] = {100000,    1000000,    10000000,    100000000,
                                      200000000, 1000000001, 10000000001, 60000000001};
    static const uint32_t sizes[] = {1,    64,   65,   128,  129,  256,  257,   512,  513,
                                     1024, 1025, 1280, 1281, 1500, 1501, 65536, 70000};
    static const uint16_t moves[] = {0, 1, 2, 1023, 1024};

    for (unsigned round = 0; round < 20000; round++) {
        struct metered list[METERED];
        struct meter_part m = {.side = {{.prev_ns = 0}}};
        const unsigned how = rnd() % 5, cut = rnd() % METERED;
        unsigned from = 0;
        uint64_t now_ns = UINT64_C(1700000000000000000);

        for (unsigned i = 0; i < METERED; i++) {
            struct metered *x = &list[i];
            struct pavo_record_meter is, want;
            struct pavo_packet p = {.ts_ns = 0};

            now_ns += one_in(3) ? limits[rnd() % 8] - rnd() % 3 : rnd() % 50000000;
            *x = (struct metered){.ts_ns = one_in(8) ? now_ns - rnd() % 2000000000 : now_ns,
                                  .octets =
                                      one_in(2) ? sizes[rnd() % 17] : (uint32_t)(1 + rnd() % 2000),
                                  .ip_id = (uint16_t)(i ? list[i - 1].ip_id + moves[how] : rnd()),
                                  .ttl = one_in(9) ? 63 : 64,
                                  .tos = one_in(9) ? (uint8_t)rnd() : 0};
            if (one_in(4))
                x->ip_id = (uint16_t)(i ? list[i - 1].ip_id + moves[rnd() % (how + 1)] : 0);
            p.ts_ns = x->ts_ns;
            p.is_b = true;
            p.at.l3_len = x->octets;
            p.at.ttl = x->ttl;
            p.at.tos = x->tos;
            p.at.has_ip_id = 1;
            p.at.ip_id = x->ip_id;
            if (i == cut) {
                meter_interval(&m);
                from = i;
            }
            meter_step(&m.side[p.is_b], &p);
            memset(&is, 0, sizeof is);
            meter_fill(&m, 1, &is);
            meter_expect(list, from, i + 1, &want);
            assert_memory_equal(&is, &want, sizeof is);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_are_looked_at_alike), cmocka_unit_test(keys_are_compared_alike),
        cmocka_unit_test(keys_are_made_alike),         cmocka_unit_test(packets_are_made_alike),
        cmocka_unit_test(segments_are_taken_alike),    cmocka_unit_test(flows_are_counted_alike),
        cmocka_unit_test(packets_are_measured_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
