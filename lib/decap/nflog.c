/* nflog.c - what Linux' netfilter logged: attributes, of which one is the packet */
#include "routes.h"

enum {
    VERSION = 0,
    ATTRIBUTES_MAX = 64,
    ATTRIBUTE_HEAD = 4,
    PACKET_HDR = 1, /* protocol, hook */
    PAYLOAD = 9,
    HW_TYPE = 15,
    HW_HEADER = 16,
    ARPHRD_ETHER = 1,
    FAMILY_IP4 = 2,
    FAMILY_IP6 = 10,
};

static enum dec_step
payload(uint8_t family, uint16_t protocol, const uint8_t *ethernet, struct cur *rest,
        struct dec_walk *w)
{
    if (ethernet) {
        memcpy(w->out->dst_mac, ethernet, 6);
        memcpy(w->out->src_mac, ethernet + 6, 6);
        w->out->has_mac = 1;
    }
    dec_mark_link(w, rest, protocol, false);
    if (family == FAMILY_IP4)
        return DEC_IP4;
    if (family == FAMILY_IP6)
        return DEC_IP6;
    return dec_route(DEC_BY_ETHERTYPE, protocol); /* bridges, ARP, devices */
}

/* Family, version, group. Attributes have a length with their head, and a type, both in the byte
 * order of the host that logged; types are below 256 and not 0, so the order shows. Each is padded
 * to four bytes. */
enum dec_step
dec_nflog(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint8_t *ethernet = NULL;
    uint16_t protocol = 0, hw_type = 0;

    if (h[1] != VERSION)
        return dec_stop(w, PAVO_WHY_LINK_HEADER);
    dec_mark_link(w, rest, 0, false);
    for (unsigned i = 0; i < ATTRIBUTES_MAX && rest->told; i++) {
        const uint8_t *a = cur_take(rest, ATTRIBUTE_HEAD);
        const uint8_t *value;
        uint32_t bytes, padded;
        bool is_little;

        if (!a)
            return dec_cut(w, rest, ATTRIBUTE_HEAD);
        is_little = a[3] == 0;
        bytes = is_little ? le16(a) : be16(a);
        if (bytes < ATTRIBUTE_HEAD || (a[2] == 0) == (a[3] == 0))
            return dec_stop(w, PAVO_WHY_MALFORMED);
        bytes -= ATTRIBUTE_HEAD;
        if ((a[2] | a[3]) == PAYLOAD) {
            if (!cur_narrow(rest, bytes))
                dec_flaw(w, PAVO_WHY_MALFORMED);
            return payload(h[0], protocol, hw_type == ARPHRD_ETHER ? ethernet : NULL, rest, w);
        }
        padded = (bytes + 3) & ~3u;
        if (padded > rest->told)
            padded = bytes; /* the last one may have no padding */
        value = cur_take(rest, padded);
        if (!value)
            return dec_cut(w, rest, padded);
        if ((a[2] | a[3]) == PACKET_HDR && bytes >= 4)
            protocol = be16(value);
        else if ((a[2] | a[3]) == HW_TYPE && bytes == 2)
            hw_type = be16(value);
        else if ((a[2] | a[3]) == HW_HEADER && bytes == 14)
            ethernet = value;
    }
    return DEC_STOP;
}
