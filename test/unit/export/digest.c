/* Tests of the digest of records and of community_id. */
#include "fields.h"
#include "rows.h"
#include "stream.h"

static struct pavo_digest
digest_of(const struct pavo_record *r)
{
    return pavo_record_digest(r);
}

static bool
is_equal(struct pavo_digest a, struct pavo_digest b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

static void
order_does_not_matter_and_number_does(void **state)
{
    const struct pavo_record r[3] = {rec_tcp4(), rec_udp6(), rec_icmp4()};
    struct pavo_digest d[3], up = {0}, down = {0}, twice = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        d[i] = digest_of(&r[i]);
    for (int i = 0; i < 3; i++) {
        pavo_digest_add(&up, &d[i]);
        pavo_digest_add(&down, &d[2 - i]);
        pavo_digest_add(&twice, &d[i]);
    }
    pavo_digest_add(&twice, &d[1]);
    assert_true(is_equal(up, down));
    assert_false(is_equal(up, twice));
}

static void
the_sum_carries_into_its_upper_half(void **state)
{
    struct pavo_digest sum = {.hi = 1, .lo = UINT64_MAX}, two = {.hi = 0, .lo = 2};

    (void)state;
    pavo_digest_add(&sum, &two);
    assert_true(sum.hi == 2 && sum.lo == 1);
}

/* A record whose template has that row. */
static struct pavo_record
record_with(const struct fld *f)
{
    struct pavo_record r = rec_icmp4();

    if (fld_part(f)) {
        r = rec_tcp4();
        rec_parts(&r, fld_part(f));
        return r;
    }
    if (f->templates & (FLD_T4 | FLD_PMORE))
        return rec_tcp4();
    if (f->templates & FLD_T6)
        return rec_udp6();
    if (f->templates & FLD_TA && !(f->templates & FLD_TI))
        return rec_arp();
    if (!(f->templates & FLD_TI4))
        r.kind = PAVO_KIND_IP6;
    return r;
}

/* Changes a record in every way that fields.def has, and looks whether the digest sees it. What
 * decides about the template, and presence and layers, have cases of their own. */
static void
every_field_with_d_changes_it(void **state)
{
    unsigned seen = 0;

    (void)state;
    for (unsigned i = 0; i < fld_count; i++) {
        const struct fld *f = &fld_table[i];
        struct pavo_record before = record_with(f), after = before;
        const uint8_t was = ((const uint8_t *)&before)[f->offset];
        struct fld_value v = {.type = f->type, .u = was == 0x55 ? 0x56 : 0x55};

        if (!f->digest || f->offset == offsetof(struct pavo_record, kind) ||
            f->offset == offsetof(struct pavo_record, encap) ||
            f->offset == offsetof(struct pavo_record, hasPorts))
            continue;
        if (!f->templates) /* part of another row: no digest of its own */
            continue;
        memset(v.bytes, 0x5a, sizeof v.bytes);
        if (f->type == FLD_A)
            v = (struct fld_value){.type = FLD_A, .width = 4, .u = 1, .bytes = {0xa5, 0x5a}};
        else if (f->type == FLD_S || f->type == FLD_O)
            v.u = 3;
        if (f->form == ROW_FORM_PARTS)
            v.u = PAVO_PART_ENTROPY;
        if (f->type == FLD_B)
            v.u = !was;
        fld_set(&after, f, &v);
        if (is_equal(digest_of(&before), digest_of(&after)))
            fail_msg("the digest does not see %s", f->ie);
        seen++;
    }
    assert_true(seen > 40);
}

static void
parts_change_it_and_what_is_not_there_does_not(void **state)
{
    struct pavo_record r = rec_tcp4(), other;

    (void)state;
    rec_parts(&r, PAVO_PART_TCP | PAVO_PART_FIRST);
    other = r;
    memset(&other.meter, 1, sizeof other.meter);
    memset(&other.names, 2, sizeof other.names);
    memset(other.tcp.retransmittedPackets, 3, sizeof other.tcp.retransmittedPackets);
    other.payloadEntropy[0]++;
    assert_true(is_equal(digest_of(&r), digest_of(&other)));
    other.tcp.streamOctets[1]++;
    assert_false(is_equal(digest_of(&r), digest_of(&other)));
    other = r;
    other.parts &= (uint16_t)~PAVO_PART_FIRST;
    assert_false(is_equal(digest_of(&r), digest_of(&other)));
    other = r;
    other.countsUnknown = 1; /* of the sensor */
    assert_true(is_equal(digest_of(&r), digest_of(&other)));
    other.history[0] = 'H';
    assert_false(is_equal(digest_of(&r), digest_of(&other)));
    other = r;
    other.initiatorTurned = 1;
    assert_false(is_equal(digest_of(&r), digest_of(&other)));
}

static void
where_it_was_seen_does_not_change_it(void **state)
{
    struct pavo_record before = rec_tcp4(), after = before;

    (void)state;
    after.ingressInterface++;
    assert_true(is_equal(digest_of(&before), digest_of(&after)));
}

static void
presence_and_layers_change_it_a_full_table_does_not(void **state)
{
    struct pavo_record r = rec_tcp4(), other;

    (void)state;
    other = r;
    other.isFragment = 1;
    assert_false(is_equal(digest_of(&r), digest_of(&other)));
    other = r;
    other.encapLost = 1;
    assert_true(is_equal(digest_of(&r), digest_of(&other)));
    other = r;
    other.kind = PAVO_KIND_ARP;
    assert_false(is_equal(digest_of(&r), digest_of(&other)));
    rec_encap(&r, PAVO_CARRIER_VLAN, 100, 0);
    rec_encap(&r, PAVO_CARRIER_VXLAN, 5001, 4);
    other = r;
    other.encap[1].id++;
    assert_false(is_equal(digest_of(&r), digest_of(&other)));
    other = r;
    other.encap[1].dst[3]++;
    assert_false(is_equal(digest_of(&r), digest_of(&other)));
    other = r;
    other.encap[1].dst[4]++; /* behind an IPv4 address */
    assert_true(is_equal(digest_of(&r), digest_of(&other)));
    other.n_encap--;
    assert_false(is_equal(digest_of(&r), digest_of(&other)));
}

/* Known answers of the specification's own tests, seed 0. */
static const struct community_case {
    const char *says, *src, *dst;
    uint8_t proto;
    uint16_t src_port, dst_port;
    const char *id;
} communities[] = {
    {"a TCP flow has the id of the specification", "128.232.110.120", "66.35.250.204", 6, 34855, 80,
     "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"turned round it has the same", "66.35.250.204", "128.232.110.120", 6, 80, 34855,
     "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {"a UDP flow has the id of the specification", "192.168.1.52", "8.8.8.8", 17, 54585, 53,
     "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
    {"an ICMP echo has it with the types of request and answer", "192.168.0.89", "192.168.0.1", 1,
     8, 0, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {"its answer has the same", "192.168.0.1", "192.168.0.89", 1, 0, 0,
     "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
    {"ICMP without an answer keeps its direction", "192.168.0.89", "192.168.0.1", 1, 20, 0,
     "1:3o2RFccXzUgjl7zDpqmY7yJi8rI="},
    {"neighbour discovery is a request and an answer", "fe80::200:86ff:fe05:80da",
     "fe80::260:97ff:fe07:69ea", 58, 135, 0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
    {"SCTP has ports", "192.168.170.8", "192.168.170.56", 132, 7, 80,
     "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ="},
};

static void
community_id_agrees(void **state)
{
    const struct community_case *c = *state;
    struct pavo_record r = rec_tcp4();
    struct fld_value v;
    char id[32];

    assert_int_equal(fld_parse(fld_find("src.ip", NULL), c->src, &v), 0);
    memcpy(r.sourceAddress, v.bytes, 16);
    r.kind = v.type == FLD_IP4 ? PAVO_KIND_IP4 : PAVO_KIND_IP6;
    assert_int_equal(fld_parse(fld_find("dst.ip", NULL), c->dst, &v), 0);
    memcpy(r.destinationAddress, v.bytes, 16);
    r.protocolIdentifier = c->proto;
    r.sourceTransportPort = c->src_port;
    r.destinationTransportPort = c->dst_port;
    if (c->proto == 1 || c->proto == 58) {
        r.hasPorts = 0;
        r.hasIcmp = 1;
        r.icmpType = (uint8_t)c->src_port;
        r.icmpCode = (uint8_t)c->dst_port;
    }
    assert_true(pavo_community_id(&r, id));
    assert_string_equal(id, c->id);
}

static void
what_is_not_ip_has_no_community_id(void **state)
{
    struct pavo_record r = rec_arp();
    char id[32];

    (void)state;
    assert_false(pavo_community_id(&r, id));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter_and_number_does),
        cmocka_unit_test(the_sum_carries_into_its_upper_half),
        cmocka_unit_test(every_field_with_d_changes_it),
        cmocka_unit_test(parts_change_it_and_what_is_not_there_does_not),
        cmocka_unit_test(where_it_was_seen_does_not_change_it),
        cmocka_unit_test(presence_and_layers_change_it_a_full_table_does_not),
        cmocka_unit_test(what_is_not_ip_has_no_community_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) |
           T_RUN_TABLE(communities, community_id_agrees);
}
