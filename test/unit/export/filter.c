/* filter.c - the record filter: what matches, what is refused and how it is said */
#include "t.h"

#include "column.h"
#include "filter.h"

#include <arpa/inet.h>

enum { WEB, WEB6, DNS, PING, ARP, LLDP, VXLAN_WEB, VLAN_SSH, N_RECORDS };

static struct pavo_record records[N_RECORDS];

static void
addr_set(uint8_t *out, const char *text)
{
    memset(out, 0, 16);
    if (inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, out) != 1)
        fail_msg("not an address: %s", text);
}

static struct pavo_record *
ip_set(unsigned i, uint8_t kind, uint8_t proto, const char *src, uint16_t sport, const char *dst,
       uint16_t dport)
{
    struct pavo_record *r = &records[i];

    r->kind = kind;
    r->protocolIdentifier = proto;
    addr_set(r->sourceAddress, src);
    addr_set(r->destinationAddress, dst);
    r->hasPorts = sport || dport;
    r->sourceTransportPort = sport;
    r->destinationTransportPort = dport;
    r->ethernetType = kind == PAVO_KIND_IP6 ? 0x86dd : 0x0800;
    return r;
}

static void
records_make(void)
{
    struct pavo_record *r;

    /* 2026-11-23T10:00:00Z and on */
    for (unsigned i = 0; i < N_RECORDS; i++) {
        records[i] = (struct pavo_record){.flowStartNanoseconds = UINT64_C(1795428000000000000),
                                          .flowEndNanoseconds = UINT64_C(1795428001000000000),
                                          .flowEndReason = PAVO_END_IDLE,
                                          .flowSequence = 1,
                                          .flowFinal = 1,
                                          .flowId = UINT64_C(0x9f3c01d2a4b5c6d7) + i};
        records[i].packetDeltaCount[0] = 5;
        records[i].packetDeltaCount[1] = 4;
        records[i].octetDeltaCount[0] = 500;
        records[i].octetDeltaCount[1] = 4000;
    }
    r = ip_set(WEB, PAVO_KIND_IP4, 6, "10.1.2.3", 51000, "192.0.2.80", 80);
    r->octetDeltaCount[0] = 3 << 20;
    r->octetDeltaCount[1] = 0;
    r->payloadOctets[0] = 1000;
    r->flowEndNanoseconds += UINT64_C(9000000000);
    r->flowEndReason = PAVO_END_DETECTED;
    r->tcpControlBits[0] = 0x1b; /* psh ack syn fin */
    r->tcpControlBits[1] = 0x12;
    r->initialTCPFlags[0] = 0x02;
    r->hasMac = 1;
    memcpy(r->sourceMacAddress, "\x00\x00\x5e\x00\x53\x01", 6);
    memcpy(r->destinationMacAddress, "\x00\x00\x5e\x00\x53\x02", 6);
    r->securityParameterIndex = 0x10001;
    r->parts = PAVO_PART_METER | PAVO_PART_LOSS;
    r->tcp.retransmittedPackets[0] = 3;
    for (unsigned i = 0; i < PAVO_BINS; i++)
        r->meter.packetBins[0][i] = i;
    r = ip_set(WEB6, PAVO_KIND_IP6, 6, "2001:db8::1", 51001, "2001:db8:1::80", 443);
    r->parts = PAVO_PART_NAMES | PAVO_PART_TCP;
    r->connState = PAVO_CONN_SF;
    strcpy(r->history, "ShADadFf");
    strcpy(r->names.serverName, "www.Example.org");
    r->names.tlsVersion = 0x0304;
    ip_set(DNS, PAVO_KIND_IP4, 17, "10.1.2.3", 53000, "198.51.100.53", 53);
    r = ip_set(PING, PAVO_KIND_IP4, 1, "10.1.2.3", 0, "192.0.2.1", 0);
    r->hasIcmp = 1;
    r->icmpType = 8;
    r = ip_set(ARP, PAVO_KIND_ARP, 0, "10.1.2.3", 0, "10.1.2.1", 0);
    r->ethernetType = 0x0806;
    r->arpOperation = 1;
    records[LLDP].kind = PAVO_KIND_LINK;
    records[LLDP].ethernetType = 0x88cc;
    records[LLDP].protocolName = PAVO_NAME_LLDP;
    records[LLDP].n_encap = 1;
    records[LLDP].encap[0] = (struct pavo_layer){.type = PAVO_CARRIER_PPPOE,
                                                 .id = 9,
                                                 .ip_version = PAVO_LAYER_MAC,
                                                 .src = {0, 0, 0x5e, 0, 0x53, 0xb1},
                                                 .dst = {0, 0, 0x5e, 0, 0x53, 0xb2}};
    r = ip_set(VXLAN_WEB, PAVO_KIND_IP4, 6, "172.16.0.1", 40000, "172.16.0.2", 8080);
    r->n_encap = 2;
    r->encap[0] = (struct pavo_layer){.type = PAVO_CARRIER_VLAN, .id = 7};
    r->encap[1] = (struct pavo_layer){.type = PAVO_CARRIER_VXLAN,
                                      .id = 5001,
                                      .ip_version = 4,
                                      .src_port = 33333,
                                      .dst_port = 4789};
    addr_set(r->encap[1].src, "10.9.0.1");
    addr_set(r->encap[1].dst, "10.9.0.2");
    r = ip_set(VLAN_SSH, PAVO_KIND_IP4, 6, "192.168.7.7", 22, "192.168.7.8", 22);
    r->n_encap = 1;
    r->encap[0] = (struct pavo_layer){.type = PAVO_CARRIER_VLAN, .id = 100};
}

