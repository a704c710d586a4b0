/* key.c - which packets have equal keys, who owns them */
#include "flow_t.h"

static const uint32_t A = 0x0a000001, B = 0x0a000002, R = 0x0a0000fe;
static struct pavo_packet p, q;

static bool
same_flow(void)
{
    return !memcmp(&p.key, &q.key, sizeof p.key);
}

static void
assert_meet(void)
{
    assert_true(same_flow());
    assert_int_equal(p.is_b + q.is_b, 1);
    assert_int_equal(p.owner_hash, q.owner_hash);
}

static void
directions_meet_by_address_then_port(void **state)
{
    p_udp(&p, 0, A, 9, B, 5);
    p_udp(&q, 0, B, 5, A, 9);
    assert_meet();
    assert_int_equal(p.is_b, 0);
    assert_int_equal(p.key.port_a, 9);
    p_udp(&p, 0, A, 9, A, 5); /* a host with itself */
    p_udp(&q, 0, A, 5, A, 9);
    assert_meet();
    assert_int_equal(p.key.port_a, 5);
    p_udp(&p, 0, A, 9, B, 6);
    assert_false(same_flow());
    p_ports(&p, 0, 6, A, 9, A, 5);
    assert_false(same_flow());
}

static void
the_lower_half_of_ipv6_addresses_counts(void **state)
{
    for (unsigned i = 0; i < 16; i++) {
        memset(&p, 0, sizeof p);
        p.at.kind = PAVO_KIND_IP6;
        p.at.proto = 17;
        memset(p.at.src, 0x80, 16);
        memset(p.at.dst, 0x80, 16);
        q = p;
        p.at.src[i] = q.at.dst[i] = 0x81;
        p_key(&p);
        p_key(&q);
        assert_meet();
        assert_int_equal(p.is_b, 1);
        assert_int_equal(p.key.b[i], 0x81);
    }
}

static void
queries_of_icmp_meet_their_answers(void **state)
{
    static const uint8_t pairs[][3] = {{1, 8, 0},   {1, 13, 14},    {1, 15, 16},
                                       {1, 17, 18}, {58, 128, 129}, {1, 42, 43},
                                       {1, 37, 38}, {58, 144, 145}, {58, 146, 147}};

    for (unsigned i = 0; i < LENGTH(pairs); i++) {
        p_icmp(&p, 0, A, B, pairs[i][1], 0, 77);
        p_icmp(&q, 0, B, A, pairs[i][2], 0, 77);
        p.at.proto = q.at.proto = pairs[i][0];
        p.at.kind = q.at.kind = pairs[i][0] == 58 ? PAVO_KIND_IP6 : PAVO_KIND_IP4;
        p_key(&p);
        p_key(&q);
        assert_meet();
        assert_int_equal(p.key.extra, (uint32_t)pairs[i][1] << 16 | 77);
        q.at.icmp_id = 78;
        p_key(&q);
        assert_false(same_flow());
    }
    p_icmp(&p, 0, A, B, 9, 0, 0);
    assert_int_equal(p.key.extra, 9u << 24);
    p_icmp(&q, 0, A, B, 9, 16, 0);
    assert_int_equal(q.key.extra, 9u << 24 | 16u << 16);
}

static void
errors_are_told_apart_by_what_they_quote(void **state)
{
    struct pavo_packet quoted;

    p_udp(&quoted, 0, A, 1000, B, 53);
    p_quote(p_icmp(&p, 0, R, A, 3, 3, 0), &quoted);
    assert_int_equal(p.owner_hash, quoted.owner_hash);
    assert_true(p.key.quoted != 0);
    p_udp(&quoted, 0, B, 53, A, 1000); /* the other direction is the same conversation */
    p_quote(p_icmp(&q, 0, R, A, 3, 3, 0), &quoted);
    assert_true(same_flow());
    p_udp(&quoted, 0, A, 1001, B, 53);
    p_quote(p_icmp(&q, 0, R, A, 3, 3, 0), &quoted);
    assert_false(same_flow());
    p_icmp(&q, 0, R, A, 3, 3, 0);
    assert_int_equal(q.key.quoted, 0);
    assert_int_equal(q.owner_hash, pavo_toeplitz(q.at.src, q.at.dst, 4, 0, 0));
    p_icmp(&quoted, 0, A, B, 8, 0, 5); /* a quoted ping is owned as the ping is */
    p_quote(p_icmp(&q, 0, R, A, 11, 0, 0), &quoted);
    assert_int_equal(q.owner_hash, quoted.owner_hash);
}

