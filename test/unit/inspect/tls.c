/* tls.c - hellos of TLS: names, versions, JA4; cut anywhere, and with lengths that lie
 *
 * Each is read at every prefix from a block of just that size.
 */
#include "hello.h"
#include "ins.h"

typedef enum ins_got (*read_fn)(const uint8_t *, uint32_t, struct pavo_record_names *);

static enum ins_got
message_of_quic(const uint8_t *at, uint32_t n, struct pavo_record_names *out)
{
    return ins_hello(at, n, true, out);
}

static enum ins_got
read_part(read_fn fn, const uint8_t *at, size_t n, struct pavo_record_names *out)
{
    uint8_t *part = malloc(n ? n : 1);
    enum ins_got got;

    memcpy(part, at, n);
    got = fn(n ? part : NULL, (uint32_t)n, out);
    free(part);
    return got;
}

/* All prefixes into the same names, as a stream gives them; a prefix is never more than what it
 * becomes. */
static enum ins_got
read_all(read_fn fn, const struct bytes *b, struct pavo_record_names *out)
{
    enum ins_got got = INS_MORE;

    memset(out, 0, sizeof *out);
    for (size_t k = 0; k <= b->n && got == INS_MORE; k++) {
        struct pavo_record_names fresh = {0};
        const enum ins_got alone = read_part(fn, b->at, k, &fresh);

        got = read_part(fn, b->at, k, out);
        assert_int_equal(got, alone);
        assert_memory_equal(out, &fresh, sizeof fresh);
        if (k < b->n && got == INS_YES)
            fail_msg("%zu bytes of %zu were enough", k, b->n);
    }
    return got;
}

/* ---- ClientHello ---- */

static const struct client_case {
    const char *says, *extensions, *name, *alpn, *ja4;
    unsigned version;
} client_cases[] = {
    {"the published example of JA4", HELLO_EXTENSIONS, HELLO_NAME, "h2", HELLO_JA4, 0x0304},
    {"without extensions the version is the hello's", "", "", "",
     "t12i150000_8daaf6152771_000000000000", 0x0303},
    {"one extension", HELLO_SNI, HELLO_NAME, "", "t12d150100_8daaf6152771_000000000000", 0x0303},
    {"versions that are all GREASE are none", "002b 0003 02 5a5a", "", "",
     "t12i150100_8daaf6152771_b9a491fefe05", 0x0303},
    {"the first protocol, of one letter", "0010 0005 0003 02 7871", "", "xq",
     "t12i1501xq_8daaf6152771_000000000000", 0x0303},
    {"ends of a protocol that are no letters become digits", "0010 0005 0003 02 abcd", "",
     "\\xab\\xcd", "t12i1501ad_8daaf6152771_000000000000", 0x0303},
    {"a protocol of one byte has its ends in it", "0010 0004 0002 01 71", "", "q",
     "t12i1501qq_8daaf6152771_000000000000", 0x0303},
    {"a name of another type is none", "0000 0006 0004 01 0001 61", "", "",
     "t12d150100_8daaf6152771_000000000000", 0x0303},
};

static void
client(void **state)
{
    const struct client_case *c = *state;
    struct bytes m = {.n = 0};
    struct pavo_record_names names;
    char quic[40];

    put_client_hello(&m, c->extensions);
    assert_int_equal(read_all(message_of_quic, &m, &names), INS_YES);
    memcpy(quic, c->ja4, strlen(c->ja4) + 1);
    quic[0] = 'q';
    assert_string_equal(names.ja4, quic);
    for (size_t most = 1; most <= m.n; most += most < 8 ? 1 : 61) {
        struct bytes b = {.n = 0};

        put_records(&b, m.at, m.n, most);
        assert_int_equal(read_all(ins_tls_client, &b, &names), INS_YES);
        assert_string_equal(names.serverName, c->name);
        assert_string_equal(names.alpn, c->alpn);
        assert_string_equal(names.ja4, c->ja4);
        assert_int_equal(names.tlsVersion, c->version);
    }
}

/* ---- what can't be ---- */

#define FRONT "0303" HELLO_RANDOM HELLO_SESSION

