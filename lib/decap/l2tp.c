/* l2tp.c - L2TP versions 2 and 3
 *
 * Version 2 carries PPP. What version 3 carries, and how many bytes of cookie and sublayer stand
 * before it, was agreed when the session was set up: each reading must fit the bytes before it is
 * taken, and then only IP or ARP inside proves it. Tunnel and session ids are allocated by each
 * receiver for itself, so the two directions of a conversation have different ones.
 */
#include "routes.h"

enum {
    CONTROL = 0x8000,
    HAS_LENGTH = 0x4000,
    HAS_SEQUENCE = 0x0800,
    HAS_OFFSET = 0x0200,
    PRIORITY = 0x0100,
    RESERVED = 0x34f0,
    VERSION = 0x000f,
    CONTROL_FLAGS = CONTROL | HAS_LENGTH | HAS_SEQUENCE, /* all three are a must */
    CONTROL_BYTES = 12,
    PPP_HDLC = 0xff03, /* address and control field, may be left out */
    PPP_CONTROL = 0x8000,
    LENGTH_MAX = 1500,
};

/* A PPP frame of version 2. Its own control protocols carry nothing: they are the tunnel's. */
static enum dec_step
ppp(struct dec_walk *w, struct cur *rest, uint32_t id)
{
    const uint8_t *h = cur_peek(rest, 2);
    uint32_t proto;

    if (h && be16(h) == PPP_HDLC) {
        cur_take(rest, 2);
        h = cur_peek(rest, 2);
    }
    if (!h)
        return dec_cut(w, rest, 2);
    proto = h[0] & 1 ? h[0] : be16(h);
    if (!(proto & 1)) /* RFC 1661 section 2: the last bit is 1 */
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (proto & PPP_CONTROL) {
        w->out->named = PAVO_NAME_L2TP;
        return DEC_STOP;
    }
    if (dec_route(DEC_BY_PPP, proto) == DEC_STOP)
        return dec_stop(w, PAVO_WHY_UNOPENED);
    dec_enter(w, PAVO_CARRIER_L2TP, id);
    return DEC_PPP;
}

/* RFC 2661 section 3.1. Behind the flags: length, tunnel id, session id, two sequence numbers, the
 * size of the padding before the payload; of these only the ids are always there. */
static enum dec_step
version2(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t flags = be16(h);
    const uint32_t more = (flags & HAS_LENGTH ? 2 : 0) + (flags & HAS_SEQUENCE ? 4 : 0) +
                          (flags & HAS_OFFSET ? 2 : 0);
    uint32_t tunnel = be16(h + 2), session = be16(h + 4), length = 0, padding = 0;
    const uint8_t *p;

    if (flags & RESERVED)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    p = cur_take(rest, more);
    if (!p)
        return dec_cut(w, rest, more);
    if (flags & HAS_LENGTH) {
        length = tunnel;
        tunnel = session;
        session = be16(p);
        if (length < 6 + more || !dec_narrow(w, rest, length - 6 - more))
            return dec_stop(w, PAVO_WHY_UNSOUND);
    }
    if (flags & CONTROL) {
        if ((flags & ~(uint32_t)VERSION) != CONTROL_FLAGS)
            return dec_stop(w, PAVO_WHY_UNSOUND);
        w->out->named = PAVO_NAME_L2TP;
        return DEC_STOP;
    }
    if (tunnel == 0 || session == 0)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (flags & HAS_OFFSET)
        padding = be16(p + more - 2);
    if (!cur_take(rest, padding))
        return dec_cut(w, rest, padding);
    return ppp(w, rest, tunnel << 16 | session);
}

/* An IP packet that ends exactly where the message does, 'skip' bytes behind 'rest'? */
static enum dec_step
exact_ip(const struct cur *rest, uint32_t skip)
{
    const uint8_t *from = cur_peek(rest, skip + 20);
    const uint8_t *h;

    if (!from)
        return DEC_STOP;
    h = from + skip;
    if (h[0] >> 4 == 4 && (h[0] & 0x0f) >= 5 && be16(h + 2) == rest->told - skip)
        return DEC_IP4;
    if (h[0] >> 4 == 6 && be16(h + 4) + 40u == rest->told - skip)
        return DEC_IP6;
    return DEC_STOP;
}

/* What starts 'skip' bytes behind 'rest', and in '*before' how many bytes of link header that has
 * no step of its own. */
