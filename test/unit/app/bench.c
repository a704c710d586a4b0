/* bench.c - what pavo bench makes is what it says: workloads, captures, search, certificate, report
 *
 * No figure is judged here, only what must be true on any machine.
 */
#include <errno.h>
#include <unistd.h>

#include "bench_capture.h"
#include "bench_cert.h"
#include "bench_report.h"
#include "bench_run.h"
#include "bench_search.h"
#include "ring.h"
#include "t.h"

enum { FLOWS = 300, BURST = 32, FRAMES_MAX = 60000 };

static const struct pavo_timeouts timeouts = {
    .active = UINT64_C(60000000000),
    .idle_tcp = UINT64_C(300000000000),
    .idle_tcp_new = UINT64_C(20000000000),
    .idle_udp = UINT64_C(60000000000),
    .idle_icmp = UINT64_C(10000000000),
    .idle_other = UINT64_C(60000000000),
    .linger = UINT64_C(5000000000),
    .grace = UINT64_C(1000000000),
};

/* ---- frames, decoded --------------------------------------------------------------------------
 */

struct seen {
    struct pavo_packet *packets;
    unsigned n;
    uint64_t sum; /* over all bytes that were handed out, and times */
};

static struct pavo_decap_config decap;

static void
seen_free(struct seen *s)
{
    free(s->packets);
    *s = (struct seen){0};
}

static void
keep(struct seen *s, const struct pavo_frame *f)
{
    struct pavo_packet *p = &s->packets[s->n++];

    p->is_plain = p->is_brief = 0;
    pavo_decap(&decap, f, &p->at);
    p->ts_ns = p->now_ns = f->ts_ns;
    pavo_packet_key(p, PAVO_KEY_DEFAULT);
    for (uint32_t i = 0; i < f->caplen && i < BENCH_HEAD_MAX; i++)
        s->sum = s->sum * 31 + f->data[i];
    s->sum = s->sum * 31 + f->ts_ns;
}

static void
take(struct bench_gen *g, struct seen *s, unsigned n)
{
    static uint8_t bytes[BURST][BENCH_FRAME_MAX];
    struct pavo_frame frames[BURST];
    uint8_t *bufs[BURST];

    pavo_decap_config_init(&decap);
    s->packets = realloc(s->packets, (s->n + n + BURST) * sizeof *s->packets);
    for (unsigned i = 0; i < BURST; i++)
        bufs[i] = bytes[i];
    for (unsigned done = 0; done < n; done += BURST) {
        memset(bytes, 0, sizeof bytes);
        bench_gen_fill(g, bufs, frames, BURST);
        for (unsigned i = 0; i < BURST; i++) {
            assert_ptr_equal(frames[i].data, bytes[i]);
            assert_true(frames[i].caplen <= BENCH_FRAME_MAX);
            assert_int_equal(frames[i].caplen, frames[i].len);
            keep(s, &frames[i]);
        }
    }
}

static struct bench_gen_config
config_of(enum bench_workload w, unsigned worker, unsigned n, uint64_t seed)
{
    return (struct bench_gen_config){.workload = w,
                                     .flows = FLOWS,
                                     .worker = worker,
                                     .n_workers = n,
                                     .timeouts = timeouts,
                                     .seed = seed};
}

static void
seen_of(enum bench_workload w, unsigned worker, unsigned n_workers, uint64_t seed, unsigned n,
        struct seen *s)
{
    const struct bench_gen_config c = config_of(w, worker, n_workers, seed);
    struct bench_gen *g = bench_gen_open(&c);

    assert_non_null(g);
    *s = (struct seen){0};
    take(g, s, n);
    bench_gen_close(g);
}

static int
by_key(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct pavo_key));
}

/* Distinct keys, and how many of them were seen from both sides. Packets are sorted by key. */
static unsigned
count_flows(struct seen *s, unsigned *both)
{
    unsigned n = 0, sides = 0;

    *both = 0;
    qsort(s->packets, s->n, sizeof *s->packets, by_key);
    for (unsigned i = 0; i < s->n; i++) {
        if (i == 0 || by_key(&s->packets[i - 1], &s->packets[i]) != 0) {
            n++;
            sides = 0;
        }
        if (sides != 3 && (sides | 1u << s->packets[i].is_b) == 3)
            ++*both;
        sides |= 1u << s->packets[i].is_b;
    }
    return n;
}

