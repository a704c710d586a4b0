/* Unit tests of lib/export/json.c: every line is JSON, and says what the record says. */
#include <jansson.h>

#include "t.h"

#include "fields.h"
#include "ledger_row.h"
#include "records.h"

static const char *const sources[] = {"eth2", NULL, "a\"b\\c\n\xff\xc3\xa9\x01"};

static const struct pavo_stream_info info = {
    .observer = "border-1",
    .version = "0.1.0",
    .domain = 1,
    .sources = sources,
    .n_sources = 3,
};

/* The one line of a buffer as JSON without a key twice. Frees the buffer. */
static json_t *
line_load(struct pavo_buf *b)
{
    json_error_t why;
    json_t *j;

    assert_false(b->failed);
    assert_true(b->len > 1);
    assert_ptr_equal(memchr(b->at, '\n', b->len), b->at + b->len - 1);
    j = json_loadb((const char *)b->at, b->len, JSON_REJECT_DUPLICATES, &why);
    if (!j)
        fail_msg("%s at %d of %.*s", why.text, why.position, (int)b->len, (const char *)b->at);
    pavo_buf_free(b);
    return j;
}

static json_t *
record_load(const struct pavo_record *r)
{
    struct pavo_buf b = {0};
    struct pavo_err err;
    void *enc = pavo_format_json.open(&info, &err);

    assert_non_null(enc);
    pavo_format_json.begin(enc, &b);
    pavo_format_json.record(enc, &b, r);
    pavo_format_json.flush(enc, &b);
    pavo_format_json.end(enc, &b);
    pavo_format_json.close(enc);
    return line_load(&b);
}

static json_t *
ledger_load(const struct pavo_ledger *l)
{
    struct pavo_buf b = {0};
    struct pavo_err err;
    void *enc = pavo_format_json.open(&info, &err);

    assert_non_null(enc);
    pavo_format_json.ledger(enc, &b, l);
    pavo_format_json.close(enc);
    return line_load(&b);
}

/* The member of a dotted path; NULL: there is none. */
static json_t *
member(json_t *j, const char *path)
{
    char key[64];

    while (j && *path) {
        const size_t n = strcspn(path, ".");

        memcpy(key, path, n);
        key[n] = '\0';
        j = json_object_get(j, key);
        path += n + (path[n] == '.');
    }
    return j;
}

