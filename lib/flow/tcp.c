/* tcp.c - the life of a TCP flow, as far as a bystander sees it
 *
 * RFC 9293 section 3.3.2. A flow that began with a SYN is new until a segment that is part of a
 * completed handshake passes: one with ACK and without SYN, from either side, so a capture of one
 * direction is enough. It is closed when both sides' FINs were acknowledged, and reset by an RST.
 * Both linger, so that last acknowledgements and retransmissions join them, until a SYN with a
 * sequence number of its own begins another connection. A FIN of one side alone ends nothing: the
 * other side may send on.
 *
 * Here is what holds for a segment as a whole; its numbers are in tcp_seq.c, the states of the
 * sides in tcp_side.c.
 */
#include "tcp.h"

#include <string.h>

#include "draft.h"
#include "meter.h"

bool
tcp_begins_anew(const struct pavo_flow *f, const struct tcp_part *t, const struct pavo_packet *p)
{
    const struct tcp_side *x = &t->side[p->is_b];

    if ((p->at.tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN)
        return false;
    if ((x->seen & (1u << HISTORY_S | 1u << HISTORY_H)) && x->base - 1 == p->at.tcp_seq)
        return false; /* a retransmission */
    /* While the connection lives, a SYN within it is answered with a challenge, not taken (RFC 9293
     * section 3.10.7.4). But a side that has sent its FIN can only mean another connection. */
    return state_lingers(f->state) || (x->seen & TCP_FINISHED);
}

struct loss_part *
tcp_loss_take(struct tcp_seg *g)
{
    uint32_t i;

    if (g->t->loss == TCP_LOSS_REFUSED)
        return NULL;
    i = pool_take(&g->s->losses);
    if (i == 0) {
        g->t->loss = TCP_LOSS_REFUSED;
        pavo_stat_add(&g->s->stats.pool_empty, 1);
        return NULL;
    }
    g->t->loss = i & TCP_LOSS_REFUSED;
    g->loss = pool_at(&g->s->losses, i);
    return g->loss;
}

void
tcp_event(struct tcp_seg *g, unsigned side, enum history_letter letter, uint32_t *count)
{
    uint32_t n = ++*count;

    while (n % 10 == 0)
        n /= 10;
    if (n == 1)
        history_add(&g->t->history, side, letter);
}

static void
letters(struct tcp_seg *g)
{
    const struct pavo_layers *at = &g->p->at;
    const uint16_t flags = g->flags & (TCP_SYN | TCP_FIN | TCP_RST);
    struct tcp_side *x = g->x;

    if (flags == 0) {
        if (at->payload_len)
            tcp_letter(g, g->side, HISTORY_D);
        else if (g->flags & TCP_ACK)
            tcp_letter(g, g->side, HISTORY_A);
    } else if (flags == TCP_SYN) {
        const enum history_letter letter = (g->flags & TCP_ACK) ? HISTORY_H : HISTORY_S;

        if (!(x->seen & (1u << HISTORY_S | 1u << HISTORY_H)))
            tcp_letter(g, g->side, letter);
        else if (at->tcp_seq + 1 != x->base)
            history_add(&g->t->history, g->side, letter);
    } else if (flags == TCP_FIN) {
        if (!(x->seen & 1u << HISTORY_F))
            tcp_letter(g, g->side, HISTORY_F);
        else if (at->tcp_seq + at->payload_len + 1 != x->next)
            history_add(&g->t->history, g->side, HISTORY_F);
    } else if (flags == TCP_RST) {
        tcp_letter(g, g->side, HISTORY_R);
    } else {
        tcp_letter(g, g->side,
                   (flags & (TCP_FIN | TCP_RST)) == (TCP_FIN | TCP_RST) ? HISTORY_I : HISTORY_Q);
    }
}

/* The two halves of the handshake: from the last SYN to the first SYN+ACK, and from that to the
 * first segment that acknowledges it. A request within the SYN (RFC 7413) has taken half of the
 * place: then the second half is not told. */
static void
handshake(struct tcp_seg *g)
{
    struct tcp_part *t = g->t;
    const uint64_t now_ns = g->p->ts_ns;

    if (g->flags & TCP_RST)
        return;
    if ((g->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
        if (t->shake > SHAKE_SYN)
            return;
        t->shake = SHAKE_SYN;
        t->server = (uint32_t)now_ns;
        t->client = (uint32_t)(now_ns >> 32);
    } else if (g->flags & TCP_SYN) {
        if (t->shake != SHAKE_SYN || tcp_state(g->y) != PAVO_SIDE_SYN_SENT ||
            tcp_state(g->x) != PAVO_SIDE_INACTIVE)
            return;
        t->shake = SHAKE_SYNACK;
        t->server = tcp_span_since((uint64_t)t->client << 32 | t->server, g->p);
        t->client = (uint32_t)now_ns;
        if (!t->asked)
            t->response_us = (uint32_t)(now_ns >> 32);
    } else if (t->shake == SHAKE_SYNACK && (g->flags & TCP_ACK) &&
               tcp_shake_is_over(g->x, g->y, g->p)) {
        tcp_shake_end(t, g->p);
    }
}

void
tcp_response(const struct pavo_flow *f, struct tcp_part *t, const struct pavo_packet *p)
{
    const uint32_t us = (uint32_t)(p->ts_ns / 1000);
    const bool by_initiator = p->is_b == ((f->flags & FLOW_FWD_B) != 0);

    if (!t->asked && by_initiator) {
        t->asked = 1;
        t->asker = p->is_b & 1;
        t->response_us = us;
    } else if (t->asked && t->asker != p->is_b) {
        const uint32_t waited = us - t->response_us;

        t->answered = 1;
        t->response_us = waited < UINT32_C(1) << 31 ? waited : 0; /* time may run back a little */
    }
}

static void
options(struct tcp_seg *g)
{
    const struct pavo_layers *at = &g->p->at;
    struct tcp_side *x = g->x;

    if (g->flags & TCP_SYN) {
        if (at->has_tcp_opt & PAVO_TCP_OPT_MSS)
            x->mss = at->tcp_mss;
        if (at->has_tcp_opt & PAVO_TCP_OPT_WSCALE)
            x->first_flags =
                (uint16_t)((x->first_flags & 0x0fff) | at->tcp_wscale << TCP_WSCALE_SHIFT);
    }
    x->options |= at->has_tcp_opt;
    if (at->has_mptcp_token) { /* RFC 8684 section 3.2 */
        struct rare_part *rare = rare_take(g->s, &g->s->cold[g->f - g->s->flows]);

        if (rare) {
            rare->mptcp_token[g->side] = at->mptcp_token;
            rare->has_token |= (uint8_t)(1u << g->side);
        }
    }
}

/* A SYN with another number than the one before, amid data: it is answered with a challenge (RFC
 * 9293 section 3.10.7.4), and says nothing of this connection. */
static bool
is_challenged(const struct tcp_seg *g)
{
    return !(g->flags & TCP_RST) && (g->x->seen & TCP_HAS_SEQ) &&
           g->p->at.tcp_seq + 1 != g->x->base && ((g->x->seen | g->y->seen) & 1u << HISTORY_D);
}

/* Data in order is no copy, whatever its fingerprint: the one before would have moved 'next'. */
static bool
is_news(const struct tcp_seg *g)
{
    const uint16_t seen = g->x->seen & (TCP_HAS_SEQ | TCP_PROBED | TCP_FINISHED);

    return g->p->at.payload_len && !(g->flags & (TCP_SYN | TCP_RST)) && seen == TCP_HAS_SEQ &&
           g->p->at.tcp_seq == g->x->next;
}

/* SYN and RST say more than others. */
static void
control(struct tcp_seg *g, uint64_t now_ns)
{
    struct pavo_flow *f = g->f;

    const uint16_t was = f->flags;

    if ((g->flags & TCP_SYN) && !(g->flags & TCP_RST)) {
        if (g->flags & TCP_ACK)
            initiator_turn(f, PAVO_BASIS_SYNACK, g->side == 0);
        else
            initiator_turn(f, PAVO_BASIS_SYN, g->side == 1);
    }
    if (((was ^ f->flags) & FLOW_FWD_B) &&
        g->t->asked) { /* what came before were not its requests */
        if (g->t->shake == SHAKE_SYNACK)
            g->t->shake = SHAKE_NONE; /* a part of the time is gone */
        g->t->asked = g->t->answered = 0;
    }
    if (state_lingers(f->state))
        return; /* closed stays closed, and what comes then does not lengthen the linger */
    if (g->flags & TCP_RST) {
        f->state = STATE_TCP_RESET;
        g->s->cold[f - g->s->flows].closed_ns = now_ns;
    }
}

enum said_is
tcp_general(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];
    struct tcp_part *t = pool_at(&s->details, f->detail);
    const unsigned side = p->is_b;
    struct tcp_seg g = {
        .s = s,
        .f = f,
        .t = t,
        .x = address_kept(&t->side[side]),
        .y = address_kept(&t->side[!side]),
        .meter = part_is_there(f->meter) ? pool_at(&s->meters, f->meter) : NULL,
        .loss = t->loss && t->loss != TCP_LOSS_REFUSED ? pool_at(&s->losses, t->loss) : NULL,
        .p = p,
        .flags = p->at.tcp_flags,
        .side = (uint8_t)side,
    };
    const uint32_t twin = tcp_twin(&p->at);

    f->tcp_flags[side] |= g.flags;
    if (pavo_unlikely(twin && twin == g.x->twin) && !is_news(&g)) {
        if (tcp_loss(&g))
            g.loss->side[side].duplicates++;
        return SAID_AGAIN;
    }
    g.x->twin = twin;
    if (pavo_unlikely(tcp_state(g.x) == PAVO_SIDE_INACTIVE && g.x->first_flags == 0))
        g.x->first_flags = g.flags;
    if (pavo_unlikely(g.flags & (TCP_SYN | TCP_RST)))
        control(&g, now_ns);
    if (pavo_unlikely(g.flags & TCP_SYN) && is_challenged(&g)) {
        history_add(&t->history, side, (g.flags & TCP_ACK) ? HISTORY_H : HISTORY_S);
        tcp_states(&g, side == ((f->flags & FLOW_FWD_B) != 0));
        return SAID_AGAIN;
    }
    if (pavo_unlikely(p->at.has_tcp_opt & ~PAVO_TCP_OPT_TS))
        options(&g);
    else
        g.x->options |= p->at.has_tcp_opt;
    if (pavo_unlikely(t->shake != SHAKE_DONE) && (t->shake || (g.flags & TCP_SYN)))
        handshake(&g);
    letters(&g);
    if (pavo_unlikely((g.flags & (TCP_SYN | TCP_FIN | TCP_RST)) ||
                      tcp_state(g.x) == PAVO_SIDE_INACTIVE))
        tcp_states(&g, side == ((f->flags & FLOW_FWD_B) != 0));
    if (pavo_unlikely(g.flags & TCP_RST))
        return SAID_AGAIN;
    if (p->at.payload_len && !t->answered)
        tcp_response(f, t, p);
    tcp_numbers(&g);
    if (f->state == STATE_TCP_NEW && (g.flags & (TCP_SYN | TCP_ACK)) == TCP_ACK)
        f->state = STATE_TCP_OPEN;
    if (pavo_unlikely(tcp_is_closed(t)) && !state_lingers(f->state)) {
        f->state = STATE_TCP_CLOSED;
        s->cold[i].closed_ns = now_ns;
    }
    return (enum said_is)g.said;
}

void
tcp_interval(struct pavo_shard *s, struct tcp_part *t)
{
    struct loss_part *loss;

    if (t->loss == TCP_LOSS_REFUSED)
        t->loss = 0;
    if (t->loss == 0)
        return;
    loss = pool_at(&s->losses, t->loss);
    for (unsigned side = 0; side < 2; side++)
        memset(&loss->side[side], 0, LOSS_INTERVAL_BYTES);
}

static void
loss_fill(const struct loss_part *loss, unsigned fwd, struct pavo_record_tcp *out)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        const struct loss_side *l = &loss->side[dir ^ fwd];

        out->retransmittedPackets[dir] = l->retransmitted;
        out->retransmittedOctets[dir] = l->retransmitted_octets;
        out->fastRetransmits[dir] = l->fast;
        out->spuriousRetransmits[dir] = l->spurious;
        out->outOfOrderPackets[dir] = l->out_of_order;
        out->duplicatePackets[dir] = l->duplicates;
        out->missedOctets[dir] = l->missed_octets;
        out->duplicateAcks[dir] = l->duplicate_acks;
        out->zeroWindows[dir] = l->zero_windows;
        out->windowFull[dir] = l->window_full;
        out->keepAlives[dir] = l->keep_alives;
        out->windowProbes[dir] = l->window_probes;
        out->eceSegments[dir] = l->ece;
        out->cwrSegments[dir] = l->cwr;
    }
}

