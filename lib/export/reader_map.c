/* reader_map.c - elements of an IPFIX template into members of a record
 *
 * A template is compiled once: each field becomes an action. Rows of fields.def are found by PEN
 * and number; a table below adds elements that other exporters use for the same things. What says
 * the same as a better element of the template is skipped there, so that a record is filled without
 * questions of rank but for the time stamps.
 */
#include "reader.h"

/* Elements that others send. 'row' names the row of fields.def that they fill; 'unless' is the
 * better one. */
static const struct alias {
    uint32_t pen;
    uint16_t id;
    uint8_t act, arg;
    uint16_t row_id;
    uint32_t row_pen;
    bool unless_row; /* skip it if the template has that row itself */
} aliases[] = {
    {0, 150, MAP_TIME_S, 0, 0, 0, false},
    {0, 151, MAP_TIME_S, 1, 0, 0, false},
    {0, 152, MAP_TIME_MS, 0, 0, 0, false},
    {0, 153, MAP_TIME_MS, 1, 0, 0, false},
    {0, 154, MAP_TIME_US, 0, 0, 0, false},
    {0, 155, MAP_TIME_US, 1, 0, 0, false},
    {0, 156, MAP_TIME_NS, 0, 0, 0, false},
    {0, 157, MAP_TIME_NS, 1, 0, 0, false},
    {0, 158, MAP_TIME_BACK, 0, 0, 0, false},
    {0, 159, MAP_TIME_BACK, 1, 0, 0, false},
    {0, 22, MAP_TIME_UPTIME, 0, 0, 0, false},
    {0, 21, MAP_TIME_UPTIME, 1, 0, 0, false},
    {0, 160, MAP_UPTIME_BEGAN, 0, 0, 0, false},
    {0, 161, MAP_DURATION_MS, 0, 0, 0, false},
    {0, 162, MAP_DURATION_US, 0, 0, 0, false},
    {0, 8, MAP_ADDRESS4, 0, 0, 0, false},
    {0, 12, MAP_ADDRESS4, 1, 0, 0, false},
    {0, 27, MAP_ADDRESS6, 0, 0, 0, false},
    {0, 28, MAP_ADDRESS6, 1, 0, 0, false},
    {0, 176, MAP_ICMP_TYPE, 0, 32, 0, true},
    {0, 177, MAP_ICMP_CODE, 0, 32, 0, true},
    {0, 178, MAP_ICMP_TYPE, 0, 139, 0, true},
    {0, 179, MAP_ICMP_CODE, 0, 139, 0, true},
    {0, 192, MAP_TTL, 0, 52, 0, true},
    {ROW_PEN_REV, 192, MAP_TTL, 1, 52, ROW_PEN_REV, true},
    {0, 195, MAP_DSCP, 0, 5, 0, true},
    {ROW_PEN_REV, 195, MAP_DSCP, 1, 5, ROW_PEN_REV, true},
    /* totals, and the counters of initiator and responder */
    {0, 85, MAP_ROW, 0, 1007, ROW_PEN_OWN, true},
    {0, 86, MAP_ROW, 0, 1008, ROW_PEN_OWN, true},
    {ROW_PEN_REV, 85, MAP_ROW, 0, 1009, ROW_PEN_OWN, true},
    {ROW_PEN_REV, 86, MAP_ROW, 0, 1010, ROW_PEN_OWN, true},
    {0, 231, MAP_ROW, 0, 1, 0, true},
    {0, 232, MAP_ROW, 0, 1, ROW_PEN_REV, true},
    {0, 298, MAP_ROW, 0, 2, 0, true},
    {0, 299, MAP_ROW, 0, 2, ROW_PEN_REV, true},
    /* the lists */
    {ROW_PEN_OWN, 1029, MAP_LIST, 0, 0, 0, false},
    {ROW_PEN_OWN, 1040, MAP_PARTS, 0, 0, 0, false},
};

static bool
has(const struct map_template *t, uint32_t pen, uint16_t id)
{
    for (uint32_t i = 0; i < t->n_fields; i++) {
        if (t->fields[i].pen == pen && t->fields[i].id == id)
            return true;
    }
    return false;
}

/* The row of fields.def of an element; -1: none. */
static int
row_of(uint32_t pen, uint16_t id)
{
    for (unsigned i = 0; i < fld_count; i++) {
        if (fld_table[i].templates && fld_table[i].pen == pen && fld_table[i].id == id)
            return (int)i;
    }
    return -1;
}

