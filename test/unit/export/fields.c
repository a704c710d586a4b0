/* Tests of the field table, of the formatters, and that docs/records.md says what the table says.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <time.h>

#include "fields.h"
#include "rows.h"
#include "stream.h"
#include "t_doc.h"

static const struct fld *
row(const char *name)
{
    const struct fld *f = fld_find(name, NULL);

    if (!f)
        fail_msg("no field %s", name);
    return f;
}

static const char *
text_of(const struct pavo_record *r, const char *name)
{
    static char text[2 * FLD_TEXT_MAX];
    struct fld_value v;

    text[0] = '\0';
    if (fld_get_word(r, row(name), &v))
        fld_format(row(name), &v, text, sizeof text);
    return text;
}

static void
names_are_unique_but_for_twins(void **state)
{
    (void)state;
    for (unsigned i = 0; i < fld_count; i++) {
        const struct fld *a = &fld_table[i];

        assert_true(a->ie && a->word && a->json && a->unit && a->help[0]);
        assert_true(a->word[0] || !a->json[0]);
        if (a->templates)
            assert_true(a->id != 0);
        if (a->pen == PAVO_PEN && a->templates)
            assert_true(a->id > 1000);
        if (a->type == FLD_W)
            assert_non_null(a->words);
        for (unsigned j = 0; j < i; j++) {
            const struct fld *b = &fld_table[j];

            if (a->templates && b->templates && a->pen == b->pen && a->id == b->id)
                fail_msg("%s and %s have one number", a->ie, b->ie);
            if (a->word[0] && strcmp(a->word, b->word) == 0) {
                assert_int_equal(j, i - 1); /* side by side */
                assert_string_equal(a->json, b->json);
                assert_false(a->templates & b->templates);
            } else if (a->json[0] && strcmp(a->json, b->json) == 0) {
                fail_msg("%s and %s have one JSON path", a->ie, b->ie);
            }
        }
    }
}

/* Every member of a record that carries something is some row's: set through the table, a record is
 * whole. Members by name: what lies between them is padding. */
