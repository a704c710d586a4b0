/* end.c - an endpoint that obeys RFC 9293
 *
 * Small, but whole: handshake of both kinds, window scale and its limits, retransmission by timer
 * (RFC 6298) and by three duplicate acknowledgements (RFC 5681), SACK and DSACK (RFC 2018, RFC
 * 2883), time stamps (RFC 7323), ECN (RFC 3168), data in the SYN (RFC 7413), probes, keep-alives,
 * and the RSTs of section 3.10.
 */
#include <string.h>

#include "end.h"

static uint64_t
min64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t
max64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* ---- sending ------------------------------------------------------------------------------- */

static uint64_t
window_free(const struct end *e)
{
    uint64_t held = e->unread;

    for (unsigned i = 0; i < e->n_ooo; i++)
        held += e->ooo[i].to - e->ooo[i].from;
    return e->buffer > held ? e->buffer - held : 0;
}

/* The window to tell; its right edge does not move back (RFC 9293 section 3.8). */
static uint16_t
window_tell(struct end *e, bool in_syn)
{
    const unsigned shift = e->scale_on && !in_syn ? e->scale : 0;
    uint64_t room = window_free(e);

    if (room < e->mss && room < e->buffer / 2)
        room = 0; /* silly window, section 3.8.6.2.2 */
    if (e->rcv + room < e->edge)
        room = e->edge > e->rcv ? e->edge - e->rcv : 0;
    room = min64(room >> shift, 65535);
    e->edge = max64(e->edge, e->rcv + (room << shift));
    return (uint16_t)room;
}

static void
put_sack(struct end *e, struct talk_seg *g)
{
    unsigned n = 0;

    if (e->has_dsack) {
        g->sack[0] = (uint32_t)e->dsack.from;
        g->sack[1] = (uint32_t)e->dsack.to;
        n = 1;
        e->has_dsack = false;
    }
    for (unsigned i = 0; i < e->n_ooo && n < 2; i++, n++) {
        g->sack[2 * n] = (uint32_t)e->ooo[i].from;
        g->sack[2 * n + 1] = (uint32_t)e->ooo[i].to;
    }
    g->n_sack = (uint8_t)n;
    if (n)
        g->opt |= PAVO_TCP_OPT_SACK;
}

static uint32_t
ts_now(const struct end *e)
{
    return e->ts_base + (uint32_t)((e->w->now - TALK_T0) / e->ts_unit_ns);
}

static void
put_syn_options(struct end *e, struct talk_seg *g)
{
    const bool answer = (g->flags & T_ACK) != 0;
    const bool plain = e->plain_retry && e->syn_tries > 1 && !answer;

    g->opt |= PAVO_TCP_OPT_MSS;
    g->mss = e->mss;
    if (plain)
        return;
    if (answer ? e->scale_on : e->wants_scale) {
        g->opt |= PAVO_TCP_OPT_WSCALE;
        g->wscale = e->scale;
    }
    if (answer ? e->sack_on : e->wants_sack)
        g->opt |= PAVO_TCP_OPT_SACK_OK;
    if (answer ? e->ts_on : e->wants_ts)
        g->opt |= PAVO_TCP_OPT_TS;
    if (e->has_token) {
        g->opt |= PAVO_TCP_OPT_MPTCP;
        g->has_mptcp_token = !answer;
        g->mptcp_token = answer ? 0 : e->token;
    }
    if (e->fast_open && !answer)
        g->opt |= PAVO_TCP_OPT_FASTOPEN;
}

