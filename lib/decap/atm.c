/* atm.c - frames of AAL5, and the headers that captures put before them
 *
 * What a virtual circuit carries was agreed when it was set up, and no field tells. LLC, where it
 * is used, begins with one of two headers (RFC 2684 section 5); circuits of one protocol are
 * guessed by bytes that leave little room for doubt. All else is a link-layer flow of its circuit.
 */
#include "routes.h"

enum {
    LLC_SNAP = 0xaaaa03,
    LLC_ISO = 0xfefe03,
    LE_CONTROL = 0xff00, /* LAN emulation: stands where data has the number of its client */
    VCI_SIGNALLING = 5,
    VCI_ILMI = 16,
    SUN_PROTOCOL = 0x0f, /* the other bits say the direction */
    SUN_LANE = 1,
    SUN_LLC = 2,
    SUN_ILMI = 5,
    SUN_SIGNALLING = 6,
};

static bool
is_llc(const struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, 3);

    return h && (be24(h) == LLC_SNAP || be24(h) == LLC_ISO);
}

/* An IP packet whose lengths fit, or DEC_STOP. */
static enum dec_step
ip_step(const struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, 6);

    if (!h)
        return DEC_STOP;
    if (h[0] >> 4 == 4 && (h[0] & 0x0f) >= 5 && be16(h + 2) >= 20 && be16(h + 2) <= rest->told)
        return DEC_IP4;
    return h[0] >> 4 == 6 && be16(h + 4) + 40u <= rest->told ? DEC_IP6 : DEC_STOP;
}

/* PPP without a header of its own (RFC 2364 section 4): link control, authentication, network
 * control, IP. */
static bool
is_ppp(const struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, 2);

    switch (h ? be16(h) : 0) {
    case 0xc021:
    case 0xc023:
    case 0xc223:
    case 0x8021:
    case 0x8057:
    case 0x0021:
    case 0x0057:
        return true;
    default:
        return false;
    }
}

static enum dec_step
aal5(const struct cur *rest, struct dec_walk *w)
{
    const enum dec_step ip = ip_step(rest);
    const uint8_t *h = cur_peek(rest, 2);

    if (is_llc(rest))
        return DEC_LLC;
    if (ip != DEC_STOP)
        return ip;
    if (is_ppp(rest))
        return DEC_PPP;
    if ((h && be16(h) == LE_CONTROL) || dec_looks_ethernet(rest, 2))
        return DEC_LANE; /* and bridged Ethernet alone in its circuit: RFC 2684 section 6.2 */
    w->out->named = PAVO_NAME_ATM;
    return DEC_STOP;
}

static void
enter_circuit(struct dec_walk *w, const struct cur *rest, uint32_t vpi, uint32_t vci)
{
    dec_mark_link(w, rest, 0, false);
    dec_enter(w, PAVO_CARRIER_ATM, vpi << 16 | vci);
}

/* Direction and protocol, VPI, VCI. Circuits 5 and 16 of path 0 are for signalling and management
 * (ATM Forum UNI 4.0). */
enum dec_step
dec_sunatm(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t vpi = h[1], vci = be16(h + 2);
    uint32_t protocol = h[0] & SUN_PROTOCOL;

    enter_circuit(w, rest, vpi, vci);
    if (protocol != SUN_LANE && protocol != SUN_LLC && vpi == 0 && vci == VCI_SIGNALLING)
        protocol = SUN_SIGNALLING;
    if (protocol != SUN_LANE && protocol != SUN_LLC && vpi == 0 && vci == VCI_ILMI)
        protocol = SUN_ILMI;
    switch (protocol) {
    case SUN_LANE:
        return DEC_LANE;
    case SUN_LLC:
        return DEC_LLC;
    case SUN_ILMI:
        w->out->named = PAVO_NAME_ILMI;
        return DEC_STOP;
    case SUN_SIGNALLING:
        w->out->named = PAVO_NAME_ATM_SIGNALLING;
        return DEC_STOP;
    default:
        return aal5(rest, w);
    }
}

/* Linux' classical IP over ATM: with LLC or without, and nothing says which. */
enum dec_step
dec_atm_clip(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return is_llc(rest) ? DEC_LLC : DEC_RAW;
}

/* The header of a cell without its check byte: 4 bits of flow control, VPI 8, VCI 16, payload type
 * 3, priority 1. ITU-T I.361 section 2.2. The cell of an AAL5 frame here stands for them all. */
enum dec_step
dec_aal5(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enter_circuit(w, rest, be32(h) >> 20 & 0xff, be32(h) >> 4 & 0xffff);
    return aal5(rest, w);
}

/* A single cell is a piece of a frame. */
enum dec_step
dec_atm_cell(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enter_circuit(w, rest, be32(h) >> 20 & 0xff, be32(h) >> 4 & 0xffff);
    w->out->named = PAVO_NAME_ATM;
    return DEC_STOP;
}

/* LAN emulation: the number of the client that sends, then its Ethernet frame. */
enum dec_step
dec_lane(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (be16(h) != LE_CONTROL)
        return DEC_ETHER;
    dec_mark_link(w, rest, 0, false);
    w->out->named = PAVO_NAME_LANE_CONTROL;
    return DEC_STOP;
}
