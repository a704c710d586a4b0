/* fields_parse.c - text into the value of a field
 *
 * What a person writes in a filter: numbers with units of the field ("10MiB", "5s"), words or their
 * beginnings, times of RFC 3339 with everything behind the day left out at will.
 */
#include "fields.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *word;
    uint64_t times;
};
static const struct unit units_count[] = {
    {"", 1},           {"k", 1000},
    {"K", 1000},       {"M", 1000000},
    {"G", 1000000000}, {"T", UINT64_C(1000000000000)},
    {"Ki", 1 << 10},   {"Mi", 1 << 20},
    {"Gi", 1 << 30},   {"Ti", UINT64_C(1) << 40},
    {NULL, 0},
};
static const struct unit units_octets[] = {
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", UINT64_C(1000000000000)},
    {"KiB", 1 << 10},
    {"MiB", 1 << 20},
    {"GiB", 1 << 30},
    {"TiB", UINT64_C(1) << 40},
    {"k", 1000},
    {"K", 1000},
    {"M", 1000000},
    {"G", 1000000000},
    {"T", UINT64_C(1000000000000)},
    {"Ki", 1 << 10},
    {"Mi", 1 << 20},
    {"Gi", 1 << 30},
    {"Ti", UINT64_C(1) << 40},
    {NULL, 0},
};
static const struct unit units_ns[] = {
    {"", 1},
    {"ns", 1},
    {"us", 1000},
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", UINT64_C(60000000000)},
    {"min", UINT64_C(60000000000)},
    {"h", UINT64_C(3600000000000)},
    {"d", UINT64_C(86400000000000)},
    {NULL, 0},
};

static bool
multiply(uint64_t a, uint64_t b, uint64_t *out)
{
    if (b && a > UINT64_MAX / b)
        return false;
    *out = a * b;
    return true;
}

/* Digits with at most 18 behind a point, then a unit: "1.5s". Exact; a rest below 1 is refused. */
static int
parse_number(const char *text, const struct unit *units, uint64_t *out)
{
    uint64_t whole = 0, part = 0, scale = 1, rest;
    const char *at = text;

    if (!isdigit((unsigned char)*at))
        return -EINVAL;
    for (; isdigit((unsigned char)*at); at++) {
        if (!multiply(whole, 10, &whole) || whole > UINT64_MAX - (uint64_t)(*at - '0'))
            return -EINVAL;
        whole += (uint64_t)(*at - '0');
    }
    if (*at == '.') {
        for (at++; isdigit((unsigned char)*at); at++) {
            if (scale > UINT64_C(100000000000000000))
                return -EINVAL;
            part = part * 10 + (uint64_t)(*at - '0');
            scale *= 10;
        }
        if (scale == 1)
            return -EINVAL;
    }
    for (; units->word; units++) {
        if (strcmp(units->word, at) == 0)
            break;
    }
    if (!units->word || !multiply(whole, units->times, &whole))
        return -EINVAL;
    while (part && part % 10 == 0) {
        part /= 10;
        scale /= 10;
    }
    if (!multiply(part, units->times, &rest) || rest % scale)
        return -EINVAL;
    rest /= scale;
    if (whole > UINT64_MAX - rest)
        return -EINVAL;
    *out = whole + rest;
    return 0;
}

