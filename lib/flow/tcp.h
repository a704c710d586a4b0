/* tcp.h - what the parts of TCP's analysis share
 *
 * docs/transport.md says what they do. One segment is looked at in this order: is it the copy of
 * the one before (tcp.c), its letters (tcp.c), its numbers and what it acknowledges (tcp_seq.c),
 * the states of the sides (tcp_side.c). Of most segments tcp_usual.c says the same at less cost.
 */
#ifndef PAVO_TCP_H
#define PAVO_TCP_H

#include "flow.h"

/* One segment on its way. */
struct tcp_seg {
    struct pavo_shard *s;
    struct pavo_flow *f;
    struct tcp_part *t;
    struct tcp_side *x, *y;   /* the sender and the other side */
    struct meter_part *meter; /* NULL: the flow has none */
    struct loss_part *loss;   /* NULL: the flow has none yet, or there was none left */
    const struct pavo_packet *p;
    uint16_t flags;
    uint8_t side; /* the sender's */
    uint8_t said; /* enum said_is: what its payload turned out to be */
};

/* The loss part of the flow, taken if need be; NULL: there is none left, which was counted. */
struct loss_part *tcp_loss_take(struct tcp_seg *g);
static inline struct loss_part *
tcp_loss(struct tcp_seg *g)
{
    return g->loss ? g->loss : tcp_loss_take(g);
}

/* Letters: once for a side. */
static inline void
tcp_letter(struct tcp_seg *g, unsigned side, enum history_letter letter)
{
    struct tcp_side *x = &g->t->side[side];

    if (!(x->seen & 1u << letter)) {
        x->seen = (uint16_t)(x->seen | 1u << letter);
        history_add(&g->t->history, side, letter);
    }
}
/* Counts an event; letters at the 1st, 10th, 100th ... */
void tcp_event(struct tcp_seg *g, unsigned side, enum history_letter letter, uint32_t *count);

/* tcp.c: tcp_step() by all rules. */
enum said_is tcp_general(struct pavo_shard *s, uint32_t i, const struct pavo_packet *p,
                         uint64_t now_ns);
/* tcp_usual.c: the handshake, of flows that nothing odd was seen of. Is it a SYN and nothing more?
 */
bool tcp_is_opening(const struct pavo_packet *p);
/* What that leaves of a flow that it begins, in a detail that may hold anything. */
void tcp_opens(struct pavo_shard *s, struct pavo_flow *f, const struct pavo_packet *p);
/* And its answer, a first packet. False: it is something else, and nothing has changed. */
bool tcp_answers(struct pavo_shard *s, struct pavo_flow *f, const struct pavo_packet *p);
/* Of a segment with payload, while there is no answer: the first request and its answer. */
void tcp_response(const struct pavo_flow *f, struct tcp_part *t, const struct pavo_packet *p);

/* tcp_seq.c: numbers of a segment that is no RST. */
void tcp_numbers(struct tcp_seg *g);
/* The segment acknowledges what is remembered of the side of 'm'. */
void tcp_rtt_sample(struct meter_side *m, const struct pavo_packet *p);
/* Has a side filled the window of the other one with its segment up to 'end'? */
bool tcp_is_window_full(const struct tcp_part *t, unsigned side, uint32_t end);
/* Bytes of the stream that a side has sent, as far as it was seen or acknowledged. */
uint64_t tcp_stream_octets(const struct tcp_side *x);
/* Seen and not acknowledged. */
uint64_t tcp_unacked_octets(const struct tcp_side *x);

/* tcp_side.c: states. 'by_initiator': the sender began. */
void tcp_states(struct tcp_seg *g, bool by_initiator);
enum pavo_conn_state tcp_conn_state(const struct tcp_part *t, unsigned fwd);
static inline enum pavo_tcp_side
tcp_state(const struct tcp_side *x)
{
    return (enum pavo_tcp_side)(x->state & 7);
}
static inline void
tcp_state_set(struct tcp_side *x, enum pavo_tcp_side state)
{
    const unsigned dupacks = x->state & ~63u;

    if (tcp_state(x) != state)
        x->state = (uint8_t)(dupacks | (unsigned)tcp_state(x) << TCP_PREVIOUS_SHIFT | state);
}

static inline unsigned
tcp_dupacks(const struct tcp_side *x)
{
    return x->state >> TCP_DUPACKS_SHIFT;
}
static inline void
tcp_dupacks_set(struct tcp_side *x, unsigned n)
{
    x->state = (uint8_t)((x->state & ((1u << TCP_DUPACKS_SHIFT) - 1)) | n << TCP_DUPACKS_SHIFT);
}

