/* walk_test.c - the decoder on hand-written frames, whole and cut at every byte
 *
 * A row gives a frame and the one line that says what pavo_decap() must make of it. The runner then
 * decodes every shorter piece of the frame, once as a short capture and once as a short frame, from
 * a heap block of exactly that size (AddressSanitizer sees one byte too far), and checks that no
 * result claims what it could not have seen.
 *
 * With PAVO_SEEDS=DIR no test runs: the frames, and what follows each header in them, become inputs
 * of the fuzz targets, DIR/walk/ROW and DIR/decap-FAMILY/ROW-DEPTH-STEP.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <sys/stat.h>

#include "decap_check.h"
#include "decap_family.h"
#include "pavo_decap.h"
#include "t.h"

#include "rows.h"

/* Writes what a result says; only what is not usual is told. */
static void
tell(const struct pavo_layers *o, char *to, size_t room)
{
    static const char *const frags[] = {"", " first", " later"};
    char a[INET6_ADDRSTRLEN], b[INET6_ADDRSTRLEN];
    const int af = o->kind == PAVO_KIND_IP6 ? AF_INET6 : AF_INET;
    FILE *f = fmemopen(to, room, "w");

    assert_non_null(f);
    inet_ntop(af, o->src, a, sizeof a);
    inet_ntop(af, o->dst, b, sizeof b);
    if (o->kind == PAVO_KIND_LINK)
        fprintf(f, "link %s%04x %02x>%02x", o->is_llc ? "llc " : "", o->ethertype,
                o->has_mac ? o->src_mac[5] : 0, o->has_mac ? o->dst_mac[5] : 0);
    else if (o->kind == PAVO_KIND_ARP)
        fprintf(f, "arp %u %s>%s", o->arp_op, a, b);
    else
        fprintf(f, "%s>%s %u", a, b, o->proto);
    if (o->has_ports)
        fprintf(f, " %u>%u", o->src_port, o->dst_port);
    fprintf(f, "%s l3 %u pay %u d%u", frags[o->frag], o->l3_len, o->payload_len, o->depth);
    if (o->kind >= PAVO_KIND_IP4 && o->ttl != 64)
        fprintf(f, " ttl %u", o->ttl);
    if (o->tos)
        fprintf(f, " tos %u", o->tos);
    if (o->flow_label)
        fprintf(f, " label %x", o->flow_label);
    if (o->has_tcp)
        fprintf(f, " tcp %03x %u %u %u", o->tcp_flags, o->tcp_seq, o->tcp_ack, o->tcp_window);
    if (o->has_icmp)
        fprintf(f, " icmp %u/%u id %u", o->icmp_type, o->icmp_code, o->icmp_id);
    if (o->has_tcp_opt)
        fprintf(f, " opt %02x mss %u ws %u ts %u %u", o->has_tcp_opt, o->tcp_mss, o->tcp_wscale,
                o->tcp_tsval, o->tcp_tsecr);
    if (o->has_sctp)
        fprintf(f, " sctp %x chunks %x", o->sctp_vtag, o->sctp_chunks);
    if (o->n_atomic)
        fprintf(f, " atomic");
    if (o->spi)
        fprintf(f, " spi %x", o->spi);
    if (o->named)
        fprintf(f, " %s", pavo_name_word((enum pavo_name)o->named));
    for (unsigned i = 0; i < o->n_layers; i++) {
        const struct pavo_layer *l = &o->layers[i];

        fprintf(f, " [%s %u", pavo_carrier_word(l->type), l->id);
        if (l->ip_version == PAVO_LAYER_MAC) {
            fprintf(f, " %02x%02x>%02x%02x", l->src[4], l->src[5], l->dst[4], l->dst[5]);
        } else if (l->ip_version) {
            inet_ntop(l->ip_version == 6 ? AF_INET6 : AF_INET, l->src, a, sizeof a);
            inet_ntop(l->ip_version == 6 ? AF_INET6 : AF_INET, l->dst, b, sizeof b);
            fprintf(f, " %s>%s", a, b);
        }
        if (l->src_port)
            fprintf(f, " %u>%u", l->src_port, l->dst_port);
        fputs("]", f);
    }
    for (unsigned i = 0; i < o->n_frags; i++)
        fprintf(f, " {v%u p%u %x%s}", o->frags[i].ip_version, o->frags[i].proto, o->frags[i].id,
                o->frags[i].is_later ? " later" : "");
    if (o->quote.kind) {
        inet_ntop(o->quote.kind == 6 ? AF_INET6 : AF_INET, o->quote.src, a, sizeof a);
        inet_ntop(o->quote.kind == 6 ? AF_INET6 : AF_INET, o->quote.dst, b, sizeof b);
        fprintf(f, " quotes %s>%s %u %u>%u%s", a, b, o->quote.proto, o->quote.src_port,
                o->quote.dst_port, o->quote.has_ports ? "" : " no ports");
        if (o->quote.icmp_type)
            fprintf(f, " icmp %u", o->quote.icmp_type);
    }
    fprintf(f, " %s", pavo_why_word(o->why));
    fclose(f);
}

