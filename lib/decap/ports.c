/* ports.c - which UDP ports lead to a tunnel
 *
 * The table of the configuration holds one step per port: a look at it costs the same for one port
 * and for thousands.
 */
#include <errno.h>

#include "dec.h"

void
pavo_decap_config_init(struct pavo_decap_config *cfg)
{
    memset(cfg->udp_step, DEC_STOP, sizeof cfg->udp_step);
#define STEP(name, function, fixed, spec)
#define ROUTE(by, value, step)      ROUTE_##by(value, step)
#define ROUTE_UDP_PORT(value, step) cfg->udp_step[value] = DEC_##step;
#define ROUTE_ETHERTYPE(value, step)
#define ROUTE_LLC_SAP(value, step)
#define ROUTE_PPP(value, step)
#define ROUTE_FAMILY(value, step)
#define ROUTE_IP_PROTO(value, step)
#define ROUTE_GPE(value, step)
#define ROUTE_GUE_PROTO(value, step)
#include "steps.def"
#undef STEP
#undef ROUTE
}

/* The carrier that a step of the table makes; 0 for no step. */
static int
carrier_of(enum dec_step step)
{
    switch (step) {
    case DEC_VXLAN:
        return PAVO_CARRIER_VXLAN;
    case DEC_VXLAN_GPE:
        return PAVO_CARRIER_VXLAN_GPE;
    case DEC_GENEVE:
        return PAVO_CARRIER_GENEVE;
    case DEC_GUE:
        return PAVO_CARRIER_GUE;
    case DEC_FOU4:
    case DEC_FOU6:
    case DEC_FOUGRE:
        return PAVO_CARRIER_FOU;
    default:
        return 0;
    }
}

int
pavo_decap_udp(struct pavo_decap_config *cfg, enum pavo_carrier c, uint16_t port, uint8_t proto)
{
    const bool is_fou = c == PAVO_CARRIER_FOU;

    for (int step = DEC_STOP + 1; step < DEC_STEPS; step++) {
        if (carrier_of((enum dec_step)step) != (int)c)
            continue;
        if (is_fou && proto != (step == DEC_FOU4 ? 4 : step == DEC_FOU6 ? 41 : 47))
            continue;
        cfg->udp_step[port] = (uint8_t)step;
        return 0;
    }
    return -EINVAL;
}

void
pavo_decap_udp_clear(struct pavo_decap_config *cfg, enum pavo_carrier c)
{
    for (size_t port = 0; port < sizeof cfg->udp_step; port++)
        if (carrier_of((enum dec_step)cfg->udp_step[port]) == (int)c)
            cfg->udp_step[port] = DEC_STOP;
}
