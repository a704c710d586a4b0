/* ssh.c - the identification of a side of SSH
 *
 * RFC 4253 section 4.2: "SSH-protoversion-softwareversion SP comments CR LF", at most 255 bytes,
 * the newline alone from old ones. A server may send lines of text before it, which must not begin
 * with "SSH-"; which side is the server is not known here, so both may.
 */
#include <string.h>

#include "ins.h"

enum {
    LINE_BYTES = 255,
    BEFORE_BYTES = 1024, /* of lines before it */
};

/* "SSH-", digits, a dot, digits, a dash, and something behind it. */
static bool
is_identification(const uint8_t *at, uint32_t n)
{
    uint32_t p = 4;

    if (n < 9 || memcmp(at, "SSH-", 4) != 0 || at[p] < '1' || at[p] > '2' || at[p + 1] != '.')
        return false;
    for (p += 2; p < n && at[p] >= '0' && at[p] <= '9'; p++)
        ;
    return p > 6 && p + 1 < n && at[p] == '-';
}

enum ins_got
ins_ssh(const uint8_t *at, uint32_t n, unsigned side, struct pavo_record_names *out)
{
    uint32_t from = 0;

    while (from < n) {
        const uint32_t some = n - from < 4 ? n - from : 4;
        const bool is_it = memcmp(at + from, "SSH-", some) == 0;
        uint32_t to = from;

        for (; to < n && at[to] != '\n'; to++)
            if ((at[to] < 0x20 && at[to] != '\r' && at[to] != '\t') || at[to] == 0x7f)
                return INS_NO;
        if (to - from >= LINE_BYTES && is_it)
            return INS_NO;
        if (to >= BEFORE_BYTES && !is_it)
            return INS_NO;
        if (to == n)
            return INS_MORE;
        if (is_it) {
            while (to > from && at[to - 1] == '\r')
                to--;
            if (!is_identification(at + from, to - from))
                return INS_NO;
            ins_text(out->banner[side], PAVO_NAME_BYTES, at + from, to - from);
            return INS_YES;
        }
        from = to + 1;
    }
    return from >= BEFORE_BYTES ? INS_NO : INS_MORE;
}
