/* track.c - sequence numbers that rise by one from packet to packet: gaps, and what comes again
 *
 * ESP and AH (RFC 4303 and RFC 4302 section 2.2 and appendix A: with extended numbers the packet
 * has the lower 32 bits), DCCP (RFC 4340 section 7.1). Numbers are compared modulo 2^32.
 */
#include "talk.h"

enum { TRACK_WINDOW = 32 };

void
part_track_step(struct part_track *t, uint32_t sequence)
{
    const int32_t ahead = part_ahead(sequence, t->highest);
    uint32_t bit;

    if (t->seen == 0) {
        t->highest = sequence;
        t->seen = 1;
        return;
    }
    if (ahead > 0) {
        part_add(&t->lost, (uint32_t)ahead - 1);
        t->seen = ahead < TRACK_WINDOW ? t->seen << ahead | 1 : 1;
        t->highest = sequence;
        return;
    }
    part_add(&t->replayed, 1);
    if (ahead <= -TRACK_WINDOW)
        return;
    bit = UINT32_C(1) << -ahead;
    if (!(t->seen & bit) && t->lost)
        t->lost--; /* late, not lost */
    t->seen |= bit;
}
