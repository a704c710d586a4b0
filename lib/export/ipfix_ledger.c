/* ipfix_ledger.c - options records: what a stream says about itself
 *
 * Descriptions of our own elements (RFC 5610), so that any reader can name them; the interface
 * table; the name of the sensor; and the ledger. A ledger record carries elements that IANA has for
 * such sums (40 to 42, 163 to 168) beside our own, which hold every counter of struct pavo_ledger;
 * the counts per reason are two lists (RFC 6313) in the order of losses.def and why.def. A reader
 * gets exactly the struct back. The octets of packets that were lost (165) nobody knows, so they
 * are not sent.
 */
#include "ipfix.h"

const struct ipfix_member ipfix_members[] = {
#define LEDGER(elem, p, n, by, S, un, member, hp)                                                  \
    {                                                                                              \
        .ie = #elem,                                                                               \
        .pen = ROW_PEN_##p,                                                                        \
        .id = n,                                                                                   \
        .offset = offsetof(struct pavo_ledger, member),                                            \
        .bytes = by,                                                                               \
        .semantics = FLD_##S,                                                                      \
        .is_time = n == 325,                                                                       \
        .unit = un,                                                                                \
        .help = hp,                                                                                \
    },
#include "ledger.def"
#undef LEDGER
};
const unsigned ipfix_n_members = sizeof ipfix_members / sizeof ipfix_members[0];

/* Every member is sent: eight octets each but for the kind, whose place is padded to eight. */
_Static_assert(sizeof ipfix_members / sizeof ipfix_members[0] + PAVO_LOSSES + PAVO_WHYS ==
                   (sizeof(struct pavo_ledger) + 7) / 8,
               "a member of struct pavo_ledger has no row in ledger.def");

/* What belongs to the options but is no row: our elements of layers and of the lists. */
static const struct ipfix_member more_types[] = {
    {.ie = "carrierType",
     .pen = PAVO_PEN,
     .id = IPFIX_IE_CARRIER_TYPE,
     .bytes = 1,
     .semantics = FLD_N,
     .unit = "",
     .help = "what a layer of the encapsulation is"},
    {.ie = "carrierId",
     .pen = PAVO_PEN,
     .id = IPFIX_IE_CARRIER_ID,
     .bytes = 4,
     .semantics = FLD_N,
     .unit = "",
     .help = "its VLAN id, label, VNI, key"},
    {.ie = "lostPackets",
     .pen = PAVO_PEN,
     .id = IPFIX_IE_LOST,
     .bytes = 8,
     .semantics = FLD_T,
     .unit = "packets",
     .help = "list: packets lost, by reason"},
    {.ie = "walkEnds",
     .pen = PAVO_PEN,
     .id = IPFIX_IE_WHY,
     .bytes = 8,
     .semantics = FLD_T,
     .unit = "packets",
     .help = "list: frames, by how their decoding ended"},
};

static const struct ipfix_field type_fields[] = {
    {0, IPFIX_IE_PEN, 4},
    {0, IPFIX_IE_ELEMENT_ID, 2},
    {0, IPFIX_IE_DATA_TYPE, 1},
    {0, IPFIX_IE_SEMANTICS, 1},
    {0, IPFIX_IE_UNITS, 2},
    {0, IPFIX_IE_RANGE_BEGIN, 8},
    {0, IPFIX_IE_RANGE_END, 8},
    {0, IPFIX_IE_NAME, IPFIX_VARIABLE},
    {0, IPFIX_IE_DESCRIPTION, IPFIX_VARIABLE},
};
static const struct ipfix_field interface_fields[] = {
    {0, IPFIX_IE_INGRESS, 4},
    {0, IPFIX_IE_INTERFACE_NAME, IPFIX_VARIABLE},
    {0, IPFIX_IE_INTERFACE_DESCRIPTION, IPFIX_VARIABLE},
};
static const struct ipfix_field observer_fields[] = {
    {0, IPFIX_IE_DOMAIN, 4},
    {0, IPFIX_IE_DOMAIN_NAME, IPFIX_VARIABLE},
};
/* Of a ledger record, before the rows of ledger.def; the two lists stand behind them. */
static const struct ipfix_field ledger_fields[] = {
    {0, IPFIX_IE_DOMAIN, 4},           {0, IPFIX_IE_METERING_PROCESS, 4},
    {0, IPFIX_IE_EXPORTED_OCTETS, 8},  {0, IPFIX_IE_EXPORTED_MESSAGES, 8},
    {0, IPFIX_IE_IGNORED_PACKETS, 8},  {0, IPFIX_IE_NOT_SENT_FLOWS, 8},
    {0, IPFIX_IE_NOT_SENT_PACKETS, 8}, {0, IPFIX_IE_NOT_SENT_OCTETS, 8},
};

