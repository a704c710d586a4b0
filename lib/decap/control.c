/* control.c - routing and control protocols straight above IP: IGMP, PIM, OSPF and others
 *
 * The protocol number says what such a packet should be; it is named when its version, its type and
 * its length say so too. Flows are those of addresses and protocol. PIM is more: its register
 * messages carry packets.
 */
#include "routes.h"

/* The message is 'least' bytes or longer by its own length field 'told', of which 'read' were
 * taken; does the packet hold it? */
static bool
length_fits(const struct dec_walk *w, const struct cur *rest, uint32_t told, uint32_t least,
            uint32_t read)
{
    return told >= least && (told - read <= dec_left(w, rest) || w->out->n_frags);
}

static enum dec_step
name_it(struct dec_walk *w, enum pavo_name name)
{
    w->out->named = (uint8_t)name;
    return DEC_STOP;
}

/* A query says by its length what it is, and one of version 1 has no response time: RFC 9776
 * section 7.1. PIM version 1 and DVMRP came in IGMP. */
enum dec_step
dec_igmp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum { QUERY = 0x11, PIM_V1 = 0x14, MRD_SOLICITATION = 0x31, MRD_TERMINATION = 0x32 };
    const uint8_t *p;
    uint32_t left;

    dec_mark(w, rest);
    if (h[0] == MRD_SOLICITATION || h[0] == MRD_TERMINATION) /* they end here */
        return name_it(w, PAVO_NAME_MRD);
    p = cur_take(rest, 4);
    if (!p)
        return dec_cut(w, rest, 4);
    dec_mark(w, rest);
    left = dec_left(w, rest);
    if (h[0] == PIM_V1)
        return p[0] >> 4 == 1 ? name_it(w, PAVO_NAME_PIM_V1) : dec_stop(w, PAVO_WHY_PROTO_VERSION);
    if (h[0] != QUERY)
        return name_it(w, dec_named(DEC_BY_IGMP_TYPE, h[0]));
    if (left == 0)
        return name_it(w, h[1] ? PAVO_NAME_IGMP_V2 : PAVO_NAME_IGMP_V1);
    return left < 4 ? dec_stop(w, PAVO_WHY_PROTO_LENGTH) : name_it(w, PAVO_NAME_IGMP_V3);
}

/* Version 4 bits, type 4 bits, reserved, checksum. A register message has 4 bytes more, and then
 * the packet of a source, but for the null register, which has only a dummy: RFC 7761
 * section 4.9.3. */
enum dec_step
dec_pim(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum { REGISTER = 1, NULL_REGISTER = 0x40 };
    enum dec_step step;
    const uint8_t *p;

    dec_mark(w, rest);
    if (h[0] >> 4 != 2)
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    w->out->named = PAVO_NAME_PIM;
    if ((h[0] & 0x0f) != REGISTER)
        return DEC_STOP;
    p = cur_take(rest, 4);
    if (!p)
        return dec_cut(w, rest, 4);
    dec_mark(w, rest);
    if (p[0] & NULL_REGISTER)
        return DEC_STOP;
    p = cur_peek(rest, 1);
    if (!p)
        return dec_cut(w, rest, 1);
    step = p[0] >> 4 == 4 ? DEC_IP4 : p[0] >> 4 == 6 ? DEC_IP6 : DEC_STOP;
    if (step == DEC_STOP)
        return dec_stop(w, PAVO_WHY_UNOPENED);
    dec_enter(w, PAVO_CARRIER_PIM_REGISTER, 0);
    w->out->named = 0; /* of the outer flow, which a failed trial gives back */
    return step;
}

/* Version, type, length: the same in both versions. */
enum dec_step
dec_ospf(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark(w, rest);
    if ((h[0] != 2 && h[0] != 3) || h[1] < 1 || h[1] > 5)
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    if (!length_fits(w, rest, be16(h + 2), h[0] == 2 ? 24 : 16, 4))
        return dec_stop(w, PAVO_WHY_PROTO_LENGTH);
    return name_it(w, h[0] == 2 ? PAVO_NAME_OSPF_V2 : PAVO_NAME_OSPF_V3);
}

/* Version, opcode, checksum, flags, sequence, acknowledgment, router id and system number. */
enum dec_step
dec_eigrp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark(w, rest);
    if (h[0] != 2 || h[1] == 0 || h[1] > 11)
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    return name_it(w, PAVO_NAME_EIGRP);
}

