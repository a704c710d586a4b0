/* app_binary.c - labels of protocols of bytes over streams */
#include "apps.h"

static bool
is_printable(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (at[i] < 0x20 || at[i] > 0x7e)
            return false;
    return true;
}

/* TPKT (RFC 1006) with an X.224 connection request or confirm in it: MS-RDPBCGR sections 2.2.1.1
 * and 2.2.1.2. The negotiation tells; without one the T.125 connect behind it does. */
enum ins_got
app_rdp(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t bytes;
    enum ins_got got = app_begins(at, s->n, "\x03\0\0", 3);

    if (got != INS_YES)
        return got;
    if (s->n < 11)
        return INS_MORE;
    bytes = at[3];
    if (bytes < 11 || at[4] != bytes - 5 || (at[5] != 0xe0 && at[5] != 0xd0) || at[10] != 0)
        return INS_NO;
    if (bytes == 11) /* T.125 connect-initial or connect-response: BER tags 7f65 and 7f66 */
        return s->n < 20 ? INS_MORE
               : at[11] == 3 && at[12] == 0 && memcmp(at + 15, "\x02\xf0\x80\x7f", 4) == 0 &&
                       (at[19] == 0x65 || at[19] == 0x66)
                   ? INS_YES
                   : INS_NO;
    if (bytes < 19)
        return INS_NO;
    if (s->n < bytes)
        return INS_MORE;
    if (at[5] == 0xe0 && memcmp(at + 11, "Cookie: ", 8) == 0)
        return INS_YES;
    return be32(at + bytes - 8) >> 24 >= 1 && be32(at + bytes - 8) >> 24 <= 3 &&
                   le16(at + bytes - 6) == 8 && le32(at + bytes - 4) <= 0x1f
               ? INS_YES
               : INS_NO;
}

/* MS-SMB2 section 2.1: zero, three bytes of length, the protocol id of a header. */
enum ins_got
app_smb(const struct ins_seen *s)
{
    if (s->at[0] != 0)
        return INS_NO;
    if (s->n < 8)
        return INS_MORE;
    return be24(s->at + 1) >= 32 && s->at[4] >= 0xfc && memcmp(s->at + 5, "SMB", 3) == 0 ? INS_YES
                                                                                         : INS_NO;
}

/* RFC 1002 section 4.3.2: a session request of two encoded names, 68 bytes without scopes. */
enum ins_got
app_netbios(const struct ins_seen *s)
{
    const enum ins_got got = app_begins(s->at, s->n, "\x81\0\0\x44\x20", 5);

    if (got != INS_YES)
        return got;
    for (uint32_t k = 5; k < 72; k++) {
        if (k == s->n)
            return INS_MORE;
        if (k == 37 || k == 71 ? s->at[k] != 0
                               : (k == 38 ? s->at[k] != 32 : s->at[k] < 'A' || s->at[k] > 'P'))
            return INS_NO;
    }
    return INS_YES;
}

/* Protocol::HandshakeV10: length, sequence 0, version 10, a version of the server, thread, eight
 * bytes of salt, a zero. */
enum ins_got
app_mysql(const struct ins_seen *s)
{
    uint32_t p = 5;

    if (s->n > 1 && s->at[1] > 2)
        return INS_NO;
    if (s->n < 6)
        return INS_MORE;
    if (s->at[2] != 0 || s->at[3] != 0 || s->at[4] != 10 || s->at[5] < '0' || s->at[5] > '9')
        return INS_NO;
    while (p < s->n && p < 128 && s->at[p] > 0x20 && s->at[p] < 0x7f)
        p++;
    if (p + 14 > s->n && p < 128)
        return p < s->n && s->at[p] ? INS_NO : INS_MORE;
    return p < 128 && s->at[p] == 0 && p - 5 >= 3 && memchr(s->at + 5, '.', p - 5) &&
                   s->at[p + 13] == 0 && (uint32_t)s->at[0] + 256u * s->at[1] + 4 >= p + 14
               ? INS_YES
               : INS_NO;
}

