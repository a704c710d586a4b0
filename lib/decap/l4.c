/* l4.c - the transports: ports, flags, and the UDP ports behind which a tunnel may be */
#include "dec.h"

static inline void
ports(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    out->src_port = be16(h);
    out->dst_port = be16(h + 2);
    out->has_ports = 1;
    dec_mark(w, rest);
}

/* The 'n' bytes of options behind a header are no payload. They need not be captured. */
static enum dec_step
skip_options(struct dec_walk *w, struct cur *rest, uint32_t n, enum pavo_why why)
{
    if (n > rest->told + w->over)
        return dec_stop(w, w->out->n_frags ? PAVO_WHY_TINY_FRAGMENT : why);
    w->out->payload_len -= n;
    return DEC_STOP;
}

/* RFC 9293 section 3.1. */
enum dec_step
dec_tcp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t head = (h[12] >> 4) * 4u;

    ports(h, rest, w);
    out->has_tcp = 1;
    out->tcp_seq = be32(h + 4);
    out->tcp_ack = be32(h + 8);
    out->tcp_flags = be16(h + 12) & 0x0fffu;
    out->tcp_window = be16(h + 14);
    if (head < 20)
        return dec_stop(w, PAVO_WHY_TCP_OFFSET);
    /* STT has its header in the segment at offset 0, and the offset is in the sequence number. */
    if ((out->tcp_seq & 0xffff) == 0 && out->dst_port == w->cfg->stt_port && head == 20)
        return DEC_STT;
    return skip_options(w, rest, head - 20, PAVO_WHY_TCP_OFFSET);
}

/* RFC 768. The length counts the header; 0 is right in a jumbogram (RFC 2675 section 4). */
enum dec_step
dec_udp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t len = be16(h + 4);
    const uint32_t room = rest->told + w->over;
    enum dec_step step;

    ports(h, rest, w);
    if (len >= 8 && len - 8 <= room) {
        if (cur_narrow(rest, len - 8))
            w->over = 0;
        out->payload_len = len - 8;
    } else if (len < 8 ? len || out->l3_len <= 0xffff : !out->n_frags) {
        return dec_stop(w, PAVO_WHY_UDP_LENGTH);
    }
    step = (enum dec_step)w->cfg->udp_step[out->dst_port];
    return step != DEC_STOP ? step : (enum dec_step)w->cfg->udp_step[out->src_port];
}

/* RFC 3828 section 3.1: what stands where UDP has its length is how much the checksum covers. */
enum dec_step
dec_udplite(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    ports(h, rest, w);
    return DEC_STOP;
}

enum dec_step
dec_sctp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    ports(h, rest, w);
    return DEC_STOP;
}

/* RFC 4340 section 5.1: the data offset counts words of 4 bytes from the start of the header. */
enum dec_step
dec_dccp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t head = h[4] * 4u;

    ports(h, rest, w);
    if (head < 12)
        return dec_stop(w, PAVO_WHY_DCCP_OFFSET);
    return skip_options(w, rest, head - 12, PAVO_WHY_DCCP_OFFSET);
}

enum dec_step
dec_igmp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark(w, rest);
    return DEC_STOP;
}
