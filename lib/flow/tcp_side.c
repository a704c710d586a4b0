/* tcp_side.c - the states of both sides of a TCP connection, and of the connection
 *
 * A bystander's view: a side has begun (its SYN, or midstream), is established once both have, has
 * closed with its FIN, or has reset. What the connection is called follows from the pair, by the
 * meaning that Zeek documents for conn_state.
 */
#include "tcp.h"

static enum pavo_tcp_side
side_before(const struct tcp_side *x)
{
    return (enum pavo_tcp_side)(x->state >> TCP_PREVIOUS_SHIFT & 7);
}

/* The first segment of a side. */
static void
begin(struct tcp_seg *g, bool by_initiator)
{
    const uint16_t flags = g->flags;
    struct tcp_side *x = g->x, *y = g->y;

    if (flags & TCP_SYN) {
        if (by_initiator) {
            tcp_state_set(x, (flags & TCP_ACK) ? PAVO_SIDE_SYN_ACK_SENT : PAVO_SIDE_SYN_SENT);
        } else {
            /* The answer; or a simultaneous open, RFC 9293 section 3.5. */
            if (tcp_state(y) == PAVO_SIDE_SYN_SENT ||
                (tcp_state(y) == PAVO_SIDE_SYN_ACK_SENT && !(flags & TCP_ACK)))
                tcp_state_set(y, PAVO_SIDE_ESTABLISHED);
            tcp_state_set(x, PAVO_SIDE_ESTABLISHED);
        }
    }
    if (flags & TCP_FIN)
        tcp_state_set(x, PAVO_SIDE_CLOSED);
    if (flags & TCP_RST)
        tcp_state_set(x, PAVO_SIDE_RESET);
    if (tcp_state(x) != PAVO_SIDE_INACTIVE)
        return;
    /* Some acknowledge a SYN before they answer it. */
    if (!by_initiator && g->p->at.payload_len == 0 && tcp_state(y) == PAVO_SIDE_SYN_SENT)
        return;
    /* The SYN was missed, its answer was not. */
    if ((flags & TCP_ACK) && tcp_state(y) == PAVO_SIDE_ESTABLISHED)
        tcp_state_set(x, PAVO_SIDE_ESTABLISHED);
    else
        tcp_state_set(x, PAVO_SIDE_PARTIAL);
}

void
tcp_states(struct tcp_seg *g, bool by_initiator)
{
    const uint16_t flags = g->flags;
    struct tcp_side *x = g->x, *y = g->y;

    switch (tcp_state(x)) {
    case PAVO_SIDE_INACTIVE:
        begin(g, by_initiator);
        break;
    case PAVO_SIDE_SYN_SENT:
    case PAVO_SIDE_SYN_ACK_SENT:
        if (flags & TCP_FIN)
            tcp_state_set(x, PAVO_SIDE_CLOSED);
        if (flags & TCP_RST)
            tcp_state_set(x, PAVO_SIDE_RESET);
        break;
    case PAVO_SIDE_PARTIAL:
    case PAVO_SIDE_ESTABLISHED:
        if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && tcp_state(x) == PAVO_SIDE_PARTIAL &&
            tcp_state(y) == PAVO_SIDE_INACTIVE)
            tcp_state_set(x, PAVO_SIDE_SYN_SENT);
        if ((flags & (TCP_FIN | TCP_RST)) == TCP_FIN) {
            tcp_state_set(x, PAVO_SIDE_CLOSED);
            if (tcp_state(y) == PAVO_SIDE_RESET && side_before(y) == PAVO_SIDE_CLOSED)
                tcp_state_set(y, PAVO_SIDE_CLOSED); /* it sent a FIN and then a RST: a normal end */
        }
        if (flags & TCP_RST)
            tcp_state_set(x, PAVO_SIDE_RESET);
        break;
    case PAVO_SIDE_CLOSED: /* behind both FINs an RST says nothing new */
        if ((flags & TCP_RST) && tcp_state(y) != PAVO_SIDE_CLOSED)
            tcp_state_set(x, PAVO_SIDE_RESET);
        break;
    case PAVO_SIDE_RESET:
    case PAVO_SIDES:
        break;
    }
}

enum pavo_conn_state
tcp_conn_state(const struct tcp_part *t, unsigned fwd)
{
    const struct tcp_side *o = &t->side[fwd], *r = &t->side[!fwd];
    const enum pavo_tcp_side os = tcp_state(o), rs = tcp_state(r);
    const bool o_missed = os == PAVO_SIDE_INACTIVE || os == PAVO_SIDE_PARTIAL;
    const bool r_missed = rs == PAVO_SIDE_INACTIVE || rs == PAVO_SIDE_PARTIAL;

    if (rs == PAVO_SIDE_RESET) {
        if (os == PAVO_SIDE_SYN_SENT || os == PAVO_SIDE_SYN_ACK_SENT ||
            (os == PAVO_SIDE_RESET && tcp_stream_octets(o) == 0 && tcp_stream_octets(r) == 0))
            return PAVO_CONN_REJ;
        return o_missed ? PAVO_CONN_RSTRH : PAVO_CONN_RSTR;
    }
    if (os == PAVO_SIDE_RESET)
        return r_missed ? PAVO_CONN_RSTOS0 : PAVO_CONN_RSTO;
    if (rs == PAVO_SIDE_CLOSED && os == PAVO_SIDE_CLOSED)
        return PAVO_CONN_SF;
    if (os == PAVO_SIDE_CLOSED)
        return r_missed ? PAVO_CONN_SH : PAVO_CONN_S2;
    if (rs == PAVO_SIDE_CLOSED)
        return o_missed ? PAVO_CONN_SHR : PAVO_CONN_S3;
    if (os == PAVO_SIDE_SYN_SENT && rs == PAVO_SIDE_INACTIVE)
        return PAVO_CONN_S0;
    if (os == PAVO_SIDE_ESTABLISHED && rs == PAVO_SIDE_ESTABLISHED)
        return PAVO_CONN_S1;
    return PAVO_CONN_OTH;
}