/* PostgreSQL message formats: length, then a code: protocol 3 with parameters, or 1234.567x. */
enum ins_got
app_postgresql(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t bytes, p = 8;

    if (at[0] != 0 || (s->n > 1 && at[1] != 0))
        return INS_NO;
    if (s->n < 8)
        return INS_MORE;
    bytes = be32(at);
    switch (be32(at + 4)) {
    case 0x04d2162f: /* SSLRequest */
    case 0x04d21630: /* GSSENCRequest */
        return bytes == 8 ? INS_YES : INS_NO;
    case 0x04d2162e: /* CancelRequest */
        return bytes == 16 ? INS_YES : INS_NO;
    case 0x00030000:
    case 0x00030002:
        break;
    default:
        return INS_NO;
    }
    if (bytes < 14 || bytes > 10000)
        return INS_NO;
    while (p < s->n && p < 40 &&
           (at[p] == '_' || (app_lower(at[p]) >= 'a' && app_lower(at[p]) <= 'z')))
        p++;
    if (p == s->n && p < 40)
        return INS_MORE;
    return p < 40 && at[p] == 0 && p - 8 >= 4 && p < bytes ? INS_YES : INS_NO;
}

/* MongoDB wire protocol: length, request, answer to, operation; little-endian. */
enum ins_got
app_mongodb(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t bytes, op, p = 20;

    if (s->n > 3 && (at[3] > 2 || le32(at) < 26))
        return INS_NO;
    if (s->n < 26)
        return INS_MORE;
    bytes = le32(at);
    op = le32(at + 12);
    if (op == 2012) { /* OP_COMPRESSED: what it was, its size, how */
        op = le32(at + 16);
        return (op == 2013 || op == 2004) && le32(at + 20) < 48000000 && at[24] <= 3 ? INS_YES
                                                                                     : INS_NO;
    }
    if (op == 2013) { /* OP_MSG: flags, a section: a document of its own, or a sequence */
        return (le32(at + 16) & ~UINT32_C(0x00010003)) == 0 && at[20] <= 1 &&
                       le32(at + 21) + 21 <= bytes && le32(at + 21) >= 5
                   ? INS_YES
                   : INS_NO;
    }
    if (op != 2004 || le32(at + 8) != 0) /* OP_QUERY: flags, database.collection */
        return INS_NO;
    while (p < s->n && p < 140 && at[p] > 0x20 && at[p] < 0x7f)
        p++;
    if (p == s->n && p < 140)
        return INS_MORE;
    return p < 140 && at[p] == 0 && p < bytes && memchr(at + 20, '.', p - 20) ? INS_YES : INS_NO;
}

/* MQTT 5.0 section 3.1: type 1 without flags, a length, the name of the protocol, its level. */
enum ins_got
app_mqtt(const struct ins_seen *s)
{
    uint32_t p = 1;
    enum ins_got got;

    if (s->at[0] != 0x10)
        return INS_NO;
    while (p < s->n && p < 4 && s->at[p] & 0x80)
        p++;
    if (++p >= s->n)
        return INS_MORE;
    got = app_begins(s->at + p, s->n - p, "\0\x04MQTT", 6);
    if (got == INS_YES)
        return s->n < p + 7 ? INS_MORE : s->at[p + 6] >= 3 && s->at[p + 6] <= 5 ? INS_YES : INS_NO;
    return got == INS_MORE ? got : app_begins(s->at + p, s->n - p, "\0\x06MQIsdp\x03", 9);
}

/* AMQP 0-9-1 section 4.2.2, AMQP 1.0 section 2.2: the name, a protocol id, a version. */
enum ins_got
app_amqp(const struct ins_seen *s)
{
    const enum ins_got got = app_begins(s->at, s->n, "AMQP", 4);

    if (got != INS_YES)
        return got;
    if (s->n < 8)
        return INS_MORE;
    return s->at[4] <= 3 && s->at[5] <= 10 && s->at[6] <= 10 && s->at[7] <= 10 ? INS_YES : INS_NO;
}

enum ins_got
app_bgp(const struct ins_seen *s)
{
    for (uint32_t k = 0; k < 16; k++) {
        if (k == s->n)
            return INS_MORE;
        if (s->at[k] != 0xff)
            return INS_NO;
    }
    if (s->n < 19)
        return INS_MORE;
    return be16(s->at + 16) >= 19 && be16(s->at + 16) <= 4096 && s->at[18] >= 1 && s->at[18] <= 5
               ? INS_YES
               : INS_NO;
}

/* What a client of SOCKS 5 begins with and what it goes on with, when 'chosen' is the answer: RFC
 * 1928 sections 3 and 4, RFC 1929 section 2. Of SOCKS 4: a request that is granted or not. */
