/* key.h - keys of conversations, inside the flow library */
#ifndef PAVO_KEY_H
#define PAVO_KEY_H

#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "bytes.h"
#include "hash.h"

enum {
    PROTO_ICMP = 1,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    PROTO_ICMPV6 = 58,
    PROTO_UDPLITE = 136,
    KEY_WORDS = sizeof(struct pavo_key) / 8,
};

/* Word 'i' of a key, in the machine's own order. */
static inline uint64_t
key_word(const struct pavo_key *k, unsigned i)
{
    uint64_t w;

    memcpy(&w, (const uint8_t *)k + 8 * (size_t)i, sizeof w);
    return w;
}

/* Equal in all 64 bytes; no branch until the end, for keys that are compared mostly are equal. */
static inline bool
key_equal_portable(const struct pavo_key *x, const struct pavo_key *y)
{
    uint64_t differ = 0;

    for (unsigned i = 0; i < KEY_WORDS; i++)
        differ |= key_word(x, i) ^ key_word(y, i);
    return differ == 0;
}

static inline bool
key_equal(const struct pavo_key *x, const struct pavo_key *y)
{
#if defined(__SSE2__)
    const __m128i *a = (const void *)x, *b = (const void *)y;
    __m128i equal = _mm_cmpeq_epi8(_mm_loadu_si128(a), _mm_loadu_si128(b));

    for (unsigned i = 1; i < sizeof *x / sizeof *a; i++)
        equal =
            _mm_and_si128(equal, _mm_cmpeq_epi8(_mm_loadu_si128(a + i), _mm_loadu_si128(b + i)));
    return _mm_movemask_epi8(equal) == 0xffff;
#else
    return key_equal_portable(x, y);
#endif
}

/* Is endpoint x behind y, as (address, port)? */
static inline bool
key_is_after(const uint8_t *x, const uint8_t *y, uint16_t x_port, uint16_t y_port)
{
    const uint64_t xh = be64(x), yh = be64(y);
    const uint64_t xl = be64(x + 8), yl = be64(y + 8);

    if (xh != yh)
        return xh > yh;
    return xl != yl ? xl > yl : x_port > y_port;
}

static inline bool
key_is_icmp(const struct pavo_key *k)
{
    return (k->proto == PROTO_ICMP && k->kind == PAVO_KIND_IP4) ||
           (k->proto == PROTO_ICMPV6 && k->kind == PAVO_KIND_IP6);
}

/* What an ICMP message is to a flow: RFC 1122 section 3.2.2 and RFC 4443 section 2.1 name the
 * classes. */
enum icmp_class {
    ICMP_OTHER = 0,
    ICMP_REQUEST,
    ICMP_REPLY,
    ICMP_ERROR, /* quotes the packet that caused it */
};
enum icmp_class icmp_classify(uint8_t proto, uint8_t type);

/* The table's hash of a key: each pair of words has a product of its own with both halves of the
 * seed in it, so they do not wait for each other. Pairs that are 0 in most keys are left out then:
 * the second halves of addresses, and what carries or quotes. As with pavo_hash(), who does not
 * know the seed can't aim at a collision. */
static inline uint64_t
key_hash_of(const uint64_t seed[2], unsigned pair, uint64_t one, uint64_t two)
{
    return hash_mum(one ^ ((seed[0] ^ HASH_C0) + pair * HASH_C1),
                    two ^ ((seed[1] ^ HASH_C2) + pair * HASH_C0));
}

/* 'w' are the words of a key, by their number. */
static inline uint64_t
key_hash_words(const uint64_t seed[2], uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3,
               uint64_t w4, uint64_t w5, uint64_t w6, uint64_t w7)
{
    uint64_t h = key_hash_of(seed, 0, w0, w2) ^ key_hash_of(seed, 1, w4, w7);

    if (w1 | w3)
        h ^= key_hash_of(seed, 2, w1, w3);
    if (w5 | w6)
        h ^= key_hash_of(seed, 3, w5, w6);
    return hash_mum(h ^ seed[1] ^ HASH_C2, (seed[0] ^ HASH_C0) | 1) ^ h;
}

static inline uint64_t
key_hash(const struct pavo_key *k, const uint64_t seed[2])
{
    return key_hash_words(seed, key_word(k, 0), key_word(k, 1), key_word(k, 2), key_word(k, 3),
                          key_word(k, 4), key_word(k, 5), key_word(k, 6), key_word(k, 7));
}

/* Same on every machine and in every run; 0 never. */
uint64_t key_fixed_hash(const struct pavo_key *k);

/* The identity of the first 'n' layers, of all parts that 'parts' leaves in; 0 if there are none.
 * Of one layer that is a tunnel its carrier and number are enough. */
uint64_t key_carrier(const struct pavo_layer *layers, unsigned n, unsigned parts);
uint64_t key_carrier_tunnel(uint8_t carrier, uint32_t id, unsigned parts);

/* The key that packets of the conversation 'q' have, seen where 'error' (the key of the ICMP error)
 * was. */
void key_of_quote(const struct pavo_quote *q, const struct pavo_key *error, struct pavo_key *out);

#endif
