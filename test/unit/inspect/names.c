/* names.c - names of DNS, HTTP and SSH, and when the inspector has enough */
#include "pavo_inspect.h"
#include "t.h"

static uint8_t *
copy(const void *at, size_t n)
{
    uint8_t *p = malloc(n ? n : 1);

    memcpy(p, at, n);
    return p;
}

static enum pavo_inspect_next
stream(struct pavo_inspect *i, unsigned side, const void *at, size_t n)
{
    uint8_t *p = copy(at, n);
    const enum pavo_inspect_next next = pavo_inspect_stream(i, side, p, (uint32_t)n, (uint32_t)n);

    free(p);
    return next;
}

static enum pavo_inspect_next
text(struct pavo_inspect *i, unsigned side, const char *at)
{
    return stream(i, side, at, strlen(at));
}

static enum pavo_inspect_next
datagram(struct pavo_inspect *i, unsigned side, const void *at, size_t n, size_t told)
{
    uint8_t *p = copy(at, n);
    const enum pavo_inspect_next next =
        pavo_inspect_datagram(i, side, p, (uint32_t)n, (uint32_t)told, NULL);

    free(p);
    return next;
}

/* ---- DNS ---- */

#define QUERY "1234 0100 0001 0000 0000 0000 "
#define NX    "1234 8183 0001 0000 0000 0000 "
#define A_IN  "0001 0001"
#define L63                                                                                        \
    "3f "                                                                                          \
    "616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161"   \
    "616161616161616161616161616161616161"
#define L61                                                                                        \
    "3d "                                                                                          \
    "616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161"   \
    "61616161616161616161616161616161"
#define L62                                                                                        \
    "3e "                                                                                          \
    "616161616161616161616161616161616161616161616161616161616161616161616161616161616161616161"   \
    "6161616161616161616161616161616161"

static const struct dns_case {
    const char *says, *hex, *name; /* no name: it is not DNS */
    unsigned type;
    int rcode; /* -1: none */
} dns_cases[] = {
    {"a query has name and type", QUERY "0377777707 6578616d706c65 00 001c 0001", "www.example", 28,
     -1},
    {"a response has its code", NX "0161 00" A_IN, "a", 1, 3},
    {"the root is a dot", QUERY "00 0002 0001", ".", 2, -1},
    {"a dot inside a label is escaped", QUERY "03612e62 00" A_IN, "a\\046b", 1, -1},
    {"a backslash is escaped", QUERY "03615c62 00" A_IN, "a\\092b", 1, -1},
    {"what can't be printed is escaped", QUERY "0400c32020 00" A_IN, "\\000\\195\\032\\032", 1, -1},
    {"letters keep their case", QUERY "03614263 00" A_IN, "aBc", 1, -1},
    {"a name of 255 bytes is read", QUERY L63 L63 L63 L61 "00" A_IN, NULL, 1, -2},
    {"a name of 256 bytes is none", QUERY L63 L63 L63 L62 "00" A_IN, NULL, 0, -1},
    {"a label of 64 bytes is none",
     QUERY "40 61"
           "00" A_IN,
     NULL, 0, -1},
    {"a pointer to the header is none", QUERY "0161c000" A_IN, NULL, 0, -1},
    {"a pointer to itself is none", QUERY "c00c" A_IN, NULL, 0, -1},
    {"a pointer forward is none", QUERY "c010" A_IN "0161 00", NULL, 0, -1},
    {"a second question may point back",
     "1234 0100 0002 0000 0000 0000 0161 00" A_IN "0162c00c" A_IN, "a", 1, -1},
    {"a second question is read to its end",
     "1234 0100 0002 0000 0000 0000 0161 00" A_IN "0162 00 0001", NULL, 0, -1},
    {"a class that is none", QUERY "0161 00 0001 0002", NULL, 0, -1},
    {"a type of 0", QUERY "0161 00 0000 0001", NULL, 0, -1},
    {"a query with a code", "1234 0101 0001 0000 0000 0000 0161 00" A_IN, NULL, 0, -1},
    {"the bit that must be zero", "1234 0140 0001 0000 0000 0000 0161 00" A_IN, NULL, 0, -1},
    {"an operation that is none", "1234 1800 0001 0000 0000 0000 0161 00" A_IN, NULL, 0, -1},
    {"more records than there is room for",
     "1234 8180 0001 0001 0000 0000 0161 00" A_IN "c00c0001000100000001", NULL, 0, -1},
    {"a query of no question", "1234 0100 0000 0000 0000 0000 0161 00" A_IN, NULL, 0, -1},
    {"a header alone", "1234 8183 0000 0000 0000 0000", NULL, 0, -1},
    {"65 questions", "1234 0100 0041 0000 0000 0000 0161 00" A_IN, NULL, 0, -1},
    {"an update", "1234 2800 0001 0000 0000 0000 0161 00 0006 0001", "a", 6, -1},
    {"the unicast bit of multicast DNS", "0000 0000 0001 0000 0000 0000 0161 00 000c 8001", "a", 12,
     -1},
};

