/* shard.c - rules of time, records, initiator, ICMP marks, encapsulation, full rings: each as a
 * small story */
#include "flow_t.h"

enum {
    A = 0x0a000001, /* 10.0.0.1 */
    B = 0x0a000002,
    R = 0x0a0000fe, /* a router */
};

static struct pavo_packet pkt;

static struct ft
started(uint32_t limit, uint32_t slots)
{
    struct pavo_shard_config cfg = ft_config(limit, NULL);
    struct ft t;

    ft_open(&t, &cfg, slots);
    return t;
}

static void
both_directions_are_one_flow(void **state)
{
    struct ft t = started(16, 16);
    const struct pavo_record *r;

    p_udp(&pkt, AT_MS(0), B, 40000, A, 53);
    pkt.at.ttl = 60;
    pkt.at.tos = 8;
    ft_put(&t, &pkt);
    p_udp(&pkt, AT_MS(10), A, 53, B, 40000);
    pkt.at.l3_len = 500;
    pkt.at.payload_len = 472;
    ft_put(&t, &pkt);
    p_udp(&pkt, AT_MS(20), B, 40000, A, 53);
    pkt.at.ttl = 61;
    ft_put(&t, &pkt);
    assert_int_equal(t.n_got, 0);
    ft_flush(&t, 0, PAVO_DETAIL_CAPTURE_END);
    assert_int_equal(t.n_got, 1);
    r = &t.got[0];
    assert_int_equal(r->kind, PAVO_KIND_IP4);
    assert_int_equal(r->protocolIdentifier, 17);
    assert_int_equal(r->flowEndReason, PAVO_END_FORCED);
    assert_int_equal(r->endDetail, PAVO_DETAIL_CAPTURE_END);
    assert_int_equal(r->flowFinal, 1);
    assert_int_equal(r->flowSequence, 1);
    assert_int_equal(r->hasPorts, 1);
    assert_int_equal(r->sourceTransportPort, 40000);
    assert_int_equal(r->destinationTransportPort, 53);
    assert_int_equal(r->sourceAddress[3], 2);
    assert_int_equal(r->destinationAddress[3], 1);
    assert_int_equal(r->packetDeltaCount[0], 2);
    assert_int_equal(r->packetDeltaCount[1], 1);
    assert_int_equal(r->octetDeltaCount[0], 200);
    assert_int_equal(r->octetDeltaCount[1], 500);
    assert_int_equal(r->payloadOctets[0], 120);
    assert_int_equal(r->payloadOctets[1], 472);
    assert_int_equal(r->minimumTTL[0], 60);
    assert_int_equal(r->maximumTTL[0], 61);
    assert_int_equal(r->minimumTTL[1], 64);
    assert_int_equal(r->ipClassOfService[0], 8);
    assert_true(r->flowStartNanoseconds == AT_MS(0));
    assert_true(r->flowEndNanoseconds == AT_MS(20));
    assert_true(r->flowId != 0);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->packets), 3);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->octets), 700);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->record_packets), 3);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->record_octets), 700);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->flows_made), 1);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->flows_ended), 1);
    ft_close(&t);
}

static void
a_packet_at_the_idle_time_joins_and_one_later_opens(void **state)
{
    struct ft t = started(16, 16);

    ft_put(&t, p_udp(&pkt, AT_MS(0), A, 1, B, 2));
    ft_put(&t, p_udp(&pkt, AT_MS(10000), A, 1, B, 2));
    pkt.ts_ns = pkt.now_ns = AT_MS(40000);
    ft_put(&t, &pkt);
    assert_int_equal(t.n_got, 0);
    ft_put(&t, p_udp(&pkt, AT_MS(100000) + 1, A, 1, B, 2)); /* 60 s and 1 ns after */
    assert_int_equal(t.n_got, 1);
    assert_int_equal(t.got[0].flowEndReason, PAVO_END_IDLE);
    assert_int_equal(t.got[0].endDetail, PAVO_DETAIL_IDLE);
    assert_int_equal(t.got[0].packetDeltaCount[0], 3);
    assert_true(t.got[0].flowEndNanoseconds == AT_MS(40000));
    ft_flush(&t, 0, PAVO_DETAIL_CAPTURE_END);
    assert_int_equal(t.n_got, 2);
    assert_int_equal(t.got[1].flowSequence, 1);
    assert_true(t.got[0].flowId != t.got[1].flowId);
    assert_true(t.got[1].flowStartNanoseconds == AT_MS(100000) + 1);

    t.n_got = 0;
    ft_put(&t, p_udp(&pkt, AT_MS(200000), A, 1, B, 2));
    ft_put(&t, p_udp(&pkt, AT_MS(260000) - 1, A, 1, B, 2));
    ft_put(&t, p_udp(&pkt, AT_MS(320000) - 1, A, 1, B,
                     2)); /* 60 s after: not later; but the interval is over */
    assert_int_equal(t.n_got, 1);
    assert_int_equal(t.got[0].flowEndReason, PAVO_END_ACTIVE);
    ft_close(&t);
}

