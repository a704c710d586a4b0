/* ip4.c - IPv4 */
#include "ip.h"
#include "routes.h"

enum { MORE_FRAGMENTS = 0x2000, FRAGMENT_OFFSET = 0x1fff, PACKET_MAX = 65535 };

/* Are the 'n' bytes of options at 'o' whole? RFC 791 section 3.1: a kind alone for 0 (the end) and
 * 1, else kind and length. */
static __attribute__((noinline)) bool
options_are_sound(const uint8_t *o, uint32_t n)
{
    for (uint32_t i = 0; i < n && o[i] != 0;) {
        if (o[i] == 1) {
            i++;
            continue;
        }
        if (i + 1 == n || o[i + 1] < 2 || o[i + 1] > n - i)
            return false;
        i += o[i + 1];
    }
    return true;
}

/* The header is one of a fragment; false: the walk ends here. Apart, as plain packets need none of
 * it. */
static __attribute__((noinline)) bool
fragment(struct dec_walk *w, const uint8_t *h, uint32_t head)
{
    const uint32_t frag = be16(h + 6);
    const struct dec_piece piece = {.id = be16(h + 4),
                                    .offset = (frag & FRAGMENT_OFFSET) * 8,
                                    .bytes = w->out->l3_len - head,
                                    .room = PACKET_MAX - head,
                                    .has_more = (frag & MORE_FRAGMENTS) != 0};

    return dec_frag(w, h[9], &piece);
}

/* RFC 791 section 3.1. The header checksum is not verified: a capture on the sending host has none.
 */
enum dec_step
dec_ip4(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t head = (h[0] & 0x0fu) * 4;
    uint32_t total, frag;

    if (h[0] >> 4 != 4)
        return dec_stop(w, PAVO_WHY_IP_VERSION);
    if (head < 20)
        return dec_stop(w, PAVO_WHY_IP4_HEADER);
    if (head > 20) {
        const uint8_t *o = cur_take(rest, head - 20);

        if (!o)
            return dec_cut(w, rest, head - 20);
        if (!options_are_sound(o, head - 20))
            dec_flaw(w, PAVO_WHY_IP4_OPTIONS);
    }
    frag = be16(h + 6);
    total = be16(h + 2);
    if (total == 0) /* segmentation offload: the NIC fills it in, the frame tells */
        total = head + rest->told;

    ip4_fields(out, h, total);
    if (total < head) {
        dec_payload(out, w, rest, 0);
        return dec_stop(w, PAVO_WHY_IP4_LENGTH);
    }
    dec_prove(w);
    dec_ip_body(w, rest, total - head);
    if ((frag & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) && !fragment(w, h, head))
        return DEC_STOP;
    return dec_by_ip_proto(h[9], w);
}