static void
expect_tunnel(const struct pavo_packet *p, uint8_t carrier, uint8_t ip)
{
    assert_int_equal(p->at.n_layers, 1);
    assert_int_equal(p->at.layers[0].type, carrier);
    assert_int_equal(p->at.layers[0].ip_version, ip);
}

struct workload_case {
    const char *says;
    enum bench_workload workload;
    uint8_t proto;
    uint8_t carrier, outer; /* 0: no tunnel */
    uint32_t least, most;   /* bytes on the wire */
    bool stays;             /* exactly FLOWS flows, each seen from both sides */
};

static const struct workload_case workload_cases[] = {
    {"udp64 is UDP in frames of 60 bytes", BENCH_UDP64, 17, 0, 0, 60, 60, true},
    {"imix is UDP in three sizes", BENCH_IMIX, 17, 0, 0, 60, 1514, true},
    {"vxlan is UDP in VXLAN over IPv4", BENCH_VXLAN, 17, PAVO_CARRIER_VXLAN, 4, 110, 110, true},
    {"geneve6 is UDP in Geneve over IPv6", BENCH_GENEVE6, 17, PAVO_CARRIER_GENEVE, 6, 138, 138,
     true},
    {"gtpu is UDP in GTP-U over IPv4", BENCH_GTPU, 17, PAVO_CARRIER_GTPU, 4, 104, 104, true},
    {"tcp is TCP", BENCH_TCP, 6, 0, 0, 60, 1514, false},
    {"dns is UDP of port 53", BENCH_DNS, 17, 0, 0, 64, 110, false},
    {"synflood is SYNs", BENCH_SYNFLOOD, 6, 0, 0, 66, 66, false},
};

static void
workload_is(void **state)
{
    const struct workload_case *c = *state;
    struct seen s;
    unsigned both, n;

    seen_of(c->workload, 0, 1, 1, 20000, &s);
    for (unsigned i = 0; i < s.n; i++) {
        const struct pavo_packet *p = &s.packets[i];

        assert_int_equal(p->at.why, PAVO_WHY_DONE);
        assert_int_equal(p->at.kind, PAVO_KIND_IP4);
        assert_int_equal(p->at.proto, c->proto);
        assert_true(p->at.has_ports);
        assert_in_range(p->at.wire_len, c->least, c->most);
        assert_true(i == 0 || p->ts_ns >= s.packets[i - 1].ts_ns);
        if (c->carrier)
            expect_tunnel(p, c->carrier, c->outer);
        else
            assert_int_equal(p->at.n_layers, 0);
        if (c->workload == BENCH_DNS)
            assert_true(p->at.src_port == 53 || p->at.dst_port == 53);
        if (c->workload == BENCH_SYNFLOOD)
            assert_int_equal(p->at.tcp_flags, 2);
    }
    n = count_flows(&s, &both);
    if (c->stays) {
        assert_int_equal(n, FLOWS);
        assert_int_equal(both, FLOWS);
    } else if (c->workload == BENCH_SYNFLOOD) {
        assert_int_equal(n, s.n); /* each is new */
    } else if (c->workload == BENCH_DNS) {
        assert_true(n > s.n / 2);
        assert_int_equal(both, s.n - n); /* two packets, or the answer is still to come */
    } else {
        assert_true(n > s.n / BENCH_TCP_PACKETS);
    }
    seen_free(&s);
}

