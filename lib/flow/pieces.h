/* pieces.h - which pieces of one fragmented datagram were seen, in bounded memory
 *
 * A sender cuts a datagram into equal pieces and a rest, so a run of equal pieces that stand one
 * behind the other is remembered by its two ends: a datagram that came whole is two runs, in
 * whatever order. Pieces that find no room for a run of their own are not remembered; what repeats
 * or overlaps them goes unnoticed.
 *
 * Owner: the fragment memory.
 */
#ifndef PAVO_PIECES_H
#define PAVO_PIECES_H

#include "pavo_decap.h"

enum { PIECES_RUNS = 8 };

struct pieces_run {
    uint32_t from, to; /* bytes of the datagram */
    uint32_t each;     /* bytes of a piece */
};

/* All zero: none was seen. */
struct pieces {
    struct pieces_run runs[PIECES_RUNS];
    uint32_t n_runs;
    uint32_t end;   /* the highest end of a piece */
    uint32_t bytes; /* of pieces that neither repeated nor overlapped others */
    uint32_t total; /* where the last piece ended; 0: it was not seen */
};

/* What a piece is, compared with those that came before it. The first that is true. */
enum piece_is {
    PIECE_DUPLICATE, /* one of them has the same offset and length */
    PIECE_OVERLAP,   /* it shares bytes with one */
    PIECE_LATE,      /* it stands before one */
    PIECE_NEXT,
};

/* pieces_note - remembers a piece, and says what it is. One without bytes is PIECE_NEXT. */
enum piece_is pieces_note(struct pieces *s, const struct pavo_fragment *piece);

/* pieces_are_whole - was every byte up to the last seen, none of them twice? */
static inline bool
pieces_are_whole(const struct pieces *s)
{
    return s->total != 0 && s->bytes == s->total;
}

#endif
