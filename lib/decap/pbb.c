/* pbb.c - provider backbone bridging: a customer's frame inside one of the backbone
 *
 * The I-TAG is I-SID and customer addresses, so what follows the I-SID reads as an Ethernet header.
 * Below MPLS (PBB-EVPN, RFC 7623) it is the EtherType of a pseudowire's frame.
 */
#include "routes.h"

/* Priority 3 bits, drop eligible, use of customer addresses, 3 reserved bits, I-SID 24 bits. The
 * addresses stand in the tag whatever the fifth bit says: IEEE 802.1Q-2022 clause 9.7. */
enum dec_step
dec_pbb(const uint8_t *h, struct cur *rest, struct dec_walk *w)
{
    dec_enter_mac(w, PAVO_CARRIER_PBB, be24(h + 1));
    return DEC_ETHER;
}
