/* echo.c - requests and replies of ICMP: stories, and random ones against a slow model */
#include "rnd.h"
#include "talk.h"

/* What happens, in order: '>' a request, '<' a reply, '}' a request of the other side, '{' its
 * answer, '|' a new record. */
struct event {
    uint32_t ms;
    char what;
    uint16_t sequence;
};

static const struct echo_case {
    const char *says;
    struct event event[12];
    uint8_t type; /* of the request; 0: 8 */
    uint32_t requests, replies, lost, duplicates, samples;
    uint32_t min_ms, max_ms, sum_ms;
} cases[] = {
    {.says = "each reply gives a round trip",
     .event = {{0, '>', 1}, {10, '<', 1}, {1000, '>', 2}, {1030, '<', 2}},
     .requests = 2,
     .replies = 2,
     .samples = 2,
     .min_ms = 10,
     .max_ms = 30,
     .sum_ms = 40},
    {.says = "a request is lost when the reply to a later one comes",
     .event = {{0, '>', 1}, {1000, '>', 2}, {1001, '<', 2}, {2000, '>', 3}},
     .requests = 3,
     .replies = 1,
     .lost = 1,
     .samples = 1,
     .min_ms = 1,
     .max_ms = 1,
     .sum_ms = 1},
    {.says = "requests that nothing answers are not lost: the capture may have one side only",
     .event = {{0, '>', 1}, {1000, '>', 2}, {2000, '>', 3}},
     .requests = 3},
    {.says = "replies without their requests count and tell nothing",
     .event = {{0, '<', 1}, {1000, '<', 2}, {2000, '<', 4}},
     .replies = 3},
    {.says = "a reply that comes late is not lost",
     .event = {{0, '>', 1}, {1, '>', 2}, {2, '<', 2}, {5, '<', 1}},
     .requests = 2,
     .replies = 2,
     .samples = 2,
     .min_ms = 1,
     .max_ms = 5,
     .sum_ms = 6},
    {.says = "a second reply is a duplicate and no sample",
     .event = {{0, '>', 1}, {10, '<', 1}, {11, '<', 1}},
     .requests = 1,
     .replies = 2,
     .duplicates = 1,
     .samples = 1,
     .min_ms = 10,
     .max_ms = 10,
     .sum_ms = 10},
    {.says = "sequence numbers wrap",
     .event = {{0, '>', 65535}, {1, '<', 65535}, {10, '>', 0}, {20, '>', 1}, {21, '<', 1}},
     .requests = 3,
     .replies = 2,
     .lost = 1,
     .samples = 2,
     .min_ms = 1,
     .max_ms = 1,
     .sum_ms = 2},
    {.says = "the same number again, after its reply, is another request",
     .event = {{0, '>', 0}, {1, '<', 0}, {10, '>', 0}, {13, '<', 0}},
     .requests = 2,
     .replies = 2,
     .samples = 2,
     .min_ms = 1,
     .max_ms = 3,
     .sum_ms = 4},
    {.says = "the same number again, without a reply between, gives no round trip",
     .event = {{0, '>', 7}, {10, '>', 7}, {11, '<', 7}},
     .requests = 2,
     .replies = 1},
    {.says = "a number that jumps begins another series",
     .event = {{0, '>', 1}, {1, '>', 1000}, {2, '<', 1000}, {3, '>', 1}, {4, '<', 1}},
     .requests = 3,
     .replies = 2,
     .samples = 2,
     .min_ms = 1,
     .max_ms = 1,
     .sum_ms = 2},
    {.says = "the fifth request that waits is counted without its time",
     .event = {{0, '>', 1},
               {1, '>', 2},
               {2, '>', 3},
               {3, '>', 4},
               {4, '>', 5},
               {10, '<', 1},
               {10, '<', 2}},
     .requests = 5,
     .replies = 2,
     .samples = 1,
     .min_ms = 9,
     .max_ms = 9,
     .sum_ms = 9},
    {.says = "the other side's requests under the same identifier count and are not followed",
     .event = {{0, '>', 1}, {1, '}', 1}, {2, '{', 1}, {4, '<', 1}},
     .requests = 2,
     .replies = 2,
     .samples = 1,
     .min_ms = 4,
     .max_ms = 4,
     .sum_ms = 4},
    {.says = "a record has its own counts, and a reply finds the request of the record before",
     .event = {{0, '>', 1}, {1, '<', 1}, {1000, '>', 2}, {1500, '|', 0}, {2000, '<', 2}},
     .replies = 1,
     .samples = 1,
     .min_ms = 1000,
     .max_ms = 1000,
     .sum_ms = 1000},
    {.says = "extended echo has eight bits, which wrap",
     .event = {{0, '>', 255}, {1, '<', 255}, {10, '>', 0}, {11, '>', 1}, {13, '<', 1}},
     .type = 42,
     .requests = 3,
     .replies = 2,
     .lost = 1,
     .samples = 2,
     .min_ms = 1,
     .max_ms = 2,
     .sum_ms = 3},
};

static void
put(struct echo_part *part, uint64_t ts_ns, unsigned side, uint8_t type, uint16_t sequence)
{
    struct pavo_packet p;

    p_icmp(&p, ts_ns, 1, 2, type, 0, 77);
    p.at.has_icmp_seq = 1;
    p.at.icmp_seq = sequence;
    assert_true(echo_is_query(&p));
    echo_step(part, &p, side, ts_ns);
}

