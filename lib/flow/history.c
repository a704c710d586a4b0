/* history.c - letters of a conversation, packed */
#include "history.h"

unsigned
history_count(const struct history *h)
{
    const uint64_t low = h->words[0] | (uint64_t)h->words[1] << 32;
    const unsigned bits = h->words[2] ? 96 - (unsigned)__builtin_clz(h->words[2])
                          : low       ? 64 - (unsigned)__builtin_clzll(low)
                                      : 0;

    return (bits + HISTORY_BITS - 1) / HISTORY_BITS;
}

void
history_spell(const struct history *h, unsigned fwd, bool turned, char *out)
{
    static const char letters[] = "?SHADFRTWGIQ????";
    const unsigned all = history_count(h);
    uint64_t low = h->words[0] | (uint64_t)h->words[1] << 32, high = h->words[2];
    unsigned n = all;

    _Static_assert(sizeof letters == HISTORY_SIDE + 1, "one for each number");
    if (turned)
        *out++ = '^';
    if (n > HISTORY_KEPT) {
        n = HISTORY_KEPT;
        out[n] = '+';
        low = low >> HISTORY_BITS | high << (64 - HISTORY_BITS);
        high >>= HISTORY_BITS;
    }
    out[all] = '\0';
    while (n--) {
        const unsigned side = (low & HISTORY_SIDE) != 0;

        out[n] = (char)(letters[low % HISTORY_SIDE] | (side ^ fwd) << 5); /* 0x20: a small letter */
        low = low >> HISTORY_BITS | high << (64 - HISTORY_BITS);
        high >>= HISTORY_BITS;
    }
}
