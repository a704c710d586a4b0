/* inudp.c - protocols that have an IP protocol number or an EtherType, straight behind UDP
 *
 * GRE and MPLS go through networks that balance by UDP ports this way, SCTP and DCCP through
 * address translators. The latter are transports: the flow has their ports, and the addresses of
 * the IP header before UDP.
 */
#include "routes.h"

enum {
    GRE_FLAGS = 0xb000, /* checksum, key, sequence: all that RFC 2890 has */
    LABELS_MAX = 8,
    SCTP_PROTO = 132,
    DCCP_PROTO = 33,
    DCCP_TYPE_MAX = 9,
};

/* RFC 8086 section 3. */
enum dec_step
dec_gre_udp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 4);
    if (!h)
        return dec_cut(w, rest, 4);
    if (be16(h) & ~(uint32_t)GRE_FLAGS)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    dec_enter(w, PAVO_CARRIER_GRE_UDP, 0);
    return DEC_GRE;
}

/* RFC 7510 section 3. A stack has a bottom, and only IP below it proves that it was one. */
enum dec_step
dec_mpls_udp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    for (uint32_t n = 1; n <= LABELS_MAX; n++) {
        h = cur_peek(rest, n * 4);
        if (!h)
            return dec_cut(w, rest, n * 4);
        if (h[n * 4 - 2] & 1) {
            dec_enter(w, PAVO_CARRIER_MPLS_UDP, 0);
            w->in_doubt = true;
            return DEC_MPLS;
        }
    }
    return dec_stop(w, PAVO_WHY_UNSOUND);
}

/* UDP carries 'proto': its header is sound, and the addresses before UDP are its own. */
static enum dec_step
transport(struct dec_walk *w, enum pavo_carrier carrier, uint8_t proto, enum dec_step step)
{
    struct pavo_layers *out = w->out;

    dec_enter(w, carrier, 0);
    dec_prove(w);
    out->proto = proto;
    out->has_ports = 0;
    out->src_port = 0;
    out->dst_port = 0;
    return step;
}

/* Chunk types: RFC 9260 section 3.2 up to 14 (INIT to SHUTDOWN COMPLETE), 15 (RFC 4895), 64 (RFC
 * 8260), and those with the upper bit set that RFC 4820, 5061, 6525, 8260 and 3758 add. */
static bool
is_chunk(uint8_t type)
{
    return type <= 15 || type == 64 || (type >= 128 && type <= 132) || (type >= 192 && type <= 194);
}

/* RFC 6951 section 5: the whole SCTP packet follows. */
enum dec_step
dec_sctp_udp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 16);
    if (!h)
        return dec_cut(w, rest, 16);
    if (be16(h) == 0 || be16(h + 2) == 0 || !is_chunk(h[12]) || be16(h + 14) < 4 ||
        (be16(h + 14) + 12u > rest->told && !w->out->n_frags) || w->is_quote)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    return transport(w, PAVO_CARRIER_SCTP_UDP, SCTP_PROTO, DEC_SCTP);
}

/* RFC 6773 section 3: the whole DCCP packet follows; its checksum is 0, UDP has one. Bytes: ports,
 * data offset in words, CCVal and coverage, checksum, type and X. */
enum dec_step
dec_dccp_udp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 12);
    if (!h)
        return dec_cut(w, rest, 12);
    if (be16(h) == 0 || be16(h + 2) == 0 || h[4] < 3 ||
        (h[4] * 4u > rest->told && !w->out->n_frags) || be16(h + 6) != 0 ||
        (h[8] >> 1 & 0x0f) > DCCP_TYPE_MAX || w->is_quote)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    return transport(w, PAVO_CARRIER_DCCP_UDP, DCCP_PROTO, DEC_DCCP);
}
