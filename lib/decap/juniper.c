/* juniper.c - frames that a Juniper router copied from its interface cards
 *
 * A magic number and flags, perhaps extensions, then a cookie of the interface card, whose length
 * the link type tells, and the frame. Where the card left out the link header, four bytes stand for
 * it and IP follows.
 */
#include "routes.h"

enum {
    MAGIC = 0x4d4743, /* MGC */
    FLAG_IN = 0x01,
    FLAG_NO_LINK = 0x02,
    FLAG_EXTENSIONS = 0x80,
    COOKIE_LINK_SERVICES = 0x54,
    COOKIE_ADAPTIVE_SERVICES = 0x47,
    ADAPTIVE_COOKIE = 8,
    ADAPTIVE_FROM_ENGINE = 0x0c, /* PPP, whatever the protocol says */
    ADAPTIVE_PROTOCOL = 0x70,
    ATM1_OAM = 0x80,
    ATM2_OAM = 0x70,
    ATM2_GAP = 0x3f,
    GGSN_IP4 = 2,
    GGSN_IP6 = 6,
    LLC_NLPID = 0xfefe03,
    LLC_SNAP = 0xaaaa03,
    OSI = 0xfefe,
    UI = 0x03,
};

/* True if a cookie and a link header follow, else '*step' is what does. */
static bool
has_link(const uint8_t *h, struct cur *rest, struct dec_walk *w, enum dec_step *step)
{
    const uint8_t *p;

    if (be24(h) != MAGIC) {
        *step = dec_stop(w, PAVO_WHY_LINK_HEADER);
        return false;
    }
    if (h[3] & FLAG_EXTENSIONS) {
        uint32_t bytes;

        p = cur_take(rest, 2);
        if (!p) {
            *step = dec_cut(w, rest, 2);
            return false;
        }
        bytes = be16(p);
        if (!cur_take(rest, bytes)) {
            *step = dec_cut(w, rest, bytes);
            return false;
        }
    }
    dec_mark_link(w, rest, 0, false);
    if (!(h[3] & FLAG_NO_LINK))
        return true;
    *step = cur_take(rest, 4) ? DEC_RAW : dec_cut(w, rest, 4);
    return false;
}

/* The cookie, or NULL and '*step'. */
static const uint8_t *
cookie(const uint8_t *h, struct cur *rest, struct dec_walk *w, uint32_t bytes, enum dec_step *step)
{
    const uint8_t *c;

    if (!has_link(h, rest, w, step))
        return NULL;
    c = cur_take(rest, bytes);
    if (c)
        dec_mark_link(w, rest, 0, false);
    else
        *step = dec_cut(w, rest, bytes);
    return c;
}

/* 03 and a network layer protocol identifier, or OSI. */
static enum dec_step
ui(struct cur *rest, struct dec_walk *w)
{
    const uint8_t *p = cur_peek(rest, 2);

    if (!p)
        return dec_cut(w, rest, 2);
    if (p[0] == UI) {
        cur_take(rest, 1);
        return DEC_NLPID;
    }
    if (be16(p) != OSI)
        return DEC_STOP;
    cur_take(rest, 2);
    return DEC_PPP_OSI;
}

enum dec_step
dec_jnx_ether(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    return has_link(h, rest, w, &step) ? DEC_ETHER : step;
}

enum dec_step
dec_jnx_ppp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    return has_link(h, rest, w, &step) ? DEC_PPP_FRAME : step;
}

enum dec_step
dec_jnx_frelay(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    return has_link(h, rest, w, &step) ? DEC_FRELAY : step;
}

enum dec_step
dec_jnx_chdlc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    return has_link(h, rest, w, &step) ? DEC_CHDLC : step;
}

/* PPPoE over ATM: an EtherType stands before it. */
enum dec_step
dec_jnx_type(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;
    const uint8_t *type = cookie(h, rest, w, 2, &step);

    return type ? dec_link_type(be16(type), rest, w) : step;
}

/* Collectors of flows and service cards: the packet has no link header. */
enum dec_step
dec_jnx_ip(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    return cookie(h, rest, w, 8, &step) ? DEC_RAW : step;
}