static void
send_raw(struct end *e, uint16_t flags, uint64_t seq, uint64_t ack, uint32_t len)
{
    struct wire x;
    struct talk_seg *g = &x.g;

    memset(&x, 0, sizeof x);
    x.seq = seq;
    x.ack = ack;
    g->side = (uint8_t)e->side;
    g->flags = flags;
    g->seq = (uint32_t)seq;
    g->ack = (flags & T_ACK) ? (uint32_t)ack : 0;
    g->len = len;
    g->ttl = e->ttl;
    g->tos = (uint8_t)(e->tos & 0xfc);
    switch (e->id_mode) {
    case 1:
        g->ip_id = e->ip_id++;
        break;
    case 2:
        g->ip_id = (uint16_t)rnd_next(&e->w->rnd);
        break;
    case 3:
        e->w->shared_id = (uint16_t)(e->w->shared_id + rnd_from(&e->w->rnd, 1, 40));
        g->ip_id = e->w->shared_id;
        break;
    default:
        break;
    }
    if (flags & T_SYN) {
        put_syn_options(e, g);
    } else if (e->ts_on && e->state != E_CLOSED) {
        g->opt |= PAVO_TCP_OPT_TS;
    }
    if (g->opt & PAVO_TCP_OPT_TS) {
        g->tsval = ts_now(e);
        g->tsecr = (flags & T_ACK) ? e->ts_recent : 0;
    }
    if (e->state != E_CLOSED && !(flags & T_RST)) {
        g->window = window_tell(e, (flags & T_SYN) != 0);
        if ((flags & (T_ACK | T_SYN)) == T_ACK && e->sack_on)
            put_sack(e, g);
    }
    world_send(e->w, e->side, &x);
}

/* A segment of the connection, with ACK. */
static void
send_seg(struct end *e, uint16_t flags, uint64_t seq, uint32_t len)
{
    uint64_t takes = len + ((flags & T_FIN) ? 1u : 0u) + ((flags & T_SYN) ? 1u : 0u);

    if (e->ecn_on && !(flags & (T_SYN | T_RST))) {
        if (e->ece)
            flags |= T_ECE;
        if (len && e->cwr && seq >= e->max) {
            flags |= T_CWR;
            e->cwr = false;
        }
    }
    if (takes && seq < e->max)
        e->w->t->resent[e->side]++;
    e->tos = (uint8_t)((e->tos & 0xfc) | (e->ecn_on && len && seq >= e->max ? 2 : 0));
    send_raw(e, flags, seq, e->rcv, len);
    e->max = max64(e->max, seq + takes);
    e->last_ack_sent = e->rcv;
    e->unacked_segs = 0;
    e->t_delack = NEVER;
}

static void
send_ack(struct end *e)
{
    send_seg(e, T_ACK, e->nxt, 0);
}

static void
arm_rto(struct end *e)
{
    const unsigned tries = e->tries < 6 ? e->tries : 6;

    e->t_rto = e->max > e->una ? e->w->now + (e->rto_ns << tries) : NEVER;
}

static void
arm_keep(struct end *e)
{
    e->t_keep = e->keep_ns ? e->w->now + e->keep_ns : NEVER;
}

void
end_reset(struct end *e)
{
    e->state = E_CLOSED;
    e->t_open = e->t_rto = e->t_delack = e->t_persist = NEVER;
    e->t_keep = e->t_write = e->t_read = e->t_leave = NEVER;
}

/* A connection begins, from either side. */
static void
tcb_begin(struct end *e, uint64_t iss)
{
    e->iss = e->una = e->nxt = e->max = iss;
    e->ts_on = e->sack_on = e->scale_on = e->ecn_on = false;
    e->written = 0;
    e->closing = e->dead = false;
    e->irs = e->rcv = e->edge = 0;
    e->unread = 0;
    e->got_fin = e->saw_fin = false;
    e->n_ooo = 0;
    e->has_dsack = false;
    e->ts_recent = 0;
    e->wnd = 0;
    e->last_ack_sent = e->wl_seq = e->wl_ack = 0;
    e->peer_scale = 0;
    e->cwnd = 10;
    e->dupacks = e->tries = e->unacked_segs = e->syn_tries = 0;
    e->ece = e->cwr = false;
    e->at_write = 0;
}

