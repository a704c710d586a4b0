/* pppoe.c - PPP over Ethernet: sessions and their discovery */
#include "routes.h"

enum {
    PPPOE_VERSION_TYPE = 0x11,
    PPPOE_SESSION_DATA = 0,
    ETHERTYPE_DISCOVERY = 0x8863,
    ETHERTYPE_SESSION = 0x8864,
};

/* The same header before tags: RFC 2516 section 5. */
enum dec_step
dec_pppoe_disc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (h[0] != PPPOE_VERSION_TYPE || h[1] == PPPOE_SESSION_DATA)
        return dec_stop(w, PAVO_WHY_PPPOE_VERSION);
    if (!cur_narrow(rest, be16(h + 4)))
        dec_flaw(w, PAVO_WHY_MALFORMED);
    dec_mark_link(w, rest, ETHERTYPE_DISCOVERY, false);
    w->out->named = PAVO_NAME_PPPOE_DISCOVERY;
    return DEC_STOP;
}

/* Version and type, code, session id, length of the PPP frame: RFC 2516 section 4. */
enum dec_step
dec_pppoe(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (w->out->ethertype == 0 &&
        !dec_is_ip(w->out)) { /* no Ethernet says which of the two it is */
        if (h[1] != PPPOE_SESSION_DATA)
            return dec_pppoe_disc(h, rest, w);
        dec_mark_link(w, rest, ETHERTYPE_SESSION, false);
    }
    if (h[0] != PPPOE_VERSION_TYPE || h[1] != PPPOE_SESSION_DATA)
        return dec_stop(w, PAVO_WHY_PPPOE_VERSION);
    dec_enter(w, PAVO_CARRIER_PPPOE, be16(h + 2));
    if (!cur_narrow(rest, be16(h + 4)))
        dec_flaw(w, PAVO_WHY_MALFORMED);
    dec_payload(w->out, w, rest, rest->told);
    return DEC_PPP;
}
