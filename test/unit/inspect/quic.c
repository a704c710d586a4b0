/* quic.c - client Initials that the test makes: RFC 9000 section 17.2, RFC 9001 section 5
 *
 * The keys come from the library, and sha256.c holds them to the RFCs; the rest shares nothing with
 * it.
 */
#include "hello.h"
#include "ins.h"
#include "quic_keys.h"

#include <openssl/evp.h>

#define DCID      "8394c8f03e515708"
#define SCID      "c0c1c2"
#define HANDSHAKE "e0 00000001 00 00 04 01020304" /* a packet of another level behind it */

enum { PING = 1, DATAGRAM = 1200 };

struct wire {
    struct pavo_inspect i;
    struct pavo_inspect_crypto *crypto;
};

static void
encrypt(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *iv, const struct bytes *head,
        const struct bytes *in, uint8_t *out, uint8_t *tag)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int n;

    assert_non_null(c);
    assert_true(EVP_EncryptInit_ex(c, cipher, NULL, key, iv));
    if (head)
        assert_true(EVP_EncryptUpdate(c, NULL, &n, head->at, (int)head->n));
    assert_true(EVP_EncryptUpdate(c, out, &n, in->at, (int)in->n));
    assert_int_equal(n, in->n);
    if (tag) {
        assert_true(EVP_EncryptFinal_ex(c, out + n, &n));
        assert_true(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, 16, tag));
    }
    EVP_CIPHER_CTX_free(c);
}

static struct quic_keys
keys_of(uint32_t version, const char *dcid)
{
    struct quic_keys k;
    size_t n;
    uint8_t *id = t_hex(dcid, &n);

    quic_client_keys(version, id, n, &k);
    free(id);
    return k;
}

/* A packet around 'frames': version and ids as given, keys as given; the number in 'width' bytes.
 */
static void
put_initial(struct bytes *out, uint32_t version, const char *dcid, const struct quic_keys *k,
            uint32_t number, unsigned width, const struct bytes *frames)
{
    struct bytes head = {.n = 0}, id = {.n = 0}, sample = {.n = 0};
    uint8_t body[4096], tag[16], iv[12], mask[16];
    const size_t start = out->n;
    size_t at;

    assert_true(frames->n + 16 <= sizeof body);
    put_number(&head, (version == 0x6b3343cf ? 0xd0 : 0xc0) | (width - 1), 1);
    put_number(&head, version, 4);
    put_hex(&id, dcid);
    put_block(&head, 1, &id);
    put_hex(&head, "03" SCID "4003 aabbcc"); /* a token, whose length takes two bytes */
    put_number(&head, 0x4000 | (width + frames->n + 16), 2);
    put_number(&head, number, width);
    memcpy(iv, k->iv, sizeof iv);
    for (unsigned i = 0; i < 4; i++)
        iv[11 - i] ^= (uint8_t)(number >> (8 * i));
    encrypt(EVP_aes_128_gcm(), k->key, iv, &head, frames, body, tag);
    memcpy(body + frames->n, tag, 16);
    at = head.n - width;
    put(&sample, body + 4 - width, 16);
    encrypt(EVP_aes_128_ecb(), k->hp, NULL, NULL, &sample, mask, NULL);
    head.at[0] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < width; i++)
        head.at[at + i] ^= mask[1 + i];
    put(out, head.at, head.n);
    put(out, body, frames->n + 16);
    assert_int_equal(out->n - start, head.n + frames->n + 16);
}

/* CRYPTO with bytes 'from' .. 'to' of a message. */
static void
put_crypto(struct bytes *frames, const struct bytes *m, size_t from, size_t to)
{
    put_number(frames, 6, 1);
    if (from < 64)
        put_number(frames, from, 1);
    else
        put_number(frames, 0x4000 | from, 2);
    put_number(frames, 0x80000000u | (to - from), 4);
    put(frames, m->at + from, to - from);
}

static void
pad(struct bytes *frames, size_t n)
{
    while (frames->n < n)
        put_number(frames, 0, 1);
}

static struct bytes
hello(void)
{
    struct bytes m = {.n = 0};

    put_client_hello(&m, HELLO_EXTENSIONS);
    return m;
}

/* The hello in one packet. */
static struct bytes
one_packet(uint32_t version)
{
    const struct quic_keys k = keys_of(version, DCID);
    const struct bytes m = hello();
    struct bytes frames = {.n = 0}, b = {.n = 0};

    put_crypto(&frames, &m, 0, m.n);
    pad(&frames, DATAGRAM);
    put_initial(&b, version, DCID, &k, 0, 1, &frames);
    return b;
}