static void
send_syn(struct end *e)
{
    const bool answer = e->state == E_SYN_RCVD;
    uint16_t flags = answer ? T_SYN | T_ACK : T_SYN;
    uint32_t len = 0;

    e->syn_tries++;
    if (answer ? e->ecn_on : e->wants_ecn && e->syn_tries < 3)
        flags |= answer ? T_ECE : T_ECE | T_CWR;
    if (e->fast_open && !answer && e->n_writes && e->syn_tries == 1) {
        len = (uint32_t)min64(e->write[0].octets, 1200);
        if (e->written < len)
            e->written = len;
    }
    if (e->max > e->iss)
        e->w->t->resent[e->side]++;
    send_raw(e, flags, e->iss, e->rcv, len);
    e->nxt = e->iss + 1; /* data in a SYN that is not taken is sent again */
    e->max = max64(e->max, e->iss + 1 + len);
    if (answer)
        e->last_ack_sent = e->rcv;
    arm_rto(e);
}

void
end_connect(struct end *e)
{
    tcb_begin(e, world_iss(e->w));
    e->state = E_SYN_SENT;
    send_syn(e);
}

static uint64_t
data_end(const struct end *e)
{
    return e->iss + 1 + e->written;
}

static bool
can_send(const struct end *e)
{
    return e->state == E_OPEN || e->state == E_CLOSE_WAIT || e->state == E_FIN_WAIT_1 ||
           e->state == E_CLOSING || e->state == E_LAST_ACK;
}

/* The FIN was sent for the first time. */
static void
fin_left(struct end *e)
{
    if (e->state == E_OPEN)
        e->state = E_FIN_WAIT_1;
    else if (e->state == E_CLOSE_WAIT)
        e->state = E_LAST_ACK;
}

/* One segment from 'seq' on, of at most 'most' octets. Returns what it took. */
static uint64_t
send_from(struct end *e, uint64_t seq, uint64_t most)
{
    const uint64_t end = data_end(e);
    const uint32_t len = seq < end ? (uint32_t)min64(min64(e->chunk, most), end - seq) : 0;
    uint16_t flags = T_ACK;
    uint64_t takes = len;

    if (len && seq + len == end)
        flags |= T_PSH;
    if (e->closing && seq + len == end && (!len || e->fin_rides)) {
        flags |= T_FIN;
        takes++;
    }
    if (!takes)
        return 0;
    send_seg(e, flags, seq, len);
    if (flags & T_FIN)
        fin_left(e);
    return takes;
}

static void
push(struct end *e)
{
    while (can_send(e)) {
        const uint64_t edge = e->una + min64(e->wnd, (uint64_t)e->cwnd * e->chunk);
        const uint64_t end = data_end(e);
        const uint64_t room = edge > e->nxt ? edge - e->nxt : 0;
        uint64_t took;

        if (e->nxt < end) {
            const uint64_t want = min64(e->chunk, end - e->nxt);

            if (!room || (room < want && e->nxt > e->una))
                break;
            if (e->nagle && want < e->mss && e->nxt > e->una && e->nxt >= e->max && !e->closing)
                break;
        } else if (!e->closing || e->nxt > end) {
            break;
        }
        took = send_from(e, e->nxt, room ? room : 1);
        if (!took)
            break;
        e->nxt += took;
        if (e->t_rto == NEVER)
            arm_rto(e);
    }
    if (can_send(e) && e->nxt < data_end(e) && e->una == e->nxt && e->wnd < e->mss) {
        if (e->t_persist == NEVER)
            e->t_persist = e->w->now + (e->rto_ns << (e->tries < 4 ? e->tries : 4));
    } else {
        e->t_persist = NEVER;
    }
}

/* ---- receiving ----------------------------------------------------------------------------- */

static void
refuse(struct end *e, const struct wire *x)
{
    const struct talk_seg *g = &x->g;
    const uint64_t takes = g->len + ((g->flags & T_SYN) ? 1u : 0u) + ((g->flags & T_FIN) ? 1u : 0u);

    if (g->flags & T_RST)
        return;
    if (g->flags & T_ACK)
        send_raw(e, T_RST, x->ack, 0, 0);
    else
        send_raw(e, T_RST | T_ACK, 0, x->seq + takes, 0);
}