static void
map_to_row(struct map_field *f, uint32_t pen, uint16_t id)
{
    const int row = row_of(pen, id);

    if (row >= 0) {
        f->act = MAP_ROW;
        f->arg = (uint16_t)row;
    }
}

static bool
compile_alias(const struct map_template *t, struct map_field *f)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        const struct alias *a = &aliases[i];

        if (a->pen != f->pen || a->id != f->id)
            continue;
        if (a->unless_row && has(t, a->row_pen, a->row_id))
            return true;
        if (a->act == MAP_ROW) {
            map_to_row(f, a->row_pen, a->row_id);
        } else {
            f->act = a->act;
            f->arg = a->arg;
        }
        return true;
    }
    return false;
}

static void
compile_flow_field(const struct map_template *t, struct map_field *f)
{
    const bool has_list = has(t, ROW_PEN_OWN, 1029);

    if (compile_alias(t, f))
        return;
    map_to_row(f, f->pen, f->id);
    if (f->act != MAP_ROW)
        return;
    switch ((enum row_form)fld_table[f->arg].form) {
    case ROW_FORM_VLAN: /* 58 and 243 are the same VLAN */
        if (has_list || (f->id == 58 && has(t, 0, 243)))
            f->act = MAP_SKIP;
        break;
    case ROW_FORM_INNER:
    case ROW_FORM_SEGMENT:
        if (has_list)
            f->act = MAP_SKIP;
        break;
    case ROW_FORM_OUTER_TYPE:
    case ROW_FORM_OUTER_ID:
        f->act = MAP_SKIP;
        break;
    case ROW_FORM_LOW8: /* two octets hold all twelve bits */
        if (f->bytes != 1 && !has(t, ROW_PEN_OWN, f->pen ? 1012 : 1011))
            map_to_row(f, ROW_PEN_OWN, f->pen ? 1012 : 1011);
        break;
    default:
        break;
    }
    if (fld_part(&fld_table[f->arg])) /* another's element tells one thing of a part, not all */
        f->act = MAP_PART;
}

/* Most rows are a number in one member: those go the short way. */
static void
compile_plain(struct map_field *f)
{
    const struct fld *row = &fld_table[f->arg];

    if ((f->act != MAP_ROW && f->act != MAP_PART) || f->bytes < 1 || f->bytes > 8)
        return;
    if (row->form != ROW_FORM_U && row->form != ROW_FORM_W && row->form != ROW_FORM_F &&
        row->form != ROW_FORM_ID && row->form != ROW_FORM_TLS && row->form != ROW_FORM_DIRS)
        return;
    if (f->act == MAP_ROW)
        f->act = MAP_NUMBER;
    f->offset = row->offset;
    f->width = row->width;
}

static uint32_t
has_of(const struct map_field *f)
{
    if (f->act == MAP_ADDRESS4)
        return MAP_HAS_IP4 | MAP_IS_FLOW;
    if (f->act == MAP_ADDRESS6)
        return MAP_HAS_IP6 | MAP_IS_FLOW;
    if (f->act == MAP_ICMP_TYPE)
        return MAP_HAS_ICMP;
    if (f->act != MAP_ROW)
        return 0;
    switch (fld_table[f->arg].offset) {
    case offsetof(struct pavo_record, sourceTransportPort):
    case offsetof(struct pavo_record, destinationTransportPort):
        return MAP_HAS_PORTS;
    case offsetof(struct pavo_record, sourceMacAddress):
    case offsetof(struct pavo_record, destinationMacAddress):
        return MAP_HAS_MAC | MAP_IS_FLOW;
    case offsetof(struct pavo_record, icmpType):
        return MAP_HAS_ICMP;
    case offsetof(struct pavo_record, arpOperation):
        return MAP_HAS_ARP;
    case offsetof(struct pavo_record, flowFinal):
        return MAP_HAS_FINAL;
    case offsetof(struct pavo_record, octetDeltaCount[0]):
    case offsetof(struct pavo_record, packetDeltaCount[0]):
        return MAP_HAS_DELTA | MAP_IS_FLOW;
    case offsetof(struct pavo_record, octetTotalCount[0]):
    case offsetof(struct pavo_record, packetTotalCount[0]):
        return MAP_HAS_TOTAL | MAP_IS_FLOW;
    default:
        return fld_table[f->arg].form == ROW_FORM_FLAGS ? MAP_HAS_FLAGS : 0;
    }
}

