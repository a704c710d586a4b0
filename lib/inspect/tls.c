/* tls.c - the hellos of TLS, RFC 8446 section 4.1, RFC 5246 section 7.4.1
 *
 * A hello may be cut into records, so its bytes are put together first. What is longer than the
 * caller keeps is read as far as it goes; the fingerprint is only made of a whole one.
 */
#include <string.h>

#include "cursor.h"
#include "ins.h"
#include "ja4.h"

enum {
    RECORD_HANDSHAKE = 22,
    RECORD_HEAD = 5,
    RECORD_MAX = 16384 + 256,
    CLIENT_HELLO = 1,
    SERVER_HELLO = 2,
    MESSAGE_HEAD = 4,
    RANDOM = 32,
    SESSION_MAX = 32,
    EXT_SERVER_NAME = 0, /* RFC 6066 section 3 */
    EXT_SIGNATURES = 13, /* RFC 8446 section 4.2.3 */
    EXT_ALPN = 16,       /* RFC 7301 section 3.1 */
    EXT_VERSIONS = 43,   /* RFC 8446 section 4.2.1 */
    EXTENSIONS_MAX = 128,
};

/* Puts the handshake bytes of the records at 'at' together, as far as they are there: at most
 * PAVO_INSPECT_BUFFER. False: these are no records of a handshake. */
static bool
unrecord(const uint8_t *at, uint32_t n, uint8_t *out, uint32_t *n_out)
{
    struct cur c = cur_open(at, n, n);

    *n_out = 0;
    while (c.held) {
        const uint8_t *h = cur_peek(&c, RECORD_HEAD);
        uint32_t len, take;

        if (at[0] != RECORD_HANDSHAKE || (n > 1 && at[1] != 3) || (n > 2 && at[2] > 4))
            return false;
        if (!h)
            return true;
        len = be16(h + 3);
        if (h[0] != RECORD_HANDSHAKE || h[1] != 3 || h[2] > 4 || len == 0 || len > RECORD_MAX)
            return *n_out != 0;
        (void)cur_take(&c, RECORD_HEAD);
        take = len < c.held ? len : c.held;
        if (take > PAVO_INSPECT_BUFFER - *n_out)
            take = PAVO_INSPECT_BUFFER - *n_out;
        memcpy(out + *n_out, cur_take(&c, take), take);
        *n_out += take;
        if (take < len)
            return true;
    }
    return true;
}

/* The name of the first host_name entry. */
static void
server_name(struct cur c, struct pavo_record_names *out)
{
    const uint8_t *h = cur_take(&c, 5); /* length of the list, type, length of the name */
    const uint8_t *name;

    if (!h || h[2] != 0)
        return;
    name = cur_take(&c, be16(h + 3));
    if (name)
        ins_text(out->serverName, sizeof out->serverName, name, be16(h + 3));
}

static void
alpn(struct cur c, struct ja4 *j, struct pavo_record_names *out)
{
    const uint8_t *h = cur_take(&c, 3); /* length of the list, length of the first name */
    const uint8_t *name;

    if (!h || h[2] == 0)
        return;
    name = cur_take(&c, h[2]);
    if (!name)
        return;
    ins_text(out->alpn, sizeof out->alpn, name, h[2]);
    if (j) {
        j->has_alpn = true;
        j->alpn[0] = name[0];
        j->alpn[1] = name[h[2] - 1];
    }
}

static void
versions(struct cur c, struct ja4 *j)
{
    const uint8_t *h = cur_take(&c, 1);
    uint16_t highest = 0;

    for (uint32_t i = 0; h && i + 2 <= h[0]; i += 2) {
        const uint8_t *v = cur_take(&c, 2);

        if (!v)
            return;
        if (!is_grease(be16(v)) && be16(v) > highest)
            highest = be16(v);
    }
    if (highest)
        j->version = highest;
}

static void
signatures(struct cur c, struct ja4 *j)
{
    const uint8_t *h = cur_take(&c, 2);

    for (uint32_t i = 0; h && i + 2 <= be16(h); i += 2) {
        const uint8_t *v = cur_take(&c, 2);

        if (!v)
            return;
        ja4_add(j->signatures, &j->n_signatures, be16(v));
    }
}

