/* model_tcp.c - sequence numbers, acknowledgements, windows, times, states: docs/transport.md
 *
 * Functions stand in the order of the document. X is who sent the segment, Y the other side.
 */
#include <string.h>

#include "model_tcp.h"

#define UNKNOWN_HANDSHAKE_NS UINT64_C(3000000)

enum {
    LETTER_A = 1,
    LETTER_D = 2,
    LETTER_F = 4,
    LETTER_H = 8,
    LETTER_I = 16,
    LETTER_Q = 32,
    LETTER_R = 64,
    LETTER_S = 128
};

static int64_t
start(uint32_t n)
{
    return (int64_t)((UINT64_C(1) << 40) + n);
}

/* 'n' counted on, next to 'near'. */
static int64_t
count_on(int64_t near, uint32_t n)
{
    return near + (int32_t)(n - (uint32_t)near);
}

/* Compared modulo 2^32, as the document has it: matters where a capture shows two connections as
 * one and numbers are further apart than any window. */
static bool
reaches(int64_t a, int64_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b) >= 0;
}

static uint64_t
since(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? to_ns - from_ns : 0;
}

/* A half of the handshake as records have it: 0 is none, and from 2^31 on whole microseconds. */
static uint64_t
shown(uint64_t ns)
{
    if (ns >> 31)
        return ns / 1000 * 1000;
    return ns ? ns : 1;
}

static bool
has_ts(const struct pavo_layers *l)
{
    return (l->has_tcp_opt & PAVO_TCP_OPT_TS) != 0;
}

/* ---- history ------------------------------------------------------------------------------- */

static void
letter_put(struct connection *c, unsigned side, char letter)
{
    if (c->n_history < LETTERS) {
        c->history[c->n_history].side = (uint8_t)side;
        c->history[c->n_history++].letter = letter;
    }
}

static void
letter_once(struct connection *c, unsigned x, unsigned bit, char letter)
{
    if (!(c->side[x].seen_letters & bit))
        letter_put(c, x, letter);
    c->side[x].seen_letters |= bit;
}

/* Once, and again when 'again' says that it is not that of the one before. */
static void
letter_unless_same(struct connection *c, unsigned x, unsigned bit, char letter, bool is_other)
{
    struct side *s = &c->side[x];

    if (!(s->seen_letters & bit) || is_other)
        letter_put(c, x, letter);
    s->seen_letters |= bit;
}

/* At the 1st, 10th, 100th ... */
static void
letter_counted(struct connection *c, unsigned x, char letter, uint64_t count)
{
    while (count > 1 && count % 10 == 0)
        count /= 10;
    if (count == 1)
        letter_put(c, x, letter);
}

static void
history_take(struct connection *c, unsigned x, const struct pavo_layers *l)
{
    const unsigned f = l->tcp_flags;

    if ((f & F_SYN) && (f & (F_FIN | F_RST))) {
        letter_once(c, x, LETTER_Q, 'Q');
    } else if ((f & (F_FIN | F_RST)) == (F_FIN | F_RST)) {
        letter_once(c, x, LETTER_I, 'I');
    } else if (f & F_SYN) {
        letter_unless_same(c, x, LETTER_S, (f & F_ACK) ? 'H' : 'S',
                           l->tcp_seq + 1 != (uint32_t)c->side[x].base);
    } else if (f & F_FIN) {
        letter_unless_same(c, x, LETTER_F, 'F',
                           l->tcp_seq + l->payload_len + 1 != (uint32_t)c->side[x].next);
    } else if (f & F_RST) {
        letter_once(c, x, LETTER_R, 'R');
    } else if (l->payload_len) {
        letter_once(c, x, LETTER_D, 'D');
    } else if (f & F_ACK) {
        letter_once(c, x, LETTER_A, 'A');
    }
}

/* ---- states -------------------------------------------------------------------------------- */

static void
state_set(struct side *s, enum pavo_tcp_side state)
{
    s->state_before = s->state;
    s->state = (uint8_t)state;
}

