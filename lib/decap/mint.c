/* mint.c - MiNT, between wireless controllers and access points of Motorola, Zebra and Extreme
 *
 * Nothing is published about it. Data are known by their type and by the Ethernet header in them,
 * control by its types and the 32 zeros before it.
 */
#include "dec.h"

enum {
    TYPE_UNICAST = 1,
    TYPE_GROUP = 2,
    TYPE_ROUTING = 0x0c,
    TYPE_CONTROL = 0x1e,
    TYPE_ETHERNET = 0x22,
    UNICAST_BYTES = 2,
    GROUP_BYTES = 10, /* VLAN, sequence number, 4 unknown bytes */
};

/* Over Ethernet: 2 unknown bytes and the length of what follows. */
enum dec_step
dec_mint_shim(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    w->out->named = PAVO_NAME_MINT;
    if (!cur_narrow(rest, be16(h + 2)))
        return dec_stop(w, PAVO_WHY_MALFORMED);
    return DEC_MINT;
}

static enum dec_step
control(const struct cur *rest, struct dec_walk *w)
{
    const uint8_t *h = cur_peek(rest, 32);

    if (!h)
        return dec_cut(w, rest, 32);
    if (be64(h) || be64(h + 8) || be64(h + 16) || be64(h + 24))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    w->out->named = PAVO_NAME_MINT;
    return DEC_STOP;
}

/* 4 unknown bytes, destination, source, destination's type, source's type. */
enum dec_step
dec_mint(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t type = be16(h + 12);
    const uint32_t before = type == TYPE_UNICAST ? UNICAST_BYTES : GROUP_BYTES;

    if (type == TYPE_ROUTING || type == TYPE_CONTROL || type == TYPE_ETHERNET)
        return control(rest, w);
    if (type != TYPE_UNICAST && type != TYPE_GROUP)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (!dec_looks_ethernet(rest, before))
        return rest->held < before + 15 ? dec_cut(w, rest, before + 15)
                                        : dec_stop(w, PAVO_WHY_UNSOUND);
    cur_take(rest, before);
    dec_enter(w, PAVO_CARRIER_MINT, 0);
    w->in_doubt = w->on_trial;
    w->out->named = 0;
    return DEC_ETHER;
}
