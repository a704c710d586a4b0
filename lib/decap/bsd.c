/* bsd.c - pseudo-headers of packet filters, IPsec and IP devices that name an address family */
#include "routes.h"

enum {
    PFLOG_MIN = 45, /* the shortest header that had its length in front */
    IPNET_VERSION = 1,
};

static enum dec_step
by_family(uint32_t family, struct cur *rest, struct dec_walk *w)
{
    const enum dec_step step = dec_route(DEC_BY_FAMILY, family);

    dec_mark_link(w, rest, step == DEC_STOP ? (uint16_t)family : 0, false);
    return step;
}

/* BSD loopback: the address family in the byte order of the host that captured. Families are small
 * numbers, so the order shows. AF_INET is 2 everywhere, AF_INET6 is 10, 23, 24, 28 or 30. */
enum dec_step
dec_null(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t big = be32(h);

    return by_family(big > 0xffff ? le32(h) : big, rest, w);
}

enum dec_step
dec_loop(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return by_family(be32(h), rest, w);
}

/* The log of pf: length, address family, then what the filter did and where. The length leaves out
 * the padding to a word of four bytes. */
enum dec_step
dec_pflog(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t more = ((h[0] + 3u) & ~3u) - 4;

    if (h[0] < PFLOG_MIN)
        return dec_stop(w, PAVO_WHY_LINK_HEADER);
    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    return by_family(h[1], rest, w);
}

/* IPsec's device: family in the byte order of the host, SPI, flags; the packet in the clear. */
enum dec_step
dec_enc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return dec_null(h, rest, w);
}

/* Solaris: version, family, hook, length, interfaces, zones. */
enum dec_step
dec_ipnet(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (h[0] != IPNET_VERSION)
        return dec_stop(w, PAVO_WHY_LINK_HEADER);
    dec_mark_link(w, rest, 0, false);
    return dec_route(DEC_BY_IPNET, h[1]);
}
