/* amt.c - Automatic Multicast Tunneling */
#include "dec.h"

enum { DISCOVERY = 1, ADVERTISEMENT, REQUEST, QUERY, UPDATE, DATA, TEARDOWN };

/* Is 'n' the length of a message of this type that carries no packet? */
static bool
is_length_of(uint8_t type, uint32_t n)
{
    switch (type) {
    case DISCOVERY:
    case REQUEST:
        return n == 8;
    case ADVERTISEMENT: /* with the relay's IPv4 or IPv6 address */
        return n == 12 || n == 24;
    case TEARDOWN:
        return n == 30;
    default:
        return false;
    }
}

/* Version and type, a byte that is reserved or has flags: RFC 7450 section 5.1. A query and an
 * update carry IGMP or MLD in IP behind a response MAC and a nonce, data is IP at once. */
enum dec_step
dec_amt(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint8_t type = h[0]; /* the upper four bits are version 0 */
    enum dec_step step;

    if (type != QUERY && type != UPDATE && type != DATA) {
        if (!is_length_of(type, rest->told + 2))
            return dec_stop(w, PAVO_WHY_UNSOUND);
        w->out->named = PAVO_NAME_AMT;
        return DEC_STOP;
    }
    if (type != DATA && !cur_take(rest, 10))
        return dec_cut(w, rest, 10);
    step = dec_by_nibble(w, rest);
    if (step == DEC_STOP)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    dec_enter(w, PAVO_CARRIER_AMT, 0);
    return step;
}