#define B(i) (1u << (i))
#define ALL  (B(N_RECORDS) - 1)
#define TCP4 (B(WEB) | B(VXLAN_WEB) | B(VLAN_SSH))
#define TCP  (TCP4 | B(WEB6))
#define IP4  (TCP4 | B(DNS) | B(PING))

static const struct match_case {
    const char *text; /* also the name of the case */
    unsigned records; /* bits of those that match */
} matches[] = {
    {"", ALL},
    {"  ", ALL},
    {"host 10.1.2.3", B(WEB) | B(DNS) | B(PING) | B(ARP)},
    {"spi = 0x10001", B(WEB)},
    {"spi = 1", 0}, /* all bits count */
    {"spi & 1", B(WEB)},
    {"src.retransmits > 2", B(WEB)},
    {"flow.source.retransmits >= 0", B(WEB)}, /* what is not measured is not 0 */
    {"has src.mss", 0},                       /* the part is there, the option was not seen */
    {"src.pkt.hist = \"0;1;2;3;4;5;6;7\"", B(WEB)},
    {"pcr = 1", B(WEB)},
    {"pcr > 0.9999 and pcr <= 1.0", B(WEB)},
    {"pcr >= -0.5", B(WEB)},
    {"src.pkt.mean > 500kB", B(WEB)},
    {"state = SF", B(WEB6)},
    {"state in (S0, sf)", B(WEB6)},
    {"flow.history ~ ADad", B(WEB6)},
    {"tls.client.server_name = www.Example.org", B(WEB6)},
    {"tls.server.name = www.example.org", 0},
    {"tls.server.name ~ .EXAMPLE.", B(WEB6)},
    {"tls.server.name !~ example and has tls.server.name", 0},
    {"tls.server.name !~ example", ALL & ~B(WEB6)},
    {"tls.version = 1.3", B(WEB6)},
    {"src.ip ~ 10.1.", B(WEB) | B(DNS) | B(PING) | B(ARP)},
    {"src host 10.1.2.3 and dst host 192.0.2.80", B(WEB)},
    {"dst host 10.1.2.3", 0},
    {"src 10.1.2.3 && dst 192.0.2.1", B(PING)},
    {"src or dst host 192.0.2.80", B(WEB)},
    {"src and dst net 192.168.7.0/24", B(VLAN_SSH)},
    {"src and dst net 192.168.7.7/32", 0},
    {"host 2001:db8::1", B(WEB6)},
    {"net 10.0.0.0/8", B(WEB) | B(DNS) | B(PING) | B(ARP)},
    {"net 10", B(WEB) | B(DNS) | B(PING) | B(ARP)},
    {"net 192.168", B(VLAN_SSH)},
    {"net 192.168.7.0 mask 255.255.255.248", B(VLAN_SSH)},
    {"dst net 192.168.7.8/29", B(VLAN_SSH)},
    {"src net 192.168.7.8/29", 0},
    {"net 2001:db8::/32", B(WEB6)},
    {"net ::/0", B(WEB6)},
    {"net 0.0.0.0/0", IP4 | B(ARP)},
    {"10.1.2.3", B(WEB) | B(DNS) | B(PING) | B(ARP)},
    {"10.0.0.0/8 and udp", B(DNS)},
    {"port 80", B(WEB)},
    {"port 80 or 443", B(WEB) | B(WEB6)},
    {"port 80 or 443 or 53", B(WEB) | B(WEB6) | B(DNS)},
    {"tcp port 53 or 80", B(WEB)},
    {"port (80 or 53)", B(WEB) | B(DNS)},
    {"port in (80, 53)", B(WEB) | B(DNS)},
    {"host 192.0.2.80 or 192.0.2.1", B(WEB) | B(PING)},
    {"src port 22", B(VLAN_SSH)},
    {"src port 80", 0},
    {"portrange 50-90", B(WEB) | B(DNS)},
    {"port 0x50", B(WEB)},
    {"port = 80", B(WEB)},
    {"port != 80", ALL & ~B(WEB)},
    {"not port 80", ALL & ~B(WEB)},
    {"dst port < 80", B(DNS) | B(VLAN_SSH)},
    {"dst port <= 80", B(DNS) | B(VLAN_SSH) | B(WEB)},
    {"dst port > 443", B(VXLAN_WEB)},
    {"dst port >= 443", B(VXLAN_WEB) | B(WEB6)},
    {"src port >= 65535", 0},
    {"tcp", TCP},
    {"udp", B(DNS)},
    {"icmp", B(PING)},
    {"icmp6 or sctp", 0},
    {"ip", IP4},
    {"ip6", B(WEB6)},
    {"arp", B(ARP)},
    {"rarp", 0},
    {"arp host 10.1.2.1", B(ARP)},
    {"ip host 10.1.2.3", B(WEB) | B(DNS) | B(PING)},
    {"ip6 and tcp", B(WEB6)},
    {"ip proto 17", B(DNS)},
    {"proto tcp", TCP},
    {"proto 1", B(PING)},
    {"proto = udp", B(DNS)},
    {"proto in (udp, icmp)", B(DNS) | B(PING)},
    {"proto != tcp", B(DNS) | B(PING) | B(ARP) | B(LLDP)},
    {"tcp dst port 443", B(WEB6)},
    {"udp dst port 443", 0},
    {"vlan", B(VXLAN_WEB) | B(VLAN_SSH)},
    {"vlan 100", B(VLAN_SSH)},
    {"vlan 100 or 7", B(VXLAN_WEB) | B(VLAN_SSH)},
    {"vlan 1-99", B(VXLAN_WEB)},
    {"vlan = 100", B(VLAN_SSH)},
    {"vni 5001", B(VXLAN_WEB)},
    {"vni 5002", 0},
    {"vni", B(VXLAN_WEB)},
    {"vxlan 5001", B(VXLAN_WEB)},
    {"tunnel", B(VXLAN_WEB)},
    {"tunnel and tcp", B(VXLAN_WEB)},
    {"tunnel vxlan", B(VXLAN_WEB)},
    {"tunnel vxlan id 5001", B(VXLAN_WEB)},
    {"tunnel vxlan id 5", 0},
    {"tunnel gre or geneve", 0},
    {"outer host 10.9.0.2", B(VXLAN_WEB)},
    {"outer src host 10.9.0.2", 0},
    {"outer dst 10.9.0.2", B(VXLAN_WEB)},
    {"outer net 10.9.0.0/16", B(VXLAN_WEB)},
    {"outer port 4789", B(VXLAN_WEB)},
    {"outer ether host 00:00:5e:00:53:b2", B(LLDP)},
    {"outer ether src 00:00:5e:00:53:b1", B(LLDP)},
    {"outer ether dst 00:00:5e:00:53:b1", 0},
    {"outer ether host 00:00:5e:00:53:01", 0}, /* of the innermost frame */
    {"ether host 00:00:5e:00:53:b1", 0},
    {"outer net 0.0.0.0/0", B(VXLAN_WEB)},
    {"pppoe 9", B(LLDP)},
    {"protocol = lldp", B(LLDP)},
    {"protocol != lldp", ALL & ~B(LLDP)},
    {"has protocol", B(LLDP)},
    {"network.protocol = lldp", B(LLDP)},
    {"protocolName = 1", B(LLDP)},
    {"protocol in (lldp)", B(LLDP)},
    {"host 10.9.0.2", 0},
    {"ether host 00:00:5e:00:53:01", B(WEB)},
    {"ether src 00-00-5E-00-53-01", B(WEB)},
    {"ether dst 0:0:5e:0:53:1", 0},
    {"ether proto 0x88cc", B(LLDP)},
    {"ether proto arp", B(ARP)},
    {"bytes > 1000000", B(WEB)},
    {"bytes >= 3MiB", B(WEB)},
    {"bytes > 3MiB", 0},
    {"bytes = 4500", ALL & ~B(WEB)},
    {"network.bytes > 1M", B(WEB)},
    {"src.bytes >= 1MiB", B(WEB)},
    {"source.bytes >= 1MiB", B(WEB)},
    {"octetDeltaCount >= 1MiB", B(WEB)},
    {"reverseOctetDeltaCount = 0", B(WEB)},
    {"packets = 9", ALL},
    {"payload > 0", B(WEB)},
    {"duration > 5s", B(WEB)},
    {"duration = 1s", ALL & ~B(WEB)},
    {"duration <= 1000ms", ALL & ~B(WEB)},
    {"start >= 2026-11-23T10:00:00Z", ALL},
    {"start > 2026-11-23T10:00:00Z", 0},
    {"end > 2026-11-23T10:00:05Z", B(WEB)},
    {"end.reason = idle", ALL & ~B(WEB)},
    {"end_reason != idle", B(WEB)},
    {"flow.end_reason in (end_detected, forced_end)", B(WEB)},
    {"src.ip = 10.1.2.3", B(WEB) | B(DNS) | B(PING) | B(ARP)},
    {"src.ip = 10.0.0.0/8 and tcp", B(WEB)},
    {"src.ip = 2001:db8::1", B(WEB6)},
    {"src.ip != 10.1.2.3 and ip6", B(WEB6)},
    {"dst.ip in (192.0.2.0/24, 2001:db8:1::/48)", B(WEB) | B(WEB6) | B(PING)},
    {"dst.port = 80", B(WEB)},
    {"dst.port != 80 and tcp", TCP & ~B(WEB)},
    {"dst.port in (80, 443)", B(WEB) | B(WEB6)},
    {"tcp.flags & syn", B(WEB)},
    {"tcp.flags & (syn|rst)", B(WEB)},
    {"tcp.flags & rst", 0},
    {"tcp.flags & tcp-fin", B(WEB)},
    {"tcp.flags & syn+rst = syn", B(WEB)},
    {"tcp.flags & 0x06 != syn", ALL & ~B(WEB)},
    {"src.tcp.first = syn", B(WEB)},
    {"dst.tcp.flags = syn|ack", B(WEB)},
    {"icmp.type = 8", B(PING)},
    {"has icmp.type", B(PING)},
    {"has src.port", TCP | B(DNS)},
    {"not has encap", ALL & ~(B(VXLAN_WEB) | B(VLAN_SSH) | B(LLDP))},
    {"final", ALL},
    {"not final", 0},
    {"fragment", 0},
    {"flow.id = 9f3c01d2a4b5c6d8", B(WEB6)},
    {"encap = \"vlan:7/vxlan:5001\"", B(VXLAN_WEB)},
    {"encap = vlan:100", B(VLAN_SSH)},
    {"encap != vlan:100 and vlan", B(VXLAN_WEB)},
    {"arp.op = 1", B(ARP)},
    {"tcp and not (port 80 or port 443)", B(VXLAN_WEB) | B(VLAN_SSH)},
    {"tcp or udp and port 53", TCP | B(DNS)},
    {"(tcp or udp) and port 53", B(DNS)},
    {"! tcp", ALL & ~TCP},
    {"not not tcp", TCP},
    {"!(!tcp)", TCP},
    {"tcp||udp&&port 53", TCP | B(DNS)},
};

