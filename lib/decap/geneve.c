/* geneve.c - Geneve */
#include "routes.h"

enum { FLAG_O = 0x80, RESERVED = 0x3f };

/* RFC 8926 section 3.4: the option length is six bits, counted in words. Control packets (O) carry
 * nothing for the inner network. */
enum dec_step
dec_geneve(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t option_bytes = (h[0] & 0x3fu) * 4;
    enum dec_step step;

    if (h[0] >> 6 != 0)
        return dec_stop(w, PAVO_WHY_GENEVE_VERSION);
    if (!cur_take(rest, option_bytes))
        return dec_cut(w, rest, option_bytes);
    step = dec_route(DEC_BY_ETHERTYPE, be16(h + 2));
    if (step == DEC_STOP || (h[1] & FLAG_O))
        return dec_stop(w, PAVO_WHY_UNOPENED);
    dec_enter(w, PAVO_CARRIER_GENEVE, be24(h + 4));
    if ((h[1] & RESERVED) || h[7])
        w->in_doubt = true;
    return step;
}
