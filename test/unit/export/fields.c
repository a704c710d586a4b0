/* Tests of the field table, of the formatters, and that docs/records.md says what the table says.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <time.h>

#include "fields.h"
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
    static char text[FLD_TEXT_MAX];
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
 * whole. */
static void
the_table_reaches_every_member(void **state)
{
    uint8_t reached[offsetof(struct pavo_record, encap)] = {0};

    (void)state;
    for (unsigned i = 0; i < fld_count; i++) {
        const struct fld *f = &fld_table[i];
        struct pavo_record r;
        struct fld_value v = {.type = f->type, .u = UINT64_MAX};

        memset(&r, 0, sizeof r);
        memset(v.bytes, 0xff, sizeof v.bytes);
        fld_set(&r, f, &v);
        for (size_t j = 0; j < sizeof reached; j++)
            reached[j] |= ((const uint8_t *)&r)[j];
    }
    memset(reached + offsetof(struct pavo_record, made_ns), 1, 8); /* is not exported */
    for (size_t j = 0; j < sizeof reached; j++) {
        if (!reached[j] && j != offsetof(struct pavo_record, n_encap) &&
            !(j >= offsetof(struct pavo_record, fragmentIdentification) + 4 &&
              j < offsetof(struct pavo_record, quote)) &&
            !(j >= offsetof(struct pavo_record, quote) + sizeof(struct pavo_quote) &&
              j < offsetof(struct pavo_record, flowStartNanoseconds)) &&
            !(j > offsetof(struct pavo_record, encapLost) &&
              j < offsetof(struct pavo_record, made_ns)))
            fail_msg("no row reaches octet %zu of a record", j);
    }
}

static void
what_is_set_is_got(void **state)
{
    (void)state;
    for (unsigned i = 0; i < fld_count; i++) {
        const struct fld *f = &fld_table[i];
        struct pavo_record r = f->templates & FLD_TI ? rec_icmp4() : rec_tcp4();
        struct fld_value in = {.type = f->type, .u = 3}, out;

        if (f->templates == FLD_TV6 || (f->templates == FLD_TI6))
            r.kind = PAVO_KIND_IP6;
        if (f->templates == FLD_TA)
            r.kind = PAVO_KIND_ARP;
        if (f->type == FLD_LIST || f->offset == offsetof(struct pavo_record, encap) ||
            f->offset == offsetof(struct pavo_record, kind))
            continue;
        r.isFragment = r.hasMac = 1;
        r.quote.kind = PAVO_KIND_IP4;
        r.quote.proto = 1;
        r.icmpErrorCount = 1;
        r.maximumTTL[0] = r.maximumTTL[1] = 3;
        if (f->type == FLD_B)
            in.u = 1;
        memset(in.bytes, 0x11, f->type == FLD_IP4 ? 4 : f->type == FLD_MAC ? 6 : 16);
        fld_set(&r, f, &in);
        r.protocolIdentifier = strncmp(f->word, "proto", 5) == 0 ? 3 : 6;
        r.hasPorts = r.hasIcmp = 1;
        r.packetDeltaCount[0] = r.packetDeltaCount[1] =
            r.packetDeltaCount[0] | r.packetDeltaCount[1];
        if (strcmp(f->ie, "recordFlags") == 0 || strcmp(f->ie, "packetDeltaCount") == 0 ||
            strncmp(f->ie, "quoted", 6) == 0)
            continue; /* other cases have them */
        if (!fld_get(&r, f, &out))
            fail_msg("%s is absent", f->ie);
        if (fld_compare(&in, &out) != 0)
            fail_msg("%s is not what was set", f->ie);
    }
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
    } templates[] = {{FLD_T4, "4"},  {FLD_T6, "6"}, {FLD_TI4, "i"},
                     {FLD_TI6, "I"}, {FLD_TA, "A"}, {FLD_TL, "L"}};
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
        for (unsigned j = 0; j < 6; j++)
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
        cmocka_unit_test(absent_is_unknown_and_zero_is_measured),
        cmocka_unit_test(formatters_agree_with_the_library),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(the_document_says_what_the_table_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) | T_RUN_TABLE(parses, text_becomes_a_value) |
           T_RUN_TABLE(ip6s, ip6_is_written_as_rfc_5952_says);
}