static void
filter_matches(void **state)
{
    const struct match_case *c = *state;
    struct pavo_err err = {.text = ""};
    struct pavo_filter *f;

    f = pavo_filter_open(c->text, &err);
    if (!f)
        fail_msg("refused: %s", err.text);
    for (unsigned i = 0; i < N_RECORDS; i++)
        if (pavo_filter_match(f, &records[i]) != (c->records >> i & 1))
            fail_msg("'%s' %s record %u", c->text,
                     c->records >> i & 1 ? "does not match" : "matches", i);
    pavo_filter_close(f);
}

static const struct error_case {
    const char *text;
    const char *says; /* part of the error */
    const char *also; /* and this; NULL: nothing */
} errors[] = {
    {"prt 80", "'prt', character 1", "did you mean 'port'"},
    {"tcp and hots 10.0.0.1", "'hots', character 9", "did you mean 'host'"},
    {"byte > 5", "'byte'", "'bytes'"},
    {"src.pot = 5", "'src.pot'", "'src.port'"},
    {"end.reasn = idle", "'end.reasn'", "'end.reason'"},
    {"tunnel vxlam", "'vxlam', character 8", "vxlan"},
    {"xyzzyplugh", "neither a word", NULL},
    {"port", "at its end", "value"},
    {"port http", "'http', character 6", "0 to 65535"},
    {"port 65536", "'65536'", "0 to 65535"},
    {"port 80-", "'80-'", NULL},
    {"portrange 90-80", "'90-80'", NULL},
    {"port > 65535", "nothing can be above", NULL},
    {"port < 0", "nothing can be below", NULL},
    {"host example.com", "'example.com'", "names are not looked up"},
    {"host 10.0.0.0/8", "'10.0.0.0/8'", "net"},
    {"net 10.0.0.0/33", "'10.0.0.0/33'", "not a network"},
    {"net 10.0.0.0 mask 255.0.255.0", "'255.0.255.0'", "holes"},
    {"host < 10.0.0.1", "'<'", "order"},
    {"ether host 10.0.0.1", "'10.0.0.1'", "MAC"},
    {"ether port 5", "'port'", "'ether' is followed by"},
    {"outer proto 5", "'proto'", "tunnel"},
    {"outer tcp", "'tcp'", "'outer' is followed by"},
    {"outer ether proto 5", "'proto'", "tunnel"},
    {"outer ether port 5", "'port'", "'outer ether' is followed by"},
    {"protocol = lldq", "'lldq'", "protocol is one of lldp"},
    {"protocol > lldp", "'>'", "no order"},
    {"proto 256", "'256'", "protocol"},
    {"bytes", "'bytes'", "has bytes"},
    {"bytes > many", "'many'", "number"},
    {"bytes > 5 or 6", "'6', character 14", "value of what"},
    {"80", "'80'", "value of what"},
    {"src.port = dst.port", "'dst.port'", "number"},
    {"duration > soon", "'soon'", "5s"},
    {"start > yesterday", "'yesterday'", "2026-11-23T10:00:00Z"},
    {"end.reason = bored", "'bored'", "idle_timeout"},
    {"end.reason > idle", "'>'", "no order"},
    {"encap > vlan:1", "'>'", "no order"},
    {"src.ip > 10.0.0.0/8", "'10.0.0.0/8'", "no order"},
    {"tcp.flags & sym", "'sym'", "syn"},
    {"tcp.flags & (syn", "at its end", "')'"},
    {"src.ip & syn", "'&'", "flags"},
    {"has nothing.here", "'nothing.here'", NULL},
    {"has", "at its end", "field"},
    {"(tcp", "at its end", "')' was expected"},
    {"tcp)", "')', character 4", "end of the filter"},
    {"tcp udp", "'udp', character 5", "'and', 'or'"},
    {"tcp and", "at its end", "test was expected"},
    {"and tcp", "'and'", NULL},
    {"port in 80", "'80'", "parentheses"},
    {"port in (80", "at its end", "')'"},
    {"port in ()", "')'", "value"},
    {"tcp $ udp", "'$', character 5", "no such character"},
    {"pcr > 1.5", "number from -1 to 1", NULL},
    {"pcr = 0.00001", "at most four decimals", NULL},
    {"history > S", "no order", NULL},
    {"tls.server.name ~", "a piece of tls.server.name was expected", NULL},
    {"src.payload.bytes", "what of it", NULL},
    {"encap = \"open", "quotation has no end", NULL},
};