static void
intervals_are_cut_by_packets_and_add_up(void **state)
{
    struct ft t = started(16, 16);

    for (unsigned i = 0; i <= 130; i++) {
        p_udp(&pkt, AT_MS(1000 * i), i % 2 ? B : A, i % 2 ? 2 : 1, i % 2 ? A : B, i % 2 ? 1 : 2);
        pkt.at.ttl = (uint8_t)(i + 1);
        ft_put(&t, &pkt);
    }
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct pavo_record *r = &t.got[i];

        assert_int_equal(r->flowSequence, i + 1);
        assert_int_equal(r->flowFinal, i == 2);
        assert_int_equal(r->flowEndReason, i == 2 ? PAVO_END_FORCED : PAVO_END_ACTIVE);
        assert_int_equal(r->endDetail, i == 2 ? PAVO_DETAIL_STOPPED : PAVO_DETAIL_ACTIVE);
        assert_true(r->flowId == t.got[0].flowId);
        assert_true(r->flowStartNanoseconds == AT_MS(60000 * i));
        assert_int_equal(r->packetDeltaCount[0] + r->packetDeltaCount[1], i == 2 ? 11 : 60);
        assert_int_equal(r->packetTotalCount[0] + r->packetTotalCount[1],
                         i == 2 ? 131 : 60 * i + 60);
        assert_int_equal(r->octetTotalCount[0], 100 * r->packetTotalCount[0]);
        assert_int_equal(r->minimumTTL[0], 60 * i + 1);
        assert_int_equal(r->maximumTTL[1], i == 2 ? 130 : 60 * i + 60);
    }
    ft_close(&t);
}

static void
the_sweep_waits_for_idle_and_grace(void **state)
{
    struct ft t = started(16, 16);

    ft_put(&t, p_icmp(&pkt, AT_MS(0), A, B, 8, 0, 7)); /* idle 10 s, grace 1 s */
    for (unsigned ms = 0; ms <= 11000; ms += 500) {
        pavo_shard_clock(t.s, AT_MS(ms));
        assert_int_equal(pavo_shard_sweep(t.s, 100), 0);
    }
    pavo_shard_clock(t.s, AT_MS(13500)); /* a pass of the sweep later at most */
    assert_int_equal(pavo_shard_sweep(t.s, 100), 1);
    ft_drain(&t);
    assert_int_equal(t.n_got, 1);
    assert_int_equal(t.got[0].flowEndReason, PAVO_END_IDLE);
    assert_true(t.got[0].flowEndNanoseconds == AT_MS(0));
    ft_close(&t);
}

/* A flow that TCP closed is due much earlier than it seemed to be before. */
static void
the_sweep_notices_a_close_within_a_pass(void **state)
{
    struct ft t = started(16, 16);

    pavo_shard_clock(t.s, AT_MS(0));
    assert_int_equal(pavo_shard_sweep(t.s, 100), 0); /* the pass begins where the clock is */
    ft_put(&t, p_tcp(&pkt, AT_MS(0), A, 40000, B, 80, ACK, 1, 1, 0)); /* idle after 300 s */
    ft_put(&t, p_tcp(&pkt, AT_MS(1000), A, 40000, B, 80, RST, 1, 1, 0));
    for (unsigned ms = 1000; ms <= 7000; ms += 500) {
        pavo_shard_clock(t.s, AT_MS(ms));
        assert_int_equal(pavo_shard_sweep(t.s, 100), 0);
    }
    for (unsigned ms = 7500; ms <= 17500; ms += 500) { /* linger 5 s, grace 1 s, a pass */
        pavo_shard_clock(t.s, AT_MS(ms));
        pavo_shard_sweep(t.s, 100);
    }
    ft_drain(&t);
    assert_int_equal(t.n_got, 1);
    assert_int_equal(t.got[0].endDetail, PAVO_DETAIL_TCP_RESET);
    ft_close(&t);
}