static enum dec_step
certain_payload(const struct cur *rest, uint32_t skip, uint32_t *before)
{
    const uint8_t *from = cur_peek(rest, skip + 20);
    const uint8_t *h;
    uint32_t head;

    *before = 0;
    if (!from)
        return DEC_STOP;
    h = from + skip;
    if (be16(h + 12) > LENGTH_MAX && dec_looks_ethernet(rest, skip))
        return DEC_ETHER;
    head = be32(h);
    if (head == 0xff030021 || head == 0xff030057 ||    /* PPP: RFC 1662 */
        (head | 0x80000000) == 0x8f000800 ||           /* Cisco HDLC: unicast 0f, broadcast 8f */
        (head | 0x80000000) == 0x8f0086dd ||           /* and an EtherType */
        ((h[0] & 1) == 0 && (h[1] & 1) && h[2] == 3 && /* Frame Relay: RFC 2427 section 4.1 */
         (h[3] == 0xcc || h[3] == 0x8e)))
        *before = 4;
    return exact_ip(rest, skip + *before);
}

/* IEEE 802.3 with SNAP or spanning tree, as long as its length field says. */
static bool
looks_llc(const struct cur *rest, uint32_t skip)
{
    const uint8_t *from = cur_peek(rest, skip + 17);
    const uint8_t *h;

    if (!from)
        return false;
    h = from + skip;
    return !(h[6] & 1) && be16(h + 12) >= 3 && be16(h + 12) <= LENGTH_MAX &&
           be16(h + 12) + skip + 14u <= rest->told && h[16] == 3 &&
           (be16(h + 14) == 0xaaaa || be16(h + 14) == 0x4242);
}

/* Behind the session id of version 3: a cookie of 0, 4 or 8 bytes, then 0 or 4 bytes of sublayer:
 * RFC 3931 sections 4.1 and 4.6. */
static enum dec_step
session3(struct dec_walk *w, struct cur *rest, uint32_t id)
{
    enum dec_step step = DEC_STOP;
    uint32_t skip = 0, before = 0;
    bool in_doubt = true;

    for (unsigned n = 0; n < 4 && step == DEC_STOP; n++)
        if (w->cfg->l2tpv3_words & 1u << n) {
            skip = n * 4;
            step = certain_payload(rest, skip, &before);
        }
    for (unsigned n = 0; n < 4 && step == DEC_STOP; n++)
        if (w->cfg->l2tpv3_words & 1u << n && looks_llc(rest, n * 4)) {
            skip = n * 4;
            in_doubt = false;
            step = DEC_ETHER;
        }
    if (step == DEC_STOP)
        return dec_stop(w, PAVO_WHY_UNOPENED);
    cur_take(rest, skip + before);
    dec_enter(w, PAVO_CARRIER_L2TPV3, id);
    if (in_doubt)
        w->in_doubt = true;
    return step;
}

/* A control message of version 3 at 'rest': flags, length, connection id, sequence numbers, RFC
 * 3931 section 3.2.1. */
static bool
is_control3(const struct cur *rest)
{
    const uint8_t *h = cur_peek(rest, CONTROL_BYTES);

    return h && be16(h) == (CONTROL_FLAGS | 3) && be16(h + 2) >= CONTROL_BYTES &&
           be16(h + 2) <= rest->told;
}

/* Over UDP. Version 3 has flags and two reserved bytes before the session id: RFC 3931 section
 * 4.1.2.1. */
enum dec_step
dec_l2tp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint8_t *p;

    h = cur_peek(rest, 6);
    if (!h)
        return dec_cut(w, rest, 6);
    if (is_control3(rest)) {
        w->out->named = PAVO_NAME_L2TP;
        return DEC_STOP;
    }
    if ((be16(h) & VERSION) == 2) {
        cur_take(rest, 6);
        w->out->depth++;
        return version2(h, rest, w);
    }
    if (be32(h) != 0x00030000)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    p = cur_take(rest, 8);
    if (!p)
        return dec_cut(w, rest, 8);
    w->out->depth++;
    return session3(w, rest, be32(p + 4));
}

/* Straight over IP. Session 0 is the control connection: RFC 3931 section 4.1.1. */
enum dec_step
dec_l2tpv3(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_mark(w, rest);
    if (be32(h) != 0)
        return session3(w, rest, be32(h));
    if (!is_control3(rest))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    w->out->named = PAVO_NAME_L2TP;
    return DEC_STOP;
}
