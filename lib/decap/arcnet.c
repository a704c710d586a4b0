/* arcnet.c - ARCNET, with the headers of BSD and of Linux
 *
 * Both begin with two station numbers of one byte; Linux puts an offset of two bytes behind them.
 * Then stands the protocol. Most protocols are cut into pieces by the link itself, by a header of
 * a flag and a sequence number (RFC 1201). A first piece is read as far as it goes, a later one is
 * a link-layer flow.
 */
#include "routes.h"

enum {
    PROTOCOL_DIAGNOSE = 128,
    PROTOCOL_BACNET = 205,
    PROTOCOL_RARP = 214,
    PROTOCOL_IP_OLD = 240, /* RFC 1051, with no header for pieces */
    PROTOCOL_ARP_OLD = 241,
    FLAG_EXCEPTION = 0xff, /* a frame of a length that ARCNET has not: all is there twice */
    EXCEPTION_BYTES = 4,
    FLAG_FIRST = 1, /* set in the first of several pieces */
};

static bool
has_pieces(uint32_t protocol)
{
    return protocol != PROTOCOL_IP_OLD && protocol != PROTOCOL_ARP_OLD &&
           protocol != PROTOCOL_DIAGNOSE && protocol != PROTOCOL_BACNET;
}

/* The EtherType of an ARCNET protocol that has one. */
static uint16_t
ethertype_of(uint8_t protocol, enum dec_step step)
{
    if (step == DEC_IP4)
        return 0x0800;
    if (step == DEC_IP6)
        return 0x86dd;
    if (step == DEC_ARP)
        return protocol == PROTOCOL_RARP ? 0x8035 : 0x0806;
    return protocol;
}

static enum dec_step
arcnet(const uint8_t *stations, uint8_t protocol, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const enum dec_step step = dec_route(DEC_BY_ARCNET, protocol);
    const uint8_t *pieces = NULL;
    uint8_t flag = 0;

    if (has_pieces(protocol)) {
        pieces = cur_take(rest, 3);
        if (!pieces)
            return dec_cut(w, rest, 3);
        flag = pieces[0];
    }
    if (flag == FLAG_EXCEPTION) {
        pieces = cur_take(rest, EXCEPTION_BYTES);
        if (!pieces)
            return dec_cut(w, rest, EXCEPTION_BYTES);
        flag = pieces[1];
    }
    out->src_mac[5] = stations[0];
    out->dst_mac[5] = stations[1];
    out->has_mac = 1;
    dec_mark_link(w, rest, ethertype_of(protocol, step), false);
    if (flag & FLAG_FIRST)
        w->is_piece = true;
    return flag == 0 || w->is_piece ? step : DEC_STOP;
}

enum dec_step
dec_arcnet(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return arcnet(h, h[2], rest, w);
}

enum dec_step
dec_arcnet_linux(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return arcnet(h, h[4], rest, w);
}
