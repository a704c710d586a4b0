/* bytes_put.h - stores and loads of numbers in network byte order, any alignment
 *
 * With a constant 'bytes' a compiler makes one swap and one store of them.
 */
#ifndef PAVO_BYTES_PUT_H
#define PAVO_BYTES_PUT_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PUT_SWAP(bits, v) __builtin_bswap##bits(v)
#else
#define PUT_SWAP(bits, v) (v)
#endif

/* The low 'bytes' (1 to 8) octets of 'v', the highest first. 'bytes' is a constant nearly
 * everywhere: inline it is one store, which a compiler that goes by a profile does not see. */
static inline __attribute__((always_inline)) uint8_t *
put_be(uint8_t *at, uint64_t v, unsigned bytes)
{
    if (bytes == 1) {
        *at = (uint8_t)v;
    } else if (bytes == 2) {
        const uint16_t swapped = PUT_SWAP(16, (uint16_t)v);

        memcpy(at, &swapped, sizeof swapped);
    } else if (bytes == 4) {
        const uint32_t swapped = PUT_SWAP(32, (uint32_t)v);

        memcpy(at, &swapped, sizeof swapped);
    } else if (bytes == 8) {
        const uint64_t swapped = PUT_SWAP(64, v);

        memcpy(at, &swapped, sizeof swapped);
    } else {
        for (unsigned i = 0; i < bytes; i++)
            at[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
    }
    return at + bytes;
}

static inline uint64_t
get_be(const uint8_t *at, unsigned bytes)
{
    uint64_t v = 0;

    if (bytes == 8) {
        memcpy(&v, at, 8);
        return PUT_SWAP(64, v);
    }
    for (unsigned i = 0; i < bytes; i++)
        v = v << 8 | at[i];
    return v;
}

/* The low 'bytes' octets of 'v', the lowest first. */
static inline uint8_t *
put_le(uint8_t *at, uint64_t v, unsigned bytes)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(at, &v, bytes);
#else
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(v >> 8 * i);
#endif
    return at + bytes;
}

static inline uint64_t
get_le64(const uint8_t *at)
{
    uint64_t v;

    memcpy(&v, at, sizeof v);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

#endif