static void
compile_options(struct map_template *t)
{
    if (has(t, 0, IPFIX_IE_INTERFACE_NAME) && has(t, 0, IPFIX_IE_INGRESS))
        t->has |= MAP_IS_INTERFACES;
    if (has(t, 0, IPFIX_IE_DOMAIN_NAME))
        t->has |= MAP_IS_OBSERVER;
    if (!has(t, PAVO_PEN, IPFIX_IE_LEDGER_KIND))
        return;
    t->has |= MAP_IS_LEDGER;
    for (uint32_t i = 0; i < t->n_fields; i++) {
        struct map_field *f = &t->fields[i];

        if (f->pen == 0 && f->id == IPFIX_BASIC_LIST)
            f->act = MAP_COUNTS;
        for (unsigned m = 0; m < ipfix_n_members; m++) {
            if (ipfix_members[m].pen == f->pen && ipfix_members[m].id == f->id) {
                f->act = MAP_MEMBER;
                f->arg = (uint8_t)m;
            }
        }
    }
}

void
map_compile(struct map_template *t)
{
    t->has = 0;
    t->parts = 0;
    t->min_bytes = 0;
    for (uint32_t i = 0; i < t->n_fields; i++) {
        t->fields[i].act = MAP_SKIP;
        t->min_bytes += t->fields[i].bytes == IPFIX_VARIABLE ? 1 : t->fields[i].bytes;
    }
    if (t->n_scope) {
        compile_options(t);
        return;
    }
    for (uint32_t i = 0; i < t->n_fields; i++) {
        compile_flow_field(t, &t->fields[i]);
        t->has |= has_of(&t->fields[i]);
        if (t->fields[i].act == MAP_PART)
            t->parts |= (uint16_t)fld_part(&fld_table[t->fields[i].arg]);
        compile_plain(&t->fields[i]);
    }
}

/* ---- a record -------------------------------------------------------------------------------- */

/* What must be seen whole before it can be judged. */
struct draft {
    struct pavo_record *r;
    uint8_t ip4[2][4], ip6[2][16];
    uint64_t time_ns[2];
    uint8_t time_rank[2]; /* 0: none yet; the finer, the higher */
    uint64_t ms[2];
    bool has_ms[2];
    uint64_t uptime_ms[2], began_ms;
    bool has_uptime[2], has_began;
    uint64_t duration_ns;
    bool has_duration;
};

enum { RANK_COARSE = 1, RANK_S, RANK_MS, RANK_US, RANK_NS };

static uint64_t
scale(uint64_t v, uint64_t times)
{
    return v > UINT64_MAX / times ? UINT64_MAX / times * times : v * times;
}

static void
draft_time(struct draft *d, unsigned which, uint64_t ns, uint8_t rank)
{
    if (rank < d->time_rank[which])
        return;
    d->time_rank[which] = rank;
    d->time_ns[which] = ns;
}

static void
draft_number(struct draft *d, const struct map_field *f, uint64_t v, uint32_t export_s)
{
    struct pavo_record *r = d->r;
    const uint64_t now_ns = (uint64_t)export_s * 1000000000;

    switch ((enum map_act)f->act) {
    case MAP_TIME_S:
        draft_time(d, f->arg, scale(v, 1000000000), RANK_S);
        break;
    case MAP_TIME_MS:
        d->ms[f->arg] = v;
        d->has_ms[f->arg] = true;
        draft_time(d, f->arg, scale(v, 1000000), RANK_MS);
        break;
    case MAP_TIME_US: /* the lowest eleven bits say nothing, RFC 7011 section 6.1.9 */
        draft_time(d, f->arg, ipfix_ns(v) / 1000 * 1000, RANK_US);
        break;
    case MAP_TIME_NS:
        draft_time(d, f->arg, ipfix_ns(v), RANK_NS);
        break;
    case MAP_TIME_BACK:
        v = scale(v, 1000);
        draft_time(d, f->arg, v < now_ns ? now_ns - v : 0, RANK_US);
        break;
    case MAP_TIME_UPTIME:
        d->uptime_ms[f->arg] = v;
        d->has_uptime[f->arg] = true;
        break;
    case MAP_UPTIME_BEGAN:
        d->began_ms = v;
        d->has_began = true;
        break;
    case MAP_DURATION_MS:
    case MAP_DURATION_US:
        d->duration_ns = scale(v, f->act == MAP_DURATION_MS ? 1000000 : 1000);
        d->has_duration = true;
        break;
    case MAP_ICMP_TYPE:
        r->icmpType = (uint8_t)v;
        break;
    case MAP_ICMP_CODE:
        r->icmpCode = (uint8_t)v;
        break;
    case MAP_TTL:
        r->minimumTTL[f->arg] = (uint8_t)v;
        r->maximumTTL[f->arg] = (uint8_t)v;
        break;
    case MAP_DSCP:
        r->ipClassOfService[f->arg] = (uint8_t)(v << 2);
        break;
    default:
        break;
    }
}

