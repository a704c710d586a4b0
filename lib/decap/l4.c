/* l4.c - the transports: ports, flags, and the UDP ports behind which a tunnel may be */
#include "ip.h"

enum { SCTP_CHUNKS_MAX = 32, DCCP_RESET = 7 };

static inline void
ports(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    out->src_port = be16(h);
    out->dst_port = be16(h + 2);
    out->has_ports = 1;
    dec_mark(w, rest);
}

/* A header points beyond the packet: in a first fragment it may go on in the next one. */
static enum dec_step
beyond(struct dec_walk *w, enum pavo_why why)
{
    return dec_stop(w, w->out->n_frags ? PAVO_WHY_TINY_FRAGMENT : why);
}

/* The 'n' bytes of options behind a TCP header are no payload. They need not be captured. */
static __attribute__((noinline)) enum dec_step
tcp_options(struct dec_walk *w, const struct cur *rest, uint32_t n)
{
    const uint32_t held = n < rest->held ? n : rest->held;
    const uint8_t *o = cur_peek(rest, held);

    if (n > dec_left(w, rest))
        return beyond(w, PAVO_WHY_TCP_OFFSET);
    dec_payload_skip(w, n);
    return dec_tcp_options(w->out, o, n, held) ? DEC_STOP : dec_stop(w, PAVO_WHY_TCP_OPTIONS);
}

/* RFC 9293 section 3.1. */
enum dec_step
dec_tcp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t head = (h[12] >> 4) * 4u;

    ports(h, rest, w);
    tcp_fields(out, h);
    if (head > 20)
        return tcp_options(w, rest, head - 20);
    /* STT has its header in the segment at offset 0, and the offset is in the sequence number. */
    if (head == 20 && (out->tcp_seq & 0xffff) == 0 && out->dst_port == w->cfg->stt_port)
        return DEC_STT;
    return head == 20 ? DEC_STOP : dec_stop(w, PAVO_WHY_TCP_OFFSET);
}

/* What the ports of the header at 'h' lead to. */
static inline enum dec_step
by_port(const uint8_t *h, const struct cur *rest, struct dec_walk *w)
{
    enum dec_step step = dec_udp_step(w->cfg, w->out->dst_port);

    if (step != DEC_STOP)
        return step;
    step = dec_udp_step(w->cfg, w->out->src_port);
    return step == DEC_STOP && dec_looks_teredo(rest->at, rest->held, rest->told)
               ? dec_teredo_client(h, rest, w)
               : step;
}

/* The UDP length ends before the IP packet does: RFC 9868 puts options there. Apart, so that the
 * step of all other packets saves no registers. */
static __attribute__((noinline)) enum dec_step
udp_with_surplus(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t room = dec_left(w, rest), len = be16(h + 4);
    const uint8_t *area = cur_peek(rest, room);

    if (area && !w->out->n_frags) { /* else not captured, or in pieces */
        if (!dec_udp_options(h, area + (len - 8), room - (len - 8)))
            dec_flaw(w, PAVO_WHY_UDP_SURPLUS);
        else if (!w->cfg->udp_step[be16(h)] &&
                 !w->cfg->udp_step[be16(h + 2)]) /* else not its own */
            w->out->named = PAVO_NAME_UDP_OPTIONS;
    }
    if (cur_narrow(rest, len - 8))
        w->over = 0;
    w->out->payload_len = len - 8;
    return by_port(h, rest, w);
}

/* RFC 768. The length counts the header; 0 is right in a jumbogram (RFC 2675 section 4). */
enum dec_step
dec_udp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t len = be16(h + 4);
    const uint32_t room = dec_left(w, rest);

    ports(h, rest, w);
    if (len - 8 == room)
        return by_port(h, rest, w); /* dec_mark() has told the payload */
    if (len >= 8 && len - 8 < room)
        return udp_with_surplus(h, rest, w);
    if (len < 8 ? len || out->l3_len <= 0xffff : !out->n_frags && !w->is_piece)
        return dec_stop(w, PAVO_WHY_UDP_LENGTH);
    return by_port(h, rest, w);
}

