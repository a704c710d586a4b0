/* model.c - when flows begin and end, and their plain counters
 *
 * A packet later than the idle time of its flow's state ends that flow, a SYN of another connection
 * does, and the first packet of a new interval cuts it: in this order, before it is counted.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#include "model_tcp.h"

struct model_flow {
    struct pavo_layers first; /* packet */
    bool first_is_b;
    bool exported, turned;
    uint64_t start_ns, rule_ns, over_ns; /* of the interval; of the last packet; of the end */
    uint64_t first_ns, last_ns;          /* of the interval, by time stamps */
    uint64_t packets[2], octets[2], payload[2], packets_before[2], octets_before[2];
    uint16_t flags[2], first_flags[2];
    uint8_t ttl_min[2], ttl_max[2], tos[2];
    bool seen[2];
    uint32_t sequence;
    enum pavo_basis basis;
    bool is_new; /* its handshake is not complete */
    struct connection c;
};

static bool
port_is_service(uint16_t port) /* of those that conversations use */
{
    return port == 443;
}

static uint64_t
due(const struct model *m, const struct model_flow *f)
{
    if (f->c.is_over)
        return f->over_ns + m->times.linger;
    return f->rule_ns + (f->is_new ? m->times.idle_tcp_new : m->times.idle_tcp);
}

static void
record_put(struct model *m, struct model_flow *f, enum pavo_end reason, enum pavo_end_detail detail)
{
    const unsigned w = f->c.initiator;
    const bool same = f->first_is_b == w;
    struct pavo_record *r;

    if (m->n_records == m->room) {
        m->room = m->room ? 2 * m->room : 16;
        m->record = realloc(m->record, m->room * sizeof m->record[0]);
        if (!m->record)
            abort();
    }
    r = &m->record[m->n_records++];
    memset(r, 0, offsetof(struct pavo_record, encap));
    r->kind = f->first.kind;
    r->protocolIdentifier = f->first.proto;
    r->flowEndReason = (uint8_t)reason;
    r->endDetail = (uint8_t)detail;
    r->initiatorBasis = (uint8_t)f->basis;
    r->biflowDirection = f->basis != PAVO_BASIS_FIRST_PACKET;
    r->initiatorTurned = f->turned;
    r->flowFinal = reason != PAVO_END_ACTIVE;
    r->flowSequence = f->sequence;
    memcpy(r->sourceAddress, same ? f->first.src : f->first.dst, 16);
    memcpy(r->destinationAddress, same ? f->first.dst : f->first.src, 16);
    r->sourceTransportPort = same ? f->first.src_port : f->first.dst_port;
    r->destinationTransportPort = same ? f->first.dst_port : f->first.src_port;
    r->flowStartNanoseconds = f->first_ns;
    r->flowEndNanoseconds = f->last_ns;
    for (unsigned d = 0; d < 2; d++) {
        const unsigned s = d ^ w;

        r->packetDeltaCount[d] = f->packets[s];
        r->octetDeltaCount[d] = f->octets[s];
        r->payloadOctets[d] = f->payload[s];
        r->packetTotalCount[d] = f->packets_before[s] + f->packets[s];
        r->octetTotalCount[d] = f->octets_before[s] + f->octets[s];
        r->tcpControlBits[d] = f->flags[s];
        r->minimumTTL[d] = f->ttl_min[s];
        r->maximumTTL[d] = f->ttl_max[s];
        r->ipClassOfService[d] = f->tos[s];
    }
    connection_record(&f->c, r);
    f->exported = true;
}

static void
flow_finish(struct model *m, enum pavo_end reason, enum pavo_end_detail detail)
{
    struct model_flow *f = m->live;

    if (f->c.is_over) {
        reason = PAVO_END_DETECTED;
        detail = f->c.was_reset ? PAVO_DETAIL_TCP_RESET : PAVO_DETAIL_TCP_CLOSED;
    }
    record_put(m, f, reason, detail);
    free(f);
    m->live = NULL;
}

static void
interval_begin(struct model_flow *f, const struct pavo_packet *p)
{
    for (unsigned s = 0; s < 2; s++) {
        f->packets_before[s] += f->packets[s];
        f->octets_before[s] += f->octets[s];
        f->packets[s] = f->octets[s] = f->payload[s] = 0;
        f->flags[s] = 0;
        f->ttl_min[s] = f->ttl_max[s] = 0;
    }
    f->start_ns = p->now_ns;
    f->first_ns = f->last_ns = p->ts_ns;
    f->sequence++;
}