enum {
    N_LEDGER = sizeof ledger_fields / sizeof ledger_fields[0],
    N_MEMBERS = sizeof ipfix_members / sizeof ipfix_members[0],
    LISTS_MOST = 2 * (3 + 9) + 8 * (PAVO_LOSSES + PAVO_WHYS),
    LEDGER_MOST = 8 * (N_LEDGER + N_MEMBERS) + LISTS_MOST,
    STRINGS_MOST = 2 * 255,
    TYPE_MOST = 26 + STRINGS_MOST,
};
_Static_assert(N_LEDGER + N_MEMBERS + 2 <= 60, "collectors take 60 fields in a template");

uint32_t
ipfix_options_most(void)
{
    const uint32_t template = 6 + 8 * (N_LEDGER + N_MEMBERS + 2);
    uint32_t most = LEDGER_MOST > (int)TYPE_MOST ? LEDGER_MOST : TYPE_MOST;

    return most > template ? most : template;
}

/* ---- RFC 5610 ---------------------------------------------------------------------------------
 */

/* informationElementDataType, RFC 5610 section 3.1. */
static unsigned
type_of(unsigned form, unsigned bytes)
{
    switch (form) {
    case ROW_FORM_B:
        return 11; /* boolean */
    case ROW_FORM_IPQ:
    case ROW_FORM_ADDR:
        return 19; /* ipv6Address */
    case ROW_FORM_LIST:
        return 21; /* subTemplateList */
    case ROW_FORM_PARTS:
        return 22; /* subTemplateMultiList */
    case ROW_FORM_MAC:
        return 12; /* macAddress */
    case ROW_FORM_S:
        return 13; /* string */
    case ROW_FORM_HIST:
    case ROW_FORM_N16:
    case ROW_FORM_N32:
    case ROW_FORM_OCT:
        return 0; /* octetArray */
    default:
        return bytes == 1 ? 1 : bytes == 2 ? 2 : bytes == 4 ? 3 : 4; /* unsigned8 to unsigned64 */
    }
}

/* informationElementSemantics, RFC 5610 section 3.2. */
static unsigned
semantics_of(unsigned form, unsigned semantics)
{
    if (form == ROW_FORM_F || form == ROW_FORM_FLAGS || form == ROW_FORM_DIRS)
        return 5;                   /* flags */
    return semantics == FLD_Q   ? 3 /* deltaCounter */
           : semantics == FLD_T ? 2 /* totalCounter */
           : semantics == FLD_K ? 4 /* identifier */
                                : 0;
}

/* informationElementUnits, RFC 5610 section 3.3. */
static unsigned
units_of(const char *unit)
{
    static const char *const units[] = {"",        "bits", "octets", "packets", "flows",
                                        "seconds", "ms",   "us",     "ns"};

    for (unsigned i = 1; i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i]) == 0)
            return i;
    }
    return 0;
}

struct type {
    uint16_t id;
    unsigned form, bytes, semantics;
    const char *ie, *unit, *help;
};

static void
put_type(struct ipfix_enc *e, struct pavo_buf *out, const struct type *t)
{
    uint8_t *at = ipfix_room(e, out, 0, IPFIX_ID_TYPES, TYPE_MOST);

    if (!at)
        return;
    at = put_be(at, PAVO_PEN, 4);
    at = put_be(at, t->id, 2);
    at = put_be(at, type_of(t->form, t->bytes), 1);
    at = put_be(at, semantics_of(t->form, t->semantics), 1);
    at = put_be(at, units_of(t->unit), 2);
    at = put_be(at, 0, 8); /* no range */
    at = put_be(at, 0, 8);
    at = ipfix_string(at, t->ie);
    at = ipfix_string(at, t->help);
    ipfix_take(e, out, at, true);
}

static void
put_members(struct ipfix_enc *e, struct pavo_buf *out, const struct ipfix_member *m, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (m[i].pen == PAVO_PEN)
            put_type(e, out,
                     &(struct type){m[i].id, ROW_FORM_U, m[i].bytes, m[i].semantics, m[i].ie,
                                    m[i].unit, m[i].help});
    }
}

static void
put_types(struct ipfix_enc *e, struct pavo_buf *out)
{
    for (unsigned i = 0; i < fld_count; i++) {
        const struct fld *f = &fld_table[i];

        if (f->pen == PAVO_PEN && f->templates)
            put_type(
                e, out,
                &(struct type){f->id, f->form, f->bytes, f->semantics, f->ie, f->unit, f->help});
    }
    put_members(e, out, more_types, sizeof more_types / sizeof *more_types);
    put_members(e, out, ipfix_members, ipfix_n_members);
}

/* ---- names, ledger ----------------------------------------------------------------------------
 */