static void
the_table_reaches_every_member(void **state)
{
#define MEMBER(m)                                                                                  \
    {                                                                                              \
#m, offsetof(struct pavo_record, m), sizeof((struct pavo_record *)0)->m                    \
    }
    static const struct {
        const char *name;
        size_t at, n;
    } members[] = {
        MEMBER(kind), MEMBER(protocolIdentifier), MEMBER(flowEndReason), MEMBER(endDetail),
        MEMBER(initiatorBasis), MEMBER(biflowDirection), MEMBER(flowFinal), MEMBER(hasPorts),
        MEMBER(hasMac), MEMBER(isLlc), MEMBER(isFragment), MEMBER(decodeReason),
        MEMBER(flowSequence), MEMBER(flowId), MEMBER(sourceAddress), MEMBER(destinationAddress),
        MEMBER(sourceTransportPort), MEMBER(destinationTransportPort), MEMBER(sourceMacAddress),
        MEMBER(destinationMacAddress), MEMBER(ethernetType), MEMBER(arpOperation),
        MEMBER(securityParameterIndex), MEMBER(flowLabelIPv6), MEMBER(ingressInterface),
        MEMBER(fragmentIdentification), MEMBER(protocolName), MEMBER(hasIcmp), MEMBER(icmpType),
        MEMBER(icmpCode), MEMBER(icmpErrorType), MEMBER(icmpErrorCode), MEMBER(icmpIdentifier),
        MEMBER(icmpErrorCount), MEMBER(quote), MEMBER(flowStartNanoseconds),
        MEMBER(flowEndNanoseconds), MEMBER(packetDeltaCount), MEMBER(octetDeltaCount),
        MEMBER(payloadOctets), MEMBER(packetTotalCount), MEMBER(octetTotalCount),
        MEMBER(fragmentCount), MEMBER(tcpControlBits), MEMBER(initialTCPFlags), MEMBER(minimumTTL),
        MEMBER(maximumTTL), MEMBER(ipClassOfService), MEMBER(parts), MEMBER(connState),
        MEMBER(cast), MEMBER(initiatorTurned), MEMBER(countsUnknown), MEMBER(payloadEntropy),
        MEMBER(history), MEMBER(encapLost),
        /* of the parts, in the order of their structs */
        MEMBER(meter.minimumPacket), MEMBER(meter.maximumPacket), MEMBER(meter.packetSquares),
        MEMBER(meter.packetBins), MEMBER(meter.gapBins), MEMBER(meter.gapMin_ns),
        MEMBER(meter.gapMax_ns), MEMBER(meter.gapSum_ns), MEMBER(meter.gapSquares_us),
        MEMBER(meter.idleSum_ns), MEMBER(meter.idleMax_ns), MEMBER(meter.smallPackets),
        MEMBER(meter.burstOctets), MEMBER(meter.ceMarks), MEMBER(meter.ttlChanges),
        MEMBER(meter.tosChanges), MEMBER(meter.ecnSeen), MEMBER(meter.dscpLast),
        MEMBER(meter.ipIdBehaviour), MEMBER(tcp.tcpSequenceNumber), MEMBER(tcp.streamOctets),
        MEMBER(tcp.retransmittedPackets), MEMBER(tcp.retransmittedOctets),
        MEMBER(tcp.fastRetransmits), MEMBER(tcp.spuriousRetransmits), MEMBER(tcp.outOfOrderPackets),
        MEMBER(tcp.duplicatePackets), MEMBER(tcp.missedOctets), MEMBER(tcp.unackedOctets),
        MEMBER(tcp.duplicateAcks), MEMBER(tcp.zeroWindows), MEMBER(tcp.windowFull),
        MEMBER(tcp.keepAlives), MEMBER(tcp.windowProbes), MEMBER(tcp.eceSegments),
        MEMBER(tcp.cwrSegments), MEMBER(tcp.maximumSegmentSize), MEMBER(tcp.tcpWindowScale),
        MEMBER(tcp.tcpOptionBits), MEMBER(tcp.sideState), MEMBER(tcp.ecnNegotiated),
        MEMBER(tcp.hasMptcpToken), MEMBER(tcp.mptcpToken), MEMBER(tcp.handshakeServer_ns),
        MEMBER(tcp.handshakeClient_ns), MEMBER(tcp.response_ns), MEMBER(tcp.rttSamples),
        MEMBER(tcp.rttMin_ns), MEMBER(tcp.rttMax_ns), MEMBER(tcp.rttSum_ns), MEMBER(echo.requests),
        MEMBER(echo.replies), MEMBER(echo.lost), MEMBER(echo.duplicates), MEMBER(echo.samples),
        MEMBER(echo.firstSequence), MEMBER(echo.lastSequence), MEMBER(echo.rttMin_ns),
        MEMBER(echo.rttMax_ns), MEMBER(echo.rttSum_ns), MEMBER(assoc.protocol), MEMBER(assoc.state),
        MEMBER(assoc.multihomed), MEMBER(assoc.conflict), MEMBER(assoc.tag), MEMBER(assoc.messages),
        MEMBER(assoc.lost), MEMBER(assoc.replayed), MEMBER(assoc.highest), MEMBER(assoc.answeredBy),
        MEMBER(assoc.address), MEMBER(assoc.hasAddress), MEMBER(assoc.messageType),
        MEMBER(assoc.response_ns), MEMBER(rtp.ssrc), MEMBER(rtp.payloadType), MEMBER(rtp.seen),
        MEMBER(rtp.packets), MEMBER(rtp.lost), MEMBER(rtp.outOfOrder), MEMBER(rtp.jitter_us),
        MEMBER(first.n), MEMBER(first.octets), MEMBER(first.fromInitiator), MEMBER(first.gap_us),
        MEMBER(names.application), MEMBER(names.dnsRcode), MEMBER(names.hasDnsRcode),
        MEMBER(names.dnsType), MEMBER(names.tlsVersion), MEMBER(names.quicVersion),
        MEMBER(names.serverName), MEMBER(names.alpn), MEMBER(names.ja4), MEMBER(names.dnsQuery),
        MEMBER(names.httpHost), MEMBER(names.banner), MEMBER(bytes.n), MEMBER(bytes.at)};
#undef MEMBER
    static uint8_t reached[sizeof(struct pavo_record)];
    static uint8_t bytes[PAVO_PAYLOAD_MAX];
    size_t named = 0;

    (void)state;
    memset(bytes, 0xff, sizeof bytes);
    for (unsigned i = 0; i < fld_count; i++) {
        const struct fld *f = &fld_table[i];
        static struct pavo_record r;
        struct fld_value v = {.type = f->type, .u = UINT64_MAX};

        memset(&r, 0, sizeof r);
        memset(v.bytes, 0xff, sizeof v.bytes);
        if (f->type == FLD_A || f->type == FLD_O || f->form == ROW_FORM_S) {
            v.at = bytes;
            v.u = sizeof bytes / 4;
            v.width = 4;
            if (f->type == FLD_O)
                v.u = sizeof bytes;
        }
        fld_set(&r, f, &v);
        for (size_t j = 0; j < sizeof reached; j++)
            reached[j] |= ((const uint8_t *)&r)[j];
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        size_t missing = 0;

        for (size_t j = 0; j < members[i].n; j++)
            missing += !reached[members[i].at + j];
        /* a text ends in NUL, quoted addresses and reasons leave padding */
        if (missing == members[i].n || (missing > 8 && members[i].n < 100))
            fail_msg("no row reaches %s", members[i].name);
        named += members[i].n;
    }
    /* A member that is not in this list shows by its bytes: the rest is n_encap, layers and
     * padding. */
    assert_in_range(sizeof(struct pavo_record) - named,
                    1 + PAVO_LAYERS_MAX * sizeof(struct pavo_layer),
                    1 + PAVO_LAYERS_MAX * sizeof(struct pavo_layer) + 48);
}

