/* ether.c - Ethernet, VLAN tags, tags that are only read through
 *
 * The two bytes behind the addresses, and those behind each VLAN tag, are a length up to 1500 and
 * an EtherType from 1536 on (IEEE 802.3-2022 clause 3.2.6).
 */
#include "ip.h"
#include "routes.h"

enum {
    LENGTH_MAX = 1500,
    ETHERTYPE_MIN = 1536,
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_IP6 = 0x86dd,
};

enum dec_step
dec_ethertype(uint16_t type, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    dec_mark_link(w, rest, type, false);
    /* IP at once: the search among all types took 20 of 340 instructions of a whole decode. */
    if (type == ETHERTYPE_IP4)
        return w->may_hurry && ip4_short(w, rest, &step)
                   ? step
                   : dec_route(DEC_BY_ETHERTYPE, ETHERTYPE_IP4);
    if (type == ETHERTYPE_IP6)
        return w->may_hurry && ip6_short(w, rest, &step)
                   ? step
                   : dec_route(DEC_BY_ETHERTYPE, ETHERTYPE_IP6);
    step = dec_route(DEC_BY_ETHERTYPE, type);
    if (step == DEC_STOP)
        w->out->named = (uint8_t)dec_named(DEC_BY_ETHERTYPE, type);
    return step;
}

enum dec_step
dec_link_type(uint16_t type, struct cur *rest, struct dec_walk *w)
{
    if (type < ETHERTYPE_MIN)
        return dec_length(type, rest, w);
    return dec_ethertype(type, rest, w);
}

/* Ethernet header. Behind a tunnel it starts a frame of its own. */
enum dec_step
dec_ether(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;

    if (out->kind != PAVO_KIND_LINK)
        dec_leave_ip(out);
    if (w->on_trial && (h[6] & 1))
        w->in_doubt = true; /* nobody sends from a group address */
    dec_macs(out, h, h + 6);
    return dec_link_type(be16(h + 12), rest, w);
}

/* VLAN tag, IEEE 802.1Q-2022 clause 9.6, behind its TPID: priority 3 bits, DEI, identifier 12 bits.
 */
enum dec_step
dec_vlan(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t vid = be16(h) & 0x0fffu;

    if (vid != 0) /* identifier 0 only gives a priority: the frame is in no VLAN by it */
        dec_enter(w, PAVO_CARRIER_VLAN, vid);
    return dec_link_type(be16(h + 2), rest, w);
}

/* Tags that lead on to an EtherType and are of no flow: the sequence number of a redundant network,
 * in HSR with the path and a length (IEC 62439-3 clause 5), in IEEE 802.1CB-2017 clause 7.8 alone.
 */
enum dec_step
dec_sequence_tag(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return dec_link_type(be16(h + 4), rest, w);
}

bool
dec_looks_ethernet(const struct cur *rest, uint32_t skip)
{
    const uint8_t *from = cur_peek(rest, skip + 15);
    const uint8_t *h;
    uint32_t type;

    if (!from)
        return false;
    h = from + skip;
    type = be16(h + 12);
    if (h[6] & 1)
        return false;
    if (type == 0x0800)
        return h[14] >> 4 == 4;
    if (type == 0x86dd)
        return h[14] >> 4 == 6;
    if (type <= LENGTH_MAX)
        return type >= 3 && type <= rest->told - skip - 14 && h[14] != 0;
    return dec_route(DEC_BY_ETHERTYPE, type) != DEC_STOP;
}
