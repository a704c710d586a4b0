/* mpls.c - MPLS label stacks and what is below them
 *
 * A label does not say what it carries: it was agreed when the path was set up. Below the bottom of
 * the stack the first nibble tells IPv4 (4), IPv6 (6) and BIER (5, RFC 8296 section 2.1.2); 0 is a
 * pseudowire control word and 1 an associated channel (RFC 4385 section 3, RFC 5586). Pseudowires
 * without a control word start with the MAC address of a frame, whose first nibble may be any of
 * these (RFC 4928). So each reading must fit the bytes that follow before it is taken: IP by its
 * lengths, Ethernet by its source address and type.
 */
#include "routes.h"

/* Is this an IPv4 header whose lengths fit? */
static bool
looks_ip4(const struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, 4);
    uint32_t head, total;

    if (!h)
        return true; /* too little to tell: the step names the reason */
    head = (h[0] & 0x0fu) * 4;
    total = be16(h + 2);
    return head >= 20 && (total == 0 || total >= head);
}

/* An IPv6 header whose payload fits? */
static bool
looks_ip6(const struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, 6);

    return !h || rest->told < 40 || be16(h + 4) <= rest->told - 40;
}

/* A BIER header of version 0, of a length and with a protocol that there are? */
static bool
looks_bier(const struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, 8);

    return h && h[0] == 0x50 && h[1] >> 4 >= 1 && h[1] >> 4 <= 7 && (h[4] & 0x30) == 0 &&
           (h[5] & 0x3f) >= 1 && (h[5] & 0x3f) <= 6;
}

static enum dec_step
below_labels(const struct cur *rest, struct dec_walk *w)
{
    const uint8_t *h = cur_peek(rest, 4);
    enum dec_step step;

    if (!h)
        return dec_cut(w, rest, 4);
    if (be16(h) == 0x1000 && !dec_looks_ethernet(rest, 0))
        return DEC_ACH;
    if (looks_bier(rest) && !dec_looks_ethernet(rest, 0))
        return DEC_BIER_MPLS;
    if (h[0] >> 4 == 4 && (looks_ip4(rest) || !dec_looks_ethernet(rest, 0)))
        return DEC_IP4;
    if (h[0] >> 4 == 6 && (looks_ip6(rest) || !dec_looks_ethernet(rest, 0)))
        return DEC_IP6;
    /* Of other frames it has four flags, and the word must not be one of a fragment. */
    if (h[0] >> 4 == 0 && h[1] >> 6 == 0 && dec_pw_frame(rest, 4) != DEC_STOP)
        return DEC_PWCW;
    step = dec_pw_frame(rest, 0);
    if (step != DEC_STOP)
        return step;
    /* The control word of Ethernet has twelve reserved zeros behind its nibble, then a sequence
     * number: RFC 4448 section 4.6. */
    if (be16(h) == 0 && dec_looks_ethernet(rest, 4))
        return DEC_PWCW;
    if (dec_looks_ethernet(rest, 0))
        return DEC_ETHER;
    /* A frame of an unknown protocol, behind a control word. */
    h = cur_peek(rest, 18);
    if (h && be16(h) == 0 && !(h[10] & 1) && be16(h + 16) >= 1536)
        return DEC_PWCW;
    return h ? dec_stop(w, PAVO_WHY_MPLS_PAYLOAD) : dec_cut(w, rest, 18);
}

/* Label 20 bits, traffic class 3, bottom of stack 1, TTL 8. */
enum dec_step
dec_mpls(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_enter(w, PAVO_CARRIER_MPLS, be24(h) >> 4);
    if (!(h[2] & 1))
        return DEC_MPLS;
    return below_labels(rest, w);
}

/* Associated channel header, RFC 5586 section 2.1: nibble 1, version, eight reserved bits, channel
 * type. IP packets in it test a pseudowire (RFC 5085 section 5.1). */
enum dec_step
dec_ach(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const enum dec_step step = dec_route(DEC_BY_ACH, be16(h + 2));

    if (step == DEC_STOP)
        w->out->named = PAVO_NAME_GACH;
    return step;
}