/* Version 4 bits, flags, type, checksum, TTL, reserved, length in whole words of 4 bytes. */
enum dec_step
dec_rsvp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t told = be16(h + 6);

    dec_mark(w, rest);
    if (h[0] >> 4 != 1 || h[1] == 0)
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    if (told % 4 != 0 || !length_fits(w, rest, told, 8, 8))
        return dec_stop(w, PAVO_WHY_PROTO_LENGTH);
    return name_it(w, PAVO_NAME_RSVP);
}

/* Version 4 bits, type 4 bits, router, priority, number of addresses, 4 bytes more, then the
 * addresses. CARP has taken protocol and version, but not the layout: where VRRP counts its
 * addresses it has the number 7, and is 36 bytes long, which VRRP with 7 addresses and its
 * authentication field is not. */
enum dec_step
dec_vrrp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t version = h[0] >> 4;
    const uint32_t left = dec_left(w, rest);

    dec_mark(w, rest);
    if ((version != 2 && version != 3) || (h[0] & 0x0f) != 1)
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    if (version == 2 && h[3] == 7 && left == 36 - 8)
        return name_it(w, PAVO_NAME_CARP);
    if (left < h[3] * (version == 3 && w->out->kind == PAVO_KIND_IP6 ? 16u : 4u))
        return dec_stop(w, PAVO_WHY_PROTO_LENGTH);
    return name_it(w, version == 2 ? PAVO_NAME_VRRP_V2 : PAVO_NAME_VRRP_V3);
}

/* Ports, type (with a version of 2 bits, and 2 reserved), options, checksum, source id, length of
 * the data. The ports are not those of a transport: a stream has a group and a source id. */
enum dec_step
dec_pgm(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    /* SPM, POLL, POLR, ODATA, RDATA, NAK, NNAK, NCF, SPMR, ACK: RFC 3208 section 8. */
    const uint32_t types = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 4 | 1u << 5 | 1u << 8 | 1u << 9 |
                           1u << 10 | 1u << 12 | 1u << 13;

    dec_mark(w, rest);
    if (h[4] > 15 || !(types >> h[4] & 1))
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    if (!length_fits(w, rest, be16(h + 14), 0, 0))
        return dec_stop(w, PAVO_WHY_PROTO_LENGTH);
    return name_it(w, PAVO_NAME_PGM);
}

/* Version, type (update, acquisition, reachability, poll, error), code, status, checksum, system,
 * sequence. */
enum dec_step
dec_egp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark(w, rest);
    if (h[0] != 2 || (h[1] != 1 && h[1] != 2 && h[1] != 3 && h[1] != 5 && h[1] != 8))
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    return name_it(w, PAVO_NAME_EGP);
}

/* Version and opcode (update, request) of 4 bits each, edition, system, the numbers of three kinds
 * of routes, checksum; a route has 14 bytes. */
enum dec_step
dec_igrp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t routes = (uint32_t)be16(h + 4) + be16(h + 6) + be16(h + 8);

    dec_mark(w, rest);
    if (h[0] != 0x11 && h[0] != 0x12)
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    if (!length_fits(w, rest, routes * 14, 0, 0))
        return dec_stop(w, PAVO_WHY_PROTO_LENGTH);
    return name_it(w, PAVO_NAME_IGRP);
}

/* Protocol 0x83, header length, 1, id length, PDU type in 5 bits, version 1. */
enum dec_step
dec_isis_ip(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark(w, rest);
    if (h[0] != 0x83 || h[2] != 1 || h[5] != 1)
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    if (!length_fits(w, rest, h[1], 8, 8))
        return dec_stop(w, PAVO_WHY_PROTO_LENGTH);
    return name_it(w, PAVO_NAME_ISIS_IP);
}

/* Flags with a reserved bit and a version of two bits, header length in words of 2 bytes: 18 bytes
 * in version 1, whose ports are bytes, 20 in version 2. */
enum dec_step
dec_rdp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t version = h[0] & 3;

    dec_mark(w, rest);
    if ((h[0] & 4) || version < 1 || version > 2)
        return dec_stop(w, PAVO_WHY_PROTO_VERSION);
    if (!length_fits(w, rest, h[1] * 2u, version == 1 ? 18 : 20, 2))
        return dec_stop(w, PAVO_WHY_PROTO_LENGTH);
    return name_it(w, PAVO_NAME_RDP);
}
