/* nsh.c - network service header: the way of a packet through a chain of services */
#include "routes.h"

enum {
    NSH_OAM = 0x20,
    BASE_WORDS = 2,
    MD1_WORDS = 6, /* metadata type 1 is of fixed length: RFC 8300 section 2.4 */
};

/* Version 2 bits, OAM, unassigned, TTL 6, length 6 (in words), unassigned 4, metadata type 4, next
 * protocol, service path 24 and service index: RFC 8300 section 2.2. */
enum dec_step
dec_nsh(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t words = h[1] & 0x3fu;
    const uint32_t metadata = h[2] & 0x0fu;
    const enum dec_step step = dec_route(DEC_BY_NSH, h[3]);

    if (h[0] >> 6 != 0 || words < BASE_WORDS || metadata == 0 ||
        (metadata == 1 && words != MD1_WORDS))
        return dec_stop(w, PAVO_WHY_TAG_FORM);
    if (!cur_take(rest, (words - BASE_WORDS) * 4))
        return dec_cut(w, rest, (words - BASE_WORDS) * 4);
    dec_enter(w, PAVO_CARRIER_NSH, be24(h + 4));
    if (step == DEC_STOP || (h[0] & NSH_OAM))
        return dec_stop(w, PAVO_WHY_UNOPENED);
    return step;
}