static const struct lie_case {
    const char *says, *hex; /* a message of its own length, "01" before it */
    enum ins_got got;
} lie_cases[] = {
    {"a hello that is whole", FRONT "0002 1301 01 00 0004 0017 0000", INS_YES},
    {"a session longer than 32", "0303" HELLO_RANDOM "21 0002 1301 01 00 0004 0017 0000", INS_NO},
    {"a session longer than the message", "0303" HELLO_RANDOM "20 0002 1301 01 00", INS_NO},
    {"no ciphers", FRONT "0000 01 00 0004 0017 0000", INS_NO},
    {"half a cipher", FRONT "0003 130113 01 00 0004 0017 0000", INS_NO},
    {"ciphers longer than the message", FRONT "0020 1301 01 00 0004 0017 0000", INS_NO},
    {"no compression", FRONT "0002 1301 00 0004 0017 0000", INS_NO},
    {"compression longer than the message", FRONT "0002 1301 20 00 0004 0017 0000", INS_NO},
    {"half a length of the extensions", FRONT "0002 1301 01 00 00", INS_NO},
    {"extensions longer than the message", FRONT "0002 1301 01 00 0005 0017 0000", INS_NO},
    {"extensions shorter than the message", FRONT "0002 1301 01 00 0004 0017 0000 00", INS_NO},
    {"an extension longer than all", FRONT "0002 1301 01 00 0005 0017 0002 00", INS_NO},
    {"half an extension", FRONT "0002 1301 01 00 0006 0017 0000 0000", INS_NO},
    {"an SNI longer than its extension", FRONT "0002 1301 01 00 000a 0000 0006 0004 00 0002 61",
     INS_NO},
    {"an SNI without its head", FRONT "0002 1301 01 00 0008 0000 0004 0002 00 00", INS_NO},
    {"an ALPN longer than its extension", FRONT "0002 1301 01 00 0009 0010 0005 0003 03 6832",
     INS_NO},
    {"an ALPN of no letters", FRONT "0002 1301 01 00 0007 0010 0003 0001 00", INS_NO},
    {"versions longer than their extension", FRONT "0002 1301 01 00 0007 002b 0003 04 0304",
     INS_NO},
    {"half a version", FRONT "0002 1301 01 00 0008 002b 0004 03 0304 03", INS_NO},
    {"signatures longer than their extension", FRONT "0002 1301 01 00 0008 000d 0004 0004 0403",
     INS_NO},
    {"half a signature", FRONT "0002 1301 01 00 0009 000d 0005 0003 0403 04", INS_NO},
    {"versions said twice", FRONT "0002 1301 01 00 000e 002b 0003 02 0303 002b 0003 02 0304",
     INS_NO},
    {"SSL 2", "0203" HELLO_RANDOM HELLO_SESSION "0002 1301 01 00 0004 0017 0000", INS_NO},
    {"a message that is too short", "0303" HELLO_RANDOM "00 0002", INS_NO},
};

static void
lie(void **state)
{
    const struct lie_case *c = *state;
    struct bytes m = {.n = 0};
    struct pavo_record_names names;

    put_hello(&m, 1, c->hex, "");
    for (size_t most = 7; most < 300; most += 97) {
        struct bytes b = {.n = 0};

        put_records(&b, m.at, m.n, most);
        assert_int_equal(read_all(ins_tls_client, &b, &names), c->got);
        assert_int_equal(names.ja4[0] != 0, c->got == INS_YES);
    }
    put(&m, "more", 4); /* behind it is not of it */
    assert_int_equal(read_part(message_of_quic, m.at, m.n, &names), c->got);
}

static const struct record_case {
    const char *says, *second; /* what follows a record with the first 40 bytes of a hello */
    enum ins_got got;
} record_cases[] = {
    {"the rest is missing", "", INS_MORE},
    {"half the head of a record", "16 03 01", INS_MORE},
    {"data in the middle of a hello", "17 0301 0001 00", INS_NO},
    {"the type of another record is enough", "17", INS_NO},
    {"a record of another version", "16 0205 0001 00", INS_NO},
    {"a record of nothing", "16 0301 0000", INS_NO},
    {"a record longer than one may be", "16 0301 4101", INS_NO},
};

static void
record(void **state)
{
    const struct record_case *c = *state;
    struct bytes m = {.n = 0}, b = {.n = 0};
    struct pavo_record_names names;

