/* history.h - what happened in a conversation, in letters
 *
 * Zeek's letters: those of the initiator are capitals, '^' in front says that the other side sent
 * the first packet. Kept by endpoint of the key, five bits each, and spelled when a record is made,
 * for who is the initiator may be known only later.
 */
#ifndef PAVO_HISTORY_H
#define PAVO_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

/* Letters; also bits of the mask of those that a side has had. */
enum history_letter {
    HISTORY_S = 0, /* SYN */
    HISTORY_H,     /* SYN+ACK */
    HISTORY_A,     /* ACK alone */
    HISTORY_D,     /* payload */
    HISTORY_F,     /* FIN */
    HISTORY_R,     /* RST */
    HISTORY_T,     /* retransmission */
    HISTORY_W,     /* window of zero */
    HISTORY_G,     /* missed bytes */
    HISTORY_I,     /* FIN and RST */
    HISTORY_Q,     /* SYN with FIN or RST */
    HISTORY_LETTERS
};

enum { HISTORY_KEPT = 18, HISTORY_BITS = 5, HISTORY_SIDE = 1 << 4 };

/* The last letter lowest: its number + 1, which is not 0, and HISTORY_SIDE if it is endpoint b's.
 * One more than are kept is that there were more. */
struct history {
    uint32_t words[3];
};

/* Adds a letter of endpoint 'side'; what is beyond HISTORY_KEPT only counts as more. */
static inline void
history_add(struct history *h, unsigned side, enum history_letter letter)
{
    const uint64_t low = h->words[0] | (uint64_t)h->words[1] << 32;
    const uint64_t more = low << HISTORY_BITS | (side * HISTORY_SIDE + letter + 1);

    if (h->words[2] >> (HISTORY_KEPT * HISTORY_BITS - 64))
        return;
    h->words[0] = (uint32_t)more;
    h->words[1] = (uint32_t)(more >> 32);
    h->words[2] = h->words[2] << HISTORY_BITS | (uint32_t)(low >> (64 - HISTORY_BITS));
}

/* How many letters there are; HISTORY_KEPT + 1: more than fit. */
unsigned history_count(const struct history *h);
/* Spells them, with a NUL. 'fwd': the endpoint that is the initiator; 'turned': the other one sent
 * the first packet. At most HISTORY_KEPT + 2 letters. */
void history_spell(const struct history *h, unsigned fwd, bool turned, char *out);

#endif
