/* draft.c - a flow into the ring */
#include "draft.h"

#include <string.h>

static inline uint8_t *
part_put(uint8_t *at, const void *part, size_t bytes)
{
    memcpy(at, part, bytes);
    return at + draft_step(bytes);
}

/* What few flows have. */
static __attribute__((noinline)) uint8_t *
rare_put(const struct pavo_shard *s, const struct flow_cold *c, struct draft *d, uint8_t *at)
{
    struct pavo_draft *head = &d->head;
    const struct said_head *said;

    if (c->longer) {
        head->has |= DRAFT_LONG;
        at = part_put(at, pool_at(&s->longers, c->longer), sizeof(struct long_part));
    }
    if (c->rare) {
        head->has |= DRAFT_RARE;
        at = part_put(at, pool_at(&s->rares, c->rare), sizeof(struct rare_part));
    }
    if (c->encap != ENCAP_NONE && c->encap != ENCAP_LOST) {
        const unsigned n =
            encap_list(&s->encap, c->encap, c->encap_port, (struct pavo_layer *)(void *)at);

        d->cold.encap = n;
        at += draft_step(n * sizeof(struct pavo_layer));
    }
    if (!part_is_there(c->said))
        return at;
    said = pool_at(&s->saids, c->said);
    head->has |= (uint16_t)(s->cfg.parts & DRAFT_SAID);
    if (s->said.first)
        at = part_put(at, said_at(said, s->said.first), sizeof(struct first_part));
    if (s->said.inspect) {
        const struct pavo_inspect *in = said_at(said, s->said.inspect);

        at = part_put(at, &in->names, sizeof in->names);
    }
    if (s->said.bytes) {
        const struct bytes_part *bytes = said_at(said, s->said.bytes);

        at = part_put(at, bytes, bytes_part_size(bytes->room));
    }
    if (s->said.entropy)
        entropy_fill(said_at(said, s->said.entropy), (d->flow.flags & FLOW_FWD_B) != 0,
                     head->entropy);
    return at;
}

void
draft_fill(const struct pavo_shard *s, uint32_t i, enum pavo_end reason,
           enum pavo_end_detail detail, struct draft *d)
{
    const struct pavo_flow *f = &s->flows[i];
    const struct flow_cold *c = &s->cold[i];
    uint8_t *at = d->parts;

    d->cold = *c;
    d->flow = *f;
    d->head = (struct pavo_draft){
        .made_ns = s->now_ns, .reason = (uint8_t)reason, .detail = (uint8_t)detail};
    if (part_is_there(f->meter)) {
        d->head.has |= PAVO_PART_METER;
        at = part_put(at, pool_at(&s->meters, f->meter), sizeof(struct meter_part));
    } else if (f->meter == 0 && !c->longer && s->meters.limit) {
        d->head.has |= DRAFT_SINGLE;
    }
    if (f->state >= STATE_ICMP) {
        const union flow_detail *kept = pool_at(&s->details, f->detail);

        at = part_put(at, kept, sizeof *kept);
        if (f->state >= STATE_TCP_NEW && kept->tcp.loss && kept->tcp.loss != TCP_LOSS_REFUSED) {
            d->head.has |= PAVO_PART_LOSS;
            at = part_put(at, pool_at(&s->losses, kept->tcp.loss), sizeof(struct loss_part));
        }
    }
    if (f->flags & FLOW_TALK_MASK << FLOW_TALK_SHIFT) {
        const union talk_part *talk = talk_told(s, f);

        if (talk) {
            d->head.has |= DRAFT_TALK;
            at = part_put(at, talk, sizeof(union talk_part));
        }
    }
    if (c->longer | c->rare | c->encap | c->said)
        at = rare_put(s, c, d, at);
    d->head.bytes = (uint16_t)(at - (uint8_t *)d);
}

size_t
pavo_draft_room(unsigned parts)
{
    size_t bytes = sizeof(struct draft) + draft_step(sizeof(union flow_detail)) +
                   draft_step(sizeof(struct loss_part)) + draft_step(sizeof(struct meter_part)) +
                   draft_step(sizeof(union talk_part)) + draft_step(sizeof(struct long_part)) +
                   draft_step(sizeof(struct rare_part)) +
                   draft_step(PAVO_LAYERS_MAX * sizeof(struct pavo_layer));
    size_t lines;

    if (parts & PAVO_PART_FIRST)
        bytes += draft_step(sizeof(struct first_part));
    if (parts & PAVO_PART_NAMES)
        bytes += draft_step(sizeof(struct pavo_record_names));
    if (parts & PAVO_PART_BYTES)
        bytes += draft_step(bytes_part_size(PAVO_PAYLOAD_MAX));
    lines = (bytes + PAVO_CACHE_LINE - 1) / PAVO_CACHE_LINE;
    /* An odd number: the first lines of slots, which are used most, spread over a whole cache. */
    return (lines | 1) * PAVO_CACHE_LINE;
}
