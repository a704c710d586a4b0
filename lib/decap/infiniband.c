/* infiniband.c - InfiniBand, IP over it, and its transport over Ethernet and UDP
 *
 * A flow of InfiniBand goes from port to port (local identifiers, or the global ones of a global
 * route header, which is laid out like IPv6) and to a queue pair. The queue pair that sends is not
 * in most packets, so the two directions are two flows. IP over InfiniBand (RFC 4391, RFC 4755) is
 * not marked as such: the four bytes before the packet and the packet itself must be sound.
 *
 * Specification: InfiniBand Architecture, volume 1, chapters 7 to 9; its annex A17 is RoCE v2.
 */
#include "routes.h"

enum {
    LINK_VERSION = 0x0f,
    NEXT_HEADER = 0x03, /* bits of the local route header */
    NEXT_RAW = 0,       /* an EtherType */
    NEXT_IP6 = 1,
    NEXT_LOCAL = 2, /* the transport, without a global route */
    NEXT_GLOBAL = 3,
    LRH_BYTES = 8,
    GRH_BYTES = 40,
    PROTO_TRANSPORT = 27, /* next header of a global route header: IBA transport */

    TRANSPORT_VERSION = 0x0f,
    MEMBERSHIP = 0x8000, /* of a partition key: full or limited. The partition is the same. */
    QP_MANAGEMENT = 1,   /* queue pairs 0 and 1 are for management */
    DETH_BYTES = 8,
    IMMEDIATE_BYTES = 4,
    ICRC_BYTES = 4,

    SEND_FIRST = 0x00, /* operations of a connection: the low five bits of the operation code */
    SEND_ONLY = 0x04,
    UD_SEND_ONLY = 0x64,
    UD_SEND_ONLY_IMMEDIATE = 0x65,
    HARDWARE_INFINIBAND = 32, /* of ARP */
};

/* The operation codes that are assigned: three bits of service, five of operation. */
static bool
is_operation(uint8_t code)
{
    const uint32_t operation = code & 0x1fu;

    switch (code >> 5) {
    case 0: /* reliable connection; extended (XRC) */
    case 5:
        return operation <= 0x14 || operation == 0x16 || operation == 0x17 || operation == 0x1c ||
               operation == 0x1d;
    case 1: /* unreliable connection */
        return operation <= 0x0b;
    case 2: /* reliable datagram */
        return operation <= 0x15;
    case 3: /* unreliable datagram */
        return code == UD_SEND_ONLY || code == UD_SEND_ONLY_IMMEDIATE;
    default:
        return code == 0x81; /* congestion notification */
    }
}

/* Virtual lane and version, service level and next header, destination, length in words with this
 * header, source. */
enum dec_step
dec_lrh(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t len = (be16(h + 4) & 0x7ffu) * 4;
    const uint8_t *raw;

    out->dst_mac[4] = h[2];
    out->dst_mac[5] = h[3];
    out->src_mac[4] = h[6];
    out->src_mac[5] = h[7];
    out->has_mac = 1;
    if (len < LRH_BYTES || !cur_narrow(rest, len - LRH_BYTES))
        dec_flaw(w, PAVO_WHY_MALFORMED);
    dec_mark_link(w, rest, 0, false);
    if (h[0] & LINK_VERSION)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    switch (h[1] & NEXT_HEADER) {
    case NEXT_GLOBAL:
        return DEC_GRH;
    case NEXT_LOCAL:
        return DEC_BTH;
    case NEXT_IP6:
        return DEC_IP6;
    default:
        raw = cur_take(rest, 4);
        if (!raw)
            return dec_cut(w, rest, 4);
        dec_mark_link(w, rest, be16(raw + 2), false);
        return dec_route(DEC_BY_ETHERTYPE, be16(raw + 2));
    }
}

/* Version, traffic class, flow label, length, next header, hop limit, the two global identifiers.
 */