static void
workers_share_no_flow_and_get_their_own(void **state)
{
    static const enum bench_workload kinds[] = {BENCH_UDP64, BENCH_TCP, BENCH_DNS, BENCH_SYNFLOOD,
                                                BENCH_VXLAN};
    enum { WORKERS = 3 };

    for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct seen all = {0};
        unsigned apart = 0, unused;

        for (unsigned w = 0; w < WORKERS; w++) {
            struct seen s;

            seen_of(kinds[k], w, WORKERS, 7, 3000, &s);
            for (unsigned i = 0; i < s.n; i++)
                assert_int_equal(sensor_owner(s.packets[i].owner_hash, WORKERS), w);
            all.packets = realloc(all.packets, (all.n + s.n) * sizeof *all.packets);
            memcpy(all.packets + all.n, s.packets, s.n * sizeof *s.packets);
            all.n += s.n;
            apart += count_flows(&s, &unused);
            seen_free(&s);
        }
        assert_int_equal(count_flows(&all, &unused), apart);
        if (kinds[k] == BENCH_UDP64)
            assert_int_equal(apart, FLOWS);
        seen_free(&all);
    }
}

static void
the_hash_that_is_told_is_the_packets(void **state)
{
    const struct bench_gen_config c = config_of(BENCH_MIXED, 1, 2, 3);
    struct bench_gen *g = bench_gen_open(&c);
    static uint8_t bytes[BURST][BENCH_FRAME_MAX];
    struct pavo_frame frames[BURST];
    uint8_t *bufs[BURST];
    unsigned told = 0;

    for (unsigned i = 0; i < BURST; i++)
        bufs[i] = bytes[i];
    pavo_decap_config_init(&decap);
    for (unsigned turn = 0; turn < 50; turn++) {
        bench_gen_fill(g, bufs, frames, BURST);
        for (unsigned i = 0; i < BURST; i++) {
            struct pavo_packet p;

            pavo_decap(&decap, &frames[i], &p.at);
            pavo_packet_key(&p, PAVO_KEY_DEFAULT);
            if (frames[i].has_rss)
                assert_int_equal(frames[i].rss, p.owner_hash);
            told += frames[i].has_rss;
        }
    }
    assert_true(told > 0);
    bench_gen_close(g);
}

static void
a_seed_gives_the_same_frames(void **state)
{
    for (unsigned w = 0; w < BENCH_WORKLOADS; w++) {
        struct seen a, b, c;

        seen_of((enum bench_workload)w, 0, 2, 5, 2000, &a);
        seen_of((enum bench_workload)w, 0, 2, 5, 2000, &b);
        seen_of((enum bench_workload)w, 0, 2, 6, 2000, &c);
        assert_true(a.sum == b.sum);
        assert_true(a.sum != c.sum);
        seen_free(&a);
        seen_free(&b);
        seen_free(&c);
    }
}

static void
spread_deals_to_all(void **state)
{
    struct bench_gen_config c = config_of(BENCH_UDP64, 0, 2, 1);
    struct bench_gen *g;
    struct seen s = {0};
    unsigned own = 0;

    c.spread = true;
    g = bench_gen_open(&c);
    take(g, &s, 3000);
    for (unsigned i = 0; i < s.n; i++)
        own += sensor_owner(s.packets[i].owner_hash, 2) == 0;
    assert_in_range(own, s.n / 4, s.n / 4 * 3);
    bench_gen_close(g);
    seen_free(&s);
}

static void
pieces_make_whole_datagrams(void **state)
{
    struct seen s;
    unsigned first = 0, later = 0, last = 0;

    seen_of(BENCH_PIECED, 0, 1, 1, 9000, &s);
    for (unsigned i = 0; i < s.n; i++) {
        const struct pavo_packet *p = &s.packets[i];

        assert_int_equal(p->at.n_frags, 1);
        assert_int_equal(p->at.proto, 17);
        first += !p->at.frags[0].is_later;
        later += p->at.frags[0].is_later && p->at.frags[0].has_more;
        last += !p->at.frags[0].has_more;
    }
    /* In turn, but at the start, when the later pieces have no datagram so far back. */
    assert_in_range(first, s.n / 3, s.n / 3 + 200);
    assert_in_range(later, s.n / 3 - 200, s.n / 3 + 200);
    assert_in_range(last, s.n / 3 - 200, s.n / 3 + 200);
    seen_free(&s);
}

