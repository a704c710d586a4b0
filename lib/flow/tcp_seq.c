/* tcp_seq.c - sequence numbers: what is new, missing, out of order, sent again
 *
 * The rules are those of docs/transport.md. For each side: 'base', the number of its first byte;
 * 'next', the highest end so far; 'acked', what the other side has acknowledged; and the holes
 * between base and next, of which the loss part remembers four. In the common case, the next
 * segment in order and an acknowledgement within what was seen, nothing but these numbers is
 * touched.
 */
#include "tcp.h"

enum { REORDER_NS = 3000000 }; /* where the time of the handshake is not known */

static bool
has_both_syns(const struct tcp_part *t)
{
    const uint16_t syn = 1u << HISTORY_S | 1u << HISTORY_H;

    return (t->side[0].seen & syn) && (t->side[1].seen & syn);
}

static bool
has_time_stamps(const struct tcp_seg *g)
{
    return (g->p->at.has_tcp_opt & PAVO_TCP_OPT_TS) != 0;
}

uint64_t
tcp_stream_octets(const struct tcp_side *x)
{
    uint64_t n;

    if (!(x->seen & TCP_HAS_SEQ))
        return 0;
    n = (uint64_t)x->wraps << 32 | (x->next - x->base);
    return n && (x->seen & TCP_FINISHED) ? n - 1 : n;
}

uint64_t
tcp_unacked_octets(const struct tcp_side *x)
{
    const uint32_t sent = x->next - x->base, acked = x->acked - x->base;

    if (!(x->seen & TCP_HAS_SEQ) || !(x->seen & TCP_HAS_ACKED))
        return 0;
    if (x->wraps == 0 && sent < UINT32_C(1) << 31) /* what lies before the base is acknowledged */
        return acked > UINT32_C(1) << 31 ? sent : sent > acked ? sent - acked : 0;
    return seq_reaches(x->acked, x->next) ? 0 : x->next - x->acked;
}

/* ---- holes ---------------------------------------------------------------------------------- */

static void
hole_remove(struct loss_side *l, unsigned i)
{
    l->n_holes--;
    for (; i < l->n_holes; i++)
        l->holes[i] = l->holes[i + 1];
}

static void
hole_open(struct tcp_seg *g, uint32_t from, uint32_t to)
{
    struct loss_part *loss = tcp_loss(g);
    struct loss_side *l;

    if (!loss)
        return;
    l = &loss->side[g->side];
    if (l->n_holes == LOSS_HOLES)
        hole_remove(l, 0);
    l->holes[l->n_holes++] = (struct loss_hole){.opened_ns = g->p->ts_ns, .from = from, .to = to};
}

/* Takes the numbers from..to out of the holes. Returns whether any were in one; '*opened_ns' is
 * when the last opened of these was opened. */
static bool
holes_fill(struct loss_side *l, uint32_t from, uint32_t to, uint64_t *opened_ns)
{
    /* Of holes that span more than all numbers together, several can be split. */
    struct loss_hole kept[2 * LOSS_HOLES];
    unsigned n = 0, forgotten;
    bool any = false;

    *opened_ns = 0;
    for (unsigned i = 0; i < l->n_holes; i++) {
        const struct loss_hole h = l->holes[i];

        if (!seq_passes(to, h.from) || !seq_passes(h.to, from)) {
            kept[n++] = h;
            continue;
        }
        any = true;
        *opened_ns = h.opened_ns > *opened_ns ? h.opened_ns : *opened_ns;
        if (seq_passes(from, h.from))
            kept[n++] = (struct loss_hole){.opened_ns = h.opened_ns, .from = h.from, .to = from};
        if (seq_passes(h.to, to))
            kept[n++] = (struct loss_hole){.opened_ns = h.opened_ns, .from = to, .to = h.to};
    }
    forgotten = n > LOSS_HOLES ? n - LOSS_HOLES : 0;
    l->n_holes = (uint8_t)(n - forgotten);
    for (unsigned i = 0; any && i < l->n_holes; i++)
        l->holes[i] = kept[i + forgotten];
    return any;
}

/* ---- round trips ----------------------------------------------------------------------------- */

