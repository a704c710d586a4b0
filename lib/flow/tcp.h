/* tcp.h - what the parts of TCP's analysis share
 *
 * docs/transport.md says what they do. One segment is looked at in this order: is it the copy of
 * the one before (tcp.c), its letters (tcp.c), its numbers and what it acknowledges (tcp_seq.c),
 * the states of the sides (tcp_side.c).
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

/* tcp_seq.c: numbers of a segment that is no RST. */
void tcp_numbers(struct tcp_seg *g);
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

#endif
