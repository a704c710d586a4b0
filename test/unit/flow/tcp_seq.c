/* tcp_seq.c - conversations, each a list of segments, and what the record says went wrong, and how
 * it ended
 *
 * The rules are those of docs/transport.md; a case has one of them as its name. What a record says
 * is written as text: state, history, then each counter that is not 0, with '>' for what the client
 * sent and '<' for the server.
 */
#include "flow_t.h"

static const uint32_t C = 0x0a000001, S = 0x0a000002; /* client, server */

enum { PSH = 0x08, ECE = 0x40, CWR = 0x80 };

struct segment {
    uint32_t us; /* 0 with the same number of flags ends the list */
    char from;   /* 'c' or 's' */
    uint16_t flags;
    uint32_t seq, ack, payload;
    uint16_t window, id; /* window 0 is 1000, and 1 is none; id 0: its own */
    uint32_t tsval, tsecr;
    uint32_t sack[2];
};

/* clang-format off */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define OPENED {1, 'c', SYN, 100, 0, 0}, {101, 's', SYN | ACK, 500, 101, 0}, {151, 'c', ACK, 101, 501, 0}

static const struct numbers_case {
    const char *says, *text;
    struct segment segment[16];
} cases[] = {
    { "a handshake is established and its halves are timed",
      "S1 ShA server=100000 client=50000",
      { OPENED } },
    { "a request and its answer are timed, and nothing is wrong with them",
      "S1 ShADad server=100000 client=50000 response=400000 >stream=10 <stream=20 >rtt=1/300000/300000 <unacked=20",
      { OPENED, {200, 'c', ACK, 101, 501, 10}, {500, 's', ACK, 501, 111, 0}, {600, 's', ACK, 501, 111, 20} } },
    { "a SYN that nobody answers",
      "S0 S >retx=2",
      { {1, 'c', SYN, 100, 0, 0}, {1000001, 'c', SYN, 100, 0, 0}, {3000001, 'c', SYN, 100, 0, 0} } },
    { "a SYN that is refused",
      "REJ Sr",
      { {1, 'c', SYN, 100, 0, 0}, {50, 's', RST | ACK, 0, 101, 0} } },
    { "an answer without its SYN turns the flow",
      "OTH ^h",
      { {1, 's', SYN | ACK, 500, 101, 0} } },
    { "closed by both sides",
      "SF ShAFaf server=100000 client=50000",
      { OPENED, {300, 'c', FIN | ACK, 101, 501, 0}, {301, 's', ACK, 501, 102, 0}, {302, 's', FIN | ACK, 501, 102, 0}, {303, 'c', ACK, 102, 502, 0} } },
    { "reset by the client in mid-stream",
      "RSTO ShADR server=100000 client=50000 >stream=10 >unacked=10",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {400, 'c', RST, 111, 0, 0} } },
    { "sent again after a while: a retransmission",
      "S1 ShADT server=100000 client=50000 >stream=10 >retx=1 >retx_bytes=10 >unacked=10",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {300300, 'c', ACK, 101, 501, 10} } },
    { "sent again though acknowledged: spurious",
      "S1 ShADaT server=100000 client=50000 >stream=10 >retx=1 >retx_bytes=10 >spurious=1 >rtt=1/100000/100000",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {400, 's', ACK, 501, 111, 0}, {300300, 'c', ACK, 101, 501, 10} } },
    { "what fills a hole within half the time of the handshake is out of order",
      "S1 ShAD server=100000 client=50000 >stream=30 >ooo=1 >unacked=30",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {310, 'c', ACK, 121, 501, 10}, {385, 'c', ACK, 111, 501, 10} } },
    { "what fills it later is a retransmission",
      "S1 ShADT server=100000 client=50000 >stream=30 >retx=1 >retx_bytes=10 >unacked=30",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {310, 'c', ACK, 121, 501, 10}, {386, 'c', ACK, 111, 501, 10} } },
    { "three duplicate acknowledgements make it fast",
      "S1 ShADaT server=100000 client=50000 >stream=40 >retx=1 >retx_bytes=10 >fast=1 >rtt=1/20000/20000 <dupacks=3",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {310, 'c', ACK, 121, 501, 20}, {320, 's', ACK, 501, 111, 0},
        {321, 's', ACK, 501, 111, 0}, {322, 's', ACK, 501, 111, 0}, {323, 's', ACK, 501, 111, 0},
        {330, 'c', ACK, 111, 501, 10}, {400, 's', ACK, 501, 141, 0} } },
    { "the mirror's copy is a duplicate and nothing else",
      "S1 ShADa server=100000 client=50000 >stream=10 >dup=1 <dup=1 >rtt=1/90000/90000",
      { OPENED, {300, 'c', ACK, 101, 501, 10, .id = 7}, {301, 'c', ACK, 101, 501, 10, .id = 7},
        {390, 's', ACK, 501, 111, 0, .id = 9}, {391, 's', ACK, 501, 111, 0, .id = 9} } },
    { "a copy with another identification was sent again",
      "S1 ShADT server=100000 client=50000 >stream=10 >retx=1 >retx_bytes=10 >unacked=10",
      { OPENED, {300, 'c', ACK, 101, 501, 10, .id = 7}, {301, 'c', ACK, 101, 501, 10, .id = 8} } },
    { "acknowledged and never seen: missed",
      "S1 ShAaG server=100000 client=50000 >stream=500 >missed=500",
      { OPENED, {400, 's', ACK, 501, 601, 0} } },
    { "a hole that is acknowledged was missed",
      "S1 ShADaG server=100000 client=50000 >stream=30 >missed=10 >rtt=1/200000/200000",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {310, 'c', ACK, 121, 501, 10}, {500, 's', ACK, 501, 131, 0} } },
    { "holes that span all numbers twice may both be split by one segment",
      "S1 ShAD server=100000 client=50000 >stream=6442450984 >ooo=2",
      { OPENED, {300, 'c', ACK, 0x60000065, 501, 10}, {310, 'c', ACK, 0xc000006f, 501, 10}, {320, 'c', ACK, 0x20000079, 501, 10},
        {330, 'c', ACK, 0x80000083, 501, 10}, {340, 'c', ACK, 0x30000000, 501, 10}, {350, 'c', ACK, 0x30000010, 501, 10} } },
    { "a keep-alive is no retransmission",
      "S1 ShADa server=100000 client=50000 >stream=10 >keep=2 >rtt=1/100000/100000",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {400, 's', ACK, 501, 111, 0}, {9000300, 'c', ACK, 110, 501, 0},
        {9000400, 's', ACK, 501, 111, 0}, {18000300, 'c', ACK, 110, 501, 1} } },
    { "a probe of a closed window is no data, and its byte is not missed when it is acknowledged",
      "S1 ShADawd server=100000 client=50000 response=1600000 >stream=11 <stream=5 >probe=2 <zero=2 >rtt=1/100000/100000 <unacked=5",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {400, 's', ACK, 501, 111, 0, .window = 1}, {500, 'c', ACK, 111, 501, 1},
        {600, 's', ACK, 501, 111, 0, .window = 1}, {900, 'c', ACK, 111, 501, 1}, {1000, 's', ACK, 501, 112, 0}, {1900, 's', ACK, 501, 112, 5} } },
    { "a segment up to the edge of the window fills it",
      "S1 ShAaD server=100000 client=50000 >stream=1000 >full=1 >unacked=1000",
      { OPENED, {200, 's', ACK, 501, 101, 0}, {300, 'c', ACK, 101, 501, 600}, {310, 'c', ACK, 701, 501, 400} } },
    { "numbers wrap",
      "S1 ShADa server=100000 client=50000 >stream=30 >rtt=1/100000/100000",
      { {1, 'c', SYN, 0xfffffff0, 0, 0}, {101, 's', SYN | ACK, 0xffffffff, 0xfffffff1, 0}, {151, 'c', ACK, 0xfffffff1, 0, 0},
        {300, 'c', ACK, 0xfffffff1, 0, 30}, {400, 's', ACK, 0, 15, 0} } },
    { "Karn's rule: no round trip of what was sent twice",
      "S1 ShADTa server=100000 client=50000 >stream=10 >retx=1 >retx_bytes=10",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {300300, 'c', ACK, 101, 501, 10}, {300400, 's', ACK, 501, 111, 0} } },
    { "but with time stamps one of the second copy",
      "S1 ShADTa server=100000 client=50000 >stream=10 >retx=1 >retx_bytes=10 >rtt=1/100000/100000",
      { OPENED, {300, 'c', ACK, 101, 501, 10, .tsval = 5, .tsecr = 1}, {300300, 'c', ACK, 101, 501, 10, .tsval = 305, .tsecr = 1},
        {300400, 's', ACK, 501, 111, 0, .tsval = 1, .tsecr = 305} } },
    { "an acknowledgement that echoes the first copy's time says that the second was spurious",
      "S1 ShADTa server=100000 client=50000 >stream=10 >retx=1 >retx_bytes=10 >spurious=1",
      { OPENED, {300, 'c', ACK, 101, 501, 10, .tsval = 5, .tsecr = 1}, {300300, 'c', ACK, 101, 501, 10, .tsval = 305, .tsecr = 1},
        {300400, 's', ACK, 501, 111, 0, .tsval = 1, .tsecr = 5} } },
    { "so does a DSACK",
      "S1 ShADTa server=100000 client=50000 >stream=10 >retx=1 >retx_bytes=10 >spurious=1",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {300300, 'c', ACK, 101, 501, 10}, {300400, 's', ACK, 501, 111, 0, .sack = {101, 111}} } },
    { "midstream, both sides",
      "OTH Da >stream=10",
      { {300, 'c', ACK, 101, 501, 10}, {400, 's', ACK, 501, 111, 0} } },
    { "one direction of a whole conversation",
      "SH SADF >stream=10",
      { {1, 'c', SYN, 100, 0, 0}, {151, 'c', ACK, 101, 501, 0}, {200, 'c', ACK, 101, 501, 10}, {500, 'c', FIN | ACK, 111, 900, 0} } },
    { "ECN is negotiated, and its marks are counted",
      "S1 ShADad server=100000 client=50000 response=50000 ecn >stream=10 <stream=10 >cwr=1 <ece=1 >rtt=1/50000/50000 <unacked=10",
      { {1, 'c', SYN | ECE | CWR, 100, 0, 0}, {101, 's', SYN | ACK | ECE, 500, 101, 0}, {151, 'c', ACK, 101, 501, 0},
        {200, 'c', ACK | CWR, 101, 501, 10}, {250, 's', ACK | ECE, 501, 111, 0}, {250, 's', ACK, 501, 111, 10} } },
    { "nothing follows a FIN",
      "S2 ShADF server=100000 client=50000 >stream=10 >unacked=11",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {301, 'c', FIN | ACK, 111, 501, 0}, {302, 'c', ACK, 112, 501, 10} } },
    { "a SYN with other numbers before any data begins the side anew",
      "S1 SShA server=100000 client=50000",
      { {1, 'c', SYN, 700, 0, 0}, {51, 'c', SYN, 100, 0, 0}, {151, 's', SYN | ACK, 500, 101, 0}, {201, 'c', ACK, 101, 501, 0} } },
    { "a SYN amid data is a challenge: a letter and no more",
      "S1 ShADS server=100000 client=50000 >stream=10 >unacked=10",
      { OPENED, {300, 'c', ACK, 101, 501, 10}, {400, 'c', SYN, 9000, 0, 0} } },
    { "FIN and RST in one, SYN and FIN in one",
      "RSTOS0 QI",
      { {1, 'c', SYN | FIN, 100, 0, 0}, {2, 'c', FIN | RST, 100, 0, 0} } },
};
/* clang-format on */

