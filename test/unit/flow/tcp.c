/* tcp.c - lives of TCP flows, each a list of segments and the records they make */
#include "flow_t.h"

static const uint32_t C = 0x0a000001, S = 0x0a000002; /* client, server */

struct segment {
    uint32_t ms;
    char from; /* 'c' or 's' */
    uint16_t flags;
    uint32_t seq, ack, payload;
};

struct ended {
    uint8_t reason, detail;
    uint64_t packets;
};

#define OPENED                                                                                     \
    {0, 'c', SYN, 100, 0, 0}, {1, 's', SYN | ACK, 500, 101, 0},                                    \
    {                                                                                              \
        2, 'c', ACK, 101, 501, 0                                                                   \
    }
#define CLOSED_AT(ms)                                                                              \
    {(ms), 'c', FIN | ACK, 101, 501, 0}, {(ms), 's', FIN | ACK, 501, 102, 0},                      \
    {                                                                                              \
        (ms), 'c', ACK, 102, 502, 0                                                                \
    }
#define CLOSED                                                                                     \
    {                                                                                              \
        PAVO_END_DETECTED, PAVO_DETAIL_TCP_CLOSED
#define RESET                                                                                      \
    {                                                                                              \
        PAVO_END_DETECTED, PAVO_DETAIL_TCP_RESET
#define REUSED                                                                                     \
    {                                                                                              \
        PAVO_END_DETECTED, PAVO_DETAIL_TCP_REUSED
#define IDLE                                                                                       \
    {                                                                                              \
        PAVO_END_IDLE, PAVO_DETAIL_IDLE
#define LIVE                                                                                       \
    {                                                                                              \
        PAVO_END_FORCED, PAVO_DETAIL_STOPPED

/* clang-format off */
static const struct tcp_case {
    const char *says;
    struct segment segment[12];
    uint32_t clock_ms; /* at the end */
    struct ended ended[4];
} cases[] = {
    { "FIN and its acknowledgement both ways close",
      { OPENED, CLOSED_AT(10) }, 11, { CLOSED, 6 } } },
    { "a FIN of one side closes nothing",
      { OPENED, {10, 'c', FIN | ACK, 101, 501, 0}, {11, 's', ACK, 501, 102, 0}, {9000, 's', ACK, 501, 102, 700} },
      9001, { LIVE, 6 } } },
    { "two FINs without the last acknowledgement are not closed",
      { OPENED, {10, 'c', FIN | ACK, 101, 501, 0}, {10, 's', FIN | ACK, 501, 102, 0} }, 9000, { LIVE, 5 } } },
    { "simultaneous FINs close",
      { OPENED, {10, 'c', FIN | ACK, 101, 501, 0}, {10, 's', FIN | ACK, 501, 101, 0},
        {11, 'c', ACK, 102, 502, 0}, {11, 's', ACK, 502, 102, 0} }, 12, { CLOSED, 7 } } },
    { "FINs that the capture shows in the wrong order close",
      { OPENED, {10, 's', FIN | ACK, 501, 102, 0}, {10, 'c', FIN | ACK, 101, 501, 0},
        {11, 'c', ACK, 102, 502, 0} }, 12, { CLOSED, 6 } } },
    { "an acknowledgement below the FIN does not close",
      { OPENED, {10, 'c', FIN | ACK, 101, 501, 9}, {10, 's', FIN | ACK, 501, 110, 0}, {11, 'c', ACK, 111, 502, 0} },
      12, { LIVE, 6 } } },
    { "sequence numbers that wrap close as well",
      { {0, 'c', FIN | ACK, UINT32_MAX, 7, 3}, {1, 's', FIN | ACK, 7, 3, 0}, {2, 'c', ACK, 3, 8, 0} },
      3, { CLOSED, 3 } } },
    { "stragglers within the linger join, and do not lengthen it",
      { OPENED, CLOSED_AT(10), {3000, 's', ACK, 502, 102, 0}, {5010, 's', ACK, 502, 102, 0},
        {5011, 's', ACK, 502, 102, 0} }, 5012, { CLOSED, 8 }, LIVE, 1 } } },
    { "a new SYN ends the linger",
      { OPENED, CLOSED_AT(10), {11, 'c', SYN, 900, 0, 0} }, 12, { CLOSED, 6 }, LIVE, 1 } } },
    { "the SYN of the closed connection, repeated, does not",
      { OPENED, CLOSED_AT(10), {11, 'c', SYN, 100, 0, 0} }, 12, { CLOSED, 7 } } },
    { "a SYN from the other side begins anew as well",
      { OPENED, CLOSED_AT(10), {11, 's', SYN, 100, 0, 0} }, 12, { CLOSED, 6 }, LIVE, 1 } } },
    { "a SYN+ACK in the linger joins",
      { OPENED, CLOSED_AT(10), {11, 's', SYN | ACK, 900, 0, 0} }, 12, { CLOSED, 7 } } },
    { "RST resets, and lingers",
      { OPENED, {10, 's', RST, 501, 0, 0}, {3000, 'c', ACK, 101, 501, 0} }, 4000, { RESET, 5 } } },
    { "RST after the close changes nothing",
      { OPENED, CLOSED_AT(10), {11, 'c', RST, 102, 0, 0} }, 12, { CLOSED, 7 } } },
    { "a close after RST changes nothing",
      { OPENED, {9, 'c', RST, 102, 0, 0}, CLOSED_AT(10) }, 12, { RESET, 7 } } },
    { "a refused SYN is a reset",
      { {0, 'c', SYN, 100, 0, 0}, {1, 's', RST | ACK, 0, 101, 0} }, 2, { RESET, 2 } } },
    { "refused again on the same port: two flows",
      { {0, 'c', SYN, 100, 0, 0}, {1, 's', RST | ACK, 0, 101, 0}, {50, 'c', SYN, 777, 0, 0},
        {51, 's', RST | ACK, 0, 778, 0} }, 52, { RESET, 2 }, RESET, 2 } } },
    { "a flow that begins with RST is a reset one",
      { {0, 's', RST, 1, 0, 0} }, 1, { RESET, 1 } } },
    { "a SYN without an answer is idle after 20 s",
      { {0, 'c', SYN, 100, 0, 0}, {1000, 'c', SYN, 100, 0, 0}, {21001, 'c', SYN, 100, 0, 0} }, 21002,
      { IDLE, 2 }, LIVE, 1 } } },
    { "a SYN+ACK alone does not complete the handshake",
      { {0, 'c', SYN, 100, 0, 0}, {1000, 's', SYN | ACK, 500, 101, 0}, {21001, 's', SYN | ACK, 500, 101, 0} }, 21002,
      { IDLE, 2 }, LIVE, 1 } } },
    { "the third segment does: idle after 300 s",
      { OPENED, {50000, 'c', ACK, 101, 501, 1} }, 350000, { LIVE, 4 } } },
    { "of one direction alone, an ACK shows that there was an answer",
      { {0, 'c', SYN, 100, 0, 0}, {5, 'c', ACK, 101, 501, 0}, {50000, 'c', ACK, 101, 501, 1} }, 350000, { LIVE, 3 } } },
    { "a flow seen from the middle has the long idle time",
      { {0, 'c', ACK, 100, 7, 0}, {50000, 'c', ACK, 100, 7, 1} }, 350000, { LIVE, 2 } } },
    { "and after it, is idle",
      { {0, 'c', ACK, 100, 7, 0} }, 300001, { IDLE, 1 } } },
    { "a SYN within a live connection joins it: the peer will challenge it",
      { OPENED, {10, 'c', SYN, 900, 0, 0}, {11, 's', ACK, 501, 101, 0} }, 12, { LIVE, 5 } } },
    { "a client that tries again with another sequence number is the same flow",
      { {0, 'c', SYN, 100, 0, 0}, {10, 'c', SYN, 900, 0, 0} }, 12, { LIVE, 2 } } },
    { "a SYN of a side that has sent its FIN is another connection",
      { {0, 'c', SYN, 100, 0, 0}, {1, 'c', ACK, 101, 501, 0}, {2, 'c', FIN | ACK, 101, 501, 0},
        {3, 'c', SYN, 900, 0, 0} }, 4, { REUSED, 3 }, LIVE, 1 } } },
    { "but the repeated first SYN is not",
      { {0, 'c', SYN, 100, 0, 0}, {1, 'c', FIN | ACK, 101, 501, 0}, {3, 'c', SYN, 100, 0, 0} }, 4, { LIVE, 3 } } },
    { "after the linger the record is the same without a SYN",
      { OPENED, CLOSED_AT(10) }, 100000, { CLOSED, 6 } } },
};
/* clang-format on */

