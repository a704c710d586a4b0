/* Unit tests of lib/export/text.c: whole lines as a person sees them. */
#include "t.h"

#include "records.h"

static const struct pavo_stream_info info = {.observer = "o", .version = "v", .domain = 1};

static void *enc;
static struct pavo_buf buf;

static void
table_open(bool terminal)
{
    struct pavo_stream_info at = info;
    struct pavo_err err;

    at.terminal = terminal;
    at.columns = 120;
    enc = pavo_format_text.open(&at, &err);
    assert_non_null(enc);
    pavo_format_text.begin(enc, &buf);
}

static void
table_close(void)
{
    pavo_format_text.close(enc);
    pavo_buf_free(&buf);
}

/* What was written since the last call. */
static const char *
written(void)
{
    static char text[16384];

    assert_false(buf.failed);
    assert_true(buf.len < sizeof text);
    if (buf.len)
        memcpy(text, buf.at, buf.len);
    text[buf.len] = '\0';
    buf.len = 0;
    return text;
}

static const char *
line_of(const struct pavo_record *r)
{
    pavo_format_text.record(enc, &buf, r);
    return written();
}

static void
header_once(void **state)
{
    struct pavo_record r = rec_tcp4();

    table_open(false);
    assert_string_equal(
        line_of(&r),
        "START (2026, UTC)  DURATION PROTO  SOURCE                    DESTINATION           "
        "PACKETS     BYTES       END           TUNNEL, NOTES\n"
        "11-23 10:00:01.000 4.123s   tcp    192.0.2.10:51234      <-> 198.51.100.7:443      "
        "20/22       4021/14.2k  tcp_closed\n");
    assert_string_equal(
        line_of(&r),
        "11-23 10:00:01.000 4.123s   tcp    192.0.2.10:51234      <-> 198.51.100.7:443      "
        "20/22       4021/14.2k  tcp_closed\n");
    r.flowStartNanoseconds = r.flowEndNanoseconds = 0;
    assert_int_equal(strncmp(line_of(&r), "START (1970, UTC)", 17), 0);
    table_close();
}

static void
fits_the_columns(void **state)
{
    struct pavo_record r = rec_tcp4();
    const char *line;

    table_open(false);
    line_of(&r);
    memset(r.sourceAddress, 0xff, 4);
    memset(r.destinationAddress, 0xff, 4);
    r.sourceTransportPort = r.destinationTransportPort = 65535;
    r.flowStartNanoseconds = REC_END;
    r.flowEndNanoseconds = REC_END + 86399 * REC_NS;
    r.endDetail = PAVO_DETAIL_CAPTURE_END;
    for (int d = 0; d < 2; d++)
        r.packetDeltaCount[d] = r.octetDeltaCount[d] = UINT64_MAX;
    line = line_of(&r);
    assert_true(strlen(line) <= 121);
    assert_non_null(strstr(line, " 18.4E/18.4E 18.4E/18.4E capture_end\n"));
    table_close();
}

static void
state_stands_behind_the_end(void **state)
{
    struct pavo_record r = rec_tcp4();

    table_open(false);
    line_of(&r);
    r.connState = PAVO_CONN_SF;
    assert_non_null(strstr(line_of(&r), " tcp_closed SF\n"));
    assert_true(strlen(line_of(&r)) <= 121);
    rec_encap(&r, PAVO_CARRIER_VLAN, 100, 0);
    assert_non_null(strstr(line_of(&r), " tcp_closed SF vlan 100\n"));
    r.endDetail = PAVO_DETAIL_IDLE;
    r.connState = PAVO_CONN_OTH; /* not known, unless TCP was followed */
    assert_non_null(strstr(line_of(&r), " idle          vlan 100\n"));
    r.parts = PAVO_PART_TCP;
    assert_non_null(strstr(line_of(&r), " idle OTH      vlan 100\n"));
    r = rec_icmp4();
    r.connState = PAVO_CONN_S0;
    assert_null(strstr(line_of(&r), "S0"));
    table_close();
}

