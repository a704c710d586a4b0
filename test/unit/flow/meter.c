/* meter.c - sizes, times between packets, header fields that change */
#include "flow_t.h"

static const uint32_t A = 0x0a000001, B = 0x0a000002;

/* A UDP packet of 'octets' from A (or from B). */
static struct pavo_packet *
sized(struct pavo_packet *p, uint64_t ms, bool from_b, uint32_t octets)
{
    p_udp(p, AT_MS(ms), from_b ? B : A, from_b ? 53 : 40000, from_b ? A : B, from_b ? 40000 : 53);
    p->at.l3_len = octets;
    p->at.payload_len = octets - 28;
    return p;
}

static void
open_metered(struct ft *t, uint32_t meters)
{
    struct pavo_shard_config cfg = ft_config(64, NULL);

    cfg.meter_limit = meters;
    ft_open(t, &cfg, 64);
}

static void
a_query_and_its_answer_are_measured_without_a_meter(void **state)
{
    struct ft t;
    struct pavo_packet p;
    const struct pavo_record_meter *m;

    open_metered(&t, 1);
    ft_put(&t, sized(&p, 0, false, 60));
    ft_put(&t, sized(&p, 10, true, 600));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 1);
    m = &t.got[0].meter;
    assert_true(t.got[0].parts & PAVO_PART_METER);
    assert_int_equal(m->minimumPacket[0], 60);
    assert_int_equal(m->maximumPacket[0], 60);
    assert_int_equal(m->minimumPacket[1], 600);
    assert_int_equal(m->packetSquares[1], 360000);
    assert_int_equal(m->packetBins[0][0], 1);
    assert_int_equal(m->packetBins[1][4], 1);
    assert_int_equal(m->gapBins[0][0], 0);
    assert_int_equal(m->burstOctets[1], 600);
    ft_close(&t);
}

static void
sizes_fall_into_bins_at_their_limits(void **state)
{
    static const struct {
        uint32_t octets;
        unsigned bin;
    } cases[] = {{28, 0},   {64, 0},   {65, 1},   {128, 1},  {129, 2},
                 {256, 2},  {257, 3},  {512, 3},  {513, 4},  {1024, 4},
                 {1025, 5}, {1280, 5}, {1281, 6}, {1500, 6}, {1501, 7}};
    struct ft t;
    struct pavo_packet p;

    for (unsigned i = 0; i < LENGTH(cases); i++) {
        open_metered(&t, 1);
        ft_put(&t, sized(&p, 0, false, 100));
        ft_put(&t, sized(&p, 1, false, cases[i].octets));
        ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
        for (unsigned bin = 0; bin < PAVO_BINS; bin++)
            assert_int_equal(t.got[0].meter.packetBins[0][bin], (bin == 1) + (bin == cases[i].bin));
        ft_close(&t);
    }
}

static void
gaps_are_active_up_to_a_second_and_idle_above(void **state)
{
    static const struct {
        uint64_t ns;
        unsigned bin;
    } cases[] = {{99999, 0},      {100000, 1},     {999999, 1},      {1000000, 2},
                 {9999999, 2},    {10000000, 3},   {99999999, 3},    {100000000, 4},
                 {1000000000, 4}, {1000000001, 5}, {10000000000, 5}, {10000000001, 6}};
    struct ft t;
    struct pavo_packet p;

    for (unsigned i = 0; i < LENGTH(cases); i++) {
        const struct pavo_record_meter *m;
        const bool idle = cases[i].bin > 4;

        open_metered(&t, 1);
        ft_put(&t, sized(&p, 0, false, 100));
        sized(&p, 0, false, 100);
        p.ts_ns = p.now_ns = AT_MS(0) + cases[i].ns;
        ft_put(&t, &p);
        ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
        m = &t.got[0].meter;
        assert_int_equal(m->gapBins[0][cases[i].bin], 1);
        assert_true(m->gapSum_ns[0] == (idle ? 0 : cases[i].ns));
        assert_true(m->gapMin_ns[0] == (idle ? 0 : cases[i].ns));
        assert_true(m->gapMax_ns[0] == (idle ? 0 : cases[i].ns));
        assert_true(m->gapSquares_us[0] == (idle ? 0 : cases[i].ns / 1000 * (cases[i].ns / 1000)));
        assert_true(m->idleSum_ns[0] == (idle ? cases[i].ns : 0));
        assert_true(m->idleMax_ns[0] == (idle ? cases[i].ns : 0));
        ft_close(&t);
    }
}

