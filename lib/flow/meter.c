/* meter.c - sizes, times between packets, header fields that change */
#include <string.h>

#include "meter.h"

enum { OCTETS_MAX = 65535 };

static inline uint8_t
ecn_bit(uint8_t tos)
{
    return (uint8_t)(1u << (tos & METER_ECN));
}

/* ---- what hardly any packet needs: out of line, it costs the others no registers ---- */

void
meter_size_extreme(struct meter_side *m, uint32_t octets, uint8_t tos)
{
    const uint16_t n = (uint16_t)(octets < OCTETS_MAX ? octets : OCTETS_MAX);

    if (m->most == 0 || n < m->least)
        m->least = n;
    if (n > m->most)
        m->most = n;
    m->ecn_seen |= ecn_bit(tos); /* of the first of an interval */
}

void
meter_idle_note(struct meter_side *m, uint64_t ns)
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

void
meter_gap_extreme(struct meter_side *m, uint32_t ns)
{
    if (m->gap_behind == 0 || ns < m->gap_least)
        m->gap_least = ns;
    if (ns >= m->gap_behind)
        m->gap_behind = ns + 1;
}

/* Once it was seen to move more wildly it stays so. */
void
meter_ip_id_move(struct meter_side *m, uint16_t id)
{
    const uint16_t by = (uint16_t)(id - m->ip_id);
    unsigned n = m->ip_id_is >> METER_IP_IDS, kind = m->ip_id_is & ((1u << METER_IP_IDS) - 1), is;

    if (n > 0) {
        is = by == 0                 ? id == 0 ? PAVO_IP_ID_ZERO : PAVO_IP_ID_CONSTANT
             : by == 1               ? PAVO_IP_ID_COUNTER
             : by < METER_IP_ID_STEP ? PAVO_IP_ID_RISING
                                     : PAVO_IP_ID_RANDOM;
        if (is > kind)
            kind = is;
    }
    n += n < METER_IP_IDS_ENOUGH;
    m->ip_id_is = (uint8_t)(kind | n << METER_IP_IDS);
}

void
meter_header_note(struct meter_side *m, uint8_t ttl, uint8_t tos)
{
    m->ttl_changes = (uint16_t)(m->ttl_changes + (ttl != m->ttl && m->ttl_changes < UINT16_MAX));
    m->tos_changes = (uint16_t)(m->tos_changes + (tos != m->tos && m->tos_changes < UINT16_MAX));
    m->ecn_seen |= ecn_bit(tos);
    m->ttl = ttl;
    m->tos = tos;
}

/* ---- the packets of a side --------------------------------------------------------------------
 */

static void
first_of(struct meter_side *m, uint64_t ts_ns, uint32_t octets, uint8_t ttl, uint8_t tos)
{
    meter_size_note(m, octets, tos);
    m->burst_began_ns = ts_ns;
    m->burst = octets;
    if (octets > m->burst_most)
        m->burst_most = octets;
    m->prev_ns = ts_ns;
    m->ttl = ttl;
    m->tos = tos;
    m->ecn_seen = ecn_bit(tos);
    m->ce_marks = (tos & METER_ECN) == METER_ECN_CE;
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

void
meter_first(struct meter_side *x, const struct pavo_packet *p)
{
    if (x->prev_ns != 0) {
        x->burst_began_ns = p->ts_ns;
        meter_again(x, p);
        return;
    }
    first_of(x, p->ts_ns, p->at.l3_len, p->at.ttl, p->at.tos);
    if (p->at.has_ip_id)
        meter_ip_id_note(x, p->at.ip_id);
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
    out->ipIdBehaviour[dir] = x->ip_id_is >> METER_IP_IDS < METER_IP_IDS_ENOUGH
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
        out->ecnSeen[dir] = (uint8_t)(1u << (tos & METER_ECN));
        out->ceMarks[dir] = (tos & METER_ECN) == METER_ECN_CE;
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
