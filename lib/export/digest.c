/* digest.c - what a set of records says, in 128 bits, whatever their order
 *
 * A record becomes the fields with D = 1 of its template, in the order of fields.def,
 * little-endian, then its encapsulation list; of that SipHash-2-4 with 128 bits of output (Aumasson
 * and Bernstein, "SipHash: a fast short-input PRF") under a constant key. A set is the sum of its
 * records: order is forgotten, a record that is there twice is not.
 *
 * Parts follow: which there are, and the fields of each in the order of the table.
 *
 * What depends on the sensor and not on the traffic is left out: the interface, whether the table
 * of encapsulations was full or totals were not kept, and whether parts were left out of a message.
 */
#include <string.h>

#include "bytes_put.h"
#include "rows.h"

static inline uint64_t
rotate(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

#define SIP_ROUND                                                                                  \
    do {                                                                                           \
        v0 += v1;                                                                                  \
        v2 += v3;                                                                                  \
        v1 = rotate(v1, 13) ^ v0;                                                                  \
        v3 = rotate(v3, 16) ^ v2;                                                                  \
        v0 = rotate(v0, 32);                                                                       \
        v2 += v1;                                                                                  \
        v0 += v3;                                                                                  \
        v1 = rotate(v1, 17) ^ v2;                                                                  \
        v3 = rotate(v3, 21) ^ v0;                                                                  \
        v2 = rotate(v2, 32);                                                                       \
    } while (0)

static __attribute__((noinline)) struct pavo_digest
sip_128(const uint8_t *bytes, size_t n)
{
    static const uint64_t k0 = UINT64_C(0x0706050403020100), k1 = UINT64_C(0x0f0e0d0c0b0a0908);
    uint64_t v0 = k0 ^ UINT64_C(0x736f6d6570736575), v1 = k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee;
    uint64_t v2 = k0 ^ UINT64_C(0x6c7967656e657261), v3 = k1 ^ UINT64_C(0x7465646279746573);
    uint64_t last = (uint64_t)n << 56;
    struct pavo_digest d;
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        const uint64_t word = get_le64(bytes + i);

        v3 ^= word;
        SIP_ROUND;
        SIP_ROUND;
        v0 ^= word;
    }
    for (unsigned shift = 0; i < n; i++, shift += 8)
        last |= (uint64_t)bytes[i] << shift;
    v3 ^= last;
    SIP_ROUND;
    SIP_ROUND;
    v0 ^= last;
    v2 ^= 0xee;
    SIP_ROUND;
    SIP_ROUND;
    SIP_ROUND;
    SIP_ROUND;
    d.lo = v0 ^ v1 ^ v2 ^ v3;
    v1 ^= 0xdd;
    SIP_ROUND;
    SIP_ROUND;
    SIP_ROUND;
    SIP_ROUND;
    d.hi = v0 ^ v1 ^ v2 ^ v3;
    return d;
}

static inline uint8_t *
put_bytes(uint8_t *at, const uint8_t *bytes, unsigned n)
{
    memcpy(at, bytes, n);
    return at + n;
}

static uint8_t *
put_layers(uint8_t *at, const struct pavo_record *r)
{
    *at++ = (uint8_t)row_layers(r);
    for (unsigned i = 0; i < row_layers(r); i++) {
        const struct pavo_layer *l = &r->encap[i];
        const unsigned bytes = row_layer_bytes(l);

        *at++ = l->type;
        *at++ = (uint8_t)bytes; /* 6: MACs */
        at = put_le(at, l->id, 4);
        at = put_le(at, l->src_port, 2);
        at = put_le(at, l->dst_port, 2);
        at = put_bytes(at, l->src, bytes);
        at = put_bytes(at, l->dst, bytes);
    }
    return at;
}

static uint8_t *
put_text(uint8_t *at, const char *s, size_t size)
{
    const unsigned n = row_string(s, size);

    *at++ = (uint8_t)n;
    return put_bytes(at, (const uint8_t *)s, n);
}

/* Host order is little-endian order, or is made so. */
static uint8_t *
put_numbers(uint8_t *at, const void *numbers, unsigned width, unsigned n)
{
    *at++ = (uint8_t)n;
    for (unsigned i = 0; i < n; i++)
        at =
            put_le(at, width == 2 ? ((const uint16_t *)numbers)[i] : ((const uint32_t *)numbers)[i],
                   width);
    return at;
}

static uint8_t *
put_payload(uint8_t *at, const struct pavo_record *r, const uint8_t *bytes)
{
    const unsigned n = row_payload_n(r, bytes != r->bytes.at[0]);

    return put_bytes(put_le(at, n, 2), bytes, n);
}

