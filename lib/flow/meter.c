/* meter.c - sizes, times between packets, header fields that change */
#include <string.h>

#include "meter.h"

enum { ECN_MASK = 3, ECN_CE = 3, IP_ID_STEP = 1024, IP_IDS_ENOUGH = 3, OCTETS_MAX = 65535 };

/* Of gaps that are not idle: below 100 us, 1 ms, 10 ms, 100 ms, above. Between two powers of two is
 * at most one of the limits: 'below' it the bin is n, and what is added carries into n + 1 from the
 * limit on. */
static unsigned
gap_bin(uint32_t ns)
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

static inline uint8_t
ecn_bit(uint8_t tos)
{
    return (uint8_t)(1u << (tos & ECN_MASK));
}

static __attribute__((noinline)) void
size_extreme(struct meter_side *m, uint32_t octets, uint8_t tos)
{
    const uint16_t n = (uint16_t)(octets < OCTETS_MAX ? octets : OCTETS_MAX);

    if (m->most == 0 || n < m->least)
        m->least = n;
    if (n > m->most)
        m->most = n;
    m->ecn_seen |= ecn_bit(tos); /* of the first of an interval */
}

/* Out of line: what hardly any packet needs must cost the others no registers. */
static inline void
size_note(struct meter_side *m, uint32_t octets, uint8_t tos)
{
    if (pavo_unlikely(octets - m->least > (uint32_t)m->most - m->least || m->most == 0))
        size_extreme(m, octets, tos);
    m->squares += (uint64_t)octets * octets;
    m->bins[pavo_size_bin(octets)]++;
}

/* A side that was silent: up to 10 s, 60 s, above. */
static __attribute__((noinline)) void
idle_note(struct meter_side *m, uint64_t ns)
{
    if (ns <= UINT64_C(10000000000)) {
        m->gaps[METER_GAPS - 1]++;
    } else {
        uint16_t *n = &m->pauses[ns > UINT64_C(60000000000)];

        *n = (uint16_t)(*n + (*n < UINT16_MAX));
    }
    m->idle_sum += ns;
    if (ns > m->idle_max)
        m->idle_max = ns;
}

static __attribute__((noinline)) void
gap_extreme(struct meter_side *m, uint32_t ns)
{
    if (m->gap_behind == 0 || ns < m->gap_least)
        m->gap_least = ns;
    if (ns >= m->gap_behind)
        m->gap_behind = ns + 1;
}

static inline void
gap_note(struct meter_side *m, uint64_t gap)
{
    const uint32_t ns = (uint32_t)gap;
    uint64_t us;

    if (pavo_unlikely(gap > GAP_IDLE_NS)) {
        idle_note(m, gap);
        return;
    }
    if (pavo_unlikely(ns - m->gap_least >= m->gap_behind - m->gap_least))
        gap_extreme(m, ns);
    m->gaps[gap_bin(ns)]++;
    m->gap_sum += ns;
    us = ns / 1000;
    m->gap_squares_us += us * us;
}

/* The most bytes that a side sent within BURST_NS, counted from the first packet of a burst. */
static inline void
burst_note(struct meter_side *m, uint64_t ts_ns, uint32_t octets)
{
    uint32_t burst = m->burst;

    if (ts_ns >= m->burst_began_ns + BURST_NS || burst == 0) {
        m->burst_began_ns = ts_ns;
        burst = octets;
    } else {
        burst = pavo_unlikely(burst > UINT32_MAX - octets) ? UINT32_MAX : burst + octets;
    }
    m->burst = burst;
    if (burst > m->burst_most)
        m->burst_most = burst;
}

/* How the identification moves; once it was seen to move more wildly it stays so. */
static __attribute__((noinline)) void
ip_id_move(struct meter_side *m, uint16_t id)
{
    const uint16_t by = (uint16_t)(id - m->ip_id);
    unsigned n = m->ip_id_is >> METER_IP_IDS, kind = m->ip_id_is & ((1u << METER_IP_IDS) - 1), is;

    if (n > 0) {
        is = by == 0           ? id == 0 ? PAVO_IP_ID_ZERO : PAVO_IP_ID_CONSTANT
             : by == 1         ? PAVO_IP_ID_COUNTER
             : by < IP_ID_STEP ? PAVO_IP_ID_RISING
                               : PAVO_IP_ID_RANDOM;
        if (is > kind)
            kind = is;
    }
    n += n < IP_IDS_ENOUGH;
    m->ip_id_is = (uint8_t)(kind | n << METER_IP_IDS);
}

