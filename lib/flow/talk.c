/* talk.c - which of the states of talk.h a flow keeps
 *
 * At most one: an association for SCTP, DCCP, ESP, ARP, ND and DHCP, echoes for ICMP, a stream of
 * RTP for UDP. All come from one pool, whose parts are as large as the largest of them. RTP has no
 * mark of its own, so a UDP flow whose payload may be RTP keeps a probe from a side's second packet
 * on, until four packets in sequence prove it.
 */
#include <string.h>

#include "draft.h"

enum talk { TALK_NONE = 0, TALK_ASSOC = 1, TALK_ECHO = 2, TALK_PROBE = 2, TALK_RTP = 3 };

const uint32_t talk_bytes = sizeof(union talk_part);

static enum talk
talk_of(const struct pavo_flow *f)
{
    return (enum talk)(f->flags >> FLOW_TALK_SHIFT & FLOW_TALK_MASK);
}

static void
talk_set(struct pavo_flow *f, enum talk talk)
{
    f->flags = (uint16_t)((f->flags & ~(FLOW_TALK_MASK << FLOW_TALK_SHIFT)) |
                          (unsigned)talk << FLOW_TALK_SHIFT);
}

/* Where the number of the part stands: flows of ICMP have a detail besides. */
static uint32_t *
talk_number(const struct pavo_shard *s, struct pavo_flow *f)
{
    return f->state == STATE_ICMP ? &((struct icmp_part *)pool_at(&s->details, f->detail))->talk
                                  : &f->detail;
}

static union talk_part *
talk_take(struct pavo_shard *s, struct pavo_flow *f, enum talk talk)
{
    const uint32_t i = pool_take(&s->talks);

    if (i == 0) {
        pavo_stat_add(&s->stats.pool_empty, 1);
        return NULL;
    }
    *talk_number(s, f) = i;
    talk_set(f, talk);
    return pool_at(&s->talks, i);
}

void
talk_begin(struct pavo_shard *s, struct pavo_flow *f, const struct pavo_packet *p)
{
    const enum pavo_assoc protocol = p->key.is_fragment ? PAVO_ASSOC_NONE : assoc_of(p);
    union talk_part *t;

    if (protocol != PAVO_ASSOC_NONE) {
        t = talk_take(s, f, TALK_ASSOC);
        if (t)
            assoc_begin(&t->assoc, protocol);
    } else if (f->state == STATE_ICMP && echo_is_query(p)) {
        t = talk_take(s, f, TALK_ECHO);
        if (t)
            echo_begin(&t->echo);
    }
}

/* A UDP packet that is not its side's first, of a flow that is not known to be RTP. */
static __attribute__((noinline)) void
rtp_try(struct pavo_shard *s, struct pavo_flow *f, const struct pavo_packet *p)
{
    union talk_part *t;

    if (!rtp_looks(p->payload, p->payload_held))
        return;
    t = talk_of(f) == TALK_PROBE ? pool_at(&s->talks, f->detail) : talk_take(s, f, TALK_PROBE);
    if (t && rtp_probe_step(&t->probe, p, p->is_b)) {
        rtp_begin(&t->rtp, &t->probe, p, p->is_b, p->ts_ns);
        talk_set(f, TALK_RTP);
    }
}

void
talk_step(struct pavo_shard *s, struct pavo_flow *f, const struct pavo_packet *p)
{
    union talk_part *t;

    switch (talk_of(f)) {
    case TALK_NONE:
    case TALK_PROBE:
        if (f->state == STATE_UDP) {
            if (f->packets[p->is_b] && p->payload_held)
                rtp_try(s, f, p);
        } else if (talk_of(f) == TALK_ECHO) {
            t = pool_at(&s->talks, *talk_number(s, f));
            echo_step(&t->echo, p, p->is_b, p->ts_ns);
        }
        return;
    case TALK_ASSOC:
        t = pool_at(&s->talks, *talk_number(s, f));
        assoc_step(&t->assoc, p, p->is_b, p->ts_ns);
        return;
    case TALK_RTP:
        t = pool_at(&s->talks, f->detail);
        rtp_step(&t->rtp, p, p->is_b, p->ts_ns);
        return;
    }
}

void
talk_interval(struct pavo_shard *s, struct pavo_flow *f)
{
    union talk_part *t;

    if (talk_of(f) == TALK_NONE)
        return;
    t = pool_at(&s->talks, *talk_number(s, f));
    if (talk_of(f) == TALK_ASSOC)
        assoc_interval(&t->assoc);
    else if (talk_of(f) == TALK_RTP)
        rtp_interval(&t->rtp);
    else if (f->state == STATE_ICMP)
        echo_interval(&t->echo);
}

void
talk_give(struct pavo_shard *s, struct pavo_flow *f)
{
    if (talk_of(f) == TALK_NONE)
        return;
    pool_give(&s->talks, *talk_number(s, f));
    *talk_number(s, f) = 0;
}

const union talk_part *
talk_told(const struct pavo_shard *s, const struct pavo_flow *f)
{
    const enum talk talk = talk_of(f);

    if (talk == TALK_NONE)
        return NULL;
    if (f->state == STATE_ICMP)
        return pool_at(&s->talks,
                       ((const struct icmp_part *)pool_at(&s->details, f->detail))->talk);
    return talk == TALK_PROBE ? NULL : pool_at(&s->talks, f->detail);
}

void
talk_fill(const struct pavo_flow *f, const union talk_part *part, unsigned fwd,
          struct pavo_record *r)
{
    const enum talk talk = talk_of(f);

    if (talk == TALK_ASSOC) {
        memset(&r->assoc, 0, sizeof r->assoc);
        assoc_fill(&part->assoc, fwd, &r->assoc);
        r->parts |= PAVO_PART_ASSOC;
    } else if (talk == TALK_RTP) {
        memset(&r->rtp, 0, sizeof r->rtp);
        rtp_fill(&part->rtp, fwd, &r->rtp);
        r->parts |= PAVO_PART_RTP;
    } else {
        memset(&r->echo, 0, sizeof r->echo);
        echo_fill(&part->echo, fwd, &r->echo);
        r->parts |= PAVO_PART_ECHO;
    }
}