/* What a row needs to be there. */
static void
allow(struct pavo_record *r, const struct fld *f)
{
    static const uint8_t protocols[] = {[ROW_HAVE_SCTP] = PAVO_ASSOC_SCTP,
                                        [ROW_HAVE_NEIGHBOUR] = PAVO_ASSOC_ND,
                                        [ROW_HAVE_NUMBERED] = PAVO_ASSOC_DCCP,
                                        [ROW_HAVE_SPI_SEQ] = PAVO_ASSOC_ESP,
                                        [ROW_HAVE_DHCP] = PAVO_ASSOC_DHCP};

    rec_parts(r, REC_PARTS_ALL);
    r->cast = PAVO_CAST_BROADCAST;
    r->initiatorTurned = 1;
    if (f->have == ROW_HAVE_CUT)
        r->parts |= ROW_PART_CUT;
    if (f->have < sizeof protocols && protocols[f->have])
        r->assoc.protocol = protocols[f->have];
    if (f->have == ROW_HAVE_UNKNOWN)
        r->countsUnknown = 1;
}

static void
what_is_set_is_got(void **state)
{
    (void)state;
    for (unsigned i = 0; i < fld_count; i++) {
        const struct fld *f = &fld_table[i];
        struct pavo_record r = f->templates & FLD_TI ? rec_icmp4() : rec_tcp4();
        struct fld_value in = {.type = f->type, .u = 3}, out;
        static const uint32_t numbers[PAVO_FIRST_MAX] = {7, 8, 9, 1 << 30, 11};

        if (f->templates == FLD_TV6 || (f->templates == FLD_TI6))
            r.kind = PAVO_KIND_IP6;
        if (f->templates == FLD_TA)
            r.kind = PAVO_KIND_ARP;
        if (f->type == FLD_LIST || f->offset == offsetof(struct pavo_record, encap) ||
            f->offset == offsetof(struct pavo_record, kind))
            continue;
        allow(&r, f);
        r.isFragment = r.hasMac = 1;
        r.quote.kind = PAVO_KIND_IP4;
        r.quote.proto = 1;
        r.icmpErrorCount = 1;
        r.maximumTTL[0] = r.maximumTTL[1] = 3;
        if (f->type == FLD_B)
            in.u = 1;
        memset(in.bytes, 0x11, f->type == FLD_IP4 ? 4 : f->type == FLD_MAC ? 6 : 16);
        if (f->type == FLD_A) {
            in.at = numbers;
            in.width = f->form == ROW_FORM_N16 ? 2 : 4;
            in.u = f->width / in.width;
        }
        fld_set(&r, f, &in);
        r.protocolIdentifier = strncmp(f->word, "proto", 5) == 0 ? 3 : 6;
        r.hasPorts = r.hasIcmp = 1;
        r.packetDeltaCount[0] = r.packetDeltaCount[1] =
            r.packetDeltaCount[0] | r.packetDeltaCount[1];
        if (strcmp(f->ie, "recordFlags") == 0 || strcmp(f->ie, "packetDeltaCount") == 0 ||
            strncmp(f->ie, "quoted", 6) == 0 || f->form == ROW_FORM_TLS || f->form == ROW_FORM_DIRS)
            continue; /* other cases have them */
        if (f->form == ROW_FORM_PARTS)
            in.u &= REC_PARTS_ALL;
        if (!fld_get(&r, f, &out))
            fail_msg("%s is absent", f->ie);
        if (fld_compare(&in, &out) != 0)
            fail_msg("%s is not what was set", f->ie);
    }
}

