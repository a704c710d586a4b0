/* gue.c - generic UDP encapsulation, and IP protocols straight behind a UDP header (FOU) */
#include "routes.h"

enum { FLAG_C = 0x20, IP_IN_IP = 4, IPV6_IN_IP = 41, GRE_IN_IP = 47 };

/* Two bits say the variant. 0: C, header length in words beyond the first, IP protocol, flags with
 * their fields (draft-ietf-intarea-gue-09 section 3.1). 1: no header at all, an IP packet starts
 * here, and its version field makes these bits (section 4). */
enum dec_step
dec_gue(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;
    uint32_t fields;

    h = cur_peek(rest, 1);
    if (!h)
        return dec_cut(w, rest, 1);
    if (h[0] >> 6 == 1) {
        step = h[0] >> 4 == 4 ? DEC_IP4 : h[0] >> 4 == 6 ? DEC_IP6 : DEC_STOP;
        if (step == DEC_STOP)
            return dec_stop(w, PAVO_WHY_IP_VERSION);
        dec_enter(w, PAVO_CARRIER_GUE, step == DEC_IP4 ? IP_IN_IP : IPV6_IN_IP);
        return step;
    }
    if (h[0] >> 6 != 0)
        return dec_stop(w, PAVO_WHY_GUE_VERSION);
    h = cur_take(rest, 4);
    if (!h)
        return dec_cut(w, rest, 4);
    w->out->depth++;
    fields = (h[0] & 0x1fu) * 4;
    if (!cur_take(rest, fields))
        return dec_cut(w, rest, fields);
    step = dec_route(DEC_BY_GUE_PROTO, h[1]);
    if (step == DEC_STOP || (h[0] & FLAG_C))
        return dec_stop(w, PAVO_WHY_UNOPENED);
    dec_enter(w, PAVO_CARRIER_GUE, h[1]);
    return step;
}

enum dec_step
dec_fou4(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_enter(w, PAVO_CARRIER_FOU, IP_IN_IP);
    return DEC_IP4;
}

enum dec_step
dec_fou6(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_enter(w, PAVO_CARRIER_FOU, IPV6_IN_IP);
    return DEC_IP6;
}

enum dec_step
dec_fou_gre(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_enter(w, PAVO_CARRIER_FOU, GRE_IN_IP);
    return DEC_GRE;
}