static void
the_sweep_keeps_to_its_budget_and_loses_nobody(void **state)
{
    struct ft t = started(1000, 1024);
    unsigned exported = 0, calls = 0;

    for (unsigned i = 0; i < 1000; i++)
        ft_put(&t, p_udp(&pkt, AT_MS(i), A, (uint16_t)i, B, 2));
    pavo_shard_clock(t.s, T0 + 100000 * SEC); /* a step over many passes */
    for (; exported < 1000 && calls < 1000; calls++) {
        const unsigned n = pavo_shard_sweep(t.s, 10);

        assert_in_range(n, 0, 10);
        exported += n;
    }
    assert_int_equal(exported, 1000);
    assert_in_range(calls, 100, 110);
    assert_int_equal(pavo_shard_sweep(t.s, 10), 0);
    assert_true(pavo_shard_flush(t.s, PAVO_DETAIL_STOPPED));
    ft_drain(&t);
    assert_int_equal(t.n_got, 1000);
    ft_close(&t);
}

static void
flush_tells_idle_from_live(void **state)
{
    struct ft t = started(16, 16);

    ft_put(&t, p_udp(&pkt, AT_MS(0), A, 1, B, 2));
    ft_put(&t, p_udp(&pkt, AT_MS(1), A, 3, B, 2));
    ft_flush(&t, AT_MS(60000) + 1, PAVO_DETAIL_CLOCK_JUMP);
    assert_int_equal(t.n_got, 2);
    for (unsigned i = 0; i < 2; i++) {
        const bool first = t.got[i].flowStartNanoseconds == AT_MS(0);

        assert_int_equal(t.got[i].flowEndReason, first ? PAVO_END_IDLE : PAVO_END_FORCED);
        assert_int_equal(t.got[i].endDetail, first ? PAVO_DETAIL_IDLE : PAVO_DETAIL_CLOCK_JUMP);
    }
    /* After a flush, an earlier time is as good as any. */
    ft_put(&t, p_udp(&pkt, AT_MS(0) - 3600 * SEC, A, 1, B, 2));
    assert_int_equal(pavo_shard_sweep(t.s, 100), 0);
    pavo_shard_clock(t.s, AT_MS(0) - 3500 * SEC);
    assert_int_equal(pavo_shard_sweep(t.s, 100), 1);
    ft_close(&t);
}

static void
late_packets_keep_their_own_time_in_records(void **state)
{
    struct ft t = started(16, 16);

    ft_put(&t, p_udp(&pkt, AT_MS(50000), A, 1, B, 2));
    p_udp(&pkt, AT_MS(30000), A, 1, B, 2);
    pkt.now_ns = AT_MS(49500); /* seen by rules at now - grace */
    ft_put(&t, &pkt);
    /* The rules' last time is 50 s, not 30 s. */
    ft_put(&t, p_udp(&pkt, AT_MS(109999), A, 1, B, 2));
    assert_int_equal(t.n_got, 0);
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 1);
    assert_true(t.got[0].flowStartNanoseconds == AT_MS(30000));
    assert_true(t.got[0].flowEndNanoseconds == AT_MS(109999));

    t.n_got = 0; /* alone: the end is its own time stamp, but it is idle by the rule's */
    p_udp(&pkt, AT_MS(200000), A, 1, B, 2);
    pkt.now_ns = AT_MS(230000);
    ft_put(&t, &pkt);
    ft_put(&t, p_udp(&pkt, AT_MS(289999), A, 1, B, 2));
    assert_int_equal(t.n_got, 0);
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_true(t.got[0].flowStartNanoseconds == AT_MS(200000));
    ft_close(&t);
}

/* ---- initiator ---- */