/* As Zeek has them. */
static void
states_take(struct connection *c, unsigned x, const struct pavo_layers *l)
{
    struct side *me = &c->side[x], *peer = &c->side[!x];
    const bool is_orig = x == c->initiator;
    const unsigned f = l->tcp_flags;

    switch (me->state) {
    case PAVO_SIDE_INACTIVE:
        if (f & F_SYN) {
            if (is_orig) {
                state_set(me, (f & F_ACK) ? PAVO_SIDE_SYN_ACK_SENT : PAVO_SIDE_SYN_SENT);
            } else {
                if (peer->state == PAVO_SIDE_SYN_SENT)
                    state_set(peer, PAVO_SIDE_ESTABLISHED);
                state_set(me, PAVO_SIDE_ESTABLISHED);
            }
        }
        if (f & F_FIN)
            state_set(me, PAVO_SIDE_CLOSED);
        if (f & F_RST)
            state_set(me, PAVO_SIDE_RESET);
        if (me->state != PAVO_SIDE_INACTIVE)
            break;
        if (!is_orig && l->payload_len == 0 && peer->state == PAVO_SIDE_SYN_SENT)
            break;
        state_set(me, (f & F_ACK) && peer->state == PAVO_SIDE_ESTABLISHED ? PAVO_SIDE_ESTABLISHED
                                                                          : PAVO_SIDE_PARTIAL);
        break;
    case PAVO_SIDE_SYN_SENT:
    case PAVO_SIDE_SYN_ACK_SENT:
        if (f & F_FIN)
            state_set(me, PAVO_SIDE_CLOSED);
        if (f & F_RST)
            state_set(me, PAVO_SIDE_RESET);
        break;
    case PAVO_SIDE_PARTIAL:
    case PAVO_SIDE_ESTABLISHED:
        if ((f & (F_SYN | F_ACK)) == F_SYN && me->state == PAVO_SIDE_PARTIAL &&
            peer->state == PAVO_SIDE_INACTIVE)
            state_set(me, PAVO_SIDE_SYN_SENT);
        if ((f & F_FIN) && !(f & F_RST)) {
            state_set(me, PAVO_SIDE_CLOSED);
            if (peer->state == PAVO_SIDE_RESET && peer->state_before == PAVO_SIDE_CLOSED)
                state_set(peer, PAVO_SIDE_CLOSED);
        }
        if (f & F_RST)
            state_set(me, PAVO_SIDE_RESET);
        break;
    case PAVO_SIDE_CLOSED:
        if ((f & F_RST) && peer->state != PAVO_SIDE_CLOSED)
            state_set(me, PAVO_SIDE_RESET);
        break;
    default:
        break;
    }
}

/* ---- sequence numbers ---------------------------------------------------------------------- */

static bool
is_duplicate(const struct side *x, const struct pavo_layers *l)
{
    const struct pavo_layers *b = &x->last;
    const uint16_t id = l->has_ip_id ? l->ip_id : 0;
    const uint16_t id_before = b->has_ip_id ? b->ip_id : 0;

    if (!x->has_last || l->tcp_seq != b->tcp_seq || l->tcp_ack != b->tcp_ack ||
        l->tcp_flags != b->tcp_flags || l->tcp_window != b->tcp_window ||
        l->payload_len != b->payload_len || has_ts(l) != has_ts(b) || id != id_before)
        return false;
    if (has_ts(l) && (l->tcp_tsval != b->tcp_tsval || l->tcp_tsecr != b->tcp_tsecr))
        return false;
    if ((l->n_sack != 0) != (b->n_sack != 0) ||
        (l->n_sack && (l->tcp_sack[0] != b->tcp_sack[0] || l->tcp_sack[1] != b->tcp_sack[1])))
        return false;
    return id != 0 || has_ts(l);
}

static void
hole_open(struct side *x, int64_t from, int64_t to, uint64_t ts_ns)
{
    unsigned at = 0;

    while (at < x->n_holes && x->hole[at].from < from)
        at++;
    memmove(&x->hole[at + 1], &x->hole[at], (x->n_holes - at) * sizeof x->hole[0]);
    x->hole[at] = (struct hole){from, to, ts_ns};
    if (++x->n_holes > HOLES) {
        x->n_holes--;
        memmove(&x->hole[0], &x->hole[1], x->n_holes * sizeof x->hole[0]);
    }
}

static bool
hole_touches(const struct hole *h, int64_t from, int64_t to)
{
    return from < h->to && to > h->from;
}