/* RFC 3828 section 3.1: what stands where UDP has its length is how much the checksum covers. */
enum dec_step
dec_udplite(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t coverage = be16(h + 4);

    ports(h, rest, w);
    /* 0 is all of it, else at least the header. */
    if ((coverage && coverage < 8) || (coverage > dec_left(w, rest) + 8 && !w->out->n_frags))
        return dec_stop(w, PAVO_WHY_UDPLITE_COVERAGE);
    return DEC_STOP;
}

/* RFC 9260 section 3.2: type, flags, length with this header and without padding to 4 bytes. False
 * if a length lies. What is not captured, or in the next fragment, is not asked for. */
static bool
sctp_chunks(struct pavo_layers *out, struct cur c, uint32_t over)
{
    for (unsigned i = 0; i < SCTP_CHUNKS_MAX; i++) {
        const uint8_t *h = cur_take(&c, 4);
        uint32_t body;

        if (!h)
            return c.told == 0 || c.told + over >= 4 || out->n_frags;
        out->sctp_chunks |= UINT32_C(1) << (h[0] < 31 ? h[0] : 31);
        body = be16(h + 2);
        if (body < 4)
            return false;
        body -= 4;
        if (body > c.told + over)
            return out->n_frags != 0;
        if (!cur_take(&c, body) || !cur_take(&c, (4 - body % 4) % 4))
            return true;
    }
    return true;
}

enum dec_step
dec_sctp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    ports(h, rest, w);
    w->out->sctp_vtag = be32(h + 4);
    w->out->has_sctp = 1;
    return sctp_chunks(w->out, *rest, w->over) ? DEC_STOP : dec_stop(w, PAVO_WHY_SCTP_CHUNK);
}

/* What of a header of 'head' bytes says how the conversation goes; 'rest' begins behind the first
 * 12 of them. The sequence number has 24 bits, or with X 48 of which the upper 16 are in the first
 * 12: RFC 4340 section 5.1. */
static void
dccp_fields(struct pavo_layers *out, const uint8_t *h, const struct cur *rest, uint32_t head)
{
    /* Where the service code or the reset code stands, behind the first 12 bytes: Request,
     * Response, Reset (sections 5.1, 5.2, 5.6). */
    static const uint8_t code_at[16] = {[0] = 4, [1] = 12, [7] = 12};
    const uint32_t at = code_at[out->dccp_type];
    const bool is_long = h[8] & 1;
    const uint8_t *p = cur_peek(rest, 4);

    out->has_sequence = !is_long || p;
    out->sequence = !is_long ? be24(h + 9) : p ? be32(p) : 0;
    p = cur_peek(rest, at + 4);
    out->dccp_code = 0;
    if (at && is_long && head >= 12 + at + 4 && p)
        out->dccp_code = out->dccp_type == DCCP_RESET ? p[at] : be32(p + at);
}

/* RFC 4340 section 5.1: ports, data offset in words of 4 bytes from the start of the header, CCVal
 * and CsCov, checksum, three reserved bits, type, X. With X the sequence number has 48 bits. The
 * types have fields of their own behind that. */
enum dec_step
dec_dccp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    /* Whole headers with X: Request, Response, Data, Ack, DataAck, CloseReq, Close, Reset, Sync,
     * SyncAck (sections 5.1 to 5.7); and without, where that is allowed. */
    static const uint8_t with_x[] = {20, 28, 16, 24, 24, 24, 24, 28, 24, 24};
    static const uint8_t without_x[] = {0, 0, 12, 16, 16, 0, 0, 0, 0, 0};
    const uint32_t head = h[4] * 4u;
    const uint32_t type = h[8] >> 1 & 0x0fu;
    uint32_t least;

    ports(h, rest, w);
    w->out->dccp_type = (uint8_t)type;
    w->out->has_dccp = 1;
    dccp_fields(w->out, h, rest, head);
    if (head < 12)
        return dec_stop(w, PAVO_WHY_DCCP_OFFSET);
    if (head - 12 > dec_left(w, rest))
        return beyond(w, PAVO_WHY_DCCP_OFFSET);
    dec_payload_skip(w, head - 12);
    if (type >= sizeof with_x)
        return dec_stop(w, PAVO_WHY_DCCP_TYPE);
    least = h[8] & 1 ? with_x[type] : without_x[type];
    if (least == 0)
        return dec_stop(w, PAVO_WHY_DCCP_TYPE);
    return head < least ? dec_stop(w, PAVO_WHY_DCCP_OFFSET) : DEC_STOP;
}