/* The third byte of the cookie is the protocol. */
enum dec_step
dec_jnx_ggsn(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;
    const uint8_t *c = cookie(h, rest, w, 8, &step);

    if (!c)
        return step;
    if (c[2] == GGSN_IP4)
        return DEC_IP4;
    return c[2] == GGSN_IP6 ? DEC_IP6 : DEC_STOP;
}

/* Behind the cookie of an ATM card: LLC, or one protocol on its circuit, by its first bytes. */
static enum dec_step
atm(struct cur *rest, struct dec_walk *w, bool is_ether)
{
    const uint8_t *p = cur_peek(rest, 3);

    if (!p)
        return dec_cut(w, rest, 3);
    if (be24(p) == LLC_SNAP)
        return DEC_LLC;
    if (be24(p) == LLC_NLPID) {
        cur_take(rest, 3);
        return DEC_NLPID;
    }
    if (is_ether)
        return DEC_ETHER;
    if (p[0] == UI)
        return ui(rest, w);
    if (dec_route(DEC_BY_PPP, be16(p)) != DEC_STOP || dec_named(DEC_BY_PPP, be16(p)))
        return DEC_PPP;
    return DEC_RAW;
}

/* Format, circuit, channel. */
enum dec_step
dec_jnx_atm1(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;
    const uint8_t *c = cookie(h, rest, w, 4, &step);

    if (!c)
        return step;
    return c[0] == ATM1_OAM ? DEC_STOP : atm(rest, w, false);
}

/* Channel, then eight bytes in all. A gap count in a frame that was sent means Ethernet. */
enum dec_step
dec_jnx_atm2(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;
    const uint8_t *c = cookie(h, rest, w, 8, &step);

    if (!c)
        return step;
    if (c[7] & ATM2_OAM)
        return DEC_STOP;
    return atm(rest, w, !(h[3] & FLAG_IN) && (c[3] & ATM2_GAP));
}

/* The cookie of a bundle: link services and older cards say only which bundle, adaptive services
 * the protocol too. DEC_STOP in '*step' if the frame's own link header follows. */
static bool
is_bundle(struct cur *rest, struct dec_walk *w, uint32_t plain, enum dec_step *step)
{
    const uint8_t *c = cur_peek(rest, 1);
    uint32_t bytes = plain;

    if (c && c[0] == COOKIE_LINK_SERVICES)
        bytes = plain + 2;
    else if (c && c[0] == COOKIE_ADAPTIVE_SERVICES)
        bytes = ADAPTIVE_COOKIE;
    c = cur_take(rest, bytes);
    if (!c) {
        *step = dec_cut(w, rest, bytes);
        return false;
    }
    dec_mark_link(w, rest, 0, false);
    if (c[0] != COOKIE_ADAPTIVE_SERVICES || c[4] == ADAPTIVE_FROM_ENGINE)
        return true;
    *step = dec_route(DEC_BY_JNX, c[5] & ADAPTIVE_PROTOCOL);
    return false;
}

/* Multilink PPP. A frame of a link of the bundle has no cookie, but PPP at once. */
enum dec_step
dec_jnx_mlppp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;
    const uint8_t *p;

    if (!has_link(h, rest, w, &step))
        return step;
    p = cur_peek(rest, 2);
    if (p && (be16(p) == 0xff03 || be16(p) == 0x0023))
        return DEC_PPP_FRAME;
    return is_bundle(rest, w, 2, &step) ? DEC_PPP_FRAME : step;
}

/* Multilink Frame Relay, end to end. */
enum dec_step
dec_jnx_mlfr(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    if (!has_link(h, rest, w, &step))
        return step;
    return is_bundle(rest, w, 2, &step) ? ui(rest, w) : step;
}

/* And on an interface. A frame of a link of the bundle has no cookie: its first two bits are set.
 */
enum dec_step
dec_jnx_mfr(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;
    const uint8_t *p;

    if (!has_link(h, rest, w, &step))
        return step;
    p = cur_peek(rest, 1);
    if (p && p[0] >= 0xc0)
        return DEC_MFR;
    return is_bundle(rest, w, 4, &step) ? ui(rest, w) : step;
}
