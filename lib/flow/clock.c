/* clock.c - the event time of one source
 *
 * The clock is the highest time stamp so far. A packet within 'grace' behind it is taken as it
 * comes; an older one is late, and rules see it at 'now - grace', so that no rule ever looks
 * further back than that. Only a step of more than 'back' or 'forward' is a jump: the capture
 * continues at another time, and nothing may span the gap. A limit of 0 means that no step in that
 * direction is a jump.
 */
#include "pavo_flow.h"

bool
pavo_clock_tick_odd(struct pavo_clock *c, uint64_t ts_ns, uint64_t *now_ns)
{
    const bool first = c->now_ns == 0;
    bool jumped = false;

    if (!first && ts_ns > c->now_ns)
        jumped = c->forward_ns && ts_ns - c->now_ns > c->forward_ns;
    else if (!first)
        jumped = c->back_ns && c->now_ns - ts_ns > c->back_ns;
    c->jumps += jumped;
    if (first || jumped || ts_ns >= c->now_ns) {
        c->now_ns = ts_ns;
        *now_ns = ts_ns;
    } else if (c->now_ns - ts_ns <= c->grace_ns) {
        *now_ns = ts_ns;
    } else {
        c->late++;
        *now_ns = c->now_ns - c->grace_ns;
    }
    return jumped;
}
