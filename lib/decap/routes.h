/* routes.h - the ROUTE rows of steps.def as functions: a field's value to the next step
 *
 * DEC_STOP where there is no row.
 */
#ifndef PAVO_ROUTES_H
#define PAVO_ROUTES_H

#include "dec.h"

/* dec_route - what a 'value' of the field 'by' leads to. Where 'by' is a constant, as it always is,
 * compilers leave of the switch only the rows of that field; left to themselves they make a
 * function of the whole where a file asks for several fields. */
__attribute__((always_inline)) static inline enum dec_step
dec_route(enum dec_by by, uint32_t value)
{
    switch ((uint64_t)by << 32 | value) {
#define ROUTE(by, value, step)                                                                     \
    case (uint64_t)DEC_BY_##by << 32 | (value):                                                    \
        return DEC_##step;
#include "steps.def"
    default:
        return DEC_STOP;
    }
}

/* dec_named - the name of a value without a route; 0: none. */
__attribute__((always_inline)) static inline enum pavo_name
dec_named(enum dec_by by, uint32_t value)
{
    switch ((uint64_t)by << 32 | value) {
#define NAMED(by, value, name)                                                                     \
    case (uint64_t)DEC_BY_##by << 32 | (value):                                                    \
        return PAVO_NAME_##name;
#include "names.def"
    default:
        return (enum pavo_name)0;
    }
}

/* The protocol behind an IP header or an extension header of it; IP in IP is entered here. */
static inline enum dec_step
dec_by_ip_proto(uint8_t proto, struct dec_walk *w)
{
    const enum dec_step step = dec_route(DEC_BY_IP_PROTO, proto);

    w->out->proto = proto;
    if (step == DEC_IP6 && w->out->kind == PAVO_KIND_IP4)
        return DEC_SIT;
    if (step == DEC_IP4 || step == DEC_IP6)
        dec_enter(w, PAVO_CARRIER_IPIP, proto);
    else if (step >= DEC_HOPOPT && step <= DEC_SHIM6 && w->out->kind == PAVO_KIND_IP4)
        return DEC_STOP; /* extension headers belong to IPv6 */
    return step;
}

/* Address and control of HDLC before PPP, where they were not left out: RFC 1662 section 3.1. */
static inline void
dec_skip_acf(struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, 2);

    if (h && be16(h) == 0xff03)
        cur_take(rest, 2);
}

#endif