static void
is_json(json_t *root, const char *path, const char *expected)
{
    json_t *m = member(root, path);
    char *text;

    if (!m)
        fail_msg("no %s", path);
    text = json_dumps(m, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
    assert_string_equal(text, expected);
    free(text);
}

static void
is_absent(json_t *root, const char *path)
{
    if (member(root, path))
        fail_msg("%s is there", path);
}

/* No empty object anywhere. */
static void
has_no_empty(json_t *j)
{
    const char *key;
    json_t *value;

    assert_true(!json_is_object(j) || json_object_size(j) > 0);
    json_object_foreach(j, key, value) has_no_empty(value);
}

static void
tcp_has_the_shape(void **state)
{
    struct pavo_record r = rec_tcp4();
    json_t *j;

    rec_encap(&r, PAVO_CARRIER_VLAN, 100, 0);
    rec_encap(&r, PAVO_CARRIER_VXLAN, 5001, 4);
    j = record_load(&r);
    is_json(j, "@timestamp", "\"2026-11-23T10:00:05.123456789Z\"");
    is_json(j, "event.kind", "\"event\"");
    is_json(j, "event.category", "[\"network\"]");
    is_json(j, "event.type", "[\"connection\",\"end\"]");
    is_json(j, "event.dataset", "\"flow\"");
    is_json(j, "event.start", "\"2026-11-23T10:00:01.000000123Z\"");
    is_json(j, "event.end", "\"2026-11-23T10:00:05.123456789Z\"");
    is_json(j, "event.duration", "4123456666");
    is_json(j, "network.type", "\"ipv4\"");
    is_json(j, "network.transport", "\"tcp\"");
    is_json(j, "network.iana_number", "\"6\"");
    is_json(j, "network.bytes", "18233");
    is_json(j, "network.packets", "42");
    assert_int_equal(strncmp(json_string_value(member(j, "network.community_id")), "1:", 2), 0);
    is_json(j, "source.ip", "\"192.0.2.10\"");
    is_json(j, "source.port", "51234");
    is_json(j, "source.mac", "\"00-00-5E-00-53-01\"");
    is_json(j, "source.bytes", "4021");
    is_json(j, "source.packets", "20");
    is_json(j, "destination.ip", "\"198.51.100.7\"");
    is_json(j, "destination.port", "443");
    is_json(j, "destination.mac", "\"00-00-5E-00-53-02\"");
    is_json(j, "destination.bytes", "14212");
    is_json(j, "destination.packets", "22");
    is_json(j, "vlan.id", "\"100\"");
    is_json(j, "flow.id", "\"9f3c01d2a4b5c6d7\"");
    is_json(j, "flow.seq", "1");
    is_json(j, "flow.final", "true");
    is_json(j, "flow.end_reason", "\"end_detected\"");
    is_json(j, "flow.initiator.basis", "\"syn\"");
    is_json(j, "flow.source.payload_bytes", "2890");
    is_json(j, "flow.source.tcp_flags.first", "2");
    is_json(j, "flow.source.tcp_flags.union", "27");
    is_json(j, "flow.source.ttl.min", "64");
    is_json(j, "flow.destination.tcp_flags.first", "18");
    is_json(j, "flow.encap",
            "[{\"type\":\"vlan\",\"id\":100},{\"type\":\"vxlan\",\"id\":5001,\"source\":"
            "\"10.0.0.1\",\"destination\":\"10.0.0.2\"}]");
    is_json(j, "observer.name", "\"border-1\"");
    is_json(j, "observer.product", "\"pavo\"");
    is_json(j, "observer.version", "\"0.1.0\"");
    is_json(j, "observer.ingress.interface.name", "\"eth2\"");
    json_decref(j);
}

static void
names_and_macs_of_layers(void **state)
{
    struct pavo_record r = rec_tcp4();
    json_t *j = record_load(&r);

    is_absent(j, "network.protocol");
    json_decref(j);
    r.protocolName = PAVO_NAME_LLDP;
    rec_encap(&r, PAVO_CARRIER_PPPOE, 9, PAVO_LAYER_MAC);
    j = record_load(&r);
    is_json(j, "network.protocol", "\"lldp\"");
    is_json(j, "flow.encap",
            "[{\"type\":\"pppoe\",\"id\":9,\"source_mac\":\"00-00-5E-00-53-B1\","
            "\"destination_mac\":\"00-00-5E-00-53-B2\"}]");
    is_absent(j, "flow.tunnel"); /* what a link carries is no tunnel */
    json_decref(j);
    r = rec_link(0x8035, false);
    j = record_load(&r);
    is_json(j, "network.protocol", "\"rarp\""); /* by its EtherType */
    is_absent(j, "flow.spi");
    json_decref(j);
    r.protocolName = PAVO_NAME_LLDP;
    r.securityParameterIndex = 0x10001;
    j = record_load(&r);
    is_json(j, "network.protocol", "\"lldp\"");
    is_json(j, "flow.spi", "\"0x010001\"");
    json_decref(j);
    r.protocolName = 255; /* a number of a later version */
    j = record_load(&r);
    is_json(j, "network.protocol", "\"rarp\"");
    json_decref(j);
}

static void
top_level_order(void **state)
{
    static const char *const keys[] = {
        "\"@timestamp\":",  "\"event\":", "\"network\":", "\"source\":",
        "\"destination\":", "\"vlan\":",  "\"flow\":",    "\"observer\":"};
    struct pavo_record r = rec_tcp4();
    struct pavo_buf b = {0};
    struct pavo_err err;
    void *enc = pavo_format_json.open(&info, &err);
    const char *at;

    rec_encap(&r, PAVO_CARRIER_VLAN, 1, 0);
    pavo_format_json.record(enc, &b, &r);
    b.at[b.len - 1] = '\0';
    at = (const char *)b.at;
    for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        at = strstr(at, keys[i]);
        assert_non_null(at);
    }
    pavo_buf_free(&b);
    pavo_format_json.close(enc);
}