static void
mixed_has_all_of_them(void **state)
{
    struct seen s;
    unsigned tcp = 0, udp = 0, dns = 0, pieces = 0, tunnels[PAVO_CARRIERS] = {0};

    seen_of(BENCH_MIXED, 0, 1, 1, 20000, &s);
    for (unsigned i = 0; i < s.n; i++) {
        const struct pavo_layers *at = &s.packets[i].at;

        assert_int_equal(at->why, PAVO_WHY_DONE);
        tcp += at->proto == 6;
        udp += at->proto == 17;
        dns += at->has_ports && (at->src_port == 53 || at->dst_port == 53);
        pieces += at->n_frags > 0;
        if (at->n_layers)
            tunnels[at->layers[0].type]++;
    }
    assert_int_equal(tcp + udp, s.n);
    assert_in_range(tcp * 32, s.n * 8, s.n * 12); /* 10 of 32 */
    assert_in_range(dns * 32, s.n * 3, s.n * 5);
    assert_true(pieces > 0 && tunnels[PAVO_CARRIER_VXLAN] > 0 && tunnels[PAVO_CARRIER_GENEVE] > 0 &&
                tunnels[PAVO_CARRIER_GTPU] > 0);
    seen_free(&s);
}

/* ---- sessions, through a shard ----------------------------------------------------------------
 */

static void
sessions_open_and_close(void **state)
{
    struct pavo_err err;
    struct pavo_ring *ring = pavo_ring_open(pavo_draft_room(0), 16384, &pavo_mem_plain, &err);
    const struct pavo_shard_config c = {.flow_limit = 8192,
                                        .encap_limit = 64,
                                        .meter_limit = 8192,
                                        .timeouts = timeouts,
                                        .mem = &pavo_mem_plain,
                                        .out = ring};
    struct pavo_shard *shard = pavo_shard_open(&c, &err);
    const struct pavo_draft *d;
    struct seen s;
    unsigned whole = 0, other = 0;

    assert_non_null(shard);
    seen_of(BENCH_TCP, 0, 1, 1, 30000, &s);
    for (unsigned i = 0; i < s.n; i++) {
        struct pavo_packet *p = &s.packets[i];

        p->hash = pavo_hash(&p->key, sizeof p->key, c.seed);
        pavo_shard_burst(shard, &p, 1);
        pavo_shard_clock(shard, p->ts_ns);
        (void)pavo_shard_sweep(shard, 16);
    }
    assert_true(pavo_shard_flush(shard, PAVO_DETAIL_CAPTURE_END));
    for (; (d = ring_peek(ring)) != NULL; ring_pop(ring)) {
        struct pavo_record r;
        uint64_t packets;

        pavo_record_make(d, &r);
        packets = r.packetDeltaCount[0] + r.packetDeltaCount[1];
        assert_int_equal(r.initiatorBasis, PAVO_BASIS_SYN);
        if (packets == BENCH_TCP_PACKETS) {
            assert_int_equal(r.connState, PAVO_CONN_SF);
            whole++;
        } else {
            assert_true(packets < BENCH_TCP_PACKETS);
            other++;
        }
    }
    assert_true(whole > s.n / BENCH_TCP_PACKETS / 2);
    assert_true(other <= FLOWS); /* the sessions that the end cut */
    pavo_shard_close(shard);
    pavo_ring_close(ring);
    seen_free(&s);
}

/* ---- a capture, again and again ---------------------------------------------------------------
 */

static const char *demo; /* path of a capture */

/* 'n' packets from the beginning of the capture. */
static void
play(struct bench_capture *c, const struct cfg *cfg, unsigned n, struct seen *s)
{
    struct bench_feed feed;
    struct pavo_err err;
    struct pavo_frame f;

    *s = (struct seen){.packets = calloc(n, sizeof *s->packets)};
    assert_int_equal(bench_capture_feed(c, cfg, 0, 1, false, 0, &feed, &err), 0);
    for (unsigned i = 0; i < n; i++) {
        feed.fill(feed.ctx, NULL, &f, 1);
        keep(s, &f);
    }
    feed.close(feed.ctx);
}

