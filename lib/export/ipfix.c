/* ipfix.c - flow records as IPFIX (RFC 7011), an IPFIX file when they go into one (RFC 5655)
 *
 * A stream begins with everything a reader needs, in this order: descriptions of our own elements
 * (RFC 5610), names of interfaces, then the templates, then records. Options travel in observation
 * domain 0 and flows in the sensor's own, because there are collectors that count only flows and
 * would see gaps.
 *
 * The writer of a record is generated from fields.def: for each template a straight line of stores
 * without a branch, since the template is a constant where the line is made. Only the encapsulation
 * list has a loop. What not every record has stands in parts behind that (ipfix_parts.c); a record
 * without any costs two octets more.
 */
#include "ipfix.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
    LAYER_BYTES = 5,
    LAYER4_BYTES = 18,
    LAYER6_BYTES = 42,
    LAYERM_BYTES = 54,
    LIST_MOST = 3 + 3 + PAVO_LAYERS_MAX * LAYERM_BYTES,
    PARTS_EMPTY = 4, /* its length in three octets, and one */
    /* More than any template needs: the sum of all rows, and no parts. */
    RECORD_MOST = LIST_MOST + PARTS_EMPTY
#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    +((FLD_##T & FLD_TALL) ? by : 0)
#include "fields.def"
#undef FIELD
    ,
    MESSAGE_LEAST = IPFIX_HEADER + IPFIX_SET_HEADER + RECORD_MOST,
    FIELDS_MOST = 64,
};
_Static_assert(MESSAGE_LEAST <= 1400, "a record fits into one UDP datagram on any usual path");

/* ---- messages and sets ----------------------------------------------------------------------- */

static uint32_t
now_s(const struct ipfix_enc *e)
{
    return (uint32_t)(e->info.export_time_s ? e->info.export_time_s() : (uint64_t)time(NULL));
}

void
ipfix_set_close(struct ipfix_enc *e, struct pavo_buf *out)
{
    if (!e->set_id)
        return;
    put_be(out->at + out->len + e->set_at + 2, out->open - e->set_at, 2);
    e->set_id = 0;
}

void
ipfix_message_close(struct ipfix_enc *e, struct pavo_buf *out)
{
    uint32_t *sequence = &e->sequence[e->domain != 0];
    uint8_t *at;

    if (!out->open)
        return;
    ipfix_set_close(e, out);
    at = put_be(out->at + out->len, IPFIX_VERSION, 2);
    at = put_be(at, out->open, 2);
    at = put_be(at, now_s(e), 4);
    at = put_be(at, *sequence, 4);
    put_be(at, e->domain, 4);
    *sequence += e->records;
    e->octets += out->open;
    e->messages++;
    e->records = 0;
    out->len += out->open;
    out->open = 0;
}

uint8_t *
ipfix_room_make(struct ipfix_enc *e, struct pavo_buf *out, uint32_t domain, uint16_t set_id,
                uint32_t n)
{
    if (out->open && (e->domain != domain || out->open + IPFIX_SET_HEADER + n > e->limit))
        ipfix_message_close(e, out);
    if (out->open) {
        ipfix_set_close(e, out);
    } else {
        if (!pavo_buf_room(out, (size_t)e->limit + IPFIX_SLACK))
            return NULL;
        out->open = IPFIX_HEADER;
        e->domain = domain;
    }
    e->set_at = (uint32_t)out->open;
    e->set_id = set_id;
    put_be(out->at + out->len + out->open, set_id, 2);
    out->open += IPFIX_SET_HEADER;
    return out->at + out->len + out->open;
}

uint8_t *
ipfix_string(uint8_t *at, const char *s)
{
    size_t n = s ? strlen(s) : 0;

    if (n > 254)
        n = 254;
    *at++ = (uint8_t)n;
    if (n)
        memcpy(at, s, n);
    return at + n;
}