/* Evidence of a SYN for which side began. */
static void
evidence_take(struct model_flow *f, const struct pavo_packet *p)
{
    const unsigned flags = p->at.tcp_flags;
    const enum pavo_basis basis = (flags & F_ACK) ? PAVO_BASIS_SYNACK : PAVO_BASIS_SYN;
    const unsigned by = (flags & F_ACK) ? !p->is_b : p->is_b;

    if ((flags & (F_SYN | F_RST)) != F_SYN || basis <= f->basis)
        return;
    if (f->exported) {
        if (by != f->c.initiator)
            f->turned = true;
        return;
    }
    f->basis = basis;
    connection_turn(&f->c, by);
}

static struct model_flow *
flow_begin(const struct pavo_packet *p)
{
    struct model_flow *f = calloc(1, sizeof *f);
    const bool from_service = port_is_service(p->at.src_port);

    if (!f)
        abort();
    f->first = p->at;
    f->first_is_b = p->is_b;
    f->is_new = (p->at.tcp_flags & F_SYN) != 0;
    f->c.first = f->c.initiator = p->is_b;
    if (from_service != port_is_service(p->at.dst_port)) {
        f->basis = PAVO_BASIS_KNOWN_PORT;
        f->c.initiator = from_service ? !p->is_b : p->is_b;
    }
    interval_begin(f, p);
    f->rule_ns = p->now_ns;
    return f;
}

static bool
begins_another(const struct model_flow *f, const struct pavo_packet *p)
{
    const struct side *x = &f->c.side[p->is_b];

    if ((p->at.tcp_flags & (F_SYN | F_ACK | F_RST)) != F_SYN)
        return false;
    if (x->has_syn && x->syn_seq == p->at.tcp_seq)
        return false;
    return f->c.is_over || x->has_fin;
}

void
model_take(struct model *m, const struct pavo_packet *p)
{
    const unsigned s = p->is_b;
    struct model_flow *f = m->live;
    bool was_over;

    if (f && p->now_ns > due(m, f))
        flow_finish(m, PAVO_END_IDLE, PAVO_DETAIL_IDLE);
    else if (f && begins_another(f, p))
        flow_finish(m, PAVO_END_DETECTED, PAVO_DETAIL_TCP_REUSED);
    f = m->live;
    if (!f) {
        f = m->live = flow_begin(p);
    } else if (p->now_ns >= f->start_ns + m->times.active) {
        record_put(m, f, PAVO_END_ACTIVE, PAVO_DETAIL_ACTIVE);
        connection_cut(&f->c);
        interval_begin(f, p);
    }
    if (!f->seen[s]) {
        f->seen[s] = true;
        f->tos[s] = p->at.tos;
        f->first_flags[s] = p->at.tcp_flags;
    }
    f->packets[s]++;
    f->octets[s] += p->at.l3_len;
    f->payload[s] += p->at.payload_len;
    f->flags[s] |= p->at.tcp_flags;
    if (!f->ttl_min[s] || p->at.ttl < f->ttl_min[s])
        f->ttl_min[s] = p->at.ttl;
    if (p->at.ttl > f->ttl_max[s])
        f->ttl_max[s] = p->at.ttl;
    if (p->ts_ns < f->first_ns)
        f->first_ns = p->ts_ns;
    if (p->ts_ns > f->last_ns)
        f->last_ns = p->ts_ns;
    if (p->now_ns > f->rule_ns)
        f->rule_ns = p->now_ns;
    if ((p->at.tcp_flags & (F_SYN | F_ACK)) == F_ACK && !(p->at.tcp_flags & F_RST))
        f->is_new = false;
    evidence_take(f, p);
    was_over = f->c.is_over;
    connection_take(&f->c, p);
    if (f->c.is_over && !was_over)
        f->over_ns = p->now_ns;
}

void
model_end(struct model *m, uint64_t clock_ns)
{
    if (!m->live)
        return;
    if (clock_ns > due(m, m->live))
        flow_finish(m, PAVO_END_IDLE, PAVO_DETAIL_IDLE);
    else
        flow_finish(m, PAVO_END_FORCED, PAVO_DETAIL_CAPTURE_END);
}

void
model_reset(struct model *m)
{
    free(m->live);
    m->live = NULL;
    m->n_records = 0;
}

void
model_free(struct model *m)
{
    model_reset(m);
    free(m->record);
    m->record = NULL;
    m->room = 0;
}
