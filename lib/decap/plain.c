/* plain.c - the short way through the most common frames, alone and in the most common tunnels
 *
 * plain.h reads Ethernet, IP and the transport at their fixed places. Behind a UDP port that leads
 * on, the same headers are read once more, inside the tunnels that most of a data centre or a
 * mobile network are; or the walk begins where these headers end.
 */
#include "plain.h"

enum {
    TYPE_ETHER = 0x6558,
    TUNNEL_FIXED = 8, /* VXLAN, Geneve and GTP-U begin with as many bytes */
    TUNNEL_LEAST = TUNNEL_FIXED + IP4_FIXED + SHORT_UDP_FIXED, /* with what is inside */
    VXLAN_I = 0x08,
    GENEVE_O = 0x80,
    GTPU_VERSION = 0x3, /* 1, and GTP */
    GTPU_OPTIONAL = 0x07,
    GTPU_EXTENSION = 0x04,
    GTPU_G_PDU = 255,
};

/* Takes the header of a tunnel, and Ethernet if that is inside. False: there is more to it. */
static inline bool
tunnel_is_plain(enum dec_step step, const struct pavo_frame *f, struct cur *rest,
                struct plain_tunnel *t)
{
    const uint8_t *h = cur_peek(rest, TUNNEL_LEAST);
    uint32_t head = TUNNEL_FIXED + ETHER_FIXED;

    if (!h)
        return false;
    t->id = be32(h + 4) >> 8;
    t->depth = 7;
    switch (step) {
    case DEC_VXLAN: /* vxlan.c: other bits are of no account once IP is met inside */
        t->carrier = PAVO_CARRIER_VXLAN;
        if (!(h[0] & VXLAN_I))
            return false;
        break;
    case DEC_GENEVE: /* geneve.c */
        t->carrier = PAVO_CARRIER_GENEVE;
        head += (h[0] & 0x3fu) * 4;
        if (h[0] >> 6 != 0 || h[1] & GENEVE_O || be16(h + 2) != TYPE_ETHER)
            return false;
        break;
    case DEC_GTPU: /* gtp.c; an extension header of four bytes is that of 5G */
        t->carrier = PAVO_CARRIER_GTPU;
        t->id = be32(h + 4);
        t->depth = 6;
        head = TUNNEL_FIXED;
        if (h[0] & GTPU_OPTIONAL)
            head += 4;
        if (h[0] & GTPU_EXTENSION && h[11] != 0) {
            if (h[12] != 1 || h[15] != 0)
                return false;
            head += 4;
        }
        if (h[0] >> 4 != GTPU_VERSION || h[1] != GTPU_G_PDU ||
            !cur_narrow(rest, be16(h + 2) + TUNNEL_FIXED))
            return false;
        t->link = f->data;
        t->type = h[head] >> 4 == 4 ? TYPE_IP4 : TYPE_IP6;
        return cur_take(rest, head) != NULL;
    default:
        return false;
    }
    if (!cur_take(rest, head))
        return false;
    t->link = h + head - ETHER_FIXED;
    t->type = be16(t->link + 12);
    return true;
}

/* The carrier that the outer IP header of 'fixed' bytes and the UDP header behind it are of. */
static inline void
carrier_fields(struct pavo_layer *l, const struct plain_tunnel *t, const uint8_t *ip,
               uint32_t fixed)
{
    l->type = t->carrier;
    l->src_port = be16(ip + fixed);
    l->dst_port = be16(ip + fixed + 2);
    l->unused = 0;
    l->id = t->id;
    if (fixed == IP4_FIXED) {
        l->ip_version = PAVO_KIND_IP4;
        memset(l->src, 0, sizeof l->src);
        memset(l->dst, 0, sizeof l->dst);
        memcpy(l->src, ip + 12, 4);
        memcpy(l->dst, ip + 16, 4);
    } else {
        l->ip_version = PAVO_KIND_IP6;
        memcpy(l->src, ip + 8, 16);
        memcpy(l->dst, ip + 24, 16);
    }
}

bool
plain_tunnel(const struct pavo_frame *f, const struct plain *outer, struct plain_tunnel *t)
{
    const uint32_t n = outer->total - (uint32_t)(outer->transport - outer->ip);
    struct cur rest = cur_open(outer->transport, outer->held, n);

    if (!cur_take(&rest, SHORT_UDP_FIXED) || !tunnel_is_plain(outer->next, f, &rest, t))
        return false;
    t->at = (uint32_t)(rest.at - f->data);
    t->n = rest.told;
    return true;
}

/* Writes what such a packet says. DEC_STEPS: it is for the walk. */
static enum dec_step
inside_take(const struct pavo_decap_config *cfg, const struct pavo_frame *f,
            const struct plain *outer, struct pavo_layers *out)
{
    struct plain_tunnel t;
    struct plain v;
    bool is_ip6;

    if (!plain_tunnel(f, outer, &t) || (t.type != TYPE_IP4 && t.type != TYPE_IP6))
        return DEC_STEPS;
    is_ip6 = t.type == TYPE_IP6;
    if (!plain_read_inside(cfg, f, &t, is_ip6, &v))
        return DEC_STEPS;
    plain_fields(&v, f->data, f->len, t.link, t.depth, is_ip6, out);
    carrier_fields(&out->layers[0], &t, outer->ip, (uint32_t)(outer->transport - outer->ip));
    out->n_layers = 1;
    return v.next;
}

static PLAIN_INLINE enum dec_step
plain_ip(const struct pavo_decap_config *cfg, const struct pavo_frame *f, const bool is_ip6,
         struct pavo_layers *out)
{
    struct plain v;

    if (!plain_read(cfg, f, ETHER_FIXED, plain_told(f), is_ip6, &v))
        return DEC_STEPS;
    if (__builtin_expect(v.next != DEC_STOP, 0)) {
        const enum dec_step next = inside_take(cfg, f, &v, out);

        if (next != DEC_STEPS)
            return next;
    }
    plain_fields(&v, f->data, f->len, f->data, 3, is_ip6, out);
    return v.next;
}

enum dec_step
dec_plain(const struct pavo_decap_config *cfg, const struct pavo_frame *f, struct pavo_layers *out)
{
    switch (plain_type(f)) {
    case TYPE_IP4:
        return plain_ip(cfg, f, false, out);
    case TYPE_IP6:
        return plain_ip(cfg, f, true, out);
    default:
        return DEC_STEPS;
    }
}