#define PUT_U(at, m, n)     put_le(at, r->m, n)
#define PUT_W(at, m, n)     put_le(at, r->m, n)
#define PUT_F(at, m, n)     put_le(at, r->m, n)
#define PUT_B(at, m, n)     put_le(at, r->m != 0, n)
#define PUT_ID(at, m, n)    put_le(at, r->m, n)
#define PUT_NTP(at, m, n)   put_le(at, r->m, n)
#define PUT_IP4(at, m, n)   put_bytes(at, r->m, n)
#define PUT_IP6(at, m, n)   put_bytes(at, r->m, n)
#define PUT_IPQ(at, m, n)   put_bytes(at, r->m, r->quote.kind == PAVO_KIND_IP4 ? 4 : n)
#define PUT_MAC(at, m, n)   put_bytes(at, r->m, n)
#define PUT_PAIR(at, m, n)  put_bytes(at, (const uint8_t *)r + offsetof(struct pavo_record, m), n)
#define PUT_FLAGS(at, m, n) put_le(at, row_flags(r) & ~(unsigned)ROW_FLAGS_OF_SENSOR, n)
#define PUT_LIST(at, m, n)  put_layers(at, r)
#define PUT_S(at, m, n)     put_text(at, r->m, sizeof r->m)
#define PUT_HIST(at, m, n)  put_numbers(at, r->m, 4, PAVO_BINS)
#define PUT_N16(at, m, n)   put_numbers(at, r->m, 2, row_first_n(r))
#define PUT_N32(at, m, n)   put_numbers(at, r->m, 4, row_first_n(r))
#define PUT_OCT(at, m, n)   put_payload(at, r, r->m)
#define PUT_ADDR(at, m, n)  put_bytes(at, r->m, r->assoc.hasAddress == 4 ? 4 : n)
#define PUT_TLS(at, m, n)   put_le(at, r->m, n)
#define PUT_DIRS(at, m, n)  put_le(at, r->m, n)
#define PUT_PARTS(at, m, n) put_le(at, r->m &ROW_PARTS, 2)
/* Rows that repeat others have D = 0. */
#define PUT_MS(at, m, n)         (at)
#define PUT_LOW8(at, m, n)       (at)
#define PUT_VLAN(at, m, n)       (at)
#define PUT_INNER(at, m, n)      (at)
#define PUT_SEGMENT(at, m, n)    (at)
#define PUT_OUTER_TYPE(at, m, n) (at)
#define PUT_OUTER_ID(at, m, n)   (at)
#define PUT_CUT(at, m, n)        (at)

enum {
    LAYER_BYTES = 42,
    ALL_BYTES = 2 + PAVO_LAYERS_MAX * LAYER_BYTES
#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    +((D && (FLD_##T & (FLD_TALL | FLD_PMORE))) ? (by ? by : 2 + PAVO_HISTORY_MAX + 2) : 0)
#include "fields.def"
#undef FIELD
};

enum {
    PARTS_BYTES = 0
#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    +((D && ((unsigned)FLD_##T & ~(unsigned)FLD_TALL))                                             \
          ? (by ? by + 1 : 2 + (int)sizeof((struct pavo_record *)0)->member)                       \
          : 0)
#include "fields.def"
#undef FIELD
};

/* The fields of one part. */
static inline __attribute__((always_inline)) uint8_t *
put_part(uint8_t *at, const struct pavo_record *r, const unsigned part)
{
    if (!(r->parts & part >> FLD_PART_SHIFT))
        return at;
#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    if (D && (FLD_##T & part))                                                                     \
        at = PUT_##ty(at, member, by);
#include "fields.def"
#undef FIELD
    return at;
}

static uint8_t *
put_parts(uint8_t *at, const struct pavo_record *r)
{
    at = put_part(at, r, FLD_PTCP);
    at = put_part(at, r, FLD_PLOSS);
    at = put_part(at, r, FLD_PRTT);
    at = put_part(at, r, FLD_PMETER);
    at = put_part(at, r, FLD_PENTROPY);
    at = put_part(at, r, FLD_PECHO);
    at = put_part(at, r, FLD_PASSOC);
    at = put_part(at, r, FLD_PRTP);
    at = put_part(at, r, FLD_PFIRST);
    at = put_part(at, r, FLD_PNAMES);
    return put_part(at, r, FLD_PBYTES);
}

/* Out of line: the room for parts is on the stack only of those that have some. */
static __attribute__((noinline)) struct pavo_digest
digest_with_parts(const struct pavo_record *r, const uint8_t *text, size_t n)
{
    uint8_t all[ALL_BYTES + PARTS_BYTES];

    memcpy(all, text, n);
    return sip_128(all, (size_t)(put_parts(all + n, r) - all));
}

/* The fields of one template; 'template' is a constant, so the conditions fall away. */
static inline __attribute__((always_inline)) struct pavo_digest
digest_of(const struct pavo_record *r, const unsigned template)
{
    uint8_t text[ALL_BYTES], *at = text;

    *at++ = (uint8_t) template;
#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    if (D && (FLD_##T & (template | FLD_PMORE)))                                                   \
        at = PUT_##ty(at, member, by);
#include "fields.def"
#undef FIELD
    if (r->parts & ROW_PARTS)
        return digest_with_parts(r, text, (size_t)(at - text));
    return sip_128(text, (size_t)(at - text));
}

struct pavo_digest
pavo_record_digest(const struct pavo_record *r)
{
    switch (row_template(r)) {
    case FLD_T4:
        return digest_of(r, FLD_T4);
    case FLD_T6:
        return digest_of(r, FLD_T6);
    case FLD_TI4:
        return digest_of(r, FLD_TI4);
    case FLD_TI6:
        return digest_of(r, FLD_TI6);
    case FLD_TA:
        return digest_of(r, FLD_TA);
    default:
        return digest_of(r, FLD_TL);
    }
}

void
pavo_digest_add(struct pavo_digest *sum, const struct pavo_digest *d)
{
    sum->lo += d->lo;
    sum->hi += d->hi + (sum->lo < d->lo);
}
