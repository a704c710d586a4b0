/* table.c - finding a flow, and a place for a new one */
#include "table.h"

/* With so many free entries in the first bucket the other one is not looked at. */
enum { BUCKET_SPARE = 2 };

/* Where in a bucket the flow of 'key' stands, of those with its tag: 'bits'. */
static __attribute__((noinline)) uint64_t
bucket_find(const struct pavo_shard *s, uint32_t bucket, unsigned bits, const struct pavo_key *key)
{
    const struct ft_bucket *b = &s->buckets[bucket];

    for (; bits; bits &= bits - 1)
        if (key_equal(&s->flows[b->flow[lowest_bit(bits)]].key, key))
            return place_of(bucket, lowest_bit(bits));
    return NO_PLACE;
}

uint64_t
table_find(const struct pavo_shard *s, const struct pavo_key *key, uint64_t hash)
{
    const uint16_t tag = tag_of(hash);
    const uint32_t one = bucket_of(s, hash), two = bucket_other(s, one, tag);
    const unsigned bits = bucket_match(&s->buckets[one], tag);
    const unsigned others = bucket_match(&s->buckets[two], tag);
    uint64_t place = NO_PLACE;

    if (bits)
        place = bucket_find(s, one, bits, key);
    if (others && place == NO_PLACE)
        place = bucket_find(s, two, others, key);
    return place;
}

/* A free entry for 'hash': of its first bucket while that has some to spare, so that most lookups
 * need no other; else of the emptier one; or made free by moving one entry to its other bucket. */
uint64_t
table_place(struct pavo_shard *s, uint64_t hash)
{
    const uint32_t one = bucket_of(s, hash), two[2] = {one, bucket_other(s, one, tag_of(hash))};
    const unsigned free0 = bucket_match(&s->buckets[one], 0), more = free0 & (free0 - 1);
    const unsigned free1 = more ? 0 : bucket_match(&s->buckets[two[1]], 0);

    if (more || (free0 && bits_count(free1) < BUCKET_SPARE))
        return place_of(one, lowest_bit(free0));
    if (free1)
        return place_of(two[1], lowest_bit(free1));
    for (unsigned i = 0; i < 2 * BUCKET_ENTRIES; i++) {
        struct ft_bucket *from = &s->buckets[two[i / BUCKET_ENTRIES]];
        const unsigned entry = i % BUCKET_ENTRIES;
        const uint16_t moved = entry_tag(from, entry);
        struct ft_bucket *to = &s->buckets[bucket_other(s, two[i / BUCKET_ENTRIES], moved)];
        const unsigned room = bucket_match(to, 0);

        if (room) {
            entry_set(to, lowest_bit(room), moved, from->flow[entry], from->age[entry]);
            entry_set(from, entry, 0, 0, 0);
            return place_of(two[i / BUCKET_ENTRIES], entry);
        }
    }
    return NO_PLACE;
}

uint64_t
table_near(const struct pavo_shard *s, uint32_t bucket, uint64_t hash)
{
    uint64_t place = NO_PLACE;

    for (uint32_t i = 1; place == NO_PLACE && i <= 64 && i < s->n_buckets; i++) {
        const uint32_t near = (bucket + i) % s->n_buckets;

        place = idlest_of(s, near, near, hash);
    }
    return place;
}
