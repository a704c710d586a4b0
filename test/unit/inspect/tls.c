/* tls.c - hellos of TLS, in records and in QUIC's Initial packets; the hash and the keys behind
 * them */
#include "t.h"

#include "ins.h"
#include "quic_keys.h"
#include "sha256.h"

#ifdef PAVO_TEST_QUIC
#include <openssl/evp.h>
#endif

enum { HELLO_MAX = 1024, RECORD_HEAD = 5 };

/* ---- SHA-256, FIPS 180-4: examples of NIST ---- */

static void
hex(const uint8_t *at, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++)
        sprintf(out + 2 * i, "%02x", at[i]);
}

static void
the_hash_is_that_of_the_standard(void **state)
{
    static const struct {
        const char *text, *hash;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sha256 s;
        uint8_t hash[32];
        char text[65];

        sha256_begin(&s);
        sha256_put(&s, cases[i].text, strlen(cases[i].text));
        sha256_end(&s, hash);
        hex(hash, 32, text);
        assert_string_equal(text, cases[i].hash);
    }
}

/* RFC 9001 appendix A.1. */
static void
keys_are_those_of_the_rfc(void **state)
{
    static const uint8_t dcid[] = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};
    struct quic_keys k;
    char text[65];

    quic_client_keys(QUIC_V1, dcid, sizeof dcid, &k);
    hex(k.key, QUIC_KEY, text);
    assert_string_equal(text, "1f369613dd76d5467730efcbe3b1a22d");
    hex(k.iv, QUIC_IV, text);
    assert_string_equal(text, "fa044b2f42a3fd3b46fb255c");
    hex(k.hp, QUIC_KEY, text);
    assert_string_equal(text, "9f50449e04a0e810283a1e9933adedd2");
    assert_true(quic_version_is_known((uint32_t)QUIC_V2));
    assert_false(quic_version_is_known(0));
    assert_false(quic_version_is_known(0x0a1a2a3a));
}

/* ---- a hello: what the published JA4 t13d1516h2_8daaf6152771_e5627efa2ab1 is made of ---- */

static uint8_t *
put16(uint8_t *at, unsigned v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
    return at + 2;
}

static uint8_t *
extension(uint8_t *at, unsigned type, const void *body, size_t n)
{
    at = put16(put16(at, type), (unsigned)n);
    memcpy(at, body, n);
    return at + n;
}

/* The message without record; returns its length. */
static size_t
hello_make(uint8_t *out)
{
    static const uint16_t ciphers[] = {0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                                       0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
                                       0x009c, 0x009d, 0x002f, 0x0035};
    static const uint16_t empty[] = {0x1a1a, 0x0017, 0xff01, 0x000a, 0x000b, 0x0023, 0x0005,
                                     0x0012, 0x0015, 0x0033, 0x002d, 0x001b, 0x4469};
    static const uint8_t sni[] = "\0\x0e\0\0\x0bwww.example";
    static const uint8_t alpn[] = "\0\x0c\x02h2\x08http/1.1";
    static const uint8_t versions[] = {6, 0x3a, 0x3a, 3, 4, 3, 3};
    static const uint8_t signatures[] = {0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1};
    uint8_t *at = out + 4, *length;

    at = put16(at, 0x0303);
    memset(at, 7, 32);
    at += 32;
    *at++ = 0;
    at = put16(at, sizeof ciphers);
    for (size_t i = 0; i < sizeof ciphers / 2; i++)
        at = put16(at, ciphers[i]);
    *at++ = 1;
    *at++ = 0;
    length = at;
    at += 2;
    for (size_t i = 0; i < sizeof empty / 2; i++)
        at = extension(at, empty[i], "", 0);
    at = extension(at, 0, sni, sizeof sni - 1);
    at = extension(at, 16, alpn, sizeof alpn - 1);
    at = extension(at, 43, versions, sizeof versions);
    at = extension(at, 13, signatures, sizeof signatures);
    (void)put16(length, (unsigned)(at - length - 2));
    out[0] = 1;
    out[1] = 0;
    (void)put16(out + 2, (unsigned)(at - out - 4));
    return (size_t)(at - out);
}