/* The side has sent up to 'to'. */
static inline void
tcp_advance(struct tcp_side *x, uint32_t to)
{
    const uint32_t at = x->next - x->base, by = to - x->next;

    if (pavo_unlikely(at + by < at) && x->wraps < UINT16_MAX)
        x->wraps++;
    x->next = to;
}

#define TCP_ACK_FAR (INT32_C(1) << 30) /* no window is larger, RFC 7323 section 2.3 */

/* What tells a segment from the one before by the same side, other than the mirror's copy of it; 0:
 * nothing does. Members that stand together are read together. */
static inline uint32_t
tcp_twin(const struct pavo_layers *at)
{
    uint64_t numbers, stamps; /* 0: none */
    uint32_t head, h;

    _Static_assert(
        offsetof(struct pavo_layers, tcp_ack) == offsetof(struct pavo_layers, tcp_seq) + 4 &&
            offsetof(struct pavo_layers, tcp_tsecr) ==
                offsetof(struct pavo_layers, tcp_tsval) + 4 &&
            offsetof(struct pavo_layers, tcp_window) == offsetof(struct pavo_layers, tcp_flags) + 2,
        "numbers, time stamps, flags and window are pairs");
    if (!(at->has_tcp_opt & PAVO_TCP_OPT_TS) && at->ip_id == 0)
        return 0;
    memcpy(&numbers, &at->tcp_seq, sizeof numbers);
    memcpy(&stamps, &at->tcp_tsval, sizeof stamps);
    memcpy(&head, &at->tcp_flags, sizeof head);
    stamps *= HASH_C1;
    if (pavo_unlikely(at->n_sack))
        stamps ^= ((uint64_t)at->tcp_sack[0] << 32 | at->tcp_sack[1]) * HASH_C0;
    h = (uint32_t)hash_mum(numbers ^ HASH_C0, ((uint64_t)head << 32 | at->payload_len) ^
                                                  (uint64_t)at->ip_id << 16 ^ HASH_C1) ^
        (uint32_t)(stamps >> 32);
    return h ? h : 1;
}

/* Is 'a' at or after 'b', and after it, in sequence space? RFC 9293 section 3.4. */
static inline bool
seq_reaches(uint32_t a, uint32_t b)
{
    return a - b < UINT32_C(1) << 31;
}
static inline bool
seq_passes(uint32_t a, uint32_t b)
{
    return a != b && seq_reaches(a, b);
}

/* A round trip begins with the segment up to 'end', unless another one is under way. */
static inline void
tcp_rtt_remember(struct meter_side *m, uint32_t end, const struct pavo_packet *p)
{
    if (m->rtt_is & METER_RTT_OPEN)
        return;
    m->rtt_is = METER_RTT_OPEN;
    m->rtt_end = end;
    m->rtt_ts = p->at.tcp_tsval;
    m->rtt_at_ns = p->ts_ns;
}
static inline bool
tcp_rtt_is_reached(const struct meter_side *m, uint32_t ack)
{
    return (m->rtt_is & METER_RTT_OPEN) && seq_reaches(ack, m->rtt_end);
}

/* Have both sides finished, and was all acknowledged? */
static inline bool
tcp_is_closed(const struct tcp_part *t)
{
    enum { DONE = TCP_FINISHED | TCP_HAS_ACKED };
    const struct tcp_side *x = &t->side[0], *y = &t->side[1];

    return (x->seen & y->seen & DONE) == DONE && seq_reaches(x->acked, x->next) &&
           seq_reaches(y->acked, y->next);
}

/* ---- the handshake: tcp_part.shake says what its times are meanwhile ---- */

static inline uint32_t
tcp_span_since(uint64_t then_ns, const struct pavo_packet *p)
{
    return span_of(p->ts_ns > then_ns ? p->ts_ns - then_ns : 0);
}
/* After a SYN+ACK of 'y', does an acknowledgement of 'x' end it? */
static inline bool
tcp_shake_is_over(const struct tcp_side *x, const struct tcp_side *y, const struct pavo_packet *p)
{
    return (x->seen & 1u << HISTORY_S) && (y->seen & 1u << HISTORY_H) &&
           seq_reaches(p->at.tcp_ack, y->base);
}
static inline void
tcp_shake_end(struct tcp_part *t, const struct pavo_packet *p)
{
    t->shake = SHAKE_DONE;
    if (t->asked) {
        t->client = 0;
        return;
    }
    t->client = tcp_span_since((uint64_t)t->response_us << 32 | t->client, p);
    t->response_us = 0;
}

#endif