static enum ins_got
test_socks(const uint8_t *at, uint32_t n, const uint8_t *other, uint32_t n_other)
{
    uint32_t methods;

    if (at[0] == 4) {
        if (n < 9)
            return INS_MORE;
        if ((at[1] != 1 && at[1] != 2) || be16(at + 2) == 0 || be32(at + 4) == 0)
            return INS_NO;
        if (n_other < 8)
            return n_other && other[0] != 0 ? INS_NO : INS_MORE;
        return other[0] == 0 && other[1] >= 90 && other[1] <= 93 ? INS_YES : INS_NO;
    }
    if (at[0] != 5)
        return INS_NO;
    if (n < 2)
        return INS_MORE;
    methods = at[1];
    if (methods == 0 || methods > 9)
        return INS_NO;
    if (n < 2 + methods + 4 || n_other < 2)
        return n_other && other[0] != 5 ? INS_NO : INS_MORE;
    if (other[0] != 5 || !memchr(at + 2, other[1], methods))
        return INS_NO;
    at += 2 + methods;
    if (other[1] == 0)
        return at[0] == 5 && at[1] >= 1 && at[1] <= 3 && at[2] == 0 &&
                       (at[3] == 1 || at[3] == 3 || at[3] == 4)
                   ? INS_YES
                   : INS_NO;
    return other[1] == 2 && at[0] == 1 && at[1] != 0 ? INS_YES : INS_NO;
}

enum ins_got
app_socks(const struct ins_seen *s)
{
    return test_socks(s->at, s->n, s->other, s->n_other);
}

enum ins_got
app_socks_server(const struct ins_seen *s)
{
    if (s->at[0] != 5 && s->at[0] != 0)
        return INS_NO;
    return s->n_other ? test_socks(s->other, s->n_other, s->at, s->n) : INS_MORE;
}

/* Adobe RTMP section 5.2: version 3, 1536 bytes of one's own, then an echo of the other's: of the
 * random part of it behind the two times. */
enum ins_got
app_rtmp(const struct ins_seen *s)
{
    enum { OWN = 1 + 8, ECHO = 1 + 1536 + 8, SOME = 64 };

    if (s->at[0] != 3 || (s->n_other && s->other[0] != 3))
        return INS_NO;
    if (s->n < ECHO + SOME || s->n_other < OWN + SOME)
        return INS_MORE;
    return memcmp(s->at + ECHO, s->other + OWN, SOME) == 0 ? INS_YES : INS_NO;
}

/* RFC 854: IAC, WILL to DONT, an option: two of them, or one with a subnegotiation behind it. */
enum ins_got
app_telnet(const struct ins_seen *s)
{
    for (uint32_t k = 0; k < 6; k++) {
        if (k == s->n)
            return INS_MORE;
        if (k % 3 == 0   ? s->at[k] != 0xff
            : k % 3 == 1 ? s->at[k] < (k == 1 ? 251 : 250) || s->at[k] > 254
                         : s->at[k] > 49)
            return INS_NO;
    }
    return s->at[2] != s->at[5] || s->at[1] != s->at[4] ? INS_YES : INS_NO;
}

/* A request: length, key, version, correlation, name of the client. */
enum ins_got
app_kafka(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t name;

    if (at[0] != 0)
        return INS_NO;
    if (s->n < 14)
        return INS_MORE;
    name = be16(at + 12);
    if (at[4] != 0 || at[5] > 92 || at[6] != 0 || at[7] > 20 || be16(at + 8) != 0 || name < 3 ||
        name > 250 || be32(at) < 10 + name)
        return INS_NO;
    if (s->n < 14 + name)
        return is_printable(at + 14, s->n - 14) ? INS_MORE : INS_NO;
    return is_printable(at + 14, name) ? INS_YES : INS_NO;
}

/* CQL binary protocol v3 to v5: version, flags, stream, operation, length. OPTIONS is empty and
 * needs its answer, SUPPORTED; STARTUP has a map of strings, in any order. */
static enum ins_got
test_cassandra(const uint8_t *at, uint32_t n, const uint8_t *other, uint32_t n_other)
{
    if (at[0] < 3 || at[0] > 5 || (n > 1 && at[1] > 0x1f))
        return INS_NO;
    if (n < 9)
        return INS_MORE;
    if (at[4] == 5) {
        if (be32(at + 5) != 0)
            return INS_NO;
        if (n_other < 9)
            return INS_MORE;
        return other[0] == (at[0] | 0x80) && be16(at + 2) == be16(other + 2) && other[4] == 6 &&
                       be32(other + 5) < 1 << 16
                   ? INS_YES
                   : INS_NO;
    }
    if (at[4] != 1 || be32(at + 5) < 22 || be32(at + 5) > 2048)
        return INS_NO;
    if (n < 24)
        return INS_MORE;
    return be16(at + 9) <= 8 && be16(at + 11) <= 32 && at[13] >= 'A' && at[13] <= 'Z' &&
                   is_printable(at + 13, be16(at + 11) < 11 ? be16(at + 11) : 11)
               ? INS_YES
               : INS_NO;
}