static void
arrows(void **state)
{
    static const struct {
        uint8_t basis;
        uint64_t fwd, rev;
        const char *arrow;
    } rows[] = {
        {PAVO_BASIS_SYN, 1, 0, "  -> "},          {PAVO_BASIS_SYN, 1, 1, " <-> "},
        {PAVO_BASIS_SYNACK, 0, 1, " <-  "},       {PAVO_BASIS_FIRST_PACKET, 1, 0, "  ?> "},
        {PAVO_BASIS_FIRST_PACKET, 1, 1, " <?> "}, {PAVO_BASIS_FIRST_PACKET, 0, 1, " <?  "},
    };
    struct pavo_record r = rec_tcp4();

    table_open(false);
    line_of(&r);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r.initiatorBasis = rows[i].basis;
        r.packetDeltaCount[0] = rows[i].fwd;
        r.packetDeltaCount[1] = rows[i].rev;
        assert_non_null(strstr(line_of(&r), rows[i].arrow));
    }
    table_close();
}

static void
numbers_are_cut(void **state)
{
    static const struct {
        uint64_t n;
        const char *text;
    } rows[] = {
        {0, "0/"},           {9999, "9999/"},
        {10000, "10.0k/"},   {99999, "99.9k/"},
        {100000, "100k/"},   {999999, "999k/"},
        {1000000, "1.00M/"}, {1049999, "1.04M/"},
        {1500000, "1.50M/"}, {UINT64_C(999999999999), "999G/"},
    };
    struct pavo_record r = rec_tcp4();
    char expected[32];

    table_open(false);
    line_of(&r);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r.octetDeltaCount[0] = rows[i].n;
        snprintf(expected, sizeof expected, " %s", rows[i].text);
        assert_non_null(strstr(line_of(&r), expected));
    }
    table_close();
}

static void
durations(void **state)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } rows[] = {
        {0, " 0 "},
        {999, " 0us "},
        {15000, " 15us "},
        {UINT64_C(999999999), " 999ms "},
        {1 * REC_NS, " 1.000s "},
        {59 * REC_NS + 999999999, " 59.999s "},
        {60 * REC_NS, " 1m00s "},
        {3600 * REC_NS, " 1h00m "},
        {25 * 3600 * REC_NS, " 1d01h "},
    };
    struct pavo_record r = rec_tcp4();

    table_open(false);
    line_of(&r);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        r.flowEndNanoseconds = r.flowStartNanoseconds + rows[i].ns;
        assert_non_null(strstr(line_of(&r), rows[i].text));
    }
    table_close();
}

/* Where a text begins in a line. */
static long
column_of(const char *line, const char *text)
{
    const char *at = strstr(line, text);

    assert_non_null(at);
    return (long)(at - line);
}

static void
width_grows_and_stays(void **state)
{
    struct pavo_record wide = rec_udp6(), narrow = rec_tcp4();
    long before, after;

    table_open(false);
    line_of(&narrow);
    before = column_of(line_of(&narrow), "198.51.100.7");
    memset(wide.sourceAddress, 0xfe, 16);
    assert_non_null(strstr(line_of(&wide), " [fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe]:51234 "));
    after = column_of(line_of(&narrow), "198.51.100.7");
    assert_true(after > before);
    wide = rec_udp6();
    assert_int_equal(column_of(line_of(&wide), "[2001:db8::2]:443"), after);
    table_close();
}

