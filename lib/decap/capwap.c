/* capwap.c - the data channel of CAPWAP */
#include "dec.h"

enum {
    TYPE_DTLS = 1,
    /* Of the third and fourth byte. */
    NATIVE = 0x01, /* a frame of the radio, not of Ethernet */
    FRAGMENT = 0x80,
    WIRELESS_INFO = 0x20,
    RADIO_MAC = 0x10,
    KEEPALIVE = 0x08,
    RESERVED = 0x07,

    BINDING_80211 = 1,
    ELEMENT_SESSION = 35, /* all that a keep-alive has, RFC 5415 section 4.4.1 */
};

/* RFC 5415 section 4.2: three reserved bytes stand between the preamble and a DTLS record. */
static enum dec_step
dtls(const uint8_t *h, const struct cur *rest, struct dec_walk *w)
{
    const uint8_t *p = cur_peek(rest, 13);

    if (!p)
        return dec_cut(w, rest, 13);
    if (be24(h + 1) != 0 || p[0] < 20 || p[0] > 25 || p[1] != 0xfe || p[2] < 0xfd ||
        be16(p + 11) > rest->told + w->over - 13)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    w->out->named = PAVO_NAME_CAPWAP_DTLS;
    return DEC_STOP;
}

static enum dec_step
keepalive(const struct cur *rest, struct dec_walk *w)
{
    const uint8_t *p = cur_peek(rest, 6);

    if (!p)
        return dec_cut(w, rest, 6);
    if (be16(p + 2) != ELEMENT_SESSION || be16(p + 4) != 16)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    w->out->named = PAVO_NAME_CAPWAP_KEEPALIVE;
    return DEC_STOP;
}

/* The bytes of an optional part: a length and as many bytes, up to a multiple of 4. */
static uint32_t
part(const struct cur *options)
{
    const uint8_t *p = cur_peek(options, 1);

    return p ? (1u + p[0] + 3) & ~3u : 4;
}

/* RFC 5415 section 4.3. Version and type 4 bits each; header length in words 5 bits, radio id 5,
 * binding 5, nine flags; fragment id and offset. In the header may stand the MAC address of the
 * radio and what it says of the frame. */
enum dec_step
dec_capwap(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t head = (h[1] >> 3) * 4u;
    const uint32_t radio = (h[1] & 7u) << 2 | h[2] >> 6;
    const uint32_t binding = h[2] >> 1 & 0x1fu;
    const bool is_native = h[2] & NATIVE;
    struct cur options;
    const uint8_t *p;
    uint32_t bytes;

    if (h[0] == TYPE_DTLS)
        return dtls(h, rest, w);
    if (h[0] != 0 || head < 8 || (h[3] & RESERVED))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    options = *rest;
    p = cur_take(rest, head - 4);
    if (!p)
        return dec_cut(w, rest, head - 4);
    cur_narrow(&options, head - 4);
    cur_take(&options, 4);
    if (h[3] & RADIO_MAC) {
        const uint8_t *mac = cur_peek(&options, 1);

        bytes = part(&options);
        if (!mac || (mac[0] != 6 && mac[0] != 8) || !cur_take(&options, bytes))
            return dec_stop(w, PAVO_WHY_UNSOUND);
    }
    bytes = part(&options);
    if ((be16(p + 2) & RESERVED) || ((h[3] & WIRELESS_INFO) && !cur_take(&options, bytes)))
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (h[3] & KEEPALIVE)
        return keepalive(rest, w);
    if ((h[3] & FRAGMENT) && be16(p + 2) >> 3 != 0)
        return dec_stop(w, PAVO_WHY_TUNNEL_FRAGMENT);
    if (is_native && binding != BINDING_80211)
        return dec_stop(w, PAVO_WHY_UNOPENED);
    if (h[3] & FRAGMENT)
        w->is_piece = true;
    dec_enter(w, PAVO_CARRIER_CAPWAP, radio);
    if (binding != BINDING_80211)
        w->in_doubt = true;
    return is_native ? DEC_WLAN_SWAP : DEC_ETHER;
}
