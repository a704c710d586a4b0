/* pptp.c - GRE version 1: PPP in PPTP, and EoIP, which borrows its form
 *
 * The flags and the protocol were checked where GRE was read.
 */
#include "routes.h"

enum { HAS_SEQUENCE = 0x1000, HAS_ACK = 0x0080 };

/* RFC 2637 section 4.1: payload length, call id, then sequence and acknowledgment where the flags
 * say so. Without a sequence there is no payload. The two directions have call ids of their own.
 * What PPP carries compressed or encrypted is not opened. */
enum dec_step
dec_pptp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t optional =
        (w->gre_flags & HAS_SEQUENCE ? 4 : 0) + (w->gre_flags & HAS_ACK ? 4 : 0);
    const uint32_t len = be16(h);

    if (!cur_take(rest, optional))
        return dec_cut(w, rest, optional);
    dec_mark(w, rest);
    out->named = PAVO_NAME_PPTP; /* of the flow of GRE, should it be one */
    if (!(w->gre_flags & HAS_SEQUENCE) || len == 0)
        return DEC_STOP;
    if (!cur_narrow(rest, len) && !out->n_frags)
        dec_flaw(w, PAVO_WHY_MALFORMED);
    dec_enter(w, PAVO_CARRIER_PPTP, be16(h + 2));
    out->named = 0;
    dec_skip_acf(rest);
    return DEC_PPP;
}

/* MikroTik's Ethernet over IP: length of the frame, then the tunnel's number, which both ends are
 * given alike, in little-endian order. A length of 0 keeps the tunnel alive. */
enum dec_step
dec_eoip(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t len = be16(h);
    const uint32_t id = le16(h + 2);

    dec_mark(w, rest);
    out->spi = id;
    out->named = PAVO_NAME_EOIP;
    if (len == 0)
        return DEC_STOP;
    dec_enter(w, PAVO_CARRIER_EOIP, id);
    out->named = 0;
    if (!cur_narrow(rest, len) && !out->n_frags) {
        dec_flaw(w, PAVO_WHY_MALFORMED);
        w->in_doubt = true;
    }
    return DEC_ETHER;
}