/* Template Record and Options Template Record, RFC 7011 sections 3.4.1, 3.4.2.2. */
void
ipfix_template(struct ipfix_enc *e, struct pavo_buf *out, uint32_t domain, uint16_t id,
               const struct ipfix_field *f, unsigned n, unsigned scope)
{
    uint8_t *at;

    at = ipfix_room(e, out, domain, scope ? IPFIX_SET_OPTIONS : IPFIX_SET_TEMPLATES, 6 + 8 * n);
    if (!at)
        return;
    at = put_be(at, id, 2);
    at = put_be(at, n, 2);
    if (scope)
        at = put_be(at, scope, 2);
    for (unsigned i = 0; i < n; i++) {
        at = put_be(at, f[i].pen ? f[i].id | IPFIX_ENTERPRISE : f[i].id, 2);
        at = put_be(at, f[i].bytes, 2);
        if (f[i].pen)
            at = put_be(at, f[i].pen, 4);
    }
    ipfix_take(e, out, at, false);
    /* There are collectors that read only the first options template of a set. */
    ipfix_set_close(e, out);
}

/* ---- templates of flows ---------------------------------------------------------------------- */

static const struct shape {
    uint8_t templates; /* FLD_T bit */
    uint16_t id;
} shapes[] = {
    {FLD_T4, IPFIX_ID_IP4},    {FLD_T6, IPFIX_ID_IP6}, {FLD_TI4, IPFIX_ID_ICMP4},
    {FLD_TI6, IPFIX_ID_ICMP6}, {FLD_TA, IPFIX_ID_ARP}, {FLD_TL, IPFIX_ID_LINK},
};

/* The layers of an encapsulation list; the longer ones are used if any layer needs them. */
static const struct ipfix_field layer_fields[] = {
    {PAVO_PEN, IPFIX_IE_CARRIER_TYPE, 1},
    {PAVO_PEN, IPFIX_IE_CARRIER_ID, 4},
};
static const struct ipfix_field layer4_fields[] = {
    {PAVO_PEN, IPFIX_IE_CARRIER_TYPE, 1},
    {PAVO_PEN, IPFIX_IE_CARRIER_ID, 4},
    {0, IPFIX_IE_IP_VERSION, 1},
    {0, IPFIX_IE_IP4_SRC, 4},
    {0, IPFIX_IE_IP4_DST, 4},
    {0, IPFIX_IE_PORT_SRC, 2},
    {0, IPFIX_IE_PORT_DST, 2},
};
static const struct ipfix_field layer6_fields[] = {
    {PAVO_PEN, IPFIX_IE_CARRIER_TYPE, 1},
    {PAVO_PEN, IPFIX_IE_CARRIER_ID, 4},
    {0, IPFIX_IE_IP_VERSION, 1},
    {0, IPFIX_IE_IP6_SRC, 16},
    {0, IPFIX_IE_IP6_DST, 16},
    {0, IPFIX_IE_PORT_SRC, 2},
    {0, IPFIX_IE_PORT_DST, 2},
};
static const struct ipfix_field layerm_fields[] = {
    {PAVO_PEN, IPFIX_IE_CARRIER_TYPE, 1},
    {PAVO_PEN, IPFIX_IE_CARRIER_ID, 4},
    {0, IPFIX_IE_IP_VERSION, 1},
    {0, IPFIX_IE_IP6_SRC, 16},
    {0, IPFIX_IE_IP6_DST, 16},
    {0, IPFIX_IE_PORT_SRC, 2},
    {0, IPFIX_IE_PORT_DST, 2},
    {0, IPFIX_IE_MAC_SRC, 6},
    {0, IPFIX_IE_MAC_DST, 6},
};

static void
put_templates(struct ipfix_enc *e, struct pavo_buf *out)
{
    const uint32_t domain = e->info.domain;

    ipfix_template(e, out, domain, IPFIX_ID_LAYER, layer_fields,
                   sizeof layer_fields / sizeof *layer_fields, 0);
    ipfix_template(e, out, domain, IPFIX_ID_LAYER4, layer4_fields,
                   sizeof layer4_fields / sizeof *layer4_fields, 0);
    ipfix_template(e, out, domain, IPFIX_ID_LAYER6, layer6_fields,
                   sizeof layer6_fields / sizeof *layer6_fields, 0);
    ipfix_template(e, out, domain, IPFIX_ID_LAYERM, layerm_fields,
                   sizeof layerm_fields / sizeof *layerm_fields, 0);
    ipfix_parts_templates(e, out);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct ipfix_field fields[FIELDS_MOST];
        unsigned n = 0;

        for (unsigned j = 0; j < fld_count && n < FIELDS_MOST; j++) {
            const struct fld *f = &fld_table[j];

            if (!(f->templates & shapes[i].templates))
                continue;
            fields[n++] = (struct ipfix_field){
                .pen = f->pen, .id = f->id, .bytes = f->bytes ? f->bytes : IPFIX_VARIABLE};
        }
        ipfix_template(e, out, domain, shapes[i].id, fields, n, 0);
    }
}