static void
what_came_before_the_meter_is_in_it(void **state)
{
    struct ft t;
    struct pavo_packet p;
    const struct pavo_record_meter *m;

    open_metered(&t, 1);
    ft_put(&t, sized(&p, 0, false, 100));
    ft_put(&t, sized(&p, 7, true, 200));
    ft_put(&t, sized(&p, 30, true, 300));
    ft_put(&t, sized(&p, 40, false, 400));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    m = &t.got[0].meter;
    assert_int_equal(m->minimumPacket[0], 100);
    assert_int_equal(m->maximumPacket[0], 400);
    assert_int_equal(m->minimumPacket[1], 200);
    assert_true(m->gapSum_ns[0] == 40 * MS);
    assert_true(m->gapSum_ns[1] == 23 * MS);
    assert_int_equal(m->packetSquares[0], 100 * 100 + 400 * 400);
    ft_close(&t);
}

static void
a_packet_that_came_late_leaves_no_gap(void **state)
{
    struct ft t;
    struct pavo_packet p;

    open_metered(&t, 1);
    ft_put(&t, sized(&p, 100, false, 100));
    ft_put(&t, sized(&p, 50, false, 100));
    ft_put(&t, sized(&p, 103, false, 100));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.got[0].meter.gapBins[0][0], 1);
    assert_true(t.got[0].meter.gapMin_ns[0] == 0);
    assert_true(t.got[0].meter.gapSum_ns[0] == 3 * MS);
    ft_close(&t);
}

static void
gaps_go_on_over_a_cut_and_counts_begin_anew(void **state)
{
    struct ft t;
    struct pavo_packet p;

    open_metered(&t, 1);
    ft_put(&t, sized(&p, 0, false, 100));
    ft_put(&t, sized(&p, 59000, true, 100));
    ft_put(&t, sized(&p, 60000, false, 200)); /* cuts */
    ft_put(&t, sized(&p, 60500, true, 100));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 2);
    assert_int_equal(t.got[0].flowEndReason, PAVO_END_ACTIVE);
    assert_int_equal(t.got[1].meter.minimumPacket[0], 200);
    assert_int_equal(t.got[1].meter.gapBins[0][6], 1);
    assert_true(t.got[1].meter.idleSum_ns[0] == 60 * SEC);
    assert_true(t.got[1].meter.idleSum_ns[1] == 1500 * MS);
    ft_close(&t);
}

static void
without_a_meter_left_a_flow_goes_on_and_it_is_counted(void **state)
{
    struct ft t;
    struct pavo_packet p;

    open_metered(&t, 1);
    for (unsigned i = 0; i < 4; i++)
        ft_put(&t, sized(&p, i, false, 100));
    for (unsigned i = 0; i < 4; i++) {
        sized(&p, i, false, 100);
        p.at.src_port = 40001;
        p_key(&p);
        ft_put(&t, &p);
    }
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.n_got, 2);
    assert_int_equal(ft_stat(&pavo_shard_stats(t.s)->pool_empty), 1);
    assert_int_equal(t.got[0].packetDeltaCount[0], 4);
    assert_int_equal(t.got[1].packetDeltaCount[0], 4);
    assert_int_equal((t.got[0].parts ^ t.got[1].parts) & PAVO_PART_METER, PAVO_PART_METER);
    ft_close(&t);
}

