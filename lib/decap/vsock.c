/* vsock.c - sockets between a virtual machine and its host */
#include "dec.h"

/* A context identifier as a link address, right-aligned; those in use have 32 bits. */
static void
put_cid(uint8_t mac[6], const uint8_t *cid)
{
    memset(mac, 0, 6);
    be32_put(mac + 2, le32(cid));
}

/* Source and destination: context identifiers of 8 bytes, ports of 4; operation, transport, length
 * of the transport's own header, reserved; all little-endian. */
enum dec_step
dec_vsock(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t more = le16(h + 28);

    if (!cur_take(rest, more))
        return dec_cut(w, rest, more);
    put_cid(w->out->src_mac, h);
    put_cid(w->out->dst_mac, h + 8);
    w->out->has_mac = 1;
    dec_mark_link(w, rest, 0, false);
    w->out->named = PAVO_NAME_VSOCK;
    return DEC_STOP;
}
