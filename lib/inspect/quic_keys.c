/* quic_keys.c - HKDF (RFC 5869) over SHA-256, and the labels of QUIC */
#include "quic_keys.h"

#include <string.h>

#include "sha256.h"

enum { BLOCK = 64, HASH = 32, SALT = 20, INFO_MAX = 64 };

/* RFC 2104; keys here are never longer than a block. */
static void
hmac(const uint8_t *key, size_t n_key, const uint8_t *at, size_t n, uint8_t out[HASH])
{
    uint8_t pad[BLOCK] = {0}, inner[HASH];
    struct sha256 s;

    memcpy(pad, key, n_key);
    for (unsigned i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36;
    sha256_begin(&s);
    sha256_put(&s, pad, BLOCK);
    sha256_put(&s, at, n);
    sha256_end(&s, inner);
    for (unsigned i = 0; i < BLOCK; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    sha256_begin(&s);
    sha256_put(&s, pad, BLOCK);
    sha256_put(&s, inner, HASH);
    sha256_end(&s, out);
}

/* HKDF-Expand-Label of RFC 8446 section 7.1 with an empty context, for at most one block. */
static void
expand(const uint8_t secret[HASH], const char *label, uint8_t *out, size_t n)
{
    const size_t letters = strlen(label);
    uint8_t info[INFO_MAX], hash[HASH], *at = info;

    *at++ = 0;
    *at++ = (uint8_t)n;
    *at++ = (uint8_t)(6 + letters);
    memcpy(at, "tls13 ", 6);
    memcpy(at + 6, label, letters);
    at += 6 + letters;
    *at++ = 0; /* context */
    *at++ = 1; /* the first block */
    hmac(secret, HASH, info, (size_t)(at - info), hash);
    memcpy(out, hash, n);
}

static const struct quic_version {
    uint32_t first, last;
    uint8_t salt[SALT];
    const char *key, *iv, *hp;
} versions[] = {
    {QUIC_V1,
     QUIC_V1,
     {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
     "quic key",
     "quic iv",
     "quic hp"},
    {QUIC_V2,
     QUIC_V2,
     {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
      0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
     "quicv2 key",
     "quicv2 iv",
     "quicv2 hp"},
    {(uint32_t)QUIC_DRAFT_29,
     (uint32_t)QUIC_DRAFT_32,
     {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
      0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
     "quic key",
     "quic iv",
     "quic hp"},
};

static const struct quic_version *
version_of(uint32_t version)
{
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
        if (version >= versions[i].first && version <= versions[i].last)
            return &versions[i];
    return NULL;
}

bool
quic_version_is_known(uint32_t version)
{
    return version_of(version) != NULL;
}

void
quic_client_keys(uint32_t version, const uint8_t *dcid, size_t n, struct quic_keys *out)
{
    const struct quic_version *v = version_of(version);
    uint8_t initial[HASH], client[HASH];

    if (!v) {
        memset(out, 0, sizeof *out);
        return;
    }
    hmac(v->salt, SALT, dcid, n, initial);
    expand(initial, "client in", client, HASH);
    expand(client, v->key, out->key, QUIC_KEY);
    expand(client, v->iv, out->iv, QUIC_IV);
    expand(client, v->hp, out->hp, QUIC_KEY);
}
