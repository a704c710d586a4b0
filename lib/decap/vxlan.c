/* vxlan.c - VXLAN and its generic protocol extension */
#include "routes.h"

enum {
    FLAG_I = 0x08, /* the VNI is valid */
    FLAG_G = 0x80, /* group policy: flags and a group id where VXLAN has reserved bytes */
    GPE_VERSION = 0x30,
    GPE_I = 0x08,
    GPE_P = 0x04, /* a next protocol is named; else the payload is Ethernet */
    GPE_O = 0x01, /* for the operation of the tunnel, not traffic */
};

/* RFC 7348 section 5. Reserved bits are ignored by receivers, but one that is set makes it likelier
 * that something else uses the port: then only IP or ARP inside proves a tunnel. */
enum dec_step
dec_vxlan(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const bool is_strict =
        (h[0] & ~(FLAG_I | FLAG_G)) == 0 && (h[0] & FLAG_G || be24(h + 1) == 0) && h[7] == 0;

    if (!(h[0] & FLAG_I))
        return dec_stop(w, PAVO_WHY_VXLAN_NO_VNI);
    dec_enter(w, PAVO_CARRIER_VXLAN, be24(h + 4));
    if (!is_strict)
        w->in_doubt = true;
    return DEC_ETHER;
}

/* draft-ietf-nvo3-vxlan-gpe-13 section 3: flags, 16 reserved bits, next protocol, VNI, reserved. */
enum dec_step
dec_vxlan_gpe(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    enum dec_step step = DEC_ETHER;

    if (h[0] & GPE_VERSION)
        return dec_stop(w, PAVO_WHY_GPE_VERSION);
    if (!(h[0] & GPE_I))
        return dec_stop(w, PAVO_WHY_VXLAN_NO_VNI);
    if (h[0] & GPE_P)
        step = dec_route(DEC_BY_GPE, h[3]);
    if (step == DEC_STOP || (h[0] & GPE_O))
        return dec_stop(w, PAVO_WHY_UNOPENED);
    dec_enter(w, PAVO_CARRIER_VXLAN_GPE, be24(h + 4));
    if ((h[0] & 0xc0) || be16(h + 1) || h[7])
        w->in_doubt = true;
    return step;
}