/* RFC 3168 section 6.1.1: the SYN has ECE and CWR, the SYN+ACK has ECE alone. */
static bool
is_ecn_negotiated(const struct tcp_part *t, unsigned fwd)
{
    const uint16_t syn = t->side[fwd].first_flags, answer = t->side[!fwd].first_flags;

    return (syn & (TCP_SYN | TCP_ACK | TCP_ECE | TCP_CWR)) == (TCP_SYN | TCP_ECE | TCP_CWR) &&
           (answer & (TCP_SYN | TCP_ACK | TCP_ECE | TCP_CWR)) == (TCP_SYN | TCP_ACK | TCP_ECE);
}

void
tcp_fill(const struct pavo_flow *f, const struct tcp_part *t, const struct loss_part *loss,
         const struct meter_part *meter, unsigned fwd, struct pavo_record *r)
{
    const bool first_is_b = (f->flags & FLOW_FIRST_B) != 0;
    struct pavo_record_tcp *out = &r->tcp;

    r->connState = (uint8_t)tcp_conn_state(t, fwd);
    history_spell(&t->history, fwd, first_is_b != (fwd != 0), r->history);
    if (tcp_state(&t->side[0]) == PAVO_SIDE_INACTIVE &&
        tcp_state(&t->side[1]) == PAVO_SIDE_INACTIVE)
        return; /* no header was read */
    mem_clear(out, sizeof *out);
    r->parts |= PAVO_PART_TCP;
    for (unsigned dir = 0; dir < 2; dir++) {
        const struct tcp_side *x = &t->side[dir ^ fwd];
        const bool has_syn = (x->seen & (1u << HISTORY_S | 1u << HISTORY_H)) != 0;

        r->initialTCPFlags[dir] = x->first_flags & 0x0fff;
        out->tcpSequenceNumber[dir] = x->base - has_syn;
        out->streamOctets[dir] = tcp_stream_octets(x);
        out->unackedOctets[dir] = tcp_unacked_octets(x);
        out->maximumSegmentSize[dir] = x->mss;
        out->tcpWindowScale[dir] = (uint8_t)(x->first_flags >> TCP_WSCALE_SHIFT);
        out->tcpOptionBits[dir] = x->options;
        out->sideState[dir] = (uint8_t)tcp_state(x);
    }
    out->ecnNegotiated = is_ecn_negotiated(t, fwd);
    out->handshakeServer_ns = t->shake >= SHAKE_SYNACK ? span_ns(t->server) : 0;
    out->handshakeClient_ns = t->shake == SHAKE_DONE ? span_ns(t->client) : 0;
    out->response_ns = t->answered && t->asker == fwd ? (uint64_t)t->response_us * 1000 : 0;
    if (t->loss != TCP_LOSS_REFUSED) {
        r->parts |= PAVO_PART_LOSS;
        if (loss)
            loss_fill(loss, fwd, out);
    }
    if (meter) {
        r->parts |= PAVO_PART_RTT;
        meter_fill_rtt(meter, fwd, out);
    }
}
