/* key.h - keys of conversations, inside the flow library */
#ifndef PAVO_KEY_H
#define PAVO_KEY_H

#include <string.h>

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
key_equal(const struct pavo_key *x, const struct pavo_key *y)
{
    uint64_t differ = 0;

    for (unsigned i = 0; i < KEY_WORDS; i++)
        differ |= key_word(x, i) ^ key_word(y, i);
    return differ == 0;
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
 * seed in it, so they do not wait for each other. The words that are 0 in most keys of IPv4 are
 * together, and then left out. As with pavo_hash(), who does not know the seed can't aim at a
 * collision. */
static inline uint64_t
key_hash(const struct pavo_key *k, const uint64_t seed[2])
{
    const uint64_t k0 = seed[0] ^ HASH_C0, k1 = seed[1] ^ HASH_C2;
    const uint64_t rare[4] = {key_word(k, 1), key_word(k, 3), key_word(k, 5), key_word(k, 6)};
    uint64_t h = hash_mum(key_word(k, 0) ^ k0, key_word(k, 2) ^ k1);

    h ^= hash_mum(key_word(k, 4) ^ (k0 + HASH_C1), key_word(k, 7) ^ (k1 + HASH_C0));
    if (rare[0] | rare[1] | rare[2] | rare[3]) {
        h ^= hash_mum(rare[0] ^ (k0 + 2 * HASH_C1), rare[1] ^ (k1 + 2 * HASH_C0));
        h ^= hash_mum(rare[2] ^ (k0 + 3 * HASH_C1), rare[3] ^ (k1 + 3 * HASH_C0));
    }
    return hash_mum(h ^ k1, k0 | 1) ^ h;
}

/* Same on every machine and in every run; 0 never. */
uint64_t key_fixed_hash(const struct pavo_key *k);

/* The identity of the first 'n' layers, of all parts that 'parts' leaves in; 0 if there are none.
 */
uint64_t key_carrier(const struct pavo_layer *layers, unsigned n, unsigned parts);

/* The key that packets of the conversation 'q' have, seen where 'error' (the key of the ICMP error)
 * was. */
void key_of_quote(const struct pavo_quote *q, const struct pavo_key *error, struct pavo_key *out);

#endif
