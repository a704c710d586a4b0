/* dns.c - DNS messages: the first question, the code of a response
 *
 * RFC 1035 section 4. Nothing at a fixed place tells DNS, so a message counts only if its header
 * has no bit that must be zero, its questions can be read to their end, each has a class that
 * exists, and the records that are announced have room. Multicast DNS (RFC 6762) and LLMNR (RFC
 * 4795) are the same by their bytes.
 */
#include <string.h>

#include "ins.h"

enum {
    HEADER_BYTES = 12,
    NAME_BYTES = 255,     /* RFC 1035 section 2.3.4: on the wire, with lengths and the root */
    QUESTIONS = 64,       /* more than one only in multicast DNS */
    RECORD_BYTES = 11,    /* the smallest record: root, type, class, TTL, length */
    QUESTION_BYTES = 5,   /* the smallest question: root, type, class */
    UNICAST_BIT = 0x8000, /* RFC 6762 sections 5.4 and 10.2: the top bit of a class */
};

/* One letter of a label as text: what is printable stays, but for what would be read as something
 * else; all else is \DDD (RFC 1035 section 5.1, RFC 4343 section 2.1). Nothing is cut in two. */
static size_t
put_letter(char *out, size_t used, uint8_t c)
{
    const bool is_plain = c > 0x20 && c < 0x7f && c != '.' && c != '\\';

    if (used + (is_plain ? 1 : 4) >= PAVO_NAME_BYTES)
        return PAVO_NAME_BYTES;
    if (is_plain) {
        out[used] = (char)c;
        return used + 1;
    }
    out[used] = '\\';
    out[used + 1] = (char)('0' + c / 100);
    out[used + 2] = (char)('0' + c / 10 % 10);
    out[used + 3] = (char)('0' + c % 10);
    return used + 4;
}

/* A name at *pos, which is stepped behind it; as text into 'out' unless that is NULL. A pointer may
 * only lead to before the piece of a name in which it stands, so there is an end. */
static enum ins_got
read_name(const uint8_t *at, uint32_t n, uint32_t *pos, char *out)
{
    uint32_t from = *pos, p = *pos, bytes = 1;
    bool has_jumped = false;
    size_t used = 0, end = 0;

    for (;;) {
        uint32_t len;

        if (p >= n)
            return INS_MORE;
        len = at[p];
        if (len >= 0xc0) {
            if (p + 2 > n)
                return INS_MORE;
            if (!has_jumped)
                *pos = p + 2;
            has_jumped = true;
            p = be16(at + p) & 0x3fff;
            if (p < HEADER_BYTES || p >= from)
                return INS_NO;
            from = p;
            continue;
        }
        if (len > 63)
            return INS_NO;
        p++;
        if (len == 0)
            break;
        bytes += len + 1;
        if (bytes > NAME_BYTES)
            return INS_NO;
        if (p + len > n)
            return INS_MORE;
        if (out && end < PAVO_NAME_BYTES) {
            if (used && used + 1 < PAVO_NAME_BYTES)
                out[used++] = '.';
            for (uint32_t k = 0; k < len; k++) {
                end = put_letter(out, used, at[p + k]);
                if (end >= PAVO_NAME_BYTES)
                    break; /* cut: the name is longer than its room */
                used = end;
            }
        }
        p += len;
    }
    if (!has_jumped)
        *pos = p;
    if (out) {
        if (used == 0)
            out[used++] = '.';
        out[used] = '\0';
    }
    return INS_YES;
}

static bool
is_class(uint16_t c)
{
    c &= (uint16_t)~UNICAST_BIT;
    return c == 1 || c == 3 || c == 4 || c == 254 || c == 255;
}

/* Questions from *pos on; name and type of the first. */
static enum ins_got
read_questions(const uint8_t *at, uint32_t n, uint32_t *pos, uint32_t questions, char *name,
               uint16_t *type)
{
    for (uint32_t q = 0; q < questions; q++) {
        const enum ins_got got = read_name(at, n, pos, q ? NULL : name);

        if (got != INS_YES)
            return got;
        if (*pos + 4 > n)
            return INS_MORE;
        if (be16(at + *pos) == 0 || !is_class(be16(at + *pos + 2)))
            return INS_NO;
        if (q == 0)
            *type = be16(at + *pos);
        *pos += 4;
    }
    return INS_YES;
}

/* Without a question, as multicast DNS answers: the first record has to be one. */
static enum ins_got
read_record(const uint8_t *at, uint32_t n, uint32_t told, uint32_t pos)
{
    const enum ins_got got = read_name(at, n, &pos, NULL);

    if (got != INS_YES)
        return got;
    if (pos + 10 > n)
        return INS_MORE;
    if (be16(at + pos) == 0 || (be16(at + pos + 2) & ~(unsigned)UNICAST_BIT) != 1 ||
        be16(at + pos + 8) > told - pos - 10)
        return INS_NO;
    return INS_YES;
}

/* Operations: query, inverse query, status, notify (RFC 1996), update (RFC 2136), stateful (RFC
 * 8490). The one bit that is left must be zero. In a request the code is zero. */
static bool
is_header(uint16_t flags)
{
    const unsigned op = flags >> 11 & 15;
    const bool is_response = flags & 0x8000;

    return op <= 6 && op != 3 && !(flags & 0x0040) && (is_response || (flags & 15) == 0);
}

enum ins_got
ins_dns(const uint8_t *at, uint32_t n, uint32_t told, struct pavo_record_names *out)
{
    char name[PAVO_NAME_BYTES];
    uint32_t pos = HEADER_BYTES, questions, records;
    uint16_t flags, type = 0;
    enum ins_got got;

    if (told < HEADER_BYTES)
        return INS_NO;
    if (n >= 4 && !is_header(be16(at + 2)))
        return INS_NO;
    if (n < HEADER_BYTES)
        return INS_MORE;
    flags = be16(at + 2);
    questions = be16(at + 4);
    records = (uint32_t)be16(at + 6) + be16(at + 8) + be16(at + 10);
    if (out->application == PAVO_APP_DNS && told == HEADER_BYTES && questions + records == 0 &&
        flags & 0x8000)
        goto answered; /* an error without the question */
    if (questions > QUESTIONS ||
        questions * QUESTION_BYTES + records * RECORD_BYTES > told - HEADER_BYTES ||
        (questions == 0 && (!(flags & 0x8000) || be16(at + 6) == 0)))
        return INS_NO;
    got = questions ? read_questions(at, n, &pos, questions, name, &type)
                    : read_record(at, n, told, pos);
    if (got == INS_MORE && n == told)
        return INS_NO;
    if (got != INS_YES)
        return got;
    if (questions && records * RECORD_BYTES > told - pos)
        return INS_NO;
    if (questions && !out->dnsQuery[0]) {
        strcpy(out->dnsQuery, name);
        out->dnsType = type;
    }
answered:
    if (flags & 0x8000 && !out->hasDnsRcode) {
        out->dnsRcode = flags & 15;
        out->hasDnsRcode = 1;
    }
    return INS_YES;
}