/* What of the holes lies in from..to is closed. */
static void
holes_close(struct side *x, int64_t from, int64_t to)
{
    struct hole old[HOLES];
    const unsigned n = x->n_holes;

    memcpy(old, x->hole, n * sizeof old[0]);
    x->n_holes = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct hole *h = &old[i];

        if (!hole_touches(h, from, to)) {
            hole_open(x, h->from, h->to, h->opened_ns);
            continue;
        }
        if (h->from < from)
            hole_open(x, h->from, from, h->opened_ns);
        if (h->to > to)
            hole_open(x, to, h->to, h->opened_ns);
    }
}

/* A segment that is first, new or ahead is remembered for a round trip. */
static void
time_take(const struct connection *c, struct side *x, const struct pavo_packet *p, int64_t end)
{
    if (!c->has_meter || !p->at.payload_len || x->has_timed)
        return;
    x->has_timed = true;
    x->timed_end = end;
    x->timed_ns = p->ts_ns;
    x->timed_by_ts = false;
}

static void
retransmission(struct connection *c, unsigned xi, const struct pavo_packet *p, int64_t end,
               bool is_spurious)
{
    struct side *x = &c->side[xi];

    x->c.retransmitted++;
    x->c.retransmitted_octets += p->at.payload_len;
    if (p->at.payload_len)
        letter_counted(c, xi, 'T', ++x->n_retransmissions);
    if (is_spurious)
        x->c.spurious++;
    x->has_resent = !is_spurious;
    x->resent_end = end;
    x->resent_ts = has_ts(&p->at);
    x->resent_tsval = p->at.tcp_tsval;

    if (!p->at.payload_len)
        return;
    x->has_timed = c->has_meter && has_ts(&p->at); /* Karn */
    x->timed_end = end;
    x->timed_ns = p->ts_ns;
    x->timed_by_ts = true;
    x->timed_tsval = p->at.tcp_tsval;
}

/* A SYN with another number than the one before, after data. */
static bool
is_challenged(const struct side *x, const struct side *y, const struct pavo_layers *l)
{
    return (l->tcp_flags & (F_SYN | F_RST)) == F_SYN && x->is_begun &&
           l->tcp_seq + 1 != (uint32_t)x->base && (x->has_data || y->has_data);
}

static void
syn_take(struct side *x, const struct pavo_layers *l)
{
    if (x->is_begun && l->tcp_seq + 1 != (uint32_t)x->base) { /* anew */
        x->is_begun = x->has_acked = x->has_fin = false;
        x->n_holes = 0;
        x->has_timed = x->has_resent = x->has_probe = false;
    }
    x->has_syn = true;
    x->syn_seq = l->tcp_seq;
    if (l->has_tcp_opt & PAVO_TCP_OPT_WSCALE) {
        x->syn_scales = true;
        x->scale = l->tcp_wscale;
    }
    if (l->has_tcp_opt & PAVO_TCP_OPT_MSS)
        x->mss = l->tcp_mss;
}

/* The table: exactly one of these. */
static void
sequence_take(struct connection *c, unsigned xi, const struct pavo_packet *p)
{
    struct side *x = &c->side[xi], *y = &c->side[!xi];
    const struct pavo_layers *l = &p->at;
    const bool syn = (l->tcp_flags & F_SYN) != 0, fin = (l->tcp_flags & F_FIN) != 0;
    const uint32_t len = l->payload_len + syn + fin;
    const uint64_t late = c->has_client ? (c->server_ns + c->client_ns) / 2 : UNKNOWN_HANDSHAKE_NS;
    int64_t seq = start(l->tcp_seq), end;

    if (x->is_begun)
        seq = count_on(x->next, l->tcp_seq);
    end = seq + len;

    if (x->is_begun && !syn && !fin && l->payload_len <= 1 && seq == x->next - 1) {
        x->c.keep_alives++;
    } else if (x->is_begun && l->payload_len == 1 && !syn && !fin && seq == x->next &&
               y->has_window && y->window == 0) {
        x->c.probes++;
        x->has_probe = true;
        x->probe = seq;
    } else if (!x->is_begun) {
        x->is_begun = true;
        x->base = syn ? seq + 1 : seq;
        x->next = end;
        time_take(c, x, p, end);
    } else if (len == 0) {
        return;
    } else if (x->has_fin && end > x->next) {
        return; /* nothing follows a FIN */
    } else if (seq == x->next) {
        time_take(c, x, p, end);
        if (end > x->next)
            x->next = end;
    } else if (seq > x->next) {
        const int64_t from = x->next + (x->has_probe && x->probe == x->next);

        if (from < seq)
            hole_open(x, from, seq, p->ts_ns);
        x->next = end;
        time_take(c, x, p, end);
    } else if (y->series >= 3 && x->has_acked && x->acked == seq) {
        x->c.fast++;
        retransmission(c, xi, p, end, false);
        holes_close(x, seq, end);
        if (end > x->next)
            x->next = end;
    } else {
        bool fresh = false;

        for (unsigned i = 0; i < x->n_holes; i++)
            if (hole_touches(&x->hole[i], seq, end) &&
                since(x->hole[i].opened_ns, p->ts_ns) <= late)
                fresh = true;
        if (fresh)
            x->c.out_of_order++;
        else
            retransmission(c, xi, p, end, x->has_acked && reaches(x->acked, end));
        holes_close(x, seq, end);
        if (end > x->next)
            x->next = end;
    }
    if (fin && end == x->next) { /* one below is not of this connection */
        x->has_fin = true;
        x->fin_end = end;
    }
}