    put_client_hello(&m, HELLO_EXTENSIONS);
    put_records(&b, m.at, 40, 40);
    put_hex(&b, c->second);
    assert_int_equal(read_all(ins_tls_client, &b, &names), c->got);
    b.n = 0; /* behind a whole one they don't matter */
    put_records(&b, m.at, m.n, 999);
    put_hex(&b, c->second);
    memset(&names, 0, sizeof names);
    assert_int_equal(read_part(ins_tls_client, b.at, b.n, &names), INS_YES);
    assert_string_equal(names.ja4, HELLO_JA4);
}

/* What is longer than what is kept gives what stands at its front. */
static void
a_hello_that_is_too_long_gives_its_front(void **state)
{
    struct bytes ext = {.n = 0}, body = {.n = 0}, m = {.n = 0}, b = {.n = 0};
    struct pavo_record_names names = {0};

    put_hex(&ext, HELLO_SNI HELLO_VERSIONS "0015 0fff");
    for (unsigned i = 0; i < 0xfff; i++)
        put_number(&ext, 0, 1);
    put_hex(&ext, HELLO_ALPN);
    put_hex(&body, FRONT HELLO_CIPHERS "01 00");
    put_block(&body, 2, &ext);
    put_number(&m, 1, 1);
    put_block(&m, 3, &body);
    put_records(&b, m.at, m.n, 1000);
    assert_int_equal(read_part(ins_tls_client, b.at, b.n, &names), INS_MORE);
    assert_string_equal(names.serverName, HELLO_NAME);
    assert_string_equal(names.alpn, "");
    assert_string_equal(names.ja4, "");
    assert_int_equal(names.tlsVersion, 0x0304);
}

/* Every byte of a hello set to what lengths like to be. */
static void
no_byte_can_do_harm(void **state)
{
    static const uint8_t values[] = {0, 1, 2, 0x7f, 0x80, 0xff};
    struct bytes m = {.n = 0}, b = {.n = 0};
    struct pavo_record_names names;

    put_client_hello(&m, HELLO_EXTENSIONS);
    put_records(&b, m.at, m.n, 100);
    for (size_t at = 0; at < b.n; at++) {
        for (unsigned k = 0; k < sizeof values; k++) {
            const uint8_t was = b.at[at];

            b.at[at] = values[k];
            memset(&names, 0, sizeof names);
            (void)read_part(ins_tls_client, b.at, b.n, &names);
            (void)read_part(ins_tls_server, b.at, b.n, &names);
            assert_non_null(memchr(names.serverName, 0, sizeof names.serverName));
            assert_non_null(memchr(names.alpn, 0, sizeof names.alpn));
            b.at[at] = was;
        }
    }
}

/* ---- ServerHello ---- */

static const struct server_case {
    const char *says, *rest, *extensions, *alpn;
    unsigned version;
    enum ins_got got;
} server_cases[] = {
    {"TLS 1.3 is chosen in supported_versions", "1301 00", "002b 0002 0304 0033 0002 001d", "",
     0x0304, INS_YES},
    {"TLS 1.2 in the hello, with ALPN", "c02f 00", "0010 0005 0003 02 6832", "h2", 0x0303, INS_YES},
    {"no extensions", "c02f 00", "", "", 0x0303, INS_YES},
    {"half a length of the extensions", "c02f 00 00", "", "", 0, INS_NO},
    {"extensions longer than the message", "c02f 00 0008 0017 0000", "", "", 0, INS_NO},
    {"extensions shorter than the message", "c02f 00 0004 0017 0000 00", "", "", 0, INS_NO},
    {"an extension longer than all", "1301 00", "002b 0003 0304", "", 0, INS_NO},
    {"an ALPN longer than its extension", "c02f 00", "0010 0005 0003 09 6832", "", 0, INS_NO},
    {"a choice of three bytes", "1301 00", "002b 0003 020304", "", 0, INS_NO},
};

