/* bucket.h - one cache line of the table: eight flows by tag
 *
 * A tag is 16 bits of the hash, never 0; a free entry has tag 0. Tags are packed into words (entry
 * i in bits 16*(i%4) of word i/4), so that one operation compares four, or with vectors all eight.
 * An entry's other bucket follows from its tag and this one. 'age' is when a packet last came, in
 * units of 2^age_shift ns modulo 2^16, written when it changes: enough to find the idlest entry
 * without touching the flows.
 */
#ifndef PAVO_BUCKET_H
#define PAVO_BUCKET_H

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "cacheline.h"

enum { BUCKET_ENTRIES = 8 };

struct ft_bucket {
    PAVO_ALIGNED uint64_t tags[2];
    uint16_t age[BUCKET_ENTRIES];
    uint32_t flow[BUCKET_ENTRIES];
};
_Static_assert(sizeof(struct ft_bucket) == PAVO_CACHE_LINE, "a bucket is one line");

#define LANES_LOW  UINT64_C(0x0001000100010001)
#define LANES_HIGH UINT64_C(0x8000800080008000)

/* Which of four lanes are 'tag': bits 0..3. */
static inline unsigned
lanes_equal(uint64_t lanes, uint64_t tag)
{
    const uint64_t x = lanes ^ tag * LANES_LOW; /* 0 where equal */
    const uint64_t zero = ~(((x & ~LANES_HIGH) + ~LANES_HIGH) | x) & LANES_HIGH;

    return (unsigned)((zero >> 15) * UINT64_C(0x0001000200040008) >> 48) & 0xf;
}

static inline unsigned
bucket_match_portable(const struct ft_bucket *b, uint16_t tag)
{
    return lanes_equal(b->tags[0], tag) | lanes_equal(b->tags[1], tag) << 4;
}

/* Which entries have 'tag' (0: are free): bits 0..7. */
static inline unsigned
bucket_match(const struct ft_bucket *b, uint16_t tag)
{
#if defined(__SSE2__)
    const __m128i tags = _mm_load_si128((const __m128i *)(const void *)b->tags);
    const __m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16((short)tag));

    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
#else
    return bucket_match_portable(b, tag);
#endif
}

/* The idlest entries of two buckets: bits 0..7 of the first, 8..15 of the second; 0: both are
 * empty. */
static inline unsigned
buckets_idlest_portable(const struct ft_bucket *one, const struct ft_bucket *two, uint16_t now)
{
    unsigned bits = 0;
    uint16_t idle = 0;

    for (unsigned i = 0; i < 2 * BUCKET_ENTRIES; i++) {
        const struct ft_bucket *b = i < BUCKET_ENTRIES ? one : two;
        const unsigned at = i % BUCKET_ENTRIES;
        const uint16_t age = (uint16_t)(now - b->age[at]);

        if (!(b->tags[at / 4] >> 16 * (at % 4) & 0xffff) || age < idle)
            continue;
        bits = age > idle ? 1u << i : bits | 1u << i;
        idle = age;
    }
    return bits;
}

#if defined(__SSE2__)
/* How idle each entry is, less 2^15, for vectors compare signed numbers; what is free counts as the
 * least. */
static inline __m128i
bucket_idle(const struct ft_bucket *b, __m128i now, __m128i is_free)
{
    const __m128i low = _mm_set1_epi16(INT16_MIN);
    const __m128i ages = _mm_load_si128((const __m128i *)(const void *)b->age);
    const __m128i all = _mm_xor_si128(_mm_sub_epi16(now, ages), low);

    return _mm_or_si128(_mm_and_si128(is_free, low), _mm_andnot_si128(is_free, all));
}

static inline __m128i
bucket_is_free(const struct ft_bucket *b)
{
    return _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)(const void *)b->tags),
                           _mm_setzero_si128());
}
#endif

static inline unsigned
buckets_idlest(const struct ft_bucket *one, const struct ft_bucket *two, uint16_t now)
{
#if defined(__SSE2__)
    const __m128i nows = _mm_set1_epi16((short)now);
    const __m128i free0 = bucket_is_free(one), free1 = bucket_is_free(two);
    const __m128i idle0 = bucket_idle(one, nows, free0), idle1 = bucket_idle(two, nows, free1);
    __m128i most = _mm_max_epi16(idle0, idle1);

    most = _mm_max_epi16(most, _mm_shuffle_epi32(most, 0x4e));
    most = _mm_max_epi16(most, _mm_shuffle_epi32(most, 0xb1));
    most = _mm_max_epi16(most, _mm_shufflelo_epi16(most, 0xb1));
    most = _mm_shuffle_epi32(_mm_shufflelo_epi16(most, 0), 0);
    return (unsigned)_mm_movemask_epi8(
        _mm_packs_epi16(_mm_andnot_si128(free0, _mm_cmpeq_epi16(idle0, most)),
                        _mm_andnot_si128(free1, _mm_cmpeq_epi16(idle1, most))));
#else
    return buckets_idlest_portable(one, two, now);
#endif
}

static inline unsigned
lowest_bit(unsigned bits)
{
    return (unsigned)__builtin_ctz(bits);
}

/* Of eight bits; the builtin is a call where the machine's least model has no such instruction. */
static inline unsigned
bits_count(unsigned bits)
{
    bits -= bits >> 1 & 0x55;
    bits = (bits & 0x33) + (bits >> 2 & 0x33);
    return (bits + (bits >> 4)) & 0xf;
}

static inline uint16_t
entry_tag(const struct ft_bucket *b, unsigned entry)
{
    return (uint16_t)(b->tags[entry / 4] >> 16 * (entry % 4));
}

static inline void
entry_set(struct ft_bucket *b, unsigned entry, uint16_t tag, uint32_t flow, uint16_t age)
{
    const unsigned shift = 16 * (entry % 4);

    b->tags[entry / 4] = (b->tags[entry / 4] & ~(UINT64_C(0xffff) << shift)) | (uint64_t)tag
                                                                                   << shift;
    b->flow[entry] = flow;
    b->age[entry] = age;
}

#endif
