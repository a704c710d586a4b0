/* ipsec.c - AH, which can be read through, ESP, which ends the walk, and IPComp, which does too
 *
 * ESP with NULL encryption (RFC 2410) does not say that it is not encrypted. If the configuration
 * asks for it, the end of the packet is looked at: the trailer and the header that it names must
 * both make sense for one of the usual lengths of a check value (RFC 5879 has the idea).
 */
#include "routes.h"

enum {
    ICMP = 1,
    IP_IN_IP = 4,
    TCP = 6,
    UDP = 17,
    IPV6_IN_IP = 41,
    ICMP6 = 58,
    OSPF = 89,
    SCTP = 132
};

/* Next header, length in words of 4 bytes less 2, reserved, SPI: RFC 4302 section 2.2. Sequence and
 * check value follow; in RFC 1826, whose header this was, a length of 0 was right and neither was
 * there. */
enum dec_step
dec_ah(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t more = h[1] * 4u;
    const uint8_t *p = cur_take(rest, more);

    if (!p)
        return dec_cut(w, rest, more);
    if (more >= 4) {
        w->out->sequence = be32(p);
        w->out->has_sequence = 1;
    }
    dec_mark(w, rest);
    return dec_by_ip_proto(h[0], w);
}

/* Does a transport header or an IP packet of just these bytes stand at 'rest'? */
static bool
is_plausible(uint8_t proto, const struct cur *rest)
{
    const uint32_t n = rest->told;
    const uint8_t *h = cur_peek(rest, 8);

    if (!h)
        return false;
    if (proto == UDP)
        return be16(h + 4) == n;
    if (proto == ICMP) /* RFC 792, RFC 950: types in use; errors and redirects have codes */
        return h[0] < 19 &&
               (h[1] == 0 || ((h[0] == 3 || h[0] == 5 || h[0] == 11 || h[0] == 12) && h[1] < 16));
    if (proto == ICMP6) /* RFC 4443, RFC 4861 and what came with them */
        return h[0] < 5 ? h[1] < 9 : h[0] >> 4 == 8 && h[1] == 0;
    if (proto == IPV6_IN_IP)
        return h[0] >> 4 == 6 && n >= 40 && be16(h + 4) == n - 40;
    if (proto == IP_IN_IP)
        return h[0] >> 4 == 4 && (h[0] & 0x0f) >= 5 && be16(h + 2) == n;
    if (proto == OSPF) /* RFC 4552 section 3 has ESP with NULL encryption for OSPFv3 */
        return (h[0] == 2 || h[0] == 3) && h[1] >= 1 && h[1] <= 5 && be16(h + 2) == n;
    if (proto == SCTP) { /* the first chunk ends within the packet */
        h = cur_peek(rest, 16);
        return h && be16(h + 14) >= 4 && be16(h + 14) <= n - 12;
    }
    h = cur_peek(rest, 20);
    /* TCP: offset, reserved bits, an urgent pointer in the packet or 0, SYN not with RST */
    return h && h[12] >> 4 >= 5 && (h[12] >> 4) * 4u <= n && (h[12] & 0x0e) == 0 &&
           be16(h + 18) <= (h[13] & 0x20 ? n : 0) && (h[13] & 0x06) != 0x06;
}

/* What ESP carries if its check value has 'icv' bytes: payload, padding 1, 2, 3 .., its length,
 * next header: RFC 4303 section 2.4. Narrows 'body' to the payload. 0: this cannot be. */
static uint8_t
read_trailer(struct cur *body, uint32_t icv)
{
    struct cur c = *body;
    const uint8_t *t, *pad;
    uint32_t payload;

    if (c.told < icv + 2 || (c.told - icv) % 4 != 0 || !cur_take(&c, c.told - icv - 2))
        return 0;
    t = cur_take(&c, 2);
    if (!t || t[0] > body->told - icv - 2)
        return 0;
    if (t[1] != TCP && t[1] != UDP && t[1] != ICMP && t[1] != ICMP6 && t[1] != OSPF &&
        t[1] != SCTP && t[1] != IP_IN_IP && t[1] != IPV6_IN_IP)
        return 0;
    payload = body->told - icv - 2 - t[0];
    c = *body;
    if (!cur_take(&c, payload))
        return 0;
    pad = cur_take(&c, t[0]);
    if (!pad)
        return 0;
    for (uint32_t i = 0; i < t[0]; i++)
        if (pad[i] != i + 1)
            return 0;
    c = *body;
    if (!cur_narrow(&c, payload) || !is_plausible(t[1], &c))
        return 0;
    *body = c;
    return t[1];
}

/* Looks into ESP: the next step, or DEC_STOP if it is not clearly in plain text. */
static enum dec_step
open_null(struct cur *rest, struct dec_walk *w)
{
    static const uint8_t icvs[] = {12, 16, 24, 32, 0};
    struct pavo_layers *out = w->out;
    uint8_t proto = 0;
    enum dec_step step;

    if (rest->held != rest->told || w->over || out->frag != PAVO_FRAG_NONE)
        return DEC_STOP; /* the trailer is not here */
    for (size_t i = 0; i < sizeof icvs && !proto; i++)
        proto = read_trailer(rest, icvs[i]);
    if (!proto)
        return DEC_STOP;
    dec_enter(w, PAVO_CARRIER_ESP_NULL, out->spi);
    step = dec_route(DEC_BY_IP_PROTO, proto);
    if (step == DEC_IP4 || step == DEC_IP6)
        return step;
    dec_prove(w); /* the IP header is the flow's own */
    out->proto = proto;
    out->spi = 0;
    dec_mark(w, rest);
    return step;
}

/* SPI, sequence: RFC 4303 section 2. */
enum dec_step
dec_esp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    w->out->spi = be32(h);
    w->out->sequence = be32(h + 4);
    w->out->has_sequence = 1;
    dec_mark(w, rest);
    return w->cfg->esp_null ? open_null(rest, w) : DEC_STOP;
}

/* Next header, flags, compression parameter index, which is negotiated as an SPI is: RFC 3173
 * section 3. What follows is compressed. */
enum dec_step
dec_ipcomp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    w->out->spi = be16(h + 2);
    w->out->named = PAVO_NAME_IPCOMP;
    dec_mark(w, rest);
    return DEC_STOP;
}