/* ---- acknowledgements ---------------------------------------------------------------------- */

static void
rtt_sample(struct side *y, uint64_t ns)
{
    const uint32_t rtt = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;

    if (!y->c.rtt_n || rtt < y->c.rtt_min)
        y->c.rtt_min = rtt;
    if (rtt > y->c.rtt_max)
        y->c.rtt_max = rtt;
    y->c.rtt_n++;
    y->c.rtt_sum += rtt;
}

static bool
is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

static bool
is_dsack(const struct pavo_layers *l)
{
    const uint32_t *s = l->tcp_sack;

    if (!l->n_sack)
        return false;
    if (!is_before(l->tcp_ack, s[1])) /* its end is not beyond the acknowledgement */
        return true;
    return l->n_sack > 1 && !is_before(s[0], s[2]) && !is_before(s[3], s[1]);
}

/* Bytes of Y that were acknowledged and never seen. */
static void
missed_take(struct connection *c, unsigned xi, uint64_t octets)
{
    struct side *y = &c->side[!xi];

    if (octets == 0)
        return;
    y->c.missed += octets;
    if (c->side[xi].state < PAVO_SIDE_CLOSED && y->state < PAVO_SIDE_CLOSED)
        letter_counted(c, !xi, 'G', ++y->n_gaps);
}

static void
ack_take(struct connection *c, unsigned xi, const struct pavo_packet *p)
{
    struct side *x = &c->side[xi], *y = &c->side[!xi];
    const struct pavo_layers *l = &p->at;
    int64_t ack, before;
    bool is_higher = true;

    if (!y->is_begun)
        return;
    before = y->has_acked ? y->acked : y->next;
    ack = count_on(before, l->tcp_ack);
    if (ack - before > INT64_C(1) << 30 || before - ack > INT64_C(1) << 30)
        return;

    if ((l->tcp_flags & F_SYN) && !reaches(y->next, ack))
        return; /* not acceptable */
    if (y->has_acked && ack <= y->acked)
        is_higher = false;
    if (is_higher) {
        uint64_t missed = 0;

        while (y->n_holes && !reaches(y->hole[0].from, ack)) {
            const struct hole h = y->hole[0];
            const int64_t to = reaches(ack, h.to) ? h.to : ack;

            missed += (uint64_t)(to - h.from);
            holes_close(y, h.from, to);
            if (to != h.to)
                break;
        }
        missed_take(c, xi, missed);
    }
    if (is_higher && !reaches(y->next, ack)) {
        const bool probed = y->has_probe && y->probe == y->next;
        const int64_t from = y->next;

        y->next = count_on(from, l->tcp_ack);
        if (from == y->base && !y->has_syn && y->next == from + 1)
            y->base = y->next; /* all that was seen of it was a keep-alive */
        else
            missed_take(c, xi, (uint64_t)(y->next - from) - probed);
    }

    if (y->has_acked && ack == y->acked && !l->payload_len && !(l->tcp_flags & (F_SYN | F_FIN)) &&
        x->has_window && x->window == l->tcp_window && !reaches(ack, y->next)) {
        x->c.duplicate_acks++;
        x->series++;
    }
    if (is_higher) {
        y->has_acked = true;
        y->acked = ack;
        x->series = 0;
    }

    if (y->has_resent) {
        const bool tells = reaches(ack, y->resent_end) && y->resent_ts && has_ts(l);
        const bool spurious = is_dsack(l) || (tells && is_before(l->tcp_tsecr, y->resent_tsval));

        y->c.spurious += spurious;
        if (spurious || tells)
            y->has_resent = false;
    }
    if (ack < y->acked)
        return;
    if (y->has_timed && reaches(ack, y->timed_end)) {
        if (!y->timed_by_ts)
            rtt_sample(y, since(y->timed_ns, p->ts_ns));
        else if (has_ts(l) && l->tcp_tsecr == y->timed_tsval)
            rtt_sample(y, since(y->timed_ns, p->ts_ns));
        y->has_timed = false;
    }
}

