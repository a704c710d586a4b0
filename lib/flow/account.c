/* account.c - what a packet does to its flow
 *
 * The rules of time, in this order: a packet later than the idle time of its flow's state ends that
 * flow (a closed TCP flow: later than its linger), a SYN of a new connection ends a closed one, and
 * the first packet at or after the interval's start + active cuts the interval. Only then it is
 * counted. Each rule compares the packet with what earlier packets of the same flow left, and
 * nothing else: neither the shard's clock nor the sweep. So the records of a flow are a function of
 * its packets.
 */
#include <string.h>

#include "flow.h"

/* A packet that rules see later than its time stamp. */
static inline void
late_note(struct pavo_flow *f, struct flow_cold *c, uint64_t now_ns)
{
    if (!(f->flags & FLOW_LATE) || now_ns > c->late_ns)
        c->late_ns = now_ns;
    f->flags |= FLOW_LATE;
}

/* The interval that starts at 'now_ns'. */
static void
interval_begin(const struct pavo_shard *s, struct pavo_flow *f, struct flow_cold *c, uint64_t ts_ns,
               uint64_t now_ns)
{
    f->octets[0] = f->octets[1] = 0;
    f->payload[0] = f->payload[1] = 0;
    f->packets[0] = f->packets[1] = 0;
    f->tcp_flags[0] = f->tcp_flags[1] = 0;
    f->ttl_min[0] = f->ttl_min[1] = 0;
    f->ttl_max[0] = f->ttl_max[1] = 0;
    f->why = 0;
    f->flags &= (uint16_t)~FLOW_CUT_LATE;
    f->last_ns = ts_ns;
    f->cut = (uint32_t)((now_ns + s->active_ns) >> CUT_SHIFT);
    c->first_ns = ts_ns;
    c->start_ns = now_ns;
    c->fragments[0] = c->fragments[1] = 0;
    c->icmp_errors = 0;
    if (now_ns != ts_ns)
        late_note(f, c, now_ns);
}

static uint8_t
state_at_begin(const struct pavo_packet *p)
{
    const struct pavo_key *k = &p->key;

    if (k->is_fragment || (k->kind != PAVO_KIND_IP4 && k->kind != PAVO_KIND_IP6))
        return STATE_OTHER;
    if (key_is_icmp(k))
        return STATE_ICMP;
    switch (k->proto) {
    case PROTO_TCP: /* without a SYN it began before the capture did */
        return p->at.has_tcp && (p->at.tcp_flags & TCP_SYN) ? STATE_TCP_NEW : STATE_TCP_OPEN;
    case PROTO_UDP:
    case PROTO_UDPLITE:
        return STATE_UDP;
    default:
        return STATE_OTHER;
    }
}

void
flow_begin(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];
    struct flow_cold *c = &s->cold[i];
    enum pavo_basis basis;
    bool by_b;

    f->key = p->key;
    f->state = state_at_begin(p);
    basis = initiator_of(p, &by_b);
    f->flags = (uint16_t)((unsigned)basis << FLOW_BASIS_SHIFT | (by_b ? FLOW_FWD_B : 0) |
                          (p->is_b ? FLOW_FIRST_B : 0) | (p->at.has_ports ? FLOW_PORTS : 0));
    memset(c, 0, sizeof *c);
    interval_begin(s, f, c, p->ts_ns, now_ns);
    c->sequence = 1;
    c->source = p->source;
    c->ethertype = p->at.ethertype;
    c->named = p->at.named;
    c->flow_label = p->at.flow_label;
    if (p->at.has_mac) {
        f->flags |= FLOW_MAC;
        memcpy(c->mac[p->is_b], p->at.src_mac, 6);
        memcpy(c->mac[!p->is_b], p->at.dst_mac, 6);
    }
    if (p->key.kind == PAVO_KIND_ARP)
        c->u.arp_op = p->at.arp_op;
    else if (f->state == STATE_ICMP && p->at.quote.kind)
        c->u.icmp.quote = p->at.quote;
    if (p->at.n_layers) {
        c->encap = encap_take(&s->encap, p->at.layers, p->at.n_layers, &c->encap_port);
        if (c->encap == ENCAP_LOST)
            pavo_stat_add(&s->stats.encap_full, 1);
    }
    pavo_stat_add(&s->stats.flows_made, 1);
}

/* An interim record of the interval so far, and the next interval. False, and no change, if there
 * is no room for it. */
static bool
interval_cut(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];
    struct flow_cold *c = &s->cold[i];

    ended_drain(s);
    if (s->ended_first || !record_put(s, i, PAVO_END_ACTIVE, PAVO_DETAIL_ACTIVE))
        return false;
    if (!(f->flags & FLOW_EXPORTED)) {
        c->id = hash_word(key_fixed_hash(&f->key), c->first_ns); /* as record_fill() had it */
        f->flags |= FLOW_EXPORTED;
    }
    for (unsigned side = 0; side < 2; side++) {
        c->packets_before[side] += f->packets[side];
        c->octets_before[side] += f->octets[side];
    }
    c->sequence++;
    interval_begin(s, f, c, p->ts_ns, now_ns);
    return true;
}

