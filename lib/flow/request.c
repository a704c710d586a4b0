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

static const struct words {
    const char *text;
    enum request_is is;
} words[] = {
    {"GET /", REQUEST_ASKS},       {"POST /", REQUEST_ASKS},        {"HEAD /", REQUEST_ASKS},
    {"PUT /", REQUEST_ASKS},       {"DELETE /", REQUEST_ASKS},      {"PATCH /", REQUEST_ASKS},
    {"OPTIONS ", REQUEST_ASKS},    {"CONNECT ", REQUEST_ASKS},      {"PRI * HTTP/2", REQUEST_ASKS},
    {"HTTP/1.", REQUEST_ANSWERS},  {"INVITE sip", REQUEST_ASKS},    {"REGISTER sip", REQUEST_ASKS},
    {"SIP/2.0 ", REQUEST_ANSWERS}, {"DESCRIBE rtsp", REQUEST_ASKS}, {"RTSP/1.0 ", REQUEST_ANSWERS},
    {"EHLO ", REQUEST_ASKS},       {"220 ", REQUEST_ANSWERS},       {"220-", REQUEST_ANSWERS},
    {"+OK ", REQUEST_ANSWERS},     {"* OK ", REQUEST_ANSWERS},      {"RFB 003.", REQUEST_ANSWERS},
};

static enum request_is
by_words(const uint8_t *at, uint32_t n)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t bytes = strlen(words[i].text);

        if (n >= bytes && memcmp(at, words[i].text, bytes) == 0)
            return words[i].is;
    }
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

    if (!at)
        return REQUEST_UNKNOWN;
    if (p->key.proto == PROTO_TCP)
        is = by_tls(at, n);
    else if (p->key.proto == PROTO_UDP)
        is = by_dns(at, n);
    return is ? is : by_words(at, n);
}
