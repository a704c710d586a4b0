/* gre.c - GRE version 0, NVGRE, and what tells version 1 apart */
#include "routes.h"

enum {
    HAS_CHECKSUM = 0x8000,
    HAS_ROUTING = 0x4000,
    HAS_KEY = 0x2000,
    HAS_SEQUENCE = 0x1000,
    VERSION = 0x0007,
    ETHERTYPE_BRIDGED = 0x6558, /* transparent Ethernet bridging */
    VSID_MIN = 0x1000,          /* RFC 7637 section 3.2: those below are reserved */
    TYPE_PPP = 0x880b,
    TYPE_EOIP = 0x6400,
    EOIP_FLAGS = 0x2001,
    PPTP_FIXED = 0xef7f, /* all flags but sequence and acknowledgment */
    PPTP_FLAGS = 0x2001,
    ROUTES_MAX = 16, /* source route entries that are walked */
};

/* Source routes, RFC 1701: address family, offset, length and that many bytes of
 * addresses, up to an entry of family 0 and length 0. DONE, or why that was not found. */
static enum pavo_why
skip_routes(struct cur *rest)
{
    for (int i = 0; i < ROUTES_MAX; i++) {
        const uint8_t *h = cur_take(rest, 4);
        const uint32_t more = h ? h[3] : 4;

        if (h && be16(h) == 0)
            return more == 0 ? PAVO_WHY_DONE : PAVO_WHY_GRE_ROUTING;
        if (h && h[2] > more)
            return PAVO_WHY_GRE_ROUTING;
        if (!h || !cur_take(rest, more))
            return cur_why(rest, more) == PAVO_WHY_TRUNCATED ? PAVO_WHY_TRUNCATED
                                                             : PAVO_WHY_GRE_ROUTING;
    }
    return PAVO_WHY_GRE_ROUTING;
}

/* Version 1 is PPTP (RFC 2637 section 4.1) or EoIP. Neither is known to travel in UDP. */
static enum dec_step
version_1(uint32_t flags, uint32_t type, struct dec_walk *w)
{
    if (w->on_trial)
        return dec_stop(w, PAVO_WHY_GRE_VERSION);
    if (type == TYPE_EOIP && flags == EOIP_FLAGS && w->out->kind == PAVO_KIND_IP4)
        return DEC_EOIP;
    if (type != TYPE_PPP || (flags & PPTP_FIXED) != PPTP_FLAGS)
        return dec_stop(w, PAVO_WHY_GRE_VERSION);
    w->gre_flags = (uint16_t)flags;
    return DEC_PPTP;
}

/* RFC 2784 section 2, RFC 2890 section 2. NVGRE is GRE that bridges Ethernet and has a key, of
 * which 24 bits are the virtual subnet and the rest spreads flows; it has neither checksum nor
 * sequence. A key that would be a reserved subnet is one of a plain GRE tunnel, and identifies it
 * as a whole. */
enum dec_step
dec_gre(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t flags = be16(h);
    const uint32_t type = be16(h + 2);
    const uint32_t before_key = flags & (HAS_CHECKSUM | HAS_ROUTING) ? 4 : 0;
    const uint32_t optional =
        before_key + (flags & HAS_KEY ? 4 : 0) + (flags & HAS_SEQUENCE ? 4 : 0);
    const uint8_t *p;
    uint32_t key = 0;
    enum dec_step step;

    if ((flags & VERSION) == 1)
        return version_1(flags, type, w);
    if (flags & VERSION)
        return dec_stop(w, PAVO_WHY_GRE_VERSION);
    p = cur_take(rest, optional);
    if (!p)
        return dec_cut(w, rest, optional);
    if (flags & HAS_KEY)
        key = be32(p + before_key);
    if (!w->on_trial) { /* else the outer flow is UDP, which has no key */
        dec_mark(w, rest);
        out->spi = key;
    }
    if (flags & HAS_ROUTING) {
        const enum pavo_why why = skip_routes(rest);

        if (why != PAVO_WHY_DONE)
            return dec_stop(w, why);
        if (!w->on_trial)
            dec_mark(w, rest);
    }
    step = dec_route(DEC_BY_ETHERTYPE, type);
    if (step == DEC_STOP)
        step = dec_route(DEC_BY_GRE_PROTO, type);
    if (step == DEC_STOP) {
        /* A router asks itself through the tunnel for a packet of protocol 0 with nothing in it. */
        out->named = type == 0 && rest->told == 0 ? PAVO_NAME_GRE_KEEPALIVE
                                                  : (uint8_t)dec_named(DEC_BY_GRE_PROTO, type);
        return dec_stop(w, out->named ? PAVO_WHY_DONE : PAVO_WHY_UNOPENED);
    }
    if (step == DEC_ERSPAN2) /* type I is one without a sequence and has no header */
        return flags & HAS_SEQUENCE ? DEC_ERSPAN2 : DEC_ERSPAN1;
    if (step == DEC_ERSPAN3)
        return step;
    if (step == DEC_PPP)
        dec_skip_acf(rest);
    if (type == ETHERTYPE_BRIDGED && (flags & HAS_KEY) &&
        !(flags & (HAS_CHECKSUM | HAS_SEQUENCE)) && key >> 8 >= VSID_MIN)
        dec_enter(w, PAVO_CARRIER_NVGRE, key >> 8);
    else
        dec_enter(w, PAVO_CARRIER_GRE, key);
    return step;
}

/* The redirect header of WCCP version 2 (draft-mclaggan-wccp-v2rev1-00): three flags under five
 * reserved bits, service, two buckets. Version 1 has none; an IP header follows there, whose
 * version sets one of the reserved bits. */
enum dec_step
dec_wccp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    h = cur_peek(rest, 1);
    if (!h)
        return dec_cut(w, rest, 1);
    if ((h[0] & 0xf8) == 0 && !cur_take(rest, 4))
        return dec_cut(w, rest, 4);
    h = cur_peek(rest, 1);
    return h && h[0] >> 4 == 6 ? DEC_IP6 : DEC_IP4;
}
