/* arp.c - ARP and RARP: a flow of protocol addresses */
#include "dec.h"

enum { HARDWARE_IEEE1394 = 24 }; /* RFC 2734 section 5: has no target hardware address */

/* Hardware type, protocol type, the two address lengths, operation; then sender and target hardware
 * and protocol addresses by these lengths: RFC 826. Others than IPv4 stay link-layer flows. */
enum dec_step
dec_arp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t hw_bytes = h[4];
    const uint32_t proto_bytes = h[5];
    const uint32_t target_hw = be16(h) == HARDWARE_IEEE1394 ? 0 : hw_bytes;
    const uint32_t body = hw_bytes + target_hw + 2 * proto_bytes;
    const uint32_t l3_len = rest->told + 8;
    const uint8_t *p = cur_take(rest, body);

    if (!p)
        return dec_cut(w, rest, body);
    if (be16(h + 2) != 0x0800 || proto_bytes != 4 || w->is_quote)
        return DEC_STOP;
    if (out->kind != PAVO_KIND_LINK)
        dec_leave_ip(out); /* straight behind a tunnel header */
    dec_prove(w);
    out->kind = PAVO_KIND_ARP;
    out->arp_op = be16(h + 6);
    memcpy(out->src, p + hw_bytes, 4);
    memcpy(out->dst, p + hw_bytes + 4 + target_hw, 4);
    out->l3_len = l3_len;
    memset(out->arp_sha, 0, sizeof out->arp_sha);
    if (hw_bytes == sizeof out->arp_sha)
        memcpy(out->arp_sha, p, sizeof out->arp_sha);
    dec_payload(out, w, rest, rest->told);
    return DEC_STOP;
}
