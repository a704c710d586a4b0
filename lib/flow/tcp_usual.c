/* tcp_usual.c - the segments that most of a connection are
 *
 * Of a connection that is open, in which nothing is lost so far: the next bytes in order, and
 * acknowledgements of what was seen. And the SYN of a new one and its answer. What of tcp_general()
 * concerns them is done here, in a quarter of its instructions; whatever is different in any way is
 * left to that. Tests hold that both do the same.
 */
#include "tcp.h"

/* ---- an open connection -------------------------------------------------------------------------
 */

/* Is there nothing to it but its numbers: ACK, perhaps the FIN, at most time stamps, a window; and
 * nothing before it that it could settle? */
static inline bool
is_plain(const struct tcp_part *t, const struct tcp_side *x, const struct pavo_layers *at)
{
    enum {
        FLAGS = TCP_SYN | TCP_RST | TCP_ACK | TCP_ECE | TCP_CWR,
        SEEN = TCP_HAS_SEQ | TCP_PROBED,
    };

    return (at->tcp_flags & FLAGS) == TCP_ACK && !(at->has_tcp_opt & ~PAVO_TCP_OPT_TS) &&
           at->tcp_window != 0 && t->loss == 0 && (x->seen & SEEN) == TCP_HAS_SEQ &&
           tcp_state(x) != PAVO_SIDE_INACTIVE;
}

/* Does the connection neither begin nor end with it? */
static inline bool
is_amid(const struct pavo_flow *f, const struct tcp_part *t, const struct tcp_side *x,
        const struct pavo_layers *at)
{
    return f->state == STATE_TCP_OPEN && t->shake != SHAKE_SYNACK && !(x->seen & TCP_FINISHED) &&
           !(at->tcp_flags & TCP_FIN);
}

/* Are the numbers those that come next, or of a bare acknowledgement? */
static inline bool
is_next(const struct tcp_part *t, const struct tcp_side *x, const struct tcp_side *y,
        const struct pavo_packet *p)
{
    const uint32_t payload = p->at.payload_len, end = p->at.tcp_seq + payload;

    if (payload == 0)
        return end + 1 != x->next;                    /* else a keep-alive */
    return p->at.tcp_seq == x->next && payload > 1 && /* else a window probe */
           (end - x->acked < y->window || !tcp_is_window_full(t, p->is_b, end));
}

/* Does it acknowledge what was seen, and is it no duplicate? */
static inline bool
is_within(const struct tcp_side *x, const struct tcp_side *y, const struct pavo_layers *at)
{
    const uint32_t sent = y->next - y->acked, by = at->tcp_ack - y->acked;

    return (y->seen & TCP_HAS_ACKED) && by <= sent && sent <= TCP_ACK_FAR &&
           (by != 0 || sent == 0 || at->payload_len != 0 || x->window != at->tcp_window);
}

static inline void
letter_note(struct tcp_part *t, struct tcp_side *x, unsigned side, enum history_letter letter)
{
    const unsigned seen = 1u << letter | TCP_HAS_WINDOW;

    if (pavo_unlikely(!(x->seen & 1u << letter)))
        history_add(&t->history, side, letter);
    x->seen = (uint16_t)(x->seen | seen);
}

/* What each of these segments leaves: 'n' numbers of side x, and an acknowledgement of y, if that
 * was seen. */