/* Writes where the payload begins, and what of the headers only the state of a conversation needs.
 */
static void
tell_more(const struct pavo_layers *o, char *to, size_t room)
{
    static const uint8_t nobody[6];
    FILE *f = fmemopen(to, room, "w");

    assert_non_null(f);
    fprintf(f, "at %u", o->payload_at);
    if (o->has_ip_id)
        fprintf(f, " id %x flags %u", o->ip_id, o->ip_flags);
    for (unsigned i = 0; i < o->n_sack; i++)
        fprintf(f, " sack %u-%u", o->tcp_sack[2 * i], o->tcp_sack[2 * i + 1]);
    if (o->has_mptcp_token)
        fprintf(f, " token %x", o->mptcp_token);
    if (o->has_icmp_seq)
        fprintf(f, " seq %u", o->icmp_seq);
    if (o->has_dccp)
        fprintf(f, " dccp %u code %x", o->dccp_type, o->dccp_code);
    if (o->has_sequence)
        fprintf(f, " sequence %x", o->sequence);
    if (o->kind == PAVO_KIND_ARP && memcmp(o->arp_sha, nobody, 6) != 0)
        fprintf(f, " sha %02x", o->arp_sha[5]);
    fclose(f);
}

/* The payload ends where the packet of the innermost IP header does. Behind that of UDP there may
 * be options, and behind InfiniBand's and ESP's a trailer. 'o' is of the frame that was decoded
 * last. */
static void
check_payload_end(const struct pavo_layers *o)
{
    const uint32_t end = o->payload_at + o->payload_len;
    bool may_be_less = o->proto == 17 || o->named == PAVO_NAME_INFINIBAND;

    if (o->kind < PAVO_KIND_IP4 || o->why == PAVO_WHY_IP4_LENGTH)
        return;
    for (unsigned i = 0; i < o->n_layers; i++)
        may_be_less |= o->layers[i].type == PAVO_CARRIER_ESP_NULL;
    for (unsigned i = 0; i < rows_ips; i++)
        if (rows_ip_at[i] + o->l3_len == end || (may_be_less && rows_ip_at[i] + o->l3_len > end))
            return;
    fail_msg("payload of %u bytes at %u ends with no IP packet", o->payload_len, o->payload_at);
}

/* Do the 'n' bytes 'what' stand within the first 'size' bytes? */
static void
must_hold(const uint8_t *bytes, uint32_t size, const void *what, size_t n, const char *name)
{
    if (!memmem(bytes, size, what, n))
        fail_msg("%s claimed, but it is not in the %u bytes held", name, size);
}

/* A link address: shorter ones than six bytes have zeros before them, FDDI sends its bits in the
 * other order, and the first bit of a source in Token Ring says something else. */
