/* Tests of the reader: our own streams back exactly, others' as far as they go, broken ones without
 * harm. */
#include <errno.h>

#include "fields.h"
#include "stream.h"

/* ---- our own ----------------------------------------------------------------------------------
 */

static void
check_back(const struct pavo_record *r)
{
    struct pavo_buf once = stream_of(r, 1, 0), again;
    const struct pavo_record back = stream_first(once.at, once.len);
    const struct pavo_digest a = pavo_record_digest(r), b = pavo_record_digest(&back);

    again = stream_of(&back, 1, 0);
    assert_int_equal(once.len, again.len);
    assert_memory_equal(once.at, again.at, once.len);
    assert_true(a.hi == b.hi && a.lo == b.lo);
    assert_int_equal(r->kind, back.kind);
    assert_int_equal(r->n_encap, back.n_encap);
    pavo_buf_free(&once);
    pavo_buf_free(&again);
}

static void
a_record_comes_back_as_it_was(void **state)
{
    uint64_t seed = 0x9e3779b97f4a7c15u;

    (void)state;
    check_back(&(struct pavo_record){0});
    for (unsigned i = 0; i < 2000; i++) {
        const struct pavo_record r = stream_random_record(&seed);

        check_back(&r);
    }
}

/* Member by member, through the table; what lies in the record but in no template of its kind is
 * not there. */
static void
every_field_of_every_kind_comes_back(void **state)
{
    struct pavo_record r[] = {rec_tcp4(),
                              rec_udp6(),
                              rec_icmp4(),
                              rec_arp(),
                              rec_link(0x88cc, false),
                              rec_link(0x4242, true),
                              rec_longest()};

    (void)state;
    rec_encap(&r[0], PAVO_CARRIER_VLAN, 100, 0);
    rec_encap(&r[1], PAVO_CARRIER_GRE, 0, 6);
    rec_encap(&r[1], PAVO_CARRIER_GENEVE, 77, 4);
    rec_encap(&r[4], PAVO_CARRIER_VLAN, 1, 0);
    rec_encap(&r[4], PAVO_CARRIER_PPPOE, 2, PAVO_LAYER_MAC);
    rec_encap(&r[5], PAVO_CARRIER_PPPOE, 2, PAVO_LAYER_MAC);
    rec_encap(&r[5], PAVO_CARRIER_GRE, 3, 4);
    rec_encap(&r[5], PAVO_CARRIER_GRE, 4, 6);
    r[0].protocolName = r[4].protocolName = PAVO_NAME_LLDP;
    r[4].securityParameterIndex = 0x10001;
    for (unsigned i = 0; i < sizeof r / sizeof *r; i++) {
        struct pavo_buf b = stream_of(&r[i], 1, 0);
        const struct pavo_record back = stream_first(b.at, b.len);

        for (unsigned j = 0; j < fld_count; j++) {
            struct fld_value was, is;
            const bool had = fld_get(&r[i], &fld_table[j], &was);

            if (i == 6 && fld_table[j].templates && !(fld_table[j].templates & FLD_TI6))
                continue; /* ICMP over IPv6 has another template */
            assert_int_equal(had, fld_get(&back, &fld_table[j], &is));
            if (had && fld_compare(&was, &is) != 0)
                fail_msg("%s of record %u differs", fld_table[j].ie, i);
        }
        assert_int_equal(r[i].n_encap, back.n_encap);
        assert_memory_equal(r[i].encap, back.encap, r[i].n_encap * sizeof back.encap[0]);
        pavo_buf_free(&b);
    }
}

/* Whatever a stream has to say of a record, and no more: what stands in parts that are not there is
 * not even the same afterwards. */
