/* erf.c - records of Endace cards, as link type of a capture
 *
 * A record says what kind of frame it holds and how long that was on the wire. Cards append what
 * they know in extension headers, which are stepped over.
 */
#include "routes.h"

enum {
    HAS_EXTENSION = 0x80, /* in the type of the record, and of each extension header */
    EXTENSION_BYTES = 8,
    EXTENSIONS_MAX = 16,
    TYPES = 128,
    PPP_ADDRESS = 0xff03,
    CISCO_UNICAST = 0x0f00,
    CISCO_MULTICAST = 0x8f00,
    UI = 0x03, /* unnumbered information */
};

/* Bytes between the headers and the frame: a channel for the types with many of them, offset and
 * padding for Ethernet. */
static const uint8_t before_frame[TYPES] = {
    [2] = 2,  [11] = 2, [16] = 2, [20] = 2,          /* Ethernet */
    [5] = 4,  [6] = 4,  [7] = 4,  [8] = 4,  [9] = 4, /* multichannel */
    [12] = 4, [17] = 4, [18] = 4,
};

/* Time stamp (8), type, flags, length of the record, loss counter or color, length on the wire. */
enum dec_step
dec_erf(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint8_t type = h[8] & (TYPES - 1);
    const enum dec_step step = dec_route(DEC_BY_ERF, type);
    const uint32_t wire = be16(h + 14);
    uint32_t more = h[8] & HAS_EXTENSION;

    for (unsigned n = 0; more; n++) {
        const uint8_t *e = n < EXTENSIONS_MAX ? cur_take(rest, EXTENSION_BYTES) : NULL;

        if (!e)
            return n < EXTENSIONS_MAX ? dec_cut(w, rest, EXTENSION_BYTES)
                                      : dec_stop(w, PAVO_WHY_MALFORMED);
        more = e[0] & HAS_EXTENSION;
    }
    if (!cur_take(rest, before_frame[type]))
        return dec_cut(w, rest, before_frame[type]);
    /* Records are filled up to words; with cells the length is not that of the frame. */
    if (wire != 0 && wire < rest->told && step != DEC_AAL5 && step != DEC_ATM_CELL)
        cur_narrow(rest, wire);
    dec_mark_link(w, rest, step == DEC_IP4 ? 0x0800 : step == DEC_IP6 ? 0x86dd : type, false);
    if (step == DEC_STOP) {
        w->out->named = (uint8_t)dec_named(DEC_BY_ERF, type);
        if (!w->out->named)
            w->out->named = PAVO_NAME_ERF;
    }
    return step;
}

/* Packet over SONET, and other links with the framing of HDLC. Which protocol it frames is told by
 * its first bytes: PPP (RFC 1662), Cisco's, or the address of Frame Relay before unnumbered
 * information (ITU-T Q.922 section 3.2). */
enum dec_step
dec_pos(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 4);
    if (!h)
        return dec_cut(w, rest, 4);
    if (be16(h) == PPP_ADDRESS || be16(h) == CISCO_UNICAST || be16(h) == CISCO_MULTICAST)
        return DEC_PPP_FRAME; /* which tells these apart */
    return !(h[0] & 1) && h[1] & 1 && h[2] == UI ? DEC_FRELAY : DEC_STOP;
}