/* Nothing of a part is there without its bit; each bit brings its own and no other. */
static void
a_part_is_there_by_its_bit(void **state)
{
    (void)state;
    for (unsigned bit = 1; bit <= REC_PARTS_ALL; bit <<= 1) {
        struct pavo_record r = rec_tcp4();
        unsigned n = 0;

        rec_parts(&r, bit);
        for (unsigned i = 0; i < fld_count; i++) {
            struct fld_value v;

            if (fld_part(&fld_table[i]) && fld_get(&r, &fld_table[i], &v)) {
                assert_int_equal(fld_part(&fld_table[i]), bit);
                n++;
            }
        }
        assert_true(n >= 2);
    }
}

static const struct rule_case {
    const char *says, *field;
    size_t offset; /* of an octet of the record */
    uint8_t value; /* that makes the field absent */
} rules[] = {
    {"a side that sent nothing has no sequence number", "src.tcp.seq",
     offsetof(struct pavo_record, tcp.sideState[0]), 0},
    {"a window scale needs the option", "dst.wscale",
     offsetof(struct pavo_record, tcp.tcpOptionBits[1]), PAVO_TCP_OPT_MSS},
    {"a token needs its bit", "dst.mptcp.token", offsetof(struct pavo_record, tcp.hasMptcpToken),
     1},
    {"an address needs its version", "assoc.address",
     offsetof(struct pavo_record, assoc.hasAddress), 0},
    {"only ESP and AH have a highest number", "src.assoc.highest",
     offsetof(struct pavo_record, assoc.protocol), PAVO_ASSOC_SCTP},
    {"RTP goes by side", "src.rtp.ssrc", offsetof(struct pavo_record, rtp.seen), 2},
    {"a response code needs an answer", "dns.rcode",
     offsetof(struct pavo_record, names.hasDnsRcode), 0},
    {"an empty text is none", "dns.name", offsetof(struct pavo_record, names.dnsQuery[0]), 0},
    {"no bytes are none", "src.payload.bytes", offsetof(struct pavo_record, bytes.n[0]), 0},
    {"nothing is described of no packets", "first.gaps", offsetof(struct pavo_record, first.n), 0},
    {"an empty history is none", "history", offsetof(struct pavo_record, history[0]), 0},
    {"an identification that is not known", "dst.ip.id",
     offsetof(struct pavo_record, meter.ipIdBehaviour[1]), 0},
    {"fragments that were not counted are absent", "src.fragments",
     offsetof(struct pavo_record, countsUnknown), 1},
};