static void
case_test(void **state)
{
    const struct echo_case *c = *state;
    const uint8_t request = c->type ? c->type : 8, reply = request == 8 ? 0 : request + 1;
    struct echo_part part;
    struct pavo_record_echo r;

    echo_begin(&part);
    for (const struct event *e = c->event; e->what; e++) {
        if (e->what == '|')
            echo_interval(&part);
        else
            put(&part, AT_MS(e->ms), e->what == '<' || e->what == '}',
                e->what == '>' || e->what == '}' ? request : reply, e->sequence);
    }
    echo_fill(&part, 0, &r);
    assert_int_equal(r.requests, c->requests);
    assert_int_equal(r.replies, c->replies);
    assert_int_equal(r.lost, c->lost);
    assert_int_equal(r.duplicates, c->duplicates);
    assert_int_equal(r.samples, c->samples);
    assert_int_equal(r.rttMin_ns, c->min_ms * MS);
    assert_int_equal(r.rttMax_ns, c->max_ms * MS);
    assert_int_equal(r.rttSum_ns, c->sum_ms * MS);
}

/* ---- the model: every request ever, by its number counted on beyond 16 bits ---- */

enum { MANY = 20000, WINDOW = 32, TIMED = 4 };

struct asked {
    bool is_asked, is_answered, is_passed;
    uint64_t sent_ns; /* 0: ambiguous, or was not among the last four */
};

struct model {
    struct asked of[MANY];
    uint32_t head;
    struct pavo_record_echo r;
};

static void
model_request(struct model *m, uint32_t n, uint64_t ts_ns)
{
    struct asked *a = &m->of[n];

    m->r.requests++;
    if (n > m->head)
        m->head = n;
    if (a->is_asked && !a->is_answered)
        a->sent_ns = 0;
    else
        *a = (struct asked){.is_asked = true, .sent_ns = m->head - n < TIMED ? ts_ns : 0};
}

static void
model_reply(struct model *m, uint32_t n, uint64_t ts_ns)
{
    struct asked *a = &m->of[n];

    m->r.replies++;
    if (n > m->head || m->head - n >= WINDOW || !a->is_asked)
        return;
    if (a->is_answered) {
        m->r.duplicates++;
        return;
    }
    a->is_answered = true;
    if (a->is_passed) {
        a->is_passed = false;
        m->r.lost -= m->r.lost != 0;
    }
    if (a->sent_ns && m->head - n < TIMED) {
        const uint64_t rtt = ts_ns - a->sent_ns;

        if (!m->r.samples || rtt < m->r.rttMin_ns)
            m->r.rttMin_ns = rtt;
        if (rtt > m->r.rttMax_ns)
            m->r.rttMax_ns = rtt;
        m->r.rttSum_ns += rtt;
        m->r.samples++;
    }
    for (uint32_t i = m->head >= WINDOW ? m->head - WINDOW + 1 : 0; i < n; i++)
        if (m->of[i].is_asked && !m->of[i].is_answered && !m->of[i].is_passed) {
            m->of[i].is_passed = true;
            m->r.lost++;
        }
}

static void
random_pings_agree_with_a_model_that_forgets_nothing(void **state)
{
    static struct model m;
    struct rnd rnd = {*(const uint64_t *)*state};
    struct echo_part part;
    struct pavo_record_echo r;
    uint64_t now = T0;
    uint32_t next = 40;

    memset(&m, 0, sizeof m);
    echo_begin(&part);
    m.head = next;
    model_request(&m, next, now);
    put(&part, now, 1, 8, (uint16_t)(65000 + next));
    while (next < MANY - 64) {
        uint32_t n;

        now += rnd_below(&rnd, 1000000);
        if (rnd_one_in(&rnd, 2)) {
            next += 1 + (rnd_one_in(&rnd, 10) ? rnd_below(&rnd, 30) : 0);
            n = rnd_one_in(&rnd, 10) ? next - rnd_below(&rnd, 30) : next;
            next = n > m.head ? n : m.head;
            model_request(&m, n, now);
            put(&part, now, 1, 8, (uint16_t)(65000 + n));
        } else {
            n = m.head + (rnd_one_in(&rnd, 50) ? 3 : 0) -
                rnd_below(&rnd, rnd_one_in(&rnd, 5) ? 40 : 4);
            model_reply(&m, n, now);
            put(&part, now, 0, 0, (uint16_t)(65000 + n));
        }
        if (rnd_one_in(&rnd, 500)) {
            echo_interval(&part);
            memset(&m.r, 0, sizeof m.r);
        }
        echo_fill(&part, 1, &r);
        r.firstSequence = r.lastSequence = 0;
        assert_memory_equal(&r, &m.r, sizeof r);
    }
}

int
main(void)
{
    static uint64_t seeds[] = {1, 2, 3};
    const struct CMUnitTest others[] = {
        cmocka_unit_test_prestate(random_pings_agree_with_a_model_that_forgets_nothing, &seeds[0]),
        cmocka_unit_test_prestate(random_pings_agree_with_a_model_that_forgets_nothing, &seeds[1]),
        cmocka_unit_test_prestate(random_pings_agree_with_a_model_that_forgets_nothing, &seeds[2]),
    };
    int failed = T_RUN_TABLE(cases, case_test);

    failed += cmocka_run_group_tests_name("model", others, NULL, NULL);
    return failed != 0;
}