static void
rounds_of_a_capture_have_flows_of_their_own(void **state)
{
    struct pavo_err err;
    struct cfg *cfg = cfg_open(&err);
    struct bench_capture *c = bench_capture_open(demo, &err);
    struct seen once, s;
    unsigned n, both, flows;

    if (!c)
        fail_msg("%s", err.text);
    pavo_decap_config_init(&decap);
    n = (unsigned)bench_capture_packets(c);
    play(c, cfg, n, &once);
    play(c, cfg, n * 3, &s);
    for (unsigned i = n; i < s.n; i++) {
        const struct pavo_packet *p = &s.packets[i], *before = &s.packets[i - n];

        assert_int_equal(p->at.kind, before->at.kind);
        assert_int_equal(p->at.proto, before->at.proto);
        assert_int_equal(p->at.why, before->at.why);
        assert_int_equal(p->owner_hash, before->owner_hash);
        assert_true(p->ts_ns > before->ts_ns);
        if (p->at.kind == PAVO_KIND_IP4 || p->at.kind == PAVO_KIND_IP6)
            assert_true(by_key(p, before) != 0);
    }
    flows = count_flows(&once, &both);
    assert_true(both > 0);
    /* Only what has no IP stays the same. */
    assert_in_range(count_flows(&s, &both), 3 * flows - 2 * flows / 4, 3 * flows);
    seen_free(&s);
    seen_free(&once);
    bench_capture_close(c);
    cfg_close(cfg);
}

static void
a_capture_is_left_as_it_was_read(void **state)
{
    struct pavo_err err;
    struct cfg *cfg = cfg_open(&err);
    struct bench_capture *c = bench_capture_open(demo, &err);
    struct seen first, again;
    unsigned n;

    assert_non_null(c);
    pavo_decap_config_init(&decap);
    n = (unsigned)bench_capture_packets(c);
    play(c, cfg, n, &first);
    for (unsigned some = n; some < 4 * n; some += n / 3) { /* ends at and between the rounds */
        play(c, cfg, some, &again);
        seen_free(&again);
        play(c, cfg, n, &again);
        assert_true(again.sum == first.sum);
        seen_free(&again);
    }
    seen_free(&first);
    bench_capture_close(c);
    cfg_close(cfg);
}

static void
a_file_that_is_none_is_refused(void **state)
{
    struct pavo_err err;

    assert_null(bench_capture_open("/nonexistent.pcap", &err));
    assert_non_null(strstr(err.text, "/nonexistent.pcap"));
}

/* ---- search -----------------------------------------------------------------------------------
 */

struct fake {
    double limit; /* packets per second beyond which it loses */
    double most;  /* that the offering side can do; 0: any */
    unsigned trials;
    unsigned unlucky; /* every n-th trial loses, whatever the rate; 0: none */
    int fails;
};

static int
fake_trial(void *ctx, double rate, struct bench_trial *t)
{
    struct fake *f = ctx;

    f->trials++;
    if (f->fails)
        return f->fails;
    t->reached = f->most > 0 && rate > f->most ? f->most : rate;
    t->packets = (uint64_t)t->reached;
    t->lost = t->reached > f->limit ? (uint64_t)(t->reached - f->limit) + 1 : 0;
    if (f->unlucky && f->trials % f->unlucky == 0)
        t->lost++;
    return 0;
}

static struct bench_search_result found;

static double
search_with(struct fake *f, double high, unsigned tries, double loss)
{
    const struct bench_search_config c = {
        .high = high, .resolution = 0.01, .tries = tries, .loss = loss};

    assert_int_equal(bench_search(&c, fake_trial, f, &found), 0);
    assert_true(found.n == f->trials && found.n <= BENCH_TRIALS_MAX);
    return found.best.reached;
}

