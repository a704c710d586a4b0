/* tls.c - the hellos of TLS, RFC 8446 section 4.1, RFC 5246 section 7.4.1
 *
 * A hello may be cut into records, so its bytes are put together first. Its cursor holds what is
 * there and is told what the message says: a length that leads out of the message is a no at once,
 * what is not there yet is awaited. What is longer than the caller keeps is read as far as it goes;
 * the fingerprint is only made of a whole one.
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
 * PAVO_INSPECT_BUFFER. 'ends': what follows them is no record of a handshake, so a message that is
 * not whole never will be. False: these are no records of a handshake. */
static bool
unrecord(const uint8_t *at, uint32_t n, uint8_t *out, uint32_t *n_out, bool *ends)
{
    struct cur c = cur_open(at, n, n);

    *n_out = 0;
    *ends = false;
    while (c.held) {
        const uint8_t *h = c.at;
        uint32_t len, take;

        *ends = h[0] != RECORD_HANDSHAKE || (c.held > 1 && h[1] != 3) || (c.held > 2 && h[2] > 4);
        if (*ends)
            return *n_out != 0;
        if (!cur_take(&c, RECORD_HEAD))
            return true;
        len = be16(h + 3);
        *ends = len == 0 || len > RECORD_MAX;
        if (*ends)
            return *n_out != 0;
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

/* Why 'n' bytes could not be taken: the message has no more of them, or they are still to come. */
static enum ins_got
missing(const struct cur *c, uint32_t n)
{
    return cur_why(c, n) == PAVO_WHY_MALFORMED ? INS_NO : INS_MORE;
}

/* The body of the message at 'at', whose end is where its length says. */
static enum ins_got
message(const uint8_t *at, uint32_t n, uint8_t type, struct cur *body)
{
    if (n && at[0] != type)
        return INS_NO;
    if (n < MESSAGE_HEAD)
        return INS_MORE;
    *body = cur_open(at + MESSAGE_HEAD, n - MESSAGE_HEAD, be24(at + 1));
    (void)cur_narrow(body, be24(at + 1));
    return INS_YES;
}

/* Version, random and session, which both hellos begin with. */
static enum ins_got
front(struct cur *c, uint16_t *version)
{
    const uint8_t *h = cur_take(c, 2 + RANDOM + 1);

    if (!h)
        return missing(c, 2 + RANDOM + 1);
    if (h[0] != 3 || h[1] > 4 || h[2 + RANDOM] > SESSION_MAX)
        return INS_NO;
    *version = be16(h);
    return cur_take(c, h[2 + RANDOM]) ? INS_YES : missing(c, h[2 + RANDOM]);
}

/* The name of the first entry, if it is a host_name. False here and below: the lengths do not fit.
 */
static bool
server_name(struct cur c, struct pavo_record_names *out)
{
    const uint8_t *h = cur_take(&c, 5); /* length of the list, type, length of the name */
    const uint8_t *name;

    if (!h || be16(h) != c.told + 3)
        return false;
    name = cur_take(&c, be16(h + 3));
    if (name && h[2] == 0)
        ins_text(out->serverName, sizeof out->serverName, name, be16(h + 3));
    return name != NULL;
}

static bool
alpn(struct cur c, struct ja4 *j, struct pavo_record_names *out)
{
    const uint8_t *h = cur_take(&c, 3); /* length of the list, length of the first name */
    const uint8_t *name;

    if (!h || be16(h) != c.told + 1 || h[2] == 0)
        return false;
    name = cur_take(&c, h[2]);
    if (!name)
        return false;
    ins_text(out->alpn, sizeof out->alpn, name, h[2]);
    if (j) {
        j->has_alpn = true;
        j->alpn[0] = name[0];
        j->alpn[1] = name[h[2] - 1];
    }
    return true;
}

/* The highest one. It stays unless the server has chosen already. */
static bool
versions(struct cur c, struct ja4 *j, struct pavo_record_names *out)
{
    const uint8_t *h = cur_take(&c, 1);
    uint16_t highest = 0;

    if (!h || h[0] != c.told || h[0] % 2)
        return false;
    for (h = cur_take(&c, 2); h; h = cur_take(&c, 2))
        if (!is_grease(be16(h)) && be16(h) > highest)
            highest = be16(h);
    if (highest)
        j->version = highest;
    if (highest && out->tlsVersion == 0)
        out->tlsVersion = highest;
    return true;
}

static bool
signatures(struct cur c, struct ja4 *j)
{
    const uint8_t *h = cur_take(&c, 2);

    if (!h || be16(h) != c.told || be16(h) % 2)
        return false;
    for (h = cur_take(&c, 2); h; h = cur_take(&c, 2))
        ja4_add(j->signatures, &j->n_signatures, be16(h));
    return true;
}

/* One extension of a hello; 'j' is the client's. */
static bool
extension(uint16_t type, struct cur body, struct ja4 *j, struct pavo_record_names *out)
{
    if (j)
        ja4_add(j->extensions, &j->n_extensions, type);
    if (type == EXT_ALPN)
        return alpn(body, j, out);
    if (!j) {
        const uint8_t *chosen = type == EXT_VERSIONS ? cur_peek(&body, 2) : NULL;

        if (chosen)
            out->tlsVersion = be16(chosen);
        return type != EXT_VERSIONS || body.told == 2;
    }
    if (type == EXT_SERVER_NAME) {
        j->has_sni = true;
        return server_name(body, out);
    }
    if (type == EXT_VERSIONS)
        return versions(body, j, out);
    return type != EXT_SIGNATURES || signatures(body, j);
}

/* Those at 'c', which end the message. */
static enum ins_got
extensions(struct cur c, struct ja4 *j, struct pavo_record_names *out)
{
    bool has_versions = false;
    const uint8_t *h;

    if (c.told == 0)
        return INS_YES; /* none at all is allowed before TLS 1.3 */
    h = cur_take(&c, 2);
    if (!h)
        return missing(&c, 2);
    if (be16(h) != c.told)
        return INS_NO;
    for (unsigned i = 0; c.told && i < EXTENSIONS_MAX; i++) {
        uint16_t type, len;
        struct cur body;

        h = cur_take(&c, 4);
        if (!h)
            return missing(&c, 4);
        type = be16(h);
        len = be16(h + 2);
        body = c;
        if (!cur_take(&c, len))
            return missing(&c, len);
        (void)cur_narrow(&body, len);
        if ((type == EXT_VERSIONS && has_versions) || !extension(type, body, j, out))
            return INS_NO;
        has_versions |= type == EXT_VERSIONS;
    }
    return c.told == 0 ? INS_YES : INS_NO;
}

enum ins_got
ins_hello(const uint8_t *at, uint32_t n, bool is_quic, struct pavo_record_names *out)
{
    struct ja4 j = {.is_quic = is_quic};
    enum ins_got got;
    const uint8_t *h;
    struct cur c;
    uint32_t len;

    got = message(at, n, CLIENT_HELLO, &c);
    if (got == INS_YES)
        got = front(&c, &j.version);
    if (got != INS_YES)
        return got;
    h = cur_take(&c, 2);
    if (!h)
        return missing(&c, 2);
    len = be16(h);
    if (len < 2 || len % 2)
        return INS_NO;
    h = cur_take(&c, len + 1);
    if (!h)
        return missing(&c, len + 1);
    for (uint32_t i = 0; i < len; i += 2)
        ja4_add(j.ciphers, &j.n_ciphers, be16(h + i));
    len = h[len]; /* compression methods */
    if (len == 0)
        return INS_NO;
    if (!cur_take(&c, len))
        return missing(&c, len);
    got = extensions(c, &j, out);
    if (got != INS_YES)
        return got;
    if (out->tlsVersion == 0)
        out->tlsVersion = j.version;
    ja4_spell(&j, out->ja4);
    return INS_YES;
}

enum ins_got
ins_tls_client(const uint8_t *at, uint32_t n, struct pavo_record_names *out)
{
    uint8_t hello[PAVO_INSPECT_BUFFER];
    uint32_t n_hello;
    enum ins_got got;
    bool ends;

    if (!unrecord(at, n, hello, &n_hello, &ends))
        return INS_NO;
    got = ins_hello(hello, n_hello, false, out);
    return got == INS_MORE && ends ? INS_NO : got;
}

/* What it chose is taken when all of it is there. */
static enum ins_got
server_hello(const uint8_t *at, uint32_t n, struct pavo_record_names *out)
{
    struct pavo_record_names chosen = {0};
    enum ins_got got;
    struct cur c;

    got = message(at, n, SERVER_HELLO, &c);
    if (got == INS_YES)
        got = front(&c, &chosen.tlsVersion);
    if (got != INS_YES)
        return got;
    if (!cur_take(&c, 3)) /* cipher, compression */
        return missing(&c, 3);
    got = extensions(c, NULL, &chosen);
    if (got != INS_YES)
        return got;
    out->tlsVersion = chosen.tlsVersion;
    if (chosen.alpn[0])
        memcpy(out->alpn, chosen.alpn, sizeof out->alpn);
    return INS_YES;
}

enum ins_got
ins_tls_server(const uint8_t *at, uint32_t n, struct pavo_record_names *out)
{
    uint8_t hello[PAVO_INSPECT_BUFFER];
    uint32_t n_hello;
    enum ins_got got;
    bool ends;

    if (!unrecord(at, n, hello, &n_hello, &ends))
        return INS_NO;
    got = server_hello(hello, n_hello, out);
    return got == INS_MORE && ends ? INS_NO : got;
}
