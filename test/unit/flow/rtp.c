/* rtp.c - RTP streams: stories, and random ones against a model that knows every packet's true
 * number */
#include <math.h>

#include "rnd.h"
#include "talk.h"

struct sent {
    uint32_t ms;
    uint16_t sequence;
    uint32_t time;
    uint32_t ssrc; /* 0: 7 */
    uint8_t type;  /* payload type and marker */
    uint8_t from;  /* 1: the other side */
};

struct stream {
    struct rtp_probe probe;
    struct rtp_part part;
    bool is_rtp;
};

static void
put(struct stream *s, const struct sent *t, uint64_t ts_ns)
{
    const uint32_t ssrc = t->ssrc ? t->ssrc : 7;
    uint8_t *b = malloc(12);
    struct pavo_packet p;

    b[0] = 0x80;
    b[1] = t->type;
    b[2] = (uint8_t)(t->sequence >> 8);
    b[3] = (uint8_t)t->sequence;
    for (unsigned i = 0; i < 4; i++) {
        b[4 + i] = (uint8_t)(t->time >> (24 - 8 * i));
        b[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    }
    p_udp(&p, ts_ns, 1, 5004, 2, 5004);
    p.payload = b;
    p.payload_held = 12;
    if (s->is_rtp) {
        rtp_step(&s->part, &p, t->from, ts_ns);
    } else if (rtp_probe_step(&s->probe, &p, t->from)) {
        rtp_begin(&s->part, &s->probe, &p, t->from, ts_ns);
        s->is_rtp = true;
    }
    free(b);
}

#define FOUR(type)                                                                                 \
    {0, 100, 0, 0, type, 0}, {20, 101, 160, 0, type, 0}, {40, 102, 320, 0, type, 0},               \
    {                                                                                              \
        60, 103, 480, 0, type, 0                                                                   \
    }

/* clang-format off */
static const struct rtp_case {
    const char *says;
    struct sent sent[16]; /* up to the first of payload type 0 and sequence number 0 */
    bool is_rtp;
    uint8_t seen;
    uint32_t packets, lost, out_of_order, jitter_us, ssrc;
    uint32_t type;
} cases[] = {
    { "four packets in sequence are a stream, and count", { FOUR(8) }, true, 1, 4, 0, 0, 0, 7, 8 },
    { "three are none", { {0, 100, 0, 0, 8, 0}, {20, 101, 160, 0, 8, 0}, {40, 102, 320, 0, 8, 0} }, false, 0, 0, 0, 0, 0, 0, 0 },
    { "a gap begins the probation anew", { {0, 100, 0, 0, 8, 0}, {20, 101, 160, 0, 8, 0}, {40, 103, 320, 0, 8, 0}, {60, 104, 480, 0, 8, 0}, {80, 105, 640, 0, 8, 0} }, false, 0, 0, 0, 0, 0, 0, 0 },
    { "another payload type begins it anew", { {0, 100, 0, 0, 8, 0}, {20, 101, 160, 0, 8, 0}, {40, 102, 320, 0, 9, 0}, {60, 103, 480, 0, 8, 0} }, false, 0, 0, 0, 0, 0, 0, 0 },
    { "another source begins it anew", { {0, 100, 0, 0, 8, 0}, {20, 101, 160, 0, 8, 0}, {40, 102, 320, 9, 8, 0}, {60, 103, 480, 0, 8, 0} }, false, 0, 0, 0, 0, 0, 0, 0 },
    { "the marker is not part of the payload type", { {0, 100, 0, 0, 0x88, 0}, {20, 101, 160, 0, 8, 0}, {40, 102, 320, 0, 8, 0}, {60, 103, 480, 0, 8, 0} }, true, 1, 4, 0, 0, 0, 7, 8 },
    { "RTCP is no RTP", { FOUR(200) }, false, 0, 0, 0, 0, 0, 0, 0 },
    { "what is expected and does not come is lost", { FOUR(8), {80, 106, 960, 0, 8, 0} }, true, 1, 5, 2, 0, 2500, 7, 8 },
    { "a late packet is out of order and not lost", { FOUR(8), {80, 105, 800, 0, 8, 0}, {80, 104, 640, 0, 8, 0} }, true, 1, 6, 0, 1, 2421, 7, 8 },
    { "a packet that comes twice hides no loss below nothing", { FOUR(8), {60, 103, 480, 0, 8, 0} }, true, 1, 5, 0, 0, 0, 7, 8 },
    { "sequence numbers wrap", { {0, 65534, 0, 0, 8, 0}, {20, 65535, 160, 0, 8, 0}, {40, 0, 320, 0, 8, 0}, {60, 1, 480, 0, 8, 0}, {100, 3, 800, 0, 8, 0} }, true, 1, 5, 1, 0, 0, 7, 8 },
    { "one packet far away is left out", { FOUR(8), {80, 40000, 640, 0, 8, 0}, {100, 104, 800, 0, 8, 0} }, true, 1, 5, 0, 0, 0, 7, 8 },
    { "two far away in sequence are the source begun anew", { FOUR(8), {80, 40000, 640, 0, 8, 0}, {100, 40001, 800, 0, 8, 0} }, true, 1, 6, 0, 0, 0, 7, 8 },
    { "another source takes the place after four", { FOUR(8), {80, 1, 0, 9, 0x12, 0}, {80, 2, 0, 9, 0x12, 0}, {80, 3, 0, 9, 0x12, 0}, {80, 4, 0, 9, 0x12, 0} }, true, 1, 8, 0, 0, 0, 9, 0x12 },
    { "and does not after three", { FOUR(8), {80, 1, 0, 9, 0x12, 0}, {80, 2, 0, 9, 0x12, 0}, {80, 3, 0, 9, 0x12, 0} }, true, 1, 4, 0, 0, 0, 7, 8 },
    { "the other side has a stream of its own", { FOUR(8), {60, 900, 480, 3, 8, 1}, {60, 901, 480, 3, 8, 1}, {60, 902, 480, 3, 8, 1}, {60, 903, 480, 3, 8, 1} }, true, 3, 4, 0, 0, 0, 7, 8 },
    { "a call, packet by packet from both sides, is found, and all of it counts", { {0, 100, 0, 0, 8, 0}, {1, 7, 0, 3, 8, 1}, {20, 101, 160, 0, 8, 0}, {21, 8, 160, 3, 8, 1}, {40, 102, 320, 0, 8, 0}, {41, 9, 320, 3, 8, 1}, {60, 103, 480, 0, 8, 0}, {61, 10, 480, 3, 8, 1} }, true, 3, 4, 0, 0, 0, 7, 8 },
    { "a dynamic type has no jitter before its rate is known", { FOUR(96), {90, 104, 640, 0, 96, 0} }, true, 1, 5, 0, 0, 0, 7, 96 },
};
/* clang-format on */

static void
case_test(void **state)
{
    const struct rtp_case *c = *state;
    struct stream s = {.is_rtp = false};
    struct pavo_record_rtp r = {0};

    for (const struct sent *t = c->sent; t->type; t++)
        put(&s, t, AT_MS(t->ms));
    assert_int_equal(s.is_rtp, c->is_rtp);
    if (!s.is_rtp)
        return;
    rtp_fill(&s.part, 0, &r);
    assert_int_equal(r.seen, c->seen);
    assert_int_equal(r.packets[0], c->packets);
    assert_int_equal(r.lost[0], c->lost);
    assert_int_equal(r.outOfOrder[0], c->out_of_order);
    assert_int_equal(r.jitter_us[0], c->jitter_us);
    assert_int_equal(r.ssrc[0], c->ssrc);
    assert_int_equal(r.payloadType[0], c->type);
    if (c->seen == 3)
        assert_int_equal(r.packets[1], 4);
    rtp_fill(&s.part, 1, &r);
    assert_int_equal(r.packets[1], c->packets);
}

static void
a_record_expects_what_came_since_the_one_before(void **state)
{
    struct stream s = {.is_rtp = false};
    struct pavo_record_rtp r;

    for (uint16_t i = 0; i < 10; i++)
        put(&s, &(struct sent){.sequence = i, .type = 8}, AT_MS(20 * i));
    rtp_interval(&s.part);
    rtp_fill(&s.part, 0, &r);
    assert_int_equal(r.packets[0], 0);
    assert_int_equal(r.lost[0], 0);
    assert_int_equal(r.seen, 1);
    put(&s, &(struct sent){.sequence = 12, .type = 8}, AT_MS(240));
    rtp_fill(&s.part, 0, &r);
    assert_int_equal(r.packets[0], 1);
    assert_int_equal(r.lost[0], 2);
}

/* The clock of a dynamic type: 25 frames a second of 'step' each for 'n' frames, 5 ms late every
 * other time. */
static uint32_t
jitter_of(uint8_t type, uint32_t step, unsigned n)
{
    struct stream s = {.is_rtp = false};
    struct pavo_record_rtp r;

    for (unsigned i = 0; i < n; i++)
        put(&s, &(struct sent){.sequence = (uint16_t)i, .time = i * step, .type = type},
            AT_MS(40 * i + i % 2 * 5));
    assert_true(s.is_rtp);
    rtp_fill(&s.part, 0, &r);
    return r.jitter_us[0];
}

static void
the_rate_of_a_dynamic_type_is_guessed_when_one_fits(void **state)
{
    assert_int_equal(jitter_of(96, 3600, 40), 0); /* not two seconds yet */
    assert_in_range(jitter_of(96, 3600, 400), 4900, 5000);
    assert_in_range(jitter_of(111, 1920, 400), 4900, 5000);
    assert_int_equal(jitter_of(96, 2400, 400), 0);         /* 60000: none is near */
    assert_int_equal(jitter_of(77, 3600, 400), 0);         /* not dynamic */
    assert_in_range(jitter_of(34, 3600, 400), 4900, 5000); /* static, at once */
}

static void
bytes_that_are_no_header_are_not_looked_at(void **state)
{
    uint8_t b[72] = {0x8f, 8};

    assert_false(rtp_looks(NULL, 12));
    assert_false(rtp_looks(b, 71)); /* fifteen contributing sources */
    assert_true(rtp_looks(b, 72));
    b[0] = 0x80;
    assert_false(rtp_looks(b, 11));
    assert_true(rtp_looks(b, 12));
    b[0] = 0x40;
    assert_false(rtp_looks(b, 12));
    b[0] = 0x80;
    for (unsigned type = 0; type < 256; type++) {
        b[1] = (uint8_t)type;
        assert_int_equal(rtp_looks(b, 12), type < 192 || type > 223);
    }
}

/* Packets with true numbers, some lost, late or twice. What is expected, received and late follows
 * from the true numbers; the jitter from RFC 3550's formula in floating point. */
static void
random_streams_agree_with_a_model(void **state)
{
    struct rnd rnd = {*(const uint64_t *)*state};
    struct stream s = {.is_rtp = false};
    struct pavo_record_rtp r;
    const uint32_t offset = 65000, ssrc = 99;
    uint64_t base = 0, highest = 3, received = 4, late = 0, now = T0;
    double jitter = 0, last_at = 0, last_time = 0;

    for (uint32_t n = 0; n < 4; n++) {
        now += 20 * MS;
        put(&s,
            &(struct sent){
                .sequence = (uint16_t)(offset + n), .time = n * 160, .ssrc = ssrc, .type = 8},
            now);
        last_at = (double)(now - T0) / 1000;
        last_time = n * 160.0;
    }
    while (highest < 200000) {
        uint64_t n = highest + 1 + (rnd_one_in(&rnd, 20) ? rnd_below(&rnd, 200) : 0);
        double d;

        if (rnd_one_in(&rnd, 10))
            n = highest - (highest > 100 ? rnd_below(&rnd, 99) : 0);
        now += 15 * MS + rnd_below(&rnd, 10 * MS);
        put(&s,
            &(struct sent){.sequence = (uint16_t)(offset + n),
                           .time = (uint32_t)n * 160,
                           .ssrc = ssrc,
                           .type = 8},
            now);
        received++;
        late += n < highest;
        highest = n > highest ? n : highest;
        d = (double)(now - T0) / 1000 - last_at - ((double)n * 160 - last_time) * 125;
        jitter += (fabs(d) - jitter) / 16;
        last_at = (double)(now - T0) / 1000;
        last_time = (double)n * 160;
        rtp_fill(&s.part, 0, &r);
        assert_int_equal(r.packets[0], received);
        assert_int_equal(r.outOfOrder[0], late);
        assert_int_equal(r.lost[0],
                         highest + 1 - base > received ? highest + 1 - base - received : 0);
        assert_true(fabs(r.jitter_us[0] - jitter) < 3);
        if (rnd_one_in(&rnd, 1000)) {
            rtp_interval(&s.part);
            base = highest + 1;
            received = late = 0;
        }
    }
}

int
main(void)
{
    static uint64_t seeds[] = {1, 2};
    const struct CMUnitTest others[] = {
        cmocka_unit_test(a_record_expects_what_came_since_the_one_before),
        cmocka_unit_test(the_rate_of_a_dynamic_type_is_guessed_when_one_fits),
        cmocka_unit_test(bytes_that_are_no_header_are_not_looked_at),
        cmocka_unit_test_prestate(random_streams_agree_with_a_model, &seeds[0]),
        cmocka_unit_test_prestate(random_streams_agree_with_a_model, &seeds[1]),
    };
    int failed = T_RUN_TABLE(cases, case_test);

    failed += cmocka_run_group_tests_name("others", others, NULL, NULL);
    return failed != 0;
}
