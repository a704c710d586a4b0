/* ipfix_parts.c - the parts of a record: what some records have and most have not
 *
 * Collectors take 60 fields of a template and datagrams of 1400 octets, and the members of a record
 * are more than three times as many. So each part of a record has a template of its own, and a
 * record has one list behind its other fields (flowParts) with an entry for each part that is
 * there: a subTemplateMultiList, RFC 6313 section 4.5.3. Who does not know the list steps over it.
 *
 * The order of the table is the order in the list, and says what is worth more when a message has
 * no room for all: a part that does not fit is left out, those behind it are tried.
 */
#include "cacheline.h"
#include "ipfix.h"

#define ALL_PARTS(PART)                                                                            \
    PART(PMORE, 0)                                                                                 \
    PART(PTCP, 1)                                                                                  \
    PART(PLOSS, 2)                                                                                 \
    PART(PRTT, 3)                                                                                  \
    PART(PMETER, 4)                                                                                \
    PART(PENTROPY, 5)                                                                              \
    PART(PECHO, 6)                                                                                 \
    PART(PASSOC, 7)                                                                                \
    PART(PRTP, 8)                                                                                  \
    PART(PFIRST, 9)                                                                                \
    PART(PNAMES, 10)                                                                               \
    PART(PBYTES, 11)

static const struct part {
    uint32_t template; /* FLD_P bit */
    uint16_t id;
} parts[] = {
#define PART(name, place) {FLD_##name, IPFIX_ID_PARTS + (place)},
    ALL_PARTS(PART)
#undef PART
};

/* Those without texts and lists. */
enum {
    PARTS_FIXED = FLD_PTCP | FLD_PLOSS | FLD_PRTT | FLD_PMETER | FLD_PENTROPY | FLD_PECHO |
                  FLD_PASSOC | FLD_PRTP
};

enum {
    N_PARTS = sizeof parts / sizeof parts[0],
    ENTRY_HEAD = 4, /* template id, length */
    FIELDS_MOST = 60,
    ALL_MOST = N_PARTS * ENTRY_HEAD
#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    +(((unsigned)FLD_##T & ~(unsigned)FLD_TALL)                                                    \
          ? by ? by : 3 + (int)sizeof((struct pavo_record *)0)->member                             \
          : 0)
#include "fields.def"
#undef FIELD
    ,
};
_Static_assert((int)ALL_MOST <= (int)IPFIX_PARTS_MOST, "all parts of a record");

