/* typed.c - link protocols that carry nothing and whose name stands in their header */
#include "routes.h"

enum { EAPOL_MKA = 5 };

/* Version, packet type, length of the body: IEEE 802.1X-2020 clause 11.3. */
enum dec_step
dec_eapol(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    w->out->named = h[1] == EAPOL_MKA ? PAVO_NAME_MKA : PAVO_NAME_EAPOL;
    if (!cur_narrow(rest, be16(h + 2)))
        dec_flaw(w, PAVO_WHY_MALFORMED);
    dec_payload(w->out, w, rest, rest->told);
    return DEC_STOP;
}

/* Subtype: IEEE 802.3-2022 annex 57A. */
enum dec_step
dec_slow(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    w->out->named = (uint8_t)dec_named(DEC_BY_SLOW, h[0]);
    return DEC_STOP;
}
