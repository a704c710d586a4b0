/* hello.h - a ClientHello and a ServerHello made by the tests
 *
 * The ClientHello is the browser's of JA4's published example, with GREASE where it puts it;
 * nothing of the library is used to make it.
 */
#ifndef PAVO_HELLO_H
#define PAVO_HELLO_H

#include "t.h"

#define HELLO_JA4      "t13d1516h2_8daaf6152771_e5627efa2ab1"
#define HELLO_JA4_QUIC "q13d1516h2_8daaf6152771_e5627efa2ab1"
#define HELLO_NAME     "www.example"

/* Behind the length of the extensions. */
#define HELLO_SNI      "0000 0010 000e 00 000b 7777772e6578616d706c65"
#define HELLO_ALPN     "0010 000e 000c 02 6832 08 687474702f312e31"
#define HELLO_VERSIONS "002b 0007 06 3a3a 0304 0303"
#define HELLO_SIGS     "000d 0012 0010 0403 0804 0401 0503 0805 0501 0806 0601"
#define HELLO_CIPHERS                                                                              \
    "0020 2a2a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035"
#define HELLO_EXTENSIONS                                                                           \
    "4a4a 0000" HELLO_SNI "0017 0000 ff01 0001 00 000a 000a 0008 1a1a 001d 0017 0018 000b 0002 01" \
    "00 0023 0000" HELLO_ALPN "0005 0005 0100000000" HELLO_SIGS "0012 0000"                        \
    "0033 000b 0009 1a1a 0001 00 001d 0000 002d 0002 0101" HELLO_VERSIONS "001b 0003 020002"       \
    "4469 0005 0003 026832 7a7a 0001 00 0015 0008 0000000000000000"
#define HELLO_RANDOM  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define HELLO_SESSION "08 a0a1a2a3a4a5a6a7"

/* Bytes that grow. */
struct bytes {
    uint8_t at[8192];
    size_t n;
};

static inline void
put(struct bytes *b, const void *at, size_t n)
{
    assert_true(b->n + n <= sizeof b->at);
    memcpy(b->at + b->n, at, n);
    b->n += n;
}

static inline void
put_number(struct bytes *b, uint64_t v, unsigned width)
{
    while (width-- > 0) {
        const uint8_t octet = (uint8_t)(v >> (8 * width));

        put(b, &octet, 1);
    }
}

static inline void
put_hex(struct bytes *b, const char *hex)
{
    size_t n;
    uint8_t *at = t_hex(hex, &n);

    put(b, at, n);
    free(at);
}

/* A block with a length of 'width' bytes before it. */
static inline void
put_block(struct bytes *b, unsigned width, const struct bytes *body)
{
    put_number(b, body->n, width);
    put(b, body->at, body->n);
}

/* A message of 'type': what is up to the extensions, and the extensions, of which "" is none at
 * all.
 */
static inline void
put_hello(struct bytes *out, uint8_t type, const char *front, const char *extensions)
{
    struct bytes body = {.n = 0}, ext = {.n = 0};

    put_hex(&body, front);
    put_hex(&ext, extensions);
    if (ext.n)
        put_block(&body, 2, &ext);
    put_number(out, type, 1);
    put_block(out, 3, &body);
}

static inline void
put_client_hello(struct bytes *out, const char *extensions)
{
    put_hello(out, 1, "0303" HELLO_RANDOM HELLO_SESSION HELLO_CIPHERS "01 00", extensions);
}

/* 'm' in records of at most 'most' bytes. */
static inline void
put_records(struct bytes *out, const uint8_t *m, size_t n, size_t most)
{
    for (size_t i = 0; i < n; i += most) {
        put_hex(out, "16 0301");
        put_number(out, n - i < most ? n - i : most, 2);
        put(out, m + i, n - i < most ? n - i : most);
    }
}

#endif