static void
search_finds_the_limit(void **state)
{
    static const double limits[] = {1, 777, 5e5, 3.3e6, 1.488e7, 9.99e7};

    for (unsigned i = 0; i < sizeof limits / sizeof limits[0]; i++)
        for (double high = limits[i] / 8; high < limits[i] * 40; high *= 3) {
            struct fake f = {.limit = limits[i]};
            const double best = search_with(&f, high < 1 ? 1 : high, 1, 0);

            assert_true(best <= limits[i]);
            assert_true(best >= limits[i] * 0.98 - 1);
            assert_false(found.is_limited);
            assert_true(f.trials < 32);
        }
}

static void
search_says_when_nothing_more_can_be_offered(void **state)
{
    struct fake f = {.limit = 1e9, .most = 2e6};
    const double best = search_with(&f, 5e6, 1, 0);

    assert_true(best >= 1.9e6 && best <= 2e6);
    assert_true(found.is_limited);
}

static void
search_of_what_always_loses_finds_nothing(void **state)
{
    struct fake f = {.limit = -1};

    assert_true(search_with(&f, 1e6, 1, 0) == 0);
    assert_true(f.trials <= BENCH_TRIALS_MAX);
}

static void
search_tries_again_and_may_allow_loss(void **state)
{
    struct fake unlucky = {.limit = 1e6, .unlucky = 2}, lossy = {.limit = 1e6};
    double best = search_with(&unlucky, 3e6, 3, 0);

    assert_true(best > 0.97e6 && best <= 1e6);
    best = search_with(&lossy, 3e6, 1, 0.1);
    assert_true(best > 1.05e6 && best < 1.12e6);
}

static void
search_ends_with_the_first_failure(void **state)
{
    const struct bench_search_config c = {.high = 1e6, .resolution = 0.01, .tries = 1};
    struct fake f = {.fails = -EIO};

    assert_int_equal(bench_search(&c, fake_trial, &f, &found), -EIO);
    assert_int_equal(f.trials, 1);
}

/* ---- certificate ------------------------------------------------------------------------------
 */

static json_t *
a_certificate(void)
{
    json_t *c = json_pack("{s:{s:f},s:i}", "certified", "packets_per_second_per_worker",
                          1234567.0625, "status", 0);

    json_object_set_new(c, "machine", bench_cert_machine());
    json_object_set_new(c, "versions", bench_cert_versions());
    return c;
}

static void
a_certificate_is_sound_until_it_is_changed(void **state)
{
    json_t *c = a_certificate();

    assert_false(bench_cert_is_sound(c));
    assert_int_equal(bench_cert_seal(c), 0);
    assert_true(bench_cert_is_sound(c));
    assert_true(bench_cert_rate(c) == 1234567.0625);
    json_object_set_new(c, "status", json_integer(1));
    assert_false(bench_cert_is_sound(c));
    json_object_set_new(c, "status", json_integer(0));
    assert_true(bench_cert_is_sound(c));
    json_object_set_new(c, "more", json_null());
    assert_false(bench_cert_is_sound(c));
    json_object_del(c, "more");
    json_object_set_new(json_object_get(c, "machine"), "cpu", json_string("faster"));
    assert_false(bench_cert_is_sound(c));
    json_object_set_new(c, "digest", json_string("sha256:0"));
    assert_false(bench_cert_is_sound(c));
    json_decref(c);
}

static void
a_certificate_survives_its_file(void **state)
{
    char path[] = "/tmp/pavo-test-XXXXXX";
    const int fd = mkstemp(path);
    struct pavo_err err;
    json_t *c = a_certificate(), *back;
    FILE *f;

    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(bench_cert_write(c, path, &err), 0);
    back = bench_cert_read(path, &err);
    assert_non_null(back);
    assert_true(json_equal(c, back));
    assert_true(bench_cert_rate(back) == 1234567.0625);
    json_decref(back);
    /* One digit in the file. */
    json_object_set_new(json_object_get(c, "certified"), "packets_per_second_per_worker",
                        json_real(1234568.0625));
    assert_int_equal(json_dump_file(c, path, 0), 0);
    assert_null(bench_cert_read(path, &err));
    assert_non_null(strstr(err.text, "digest"));
    f = fopen(path, "w");
    fputs("[1, 2", f);
    fclose(f);
    assert_null(bench_cert_read(path, &err));
    unlink(path);
    assert_null(bench_cert_read(path, &err));
    assert_int_equal(bench_cert_write(c, "/nonexistent/file", &err), -EIO);
    json_decref(c);
}

