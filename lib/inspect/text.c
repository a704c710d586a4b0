/* text.c - foreign bytes as text */
#include "ins.h"

size_t
ins_text(char *out, size_t room, const uint8_t *at, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        const uint8_t c = at[i];
        const bool plain = c > 0x20 && c < 0x7f && c != '\\';
        const size_t needs = plain || c == ' ' ? 1 : 4;

        if (used + needs + 1 > room)
            break;
        if (needs == 1) {
            out[used++] = (char)c;
            continue;
        }
        out[used++] = '\\';
        out[used++] = 'x';
        out[used++] = digits[c >> 4];
        out[used++] = digits[c & 15];
    }
    if (room)
        out[used] = '\0';
    return used;
}