/* One layer of an encapsulation list. */
static const uint8_t *
read_layer(const struct map_template *t, const uint8_t *at, const uint8_t *end,
           struct pavo_layer *l)
{
    uint8_t src[16] = {0}, dst[16] = {0}, src_mac[6] = {0}, dst_mac[6] = {0};

    *l = (struct pavo_layer){0};
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const struct map_field *f = &t->fields[i];
        const long n = map_length(f, &at, end);
        uint64_t v;

        if (n < 0)
            return NULL;
        v = n >= 1 && n <= 8 ? get_be(at, (unsigned)n) : 0;
        if (f->pen == PAVO_PEN && f->id == IPFIX_IE_CARRIER_TYPE)
            l->type = (uint8_t)v;
        else if (f->pen == PAVO_PEN && f->id == IPFIX_IE_CARRIER_ID)
            l->id = (uint32_t)v;
        else if (f->pen == 0 && f->id == IPFIX_IE_IP_VERSION)
            l->ip_version = v == 4 || v == 6 ? (uint8_t)v : 0;
        else if (f->pen == 0 && f->id == IPFIX_IE_PORT_SRC)
            l->src_port = (uint16_t)v;
        else if (f->pen == 0 && f->id == IPFIX_IE_PORT_DST)
            l->dst_port = (uint16_t)v;
        else if (f->pen == 0 && (f->id == IPFIX_IE_IP4_SRC || f->id == IPFIX_IE_IP4_DST) && n == 4)
            memcpy((f->id == IPFIX_IE_IP4_SRC ? src : dst) + 12, at, 4);
        else if (f->pen == 0 && (f->id == IPFIX_IE_IP6_SRC || f->id == IPFIX_IE_IP6_DST) && n == 16)
            memcpy(f->id == IPFIX_IE_IP6_SRC ? src : dst, at, 16);
        else if (f->pen == 0 && (f->id == IPFIX_IE_MAC_SRC || f->id == IPFIX_IE_MAC_DST) && n == 6)
            memcpy(f->id == IPFIX_IE_MAC_SRC ? src_mac : dst_mac, at, 6);
        at += n;
    }
    if (l->ip_version == 4) { /* in the last octets, mapped or not */
        memcpy(l->src, src + 12, 4);
        memcpy(l->dst, dst + 12, 4);
    } else if (l->ip_version == 6) {
        memcpy(l->src, src, 16);
        memcpy(l->dst, dst, 16);
    } else { /* MACs, unless both are zero */
        memcpy(l->src, src_mac, 6);
        memcpy(l->dst, dst_mac, 6);
        l->ip_version = PAVO_LAYER_MAC;
        l->ip_version = (uint8_t)row_layer_version(l);
    }
    return at;
}

/* subTemplateList, RFC 6313 section 4.5.2. */
static bool
read_list(struct pavo_record *r, const uint8_t *at, const uint8_t *end, uint32_t domain,
          map_find_fn *find, void *ctx, const char **why)
{
    const struct map_template *t;

    if (end == at)
        return true;
    if (end - at < 3) {
        *why = "an encapsulation list is shorter than its head";
        return false;
    }
    t = find(ctx, domain, (uint16_t)get_be(at + 1, 2));
    at += 3;
    if (at == end)
        return true;
    if (!t) {
        *why = "an encapsulation list has a template that was not announced";
        return false;
    }
    while ((size_t)(end - at) >= t->min_bytes) {
        struct pavo_layer l;

        at = read_layer(t, at, end, &l);
        if (!at) {
            *why = "a layer runs over the end of its list";
            return false;
        }
        if (r->n_encap < PAVO_LAYERS_MAX)
            r->encap[r->n_encap++] = l;
    }
    return true;
}

