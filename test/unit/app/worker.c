/* worker.c - whole runs over queues made here: any number of workers, any burst, any ring gives the
 * same records
 *
 * The queues are arrays of frames. What the export thread gets goes into a format that only adds up
 * digests.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "fields.h"
#include "sensor.h"
#include "t.h"
#include "watch.h"

enum { FRAMES_MAX = 12000, FRAME_BYTES = 192, QUEUES_MAX = 4 };

static const uint64_t start_ns = UINT64_C(1795428000) * 1000000000;

struct stored {
    uint64_t ts_ns;
    uint32_t n;
    uint8_t bytes[FRAME_BYTES];
};
static struct stored *stored;
static unsigned n_stored;

/* ---- frames -----------------------------------------------------------------------------------
 */

static uint64_t rng_state;

static uint32_t
below(uint32_t n)
{
    uint64_t z = (rng_state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) >> 16) % n;
}

static void
put16(uint8_t *at, unsigned v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static uint32_t
put_ether(uint8_t *at)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

    memcpy(at, macs, 12);
    put16(at + 12, 0x0800);
    return 14;
}

static uint32_t
put_ip4(uint8_t *at, unsigned src, unsigned dst, uint8_t proto, uint32_t payload, unsigned id,
        unsigned frag)
{
    memset(at, 0, 20);
    at[0] = 0x45;
    put16(at + 2, 20 + payload);
    put16(at + 4, id);
    put16(at + 6, frag);
    at[8] = 64;
    at[9] = proto;
    at[12] = at[16] = 10;
    put16(at + 14, src);
    put16(at + 18, dst);
    return 20;
}

static uint32_t
put_udp(uint8_t *at, unsigned src, unsigned dst, uint32_t payload)
{
    put16(at, src);
    put16(at + 2, dst);
    put16(at + 4, 8 + payload);
    put16(at + 6, 0);
    return 8;
}

static struct stored *
next_frame(uint64_t ts_ns)
{
    struct stored *s = &stored[n_stored++];

    memset(s, 0, sizeof *s);
    s->ts_ns = ts_ns;
    s->n = put_ether(s->bytes);
    return s;
}

static void
add_tcp(uint64_t ts_ns, unsigned a, unsigned b, unsigned port, uint8_t flags)
{
    struct stored *s = next_frame(ts_ns);
    uint8_t *at;

    s->n += put_ip4(s->bytes + s->n, a, b, 6, 20, 1, 0);
    at = s->bytes + s->n;
    put16(at, port);
    put16(at + 2, 80);
    at[12] = 0x50;
    at[13] = flags;
    s->n += 20;
}

/* A conversation inside VXLAN; the outer ports differ each time, as entropy. */
static void
add_vxlan(uint64_t ts_ns, unsigned a, unsigned b, unsigned port)
{
    struct stored *s = next_frame(ts_ns);
    uint8_t *at;

    s->n += put_ip4(s->bytes + s->n, 1000, 1001, 17, 8 + 8 + 14 + 28 + 10, 1, 0);
    s->n += put_udp(s->bytes + s->n, 49152 + below(1000), 4789, 8 + 14 + 28 + 10);
    at = s->bytes + s->n;
    at[0] = 8;
    at[6] = 5;
    s->n += 8;
    s->n += put_ether(s->bytes + s->n);
    s->n += put_ip4(s->bytes + s->n, a, b, 17, 18, 1, 0);
    s->n += put_udp(s->bytes + s->n, port, 53, 10) + 10;
}

/* Two or three pieces of a datagram, the first one not always first, not always there. */
static void
add_pieces(uint64_t ts_ns, unsigned a, unsigned b, unsigned port)
{
    const unsigned id = below(60000) + 1;
    const bool swapped = below(3) == 0, no_first = below(8) == 0;
    struct stored *s;

    for (unsigned i = 0; i < 2; i++) {
        const bool first = (i == 0) != swapped;

        if (first && no_first)
            continue;
        s = next_frame(ts_ns + i * 1000);
        s->n += put_ip4(s->bytes + s->n, a, b, 17, 32, id, first ? 0x2000 : 4);
        if (first)
            put_udp(s->bytes + s->n, port, 7000, 56);
        s->n += 32;
    }
}

static unsigned n_atomic; /* frames that add_atomic() stored */

