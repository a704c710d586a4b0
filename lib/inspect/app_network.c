/* app_network.c - labels of what networks run on, most of it in datagrams
 *
 * A datagram has an end, so lengths can be held against it; that is most of the evidence here.
 */
#include "apps.h"

/* Is what lies from 'from' to 'to' made of elements to the end? 'kind' and 'size' are the bytes of
 * their type and length fields, 'counts' those that the length counts besides the value. */
struct tiles {
    uint32_t kind, size, counts;
    bool (*is_kind)(uint32_t kind);
};

static bool
are_tiled(const struct tiles *t, const uint8_t *at, uint32_t from, uint32_t to)
{
    const uint32_t head = t->kind + t->size;

    while (from < to) {
        uint32_t kind, len;

        if (to - from < head)
            return false;
        kind = t->kind == 1 ? at[from] : be16(at + from);
        len = t->size == 1 ? at[from + t->kind] : be16(at + from + t->kind);
        if (!t->is_kind(kind) || len < t->counts || len - t->counts > to - from - head)
            return false;
        from += head + len - t->counts;
    }
    return true;
}

/* BEP 5 in bencoding: a query, an answer or an error with the id of a node; BEP 15: connect. The
 * handshake of BEP 3 is a row of the table. */
enum ins_got
app_bittorrent(const struct ins_seen *s)
{
    static const char *const begins[] = {"d1:ad2:id20:", "d1:rd2:id20:", "d1:eli20"};
    const uint8_t *at = s->at;

    if (s->told == 16 && s->n == 16)
        return be64(at) == UINT64_C(0x41727101980) && be32(at + 8) == 0 ? INS_YES : INS_NO;
    if (at[0] != 'd')
        return INS_NO;
    for (unsigned k = 0; k < 3; k++)
        if (app_begins(at, s->n, begins[k], (uint32_t)strlen(begins[k])) == INS_YES)
            return INS_YES;
    return s->n > 25 && memcmp(at, "d2:ip6:", 7) == 0 && memcmp(at + 13, "1:rd2:id20:", 11) == 0
               ? INS_YES
               : INS_NO;
}

/* A hard reset of 'n' bytes: operation and key id, session, with tls-auth an HMAC, number and time,
 * then acknowledged packets and the packet's own number, which is 0. With tls-crypt all behind
 * number and time is encrypted. */
static bool
is_reset(const uint8_t *at, uint32_t n)
{
    static const uint8_t macs[] = {16, 20, 32, 64};

    if (n < 14 || (at[0] != 0x38 && at[0] != 0x40) || be32(at + 1) == 0)
        return false;
    if (n == 14 && at[9] == 0)
        return be32(at + 10) == 0;
    if (n == 26 && at[0] == 0x40 && at[9] == 1)
        return be32(at + 10) == 0 && be32(at + 22) == 0;
    if (n == 54 && be32(at + 9) == 1)
        return true;
    for (unsigned k = 0; k < sizeof macs; k++) {
        const uint32_t number = 9u + macs[k];

        if (n == number + 13 || n == number + 25)
            return be32(at + number) == 1 && be32(at + n - 4) == 0 &&
                   at[number + 8] == (n == number + 25);
    }
    return false;
}

enum ins_got
app_openvpn(const struct ins_seen *s)
{
    uint32_t bytes;

    if (!app_is_stream(s))
        return s->n == s->told && is_reset(s->at, s->n) ? INS_YES : INS_NO;
    if (s->at[0] != 0 || (s->n > 2 && s->at[2] != 0x38 && s->at[2] != 0x40))
        return INS_NO;
    if (s->n < 2)
        return INS_MORE;
    bytes = s->at[1];
    if (bytes < 14)
        return INS_NO;
    return s->n < 2 + bytes ? INS_MORE : is_reset(s->at + 2, bytes) ? INS_YES : INS_NO;
}

/* Type, three zeros, and a size for each type. The public key is random: few zeros are in it. */
enum ins_got
app_wireguard(const struct ins_seen *s)
{
    const uint32_t key = s->told == 148 ? 8 : 12;
    unsigned zeros = 0;

    if (s->n < 44 || (s->told != 148 && s->told != 92) ||
        be32(s->at) != (s->told == 148 ? 0x01000000 : 0x02000000))
        return INS_NO;
    for (uint32_t k = 0; k < 32; k++)
        zeros += s->at[key + k] == 0;
    return zeros <= 4 ? INS_YES : INS_NO;
}