/* NTP seconds begin anew in 2036; milliseconds tell which time it was. */
static void
finish_time(struct draft *d, unsigned which)
{
    const uint64_t era = (UINT64_C(1) << 32) * 1000000000;
    uint64_t ns = d->time_ns[which], near;

    if (d->time_rank[which] == 0 && d->has_uptime[which] && d->has_began)
        ns = scale(d->began_ms > UINT64_MAX - d->uptime_ms[which]
                       ? UINT64_MAX
                       : d->began_ms + d->uptime_ms[which],
                   1000000);
    if (d->time_rank[which] >= RANK_US && d->has_ms[which]) {
        near = scale(d->ms[which], 1000000);
        while (near > ns && near - ns > era / 2 && ns <= UINT64_MAX - era)
            ns += era;
    }
    d->time_ns[which] = ns;
}

static bool
is_zero(const void *bytes, size_t n)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < n; i++) {
        if (at[i])
            return false;
    }
    return true;
}

/* What the addresses are: ipVersion has the last word where the template leaves a choice. */
static uint8_t
kind_of(const struct map_template *t, const struct draft *d)
{
    const bool has4 = t->has & MAP_HAS_IP4, has6 = t->has & MAP_HAS_IP6;
    const uint8_t version = d->r->kind;

    if (has4 && has6) {
        if (version == PAVO_KIND_IP4 || version == PAVO_KIND_IP6)
            return version;
        return is_zero(d->ip4, sizeof d->ip4) ? PAVO_KIND_IP6 : PAVO_KIND_IP4;
    }
    if (has6)
        return PAVO_KIND_IP6;
    if (t->has & MAP_HAS_ARP)
        return PAVO_KIND_ARP;
    if (has4)
        return PAVO_KIND_IP4;
    return version == PAVO_KIND_IP4 || version == PAVO_KIND_IP6 ? version : PAVO_KIND_LINK;
}

/* Presence where the stream does not say it. */
static void
infer_flags(const struct map_template *t, struct pavo_record *r)
{
    const uint8_t proto = r->protocolIdentifier;
    const bool is_icmp = proto == 1 || proto == 58;

    if (is_icmp && !(t->has & MAP_HAS_ICMP) && r->destinationTransportPort) {
        /* NetFlow's way: type * 256 + code in place of the destination port */
        r->icmpType = (uint8_t)(r->destinationTransportPort >> 8);
        r->icmpCode = (uint8_t)r->destinationTransportPort;
        r->hasIcmp = 1;
    }
    if (is_icmp) {
        r->hasIcmp |= (t->has & MAP_HAS_ICMP) != 0;
        r->sourceTransportPort = 0;
        r->destinationTransportPort = 0;
    }
    r->hasPorts = (t->has & MAP_HAS_PORTS) &&
                  (proto == 6 || proto == 17 || proto == 33 || proto == 132 || proto == 136);
    r->hasMac = (t->has & MAP_HAS_MAC) &&
                !(is_zero(r->sourceMacAddress, 6) && is_zero(r->destinationMacAddress, 6));
}

static void
finish(const struct map_template *t, struct draft *d)
{
    struct pavo_record *r = d->r;

    r->kind = kind_of(t, d);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *to = i ? r->destinationAddress : r->sourceAddress;

        finish_time(d, i);
        if (r->kind == PAVO_KIND_IP6)
            memcpy(to, d->ip6[i], 16);
        else
            memcpy(to, d->ip4[i], 4);
    }
    r->flowStartNanoseconds = d->time_ns[0];
    r->flowEndNanoseconds = d->time_ns[1];
    if (d->has_duration && !d->time_rank[1] && !d->has_uptime[1])
        r->flowEndNanoseconds = d->time_ns[0] > UINT64_MAX - d->duration_ns
                                    ? UINT64_MAX
                                    : d->time_ns[0] + d->duration_ns;
    if (r->quote.kind == PAVO_KIND_IP4) { /* ::ffff:a.b.c.d */
        memmove(r->quote.src, r->quote.src + 12, 4);
        memset(r->quote.src + 4, 0, 12);
        memmove(r->quote.dst, r->quote.dst + 12, 4);
        memset(r->quote.dst + 4, 0, 12);
    }
    if (!(t->has & MAP_HAS_FLAGS))
        infer_flags(t, r);
    if (!(t->has & MAP_HAS_FINAL))
        r->flowFinal = r->flowEndReason != PAVO_END_ACTIVE;
    for (unsigned i = 0; i < 2; i++) {
        if ((t->has & MAP_HAS_TOTAL) && !(t->has & MAP_HAS_DELTA)) {
            r->octetDeltaCount[i] = r->octetTotalCount[i];
            r->packetDeltaCount[i] = r->packetTotalCount[i];
        } else if (!(t->has & MAP_HAS_TOTAL)) {
            r->octetTotalCount[i] = r->octetDeltaCount[i];
            r->packetTotalCount[i] = r->packetDeltaCount[i];
        }
    }
}

