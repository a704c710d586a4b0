/* history.c - letters of a conversation, packed */
#include "history.h"

enum { LETTER_BITS = 5, LETTERS_A_WORD = 6, SIDE_BIT = 1 << 4, TOP = 30 };

unsigned
history_count(const struct history *h)
{
    return h->words[0] >> TOP | (h->words[1] >> TOP) << 2 | (h->words[2] >> TOP) << 4;
}

/* One more: two bits of the count are at the top of each word, so what overflows there falls off.
 */
static void
count_up(struct history *h, unsigned n)
{
    const uint32_t one = UINT32_C(1) << TOP;

    h->words[0] += one;
    if ((n & 3) == 3)
        h->words[1] += one;
    if ((n & 15) == 15)
        h->words[2] += one;
}

void
history_add(struct history *h, unsigned side, enum history_letter letter)
{
    const unsigned n = history_count(h);
    const unsigned word = (n >= LETTERS_A_WORD) + (n >= 2 * LETTERS_A_WORD);
    const uint32_t code = (uint32_t)letter | (side ? SIDE_BIT : 0u);

    if (n > HISTORY_KEPT)
        return;
    count_up(h, n);
    if (n < HISTORY_KEPT)
        h->words[word] |= code << LETTER_BITS * (n - word * LETTERS_A_WORD);
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