static const struct initiator_case {
    const char *says;
    struct {
        uint8_t proto;
        bool from_b;
        uint16_t sport, dport, flags;
        uint8_t icmp_type;
    } step[3];
    unsigned n;
    enum pavo_basis basis;
    bool b; /* 10.0.0.2 is the initiator */
} initiators[] = {
    {.says = "who sends a SYN began",
     .step = {{6, true, 50000, 60000, SYN, 0}},
     .n = 1,
     .basis = PAVO_BASIS_SYN,
     .b = true},
    {.says = "who gets a SYN+ACK began",
     .step = {{6, true, 50000, 60000, SYN | ACK, 0}},
     .n = 1,
     .basis = PAVO_BASIS_SYNACK,
     .b = false},
    {.says = "a SYN outranks the known port",
     .step = {{6, false, 80, 60000, SYN, 0}},
     .n = 1,
     .basis = PAVO_BASIS_SYN,
     .b = false},
    {.says = "a SYN seen later turns the flow",
     .step = {{6, true, 50000, 60000, ACK, 0}, {6, false, 60000, 50000, SYN, 0}},
     .n = 2,
     .basis = PAVO_BASIS_SYN,
     .b = false},
    {.says = "a SYN+ACK after a SYN changes nothing",
     .step = {{6, true, 50000, 60000, SYN, 0}, {6, true, 50000, 60000, SYN | ACK, 0}},
     .n = 2,
     .basis = PAVO_BASIS_SYN,
     .b = true},
    {.says = "the side without the known port began",
     .step = {{17, true, 53, 60000, 0, 0}},
     .n = 1,
     .basis = PAVO_BASIS_KNOWN_PORT,
     .b = false},
    {.says = "registered ports above 1023 count as known",
     .step = {{6, false, 5432, 60000, ACK, 0}},
     .n = 1,
     .basis = PAVO_BASIS_KNOWN_PORT,
     .b = true},
    {.says = "two known ports say nothing",
     .step = {{17, true, 53, 123, 0, 0}},
     .n = 1,
     .basis = PAVO_BASIS_FIRST_PACKET,
     .b = true},
    {.says = "no known port: the first packet's sender",
     .step = {{17, true, 40000, 50000, 0, 0}},
     .n = 1,
     .basis = PAVO_BASIS_FIRST_PACKET,
     .b = true},
    {.says = "who sends an echo request began",
     .step = {{1, true, 0, 0, 0, 8}},
     .n = 1,
     .basis = PAVO_BASIS_ICMP_REQUEST,
     .b = true},
    {.says = "who gets an echo reply began",
     .step = {{1, true, 0, 0, 0, 0}},
     .n = 1,
     .basis = PAVO_BASIS_ICMP_REQUEST,
     .b = false},
};

static void
initiator_case(void **state)
{
    const struct initiator_case *c = *state;
    struct ft t = started(16, 16);

    for (unsigned i = 0; i < c->n; i++) {
        const uint32_t src = c->step[i].from_b ? B : A, dst = c->step[i].from_b ? A : B;

        if (c->step[i].proto == 1)
            p_icmp(&pkt, AT_MS(i), src, dst, c->step[i].icmp_type, 0, 9);
        else
            p_ports(&pkt, AT_MS(i), c->step[i].proto, src, c->step[i].sport, dst, c->step[i].dport);
        pkt.at.has_tcp = c->step[i].proto == 6;
        pkt.at.tcp_flags = c->step[i].flags;
        ft_put(&t, &pkt);
    }
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 1);
    assert_int_equal(t.got[0].initiatorBasis, c->basis);
    assert_int_equal(t.got[0].biflowDirection, c->basis != PAVO_BASIS_FIRST_PACKET);
    assert_int_equal(t.got[0].sourceAddress[3], c->b ? 2 : 1);
    assert_int_equal(t.got[0].packetDeltaCount[0] + t.got[0].packetDeltaCount[1], c->n);
    assert_int_equal(t.got[0].packetDeltaCount[0] != 0, c->step[0].from_b == c->b || c->n == 2);
    ft_close(&t);
}

static void
after_its_first_record_a_flow_is_not_turned(void **state)
{
    struct ft t = started(16, 16);

    ft_put(&t, p_tcp(&pkt, AT_MS(0), A, 50000, B, 60000, ACK, 1, 1, 0));
    ft_put(&t, p_tcp(&pkt, AT_MS(60000), B, 60000, A, 50000, SYN, 9, 0, 0));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 2);
    assert_int_equal(t.got[1].initiatorBasis, PAVO_BASIS_FIRST_PACKET);
    assert_int_equal(t.got[1].sourceAddress[3], 1);
    assert_int_equal(t.got[1].packetDeltaCount[0], 0);
    assert_int_equal(t.got[1].packetDeltaCount[1], 1);
    ft_close(&t);
}

static void
arp_request_and_reply_are_one_flow(void **state)
{
    struct ft t = started(16, 16);

    p_ip4(&pkt, AT_MS(0), 0, B, A);
    pkt.at.kind = PAVO_KIND_ARP;
    pkt.at.ttl = 0;
    pkt.at.ethertype = 0x0806;
    pkt.at.arp_op = 2;
    ft_put(&t, p_key(&pkt));
    p_ip4(&pkt, AT_MS(1), 0, A, B);
    pkt.at.kind = PAVO_KIND_ARP;
    pkt.at.ttl = 0;
    pkt.at.ethertype = 0x0806;
    pkt.at.arp_op = 1;
    ft_put(&t, p_key(&pkt));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 1);
    assert_int_equal(t.got[0].kind, PAVO_KIND_ARP);
    assert_int_equal(t.got[0].protocolIdentifier, 0);
    assert_int_equal(t.got[0].initiatorBasis, PAVO_BASIS_ARP_REQUEST);
    assert_int_equal(t.got[0].sourceAddress[3], 1); /* who asked, though the reply came first */
    assert_int_equal(t.got[0].arpOperation, 2);
    ft_close(&t);
}

