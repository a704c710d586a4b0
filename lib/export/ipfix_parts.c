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
#include "ipfix.h"

static const struct part {
    uint32_t template; /* FLD_P bit */
    uint16_t id;
} parts[] = {
    {FLD_PMORE, IPFIX_ID_PARTS},       {FLD_PTCP, IPFIX_ID_PARTS + 1},
    {FLD_PLOSS, IPFIX_ID_PARTS + 2},   {FLD_PRTT, IPFIX_ID_PARTS + 3},
    {FLD_PMETER, IPFIX_ID_PARTS + 4},  {FLD_PENTROPY, IPFIX_ID_PARTS + 5},
    {FLD_PECHO, IPFIX_ID_PARTS + 6},   {FLD_PASSOC, IPFIX_ID_PARTS + 7},
    {FLD_PRTP, IPFIX_ID_PARTS + 8},    {FLD_PFIRST, IPFIX_ID_PARTS + 9},
    {FLD_PNAMES, IPFIX_ID_PARTS + 10}, {FLD_PBYTES, IPFIX_ID_PARTS + 11},
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

static uint8_t *
put_text(uint8_t *at, const char *s, size_t size)
{
    const unsigned n = row_string(s, size);

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

static uint8_t *
put_part(uint8_t *at, const struct pavo_record *r, unsigned template)
{
    switch (template) {
    case FLD_PMORE:
        return put_fields(at, r, FLD_PMORE);
    case FLD_PTCP:
        return put_fields(at, r, FLD_PTCP);
    case FLD_PLOSS:
        return put_fields(at, r, FLD_PLOSS);
    case FLD_PRTT:
        return put_fields(at, r, FLD_PRTT);
    case FLD_PMETER:
        return put_fields(at, r, FLD_PMETER);
    case FLD_PENTROPY:
        return put_fields(at, r, FLD_PENTROPY);
    case FLD_PECHO:
        return put_fields(at, r, FLD_PECHO);
    case FLD_PASSOC:
        return put_fields(at, r, FLD_PASSOC);
    case FLD_PRTP:
        return put_fields(at, r, FLD_PRTP);
    case FLD_PFIRST:
        return put_fields(at, r, FLD_PFIRST);
    case FLD_PNAMES:
        return put_fields(at, r, FLD_PNAMES);
    default:
        return put_fields(at, r, FLD_PBYTES);
    }
}

uint32_t
ipfix_parts_make(const struct pavo_record *r, uint8_t to[IPFIX_PARTS_MOST], uint32_t most,
                 bool *cut)
{
    const uint32_t has = ((uint32_t)r->parts & ROW_PARTS) << FLD_PART_SHIFT |
                         (row_has_more(r) ? (uint32_t)FLD_PMORE : 0);
    uint8_t *at = to;

    for (unsigned i = 0; i < N_PARTS; i++) {
        uint8_t *end;

        if (!(has & parts[i].template))
            continue;
        end = put_part(at + ENTRY_HEAD, r, parts[i].template);
        if ((size_t)(end - to) > most) {
            *cut = true;
            continue;
        }
        put_be(at, parts[i].id, 2);
        put_be(at + 2, (uint64_t)(end - at), 2); /* with the four octets before the fields */
        at = end;
    }
    return (uint32_t)(at - to);
}