static void
rtt_remember(struct tcp_seg *g, uint32_t end, bool again)
{
    struct meter_side *m;

    if (!g->meter)
        return;
    m = &g->meter->side[g->side];
    if (!again) {
        tcp_rtt_remember(m, end, g->p);
        return;
    }
    m->rtt_is = 0;
    if (!has_time_stamps(g)) /* Karn's rule, RFC 6298 section 3 */
        return;
    tcp_rtt_remember(m, end, g->p);
    m->rtt_is |= METER_RTT_ECHO;
}

void
tcp_rtt_sample(struct meter_side *m, const struct pavo_packet *p)
{
    const bool is_stamped = (p->at.has_tcp_opt & PAVO_TCP_OPT_TS) != 0;
    const uint8_t is = m->rtt_is;
    uint64_t ns;

    m->rtt_is = 0;
    if ((is & METER_RTT_ECHO) && !(is_stamped && p->at.tcp_tsecr == m->rtt_ts))
        return;
    ns = p->ts_ns > m->rtt_at_ns ? p->ts_ns - m->rtt_at_ns : 0;
    if (ns > UINT32_MAX)
        ns = UINT32_MAX;
    if (m->rtt_n == 0 || ns < m->rtt_min)
        m->rtt_min = (uint32_t)ns;
    if (ns > m->rtt_max)
        m->rtt_max = (uint32_t)ns;
    m->rtt_n++;
    m->rtt_sum += ns;
}

/* ---- a segment ------------------------------------------------------------------------------- */

/* How long after a hole opened what fills it may just be out of order: half a round trip, for what
 * the other side asks for again comes after a whole one. */
static uint64_t
reorder_ns(const struct tcp_part *t)
{
    return t->shake == SHAKE_DONE && t->client ? (span_ns(t->server) + span_ns(t->client)) / 2
                                               : REORDER_NS;
}

/* It begins before 'next': out of order, or sent again. */
static void
behind(struct tcp_seg *g, uint32_t seq, uint32_t end)
{
    struct tcp_side *x = g->x;
    struct loss_part *loss = tcp_loss(g);
    struct loss_side *l, none = {0};
    const uint32_t payload = g->p->at.payload_len;
    uint64_t opened_ns;
    bool fast, fills;

    l = loss ? &loss->side[g->side] : &none;
    fast = tcp_dupacks(g->y) >= TCP_DUPACKS_MAX && (x->seen & TCP_HAS_ACKED) && x->acked == seq;
    fills = holes_fill(l, seq, end, &opened_ns);
    if (fills && !fast && g->p->ts_ns <= opened_ns + reorder_ns(g->t)) {
        l->out_of_order++;
    } else {
        l->retransmitted++;
        l->retransmitted_octets += payload;
        l->fast += fast;
        l->retx = 0;
        if (!fast && (x->seen & TCP_HAS_ACKED) && seq_reaches(x->acked, end)) {
            l->spurious++;
        } else {
            l->retx = has_time_stamps(g) ? RETX_OPEN | RETX_TS : RETX_OPEN;
            l->retx_end = end;
            l->retx_ts = g->p->at.tcp_tsval;
        }
        if (payload) {
            tcp_event(g, g->side, HISTORY_T, &l->n_retransmitted);
            rtt_remember(g, end, true);
        }
    }
    if (seq_passes(end, x->next)) {
        tcp_advance(x, end);
        g->said = SAID_GAP; /* some of it is new */
    }
}