/* ---- windows, times ------------------------------------------------------------------------ */

static void
zero_window_take(struct connection *c, unsigned xi, const struct pavo_layers *l)
{
    struct side *x = &c->side[xi];

    if (l->tcp_window != 0 || (l->tcp_flags & (F_SYN | F_FIN | F_RST)))
        return;
    x->c.zero_windows++;
    if (c->side[!xi].state != PAVO_SIDE_CLOSED)
        letter_counted(c, xi, 'W', ++x->n_zero_windows);
}

static void
window_take(struct connection *c, unsigned xi, const struct pavo_layers *l)
{
    struct side *x = &c->side[xi], *y = &c->side[!xi];
    const unsigned f = l->tcp_flags;

    if (l->payload_len && !(f & (F_SYN | F_FIN)) && x->has_syn && y->has_syn && x->has_acked &&
        y->has_window) {
        const unsigned shift = x->syn_scales && y->syn_scales ? y->scale : 0;

        if (count_on(x->acked, l->tcp_seq) + l->payload_len ==
            x->acked + ((int64_t)y->window << shift))
            x->c.window_full++;
    }
    if (!(f & F_SYN)) {
        x->c.ece += (f & F_ECE) != 0;
        x->c.cwr += (f & F_CWR) != 0;
    }
}

/* From the last SYN to the first SYN+ACK, and from that to what acknowledges it. */
static void
handshake_take(struct connection *c, unsigned xi, const struct pavo_packet *p)
{
    struct side *x = &c->side[xi], *y = &c->side[!xi];
    const unsigned f = p->at.tcp_flags & (F_SYN | F_ACK);

    if (f == F_SYN && !c->has_server) {
        c->syn_ns = p->ts_ns;
    } else if (f == (F_SYN | F_ACK) && !c->has_server) {
        if (!c->syn_ns || y->state != PAVO_SIDE_SYN_SENT || x->state != PAVO_SIDE_INACTIVE)
            return;
        c->has_server = true;
        c->synack_ns = p->ts_ns;
        c->server_ns = shown(since(c->syn_ns, p->ts_ns));
    } else if (f == F_ACK && c->has_server && !c->has_shaken && x->first_syn == F_SYN &&
               y->first_syn == (F_SYN | F_ACK) && reaches(p->at.tcp_ack, y->base)) {
        c->has_shaken = true;
        c->has_client = !c->side[c->initiator].has_payload_time;
        c->client_ns = shown(since(c->synack_ns, p->ts_ns));
    }
}

static void
payload_take(struct connection *c, unsigned xi, const struct pavo_packet *p)
{
    struct side *x = &c->side[xi], *y = &c->side[!xi];

    if (!p->at.payload_len)
        return;
    if (!(p->at.tcp_flags & (F_SYN | F_FIN)))
        x->has_data = true;
    if (!x->has_payload_time) {
        x->has_payload_time = true;
        x->payload_ns = p->ts_ns;
    }
    if (y->has_payload_time && !y->has_answer_time) {
        y->has_answer_time = true;
        y->answer_ns = since(y->payload_ns / 1000, p->ts_ns / 1000) * 1000;
    }
}

/* ---- a segment ----------------------------------------------------------------------------- */