/* From a block of just its size. */
static enum pavo_inspect_next
feed_part(struct wire *w, unsigned side, const uint8_t *at, size_t n, size_t told)
{
    uint8_t *part = malloc(n ? n : 1);
    enum pavo_inspect_next next;

    memcpy(part, at, n);
    next = pavo_inspect_datagram(&w->i, side, part, (uint32_t)n, (uint32_t)told, w->crypto);
    free(part);
    return next;
}

static enum pavo_inspect_next
feed(struct wire *w, unsigned side, const struct bytes *b)
{
    return feed_part(w, side, b->at, b->n, b->n);
}

static void
has_names(const struct wire *w, uint32_t version)
{
    const struct pavo_record_names *n = &w->i.names;

    assert_int_equal(n->application, PAVO_APP_QUIC);
    assert_int_equal(n->quicVersion, version);
    assert_string_equal(n->serverName, HELLO_NAME);
    assert_string_equal(n->alpn, "h2");
    assert_int_equal(n->tlsVersion, 0x0304);
    assert_string_equal(n->ja4, HELLO_JA4_QUIC);
}

static void
has_no_names(const struct wire *w)
{
    const struct pavo_record_names *n = &w->i.names;

    assert_string_equal(n->serverName, "");
    assert_string_equal(n->alpn, "");
    assert_string_equal(n->ja4, "");
    assert_int_equal(n->tlsVersion, 0);
}

static int
begin(void **state)
{
    struct wire *w = calloc(1, sizeof *w);

    *state = w;
    if (w)
        w->crypto = pavo_inspect_crypto_open();
    return w && w->crypto ? 0 : -1;
}

static int
end(void **state)
{
    struct wire *w = *state;

    pavo_inspect_crypto_close(w->crypto);
    free(w);
    return 0;
}

static void
again(struct wire *w)
{
    memset(&w->i, 0, sizeof w->i);
}

/* ---- what can be read ---- */

static void
a_hello_in_one_packet(void **state)
{
    static const uint32_t versions[] = {1, 0x6b3343cf, 0xff00001d, 0xff000020};
    struct wire *w = *state;

    for (unsigned k = 0; k < sizeof versions / sizeof versions[0]; k++) {
        const struct bytes b = one_packet(versions[k]);

        for (unsigned side = 0; side < 2; side++) {
            again(w);
            assert_int_equal(feed(w, side, &b), PAVO_INSPECT_DONE);
            has_names(w, versions[k]);
        }
    }
}

static void
without_a_library_the_version(void **state)
{
    struct wire *w = *state, blind = {.crypto = NULL};
    const struct bytes b = one_packet(1);

    assert_non_null(w->crypto);
    assert_int_equal(feed(&blind, 0, &b), PAVO_INSPECT_DONE);
    assert_int_equal(blind.i.names.quicVersion, 1);
    has_no_names(&blind);
}

static void
two_packets_in_the_wrong_order(void **state)
{
    struct wire *w = *state;
    const struct quic_keys k = keys_of(1, DCID);
    const struct bytes m = hello();

    for (size_t cut = 1; cut < m.n; cut += 7) {
        struct bytes early = {.n = 0}, late = {.n = 0}, a = {.n = 0}, b = {.n = 0};

        pad(&early, 3);
        put_number(&early, PING, 1);
        put_crypto(&early, &m, cut, m.n);
        pad(&early, DATAGRAM);
        put_initial(&a, 1, DCID, &k, 1, 2, &early);
        put_number(&late, PING, 1);
        pad(&late, 40);
        put_crypto(&late, &m, 0, cut);
        put_initial(&b, 1, DCID, &k, 0, 4, &late);

        again(w);
        assert_int_equal(feed(w, 0, &a), PAVO_INSPECT_MORE);
        has_no_names(w);
        assert_int_equal(feed(w, 0, &b), PAVO_INSPECT_DONE);
        has_names(w, 1);

        again(w); /* both in one datagram, and a packet behind them */
        put(&a, b.at, b.n);
        put_hex(&a, HANDSHAKE);
        assert_int_equal(feed(w, 0, &a), PAVO_INSPECT_DONE);
        has_names(w, 1);
    }
}

/* Browsers cut a hello into frames and shuffle them. Here each of two bytes, the odd ones first,
 * from the back. */