enum ins_got
app_cassandra(const struct ins_seen *s)
{
    if (s->at[0] < 0x83 || s->at[0] > 0x85)
        return test_cassandra(s->at, s->n, s->other, s->n_other);
    return s->n_other ? test_cassandra(s->other, s->n_other, s->at, s->n) : INS_MORE;
}

/* MS-TDS section 2.2.6.5: the header of a packet, then tokens of five bytes until 255, the first of
 * which is the version, 6 bytes, right behind them. */
enum ins_got
app_tds(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    enum ins_got got = app_begins(at, s->n, "\x12\x01", 2);
    uint32_t p = 8;

    if (got != INS_YES)
        return got;
    if (s->n < 14)
        return INS_MORE;
    if (be16(at + 2) < 20 || be16(at + 2) > 4096 || be16(at + 4) != 0 || at[7] != 0 || at[8] != 0 ||
        be16(at + 11) != 6)
        return INS_NO;
    for (; p < be16(at + 2) && at[p] != 0xff; p += 5) {
        if (at[p] > 7)
            return INS_NO;
        if (p + 5 >= s->n)
            return INS_MORE;
    }
    return at[p] == 0xff && be16(at + 9) + 8u == p + 1 ? INS_YES : INS_NO;
}

/* Oracle Net: length, checksum, type 1 CONNECT; the descriptor in brackets at the offset it says.
 */
enum ins_got
app_tns(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t bytes, from;

    if (at[0] > 8 || (s->n > 4 && at[4] != 1))
        return INS_NO;
    if (s->n < 34)
        return INS_MORE;
    bytes = be16(at + 24);
    from = be16(at + 26);
    if (be16(at + 2) != 0 || at[5] != 0 || be16(at + 6) != 0 || be16(at + 8) < 0x0100 ||
        be16(at + 8) > 0x0200 || from < 26 || from > 200 || bytes == 0)
        return INS_NO;
    if (s->n < from + 2)
        return INS_MORE;
    return at[from] == '(' && (at[from + 1] == 'D' || at[from + 1] == 'C' || at[from + 1] == 'A')
               ? INS_YES
               : INS_NO;
}

/* DRDA: a DDM of length, D0, format, correlation; in it length, code point 1041 EXCSAT or 1443 its
 * answer. */
enum ins_got
app_drda(const struct ins_seen *s)
{
    const uint8_t *at = s->at;

    if (s->n > 2 && at[2] != 0xd0)
        return INS_NO;
    if (s->n < 10)
        return INS_MORE;
    return be16(at) == be16(at + 6) + 6u && (at[3] & 0x0f) <= 3 && be16(at + 4) <= 8 &&
                   (be16(at + 8) == 0x1041 || be16(at + 8) == 0x1443)
               ? INS_YES
               : INS_NO;
}

/* H.225.0: TPKT, protocol 08 of Q.931, a call reference of two bytes, a message, a bearer or
 * user-user element. */
enum ins_got
app_h323(const struct ins_seen *s)
{
    const enum ins_got got = app_begins(s->at, s->n, "\x03\0", 2);
    const uint8_t *at = s->at;

    if (got != INS_YES)
        return got;
    if (s->n < 12)
        return INS_MORE;
    return be16(at + 4) == 0x0802 && be16(at + 2) > 12 &&
                   (at[8] == 1 || at[8] == 2 || at[8] == 3 || at[8] == 5 || at[8] == 7) &&
                   (at[9] == 4 || at[9] == 0x7e || at[9] == 0x28 || at[9] == 8)
               ? INS_YES
               : INS_NO;
}

/* RFC 7143 section 11.12: opcode 3, immediate, stage; the text behind 48 bytes names the initiator.
 */
enum ins_got
app_iscsi(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t text;

    if (at[0] != 0x43 || (s->n > 3 && (at[2] != 0 || at[3] != 0)))
        return INS_NO;
    if (s->n < 48)
        return INS_MORE;
    text = be24(at + 5);
    if (at[4] != 0 || text < 16 || text > 8192)
        return INS_NO;
    if (s->n - 48 < text && s->n < 512)
        return INS_MORE;
    text = s->n - 48 < text ? s->n - 48 : text;
    return app_has_word(at + 48, text < 464 ? text : 464, "initiatorname=") ? INS_YES : INS_NO;
}

