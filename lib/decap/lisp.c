/* lisp.c - LISP data packets, with and without the generic protocol extension */
#include "routes.h"

enum {
    FLAG_N = 0x80, /* a nonce */
    FLAG_E = 0x20, /* it is to be echoed */
    FLAG_V = 0x10, /* map versions stand in its place */
    FLAG_I = 0x08, /* an instance id */
    FLAG_P = 0x04, /* a next protocol is named */
    FLAG_K = 0x03, /* the payload is encrypted */
    NEXT_MAX = 4,  /* IPv4, IPv6, Ethernet, NSH: numbered as in VXLAN-GPE */
};

/* Flags, nonce; instance id 24 bits and status of locators: RFC 9300 section 5.3. With P the last
 * byte of the nonce is the next protocol: RFC 9305 section 3. */
enum dec_step
dec_lisp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    if ((h[0] & FLAG_V && h[0] & (FLAG_N | FLAG_E)) || (h[0] & FLAG_E && !(h[0] & FLAG_N)))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (h[0] & FLAG_K) /* RFC 8061 */
        return dec_stop(w, PAVO_WHY_UNOPENED);
    if (h[0] & FLAG_P) {
        step = h[3] <= NEXT_MAX ? dec_route(DEC_BY_GPE, h[3]) : DEC_STOP;
        if (step == DEC_STOP)
            return dec_stop(w, PAVO_WHY_UNOPENED);
    } else {
        step = dec_by_nibble(w, rest);
        if (step == DEC_STOP)
            return dec_stop(w, PAVO_WHY_UNSOUND);
    }
    dec_enter(w, PAVO_CARRIER_LISP, h[0] & FLAG_I ? be24(h + 4) : 0);
    return step;
}