static void
spi_of_esp_is_identity(void **state)
{
    p_ip4(&p, 0, 50, A, B);
    p.at.spi = 0x1234;
    q = p;
    q.at.spi = 0x1235;
    p_key(&p);
    p_key(&q);
    assert_int_equal(p.key.extra, 0x1234);
    assert_false(same_flow());
    p_udp(&p, 0, A, 1, B, 2); /* behind AH: the ports tell */
    p.at.spi = 7;
    assert_int_equal(p_key(&p)->key.extra, 0);
}

static void
arp_and_link(void **state)
{
    p_ip4(&p, 0, 0, A, B);
    p.at.kind = PAVO_KIND_ARP;
    p.at.ethertype = 0x0806;
    q = p;
    memcpy(q.at.src, p.at.dst, 16);
    memcpy(q.at.dst, p.at.src, 16);
    p_key(&p);
    p_key(&q);
    assert_meet();

    memset(&p, 0, sizeof p);
    p.at.kind = PAVO_KIND_LINK;
    p.at.has_mac = 1;
    p.at.src_mac[5] = 1;
    p.at.dst_mac[5] = 2;
    p.at.ethertype = 0x4242;
    p.at.is_llc = 1;
    q = p;
    q.at.src_mac[5] = 2;
    q.at.dst_mac[5] = 1;
    p_key(&p);
    p_key(&q);
    assert_meet();
    assert_int_equal(p.key.a[5], 1);
    q.at.is_llc = 0;
    p_key(&q);
    assert_false(same_flow());
}

/* CDP and VTP share their service access points, queue pairs one pair of ports. */
static void
link_flows_are_told_apart_by_name_and_queue_pair(void **state)
{
    memset(&p, 0, sizeof p);
    p.at.kind = PAVO_KIND_LINK;
    p.at.ethertype = 0xaaaa;
    p.at.is_llc = 1;
    p.at.named = PAVO_NAME_LLDP;
    q = p;
    p_key(&p);
    p_key(&q);
    assert_true(same_flow());
    assert_int_equal(p.key.extra, (uint32_t)PAVO_NAME_LLDP << 16 | 0xaaaa);
    q.at.named = 0;
    p_key(&q);
    assert_false(same_flow());
    q = p;
    q.at.spi = 0x10001;
    p_key(&q);
    assert_false(same_flow());
    assert_int_equal(q.key.quoted, 0x10001);
    p_udp(&p, 0, A, 1, B, 2); /* over IP the numbers say it all */
    q = p;
    q.at.named = PAVO_NAME_LLDP;
    p_key(&q);
    assert_true(same_flow());
}

static void
layer(struct pavo_packet *at, uint8_t type, uint32_t id)
{
    at->at.layers[at->at.n_layers++] = (struct pavo_layer){.type = type, .id = id};
}

static const struct carrier_case {
    const char *says;
    struct {
        uint8_t type;
        uint32_t id;
    } p[3], q[3];
    unsigned parts;
    bool same;
} carriers[] = {
    {"VLANs are told apart",
     {{PAVO_CARRIER_VLAN, 1}},
     {{PAVO_CARRIER_VLAN, 2}},
     PAVO_KEY_DEFAULT,
     false},
    {"a VLAN is not no VLAN", {{PAVO_CARRIER_VLAN, 1}}, {{0}}, PAVO_KEY_DEFAULT, false},
    {"a priority tag is no VLAN", {{PAVO_CARRIER_VLAN, 0}}, {{0}}, PAVO_KEY_DEFAULT, true},
    {"MPLS labels are a path, not an identity",
     {{PAVO_CARRIER_MPLS, 5}},
     {{0}},
     PAVO_KEY_DEFAULT,
     true},
    {"VNIs are told apart",
     {{PAVO_CARRIER_VXLAN, 1}},
     {{PAVO_CARRIER_VXLAN, 2}},
     PAVO_KEY_DEFAULT,
     false},
    {"the same number in two kinds of tunnel differs",
     {{PAVO_CARRIER_VXLAN, 1}},
     {{PAVO_CARRIER_GENEVE, 1}},
     PAVO_KEY_DEFAULT,
     false},
    {"the order of layers counts",
     {{PAVO_CARRIER_VLAN, 1}, {PAVO_CARRIER_VLAN, 2}},
     {{PAVO_CARRIER_VLAN, 2}, {PAVO_CARRIER_VLAN, 1}},
     PAVO_KEY_DEFAULT,
     false},
    {"tunnels can be left out",
     {{PAVO_CARRIER_VLAN, 1}, {PAVO_CARRIER_VXLAN, 2}},
     {{PAVO_CARRIER_VLAN, 1}},
     PAVO_KEY_VLAN,
     true},
    {"VLANs can be left out",
     {{PAVO_CARRIER_VLAN, 1}, {PAVO_CARRIER_VXLAN, 2}},
     {{PAVO_CARRIER_VXLAN, 2}},
     PAVO_KEY_TUNNEL,
     true},
    {"a tunnel without an id is not no tunnel",
     {{PAVO_CARRIER_GRE, 0}},
     {{0}},
     PAVO_KEY_DEFAULT,
     false},
};