/* IPv6 with a fragment header, but whole. */
static void
add_atomic(uint64_t ts_ns, unsigned a, unsigned b, unsigned port)
{
    struct stored *s = next_frame(ts_ns);
    uint8_t *at = s->bytes + s->n;

    put16(at - 2, 0x86dd);
    memset(at, 0, 48);
    at[0] = 0x60;
    put16(at + 4, 16);
    at[6] = 44;
    at[7] = 64;
    at[8] = at[24] = 0xfd;
    put16(at + 22, a);
    put16(at + 38, b);
    at[40] = 17;
    s->n += 48;
    s->n += put_udp(s->bytes + s->n, port, 7000, 0);
    n_atomic++;
}

/* Port unreachable, quoting a datagram from a to b. */
static void
add_error(uint64_t ts_ns, unsigned a, unsigned b, unsigned port)
{
    struct stored *s = next_frame(ts_ns);
    uint8_t *at;

    s->n += put_ip4(s->bytes + s->n, b, a, 1, 8 + 28, 1, 0);
    at = s->bytes + s->n;
    at[0] = 3;
    at[1] = 3;
    s->n += 8;
    s->n += put_ip4(s->bytes + s->n, a, b, 17, 8, 1, 0);
    s->n += put_udp(s->bytes + s->n, port, 7000, 0);
}

/* Twenty minutes of everything, with disorder, silences and two jumps of the clock. */
static void
make_frames(uint64_t seed, bool jumps)
{
    uint64_t now = start_ns;

    rng_state = seed;
    n_stored = n_atomic = 0;
    while (n_stored < FRAMES_MAX - 8) {
        const unsigned a = 1 + below(20), b = 30 + below(5), port = 10000 + below(8);
        const uint64_t ts = now - (below(10) == 0 ? below(900) * UINT64_C(1000000) : 0);

        now += below(50) == 0 ? below(30) * UINT64_C(1000000000) : below(2000) * UINT64_C(1000);
        if (jumps && n_stored > 4000 && n_stored < 4008)
            now += UINT64_C(86400) * 1000000000;
        if (jumps && n_stored > 8000 && n_stored < 8004)
            now -= UINT64_C(7200) * 1000000000;
        switch (below(6)) {
        case 0:
            add_tcp(ts, a, b, port, (uint8_t)(below(4) == 0 ? 2 : below(6) == 0 ? 17 : 16));
            break;
        case 1:
            add_vxlan(ts, a, b, port);
            break;
        case 2:
            add_pieces(ts, a, b, port);
            break;
        case 3:
            add_error(ts, a, b, port);
            break;
        case 4:
            add_atomic(ts, a, b, port);
            break;
        default:
            add_tcp(ts, b, a, 80, 18);
            break;
        }
    }
}

/* ---- queues -----------------------------------------------------------------------------------
 */

struct fake {
    struct cap_queue q;       /* first */
    unsigned at, first, step; /* every step-th frame from the first on */
    unsigned most;            /* frames after which it says CAP_END; 0: all */
    bool fails;               /* CAP_FAILED in place of CAP_END */
    bool is_live;             /* never ends by itself, and can't wait */
    bool is_polled;           /* nothing buffers behind it */
    bool has_rss; /* its frames carry a hash: the right one, or with 'bad_hash' another */
    bool bad_hash;
    struct fake *behind;     /* gives nothing, and keeps its worker, until that one has given all */
    struct fake *first_held; /* gives nothing until that one keeps its worker */
    _Atomic uint64_t offered;
    _Atomic bool is_spent, is_held;
};

/* The symmetric hash of a plain frame of ours, as a NIC has it. */
static uint32_t
hash_of(const struct stored *s)
{
    const uint8_t *ip = s->bytes + 14, *l4 = ip + 20;

    return pavo_toeplitz(ip + 12, ip + 16, 4, (uint16_t)(l4[0] << 8 | l4[1]),
                         (uint16_t)(l4[2] << 8 | l4[3]));
}

