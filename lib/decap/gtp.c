/* gtp.c - GTP: the user plane of mobile networks; its control protocols are named
 *
 * A G-PDU carries a packet of a subscriber and nothing says of which protocol: it is IP, told by
 * its first nibble, or the Ethernet of a 5G session. TEIDs are allocated by each receiver for
 * itself, so the two directions of a conversation have different ones.
 */
#include "routes.h"

enum {
    GTP = 0x10,       /* protocol type: GTP, not GTP' */
    SPARE = 0x08,     /* of version 1 */
    OPTIONAL = 0x07,  /* E, S and PN: any of them brings four bytes */
    EXTENSION = 0x04, /* E: and the last of them is the type of an extension header */
    G_PDU = 255,
    EXTENSIONS_MAX = 16, /* of one header; there are about ten types */
};

/* What a G-PDU of this session carries. */
static enum dec_step
user_packet(struct dec_walk *w, const struct cur *rest, enum pavo_carrier carrier, uint32_t id,
            bool in_doubt)
{
    enum dec_step step = dec_by_nibble(w, rest);

    if (step == DEC_STOP && dec_looks_ethernet(rest, 0)) {
        in_doubt = true;
        step = DEC_ETHER;
    } else if (step == DEC_STOP) {
        return dec_stop(w, PAVO_WHY_UNSOUND);
    }
    dec_enter(w, carrier, id);
    if (in_doubt)
        w->in_doubt = true;
    return step;
}

/* Echo request and response, version not supported, error indication, supported extension headers
 * notification, tunnel status, end marker: 3GPP TS 29.281 table 6.1-1. */
static bool
is_path_message(uint8_t type)
{
    return (type >= 1 && type <= 3) || type == 26 || type == 31 || type == 253 || type == 254;
}

/* Flags, message type, length of all that follows these eight bytes, TEID: 3GPP TS 29.281 section
 * 5.1. An extension header has its length in words first, and the type of the next one last:
 * section 5.2.1. */
enum dec_step
dec_gtpu(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    uint8_t next = 0;
    const uint8_t *p;

    if (h[0] >> 5 != 1 || !(h[0] & GTP) || !dec_narrow(w, rest, be16(h + 2)))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (h[1] != G_PDU) {
        if (!is_path_message(h[1]))
            return dec_stop(w, PAVO_WHY_UNSOUND);
        w->out->named = PAVO_NAME_GTP_U;
        return DEC_STOP;
    }
    if (h[0] & OPTIONAL) {
        p = cur_take(rest, 4); /* sequence number, N-PDU number, type of the first extension */
        if (!p)
            return dec_cut(w, rest, 4);
        next = h[0] & EXTENSION ? p[3] : 0;
    }
    for (unsigned n = 0; next != 0; n++) {
        uint32_t bytes;

        p = cur_peek(rest, 1);
        if (!p)
            return dec_cut(w, rest, 1);
        bytes = p[0] * 4u;
        if (bytes == 0 || n == EXTENSIONS_MAX)
            return dec_stop(w, PAVO_WHY_UNSOUND);
        p = cur_take(rest, bytes);
        if (!p)
            return dec_cut(w, rest, bytes);
        next = p[bytes - 1];
    }
    return user_packet(w, rest, PAVO_CARRIER_GTPU, be32(h + 4), h[0] & SPARE);
}

/* GTP' has a header of 6 bytes, or in version 0 one of 20 if its last flag is clear: 3GPP TS 32.295
 * section 6.1. Spare bits are 1. */
static bool
is_gtp_prime(const uint8_t *h, const struct cur *rest)
{
    const uint32_t head = h[0] >> 5 == 0 && !(h[0] & 1) ? 20 : 6;

    return h[0] >> 5 <= 2 && (h[0] & 0x0e) == 0x0e &&
           ((h[1] >= 1 && h[1] <= 7) || h[1] == 240 || h[1] == 241) &&
           be16(h + 2) + head == rest->told;
}

/* GTP version 0, control and user plane, and GTP' share a port. Version 0: flags, message type,
 * length behind these 20 bytes, sequence number, flow label, LLC number, three spare bytes, tunnel
 * id: ETSI GSM 09.60 section 6. */
enum dec_step
dec_gtp0(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 6);
    if (!h)
        return DEC_STOP;
    if (!(h[0] & GTP)) {
        if (is_gtp_prime(h, rest))
            w->out->named = PAVO_NAME_GTP_PRIME;
        return DEC_STOP;
    }
    if ((h[0] & 0xfe) != 0x1e || h[1] == 0)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    h = cur_take(rest, 20);
    if (!h)
        return dec_cut(w, rest, 20);
    w->out->depth++;
    if (!dec_narrow(w, rest, be16(h + 2)))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (h[1] == G_PDU)
        return user_packet(w, rest, PAVO_CARRIER_GTP0, be16(h + 6), false);
    w->out->named = PAVO_NAME_GTP_V0;
    return DEC_STOP;
}

/* The control plane: version 1 by 3GPP TS 29.060 section 6, version 2 by TS 29.274 section 5.1,
 * whose length counts from the fifth byte on and which may be followed by a second message. */
enum dec_step
dec_gtpc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 8);
    if (!h || h[1] == 0)
        return DEC_STOP;
    if ((h[0] & 0xf8) == 0x30 && h[1] != G_PDU && be16(h + 2) + 8u == rest->told)
        w->out->named = PAVO_NAME_GTP_C;
    else if (h[0] >> 5 == 2 && (h[0] & 0x03) == 0 &&
             (h[0] & 0x10 ? be16(h + 2) + 4u < rest->told : be16(h + 2) + 4u == rest->told))
        w->out->named = PAVO_NAME_GTP_C;
    return DEC_STOP;
}
