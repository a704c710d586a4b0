/* ports.c - what UDP ports lead to
 *
 * The table of the configuration holds one step per port: a look at it costs the same for one port
 * and for thousands.
 */
#include <errno.h>

#include "dec.h"

enum { PORTS = 65536, STT_PORT = 7471 };

/* The step of each row of udp.def. */
static const uint8_t steps[PAVO_UDPS] = {
#define UDP_PORTS(name, word, step, help, ...) [PAVO_UDP_##name] = DEC_##step,
#include "udp.def"
#undef UDP_PORTS
};

/* Linux FOU says by configuration alone which IP protocol follows the UDP header. */
static enum dec_step
fou_step(uint8_t proto)
{
    switch (proto) {
    case 4:
        return DEC_FOU4;
    case 41:
        return DEC_FOU6;
    case 47:
        return DEC_FOUGRE;
    default:
        return DEC_STOP;
    }
}

static void
port_lead(struct pavo_decap_config *cfg, uint16_t port, enum dec_step step)
{
    cfg->udp_step[port] = (uint8_t)step;
    cfg->udp_may[port % PAVO_UDP_MAY] = 1;
}

void
pavo_decap_config_init(struct pavo_decap_config *cfg)
{
    memset(cfg, 0, sizeof *cfg);
#define UDP_PORTS(name, word, step, help, ...)                                                     \
    {                                                                                              \
        static const uint16_t ports[] = {0, __VA_ARGS__}; /* a row may have none */                \
                                                                                                   \
        for (size_t i = 1; i < sizeof ports / sizeof ports[0]; i++)                                \
            port_lead(cfg, ports[i], DEC_##step);                                                  \
    }
#include "udp.def"
#undef UDP_PORTS
    pavo_decap_stt(cfg, STT_PORT);
    pavo_decap_l2tpv3(cfg, -1);
}

int
pavo_decap_udp(struct pavo_decap_config *cfg, enum pavo_udp u, uint16_t port)
{
    if ((unsigned)u >= PAVO_UDPS)
        return -EINVAL;
    port_lead(cfg, port, (enum dec_step)steps[u]);
    return 0;
}

int
pavo_decap_fou(struct pavo_decap_config *cfg, uint16_t port, uint8_t proto)
{
    const enum dec_step step = fou_step(proto);

    if (step == DEC_STOP)
        return -EINVAL;
    port_lead(cfg, port, step);
    return 0;
}

void
pavo_decap_udp_clear(struct pavo_decap_config *cfg, enum pavo_udp u)
{
    for (size_t port = 0; port < sizeof cfg->udp_step; port++)
        if ((unsigned)u < PAVO_UDPS && cfg->udp_step[port] == steps[u])
            cfg->udp_step[port] = DEC_STOP;
}

void
pavo_decap_fou_clear(struct pavo_decap_config *cfg)
{
    for (size_t port = 0; port < sizeof cfg->udp_step; port++)
        if (cfg->udp_step[port] == DEC_FOU4 || cfg->udp_step[port] == DEC_FOU6 ||
            cfg->udp_step[port] == DEC_FOUGRE)
            cfg->udp_step[port] = DEC_STOP;
}

void
pavo_decap_stt(struct pavo_decap_config *cfg, uint16_t port)
{
    cfg->stt_port = port ? port : PORTS;
}

int
pavo_decap_l2tpv3(struct pavo_decap_config *cfg, int cookie_bytes)
{
    switch (cookie_bytes) {
    case -1:
        cfg->l2tpv3_words = 0x0f;
        return 0;
    case 0:
    case 4:
    case 8: /* with the sublayer of 4 bytes, or without */
        cfg->l2tpv3_words = (uint8_t)(3 << cookie_bytes / 4);
        return 0;
    default:
        return -EINVAL;
    }
}

const char *
pavo_udp_ports(enum pavo_udp u)
{
    static const char *const ports[PAVO_UDPS] = {
#define UDP_PORTS(name, word, step, help, ...) [PAVO_UDP_##name] = #__VA_ARGS__,
#include "udp.def"
#undef UDP_PORTS
    };

    return (unsigned)u < PAVO_UDPS ? ports[u] : "";
}
