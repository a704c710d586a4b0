/* ipsec.c - AH, which can be read through, ESP, which ends the walk, and IPComp, which does too */
#include "routes.h"

/* Next header, length in words of 4 bytes less 2, reserved, SPI: RFC 4302 section 2.2. Sequence and
 * check value follow; in RFC 1826, whose header this was, a length of 0 was right and neither was
 * there. */
enum dec_step
dec_ah(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t more = h[1] * 4u;

    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    dec_mark(w, rest);
    return dec_by_ip_proto(h[0], w);
}

enum dec_step
dec_esp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    w->out->spi = be32(h);
    dec_mark(w, rest);
    return DEC_STOP;
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