static void
a_rule_makes_it_absent(void **state)
{
    const struct rule_case *c = *state;
    static struct pavo_record r;

    r = rec_tcp4();
    rec_parts(&r, REC_PARTS_ALL);
    assert_string_not_equal(text_of(&r, c->field), "");
    ((uint8_t *)&r)[c->offset] = c->value;
    assert_string_equal(text_of(&r, c->field), "");
}

static void
texts_of_parts(void **state)
{
    static struct pavo_record r;

    (void)state;
    r = rec_tcp4();
    rec_parts(&r, REC_PARTS_ALL);
    assert_string_equal(text_of(&r, "state"), "SF");
    assert_string_equal(text_of(&r, "history"), "ShADadFf");
    assert_string_equal(text_of(&r, "src.tcp.state"), "closed");
    assert_string_equal(text_of(&r, "dst.ip.id"), "random");
    assert_string_equal(text_of(&r, "assoc.protocol"), "esp");
    assert_string_equal(text_of(&r, "tls.version"), "1.3");
    assert_string_equal(text_of(&r, "quic.version"), "0x6b3343cf");
    assert_string_equal(text_of(&r, "dns.type"), "AAAA");
    assert_string_equal(text_of(&r, "dns.rcode"), "NXDOMAIN");
    assert_string_equal(text_of(&r, "src.payload.bytes"), "R0VUIC8=");
    assert_string_equal(text_of(&r, "first.directions"), "<<<<>>>>><><<><>");
}

static void
absent_is_unknown_and_zero_is_measured(void **state)
{
    struct pavo_record r = rec_icmp4();

    (void)state;
    assert_string_equal(text_of(&r, "src.port"), "");
    assert_string_equal(text_of(&r, "src.tcp.flags"), "");
    assert_string_equal(text_of(&r, "dst.ttl.min"), ""); /* nothing came back */
    assert_string_equal(text_of(&r, "dst.packets"), "0");
    assert_string_equal(text_of(&r, "icmp.type"), "3");
    assert_string_equal(text_of(&r, "quote.src.ip"), "198.51.100.7");
    assert_string_equal(text_of(&r, "quote.dst.port"), "53");
    r = rec_tcp4();
    assert_string_equal(text_of(&r, "proto"), "tcp");
    assert_string_equal(text_of(&r, "proto.number"), "6");
    assert_string_equal(text_of(&r, "src.ip"), "192.0.2.10");
    assert_string_equal(text_of(&r, "icmp.type"), "");
    assert_string_equal(text_of(&r, "quote.src.ip"), "");
    assert_string_equal(text_of(&r, "vlan"), "");
    assert_string_equal(text_of(&r, "spi"), "");
    assert_string_equal(text_of(&r, "end.reason"), "end_detected");
    assert_string_equal(text_of(&r, "end.detail"), "tcp_closed");
    assert_string_equal(text_of(&r, "initiator.basis"), "syn");
    assert_string_equal(text_of(&r, "final"), "true");
    assert_string_equal(text_of(&r, "flow.id"), "9f3c01d2a4b5c6d7");
    assert_string_equal(text_of(&r, "src.tcp.flags"), "0x1b");
    assert_string_equal(text_of(&r, "ethertype"), "0x0800");
    assert_string_equal(text_of(&r, "src.mac"), "00-00-5E-00-53-01");
    assert_string_equal(text_of(&r, "start"), "2026-11-23T10:00:01.000000123Z");
    assert_string_equal(text_of(&r, "kind"), "ipv4");
    assert_string_equal(text_of(&r, "decode"), "done");
    r = rec_udp6();
    assert_string_equal(text_of(&r, "src.ip"), "2001:db8::1");
    assert_string_equal(text_of(&r, "sourceIPv4Address"), "2001:db8::1"); /* twins */
    rec_encap(&r, PAVO_CARRIER_VLAN, 100, 0);
    rec_encap(&r, PAVO_CARRIER_MPLS, 5, 0);
    rec_encap(&r, PAVO_CARRIER_VLAN, 0, 0);
    rec_encap(&r, PAVO_CARRIER_GENEVE, 77, 4);
    assert_string_equal(text_of(&r, "vlan"), "100");
    assert_string_equal(text_of(&r, "vlan.inner"), "0");
    assert_string_equal(text_of(&r, "tunnel.type"), "geneve");
    assert_string_equal(text_of(&r, "tunnel.id"), "77");
    r = rec_arp();
    assert_string_equal(text_of(&r, "arp.op"), "1");
    assert_string_equal(text_of(&r, "src.ip"), "192.0.2.10");
    assert_string_equal(text_of(&r, "proto"), "");
    r = rec_link(0x4242, true);
    assert_string_equal(text_of(&r, "src.ip"), "");
    assert_string_equal(text_of(&r, "llc"), "true");
}