/* ---- records --------------------------------------------------------------------------------- */

static uint8_t *
put_layer(uint8_t *at, const struct pavo_layer *l, uint16_t id)
{
    static const uint8_t none[16];
    const unsigned version = row_layer_version(l);
    const bool is_mac = version == PAVO_LAYER_MAC, is_ip = version && !is_mac;

    at = put_be(at, l->type, 1);
    at = put_be(at, l->id, 4);
    if (id == IPFIX_ID_LAYER)
        return at;
    at = put_be(at, is_ip ? version : 0, 1);
    if (id == IPFIX_ID_LAYER4) {
        at = ipfix_put_bytes(at, is_ip ? l->src : none, 4);
        at = ipfix_put_bytes(at, is_ip ? l->dst : none, 4);
    } else {
        at = ipfix_put_mapped(at, is_ip ? l->src : none, version);
        at = ipfix_put_mapped(at, is_ip ? l->dst : none, version);
    }
    at = put_be(at, l->src_port, 2);
    at = put_be(at, l->dst_port, 2);
    if (id != IPFIX_ID_LAYERM)
        return at;
    at = ipfix_put_bytes(at, is_mac ? l->src : none, 6);
    return ipfix_put_bytes(at, is_mac ? l->dst : none, 6);
}

/* The shortest template that holds all layers of the list. */
static uint16_t
layer_template(const struct pavo_record *r)
{
    uint16_t id = IPFIX_ID_LAYER;

    for (unsigned i = 0; i < row_layers(r); i++) {
        const struct pavo_layer *l = &r->encap[i];
        const unsigned version = row_layer_version(l);
        const uint16_t needs = version == PAVO_LAYER_MAC                    ? IPFIX_ID_LAYERM
                               : version == 6                               ? IPFIX_ID_LAYER6
                               : version == 4 || l->src_port || l->dst_port ? IPFIX_ID_LAYER4
                                                                            : IPFIX_ID_LAYER;

        id = needs > id ? needs : id; /* their numbers rise with what they hold */
    }
    return id;
}

/* What fields of their own say of the list. */
struct layers_said {
    uint64_t segment;
    uint32_t vlan, inner, outer_type, outer_id;
};

static __attribute__((noinline)) struct layers_said
layers_said(const struct pavo_record *r)
{
    const struct pavo_layer *vlan = row_vlan(r, 0), *inner = row_vlan(r, 1), *outer = row_outer(r);

    return (struct layers_said){
        .segment = row_segment(r),
        .vlan = vlan ? vlan->id : 0,
        .inner = inner ? inner->id : 0,
        .outer_type = outer ? outer->type : 0,
        .outer_id = outer ? outer->id : 0,
    };
}

static __attribute__((noinline)) uint8_t *
put_layers(uint8_t *at, const struct pavo_record *r)
{
    static const uint8_t bytes[] = {LAYER_BYTES, LAYER4_BYTES, LAYER6_BYTES, LAYERM_BYTES};
    const unsigned n = row_layers(r);
    const uint16_t id = layer_template(r);
    const unsigned length = 3 + n * bytes[id - IPFIX_ID_LAYER];

    at = ipfix_put_length(at, length);
    *at++ = IPFIX_ORDERED;
    at = put_be(at, id, 2);
    for (unsigned i = 0; i < n; i++)
        at = put_layer(at, &r->encap[i], id);
    return at;
}

/* subTemplateList, RFC 6313 section 4.5.2, outermost layer first. */
static inline uint8_t *
put_list(uint8_t *at, const struct pavo_record *r)
{
    if (r->n_encap)
        return put_layers(at, r);
    at = put_be(at, 3, 1);
    at = put_be(at, IPFIX_ORDERED, 1);
    return put_be(at, IPFIX_ID_LAYER, 2);
}

