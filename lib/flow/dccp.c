/* dccp.c - the life of a DCCP connection, as far as a bystander sees it; RFC 4340 */
#include "talk.h"

enum {
    TYPE_REQUEST = 0,
    TYPE_RESPONSE = 1,
    TYPE_DATA = 2,
    TYPE_ACK = 3,
    TYPE_DATA_ACK = 4,
    TYPE_CLOSE_REQ = 5,
    TYPE_CLOSE = 6,
    TYPE_RESET = 7,
    RESET_CLOSED = 1, /* section 5.6 */
    SHORT_BITS = 24,
};

/* The number with 32 bits. Data, Ack and DataAck may have 24 (section 7.6); of a number below 2^24
 * the one nearest to the highest so far is meant, which it is itself if it is a long one. */
static uint32_t
sequence_of(const struct part_track *t, const struct pavo_packet *p)
{
    const uint32_t s = p->at.sequence, d = (s - t->highest) & ((UINT32_C(1) << SHORT_BITS) - 1);
    const bool may_be_short = p->at.dccp_type >= TYPE_DATA && p->at.dccp_type <= TYPE_DATA_ACK;

    if (!may_be_short || s >> SHORT_BITS || t->seen == 0)
        return s;
    return d >> (SHORT_BITS - 1) ? t->highest + d - (UINT32_C(1) << SHORT_BITS) : t->highest + d;
}

/* Sections 4.3 and 8; a Request after the end begins the next connection. */
static enum pavo_assoc_state
state_after(enum pavo_assoc_state state, const struct pavo_layers *at)
{
    const bool is_over = state == PAVO_ASSOC_CLOSED || state == PAVO_ASSOC_ABORTED;

    switch (at->dccp_type) {
    case TYPE_REQUEST:
        return state == PAVO_ASSOC_UNKNOWN || is_over ? PAVO_ASSOC_REQUESTED : state;
    case TYPE_RESPONSE:
        return state < PAVO_ASSOC_ANSWERED ? PAVO_ASSOC_ANSWERED : state;
    case TYPE_DATA:
    case TYPE_ACK:
    case TYPE_DATA_ACK:
        return state < PAVO_ASSOC_ESTABLISHED ? PAVO_ASSOC_ESTABLISHED : state;
    case TYPE_CLOSE_REQ:
    case TYPE_CLOSE:
        return is_over ? state : PAVO_ASSOC_CLOSING;
    case TYPE_RESET:
        if (is_over)
            return state;
        return at->dccp_code == RESET_CLOSED ? PAVO_ASSOC_CLOSED : PAVO_ASSOC_ABORTED;
    default: /* Sync and SyncAck, section 7.5, and what is reserved */
        return state;
    }
}

void
dccp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    const struct pavo_layers *at = &p->at;
    struct part_track *t = &part->u.numbered.track[side];
    const enum pavo_assoc_state before = (enum pavo_assoc_state)part->state;

    if (!at->has_dccp)
        return;
    part->state = (uint8_t)state_after(before, at);
    if (at->dccp_type == TYPE_REQUEST) {
        if (part->state != before) /* another connection counts from another number */
            part->u.numbered.track[0].seen = part->u.numbered.track[1].seen = 0;
        assoc_ask(part, side, ts_ns);
    } else if (at->dccp_type == TYPE_RESPONSE) {
        assoc_answer(part, side, ts_ns);
    }
    if (at->dccp_type <= TYPE_RESPONSE && at->dccp_code)
        part->u.numbered.service = at->dccp_code;
    if (at->has_sequence)
        part_track_step(t, sequence_of(t, p));
}
