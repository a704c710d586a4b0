/* hash.c - the table's keyed hash, and the NIC's symmetric Toeplitz hash
 *
 * pavo_hash: sixteen bytes a step through one multiply-mix, with both halves of the seed in each
 * step. Whoever does not know the seed can't aim at a collision: a factor of the product is only
 * made zero, or equal to that of another input, by guessing 64 bits.
 *
 * pavo_toeplitz: the key 0x6D5A repeated has a period of 16 bits. An input bit contributes the 32
 * key bits that begin at its position, so only its position modulo 16 matters: the hash is a linear
 * function of the XOR of all 16-bit words of the input. That makes it symmetric (swapping addresses
 * and ports is another order of the same XOR), makes its two halves equal, and lets two tables of
 * 256 entries do what the definition does bit by bit.
 */
#include "hash.h"

uint64_t
pavo_hash(const void *bytes, size_t n, const uint64_t seed[2])
{
    const uint8_t *p = bytes;
    const uint64_t k0 = seed[0] ^ HASH_C0, k1 = seed[1] ^ HASH_C2;
    uint64_t h = k0 ^ (uint64_t)n * HASH_C1;
    uint64_t turn = k1;

    for (; n >= 16; n -= 16, p += 16) {
        h = hash_mum(hash_le64(p) ^ h, hash_le64(p + 8) ^ turn);
        turn += k0; /* each step has a factor of its own */
    }
    if (n) {
        uint8_t rest[16] = {0};

        for (size_t i = 0; i < n; i++)
            rest[i] = p[i];
        h = hash_mum(hash_le64(rest) ^ h, hash_le64(rest + 8) ^ turn);
    }
    return hash_mum(h ^ k1, k0 | 1) ^ h;
}

/* clang-format off */
/* Entry v of TOE_HIGH is the XOR of the key rotated left by i for each bit 7-i set in v: what the upper byte of the
 * folded word contributes. The lower byte's is the same, rotated by eight more. */
#define ROT(i)     ((uint16_t)(0x6d5au << (i) | 0x6d5au >> (16 - (i))))
#define BIT(v, i)  ((v) >> (7 - (i)) & 1u)
#define ENTRY(v)   ((uint16_t)((BIT(v, 0) ? 0x6d5au : 0) ^ (BIT(v, 1) ? ROT(1) : 0) ^ (BIT(v, 2) ? ROT(2) : 0) ^ \
                               (BIT(v, 3) ? ROT(3) : 0) ^ (BIT(v, 4) ? ROT(4) : 0) ^ (BIT(v, 5) ? ROT(5) : 0) ^ \
                               (BIT(v, 6) ? ROT(6) : 0) ^ (BIT(v, 7) ? ROT(7) : 0)))
#define ROW4(v)    ENTRY(v), ENTRY((v) + 1), ENTRY((v) + 2), ENTRY((v) + 3)
#define ROW16(v)   ROW4(v), ROW4((v) + 4), ROW4((v) + 8), ROW4((v) + 12)
#define ROW64(v)   ROW16(v), ROW16((v) + 16), ROW16((v) + 32), ROW16((v) + 48)
static const uint16_t toe_high[256] = { ROW64(0u), ROW64(64u), ROW64(128u), ROW64(192u) };
/* clang-format on */

uint32_t
pavo_toeplitz_word(uint16_t word)
{
    /* The lower byte's bits stand eight places further on: rotated by eight. */
    const uint32_t low = toe_high[word & 0xff];
    const uint32_t half = toe_high[word >> 8] ^ ((low << 8 | low >> 8) & 0xffff);

    return half << 16 | half;
}

uint32_t
pavo_toeplitz(const uint8_t *src, const uint8_t *dst, unsigned addr_bytes, uint16_t src_port,
              uint16_t dst_port)
{
    unsigned high = 0, low = (unsigned)src_port ^ dst_port;

    for (unsigned i = 0; i + 1 < addr_bytes; i += 2) {
        high ^= (unsigned)src[i] ^ dst[i];
        low ^= (unsigned)src[i + 1] ^ dst[i + 1];
    }
    return pavo_toeplitz_word((uint16_t)(high << 8 ^ low));
}