enum ins_got
app_stun(const struct ins_seen *s)
{
    const uint8_t *at = s->at;

    if (at[0] & 0xc0)
        return INS_NO;
    if (s->n < 20)
        return s->n < 8 || be32(at + 4) == 0x2112a442 ? INS_MORE : INS_NO;
    return be32(at + 4) == 0x2112a442 && be16(at + 2) % 4 == 0 && app_fits(s, 20u + be16(at + 2))
               ? INS_YES
               : INS_NO;
}

/* RFC 9147 section 4: a handshake in a record of epoch 0; section 5.2: a fragment of a message. */
enum ins_got
app_dtls(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t record, whole, offset, piece;

    if (s->n < 25 || at[0] != 22 || (be16(at + 1) != 0xfeff && be16(at + 1) != 0xfefd) ||
        be16(at + 3) != 0)
        return INS_NO;
    record = be16(at + 11);
    whole = be24(at + 14);
    offset = be24(at + 19);
    piece = be24(at + 22);
    return record + 13 <= s->told && piece + 12 <= record && offset + piece <= whole && at[13] <= 24
               ? INS_YES
               : INS_NO;
}

/* RFC 5905 section 7.3: every field in its range. Clients may send zeros and a random time (RFC
 * 9109), then the precision is 32. Behind it nothing, a digest, or an extension of RFC 8915. */
static bool
is_ntp(const uint8_t *at)
{
    const unsigned version = at[0] >> 3 & 7, mode = at[0] & 7;

    if (version < 1 || version > 4 || mode < 1 || mode > 5 || at[1] > 16 || at[2] > 17 ||
        (at[3] != 0 && at[3] != 0x20 && at[3] < 0xe0) || be16(at + 4) > 16 || be16(at + 8) > 16)
        return false;
    return mode == 3 || mode == 1 || be32(at + 40) >= UINT32_C(0xbc17c200) || /* from 2000 on */
           be32(at + 40) < UINT32_C(0x10000000);                              /* or after 2036 */
}

enum ins_got
app_ntp(const struct ins_seen *s)
{
    const uint8_t *at = s->at;

    if (s->n >= 8 && (at[0] & 0x3f) == 0x17 && at[2] == 3 && (at[3] == 42 || at[3] == 20)) {
        if (!(at[0] & 0x80)) /* mode 7: a list is asked for */
            return be32(at + 4) == 0 && (s->told == 8 || s->told == 48 || s->told == 192) ? INS_YES
                                                                                          : INS_NO;
        return be16(at + 4) < 0x200 && app_fits(s, 8u + be16(at + 4) * be16(at + 6)) ? INS_YES
                                                                                     : INS_NO;
    }
    if (s->n < 48 || !is_ntp(at))
        return INS_NO;
    if (s->told == 48 || s->told == 68 || s->told == 72)
        return INS_YES;
    return s->n >= 52 && at[48] >= 1 && at[48] <= 4 && at[49] == 4 && be16(at + 50) >= 16 &&
                   be16(at + 50) <= s->told - 48
               ? INS_YES
               : INS_NO;
}

/* RFC 2131 section 2: operation, hardware, hops; the cookie of options behind 236 bytes. */
enum ins_got
app_dhcp(const struct ins_seen *s)
{
    if (s->n < 240 || s->at[0] < 1 || s->at[0] > 2 || s->at[2] > 16 || s->at[3] > 16)
        return INS_NO;
    return be32(s->at + 236) == 0x63825363 ? INS_YES : INS_NO;
}

static bool
is_dhcpv6_option(uint32_t kind)
{
    return kind >= 1 && kind <= 200;
}

/* RFC 8415 sections 8 and 9: type, transaction; a relay's has two addresses. */
enum ins_got
app_dhcpv6(const struct ins_seen *s)
{
    static const struct tiles options = {2, 2, 0, is_dhcpv6_option};
    const bool is_relayed = s->at[0] == 12 || s->at[0] == 13;
    const uint32_t from = is_relayed ? 34 : 4;

    if (s->at[0] < 1 || s->at[0] > 13 || s->n != s->told || s->n < from + 8 ||
        (is_relayed && s->at[1] > 32) || !are_tiled(&options, s->at, from, s->n))
        return INS_NO;
    for (uint32_t p = from; p < s->n; p += 4u + be16(s->at + p + 2)) {
        const uint32_t kind = be16(s->at + p), len = be16(s->at + p + 2);

        if (is_relayed
                ? kind == 9 && len >= 4 /* an identifier: type 1 to 4, RFC 8415 section 11 */
                : kind == 1 && len >= 4 && be16(s->at + p + 4) >= 1 && be16(s->at + p + 4) <= 4)
            return INS_YES;
    }
    return INS_NO;
}