static void
must_hold_mac(const uint8_t *bytes, uint32_t size, const uint8_t mac[6], const char *name)
{
    uint8_t turned[6] = {0}, routed[6];
    unsigned zeros = 0;

    for (unsigned bit = 0; bit < 48; bit++)
        if (mac[bit / 8] >> bit % 8 & 1)
            turned[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    memcpy(routed, mac, 6);
    routed[0] |= 0x80;
    while (zeros < 5 && mac[zeros] == 0)
        zeros++;
    if (!memmem(bytes, size, turned, 6) && !memmem(bytes, size, routed, 6))
        must_hold(bytes, size, mac + zeros, 6 - zeros, name);
}

/* What a result of 'size' held bytes claims must be among them. */
static void
check_claims(const struct pavo_layers *o, const uint8_t *bytes, uint32_t size)
{
    const size_t addr_bytes = o->kind == PAVO_KIND_IP6 ? 16 : 4;
    const uint8_t ports[4] = {(uint8_t)(o->src_port >> 8), (uint8_t)o->src_port,
                              (uint8_t)(o->dst_port >> 8), (uint8_t)o->dst_port};

    assert_true(o->why < PAVO_WHYS);
    assert_true(o->depth <= PAVO_DEPTH_MAX);
    assert_true(o->n_layers <= PAVO_LAYERS_MAX);
    assert_true(o->n_frags <= PAVO_FRAGS_MAX);
    assert_true(o->payload_len <= o->l3_len);
    if (o->kind != PAVO_KIND_LINK) {
        must_hold(bytes, size, o->src, addr_bytes, "source");
        must_hold(bytes, size, o->dst, addr_bytes, "destination");
    }
    if (o->has_ports)
        must_hold(bytes, size, ports, 4, "ports");
    if (o->has_mac)
        must_hold_mac(bytes, size, o->src_mac, "source MAC");
    if (o->quote.kind)
        must_hold(bytes, size, o->quote.src, o->quote.kind == PAVO_KIND_IP6 ? 16 : 4, "quote");
    for (unsigned i = 0; i < o->n_layers; i++)
        if (o->layers[i].ip_version)
            must_hold(bytes, size, o->layers[i].src,
                      o->layers[i].ip_version == 6   ? 16
                      : o->layers[i].ip_version == 4 ? 4
                                                     : 6,
                      "carrier");
}

/* The short way and the walk header by header must say the same. */
static void
check_ways(enum pavo_link link, const uint8_t *bytes, uint32_t held, uint32_t len)
{
    const struct pavo_frame frame = {
        .data = bytes, .caplen = held, .len = len, .link = (uint8_t)link};
    struct pavo_layers walked, hurried;

    memset(&walked, 0x00, sizeof walked);
    memset(&hurried, 0xff, sizeof hurried);
    rows_ips = 0;
    dec_frame(&cfg, &frame, false, &walked);
    rows_ips = 0;
    dec_frame(&cfg, &frame, true, &hurried);
    check_same(&walked, &hurried);
}

/* Decodes the first 'held' bytes from a block of that size, and again with other bytes behind them.
 */
static void
check_prefix(enum pavo_link link, const uint8_t *bytes, uint32_t held, uint32_t len,
             const struct pavo_layers *whole)
{
    struct pavo_layers o, again;
    char said[1200], said_again[1200];
    uint8_t *exact = malloc(held ? held : 1);
    uint8_t *longer = malloc(held + 128);

    assert_non_null(exact);
    assert_non_null(longer);
    memcpy(exact, bytes, held);
    memcpy(longer, bytes, held);
    memset(longer + held, 0x45, 128);
    decode(link, exact, held, len, &o);
    decode(link, longer, held, len, &again);
    tell(&o, said, sizeof said);
    tell(&again, said_again, sizeof said_again);
    assert_string_equal(said, said_again);
    tell_more(&o, said, sizeof said);
    tell_more(&again, said_again, sizeof said_again);
    assert_string_equal(said, said_again);
    check_claims(&o, exact, held);
    check_ways(link, exact, held, len);
    if (o.depth > whole->depth)
        fail_msg("%u bytes give %u headers, the whole frame %u", held, o.depth, whole->depth);
    assert_true(o.n_frags <= whole->n_frags);
    if (!o.depth)
        assert_true(o.why != PAVO_WHY_DONE);
    free(exact);
    free(longer);
}

/* The same of the whole frame, and with each of its bytes changed in some ways. */
static void
check_changed(const struct row *r, uint8_t *bytes, uint32_t n, uint32_t len)
{
    static const uint8_t flips[] = {0x01, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff};

    check_ways(r->link, bytes, n, len);
    for (uint32_t at = 0; at < n && at < 256; at++) {
        const uint8_t was = bytes[at];

        for (unsigned i = 0; i < sizeof flips; i++) {
            bytes[at] = was ^ flips[i];
            check_ways(r->link, bytes, n, len);
        }
        bytes[at] = 0;
        check_ways(r->link, bytes, n, len);
        bytes[at] = was;
    }
}

static void
row_test(void **state)
{
    const struct row *r = *state;
    struct pavo_layers o;
    char said[1200];
    size_t n;
    uint8_t *bytes = t_hex(r->hex, &n);
    const uint32_t len = r->told ? r->told : (uint32_t)n;

    decode(r->link, bytes, (uint32_t)n, len, &o);
    tell(&o, said, sizeof said);
    if (getenv("PAVO_SHOW"))
        fprintf(stderr, "SHOW\t%s\t%s\n", r->says, said);
    assert_string_equal(said, r->is);
    tell_more(&o, said, sizeof said);
    if (getenv("PAVO_SHOW"))
        fprintf(stderr, "SHOW\t%s\t%s\n", r->says, said);
    if (r->adds)
        assert_string_equal(said, r->adds);
    check_payload_end(&o);
    assert_int_equal(o.wire_len, len);
    check_claims(&o, bytes, (uint32_t)n);
    for (uint32_t held = 0; held < n; held++) {
        check_prefix(r->link, bytes, held, len, &o);
        check_prefix(r->link, bytes, held, held, &o);
    }
    check_changed(r, bytes, (uint32_t)n, len);
    free(bytes);
}

/* Headers without an end: 'n' VLAN tags, then IPv4 with UDP. */
static void
decode_tags(unsigned n, struct pavo_layers *o)
{
    char hex[1024] = "02000000000b02000000000a";

    for (unsigned i = 0; i < n; i++)
        strcat(hex, "81000064");
    strcat(hex, "0800" IN4);
    {
        size_t size;
        uint8_t *bytes = t_hex(hex, &size);

        decode(PAVO_LINK_ETHER, bytes, (uint32_t)size, (uint32_t)size, o);
        free(bytes);
    }
}

static void
sixteen_headers_are_read_and_the_seventeenth_is_named(void **state)
{
    struct pavo_layers o;

    decode_tags(13, &o); /* Ethernet, 13 tags, IPv4, UDP */
    assert_int_equal(o.why, PAVO_WHY_DONE);
    assert_int_equal(o.depth, 16);
    assert_int_equal(o.n_layers, 13);
    assert_int_equal(o.dst_port, 53);
    decode_tags(14, &o);
    assert_int_equal(o.why, PAVO_WHY_DEPTH);
    assert_int_equal(o.depth, 16);
    assert_int_equal(o.n_layers, 14);
    assert_int_equal(o.kind, PAVO_KIND_IP4);
    assert_int_equal(o.proto, 17);
    assert_int_equal(o.has_ports, 0);
    decode_tags(15, &o);
    assert_int_equal(o.why, PAVO_WHY_DEPTH);
    assert_int_equal(o.kind, PAVO_KIND_LINK);
    assert_int_equal(o.n_layers, 15);
    decode_tags(100, &o);
    assert_int_equal(o.why, PAVO_WHY_DEPTH);
    assert_int_equal(o.n_layers, 15);
}

static void
ports_of_a_carrier_can_be_taken_away_and_given(void **state)
{
    static const char hex[] =
        ETH("0800") IP4("004e", "11") UDP("c000", "12b5", "003a") "08000000 00138900 " INE;
    size_t n;
    uint8_t *bytes = t_hex(hex, &n);
    struct pavo_layers o;

    pavo_decap_udp_clear(&cfg, PAVO_UDP_VXLAN);
    decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
    assert_int_equal(o.dst_port, 4789);
    assert_int_equal(o.why, PAVO_WHY_DONE);
    bytes[36] = 0x30; /* to port 12345 */
    bytes[37] = 0x39;
    assert_int_equal(pavo_decap_udp(&cfg, PAVO_UDP_VXLAN, 12345), 0);
    decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
    assert_int_equal(o.dst_port, 53);
    assert_int_equal(o.layers[0].dst_port, 12345);
    assert_true(pavo_decap_udp(&cfg, PAVO_UDPS, 1) < 0);
    assert_true(pavo_decap_fou(&cfg, 1, 6) < 0);
    rows_config();
    free(bytes);
}

static void
cookies_and_the_port_of_stt_are_configured(void **state)
{
    static const char cookie[] = ETH("0800") IP4("0038", "73") "00000bb8 11223344 " IN4;
    static const char stt[] = ETH("0800") IP4("0064", "06") "c000 1d2f 003c0000 00000007 5018 2000 "
                                                            "0000 0000 00 02 00 00 05b4 0000 "
                                                            "0000000000001389 0000 " INE;
    size_t n;
    uint8_t *bytes = t_hex(cookie, &n);
    struct pavo_layers o;

    for (int configured = 0; configured <= 8; configured += 4) {
        assert_int_equal(pavo_decap_l2tpv3(&cfg, configured), 0);
        decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
        assert_int_equal(o.proto, configured == 8 ? 115 : 17); /* the sublayer may be 4 bytes too */
    }
    assert_true(pavo_decap_l2tpv3(&cfg, 5) < 0);
    free(bytes);
    bytes = t_hex(stt, &n);
    pavo_decap_stt(&cfg, 0);
    decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
    assert_int_equal(o.proto, 6);
    assert_int_equal(o.why, PAVO_WHY_DONE);
    bytes[36] = bytes[37] = 0; /* port 0 is not "none" */
    decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
    assert_int_equal(o.proto, 6);
    rows_config();
    decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
    assert_int_equal(o.proto, 6);
    bytes[36] = 0x1d;
    bytes[37] = 0x2f;
    decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
    assert_int_equal(o.proto, 17);
    free(bytes);
}

static void
esp_is_looked_into_only_on_demand(void **state)
{
    static const char hex[] = ETH("0800") IP4("0034", "32") "00000abc 00000001" TCP "0102 02 06";
    size_t n;
    uint8_t *bytes = t_hex(hex, &n);
    struct pavo_layers o;

    decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
    assert_int_equal(o.dst_port, 80);
    pavo_decap_config_init(&cfg);
    decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
    assert_int_equal(o.proto, 50);
    assert_int_equal(o.spi, 0xabc);
    assert_int_equal(o.n_layers, 0);
    rows_config();
    free(bytes);
}

static void
the_place_of_a_fragment_is_told(void **state)
{
    static const struct {
        const char *hex;
        uint32_t offset, bytes;
        bool has_more;
    } pieces[] = {
        {ETH("0800") IP4F("0024", "2000", "11") "04d2003508000000 0102030405060708", 0, 16, true},
        {ETH("0800") IP4F("0024", "2003", "11") "0102030405060708 0102030405060708", 24, 16, true},
        {ETH("0800") IP4F("0017", "1fff", "11") "010203", 65528, 3, false},
        {ETH("0800") IP4F("0400", "0001", "11") "010203", 8, 1004, false}, /* by its own length */
        {ETH("86dd") IP6("0018", "2c") "1100000112345678 04d2003501000000 0102030405060708", 0, 16,
         true},
        {ETH("86dd") IP6("0010", "2c") "1100fff812345678 0102030405060708", 65528, 8, false},
    };

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        size_t n;
        uint8_t *bytes = t_hex(pieces[i].hex, &n);
        struct pavo_layers o;

        decode(PAVO_LINK_ETHER, bytes, (uint32_t)n, (uint32_t)n, &o);
        assert_int_equal(o.n_frags, 1);
        assert_int_equal(o.frags[0].offset, pieces[i].offset);
        assert_int_equal(o.frags[0].bytes, pieces[i].bytes);
        assert_int_equal(o.frags[0].has_more, pieces[i].has_more);
        free(bytes);
    }
}

