/* ppi.c - pseudo-headers that name the link type of the frame behind them by number */
#include "dec.h"

enum {
    PPI_VERSION = 0,
    PPI_HEAD = 8,
    PKTAP_HEAD = 12,
    PKTAP_HEAD_MAX = 4096,
    PKTAP_PACKET = 1,
};

static enum dec_step
frame(uint32_t dlt, uint32_t more, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step;

    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    dec_mark_link(w, rest, 0, false);
    step = dec_link_step(dlt);
    return step == DEC_STOP ? dec_stop(w, PAVO_WHY_LINK_INSIDE) : step;
}

/* Version, flags, length, link type, all little-endian; fields about the reception follow. */
enum dec_step
dec_ppi(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t length = le16(h + 2);

    if (h[0] != PPI_VERSION)
        return dec_stop(w, PAVO_WHY_LINK_HEADER);
    if (length < PPI_HEAD)
        return dec_stop(w, PAVO_WHY_MALFORMED);
    return frame(le32(h + 4), length - PPI_HEAD, rest, w);
}

/* Length, kind of record, link type; interface and process follow. */
enum dec_step
dec_pktap(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t length = le32(h);

    if (le32(h + 4) != PKTAP_PACKET || length > PKTAP_HEAD_MAX)
        return dec_stop(w, PAVO_WHY_LINK_HEADER);
    if (length < PKTAP_HEAD)
        return dec_stop(w, PAVO_WHY_MALFORMED);
    return frame(le32(h + 8), length - PKTAP_HEAD, rest, w);
}