static void
event_types(void **state)
{
    struct pavo_record r = rec_tcp4();
    json_t *j;

    r.flowFinal = 0;
    j = record_load(&r);
    is_json(j, "event.type", "[\"connection\",\"start\",\"info\"]");
    json_decref(j);
    r.flowSequence = 2;
    j = record_load(&r);
    is_json(j, "event.type", "[\"connection\",\"info\"]");
    json_decref(j);
    r.flowFinal = 1;
    j = record_load(&r);
    is_json(j, "event.type", "[\"connection\",\"end\"]");
    json_decref(j);
}

static void
absent_is_left_out(void **state)
{
    struct pavo_record r = rec_udp6();
    json_t *j;

    r.hasMac = 0;
    r.ingressInterface = 1;
    r.flowEndNanoseconds = r.flowStartNanoseconds - 1;
    j = record_load(&r);
    is_json(j, "network.type", "\"ipv6\"");
    is_json(j, "source.ip", "\"2001:db8::1\"");
    is_json(j, "network.transport", "\"udp\"");
    is_absent(j, "source.mac");
    is_absent(j, "vlan");
    is_absent(j, "flow.encap");
    is_absent(j, "flow.source.tcp_flags");
    is_absent(j, "flow.icmp");
    is_absent(j, "flow.quote");
    is_absent(j, "event.duration");
    is_absent(j, "network.protocol");
    is_absent(j, "observer.ingress.interface.name");
    json_decref(j);
}

static void
link_and_arp(void **state)
{
    struct pavo_record r = rec_arp();
    json_t *j = record_load(&r);

    is_json(j, "network.protocol", "\"arp\"");
    is_json(j, "source.ip", "\"192.0.2.10\"");
    is_json(j, "flow.ethertype", "\"0x0806\"");
    is_json(j, "flow.arp.operation", "1");
    is_absent(j, "network.transport");
    is_absent(j, "network.iana_number");
    is_absent(j, "network.community_id");
    json_decref(j);

    r = rec_link(0x88cc, false);
    r.protocolName = PAVO_NAME_LLDP;
    j = record_load(&r);
    is_json(j, "network.protocol", "\"lldp\"");
    is_json(j, "flow.ethertype", "\"0x88cc\"");
    is_json(j, "source.mac", "\"00-00-5E-00-53-01\"");
    is_absent(j, "source.ip");
    is_absent(j, "source.port");
    json_decref(j);

    r = rec_link(0x4242, true);
    r.protocolName = PAVO_NAME_STP;
    j = record_load(&r);
    is_json(j, "network.protocol", "\"stp\"");
    is_json(j, "flow.llc", "true");
    is_json(j, "flow.ethertype", "\"0x4242\"");
    json_decref(j);

    r = rec_link(0x1234, false);
    j = record_load(&r);
    is_absent(j, "network.protocol");
    json_decref(j);
}

static void
icmp_and_quote(void **state)
{
    struct pavo_record r = rec_icmp4();
    json_t *j;

    r.icmpErrorCount = 3;
    r.icmpErrorType = 11;
    j = record_load(&r);
    is_json(j, "flow.icmp.type", "3");
    is_json(j, "flow.icmp.code", "1");
    is_json(j, "flow.quote.source.ip", "\"198.51.100.7\"");
    is_json(j, "flow.quote.source.port", "5353");
    is_json(j, "flow.quote.transport", "\"udp\"");
    is_json(j, "flow.icmp_error.type", "11");
    is_json(j, "flow.icmp_error.count", "3");
    is_absent(j, "source.port");
    json_decref(j);
}

