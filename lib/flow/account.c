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

#include "meter.h"
#include "quick.h"
#include "talk.h"

struct rare_part *
rare_take(struct pavo_shard *s, struct flow_cold *c)
{
    if (c->rare == 0)
        c->rare = pool_take(&s->rares);
    if (c->rare == 0) {
        pavo_stat_add(&s->stats.pool_empty, 1);
        return NULL;
    }
    return pool_at(&s->rares, c->rare);
}

/* A packet that rules see later than its time stamp. */
static __attribute__((noinline)) void
late_note(struct pavo_shard *s, struct pavo_flow *f, struct flow_cold *c, uint64_t now_ns)
{
    struct rare_part *r = rare_take(s, c);

    if (!r) { /* rather a wrong end than one that comes too early */
        if (now_ns > f->last_ns)
            f->last_ns = now_ns;
        return;
    }
    if (!(f->flags & FLOW_LATE) || now_ns > r->late_ns)
        r->late_ns = now_ns;
    f->flags |= FLOW_LATE;
}

/* The interval that starts at 'now_ns'. */
static void
interval_begin(struct pavo_shard *s, struct pavo_flow *f, struct flow_cold *c,
               const struct pavo_packet *p, uint64_t now_ns)
{
    f->octets[0] = f->octets[1] = 0;
    f->headers[0] = f->headers[1] = 0;
    f->packets[0] = f->packets[1] = 0;
    f->tcp_flags[0] = f->tcp_flags[1] = 0;
    f->ttl_min[0] = f->ttl_min[1] = 0;
    f->ttl_max[0] = f->ttl_max[1] = 0;
    f->why = 0;
    f->flags &= (uint16_t) ~(FLOW_CUT_LATE | FLOW_RARE_LOST | FLOW_LAST_B);
    f->last_ns = p->ts_ns;
    f->cut = (uint32_t)((now_ns + s->active_ns) >> CUT_SHIFT);
    if (p->is_b)
        f->flags |= FLOW_LAST_B;
    c->first_ns = p->ts_ns;
    c->start_ns = now_ns;
    if (now_ns != p->ts_ns)
        late_note(s, f, c, now_ns);
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

/* What only the protocol of a flow keeps. */
static void
detail_begin(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p)
{
    struct pavo_flow *f = &s->flows[i];
    union flow_detail *d;

    if (f->state >= STATE_ICMP) {
        f->detail = i; /* there are as many as flows */
        d = pool_at(&s->details, i);
        mem_clear(d, sizeof *d);
        if (f->state == STATE_ICMP && p->at.quote.kind)
            d->icmp.quote = p->at.quote;
    }
    if (f->state < STATE_TCP_NEW)
        talk_begin(s, f, p);
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
    f->detail = 0;
    f->meter = 0;
    f->quick = 0;
    basis = initiator_of(p, &by_b);
    f->flags = (uint16_t)((unsigned)basis << FLOW_BASIS_SHIFT | (by_b ? FLOW_FWD_B : 0) |
                          (p->is_b ? FLOW_FIRST_B : 0) | (p->at.has_ports ? FLOW_PORTS : 0));
    mem_clear(c, sizeof *c);
    interval_begin(s, f, c, p, now_ns);
    c->source = p->source;
    c->ethertype = p->key.kind == PAVO_KIND_ARP ? p->at.arp_op : p->at.ethertype;
    c->cast = cast_of(p) & 3;
    c->named = p->at.named;
    c->flow_label = p->at.flow_label;
    if (p->at.has_mac) {
        f->flags |= FLOW_MAC;
        memcpy(c->mac[p->is_b], p->at.src_mac, 6);
        memcpy(c->mac[!p->is_b], p->at.dst_mac, 6);
    }
    detail_begin(s, i, p);
    if (p->at.n_layers) {
        c->encap = encap_take(&s->encap, p->at.layers, p->at.n_layers, &c->encap_port);
        if (c->encap == ENCAP_LOST)
            pavo_stat_add(&s->stats.encap_full, 1);
    }
    block_hasten(s, i);
    pavo_stat_add(&s->stats.flows_made, 1);
}

/* The flow gets a meter, or is refused one until its next interval. */
static __attribute__((noinline)) void
meter_take(struct pavo_shard *s, struct pavo_flow *f, const struct flow_cold *c)
{
    f->meter = pool_take(&s->meters);
    if (f->meter) {
        meter_begin(pool_at(&s->meters, f->meter), f, c);
    } else {
        f->meter = PART_REFUSED;
        pavo_stat_add(&s->stats.pool_empty, 1);
    }
}

/* The meter's next interval. A flow that lives longer than an interval has one, so that the time
 * since its last packets is known; one that was refused a meter tries again, and does not know. */
static void
meter_next(struct pavo_shard *s, struct pavo_flow *f, const struct flow_cold *c)
{
    if (f->meter == PART_REFUSED) {
        f->meter = 0;
        return;
    }
    if (f->meter == 0 && s->meters.limit)
        meter_take(s, f, c);
    if (part_is_there(f->meter))
        meter_interval(pool_at(&s->meters, f->meter));
}

/* The parts of a flow begin their next interval. */
static void
parts_interval(struct pavo_shard *s, struct pavo_flow *f, struct flow_cold *c)
{
    meter_next(s, f, c);
    if (f->state >= STATE_TCP_NEW)
        tcp_interval(s, pool_at(&s->details, f->detail));
    else
        talk_interval(s, f);
    said_interval(s, c);
    if (c->rare) {
        struct rare_part *r = pool_at(&s->rares, c->rare);

        r->fragments[0] = r->fragments[1] = 0;
        r->icmp_errors = 0;
    }
}

/* An interim record of the interval so far, and the next interval. False, and no change, if there
 * is no room for it, or for what it leaves. */
static bool
interval_cut(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];
    struct flow_cold *c = &s->cold[i];
    const bool is_first = c->longer == 0;
    struct long_part *l;

    ended_drain(s);
    if (s->ended_first || !ring_slot(s->out))
        return false;
    if (is_first && !(c->longer = pool_take(&s->longers))) {
        pavo_stat_add(&s->stats.pool_empty, 1);
        return false;
    }
    l = pool_at(&s->longers, c->longer);
    if (is_first) {
        l->id = flow_id(f, c);
        l->sequence = 1;
    }
    (void)record_put(s, i, PAVO_END_ACTIVE, PAVO_DETAIL_ACTIVE);
    f->flags |= FLOW_EXPORTED;
    for (unsigned side = 0; side < 2; side++) {
        l->packets_before[side] += f->packets[side];
        l->octets_before[side] += f->octets[side];
    }
    l->sequence++;
    parts_interval(s, f, c);
    interval_begin(s, f, c, p, now_ns);
    return true;
}