static void
is_the_hello(const struct pavo_record_names *n, const char *ja4)
{
    assert_string_equal(n->serverName, "www.example");
    assert_string_equal(n->alpn, "h2");
    assert_string_equal(n->ja4, ja4);
    assert_int_equal(n->tlsVersion, 0x0304);
}

/* 'n' bytes of handshake in records of at most 'piece'. */
static size_t
records_make(const uint8_t *message, size_t n, size_t piece, uint8_t *out)
{
    uint8_t *at = out;

    for (size_t i = 0; i < n; i += piece) {
        const size_t len = n - i < piece ? n - i : piece;

        *at++ = 22;
        at = put16(at, 0x0301);
        at = put16(at, (unsigned)len);
        memcpy(at, message + i, len);
        at += len;
    }
    return (size_t)(at - out);
}

static void
a_hello_is_read_from_one_record_or_many(void **state)
{
    uint8_t message[HELLO_MAX], wire[4 * HELLO_MAX];
    const size_t n = hello_make(message);

    for (size_t piece = 3; piece <= n; piece += piece < 64 ? 7 : 61) {
        struct pavo_record_names names = {0};
        const size_t bytes = records_make(message, n, piece, wire);

        assert_int_equal(ins_tls_client(wire, (uint32_t)bytes, &names), INS_YES);
        is_the_hello(&names, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }
}

static void
a_hello_that_is_cut_wants_more(void **state)
{
    uint8_t message[HELLO_MAX], wire[2 * HELLO_MAX];
    const size_t bytes = records_make(message, hello_make(message), HELLO_MAX, wire);

    for (size_t n = 1; n < bytes; n++) {
        uint8_t *exact = malloc(n);
        struct pavo_record_names names = {0};

        memcpy(exact, wire, n);
        assert_int_equal(ins_tls_client(exact, (uint32_t)n, &names), INS_MORE);
        assert_string_equal(names.ja4, "");
        free(exact);
    }
}

static void
lengths_that_lie_are_no_hello(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {{4 + 34, 33},     /* session id longer than 32 */
                 {4 + 35 + 1, 33}, /* an odd list of ciphers */
                 {4, 2},           /* not SSL 3 */
                 {0, 5}};          /* another message */
    uint8_t message[HELLO_MAX];
    const size_t n = hello_make(message);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pavo_record_names names = {0};
        const uint8_t was = message[cases[i].at];

        message[cases[i].at] = cases[i].value;
        assert_int_equal(ins_hello(message, (uint32_t)n, false, &names), INS_NO);
        message[cases[i].at] = was;
    }
}

static void
a_server_says_which_version_it_chose(void **state)
{
    uint8_t message[128], wire[160], *at = message + 4;
    static const uint8_t chosen[] = {3, 4};
    size_t n;
    struct pavo_record_names names = {0};

    at = put16(at, 0x0303);
    memset(at, 9, 32);
    at += 32;
    *at++ = 0;
    at = put16(at, 0x1301);
    *at++ = 0;
    at = put16(at, 6);
    at = extension(at, 43, chosen, 2);
    message[0] = 2;
    message[1] = 0;
    (void)put16(message + 2, (unsigned)(at - message - 4));
    n = records_make(message, (size_t)(at - message), 128, wire);
    assert_int_equal(ins_tls_server(wire, (uint32_t)n, &names), INS_YES);
    assert_int_equal(names.tlsVersion, 0x0304);
    for (size_t cut = 1; cut < n; cut++)
        assert_int_equal(ins_tls_server(wire, (uint32_t)cut, &names), INS_MORE);
}

/* ---- QUIC ---- */

#ifdef PAVO_TEST_QUIC
static const uint8_t dcid[8] = {1, 2, 3, 4, 5, 6, 7, 8};

/* An Initial of the client with the frames at 'frames', as RFC 9001 section 5 makes it. Returns its
 * length. */
