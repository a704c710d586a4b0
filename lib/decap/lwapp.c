/* lwapp.c - LWAPP, over UDP and straight over Ethernet */
#include "dec.h"

enum {
    VERSION = 0xc0,
    CONTROL = 0x04,
    FRAGMENT = 0x02,
};

/* RFC 5412, transport header: version 2 bits, radio id 3 bits, flags; fragment id, length, signal.
 * Over UDP the length must be that of the packet, which is what proves LWAPP. What controllers send
 * may have the address of the access point, 6 bytes, in front of it all. Fragments have no offset:
 * which of them holds a header is not known. */
enum dec_step
dec_lwapp(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const bool is_udp = dec_is_ip(w->out);
    uint32_t bytes = be16(h + 2);

    if (is_udp && ((h[0] & VERSION) || bytes != rest->told + w->over)) {
        h = cur_take(rest, 6);
        if (!h)
            return dec_cut(w, rest, 6);
        bytes = be16(h + 2);
        if (bytes != rest->told + w->over)
            return dec_stop(w, PAVO_WHY_UNSOUND);
    }
    if ((h[0] & VERSION) || bytes > rest->told + w->over)
        return dec_stop(w, PAVO_WHY_UNSOUND);
    if (h[0] & CONTROL) {
        w->out->named = PAVO_NAME_LWAPP_CONTROL;
        return DEC_STOP;
    }
    if (h[0] & FRAGMENT)
        return dec_stop(w, PAVO_WHY_TUNNEL_FRAGMENT);
    cur_narrow(rest, bytes);
    dec_enter(w, PAVO_CARRIER_LWAPP, h[0] >> 3 & 7u);
    return DEC_WLAN_SWAP;
}
