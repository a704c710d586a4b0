/* pppoe.c - PPPoE sessions and PPP; discovery (0x8863) carries nothing and is a link-layer flow */
#include "routes.h"

enum { PPPOE_VERSION_TYPE = 0x11, PPPOE_SESSION_DATA = 0 };

/* Version and type, code, session id, length of the PPP frame: RFC 2516 section 4. */
enum dec_step
dec_pppoe(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (h[0] != PPPOE_VERSION_TYPE || h[1] != PPPOE_SESSION_DATA)
        return dec_stop(w, PAVO_WHY_PPPOE_VERSION);
    dec_enter(w, PAVO_CARRIER_PPPOE, be16(h + 2));
    if (!cur_narrow(rest, be16(h + 4)))
        dec_flaw(w, PAVO_WHY_MALFORMED);
    w->out->payload_len = rest->told;
    return DEC_PPP;
}

/* Protocol field: two bytes, or one where it was compressed (RFC 1661 section 6.5), which is seen
 * by its odd first byte. */
enum dec_step
dec_ppp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint8_t *low;

    if (h[0] & 1)
        return dec_route(DEC_BY_PPP, h[0]);
    low = cur_take(rest, 1);
    if (!low)
        return dec_cut(w, rest, 1);
    return dec_route(DEC_BY_PPP, (uint32_t)h[0] << 8 | low[0]);
}
