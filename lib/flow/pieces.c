/* pieces.c - which pieces of one fragmented datagram were seen */
#include "pieces.h"

enum { BYTES_MAX = 65535 };

static enum piece_is
piece_compare(const struct pieces *s, uint32_t from, uint32_t to)
{
    bool overlaps = false;

    for (uint32_t i = 0; i < s->n_runs; i++) {
        const struct pieces_run *r = &s->runs[i];

        if (to <= r->from || from >= r->to)
            continue;
        if (to - from == r->each && from >= r->from && (from - r->from) % r->each == 0)
            return PIECE_DUPLICATE;
        overlaps = true;
    }
    if (overlaps)
        return PIECE_OVERLAP;
    return from < s->end ? PIECE_LATE : PIECE_NEXT;
}

/* Joins the run 'i', which has grown, with one of equal pieces that it now touches. */
static void
run_join(struct pieces *s, uint32_t i)
{
    struct pieces_run *r = &s->runs[i];

    for (uint32_t k = 0; k < s->n_runs; k++) {
        const struct pieces_run *other = &s->runs[k];

        if (k == i || other->each != r->each || (other->to != r->from && other->from != r->to))
            continue;
        if (other->to == r->from)
            r->from = other->from;
        else
            r->to = other->to;
        s->runs[k] = s->runs[--s->n_runs];
        return;
    }
}

static void
piece_keep(struct pieces *s, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < s->n_runs; i++) {
        struct pieces_run *r = &s->runs[i];

        if (r->each != to - from || (r->to != from && r->from != to))
            continue;
        if (r->to == from)
            r->to = to;
        else
            r->from = from;
        run_join(s, i);
        return;
    }
    if (s->n_runs < PIECES_RUNS)
        s->runs[s->n_runs++] = (struct pieces_run){.from = from, .to = to, .each = to - from};
}

enum piece_is
pieces_note(struct pieces *s, const struct pavo_fragment *piece)
{
    const uint32_t n = piece->bytes < BYTES_MAX ? piece->bytes : BYTES_MAX;
    const uint32_t from = piece->offset, to = from + n;
    enum piece_is is;

    if (n == 0)
        return PIECE_NEXT;
    is = piece_compare(s, from, to);
    if (is != PIECE_DUPLICATE)
        piece_keep(s, from, to);
    if (is == PIECE_LATE || is == PIECE_NEXT)
        s->bytes += n;
    if (to > s->end)
        s->end = to;
    if (!piece->has_more)
        s->total = to;
    return is;
}