/* The extensions at 'c'. INS_MORE if they end before their length. */
static enum ins_got
extensions(struct cur c, struct ja4 *j, struct pavo_record_names *out)
{
    const uint8_t *h = cur_take(&c, 2);
    uint32_t left;

    if (!h)
        return c.held ? INS_MORE : INS_YES; /* none at all is allowed before TLS 1.3 */
    left = be16(h);
    for (unsigned i = 0; left >= 4 && i < EXTENSIONS_MAX; i++) {
        uint32_t type, len;
        struct cur body;

        h = cur_take(&c, 4);
        if (!h)
            return INS_MORE;
        type = be16(h);
        len = be16(h + 2);
        if (len > left - 4)
            return INS_NO;
        left -= 4 + len;
        body = c;
        if (!cur_take(&c, len))
            return INS_MORE;
        (void)cur_narrow(&body, len);
        ja4_add(j->extensions, &j->n_extensions, (uint16_t)type);
        if (type == EXT_SERVER_NAME) {
            j->has_sni = true;
            server_name(body, out);
        } else if (type == EXT_ALPN) {
            alpn(body, j, out);
        } else if (type == EXT_VERSIONS) {
            versions(body, j);
        } else if (type == EXT_SIGNATURES) {
            signatures(body, j);
        }
    }
    return left == 0 ? INS_YES : INS_NO;
}

enum ins_got
ins_hello(const uint8_t *at, uint32_t n, bool is_quic, struct pavo_record_names *out)
{
    struct ja4 j = {.is_quic = is_quic};
    struct cur c = cur_open(at, n, n);
    const uint8_t *h = cur_take(&c, MESSAGE_HEAD + 2 + RANDOM + 1);
    enum ins_got got;
    uint32_t len, session;
    bool is_whole;

    if (n && at[0] != CLIENT_HELLO)
        return INS_NO;
    if (!h)
        return INS_MORE;
    len = be24(h + 1);
    session = h[MESSAGE_HEAD + 2 + RANDOM];
    if (h[4] != 3 || h[5] > 4 || session > SESSION_MAX || len < 2 + RANDOM + 1 + session + 5)
        return INS_NO;
    is_whole = len <= n - MESSAGE_HEAD;
    if (is_whole)
        (void)cur_narrow(&c, len - (2 + RANDOM + 1));
    j.version = be16(h + 4);
    h = cur_take(&c, session + 2);
    if (!h)
        return is_whole ? INS_NO : INS_MORE;
    len = be16(h + session);
    if (len < 2 || len % 2)
        return INS_NO;
    h = cur_take(&c, len + 1);
    if (!h)
        return is_whole ? INS_NO : INS_MORE;
    for (uint32_t i = 0; i < len; i += 2)
        ja4_add(j.ciphers, &j.n_ciphers, be16(h + i));
    len = h[len]; /* compression methods */
    if (len == 0)
        return INS_NO;
    if (!cur_take(&c, len))
        return is_whole ? INS_NO : INS_MORE;
    got = extensions(c, &j, out);
    if (got == INS_MORE && is_whole)
        got = INS_NO;
    else if (got == INS_YES && !is_whole) /* it was cut between two of them */
        got = INS_MORE;
    if (got != INS_NO && out->tlsVersion == 0)
        out->tlsVersion = j.version;
    if (got == INS_YES)
        ja4_spell(&j, out->ja4);
    return got;
}

enum ins_got
ins_tls_client(const uint8_t *at, uint32_t n, struct pavo_record_names *out)
{
    uint8_t message[PAVO_INSPECT_BUFFER];
    uint32_t n_message;

    if (!unrecord(at, n, message, &n_message))
        return INS_NO;
    return ins_hello(message, n_message, false, out);
}

enum ins_got
ins_tls_server(const uint8_t *at, uint32_t n, struct pavo_record_names *out)
{
    uint8_t message[PAVO_INSPECT_BUFFER];
    uint32_t n_message, len, session;
    struct cur c;
    const uint8_t *h;

    if (!unrecord(at, n, message, &n_message))
        return INS_NO;
    if (n_message && message[0] != SERVER_HELLO)
        return INS_NO;
    c = cur_open(message, n_message, n_message);
    h = cur_take(&c, MESSAGE_HEAD + 2 + RANDOM + 1);
    if (!h)
        return INS_MORE;
    len = be24(h + 1);
    session = h[MESSAGE_HEAD + 2 + RANDOM];
    if (h[4] != 3 || h[5] > 4 || session > SESSION_MAX || len < 2 + RANDOM + 1 + session + 3)
        return INS_NO;
    if (len <= n_message - MESSAGE_HEAD)
        (void)cur_narrow(&c, len - (2 + RANDOM + 1));
    else
        return INS_MORE;
    out->tlsVersion = be16(h + 4);
    h = cur_take(&c, session + 3 + 2); /* session, cipher, compression, length of the extensions */
    if (!h)
        return INS_YES;
    for (unsigned i = 0; i < EXTENSIONS_MAX; i++) {
        struct cur body;

        h = cur_take(&c, 4);
        body = c;
        if (!h || !cur_take(&c, be16(h + 2)))
            return INS_YES;
        (void)cur_narrow(&body, be16(h + 2));
        if (be16(h) == EXT_ALPN)
            alpn(body, NULL, out);
        else if (be16(h) == EXT_VERSIONS && be16(h + 2) == 2)
            out->tlsVersion = be16(cur_take(&body, 2));
    }
    return INS_YES;
}
