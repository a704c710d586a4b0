/* udp_options.c - is what stands behind the UDP length an area of options? RFC 9868 section 8 */
#include "dec.h"

enum {
    KIND_END = 0,
    KIND_NOP = 1,
    KIND_FRAG = 3,
    KIND_AUTH = 9,
    KIND_EXP = 127,
    KIND_UCMP = 192,
    KIND_UENC = 193,
    KIND_UEXP = 254,
    LONG_LENGTH = 255, /* two bytes of length follow */
    OPTIONS_MAX = 64,
    ZEROS_MAX = 1024,
};

/* May an option of this kind have this length, its header counted? RFC 9868 section 10; kinds that
 * nobody has defined are not believed. */
static bool
length_fits(uint8_t kind, uint32_t len)
{
    static const uint8_t fixed[] = {[2] = 6, [4] = 4, [5] = 5, [6] = 6, [7] = 6, [8] = 10};

    if (kind == KIND_FRAG)
        return len == 10 || len == 12;
    if (kind < sizeof fixed)
        return len == fixed[kind];
    if (kind == KIND_EXP || kind == KIND_UEXP)
        return len >= 4; /* with the number of the experiment */
    return (kind == KIND_AUTH || kind == KIND_UCMP || kind == KIND_UENC) && len >= 2;
}

/* Everything behind the end of the list is zero. */
static bool
is_zero(const uint8_t *p, uint32_t n)
{
    if (n > ZEROS_MAX)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

/* The option checksum comes first, at an even distance from the UDP header; a zero byte fills the
 * gap. It is 0 only if the UDP checksum is 0. Whether it is right is not verified, as with all
 * checksums; so at least one option must be there. */
bool
dec_udp_options(const uint8_t *udp, const uint8_t *area, uint32_t n)
{
    uint32_t i = be16(udp + 4) & 1;
    unsigned real = 0;

    if (n < i + 2 || (i && area[0]))
        return false;
    if (be16(area + i) == 0 && be16(udp + 6) != 0)
        return false;
    i += 2;
    for (unsigned count = 0; i < n && count < OPTIONS_MAX; count++) {
        uint32_t len;

        if (area[i] == KIND_END)
            return real > 0 && is_zero(area + i, n - i);
        if (area[i] == KIND_NOP) {
            i++;
            continue;
        }
        if (n - i < 2)
            return false;
        len = area[i + 1];
        if (len == LONG_LENGTH)
            len = n - i < 4 ? 0 : be16(area + i + 2);
        if (len > n - i || !length_fits(area[i], len))
            return false;
        real++;
        if (area[i] == KIND_FRAG) /* a piece of user data follows, for there is none before */
            return be16(udp + 4) == 8;
        i += len;
    }
    return i == n && real > 0;
}