/* Byte order, version 11.0, the name of how one proves who one is. */
enum ins_got
app_x11(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t name;

    if ((at[0] != 'l' && at[0] != 'B') || (s->n > 1 && at[1] != 0))
        return INS_NO;
    if (s->n < 12)
        return INS_MORE;
    name = at[0] == 'l' ? le16(at + 6) : be16(at + 6);
    if ((at[0] == 'l' ? le16(at + 2) : be16(at + 2)) != 11 || be16(at + 4) != 0 ||
        be16(at + 10) != 0)
        return INS_NO;
    if (name == 0)
        return be16(at + 8) == 0 ? INS_YES : INS_NO;
    if (s->n < 15)
        return INS_MORE;
    return memcmp(at + 12, "MIT", 3) == 0 || memcmp(at + 12, "XDM", 3) == 0 ? INS_YES : INS_NO;
}

/* ZMTP 3.1: a signature of ten bytes, version 3, a mechanism. Also the signature alone with version
 * 1 or 2 of earlier ones is not enough. */
enum ins_got
app_zmtp(const struct ins_seen *s)
{
    const uint8_t *at = s->at;

    if (at[0] != 0xff)
        return INS_NO;
    if (s->n < 17)
        return INS_MORE;
    return at[9] == 0x7f && at[10] == 3 && at[11] <= 1 &&
                   (memcmp(at + 12, "NULL\0", 5) == 0 || memcmp(at + 12, "PLAIN", 5) == 0 ||
                    memcmp(at + 12, "CURVE", 5) == 0 || memcmp(at + 12, "GSSAP", 5) == 0)
               ? INS_YES
               : INS_NO;
}

/* OPC UA part 6 section 7.1.2: HELF with buffers and an URL, ACKF of 28 bytes. */
enum ins_got
app_opcua(const struct ins_seen *s)
{
    enum ins_got got = app_begins(s->at, s->n, "ACKF\x1c\0\0", 8);

    if (got != INS_NO)
        return got;
    got = app_begins(s->at, s->n, "HELF", 4);
    if (got != INS_YES)
        return got;
    if (s->n < 32)
        return INS_MORE;
    return le32(s->at + 4) >= 32 && le32(s->at + 4) <= 32 + 4096 &&
                   (le32(s->at + 28) + 32 == le32(s->at + 4) || le32(s->at + 28) == UINT32_MAX)
               ? INS_YES
               : INS_NO;
}

/* RFC 2637 section 2: length, control message, magic cookie. */
enum ins_got
app_pptp(const struct ins_seen *s)
{
    if (s->at[0] != 0)
        return INS_NO;
    if (s->n < 8)
        return INS_MORE;
    return be32(s->at + 4) == 0x1a2b3c4d && be16(s->at + 2) == 1 && be16(s->at) >= 12 &&
                   be16(s->at) <= 256
               ? INS_YES
               : INS_NO;
}

enum ins_got
app_openwire(const struct ins_seen *s)
{
    if (s->at[0] != 0)
        return INS_NO;
    return s->n < 13 ? INS_MORE
           : memcmp(s->at + 4,
                    "\x01"
                    "ActiveMQ",
                    9) == 0
               ? INS_YES
               : INS_NO;
}

enum ins_got
app_gearman(const struct ins_seen *s)
{
    if (s->at[0] != 0)
        return INS_NO;
    if (s->n < 12)
        return INS_MORE;
    return (memcmp(s->at + 1, "REQ", 3) == 0 || memcmp(s->at + 1, "RES", 3) == 0) &&
                   be32(s->at + 4) >= 1 && be32(s->at + 4) <= 42 && s->at[8] == 0
               ? INS_YES
               : INS_NO;
}

/* Magic of the main, test and signet networks, then the first command. */
enum ins_got
app_bitcoin(const struct ins_seen *s)
{
    static const char *const magic[] = {"\xf9\xbe\xb4\xd9", "\x0b\x11\x09\x07", "\x0a\x03\xcf\x40",
                                        "\xfa\xbf\xb5\xda"};

    for (unsigned k = 0; k < 4; k++) {
        const enum ins_got got = app_begins(s->at, s->n, magic[k], 4);

        if (got == INS_YES)
            return app_begins(s->at + 4, s->n - 4, "version\0\0\0\0", 12);
        if (got == INS_MORE)
            return got;
    }
    return INS_NO;
}
