/* ether.c - Ethernet, VLAN tags, LLC and SNAP
 *
 * The two bytes behind the addresses, and those behind each VLAN tag, are a length up to 1500 and
 * an EtherType from 1536 on (IEEE 802.3-2022 clause 3.2.6). A length is applied, so that the
 * padding of a short frame is not payload.
 */
#include "routes.h"

enum {
    LENGTH_MAX = 1500,
    ETHERTYPE_MIN = 1536,
    ETHERTYPE_IP4 = 0x0800,
    LLC_UI = 0x03, /* unnumbered information: the only LLC frames that carry datagrams */
    LLC_SNAP = 0xaa,
};

enum dec_step
dec_link_type(uint16_t type, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    if (type <= LENGTH_MAX) {
        if (!cur_narrow(rest, type))
            dec_flaw(w, PAVO_WHY_MALFORMED);
        dec_mark_link(w, rest, 0, false);
        return DEC_LLC;
    }
    dec_mark_link(w, rest, type, false);
    if (type == ETHERTYPE_IP4) /* the search among all rows costs more with each of them */
        return DEC_IP4;
    step = dec_route(DEC_BY_ETHERTYPE, type);
    if (step == DEC_STOP)
        w->out->named = (uint8_t)dec_named(DEC_BY_ETHERTYPE, type);
    return step;
}

/* Ethernet header. Behind a tunnel it starts a frame of its own. */
enum dec_step
dec_ether(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    if (out->kind != PAVO_KIND_LINK)
        dec_leave_ip(out);
    if (w->on_trial && (h[6] & 1))
        w->in_doubt = true; /* nobody sends from a group address */
    memcpy(out->dst_mac, h, 6);
    memcpy(out->src_mac, h + 6, 6);
    out->has_mac = 1;
    return dec_link_type(be16(h + 12), rest, w);
}

/* VLAN tag, IEEE 802.1Q-2022 clause 9.6, behind its TPID: priority 3 bits, DEI, identifier 12 bits.
 */
enum dec_step
dec_vlan(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t vid = be16(h) & 0x0fffu;

    if (vid != 0) /* identifier 0 only gives a priority: the frame is in no VLAN by it */
        dec_enter(w, PAVO_CARRIER_VLAN, vid);
    return dec_link_type(be16(h + 2), rest, w);
}

/* LLC: DSAP, SSAP, control. Novell's raw 802.3 (FFFF) comes here too and stays a link-layer flow.
 */
enum dec_step
dec_llc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, be16(h), true);
    if (h[2] != LLC_UI)
        return DEC_STOP;
    return dec_route(DEC_BY_LLC_SAP, h[0]);
}

/* SNAP: with the organisation codes of RFC 1042 and 802.1H the protocol is an EtherType. */
enum dec_step
dec_snap(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t oui = be24(h);

    if (oui != 0 && oui != 0x0000f8)
        return DEC_STOP;
    dec_mark_link(w, rest, be16(h + 3), false);
    return dec_route(DEC_BY_ETHERTYPE, be16(h + 3));
}

bool
dec_looks_ethernet(const struct cur *rest, uint32_t skip)
{
    const uint8_t *from = cur_peek(rest, skip + 15);
    const uint8_t *h;
    uint32_t type;

    if (!from)
        return false;
    h = from + skip;
    type = be16(h + 12);
    if (h[6] & 1)
        return false;
    if (type == 0x0800)
        return h[14] >> 4 == 4;
    if (type == 0x86dd)
        return h[14] >> 4 == 6;
    if (type <= LENGTH_MAX)
        return type >= 3 && type <= rest->told - skip - 14 && h[14] != 0;
    return dec_route(DEC_BY_ETHERTYPE, type) != DEC_STOP;
}