const uint8_t *
map_record(const struct map_template *t, const uint8_t *at, const uint8_t *end, uint32_t export_s,
           map_find_fn *find, void *ctx, struct pavo_record *r, const char **why)
{
    struct draft d = {.r = r};

    memset(r, 0, offsetof(struct pavo_record, encap));
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const struct map_field *f = &t->fields[i];
        const long n = map_length(f, &at, end);

        if (n < 0) {
            *why = "a record runs over the end of its set";
            return NULL;
        }
        switch ((enum map_act)f->act) {
        case MAP_SKIP:
        case MAP_PART:
        case MAP_MEMBER:
        case MAP_COUNTS:
            break;
        case MAP_NUMBER:
            map_store(r, f, get_be(at, f->bytes));
            break;
        case MAP_ROW:
            map_row(r, &fld_table[f->arg], at, (unsigned)n);
            break;
        case MAP_ADDRESS4:
            if (n == 4)
                memcpy(d.ip4[f->arg], at, 4);
            break;
        case MAP_ADDRESS6:
            if (n == 16)
                memcpy(d.ip6[f->arg], at, 16);
            break;
        case MAP_LIST:
            if (!read_list(r, at, at + n, t->domain, find, ctx, why))
                return NULL;
            break;
        case MAP_PARTS:
            if (!map_parts(r, at, at + n, t->domain, find, ctx, why))
                return NULL;
            break;
        default:
            if (n >= 1 && n <= 8)
                draft_number(&d, f, get_be(at, (unsigned)n), export_s);
        }
        at += n;
    }
    finish(t, &d);
    map_parts_finish(r);
    return at;
}

/* ---- a ledger record --------------------------------------------------------------------------
 */

/* basicList of numbers, RFC 6313 section 4.5.1. */
static void
read_counts(struct pavo_ledger *l, const uint8_t *at, const uint8_t *end)
{
    uint64_t *to;
    unsigned room, bytes, id;

    if (end - at < 9)
        return;
    id = (unsigned)get_be(at + 1, 2);
    bytes = (unsigned)get_be(at + 3, 2);
    if (!(id & IPFIX_ENTERPRISE) || get_be(at + 5, 4) != PAVO_PEN || bytes < 1 || bytes > 8)
        return;
    id &= ~(unsigned)IPFIX_ENTERPRISE;
    to = id == IPFIX_IE_LOST ? l->counts.lost : id == IPFIX_IE_WHY ? l->counts.why : NULL;
    room = id == IPFIX_IE_LOST ? PAVO_LOSSES : PAVO_WHYS;
    if (!to)
        return;
    at += 9;
    for (unsigned i = 0; i < room && (size_t)(end - at) >= bytes; i++, at += bytes)
        to[i] = get_be(at, bytes);
}

const uint8_t *
map_ledger(const struct map_template *t, const uint8_t *at, const uint8_t *end,
           struct pavo_ledger *l, const char **why)
{
    memset(l, 0, sizeof *l);
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const struct map_field *f = &t->fields[i];
        const long n = map_length(f, &at, end);

        if (n < 0) {
            *why = "a ledger record runs over the end of its set";
            return NULL;
        }
        if (f->act == MAP_COUNTS) {
            read_counts(l, at, at + n);
        } else if (f->act == MAP_MEMBER && n >= 1 && n <= 8) {
            const struct ipfix_member *m = &ipfix_members[f->arg];
            uint8_t *to = (uint8_t *)l + m->offset;
            uint64_t v = get_be(at, (unsigned)n);

            if (m->is_time)
                v = ipfix_ns(v);
            if (m->bytes == 1)
                *to = (uint8_t)v;
            else
                memcpy(to, &v, sizeof v);
        }
        at += n;
    }
    return at;
}