/* What the options of a SYN settle. */
static void
settle(struct end *e, const struct talk_seg *g)
{
    e->ts_on = e->wants_ts && (g->opt & PAVO_TCP_OPT_TS);
    e->sack_on = e->wants_sack && (g->opt & PAVO_TCP_OPT_SACK_OK);
    e->scale_on = e->wants_scale && (g->opt & PAVO_TCP_OPT_WSCALE);
    e->peer_scale = e->scale_on ? g->wscale : 0;
    if (e->ts_on)
        e->ts_recent = g->tsval;
    if (g->mss && g->mss < e->mss && e->chunk == e->mss)
        e->chunk = g->mss;
}

static void
opened(struct end *e)
{
    e->state = E_OPEN;
    e->tries = 0;
    if (e->n_writes && e->at_write < e->n_writes)
        e->t_write = e->w->now + e->write[e->at_write].after_ns;
    else if (e->leave != LEAVE_NOT)
        e->t_leave = e->w->now + e->leave_after_ns;
    arm_keep(e);
}

static void
listen_take(struct end *e, const struct wire *x)
{
    const struct talk_seg *g = &x->g;

    tcb_begin(e, world_iss(e->w));
    e->state = E_SYN_RCVD;
    e->irs = x->seq;
    e->rcv = x->seq + 1;
    settle(e, g);
    e->ecn_on = e->wants_ecn && (g->flags & (T_ECE | T_CWR)) == (T_ECE | T_CWR);
    e->wnd = g->window;
    e->wl_seq = x->seq;
    if (g->len && e->fast_open && (g->opt & PAVO_TCP_OPT_FASTOPEN)) {
        e->rcv += g->len;
        if (e->read_octets)
            e->unread += g->len;
    }
    send_syn(e);
}

static void
syn_sent_take(struct end *e, const struct wire *x)
{
    const struct talk_seg *g = &x->g;
    const bool acks = (g->flags & T_ACK) != 0;

    if (acks && (x->ack <= e->iss || x->ack > e->max)) {
        if (!(g->flags & T_RST))
            send_raw(e, T_RST, x->ack, 0, 0);
        return;
    }
    if (g->flags & T_RST) {
        if (acks)
            end_reset(e);
        return;
    }
    if (!(g->flags & T_SYN))
        return;
    e->irs = x->seq;
    e->rcv = x->seq + 1;
    settle(e, g);
    e->wnd = g->window;
    e->wl_seq = x->seq;
    if (acks) {
        e->una = e->nxt = x->ack;
        e->wl_ack = x->ack;
        e->ecn_on = e->wants_ecn && (g->flags & (T_ECE | T_CWR)) == T_ECE && e->syn_tries < 3;
        opened(e);
        arm_rto(e);
        if (data_end(e) > e->nxt)
            push(e);
        else
            send_ack(e);
    } else { /* simultaneous open */
        e->ecn_on = e->wants_ecn && (g->flags & (T_ECE | T_CWR)) == (T_ECE | T_CWR);
        e->state = E_SYN_RCVD;
        send_syn(e);
    }
}

static bool
acceptable(const struct end *e, uint64_t seq, uint64_t takes)
{
    const uint64_t wnd = e->edge > e->rcv ? e->edge - e->rcv : 0;

    if (takes == 0)
        return wnd ? seq >= e->rcv && seq < e->rcv + wnd : seq == e->rcv;
    if (wnd == 0)
        return false;
    return (seq >= e->rcv && seq < e->rcv + wnd) ||
           (seq + takes - 1 >= e->rcv && seq + takes - 1 < e->rcv + wnd);
}

static void
fast_retransmit(struct end *e)
{
    e->cwnd = e->cwnd > 3 ? e->cwnd / 2 : 2;
    send_from(e, e->una, e->max - e->una);
    arm_rto(e);
}