static void
many_frames_in_the_wrong_order(void **state)
{
    struct wire *w = *state;
    const struct quic_keys k = keys_of(1, DCID);
    const struct bytes m = hello();

    for (size_t piece = 2; piece < 64; piece += 5) {
        struct bytes frames[2] = {{.n = 0}, {.n = 0}};
        const size_t pieces = (m.n + piece - 1) / piece;

        again(w);
        for (size_t n = pieces; n-- > 0;) {
            const size_t to = (n + 1) * piece;

            put_crypto(&frames[n % 2], &m, n * piece, to < m.n ? to : m.n);
        }
        for (unsigned odd = 2; odd-- > 0;) {
            struct bytes b = {.n = 0};

            has_no_names(w);
            put_initial(&b, 1, DCID, &k, odd, 1, &frames[odd]);
            (void)feed(w, 0, &b);
        }
        has_names(w, 1);
    }
}

/* CRYPTO twice, overlapping, in part beyond what is kept; and ACK with ranges. */
static void
what_comes_again_is_no_more(void **state)
{
    struct wire *w = *state;
    const struct quic_keys k = keys_of(1, DCID);
    const struct bytes m = hello();
    struct bytes frames = {.n = 0}, b = {.n = 0};

    put_hex(&frames, "02 05 4010 02 00 01 01 00 01"); /* ACK, two ranges behind the first */
    put_hex(&frames, "03 05 00 00 05 01 02 03");      /* ACK with the counts of ECN */
    put_crypto(&frames, &m, 30, 90);
    put_crypto(&frames, &m, 20, 100);
    put_crypto(&frames, &m, 99, m.n);
    put_hex(&frames, "06 4bfe 04 01010101 06 4fff 01 02 06 ffffffffffffffff 00");
    put_crypto(&frames, &m, 0, 0);
    put_crypto(&frames, &m, 0, 25);
    put_initial(&b, 1, DCID, &k, 0, 1, &frames);
    assert_int_equal(feed(w, 0, &b), PAVO_INSPECT_DONE);
    has_names(w, 1);
}

/* The client goes on with the keys of its first id although the server gave it another; and what
 * the server says is not opened. */
static void
the_first_id_is_that_of_the_keys(void **state)
{
    struct wire *w = *state;
    const struct quic_keys k = keys_of(1, DCID), other = keys_of(1, SCID);
    const struct bytes m = hello();
    struct bytes frames = {.n = 0}, a = {.n = 0}, b = {.n = 0}, s = {.n = 0};

    put_crypto(&frames, &m, 0, 50);
    pad(&frames, 100);
    put_initial(&a, 1, DCID, &k, 0, 1, &frames);
    put_initial(&s, 1, SCID, &other, 0, 1, &frames);
    frames.n = 0;
    put_crypto(&frames, &m, 50, m.n);
    put_initial(&b, 1, "d0d1d2d3d4d5d6d7d8", &k, 1, 1, &frames);
    assert_int_equal(feed(w, 0, &a), PAVO_INSPECT_MORE);
    assert_int_equal(feed(w, 1, &s), PAVO_INSPECT_MORE);
    has_no_names(w);
    assert_int_equal(feed(w, 0, &b), PAVO_INSPECT_DONE);
    has_names(w, 1);
}

/* RFC 9001 section 5.2: behind a Retry the keys are of the id that it gave. */
static void
a_retry_changes_the_keys(void **state)
{
    struct wire *w = *state;
    const struct quic_keys k = keys_of(1, DCID), then = keys_of(1, "d0d1d2d3d4d5d6d7d8");
    const struct bytes m = hello();
    struct bytes frames = {.n = 0}, a = {.n = 0}, retry = {.n = 0}, b = {.n = 0};

    put_crypto(&frames, &m, 0, 100);
    put_initial(&a, 1, DCID, &k, 0, 1, &frames);
    put_hex(&retry,
            "f0 00000001 03" SCID "09 d0d1d2d3d4d5d6d7d8 0102030405060708 0102030405060708");
    frames.n = 0;
    put_crypto(&frames, &m, 0, m.n);
    put_initial(&b, 1, "d0d1d2d3d4d5d6d7d8", &then, 1, 1, &frames);
    assert_int_equal(feed(w, 0, &a), PAVO_INSPECT_MORE);
    assert_int_equal(feed(w, 1, &retry), PAVO_INSPECT_MORE);
    assert_int_equal(feed(w, 0, &b), PAVO_INSPECT_DONE);
    has_names(w, 1);
}