static const struct parse_case {
    const char *says, *field, *text, *back; /* back: NULL if it is refused */
} parses[] = {
    {"an IPv4 address", "src.ip", "10.0.0.1", "10.0.0.1"},
    {"an IPv6 address, though the first row of that word is IPv4", "src.ip", "2001:DB8::1",
     "2001:db8::1"},
    {"no address", "src.ip", "10.0.0", NULL},
    {"binary units of octets", "src.bytes", "10MiB", "10485760"},
    {"decimal units of octets", "src.bytes", "1.5kB", "1500"},
    {"a unit of another quantity is refused", "src.bytes", "5s", NULL},
    {"half an octet is refused", "src.bytes", "0.5", NULL},
    {"the largest number", "src.bytes", "18446744073709551615", "18446744073709551615"},
    {"one more is refused", "src.bytes", "18446744073709551616", NULL},
    {"packets in thousands", "src.packets", "3k", "3000"},
    {"a negative number is refused", "src.packets", "-1", NULL},
    {"a word", "end.reason", "idle_timeout", "idle_timeout"},
    {"the beginning of one word", "end.reason", "idle", "idle_timeout"},
    {"the beginning of several words is refused", "end.detail", "tcp", NULL},
    {"a whole word that begins others too", "proto", "ipv6", "ipv6"},
    {"the number of a word", "end.reason", "3", "end_detected"},
    {"a protocol by name", "proto", "UDP", "udp"},
    {"a protocol by number", "proto", "17", "udp"},
    {"a protocol without name", "proto", "253", "253"},
    {"no protocol has this number", "proto", "256", NULL},
    {"an empty word is refused", "proto", "", NULL},
    {"flags as letters", "src.tcp.flags", "SA", "0x12"},
    {"flags as hex", "src.tcp.flags", "0x112", "0x0112"},
    {"letters that are no flags", "src.tcp.flags", "XY", NULL},
    {"true", "final", "yes", "true"},
    {"neither true nor false", "final", "maybe", NULL},
    {"an id", "flow.id", "9f3c01d2a4b5c6d7", "9f3c01d2a4b5c6d7"},
    {"an id that is too long", "flow.id", "9f3c01d2a4b5c6d70", NULL},
    {"a MAC address with colons", "src.mac", "00:00:5e:00:53:01", "00-00-5E-00-53-01"},
    {"a MAC address with hyphens", "src.mac", "00-00-5E-00-53-01", "00-00-5E-00-53-01"},
    {"a MAC address that is too short", "src.mac", "00:00:5e", NULL},
    {"a day", "start", "2026-11-23", "2026-11-23T00:00:00.000000000Z"},
    {"a minute with a zone", "start", "2026-11-23T10:00+02:00", "2026-11-23T08:00:00.000000000Z"},
    {"nanoseconds", "start", "2026-11-23T10:00:05.123456789Z", "2026-11-23T10:00:05.123456789Z"},
    {"seconds since the epoch", "start", "1795428005.5", "2026-11-23T10:00:05.500000000Z"},
    {"the leap day of a leap year", "start", "2024-02-29", "2024-02-29T00:00:00.000000000Z"},
    {"the leap day of another year", "start", "2023-02-29", NULL},
    {"a thirteenth month", "start", "2023-13-01", NULL},
    {"a list can't be compared", "encap", "vlan:1", NULL},
};

