/* nibble.c - payloads of which only the first nibble tells what they are */
#include "dec.h"

enum dec_step
dec_by_nibble(const struct dec_walk *w, const struct cur *rest)
{
    /* What the headers so far promise; a fragment may promise less than the packet in it. */
    const uint32_t room = w->out->n_frags ? UINT32_MAX : rest->told + w->over;
    const uint8_t *h = cur_peek(rest, 1);
    uint8_t version;

    if (!h)
        return DEC_STOP;
    version = h[0] >> 4;
    h = cur_peek(rest, 6);
    if (version == 4) {
        const uint32_t head = h ? (h[0] & 0x0fu) * 4 : 20;
        const uint32_t total = h ? be16(h + 2) : 0;

        /* Without a length, as segmentation offload leaves it, it may as well be a MAC address. */
        if (head >= 20 && (total == 0 ? !dec_looks_ethernet(rest, 0) : total >= head) &&
            total <= room)
            return DEC_IP4;
    }
    if (version == 6 && (!h || be16(h + 4) + 40u <= room))
        return DEC_IP6;
    return DEC_STOP;
}