/* Runs a case; with 'sweep', the sweep gets there first wherever it may. */
static void
tcp_run(const struct tcp_case *c, bool sweep)
{
    const struct pavo_shard_config cfg = ft_config(16, NULL);
    struct pavo_packet p;
    unsigned n_ended = 0;
    struct ft t;

    ft_open(&t, &cfg, 64);
    for (const struct segment *s = c->segment; s->from; s++) {
        const bool client = s->from == 'c';

        p_tcp(&p, AT_MS(s->ms), client ? C : S, client ? 40000 : 80, client ? S : C,
              client ? 80 : 40000, s->flags, s->seq, s->ack, s->payload);
        if (sweep) {
            pavo_shard_clock(t.s, AT_MS(s->ms));
            pavo_shard_sweep(t.s, 100);
        }
        ft_put(&t, &p);
    }
    ft_flush(&t, AT_MS(c->clock_ms), PAVO_DETAIL_STOPPED);
    for (size_t i = 0; i < t.n_got; i++) {
        const struct pavo_record *r = &t.got[i];

        if (r->flowEndReason == PAVO_END_ACTIVE)
            continue;
        assert_in_range(n_ended, 0, LENGTH(c->ended) - 1);
        assert_int_equal(r->flowEndReason, c->ended[n_ended].reason);
        assert_int_equal(r->endDetail, c->ended[n_ended].detail);
        assert_int_equal(r->packetTotalCount[0] + r->packetTotalCount[1],
                         c->ended[n_ended].packets);
        n_ended++;
    }
    assert_true(n_ended == LENGTH(c->ended) || c->ended[n_ended].reason == 0);
    ft_close(&t);
}