enum dec_step
dec_grh(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    if (h[0] >> 4 != 6)
        return dec_stop(w, PAVO_WHY_IP_VERSION);
    if (h[6] != PROTO_TRANSPORT)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    dec_prove(w);
    out->kind = PAVO_KIND_IP6;
    out->proto = PROTO_TRANSPORT;
    out->frag = PAVO_FRAG_NONE;
    out->has_ports = 0;
    out->ttl = h[7];
    out->tos = (uint8_t)(be16(h) >> 4);
    out->l3_len = GRH_BYTES + be16(h + 4);
    out->flow_label = be32(h) & 0xfffff;
    memcpy(out->src, h + 8, 16);
    memcpy(out->dst, h + 24, 16);
    out->src_port = 0;
    out->dst_port = 0;
    out->spi = 0;
    dec_no_ip4(out);
    dec_ip_body(w, rest, be16(h + 4));
    return DEC_BTH;
}

/* Does a sound packet of IP over InfiniBand follow? Of a message in pieces, 'is_first' is the
 * beginning. */
static bool
looks_ipoib(const struct cur *rest, bool is_first)
{
    const uint8_t *h = cur_peek(rest, 12);
    uint32_t room;

    if (!h || be16(h + 2) != 0 || rest->told < 4 + ICRC_BYTES)
        return false;
    room = is_first ? UINT32_MAX : rest->told - 4 - ICRC_BYTES;
    switch (be16(h)) {
    case 0x0800:
        return h[4] >> 4 == 4 && (h[4] & 0x0f) >= 5 && be16(h + 6) >= 20 && be16(h + 6) <= room;
    case 0x86dd:
        return h[4] >> 4 == 6 && be16(h + 8) + 40u <= room;
    case 0x0806:
    case 0x8035:
        return be16(h + 4) == HARDWARE_INFINIBAND && be16(h + 6) == 0x0800;
    default:
        return false;
    }
}

/* Operation code, flags and version, partition key, destination queue pair, sequence number. */
enum dec_step
dec_bth(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t operation = h[0] & 0x1fu;
    const uint32_t more = h[0] == UD_SEND_ONLY             ? DETH_BYTES
                          : h[0] == UD_SEND_ONLY_IMMEDIATE ? DETH_BYTES + IMMEDIATE_BYTES
                                                           : 0;
    const bool is_connected = h[0] >> 5 == 0 || h[0] >> 5 == 1;

    if ((h[1] & TRANSPORT_VERSION) || !is_operation(h[0]))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    out->spi = be24(h + 5);
    out->named = PAVO_NAME_INFINIBAND;
    dec_mark(w, rest);
    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    dec_mark(w, rest);
    if (out->spi <= QP_MANAGEMENT ||
        !(more || (is_connected && (operation == SEND_ONLY || operation == SEND_FIRST))) ||
        !looks_ipoib(rest, is_connected && operation == SEND_FIRST))
        return DEC_STOP;
    dec_enter(w, PAVO_CARRIER_INFINIBAND, be16(h + 2) & ~(uint32_t)MEMBERSHIP);
    if (is_connected && operation == SEND_FIRST)
        w->is_piece = true;
    return DEC_IPOIB;
}

/* EtherType, 16 reserved bits: RFC 4391 section 6. */
enum dec_step
dec_ipoib(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    out->named = 0;
    out->spi = 0;
    out->ethertype = be16(h);
    if (out->kind == PAVO_KIND_LINK)
        dec_mark_link(w, rest, be16(h), false);
    return dec_route(DEC_BY_ETHERTYPE, be16(h));
}

/* The transport behind UDP. The destination port is the one that tells, the other spreads flows.
 * All headers and the payload with its padding are whole words. The UDP flow stands. */
enum dec_step
dec_roce2(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t left = rest->told + w->over;

    if (w->cfg->udp_step[out->dst_port] != DEC_ROCE2) /* its source ports only spread flows */
        return DEC_STOP;
    if ((h[1] & TRANSPORT_VERSION) || !is_operation(h[0]) || (h[4] & 0x3f) || (h[8] & 0x7f) ||
        left < ICRC_BYTES || left % 4)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    out->named = PAVO_NAME_ROCEV2;
    return DEC_STOP;
}
