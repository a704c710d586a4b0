/* hash.h - the multiply-mix that all hashes here are made of
 *
 * hash_mum() multiplies two 64-bit words and folds the 128-bit product: every input bit reaches
 * every output bit of the product's middle, and the fold brings the ends together. Words are taken
 * from bytes in little-endian order everywhere, so that a fixed hash is the same number on any
 * machine.
 */
#ifndef PAVO_HASH_H
#define PAVO_HASH_H

#include "pavo_flow.h"

/* Odd, with bits spread evenly: the fraction of the golden ratio, and of square roots of primes. */
#define HASH_C0 UINT64_C(0x9e3779b97f4a7c15)
#define HASH_C1 UINT64_C(0x6a09e667f3bcc909)
#define HASH_C2 UINT64_C(0xbb67ae8584caa73b)

/* The same without a 128-bit type: schoolbook on 32-bit halves. */
static inline uint64_t
hash_mum_portable(uint64_t a, uint64_t b)
{
    const uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    const uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
    const uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
    const uint64_t low = mid << 32 | (uint32_t)ll;
    const uint64_t high = hh + (lh >> 32) + (hl >> 32) + (mid >> 32);

    return low ^ high;
}

static inline uint64_t
hash_mum(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide;
    const wide p = (wide)a * b;

    return (uint64_t)p ^ (uint64_t)(p >> 64);
#else
    return hash_mum_portable(a, b);
#endif
}

/* One more word into a fixed (unseeded) hash. Not zero-preserving: the first word may be 0. */
static inline uint64_t
hash_word(uint64_t h, uint64_t w)
{
    return hash_mum(h ^ w ^ HASH_C1, (w << 32 | w >> 32) + HASH_C0 + h) ^ h;
}

static inline uint64_t
hash_le64(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

#endif