/* A counter is at its end: the interval is cut whatever it costs. */
static void
interval_force(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];

    if (interval_cut(s, i, p, now_ns))
        return;
    pavo_stat_add(&s->stats.dropped_records, 1);
    pavo_stat_add(&s->stats.dropped_packets, (uint64_t)f->packets[0] + f->packets[1]);
    parts_interval(s, f, &s->cold[i]);
    interval_begin(s, f, &s->cold[i], p, now_ns);
}

/* Is the interval over? 'cut' is rounded down, so at the edge the exact start decides. */
static inline bool
interval_is_over(const struct pavo_shard *s, uint32_t i, uint64_t now_ns)
{
    const uint32_t past = (uint32_t)(now_ns >> CUT_SHIFT) - s->flows[i].cut;

    return pavo_unlikely(past < UINT32_C(1) << 31) && now_ns >= s->cold[i].start_ns + s->active_ns;
}

bool
flow_is_over(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];

    if (pavo_unlikely(now_ns > flow_due(s, f, &s->cold[i]))) {
        flow_end(s, i, flow_due_reason(f), flow_due_detail(f));
        return true;
    }
    if (pavo_unlikely(p->at.has_tcp && (p->at.tcp_flags & TCP_SYN)) && f->state >= STATE_TCP_NEW &&
        tcp_begins_anew(f, pool_at(&s->details, f->detail), p)) {
        flow_end(s, i, PAVO_END_DETECTED,
                 state_lingers(f->state) ? flow_due_detail(f) : PAVO_DETAIL_TCP_REUSED);
        return true;
    }
    return false;
}