static size_t
initial_make(const uint8_t *frames, size_t n, uint8_t number, uint8_t *out)
{
    struct quic_keys k;
    uint8_t nonce[QUIC_IV], mask[16], *at = out, *body;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int got;

    quic_client_keys(QUIC_V1, dcid, sizeof dcid, &k);
    *at++ = 0xc0; /* Initial, one byte of packet number */
    memcpy(at, "\0\0\0\1\x08", 5);
    memcpy(at + 5, dcid, 8);
    at += 13;
    *at++ = 0; /* no source id */
    *at++ = 0; /* no token */
    at = put16(at, (unsigned)(0x4000 | (1 + n + QUIC_TAG)));
    *at++ = number;
    body = at;
    memcpy(nonce, k.iv, QUIC_IV);
    nonce[QUIC_IV - 1] ^= number;
    assert_true(EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, k.key, nonce));
    assert_true(EVP_EncryptUpdate(c, NULL, &got, out, (int)(body - out)));
    assert_true(EVP_EncryptUpdate(c, body, &got, frames, (int)n));
    assert_true(EVP_EncryptFinal_ex(c, body + n, &got));
    assert_true(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, QUIC_TAG, body + n));
    EVP_CIPHER_CTX_free(c);
    c = EVP_CIPHER_CTX_new();
    assert_true(EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, k.hp, NULL));
    assert_true(EVP_EncryptUpdate(c, mask, &got, body - 1 + 4, 16));
    EVP_CIPHER_CTX_free(c);
    out[0] ^= mask[0] & 0x0f;
    body[-1] ^= mask[1];
    return (size_t)(body - out) + n + QUIC_TAG;
}

/* A CRYPTO frame of the bytes from..to of the message, with a PING before it and padding behind. */
static size_t
crypto_frame(const uint8_t *message, size_t from, size_t to, uint8_t *out)
{
    uint8_t *at = out;

    *at++ = 1;
    *at++ = 6;
    at = put16(at, (unsigned)(0x4000 | from));
    at = put16(at, (unsigned)(0x4000 | (to - from)));
    memcpy(at, message + from, to - from);
    at += to - from;
    memset(at, 0, 20);
    return (size_t)(at - out) + 20;
}

static void
a_hello_in_initials_is_read_in_any_order(void **state)
{
    struct pavo_inspect_crypto *crypto = pavo_inspect_crypto_open();
    static struct pavo_inspect i;
    uint8_t message[HELLO_MAX], frames[HELLO_MAX + 64], first[1500], second[1500];
    const size_t n = hello_make(message), half = n / 2;
    const size_t a = initial_make(frames, crypto_frame(message, half, n, frames), 1, first);
    size_t b;

    assert_non_null(crypto);
    b = initial_make(frames, crypto_frame(message, 0, half, frames), 2, second);
    memset(&i, 0, sizeof i);
    assert_int_equal(pavo_inspect_datagram(&i, 1, first, (uint32_t)a, (uint32_t)a, crypto),
                     PAVO_INSPECT_MORE);
    assert_string_equal(i.names.serverName, "");
    (void)pavo_inspect_datagram(&i, 1, second, (uint32_t)b, (uint32_t)b, crypto);
    is_the_hello(&i.names, "q13d1516h2_8daaf6152771_e5627efa2ab1");
    assert_int_equal(i.names.quicVersion, 1);
    assert_int_equal(i.names.application, PAVO_APP_QUIC);

    /* One bit is wrong: only the version is told. */
    second[b - 1] ^= 1;
    memset(&i, 0, sizeof i);
    (void)pavo_inspect_datagram(&i, 0, second, (uint32_t)b, (uint32_t)b, crypto);
    assert_int_equal(i.names.quicVersion, 1);
    assert_int_equal(i.quic_have, 0);
    second[b - 1] ^= 1;

    for (size_t cut = 0; cut < b; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1);

        memcpy(exact, second, cut);
        memset(&i, 0, sizeof i);
        (void)ins_quic(&i, 0, exact, (uint32_t)cut, crypto);
        assert_int_equal(i.quic_have, 0);
        free(exact);
    }
    pavo_inspect_crypto_close(crypto);
}
#endif

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_that_of_the_standard),
        cmocka_unit_test(keys_are_those_of_the_rfc),
        cmocka_unit_test(a_hello_is_read_from_one_record_or_many),
        cmocka_unit_test(a_hello_that_is_cut_wants_more),
        cmocka_unit_test(lengths_that_lie_are_no_hello),
        cmocka_unit_test(a_server_says_which_version_it_chose),
#ifdef PAVO_TEST_QUIC
        cmocka_unit_test(a_hello_in_initials_is_read_in_any_order),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