static void
link_flows_have_macs_and_an_ethertype(void **state)
{
    struct ft t = started(16, 16);

    memset(&pkt, 0, sizeof pkt);
    pkt.ts_ns = pkt.now_ns = AT_MS(0);
    pkt.at.kind = PAVO_KIND_LINK;
    pkt.at.has_mac = 1;
    memcpy(pkt.at.src_mac, "\2\0\0\0\0\7", 6);
    memcpy(pkt.at.dst_mac, "\1\x80\xc2\0\0\x0e", 6);
    pkt.at.ethertype = 0x88cc;
    pkt.at.named = PAVO_NAME_LLDP;
    pkt.at.spi = 0x10001;
    pkt.at.l3_len = 60;
    ft_put(&t, p_key(&pkt));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 1);
    assert_int_equal(t.got[0].hasMac, 1);
    assert_int_equal(t.got[0].ethernetType, 0x88cc);
    assert_int_equal(t.got[0].protocolName, PAVO_NAME_LLDP);
    assert_int_equal(t.got[0].securityParameterIndex, 0x10001);
    assert_memory_equal(t.got[0].sourceMacAddress, "\2\0\0\0\0\7", 6);
    assert_memory_equal(t.got[0].destinationMacAddress, "\1\x80\xc2\0\0\x0e", 6);
    assert_int_equal(t.got[0].sourceAddress[0], 0);
    ft_close(&t);
}

static void
the_first_name_stays(void **state)
{
    struct ft t = started(16, 16);

    p_udp(&pkt, AT_MS(0), A, 1000, B, 2000);
    ft_put(&t, &pkt);
    p_udp(&pkt, AT_MS(1), B, 2000, A, 1000);
    pkt.at.named = PAVO_NAME_LLDP;
    ft_put(&t, &pkt);
    p_udp(&pkt, AT_MS(2), A, 1000, B, 2000);
    pkt.at.named = PAVO_NAME_LLDP + 1;
    ft_put(&t, &pkt);
    p_udp(&pkt, AT_MS(70000), A, 1000, B, 2000); /* the flow has ended: a new one has no name */
    ft_put(&t, &pkt);
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 2);
    assert_int_equal(t.got[0].packetDeltaCount[0] + t.got[0].packetDeltaCount[1], 3);
    assert_int_equal(t.got[0].protocolName, PAVO_NAME_LLDP);
    assert_int_equal(t.got[1].protocolName, 0);
    ft_close(&t);
}

/* ---- ICMP errors ---- */

static void
an_icmp_error_is_a_flow_and_marks_the_one_it_quotes(void **state)
{
    struct ft t = started(16, 16);
    struct pavo_packet error;

    ft_put(&t, p_udp(&pkt, AT_MS(0), A, 1000, B, 33434));
    p_icmp(&error, AT_MS(5), R, A, 11, 0, 0);
    ft_put(&t, p_quote(&error, &pkt));
    assert_int_equal(error.owner_hash, pkt.owner_hash);
    p_icmp(&error, AT_MS(6), B, A, 3, 3, 0);
    ft_put(&t, p_quote(&error, &pkt));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct pavo_record *r = &t.got[i];

        if (r->protocolIdentifier == 17) {
            assert_int_equal(r->icmpErrorCount, 2);
            assert_int_equal(r->icmpErrorType, 3);
            assert_int_equal(r->icmpErrorCode, 3);
            assert_true(r->flowEndNanoseconds == AT_MS(0)); /* a mark is no packet */
            assert_int_equal(r->hasIcmp, 0);
        } else {
            assert_int_equal(r->hasIcmp, 1);
            assert_int_equal(r->icmpType, r->sourceAddress[3] == 2 ? 3 : 11);
            assert_int_equal(r->quote.kind, PAVO_KIND_IP4);
            assert_int_equal(r->quote.dst_port, 33434);
            assert_int_equal(r->icmpErrorCount, 0);
        }
    }
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->icmp_errors), 2);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->icmp_strays), 0);
    ft_close(&t);
}

