/* merge.c - the oldest record of several rings
 *
 * A linear look at the head of every ring: there are as many rings as workers, a few dozen at most,
 * and their heads are lines that the consumer has just read. Records of one ring keep their order
 * whatever their times; between rings the order is that of made_ns, ties in the order of the
 * workers. The ring that was peeked is remembered: until pop an older record may have come into
 * another one.
 */
#include "pavo_export.h"
#include "ring.h"

/* What is read next: the slot after this one is asked for whole, and of the one behind it the
 * lines that any has. */
static void
prefetch_ahead(const struct pavo_ring *ring)
{
    const struct pavo_draft *next = ring_ahead(ring, 0);
    const uint8_t *then = ring_ahead(ring, 1);

    if (next)
        for (unsigned at = PAVO_DRAFT_LEAST; at < next->bytes; at += PAVO_CACHE_LINE)
            prefetch_read((const uint8_t *)next + at);
    if (then)
        for (unsigned at = 0; at < PAVO_DRAFT_LEAST; at += PAVO_CACHE_LINE)
            prefetch_read(then + at);
}

const struct pavo_draft *
pavo_merge_peek(struct pavo_merge *m)
{
    const struct pavo_draft *oldest = NULL;

    if (m->peeked)
        return ring_peek(m->peeked);
    for (unsigned i = 0; i < m->n; i++) {
        struct pavo_ring *const ring = m->rings[i];
        const struct pavo_draft *r = ring_peek(ring);

        if (r && (!oldest || r->made_ns < oldest->made_ns)) {
            oldest = r;
            m->peeked = ring;
        }
    }
    return oldest;
}

void
pavo_merge_pop(struct pavo_merge *m)
{
    struct pavo_ring *const ring = m->peeked;

    if (!ring)
        return;
    m->peeked = NULL;
    ring_pop(ring);
    if (m->reads)
        prefetch_ahead(ring);
}