static int
fake_recv(struct cap_queue *q, struct pavo_frame *out, unsigned max)
{
    struct fake *f = (struct fake *)(void *)q;
    unsigned n = 0;

    atomic_store_explicit(&f->is_held, f->behind != NULL, memory_order_release);
    while (f->first_held && !atomic_load_explicit(&f->first_held->is_held, memory_order_acquire))
        usleep(100);
    while (f->behind && !atomic_load_explicit(&f->behind->is_spent, memory_order_acquire))
        usleep(100);
    for (; n < max && f->at < n_stored && (!f->most || pavo_stat_get(&f->offered) + n < f->most);
         n++) {
        out[n] = (struct pavo_frame){.data = stored[f->at].bytes,
                                     .ts_ns = stored[f->at].ts_ns,
                                     .caplen = stored[f->at].n,
                                     .len = stored[f->at].n,
                                     .link = PAVO_LINK_ETHER,
                                     .source = q->source};
        if (f->has_rss) {
            out[n].has_rss = true;
            out[n].rss = hash_of(&stored[f->at]) ^ f->bad_hash;
        }
        f->at += f->step;
    }
    pavo_stat_add(&f->offered, n);
    if (n == 0)
        atomic_store_explicit(&f->is_spent, true, memory_order_release);
    return n > 0 ? (int)n : f->is_live ? 0 : f->fails ? CAP_FAILED : CAP_END;
}

static void
fake_done(struct cap_queue *q)
{
}

static bool
fake_wait(struct cap_queue *q, int timeout_ms)
{
    usleep(200);
    return !((struct fake *)(void *)q)->is_polled;
}

static void
fake_stats(struct cap_queue *q, struct cap_stats *out)
{
    *out = (struct cap_stats){.offered = pavo_stat_get(&((struct fake *)(void *)q)->offered),
                              .knows_losses = true};
}

static const char *
fake_error(struct cap_queue *q)
{
    return NULL;
}

static const struct cap_ops fake_ops = {.recv = fake_recv,
                                        .done = fake_done,
                                        .wait = fake_wait,
                                        .stats = fake_stats,
                                        .error = fake_error};

/* ---- what comes out ---------------------------------------------------------------------------
 */

static struct outcome {
    struct pavo_digest digest;
    uint64_t records, packets;
    uint64_t details[PAVO_DETAILS];
} outcome;

static void *
sum_open(const struct pavo_stream_info *info, struct pavo_err *err)
{
    outcome = (struct outcome){0};
    return &outcome;
}

static void
sum_nothing(void *enc, struct pavo_buf *out)
{
}

static void
sum_record(void *enc, struct pavo_buf *out, const struct pavo_record *r)
{
    const struct pavo_digest d = pavo_record_digest(r);

    pavo_digest_add(&outcome.digest, &d);
    outcome.records++;
    outcome.packets += r->packetDeltaCount[0] + r->packetDeltaCount[1];
    outcome.details[r->endDetail]++;
    pavo_buf_put(out, "r", 1);
}

static void
sum_ledger(void *enc, struct pavo_buf *out, const struct pavo_ledger *l)
{
    struct pavo_err err;

    if (!pavo_counts_balance(&l->counts, l->kind == PAVO_LEDGER_END, &err)) {
        fprintf(stderr, "ledger: %s\n", err.text);
        abort();
    }
    pavo_buf_put(out, "l", 1);
}

static void
sum_close(void *enc)
{
}

static const struct pavo_format sum_format = {
    .word = "sum",
    .extensions = "",
    .help = "",
    .open = sum_open,
    .begin = sum_nothing,
    .record = sum_record,
    .ledger = sum_ledger,
    .flush = sum_nothing,
    .end = sum_nothing,
    .close = sum_close,
    .whole_records = true,
};

/* ---- runs -------------------------------------------------------------------------------------
 */

struct plan {
    unsigned workers, queues, burst, record_ring, mesh_ring;
    unsigned stop_after; /* packets received, then sensor_stop() */
    bool fails, is_live;
    bool is_polled, one_gives; /* of one_gives: queue 0 gives all, the others wait for its end */
    bool spreads, has_rss, bad_hash;
};

/* What the control thread says of a run, looking twice; and what the queues counted. */
static struct {
    char text[8192];
    uint64_t wrong, sampled, differs;
} seen;

static void
look(const struct sensor *s)
{
    const struct worker *workers;
    const struct topo_place *places;
    const unsigned n = sensor_workers(s, &workers, &places);
    struct watch watch = {0};
    FILE *to = tmpfile();
    const int kept = dup(STDERR_FILENO);
    size_t got;

    assert_non_null(to);
    dup2(fileno(to), STDERR_FILENO);
    watch_look(&watch, s);
    watch_look(&watch, s);
    watch_close(&watch);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(to);
    memset(&seen, 0, sizeof seen);
    got = fread(seen.text, 1, sizeof seen.text - 1, to);
    seen.text[got] = '\0';
    fclose(to);
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; k < workers[i].n_queues; k++) {
            seen.wrong += pavo_stat_get(&workers[i].queues[k].wrong_shard);
            seen.sampled += pavo_stat_get(&workers[i].queues[k].sampled);
            seen.differs += pavo_stat_get(&workers[i].queues[k].hash_differs);
        }
    }
}