static void
fields_that_change_are_counted(void **state)
{
    static const struct {
        uint8_t ttl, tos;
        uint16_t id;
    } packets[] = {{64, 0x02, 10}, {64, 0x02, 11}, {63, 0x03, 12}, {64, 0xb8, 13}};
    struct ft t;
    struct pavo_packet p;
    const struct pavo_record_meter *m;

    open_metered(&t, 1);
    for (unsigned i = 0; i < LENGTH(packets); i++) {
        sized(&p, i, false, 100);
        p.at.ttl = packets[i].ttl;
        p.at.tos = packets[i].tos;
        p.at.has_ip_id = 1;
        p.at.ip_id = packets[i].id;
        ft_put(&t, &p);
    }
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    m = &t.got[0].meter;
    assert_int_equal(m->ttlChanges[0], 2);
    assert_int_equal(m->tosChanges[0], 2);
    assert_int_equal(m->ceMarks[0], 1);
    assert_int_equal(m->ecnSeen[0], 1 << 2 | 1 << 3 | 1 << 0);
    assert_int_equal(m->dscpLast[0], 46);
    assert_int_equal(m->ipIdBehaviour[0], PAVO_IP_ID_COUNTER);
    ft_close(&t);
}

static void
identifications_are_named_by_how_they_move(void **state)
{
    static const struct {
        uint16_t ids[5];
        uint8_t kind;
    } cases[] = {{{0, 0, 0, 0, 0}, PAVO_IP_ID_ZERO},
                 {{7, 7, 7, 7, 7}, PAVO_IP_ID_CONSTANT},
                 {{65534, 65535, 0, 1, 2}, PAVO_IP_ID_COUNTER},
                 {{5, 6, 9, 1020, 1021}, PAVO_IP_ID_RISING},
                 {{5, 40000, 7, 123, 9}, PAVO_IP_ID_RANDOM}};
    struct ft t;
    struct pavo_packet p;

    for (unsigned i = 0; i < LENGTH(cases); i++) {
        open_metered(&t, 1);
        for (unsigned k = 0; k < 5; k++) {
            sized(&p, k, false, 100);
            p.at.has_ip_id = 1;
            p.at.ip_id = cases[i].ids[k];
            ft_put(&t, &p);
        }
        ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
        assert_int_equal(t.got[0].meter.ipIdBehaviour[0], cases[i].kind);
        ft_close(&t);
    }
}

static void
small_packets_with_pauses_are_keystrokes(void **state)
{
    struct ft t;
    struct pavo_packet p;

    open_metered(&t, 1);
    ft_put(&t, sized(&p, 0, false, 29));
    ft_put(&t, sized(&p, 19, false, 29));  /* too soon */
    ft_put(&t, sized(&p, 39, false, 29));  /* one */
    ft_put(&t, sized(&p, 99, false, 76));  /* two: 48 bytes */
    ft_put(&t, sized(&p, 159, false, 77)); /* too large */
    ft_put(&t, sized(&p, 219, false, 28)); /* empty */
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.got[0].meter.smallPackets[0], 2);
    ft_close(&t);
}

static void
the_largest_burst_of_a_tenth_of_a_second_is_kept(void **state)
{
    struct ft t;
    struct pavo_packet p;

    open_metered(&t, 1);
    ft_put(&t, sized(&p, 0, false, 1000));
    ft_put(&t, sized(&p, 99, false, 1000));
    ft_put(&t, sized(&p, 100, false, 500)); /* another burst */
    ft_put(&t, sized(&p, 500, false, 1200));
    ft_flush(&t, 0, PAVO_DETAIL_STOPPED);
    assert_int_equal(t.got[0].meter.burstOctets[0], 2000);
    ft_close(&t);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_and_its_answer_are_measured_without_a_meter),
        cmocka_unit_test(sizes_fall_into_bins_at_their_limits),
        cmocka_unit_test(gaps_are_active_up_to_a_second_and_idle_above),
        cmocka_unit_test(what_came_before_the_meter_is_in_it),
        cmocka_unit_test(a_packet_that_came_late_leaves_no_gap),
        cmocka_unit_test(gaps_go_on_over_a_cut_and_counts_begin_anew),
        cmocka_unit_test(without_a_meter_left_a_flow_goes_on_and_it_is_counted),
        cmocka_unit_test(fields_that_change_are_counted),
        cmocka_unit_test(identifications_are_named_by_how_they_move),
        cmocka_unit_test(small_packets_with_pauses_are_keystrokes),
        cmocka_unit_test(the_largest_burst_of_a_tenth_of_a_second_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
