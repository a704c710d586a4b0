/* ip4.c - IPv4 */
#include "routes.h"

enum { MORE_FRAGMENTS = 0x2000, FRAGMENT_OFFSET = 0x1fff };

/* RFC 791 section 3.1. The header checksum is not verified: a capture on the sending host has none.
 */
enum dec_step
dec_ip4(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t head = (h[0] & 0x0fu) * 4;
    const uint32_t frag = be16(h + 6);
    uint32_t total = be16(h + 2);

    if (h[0] >> 4 != 4)
        return dec_stop(w, PAVO_WHY_IP_VERSION);
    if (head < 20)
        return dec_stop(w, PAVO_WHY_IP4_HEADER);
    if (head > 20 && !cur_take(rest, head - 20))
        return dec_cut(w, rest, head - 20);
    if (total == 0) /* segmentation offload: the NIC fills it in, the frame tells */
        total = head + rest->told;

    out->kind = PAVO_KIND_IP4;
    out->proto = h[9];
    out->frag = PAVO_FRAG_NONE;
    out->has_ports = 0;
    out->ttl = h[8];
    out->tos = h[1];
    out->l3_len = total;
    out->flow_label = 0;
    memset(out->src, 0, sizeof out->src);
    memset(out->dst, 0, sizeof out->dst);
    memcpy(out->src, h + 12, 4);
    memcpy(out->dst, h + 16, 4);
    out->src_port = 0;
    out->dst_port = 0;
    out->spi = 0;
    if (total < head) {
        out->payload_len = 0;
        return dec_stop(w, PAVO_WHY_IP4_LENGTH);
    }
    dec_prove(w);
    dec_ip_body(w, rest, total - head);
    if ((frag & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) &&
        !dec_frag(w, h[9], be16(h + 4), (frag & FRAGMENT_OFFSET) != 0))
        return DEC_STOP;
    return dec_by_ip_proto(h[9], w);
}