void
ipfix_parts_templates(struct ipfix_enc *e, struct pavo_buf *out)
{
    for (unsigned i = 0; i < N_PARTS; i++) {
        struct ipfix_field fields[FIELDS_MOST];
        unsigned n = 0;

        for (unsigned j = 0; j < fld_count && n < FIELDS_MOST; j++) {
            const struct fld *f = &fld_table[j];

            if (f->templates & parts[i].template)
                fields[n++] = (struct ipfix_field){
                    .pen = f->pen, .id = f->id, .bytes = f->bytes ? f->bytes : IPFIX_VARIABLE};
        }
        ipfix_template(e, out, e->info.domain, parts[i].id, fields, n, 0);
    }
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Length of a short text. Eight letters at once: the lowest bit that is left is of the first NUL.
 */
static inline unsigned
short_length(const char *s, const size_t size)
{
    unsigned n = 0;

    for (; n + 8 < size; n += 8) {
        const uint64_t letters = get_le64((const uint8_t *)s + n);
        const uint64_t nul =
            (letters - UINT64_C(0x0101010101010101)) & ~letters & UINT64_C(0x8080808080808080);

        if (nul)
            return n + (unsigned)__builtin_ctzll(nul) / 8;
    }
    while (n < size - 1 && s[n])
        n++;
    return n;
}

static inline uint8_t *
put_text(uint8_t *at, const char *s, const size_t size)
{
    unsigned n;

    if (size <= IPFIX_SLACK) { /* a constant: copied whole, which takes no call */
        n = short_length(s, size);
        *at++ = (uint8_t)n;
        memcpy(at, s, size);
        return at + n;
    }
    n = row_string(s, size);
    return ipfix_put_bytes(ipfix_put_length(at, n), s, n);
}

static uint8_t *
put_u32s(uint8_t *at, const uint32_t *numbers, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        at = put_be(at, numbers[i], 4);
    return at;
}

static uint8_t *
put_u16s(uint8_t *at, const uint16_t *numbers, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        at = put_be(at, numbers[i], 2);
    return at;
}

static uint8_t *
put_payload(uint8_t *at, const struct pavo_record *r, const uint8_t *bytes)
{
    const unsigned n = row_payload_n(r, bytes != r->bytes.at[0]);

    return ipfix_put_bytes(ipfix_put_length(at, n), bytes, n);
}

#define PUT_U(at, m, n)    put_be(at, r->m, n)
#define PUT_W(at, m, n)    put_be(at, r->m, n)
#define PUT_F(at, m, n)    put_be(at, r->m, n)
#define PUT_TLS(at, m, n)  put_be(at, r->m, n)
#define PUT_DIRS(at, m, n) put_be(at, r->m, n)
#define PUT_B(at, m, n)    put_be(at, r->m ? 1 : 2, n) /* RFC 7011 section 6.1.5 */
#define PUT_MAC(at, m, n)  ipfix_put_bytes(at, r->m, n)
#define PUT_ADDR(at, m, n) ipfix_put_mapped(at, r->m, r->assoc.hasAddress)
#define PUT_S(at, m, n)    put_text(at, r->m, sizeof r->m)
#define PUT_HIST(at, m, n) put_u32s(at, r->m, PAVO_BINS)
#define PUT_N16(at, m, n)  put_u16s(ipfix_put_length(at, 2 * row_first_n(r)), r->m, row_first_n(r))
#define PUT_N32(at, m, n)  put_u32s(ipfix_put_length(at, 4 * row_first_n(r)), r->m, row_first_n(r))
#define PUT_OCT(at, m, n)  put_payload(at, r, r->m)
/* Of no part. */
#define PUT_ID(at, m, n)         (at)
#define PUT_MS(at, m, n)         (at)
#define PUT_NTP(at, m, n)        (at)
#define PUT_IP4(at, m, n)        (at)
#define PUT_IP6(at, m, n)        (at)
#define PUT_IPQ(at, m, n)        (at)
#define PUT_PAIR(at, m, n)       (at)
#define PUT_LOW8(at, m, n)       (at)
#define PUT_FLAGS(at, m, n)      (at)
#define PUT_VLAN(at, m, n)       (at)
#define PUT_INNER(at, m, n)      (at)
#define PUT_SEGMENT(at, m, n)    (at)
#define PUT_OUTER_TYPE(at, m, n) (at)
#define PUT_OUTER_ID(at, m, n)   (at)
#define PUT_LIST(at, m, n)       (at)
#define PUT_PARTS(at, m, n)      (at)
#define PUT_CUT(at, m, n)        (at)

/* The fields of one part; 'template' is a constant, so all conditions fall away. */
static inline __attribute__((always_inline)) uint8_t *
put_fields(uint8_t *at, const struct pavo_record *r, const unsigned template)
{
#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    if (FLD_##T & template)                                                                        \
        at = PUT_##ty(at, member, by);
#include "fields.def"
#undef FIELD
    return at;
}

/* What the meter says of the only packet of a side, a constant, into the fields of a part that are
 * zero. */
static inline __attribute__((always_inline)) void
put_single(uint8_t *at, const struct pavo_record *r, const unsigned side)
{
    const uint32_t octets = (uint32_t)r->octetDeltaCount[side];
    const uint32_t size = octets < UINT16_MAX ? octets : UINT16_MAX;
    const unsigned bin = pavo_size_bin(octets);
    const uint8_t tos = r->ipClassOfService[side], ecn = tos & 3;

#define IS(member, name)                                                                           \
    (offsetof(struct pavo_record, member) == (side ? offsetof(struct pavo_record, meter.name[1])   \
                                                   : offsetof(struct pavo_record, meter.name[0])))
#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    if (FLD_##T & FLD_PMETER) {                                                                    \
        if (IS(member, minimumPacket) || IS(member, maximumPacket))                                \
            put_be(at, size, by);                                                                  \
        else if (IS(member, packetSquares))                                                        \
            put_be(at, (uint64_t)octets *octets, by);                                              \
        else if (IS(member, packetBins))                                                           \
            at[4 * bin + 3] = 1;                                                                   \
        else if (IS(member, burstOctets))                                                          \
            put_be(at, octets, by);                                                                \
        else if (IS(member, ecnSeen))                                                              \
            put_be(at, UINT64_C(1) << ecn, by);                                                    \
        else if (IS(member, ceMarks))                                                              \
            put_be(at, ecn == 3, by);                                                              \
        else if (IS(member, dscpLast))                                                             \
            put_be(at, tos >> 2, by);                                                              \
        at += by;                                                                                  \
    }
#include "fields.def"
#undef FIELD
#undef IS
}