static inline __attribute__((always_inline)) void
take(struct pavo_shard *s, struct pavo_flow *f, struct tcp_part *t, struct tcp_side *x,
     struct tcp_side *y, const struct pavo_packet *p, uint32_t twin, enum history_letter letter,
     const uint32_t n, const bool has_peer)
{
    const struct pavo_layers *at = &p->at;
    const unsigned side = p->is_b;
    const uint32_t payload = at->payload_len, ack = at->tcp_ack;

    f->tcp_flags[side] |= at->tcp_flags;
    x->twin = twin;
    x->options |= at->has_tcp_opt;
    x->window = at->tcp_window;
    letter_note(t, x, side, letter);
    if (has_peer && y->acked != ack) {
        tcp_dupacks_set(x, 0);
        y->acked = ack;
    }
    if (n)
        tcp_advance(x, x->next + n);
    if (payload && pavo_unlikely(!t->answered))
        tcp_response(f, t, p);
    if (part_is_there(f->meter)) {
        struct meter_part *m = pool_at(&s->meters, f->meter);
        struct meter_side *mine = address_kept(&m->side[side]);
        struct meter_side *other = address_kept(&m->side[!side]);

        if (payload)
            tcp_rtt_remember(mine, x->next, p);
        if (has_peer && tcp_rtt_is_reached(other, ack))
            tcp_rtt_sample(other, p);
    }
}

/* The acknowledgement that ends the handshake, a FIN in order, and what follows that. */
static __attribute__((noinline)) enum said_is
step_edge(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];
    struct tcp_part *t = pool_at(&s->details, f->detail);
    const struct pavo_layers *at = &p->at;
    struct tcp_side *x = address_kept(&t->side[p->is_b]);
    struct tcp_side *y = address_kept(&t->side[!p->is_b]);
    const bool is_fin = at->tcp_flags & TCP_FIN, is_first = !(y->seen & TCP_HAS_ACKED);
    const uint32_t n = at->payload_len + is_fin, twin = tcp_twin(at);

    if (state_lingers(f->state) || !(y->seen & TCP_HAS_SEQ) ||
        (twin && twin == x->twin && n == 0) || ((x->seen & TCP_FINISHED) && n) ||
        (is_first ? at->tcp_ack != y->next : !is_within(x, y, at)) ||
        (is_fin ? at->tcp_seq != x->next || (x->seen & 1u << HISTORY_F) /* its second one */
                : !is_next(t, x, y, p)))
        return tcp_general(s, i, p, now_ns);
    if (t->shake == SHAKE_SYNACK && tcp_shake_is_over(x, y, p))
        tcp_shake_end(t, p);
    if (is_first) {
        tcp_dupacks_set(x, 0);
        y->acked = at->tcp_ack;
        y->seen |= TCP_HAS_ACKED;
    }
    take(s, f, t, x, y, p, twin,
         is_fin            ? HISTORY_F
         : at->payload_len ? HISTORY_D
                           : HISTORY_A,
         n, true);
    if (is_fin) {
        tcp_state_set(x, PAVO_SIDE_CLOSED);
        x->seen |= TCP_FINISHED;
    }
    f->state = STATE_TCP_OPEN;
    if (tcp_is_closed(t)) {
        f->state = STATE_TCP_CLOSED;
        s->cold[i].closed_ns = now_ns;
    }
    return n ? SAID_NEXT : SAID_AGAIN;
}

enum said_is
tcp_step(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p, uint64_t now_ns)
{
    struct pavo_flow *f = &s->flows[i];
    struct tcp_part *t = pool_at(&s->details, f->detail);
    const struct pavo_layers *at = &p->at;
    struct tcp_side *x = address_kept(&t->side[p->is_b]);
    struct tcp_side *y = address_kept(&t->side[!p->is_b]);
    const bool has_peer = (y->seen & TCP_HAS_SEQ) != 0; /* else it acknowledges we know not what */
    uint32_t twin;

    if (!is_plain(t, x, at))
        return tcp_general(s, i, p, now_ns);
    if (pavo_unlikely(!is_amid(f, t, x, at)))
        return step_edge(s, i, p, now_ns);
    if (!is_next(t, x, y, p) || (has_peer && !is_within(x, y, at)))
        return tcp_general(s, i, p, now_ns);
    twin = tcp_twin(at);
    if (pavo_unlikely(twin && twin == x->twin && !at->payload_len)) /* data in order is no copy */
        return tcp_general(s, i, p, now_ns);
    take(s, f, t, x, y, p, twin, at->payload_len ? HISTORY_D : HISTORY_A, at->payload_len,
         has_peer);
    return at->payload_len ? SAID_NEXT : SAID_AGAIN;
}

