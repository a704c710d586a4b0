/* icmp.c - ICMP and ICMPv6
 *
 * The walk of the traffic ends here. An error quotes the packet that caused it (RFC 792, RFC 4443
 * section 3): that is read by the same steps into a result of its own, of which the innermost
 * conversation is kept. A quote within a quote is not read.
 */
#include "dec.h"

/* How the 4 bytes behind type, code and checksum are to be read. */
enum body { BODY_OTHER, BODY_ID, BODY_ERROR };

/* Reads the packet at 'rest' into out->quote. */
static void
quote(struct dec_walk *w, enum dec_step first, const struct cur *rest)
{
    struct pavo_layers in;
    struct dec_walk q = {.cfg = w->cfg, .out = &in, .is_quote = true};
    struct pavo_quote *to = &w->out->quote;

    dec_clear(&in);
    dec_run(&q, first, *rest);
    if (!dec_is_ip(&in))
        return;
    *to = (struct pavo_quote){.kind = in.kind,
                              .proto = in.proto,
                              .has_ports = in.has_ports,
                              .icmp_type = in.icmp_type,
                              .src_port = in.has_icmp ? in.icmp_id : in.src_port,
                              .dst_port = in.dst_port};
    memcpy(to->src, in.src, sizeof to->src);
    memcpy(to->dst, in.dst, sizeof to->dst);
}

/* What both versions have in common; 'unit' is what the RFC 4884 length at 'len_at' counts in. */
static enum dec_step
icmp(const uint8_t *h, struct cur *rest, struct dec_walk *w, enum body body, uint32_t len_at,
     uint32_t unit, enum dec_step quoted)
{
    struct pavo_layers *out = w->out;
    const uint8_t *p;
    struct cur inner;

    out->icmp_type = h[0];
    out->icmp_code = h[1];
    out->has_icmp = 1;
    dec_mark(w, rest);
    if (body == BODY_OTHER)
        return DEC_STOP;
    p = cur_take(rest, 4);
    if (!p)
        return dec_cut(w, rest, 4);
    dec_mark(w, rest);
    if (body == BODY_ID) {
        out->icmp_id = be16(p);
    } else if (!w->is_quote) {
        inner = *rest;
        /* With extensions behind it the quoted packet has a length: RFC 4884 section 4. */
        if (unit && p[len_at])
            cur_narrow(&inner, p[len_at] * unit);
        quote(w, quoted, &inner);
    }
    return DEC_STOP;
}

enum dec_step
dec_icmp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    /* RFC 792; 17, 18: RFC 950; 42, 43: RFC 8335. */
    static const uint8_t bodies[256] = {
        [0] = BODY_ID,     [3] = BODY_ERROR,  [4] = BODY_ERROR, [5] = BODY_ERROR, [8] = BODY_ID,
        [11] = BODY_ERROR, [12] = BODY_ERROR, [13] = BODY_ID,   [14] = BODY_ID,   [15] = BODY_ID,
        [16] = BODY_ID,    [17] = BODY_ID,    [18] = BODY_ID,   [42] = BODY_ID,   [43] = BODY_ID,
    };
    const bool has_length = h[0] == 3 || h[0] == 11 || h[0] == 12;

    return icmp(h, rest, w, (enum body)bodies[h[0]], 1, has_length ? 4 : 0, DEC_IP4);
}

enum dec_step
dec_icmp6(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    /* RFC 4443; 160, 161: RFC 8335. */
    static const uint8_t bodies[256] = {
        [1] = BODY_ERROR, [2] = BODY_ERROR, [3] = BODY_ERROR, [4] = BODY_ERROR,
        [128] = BODY_ID,  [129] = BODY_ID,  [160] = BODY_ID,  [161] = BODY_ID,
    };
    const bool has_length = h[0] == 1 || h[0] == 3;

    return icmp(h, rest, w, (enum body)bodies[h[0]], 0, has_length ? 8 : 0, DEC_IP6);
}
