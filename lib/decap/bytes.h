/* bytes.h - unaligned loads and stores of fixed byte order
 *
 * Packet bytes are never cast to a struct: every field is loaded from its place by one of these,
 * which work on any alignment and on hosts of either byte order. Compilers make one instruction of
 * each.
 */
#ifndef PAVO_BYTES_H
#define PAVO_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* Is it the constant 'v', or has it any bit of it? So without turning what was loaded. */
static inline bool
be16_is(const uint8_t *p, const uint16_t v)
{
    const uint8_t wanted[2] = {(uint8_t)(v >> 8), (uint8_t)v};

    return memcmp(p, wanted, sizeof wanted) == 0;
}

static inline bool
be16_has(const uint8_t *p, const uint16_t v)
{
    const uint8_t bits[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    uint16_t is, wanted;

    memcpy(&is, p, sizeof is);
    memcpy(&wanted, bits, sizeof wanted);
    return (is & wanted) != 0;
}

static inline uint32_t
be24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline uint32_t
be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
be64(const uint8_t *p)
{
    return (uint64_t)be32(p) << 32 | be32(p + 4);
}

static inline uint16_t
le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t
le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline void
be16_put(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void
be24_put(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 16);
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)v;
}

static inline void
be32_put(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static inline void
be64_put(uint8_t *p, uint64_t v)
{
    be32_put(p, (uint32_t)(v >> 32));
    be32_put(p + 4, (uint32_t)v);
}

#endif
