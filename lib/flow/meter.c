/* meter.c - sizes, times between packets, header fields that change */
#include <string.h>

#include "meter.h"

enum { ECN_MASK = 3, ECN_CE = 3, IP_ID_STEP = 1024, OCTETS_MAX = 65535 };

/* Up to 64, 128, 256, 512, 1024, 1280, 1500 bytes, and above. */
static unsigned
size_bin(uint32_t octets)
{
    if (octets <= 256)
        return octets <= 64 ? 0 : octets <= 128 ? 1 : 2;
    if (octets <= 1024)
        return octets <= 512 ? 3 : 4;
    return octets <= 1280 ? 5 : octets <= 1500 ? 6 : 7;
}

/* Below 100 us, 1 ms, 10 ms, 100 ms, up to 1 s; up to 10 s, 60 s, above. */
static unsigned
gap_bin(uint64_t ns)
{
    if (ns < 10000000)
        return ns < 100000 ? 0 : ns < 1000000 ? 1 : 2;
    if (ns <= GAP_IDLE_NS)
        return ns < 100000000 ? 3 : 4;
    return ns <= UINT64_C(10000000000) ? 5 : ns <= UINT64_C(60000000000) ? 6 : 7;
}

static void
size_note(struct meter_side *m, uint32_t octets)
{
    const uint16_t n = (uint16_t)(octets < OCTETS_MAX ? octets : OCTETS_MAX);

    if (m->most == 0 || n < m->least)
        m->least = n;
    if (n > m->most)
        m->most = n;
    m->squares += (uint64_t)octets * octets;
    m->bins[size_bin(octets)]++;
}

static void
gap_note(struct meter_side *m, uint64_t ns)
{
    m->gaps[gap_bin(ns)]++;
    if (pavo_likely(ns <= GAP_IDLE_NS)) {
        const uint64_t us = ns / 1000;

        if (~(uint32_t)ns > m->gap_least_not)
            m->gap_least_not = ~(uint32_t)ns;
        if (ns > m->gap_max)
            m->gap_max = (uint32_t)ns;
        m->gap_sum += ns;
        m->gap_squares_us += us * us;
    } else {
        m->idle_sum += ns;
        if (ns > m->idle_max)
            m->idle_max = ns;
    }
}

/* The most bytes that a side sent within BURST_NS, counted from the first packet of a burst. */
static void
burst_note(struct meter_side *m, uint64_t ts_ns, uint32_t octets)
{
    if (ts_ns >= m->burst_began_ns + BURST_NS || m->burst == 0) {
        m->burst_began_ns = ts_ns;
        m->burst = 0;
    }
    m->burst = m->burst > UINT32_MAX - octets ? UINT32_MAX : m->burst + octets;
    if (m->burst > m->burst_most)
        m->burst_most = m->burst;
}

/* How the identification moves; once it was seen to move more wildly it stays so. */
static void
ip_id_note(struct meter_side *m, uint16_t id)
{
    const uint16_t by = (uint16_t)(id - m->ip_id);
    uint8_t kind;

    if (m->n_ip_id > 0) {
        kind = by == 0           ? id == 0 ? PAVO_IP_ID_ZERO : PAVO_IP_ID_CONSTANT
               : by == 1         ? PAVO_IP_ID_COUNTER
               : by < IP_ID_STEP ? PAVO_IP_ID_RISING
                                 : PAVO_IP_ID_RANDOM;
        if (kind > m->ip_id_kind)
            m->ip_id_kind = kind;
    }
    m->ip_id = id;
    m->n_ip_id += m->n_ip_id < 3;
}

static void
first_note(struct meter_side *m, uint64_t ts_ns, uint32_t octets, uint8_t ttl, uint8_t tos)
{
    size_note(m, octets);
    burst_note(m, ts_ns, octets);
    m->prev_ns = ts_ns;
    m->ttl = ttl;
    m->tos = tos;
    m->ecn_seen = (uint8_t)(1u << (tos & ECN_MASK));
    m->ce_marks = (tos & ECN_MASK) == ECN_CE;
}

void
meter_begin(struct meter_part *m, const struct pavo_flow *f, const struct flow_cold *c)
{
    for (unsigned side = 0; side < 2; side++) {
        const bool was_last = ((f->flags & FLOW_LAST_B) != 0) == (side != 0);

        if (f->packets[side])
            first_note(&m->side[side], was_last ? f->last_ns : c->first_ns,
                       (uint32_t)f->octets[side], f->ttl_max[side], c->tos[side]);
    }
}

void
meter_step(struct meter_part *m, const struct pavo_packet *p)
{
    struct meter_side *x = &m->side[p->is_b];
    const uint8_t tos = p->at.tos, ttl = p->at.ttl;

    if (pavo_unlikely(x->prev_ns == 0)) {
        first_note(x, p->ts_ns, p->at.l3_len, ttl, tos);
    } else {
        const uint64_t gap = p->ts_ns > x->prev_ns ? p->ts_ns - x->prev_ns : 0;

        size_note(x, p->at.l3_len);
        gap_note(x, gap);
        burst_note(x, p->ts_ns, p->at.l3_len);
        x->prev_ns += gap;
        if (p->at.payload_len && p->at.payload_len <= SMALL_PAYLOAD && gap >= GAP_SMALL_NS)
            x->small_packets++;
        x->ttl_changes =
            (uint16_t)(x->ttl_changes + (ttl != x->ttl && x->ttl_changes < UINT16_MAX));
        x->tos_changes =
            (uint16_t)(x->tos_changes + (tos != x->tos && x->tos_changes < UINT16_MAX));
        x->ecn_seen |= (uint8_t)(1u << (tos & ECN_MASK));
        x->ce_marks += (tos & ECN_MASK) == ECN_CE;
        x->ttl = ttl;
        x->tos = tos;
    }
    if (p->at.has_ip_id)
        ip_id_note(x, p->at.ip_id);
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
        x->ip_id_kind = was.ip_id_kind;
        x->ip_id = was.ip_id;
        x->n_ip_id = was.n_ip_id;
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
    out->gapMin_ns[dir] = x->gap_least_not ? ~x->gap_least_not : 0;
    out->gapMax_ns[dir] = x->gap_max;
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
    out->ipIdBehaviour[dir] = x->n_ip_id < 3 ? PAVO_IP_ID_UNKNOWN : x->ip_id_kind;
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
        out->packetBins[dir][size_bin(octets)] = 1;
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