static void
text_becomes_a_value(void **state)
{
    const struct parse_case *c = *state;
    const struct fld *f = row(c->field);
    struct fld_value v;
    char text[FLD_TEXT_MAX];

    assert_int_equal(fld_parse(f, c->text, &v), c->back ? 0 : -EINVAL);
    if (c->back) {
        fld_format(f, &v, text, sizeof text);
        assert_string_equal(text, c->back);
    }
}

static void
formatters_agree_with_the_library(void **state)
{
    uint64_t seed = 4711;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        char mine[64], theirs[64];
        uint8_t ip[16];
        const uint64_t n = stream_random(&seed) >> (stream_random(&seed) % 64);
        const time_t s = (time_t)(n / 1000000000);
        struct tm tm;

        *fmt_u64(mine, n) = '\0';
        snprintf(theirs, sizeof theirs, "%llu", (unsigned long long)n);
        assert_string_equal(mine, theirs);
        *fmt_time(mine, n) = '\0';
        gmtime_r(&s, &tm);
        strftime(theirs, sizeof theirs, "%Y-%m-%dT%H:%M:%S", &tm);
        sprintf(theirs + 19, ".%09uZ", (unsigned)(n % 1000000000));
        assert_string_equal(mine, theirs);
        for (unsigned j = 0; j < 16; j++)
            ip[j] = stream_random(&seed) % 3 ? 0 : (uint8_t)stream_random(&seed);
        *fmt_ip4(mine, ip) = '\0';
        inet_ntop(AF_INET, ip, theirs, sizeof theirs);
        assert_string_equal(mine, theirs);
        if (memcmp(ip, "\0\0\0\0\0\0\0\0\0\0\0", 12) == 0)
            ip[0] = 1; /* glibc writes ::1.2.3.4, RFC 5952 section 5 does not ask for it */
        *fmt_ip6(mine, ip) = '\0';
        inet_ntop(AF_INET6, ip, theirs, sizeof theirs);
        assert_string_equal(mine, theirs);
    }
}

static const struct ip6_case {
    const char *says;
    uint8_t ip[16];
    const char *text;
} ip6s[] = {
    {"no address", {0}, "::"},
    {"loopback", {[15] = 1}, "::1"},
    {"zeros at the end", {0x20, 1}, "2001::"},
    {"one zero group stays", {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 0, 0, 8}, "1:2:3:4:5:6:0:8"},
    {"the longer run goes", {0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8}, "1:0:0:4::8"},
    {"the first of equals goes", {0, 1, 0, 0, 0, 0, 0, 4, 0, 5, 0, 0, 0, 0, 0, 8}, "1::4:5:0:0:8"},
    {"a mapped address",
     {[10] = 255, [11] = 255, [12] = 192, [14] = 2, [15] = 1},
     "::ffff:192.0.2.1"},
};

static void
ip6_is_written_as_rfc_5952_says(void **state)
{
    const struct ip6_case *c = *state;
    char text[64];

    *fmt_ip6(text, c->ip) = '\0';
    assert_string_equal(text, c->text);
}

