/* fabric.c - FabricPath and TRILL: frames routed by switches, under addresses of the fabric */
#include "routes.h"

/* The outer addresses are those of switches; then EtherType 0x8903, a forwarding tag of 10 bits and
 * a TTL of 6. A check sequence at the end is mostly not captured, so it is not cut off. */
enum dec_step
dec_fabricpath(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_enter_mac(w, PAVO_CARRIER_FABRICPATH, be16(h) >> 6);
    return DEC_ETHER;
}

/* Version 2 bits, reserved 2, multi-destination, length of options 5 (in words), hop count 6,
 * egress and ingress nickname: RFC 6325 section 3. */
enum dec_step
dec_trill(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    const uint32_t options = (be16(h) >> 6 & 0x1fu) * 4;

    if (h[0] >> 6 != 0)
        return dec_stop(w, PAVO_WHY_TAG_FORM);
    if (!cur_take(rest, options))
        return dec_cut(w, rest, options);
    dec_enter_mac(w, PAVO_CARRIER_TRILL, be32(h + 2));
    return DEC_ETHER;
}
