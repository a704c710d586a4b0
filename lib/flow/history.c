/* history.c - letters of a conversation, packed */
#include "history.h"

enum { LETTER_BITS = 5, LETTERS_A_WORD = 6, SIDE_BIT = 1 << 4, TOP = 30 };

unsigned
history_count(const struct history *h)
{
    return h->words[0] >> TOP | (h->words[1] >> TOP) << 2 | (h->words[2] >> TOP) << 4;
}

static void
count_set(struct history *h, unsigned n)
{
    for (unsigned i = 0; i < HISTORY_WORDS; i++, n >>= 2)
        h->words[i] = (h->words[i] & ((UINT32_C(1) << TOP) - 1)) | (uint32_t)(n & 3) << TOP;
}

void
history_add(struct history *h, unsigned side, enum history_letter letter)
{
    const unsigned n = history_count(h);

    if (n > HISTORY_KEPT)
        return;
    count_set(h, n + 1);
    if (n < HISTORY_KEPT)
        h->words[n / LETTERS_A_WORD] |= ((uint32_t)letter | (side ? SIDE_BIT : 0u))
                                        << LETTER_BITS * (n % LETTERS_A_WORD);
}

void
history_spell(const struct history *h, unsigned fwd, bool turned, char *out)
{
    static const char letters[] = "SHADFRTWGIQ";
    const unsigned n = history_count(h);

    if (turned)
        *out++ = '^';
    for (unsigned i = 0; i < n && i < HISTORY_KEPT; i++) {
        const uint32_t code = h->words[i / LETTERS_A_WORD] >> LETTER_BITS * (i % LETTERS_A_WORD);
        const unsigned side = (code & SIDE_BIT) != 0;
        const char letter = letters[code % SIDE_BIT];

        *out++ = side == fwd ? letter : (char)(letter | 0x20);
    }
    if (n > HISTORY_KEPT)
        *out++ = '+';
    *out = '\0';
}