static bool
fins_acknowledged(const struct connection *c)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct side *s = &c->side[i];

        if (!s->has_fin || !s->has_acked || !reaches(s->acked, s->fin_end))
            return false;
    }
    return true;
}

static void
segment_take(struct connection *c, const struct pavo_packet *p)
{
    const unsigned xi = p->is_b;
    struct side *x = &c->side[xi];
    const struct pavo_layers *l = &p->at;
    const unsigned f = l->tcp_flags;

    if (is_duplicate(x, l)) {
        x->c.duplicates++;
        return;
    }
    if (!x->has_last)
        x->first_flags = (uint16_t)f;
    x->has_last = true;
    x->last = *l;
    if (is_challenged(x, &c->side[!xi], l)) {
        letter_put(c, xi, (f & F_ACK) ? 'H' : 'S');
        states_take(c, xi, l);
        return;
    }
    if (!(f & F_RST))
        handshake_take(c, xi, p);
    history_take(c, xi, l);
    states_take(c, xi, l);
    if (f & F_RST) {
        x->options |= l->has_tcp_opt;
        c->was_reset |= !c->is_over;
        c->is_over = true;
        return;
    }
    x->options |= l->has_tcp_opt;
    if (l->has_mptcp_token) {
        x->has_token = true;
        x->token = l->mptcp_token;
    }
    if (f & F_SYN)
        syn_take(x, l);
    zero_window_take(c, xi, l);
    sequence_take(c, xi, p);
    if (f & F_ACK)
        ack_take(c, xi, p);
    if ((f & F_SYN) && !x->first_syn)
        x->first_syn = f & (F_SYN | F_ACK);
    window_take(c, xi, l);
    payload_take(c, xi, p);
    if (!(f & F_SYN)) {
        x->has_window = true;
        x->window = l->tcp_window;
    }
    if (fins_acknowledged(c))
        c->is_over = true;
}

void
connection_take(struct connection *c, const struct pavo_packet *p)
{
    c->has_meter |= c->has_sent[p->is_b];
    c->has_sent[p->is_b] = true;
    segment_take(c, p);
}

void
connection_turn(struct connection *c, unsigned initiator)
{
    if (c->initiator == initiator)
        return;
    c->initiator = initiator;
    for (unsigned i = 0; i < 2; i++) /* what came before were not its requests */
        c->side[i].has_payload_time = c->side[i].has_answer_time = false;
}

/* ---- a record ------------------------------------------------------------------------------ */

static uint64_t
stream_octets(const struct side *s)
{
    const int64_t n = s->next - s->base - (s->has_fin ? 1 : 0);

    return s->is_begun && n > 0 ? (uint64_t)n : 0;
}

/* What was acknowledged below 'base' was not seen. */
static uint64_t
unacked_octets(const struct side *s)
{
    const uint32_t open = (uint32_t)s->next - (uint32_t)s->acked;
    const uint64_t seen = (uint64_t)(s->next - s->base);

    if (!s->is_begun || !s->has_acked)
        return 0;
    if ((open < seen ? open : seen) >= UINT32_C(1) << 31)
        return 0; /* no window is larger */
    return open < seen ? open : seen;
}

static enum pavo_conn_state
conn_state(const struct side *o, const struct side *r)
{
    const bool o_quiet = o->state == PAVO_SIDE_INACTIVE || o->state == PAVO_SIDE_PARTIAL;
    const bool r_quiet = r->state == PAVO_SIDE_INACTIVE || r->state == PAVO_SIDE_PARTIAL;

    if (r->state == PAVO_SIDE_RESET) {
        if (o->state == PAVO_SIDE_SYN_SENT || o->state == PAVO_SIDE_SYN_ACK_SENT ||
            (o->state == PAVO_SIDE_RESET && !stream_octets(o) && !stream_octets(r)))
            return PAVO_CONN_REJ;
        return o_quiet ? PAVO_CONN_RSTRH : PAVO_CONN_RSTR;
    }
    if (o->state == PAVO_SIDE_RESET)
        return r_quiet ? PAVO_CONN_RSTOS0 : PAVO_CONN_RSTO;
    if (o->state == PAVO_SIDE_CLOSED && r->state == PAVO_SIDE_CLOSED)
        return PAVO_CONN_SF;
    if (o->state == PAVO_SIDE_CLOSED)
        return r_quiet ? PAVO_CONN_SH : PAVO_CONN_S2;
    if (r->state == PAVO_SIDE_CLOSED)
        return o_quiet ? PAVO_CONN_SHR : PAVO_CONN_S3;
    if (o->state == PAVO_SIDE_SYN_SENT && r->state == PAVO_SIDE_INACTIVE)
        return PAVO_CONN_S0;
    if (o->state == PAVO_SIDE_ESTABLISHED && r->state == PAVO_SIDE_ESTABLISHED)
        return PAVO_CONN_S1;
    return PAVO_CONN_OTH;
}

