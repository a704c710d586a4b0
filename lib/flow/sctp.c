/* sctp.c - the life of an SCTP association, as far as a bystander sees it; RFC 9260
 *
 * Goes by the types of the chunks that the decoder read (bits of sctp_chunks), and looks into INIT
 * and INIT ACK for the tags and addresses that they name. Where a packet has several chunks the
 * later stage counts; only INIT, INIT ACK and SHUTDOWN COMPLETE are always alone (section 6.10).
 */
#include <string.h>

#include "bytes.h"
#include "talk.h"

enum {
    CHUNK_DATA = 1u << 0,
    CHUNK_INIT = 1u << 1,
    CHUNK_INIT_ACK = 1u << 2,
    CHUNK_SACK = 1u << 3,
    CHUNK_HEARTBEAT = 1u << 4,
    CHUNK_HEARTBEAT_ACK = 1u << 5,
    CHUNK_ABORT = 1u << 6,
    CHUNK_SHUTDOWN = 1u << 7,
    CHUNK_SHUTDOWN_ACK = 1u << 8,
    CHUNK_COOKIE_ECHO = 1u << 10,
    CHUNK_COOKIE_ACK = 1u << 11,
    CHUNK_SHUTDOWN_COMPLETE = 1u << 14,
    INIT_BYTES = 20, /* chunk header, initiate tag, window, streams, first TSN: section 3.3.2 */
    PARAMETER_IP4 = 5,
    PARAMETER_IP6 = 6,
    PARAMETERS_MAX = 32,
};

/* What only an established association sends, RFC 9260 sections 6 and 8.3; bit 31 is of the chunks
 * of later specifications: I-DATA (RFC 8260), ASCONF (RFC 5061), re-configuration (RFC 6525). */
static const uint32_t chunks_live = CHUNK_COOKIE_ACK | CHUNK_DATA | CHUNK_SACK | CHUNK_HEARTBEAT |
                                    CHUNK_HEARTBEAT_ACK | UINT32_C(1) << 31;

/* Does the INIT or INIT ACK of 'n' bytes at 'h' name an address that is not the packet's source?
 * Parameters: type, length with these four bytes and without padding, section 3.2.1. */
static bool
names_others(const uint8_t *h, uint32_t n, const uint8_t source[16])
{
    uint32_t i = INIT_BYTES;

    for (unsigned k = 0; k < PARAMETERS_MAX && i + 4 <= n; k++) {
        const uint32_t type = be16(h + i), len = be16(h + i + 2);

        if (len < 4 || len > n - i)
            return false;
        if (type == PARAMETER_IP4 && len == 8 && memcmp(h + i + 4, source, 4) != 0)
            return true;
        if (type == PARAMETER_IP6 && len == 20 && memcmp(h + i + 4, source, 16) != 0)
            return true;
        i += (len + 3) & ~UINT32_C(3);
    }
    return false;
}

/* The tags: that of a packet is the one that its receiver expects (section 8.5), 0 with INIT; ABORT
 * and SHUTDOWN COMPLETE may have the sender's own one (section 8.5.1). INIT and INIT ACK say what
 * their sender expects. */
static void
tags(struct assoc_part *part, const struct pavo_packet *p, unsigned side)
{
    const uint32_t chunks = p->at.sctp_chunks;
    const uint8_t *h = p->payload;
    uint32_t n = p->payload_held;

    if (!(chunks & (CHUNK_INIT | CHUNK_ABORT | CHUNK_SHUTDOWN_COMPLETE)) && p->at.sctp_vtag)
        part->u.sctp.tag[!side] = p->at.sctp_vtag;
    if (!(chunks & (CHUNK_INIT | CHUNK_INIT_ACK)) || !h || n < INIT_BYTES || h[0] < 1 || h[0] > 2)
        return;
    if (be16(h + 2) < n)
        n = be16(h + 2);
    part->u.sctp.tag[side] = be32(h + 4);
    if (names_others(h, n, p->at.src))
        part->u.sctp.multihomed = 1;
}

static enum pavo_assoc_state
state_after(enum pavo_assoc_state state, uint32_t chunks)
{
    const bool is_over = state == PAVO_ASSOC_CLOSED || state == PAVO_ASSOC_ABORTED;

    if (chunks & CHUNK_ABORT) /* after the end it answers what came too late: section 8.4 */
        return is_over ? state : PAVO_ASSOC_ABORTED;
    if (chunks & CHUNK_SHUTDOWN_COMPLETE)
        return PAVO_ASSOC_CLOSED;
    if (chunks & (CHUNK_SHUTDOWN | CHUNK_SHUTDOWN_ACK))
        return is_over ? state : PAVO_ASSOC_CLOSING;
    if (chunks & CHUNK_INIT) /* of a living one it changes nothing before its cookie: section 5.2 */
        return state == PAVO_ASSOC_UNKNOWN || is_over ? PAVO_ASSOC_REQUESTED : state;
    if (chunks & (CHUNK_INIT_ACK | CHUNK_COOKIE_ECHO)) /* data may come with the cookie */
        return state < PAVO_ASSOC_ANSWERED ? PAVO_ASSOC_ANSWERED : state;
    if (chunks & chunks_live)
        return state < PAVO_ASSOC_ESTABLISHED ? PAVO_ASSOC_ESTABLISHED : state;
    return state;
}

void
sctp_step(struct assoc_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    if (!p->at.has_sctp)
        return;
    part->state = (uint8_t)state_after((enum pavo_assoc_state)part->state, p->at.sctp_chunks);
    tags(part, p, side);
    if (p->at.sctp_chunks & CHUNK_INIT)
        assoc_ask(part, side, ts_ns);
    else if (p->at.sctp_chunks & CHUNK_INIT_ACK)
        assoc_answer(part, side, ts_ns);
}