static void
marks_need_the_same_tenant_and_a_live_flow(void **state)
{
    struct ft t = started(16, 16);
    struct pavo_packet error;

    p_udp(&pkt, AT_MS(0), A, 1000, B, 33434);
    pkt.at.n_layers = 1;
    pkt.at.layers[0] = (struct pavo_layer){.type = PAVO_CARRIER_VLAN, .id = 7};
    ft_put(&t, p_key(&pkt));
    p_icmp(&error, AT_MS(5), R, A, 11, 0, 0); /* not in VLAN 7 */
    ft_put(&t, p_quote(&error, &pkt));
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->icmp_strays), 1);
    p_icmp(&error, AT_MS(60000), R, A, 11, 0, 0);
    error.at.n_layers = 1;
    error.at.layers[0] = pkt.at.layers[0];
    ft_put(&t, p_quote(&error, &pkt));
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->icmp_errors), 1);
    error.ts_ns = error.now_ns = AT_MS(60000) + 1; /* overdue, though still in the table */
    ft_put(&t, &error);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->icmp_strays), 2);
    p_icmp(&error, AT_MS(60001), R, A, 11, 0, 0); /* quotes nothing usable */
    ft_put(&t, &error);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->icmp_strays), 3);
    ft_close(&t);
}

static void
an_error_about_a_ping_marks_the_ping(void **state)
{
    struct ft t = started(16, 16);
    struct pavo_packet error;

    ft_put(&t, p_icmp(&pkt, AT_MS(0), A, B, 8, 0, 77));
    p_icmp(&error, AT_MS(5), R, A, 3, 1, 0);
    ft_put(&t, p_quote(&error, &pkt));
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->icmp_errors), 1);
    assert_int_equal(error.owner_hash, pkt.owner_hash);
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    for (unsigned i = 0; i < 2; i++) {
        if (t.got[i].icmpErrorCount) {
            assert_int_equal(t.got[i].icmpType, 8);
            assert_int_equal(t.got[i].icmpIdentifier, 77);
        }
    }
    ft_close(&t);
}

/* ---- encapsulation ---- */

static void
the_list_of_layers_is_turned_with_the_flow(void **state)
{
    struct ft t = started(16, 16);
    const struct pavo_record *r;

    p_tcp(&pkt, AT_MS(0), B, 80, A, 50000, SYN | ACK, 1, 1, 0);
    pkt.at.n_layers = 3;
    pkt.at.layers[0] = (struct pavo_layer){.type = PAVO_CARRIER_VLAN, .id = 5};
    pkt.at.layers[2] = (struct pavo_layer){.type = PAVO_CARRIER_PPPOE,
                                           .ip_version = PAVO_LAYER_MAC,
                                           .src = {2, 0, 0, 0, 0, 1},
                                           .dst = {2, 0, 0, 0, 0, 2}};
    pkt.at.layers[1] = (struct pavo_layer){.type = PAVO_CARRIER_VXLAN,
                                           .ip_version = 4,
                                           .id = 5001,
                                           .src_port = 54321,
                                           .dst_port = 4789,
                                           .src = {192, 0, 2, 1},
                                           .dst = {192, 0, 2, 2}};
    ft_put(&t, p_key(&pkt));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    r = &t.got[0];
    assert_int_equal(r->sourceAddress[3], 1);
    assert_int_equal(r->n_encap, 3);
    assert_int_equal(r->encapLost, 0);
    assert_int_equal(r->encap[0].id, 5);
    assert_int_equal(r->encap[1].id, 5001);
    assert_int_equal(r->encap[1].src[3], 2);
    assert_int_equal(r->encap[1].dst[3], 1);
    assert_int_equal(r->encap[1].src_port, 4789);
    assert_int_equal(r->encap[1].dst_port, 54321);
    assert_int_equal(r->encap[2].ip_version, PAVO_LAYER_MAC);
    assert_int_equal(r->encap[2].src[5], 2);
    assert_int_equal(r->encap[2].dst[5], 1);
    ft_close(&t);
}

static void
a_full_table_of_layers_is_told(void **state)
{
    struct pavo_shard_config cfg = ft_config(16, NULL);
    struct ft t;

    cfg.encap_limit = 2;
    ft_open(&t, &cfg, 16);
    for (unsigned i = 0; i < 4; i++) {
        p_udp(&pkt, AT_MS(i), A, 1, B, 2);
        pkt.at.n_layers = 1;
        pkt.at.layers[0] = (struct pavo_layer){.type = PAVO_CARRIER_VLAN, .id = i + 1};
        ft_put(&t, p_key(&pkt));
    }
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->encap_full), 2);
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(t.got[i].n_encap + t.got[i].encapLost, 1);
    t.n_got = 0; /* given back with the flows */
    ft_put(&t, &pkt);
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.got[0].n_encap, 1);
    ft_close(&t);
}

