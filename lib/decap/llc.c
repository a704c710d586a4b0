/* llc.c - LLC and SNAP, where the frame has a length for an EtherType
 *
 * The length is applied, so that the padding of a short frame is not payload. What LLC and SNAP
 * lead to is told by SAP numbers, by EtherTypes, or by numbers of an organisation.
 */
#include "routes.h"

enum {
    LENGTH_MAX = 1500,
    LLC_UI = 0x03, /* unnumbered information: the only LLC frames that carry datagrams */
    LLC_XID = 0xaf,
    LLC_TEST = 0xe3,
    LLC_POLL = 0x10,
    SAP_GROUP = 0x01,
    NOVELL_RAW = 0xffff, /* IPX without LLC begins with an unused checksum */
    OUI_ETHERTYPE = 0x000000,
    OUI_BRIDGE_TUNNEL = 0x0000f8,
    OUI_NORTEL = 0x000081,
    OUI_CISCO = 0x00000c,
    OUI_8021 = 0x0080c2,
    OUI_EXTREME = 0x00e02b,
    OUI_FOUNDRY = 0x00e052,
    OUI_APPLE = 0x080007,
    ETHERNET_BYTES = 14,
    FCS_BYTES = 4,
};

enum dec_step
dec_length(uint16_t length, struct cur *rest, struct dec_walk *w)
{
    const bool is_isl = dec_is_isl(rest, w);

    if (length > LENGTH_MAX && !is_isl) {
        dec_mark_link(w, rest, length, false);
        return dec_stop(w, PAVO_WHY_ETHER_TYPE);
    }
    if (!cur_narrow(rest, length))
        dec_flaw(w, PAVO_WHY_MALFORMED);
    dec_mark_link(w, rest, 0, false);
    return is_isl ? DEC_ISL : DEC_LLC;
}

/* The protocol of an LLC frame that is not opened. The lowest bit of a DSAP says group. */
static enum pavo_name
llc_name(const uint8_t *h)
{
    const enum pavo_name name = dec_named(DEC_BY_LLC_SAP, h[0] & ~(uint32_t)SAP_GROUP);

    if (be16(h) == NOVELL_RAW)
        return PAVO_NAME_IPX;
    if (name)
        return name;
    if ((h[2] & ~LLC_POLL) == LLC_XID)
        return PAVO_NAME_LLC_XID;
    if ((h[2] & ~LLC_POLL) == LLC_TEST)
        return PAVO_NAME_LLC_TEST;
    return (enum pavo_name)0;
}

/* LLC: DSAP, SSAP, control. */
enum dec_step
dec_llc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step = DEC_STOP;

    dec_mark_link(w, rest, be16(h), true);
    if (h[2] == LLC_UI)
        step = dec_route(DEC_BY_LLC_SAP, h[0]);
    if (step == DEC_STOP)
        w->out->named = (uint8_t)llc_name(h);
    return step;
}

/* The first byte of an OSI protocol is its network layer protocol identifier. */
enum dec_step
dec_osi(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const enum dec_step step = dec_route(DEC_BY_NLPID, h[0]);

    if (step == DEC_STOP)
        w->out->named = (uint8_t)dec_named(DEC_BY_NLPID, h[0]);
    return step;
}

/* SNAP: with the organisation codes of RFC 1042 and 802.1H the protocol is an EtherType. */
enum dec_step
dec_snap(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t pid = be16(h + 3);
    enum pavo_name name = (enum pavo_name)0;
    enum dec_step step = DEC_STOP;

    switch (be24(h)) {
    case OUI_ETHERTYPE:
    case OUI_BRIDGE_TUNNEL:
        return dec_ethertype((uint16_t)pid, rest, w);
    case OUI_8021:
        step = dec_route(DEC_BY_SNAP_8021, pid);
        name = dec_named(DEC_BY_SNAP_8021, pid);
        break;
    case OUI_CISCO:
        name = dec_named(DEC_BY_SNAP_CISCO, pid);
        break;
    case OUI_NORTEL:
        name = dec_named(DEC_BY_SNAP_NORTEL, pid);
        break;
    case OUI_EXTREME:
        name = dec_named(DEC_BY_SNAP_EXTREME, pid);
        break;
    case OUI_FOUNDRY:
        name = dec_named(DEC_BY_SNAP_FOUNDRY, pid);
        break;
    case OUI_APPLE:
        name = dec_named(DEC_BY_SNAP_APPLE, pid);
        break;
    default:
        break;
    }
    w->out->named = (uint8_t)name;
    return step;
}

/* A bridged Ethernet frame. Over ATM two bytes fill the header to a word (RFC 2684 section 5.2),
 * over Frame Relay none do (RFC 2427 section 4.2). */
enum dec_step
dec_bridged(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint8_t *pad = cur_peek(rest, 2);

    if (pad && be16(pad) == 0 && (dec_looks_ethernet(rest, 2) || !dec_looks_ethernet(rest, 0)))
        cur_take(rest, 2);
    return DEC_ETHER;
}

/* The same with its check sequence at the end. */
enum dec_step
dec_bridged_fcs(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (rest->told >= ETHERNET_BYTES + FCS_BYTES)
        cur_narrow(rest, rest->told - FCS_BYTES);
    return dec_bridged(h, rest, w);
}