static void
parts_come_back(void **state)
{
    (void)state;
    for (unsigned parts = 0; parts <= REC_PARTS_ALL; parts += parts < 64 ? 1 : 37) {
        struct pavo_record r = rec_tcp4(), back;
        struct pavo_digest a, b;
        struct pavo_buf out;

        rec_parts(&r, parts);
        out = stream_of(&r, 1, 0);
        back = stream_first(out.at, out.len);
        a = pavo_record_digest(&r);
        b = pavo_record_digest(&back);
        assert_true(a.hi == b.hi && a.lo == b.lo);
        assert_int_equal(back.parts, parts);
        assert_string_equal(back.history, r.history);
        assert_int_equal(back.connState, PAVO_CONN_SF);
        for (unsigned j = 0; j < fld_count; j++) {
            struct fld_value was, is;
            const bool had = fld_get(&r, &fld_table[j], &was);

            if (had != fld_get(&back, &fld_table[j], &is))
                fail_msg("%s is there %u", fld_table[j].ie, had);
            if (had && fld_compare(&was, &is) != 0)
                fail_msg("%s differs", fld_table[j].ie);
        }
        if (parts & PAVO_PART_TCP && parts & PAVO_PART_LOSS && parts & PAVO_PART_RTT)
            assert_memory_equal(&r.tcp, &back.tcp, offsetof(struct pavo_record_tcp, ecnNegotiated));
        if (parts & PAVO_PART_FIRST)
            assert_memory_equal(&r.first.fromInitiator, &back.first.fromInitiator,
                                sizeof r.first - offsetof(struct pavo_record_first, fromInitiator));
        pavo_buf_free(&out);
    }
}

static void
the_longest_parts_come_back(void **state)
{
    static struct pavo_record r[4], back;
    struct pavo_buf out;

    (void)state;
    r[0] = rec_longest();
    r[1] = rec_tcp4();
    r[2] = rec_arp();
    r[3] = rec_udp6();
    for (unsigned i = 0; i < 4; i++) {
        rec_parts_longest(&r[i]);
        if (i == 3) { /* texts of one byte and of none, nothing described */
            rec_parts(&r[i], REC_PARTS_ALL);
            strcpy(r[i].history, "S");
            strcpy(r[i].names.serverName, "x");
            r[i].names.dnsQuery[0] = r[i].names.banner[0][0] = '\0';
            r[i].first.n = 0;
            r[i].bytes.n[0] = 0;
            r[i].bytes.n[1] = 1;
        }
        out = stream_of(&r[i], 1, 0);
        back = stream_first(out.at, out.len);
        for (unsigned j = 0; j < fld_count; j++) {
            struct fld_value was, is;
            const bool had = fld_get(&r[i], &fld_table[j], &was);

            if (i == 0 && fld_table[j].templates & FLD_TALL && !(fld_table[j].templates & FLD_TI6))
                continue; /* ICMP over IPv6 has another template */
            assert_int_equal(had, fld_get(&back, &fld_table[j], &is));
            if (had && fld_compare(&was, &is) != 0)
                fail_msg("%s of record %u differs", fld_table[j].ie, i);
        }
        check_back(&r[i]);
        pavo_buf_free(&out);
    }
}

