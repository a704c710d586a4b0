/* tzsp.c - TZSP, with which sniffers send on what they see */
#include "routes.h"

enum {
    VERSION = 1,
    TYPE_RECEIVED = 0,
    TYPE_TRANSMIT = 1,
    TYPE_MAX = 5, /* configuration, keep-alive and others carry no frame */
    TAG_PAD = 0,
    TAG_END = 1,
    TAGS_MAX = 64,
};

/* Version, type, protocol; then tags with a length each, up to one that ends them. */
enum dec_step
dec_tzsp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const enum dec_step step = dec_route(DEC_BY_TZSP, be16(h + 2));

    if (h[0] != VERSION || h[1] > TYPE_MAX)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (step == DEC_STOP || (h[1] != TYPE_RECEIVED && h[1] != TYPE_TRANSMIT))
        return dec_stop(w, PAVO_WHY_UNOPENED);
    for (uint32_t tags = 0; tags < TAGS_MAX; tags++) {
        const uint8_t *tag = cur_take(rest, 1);

        if (!tag)
            return dec_cut(w, rest, 1);
        if (tag[0] == TAG_END) {
            dec_enter(w, PAVO_CARRIER_TZSP, be16(h + 2));
            return step;
        }
        if (tag[0] == TAG_PAD)
            continue;
        tag = cur_take(rest, 1);
        if (!tag)
            return dec_cut(w, rest, 1);
        if (!cur_take(rest, tag[0]))
            return dec_cut(w, rest, tag[0]);
    }
    return dec_stop(w, PAVO_WHY_UNSOUND);
}
