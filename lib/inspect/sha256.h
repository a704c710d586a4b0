/* sha256.h - SHA-256, FIPS 180-4: what JA4 is made of */
#ifndef PAVO_SHA256_H
#define PAVO_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
};

void sha256_begin(struct sha256 *s);
void sha256_put(struct sha256 *s, const void *bytes, size_t n);
void sha256_end(struct sha256 *s, uint8_t out[32]);

#endif
