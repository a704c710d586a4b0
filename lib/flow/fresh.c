/* fresh.c - the usual first packets of a flow, see fresh.h
 */
#include "fresh.h"

#include <string.h>

#include "plain.h"
#include "quick.h"
#include "talk.h"
#include "tcp.h"

bool
fresh_begins(const struct pavo_shard *s, const struct pavo_packet *p)
{
    const struct pavo_key *k = &p->key;

    if (p->is_brief != PAVO_BRIEF_PLAIN || s->cfg.parts)
        return false;
    return (p->is_plain == PAVO_PLAIN_SYN && tcp_is_opening(p)) ||
           (p->is_plain == PAVO_PLAIN && k->proto == PROTO_UDP &&
            !assoc_is_dhcp(k->kind, k->port_a, k->port_b));
}

/* The side's first packet, of the flow's hot line, where there is nothing of it yet. */
static inline void
fresh_count(struct pavo_flow *f, const struct pavo_packet *p, unsigned side)
{
    const uint32_t octets = p->at.l3_len;

    f->octets[side] = octets;
    f->headers[side] = octets - p->at.payload_len;
    f->packets[side] = 1;
    f->ttl_min[side] = f->ttl_max[side] = p->at.ttl;
}

/* What an ordinary frame says of the flow that it begins. */
static inline void
fresh_cold(struct flow_cold *c, const struct pavo_packet *p, unsigned side)
{
    const bool is_ip6 = p->key.kind == PAVO_KIND_IP6;
    const uint8_t *frame = p->frame->data;

    mem_clear(c, sizeof *c);
    c->start_ns = c->first_ns = p->ts_ns;
    if (is_ip6)
        c->flow_label = be32(frame + ETHER_FIXED) & 0xfffffu;
    c->cast = cast_by(p->key.kind, side ? p->key.a : p->key.b, frame) & 3;
    c->source = p->source;
    c->ethertype = is_ip6 ? TYPE_IP6 : TYPE_IP4;
    memcpy(c->mac[side], frame + 6, 6);
    memcpy(c->mac[!side], frame, 6);
    c->tos[side] = p->at.tos;
}

/* The flow of a packet, which is counted: 'state', and evidence of which side began. */
static inline void
fresh_flow(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, enum flow_state state,
           enum pavo_basis basis, bool by_b)
{
    struct pavo_flow *f = &s->flows[i];
    const unsigned side = p->is_b;

    f->key = p->key;
    mem_clear(&f->last_ns, sizeof *f - offsetof(struct pavo_flow, last_ns));
    f->last_ns = p->ts_ns;
    f->cut = (uint32_t)((p->ts_ns + s->active_ns) >> CUT_SHIFT);
    f->state = (uint8_t)state;
    f->flags = (uint16_t)((unsigned)basis << FLOW_BASIS_SHIFT | by_b * FLOW_FWD_B |
                          side * (FLOW_FIRST_B | FLOW_LAST_B) | FLOW_PORTS | FLOW_MAC);
    fresh_count(f, p, side);
    fresh_cold(&s->cold[i], p, side);
    block_due(s, i, p->ts_ns + s->idle_ns[state]);
    pavo_stat_add(&s->stats.flows_made, 1);
}

void
fresh_begin(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p)
{
    struct pavo_flow *f = &s->flows[i];
    bool by_b = p->is_b;

    if (p->is_plain == PAVO_PLAIN_SYN) {
        fresh_flow(s, i, p, STATE_TCP_NEW, PAVO_BASIS_SYN, by_b);
        f->detail = i; /* there are as many as flows */
        tcp_opens(s, f, p);
    } else {
        const enum pavo_basis basis = initiator_by_ports(&p->key, &by_b);

        fresh_flow(s, i, p, STATE_UDP, basis, by_b);
        if (p->at.payload_len)
            initiator_ask(f, p);
    }
}

bool
fresh_again(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p)
{
    if (p->is_plain != PAVO_PLAIN_SYN || !fresh_begins(s, p) || !flow_is_over(s, i, p, p->ts_ns))
        return false;
    fresh_begin(s, i, p);
    return true;
}

/* What is the same of both protocols. */
static inline void
fresh_side(struct pavo_shard *s, struct pavo_flow *f, struct flow_cold *c,
           const struct pavo_packet *p, unsigned side)
{
    f->flags |= FLOW_ANSWERED;
    f->flags = (uint16_t)((f->flags & ~(unsigned)FLOW_LAST_B) | side * FLOW_LAST_B);
    f->last_ns = p->ts_ns;
    c->tos[side] = p->at.tos;
    if (part_is_there(f->meter))
        meter_first(&((struct meter_part *)pool_at(&s->meters, f->meter))->side[side], p);
    fresh_count(f, p, side);
    f->quick = quick_sides(s, f) & 3;
}

bool
fresh_answer(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p)
{
    struct pavo_flow *f = &s->flows[i];
    struct flow_cold *c = &s->cold[i];
    const unsigned side = p->is_b;

    if (!p->is_plain || f->packets[side] || s->cfg.parts ||
        (f->state != STATE_UDP && f->state != STATE_TCP_NEW) || c->longer ||
        quick_is_due(s, f, p->ts_ns))
        return false;
    if (f->state == STATE_UDP) {
        if (f->detail)
            return false;
        if (p->at.payload_len && initiator_may_ask(f))
            initiator_ask(f, p);
    } else if (p->is_plain != PAVO_PLAIN_SYN || !tcp_answers(s, f, p)) {
        return false;
    }
    fresh_side(s, f, c, p, side);
    return true;
}
