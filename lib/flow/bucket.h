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
