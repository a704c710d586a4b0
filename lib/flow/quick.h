/* quick.h - the usual packet of a flow that goes on
 *
 * Nothing begins or ends with it, no rule of time or protocol has a say: numbers are added. All
 * that speaks against that is asked at once, before anything is written, and leaves the packet to
 * flow_account(), which says the same of those that are taken here, and knows the rest. What can be
 * said of all packets to come it has said already, by flow.quick.
 */
#ifndef PAVO_QUICK_H
#define PAVO_QUICK_H

#include "meter.h"

/* May the rules of time do something to the flow? */
static inline bool
quick_is_due(const struct pavo_shard *s, const struct pavo_flow *f, uint64_t ts_ns)
{
    return state_lingers(f->state) ||
           ts_ns - f->last_ns > s->idle_ns[f->state] || /* also of a packet out of order */
           (uint32_t)(ts_ns >> CUT_SHIFT) - f->cut < UINT32_C(1) << 31;
}

/* Does it change what hardly ever changes? */
static inline bool
quick_is_rare(const struct pavo_flow *f, const struct pavo_packet *p, size_t side)
{
    return p->at.ttl < f->ttl_min[side] || p->at.ttl > f->ttl_max[side] ||
           (f->state == STATE_UDP && talk_may_begin(p));
}

/* The sides whose next packets quick.h may take: what it does not ask of each packet. */
static inline unsigned
quick_sides(const struct pavo_shard *s, const struct pavo_flow *f)
{
    const bool is_rated = !initiator_may_ask(f);
    unsigned sides = 0;

    if (f->meter == 0 || s->cfg.parts || (f->flags & FLOW_LATE) || f->state < STATE_UDP ||
        f->state == STATE_ICMP || (f->state == STATE_UDP && f->detail))
        return 0;
    for (unsigned side = 0; side < 2; side++)
        if (f->packets[side] && (is_rated || f->octets[side] != f->headers[side]))
            sides |= 1u << side; /* its payload can't tell any more who began */
    return sides;
}

/* False: it is not, and nothing has changed. */
static inline __attribute__((always_inline)) bool
quick_account(struct pavo_shard *s, struct pavo_flow *f, uint32_t i, const struct pavo_packet *p)
{
    const size_t side = p->is_b;
    const uint32_t octets = p->at.l3_len, before = f->headers[side];
    const uint32_t headers = before + (octets - p->at.payload_len);

    if (pavo_unlikely(!(f->quick >> side & p->is_plain)) ||
        pavo_unlikely(quick_is_due(s, f, p->ts_ns)) || pavo_unlikely(headers < before) ||
        pavo_unlikely(quick_is_rare(f, p, side)))
        return false;
    f->packets[side]++; /* full long after 'headers' */
    f->octets[side] += octets;
    f->headers[side] = headers;
    f->last_ns = p->ts_ns;
    f->flags = (uint16_t)((f->flags & ~(unsigned)FLOW_LAST_B) | (unsigned)side * FLOW_LAST_B);
    if (part_is_there(f->meter)) {
        struct meter_part *m = pool_at(&s->meters, f->meter);

        meter_step(address_kept(&m->side[side]), p);
    }
    if (f->state >= STATE_TCP_NEW)
        (void)tcp_step(s, i, p, p->ts_ns);
    return true;
}

#endif
