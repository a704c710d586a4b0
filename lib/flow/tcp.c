/* tcp.c - the life of a TCP flow, as far as a bystander sees it
 *
 * RFC 9293 section 3.3.2. A flow that began with a SYN is new until a segment that is part of a
 * completed handshake passes: one with ACK and without SYN, from either side, so a capture of one
 * direction is enough. It is closed when both sides' FINs were acknowledged, in whatever order the
 * capture shows them, and reset by an RST. Both linger, so that last acknowledgements and
 * retransmissions join them, until a SYN with a sequence number of its own begins another
 * connection. A FIN of one side alone ends nothing: the other side may send on.
 */
#include "flow.h"

bool
tcp_begins_anew(const struct pavo_flow *f, const struct flow_cold *c, const struct pavo_packet *p)
{
    const unsigned side = p->is_b;

    if (f->state < STATE_TCP_NEW || (p->at.tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
        return false;
    if ((f->flags & FLOW_SYN << side) && c->u.tcp.syn_seq[side] == p->at.tcp_seq)
        return false; /* a retransmission */
    /* While the connection lives, a SYN within it is answered with a challenge, not taken (RFC 9293
     * section 3.10.7.4). But a side that has sent its FIN can only mean another connection. */
    return state_lingers(f->state) || (f->flags & FLOW_FIN << side);
}

/* Is 'a' at or after 'b' in sequence space? */
static bool
seq_reaches(uint32_t a, uint32_t b)
{
    return a - b < UINT32_C(1) << 31;
}

/* FINs, and what acknowledges them. */
static void
closing_step(struct pavo_flow *f, struct flow_cold *c, const struct pavo_packet *p, uint64_t now_ns)
{
    const uint16_t flags = p->at.tcp_flags;
    const unsigned side = p->is_b;

    if (flags & TCP_FIN) {
        /* SYN and FIN take a number of the sequence each, RFC 9293 section 3.4. */
        const uint32_t end = p->at.tcp_seq + p->at.payload_len + 1 + ((flags & TCP_SYN) ? 1u : 0u);

        if (!(f->flags & FLOW_FIN << side) || seq_reaches(end, c->u.tcp.fin_end[side]))
            c->u.tcp.fin_end[side] = end;
        f->flags |= (uint16_t)(FLOW_FIN << side);
    }
    if ((f->flags & FLOW_FIN * 3) && (flags & TCP_ACK)) {
        if (!(f->flags & FLOW_ACK << side) || seq_reaches(p->at.tcp_ack, c->u.tcp.ack[side]))
            c->u.tcp.ack[side] = p->at.tcp_ack;
        f->flags |= (uint16_t)(FLOW_ACK << side);
    }
    if ((f->flags & FLOW_FIN * 3) == FLOW_FIN * 3 && (f->flags & FLOW_ACK * 3) == FLOW_ACK * 3 &&
        seq_reaches(c->u.tcp.ack[0], c->u.tcp.fin_end[1]) &&
        seq_reaches(c->u.tcp.ack[1], c->u.tcp.fin_end[0])) {
        f->state = STATE_TCP_CLOSED;
        c->u.tcp.closed_ns = now_ns;
    }
}

void
tcp_step(struct pavo_flow *f, struct flow_cold *c, const struct pavo_packet *p, uint64_t now_ns)
{
    const uint16_t flags = p->at.tcp_flags;
    const unsigned side = p->is_b;

    if ((flags & TCP_SYN) && !(flags & TCP_RST)) {
        if (!(f->flags & FLOW_SYN << side))
            c->u.tcp.syn_seq[side] = p->at.tcp_seq;
        f->flags |= (uint16_t)(FLOW_SYN << side);
        if (flags & TCP_ACK)
            initiator_turn(f, PAVO_BASIS_SYNACK, side == 0);
        else
            initiator_turn(f, PAVO_BASIS_SYN, side == 1);
    }
    if (state_lingers(f->state))
        return; /* closed stays closed, and what comes then does not lengthen the linger */
    if (flags & TCP_RST) {
        f->state = STATE_TCP_RESET;
        c->u.tcp.closed_ns = now_ns;
        return;
    }
    if (f->state == STATE_TCP_NEW && (flags & (TCP_SYN | TCP_ACK)) == TCP_ACK)
        f->state = STATE_TCP_OPEN;
    closing_step(f, c, p, now_ns);
}
