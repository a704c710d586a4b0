/* sll.c - Linux cooked captures, and packets without any link header */
#include "routes.h"

enum {
    ETHERTYPE_MIN = 1536,
    ARPHRD_RADIOTAP = 803,
    ARPHRD_NETLINK = 824,
    LINKTYPE_RADIOTAP = 127,
};

/* The protocol of a cooked header is an EtherType (on GRE devices that of GRE), or one of Linux'
 * own numbers below 1536. Some devices say by their type alone what follows. */
static enum dec_step
cooked(uint16_t hatype, uint16_t protocol, const uint8_t *addr, uint32_t addr_bytes,
       struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    enum dec_step step;

    if (addr_bytes == 6) {
        memcpy(out->src_mac, addr, 6);
        out->has_mac = 1;
    }
    dec_mark_link(w, rest, protocol, false);
    if (hatype == ARPHRD_NETLINK)
        return DEC_STOP;
    if (hatype == ARPHRD_RADIOTAP)
        return dec_link_step(LINKTYPE_RADIOTAP);
    step = dec_route(DEC_BY_ARPHRD, hatype);
    if (step != DEC_STOP)
        return step;
    if (protocol < ETHERTYPE_MIN)
        return dec_route(DEC_BY_COOKED, protocol);
    step = dec_route(DEC_BY_ETHERTYPE, protocol);
    if (step == DEC_STOP)
        out->named = (uint8_t)dec_named(DEC_BY_ETHERTYPE, protocol);
    return step;
}

/* Version 1: packet type, ARPHRD type, address length, address (8 bytes), protocol. */
enum dec_step
dec_sll(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return cooked(be16(h + 2), be16(h + 14), h + 6, be16(h + 4), rest, w);
}

/* Version 2: protocol, 2 reserved, interface, ARPHRD type, packet type, address length, address. */
enum dec_step
dec_sll2(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return cooked(be16(h + 8), be16(h), h + 12, h[11], rest, w);
}

/* No link header at all. */
enum dec_step
dec_raw(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, 0, false);
    h = cur_peek(rest, 1);
    if (!h)
        return dec_cut(w, rest, 1);
    if (h[0] >> 4 == 4)
        return DEC_IP4;
    return h[0] >> 4 == 6 ? DEC_IP6 : dec_stop(w, PAVO_WHY_IP_VERSION);
}
