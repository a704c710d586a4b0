/* parts.c - fuzz target of what the parts of flows read in payloads: SCTP, ND, DHCP, RTP
 *
 * First byte: the protocol. Then the payload, in a block of just its size; it is taken from both
 * sides.
 */
#include <stdlib.h>
#include <string.h>

#include "talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
rtp(struct pavo_packet *p)
{
    struct rtp_probe probe = {0};
    struct rtp_part part;
    struct pavo_record_rtp r;

    for (uint64_t i = 1; i < 8; i++)
        if (rtp_probe_step(&probe, p, i & 1))
            abort(); /* one packet again and again is no sequence */
    rtp_begin(&part, &probe, p, 0, 1);
    for (uint64_t i = 2; i < 8; i++)
        rtp_step(&part, p, i & 1, i);
    rtp_fill(&part, 1, &r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pavo_packet p = {.at.kind = PAVO_KIND_IP6};
    struct pavo_record_assoc r;
    struct assoc_part part;
    uint8_t *bytes;

    if (size < 1 || size > 65536)
        return 0;
    bytes = malloc(size > 1 ? size - 1 : 1);
    if (!bytes)
        return 0;
    memcpy(bytes, data + 1, size - 1);
    p.payload = bytes;
    p.payload_held = (uint32_t)size - 1;
    if (data[0] & 0x80)
        p.at.kind = PAVO_KIND_IP4;
    p.at.has_sctp = 1;
    p.at.sctp_chunks = size > 1 && bytes[0] < 31 ? UINT32_C(1) << bytes[0] : 0;
    p.at.has_icmp = 1;
    p.at.icmp_type = data[0] & 0x40 ? 135 : 136;
    rtp(&p);
    assoc_begin(&part, (enum pavo_assoc)((data[0] & 0x3f) % PAVO_ASSOCS));
    assoc_step(&part, &p, 0, 1);
    assoc_step(&part, &p, 1, 2);
    assoc_fill(&part, 0, &r);
    if (r.state >= PAVO_ASSOC_STATES || r.hasAddress > 6)
        abort();
    free(bytes);
    return 0;
}