static void
what_says_no_rate_has_none(void **state)
{
    json_t *c = json_pack("{s:s}", "certified", "much");

    assert_true(bench_cert_rate(c) == 0);
    json_decref(c);
}

/* ---- a run, and its report --------------------------------------------------------------------
 */

static void
a_run_counts_every_packet_and_reports_in_json(void **state)
{
    struct pavo_err err;
    struct cfg *cfg = cfg_open(&err);
    struct bench_result r;
    json_error_t why;
    json_t *made, *read;
    char *text;
    struct bench_plan p = {.cfg = cfg,
                           .workload = BENCH_MIXED,
                           .flows = 2000,
                           .workers = 2,
                           .packets = 20001,
                           .warmup = 5001,
                           .seed = 1};

    cfg->flow.limit = 8192;
    if (bench_run(&p, &r, &err) < 0)
        fail_msg("%s", err.text);
    if (!r.is_balanced)
        fail_msg("%s", r.why);
    assert_int_equal(r.packets, 20001);
    assert_int_equal(r.warmup_packets, 5001);
    assert_int_equal(r.counts.received, r.packets + r.warmup_packets + r.stage_packets);
    assert_int_equal(r.record_packets, r.counts.received);
    made = bench_report_json(&p, &r);
    text = json_dumps(made, 0);
    assert_non_null(text);
    read = json_loads(text, 0, &why);
    assert_non_null(read);
    assert_true(json_equal(made, read));
    assert_int_equal(json_integer_value(json_object_get(read, "packets")), 20001);
    assert_true(json_is_true(json_object_get(read, "balanced")));
    assert_true(json_is_object(json_object_get(read, "stages")));
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(read, "counts"), "received")),
        (json_int_t)r.counts.received);
    free(text);
    json_decref(made);
    json_decref(read);
    cfg_close(cfg);
}

static void
words_name_workloads(void **state)
{
    for (unsigned i = 0; i < BENCH_WORKLOADS; i++)
        assert_int_equal(bench_workload_find(bench_workload_word((enum bench_workload)i)), i);
    assert_int_equal(bench_workload_find("nothing"), -1);
    assert_int_equal(dpdk_bench_find("null"), DPDK_BENCH_NULL);
    assert_int_equal(dpdk_bench_find("none"), -1);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_name_workloads),
        cmocka_unit_test(workers_share_no_flow_and_get_their_own),
        cmocka_unit_test(the_hash_that_is_told_is_the_packets),
        cmocka_unit_test(a_seed_gives_the_same_frames),
        cmocka_unit_test(spread_deals_to_all),
        cmocka_unit_test(pieces_make_whole_datagrams),
        cmocka_unit_test(mixed_has_all_of_them),
        cmocka_unit_test(sessions_open_and_close),
        cmocka_unit_test(rounds_of_a_capture_have_flows_of_their_own),
        cmocka_unit_test(a_capture_is_left_as_it_was_read),
        cmocka_unit_test(a_file_that_is_none_is_refused),
        cmocka_unit_test(search_finds_the_limit),
        cmocka_unit_test(search_says_when_nothing_more_can_be_offered),
        cmocka_unit_test(search_of_what_always_loses_finds_nothing),
        cmocka_unit_test(search_tries_again_and_may_allow_loss),
        cmocka_unit_test(search_ends_with_the_first_failure),
        cmocka_unit_test(a_certificate_is_sound_until_it_is_changed),
        cmocka_unit_test(a_certificate_survives_its_file),
        cmocka_unit_test(what_says_no_rate_has_none),
        cmocka_unit_test(a_run_counts_every_packet_and_reports_in_json),
    };
    int failed;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CAPTURE\n", argv[0]);
        return 2;
    }
    demo = argv[1];
    failed = T_RUN_TABLE(workload_cases, workload_is);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