static void
carrier_case(void **state)
{
    const struct carrier_case *c = *state;

    p_udp(&p, 0, A, 1, B, 2);
    p_udp(&q, 0, B, 2, A, 1);
    for (unsigned i = 0; i < 3; i++) {
        if (c->p[i].type)
            layer(&p, c->p[i].type, c->p[i].id);
        if (c->q[i].type)
            layer(&q, c->q[i].type, c->q[i].id);
    }
    pavo_packet_key(&p, c->parts);
    pavo_packet_key(&q, c->parts);
    assert_int_equal(same_flow(), c->same);
    assert_int_equal(p.owner_hash, q.owner_hash); /* who owns is a matter of the innermost alone */
}

static void
interface_and_macs_on_request(void **state)
{
    p_udp(&p, 0, A, 1, B, 2);
    p.at.has_mac = 1;
    p.at.src_mac[0] = 2;
    q = p;
    q.source = 1;
    pavo_packet_key(&p, PAVO_KEY_DEFAULT);
    pavo_packet_key(&q, PAVO_KEY_DEFAULT);
    assert_true(same_flow());
    pavo_packet_key(&p, PAVO_KEY_INTERFACE);
    pavo_packet_key(&q, PAVO_KEY_INTERFACE);
    assert_false(same_flow());
    p_udp(&q, 0, B, 2, A, 1); /* back, with the same two MACs */
    q.at.has_mac = 1;
    q.at.dst_mac[0] = 2;
    pavo_packet_key(&p, PAVO_KEY_MAC);
    pavo_packet_key(&q, PAVO_KEY_MAC);
    assert_true(same_flow());
    q.at.src_mac[5] = 9;
    pavo_packet_key(&q, PAVO_KEY_MAC);
    assert_false(same_flow());
}

/* Flow ids are made of these; they are the same in every run and on every machine, so their values
 * are fixed here. */
static void
keys_hold_nothing_of_the_run(void **state)
{
    p_udp(&p, 0, A, 1, B, 2);
    layer(&p, PAVO_CARRIER_VXLAN, 5001);
    p_key(&p);
    q = p;
    pavo_packet_key(&q, PAVO_KEY_DEFAULT);
    assert_true(same_flow());
    assert_true(p.key.carrier == ((uint64_t)5001 << 32 | (uint64_t)PAVO_CARRIER_VXLAN << 24));
    layer(&p, PAVO_CARRIER_VLAN, 7);
    p_key(&p);
    assert_true(p.key.carrier == UINT64_C(0x7d8fcc0d0c2e7bd5));
}

static void
queue_pairs_split_flows(void **state)
{
    memset(&p, 0, sizeof p);
    p.at.kind = PAVO_KIND_LINK;
    p.at.has_mac = 1;
    p.at.src_mac[5] = 4;
    p.at.dst_mac[5] = 1;
    p.at.spi = 0x870408;
    q = p;
    p_key(&p);
    p_key(&q);
    assert_true(same_flow());
    q.at.spi = 0x870409;
    p_key(&q);
    assert_false(same_flow());
    p.at.kind = q.at.kind = PAVO_KIND_IP6; /* with a global route */
    p.at.proto = q.at.proto = 27;
    p_key(&p);
    p_key(&q);
    assert_false(same_flow());
    q.at.spi = 0x870408;
    p_key(&q);
    assert_true(same_flow());
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_meet_by_address_then_port),
        cmocka_unit_test(the_lower_half_of_ipv6_addresses_counts),
        cmocka_unit_test(queries_of_icmp_meet_their_answers),
        cmocka_unit_test(errors_are_told_apart_by_what_they_quote),
        cmocka_unit_test(spi_of_esp_is_identity),
        cmocka_unit_test(queue_pairs_split_flows),
        cmocka_unit_test(arp_and_link),
        cmocka_unit_test(link_flows_are_told_apart_by_name_and_queue_pair),
        cmocka_unit_test(interface_and_macs_on_request),
        cmocka_unit_test(keys_hold_nothing_of_the_run),
    };

    return T_RUN_TABLE(carriers, carrier_case) +
           cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
