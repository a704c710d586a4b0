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

/* Is endpoint x behind y, as (address, port)? Any order would do that is the same on each machine:
 * it is that of addresses as two words, low byte first. */
static inline bool
key_is_after(const uint8_t *x, const uint8_t *y, uint16_t x_port, uint16_t y_port)
{
    const uint64_t xh = hash_le64(x), yh = hash_le64(y);
    const uint64_t xl = hash_le64(x + 8), yl = hash_le64(y + 8);

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

/* The table's hash of a key. First what the ends of a conversation are, by products of two words
 * with a half of the seed in each: of IPv4 one, for both addresses are one word; of others three
 * that do not wait for each other. Then, in the product that mixes all, what carries it and the
 * rest: to put them against each other one would have to know the first. As with pavo_hash(), who
 * does not know the seed can't aim at a collision. */
struct key_seed {
    uint64_t ends[2];
    uint64_t mix[2];
};

static inline struct key_seed
key_seed_of(const uint64_t seed[2])
{
    const uint64_t one = seed[0] ^ HASH_C0, two = seed[1] ^ HASH_C2;

    return (struct key_seed){.ends = {one, two}, .mix = {two, one}};
}

static inline uint64_t
key_hash_ends(const struct key_seed *seed, unsigned pair, uint64_t one, uint64_t two)
{
    return hash_mum(one ^ (seed->ends[0] + pair * HASH_C1), two ^ (seed->ends[1] + pair * HASH_C0));
}

/* 'w' are the words of a key, by their number. */
static inline __attribute__((always_inline)) uint64_t
key_hash_words(const struct key_seed *seed, const bool is_ip4, uint64_t w0, uint64_t w1,
               uint64_t w2, uint64_t w3, uint64_t w4, uint64_t w5, uint64_t w6, uint64_t w7)
{
    uint64_t h;

    if (is_ip4) /* w1 and w3 are 0, and half of w0 and w2 */
        h = key_hash_ends(seed, 0, w0 ^ (w2 << 32 | w2 >> 32), w4);
    else
        h = key_hash_ends(seed, 0, w0, w2) ^ key_hash_ends(seed, 1, w1, w3) ^
            key_hash_ends(seed, 2, w4, 0);
    if (w6)
        h ^= key_hash_ends(seed, 3, w6, 0);
    return hash_mum(h ^ w5 ^ w7 ^ seed->mix[0], seed->mix[1]) ^ h;
}

static inline uint64_t
key_hash(const struct pavo_key *k, const uint64_t seed[2])
{
    const struct key_seed by = key_seed_of(seed);

    return key_hash_words(&by, k->kind == PAVO_KIND_IP4, key_word(k, 0), key_word(k, 1),
                          key_word(k, 2), key_word(k, 3), key_word(k, 4), key_word(k, 5),
                          key_word(k, 6), key_word(k, 7));
}

/* Same on every machine and in every run; 0 never. */
uint64_t key_fixed_hash(const struct pavo_key *k);

/* What a layer must be part of the key by, PAVO_KEY_*; 0: it is not its identity. */
extern const uint8_t key_carrier_part[UINT8_MAX + 1];

/* The identity of the first 'n' layers, of all parts that 'parts' leaves in; 0 if there are none.
 */
uint64_t key_carrier(const struct pavo_layer *layers, unsigned n, unsigned parts);

/* Of one layer it is type and number as they are, where the hash has nothing else that who sends
 * packets may choose; of more than one a hash. */
static inline uint64_t
key_carrier_one(uint8_t type, uint32_t id)
{
    return (uint64_t)id << 32 | (uint64_t)type << 24;
}

/* Of one layer that is a tunnel. */
static inline uint64_t
key_carrier_tunnel(uint8_t carrier, uint32_t id, unsigned parts)
{
    return (key_carrier_part[carrier] & parts) ? key_carrier_one(carrier, id) : 0;
}

/* The key that packets of the conversation 'q' have, seen where 'error' (the key of the ICMP error)
 * was. */
void key_of_quote(const struct pavo_quote *q, const struct pavo_key *error, struct pavo_key *out);

#endif
