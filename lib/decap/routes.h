/* routes.h - the ROUTE rows of steps.def as functions: a field's value to the next step
 *
 * One switch per field, for compilers to make a comparison or a table of; DEC_STOP where there is
 * no row.
 */
#ifndef PAVO_ROUTES_H
#define PAVO_ROUTES_H

#include "dec.h"

#define STEP(name, function, fixed, spec)
#define ROUTE(by, value, step) ROUTE_##by(value, step)
#define ROUTE_ETHERTYPE(value, step)
#define ROUTE_LLC_SAP(value, step)
#define ROUTE_PPP(value, step)
#define ROUTE_FAMILY(value, step)
#define ROUTE_IP_PROTO(value, step)
#define ROUTE_GPE(value, step)
#define ROUTE_GUE_PROTO(value, step)
#define ROUTE_UDP_PORT(value, step)
#define ROUTE_CASE(value, step)                                                                    \
    case value:                                                                                    \
        return DEC_##step;

static inline enum dec_step
dec_by_ethertype(uint32_t value)
{
    switch (value) {
#undef ROUTE_ETHERTYPE
#define ROUTE_ETHERTYPE ROUTE_CASE
#include "steps.def"
#undef ROUTE_ETHERTYPE
#define ROUTE_ETHERTYPE(value, step)
    default:
        return DEC_STOP;
    }
}

static inline enum dec_step
dec_by_llc_sap(uint32_t value)
{
    switch (value) {
#undef ROUTE_LLC_SAP
#define ROUTE_LLC_SAP ROUTE_CASE
#include "steps.def"
#undef ROUTE_LLC_SAP
#define ROUTE_LLC_SAP(value, step)
    default:
        return DEC_STOP;
    }
}

static inline enum dec_step
dec_by_ppp(uint32_t value)
{
    switch (value) {
#undef ROUTE_PPP
#define ROUTE_PPP ROUTE_CASE
#include "steps.def"
#undef ROUTE_PPP
#define ROUTE_PPP(value, step)
    default:
        return DEC_STOP;
    }
}

static inline enum dec_step
dec_by_family(uint32_t value)
{
    switch (value) {
#undef ROUTE_FAMILY
#define ROUTE_FAMILY ROUTE_CASE
#include "steps.def"
#undef ROUTE_FAMILY
#define ROUTE_FAMILY(value, step)
    default:
        return DEC_STOP;
    }
}

static inline enum dec_step
dec_by_gpe(uint32_t value)
{
    switch (value) {
#undef ROUTE_GPE
#define ROUTE_GPE ROUTE_CASE
#include "steps.def"
#undef ROUTE_GPE
#define ROUTE_GPE(value, step)
    default:
        return DEC_STOP;
    }
}

static inline enum dec_step
dec_by_gue_proto(uint32_t value)
{
    switch (value) {
#undef ROUTE_GUE_PROTO
#define ROUTE_GUE_PROTO ROUTE_CASE
#include "steps.def"
#undef ROUTE_GUE_PROTO
#define ROUTE_GUE_PROTO(value, step)
    default:
        return DEC_STOP;
    }
}

/* The protocol behind an IP header or an extension header of it; IP in IP is entered here. */
static inline enum dec_step
dec_by_ip_proto(uint8_t proto, struct dec_walk *w)
{
    static const uint8_t steps[256] = {
#undef ROUTE_IP_PROTO
#define ROUTE_IP_PROTO(value, step) [value] = DEC_##step,
#include "steps.def"
#undef ROUTE_IP_PROTO
#define ROUTE_IP_PROTO(value, step)
    };
    const enum dec_step step = (enum dec_step)steps[proto];

    w->out->proto = proto;
    if (step == DEC_IP4 || step == DEC_IP6)
        dec_enter(w, PAVO_CARRIER_IPIP, proto);
    else if (step >= DEC_HOPOPT && step <= DEC_SHIM6 && w->out->kind == PAVO_KIND_IP4)
        return DEC_STOP; /* extension headers belong to IPv6 */
    return step;
}

#undef STEP
#undef ROUTE
#undef ROUTE_ETHERTYPE
#undef ROUTE_LLC_SAP
#undef ROUTE_PPP
#undef ROUTE_FAMILY
#undef ROUTE_IP_PROTO
#undef ROUTE_GPE
#undef ROUTE_GUE_PROTO
#undef ROUTE_UDP_PORT
#undef ROUTE_CASE

#endif