/* The rules of time and of TCP for a packet of flow 'i'. */
static void
rules_apply(struct pavo_shard *s, uint32_t i, struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];

    if (pavo_unlikely(flow_is_over(s, i, p, now_ns))) {
        pavo_packet_complete(p);
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
side_begin(struct pavo_shard *s, struct pavo_flow *f, struct flow_cold *c,
           const struct pavo_packet *p, unsigned side)
{
    struct icmp_part *icmp;

    if (f->packets[!side])
        f->flags |= FLOW_ANSWERED;
    if (c->longer) {
        const struct long_part *l = pool_at(&s->longers, c->longer);

        if (l->packets_before[!side])
            f->flags |= FLOW_ANSWERED;
        if (l->packets_before[side])
            return;
    }
    c->tos[side] = p->at.tos;
    if (f->state == STATE_ICMP && p->at.has_icmp) {
        icmp = pool_at(&s->details, f->detail);
        icmp->type[side] = p->at.icmp_type;
        icmp->code[side] = p->at.icmp_code;
        icmp->seen |= (uint8_t)(1u << side);
    }
}

/* The packet is a fragment of a datagram. */
static __attribute__((noinline)) void
fragment_note(struct pavo_shard *s, struct pavo_flow *f, struct flow_cold *c, unsigned side)
{
    struct rare_part *r = rare_take(s, c);

    if (r)
        r->fragments[side]++;
    else
        f->flags |= FLOW_RARE_LOST;
}

void
flow_account(struct pavo_shard *s, uint32_t i, struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];
    struct flow_cold *c = &s->cold[i];
    const unsigned side = p->is_b;
    const uint32_t headers = p->at.l3_len - p->at.payload_len;
    enum said_is said = SAID_AGAIN;

    rules_apply(s, i, p, now_ns);
    if (pavo_unlikely(f->packets[side] == UINT32_MAX || f->headers[side] > UINT32_MAX - headers))
        interval_force(s, i, p, now_ns);

    if (pavo_unlikely(p->at.payload_len && f->octets[side] == f->headers[side]) &&
        initiator_may_ask(f))
        initiator_ask(f, p);
    if (f->packets[side] == 0)
        side_begin(s, f, c, p, side);
    else if (f->meter == 0 && s->meters.limit)
        meter_take(s, f, c);
    if (part_is_there(f->meter))
        meter_step(&((struct meter_part *)pool_at(&s->meters, f->meter))->side[side], p);
    if (f->state < STATE_TCP_NEW) {
        if (f->state != STATE_UDP || talk_concerns(f, p))
            talk_step(s, f, p);
        said = SAID_NEXT;
    } else if (p->at.has_tcp) {
        said = tcp_step(s, i, p, now_ns);
    }
    if (pavo_unlikely(s->cfg.parts) && p->at.payload_len)
        said_step(s, c, p, said);
    f->packets[side]++;
    f->octets[side] += p->at.l3_len;
    f->headers[side] += headers;
    if (p->at.ttl) {
        if (f->ttl_min[side] == 0 || p->at.ttl < f->ttl_min[side])
            f->ttl_min[side] = p->at.ttl;
        if (p->at.ttl > f->ttl_max[side])
            f->ttl_max[side] = p->at.ttl;
    }
    if (!p->is_plain) { /* else there is nothing of it, and it may be brief */
        if (p->at.why > f->why)
            f->why = p->at.why & 63;
        if (pavo_unlikely(p->at.n_frags))
            fragment_note(s, f, c, side);
        if (pavo_unlikely(p->at.named) && !c->named)
            c->named = p->at.named;
    }
    if (pavo_likely(p->ts_ns >= f->last_ns)) {
        f->last_ns = p->ts_ns;
        f->flags = (uint16_t)((f->flags & ~(unsigned)FLOW_LAST_B) | (side ? FLOW_LAST_B : 0));
    } else if (p->ts_ns < c->first_ns) {
        c->first_ns = p->ts_ns;
    }
    if (pavo_unlikely(now_ns != p->ts_ns))
        late_note(s, f, c, now_ns);
    f->quick = quick_sides(s, f) & 3;
}

void
flow_mark(struct pavo_shard *s, const struct pavo_packet *p, uint64_t now_ns)
{
    uint64_t place = NO_PLACE;
    struct pavo_key quoted;

    if (p->at.quote.kind) {
        key_of_quote(&p->at.quote, &p->key, &quoted);
        place = table_find(s, &quoted, key_hash(&quoted, s->cfg.seed));
    }
    if (place != NO_PLACE) {
        const uint32_t i = s->buckets[place / BUCKET_ENTRIES].flow[place % BUCKET_ENTRIES];
        struct flow_cold *c = &s->cold[i];

        /* One that is overdue has ended, whether the sweep has been there or not. */
        if (now_ns <= flow_due(s, &s->flows[i], c)) {
            struct rare_part *r = rare_take(s, c);

            if (r) {
                r->icmp_errors++;
                r->icmp_error_type = p->at.icmp_type;
                r->icmp_error_code = p->at.icmp_code;
            } else {
                s->flows[i].flags |= FLOW_RARE_LOST;
            }
            pavo_stat_add(&s->stats.icmp_errors, 1);
            return;
        }
    }
    pavo_stat_add(&s->stats.icmp_strays, 1);
}
