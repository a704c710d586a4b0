/* quick.h - the usual packet of a flow that goes on
 *
 * Nothing begins or ends with it, no rule of time or protocol has a say: numbers are added. All
 * that speaks against that is asked at once, before anything is written, and leaves the packet to
 * flow_account(), which says the same of those that are taken here, and knows the rest.
 */
#ifndef PAVO_QUICK_H
#define PAVO_QUICK_H

#include "meter.h"

/* May the rules of time do something to the flow, or have they done something rare? */
static inline bool
quick_is_due(const struct pavo_shard *s, const struct pavo_flow *f, uint64_t ts_ns)
{
    return state_lingers(f->state) || (f->flags & FLOW_LATE) || ts_ns < f->last_ns ||
           ts_ns - f->last_ns > s->idle_ns[f->state] ||
           (uint32_t)(ts_ns >> CUT_SHIFT) - f->cut < UINT32_C(1) << 31;
}

/* Is it the first of its kind, or does it change what hardly ever changes? */
static inline bool
quick_is_first(const struct pavo_flow *f, const struct pavo_packet *p, unsigned side)
{
    return f->packets[side] == 0 || f->meter == 0 ||
           (f->octets[side] == f->headers[side] && p->at.payload_len) ||
           p->at.ttl < f->ttl_min[side] || p->at.ttl > f->ttl_max[side];
}

/* False: it is not, and nothing has changed. */
static inline bool
quick_account(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p)
{
    struct pavo_flow *f = &s->flows[i];
    const unsigned side = p->is_b;
    const uint32_t headers = p->at.l3_len - p->at.payload_len;

    if (pavo_unlikely(!p->is_plain) || pavo_unlikely(quick_is_due(s, f, p->ts_ns)) ||
        pavo_unlikely(quick_is_first(f, p, side)) ||
        pavo_unlikely(f->headers[side] > UINT32_MAX - headers) || pavo_unlikely(s->cfg.parts))
        return false;
    if (f->state < STATE_TCP_NEW && (f->state != STATE_UDP || talk_concerns(f, p)))
        return false;
    if (part_is_there(f->meter))
        meter_step(pool_at(&s->meters, f->meter), p);
    if (f->state >= STATE_TCP_NEW)
        (void)tcp_step(s, i, p, p->ts_ns);
    f->packets[side]++; /* full long after 'headers' */
    f->octets[side] += p->at.l3_len;
    f->headers[side] += headers;
    f->last_ns = p->ts_ns;
    f->flags = (uint16_t)((f->flags & ~(unsigned)FLOW_LAST_B) | (side ? FLOW_LAST_B : 0));
    return true;
}

#endif
