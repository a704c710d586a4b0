/* pw.c - what pseudowires carry
 *
 * The frame of a pseudowire was agreed when it was set up, so it is taken for Frame Relay, PPP,
 * HDLC or AAL5 only where its first bytes say IP and the length of that IP packet fits as well.
 */
#include "routes.h"

/* First bytes of a frame that holds IP. */
static const struct {
    uint8_t head[8], n_head, version, step;
} frames[] = {
    {{0x03, 0xcc}, 2, 4, DEC_PWFR}, /* Frame Relay without its address, RFC 4619 section 7 */
    {{0x03, 0x8e}, 2, 6, DEC_PWFR},
    {{0x00, 0x21}, 2, 4, DEC_PPP}, /* PPP without address and control, RFC 4618 section 5.3 */
    {{0x00, 0x57}, 2, 6, DEC_PPP},
    {{0x0f, 0x00, 0x08, 0x00}, 4, 4, DEC_PWHDLC}, /* HDLC as Cisco has it, RFC 4618 section 5.1 */
    {{0x0f, 0x00, 0x86, 0xdd}, 4, 6, DEC_PWHDLC},
    {{0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00}, 8, 4, DEC_LLC}, /* AAL5 SDU, RFC 4717 section 10 */
    {{0xaa, 0xaa, 0x03, 0, 0, 0, 0x86, 0xdd}, 8, 6, DEC_LLC},
};

enum { IP_PEEK = 6, IP4_HEADER = 20, IP6_HEADER = 40 };

/* Is the IP packet at 'ip' whole in 'room' bytes, and are these no Ethernet frame? One that fills
 * them to the last is none. */
static bool
ip_fits(const uint8_t *ip, uint32_t version, uint32_t room, bool is_ethernet)
{
    uint32_t length;

    if (ip[0] >> 4 != version)
        return false;
    if (version == 4) {
        length = be16(ip + 2);
        if ((ip[0] & 0x0f) < 5 || length < IP4_HEADER)
            return false;
    } else {
        length = IP6_HEADER + be16(ip + 4);
    }
    return length == room || (length < room && !is_ethernet);
}

enum dec_step
dec_pw_frame(const struct cur *rest, uint32_t skip)
{
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        const uint32_t before = skip + frames[i].n_head;
        const uint8_t *h = cur_peek(rest, before + IP_PEEK);

        if (h && !memcmp(h + skip, frames[i].head, frames[i].n_head) &&
            ip_fits(h + before, frames[i].version, rest->told - before,
                    dec_looks_ethernet(rest, skip)))
            return (enum dec_step)frames[i].step;
    }
    return DEC_STOP;
}

/* The control word was looked at before it was taken. */
enum dec_step
dec_pwcw(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const enum dec_step step = dec_pw_frame(rest, 0);

    return step == DEC_STOP ? DEC_ETHER : step;
}

/* Control and network layer protocol. */
enum dec_step
dec_pwfr(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return dec_route(DEC_BY_NLPID, h[1]);
}

/* Address, control, EtherType. */
enum dec_step
dec_pwhdlc(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    return dec_route(DEC_BY_ETHERTYPE, be16(h + 2));
}