static void
filter_errors(void **state)
{
    const struct error_case *c = *state;
    struct pavo_err err = {.text = ""};
    struct pavo_filter *f = pavo_filter_open(c->text, &err);

    if (f)
        fail_msg("'%s' was taken", c->text);
    if (!strstr(err.text, c->says) || (c->also && !strstr(err.text, c->also)))
        fail_msg("'%s' is refused with: %s", c->text, err.text);
}

/* A value that every field of a type understands. */
static const char *
sample(const struct fld *f)
{
    switch ((enum fld_type)f->type) {
    case FLD_IP4:
        return "10.0.0.1";
    case FLD_IP6:
        return "2001:db8::1";
    case FLD_MAC:
        return "00:00:5e:00:53:01";
    case FLD_MS:
    case FLD_NTP:
        return "2026-11-23T10:00:00Z";
    case FLD_W:
        for (unsigned i = 0; f->words[i]; i++)
            if (f->words[i][0])
                return f->words[i];
        return "1"; /* no word is known */
    case FLD_B:
        return "true";
    case FLD_ID:
        return "9f3c01d2a4b5c6d7";
    case FLD_LIST:
        return "vlan:7";
    default:
        return "1";
    }
}

static void
every_name_is_a_field(void **state)
{
    char text[256];

    for (unsigned i = 0; i < fld_count; i++) {
        const char *const names[] = {fld_table[i].word, fld_table[i].json, fld_table[i].ie};

        for (unsigned n = 0; n < 3; n++) {
            struct pavo_err err = {.text = ""};
            struct pavo_filter *f;

            if (!names[n][0])
                continue;
            snprintf(text, sizeof text, "%s = %s or not has %s", names[n], sample(&fld_table[i]),
                     names[n]);
            f = pavo_filter_open(text, &err);
            if (!f)
                fail_msg("%s: %s", text, err.text);
            for (unsigned r = 0; r < N_RECORDS; r++)
                pavo_filter_match(f, &records[r]);
            pavo_filter_close(f);
        }
    }
}

