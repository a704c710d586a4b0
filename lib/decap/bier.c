/* bier.c - bit index explicit replication: a bit string of the routers that a packet goes to */
#include "routes.h"

enum { BSL_MIN = 1, BSL_MAX = 7, BSL_UNIT = 4 };

/* The two words behind the BIFT-id: nibble 4 bits, version 4, length of the bit string 4, entropy
 * 20; OAM 2, reserved 2, DSCP 6, protocol 6, BFIR-id 16. The length counts powers of two, 1 is 64
 * bits: RFC 8296 section 2.1.2. */
static enum dec_step
behind_id(const uint8_t *h, uint32_t id, struct cur *rest, struct dec_walk *w)
{
    const uint32_t bsl = h[1] >> 4;
    const enum dec_step step = dec_route(DEC_BY_BIER, h[5] & 0x3fu);

    if ((h[0] & 0x0f) != 0 || bsl < BSL_MIN || bsl > BSL_MAX)
        return dec_stop(w, PAVO_WHY_TAG_FORM);
    if (!cur_take(rest, (uint32_t)BSL_UNIT << bsl))
        return dec_cut(w, rest, (uint32_t)BSL_UNIT << bsl);
    dec_enter(w, PAVO_CARRIER_BIER, id);
    return step == DEC_STOP ? dec_stop(w, PAVO_WHY_UNOPENED) : step;
}

/* Straight behind an EtherType: BIFT-id 20 bits, and the rest of what would be a label. */
enum dec_step
dec_bier(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return behind_id(h + 4, be24(h) >> 4, rest, w);
}

/* Below MPLS the BIFT-id is the label that was read last. */
enum dec_step
dec_bier_mpls(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const struct pavo_layers *out = w->out;

    return behind_id(h, out->n_layers ? out->layers[out->n_layers - 1].id : 0, rest, w);
}