/* ---- the handshake ------------------------------------------------------------------------------
 */

/* What a SYN, with ACK or not, leaves of its own side: state and letter are the caller's. */
static inline void
syn_note(struct tcp_side *x, const struct pavo_layers *at, enum history_letter letter)
{
    const uint16_t scale = (at->has_tcp_opt & PAVO_TCP_OPT_WSCALE) ? at->tcp_wscale : 0;

    x->base = x->next = at->tcp_seq + 1;
    x->twin = tcp_twin(at);
    x->mss = (at->has_tcp_opt & PAVO_TCP_OPT_MSS) ? at->tcp_mss : 0;
    x->first_flags = (uint16_t)((at->tcp_flags & 0x0fff) | scale << TCP_WSCALE_SHIFT);
    x->seen = (uint16_t)(1u << letter | TCP_HAS_SEQ);
    x->options = at->has_tcp_opt;
}

/* Are the flags those, and is there nothing else to a SYN? */
static inline bool
is_bare_syn(const struct pavo_layers *at, uint16_t flags)
{
    return (at->tcp_flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST)) == flags &&
           at->payload_len == 0 && at->n_sack == 0 && !at->has_mptcp_token;
}

bool
tcp_is_opening(const struct pavo_packet *p)
{
    return is_bare_syn(&p->at, TCP_SYN);
}

void
tcp_opens(struct pavo_shard *s, struct pavo_flow *f, const struct pavo_packet *p)
{
    union flow_detail *d = pool_at(&s->details, f->detail);
    struct tcp_part *t = &d->tcp;
    struct tcp_side *x = address_kept(&t->side[p->is_b]);

    mem_clear(d, sizeof *d);
    f->tcp_flags[p->is_b] = p->at.tcp_flags;
    syn_note(x, &p->at, HISTORY_S);
    x->state = PAVO_SIDE_INACTIVE << TCP_PREVIOUS_SHIFT | PAVO_SIDE_SYN_SENT;
    history_add(&t->history, p->is_b, HISTORY_S);
    t->shake = SHAKE_SYN;
    t->server = (uint32_t)p->ts_ns;
    t->client = (uint32_t)(p->ts_ns >> 32);
}

bool
tcp_answers(struct pavo_shard *s, struct pavo_flow *f, const struct pavo_packet *p)
{
    struct tcp_part *t = pool_at(&s->details, f->detail);
    struct tcp_side *x = address_kept(&t->side[p->is_b]);
    struct tcp_side *y = address_kept(&t->side[!p->is_b]);
    const uint64_t syn_ns = (uint64_t)t->client << 32 | t->server;

    /* A side that has sent a SYN and nothing else is the initiator already, has lost nothing, and
     * waits for no round trip. */
    if (!is_bare_syn(&p->at, TCP_SYN | TCP_ACK) || f->packets[!p->is_b] != 1 ||
        tcp_state(y) != PAVO_SIDE_SYN_SENT || p->at.tcp_ack != y->next)
        return false;
    f->tcp_flags[p->is_b] = p->at.tcp_flags;
    syn_note(x, &p->at, HISTORY_H);
    x->state = PAVO_SIDE_INACTIVE << TCP_PREVIOUS_SHIFT | PAVO_SIDE_ESTABLISHED;
    y->state = PAVO_SIDE_SYN_SENT << TCP_PREVIOUS_SHIFT | PAVO_SIDE_ESTABLISHED;
    y->acked = p->at.tcp_ack;
    y->seen |= TCP_HAS_ACKED;
    history_add(&t->history, p->is_b, HISTORY_H);
    t->shake = SHAKE_SYNACK;
    t->server = tcp_span_since(syn_ns, p);
    t->client = (uint32_t)p->ts_ns;
    if (!t->asked)
        t->response_us = (uint32_t)(p->ts_ns >> 32);
    return true;
}