/* What a record shows of a field is found again by comparing with it. */
static void
what_a_field_shows_matches(void **state)
{
    char value[COL_TEXT_MAX], text[COL_TEXT_MAX + 128];

    for (unsigned i = 0; i < fld_count; i++) {
        struct col c;

        if (!fld_table[i].word[0] || !col_find(fld_table[i].word, &c, NULL))
            continue;
        for (unsigned r = 0; r < N_RECORDS; r++) {
            struct pavo_err err = {.text = ""};
            struct pavo_filter *f;

            if (!col_text(&records[r], &c, value))
                continue;
            snprintf(text, sizeof text, "%s = \"%s\"", c.name, value);
            if (c.fld->type == FLD_F)
                snprintf(text, sizeof text, "%s = %s", c.name, value);
            f = pavo_filter_open(text, &err);
            if (!f)
                fail_msg("%s: %s", text, err.text);
            if (!pavo_filter_match(f, &records[r]))
                fail_msg("%s does not match the record that shows it", text);
            pavo_filter_close(f);
        }
    }
}

/* 'n' times 'piece', with 'open' before and 'close' behind it. */
static char *
repeat(const char *open, const char *middle, const char *close, unsigned n)
{
    char *out = malloc(n * (strlen(open) + strlen(close)) + strlen(middle) + 1), *at = out;

    for (unsigned i = 0; i < n; i++)
        at = stpcpy(at, open);
    at = stpcpy(at, middle);
    for (unsigned i = 0; i < n; i++)
        at = stpcpy(at, close);
    return out;
}