static void
tcp_case(void **state)
{
    tcp_run(*state, false);
    tcp_run(*state, true);
}

static void
flags_are_kept_by_direction(void **state)
{
    const struct pavo_shard_config cfg = ft_config(16, NULL);
    struct pavo_packet p;
    struct ft t;

    ft_open(&t, &cfg, 64);
    ft_put(&t, p_tcp(&p, AT_MS(0), S, 80, C, 40000, SYN | ACK, 1, 1, 0));
    ft_put(&t, p_tcp(&p, AT_MS(1), C, 40000, S, 80, ACK, 1, 1, 0));
    ft_put(&t, p_tcp(&p, AT_MS(2), C, 40000, S, 80, ACK | 0x8 | 0x100, 1, 1, 0));
    ft_put(&t, p_tcp(&p, AT_MS(60000), C, 40000, S, 80, ACK, 1, 1, 0));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 2);
    assert_int_equal(t.got[0].initialTCPFlags[0], ACK);
    assert_int_equal(t.got[0].initialTCPFlags[1], SYN | ACK);
    assert_int_equal(t.got[0].tcpControlBits[0], ACK | 0x8 | 0x100);
    assert_int_equal(t.got[0].tcpControlBits[1], SYN | ACK);
    assert_int_equal(t.got[1].initialTCPFlags[0], ACK); /* of the flow */
    assert_int_equal(t.got[1].initialTCPFlags[1], SYN | ACK);
    assert_int_equal(t.got[1].tcpControlBits[0], ACK); /* of the interval */
    assert_int_equal(t.got[1].tcpControlBits[1], 0);
    ft_close(&t);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(flags_are_kept_by_direction)};

    return T_RUN_TABLE(cases, tcp_case) + cmocka_run_group_tests_name("tcp", tests, NULL, NULL);
}
