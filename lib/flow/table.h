/* table.h - where flows stand
 *
 * A flow has two buckets it may stand in, of one cache line and eight entries each. The first comes
 * from the hash, the other one from the first and the tag alone (partial-key cuckoo hashing), so an
 * entry can be moved without its key. A lookup reads two lines at most and compares tags; the flow
 * itself is touched only for an equal tag. A new flow goes to its first bucket while that has room
 * to spare, then to the emptier one; when both are full, one of the sixteen is moved to its other
 * bucket; when none can be, the idlest of the sixteen is evicted. So any operation has a fixed
 * bound, whatever the input; the hash is seeded, so the input can't choose the bucket.
 *
 * A place is a bucket and an entry in it: bucket * BUCKET_ENTRIES + entry.
 */
#ifndef PAVO_TABLE_H
#define PAVO_TABLE_H

#include "flow.h"

static inline uint16_t
tag_of(uint64_t hash)
{
    const uint16_t tag = (uint16_t)(hash >> 48);

    return tag ? tag : 1;
}

static inline uint32_t
bucket_of(const struct pavo_shard *s, uint64_t hash)
{
    return (uint32_t)((hash & UINT32_MAX) * s->n_buckets >> 32);
}

/* The other bucket of an entry: its mirror image about a point that the tag chooses. So it is its
 * own inverse; and never the same bucket, for the sum of both is odd, and the number of buckets
 * even. */
static inline uint32_t
bucket_other(const struct pavo_shard *s, uint32_t bucket, uint16_t tag)
{
    const uint32_t scattered = (uint32_t)tag * UINT32_C(0x9e3779b1);
    const uint32_t sum = (uint32_t)((uint64_t)scattered * s->n_buckets >> 32) | 1;

    return sum >= bucket ? sum - bucket : sum + s->n_buckets - bucket;
}

static inline uint64_t
place_of(uint32_t bucket, unsigned entry)
{
    return (uint64_t)bucket * BUCKET_ENTRIES + entry;
}

static inline struct ft_bucket *
place_bucket(const struct pavo_shard *s, uint64_t place)
{
    return &s->buckets[place / BUCKET_ENTRIES];
}

static inline uint32_t
place_flow(const struct pavo_shard *s, uint64_t place)
{
    return place_bucket(s, place)->flow[place % BUCKET_ENTRIES];
}

static inline void
place_clear(struct pavo_shard *s, uint64_t place)
{
    entry_set(place_bucket(s, place), place % BUCKET_ENTRIES, 0, 0, 0);
}

static inline uint16_t
age_now(const struct pavo_shard *s)
{
    return (uint16_t)(s->now_ns >> s->age_shift);
}

/* The idlest entry of two buckets; NO_PLACE if they are empty. Of equally idle ones it is any:
 * 'hash' chooses, so that a flood within one unit of time does not always replace the same entry.
 */
static inline uint64_t
idlest_of(const struct pavo_shard *s, uint32_t one, uint32_t two, uint64_t hash)
{
    const unsigned turn = (unsigned)(hash >> 32) % (2 * BUCKET_ENTRIES);
    const unsigned bits = buckets_idlest(&s->buckets[one], &s->buckets[two], age_now(s));
    unsigned at;

    if (!bits)
        return NO_PLACE;
    at = (lowest_bit(bits >> turn | bits << (2 * BUCKET_ENTRIES - turn)) + turn) %
         (2 * BUCKET_ENTRIES);
    return place_of(at < BUCKET_ENTRIES ? one : two, at % BUCKET_ENTRIES);
}

/* A free place for 'hash', or NO_PLACE: a victim must go. */
uint64_t table_place(struct pavo_shard *s, uint64_t hash);
/* The idlest flow of a bucket behind this one, which is empty; NO_PLACE: nobody is near. */
uint64_t table_near(const struct pavo_shard *s, uint32_t bucket, uint64_t hash);

#endif
