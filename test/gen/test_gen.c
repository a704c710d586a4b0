/* test_gen.c - the builder against bytes written down by hand from the specifications */
#include "t.h"

#include "gen.h"

static const uint8_t mac_a[6] = {0x00, 0x00, 0x5e, 0x00, 0x53, 0x01};
static const uint8_t mac_b[6] = {0x00, 0x00, 0x5e, 0x00, 0x53, 0x02};
static struct gen g, piece;

static void
head4(struct gen *p)
{
    const struct gen_ip ip = {
        .src = gen_addr("192.0.2.1"), .dst = gen_addr("198.51.100.2"), .id = 0x1234};

    gen_ip(p, &ip);
}

static void
head6(struct gen *p)
{
    const struct gen_ip ip = {.src = gen_addr("2001:db8::1"), .dst = gen_addr("2001:db8::2")};

    gen_ip(p, &ip);
}

#define IP4_UDP_2                                                                                  \
    "4500 001e 1234 0000 4011 7c64 c0000201 c6336402"                                              \
    "0035 1f90 000a 927b 6162"
#define IP6 "60000000 000a 11 40 20010db8000000000000000000000001 20010db8000000000000000000000002"

static void
make_ether(void)
{
    gen_ether(&g, mac_b, mac_a);
    head4(&g);
    gen_udp(&g, 53, 8080, true);
    gen_text(&g, "ab");
}

static void
make_qinq_mpls(void)
{
    gen_ether(&g, mac_b, mac_a);
    gen_vlan(&g, 0x88a8, 5);
    gen_vlan(&g, 0x8100, 6);
    gen_mpls(&g, 16, 9);
    gen_mpls(&g, 17, 8);
    head4(&g);
    gen_udp(&g, 53, 8080, true);
    gen_text(&g, "ab");
}

static void
make_pppoe(void)
{
    gen_ether(&g, mac_b, mac_a);
    gen_pppoe(&g, 0x77);
    head4(&g);
    gen_udp(&g, 53, 8080, true);
    gen_text(&g, "ab");
}

static void
make_cooked(void)
{
    gen_sll(&g, 4, mac_a);
    head4(&g);
    gen_udp(&g, 53, 8080, true);
    gen_text(&g, "ab");
}

static void
make_cooked2(void)
{
    gen_sll2(&g, 4, 3, mac_a);
    head6(&g);
    gen_udp(&g, 53, 8080, true);
    gen_text(&g, "ab");
}

static void
make_null(void)
{
    gen_null(&g);
    head4(&g);
    gen_udp(&g, 53, 8080, true);
    gen_text(&g, "ab");
}

static void
make_gre(void)
{
    gen_ether(&g, mac_b, mac_a);
    head4(&g);
    gen_gre(&g, GEN_GRE_CHECKSUM | GEN_GRE_KEY | GEN_GRE_SEQ, 7, 9);
    gen_bytes(&g, "\x45", 1);
}

static const struct build_case {
    const char *says;
    void (*make)(void);
    const char *hex;
} builds[] = {
    {"Ethernet, IPv4, UDP: type, lengths and both checksums", make_ether,
     "00005e005302 00005e005301 0800" IP4_UDP_2},
    {"two VLAN tags and two labels: outer tag 88a8, bottom of stack on the last label only",
     make_qinq_mpls,
     "00005e005302 00005e005301 88a8 0005 8100 0006 8847 00010009 00011108" IP4_UDP_2},
    {"PPPoE: its length counts from the PPP protocol", make_pppoe,
     "00005e005302 00005e005301 8864 1100 0077 0020 0021" IP4_UDP_2},
    {"Linux cooked capture names IPv4 by its EtherType", make_cooked,
     "0004 0001 0006 00005e005301 0000 0800" IP4_UDP_2},
    {"Linux cooked capture 2 has the protocol first; UDP over IPv6 sums the wide addresses",
     make_cooked2,
     "86dd 0000 00000003 0001 04 06 00005e005301 0000" IP6 "0035 1f90 000a 233e 6162"},
    {"BSD loopback: family 2 in little-endian order", make_null, "02000000" IP4_UDP_2},
    {"GRE with checksum, key and sequence number in the order of RFC 2890", make_gre,
     "00005e005302 00005e005301 0800 4500 0025 1234 0000 402f 7c3f c0000201 c6336402"
     "b000 0000 0aef 0000 00000007 00000009 45"},
};

static void
build(void **state)
{
    const struct build_case *c = *state;
    size_t n;
    uint8_t *want = t_hex(c->hex, &n);

    gen_begin(&g);
    c->make();
    gen_end(&g);
    assert_int_equal(g.len, n);
    assert_memory_equal(g.at, want, n);
    free(want);
}

/* Puts the pieces of an ended packet together again by their own headers. */
static void
reassembles(bool v6)
{
    static uint8_t whole[4000];
    const uint32_t head = v6 ? 48 : 20;
    uint32_t got = 0, n;

    gen_begin(&g);
    if (v6)
        head6(&g);
    else
        head4(&g);
    gen_udp(&g, 1, 2, true);
    gen_fill(&g, 3001, 5);
    gen_end(&g);
    n = gen_pieces(&g, 0, 1003);
    assert_int_equal(n, 4); /* 3009 bytes in pieces of 1000 */
    for (uint32_t i = n; i-- > 0;) {
        uint32_t at;
        bool more;

        gen_piece(&g, 0, 1003, 0x99, i, &piece);
        at = v6 ? ((uint32_t)piece.at[42] << 8 | piece.at[43]) & ~7u
                : (((uint32_t)piece.at[6] << 8 | piece.at[7]) & 0x1fff) * 8;
        more = v6 ? piece.at[43] & 1 : piece.at[6] & 0x20;
        assert_int_equal(more, i < n - 1);
        if (v6) {
            assert_int_equal(piece.at[6], 44);
            assert_int_equal(piece.at[40], 17);
        }
        memcpy(whole + at, piece.at + head, piece.len - head);
        got += piece.len - head;
    }
    assert_int_equal(got, 3009);
    assert_memory_equal(whole, g.at + (v6 ? 40 : 20), 3009);
}

static void
pieces_of_ip4_reassemble(void **state)
{
    reassembles(false);
}

static void
pieces_of_ip6_reassemble(void **state)
{
    reassembles(true);
}

int
main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(pieces_of_ip4_reassemble),
        cmocka_unit_test(pieces_of_ip6_reassemble),
    };

    return T_RUN_TABLE(builds, build) + cmocka_run_group_tests(others, NULL, NULL);
}
