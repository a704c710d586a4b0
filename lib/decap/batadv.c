/* batadv.c - B.A.T.M.A.N. advanced: a mesh that carries Ethernet frames */
#include "routes.h"

enum { VERSION_OLD = 14, VERSION = 15 };

/* What stands between the first four bytes (type, version, TTL, one more) and the frame. */
static const struct {
    uint8_t version, type, more;
} carrying[] = {
    {VERSION, 0x01, 10},     /* broadcast: sequence number, originator */
    {VERSION, 0x40, 6},      /* unicast: destination */
    {VERSION, 0x42, 14},     /* unicast with four addresses: destination, source, two bytes */
    {VERSION_OLD, 0x03, 6},  /* unicast */
    {VERSION_OLD, 0x04, 10}, /* broadcast */
};

enum dec_step
dec_batadv(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    for (size_t i = 0; i < sizeof carrying / sizeof carrying[0]; i++) {
        if (h[0] != carrying[i].type || h[1] != carrying[i].version)
            continue;
        if (!cur_take(rest, carrying[i].more))
            return dec_cut(w, rest, carrying[i].more);
        dec_enter_mac(w, PAVO_CARRIER_BATADV, 0);
        return DEC_ETHER;
    }
    w->out->named = PAVO_NAME_BATADV;
    return DEC_STOP;
}
