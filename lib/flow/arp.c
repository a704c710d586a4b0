/* arp.c - requests and replies of ARP, and who claims an address: RFC 826, RFC 5227
 *
 * A flow is one of two protocol addresses. The sender of a message claims its own one for its
 * hardware address. Only hardware addresses of six bytes are known; others are zero and not looked
 * at.
 */
#include <string.h>

#include "talk.h"

static const uint8_t nobody[6];

/* A claim of another hardware address than the first one's is a conflict: RFC 5227 section 2.4; two
 * probes for one address are too, section 2.1.1. */
static void
claim(struct assoc_part *part, unsigned which, const uint8_t sha[6])
{
    if (memcmp(sha, nobody, 6) == 0)
        return;
    if (!(part->u.link.claimed & 1u << which))
        memcpy(part->u.link.claim[which], sha, 6);
    else if (memcmp(part->u.link.claim[which], sha, 6) != 0)
        part->conflict = 1;
    part->u.link.claimed |= (uint8_t)(1u << which);
}

void
arp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    const struct pavo_layers *at = &p->at;
    /* ARP, RARP (RFC 903), InARP (RFC 2390). */
    const bool is_request = at->arp_op == 1 || at->arp_op == 3 || at->arp_op == 8;
    const bool is_reply = at->arp_op == 2 || at->arp_op == 4 || at->arp_op == 9;

    claim(part, side, at->arp_sha);
    if (at->arp_op <= 2 && memcmp(at->src, at->dst, 4) == 0) { /* RFC 5227 section 2.3 */
        if (part->state == PAVO_ASSOC_UNKNOWN)
            part->state = PAVO_ASSOC_ANNOUNCED;
    } else if (is_request) {
        if (part->state != PAVO_ASSOC_ANSWERED)
            part->state = PAVO_ASSOC_REQUESTED;
        if (part->asked_ns == 0 || part->asker == side)
            assoc_ask(part, side, ts_ns);
    } else if (is_reply) {
        part->state = PAVO_ASSOC_ANSWERED;
        if (memcmp(at->arp_sha, nobody, 6) != 0)
            memcpy(part->u.link.answered_by, at->arp_sha, 6);
        assoc_answer(part, side, ts_ns);
    }
}