static void
put(char **at, const char *name, uint64_t n)
{
    if (n)
        *at += sprintf(*at, " %s=%llu", name, (unsigned long long)n);
}

static void
put2(char **at, const char *name, uint64_t client, uint64_t server)
{
    char full[32];

    sprintf(full, ">%s", name);
    put(at, full, client);
    *full = '<';
    put(at, full, server);
}

static void
spell(const struct pavo_record *r, char *at)
{
    static const char *const states[] = {"OTH",  "S0",   "S1",     "SF",    "REJ", "S2", "S3",
                                         "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH",  "SHR"};
    const struct pavo_record_tcp *t = &r->tcp;

    at += sprintf(at, "%s %s", states[r->connState], r->history);
    put(&at, "server", t->handshakeServer_ns);
    put(&at, "client", t->handshakeClient_ns);
    put(&at, "response", t->response_ns);
    if (t->ecnNegotiated)
        at += sprintf(at, " ecn");
    put2(&at, "stream", t->streamOctets[0], t->streamOctets[1]);
    put2(&at, "retx", t->retransmittedPackets[0], t->retransmittedPackets[1]);
    put2(&at, "retx_bytes", t->retransmittedOctets[0], t->retransmittedOctets[1]);
    put2(&at, "fast", t->fastRetransmits[0], t->fastRetransmits[1]);
    put2(&at, "spurious", t->spuriousRetransmits[0], t->spuriousRetransmits[1]);
    put2(&at, "ooo", t->outOfOrderPackets[0], t->outOfOrderPackets[1]);
    put2(&at, "dup", t->duplicatePackets[0], t->duplicatePackets[1]);
    put2(&at, "missed", t->missedOctets[0], t->missedOctets[1]);
    put2(&at, "keep", t->keepAlives[0], t->keepAlives[1]);
    put2(&at, "probe", t->windowProbes[0], t->windowProbes[1]);
    put2(&at, "zero", t->zeroWindows[0], t->zeroWindows[1]);
    put2(&at, "full", t->windowFull[0], t->windowFull[1]);
    put2(&at, "cwr", t->cwrSegments[0], t->cwrSegments[1]);
    put2(&at, "ece", t->eceSegments[0], t->eceSegments[1]);
    for (unsigned d = 0; d < 2 && (r->parts & PAVO_PART_RTT); d++)
        if (t->rttSamples[d])
            at += sprintf(at, " %crtt=%u/%u/%u", "><"[d], t -> rttSamples[d], t -> rttMin_ns[d],
                          t -> rttMax_ns[d]);
    put2(&at, "unacked", t->unackedOctets[0], t->unackedOctets[1]);
    put2(&at, "dupacks", t->duplicateAcks[0], t->duplicateAcks[1]);
}

