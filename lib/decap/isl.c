/* isl.c - Cisco ISL, the trunk header before 802.1Q
 *
 * ISL stands before the whole frame and looks like Ethernet with LLC and SNAP: a destination of 40
 * bits and its own, a type and user nibble, the source, a length, AAAA03 and Cisco's OUI. So it is
 * met where a length stands for an EtherType.
 */
#include "routes.h"

enum { ISL_TYPE_ETHERNET = 0, FCS_BYTES = 4, ETHERNET_BYTES = 14 };

bool
dec_is_isl(const struct cur *rest, const struct dec_walk *w)
{
    static const uint8_t group[4] = {0x00, 0x0c, 0x00, 0x00};
    static const uint8_t snap[6] = {0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c};
    const struct pavo_layers *out = w->out;
    const uint8_t *h = cur_peek(rest, sizeof snap);

    return out->has_mac && (out->dst_mac[0] & ~2) == 1 && !memcmp(out->dst_mac + 1, group, 4) &&
           h && !memcmp(h, snap, sizeof snap);
}

/* Behind the length: AAAA03, OUI, VLAN identifier 15 bits, BPDU, index, reserved. The frame inside
 * has its check sequence. */
enum dec_step
dec_isl(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, be16(h), true);
    dec_enter_mac(w, PAVO_CARRIER_ISL, be16(h + 6) >> 1);
    if (w->out->dst_mac[5] >> 4 != ISL_TYPE_ETHERNET)
        return dec_stop(w, PAVO_WHY_UNOPENED);
    if (rest->told >= ETHERNET_BYTES + FCS_BYTES)
        cur_narrow(rest, rest->told - FCS_BYTES);
    return DEC_ETHER;
}