static void
tunnels_and_notes(void **state)
{
    struct pavo_record r = rec_tcp4();
    const char *line;

    table_open(false);
    line_of(&r);
    rec_encap(&r, PAVO_CARRIER_VLAN, 100, 0);
    rec_encap(&r, PAVO_CARRIER_VXLAN, 5001, 4);
    rec_encap(&r, PAVO_CARRIER_IPIP, 4, 4);
    rec_encap(&r, PAVO_CARRIER_GRE, 0, 4);
    assert_non_null(strstr(line_of(&r), " tcp_closed    vlan 100 vxlan 5001 ipip gre\n"));
    r.decodeReason = PAVO_WHY_TRUNCATED;
    assert_non_null(strstr(line_of(&r), " gre truncated\n"));
    r = rec_icmp4();
    r.icmpErrorCount = 2;
    r.icmpErrorType = 11;
    line = line_of(&r);
    assert_non_null(strstr(line, " icmp   192.0.2.10             ?> 198.51.100.7          "));
    assert_non_null(strstr(line, " idle          type 3/1 icmp error 11/0 x2\n"));
    r = rec_arp();
    line = line_of(&r);
    assert_non_null(strstr(line, " arp    192.0.2.10 "));
    assert_non_null(strstr(line, " operation 1\n"));
    r = rec_link(0x0806, false);
    assert_non_null(strstr(line_of(&r), " arp    00-00-5E-00-53-01      ?> 00-00-5E-00-53-02 "));
    r = rec_link(0x1234, false);
    r.protocolName = PAVO_NAME_LLDP; /* the name goes before the number */
    assert_non_null(strstr(line_of(&r), " lldp   00-"));
    rec_encap(&r, PAVO_CARRIER_ETHERIP, 0, 4); /* no id */
    rec_encap(&r, PAVO_CARRIER_VLAN, 0, 0);    /* a priority tag */
    assert_non_null(strstr(line_of(&r), " idle          etherip vlan 0\n"));
    r = rec_tcp4();
    r.protocolName = PAVO_NAME_LLDP;
    assert_non_null(strstr(line_of(&r), " tcp    192.0.2.10:51234 "));
    assert_non_null(strstr(line_of(&r), " tcp_closed    lldp\n"));
    r = rec_link(0x1234, false);
    assert_non_null(strstr(line_of(&r), " 0x1234 00-"));
    r = rec_link(0x0102, true);
    r.hasMac = 0;
    assert_non_null(strstr(line_of(&r), " llc    -  "));
    r = rec_longest();
    assert_non_null(strstr(line_of(&r), "vxlan_gpe 4294967295 type 255/255"));
    table_close();
}

static void
colour_only_on_a_terminal(void **state)
{
    struct pavo_record r = rec_tcp4();

    unsetenv("NO_COLOR");
    table_open(false);
    assert_null(strchr(line_of(&r), '\x1b'));
    table_close();
    table_open(true);
    assert_non_null(strstr(line_of(&r), "\x1b[1mSTART"));
    table_close();
    setenv("NO_COLOR", "1", 1);
    table_open(true);
    assert_null(strchr(line_of(&r), '\x1b'));
    table_close();
    unsetenv("NO_COLOR");
}

static void
only_the_end_ledger(void **state)
{
    struct pavo_ledger l = {
        .kind = PAVO_LEDGER_START,
        .total = {.records = 1, .packets = 97, .octets = 12345},
        .counts = {.offered = 100, .received = 98, .accounted = 97, .evicted = 4},
        .dropped = {.records = 2, .packets = 3, .octets = 4},
    };

    l.counts.lost[PAVO_LOSS_KERNEL_DROP] = 2;
    l.counts.lost[PAVO_LOSS_HANDOFF_FULL] = 1;
    l.counts.why[PAVO_WHY_DONE] = 90;
    l.counts.why[PAVO_WHY_TRUNCATED] = 7;
    table_open(false);
    pavo_format_text.ledger(enc, &buf, &l);
    l.kind = PAVO_LEDGER_INTERVAL;
    pavo_format_text.ledger(enc, &buf, &l);
    assert_string_equal(written(), "");
    l.kind = PAVO_LEDGER_END;
    pavo_format_text.ledger(enc, &buf, &l);
    assert_string_equal(written(), "\nledger   offered 100 = received 98 + kernel_drop 2\n"
                                   "         received 98 = accounted 97 + handoff_full 1\n"
                                   "         written 1 record, 97 packets, 12345 octets\n"
                                   "         dropped 2 records, 3 packets, 4 octets\n"
                                   "         evicted flows 4\n"
                                   "         not read to the end: truncated 7\n");
    table_close();
}

static const struct t_case {
    const char *says;
    CMUnitTestFunction run;
} cases[] = {
    {"the header stands once, and again in another year", header_once},
    {"the widest IPv4 record without a tunnel fits 120 columns", fits_the_columns},
    {"how the conversation went stands behind why the record was made",
     state_stands_behind_the_end},
    {"the arrow tells directions and whether the initiator is a guess", arrows},
    {"large numbers are cut to three digits, never rounded up", numbers_are_cut},
    {"durations have units", durations},
    {"a column grows with an IPv6 address and stays so", width_grows_and_stays},
    {"tunnels, ICMP types and unread packets are noted", tunnels_and_notes},
    {"colour is used on a terminal only, and not with NO_COLOR", colour_only_on_a_terminal},
    {"of the ledger records only the last is printed", only_the_end_ledger},
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