/* In a message of 1400 octets payload and names have no place; what is small stays. */
static void
what_a_message_can_not_hold_is_left_out_and_said(void **state)
{
    static struct pavo_record r, back, again;
    struct pavo_buf out;

    (void)state;
    r = rec_tcp4();
    rec_parts_longest(&r);
    out = stream_of(&r, 1, 1400);
    back = stream_first(out.at, out.len);
    pavo_buf_free(&out);
    assert_int_equal(back.parts & REC_PARTS_ALL,
                     REC_PARTS_ALL & ~(PAVO_PART_BYTES | PAVO_PART_NAMES));
    assert_int_equal(back.first.n, PAVO_FIRST_MAX);
    {
        struct fld_value v;

        assert_true(fld_get(&back, fld_find("parts.cut", NULL), &v) && v.u == 1);
        assert_false(fld_get(&r, fld_find("parts.cut", NULL), &v));
        assert_false(fld_get(&back, fld_find("dns.name", NULL), &v));
    }
    out = stream_of(&back, 1, 0); /* it stays said */
    again = stream_first(out.at, out.len);
    assert_int_equal(again.parts, back.parts);
    pavo_buf_free(&out);
    r = rec_udp6(); /* all that TCP has, in eight layers of the longest kind */
    rec_parts_longest(&r);
    r.parts = PAVO_PART_TCP | PAVO_PART_LOSS | PAVO_PART_RTT | PAVO_PART_METER | PAVO_PART_ENTROPY;
    while (r.n_encap < 8)
        rec_encap(&r, PAVO_CARRIER_PPPOE, 9, r.n_encap % 2 ? 6 : PAVO_LAYER_MAC);
    out = stream_of(&r, 1, 1400);
    back = stream_first(out.at, out.len);
    pavo_buf_free(&out);
    assert_int_equal(back.parts, r.parts);
    r = rec_tcp4();
    rec_parts_longest(&r);
    r.parts &= (uint16_t)~PAVO_PART_NAMES; /* bytes that fit */
    r.bytes.n[0] = r.bytes.n[1] = 100;
    out = stream_of(&r, 1, 1500);
    back = stream_first(out.at, out.len);
    pavo_buf_free(&out);
    assert_int_equal(back.parts, r.parts);
}

/* Two MACs of zeros are no addresses: that is all that the stream can say. */
static void
a_layer_of_zero_macs_has_none(void **state)
{
    struct pavo_record r = rec_tcp4(), back;
    struct pavo_digest a, b;
    struct pavo_buf out;

    (void)state;
    rec_encap(&r, PAVO_CARRIER_PPPOE, 2, PAVO_LAYER_MAC);
    memset(r.encap[0].src, 0, 6);
    memset(r.encap[0].dst, 0, 6);
    out = stream_of(&r, 1, 0);
    back = stream_first(out.at, out.len);
    a = pavo_record_digest(&r);
    b = pavo_record_digest(&back);
    assert_int_equal(back.encap[0].ip_version, 0);
    assert_true(a.hi == b.hi && a.lo == b.lo);
    r.encap[0].dst[5] = 1;
    a = pavo_record_digest(&r);
    assert_false(a.hi == b.hi && a.lo == b.lo);
    pavo_buf_free(&out);
}

static void
times_are_exact_to_the_nanosecond(void **state)
{
    static const uint64_t times[] = {
        0,
        1,
        999999999,
        UINT64_C(1795428005123456789),
        UINT64_C(2085978495999999999), /* before NTP's seconds begin anew */
        UINT64_C(2085978496000000000),
        UINT64_C(2085978496000000001),
        UINT64_C(4294967295999999999), /* 2106 */
        UINT64_C(9999999999123456789),
        UINT64_MAX};
    uint64_t seed = 4242;

    (void)state;
    for (unsigned i = 0; i < 10 + 5000; i++) {
        struct pavo_record r = rec_tcp4(), back;
        struct pavo_buf b;

        r.flowStartNanoseconds = i < 10 ? times[i] : stream_random(&seed);
        r.flowEndNanoseconds =
            i < 10 ? times[9 - i] : stream_random(&seed) % UINT64_C(5000000000000000000);
        if (i >= 10 && i % 50)
            continue;
        b = stream_of(&r, 1, 0);
        back = stream_first(b.at, b.len);
        assert_int_equal(back.flowStartNanoseconds, r.flowStartNanoseconds);
        assert_int_equal(back.flowEndNanoseconds, r.flowEndNanoseconds);
        pavo_buf_free(&b);
    }
}

