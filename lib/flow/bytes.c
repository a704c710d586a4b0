/* bytes.c - the first bytes of each side's payload, and how evenly its bytes are spread */
#include <string.h>

#include "talk.h"

enum { FRACTION = 16 }; /* bits behind the point of a logarithm */

void
bytes_begin(struct bytes_part *part, uint16_t room)
{
    memset(part, 0, sizeof *part);
    part->room = room < PAVO_PAYLOAD_MAX ? room : PAVO_PAYLOAD_MAX;
}

void
bytes_step(struct bytes_part *part, unsigned side, const uint8_t *payload, uint32_t held,
           uint32_t len)
{
    const uint32_t left = (uint32_t)(part->room - part->n[side]);
    uint32_t n = payload ? held : 0;

    if (part->closed[side])
        return;
    part->closed[side] = n < len;
    if (n > left)
        n = left;
    if (n == 0)
        return;
    memcpy(part->at + (size_t)side * part->room + part->n[side], payload, n);
    part->n[side] = (uint16_t)(part->n[side] + n);
}

void
bytes_fill(const struct bytes_part *part, unsigned fwd, struct pavo_record_bytes *out)
{
    for (unsigned i = 0; i < 2; i++) {
        const unsigned side = i ^ fwd;

        out->n[i] = part->n[side];
        memcpy(out->at[i], part->at + (size_t)side * part->room, part->n[side]);
        memset(out->at[i] + part->n[side], 0, sizeof out->at[i] - part->n[side]);
    }
}

void
entropy_begin(struct entropy_part *part)
{
    memset(part, 0, sizeof *part);
}

void
entropy_interval(struct entropy_part *part)
{
    entropy_begin(part);
}

/* A full bin halves all of them, rounded up so that none is forgotten: the shares stay. */
void
entropy_step(struct entropy_part *part, unsigned side, const uint8_t *payload, uint32_t held)
{
    uint16_t *bins = part->bins[side];

    if (!payload)
        return;
    for (uint32_t i = 0; i < held; i++) {
        if (bins[payload[i]] == UINT16_MAX)
            for (unsigned b = 0; b < 256; b++)
                bins[b] = (uint16_t)((bins[b] + 1u) / 2);
        bins[payload[i]]++;
    }
}

/* Logarithm to base 2 of n > 0, times 2^FRACTION, rounded down: the same on every machine. */
static uint64_t
log2_fixed(uint32_t n)
{
    const unsigned whole = 31 - (unsigned)__builtin_clz(n);
    uint64_t x = ((uint64_t)n << 31) >> whole; /* 2^31 <= x < 2^32 */
    uint64_t log = whole;

    for (unsigned i = 0; i < FRACTION; i++) {
        x = x * x >> 31;
        log = log << 1 | (x >> 32 != 0);
        if (x >> 32)
            x >>= 1;
    }
    return log;
}

/* Shannon: the sum of -p log2 p is log2(total) - sum(n log2 n) / total. */
static uint8_t
entropy_of(const uint16_t *bins)
{
    uint64_t total = 0, sum = 0, scaled;

    for (unsigned i = 0; i < 256; i++) {
        total += bins[i];
        if (bins[i])
            sum += bins[i] * log2_fixed(bins[i]);
    }
    if (total == 0)
        return 0;
    scaled = (total * log2_fixed((uint32_t)total) - sum) / total;
    scaled = scaled * 32 >> FRACTION;
    return (uint8_t)(scaled < 255 ? scaled : 255);
}

void
entropy_fill(const struct entropy_part *part, unsigned fwd, uint8_t out[2])
{
    out[0] = entropy_of(part->bins[fwd]);
    out[1] = entropy_of(part->bins[!fwd]);
}