/* True if the connection is over. */
static bool
ack_take(struct end *e, const struct wire *x)
{
    const struct talk_seg *g = &x->g;
    const uint64_t wnd = (uint64_t)g->window << ((g->flags & T_SYN) ? 0 : e->peer_scale);

    if (x->ack > e->max) {
        send_ack(e);
        return true;
    }
    if (x->ack > e->una) {
        e->una = x->ack;
        e->nxt = max64(e->nxt, e->una);
        e->dupacks = e->tries = 0;
        if (e->cwnd < 40)
            e->cwnd++;
        arm_rto(e);
    } else if (x->ack == e->una && !g->len && !(g->flags & (T_SYN | T_FIN)) && wnd == e->wnd &&
               e->max > e->una) {
        if (++e->dupacks == 3)
            fast_retransmit(e);
    }
    if (x->ack >= e->una && (x->seq > e->wl_seq || (x->seq == e->wl_seq && x->ack >= e->wl_ack))) {
        e->wnd = wnd;
        e->wl_seq = x->seq;
        e->wl_ack = x->ack;
        if (wnd)
            e->t_persist = NEVER;
    }
    if (e->ecn_on && (g->flags & T_ECE) && !(g->flags & T_SYN))
        e->cwr = true;
    if (e->closing && e->una == data_end(e) + 1) {
        if (e->state == E_FIN_WAIT_1)
            e->state = E_FIN_WAIT_2;
        else if (e->state == E_CLOSING)
            e->state = E_TIME_WAIT;
        else if (e->state == E_LAST_ACK)
            end_reset(e);
    }
    return e->state == E_CLOSED;
}

static void
ooo_add(struct end *e, uint64_t from, uint64_t to)
{
    struct range r = {from, to};
    unsigned n = 0;

    for (unsigned i = 0; i < e->n_ooo; i++) { /* joins what touches it */
        if (e->ooo[i].from <= r.to && e->ooo[i].to >= r.from) {
            r.from = min64(r.from, e->ooo[i].from);
            r.to = max64(r.to, e->ooo[i].to);
        } else {
            e->ooo[n++] = e->ooo[i];
        }
    }
    if (n == RANGES_MAX)
        n--; /* reneging on the oldest is allowed, RFC 2018 section 8 */
    memmove(&e->ooo[1], &e->ooo[0], n * sizeof e->ooo[0]);
    e->ooo[0] = r;
    e->n_ooo = n + 1;
}

static void
fin_take(struct end *e)
{
    e->got_fin = true;
    e->rcv++;
    if (e->state == E_OPEN)
        e->state = E_CLOSE_WAIT;
    else if (e->state == E_FIN_WAIT_1)
        e->state = E_CLOSING;
    else if (e->state == E_FIN_WAIT_2)
        e->state = E_TIME_WAIT;
    if (e->leave == LEAVE_NOT && rnd_one_in(&e->w->rnd, 2))
        e->leave = rnd_one_in(&e->w->rnd, 8) ? LEAVE_ABORT : LEAVE_CLOSE;
    if (e->leave != LEAVE_NOT && e->t_write == NEVER && !e->closing)
        e->t_leave = min64(e->t_leave, e->w->now + rnd_below(&e->w->rnd, 50) * TALK_MS);
}

static void
delivered(struct end *e, uint64_t octets)
{
    if (!octets || !e->read_octets)
        return;
    e->unread += octets;
    if (e->t_read == NEVER)
        e->t_read = e->w->now + e->read_ns;
}

/* Payload and FIN of an acceptable segment. */
static void
data_take(struct end *e, const struct wire *x)
{
    const struct talk_seg *g = &x->g;
    const uint64_t from = x->seq + ((g->flags & T_SYN) ? 1u : 0u);
    const uint64_t to = from + g->len;
    const uint64_t before = e->rcv, held = e->n_ooo;
    bool now = false;

    if ((g->flags & T_FIN) && !e->saw_fin) {
        e->saw_fin = true;
        e->fin_number = to;
    }
    if (g->len) {
        const uint64_t cut = min64(to, e->edge);

        if (to <= e->rcv) {
            e->dsack = (struct range){from, to};
            e->has_dsack = true;
            now = true;
        } else if (from <= e->rcv) {
            if (from < e->rcv && rnd_one_in(&e->w->rnd, 2)) {
                e->dsack = (struct range){from, e->rcv};
                e->has_dsack = true;
            }
            e->rcv = max64(e->rcv, cut);
        } else if (cut > from) {
            for (unsigned i = 0; i < e->n_ooo; i++)
                if (from >= e->ooo[i].from && cut <= e->ooo[i].to) {
                    e->dsack = (struct range){from, cut};
                    e->has_dsack = true;
                }
            ooo_add(e, from, cut);
            now = true;
        }
        for (unsigned i = 0; i < e->n_ooo;) {
            if (e->ooo[i].from > e->rcv) {
                i++;
                continue;
            }
            e->rcv = max64(e->rcv, e->ooo[i].to);
            e->n_ooo--;
            memmove(&e->ooo[i], &e->ooo[i + 1], (e->n_ooo - i) * sizeof e->ooo[0]);
            i = 0;
        }
        delivered(e, e->rcv - before);
    }
    if (e->saw_fin && !e->got_fin && e->rcv == e->fin_number) {
        fin_take(e);
        now = true;
    } else if (g->flags & T_FIN) {
        now = true;
    }
    if (!g->len && !(g->flags & T_FIN))
        return;
    e->unacked_segs++;
    if (now || held || e->unacked_segs >= 2 || g->len > 2u * e->mss || !e->delack_ns)
        send_ack(e);
    else if (e->t_delack == NEVER)
        e->t_delack = e->w->now + e->delack_ns;
}

