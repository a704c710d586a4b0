/* fmt.c - numbers, addresses, times and strings as text, for all encoders
 *
 * Every function writes at 'at', without a NUL, and returns the end. printf() and inet_ntop() would
 * take most of the time of a JSON line; these take a few nanoseconds each. Decimals go two digits
 * at a time.
 */
#include "fields.h"

#include <string.h>

static const char two_digits[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536"
    "37383940414243444546474849505152535455565758596061626364656667686970717273"
    "7475767778798081828384858687888990919293949596979899";
_Static_assert(sizeof two_digits == 201, "a hundred pairs");

static const char hex_small[] = "0123456789abcdef";
static const char hex_large[] = "0123456789ABCDEF";

static char *
put_2(char *at, unsigned n)
{
    memcpy(at, two_digits + (size_t)2 * n, 2);
    return at + 2;
}

static char *
put_4(char *at, unsigned n)
{
    return put_2(put_2(at, n / 100), n % 100);
}

char *
fmt_u64(char *at, uint64_t n)
{
    char text[20];
    unsigned begin = sizeof text;

    while (n >= 100) {
        begin -= 2;
        put_2(text + begin, (unsigned)(n % 100));
        n /= 100;
    }
    if (n >= 10) {
        begin -= 2;
        put_2(text + begin, (unsigned)n);
    } else {
        text[--begin] = (char)('0' + n);
    }
    memcpy(at, text + begin, sizeof text - begin);
    return at + (sizeof text - begin);
}

static char *
put_octet(char *at, unsigned n)
{
    if (n >= 100) {
        *at++ = (char)('0' + n / 100);
        return put_2(at, n % 100);
    }
    if (n >= 10)
        return put_2(at, n);
    *at++ = (char)('0' + n);
    return at;
}

char *
fmt_ip4(char *at, const uint8_t ip[4])
{
    at = put_octet(at, ip[0]);
    *at++ = '.';
    at = put_octet(at, ip[1]);
    *at++ = '.';
    at = put_octet(at, ip[2]);
    *at++ = '.';
    return put_octet(at, ip[3]);
}

/* RFC 5952: small letters, no leading zeros (4.1, 4.3), the longest run of two or more zero groups,
 * the first of equals, as "::" (4.2); an IPv4-mapped address in mixed notation (5). */
char *
fmt_ip6(char *at, const uint8_t ip[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    unsigned group[8], run_at = 8, run_length = 1;

    if (memcmp(ip, mapped, sizeof mapped) == 0) {
        memcpy(at, "::ffff:", 7);
        return fmt_ip4(at + 7, ip + 12);
    }
    for (unsigned i = 0; i < 8; i++)
        group[i] = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
    for (unsigned i = 0; i < 8;) {
        unsigned n = 0;

        while (i + n < 8 && group[i + n] == 0)
            n++;
        if (n > run_length) {
            run_at = i;
            run_length = n;
        }
        i += n ? n : 1;
    }
    for (unsigned i = 0; i < 8; i++) {
        if (i == run_at) {
            *at++ = ':';
            i += run_length - 1;
            if (i == 7)
                *at++ = ':';
            continue;
        }
        if (i)
            *at++ = ':';
        for (unsigned shift = group[i] > 0xfff  ? 16
                              : group[i] > 0xff ? 12
                              : group[i] > 0xf  ? 8
                                                : 4;
             shift;) {
            shift -= 4;
            *at++ = hex_small[group[i] >> shift & 15];
        }
    }
    return at;
}

/* As ECS has it: capital letters, hyphens (RFC 7042 section 2.1). */
char *
fmt_mac(char *at, const uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        if (i)
            *at++ = '-';
        *at++ = hex_large[mac[i] >> 4];
        *at++ = hex_large[mac[i] & 15];
    }
    return at;
}

char *
fmt_hex64(char *at, uint64_t n)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = hex_small[n >> shift & 15];
    return at;
}

/* RFC 3339. Days to a date of the Gregorian calendar in years that begin with March, so that the
 * leap day is the last of its year; 2^64 ns end in the year 2554. */