/* ---- full rings ---- */

static void
a_full_ring_keeps_ended_flows(void **state)
{
    struct ft t = started(64, 2);
    struct pavo_packet *one = &pkt;

    for (unsigned round = 0; round < 5; round++) { /* each round ends four flows by idle time */
        for (unsigned i = 0; i < 4; i++) {
            p_udp(&pkt, AT_MS(100000 * round), A, (uint16_t)(i + 1), B, 2);
            pavo_shard_burst(t.s, &one, 1);
        }
    }
    assert_int_equal(pavo_shard_backlog(t.s), 14);
    assert_true(ft_stat(&pavo_shard_stats(t.s)->ring_full) > 0);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->dropped_records), 0);
    assert_false(pavo_shard_flush(t.s, PAVO_DETAIL_STOPPED));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(pavo_shard_backlog(t.s), 0);
    assert_int_equal(t.n_got, 20);
    for (unsigned i = 1; i < 16; i++) /* those that ended by packets leave in order */
        assert_true(t.got[i].flowEndNanoseconds >= t.got[i - 1].flowEndNanoseconds);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->record_packets), 20);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->flows_ended), 20);
    ft_close(&t);
}

static void
without_any_room_records_are_dropped_and_counted(void **state)
{
    struct ft t = started(4, 1);
    struct pavo_packet *one = &pkt;
    const struct pavo_shard_stats *st = pavo_shard_stats(t.s);

    for (unsigned i = 0; i < 200; i++) {
        p_udp(&pkt, AT_MS(i), A, (uint16_t)(i + 1), B, 2);
        pavo_shard_burst(t.s, &one, 1);
        assert_int_equal(ft_stat(&st->packets), i + 1);
        assert_in_range(ft_stat(&st->flows_made) - ft_stat(&st->flows_ended), 1, 4);
    }
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(ft_stat(&st->records), t.n_got);
    assert_int_equal(ft_stat(&st->dropped_records) + t.n_got, 200);
    assert_int_equal(ft_stat(&st->record_packets) + ft_stat(&st->dropped_packets), 200);
    assert_int_equal(ft_stat(&st->flows_made), ft_stat(&st->flows_ended));
    ft_close(&t);
}

static void
when_all_flows_wait_for_room_the_oldest_record_goes(void **state)
{
    struct ft t = started(2, 1);
    struct pavo_packet *one = &pkt;
    const struct pavo_shard_stats *st = pavo_shard_stats(t.s);

    for (unsigned i = 0; i < 50; i++) { /* the same flow again and again, ended by its idle time */
        p_udp(&pkt, AT_MS(100000 * i), A, (uint16_t)(i / 10 + 1), B, 2);
        pavo_shard_burst(t.s, &one, 1);
        pavo_shard_sweep(t.s, 10);
    }
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(ft_stat(&st->dropped_packets) + ft_stat(&st->record_packets), 50);
    assert_int_equal(ft_stat(&st->flows_made), 50);
    assert_int_equal(ft_stat(&st->flows_ended), 50);
    ft_close(&t);
}

static void
an_interval_is_cut_late_when_there_is_no_room(void **state)
{
    struct ft t = started(64, 1);
    struct pavo_packet *one = &pkt;

    p_udp(&pkt, AT_MS(0), A, 1, B, 2);
    pavo_shard_burst(t.s, &one, 1);
    p_udp(&pkt, AT_MS(0), A, 2, B, 2);
    pavo_shard_burst(t.s, &one, 1);
    for (unsigned i = 1; i <= 10; i++) {
        p_udp(&pkt, AT_MS(10000 * i), A, 1, B, 2);
        pavo_shard_burst(t.s, &one, 1);
        p_udp(&pkt, AT_MS(10000 * i), A, 2, B, 2);
        pavo_shard_burst(t.s, &one, 1);
    }
    /* The first one's cut at 60 s filled the ring; the other one's at 60 s has to wait. */
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->late_cut), 1);
    ft_drain(&t);
    p_udp(&pkt, AT_MS(105000), A, 2, B, 2);
    ft_put(&t, &pkt);
    assert_int_equal(t.n_got, 2);
    assert_int_equal(t.got[1].packetDeltaCount[0], 11);
    assert_true(t.got[1].flowEndNanoseconds == AT_MS(100000));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->record_packets), 23);
    ft_close(&t);
}

