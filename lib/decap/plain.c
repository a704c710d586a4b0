/* plain.c - the short way through the most common frames, alone and in the most common tunnels
 *
 * plain.h reads Ethernet, IP and the transport at their fixed places. Behind a UDP port that leads
 * on, the same headers are read once more, inside the tunnels that most of a data centre or a
 * mobile network are; or the walk begins where these headers end.
 */
#include "plain.h"

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

/* Writes what such a packet says. DEC_STEPS: it is for the walk. */
static enum dec_step
inside_take(const struct pavo_decap_config *cfg, const struct pavo_frame *f,
            const struct plain *outer, struct pavo_layers *out)
{
    const uint32_t fixed = (uint32_t)(outer->transport - outer->ip);
    struct plain_tunnel t;
    struct plain v;
    bool is_ip6;

    if (!plain_tunnel(f, outer->next, outer->transport, outer->held, outer->total - fixed, &t) ||
        (t.type != TYPE_IP4 && t.type != TYPE_IP6))
        return DEC_STEPS;
    is_ip6 = t.type == TYPE_IP6;
    if (!(is_ip6 ? plain_is_ip6(t.rest.at, t.rest.held) : plain_is_ip4(t.rest.at, t.rest.held)) ||
        !plain_read(cfg, t.rest.at, t.rest.held, t.rest.told, is_ip6, &v))
        return DEC_STEPS;
    plain_fields(&v, f, t.link, t.depth, is_ip6, out);
    carrier_fields(&out->layers[0], &t, outer->ip, fixed);
    out->n_layers = 1;
    return v.next;
}

static PLAIN_INLINE enum dec_step
plain_ip(const struct pavo_decap_config *cfg, const struct pavo_frame *f, const bool is_ip6,
         struct pavo_layers *out)
{
    struct plain v;

    if (!plain_read(cfg, f->data + ETHER_FIXED, f->caplen - ETHER_FIXED, plain_told(f), is_ip6, &v))
        return DEC_STEPS;
    if (__builtin_expect(v.next != DEC_STOP, 0)) {
        const enum dec_step next = inside_take(cfg, f, &v, out);

        if (next != DEC_STEPS)
            return next;
    }
    plain_fields(&v, f, f->data, 3, is_ip6, out);
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
