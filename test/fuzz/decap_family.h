/* decap_family.h - the input of the fuzz targets of one family each: which step, and what is around
 *
 * First byte: the n-th step of the family, in the order of steps.def (modulo their number). Second
 * byte: the surroundings. Then the bytes of the packet, from the step's header on. Shared by
 * family.c, which reads such inputs, and by the tests that make seeds of them.
 */
#ifndef DECAP_FAMILY_H
#define DECAP_FAMILY_H

#include "dec.h"

enum family {
    FAMILY_LINK,
    FAMILY_ETHER,
    FAMILY_MPLS,
    FAMILY_IP,
    FAMILY_TUNNEL,
    FAMILY_UDP,
    FAMILY_L4,
    FAMILY_RADIO,
};

/* The surroundings: what was read before, in the low three bits.. */
enum around {
    AROUND_START,   /* nothing: the frame begins here */
    AROUND_IP4,     /* an IPv4 header */
    AROUND_IP6,     /* an IPv6 header */
    AROUND_UDP4,    /* IPv4 and UDP, with a port that leads to the step */
    AROUND_UDP6,    /* IPv6 and UDP */
    AROUND_TUNNEL4, /* IPv4, UDP and a tunnel header without a doubt, on trial */
    AROUND_TUNNEL6, /* IPv6, UDP and a tunnel header */
    AROUND_MASK = 7,
    /* ..and what may come on top of it. */
    AROUND_FRAGMENT = 1 << 3, /* the IP header is that of a first fragment */
    AROUND_QUOTE = 1 << 4,    /* all of it is what an ICMP error quotes */
    AROUND_TOLD_SHIFT = 5,    /* three bits: how much longer the packet was than what is held */
};

static const uint32_t family_told[] = {0, 1, 7, 40, 1400, 4096, 65536, 1 << 20};

static const uint8_t family_of_step[DEC_STEPS] = {
#define STEP(name, function, fixed, family, keeps, spec) [DEC_##name] = FAMILY_##family,
#include "steps.def"
};

/* The n-th step of a family; DEC_STOP: it has none. */
static inline enum dec_step
family_step(enum family family, unsigned nth)
{
    enum dec_step of[DEC_STEPS];
    unsigned n = 0;

    for (int step = DEC_STOP + 1; step < DEC_STEPS; step++)
        if (family_of_step[step] == family)
            of[n++] = (enum dec_step)step;
    return n ? of[nth % n] : DEC_STOP;
}

/* The number of a step within its family: the reverse. */
static inline uint8_t
family_index(enum dec_step step)
{
    uint8_t n = 0;

    for (int s = DEC_STOP + 1; s < (int)step; s++)
        n = (uint8_t)(n + (family_of_step[s] == family_of_step[step]));
    return n;
}

/* What stands before a step in walk 'w', as surroundings. */
static inline uint8_t
family_around(const struct dec_walk *w)
{
    const struct pavo_layers *o = w->out;
    const bool is_ip6 = o->kind == PAVO_KIND_IP6;
    uint8_t around = AROUND_START;

    if (w->on_trial)
        around = o->n_layers && o->layers[o->n_layers - 1].ip_version == 6 ? AROUND_TUNNEL6
                                                                           : AROUND_TUNNEL4;
    else if (dec_is_ip(o))
        around = (uint8_t)(o->has_ports ? (is_ip6 ? AROUND_UDP6 : AROUND_UDP4)
                                        : (is_ip6 ? AROUND_IP6 : AROUND_IP4));
    if (dec_is_ip(o) && o->frag == PAVO_FRAG_FIRST)
        around |= AROUND_FRAGMENT;
    if (w->is_quote)
        around |= AROUND_QUOTE;
    return around;
}

#endif