static void
link_types_are_found_by_file_and_by_libpcap_number(void **state)
{
    assert_int_equal(pavo_link_of(1), PAVO_LINK_ETHER);
    assert_int_equal(pavo_link_of(101), PAVO_LINK_RAW);
    assert_int_equal(pavo_link_of(276), PAVO_LINK_SLL2);
    assert_int_equal(pavo_link_of(103), PAVO_LINK_PPP_BSDOS);
    assert_int_equal(pavo_link_of(16), PAVO_LINK_PPP_BSDOS);
    assert_int_equal(pavo_link_of(8224), -1);
    assert_int_equal(pavo_link_of(147), -1);
    assert_int_equal(pavo_link_of(100), PAVO_LINK_ATM_LLC);
    assert_int_equal(pavo_link_of(11), PAVO_LINK_ATM_LLC);
    assert_string_equal(pavo_link_word(PAVO_LINK_SLL), "LINUX_SLL");
    assert_string_equal(pavo_link_word(PAVO_LINKS), "?");
}

static void
every_name_has_a_word(void **state)
{
    for (unsigned why = 0; why < PAVO_WHYS; why++) {
        assert_true(strlen(pavo_why_word(why)) > 3);
        assert_true(strlen(pavo_why_help(why)) > 20);
    }
    assert_string_equal(pavo_why_word(PAVO_WHYS), "?");
    assert_string_equal(pavo_carrier_word(PAVO_CARRIER_GENEVE), "geneve");
    assert_string_equal(pavo_carrier_word(0), "?");
    assert_true(pavo_carrier_is_identity(PAVO_CARRIER_VLAN));
    assert_false(pavo_carrier_is_identity(PAVO_CARRIER_MPLS)); /* labels change under way */
}

