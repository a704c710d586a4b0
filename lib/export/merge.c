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

struct pavo_record *
pavo_merge_peek(struct pavo_merge *m)
{
    struct pavo_record *oldest = NULL;

    if (m->peeked)
        return ring_peek(m->peeked);
    for (unsigned i = 0; i < m->n; i++) {
        struct pavo_record *r = ring_peek(m->rings[i]);

        if (r && (!oldest || r->made_ns < oldest->made_ns)) {
            oldest = r;
            m->peeked = m->rings[i];
        }
    }
    return oldest;
}

void
pavo_merge_pop(struct pavo_merge *m)
{
    if (!m->peeked)
        return;
    ring_pop(m->peeked);
    m->peeked = NULL;
}