static void
a_ledger_comes_back_as_it_was(void **state)
{
    const struct pavo_format *f = &pavo_format_ipfix;
    const struct pavo_stream_info info = stream_info();
    uint64_t seed = 7;

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        struct pavo_ledger was, is;
        struct pavo_record r;
        struct pavo_buf b = {0};
        struct pavo_err err;
        struct stream_bytes s;
        void *enc = f->open(&info, &err);
        struct pavo_reader *reader;
        uint64_t *numbers = (uint64_t *)&was;

        for (size_t j = 0; j < sizeof was / 8; j++)
            numbers[j] = stream_random(&seed);
        was.kind = (uint8_t)(1 + i % 3);
        was.time_ns %= UINT64_C(4294967296000000000);
        f->begin(enc, &b);
        f->ledger(enc, &b, &was);
        f->end(enc, &b);
        f->close(enc);
        s = (struct stream_bytes){b.at, b.len, 1000};
        reader = pavo_reader_open(stream_read, &s, &err);
        assert_int_equal(pavo_reader_next(reader, &r, &is, &err), PAVO_ITEM_LEDGER);
        assert_int_equal(is.kind, was.kind);
        assert_memory_equal(&is.sequence, &was.sequence,
                            sizeof is - offsetof(struct pavo_ledger, sequence));
        assert_int_equal(pavo_reader_next(reader, &r, &is, &err), PAVO_ITEM_END);
        assert_int_equal(pavo_reader_next(reader, &r, &is, &err), PAVO_ITEM_END);
        pavo_reader_close(reader);
        pavo_buf_free(&b);
    }
}

static void
names_of_sensor_and_interfaces_are_read(void **state)
{
    const struct pavo_record rec = rec_tcp4();
    struct pavo_buf b = stream_of(&rec, 1, 0);
    struct stream_bytes s = {b.at, b.len, 1};
    struct pavo_record r;
    struct pavo_ledger l;
    struct pavo_err err;
    struct pavo_reader *reader = pavo_reader_open(stream_read, &s, &err);

    (void)state;
    assert_null(pavo_reader_observer(reader, 0));
    assert_int_equal(pavo_reader_next(reader, &r, &l, &err), PAVO_ITEM_RECORD);
    assert_string_equal(pavo_reader_observer(reader, 0), "eth0");
    assert_string_equal(pavo_reader_observer(reader, 1), "/tmp/a capture.pcap");
    assert_null(pavo_reader_observer(reader, 2));
    assert_string_equal(pavo_reader_observer_name(reader), "border-1");
    assert_int_equal(pavo_reader_next(reader, &r, &l, &err), PAVO_ITEM_END);
    assert_int_equal(pavo_reader_offset(reader), b.len);
    pavo_reader_close(reader);
    pavo_buf_free(&b);
}

/* Does a message end there? */
static bool
is_boundary(const struct pavo_buf *b, size_t n)
{
    size_t at = 0;

    while (at < n)
        at += (size_t)b->at[at + 2] << 8 | b->at[at + 3];
    return at == n;
}

/* At every byte: what was whole before the cut is delivered, then one BROKEN, then the end. */
static void
a_cut_stream_gives_what_is_whole_and_says_it_once(void **state)
{
    const struct pavo_record rec[] = {rec_tcp4(), rec_tcp4(), rec_udp6(), rec_icmp4(), rec_arp()};
    struct pavo_buf all = stream_of(rec, 5, 0), none = stream_of(NULL, 0, 0);
    unsigned before = 0;

    (void)state;
    for (size_t n = 0; n <= all.len; n += n < none.len ? 13 : 1) {
        uint8_t *piece = malloc(n ? n : 1); /* of its size, for AddressSanitizer */
        struct stream_bytes s = {piece, n, 0};
        struct pavo_record r;
        struct pavo_ledger l;
        struct pavo_err err;
        struct pavo_reader *reader = pavo_reader_open(stream_read, &s, &err);
        unsigned records = 0, faults = 0;
        enum pavo_item item;

        memcpy(piece, all.at, n);
        while ((item = pavo_reader_next(reader, &r, &l, &err)) != PAVO_ITEM_END) {
            if (item == PAVO_ITEM_BROKEN) {
                faults++;
                assert_non_null(strstr(err.text, "cut"));
            } else {
                assert_int_equal(faults, 0);
                records++;
            }
        }
        assert_true(records >= before);
        assert_int_equal(faults, is_boundary(&all, n) ? 0 : 1);
        before = records;
        pavo_reader_close(reader);
        free(piece);
    }
    assert_int_equal(before, 5);
    pavo_buf_free(&all);
    pavo_buf_free(&none);
}