static void
numbers_at_two_to_53(void **state)
{
    struct pavo_record r = rec_tcp4();
    json_t *j;

    r.octetDeltaCount[0] = UINT64_C(1) << 53;
    r.octetDeltaCount[1] = (UINT64_C(1) << 53) + 1;
    j = record_load(&r);
    is_json(j, "source.bytes", "9007199254740992");
    is_json(j, "destination.bytes", "\"9007199254740993\"");
    is_json(j, "network.bytes", "\"18014398509481985\"");
    json_decref(j);
}

static void
names_are_escaped(void **state)
{
    struct pavo_record r = rec_tcp4();
    json_t *j;

    r.ingressInterface = 2;
    j = record_load(&r);
    assert_string_equal(json_string_value(member(j, "observer.ingress.interface.name")),
                        "a\"b\\c\n\xef\xbf\xbd\xc3\xa9\x01");
    json_decref(j);
    r.ingressInterface = 4000000000u;
    j = record_load(&r);
    is_absent(j, "observer.ingress.interface.name");
    json_decref(j);
}

static void
every_present_field_stands_at_its_path(void **state)
{
    struct pavo_record all[] = {rec_tcp4(),          rec_udp6(),          rec_icmp4(),  rec_arp(),
                                rec_link(0x88cc, 0), rec_link(0x4242, 1), rec_longest()};

    rec_parts(&all[0], REC_PARTS_ALL);
    rec_parts(&all[1], REC_PARTS_ALL & ~PAVO_PART_METER);
    rec_parts_longest(&all[6]);
    for (unsigned k = 0; k < sizeof all / sizeof all[0]; k++) {
        json_t *j = record_load(&all[k]);

        has_no_empty(j);
        for (unsigned i = 0; i < fld_count; i++) {
            const struct fld *f = &fld_table[i];
            struct fld_value v;
            static char text[4096];
            json_t *m;

            if (!f->json[0] || f->type == FLD_LIST || !fld_get(&all[k], f, &v))
                continue;
            m = member(j, f->json);
            if (!m)
                fail_msg("record %u has %s but no %s", k, f->ie, f->json);
            fld_format(f, &v, text, sizeof text);
            if (json_is_string(m))
                assert_string_equal(json_string_value(m), text);
            else if (json_is_array(m))
                for (size_t n = 0; n < json_array_size(m) || n < v.u; n++)
                    assert_int_equal(json_integer_value(json_array_get(m, n)),
                                     fld_number(&v, (unsigned)n));
            else if (json_is_integer(m))
                assert_int_equal((uint64_t)json_integer_value(m), v.u);
            else
                assert_int_equal(json_is_true(m), v.u);
        }
        json_decref(j);
    }
}