/* The packet counter of a side is at its end: the interval is cut whatever it costs. */
static void
interval_force(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];

    if (interval_cut(s, i, p, now_ns))
        return;
    pavo_stat_add(&s->stats.dropped_records, 1);
    pavo_stat_add(&s->stats.dropped_packets, (uint64_t)f->packets[0] + f->packets[1]);
    interval_begin(s, f, &s->cold[i], p->ts_ns, now_ns);
}

/* Is the interval over? 'cut' is rounded down, so at the edge the exact start decides. */
static inline bool
interval_is_over(const struct pavo_shard *s, uint32_t i, uint64_t now_ns)
{
    const uint32_t past = (uint32_t)(now_ns >> CUT_SHIFT) - s->flows[i].cut;

    return pavo_unlikely(past < UINT32_C(1) << 31) && now_ns >= s->cold[i].start_ns + s->active_ns;
}

/* The rules of time and of TCP for a packet of flow 'i'. */
static void
rules_apply(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];
    struct flow_cold *c = &s->cold[i];

    if (pavo_unlikely(now_ns > flow_due(s, f, c))) {
        flow_end(s, i, flow_due_reason(f), flow_due_detail(f));
        flow_begin(s, i, p, now_ns);
    } else if (pavo_unlikely(p->at.has_tcp && (p->at.tcp_flags & TCP_SYN)) &&
               tcp_begins_anew(f, c, p)) {
        flow_end(s, i, PAVO_END_DETECTED,
                 state_lingers(f->state) ? flow_due_detail(f) : PAVO_DETAIL_TCP_REUSED);
        flow_begin(s, i, p, now_ns);
    } else if (interval_is_over(s, i, now_ns)) {
        if (!interval_cut(s, i, p, now_ns) && !(f->flags & FLOW_CUT_LATE)) {
            f->flags |= FLOW_CUT_LATE;
            pavo_stat_add(&s->stats.late_cut, 1);
        }
    }
}

/* What only the first packet of a side, or an ICMP message, leaves. */
static void
side_begin(struct pavo_flow *f, struct flow_cold *c, const struct pavo_packet *p, unsigned side)
{
    if (c->packets_before[side] == 0) {
        c->tos[side] = p->at.tos;
        if (p->at.has_tcp)
            c->first_flags[side] = p->at.tcp_flags;
        if (f->state == STATE_ICMP && p->at.has_icmp) {
            c->u.icmp.type[side] = p->at.icmp_type;
            c->u.icmp.code[side] = p->at.icmp_code;
            c->u.icmp.seen |= (uint8_t)(1u << side);
        }
    }
}

void
flow_account(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];
    struct flow_cold *c = &s->cold[i];
    const unsigned side = p->is_b;

    rules_apply(s, i, p, now_ns);
    if (pavo_unlikely(f->packets[side] == UINT32_MAX))
        interval_force(s, i, p, now_ns);

    if (f->packets[side] == 0)
        side_begin(f, c, p, side);
    f->packets[side]++;
    f->octets[side] += p->at.l3_len;
    f->payload[side] += p->at.payload_len;
    if (p->at.ttl) {
        if (f->ttl_min[side] == 0 || p->at.ttl < f->ttl_min[side])
            f->ttl_min[side] = p->at.ttl;
        if (p->at.ttl > f->ttl_max[side])
            f->ttl_max[side] = p->at.ttl;
    }
    if (p->at.why > f->why)
        f->why = p->at.why;
    if (pavo_unlikely(p->at.n_frags))
        c->fragments[side]++;
    if (pavo_unlikely(p->at.named) && !c->named)
        c->named = p->at.named;
    if (p->at.has_tcp && f->state >= STATE_TCP_NEW) {
        f->tcp_flags[side] |= p->at.tcp_flags;
        if (tcp_matters(f, p))
            tcp_step(f, c, p, now_ns);
    }
    if (pavo_likely(p->ts_ns >= f->last_ns))
        f->last_ns = p->ts_ns;
    else if (p->ts_ns < c->first_ns)
        c->first_ns = p->ts_ns;
    if (pavo_unlikely(now_ns != p->ts_ns))
        late_note(f, c, now_ns);
}

void
flow_mark(struct pavo_shard *s, const struct pavo_packet *p, uint64_t now_ns)
{
    uint64_t place = NO_PLACE;
    struct pavo_key quoted;

    if (p->at.quote.kind) {
        key_of_quote(&p->at.quote, &p->key, &quoted);
        place = table_find(s, &quoted, pavo_hash(&quoted, sizeof quoted, s->cfg.seed));
    }
    if (place != NO_PLACE) {
        const uint32_t i = s->buckets[place / BUCKET_ENTRIES].flow[place % BUCKET_ENTRIES];
        struct flow_cold *c = &s->cold[i];

        /* One that is overdue has ended, whether the sweep has been there or not. */
        if (now_ns <= flow_due(s, &s->flows[i], c)) {
            c->icmp_errors++;
            c->icmp_error_type = p->at.icmp_type;
            c->icmp_error_code = p->at.icmp_code;
            pavo_stat_add(&s->stats.icmp_errors, 1);
            return;
        }
    }
    pavo_stat_add(&s->stats.icmp_strays, 1);
}