static void
server(void **state)
{
    const struct server_case *c = *state;
    struct bytes m = {.n = 0};
    struct pavo_record_names names;
    char front[256];

    snprintf(front, sizeof front, "0303 %s %s %s", HELLO_RANDOM, HELLO_SESSION, c->rest);
    put_hello(&m, 2, front, c->extensions);
    for (size_t most = 7; most < 300; most += 97) {
        struct bytes b = {.n = 0};

        put_records(&b, m.at, m.n, most);
        assert_int_equal(read_all(ins_tls_server, &b, &names), c->got);
        assert_int_equal(names.tlsVersion, c->version);
        assert_string_equal(names.alpn, c->alpn);
    }
}

/* ---- the inspector ---- */

/* What is known does not depend on where a stream was cut. */
static void
a_cut_changes_nothing(void **state)
{
    struct bytes m = {.n = 0}, b = {.n = 0};
    struct pavo_inspect whole = {0};

    put_client_hello(&m, HELLO_EXTENSIONS);
    put_records(&b, m.at, m.n, 1000);
    pavo_inspect_stream(&whole, 0, b.at, (uint32_t)b.n, (uint32_t)b.n);
    assert_int_equal(whole.names.application, PAVO_APP_TLS);
    assert_int_equal(whole.names.tlsVersion, 0x0304);
    for (size_t k = 1; k < b.n; k++) {
        struct pavo_inspect i = {0};

        pavo_inspect_stream(&i, 0, b.at, (uint32_t)k, (uint32_t)k);
        pavo_inspect_stream(&i, 0, b.at + k, (uint32_t)(b.n - k), (uint32_t)(b.n - k));
        assert_memory_equal(&i.names, &whole.names, sizeof i.names);
    }
}

/* A hello that turns out to be broken behind its name: so too. */
static void
a_cut_changes_nothing_of_a_broken_one(void **state)
{
    struct bytes m = {.n = 0}, b = {.n = 0};
    struct pavo_inspect whole = {0};

    put_client_hello(&m, HELLO_SNI HELLO_VERSIONS "0010 0005 0003 09 6832" HELLO_SIGS);
    put_records(&b, m.at, m.n, 1000);
    pavo_inspect_stream(&whole, 0, b.at, (uint32_t)b.n, (uint32_t)b.n);
    assert_string_equal(whole.names.serverName, HELLO_NAME);
    for (size_t k = 1; k < b.n; k++) {
        struct pavo_inspect i = {0};

        pavo_inspect_stream(&i, 0, b.at, (uint32_t)k, (uint32_t)k);
        pavo_inspect_stream(&i, 0, b.at + k, (uint32_t)(b.n - k), (uint32_t)(b.n - k));
        assert_memory_equal(&i.names, &whole.names, sizeof i.names);
    }
}

static void
the_server_chooses_the_version(void **state)
{
    struct bytes m = {.n = 0}, c = {.n = 0}, s = {.n = 0};

    put_client_hello(&m, HELLO_EXTENSIONS);
    put_records(&c, m.at, m.n, 1000);
    m.n = 0;
    put_hello(&m, 2, "0303" HELLO_RANDOM HELLO_SESSION "c02f 00", "0010 0005 0003 02 6832");
    put_records(&s, m.at, m.n, 1000);
    for (unsigned first = 0; first < 2; first++) {
        struct pavo_inspect i = {0};

        for (unsigned k = 0; k < 2; k++) {
            const struct bytes *b = k == first ? &c : &s;

            pavo_inspect_stream(&i, k == first, b->at, (uint32_t)b->n, (uint32_t)b->n);
        }
        assert_int_equal(i.names.tlsVersion, 0x0303);
        assert_string_equal(i.names.ja4, HELLO_JA4);
        assert_true(i.side_done[0] && i.side_done[1]);
    }
}

int
main(void)
{
    const struct CMUnitTest own[] = {
        cmocka_unit_test(a_hello_that_is_too_long_gives_its_front),
        cmocka_unit_test(no_byte_can_do_harm),
        cmocka_unit_test(a_cut_changes_nothing),
        cmocka_unit_test(a_cut_changes_nothing_of_a_broken_one),
        cmocka_unit_test(the_server_chooses_the_version),
    };

    return T_RUN_TABLE(client_cases, client) + T_RUN_TABLE(lie_cases, lie) +
           T_RUN_TABLE(record_cases, record) + T_RUN_TABLE(server_cases, server) +
           cmocka_run_group_tests(own, NULL, NULL);
}
