/* meter.h - sizes of packets, times between them, header fields that change: for each side
 *
 * A flow has a meter from the second packet of one side on. What it says of the first packet of
 * each side follows from the flow's counters then, and is put in when the meter is taken; so a
 * flow of one packet and its answer needs none.
 */
#ifndef PAVO_METER_H
#define PAVO_METER_H

#include <string.h>

#include "flow.h"

enum {
    METER_ECN = 3, /* bits of the TOS octet, RFC 3168 section 5 */
    METER_ECN_CE = 3,
    METER_IP_ID_STEP = 1024, /* a counter that others use too moves by less */
    METER_IP_IDS_ENOUGH = 3,
};

/* A meter that was just taken gets what came before: at most one packet of each side. */
void meter_begin(struct meter_part *m, const struct pavo_flow *f, const struct flow_cold *c);
/* The next interval begins. */
void meter_interval(struct meter_part *m);
void meter_fill(const struct meter_part *m, unsigned fwd, struct pavo_record_meter *out);
/* The same of a record whose flow has no meter and at most one packet of each side, its first. */
void meter_fill_single(const struct pavo_record *r, struct pavo_record_meter *out);
/* Round trips of TCP, which the meter keeps. */
void meter_fill_rtt(const struct meter_part *m, unsigned fwd, struct pavo_record_tcp *out);

/* ---- another packet of a side -------------------------------------------------------------------
 *
 * Inline, for each packet of a flow that goes on has it done; what hardly any needs is not.
 */
void meter_first(struct meter_side *x, const struct pavo_packet *p); /* of the side, or interval */
void meter_size_extreme(struct meter_side *m, uint32_t octets, uint8_t tos);
void meter_idle_note(struct meter_side *m, uint64_t ns); /* the side was silent */
void meter_gap_extreme(struct meter_side *m, uint32_t ns);
void meter_header_note(struct meter_side *m, uint8_t ttl, uint8_t tos);
void meter_ip_id_move(struct meter_side *m, uint16_t id);

static inline void
meter_size_note(struct meter_side *m, uint32_t octets, uint8_t tos)
{
    if (pavo_unlikely(octets - m->least > (uint32_t)m->most - m->least))
        meter_size_extreme(m, octets, tos);
    m->squares += (uint64_t)octets * octets;
    m->bins[pavo_size_bin(octets)]++;
}

/* Of gaps that are not idle: below 100 us, 1 ms, 10 ms, 100 ms, above. Between two powers of two is
 * at most one of the limits: 'below' it the bin is n, and what is added carries into n + 1 from the
 * limit on. */
static inline unsigned
meter_gap_bin(uint32_t ns)
{
#define BIN(n)          ((uint64_t)(n) << 32)
#define BELOW(n, limit) (BIN((n) + 1) - (limit))
    static const uint64_t bins[32] = {
        [16] = BELOW(0, 100000), BIN(1), BIN(1), /* from 2^16 on */
        BELOW(1, 1000000),       BIN(2), BIN(2), BIN(2), BELOW(2, 10000000), BIN(3), BIN(3),
        BELOW(3, 100000000),     BIN(4), BIN(4), BIN(4),
    };
#undef BIN
#undef BELOW

    return (unsigned)((bins[31 - __builtin_clz(ns | 1)] + ns) >> 32);
}

static inline void
meter_gap_note(struct meter_side *m, uint64_t gap)
{
    const uint32_t ns = (uint32_t)gap;
    uint64_t us;

    if (pavo_unlikely(gap > GAP_IDLE_NS)) {
        meter_idle_note(m, gap);
        return;
    }
    if (pavo_unlikely(ns - m->gap_least >= m->gap_behind - m->gap_least))
        meter_gap_extreme(m, ns);
    m->gaps[meter_gap_bin(ns)]++;
    m->gap_sum += ns;
    us = ns / 1000;
    m->gap_squares_us += us * us;
}

/* The most bytes that a side sent within BURST_NS, counted from the first packet of a burst. A
 * burst begins, or grows beyond all others, at random: no branches. */
static inline void
meter_burst_note(struct meter_side *m, uint64_t ts_ns, uint32_t octets)
{
    const bool is_new = ts_ns - m->burst_began_ns >= BURST_NS && ts_ns > m->burst_began_ns;
    uint32_t burst = (is_new ? 0 : m->burst) + octets;

    if (pavo_unlikely(burst < octets))
        burst = UINT32_MAX;
    m->burst_began_ns = is_new ? ts_ns : m->burst_began_ns;
    m->burst = burst;
    m->burst_most = burst > m->burst_most ? burst : m->burst_most;
}

/* Two octets that stand together in the packet and in the meter. */
static inline bool
meter_is_header_new(const struct meter_side *m, const struct pavo_layers *at)
{
    _Static_assert(offsetof(struct pavo_layers, tos) == offsetof(struct pavo_layers, ttl) + 1 &&
                       offsetof(struct meter_side, tos) == offsetof(struct meter_side, ttl) + 1,
                   "TTL and TOS are compared at once");
    return memcmp(&m->ttl, &at->ttl, 2) != 0;
}

/* How the identification moves. */
static inline void
meter_ip_id_note(struct meter_side *m, uint16_t id)
{
    /* It moves as before if it moves by less than this. */
    enum { ENOUGH = METER_IP_IDS_ENOUGH << METER_IP_IDS };
    static const uint32_t beyond[] = {[ENOUGH + PAVO_IP_ID_ZERO] = 1,
                                      [ENOUGH + PAVO_IP_ID_CONSTANT] = 1,
                                      [ENOUGH + PAVO_IP_ID_COUNTER] = 2,
                                      [ENOUGH + PAVO_IP_ID_RISING] = METER_IP_ID_STEP,
                                      [ENOUGH + PAVO_IP_ID_RANDOM] = UINT16_MAX + 1};

    if (pavo_unlikely((uint16_t)(id - m->ip_id) >= beyond[m->ip_id_is]))
        meter_ip_id_move(m, id);
    m->ip_id = id;
}

/* Of a side that had one in this interval. */
static inline void
meter_again(struct meter_side *restrict x, const struct pavo_packet *restrict p)
{
    const struct pavo_layers *at = &p->at;
    const uint64_t ts_ns = p->ts_ns;
    const uint64_t gap = pavo_likely(ts_ns > x->prev_ns) ? ts_ns - x->prev_ns : 0;
    const uint32_t octets = at->l3_len;

    x->prev_ns += gap;
    if (pavo_unlikely((at->payload_len - 1 < SMALL_PAYLOAD) & (gap >= GAP_SMALL_NS)))
        x->small_packets++;
    meter_size_note(x, octets, at->tos);
    meter_gap_note(x, gap);
    meter_burst_note(x, ts_ns, octets);
    if (pavo_unlikely(meter_is_header_new(x, at)))
        meter_header_note(x, at->ttl, at->tos);
    if (pavo_unlikely((at->tos & METER_ECN) == METER_ECN_CE))
        x->ce_marks++;
    if (at->has_ip_id)
        meter_ip_id_note(x, at->ip_id);
}

/* Another packet of the side 'x'; it is not counted in its flow yet. */
static inline void
meter_step(struct meter_side *x, const struct pavo_packet *p)
{
    if (pavo_unlikely(x->prev_ns == 0) || pavo_unlikely(x->burst == 0))
        meter_first(x, p);
    else
        meter_again(x, p);
}

#endif
