/* app_rpc.c - labels of remote procedure calls and of what is coded in BER */
#include "apps.h"

/* A walk over BER (X.690 section 8.1): elements inside elements, each with its length. */
struct ber {
    const uint8_t *at;
    uint32_t n;   /* bytes that are there */
    uint32_t p;   /* of them read */
    uint64_t end; /* of the element that was entered last, as it says */
};

/* Enters an element of this tag; 'end' is where it ends. */
static enum ins_got
ber_enter(struct ber *b, uint8_t tag)
{
    uint32_t p = b->p, len, more;

    if (p >= b->n)
        return INS_MORE;
    if (b->at[p] != tag)
        return INS_NO;
    if (++p == b->n)
        return INS_MORE;
    len = b->at[p++];
    if (len & 0x80) {
        more = len & 0x7f;
        if (more == 0 || more > 4)
            return INS_NO;
        for (len = 0; more; more--) {
            if (p == b->n)
                return INS_MORE;
            len = len << 8 | b->at[p++];
        }
    }
    b->p = p;
    b->end = (uint64_t)p + len;
    return INS_YES;
}

/* An integer of one to four bytes, read whole. */
static enum ins_got
ber_number(struct ber *b, uint8_t tag, uint32_t *out)
{
    const enum ins_got got = ber_enter(b, tag);

    if (got != INS_YES)
        return got;
    if (b->end == b->p || b->end > b->p + 4)
        return INS_NO;
    if (b->end > b->n)
        return INS_MORE;
    for (*out = 0; b->p < b->end; b->p++)
        *out = *out << 8 | b->at[b->p];
    return INS_YES;
}

/* What an operation of LDAP begins with: RFC 4511 section 4. */
static enum ins_got
read_operation(struct ber *b, uint8_t op)
{
    enum ins_got got;
    uint32_t value;

    switch (op) {
    case 0x60: /* bind: version */
        got = ber_number(b, 2, &value);
        return got == INS_YES && (value < 2 || value > 3) ? INS_NO : got;
    case 0x61: /* ends: result code */
    case 0x65:
    case 0x78:
        got = ber_number(b, 10, &value);
        if (got != INS_YES)
            return got;
        return value > 123 ? INS_NO : ber_enter(b, 4);
    case 0x63: /* search: base, scope */
        got = ber_enter(b, 4);
        if (got != INS_YES)
            return got;
        if (b->end > b->n)
            return INS_MORE;
        b->p = (uint32_t)b->end;
        got = ber_number(b, 10, &value);
        return got == INS_YES && value > 3 ? INS_NO : got;
    case 0x64: /* an entry: name, attributes */
        got = ber_enter(b, 4);
        if (got != INS_YES)
            return got;
        if (b->end >= b->n)
            return INS_MORE;
        b->p = (uint32_t)b->end;
        return ber_enter(b, 0x30);
    case 0x77: /* extended: an object identifier as text */
        got = ber_enter(b, 0x80);
        if (got != INS_YES)
            return got;
        return b->n < b->p + 2                                                      ? INS_MORE
               : b->at[b->p] >= '0' && b->at[b->p] <= '2' && b->at[b->p + 1] == '.' ? INS_YES
                                                                                    : INS_NO;
    default:
        return INS_NO;
    }
}

enum ins_got
app_ldap(const struct ins_seen *s)
{
    struct ber b = {.at = s->at, .n = s->n};
    uint64_t whole;
    uint32_t id;
    uint8_t op;
    enum ins_got got = ber_enter(&b, 0x30);

    if (got != INS_YES)
        return got;
    whole = b.end;
    if (!app_fits(s, whole) || whole > 1 << 20)
        return INS_NO;
    got = ber_number(&b, 2, &id);
    if (got != INS_YES)
        return got;
    if (b.p == b.n)
        return INS_MORE;
    op = b.at[b.p];
    got = ber_enter(&b, op);
    if (got != INS_YES)
        return got;
    if (b.end > whole || (b.end < whole && b.end + 2 > whole))
        return INS_NO;
    got = read_operation(&b, op);
    return got == INS_YES && b.end > whole ? INS_NO : got;
}

/* RFC 4120 section 5.4: a tag of the application class, a sequence, version 5, the message type. */
static enum ins_got
read_kerberos(struct ber *b, uint64_t *whole)
{
    static const uint8_t tags[] = {0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x7e, 0};
    const uint8_t tag = b->at[b->p];
    const bool has_first = tag == 0x6a || tag == 0x6c; /* requests begin with [1] */
    uint32_t value;
    enum ins_got got;

    if (!tag || !strchr((const char *)tags, tag))
        return INS_NO;
    got = ber_enter(b, tag);
    *whole = b->end;
    if (got == INS_YES)
        got = ber_enter(b, 0x30);
    if (got != INS_YES)
        return got;
    if (b->end != *whole)
        return INS_NO;
    got = ber_enter(b, has_first ? 0xa1 : 0xa0);
    if (got == INS_YES)
        got = ber_number(b, 2, &value);
    if (got != INS_YES)
        return got;
    if (value != 5)
        return INS_NO;
    got = ber_enter(b, has_first ? 0xa2 : 0xa1);
    if (got == INS_YES)
        got = ber_number(b, 2, &value);
    return got == INS_YES && value != (tag & 0x1fu) ? INS_NO : got;
}