static void
dns(void **state)
{
    const struct dns_case *c = *state;
    size_t n;
    uint8_t *bytes = t_hex(c->hex, &n), framed[600];
    struct pavo_inspect i = {0}, tcp = {0};

    datagram(&i, 0, bytes, n, n);
    if (c->rcode == -2) {
        assert_int_equal(strlen(i.names.dnsQuery), 253);
    } else {
        assert_string_equal(i.names.dnsQuery, c->name ? c->name : "");
        assert_int_equal(i.names.hasDnsRcode, c->rcode >= 0);
        assert_int_equal(i.names.application, c->name ? PAVO_APP_DNS : 0);
    }
    assert_int_equal(i.names.dnsType, c->type);
    if (c->rcode > 0)
        assert_int_equal(i.names.dnsRcode, c->rcode);

    for (size_t k = 0; k < n; k++) { /* a beginning is no message */
        struct pavo_inspect part = {0};

        datagram(&part, 0, bytes, k, k);
        assert_int_equal(part.names.application, 0);
        memset(&part, 0, sizeof part);
        datagram(&part, 0, bytes, k, n);
        assert_true(part.names.application == 0 || part.names.dnsQuery[0]);
    }
    framed[0] = (uint8_t)(n >> 8);
    framed[1] = (uint8_t)n;
    memcpy(framed + 2, bytes, n);
    for (size_t k = 1; k <= n + 2; k++) {
        memset(&tcp, 0, sizeof tcp);
        stream(&tcp, 0, framed, k);
        if (k < n + 2)
            stream(&tcp, 0, framed + k, n + 2 - k);
        assert_memory_equal(&tcp.names, &i.names, sizeof i.names);
    }
    free(bytes);
}

/* A label of 63 times a letter of four as text: cut where the next does not fit. */
static void
a_long_name_is_cut(void **state)
{
    uint8_t m[12 + 4 * 62 + 5] = {0x12, 0x34, 1, 0, 0, 1};
    struct pavo_inspect i = {0};

    for (unsigned k = 0; k < 4; k++) {
        m[12 + 62 * k] = 61;
        memset(m + 13 + 62 * k, 1, 61);
    }
    m[12 + 248 + 2] = m[12 + 248 + 4] = 1;
    datagram(&i, 0, m, sizeof m, sizeof m);
    assert_true(strlen(i.names.dnsQuery) > 250 && strlen(i.names.dnsQuery) < PAVO_NAME_BYTES);
    assert_string_equal(i.names.dnsQuery + strlen(i.names.dnsQuery) - 4, "\\001");
}

static void
dns_waits_for_the_response(void **state)
{
    size_t n, m;
    uint8_t *query = t_hex(QUERY "0161 00" A_IN, &n), *answer = t_hex(NX "0161 00" A_IN, &m);
    uint8_t *refused = t_hex("1234 8185 0000 0000 0000 0000", &(size_t){0});
    struct pavo_inspect i = {0};

    assert_int_equal(datagram(&i, 0, query, n, n), PAVO_INSPECT_MORE);
    assert_int_equal(datagram(&i, 1, answer, m, m), PAVO_INSPECT_DONE);
    assert_int_equal(i.names.dnsRcode, 3);
    memset(&i, 0, sizeof i);
    datagram(&i, 0, query, n, n);
    assert_int_equal(datagram(&i, 1, refused, 12, 12), PAVO_INSPECT_DONE);
    assert_int_equal(i.names.dnsRcode, 5);
    free(query), free(answer), free(refused);
}

