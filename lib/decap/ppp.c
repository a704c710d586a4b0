/* ppp.c - PPP: its framings, multilink, bridged frames
 *
 * A frame of PPP is a protocol field and a packet. On links it may stand behind the address and
 * control bytes of HDLC, which are FF 03 (RFC 1662 section 3.1) or left out (RFC 1661 section 6.6).
 * A protocol without a route ends the walk as a link flow with the protocol's number in place of an
 * EtherType.
 */
#include "routes.h"

enum {
    ALL_STATIONS = 0xff,
    CISCO_UNICAST = 0x0f,
    CISCO_MULTICAST = 0x8f,
    PROTO_MULTILINK = 0x003d,
    PROTO_BRIDGED = 0x0031,
    MP_BEGIN_END = 0xc0,
    MP_LONG_RESERVED = 0x3f, /* of the header with 24 bits of sequence */
    MP_SHORT_RESERVED = 0x30,
    BRIDGE_FCS = 0x80, /* a LAN FCS stands behind the frame */
    BRIDGE_LAN_ID = 0x40,
    BRIDGE_PADS = 0x0f,
    BRIDGE_ETHERNET = 1,
    FCS_BYTES = 4,
};

/* With FF 03, without it, or a frame of Cisco's HDLC, whose addresses PPP does not use. */
enum dec_step
dec_ppp_frame(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, 0, false);
    h = cur_peek(rest, 2);
    if (!h)
        return dec_cut(w, rest, 2);
    if ((h[0] == CISCO_UNICAST || h[0] == CISCO_MULTICAST) && h[1] == 0)
        return DEC_CHDLC;
    if (h[0] == ALL_STATIONS)
        cur_take(rest, 2);
    return DEC_PPP;
}

/* One byte that says which way the frame went, before it. Any value but 0 is "sent". */
enum dec_step
dec_ppp_dir(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return DEC_PPP_FRAME;
}

/* Linux's pppd has the direction in place of the address. */
enum dec_step
dec_pppd(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, 0, false);
    return DEC_PPP;
}

/* Protocol field: two bytes, or one where it was compressed (RFC 1661 section 6.5), which is seen
 * by its odd first byte. */
enum dec_step
dec_ppp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    uint32_t protocol = h[0];
    enum dec_step step;

    if (!(h[0] & 1)) {
        const uint8_t *low = cur_take(rest, 1);

        if (!low)
            return dec_cut(w, rest, 1);
        protocol = (uint32_t)h[0] << 8 | low[0];
    }
    step = dec_route(DEC_BY_PPP, protocol);
    if (step == DEC_IP4 || step == DEC_IP6 || step == DEC_MPLS)
        return step;
    dec_mark_link(w, rest, (uint16_t)protocol, false);
    if (step == DEC_STOP)
        w->out->named = (uint8_t)dec_named(DEC_BY_PPP, protocol);
    return step;
}

/* Multilink: first and last fragment bits, then a sequence number of 24 bits, or of 12 where that
 * was agreed (RFC 1990 section 3). The reserved bits tell the two apart while they are zero; what
 * fits both is read as the long one, which is the default. A packet in one fragment is read. */
enum dec_step
dec_ppp_multilink(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const bool is_long = !(h[0] & MP_LONG_RESERVED);

    if (is_long && !cur_take(rest, 2))
        return dec_cut(w, rest, 2);
    dec_mark_link(w, rest, PROTO_MULTILINK, false);
    if ((h[0] & MP_BEGIN_END) == MP_BEGIN_END && (is_long || !(h[0] & MP_SHORT_RESERVED)))
        return DEC_PPP;
    w->out->named = PAVO_NAME_PPP_MULTILINK;
    return DEC_STOP;
}

/* Bridged frames: flags and a count of pad bytes, MAC type, perhaps four bytes of LAN identifier;
 * then the frame. RFC 3518 section 4.2. */
enum dec_step
dec_ppp_bridge(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t id_bytes = h[0] & BRIDGE_LAN_ID ? 4 : 0;
    const uint32_t behind = (h[0] & BRIDGE_PADS) + (h[0] & BRIDGE_FCS ? (uint32_t)FCS_BYTES : 0);

    if (!cur_take(rest, id_bytes))
        return dec_cut(w, rest, id_bytes);
    if (behind > rest->told)
        return dec_stop(w, PAVO_WHY_MALFORMED);
    cur_narrow(rest, rest->told - behind);
    dec_mark_link(w, rest, PROTO_BRIDGED, false);
    return h[1] == BRIDGE_ETHERNET ? DEC_ETHER : dec_stop(w, PAVO_WHY_UNOPENED);
}

/* BSD/OS: 24 bytes, of which two are the protocol; the packet follows. */
enum dec_step
dec_ppp_bsdos(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t protocol = be16(h + 5);
    const enum dec_step step = dec_route(DEC_BY_PPP, protocol);

    dec_mark_link(w, rest, step == DEC_IP4 || step == DEC_IP6 ? 0 : (uint16_t)protocol, false);
    if (step == DEC_STOP)
        w->out->named = (uint8_t)dec_named(DEC_BY_PPP, protocol);
    return step;
}