/* The meter of single packets, from the counters: see meter_fill_single(). */
static uint8_t *
put_meter_single(uint8_t *at, const struct pavo_record *r)
{
    mem_clear(at, ipfix_fixed_bytes(FLD_PMETER));
    if (r->packetDeltaCount[0])
        put_single(at, r, 0);
    if (r->packetDeltaCount[1])
        put_single(at, r, 1);
    return at + ipfix_fixed_bytes(FLD_PMETER);
}

/* One entry of the list: template id, length with these four octets, fields. */
static inline __attribute__((always_inline)) uint8_t *
put_entry(uint8_t *at, const struct pavo_record *r, const unsigned template, const uint16_t id)
{
    uint8_t *end = template == FLD_PMETER && r->meterIsSingle
                       ? put_meter_single(at + ENTRY_HEAD, r)
                       : put_fields(at + ENTRY_HEAD, r, template);

    put_be(at, id, 2);
    put_be(at + 2,
           template & PARTS_FIXED ? ENTRY_HEAD + ipfix_fixed_bytes(template) : (uint64_t)(end - at),
           2);
    return end;
}

static uint8_t *
put_part(uint8_t *at, const struct pavo_record *r, unsigned template)
{
    switch (template) {
#define PART(name, place)                                                                          \
    case FLD_##name:                                                                               \
        return put_entry(at, r, FLD_##name, IPFIX_ID_PARTS + (place));
        ALL_PARTS(PART)
#undef PART
    default:
        return at;
    }
}

uint32_t
ipfix_parts_make(const struct pavo_record *r, uint8_t to[IPFIX_PARTS_MOST], uint32_t most,
                 bool *cut)
{
    const uint32_t has = ipfix_parts_had(r);
    uint8_t *at = to;

    for (unsigned i = 0; i < N_PARTS; i++) {
        uint8_t *end;

        if (!(has & parts[i].template))
            continue;
        end = put_part(at, r, parts[i].template);
        if ((size_t)(end - to) > most)
            *cut = true;
        else
            at = end;
    }
    return (uint32_t)(at - to);
}

/* Octets of the entry of a part of fixed length, by the place of its bit: compilers make a table of
 * that. */
static inline uint32_t
fixed_bytes(unsigned bit)
{
    switch (bit) {
#define PART(name, place)                                                                          \
    case __builtin_ctz(FLD_##name):                                                                \
        return ENTRY_HEAD + ipfix_fixed_bytes(FLD_##name);
        ALL_PARTS(PART)
#undef PART
    default:
        return 0;
    }
}

uint32_t
ipfix_parts_bytes(const struct pavo_record *r, uint32_t has)
{
    uint32_t n = 0;

    if (has & ~(uint32_t)(FLD_PMORE | PARTS_FIXED))
        return 0;
    if (has & FLD_PMORE) /* a text of at most 254 octets has one octet before it */
        n += ENTRY_HEAD + ipfix_fixed_bytes(FLD_PMORE) + 1 +
             short_length(r->history, sizeof r->history);
    for (uint32_t left = has & PARTS_FIXED; left; left &= left - 1)
        n += fixed_bytes((unsigned)__builtin_ctz(left));
    return n;
}

uint8_t *
ipfix_parts_put(uint8_t *at, const struct pavo_record *r, uint32_t has)
{
#define PART(name, place)                                                                          \
    if ((FLD_##name & (FLD_PMORE | PARTS_FIXED)) && (has & FLD_##name))                            \
        at = put_entry(at, r, FLD_##name, IPFIX_ID_PARTS + (place));
    ALL_PARTS(PART)
#undef PART
    return at;
}