void
end_take(struct end *e, const struct wire *x)
{
    const struct talk_seg *g = &x->g;
    const uint64_t takes = g->len + ((g->flags & T_SYN) ? 1u : 0u) + ((g->flags & T_FIN) ? 1u : 0u);
    uint64_t seq = x->seq;

    if (e->is_gone)
        return;
    if (e->state == E_TIME_WAIT && (g->flags & (T_SYN | T_ACK | T_RST)) == T_SYN && seq > e->rcv)
        end_reset(e); /* section 3.6.1 */
    if (e->state == E_CLOSED) {
        if (e->serves && (g->flags & (T_SYN | T_ACK | T_RST)) == T_SYN)
            listen_take(e, x);
        else
            refuse(e, x);
        return;
    }
    if (e->state == E_SYN_SENT) {
        syn_sent_take(e, x);
        return;
    }
    arm_keep(e);
    if (e->state == E_SYN_RCVD && (g->flags & T_SYN) && seq == e->irs && (g->flags & T_ACK))
        seq++; /* the other half of a simultaneous open */
    if (!acceptable(e, seq, takes - (seq != x->seq))) {
        if (g->flags & T_RST)
            return;
        if (g->len && x->seq + g->len <= e->rcv && x->seq > e->irs) {
            e->dsack = (struct range){x->seq, x->seq + g->len};
            e->has_dsack = true;
        }
        if (e->state == E_SYN_RCVD && (g->flags & T_SYN) && x->seq == e->irs)
            send_syn(e); /* it repeats its SYN: so do we */
        else
            send_ack(e);
        return;
    }
    if (g->flags & T_RST) {
        if (seq == e->rcv)
            end_reset(e);
        else
            send_ack(e); /* RFC 5961 section 3.2 */
        return;
    }
    if ((g->flags & T_SYN) && seq == x->seq) {
        send_ack(e); /* RFC 5961 section 4.2 */
        return;
    }
    if (!(g->flags & T_ACK))
        return;
    if (g->opt & PAVO_TCP_OPT_TS && x->seq <= e->last_ack_sent &&
        (int32_t)(g->tsval - e->ts_recent) >= 0)
        e->ts_recent = g->tsval;
    if (e->state == E_SYN_RCVD) {
        if (x->ack <= e->iss || x->ack > e->max) {
            send_raw(e, T_RST, x->ack, 0, 0);
            return;
        }
        e->wnd = (uint64_t)g->window << ((g->flags & T_SYN) ? 0 : e->peer_scale);
        e->wl_seq = x->seq;
        opened(e);
    }
    if (e->ecn_on) {
        if (g->flags & T_CWR)
            e->ece = false;
        if ((g->tos & 3) == 3)
            e->ece = true;
    }
    if (ack_take(e, x))
        return;
    if (g->len && e->dead) { /* nobody reads any more: section 3.6, RFC 2525 section 2.17 */
        send_raw(e, T_RST | (rnd_one_in(&e->w->rnd, 2) ? T_ACK : 0), e->nxt, e->rcv, 0);
        end_reset(e);
        return;
    }
    data_take(e, x);
    push(e);
}