/* RFC 1350 section 5: operation 1 or 2, file name, mode. */
enum ins_got
app_tftp(const struct ins_seen *s)
{
    static const char *const modes[] = {"octet", "netascii", "mail"};
    const uint8_t *at = s->at;
    uint32_t p = 2;

    if (s->n < 9 || at[0] != 0 || (at[1] != 1 && at[1] != 2))
        return INS_NO;
    while (p < s->n && at[p] >= 0x20 && at[p] != 0x7f)
        p++;
    if (p == 2 || p == s->n || at[p] != 0)
        return INS_NO;
    p++;
    for (unsigned k = 0; k < 3; k++) {
        const uint32_t len = (uint32_t)strlen(modes[k]);

        if (s->n - p > len && at[p + len] == 0 && app_has_word(at + p, len, modes[k]))
            return INS_YES;
    }
    return INS_NO;
}

/* RFC 7296 section 3.1; RFC 2408 section 3.1 for version 1. On the port of NAT traversal four zeros
 * stand before it (RFC 3948 section 2.2). */
enum ins_got
app_ike(const struct ins_seen *s)
{
    const uint32_t marker = s->n >= 32 && be32(s->at) == 0 ? 4 : 0;
    const uint8_t *at = s->at + marker;

    if (s->n < 28 + marker || be64(at) == 0 || be32(at + 24) != s->told - marker)
        return INS_NO;
    if (at[17] == 0x20)
        return ((at[18] >= 34 && at[18] <= 37) || at[18] == 43) && (at[19] & 0xc7) == 0 &&
                       (at[16] == 0 || (at[16] >= 33 && at[16] <= 54))
                   ? INS_YES
                   : INS_NO;
    return at[17] == 0x10 && (at[18] == 2 || (at[18] >= 4 && at[18] <= 6) || at[18] == 32) &&
                   at[19] <= 7 && at[16] <= 20
               ? INS_YES
               : INS_NO;
}

static bool
is_radius_attribute(uint32_t kind)
{
    return kind != 0;
}

/* RFC 2865 section 3: code, identifier, length, authenticator, attributes; RFC 5176 for 40 to 45.
 */
enum ins_got
app_radius(const struct ins_seen *s)
{
    static const struct tiles attributes = {1, 1, 2, is_radius_attribute};
    const uint8_t code = s->at[0];

    if (s->n < 23 || s->n != s->told || be16(s->at + 2) != s->told || s->told > 4096)
        return INS_NO;
    if (!((code >= 1 && code <= 5) || (code >= 11 && code <= 13) || (code >= 40 && code <= 45)))
        return INS_NO;
    return are_tiled(&attributes, s->at, 20, s->n) ? INS_YES : INS_NO;
}

/* A number of RFC 7252 section 3.1 with what it is extended by; false if that is not there. */
static bool
coap_number(const uint8_t *at, uint32_t n, uint32_t *p, uint32_t *value)
{
    if (*value == 15 || (*value == 13 && *p + 1 > n) || (*value == 14 && *p + 2 > n))
        return false;
    if (*value == 13)
        *value = 13u + at[(*p)++];
    else if (*value == 14) {
        *value = 269u + be16(at + *p);
        *p += 2;
    }
    return true;
}

/* RFC 7252 section 3: version 1, a request, options to the end or the mark of a payload; a path of
 * at least four letters in them (option 11). */
enum ins_got
app_coap(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t p, number = 0, letters = 0;

    if (s->n != s->told || s->n < 6 || at[0] >> 6 != 1 || (at[0] & 0x30) > 0x10 ||
        (at[0] & 15) > 8 || at[1] < 1 || at[1] > 4)
        return INS_NO;
    for (p = 4u + (at[0] & 15); p < s->n && at[p] != 0xff;) {
        uint32_t delta = at[p] >> 4, len = at[p] & 15;

        p++;
        if (!coap_number(at, s->n, &p, &delta) || !coap_number(at, s->n, &p, &len) ||
            len > s->n - p)
            return INS_NO;
        number += delta;
        if (number == 0 || number > 300)
            return INS_NO;
        for (uint32_t k = 0; number == 11 && k < len; k++, letters++)
            if (at[p + k] < 0x21 || at[p + k] > 0x7e)
                return INS_NO;
        p += len;
    }
    return letters >= 4 && (p == s->n || p + 1 < s->n) ? INS_YES : INS_NO;
}