static inline void
ip_id_note(struct meter_side *m, uint16_t id)
{
    /* It moves as before if it moves by less than this. */
    enum { ENOUGH = IP_IDS_ENOUGH << METER_IP_IDS };
    static const uint32_t beyond[] = {[ENOUGH + PAVO_IP_ID_ZERO] = 1,
                                      [ENOUGH + PAVO_IP_ID_CONSTANT] = 1,
                                      [ENOUGH + PAVO_IP_ID_COUNTER] = 2,
                                      [ENOUGH + PAVO_IP_ID_RISING] = IP_ID_STEP,
                                      [ENOUGH + PAVO_IP_ID_RANDOM] = UINT16_MAX + 1};

    if (pavo_unlikely((uint16_t)(id - m->ip_id) >= beyond[m->ip_id_is]))
        ip_id_move(m, id);
    m->ip_id = id;
}

static void
first_of(struct meter_side *m, uint64_t ts_ns, uint32_t octets, uint8_t ttl, uint8_t tos)
{
    size_note(m, octets, tos);
    burst_note(m, ts_ns, octets);
    m->prev_ns = ts_ns;
    m->ttl = ttl;
    m->tos = tos;
    m->ecn_seen = ecn_bit(tos);
    m->ce_marks = (tos & ECN_MASK) == ECN_CE;
}

void
meter_begin(struct meter_part *m, const struct pavo_flow *f, const struct flow_cold *c)
{
    for (unsigned side = 0; side < 2; side++) {
        const bool was_last = ((f->flags & FLOW_LAST_B) != 0) == (side != 0);

        if (f->packets[side])
            first_of(&m->side[side], was_last ? f->last_ns : c->first_ns, (uint32_t)f->octets[side],
                     f->ttl_max[side], c->tos[side]);
    }
}

static __attribute__((noinline)) void
first_note(struct meter_side *m, const struct pavo_packet *p)
{
    first_of(m, p->ts_ns, p->at.l3_len, p->at.ttl, p->at.tos);
}

static __attribute__((noinline)) void
header_note(struct meter_side *m, uint8_t ttl, uint8_t tos)
{
    m->ttl_changes = (uint16_t)(m->ttl_changes + (ttl != m->ttl && m->ttl_changes < UINT16_MAX));
    m->tos_changes = (uint16_t)(m->tos_changes + (tos != m->tos && m->tos_changes < UINT16_MAX));
    m->ecn_seen |= ecn_bit(tos);
    m->ttl = ttl;
    m->tos = tos;
}

/* Two octets that stand together in the packet and in the meter. */
static inline bool
is_header_new(const struct meter_side *m, const struct pavo_layers *at)
{
    _Static_assert(offsetof(struct pavo_layers, tos) == offsetof(struct pavo_layers, ttl) + 1 &&
                       offsetof(struct meter_side, tos) == offsetof(struct meter_side, ttl) + 1,
                   "TTL and TOS are compared at once");
    return memcmp(&m->ttl, &at->ttl, 2) != 0;
}

void
meter_side_step(struct meter_side *restrict x, const struct pavo_packet *restrict p)
{
    const struct pavo_layers *at = &p->at;
    const uint64_t ts_ns = p->ts_ns;
    const uint32_t octets = at->l3_len;

    if (pavo_unlikely(x->prev_ns == 0)) {
        first_note(x, p);
    } else {
        const uint64_t gap = pavo_likely(ts_ns > x->prev_ns) ? ts_ns - x->prev_ns : 0;

        x->prev_ns += gap;
        if (pavo_unlikely(at->payload_len - 1 < SMALL_PAYLOAD) && gap >= GAP_SMALL_NS)
            x->small_packets++;
        size_note(x, octets, at->tos);
        gap_note(x, gap);
        burst_note(x, ts_ns, octets);
        if (pavo_unlikely(is_header_new(x, at)))
            header_note(x, at->ttl, at->tos);
        if (pavo_unlikely((at->tos & ECN_MASK) == ECN_CE))
            x->ce_marks++;
    }
    if (at->has_ip_id)
        ip_id_note(x, at->ip_id);
}

