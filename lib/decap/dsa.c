/* dsa.c - tags of Ethernet switches, by which the host knows a frame's port
 *
 * Marvell puts four bytes where a VLAN tag would stand, alone (DSA) or behind an EtherType (EDSA);
 * a frame that had a VLAN tag has lost it to these bytes. Broadcom puts four bytes behind the
 * addresses or before the frame.
 */
#include "dec.h"

enum {
    TAGGED = 0x20, /* the frame has or had a VLAN tag */
    OPCODE_SHIFT = 5,
    OPCODE_EGRESS = 0, /* from the switch to its host */
    OPCODE_INGRESS = 1,
    EGRESS_PORT = 0x1f,
};

/* The addresses of an Ethernet frame that has a tag behind them. */
enum dec_step
dec_ether_dsa(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_macs(w->out, h, h + 6);
    dec_mark_link(w, rest, 0, false);
    return DEC_DSA;
}

/* What stands between the EtherType of EDSA and the tag is reserved. */
enum dec_step
dec_edsa(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return be16(h) == 0 ? DEC_DSA : dec_stop(w, PAVO_WHY_UNSOUND);
}

/* Command 2 bits, tagged 1, device 5; port 5, three of the command; priority 3, one of the command,
 * VLAN identifier 12. Then the EtherType of the frame. */
enum dec_step
dec_dsa(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t vid = be16(h + 2) & 0x0fffu;

    dec_enter(w, PAVO_CARRIER_DSA, (h[0] & 0x1fu) << 5 | h[1] >> 3);
    if ((h[0] & TAGGED) && vid != 0)
        dec_enter(w, PAVO_CARRIER_VLAN, vid);
    return dec_link_type(be16(h + 4), rest, w);
}

/* A tag of Broadcom. From the switch its last byte holds the port, towards it the last nine bits
 * are a map of ports. */
static bool
enter_brcm(const uint8_t *tag, struct dec_walk *w)
{
    const uint32_t opcode = tag[0] >> OPCODE_SHIFT;

    if (opcode > OPCODE_INGRESS)
        return false;
    dec_enter(w, PAVO_CARRIER_DSA,
              opcode == OPCODE_EGRESS ? tag[3] & (uint32_t)EGRESS_PORT : be16(tag + 2) & 0x1ffu);
    return true;
}

/* Addresses, tag, EtherType. */
enum dec_step
dec_brcm(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_macs(w->out, h, h + 6);
    dec_mark_link(w, rest, 0, false);
    if (!enter_brcm(h + 12, w))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    return dec_link_type(be16(h + 16), rest, w);
}

enum dec_step
dec_brcm_before(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, 0, false);
    return enter_brcm(h, w) ? DEC_ETHER : dec_stop(w, PAVO_WHY_UNSOUND);
}
