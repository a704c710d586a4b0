/* hdlc.c - Cisco's HDLC, and the EtherTypes that Cisco puts on serial links */
#include "routes.h"

enum {
    ETHERTYPE_MIN = 1536,
    NLPID_CLNP = 0x81,
    NLPID_ISIS = 0x83,
};

enum dec_step
dec_cisco_type(uint16_t type, struct cur *rest, struct dec_walk *w)
{
    const enum pavo_name name = dec_named(DEC_BY_CISCO, type);
    enum dec_step step;

    dec_mark_link(w, rest, type, false);
    w->out->named = (uint8_t)name;
    if (name || type < ETHERTYPE_MIN)
        return DEC_STOP;
    step = dec_route(DEC_BY_CISCO, type);
    if (step == DEC_STOP)
        step = dec_route(DEC_BY_ETHERTYPE, type);
    if (step == DEC_STOP)
        w->out->named = (uint8_t)dec_named(DEC_BY_ETHERTYPE, type);
    return step;
}

/* Address (0F unicast, 8F multicast), control 0, type. Nothing depends on the first two. */
enum dec_step
dec_chdlc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return dec_cisco_type(be16(h + 2), rest, w);
}

enum dec_step
dec_chdlc_dir(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return DEC_CHDLC;
}

/* OSI network layer: the first byte names the protocol (ISO/IEC TR 9577). Cisco puts a byte before
 * it, PPP may (RFC 1377 section 4). */
enum dec_step
dec_ppp_osi(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    uint8_t nlpid = h[0];
    const uint8_t *p = cur_peek(rest, 1);

    if (nlpid < NLPID_CLNP || nlpid > NLPID_ISIS) {
        if (!p)
            return dec_cut(w, rest, 1);
        nlpid = p[0];
    }
    if (nlpid >= NLPID_CLNP && nlpid <= NLPID_ISIS)
        w->out->named = (uint8_t)dec_named(DEC_BY_NLPID, nlpid);
    return DEC_STOP;
}
