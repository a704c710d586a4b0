/* icmp.c - ICMP and ICMPv6
 *
 * The walk of the traffic ends here. An error quotes the packet that caused it (RFC 792, RFC 4443
 * section 3): that is read by the same steps into a result of its own, of which the innermost
 * conversation is kept. A quote within a quote is not read.
 */
#include "routes.h"

/* How what stands behind type, code and checksum is to be read: 4 bytes with an identifier in the
 * first two, and a sequence number in the other two or in one of them; 4 bytes and the packet that
 * is quoted, whose length may stand in one of them (RFC 4884 section 4); 4 bytes, two addresses and
 * options, one of which quotes (RFC 4861 section 4.5). */
enum body {
    BODY_OTHER,
    BODY_ID,
    BODY_QUERY,
    BODY_QUERY8,
    BODY_ERROR,
    BODY_ERROR_LENGTH,
    BODY_REDIRECT,
};

enum { OPTIONS_MAX = 32, OPTION_REDIRECTED = 4, QUOTE_MIN = 128 };

/* What differs between the two versions. */
struct icmp_version {
    const uint8_t *bodies; /* enum body, by type */
    enum dec_step quoted;
    uint32_t length_at, length_unit; /* RFC 4884 section 4 */
};

/* Reads the packet at 'rest' into out->quote. */
static void
quote(struct dec_walk *w, enum dec_step first, const struct cur *rest)
{
    struct pavo_layers in;
    struct dec_walk q = {.cfg = w->cfg, .out = &in, .start = rest->at, .is_quote = true};
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

/* A redirect: the option "redirected header" quotes. RFC 4861 sections 4.5, 4.6.3. */
static void
redirect(struct dec_walk *w, struct cur c)
{
    if (!cur_take(&c, 32))
        return;
    for (unsigned i = 0; i < OPTIONS_MAX; i++) {
        const uint8_t *o = cur_take(&c, 8);
        uint32_t more;

        if (!o || o[1] == 0)
            return;
        more = o[1] * 8u - 8;
        if (o[0] == OPTION_REDIRECTED) {
            (void)cur_narrow(&c, more);
            quote(w, DEC_IP6, &c);
            return;
        }
        if (!cur_take(&c, more))
            return;
    }
}

static enum dec_step
icmp(const uint8_t *h, struct cur *rest, struct dec_walk *w, const struct icmp_version *v)
{
    struct pavo_layers *out = w->out;
    const enum body body = (enum body)v->bodies[h[0]];
    const uint8_t *p;
    struct cur inner;
    uint32_t n;

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
    if (body <= BODY_QUERY8) {
        out->icmp_id = be16(p);
        out->has_icmp_seq = body != BODY_ID;
        if (out->has_icmp_seq)
            out->icmp_seq = body == BODY_QUERY ? be16(p + 2) : p[2];
        return DEC_STOP;
    }
    if (w->is_quote)
        return DEC_STOP;
    if (body == BODY_REDIRECT) {
        redirect(w, *rest);
        return DEC_STOP;
    }
    inner = *rest;
    /* With extensions behind it the quoted packet has a length, of at least 128 bytes by padding.
     * Senders from before may have anything there. */
    n = body == BODY_ERROR_LENGTH ? p[v->length_at] * v->length_unit : 0;
    if (n && (n < QUOTE_MIN || (n > dec_left(w, rest) && !out->n_frags)))
        dec_flaw(w, PAVO_WHY_ICMP_LENGTH);
    else if (n)
        (void)cur_narrow(&inner, n);
    quote(w, v->quoted, &inner);
    return DEC_STOP;
}

enum dec_step
dec_icmp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    /* RFC 792; 17, 18: RFC 950; 30: RFC 1393; 31: RFC 1475; 37, 38: RFC 1788; 40: RFC 2521; 42, 43:
     * RFC 8335 sections 2 and 3, where the sequence number has 8 bits. */
    static const uint8_t bodies[256] = {
        [0] = BODY_QUERY,  [3] = BODY_ERROR_LENGTH,  [4] = BODY_ERROR,         [5] = BODY_ERROR,
        [8] = BODY_QUERY,  [11] = BODY_ERROR_LENGTH, [12] = BODY_ERROR_LENGTH, [13] = BODY_QUERY,
        [14] = BODY_QUERY, [15] = BODY_QUERY,        [16] = BODY_QUERY,        [17] = BODY_QUERY,
        [18] = BODY_QUERY, [30] = BODY_ID,           [31] = BODY_ERROR,        [37] = BODY_QUERY,
        [38] = BODY_QUERY, [40] = BODY_ERROR,        [42] = BODY_QUERY8,       [43] = BODY_QUERY8,
    };
    static const struct icmp_version v = {
        .bodies = bodies, .quoted = DEC_IP4, .length_at = 1, .length_unit = 4};

    return icmp(h, rest, w, &v);
}

enum dec_step
dec_icmp6(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    /* RFC 4443; 137: RFC 4861; 144 to 147: RFC 6275; 148, 149: RFC 3971; 160, 161: RFC 8335. */
    static const uint8_t bodies[256] = {
        [1] = BODY_ERROR_LENGTH, [2] = BODY_ERROR,    [3] = BODY_ERROR_LENGTH, [4] = BODY_ERROR,
        [128] = BODY_QUERY,      [129] = BODY_QUERY,  [137] = BODY_REDIRECT,   [144] = BODY_ID,
        [145] = BODY_ID,         [146] = BODY_ID,     [147] = BODY_ID,         [148] = BODY_ID,
        [149] = BODY_ID,         [160] = BODY_QUERY8, [161] = BODY_QUERY8,
    };
    static const struct icmp_version v = {
        .bodies = bodies, .quoted = DEC_IP6, .length_at = 0, .length_unit = 8};

    w->out->named = (uint8_t)dec_named(DEC_BY_ICMP6_TYPE, h[0]);
    return icmp(h, rest, w, &v);
}