/* ---- others' ----------------------------------------------------------------------------------
 */

/* A message of domain 1 with these sets. */
static uint8_t *
message_of(const char *sets, size_t *n)
{
    size_t body;
    uint8_t *bytes = t_hex(sets, &body), *message = malloc(16 + body);
    static const uint8_t head[16] = {0, 10, 0, 0, 0x6a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

    memcpy(message, head, 16);
    message[2] = (uint8_t)((16 + body) >> 8);
    message[3] = (uint8_t)(16 + body);
    memcpy(message + 16, bytes, body);
    free(bytes);
    *n = 16 + body;
    return message;
}

static const struct foreign_case {
    const char *says, *sets;
    const char *word;  /* of the field to look at; NULL: no record is expected */
    const char *value; /* its text, "" absent */
    unsigned records, faults;
} foreign[] = {
    {"counters may be reduced in size",
     "0002 0010 0100 0002 0001 0003 0002 0001  0100 0008 000102 07", "src.bytes", "258", 1, 0},
    {"seconds are a time", "0002 0010 0100 0002 0096 0004 0002 0001  0100 0009 5f000000 01",
     "start", "2020-07-04T04:05:20.000000000Z", 1, 0},
    {"microseconds are NTP time",
     "0002 0010 0100 0002 009a 0008 0002 0001  0100 000d e2a9afb080000000 01", "start",
     "2020-07-03T13:22:56.500000000Z", 1, 0},
    {"a duration makes the end",
     "0002 0014 0100 0003 0096 0004 00a1 0004 0002 0001  0100 000d 5f000000 000005dc 01", "end",
     "2020-07-04T04:05:21.500000000Z", 1, 0},
    {"an uptime counts from the start of the device",
     "0002 0014 0100 0003 0016 0004 00a0 0008 0002 0001  0100 0011 000003e8 000001731832da80 01",
     "start", "2020-07-04T05:00:53.736000000Z", 1, 0},
    {"unknown elements are skipped, of variable length too",
     "0002 0018 0100 0003 ffff ffff 0000 270f 03e8 ffff 0002 0001  0100 000c ff0002 aabb 01 cc 07",
     "src.packets", "7", 1, 0},
    {"reverse elements fill the other side",
     "0002 0014 0100 0002 8002 0002 00007279 0002 0001  0100 0007 0009 01", "dst.packets", "9", 1,
     0},
    {"initiator and responder octets are the two sides",
     "0002 0014 0100 0003 00e7 0002 00e8 0002 0002 0001  0100 0009 0101 0202 01", "dst.bytes",
     "514", 1, 0},
    {"two octets of tcpControlBits hold all flags",
     "0002 001c 0100 0005 0008 0004 0004 0001 0007 0002 0006 0002 0002 0001  0100 000e 0a000001 06 "
     "0050 0112 01",
     "src.tcp.flags", "0x0112", 1, 0},
    {"totals alone are taken as deltas",
     "0002 0010 0100 0002 0055 0002 0056 0001  0100 0007 0102 07", "src.bytes", "258", 1, 0},
    {"ports of ICMP are type and code in NetFlow's manner",
     "0002 0018 0100 0004 0008 0004 0004 0001 000b 0002 0002 0001  0100 000c 0a000001 01 0303 01",
     "icmp.type", "3", 1, 0},
    {"there are no ports where a protocol has none",
     "0002 0018 0100 0004 0008 0004 0004 0001 000b 0002 0002 0001  0100 000c 0a000001 32 0303 01",
     "dst.port", "", 1, 0},
    {"of both families in one template the one with an address counts",
     "0002 0014 0100 0003 0008 0004 001b 0010 0002 0001  0100 0019 00000000 "
     "20010db8000000000000000000000001 01",
     "src.ip", "2001:db8::1", 1, 0},
    {"a VLAN is a layer", "0002 0010 0100 0002 003a 0002 0002 0001  0100 0007 0064 01", "vlan",
     "100", 1, 0},
    {"a template may be announced anew",
     "0002 000c 0100 0001 0001 0002  0002 000c 0100 0001 0001 0001  0100 0005 05", "src.bytes", "5",
     1, 0},
    {"a withdrawn template is gone",
     "0002 000c 0100 0001 0001 0001  0002 0008 0100 0000  0100 0005 05", NULL, NULL, 0, 1},
    {"all of them may be withdrawn at once",
     "0002 000c 0100 0001 0001 0001  0002 0008 0002 0000  0100 0005 05", NULL, NULL, 0, 1},
    {"padding behind records is no record",
     "0002 0010 0100 0002 0001 0002 0002 0001  0100 0009 0005 01 0000", "src.bytes", "5", 1, 0},
    {"an options record is no flow",
     "0003 0012 0100 0002 0001 0095 0004 0001 0001  0100 0009 00000001 05", NULL, NULL, 0, 0},
    {"a record that names nothing of a flow is passed over",
     "0002 000c 0100 0001 0096 0004  0100 0008 5f000000", NULL, NULL, 0, 0},
    {"records without template are broken, the next set is read",
     "0101 0008 00000001  0002 000c 0100 0001 0001 0001  0100 0005 05", "src.bytes", "5", 1, 1},
    {"a template without bytes is broken",
     "0002 000c 0100 0001 0001 0000  0002 000c 0101 0001 0001 0001  0101 0005 05", "src.bytes", "5",
     1, 1},
    {"a template longer than its set is broken", "0002 000c 0100 0009 0001 0002", NULL, NULL, 0, 1},
    {"a template whose last PEN is missing is broken", "0002 000c 0100 0001 8001 0002", NULL, NULL,
     0, 1},
    {"a set of three bytes is broken", "0002 0003 0100 0001", NULL, NULL, 0, 1},
    {"a set longer than its message is broken", "0100 0100 0100 0001", NULL, NULL, 0, 1},
    {"a set id of 7 is broken, the next set is read",
     "0007 0004  0002 000c 0100 0001 0001 0001  0100 0005 05", "src.bytes", "5", 1, 1},
    {"a variable length that runs over the set is broken",
     "0002 0010 0100 0002 0001 0001 0052 ffff  0100 0009 05 40 616263", NULL, NULL, 0, 1},
    /* flowParts, 8410: template 272 has sequence numbers and a window scale of TCP */
    {"a part is read by what its template holds",
     "0002 0010 0110 0002 00b8 0004 00ee 0001  0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  "
     "0100 0010 01 0a 03 0110 0009 00000005 07",
     "flowParts", "0x01", 1, 0},
    {"an element of a part outside of the list says nothing",
     "0002 0010 0100 0002 0002 0001 00b8 0004  0100 0009 01 00000005", "flowParts", "", 1, 0},
    {"a list of no octets is empty",
     "0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  0100 0006 01 00", "src.packets", "1", 1, 0},
    {"a part of another's elements is stepped over",
     "0002 000c 0110 0001 0096 0004  0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  "
     "0100 000f 01 09 03 0110 0008 00000005",
     "src.packets", "1", 1, 0},
    {"a part without a template is broken",
     "0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  0100 000b 01 05 03 0110 0004", NULL, NULL,
     0, 1},
    {"a part that runs over its list is broken",
     "0002 000c 0110 0001 00b8 0004  0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  "
     "0100 000f 01 09 03 0110 0009 00000005",
     NULL, NULL, 0, 1},
    {"a part that is shorter than its head is broken",
     "0002 000c 0110 0001 00b8 0004  0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  "
     "0100 000f 01 09 03 0110 0003 00000005",
     NULL, NULL, 0, 1},
    {"a part with half a record is broken",
     "0002 000c 0110 0001 00b8 0004  0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  "
     "0100 000e 01 08 03 0110 0007 000005",
     NULL, NULL, 0, 1},
    {"bytes behind the last part are broken",
     "0002 000c 0110 0001 00b8 0004  0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  "
     "0100 0011 01 0b 03 0110 0008 00000005 0000",
     NULL, NULL, 0, 1},
    {"a text that runs over its part is broken",
     "0002 0010 0110 0001 8412 ffff 00007ed9  0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  "
     "0100 000e 01 08 03 0110 0007 09 4142",
     NULL, NULL, 0, 1},
    {"a part may be a list of records, the last one counts",
     "0002 0010 0110 0001 8412 ffff 00007ed9  0002 0014 0100 0002 0002 0001 8410 ffff 00007ed9  "
     "0100 0010 01 0a 03 0110 0009 02 5368 01 46",
     "history", "F", 1, 0},
    {"an options template without scope is broken", "0003 000e 0100 0001 0000 0095 0004", NULL,
     NULL, 0, 1},
};

static void
foreign_is_read(void **state)
{
    const struct foreign_case *c = *state;
    size_t n;
    uint8_t *bytes = message_of(c->sets, &n);
    struct stream_bytes s = {bytes, n, 0};
    struct pavo_record r, first = {0};
    struct pavo_ledger l;
    struct pavo_err err;
    struct pavo_reader *reader = pavo_reader_open(stream_read, &s, &err);
    unsigned records = 0, faults = 0;
    enum pavo_item item;

    while ((item = pavo_reader_next(reader, &r, &l, &err)) != PAVO_ITEM_END) {
        if (item == PAVO_ITEM_BROKEN)
            faults++;
        else if (records++ == 0)
            first = r;
    }
    assert_int_equal(records, c->records);
    assert_int_equal(faults, c->faults);
    if (c->word) {
        const struct fld *f = fld_find(c->word, NULL);
        struct fld_value v;
        char text[FLD_TEXT_MAX] = "";

        assert_non_null(f);
        if (fld_get_word(&first, f, &v))
            fld_format(f, &v, text, sizeof text);
        assert_string_equal(text, c->value);
    }
    pavo_reader_close(reader);
    free(bytes);
}

static const struct hopeless_case {
    const char *says, *hex, *part;
} hopeless[] = {
    {"what is not IPFIX is said to be none", "d4c3b2a1020004000000000000000000ffff000001000000",
     "version"},
    {"a message shorter than its header ends the reading", "000a000f 00000000 00000000 00000001",
     "shorter"},
    {"a cut header is a cut", "000a 00", "cut"},
};

static void
hopeless_ends(void **state)
{
    const struct hopeless_case *c = *state;
    size_t n;
    uint8_t *bytes = t_hex(c->hex, &n);
    struct stream_bytes s = {bytes, n, 0};
    struct pavo_record r;
    struct pavo_ledger l;
    struct pavo_err err;
    struct pavo_reader *reader = pavo_reader_open(stream_read, &s, &err);

    assert_int_equal(pavo_reader_next(reader, &r, &l, &err), PAVO_ITEM_BROKEN);
    assert_non_null(strstr(err.text, c->part));
    assert_non_null(strstr(err.text, "offset"));
    assert_int_equal(pavo_reader_next(reader, &r, &l, &err), PAVO_ITEM_END);
    pavo_reader_close(reader);
    free(bytes);
}

static void
template_memory_is_bounded(void **state)
{
    struct pavo_err err;
    struct pavo_record r;
    struct pavo_ledger l;
    uint8_t *stream = calloc(6000, 28), *at = stream;
    struct stream_bytes s = {stream, (size_t)6000 * 28, 0};
    struct pavo_reader *reader = pavo_reader_open(stream_read, &s, &err);
    unsigned faults = 0;
    enum pavo_item item;

    (void)state;
    for (unsigned i = 0; i < 6000; i++, at += 28) {
        const uint8_t message[28] = {0,          10, 0, 28, 0, 0,  0,
                                     0,          0,  0, 0,  0, 0,  0,
                                     0,          1,  0, 2,  0, 12, (uint8_t)(1 + (i >> 8)),
                                     (uint8_t)i, 0,  1, 0,  1, 0,  4};

        memcpy(at, message, sizeof message);
    }
    while ((item = pavo_reader_next(reader, &r, &l, &err)) != PAVO_ITEM_END)
        faults += item == PAVO_ITEM_BROKEN;
    assert_int_equal(faults, 6000 - 4096);
    pavo_reader_close(reader);
    free(stream);
}

static long
read_nothing(void *ctx, void *bytes, size_t n)
{
    (void)ctx;
    (void)bytes;
    (void)n;
    errno = EIO;
    return -1;
}

static void
a_failed_read_is_said(void **state)
{
    struct pavo_err err;
    struct pavo_record r;
    struct pavo_ledger l;
    struct pavo_reader *reader = pavo_reader_open(read_nothing, NULL, &err);

    (void)state;
    assert_int_equal(pavo_reader_next(reader, &r, &l, &err), PAVO_ITEM_BROKEN);
    assert_non_null(strstr(err.text, "reading failed"));
    assert_int_equal(pavo_reader_next(reader, &r, &l, &err), PAVO_ITEM_END);
    pavo_reader_close(reader);
    pavo_reader_close(NULL);
}

/* Bytes changed at random: whatever comes out, nothing may be read outside the buffers. */
static void
changed_bytes_do_no_harm(void **state)
{
    struct pavo_record rec[20];
    uint64_t seed = 99;
    struct pavo_buf b;

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        rec[i] = stream_random_record(&seed);
    b = stream_of(rec, 20, 0);
    for (unsigned i = 0; i < 3000; i++) {
        struct stream_bytes s = {b.at, b.len, 0};
        struct pavo_record r;
        struct pavo_ledger l;
        struct pavo_err err;
        struct pavo_reader *reader;
        const size_t place = stream_random(&seed) % b.len;
        const uint8_t was = b.at[place];

        b.at[place] = (uint8_t)stream_random(&seed);
        reader = pavo_reader_open(stream_read, &s, &err);
        while (pavo_reader_next(reader, &r, &l, &err) != PAVO_ITEM_END) {
        }
        pavo_reader_close(reader);
        b.at[place] = was;
    }
    pavo_buf_free(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_it_was),
        cmocka_unit_test(every_field_of_every_kind_comes_back),
        cmocka_unit_test(parts_come_back),
        cmocka_unit_test(the_longest_parts_come_back),
        cmocka_unit_test(what_a_message_can_not_hold_is_left_out_and_said),
        cmocka_unit_test(a_layer_of_zero_macs_has_none),
        cmocka_unit_test(times_are_exact_to_the_nanosecond),
        cmocka_unit_test(a_ledger_comes_back_as_it_was),
        cmocka_unit_test(names_of_sensor_and_interfaces_are_read),
        cmocka_unit_test(a_cut_stream_gives_what_is_whole_and_says_it_once),
        cmocka_unit_test(template_memory_is_bounded),
        cmocka_unit_test(a_failed_read_is_said),
        cmocka_unit_test(changed_bytes_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) | T_RUN_TABLE(foreign, foreign_is_read) |
           T_RUN_TABLE(hopeless, hopeless_ends);
}
