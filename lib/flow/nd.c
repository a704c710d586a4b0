/* nd.c - neighbour solicitations and advertisements: RFC 4861 sections 4.3, 4.4, 7.2
 *
 * A solicitation goes to a multicast address and its advertisement to the asker, so they are mostly
 * two flows: one of each says what it can.
 */
#include <string.h>

#include "talk.h"

enum {
    SOLICITATION = 135,
    ADVERTISEMENT = 136,
    FLAG_SOLICITED = 0x40,
    OPTION_TARGET = 2, /* link-layer address of the target, section 4.6.1 */
    OPTIONS_AT = 20,
    OPTIONS_MAX = 16,
};

/* The target's link-layer address among the options of a message; NULL: there is none of six bytes.
 * Type, length in words of 8 bytes. */
static const uint8_t *
target_link(const uint8_t *h, uint32_t n)
{
    uint32_t i = OPTIONS_AT;

    for (unsigned k = 0; k < OPTIONS_MAX && i + 8 <= n && h[i + 1] != 0; k++) {
        if (h[i] == OPTION_TARGET)
            return h[i + 1] == 1 ? h + i + 2 : NULL;
        i += h[i + 1] * 8u;
    }
    return NULL;
}

/* Who answers for the target: the link-layer address that is named, else the frame's. Another one
 * than before, for the same target, is a conflict. */
static void
answered(struct assoc_part *part, const uint8_t *link, bool is_same)
{
    if (!link)
        return;
    if (!is_same || !part->u.link.claimed)
        memcpy(part->u.link.claim[0], link, 6);
    else if (memcmp(part->u.link.claim[0], link, 6) != 0)
        part->conflict = 1;
    part->u.link.claimed = 1;
    memcpy(part->u.link.answered_by, link, 6);
}

void
nd_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    const uint8_t *h = p->payload; /* reserved or flags 4 bytes, target 16, options */
    const uint8_t *link;
    bool is_same;

    if (!h || p->payload_held < OPTIONS_AT || !p->at.has_icmp)
        return;
    is_same = part->u.link.has_target && memcmp(part->u.link.target, h + 4, 16) == 0;
    if (p->at.icmp_type == SOLICITATION) {
        if (part->state != PAVO_ASSOC_ANSWERED || !is_same)
            part->state = PAVO_ASSOC_REQUESTED;
        assoc_ask(part, side, ts_ns);
    } else if (p->at.icmp_type == ADVERTISEMENT) {
        link = target_link(h, p->payload_held);
        answered(part, link ? link : p->at.has_mac ? p->at.src_mac : NULL, is_same);
        part->state = h[0] & FLAG_SOLICITED ? PAVO_ASSOC_ANSWERED : PAVO_ASSOC_ANNOUNCED;
        if (is_same)
            assoc_answer(part, side, ts_ns);
    } else {
        return;
    }
    memcpy(part->u.link.target, h + 4, 16);
    part->u.link.has_target = 1;
}