static unsigned
times_said(const char *what)
{
    unsigned n = 0;

    for (const char *at = seen.text; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

static struct pavo_counts
run(const struct plan *p, const char *const *sets)
{
    struct pavo_err err;
    struct cfg *cfg = cfg_open(&err);
    struct fake fakes[QUEUES_MAX];
    struct cap_queue *queues[QUEUES_MAX];
    struct cap_set set = {.queues = queues, .n_queues = p->queues};
    const struct pavo_rotate rotate = {0};
    struct pavo_sink *sink = pavo_sink_open(
        &(struct pavo_sink_config){.format = &sum_format,
                                   .target = pavo_target_file("/dev/null", &rotate, &err)},
        &err);
    struct sensor *s;
    struct pavo_counts c;
    struct pavo_sink_counts sc;

    assert_non_null(sink);
    cfg->workers.count = p->workers;
    cfg->capture.burst = p->burst;
    cfg->workers.record_ring = p->record_ring;
    cfg->workers.mesh_ring = p->mesh_ring;
    cfg->flow.limit = 65536;
    cfg->control.interval_ns = 5000000; /* snapshots under way must balance, too */
    for (unsigned i = 0; sets && sets[i]; i++)
        assert_int_equal(cfg_set(cfg, sets[i], NULL, NULL), 0);
    for (unsigned i = 0; i < p->queues; i++) {
        fakes[i] = (struct fake){
            .q = {.ops = &fake_ops,
                  .can_wait = !p->is_live,
                  .node = -1,
                  .name = "fake",
                  .spreads = p->spreads,
                  .number = (uint16_t)i,
                  .source = 0},
            .at = i,
            .first = i,
            .step = p->queues,
            .fails = p->fails,
            .is_live = p->is_live,
            .is_polled = p->is_polled,
            .has_rss = p->has_rss,
            .bad_hash = p->bad_hash,
        };
        if (p->one_gives) {
            fakes[i].step = 1;
            fakes[i].at = i ? n_stored : 0;
            fakes[i].behind = i ? &fakes[0] : NULL;
            fakes[i].first_held = i ? NULL : &fakes[1];
        }
        queues[i] = &fakes[i].q;
    }
    s = sensor_open(cfg, &set, &sink, 1, &err);
    if (!s)
        fail_msg("%s", err.text);
    sensor_go(s);
    while (p->stop_after && !sensor_is_done(s)) {
        sensor_counts(s, false, &c);
        if (c.received >= p->stop_after) {
            sensor_stop(s);
            break;
        }
        usleep(100);
    }
    sensor_join(s);
    assert_true(sensor_is_done(s));
    sensor_counts(s, true, &c);
    if (!pavo_counts_balance(&c, true, &err))
        fail_msg("%s", err.text);
    pavo_sink_counts(sink, &sc);
    if (!pavo_sink_balance(&c, &sc, true, &err))
        fail_msg("%s", err.text);
    assert_true(outcome.records == c.made.records);
    assert_true(outcome.packets == c.accounted);
    look(s);
    sensor_close(s);
    pavo_sink_close(sink);
    cfg_close(cfg);
    return c;
}

/* One queue: every shape of the run gives the records of the plainest one. */
static const struct shape {
    const char *says;
    struct plan plan;
} shapes[] = {
    {"bursts of one",
     {.workers = 1, .queues = 1, .burst = 1, .record_ring = 4096, .mesh_ring = 1024}},
    {"bursts of sixty-four",
     {.workers = 1, .queues = 1, .burst = 64, .record_ring = 4096, .mesh_ring = 1024}},
    {"two workers",
     {.workers = 2, .queues = 1, .burst = 32, .record_ring = 4096, .mesh_ring = 1024}},
    {"four workers, bursts of one",
     {.workers = 4, .queues = 1, .burst = 1, .record_ring = 4096, .mesh_ring = 1024}},
    {"four workers, rings that are full all the time",
     {.workers = 4, .queues = 1, .burst = 64, .record_ring = 256, .mesh_ring = 4}},
    {"seven workers", {.workers = 7, .queues = 1, .burst = 7, .record_ring = 256, .mesh_ring = 64}},
};

static void
same_records(void **state)
{
    const struct shape *sh = *state;
    const struct plan plain = {
        .workers = 1, .queues = 1, .burst = 32, .record_ring = 4096, .mesh_ring = 1024};

    for (unsigned jumps = 0; jumps < 2; jumps++) {
        struct outcome first;
        struct pavo_counts c;

        make_frames(42 + jumps, jumps);
        c = run(&plain, NULL);
        first = outcome;
        assert_int_equal(c.received, n_stored);
        assert_true(first.records > 500);
        assert_int_equal(c.clock_jumps > 0, jumps);
        assert_true(c.frag_waited > 0 && c.frag_orphaned > 0 && c.icmp_errors > 0);
        assert_true(n_atomic > 0 && c.frag_atomic == n_atomic);
        c = run(&sh->plan, NULL);
        assert_true(c.frag_atomic == n_atomic);
        assert_memory_equal(&outcome, &first, sizeof first);
        assert_int_equal(c.handed_off > 0, sh->plan.workers > 1);
    }
}

/* Several queues share the frames out at random times: the order between them is open, the sums are
 * not. */
static void
several_queues_lose_nothing(void **state)
{
    make_frames(7, false);
    for (unsigned workers = 1; workers <= 5; workers += 2) {
        for (unsigned queues = 2; queues <= 4; queues += 2) {
            const struct plan p = {.workers = workers,
                                   .queues = queues,
                                   .burst = 16,
                                   .record_ring = 256,
                                   .mesh_ring = 8};
            const struct pavo_counts c = run(&p, NULL);

            assert_int_equal(c.received, n_stored);
            assert_int_equal(c.accounted, n_stored);
            assert_int_equal(c.lost[PAVO_LOSS_HANDOFF_FULL], 0);
            assert_int_equal(outcome.details[PAVO_DETAIL_STOPPED], 0);
            assert_true(outcome.details[PAVO_DETAIL_CAPTURE_END] > 0);
        }
    }
}

/* A NIC can't wait: what the mesh has no room for is lost, and counted. */
static void
a_full_mesh_is_counted(void **state)
{
    const struct plan p = {.workers = 4,
                           .queues = 4,
                           .burst = 64,
                           .record_ring = 4096,
                           .mesh_ring = 4,
                           .is_live = true,
                           .stop_after = 1000};
    struct pavo_counts c;

    make_frames(8, false);
    c = run(&p, NULL);
    assert_true(c.received >= 1000);
    assert_int_equal(c.received, c.accounted + c.lost[PAVO_LOSS_HANDOFF_FULL]);
}

static unsigned
owner_of(const struct stored *s, unsigned workers)
{
    return hash_of(s) % OWNERS % workers;
}

static void
make_plain_frames(unsigned n)
{
    rng_state = 5;
    n_stored = n_atomic = 0;
    for (unsigned i = 0; i < n; i++)
        add_tcp(start_ns + i * UINT64_C(1000), 1 + below(200), 300 + below(200), 10000 + below(999),
                16);
}

/* The other worker is held up until all is sent: its ring takes what it has slots for. */
static void
what_a_full_mesh_loses_is_exact(void **state)
{
    const struct plan p = {.workers = 2,
                           .queues = 2,
                           .burst = 64,
                           .record_ring = 4096,
                           .mesh_ring = 64,
                           .is_live = true,
                           .is_polled = true,
                           .one_gives = true,
                           .stop_after = 2000};
    struct pavo_counts c;
    unsigned others = 0;

    make_plain_frames(2000);
    for (unsigned i = 0; i < n_stored; i++)
        others += owner_of(&stored[i], 2) == 1;
    assert_true(others > 500);
    c = run(&p, NULL);
    assert_int_equal(c.received, 2000);
    /* One slot has the clock. */
    assert_int_equal(c.lost[PAVO_LOSS_HANDOFF_FULL], others - 63);
    assert_int_equal(c.handed_off, 63);
    assert_int_equal(c.accounted, 2000 - (others - 63));
}

/* Frames are dealt out in turn, to queues that were to get them by their hash. */
static void
wrong_queues_are_counted_and_said_once(void **state)
{
    struct plan p = {.workers = 2,
                     .queues = 2,
                     .burst = 8,
                     .record_ring = 4096,
                     .mesh_ring = 1024,
                     .spreads = true,
                     .has_rss = true};
    unsigned wrong = 0;

    make_plain_frames(2000);
    for (unsigned i = 0; i < n_stored; i++)
        wrong += owner_of(&stored[i], 2) != i % 2;
    assert_int_equal(run(&p, NULL).wrong_shard, wrong);
    assert_int_equal(seen.wrong, wrong);
    assert_int_equal(times_said("belong to another queue"), 2); /* once for each queue */
    assert_int_equal(times_said("fake: queue 1: "), 1);
    assert_true(seen.sampled >= 200);
    assert_int_equal(seen.differs, 0);

    p.bad_hash = true;
    (void)run(&p, NULL);
    assert_int_equal(seen.differs, seen.sampled);
    assert_int_equal(times_said("the NIC has another key"), 2);

    p.bad_hash = p.spreads = false; /* it promised nothing */
    assert_int_equal(run(&p, NULL).wrong_shard, 0);
    assert_string_equal(seen.text, "");

    p.spreads = true; /* nor can it keep that promise with three workers */
    p.workers = 3;
    assert_int_equal(run(&p, NULL).wrong_shard, 0);
    assert_string_equal(seen.text, "");
}

static void
right_queues_are_silent(void **state)
{
    const struct plan p = {.workers = 2,
                           .queues = 2,
                           .burst = 8,
                           .record_ring = 4096,
                           .mesh_ring = 1024,
                           .spreads = true,
                           .has_rss = true};
    unsigned n = 0;

    make_plain_frames(3000);
    for (unsigned i = 0; i < n_stored; i++) /* in turn to 0 and 1: keep those that fit */
        if (owner_of(&stored[i], 2) == n % 2)
            stored[n++] = stored[i];
    n_stored = n;
    assert_true(n > 1000);
    assert_int_equal(run(&p, NULL).handed_off, 0);
    assert_int_equal(seen.wrong, 0);
    assert_true(seen.sampled > 100);
    assert_string_equal(seen.text, "");
}

static void
a_stop_ends_files_at_once(void **state)
{
    struct plan p = {.workers = 2,
                     .queues = 1,
                     .burst = 1,
                     .record_ring = 256,
                     .mesh_ring = 16,
                     .stop_after = 100};
    struct pavo_counts c;

    make_frames(9, false);
    c = run(&p, NULL);
    assert_true(c.received >= 100);
    assert_true(c.received == n_stored || outcome.details[PAVO_DETAIL_STOPPED] > 0);
}

static void
a_live_source_ends_by_a_stop_only(void **state)
{
    const struct plan p = {.workers = 1,
                           .queues = 2,
                           .burst = 32,
                           .record_ring = 4096,
                           .mesh_ring = 16,
                           .is_live = true,
                           .stop_after = FRAMES_MAX - 8};
    struct pavo_counts c;

    make_frames(10, false);
    c = run(&p, NULL);
    assert_int_equal(c.received, n_stored);
    assert_true(outcome.details[PAVO_DETAIL_STOPPED] > 0);
    assert_int_equal(outcome.details[PAVO_DETAIL_CAPTURE_END], 0);
}

static void
a_failed_queue_ends_its_packets_only(void **state)
{
    const struct plan p = {
        .workers = 3, .queues = 2, .burst = 8, .record_ring = 256, .mesh_ring = 16, .fails = true};
    struct pavo_counts c;

    make_frames(11, false);
    c = run(&p, NULL);
    assert_int_equal(c.accounted, n_stored);
}

static void
a_full_table_evicts_and_counts(void **state)
{
    const struct plan p = {
        .workers = 2, .queues = 1, .burst = 32, .record_ring = 256, .mesh_ring = 64};
    struct pavo_counts c;

    make_frames(12, false);
    c = run(&p, (const char *const[]){"flow.limit=1024", "flow.key=vlan,tunnel,mac", NULL});
    assert_int_equal(c.accounted, n_stored);
    assert_int_equal(outcome.details[PAVO_DETAIL_EVICTED], c.evicted);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_queues_lose_nothing),
        cmocka_unit_test(a_full_mesh_is_counted),
        cmocka_unit_test(what_a_full_mesh_loses_is_exact),
        cmocka_unit_test(wrong_queues_are_counted_and_said_once),
        cmocka_unit_test(right_queues_are_silent),
        cmocka_unit_test(a_stop_ends_files_at_once),
        cmocka_unit_test(a_live_source_ends_by_a_stop_only),
        cmocka_unit_test(a_failed_queue_ends_its_packets_only),
        cmocka_unit_test(a_full_table_evicts_and_counts),
    };
    int failed;

    stored = calloc(FRAMES_MAX, sizeof *stored);
    failed = cmocka_run_group_tests(tests, NULL, NULL) + T_RUN_TABLE(shapes, same_records);
    free(stored);
    return failed;
}
