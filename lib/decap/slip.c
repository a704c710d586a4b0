/* slip.c - SLIP as the BSD systems capture it
 *
 * Before each packet stand its direction and the header as it was on the line, in 16 or, on BSD/OS,
 * 24 bytes. The packet itself was captured before its header was compressed, or after that was
 * undone.
 */
#include "dec.h"

enum {
    SENT = 1,
    VJ_TCP = 0x70, /* RFC 1144 section 3.2.2: uncompressed TCP from here, compressed from 0x80 */
};

static enum dec_step
packet(struct cur *rest, struct dec_walk *w)
{
    const uint8_t *p = cur_peek(rest, 1);

    dec_mark_link(w, rest, 0, false);
    if (!p || p[0] < VJ_TCP)
        return DEC_RAW;
    w->out->named = PAVO_NAME_VJ_COMPRESSED;
    return DEC_STOP;
}

/* Direction: 0 received, 1 sent. */
enum dec_step
dec_slip(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return h[0] > SENT ? dec_stop(w, PAVO_WHY_LINK_HEADER) : packet(rest, w);
}

enum dec_step
dec_slip_bsdos(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return packet(rest, w);
}