static bool
is_diameter_command(uint32_t c)
{
    return c == 257 || c == 258 || c == 265 || c == 268 || (c >= 271 && c <= 275) || c == 280 ||
           c == 282 || (c >= 283 && c <= 288) || (c >= 300 && c <= 324) || c == 8388620 ||
           (c >= 8388608 && c <= 8388740);
}

/* RFC 6733 sections 3 and 4.1. */
enum ins_got
app_diameter(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t bytes;

    if (at[0] != 1 || (s->n > 4 && at[4] & 0x0f))
        return INS_NO;
    if (s->n < 28)
        return INS_MORE;
    bytes = be24(at + 1);
    return bytes % 4 == 0 && bytes >= 28 && app_fits(s, bytes) && bytes <= 1 << 20 &&
                   is_diameter_command(be24(at + 5)) && be32(at + 20) != 0 &&
                   be32(at + 20) < 10000 && (at[24] & 0x1f) == 0 && be24(at + 25) >= 8 &&
                   be24(at + 25) <= bytes - 20
               ? INS_YES
               : INS_NO;
}

/* An encoded name: 32, its letters A to P, the end or a scope. RFC 1001 section 14.1. */
static bool
is_netbios_name(const uint8_t *at, uint32_t n)
{
    if (n < 34 || at[0] != 32)
        return false;
    for (uint32_t k = 1; k <= 32; k++)
        if (at[k] < 'A' || at[k] > 'P')
            return false;
    return true;
}

/* RFC 1002 section 4.2: a name query, type 20 or 21; section 4.4: a datagram, its length without
 * the 14 bytes of its header. */
enum ins_got
app_netbios_udp(const struct ins_seen *s)
{
    const uint8_t *at = s->at;

    if (s->n < 50)
        return INS_NO;
    if (at[0] >= 0x10 && at[0] <= 0x16 && at[1] <= 0x1f && is_netbios_name(at + 14, s->n - 14))
        return app_fits(s, 14u + be16(at + 10)) ? INS_YES : INS_NO;
    if (!is_netbios_name(at + 12, s->n - 12) || be16(at + 4) + be16(at + 6) == 0 || at[45] != 0)
        return INS_NO;
    return be16(at + 46) == 0x20 || be16(at + 46) == 0x21 || be16(at + 46) == 0x0a ? INS_YES
                                                                                   : INS_NO;
}

/* memcached protocol, UDP: request, sequence 0, count, zero; then as over a stream. */
enum ins_got
app_memcached_udp(const struct ins_seen *s)
{
    static const char *const words[] = {"get ",   "gets ", "set ",    "stats",     "version",
                                        "VALUE ", "STAT ", "END\r\n", "STORED\r\n"};

    if (s->n < 13 || be16(s->at + 2) != 0 || be16(s->at + 4) == 0 || be16(s->at + 6) != 0)
        return INS_NO;
    for (unsigned k = 0; k < sizeof words / sizeof words[0]; k++)
        if (app_begins(s->at + 8, s->n - 8, words[k], (uint32_t)strlen(words[k])) == INS_YES)
            return INS_YES;
    return INS_NO;
}

/* RFC 2080 section 2.1: a prefix that is routed, its length, a metric to 16, or 255 for a next hop.
 */
static bool
is_ripng_entry(const uint8_t *at)
{
    return (at[0] >> 5 == 1 || at[0] >= 0xfc || (at[0] == 0 && at[18] == 0)) && at[18] <= 128 &&
           ((at[19] >= 1 && at[19] <= 16) || at[19] == 255);
}

