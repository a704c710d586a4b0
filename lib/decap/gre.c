/* gre.c - GRE version 0 and NVGRE */
#include "routes.h"

enum {
    HAS_CHECKSUM = 0x8000,
    HAS_ROUTING = 0x4000,
    HAS_KEY = 0x2000,
    HAS_SEQUENCE = 0x1000,
    VERSION = 0x0007,
    ETHERTYPE_BRIDGED = 0x6558, /* transparent Ethernet bridging */
    VSID_MIN = 0x1000,          /* RFC 7637 section 3.2: those below are reserved */
};

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
    const uint32_t before_key = flags & HAS_CHECKSUM ? 4 : 0;
    const uint32_t optional =
        before_key + (flags & HAS_KEY ? 4 : 0) + (flags & HAS_SEQUENCE ? 4 : 0);
    const uint8_t *p;
    uint32_t key = 0;
    enum dec_step step;

    if (flags & VERSION)
        return dec_stop(w, PAVO_WHY_GRE_VERSION);
    if (flags & HAS_ROUTING)
        return dec_stop(w, PAVO_WHY_GRE_ROUTING);
    p = cur_take(rest, optional);
    if (!p)
        return dec_cut(w, rest, optional);
    if (flags & HAS_KEY)
        key = be32(p + before_key);
    if (!w->on_trial) { /* else the outer flow is UDP, which has no key */
        dec_mark(w, rest);
        out->spi = key;
    }
    step = dec_route(DEC_BY_ETHERTYPE, type);
    if (step == DEC_STOP)
        return dec_stop(w, PAVO_WHY_UNOPENED);
    if (type == ETHERTYPE_BRIDGED && (flags & HAS_KEY) &&
        !(flags & (HAS_CHECKSUM | HAS_SEQUENCE)) && key >> 8 >= VSID_MIN)
        dec_enter(w, PAVO_CARRIER_NVGRE, key >> 8);
    else
        dec_enter(w, PAVO_CARRIER_GRE, key);
    return step;
}