static void
json_strings_are_escaped(void **state)
{
    static const char in[] = "a\"b\\c\n\x7f\xc3\xa9\xff\xe2\x82\xac\xed\xa0\x80";
    char out[6 * sizeof in];

    (void)state;
    *fmt_json_string(out, in, sizeof in - 1) = '\0';
    assert_string_equal(
        out, "a\\\"b\\\\c\\u000a\\u007f\xc3\xa9\\ufffd\xe2\x82\xac\\ufffd\\ufffd\\ufffd");
    *fmt_json_string(out, "\xe2\x82", 2) = '\0'; /* cut */
    assert_string_equal(out, "\\ufffd\\ufffd");
}

/* ---- docs/records.md ---------------------------------------------------------------------------
 */

static void
put_words(FILE *out, const struct fld *f)
{
    if (!f->words || strcmp(f->word, "proto") == 0 || strcmp(f->word, "quote.proto") == 0)
        return;
    fprintf(out, ":");
    for (unsigned i = 0; f->words[i]; i++) {
        if (f->words[i][0])
            fprintf(out, " %u %s", i, f->words[i]);
    }
}

static char *
generated(void)
{
    static const struct {
        unsigned bit;
        const char *name;
    } templates[] = {{FLD_T4, "4"},         {FLD_T6, "6"},         {FLD_TI4, "i"},
                     {FLD_TI6, "I"},        {FLD_TA, "A"},         {FLD_TL, "L"},
                     {FLD_PMORE, "more"},   {FLD_PTCP, "tcp"},     {FLD_PLOSS, "loss"},
                     {FLD_PRTT, "rtt"},     {FLD_PMETER, "meter"}, {FLD_PENTROPY, "entropy"},
                     {FLD_PECHO, "echo"},   {FLD_PASSOC, "assoc"}, {FLD_PRTP, "rtp"},
                     {FLD_PFIRST, "first"}, {FLD_PNAMES, "names"}, {FLD_PBYTES, "bytes"}};
    static const char semantics[] = {[FLD_K] = 'K', [FLD_Q] = 'Q', [FLD_T] = 'T', [FLD_N] = '-'};
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    fprintf(out, "| element | PEN/id | octets | templates | S | D | name | JSON path | meaning |\n"
                 "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (unsigned i = 0; i < fld_count; i++) {
        const struct fld *f = &fld_table[i];

        fprintf(out, "| %s | ", f->ie);
        if (f->templates && f->pen)
            fprintf(out, "%u/%u | ", f->pen, f->id);
        else if (f->templates)
            fprintf(out, "%u | ", f->id);
        else
            fprintf(out, " | ");
        if (f->templates && f->bytes)
            fprintf(out, "%u | ", f->bytes);
        else
            fprintf(out, "%s | ", f->templates ? "var" : "");
        for (size_t j = 0; j < sizeof templates / sizeof *templates; j++)
            fprintf(out, "%s", f->templates & templates[j].bit ? templates[j].name : "");
        fprintf(out, " | %c | %s | %s | %s | %s%s%s", semantics[f->semantics], f->digest ? "D" : "",
                f->word, f->json, f->help, f->unit[0] ? ", in " : "", f->unit);
        put_words(out, f);
        fprintf(out, " |\n");
    }
    fclose(out);
    return text;
}

static void
the_document_says_what_the_table_says(void **state)
{
    char *table = generated();

    (void)state;
    t_doc_part(PAVO_DOCS "/records.md", "fields", table);
    free(table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_unique_but_for_twins),
        cmocka_unit_test(the_table_reaches_every_member),
        cmocka_unit_test(what_is_set_is_got),
        cmocka_unit_test(a_part_is_there_by_its_bit),
        cmocka_unit_test(texts_of_parts),
        cmocka_unit_test(absent_is_unknown_and_zero_is_measured),
        cmocka_unit_test(formatters_agree_with_the_library),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(the_document_says_what_the_table_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) | T_RUN_TABLE(parses, text_becomes_a_value) |
           T_RUN_TABLE(rules, a_rule_makes_it_absent) |
           T_RUN_TABLE(ip6s, ip6_is_written_as_rfc_5952_says);
}
