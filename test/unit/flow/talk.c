/* parts.c - whom a flow is for, its first packets and bytes, and the entropy of its payload */
#include <math.h>

#include "rnd.h"
#include "talk.h"

static const struct cast_case {
    const char *says, *dst, *mac;
    uint8_t kind, is;
} casts[] = {
    {"IPv4 unicast", "0a000001", "020000000001", PAVO_KIND_IP4, 0},
    {"the last address below multicast", "dfffffff", "", PAVO_KIND_IP4, 0},
    {"the first multicast address", "e0000000", "", PAVO_KIND_IP4, PAVO_CAST_MULTICAST},
    {"the last multicast address", "efffffff", "", PAVO_KIND_IP4, PAVO_CAST_MULTICAST},
    {"reserved addresses behind multicast", "f0000001", "", PAVO_KIND_IP4, 0},
    {"the limited broadcast", "ffffffff", "", PAVO_KIND_IP4, PAVO_CAST_BROADCAST},
    {"a subnet's broadcast, by the frame", "0a0000ff", "ffffffffffff", PAVO_KIND_IP4,
     PAVO_CAST_BROADCAST},
    {"IPv4 unicast in a frame for a group", "0a000001", "01005e000001", PAVO_KIND_IP4,
     PAVO_CAST_MULTICAST},
    {"multicast in a broadcast frame is multicast", "e0000001", "ffffffffffff", PAVO_KIND_IP4,
     PAVO_CAST_MULTICAST},
    {"IPv6 multicast", "ff02", "", PAVO_KIND_IP6, PAVO_CAST_MULTICAST},
    {"IPv6 unicast", "fe80", "020000000001", PAVO_KIND_IP6, 0},
    {"ARP to all", "0a000001", "ffffffffffff", PAVO_KIND_ARP, PAVO_CAST_BROADCAST},
    {"a frame to a group", "", "0180c200000e", PAVO_KIND_LINK, PAVO_CAST_MULTICAST},
    {"a frame to one", "", "0080c200000e", PAVO_KIND_LINK, 0},
};

static void
cast_test(void **state)
{
    const struct cast_case *c = *state;
    struct pavo_packet p = {.at.kind = c->kind};
    size_t n;
    uint8_t *bytes = t_hex(c->dst, &n);

    memcpy(p.at.dst, bytes, n);
    free(bytes);
    bytes = t_hex(c->mac, &n);
    p.at.has_mac = n != 0;
    memcpy(p.at.dst_mac, bytes, n);
    free(bytes);
    assert_int_equal(cast_of(&p), c->is);
}

static void
the_first_sixteen_data_packets_are_kept(void **state)
{
    struct first_part part;
    struct pavo_record_first r;
    struct pavo_packet p;

    first_begin(&part);
    for (unsigned i = 0; i < 20; i++) {
        p_udp(&p, AT_MS(10 * i), 1, 5, 2, 6);
        p.at.payload_len = 0;
        first_step(&part, &p, 1, p.ts_ns); /* without data */
        p.at.payload_len = i == 3 ? 100000 : 100 + i;
        first_step(&part, &p, i % 3 == 0, p.ts_ns);
    }
    first_fill(&part, 1, &r);
    assert_int_equal(r.n, 16);
    assert_int_equal(r.octets[0], 100);
    assert_int_equal(r.octets[3], 65535);
    assert_int_equal(r.octets[15], 115);
    assert_int_equal(r.gap_us[0], 0);
    assert_int_equal(r.gap_us[15], 10000);
    assert_int_equal(r.fromInitiator, 0x9249);
    first_fill(&part, 0, &r);
    assert_int_equal(r.fromInitiator, 0x6db6);
}

static void
gaps_end_at_their_highest_value_and_are_never_negative(void **state)
{
    struct first_part part;
    struct pavo_record_first r;
    struct pavo_packet p;

    first_begin(&part);
    p_udp(&p, T0, 1, 5, 2, 6);
    first_step(&part, &p, 0, T0);
    first_step(&part, &p, 0, T0 - 1);
    first_step(&part, &p, 0, T0 + 5000 * SEC);
    first_fill(&part, 0, &r);
    assert_int_equal(r.n, 3);
    assert_int_equal(r.gap_us[1], 0);
    assert_int_equal(r.gap_us[2], UINT32_MAX);
    assert_int_equal(r.fromInitiator, 7);
}