enum ins_got
app_kerberos(const struct ins_seen *s)
{
    struct ber b = {.at = s->at, .n = s->n};
    uint64_t whole = 0;
    enum ins_got got;

    if (!app_is_stream(s)) {
        got = read_kerberos(&b, &whole);
        return got == INS_YES && whole != s->told ? INS_NO : got;
    }
    if (s->at[0] != 0) /* RFC 4120 section 7.2.2: a length of four bytes */
        return INS_NO;
    if (s->n < 5)
        return INS_MORE;
    b.p = 4;
    got = read_kerberos(&b, &whole);
    return got == INS_YES && whole != be32(s->at) + UINT64_C(4) ? INS_NO : got;
}

/* RFC 3416 section 3 for versions 1 and 2, RFC 3412 section 6 for 3. */
enum ins_got
app_snmp(const struct ins_seen *s)
{
    struct ber b = {.at = s->at, .n = s->n};
    uint64_t whole;
    uint32_t version, value;
    enum ins_got got = ber_enter(&b, 0x30);

    if (got != INS_YES)
        return got;
    whole = b.end;
    if (!app_fits(s, whole))
        return INS_NO;
    got = ber_number(&b, 2, &version);
    if (got != INS_YES)
        return got;
    if (version == 3) {
        got = ber_enter(&b, 0x30);
        if (got == INS_YES)
            got = ber_number(&b, 2, &value);
        if (got == INS_YES)
            got = ber_number(&b, 2, &value);
        if (got == INS_YES)
            got = ber_number(&b, 4, &value); /* flags */
        if (got != INS_YES)
            return got;
        return value > 7 ? INS_NO : ber_number(&b, 2, &value);
    }
    if (version > 1)
        return INS_NO;
    got = ber_enter(&b, 4);
    if (got != INS_YES)
        return got;
    if (b.end > whole)
        return INS_NO;
    if (b.end >= b.n)
        return INS_MORE;
    b.p = (uint32_t)b.end;
    if (b.at[b.p] < 0xa0 || b.at[b.p] > 0xa8)
        return INS_NO;
    got = ber_enter(&b, b.at[b.p]);
    return got == INS_YES && b.end != whole ? INS_NO : got;
}

/* C706 section 12.6.3: version, type, flags, data representation, length of the fragment. */
enum ins_got
app_dcerpc(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t bytes;

    if (at[0] != 5 || (s->n > 1 && at[1] > 1))
        return INS_NO;
    if (s->n < 16)
        return INS_MORE;
    bytes = at[4] & 0x10 ? le16(at + 8) : be16(at + 8);
    if (at[5] != 0 || at[6] != 0 || at[7] != 0 || bytes <= 16)
        return INS_NO;
    if (at[4] == 0) /* the order of few: only a bind or its end, which are not short */
        return (at[2] == 11 || at[2] == 12) && bytes >= 60 && bytes <= 8192 ? INS_YES : INS_NO;
    return at[4] == 0x10 && (at[2] == 0 || at[2] == 2 || at[2] == 3 || (at[2] >= 11 && at[2] <= 16))
               ? INS_YES
               : INS_NO;
}

/* C706 section 12.5: 80 bytes, the length of the body stands at 74. */
enum ins_got
app_dcerpc_udp(const struct ins_seen *s)
{
    const uint8_t *at = s->at;

    if (at[0] != 4)
        return INS_NO;
    if (s->n < 80)
        return INS_MORE;
    return at[1] <= 19 && (at[4] & 0xee) == 0 && at[5] == 0 && at[6] == 0 &&
                   app_fits(s, 80u + (at[4] & 0x10 ? le16(at + 74) : be16(at + 74)))
               ? INS_YES
               : INS_NO;
}

/* A call: RFC 5531 section 9. Over a stream behind the mark of a record (section 11). */
static enum ins_got
read_call(const struct ins_seen *s, uint32_t *program)
{
    const uint32_t mark = app_is_stream(s) ? 4 : 0;
    const uint8_t *at = s->at + mark;
    uint32_t flavor;

    if (mark && (s->at[0] & 0x7f) != 0)
        return INS_NO;
    if (s->n < mark + 32)
        return INS_MORE;
    *program = be32(at + 12);
    flavor = be32(at + 24);
    return (!mark || (be32(s->at) & 0x7fffffff) >= 40) && be32(at + 4) == 0 && be32(at + 8) == 2 &&
                   ((*program >= 100000 && *program <= 101000) || *program == 200024 ||
                    (*program >= 300000 && *program < 500000) || *program >> 24 == 0x40) &&
                   be32(at + 16) <= 16 && be32(at + 20) < 128 &&
                   (flavor <= 8 || flavor / 10 == 39000) && be32(at + 28) <= 400
               ? INS_YES
               : INS_NO;
}

enum { PROGRAM_NFS = 100003 };

enum ins_got
app_rpc(const struct ins_seen *s)
{
    uint32_t program = 0;
    const enum ins_got got = read_call(s, &program);

    return got == INS_YES && program == PROGRAM_NFS ? INS_NO : got;
}

enum ins_got
app_nfs(const struct ins_seen *s)
{
    uint32_t program = 0;
    const enum ins_got got = read_call(s, &program);

    return got == INS_YES && program != PROGRAM_NFS ? INS_NO : got;
}