/* RFC 2453 section 4: command, version, zero; the first entry: family, and a metric to 16. */
enum ins_got
app_rip(const struct ins_seen *s)
{
    const uint8_t *at = s->at;

    if (s->n < 24 || at[0] < 1 || at[0] > 2 || at[1] < 1 || at[1] > 2 || be16(at + 2) != 0 ||
        (s->told - 4) % 20 != 0)
        return INS_NO;
    if (be16(at + 4) == 0xffff)
        return at[1] == 2 && be16(at + 6) >= 1 && be16(at + 6) <= 3 ? INS_YES : INS_NO;
    if ((be16(at + 4) == 2 || be16(at + 4) == 0) && be32(at + 20) >= 1 && be32(at + 20) <= 16)
        return INS_YES;
    return at[1] == 1 && is_ripng_entry(at + 4) ? INS_YES : INS_NO;
}

static bool
is_flowset(uint32_t kind)
{
    return kind <= 1 || kind >= 256;
}

/* Version 5: records of 48 bytes; version 9 (RFC 3954): flow sets to the end. */
enum ins_got
app_netflow(const struct ins_seen *s)
{
    static const struct tiles sets = {2, 2, 4, is_flowset};
    const uint8_t *at = s->at;
    uint32_t count;

    if (s->n < 24 || at[0] != 0)
        return INS_NO;
    count = be16(at + 2);
    if (at[1] == 5)
        return count >= 1 && count <= 30 && app_fits(s, 24 + 48 * count) ? INS_YES : INS_NO;
    return at[1] == 9 && count >= 1 && count <= 512 && s->n == s->told &&
                   are_tiled(&sets, at, 20, s->n)
               ? INS_YES
               : INS_NO;
}

static bool
is_set(uint32_t kind)
{
    return kind == 2 || kind == 3 || kind >= 256;
}

/* RFC 7011 section 3.1: version 10, length, time; over a stream the first set has to be whole. */
enum ins_got
app_ipfix(const struct ins_seen *s)
{
    static const struct tiles sets = {2, 2, 4, is_set};
    const uint8_t *at = s->at;
    uint32_t bytes;

    if (at[0] != 0 || (s->n > 1 && at[1] != 10))
        return INS_NO;
    if (s->n < 20)
        return INS_MORE;
    bytes = be16(at + 2);
    if (bytes < 20 || !app_fits(s, bytes) || be32(at + 4) < 1000000000)
        return INS_NO;
    if (!app_is_stream(s))
        return s->n == s->told && are_tiled(&sets, at, 16, s->n) ? INS_YES : INS_NO;
    return (be16(at + 16) == 2 || be16(at + 16) == 3) && be16(at + 18) >= 12 &&
                   be16(at + 18) + 16u <= bytes
               ? INS_YES
               : INS_NO;
}

/* sFlow version 5: version, address, agent, sequence, time, samples; the first of a known type. */
enum ins_got
app_sflow(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t p;

    if (s->n < 36 || be32(at) != 5 || be32(at + 4) < 1 || be32(at + 4) > 2)
        return INS_NO;
    p = be32(at + 4) == 1 ? 24 : 36;
    if (s->n < p + 12)
        return INS_NO;
    return be32(at + p) >= 1 && be32(at + p) <= 256 && be32(at + p + 4) >= 1 &&
                   be32(at + p + 4) <= 5 && be32(at + p + 8) % 4 == 0 &&
                   be32(at + p + 8) <= s->told - p - 12
               ? INS_YES
               : INS_NO;
}

/* RFC 5036 sections 3.1 and 3.5: version 1, length, a router; a hello or an initialisation. */
enum ins_got
app_ldp(const struct ins_seen *s)
{
    const uint8_t *at = s->at;
    uint32_t bytes;

    if (at[0] != 0 || (s->n > 1 && at[1] != 1))
        return INS_NO;
    if (s->n < 22)
        return INS_MORE;
    bytes = be16(at + 2);
    return app_fits(s, bytes + 4u) && bytes >= 18 && be32(at + 4) != 0 && be16(at + 8) == 0 &&
                   be16(at + 10) == (app_is_stream(s) ? 0x0200 : 0x0100) &&
                   be16(at + 12) + 10u <= bytes &&
                   be16(at + 18) == (app_is_stream(s) ? 0x0500 : 0x0400)
               ? INS_YES
               : INS_NO;
}

/* DDSI-RTPS section 9.4.4: the name, version 2, a vendor. */
enum ins_got
app_rtps(const struct ins_seen *s)
{
    return s->n >= 20 && memcmp(s->at, "RTPS", 4) == 0 && s->at[4] == 2 && s->at[5] <= 9 ? INS_YES
                                                                                         : INS_NO;
}
