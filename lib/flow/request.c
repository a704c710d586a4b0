/* request.c - who asks, by the bytes of the first payload
 *
 * For flows that began before the capture did, or have no beginning: of a few protocols the first
 * message tells whether a client or a server sent it. Ports are not looked at.
 */
#include <string.h>

#include "key.h"
#include "request.h"

enum {
    TLS_HANDSHAKE = 22, /* RFC 8446 section 5.1 */
    TLS_CLIENT_HELLO = 1,
    TLS_SERVER_HELLO = 2,
    DNS_HEAD = 12, /* RFC 1035 section 4.1.1 */
    DNS_LABEL_MAX = 63,
    DNS_NAME_MAX = 255,
};

#define WORDS(text, is)                                                                            \
    {                                                                                              \
        text, sizeof(text) - 1, is                                                                 \
    }
static const struct words {
    const char text[14];
    uint8_t bytes;
    enum request_is is;
} words[] = {
    WORDS("GET /", REQUEST_ASKS),        WORDS("POST /", REQUEST_ASKS),
    WORDS("HEAD /", REQUEST_ASKS),       WORDS("PUT /", REQUEST_ASKS),
    WORDS("DELETE /", REQUEST_ASKS),     WORDS("PATCH /", REQUEST_ASKS),
    WORDS("OPTIONS ", REQUEST_ASKS),     WORDS("CONNECT ", REQUEST_ASKS),
    WORDS("PRI * HTTP/2", REQUEST_ASKS), WORDS("HTTP/1.", REQUEST_ANSWERS),
    WORDS("INVITE sip", REQUEST_ASKS),   WORDS("REGISTER sip", REQUEST_ASKS),
    WORDS("SIP/2.0 ", REQUEST_ANSWERS),  WORDS("DESCRIBE rtsp", REQUEST_ASKS),
    WORDS("RTSP/1.0 ", REQUEST_ANSWERS), WORDS("EHLO ", REQUEST_ASKS),
    WORDS("220 ", REQUEST_ANSWERS),      WORDS("220-", REQUEST_ANSWERS),
    WORDS("+OK ", REQUEST_ANSWERS),      WORDS("* OK ", REQUEST_ANSWERS),
    WORDS("RFB 003.", REQUEST_ANSWERS),
};

/* The first bytes of the words: bit n % 64 of word n / 64. */
#define BEGIN(c) (UINT64_C(1) << (c) % 64)
static const uint64_t begins[4] = {
    [0] = BEGIN('+') | BEGIN('*') | BEGIN('2'),
    [1] = BEGIN('C') | BEGIN('D') | BEGIN('E') | BEGIN('G') | BEGIN('H') | BEGIN('I') | BEGIN('O') |
          BEGIN('P') | BEGIN('R') | BEGIN('S'),
};

static enum request_is
by_words(const uint8_t *at, uint32_t n)
{
    /* Most payloads are none of these, and their first byte says so. */
    if (n == 0 || !(begins[at[0] / 64] >> at[0] % 64 & 1))
        return REQUEST_UNKNOWN;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (n >= words[i].bytes && memcmp(at, words[i].text, words[i].bytes) == 0)
            return words[i].is;
    return REQUEST_UNKNOWN;
}

/* A record of TLS 1.0 to 1.3 with a hello in it, whose lengths agree: RFC 8446 sections 4, 5.1. */
static enum request_is
by_tls(const uint8_t *at, uint32_t n)
{
    uint32_t record, hello;

    if (n < 9 || at[0] != TLS_HANDSHAKE || at[1] != 3 || at[2] > 4)
        return REQUEST_UNKNOWN;
    record = (uint32_t)at[3] << 8 | at[4];
    hello = (uint32_t)at[6] << 16 | (uint32_t)at[7] << 8 | at[8];
    if (record < 4 || (hello + 4 > record && record < 16384) || hello > 65535)
        return REQUEST_UNKNOWN;
    return at[5] == TLS_CLIENT_HELLO   ? REQUEST_ASKS
           : at[5] == TLS_SERVER_HELLO ? REQUEST_ANSWERS
                                       : REQUEST_UNKNOWN;
}

/* One question of class IN, of which the name ends where type and class begin: RFC 1035
 * section 4.1. */
static enum request_is
by_dns(const uint8_t *at, uint32_t n)
{
    const bool answers = n >= DNS_HEAD && (at[2] & 0x80);
    uint32_t i = DNS_HEAD;

    /* Opcode 0, the reserved bit clear, one question. */
    if (n < DNS_HEAD + 5 || (at[2] & 0x78) || (at[3] & 0x40) || at[4] || at[5] != 1)
        return REQUEST_UNKNOWN;
    if (!answers && (at[6] || at[7] || (at[2] & 0x04) || (at[3] & 0x8f)))
        return REQUEST_UNKNOWN; /* a question has no answers, is not authoritative, has no error */
    while (i < n && at[i]) {
        if (at[i] > DNS_LABEL_MAX || i > DNS_HEAD + DNS_NAME_MAX)
            return REQUEST_UNKNOWN;
        i += at[i] + 1u;
    }
    if (i + 5 > n || at[i + 1] > 1 || (at[i + 3] & 0x7f) || at[i + 4] != 1)
        return REQUEST_UNKNOWN;
    return answers ? REQUEST_ANSWERS : REQUEST_ASKS;
}

enum request_is
request_of(const struct pavo_packet *p)
{
    const uint8_t *at = p->payload;
    const uint32_t n = p->payload_held;
    enum request_is is = REQUEST_UNKNOWN;

    if (n == 0)
        return REQUEST_UNKNOWN;
    if (p->key.proto == PROTO_TCP)
        is = by_tls(at, n);
    else if (p->key.proto == PROTO_UDP)
        is = by_dns(at, n);
    return is ? is : by_words(at, n);
}
