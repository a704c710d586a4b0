/* stt.c - Stateless Transport Tunneling: Ethernet in what looks like TCP
 *
 * A frame is up to 64 KiB long and is sent in segments with TCP headers, of which only the first
 * has the header of STT. The sequence number holds the length of the frame and the offset of the
 * segment, the acknowledgment number identifies the frame: draft-davie-stt-08 section 3. A later
 * segment has no mark that TCP could not have too, so it stays in the flow of the tunnel.
 */
#include "dec.h"

enum {
    STT_BYTES = 18,
    HAS_VLAN = 0x1000,
};

/* Looks at segments of offset 0 only: dec_tcp() leads here. */
enum dec_step
dec_stt(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    struct pavo_layers *out = w->out;
    const uint32_t length = out->tcp_seq >> 16; /* of the frame with its STT header */
    const uint32_t room = rest->told + w->over;
    uint32_t tci;

    if (room < STT_BYTES + 14)
        return DEC_STOP; /* TCP that is shaking hands */
    h = cur_peek(rest, STT_BYTES);
    if (!h)
        return dec_cut(w, rest, STT_BYTES);
    /* Version 0, flags, offset of the transport, reserved, segment size, VLAN tag, context id, two
     * bytes of padding. */
    if (h[0] != 0 || h[3] != 0 || be16(h + 16) != 0 || length < room)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    cur_take(rest, STT_BYTES);
    out->depth++;
    dec_enter(w, PAVO_CARRIER_STT, be32(h + 12));
    w->is_piece = length > room; /* the rest of the frame is elsewhere */
    dec_leave_ip(out);
    tci = be16(h + 6);
    if (tci & HAS_VLAN && (tci & 0x0fff) != 0)
        dec_enter(w, PAVO_CARRIER_VLAN, tci & 0x0fff);
    out->has_tcp = 0;
    out->tcp_flags = 0;
    out->tcp_window = 0;
    out->tcp_seq = 0;
    out->tcp_ack = 0;
    return DEC_ETHER;
}