char *
fmt_time(char *at, uint64_t ns)
{
    const uint64_t seconds = ns / 1000000000;
    const unsigned fraction = (unsigned)(ns % 1000000000);
    const unsigned days = (unsigned)(seconds / 86400) + 719468; /* from 0000-03-01 */
    const unsigned clock = (unsigned)(seconds % 86400);
    const unsigned era = days / 146097, day_of_era = days % 146097;
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned month = (5 * day_of_year + 2) / 153; /* 0 is March */
    const unsigned year = era * 400 + year_of_era + (month >= 10);

    at = put_4(at, year);
    *at++ = '-';
    at = put_2(at, month < 10 ? month + 3 : month - 9);
    *at++ = '-';
    at = put_2(at, day_of_year - (153 * month + 2) / 5 + 1);
    *at++ = 'T';
    at = put_2(at, clock / 3600);
    *at++ = ':';
    at = put_2(at, clock / 60 % 60);
    *at++ = ':';
    at = put_2(at, clock % 60);
    *at++ = '.';
    at = put_4(at, fraction / 100000);
    at = put_4(at, fraction / 10 % 10000);
    *at++ = (char)('0' + fraction % 10);
    *at++ = 'Z';
    return at;
}

char *
fmt_base64(char *at, const uint8_t *in, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < n; i += 3) {
        const uint32_t three = (uint32_t)in[i] << 16 | (i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0) |
                               (i + 2 < n ? in[i + 2] : 0);

        *at++ = digits[three >> 18];
        *at++ = digits[three >> 12 & 63];
        *at++ = i + 1 < n ? digits[three >> 6 & 63] : '=';
        *at++ = i + 2 < n ? digits[three & 63] : '=';
    }
    return at;
}

/* A ratio has four decimals; zeros at its end are left out. */
char *
fmt_ratio(char *at, uint64_t ratio)
{
    const bool negative = ratio < FLD_RATIO_ONE;
    uint64_t rest = negative ? FLD_RATIO_ONE - ratio : ratio - FLD_RATIO_ONE;

    if (negative)
        *at++ = '-';
    at = fmt_u64(at, rest / FLD_RATIO_ONE);
    rest %= FLD_RATIO_ONE;
    if (rest)
        *at++ = '.';
    for (uint64_t unit = FLD_RATIO_ONE / 10; rest; unit /= 10) {
        *at++ = (char)('0' + rest / unit);
        rest %= unit;
    }
    return at;
}

/* Bytes of a well-formed UTF-8 sequence at 's' (RFC 3629 section 4), 0 if it is none. */
static unsigned
utf8_length(const uint8_t *s, size_t n)
{
    unsigned length;
    uint32_t c;

    if (s[0] < 0x80)
        return 1;
    length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n < length)
        return 0;
    c = s[0] & (0x7fu >> length);
    for (unsigned i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < (length == 4   ? 0x10000u
             : length == 3 ? 0x800u
                           : 0x80u) ||
        c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    return length;
}

/* RFC 8259 section 7. What is not UTF-8 becomes U+FFFD, byte by byte. */
char *
fmt_json_string(char *at, const char *s, size_t n)
{
    const uint8_t *in = (const uint8_t *)s;

    for (size_t i = 0; i < n;) {
        const uint8_t c = in[i];
        unsigned length;

        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            *at++ = (char)c;
            i++;
            continue;
        }
        if (c == '"' || c == '\\') {
            *at++ = '\\';
            *at++ = (char)c;
            i++;
            continue;
        }
        if (c < 0x20 || c == 0x7f) {
            memcpy(at, "\\u00", 4);
            at[4] = hex_small[c >> 4];
            at[5] = hex_small[c & 15];
            at += 6;
            i++;
            continue;
        }
        length = utf8_length(in + i, n - i);
        if (length) {
            memcpy(at, in + i, length);
            at += length;
            i += length;
        } else {
            memcpy(at, "\\ufffd", 6);
            at += 6;
            i++;
        }
    }
    return at;
}