/* Each row of why.def is the end of some row above, or of the depth test. */
static void
every_reason_has_a_case(void **state)
{
    for (unsigned why = 0; why < PAVO_WHYS; why++) {
        const char *word = pavo_why_word(why);
        bool found = why == PAVO_WHY_DEPTH;

        for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !found; i++)
            found = strcmp(strrchr(rows[i].is, ' ') + 1, word) == 0;
        if (!found)
            fail_msg("no case ends with %s", word);
    }
}

/* Each row of steps.def is read in some row above. */
static void
every_header_has_a_case(void **state)
{
    for (int step = DEC_STOP + 1; step < DEC_STEPS; step++)
        if (!rows_seen[step])
            fail_msg("no case reads %s", step_names[step]);
}

/* Each link type has one. */
static void
every_link_type_has_a_case(void **state)
{
    for (unsigned link = 0; link < PAVO_LINKS; link++) {
        bool found = false;

        for (size_t i = 0; i < sizeof rows / sizeof rows[0] && !found; i++)
            found = rows[i].link == link;
        if (!found)
            fail_msg("no case of the link type %s", pavo_link_word((enum pavo_link)link));
    }
}

/* And each carrier and each name comes out of one. */
static void
every_carrier_and_name_has_a_case(void **state)
{
    bool carriers[256] = {false}, names[256] = {false};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n;
        uint8_t *bytes = t_hex(rows[i].hex, &n);
        struct pavo_layers o;

        decode(rows[i].link, bytes, (uint32_t)n, rows[i].told ? rows[i].told : (uint32_t)n, &o);
        for (unsigned l = 0; l < o.n_layers; l++)
            carriers[o.layers[l].type] = true;
        names[o.named] = true;
        free(bytes);
    }