void
meter_interval(struct meter_part *m)
{
    for (unsigned side = 0; side < 2; side++) {
        struct meter_side *x = &m->side[side];
        const struct meter_side was = *x;

        memset(x, 0, sizeof *x);
        x->prev_ns = was.prev_ns;
        x->ttl = was.ttl;
        x->tos = was.tos;
        x->ip_id_is = was.ip_id_is;
        x->ip_id = was.ip_id;
        x->rtt_is = was.rtt_is;
        x->rtt_end = was.rtt_end;
        x->rtt_ts = was.rtt_ts;
        x->rtt_at_ns = was.rtt_at_ns;
    }
}

static void
side_fill(const struct meter_side *x, unsigned dir, struct pavo_record_meter *out)
{
    out->minimumPacket[dir] = x->least;
    out->maximumPacket[dir] = x->most;
    out->packetSquares[dir] = x->squares;
    memcpy(out->packetBins[dir], x->bins, sizeof x->bins);
    memcpy(out->gapBins[dir], x->gaps, sizeof x->gaps);
    for (unsigned i = 0; i < METER_PAUSES; i++)
        out->gapBins[dir][METER_GAPS + i] = x->pauses[i];
    out->gapMin_ns[dir] = x->gap_least;
    out->gapMax_ns[dir] = x->gap_behind ? x->gap_behind - 1 : 0;
    out->gapSum_ns[dir] = x->gap_sum;
    out->gapSquares_us[dir] = x->gap_squares_us;
    out->idleSum_ns[dir] = x->idle_sum;
    out->idleMax_ns[dir] = x->idle_max;
    out->smallPackets[dir] = x->small_packets;
    out->burstOctets[dir] = x->burst_most;
    out->ceMarks[dir] = x->ce_marks;
    out->ttlChanges[dir] = x->ttl_changes;
    out->tosChanges[dir] = x->tos_changes;
    out->ecnSeen[dir] = x->ecn_seen;
    out->dscpLast[dir] = x->tos >> 2;
    out->ipIdBehaviour[dir] = x->ip_id_is >> METER_IP_IDS < IP_IDS_ENOUGH
                                  ? PAVO_IP_ID_UNKNOWN
                                  : x->ip_id_is & ((1u << METER_IP_IDS) - 1);
}

void
meter_fill(const struct meter_part *m, unsigned fwd, struct pavo_record_meter *out)
{
    side_fill(&m->side[fwd], 0, out);
    side_fill(&m->side[!fwd], 1, out);
}

void
meter_fill_single(const struct pavo_record *r, struct pavo_record_meter *out)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        const uint32_t octets = (uint32_t)r->octetDeltaCount[dir];
        const uint8_t tos = r->ipClassOfService[dir];

        if (r->packetDeltaCount[dir] == 0)
            continue;
        out->minimumPacket[dir] = out->maximumPacket[dir] =
            (uint16_t)(octets < OCTETS_MAX ? octets : OCTETS_MAX);
        out->packetSquares[dir] = (uint64_t)octets * octets;
        out->packetBins[dir][pavo_size_bin(octets)] = 1;
        out->burstOctets[dir] = octets;
        out->ecnSeen[dir] = (uint8_t)(1u << (tos & ECN_MASK));
        out->ceMarks[dir] = (tos & ECN_MASK) == ECN_CE;
        out->dscpLast[dir] = tos >> 2;
    }
}

void
meter_fill_rtt(const struct meter_part *m, unsigned fwd, struct pavo_record_tcp *out)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        const struct meter_side *x = &m->side[dir ^ fwd];

        out->rttSamples[dir] = x->rtt_n;
        out->rttMin_ns[dir] = x->rtt_min;
        out->rttMax_ns[dir] = x->rtt_max;
        out->rttSum_ns[dir] = x->rtt_sum;
    }
}