static int
parse_hex(const char *text, uint64_t *out)
{
    size_t n = 0;

    *out = 0;
    for (; text[n]; n++) {
        const char c = text[n];

        if (n == 16 || !isxdigit((unsigned char)c))
            return -EINVAL;
        *out = *out << 4 | (uint64_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return n ? 0 : -EINVAL;
}

/* 'n' digits at *at, moved past. */
static bool
take_digits(const char **at, unsigned n, unsigned *out)
{
    *out = 0;
    for (; n; n--, (*at)++) {
        if (!isdigit((unsigned char)**at))
            return false;
        *out = *out * 10 + (unsigned)(**at - '0');
    }
    return true;
}

/* Days from 1970-01-01 of a date in the Gregorian calendar. */
static uint64_t
days_of(unsigned year, unsigned month, unsigned day)
{
    const unsigned y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

    return (uint64_t)(y / 400) * 146097 + y % 400 * 365 + y % 400 / 4 - y % 400 / 100 +
           (153 * m + 2) / 5 + day - 1 - 719468;
}

/* "Z", "+02:00" or nothing: seconds east of Greenwich. */
static bool
take_zone(const char *at, int64_t *east)
{
    unsigned hours, minutes;
    const char sign = *at;

    *east = 0;
    if (strcmp(at, "") == 0 || strcmp(at, "Z") == 0 || strcmp(at, "z") == 0)
        return true;
    if (sign != '+' && sign != '-')
        return false;
    at++;
    if (!take_digits(&at, 2, &hours) || *at++ != ':' || !take_digits(&at, 2, &minutes) || *at ||
        hours > 23 || minutes > 59)
        return false;
    *east = (int64_t)(hours * 3600 + minutes * 60) * (sign == '+' ? 1 : -1);
    return true;
}

/* RFC 3339 section 5.6; time of day, seconds and zone may be missing. Or seconds since the epoch.
 */
static int
parse_time(const char *text, uint64_t *out)
{
    static const struct unit seconds_only[] = {{"", 1000000000}, {NULL, 0}};
    static const uint8_t days_in[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day, hour = 0, minute = 0, second = 0, digit;
    uint64_t ns = 0, unit = 100000000;
    int64_t east, seconds;
    const char *at = text;
    bool leap;

    if (!take_digits(&at, 4, &year) || *at != '-')
        return parse_number(text, seconds_only, out);
    at++;
    if (!take_digits(&at, 2, &month) || *at++ != '-' || !take_digits(&at, 2, &day))
        return -EINVAL;
    leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year < 1970 || year > 2553 || month < 1 || month > 12 || day < 1 ||
        day > days_in[month - 1] || (month == 2 && day == 29 && !leap))
        return -EINVAL;
    if (*at == 'T' || *at == 't' || *at == ' ') {
        at++;
        if (!take_digits(&at, 2, &hour) || *at++ != ':' || !take_digits(&at, 2, &minute))
            return -EINVAL;
        if (*at == ':') {
            at++;
            if (!take_digits(&at, 2, &second))
                return -EINVAL;
            if (*at == '.') {
                for (at++; isdigit((unsigned char)*at) && take_digits(&at, 1, &digit); unit /= 10)
                    ns += unit * digit;
            }
        }
    }
    if (hour > 23 || minute > 59 || second > 60 || !take_zone(at, &east))
        return -EINVAL;
    seconds =
        (int64_t)(days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) - east;
    if (seconds < 0)
        return -EINVAL;
    *out = (uint64_t)seconds * 1000000000 + ns;
    return 0;
}

/* A word, or the beginning of exactly one, or a number. */
static int
parse_word(const struct fld *f, const char *text, uint64_t *out)
{
    const size_t n = strlen(text);
    unsigned found = 0;

    if (isdigit((unsigned char)text[0])) {
        static const struct unit plain[] = {{"", 1}, {NULL, 0}};

        if (parse_number(text, plain, out) == 0)
            return *out > UINT8_MAX ? -EINVAL : 0;
    }
    for (unsigned i = 0; n && f->words && f->words[i]; i++) {
        if (strcasecmp(f->words[i], text) == 0) {
            *out = i;
            return 0;
        }
    }
    for (unsigned i = 0; n && f->words && f->words[i]; i++) {
        if (strncasecmp(f->words[i], text, n) == 0) {
            *out = i;
            found++;
        }
    }
    return found == 1 ? 0 : -EINVAL;
}

static int
parse_mac(const char *text, uint8_t mac[6])
{
    for (unsigned i = 0; i < 6; i++) {
        const char pair[3] = {text[0], text[0] ? text[1] : '\0', '\0'};
        uint64_t octet;

        if (!pair[1] || parse_hex(pair, &octet) != 0)
            return -EINVAL;
        mac[i] = (uint8_t)octet;
        text += 2;
        if (i < 5 && *text != ':' && *text != '-')
            return -EINVAL;
        text += i < 5;
    }
    return *text ? -EINVAL : 0;
}

/* TCP flags by the letters of RFC 9293 section 3.1's names: "SA" is SYN and ACK. */
static int
parse_flags(const struct fld *f, const char *text, uint64_t *out)
{
    static const char letters[] = "FSRPAUEC";

    if (strncasecmp(text, "0x", 2) == 0)
        return parse_hex(text + 2, out);
    if (isdigit((unsigned char)text[0]))
        return parse_number(text, units_count, out);
    if (!strstr(f->word, ".tcp.") && !strstr(f->word, "tcp.f"))
        return -EINVAL;
    *out = 0;
    for (; *text; text++) {
        const char *at = strchr(letters, toupper((unsigned char)*text));

        if (!at)
            return -EINVAL;
        *out |= UINT64_C(1) << (at - letters);
    }
    return 0;
}

static int
parse_bool(const char *text, uint64_t *out)
{
    static const char *const yes[] = {"true", "yes", "1", "on"}, *const no[] = {"false", "no", "0",
                                                                                "off"};

    for (unsigned i = 0; i < 4; i++) {
        *out = strcasecmp(text, yes[i]) == 0;
        if (*out || strcasecmp(text, no[i]) == 0)
            return 0;
    }
    return -EINVAL;
}

/* "-0.25": of -1 to 1, at most four decimals. */
static int
parse_ratio(const char *text, uint64_t *out)
{
    static const struct unit ones[] = {{"", FLD_RATIO_ONE}, {NULL, 0}};
    const bool negative = *text == '-';
    uint64_t n;

    if (parse_number(text + negative, ones, &n) != 0 || n > FLD_RATIO_ONE)
        return -EINVAL;
    *out = negative ? FLD_RATIO_ONE - n : FLD_RATIO_ONE + n;
    return 0;
}

int
fld_parse(const struct fld *f, const char *text, struct fld_value *v)
{
    *v = (struct fld_value){.type = f->type};
    if (!text[0])
        return -EINVAL;
    switch ((enum fld_type)f->type) {
    case FLD_U:
        return parse_number(text,
                            strcmp(f->unit, "octets") == 0 ? units_octets
                            : strcmp(f->unit, "ns") == 0   ? units_ns
                                                           : units_count,
                            &v->u);
    case FLD_IP4:
    case FLD_IP6:
        v->type = FLD_IP4;
        if (inet_pton(AF_INET, text, v->bytes) == 1)
            return 0;
        v->type = FLD_IP6;
        return inet_pton(AF_INET6, text, v->bytes) == 1 ? 0 : -EINVAL;
    case FLD_MAC:
        return parse_mac(text, v->bytes);
    case FLD_MS:
    case FLD_NTP:
        return parse_time(text, &v->u);
    case FLD_W:
        return parse_word(f, text, &v->u);
    case FLD_F:
        return parse_flags(f, text, &v->u);
    case FLD_B:
        return parse_bool(text, &v->u);
    case FLD_ID:
        return parse_hex(strncmp(text, "0x", 2) == 0 ? text + 2 : text, &v->u);
    case FLD_R:
        return parse_ratio(text, &v->u);
    case FLD_LIST:
    case FLD_S:
    case FLD_A:
    case FLD_O:
        break;
    }
    return -EINVAL;
}
