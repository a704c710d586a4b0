/* first.c - sizes, directions and gaps of a flow's first packets with payload */
#include <string.h>

#include "talk.h"

void
first_begin(struct first_part *part)
{
    memset(part, 0, sizeof *part);
}

void
first_step(struct first_part *part, const struct pavo_packet *p, unsigned side, uint64_t ts_ns)
{
    const uint32_t octets = p->at.payload_len;
    uint64_t gap_us = 0;

    if (octets == 0 || part->n == PAVO_FIRST_MAX)
        return;
    if (part->n && ts_ns > part->last_ns)
        gap_us = (ts_ns - part->last_ns) / 1000;
    part->gap_us[part->n] = gap_us < UINT32_MAX ? (uint32_t)gap_us : UINT32_MAX;
    part->octets[part->n] = (uint16_t)(octets < UINT16_MAX ? octets : UINT16_MAX);
    part->by_b |= (uint16_t)(side << part->n);
    part->n++;
    part->last_ns = ts_ns;
}

void
first_fill(const struct first_part *part, unsigned fwd, struct pavo_record_first *out)
{
    const uint32_t there = (UINT32_C(1) << part->n) - 1;

    memset(out, 0, sizeof *out);
    out->n = part->n;
    memcpy(out->octets, part->octets, sizeof out->octets);
    memcpy(out->gap_us, part->gap_us, sizeof out->gap_us);
    out->fromInitiator = (uint16_t)((fwd ? part->by_b : ~(uint32_t)part->by_b) & there);
}