#define CARRIER(name, number, key, word, spec, id)                                                 \
    if (!carriers[number])                                                                         \
        fail_msg("no case makes the carrier %s", word);
#include "carriers.def"
#undef CARRIER
#define NAME(name, number, word, spec)                                                             \
    if (!names[number])                                                                            \
        fail_msg("no case is named %s", word);
#include "names.def"
}

/* ---- seeds of the fuzz targets ---- */

static struct {
    const char *dir;
    size_t row;
    const uint8_t *bytes; /* the frame */
    size_t n;
    unsigned told; /* index of family_told */
} seed;

/* DIR/TARGET/NAME: the two bytes that choose, then 'n' bytes. */
static void
seed_write(const char *target, const char *name, const uint8_t choose[2], const uint8_t *bytes,
           size_t n)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", seed.dir, target);
    mkdir(path, 0777); /* it may be there */
    snprintf(path, sizeof path, "%s/%s/%s", seed.dir, target, name);
    f = fopen(path, "wb");
    if (!f || fwrite(choose, 1, 2, f) != 2 || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
        perror(path);
        exit(1);
    }
}

static void
seed_header(enum dec_step step, const uint8_t *at, const struct dec_walk *w)
{
    static const char *const families[] = {"link",   "ether", "mpls", "ip",
                                           "tunnel", "udp",   "l4",   "radio"};
    const uint8_t choose[2] = {family_index(step),
                               (uint8_t)(family_around(w) | seed.told << AROUND_TOLD_SHIFT)};
    char target[32], name[64];

    snprintf(target, sizeof target, "decap-%s", families[family_of_step[step]]);
    snprintf(name, sizeof name, "%03zu-%02u-%s", seed.row, w->out->depth, step_names[step]);
    for (char *c = name; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    seed_write(target, name, choose, at, seed.n - (size_t)(at - seed.bytes));
}

static int
seeds_make(const char *dir)
{
    mkdir(dir, 0777);
    seed.dir = dir;
    dec_trace = seed_header;
    for (seed.row = 0; seed.row < sizeof rows / sizeof rows[0]; seed.row++) {
        const struct row *r = &rows[seed.row];
        struct pavo_layers o;
        uint8_t *bytes = t_hex(r->hex, &seed.n);
        const uint32_t told = r->told ? r->told : (uint32_t)seed.n;
        const uint8_t choose[2] = {(uint8_t)r->link, told > seed.n ? 127 : 0};
        char name[16];

        seed.bytes = bytes;
        seed.told = 0;
        while (seed.told < 7 && family_told[seed.told] < told - seed.n)
            seed.told++;
        snprintf(name, sizeof name, "%03zu", seed.row);
        seed_write("walk", name, choose, bytes, seed.n);
        decode(r->link, bytes, (uint32_t)seed.n, told, &o);
        free(bytes);
    }
    printf("%zu frames\n", seed.row);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest others[] = {
        cmocka_unit_test(sixteen_headers_are_read_and_the_seventeenth_is_named),
        cmocka_unit_test(ports_of_a_carrier_can_be_taken_away_and_given),
        cmocka_unit_test(cookies_and_the_port_of_stt_are_configured),
        cmocka_unit_test(the_place_of_a_fragment_is_told),
        cmocka_unit_test(esp_is_looked_into_only_on_demand),
        cmocka_unit_test(link_types_are_found_by_file_and_by_libpcap_number),
        cmocka_unit_test(every_name_has_a_word),
        cmocka_unit_test(every_reason_has_a_case),
        cmocka_unit_test(every_header_has_a_case),
        cmocka_unit_test(every_link_type_has_a_case),
        cmocka_unit_test(every_carrier_and_name_has_a_case),
    };
    int failed;

    rows_config();
    if (getenv("PAVO_SEEDS"))
        return seeds_make(getenv("PAVO_SEEDS"));
    dec_trace = rows_trace;
    failed = T_RUN_TABLE(rows, row_test);
    failed += cmocka_run_group_tests_name("others", others, NULL, NULL);
    return failed != 0;
}