static void
the_first_bytes_of_each_side_end_at_what_is_missing(void **state)
{
    struct bytes_part *part = malloc(bytes_part_size(8));
    static struct pavo_record_bytes r;

    memset(&r, 0xa5, sizeof r);
    bytes_begin(part, 8);
    bytes_step(part, 0, (const uint8_t *)"abc", 3, 3);
    bytes_step(part, 1, (const uint8_t *)"x", 1, 3); /* cut by the capture */
    bytes_step(part, 1, (const uint8_t *)"yz", 2, 2);
    bytes_step(part, 0, (const uint8_t *)"defghijk", 8, 8);
    bytes_step(part, 0, (const uint8_t *)"l", 1, 1);
    bytes_fill(part, 1, &r);
    assert_int_equal(r.n[0], 1);
    assert_int_equal(r.n[1], 8);
    assert_memory_equal(r.at[0], "x\0", 2);
    assert_memory_equal(r.at[1], "abcdefgh\0", 9);
    bytes_begin(part, 8);
    bytes_step(part, 0, NULL, 0, 5);
    bytes_step(part, 0, (const uint8_t *)"abc", 3, 3);
    bytes_fill(part, 0, &r);
    assert_int_equal(r.n[0], 0);
    free(part);
}

static void
entropy_is_shannons(void **state)
{
    static struct entropy_part part;
    struct rnd rnd = {1};
    uint8_t out[2], bytes[4096];

    entropy_begin(&part);
    entropy_fill(&part, 0, out);
    assert_int_equal(out[0], 0);
    for (unsigned bits = 0; bits <= 8; bits++) {
        entropy_begin(&part);
        for (unsigned i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(i & ((1u << bits) - 1));
        entropy_step(&part, 1, bytes, sizeof bytes);
        entropy_fill(&part, 1, out);
        assert_int_equal(out[0], bits < 8 ? bits * 32 : 255);
        assert_int_equal(out[1], 0);
    }
    for (unsigned round = 0; round < 200; round++) {
        const uint32_t n = 1 + rnd_below(&rnd, sizeof bytes);
        uint32_t bins[256] = {0};
        double bits = 0;

        entropy_begin(&part);
        for (uint32_t i = 0; i < n; i++) {
            bytes[i] = (uint8_t)rnd_below(&rnd, 1 + rnd_below(&rnd, 256));
            bins[bytes[i]]++;
        }
        for (unsigned b = 0; b < 256; b++)
            if (bins[b])
                bits -= bins[b] / (double)n * log2(bins[b] / (double)n);
        entropy_step(&part, 0, bytes, n);
        entropy_fill(&part, 0, out);
        assert_true(fabs(out[0] - floor(bits * 32)) <= 1);
    }
}

static void
a_full_bin_halves_all_and_forgets_none(void **state)
{
    static struct entropy_part part;
    static uint8_t bytes[65535];
    uint8_t out[2];

    entropy_begin(&part);
    entropy_step(&part, 0, (const uint8_t *)"\1", 1);
    entropy_step(&part, 0, bytes, sizeof bytes);
    assert_int_equal(part.bins[0][0], 65535);
    entropy_step(&part, 0, bytes, 1);
    assert_int_equal(part.bins[0][0], 32769);
    assert_int_equal(part.bins[0][1], 1);
    for (unsigned i = 0; i < 100; i++)
        entropy_step(&part, 0, bytes, sizeof bytes);
    assert_int_equal(part.bins[0][1], 1);
    entropy_fill(&part, 0, out);
    assert_int_equal(out[0], 0);
    entropy_step(&part, 0, NULL, 0);
}

int
main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(the_first_sixteen_data_packets_are_kept),
        cmocka_unit_test(gaps_end_at_their_highest_value_and_are_never_negative),
        cmocka_unit_test(the_first_bytes_of_each_side_end_at_what_is_missing),
        cmocka_unit_test(entropy_is_shannons),
        cmocka_unit_test(a_full_bin_halves_all_and_forgets_none),
    };
    int failed = T_RUN_TABLE(casts, cast_test);

    failed += cmocka_run_group_tests_name("others", others, NULL, NULL);
    return failed != 0;
}