/* ---- what can't ---- */

/* Behind the header all is authentic or not; of the header the label may go too. */
static void
a_flipped_bit_gives_no_names(void **state)
{
    struct wire *w = *state;
    struct bytes b = one_packet(1);
    const size_t head = 1 + 4 + 1 + 8 + 1 + 3 + 2 + 3 + 2;

    for (size_t bit = 0; bit < 8 * b.n; bit += bit < 8 * (head + 32) ? 1 : 13) {
        b.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        again(w);
        (void)feed(w, 0, &b);
        has_no_names(w);
        assert_int_equal(w->i.quic_have, 0);
        if (bit / 8 >= head) {
            assert_int_equal(w->i.names.quicVersion, 1);
            assert_int_equal(w->i.names.application, PAVO_APP_QUIC);
        }
        b.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void
a_part_gives_no_names(void **state)
{
    struct wire *w = *state;
    const struct bytes b = one_packet(1);

    for (size_t n = 0; n < b.n; n++) {
        again(w);
        (void)feed_part(w, 0, b.at, n, n);
        has_no_names(w);
        again(w);
        (void)feed_part(w, 0, b.at, n, b.n);
        has_no_names(w);
    }
}

static const struct frame_case {
    const char *says, *hex;
    bool is_read; /* what stands behind it */
} frame_cases[] = {
    {"padding is stepped over", "00 00 00", true},
    {"CONNECTION_CLOSE is the last", "1c 00 00 00", false},
    {"a frame that may not be there", "08 00", false},
    {"CRYPTO longer than the packet", "06 00 7fff 01", false},
    {"CRYPTO that begins where nobody can be", "06 ffffffffffffffff 01 00", true},
    {"ACK with more ranges than there are", "02 00 00 ffffffffffffffff 00", false},
};

static void
frame(void **state)
{
    const struct frame_case *c = *state;
    struct wire w = {.crypto = pavo_inspect_crypto_open()};
    const struct quic_keys k = keys_of(1, DCID);
    const struct bytes m = hello();
    struct bytes frames = {.n = 0}, b = {.n = 0};

    put_hex(&frames, c->hex);
    put_crypto(&frames, &m, 0, m.n);
    put_initial(&b, 1, DCID, &k, 0, 1, &frames);
    (void)feed(&w, 0, &b);
    if (c->is_read)
        has_names(&w, 1);
    else
        has_no_names(&w);
    pavo_inspect_crypto_close(w.crypto);
}

/* The smallest and the largest packet that are opened, and one byte more. */
static void
a_packet_has_limits(void **state)
{
    struct wire *w = *state;
    const struct quic_keys k = keys_of(1, DCID);
    const struct bytes m = hello();

    for (size_t n = 1480; n <= 1501; n++) {
        struct bytes frames = {.n = 0}, b = {.n = 0};

        put_crypto(&frames, &m, 0, m.n);
        pad(&frames, n - 42);
        put_initial(&b, 1, DCID, &k, 0, 1, &frames);
        assert_int_equal(b.n, n);
        again(w);
        (void)feed(w, 0, &b);
        if (n <= 1500)
            has_names(w, 1);
        else
            has_no_names(w);
    }
    for (unsigned width = 1; width <= 4; width++) { /* a sample must lie behind the number */
        struct bytes frames = {.n = 0}, b = {.n = 0};

        pad(&frames, 4 - width);
        put_initial(&b, 1, DCID, &k, 0, width, &frames);
        for (size_t cut = 0; cut <= b.n; cut++) {
            again(w);
            (void)feed_part(w, 0, b.at, cut, cut);
            has_no_names(w);
        }
        assert_int_equal(w->i.quic_client, 1);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
    const struct CMUnitTest own[] = {
        CASE(a_hello_in_one_packet),          CASE(without_a_library_the_version),
        CASE(two_packets_in_the_wrong_order), CASE(many_frames_in_the_wrong_order),
        CASE(what_comes_again_is_no_more),    CASE(the_first_id_is_that_of_the_keys),
        CASE(a_retry_changes_the_keys),       CASE(a_flipped_bit_gives_no_names),
        CASE(a_part_gives_no_names),          CASE(a_packet_has_limits),
    };

    return T_RUN_TABLE(frame_cases, frame) + cmocka_run_group_tests(own, NULL, NULL);
}
