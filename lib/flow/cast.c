/* cast.c - is a flow meant for more than one host?
 *
 * By the network address if that says so, else by the link address of the innermost Ethernet frame:
 * a subnet's own broadcast address looks like any other without the subnet's mask.
 */
#include <string.h>

#include "talk.h"

uint8_t
cast_by(uint8_t kind, const uint8_t *dst, const uint8_t *mac)
{
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    if (kind == PAVO_KIND_IP4) {
        if (dst[0] >> 4 == 0xe) /* RFC 1112 section 4 */
            return PAVO_CAST_MULTICAST;
        if (memcmp(dst, all, 4) == 0) /* RFC 919 section 7 */
            return PAVO_CAST_BROADCAST;
    } else if (kind == PAVO_KIND_IP6 && dst[0] == 0xff) { /* RFC 4291 section 2.7 */
        return PAVO_CAST_MULTICAST;
    }
    if (!mac || !(mac[0] & 1)) /* IEEE 802-2014 clause 8.2 */
        return 0;
    return memcmp(mac, all, 6) == 0 ? PAVO_CAST_BROADCAST : PAVO_CAST_MULTICAST;
}

uint8_t
cast_of(const struct pavo_packet *first)
{
    const struct pavo_layers *at = &first->at;

    return cast_by(at->kind, at->dst, at->has_mac ? at->dst_mac : NULL);
}