static void
a_question_may_follow_an_answer(void **state)
{
    size_t n, m;
    uint8_t *answer =
        t_hex("0000 8400 0000 0001 0000 0000 0161 00 0001 8001 00000078 0004 0a000001", &n);
    uint8_t *query = t_hex("0000 0000 0001 0000 0000 0000 0162 00 000c 0001", &m);
    struct pavo_inspect i = {0};

    assert_int_equal(datagram(&i, 0, answer, n, n), PAVO_INSPECT_MORE);
    assert_int_equal(i.names.application, PAVO_APP_DNS);
    assert_int_equal(datagram(&i, 0, query, m, m), PAVO_INSPECT_DONE);
    assert_string_equal(i.names.dnsQuery, "b");
    free(answer), free(query);
}

/* ---- HTTP ---- */

static const struct http_case {
    const char *says, *text, *host; /* NULL: it is not HTTP */
} http_cases[] = {
    {"the host of a request", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "a.example"},
    {"without its port, in small letters", "GET / HTTP/1.1\r\nhOST:\tA.Example:8080 \r\n\r\n",
     "a.example"},
    {"behind other lines", "POST /x HTTP/1.0\nA: b\nHost: c\n\n", "c"},
    {"an address in brackets", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n", "[2001:db8::1]"},
    {"an address in brackets without port", "GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n",
     "[2001:db8::1]"},
    {"an absolute target is the host", "GET http://u@b.example:8/x HTTP/1.1\r\nHost: c\r\n\r\n",
     "b.example"},
    {"an absolute target without path", "GET http://b.example HTTP/1.1\r\n\r\n", "b.example"},
    {"CONNECT", "CONNECT d.example:443 HTTP/1.1\r\nHost: c\r\n\r\n", "d.example"},
    {"a target with a colon", "GET /a:b//c HTTP/1.1\r\nHost: c\r\n\r\n", "c"},
    {"no host", "GET / HTTP/1.0\r\n\r\nHost: x\r\n", ""},
    {"an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", ""},
    {"HEAD is no status line", "HEAD / HTTP/1.1\r\nHost: c\r\n\r\n", "c"},
    {"a method of WebDAV", "VERSION-CONTROL / HTTP/1.1\r\nHost: c\r\n\r\n", "c"},
    {"a status line", "HTTP/1.1 200 OK\r\nHost: c\r\n\r\n", ""},
    {"a status line without reason", "HTTP/1.0 200\r\n", ""},
    {"SIP", "OPTIONS a HTTP/2.0\r\n\r\n", NULL},
    {"no version", "GET /\r\nHost: c\r\n\r\n", NULL},
    {"a line that goes on", "GET / HTTP/1.1 x\r\nHost: c\r\n\r\n", NULL},
    {"a method of small letters", "get / HTTP/1.1\r\nHost: c\r\n\r\n", NULL},
    {"blanks in a target", "GET /a b HTTP/1.1 HTTP/1.1\r\nHost: c\r\n\r\n", "c"},
    {"no target", "GET  HTTP/1.1\r\nHost: c\r\n\r\n", NULL},
    {"a method of 25 letters", "AAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\nHost: c\r\n\r\n", NULL},
    {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", NULL},
};

static void
http(void **state)
{
    const struct http_case *c = *state;
    const size_t n = strlen(c->text);
    struct pavo_inspect one = {0};

    text(&one, 0, c->text);
    assert_int_equal(one.names.application, c->host ? PAVO_APP_HTTP : 0);
    assert_string_equal(one.names.httpHost, c->host ? c->host : "");
    for (size_t a = 1; a < n; a++)
        for (size_t b = a; b < n; b += 5) {
            struct pavo_inspect i = {0};

            stream(&i, 0, c->text, a);
            if (b > a)
                stream(&i, 0, c->text + a, b - a);
            stream(&i, 0, c->text + b, n - b);
            assert_memory_equal(&i.names, &one.names, sizeof one.names);
        }
}

static void
a_host_is_cut(void **state)
{
    char m[700] = "GET / HTTP/1.1\r\nHost: ";
    struct pavo_inspect i = {0};

    for (size_t bytes = 255; bytes <= 256; bytes++) {
        const size_t at = strlen("GET / HTTP/1.1\r\nHost: ");

        memset(&i, 0, sizeof i);
        memset(m + at, 'h', bytes);
        strcpy(m + at + bytes, "\r\n\r\n");
        text(&i, 0, m);
        assert_int_equal(strlen(i.names.httpHost), 255);
    }
}

static void
a_request_is_all_of_http(void **state)
{
    struct pavo_inspect i = {0};

    assert_int_equal(text(&i, 0, "GET / HTTP/1.1\r\n"), PAVO_INSPECT_MORE);
    assert_int_equal(i.names.application, PAVO_APP_HTTP);
    assert_int_equal(text(&i, 1, "HTTP/1.1 200 OK\r\n"), PAVO_INSPECT_MORE);
    assert_int_equal(text(&i, 0, "Host: a\r\n"), PAVO_INSPECT_DONE);
    assert_string_equal(i.names.httpHost, "a");
    memset(&i, 0, sizeof i); /* the request was missed: the next may come */
    assert_int_equal(text(&i, 1, "HTTP/1.1 200 OK\r\n"), PAVO_INSPECT_MORE);
    assert_int_equal(text(&i, 0, "GET / HTTP/1.1\r\nHost: b\r\n\r\n"), PAVO_INSPECT_DONE);
    assert_string_equal(i.names.httpHost, "b");
}

/* ---- SSH ---- */

static const struct ssh_case {
    const char *says, *text, *banner;
} ssh_cases[] = {
    {"an identification", "SSH-2.0-OpenSSH_9.6 Ubuntu-3\r\nrest", "SSH-2.0-OpenSSH_9.6 Ubuntu-3"},
    {"a newline alone ends it", "SSH-1.99-x\n", "SSH-1.99-x"},
    {"lines before it", "Welcome\r\nto a.example\r\nSSH-2.0-x\r\n", "SSH-2.0-x"},
    {"no software", "SSH-2.0-\r\n", ""},
    {"no version", "SSH-x\r\n", ""},
    {"a byte of zero", "SSH-2.0-a\001\r\n", ""},
    {"a line before it of other bytes", "a\001b\r\nSSH-2.0-x\r\n", ""},
};

static void
ssh(void **state)
{
    const struct ssh_case *c = *state;
    const size_t n = strlen(c->text);
    struct pavo_inspect one = {0};

    text(&one, 1, c->text);
    assert_string_equal(one.names.banner[1], c->banner);
    assert_int_equal(one.names.application, *c->banner ? PAVO_APP_SSH : 0);
    for (size_t a = 1; a < n; a++) {
        struct pavo_inspect i = {0};

        stream(&i, 1, c->text, a);
        stream(&i, 1, c->text + a, n - a);
        assert_memory_equal(&i.names, &one.names, sizeof one.names);
    }
}

static void
an_identification_has_255_bytes(void **state)
{
    char m[300] = "SSH-2.0-";
    struct pavo_inspect i = {0};

    memset(m + 8, 'a', 245);
    strcpy(m + 253, "\r\n");
    text(&i, 0, m);
    assert_int_equal(strlen(i.names.banner[0]), 253);
    memset(&i, 0, sizeof i);
    memset(m + 8, 'a', 248);
    strcpy(m + 256, "\r\n");
    assert_int_equal(text(&i, 0, m), PAVO_INSPECT_MORE);
    assert_int_equal(i.side_done[0], 1);
    assert_int_equal(i.names.application, 0);
}

static void
ssh_wants_both(void **state)
{
    struct pavo_inspect i = {0};

    assert_int_equal(text(&i, 1, "SSH-2.0-a\r\n"), PAVO_INSPECT_MORE);
    assert_int_equal(text(&i, 0, "SSH-2.0-b\r\n"), PAVO_INSPECT_DONE);
    assert_string_equal(i.names.banner[0], "SSH-2.0-b");
    assert_string_equal(i.names.banner[1], "SSH-2.0-a");
}

/* ---- when it ends ---- */

static void
a_gap_ends_a_side(void **state)
{
    struct pavo_inspect i = {0};

    assert_int_equal(pavo_inspect_stream(&i, 0, (const uint8_t *)"GET / HT", 8, 9),
                     PAVO_INSPECT_MORE);
    assert_int_equal(i.is_gapped[0], 1);
    text(&i, 0, "P/1.1\r\n\r\n");
    assert_int_equal(i.names.application, 0);
    assert_int_equal(pavo_inspect_gap(&i, 1), PAVO_INSPECT_DONE);
    memset(&i, 0, sizeof i); /* what was there before it is read */
    pavo_inspect_stream(&i, 0, (const uint8_t *)"HTTP/1.1 200 ", 13, 500);
    assert_int_equal(i.names.application, PAVO_APP_HTTP);
    memset(&i, 0, sizeof i);
    assert_int_equal(pavo_inspect_stream(&i, 0, (const uint8_t *)"", 0, 5), PAVO_INSPECT_MORE);
    assert_int_equal(i.side_done[0], 1);
}

static void
sixteen_payloads_are_looked_at(void **state)
{
    struct pavo_inspect i = {0};

    for (unsigned k = 0; k < PAVO_INSPECT_PACKETS; k++) {
        assert_int_equal(i.side_done[0], 0);
        text(&i, 0, "A");
        text(&i, 0, "");
    }
    assert_int_equal(i.side_done[0], 1);
    assert_int_equal(i.packets[0], PAVO_INSPECT_PACKETS);
}

static void
a_full_buffer_ends_a_side(void **state)
{
    static char m[PAVO_INSPECT_BUFFER + 100] = "GET /";
    struct pavo_inspect i = {0};

    memset(m + 5, 'a', sizeof m - 5);
    stream(&i, 0, m, PAVO_INSPECT_BUFFER - 1);
    assert_int_equal(i.side_done[0], 0);
    stream(&i, 0, m, 100);
    assert_int_equal(i.side_done[0], 1);
    assert_int_equal(i.n[0], PAVO_INSPECT_BUFFER);
    memset(&i, 0, sizeof i);
    stream(&i, 0, m, sizeof m);
    assert_int_equal(i.side_done[0], 1);
}

static void
what_nobody_reads_is_let_go(void **state)
{
    static const uint8_t junk[64] = {0xde, 0xad, 0xbe, 0xef, 1};
    struct pavo_inspect i = {0};

    assert_int_equal(stream(&i, 0, junk, sizeof junk), PAVO_INSPECT_MORE);
    assert_int_equal(i.side_done[0], 1);
    assert_int_equal(stream(&i, 1, junk, sizeof junk), PAVO_INSPECT_DONE);
    memset(&i, 0, sizeof i);
    for (unsigned k = 0; k < 4; k++)
        datagram(&i, 0, junk, sizeof junk, sizeof junk);
    assert_int_equal(i.side_done[0], 1);
}

static void
done_stays_done(void **state)
{
    struct pavo_inspect i = {0}, kept;

    text(&i, 0, "EHLO a\r\n");
    kept = i;
    assert_int_equal(text(&i, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), PAVO_INSPECT_DONE);
    assert_int_equal(text(&i, 1, "SSH-2.0-a\r\n"), PAVO_INSPECT_DONE);
    assert_int_equal(pavo_inspect_gap(&i, 1), PAVO_INSPECT_DONE);
    assert_memory_equal(&i, &kept, sizeof i);
}

static void
a_label_is_kept_from_the_other_side(void **state)
{
    struct pavo_inspect i = {0};

    text(&i, 0, "SSH-2.0-a\r\n");
    assert_int_equal(text(&i, 1, "220 a ESMTP\r\nx\001"), PAVO_INSPECT_DONE);
    assert_int_equal(i.names.application, PAVO_APP_SSH);
}

int
main(void)
{
    const struct CMUnitTest own[] = {
        cmocka_unit_test(a_long_name_is_cut),
        cmocka_unit_test(dns_waits_for_the_response),
        cmocka_unit_test(a_question_may_follow_an_answer),
        cmocka_unit_test(a_host_is_cut),
        cmocka_unit_test(a_request_is_all_of_http),
        cmocka_unit_test(an_identification_has_255_bytes),
        cmocka_unit_test(ssh_wants_both),
        cmocka_unit_test(a_gap_ends_a_side),
        cmocka_unit_test(sixteen_payloads_are_looked_at),
        cmocka_unit_test(a_full_buffer_ends_a_side),
        cmocka_unit_test(what_nobody_reads_is_let_go),
        cmocka_unit_test(done_stays_done),
        cmocka_unit_test(a_label_is_kept_from_the_other_side),
    };

    return T_RUN_TABLE(dns_cases, dns) + T_RUN_TABLE(http_cases, http) +
           T_RUN_TABLE(ssh_cases, ssh) + cmocka_run_group_tests(own, NULL, NULL);
}
