/* erspan.c - frames that a switch mirrors in GRE: draft-foschiano-erspan-03
 *
 * The session is a number of ten bits that a mirror's configuration gives to both directions.
 */
#include "dec.h"

enum {
    SESSION = 0x03ff,
    HAS_SUBHEADER = 0x01,
    FRAME_ETHERNET = 0,
    FRAME_IP = 2,
};

/* Type I: no header of its own. */
enum dec_step
dec_erspan1(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_enter(w, PAVO_CARRIER_ERSPAN, 0);
    return DEC_ETHER;
}

/* Type II: version 1, VLAN, class, how the tag was, truncated, session, index. */
enum dec_step
dec_erspan2(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    if (h[0] >> 4 != 1)
        return dec_stop(w, PAVO_WHY_ERSPAN_VERSION);
    dec_enter(w, PAVO_CARRIER_ERSPAN, be16(h + 2) & SESSION);
    return DEC_ETHER;
}

/* Type III: version 2, VLAN, class, health, truncated, session, timestamp, group tag,
 * frame type, and a bit that promises eight bytes of a platform's own. */
enum dec_step
dec_erspan3(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t type = h[10] >> 2 & 0x1f;

    if (h[0] >> 4 != 2)
        return dec_stop(w, PAVO_WHY_ERSPAN_VERSION);
    if (h[11] & HAS_SUBHEADER && !cur_take(rest, 8))
        return dec_cut(w, rest, 8);
    if (type != FRAME_ETHERNET && type != FRAME_IP)
        return dec_stop(w, PAVO_WHY_UNOPENED);
    dec_enter(w, PAVO_CARRIER_ERSPAN, be16(h + 2) & SESSION);
    return type == FRAME_IP ? DEC_RAW : DEC_ETHER;
}
