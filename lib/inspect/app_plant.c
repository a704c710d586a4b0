/* app_plant.c - labels of what runs plants and buildings */
#include "apps.h"

/* IEEE 1815 section 9.2.4.5: polynomial 3D65 from the lowest bit on, inverted. */
static uint16_t
dnp3_sum(const uint8_t *at, uint32_t n)
{
    uint16_t sum = 0;

    for (uint32_t i = 0; i < n; i++) {
        sum ^= at[i];
        for (unsigned bit = 0; bit < 8; bit++)
            sum = (uint16_t)(sum & 1 ? sum >> 1 ^ 0xa6bc : sum >> 1);
    }
    return (uint16_t)~sum;
}

enum ins_got
app_dnp3(const struct ins_seen *s)
{
    const enum ins_got got = app_begins(s->at, s->n, "\x05\x64", 2);

    if (got != INS_YES)
        return got;
    if (s->n < 10)
        return INS_MORE;
    return s->at[2] >= 5 && dnp3_sum(s->at, 8) == le16(s->at + 8) ? INS_YES : INS_NO;
}

static bool
is_modbus_function(uint8_t f)
{
    return (f >= 1 && f <= 8) || f == 11 || f == 12 || (f >= 15 && f <= 17) ||
           (f >= 20 && f <= 24) || f == 43;
}

/* MODBUS messaging on TCP section 3.1.3: transaction, protocol 0, length, unit; then a function.
 * One message has too little in it to tell: there have to be a request and its answer. */
enum ins_got
app_modbus(const struct ins_seen *s)
{
    const uint8_t *at = s->at, *other = s->other;
    uint32_t mine, theirs;
    uint8_t function;

    if (s->n > 2 && at[2] != 0)
        return INS_NO;
    if (s->n < 8)
        return INS_MORE;
    mine = be16(at + 4);
    function = at[7] & 0x7f;
    if (be16(at + 2) != 0 || mine < 2 || mine > 254 || !is_modbus_function(function))
        return INS_NO;
    if (s->n_other < 8)
        return INS_MORE;
    theirs = be16(other + 4);
    return be16(at) == be16(other) && be16(other + 2) == 0 && at[6] == other[6] &&
                   function == (other[7] & 0x7f) && theirs >= 2 && theirs <= 254 &&
                   !(at[7] & other[7] & 0x80) &&
                   (function > 6 || mine == 6 || theirs == 6) /* a request is of that size */
               ? INS_YES
               : INS_NO;
}

/* IEC 60870-5-104 section 5.1: start, length 4, one of the six unnumbered functions. */
enum ins_got
app_iec104(const struct ins_seen *s)
{
    const enum ins_got got = app_begins(s->at, s->n, "\x68\x04", 2);

    if (got != INS_YES)
        return got;
    if (s->n < 6)
        return INS_MORE;
    return (s->at[2] == 0x07 || s->at[2] == 0x0b || s->at[2] == 0x13 || s->at[2] == 0x23 ||
            s->at[2] == 0x43 || s->at[2] == 0x83) &&
                   s->at[3] == 0 && s->at[4] == 0 && s->at[5] == 0
               ? INS_YES
               : INS_NO;
}

/* Parameters of a COTP connection (RFC 905 section 13.3.4): size and two selectors, to the end. */
static bool
are_parameters(const uint8_t *at, uint32_t n)
{
    uint32_t p = 0;

    while (p + 2 <= n && at[p] >= 0xc0 && at[p] <= 0xc2)
        p += 2u + at[p + 1];
    return p == n && n > 0;
}

/* TPKT (RFC 1006 section 6) with COTP data that begins with 32 and a kind of message; a connection
 * of COTP may stand before it. */
enum ins_got
app_s7comm(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t from = 0;
    enum ins_got got = app_begins(at, s->n, "\x03\0\0", 3);

    if (got != INS_YES)
        return got;
    if (s->n < 9)
        return INS_MORE;
    if (at[5] == 0xe0 || at[5] == 0xd0) {
        from = at[3];
        if (from < 14 || at[4] != from - 5)
            return INS_NO;
        if (s->n < from)
            return INS_MORE;
        if (!are_parameters(at + 11, from - 11))
            return INS_NO;
    }
    if (s->n < from + 9)
        return INS_MORE;
    at += from;
    return at[0] == 3 && at[1] == 0 && be16(at + 2) >= 17 && at[4] == 2 && at[5] == 0xf0 &&
                   at[6] == 0x80 && at[7] == 0x32 && (at[8] == 7 || (at[8] >= 1 && at[8] <= 3))
               ? INS_YES
               : INS_NO;
}

/* CIP volume 2 section 2-3: command, length, session, status, context, options; little-endian. Over
 * a stream only the registration of a session: a request for a list is nothing but zeros. */
enum ins_got
app_enip(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    const bool is_list = !app_is_stream(s) && (at[0] == 0x63 || at[0] == 0x04);
    uint32_t bytes;

    if ((at[0] != 0x65 && !is_list) || (s->n > 1 && at[1] != 0))
        return INS_NO;
    if (s->n < 28)
        return !is_list ? INS_MORE
               : s->n == 24 && be16(at + 2) == 0 && be64(at + 4) == 0 && be32(at + 20) == 0 &&
                       s->told == 24
                   ? INS_YES
                   : INS_NO;
    bytes = le16(at + 2);
    if (le32(at + 8) != 0 || le32(at + 20) != 0 || !app_fits(s, 24 + bytes))
        return INS_NO;
    if (!is_list) /* version 1, options 0 */
        return bytes == 4 && le32(at + 24) == 1 ? INS_YES : INS_NO;
    return le32(at + 4) == 0 && le16(at + 24) == 1 &&
                   le16(at + 26) == (at[0] == 0x63 ? 0x0c : 0x100)
               ? INS_YES
               : INS_NO;
}

/* ISO 16484-5 annex J.2: type 81, function, length; then an NPDU of version 1 (section 6.2). */
enum ins_got
app_bacnet(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t npdu = 4;

    if (at[0] != 0x81)
        return INS_NO;
    if (s->n < 6 || !app_fits(s, be16(at + 2)))
        return INS_NO;
    if (at[1] == 4) /* forwarded: the address it came from */
        npdu = 10;
    else if (at[1] < 9 || at[1] > 11)
        return INS_NO;
    return s->n >= npdu + 2 && at[npdu] == 1 && (at[npdu + 1] & 0x50) == 0 ? INS_YES : INS_NO;
}

/* KNXnet/IP: size of the header, version, service, length. */
enum ins_got
app_knx(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t service;

    if (s->n < 6 || at[0] != 6 || at[1] != 0x10)
        return INS_NO;
    service = be16(at + 2);
    return app_fits(s, be16(at + 4)) && be16(at + 4) > 6 &&
                   ((service >= 0x0201 && service <= 0x020c) ||
                    (service >= 0x0310 && service <= 0x0311) ||
                    (service >= 0x0420 && service <= 0x0425) ||
                    (service >= 0x0530 && service <= 0x0533) || service == 0x0950)
               ? INS_YES
               : INS_NO;
}
