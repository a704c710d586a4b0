/* ike.c - the key exchange of IPsec, and what shares its port behind address translation
 *
 * Nothing is opened here: the flow stays one of UDP, and has a name where the bytes prove it.
 */
#include "dec.h"

enum {
    IKE_BYTES = 28,
    MARKER_BYTES = 4,
    KEEPALIVE = 0xff,
    SPI_MIN = 256, /* RFC 4303 section 2.1: those below are reserved */
    ESP_MIN = 24,  /* SPI, sequence, a block of four bytes, the shortest check value */
};

/* RFC 7296 section 3.1, RFC 2408 section 3.1: two SPIs of which the first is set, next payload,
 * version 1.x or 2.x, exchange, flags, message, length of it all. */
static bool
is_ike(const struct cur *rest, uint32_t skip)
{
    const uint8_t *from = cur_peek(rest, skip + IKE_BYTES);
    const uint8_t *h;

    if (!from)
        return false;
    h = from + skip;
    return (be32(h) | be32(h + 4)) != 0 && (h[17] >> 4 == 1 || h[17] >> 4 == 2) &&
           be32(h + 24) == rest->told - skip;
}

enum dec_step
dec_ike(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (is_ike(rest, 0))
        w->out->named = PAVO_NAME_IKE;
    return DEC_STOP;
}

/* RFC 3948 section 2: four zeros before IKE, one byte of ones, or ESP, whose SPI is not zero. ESP
 * fills its words of four bytes (RFC 4303 section 2.4), and check values do too. */
enum dec_step
dec_natt(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 1);
    if (h && rest->told == 1 && h[0] == KEEPALIVE) {
        w->out->named = PAVO_NAME_NATT_KEEPALIVE;
        return DEC_STOP;
    }
    h = cur_peek(rest, 8);
    if (!h)
        return rest->told < 8 ? dec_stop(w, PAVO_WHY_UNSOUND) : dec_cut(w, rest, 8);
    if (be32(h) == 0) {
        if (!is_ike(rest, MARKER_BYTES))
            return dec_stop(w, PAVO_WHY_UNSOUND);
        w->out->named = PAVO_NAME_IKE;
        return DEC_STOP;
    }
    if (be32(h) < SPI_MIN || be32(h + 4) == 0 || rest->told < ESP_MIN || rest->told % 4 != 0)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    w->out->named = PAVO_NAME_ESP_UDP;
    return DEC_STOP;
}
