/* sll.c - Linux cooked captures and the other link headers of the "any" device and of loopbacks */
#include "routes.h"

enum {
    SLL_LLC = 0x0004, /* LINUX_SLL_P_802_2: an LLC header follows */
    ARPHRD_NETLINK = 824,
};

/* The protocol of a cooked header is an EtherType, or one of Linux' own numbers below 1536. */
static enum dec_step
cooked(uint16_t hatype, uint16_t protocol, const uint8_t *addr, uint32_t addr_bytes,
       struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    if (addr_bytes == 6) {
        memcpy(out->src_mac, addr, 6);
        out->has_mac = 1;
    }
    dec_mark_link(w, rest, protocol, false);
    if (hatype == ARPHRD_NETLINK)
        return DEC_STOP;
    return protocol == SLL_LLC ? DEC_LLC : dec_route(DEC_BY_ETHERTYPE, protocol);
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

/* BSD loopback: the address family in the byte order of the host that captured. Families are small
 * numbers, so the order shows. AF_INET is 2 everywhere, AF_INET6 is 10, 23, 24, 28 or 30. */
enum dec_step
dec_null(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t big = be32(h);

    dec_mark_link(w, rest, 0, false);
    return dec_route(DEC_BY_FAMILY, big > 0xffff ? le32(h) : big);
}

enum dec_step
dec_loop(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark_link(w, rest, 0, false);
    return dec_route(DEC_BY_FAMILY, be32(h));
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