/* The parts of a record as they stand in flowParts. */
struct parts {
    const uint8_t *at; /* NULL: not made yet, they are written where they belong */
    uint32_t has;      /* FLD_P bits */
    uint32_t bytes;
    unsigned flag; /* ROW_FLAG_CUT, or 0 */
};

/* subTemplateMultiList, RFC 6313 section 4.5.3. */
static inline uint8_t *
put_parts(uint8_t *at, const struct pavo_record *r, const struct parts *p)
{
    at = ipfix_put_length(at, 1 + p->bytes);
    *at++ = IPFIX_ALL_OF;
    if (p->at)
        return ipfix_put_bytes(at, p->at, p->bytes);
    return p->has ? ipfix_parts_put(at, r, p->has) : at;
}

#define PUT_U(at, m, n)   put_be(at, r->m, n)
#define PUT_W(at, m, n)   put_be(at, r->m, n)
#define PUT_F(at, m, n)   put_be(at, r->m, n)
#define PUT_B(at, m, n)   put_be(at, r->m ? 1 : 2, n) /* RFC 7011 section 6.1.5 */
#define PUT_ID(at, m, n)  put_be(at, r->m, n)
#define PUT_MS(at, m, n)  put_be(at, r->m / 1000000, n)
#define PUT_NTP(at, m, n) put_be(at, ipfix_ntp(r->m), n)
#define PUT_IP4(at, m, n) ipfix_put_bytes(at, r->m, n)
#define PUT_IP6(at, m, n) ipfix_put_bytes(at, r->m, n)
#define PUT_IPQ(at, m, n) ipfix_put_mapped(at, r->m, r->quote.kind)
#define PUT_MAC(at, m, n) ipfix_put_bytes(at, r->m, n)
#define PUT_PAIR(at, m, n)                                                                         \
    ipfix_put_bytes(at, (const uint8_t *)r + offsetof(struct pavo_record, m), n)
#define PUT_LOW8(at, m, n)       put_be(at, r->m & 0xff, n)
#define PUT_FLAGS(at, m, n)      put_be(at, row_flags(r) | parts->flag, n)
#define PUT_VLAN(at, m, n)       put_be(at, l.vlan, n)
#define PUT_INNER(at, m, n)      put_be(at, l.inner, n)
#define PUT_SEGMENT(at, m, n)    put_be(at, l.segment, n)
#define PUT_OUTER_TYPE(at, m, n) put_be(at, l.outer_type, n)
#define PUT_OUTER_ID(at, m, n)   put_be(at, l.outer_id, n)
#define PUT_LIST(at, m, n)       put_list(at, r)
#define PUT_PARTS(at, m, n)      put_parts(at, r, parts)
/* Of parts only. */
#define PUT_S(at, m, n)    (at)
#define PUT_HIST(at, m, n) (at)
#define PUT_N16(at, m, n)  (at)
#define PUT_N32(at, m, n)  (at)
#define PUT_OCT(at, m, n)  (at)
#define PUT_ADDR(at, m, n) (at)
#define PUT_TLS(at, m, n)  (at)
#define PUT_DIRS(at, m, n) (at)
#define PUT_CUT(at, m, n)  (at)