static void
fragments_that_could_not_be_counted_are_unknown_not_none(void **state)
{
    enum { FLOWS = 1400, LIMIT = 4096 }; /* the pool of what hardly any flow has: 1024 parts */
    const struct pavo_shard_config cfg = ft_config(LIMIT, NULL);
    uint64_t counted = 0, unknown = 0;
    struct ft t;

    ft_open(&t, &cfg, 2048);
    for (unsigned i = 0; i < FLOWS; i++) {
        p_udp(&pkt, AT_MS(0), A, (uint16_t)(1000 + i), B, 53);
        pkt.at.n_frags = 1;
        ft_put(&t, &pkt);
    }
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, FLOWS);
    for (size_t i = 0; i < t.n_got; i++) {
        counted += t.got[i].fragmentCount[0];
        unknown += t.got[i].countsUnknown;
        assert_int_equal(t.got[i].fragmentCount[0] + t.got[i].countsUnknown, 1);
    }
    assert_int_equal(counted, 1024);
    assert_int_equal(unknown, FLOWS - 1024);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->pool_empty), unknown);
    ft_close(&t);
}

static void
a_flow_costs_at_most_320_bytes(void **state)
{
    static const uint32_t limits[] = {65536, 100000, 111412, 111500, 1000000, 4000000};

    for (unsigned i = 0; i < LENGTH(limits); i++) {
        struct pavo_shard_config cfg = ft_config(limits[i], NULL);

        cfg.encap_limit = 0;
        assert_in_range(pavo_shard_bytes(&cfg), 1, (size_t)limits[i] * 320 + 4096);
    }
}

static void *
no_memory(const struct pavo_mem *m, size_t bytes)
{
    static unsigned left = 3;

    return left-- > 0 ? pavo_mem_plain.get(m, bytes) : NULL;
}

static void
refusals_say_what_would_help(void **state)
{
    const struct pavo_mem little = {.get = no_memory, .put = pavo_mem_plain.put};
    struct pavo_shard_config cfg = ft_config(1000, NULL);
    struct pavo_err err;

    cfg.mem = &little;
    assert_null(pavo_shard_open(&cfg, &err));
    assert_non_null(strstr(err.text, "lower flow.limit"));
    cfg.mem = &pavo_mem_plain;
    cfg.flow_limit = 0;
    assert_null(pavo_shard_open(&cfg, &err));
    assert_non_null(strstr(err.text, "0 flows"));
    pavo_shard_close(NULL);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_directions_are_one_flow),
        cmocka_unit_test(a_packet_at_the_idle_time_joins_and_one_later_opens),
        cmocka_unit_test(intervals_are_cut_by_packets_and_add_up),
        cmocka_unit_test(the_sweep_waits_for_idle_and_grace),
        cmocka_unit_test(the_sweep_notices_a_close_within_a_pass),
        cmocka_unit_test(the_sweep_keeps_to_its_budget_and_loses_nobody),
        cmocka_unit_test(flush_tells_idle_from_live),
        cmocka_unit_test(late_packets_keep_their_own_time_in_records),
        cmocka_unit_test(after_its_first_record_a_flow_is_not_turned),
        cmocka_unit_test(arp_request_and_reply_are_one_flow),
        cmocka_unit_test(link_flows_have_macs_and_an_ethertype),
        cmocka_unit_test(the_first_name_stays),
        cmocka_unit_test(an_icmp_error_is_a_flow_and_marks_the_one_it_quotes),
        cmocka_unit_test(marks_need_the_same_tenant_and_a_live_flow),
        cmocka_unit_test(an_error_about_a_ping_marks_the_ping),
        cmocka_unit_test(the_list_of_layers_is_turned_with_the_flow),
        cmocka_unit_test(a_full_table_of_layers_is_told),
        cmocka_unit_test(a_full_ring_keeps_ended_flows),
        cmocka_unit_test(without_any_room_records_are_dropped_and_counted),
        cmocka_unit_test(when_all_flows_wait_for_room_the_oldest_record_goes),
        cmocka_unit_test(an_interval_is_cut_late_when_there_is_no_room),
        cmocka_unit_test(fragments_that_could_not_be_counted_are_unknown_not_none),
        cmocka_unit_test(a_flow_costs_at_most_320_bytes),
        cmocka_unit_test(refusals_say_what_would_help),
    };

    return T_RUN_TABLE(initiators, initiator_case) +
           cmocka_run_group_tests_name("shard", tests, NULL, NULL);
}