static void
parts_stand_at_their_paths(void **state)
{
    static struct pavo_record r;
    json_t *j;

    r = rec_tcp4();
    rec_parts(&r, REC_PARTS_ALL);
    r.cast = PAVO_CAST_MULTICAST;
    r.initiatorTurned = 1;
    r.tcp.retransmittedPackets[0] = 0;
    r.tcp.handshakeServer_ns = 17800000;
    r.tcp.handshakeClient_ns = 400000;
    j = record_load(&r);
    has_no_empty(j);
    is_json(j, "flow.state", "\"SF\"");
    is_json(j, "flow.history", "\"ShADadFf\"");
    is_json(j, "flow.cast", "\"multicast\"");
    is_json(j, "flow.initiator.turned", "true");
    is_json(j, "flow.source.tcp_state", "\"closed\"");
    is_json(j, "flow.destination.tcp_state", "\"established\"");
    is_json(j, "flow.source.retransmits", "0");
    is_json(j, "flow.source.tcp_options", "255");
    is_json(j, "flow.ecn_negotiated", "true");
    is_json(j, "flow.rtt.client_ns", "400000");
    is_json(j, "flow.rtt.server_ns", "17800000");
    is_json(j, "flow.rtt.handshake_ns", "18200000");
    is_json(j, "flow.producer_consumer_ratio", "-0.6385");
    is_json(j, "flow.source.ip_id", "\"counter\"");
    is_json(j, "flow.source.payload_entropy", "200");
    is_json(j, "flow.source.payload", "\"R0VUIC8=\"");
    is_json(j, "flow.first.n", "16");
    is_json(j, "flow.first.bytes",
            "[1000,1001,1002,1003,1004,1005,1006,1007,1008,1009,1010,1011,1012,1013,1014,1015]");
    is_json(j, "flow.first.directions", "\"<<<<>>>>><><<><>\"");
    is_json(j, "network.application", "\"250\"");
    is_json(j, "tls.client.server_name", "\"www.example.org\"");
    is_json(j, "tls.client.ja4", "\"t13d1516h2_8daaf6152771_e5627efa2ab1\"");
    is_json(j, "tls.next_protocol", "\"h2\"");
    is_json(j, "tls.version", "\"1.3\"");
    is_json(j, "flow.quic.version", "\"0x6b3343cf\"");
    is_json(j, "dns.question.name", "\"a.example\"");
    is_json(j, "dns.question.type", "\"AAAA\"");
    is_json(j, "dns.response_code", "\"NXDOMAIN\"");
    is_json(j, "url.domain", "\"b.example\"");
    is_json(j, "flow.source.ssh", "\"SSH-2.0-one\"");
    is_json(j, "flow.destination.ssh", "\"SSH-2.0-two\"");
    is_json(j, "flow.assoc.protocol", "\"esp\"");
    is_absent(j, "flow.counts_unknown");
    assert_int_equal(json_array_size(member(j, "flow.source.pkt_size.hist")), PAVO_BINS);
    assert_int_equal(json_array_size(member(j, "flow.destination.iat.hist")), PAVO_BINS);
    json_decref(j);

    r.parts = PAVO_PART_ECHO; /* what stands in the others is not read */
    r.countsUnknown = 1;
    j = record_load(&r);
    is_absent(j, "flow.source.retransmits");
    is_absent(j, "flow.source.pkt_size");
    is_absent(j, "flow.producer_consumer_ratio");
    is_absent(j, "flow.rtt");
    is_absent(j, "tls");
    is_absent(j, "dns");
    is_absent(j, "flow.first");
    is_absent(j, "flow.icmp_error.count");
    is_absent(j, "flow.source.fragments");
    assert_non_null(member(j, "flow.total"));
    is_json(j, "flow.counts_unknown", "true");
    assert_non_null(member(j, "flow.echo.rtt.mean_ns"));
    json_decref(j);
}

static void
parts_as_long_as_can_be(void **state)
{
    static struct pavo_record r;
    json_t *j;

    r = rec_longest();
    rec_parts_longest(&r);
    j = record_load(&r);
    assert_string_equal(json_string_value(member(j, "dns.question.name")), r.names.dnsQuery);
    assert_string_equal(json_string_value(member(j, "flow.destination.ssh")), r.names.banner[1]);
    assert_int_equal(json_string_length(member(j, "flow.source.payload")), 2000);
    assert_int_equal(json_array_size(member(j, "flow.first.gaps_us")), PAVO_FIRST_MAX);
    json_decref(j);
    r.first.n = 0;
    r.names.dnsQuery[0] = '\0';
    r.names.dnsType = 0;
    r.names.hasDnsRcode = 0;
    r.bytes.n[0] = 0;
    j = record_load(&r);
    is_json(j, "flow.first.n", "0");
    is_absent(j, "flow.first.bytes");
    is_absent(j, "dns");
    is_absent(j, "flow.source.payload");
    json_decref(j);
}