/* The fields of one template; 'template' is a constant, so all conditions fall away. */
static inline __attribute__((always_inline)) uint8_t *
put_fields(uint8_t *at, const struct pavo_record *r, const struct parts *parts,
           const unsigned template)
{
    const struct layers_said l = r->n_encap ? layers_said(r) : (struct layers_said){0};

#define FIELD(elem, p, n, T, ty, by, S, D, hv, wd, path, un, member, hp)                           \
    if (FLD_##T & template)                                                                        \
        at = PUT_##ty(at, member, by);
#include "fields.def"
#undef FIELD
    return at;
}

/* Parts that a message may have no room for, or whose length nobody knows before: made apart. */
static __attribute__((noinline)) struct parts
parts_apart(struct ipfix_enc *e, const struct pavo_record *r, uint32_t most)
{
    bool cut = (r->parts & ROW_PART_CUT) != 0;
    struct parts p = {.at = e->parts};

    p.bytes = ipfix_parts_make(r, e->parts, most, &cut);
    p.flag = cut ? ROW_FLAG_CUT : 0;
    return p;
}

/* 'most': octets that a message has for them. */
static inline struct parts
parts_of(struct ipfix_enc *e, const struct pavo_record *r, uint32_t has, uint32_t most)
{
    const struct parts p = {.has = has, .bytes = ipfix_parts_bytes(r, has)};

    return p.bytes == 0 || p.bytes > most ? parts_apart(e, r, most) : p;
}

static inline __attribute__((always_inline)) void
put_record(struct ipfix_enc *e, struct pavo_buf *out, const struct pavo_record *r,
           const unsigned template, uint16_t id)
{
    const uint32_t list = 3 + 3 + row_layers(r) * LAYERM_BYTES;
    const uint32_t least = ipfix_fixed_bytes(template) + list + PARTS_EMPTY;
    const uint32_t has = ipfix_parts_had(r);
    struct parts parts = {0};
    uint8_t *at;

    if (has)
        parts = parts_of(e, r, has, e->limit - IPFIX_HEADER - IPFIX_SET_HEADER - least);
    at = ipfix_room(e, out, e->info.domain, id, least + parts.bytes);
    if (!at) {
        e->sequence[1]++; /* the gap tells of it */
        return;
    }
    at = put_fields(at, r, &parts, template);
    ipfix_take(e, out, at, true);
}

static void
enc_record(void *enc, struct pavo_buf *out, const struct pavo_record *r)
{
    switch (row_template(r)) {
    case FLD_T4:
        put_record(enc, out, r, FLD_T4, IPFIX_ID_IP4);
        break;
    case FLD_T6:
        put_record(enc, out, r, FLD_T6, IPFIX_ID_IP6);
        break;
    case FLD_TI4:
        put_record(enc, out, r, FLD_TI4, IPFIX_ID_ICMP4);
        break;
    case FLD_TI6:
        put_record(enc, out, r, FLD_TI6, IPFIX_ID_ICMP6);
        break;
    case FLD_TA:
        put_record(enc, out, r, FLD_TA, IPFIX_ID_ARP);
        break;
    default:
        put_record(enc, out, r, FLD_TL, IPFIX_ID_LINK);
    }
}

/* ---- the format ------------------------------------------------------------------------------ */

static void *
enc_open(const struct pavo_stream_info *info, struct pavo_err *err)
{
    struct ipfix_enc *e;
    const uint32_t limit = info->message_bytes ? info->message_bytes : IPFIX_MESSAGE_MAX;
    uint32_t least = IPFIX_HEADER + IPFIX_SET_HEADER + ipfix_options_most();

    if (least < MESSAGE_LEAST)
        least = MESSAGE_LEAST;
    if (limit < least || limit > IPFIX_MESSAGE_MAX) {
        pavo_err_set(err, EINVAL, "ipfix: messages of %u bytes; %u to %u are possible", limit,
                     least, IPFIX_MESSAGE_MAX);
        return NULL;
    }
    if (info->domain == 0) {
        pavo_err_set(err, EINVAL,
                     "ipfix: observation domain 0 is for options; flows need 1 or more");
        return NULL;
    }
    e = calloc(1, sizeof *e);
    if (!e) {
        pavo_err_set(err, ENOMEM, "ipfix: no memory for an encoder");
        return NULL;
    }
    e->info = *info;
    e->limit = limit;
    return e;
}

static void
enc_begin(void *enc, struct pavo_buf *out)
{
    struct ipfix_enc *e = enc;

    ipfix_message_close(e, out);
    ipfix_options_begin(e, out);
    put_templates(e, out);
    ipfix_message_close(e, out);
}

static void
enc_ledger(void *enc, struct pavo_buf *out, const struct pavo_ledger *l)
{
    ipfix_ledger(enc, out, l);
}

static void
enc_flush(void *enc, struct pavo_buf *out)
{
    ipfix_message_close(enc, out);
}

static void
enc_close(void *enc)
{
    free(enc);
}

const struct pavo_format pavo_format_ipfix = {
    .word = "ipfix",
    .extensions = ".ipfix",
    .help = "IPFIX messages (RFC 7011), an IPFIX file (RFC 5655): what 'pavo read' reads",
    .open = enc_open,
    .begin = enc_begin,
    .record = enc_record,
    .ledger = enc_ledger,
    .flush = enc_flush,
    .end = enc_flush,
    .close = enc_close,
    .whole_records = false,
    .knows_single = true,
};