static void
put_names(struct ipfix_enc *e, struct pavo_buf *out)
{
    uint8_t *at = ipfix_room(e, out, 0, IPFIX_ID_OBSERVER, 4 + STRINGS_MOST);

    if (!at)
        return;
    at = put_be(at, e->info.domain, 4);
    at = ipfix_string(at, e->info.observer);
    ipfix_take(e, out, at, true);
    for (unsigned i = 0; i < e->info.n_sources; i++) {
        at = ipfix_room(e, out, 0, IPFIX_ID_INTERFACES, 4 + STRINGS_MOST);
        if (!at)
            return;
        at = put_be(at, i, 4);
        at = ipfix_string(at, e->info.sources[i]);
        at = ipfix_string(at, e->info.sources[i]);
        ipfix_take(e, out, at, true);
    }
}

static void
ledger_template(struct ipfix_enc *e, struct pavo_buf *out)
{
    struct ipfix_field fields[N_LEDGER + N_MEMBERS + 2];
    unsigned n = N_LEDGER;

    memcpy(fields, ledger_fields, sizeof ledger_fields);
    for (unsigned i = 0; i < N_MEMBERS; i++)
        fields[n++] =
            (struct ipfix_field){ipfix_members[i].pen, ipfix_members[i].id, ipfix_members[i].bytes};
    fields[n++] = (struct ipfix_field){0, IPFIX_BASIC_LIST, IPFIX_VARIABLE};
    fields[n++] = (struct ipfix_field){0, IPFIX_BASIC_LIST, IPFIX_VARIABLE};
    ipfix_template(e, out, 0, IPFIX_ID_LEDGER, fields, n, 2);
}

void
ipfix_options_begin(struct ipfix_enc *e, struct pavo_buf *out)
{
    ipfix_template(e, out, 0, IPFIX_ID_TYPES, type_fields, sizeof type_fields / sizeof *type_fields,
                   2);
    put_types(e, out);
    ipfix_template(e, out, 0, IPFIX_ID_INTERFACES, interface_fields,
                   sizeof interface_fields / sizeof *interface_fields, 1);
    ipfix_template(e, out, 0, IPFIX_ID_OBSERVER, observer_fields,
                   sizeof observer_fields / sizeof *observer_fields, 1);
    ledger_template(e, out);
    put_names(e, out);
}

/* basicList of 64-bit numbers, RFC 6313 section 4.5.1; always with a length of three octets. */
static uint8_t *
put_list(uint8_t *at, uint16_t id, const uint64_t *counts, unsigned n)
{
    *at++ = 255;
    at = put_be(at, 9 + 8 * n, 2);
    *at++ = IPFIX_ORDERED;
    at = put_be(at, id | IPFIX_ENTERPRISE, 2);
    at = put_be(at, 8, 2);
    at = put_be(at, PAVO_PEN, 4);
    for (unsigned i = 0; i < n; i++)
        at = put_be(at, counts[i], 8);
    return at;
}

void
ipfix_ledger(struct ipfix_enc *e, struct pavo_buf *out, const struct pavo_ledger *l)
{
    uint64_t lost = 0;
    uint8_t *at;

    /* Close the open message first: then 40 and 41 count all before this record. */
    ipfix_message_close(e, out);
    at = ipfix_room(e, out, 0, IPFIX_ID_LEDGER, LEDGER_MOST);
    if (!at)
        return;
    for (unsigned i = 0; i < PAVO_LOSSES; i++)
        lost += l->counts.lost[i];
    at = put_be(at, e->info.domain, 4);
    at = put_be(at, 1, 4); /* there is one metering process */
    at = put_be(at, e->octets, 8);
    at = put_be(at, e->messages, 8);
    at = put_be(at, lost, 8);
    at = put_be(at, l->dropped.records + l->counts.ring_dropped.records, 8);
    at = put_be(at, l->dropped.packets + l->counts.ring_dropped.packets, 8);
    at = put_be(at, l->dropped.octets + l->counts.ring_dropped.octets, 8);
    for (unsigned i = 0; i < N_MEMBERS; i++) {
        const struct ipfix_member *m = &ipfix_members[i];
        uint64_t v;

        if (m->bytes == 1) {
            *at++ = *((const uint8_t *)l + m->offset);
            continue;
        }
        memcpy(&v, (const uint8_t *)l + m->offset, sizeof v);
        at = put_be(at, m->is_time ? ipfix_ntp(v) : v, 8);
    }
    at = put_list(at, IPFIX_IE_LOST, l->counts.lost, PAVO_LOSSES);
    at = put_list(at, IPFIX_IE_WHY, l->counts.why, PAVO_WHYS);
    ipfix_take(e, out, at, true);
}
