/* sha1.c - SHA-1, RFC 3174 section 6.1, one block of 64 octets at a time */
#include "sha1.h"

#include <string.h>

#include "bytes_put.h"

static inline uint32_t
rotate(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static void
sha1_block(uint32_t h[5], const uint8_t block[64])
{
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    for (unsigned t = 0; t < 16; t++)
        w[t] = (uint32_t)get_be(block + (size_t)4 * t, 4);
    for (unsigned t = 16; t < 80; t++)
        w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (unsigned t = 0; t < 80; t++) {
        const uint32_t f = t < 20   ? (b & c) | (~b & d)
                           : t < 40 ? b ^ c ^ d
                           : t < 60 ? (b & c) | (b & d) | (c & d)
                                    : b ^ c ^ d;
        const uint32_t next = rotate(a, 5) + f + e + w[t] + k[t / 20];

        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
}

void
sha1(const uint8_t *bytes, size_t n, uint8_t out[SHA1_BYTES])
{
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t last[128] = {0};
    size_t rest = n % 64, padded = rest < 56 ? 64 : 128;

    for (size_t i = 0; i + 64 <= n; i += 64)
        sha1_block(h, bytes + i);
    memcpy(last, bytes + (n - rest), rest);
    last[rest] = 0x80;
    put_be(last + padded - 8, (uint64_t)n * 8, 8);
    sha1_block(h, last);
    if (padded == 128)
        sha1_block(h, last + 64);
    for (unsigned i = 0; i < 5; i++)
        put_be(out + (size_t)4 * i, h[i], 4);
}