static void
segment(struct tcp_seg *g)
{
    const struct pavo_layers *at = &g->p->at;
    struct tcp_side *x = g->x, *y = g->y;
    const bool plain = !(g->flags & (TCP_SYN | TCP_FIN));
    const uint32_t seq = at->tcp_seq, payload = at->payload_len;
    const uint32_t len = payload + ((g->flags & TCP_SYN) != 0) + ((g->flags & TCP_FIN) != 0);
    const uint32_t end = seq + len;
    struct loss_part *loss;

    if (pavo_unlikely(g->flags & TCP_SYN) && (x->seen & TCP_HAS_SEQ) && seq + 1 != x->base) {
        x->seen &= (uint16_t) ~(TCP_HAS_SEQ | TCP_HAS_ACKED | TCP_PROBED | TCP_FINISHED);
        if (g->loss)
            g->loss->side[g->side].n_holes = g->loss->side[g->side].retx = 0;
        if (g->meter)
            g->meter->side[g->side].rtt_is = 0;
    }
    if (pavo_unlikely(!(x->seen & TCP_HAS_SEQ))) {
        x->seen |= TCP_HAS_SEQ;
        x->base = x->next = (g->flags & TCP_SYN) ? seq + 1 : seq;
        x->wraps = 0;
        tcp_advance(x, end);
        g->said = SAID_NEXT;
    } else if (pavo_unlikely(plain && payload <= 1 && seq + 1 == x->next)) {
        if ((loss = tcp_loss(g)))
            loss->side[g->side].keep_alives++;
        return;
    } else if (pavo_unlikely(payload == 1 && plain && seq == x->next &&
                             (y->seen & TCP_HAS_WINDOW) && y->window == 0)) {
        if ((loss = tcp_loss(g)))
            loss->side[g->side].window_probes++;
        x->seen |= TCP_PROBED;
        return;
    } else if (len == 0) {
        return;
    } else if (pavo_likely(seq == x->next)) {
        if (pavo_unlikely(x->seen & TCP_FINISHED))
            return; /* nothing follows a FIN */
        tcp_advance(x, end);
        g->said = SAID_NEXT;
    } else if (seq_reaches(seq, x->next)) {
        if (x->seen & TCP_FINISHED)
            return;
        if (x->next + ((x->seen & TCP_PROBED) != 0) != seq)
            hole_open(g, x->next + ((x->seen & TCP_PROBED) != 0), seq);
        tcp_advance(x, end);
        g->said = SAID_GAP;
    } else {
        if ((x->seen & TCP_FINISHED) && seq_passes(end, x->next))
            return;
        behind(g, seq, end);
        if ((g->flags & TCP_FIN) && end == x->next) /* one before that is not of this connection */
            x->seen |= TCP_FINISHED;
        return;
    }
    x->seen &= (uint16_t)~TCP_PROBED;
    if (g->flags & TCP_FIN)
        x->seen |= TCP_FINISHED;
    if (payload)
        rtt_remember(g, end, false);
}

/* A full window: its sender must wait. RFC 9293 section 3.8.6. */
bool
tcp_is_window_full(const struct tcp_part *t, unsigned side, uint32_t end)
{
    const struct tcp_side *x = &t->side[side], *y = &t->side[!side];
    const uint8_t scaled = x->options & y->options & PAVO_TCP_OPT_WSCALE;
    const unsigned scale = scaled ? y->first_flags >> TCP_WSCALE_SHIFT : 0;

    return (y->seen & TCP_HAS_WINDOW) && (x->seen & TCP_HAS_ACKED) &&
           end == x->acked + ((uint32_t)y->window << scale) && has_both_syns(t);
}

static void
window_full(struct tcp_seg *g)
{
    struct loss_part *loss;

    if (tcp_is_window_full(g->t, g->side, g->p->at.tcp_seq + g->p->at.payload_len) &&
        (loss = tcp_loss(g)))
        loss->side[g->side].window_full++;
}

/* ---- an acknowledgement ---------------------------------------------------------------------- */

/* Bytes of the other side that nobody saw, and that are acknowledged. */
static void
missed(struct tcp_seg *g, uint64_t bytes)
{
    struct loss_part *loss = tcp_loss(g);
    struct loss_side *l;

    if (!loss || bytes == 0)
        return;
    l = &loss->side[!g->side];
    l->missed_octets += bytes;
    if (tcp_state(g->x) < PAVO_SIDE_CLOSED && tcp_state(g->y) < PAVO_SIDE_CLOSED)
        tcp_event(g, !g->side, HISTORY_G, &l->n_missed);
}

static void
holes_acknowledge(struct tcp_seg *g, struct loss_side *l, uint32_t ack)
{
    uint64_t bytes = 0;

    while (l->n_holes && seq_passes(ack, l->holes[0].from)) {
        struct loss_hole *h = &l->holes[0];

        if (!seq_reaches(ack, h->to)) {
            bytes += ack - h->from;
            h->from = ack;
            break;
        }
        bytes += h->to - h->from;
        hole_remove(l, 0);
    }
    missed(g, bytes);
}

/* Was the other side's last retransmission needed? DSACK: RFC 2883 section 4; the echo of an older
 * time stamp: RFC 3522 section 3.2. */