static void
longest_record_fits(void **state)
{
    struct pavo_record r = rec_longest();
    json_t *j = record_load(&r);

    assert_int_equal(json_array_size(member(j, "flow.encap")), PAVO_LAYERS_MAX);
    is_json(j, "flow.total.source.bytes", "\"18446744073709551615\"");
    is_json(j, "event.duration", "\"18446744073709551615\"");
    json_decref(j);
}

static void
ledger_has_every_count(void **state)
{
    struct pavo_ledger l = {.kind = PAVO_LEDGER_INTERVAL, .time_ns = REC_END};
    json_t *j;
    char path[96], number[32];

    for (unsigned i = 0; i < ledger_row_count; i++) {
        const uint64_t n = 1000 + i;

        memcpy((char *)&l + ledger_rows[i].offset, &n, sizeof n);
    }
    l.counts.received_octets = UINT64_MAX;
    j = ledger_load(&l);
    is_json(j, "@timestamp", "\"2026-11-23T10:00:05.123456789Z\"");
    is_json(j, "event.dataset", "\"ledger\"");
    is_json(j, "event.kind", "\"metric\"");
    is_json(j, "ledger.kind", "\"interval\"");
    is_json(j, "observer.name", "\"border-1\"");
    for (unsigned i = 0; i < ledger_row_count; i++) {
        snprintf(path, sizeof path, "ledger.%s", ledger_rows[i].path);
        if (strcmp(path, "ledger.counts.received_octets") == 0)
            snprintf(number, sizeof number, "\"18446744073709551615\"");
        else
            snprintf(number, sizeof number, "%u", 1000 + i);
        is_json(j, path, number);
    }
    /* Spelled out once, so that a wrong table does not check itself. */
    l.since.records = 7;
    l.dropped.octets = 8;
    l.counts.lost[PAVO_LOSS_KERNEL_DROP] = 9;
    l.counts.why[PAVO_WHY_TRUNCATED] = 10;
    l.counts.ring_dropped.packets = 11;
    json_decref(j);
    j = ledger_load(&l);
    is_json(j, "ledger.since.records", "7");
    is_json(j, "ledger.dropped.octets", "8");
    is_json(j, "ledger.counts.lost.kernel_drop", "9");
    is_json(j, "ledger.counts.why.truncated", "10");
    is_json(j, "ledger.counts.ring_dropped.packets", "11");
    json_decref(j);
}

static void
ledger_before_the_first_packet(void **state)
{
    const struct pavo_ledger l = {.kind = PAVO_LEDGER_START};
    json_t *j = ledger_load(&l);

    is_absent(j, "@timestamp");
    is_json(j, "ledger.kind", "\"start\"");
    is_json(j, "ledger.sequence", "0");
    json_decref(j);
}

static const struct t_case {
    const char *says;
    CMUnitTestFunction run;
} cases[] = {
    {"a TCP flow in VLAN and VXLAN has the documented shape", tcp_has_the_shape},
    {"top-level keys stand in the documented order", top_level_order},
    {"names of protocols, and layers with MAC addresses", names_and_macs_of_layers},
    {"event.type tells first, middle and last records apart", event_types},
    {"what is unknown is left out", absent_is_left_out},
    {"ARP, LLDP, STP and unknown frames are flows with their words", link_and_arp},
    {"an ICMP error names the conversation it quotes", icmp_and_quote},
    {"2^53 is a number, one more is a string", numbers_at_two_to_53},
    {"interface names are escaped and made UTF-8", names_are_escaped},
    {"every field that is present stands at its path with its value",
     every_present_field_stands_at_its_path},
    {"parts stand at their paths, and only those that are there", parts_stand_at_their_paths},
    {"texts and bytes of any length fit their room", parts_as_long_as_can_be},
    {"the longest record fits its room", longest_record_fits},
    {"a ledger record has every count under its member's name", ledger_has_every_count},
    {"a ledger before the first packet has no time", ledger_before_the_first_packet},
};

static void
run(void **state)
{
    const struct t_case *c = *state;

    c->run(NULL);
}

int
main(void)
{
    return T_RUN_TABLE(cases, run);
}