/* ---- timers -------------------------------------------------------------------------------- */

uint64_t
end_due(const struct end *e)
{
    uint64_t t = min64(e->t_open, e->t_rto);

    t = min64(t, min64(e->t_delack, e->t_persist));
    t = min64(t, min64(e->t_keep, e->t_write));
    return min64(t, min64(e->t_read, e->t_leave));
}

static void
rto_fires(struct end *e)
{
    e->t_rto = NEVER;
    if (++e->tries > 5) { /* gives up */
        if (rnd_one_in(&e->w->rnd, 2) && e->state != E_SYN_SENT)
            send_raw(e, T_RST | T_ACK, e->nxt, e->rcv, 0);
        end_reset(e);
        return;
    }
    if (e->state == E_SYN_SENT || e->state == E_SYN_RCVD) {
        send_syn(e);
        return;
    }
    e->nxt = e->una; /* and goes on from there, slowly */
    e->cwnd = 1;
    e->dupacks = 0;
    if (e->wnd == 0 && e->nxt < data_end(e))
        e->wnd = 1; /* the window closed on what was sent: section 3.8.6.1 */
    push(e);
    arm_rto(e);
}

static void
app_writes(struct end *e)
{
    e->t_write = NEVER;
    if (!can_send(e) && e->state != E_SYN_SENT)
        return;
    if (!(e->at_write == 0 && e->written)) /* else it left with the SYN */
        e->written += e->write[e->at_write].octets;
    e->at_write++;
    if (e->at_write < e->n_writes)
        e->t_write = e->w->now + e->write[e->at_write].after_ns;
    else if (e->leave != LEAVE_NOT)
        e->t_leave = e->w->now + e->leave_after_ns;
    push(e);
}

static void
app_leaves(struct end *e)
{
    e->t_leave = NEVER;
    switch (e->leave) {
    case LEAVE_CLOSE:
    case LEAVE_DIE:
        e->closing = true;
        e->dead = e->leave == LEAVE_DIE;
        push(e);
        break;
    case LEAVE_ABORT:
        send_raw(e, rnd_one_in(&e->w->rnd, 3) ? T_RST : T_RST | T_ACK, e->nxt, e->rcv, 0);
        end_reset(e);
        break;
    case LEAVE_GONE:
        e->is_gone = true;
        end_reset(e);
        break;
    case LEAVE_CRASH:
        end_reset(e);
        break;
    default:
        break;
    }
}

static void
app_reads(struct end *e)
{
    const uint64_t before = window_free(e);

    e->t_read = NEVER;
    e->unread -= min64(e->unread, e->read_octets);
    if (e->unread)
        e->t_read = e->w->now + e->read_ns;
    if (e->edge - e->rcv < e->mss && before < e->mss && window_free(e) >= e->mss)
        send_ack(e); /* window update */
}

void
end_tick(struct end *e)
{
    const uint64_t now = e->w->now;

    if (e->t_open <= now) {
        e->t_open = NEVER;
        end_connect(e);
    } else if (e->t_rto <= now) {
        rto_fires(e);
    } else if (e->t_delack <= now) {
        send_ack(e);
    } else if (e->t_persist <= now) {
        e->t_persist = NEVER;
        if (++e->tries > 8) {
            end_reset(e);
            return;
        }
        if (e->old_probes)
            send_seg(e, T_ACK, e->nxt, 1);
        else
            send_seg(e, T_ACK, e->una - 1, 0);
        push(e);
    } else if (e->t_keep <= now) {
        e->t_keep = NEVER;
        if (e->max == e->una && e->state >= E_OPEN) {
            send_seg(e, T_ACK, e->nxt - 1, e->fat_keeps && e->nxt > e->iss + 1 ? 1 : 0);
            arm_keep(e);
        }
    } else if (e->t_write <= now) {
        app_writes(e);
    } else if (e->t_read <= now) {
        app_reads(e);
    } else if (e->t_leave <= now) {
        app_leaves(e);
    }
}