static void
spurious(struct tcp_seg *g, struct loss_side *l, uint32_t ack)
{
    const struct pavo_layers *at = &g->p->at;
    const uint32_t *sack = at->tcp_sack;

    if (!(l->retx & RETX_OPEN))
        return;
    if (at->n_sack &&
        (seq_reaches(ack, sack[1]) ||
         (at->n_sack > 1 && seq_reaches(sack[0], sack[2]) && seq_reaches(sack[3], sack[1])))) {
        l->spurious++;
        l->retx = 0;
    } else if ((l->retx & RETX_TS) && has_time_stamps(g) && seq_reaches(ack, l->retx_end)) {
        l->spurious += !seq_reaches(at->tcp_tsecr, l->retx_ts);
        l->retx = 0;
    }
}

static void
acknowledge(struct tcp_seg *g, bool same_window)
{
    const struct pavo_layers *at = &g->p->at;
    struct tcp_side *x = g->x, *y = g->y;
    const uint32_t ack = at->tcp_ack;
    const bool is_first = !(y->seen & TCP_HAS_ACKED);
    struct loss_part *loss = g->loss;
    int32_t by;

    if (!(y->seen & TCP_HAS_SEQ))
        return; /* of a side that was not seen nothing is known */
    by = (int32_t)(ack - (is_first ? y->next : y->acked));
    if (by > TCP_ACK_FAR || by < -TCP_ACK_FAR)
        return;
    if ((g->flags & TCP_SYN) && seq_passes(ack, y->next))
        return; /* not acceptable, RFC 9293 section 3.10.7.3 */
    if (loss)
        spurious(g, &loss->side[!g->side], ack);
    if (!is_first && by < 0)
        return;
    if (g->meter && tcp_rtt_is_reached(&g->meter->side[!g->side], ack))
        tcp_rtt_sample(&g->meter->side[!g->side], g->p);
    if (!is_first && by == 0) {
        if (same_window && at->payload_len == 0 && !(g->flags & (TCP_SYN | TCP_FIN)) &&
            seq_passes(y->next, ack)) {
            if ((loss = tcp_loss(g)))
                loss->side[g->side].duplicate_acks++;
            if (tcp_dupacks(x) < TCP_DUPACKS_MAX)
                tcp_dupacks_set(x, tcp_dupacks(x) + 1);
        }
        return;
    }
    tcp_dupacks_set(x, 0);
    y->acked = ack;
    y->seen |= TCP_HAS_ACKED;
    if (loss)
        holes_acknowledge(g, &loss->side[!g->side], ack);
    if (pavo_unlikely(seq_passes(ack, y->next))) {
        const uint32_t seen = (y->seen & TCP_PROBED) != 0;
        const uint32_t bytes = ack - y->next;

        y->seen &= (uint16_t)~TCP_PROBED;
        if (bytes == 1 && y->next == y->base && y->wraps == 0 &&
            !(y->seen & (1u << HISTORY_S | 1u << HISTORY_H))) {
            y->base = y->next = ack; /* all that was seen of it was a keep-alive */
            return;
        }
        tcp_advance(y, ack);
        missed(g, bytes - seen);
    }
}

void
tcp_numbers(struct tcp_seg *g)
{
    const struct pavo_layers *at = &g->p->at;
    struct tcp_side *x = g->x;
    const bool plain = !(g->flags & (TCP_SYN | TCP_FIN));
    const bool same_window = (x->seen & TCP_HAS_WINDOW) && x->window == at->tcp_window;

    if (pavo_unlikely(plain && at->tcp_window == 0)) {
        struct loss_part *loss = tcp_loss(g);

        if (loss) {
            struct loss_side *l = &loss->side[g->side];

            l->zero_windows++;
            if (tcp_state(g->y) != PAVO_SIDE_CLOSED)
                tcp_event(g, g->side, HISTORY_W, &l->n_zero_windows);
        }
    }
    if (pavo_unlikely((g->flags & (TCP_ECE | TCP_CWR)) && !(g->flags & TCP_SYN))) {
        struct loss_part *loss = tcp_loss(g);

        if (loss) {
            loss->side[g->side].ece += (g->flags & TCP_ECE) != 0;
            loss->side[g->side].cwr += (g->flags & TCP_CWR) != 0;
        }
    }
    segment(g);
    if (at->payload_len && plain)
        window_full(g);
    if (g->flags & TCP_ACK)
        acknowledge(g, same_window);
    if (!(g->flags & TCP_SYN)) {
        x->window = at->tcp_window;
        x->seen |= TCP_HAS_WINDOW;
    }
}
