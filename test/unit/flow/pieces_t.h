/* pieces_t.h - the pieces of one datagram, remembered without bounds: what pieces.c must agree with
 */
#ifndef PAVO_PIECES_T_H
#define PAVO_PIECES_T_H

#include "pieces.h"

struct slow_pieces {
    struct {
        uint32_t from, to;
    } all[256];
    unsigned n;
    uint32_t sum, total;
};

static inline enum piece_is
slow_note(struct slow_pieces *s, uint32_t from, uint32_t bytes, bool has_more)
{
    const uint32_t to = from + bytes;
    enum piece_is is = PIECE_NEXT;

    if (bytes == 0)
        return PIECE_NEXT;
    for (unsigned i = 0; i < s->n; i++) {
        enum piece_is with = PIECE_NEXT;

        if (s->all[i].from == from && s->all[i].to == to)
            with = PIECE_DUPLICATE;
        else if (s->all[i].from < to && from < s->all[i].to)
            with = PIECE_OVERLAP;
        else if (from < s->all[i].to)
            with = PIECE_LATE;
        is = with < is ? with : is;
    }
    s->all[s->n].from = from;
    s->all[s->n++].to = to;
    s->sum += is >= PIECE_LATE ? bytes : 0;
    s->total = has_more ? s->total : to;
    return is;
}

#endif