static void
numbers_case(void **state)
{
    const struct numbers_case *c = *state;
    const struct pavo_shard_config cfg = ft_config(64, NULL);
    char text[512];
    struct ft t;

    ft_open(&t, &cfg, 64);
    for (const struct segment *s = c->segment; s->us; s++) {
        const bool client = s->from == 'c';
        struct pavo_packet p;

        p_tcp(&p, T0 + s->us * (uint64_t)1000, client ? C : S, client ? 40000 : 8, client ? S : C,
              client ? 8 : 40000, s->flags, s->seq, s->ack, s->payload);
        p.at.tcp_window = s->window == 1 ? 0 : s->window ? s->window : 1000;
        p.at.has_ip_id = s->id != 0;
        p.at.ip_id = s->id;
        if (s->tsval) {
            p.at.has_tcp_opt |= PAVO_TCP_OPT_TS;
            p.at.tcp_tsval = s->tsval;
            p.at.tcp_tsecr = s->tsecr;
        }
        if (s->sack[1]) {
            p.at.has_tcp_opt |= PAVO_TCP_OPT_SACK;
            p.at.n_sack = 1;
            memcpy(p.at.tcp_sack, s->sack, sizeof s->sack);
        }
        ft_put(&t, &p);
    }
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 1);
    assert_true(t.got[0].parts & PAVO_PART_TCP);
    spell(&t.got[0], text);
    assert_string_equal(text, c->text);
    ft_close(&t);
}

int
main(void)
{
    struct CMUnitTest tests[LENGTH(cases)];

    for (size_t i = 0; i < LENGTH(cases); i++)
        tests[i] = (struct CMUnitTest){.name = cases[i].says,
                                       .test_func = numbers_case,
                                       .initial_state = (void *)(uintptr_t)&cases[i]};
    return _cmocka_run_group_tests("tcp_seq", tests, LENGTH(cases), NULL, NULL);
}