static bool
opens(char *text)
{
    struct pavo_err err;
    struct pavo_filter *f = pavo_filter_open(text, &err);
    const bool fine = f != NULL;

    if (f)
        pavo_filter_match(f, &records[WEB]);
    pavo_filter_close(f);
    free(text);
    return fine;
}

static void
depth_and_size_are_bounded(void **state)
{
    assert_true(opens(repeat("(", "tcp", ")", PAVO_FILTER_DEPTH_MAX)));
    assert_false(opens(repeat("(", "tcp", ")", PAVO_FILTER_DEPTH_MAX + 1)));
    assert_true(opens(repeat("not (", "tcp", " or udp)", PAVO_FILTER_DEPTH_MAX)));
    assert_true(opens(repeat("not ", "tcp", "", 10000)));
    /* one node each, and one for the group */
    assert_true(opens(repeat("tcp or ", "tcp", "", PAVO_FILTER_NODES_MAX - 2)));
    assert_false(opens(repeat("tcp or ", "tcp", "", PAVO_FILTER_NODES_MAX - 1)));
    assert_true(opens(repeat(" ", "tcp", "", PAVO_FILTER_TEXT_MAX - 3)));
    assert_false(opens(repeat(" ", "tcp", "", PAVO_FILTER_TEXT_MAX - 2)));
    assert_true(opens(repeat("", "encap = \"", "", 1)) == false);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        {"every word, path and element name of the table is a field", every_name_is_a_field, NULL,
         NULL, NULL},
        {"what a field shows matches the record that shows it", what_a_field_shows_matches, NULL,
         NULL, NULL},
        {"depth and size are bounded", depth_and_size_are_bounded, NULL, NULL, NULL},
    };
    int failed = 0;

    records_make();
    failed += T_RUN_TABLE(matches, filter_matches);
    failed += T_RUN_TABLE(errors, filter_errors);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed != 0;
}