static void
record_history(const struct connection *c, struct pavo_record *r)
{
    unsigned n = 0;

    if (c->first != c->initiator)
        r->history[n++] = '^';
    for (unsigned i = 0; i < c->n_history; i++) {
        const char letter = c->history[i].letter;

        if (i == PAVO_HISTORY_MAX) {
            r->history[n++] = '+';
            break;
        }
        r->history[n++] = (char)(c->history[i].side == c->initiator ? letter : letter - 'A' + 'a');
    }
    r->history[n] = '\0';
}

static bool
has_ecn(const struct side *o, const struct side *r)
{
    const unsigned of_interest = F_SYN | F_ACK | F_ECE | F_CWR;

    return (o->first_flags & of_interest) == (F_SYN | F_ECE | F_CWR) &&
           (r->first_flags & of_interest) == (F_SYN | F_ACK | F_ECE);
}

void
connection_record(const struct connection *c, struct pavo_record *r)
{
    struct pavo_record_tcp *t = &r->tcp;
    const struct side *asker = &c->side[c->initiator];

    r->parts |= PAVO_PART_TCP | PAVO_PART_LOSS | PAVO_PART_RTT;
    for (unsigned d = 0; d < 2; d++) {
        const struct side *s = &c->side[d ^ c->initiator];

        t->tcpSequenceNumber[d] = s->has_syn ? s->syn_seq : s->is_begun ? (uint32_t)s->base : 0;
        r->initialTCPFlags[d] = s->first_flags;
        t->streamOctets[d] = stream_octets(s);
        t->retransmittedPackets[d] = s->c.retransmitted;
        t->retransmittedOctets[d] = s->c.retransmitted_octets;
        t->fastRetransmits[d] = s->c.fast;
        t->spuriousRetransmits[d] = s->c.spurious;
        t->outOfOrderPackets[d] = s->c.out_of_order;
        t->duplicatePackets[d] = s->c.duplicates;
        t->missedOctets[d] = s->c.missed;
        t->unackedOctets[d] = unacked_octets(s);
        t->duplicateAcks[d] = s->c.duplicate_acks;
        t->zeroWindows[d] = s->c.zero_windows;
        t->windowFull[d] = s->c.window_full;
        t->keepAlives[d] = s->c.keep_alives;
        t->windowProbes[d] = s->c.probes;
        t->eceSegments[d] = s->c.ece;
        t->cwrSegments[d] = s->c.cwr;
        t->maximumSegmentSize[d] = s->mss;
        t->tcpWindowScale[d] = s->scale;
        t->tcpOptionBits[d] = s->options;
        t->sideState[d] = s->state;
        if (s->has_token) {
            t->hasMptcpToken |= (uint8_t)(1u << d);
            t->mptcpToken[d] = s->token;
        }
        t->rttSamples[d] = s->c.rtt_n;
        t->rttMin_ns[d] = s->c.rtt_min;
        t->rttMax_ns[d] = s->c.rtt_max;
        t->rttSum_ns[d] = s->c.rtt_sum;
    }
    t->ecnNegotiated = has_ecn(asker, &c->side[!c->initiator]);
    t->handshakeServer_ns = c->has_server ? c->server_ns : 0;
    t->handshakeClient_ns = c->has_client ? c->client_ns : 0;
    t->response_ns = asker->has_answer_time ? asker->answer_ns : 0;
    r->connState = (uint8_t)conn_state(asker, &c->side[!c->initiator]);
    record_history(c, r);
}

void
connection_cut(struct connection *c)
{
    c->has_meter = true;
    for (unsigned i = 0; i < 2; i++)
        c->side[i].c = (struct side_counts){0};
}
