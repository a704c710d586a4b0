/* Tests of the IPFIX encoder: what it writes is taken apart here with numbers from the RFCs,
 * without its constants. */
#include "fields.h"
#include "stream.h"

static unsigned
u16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t
u32(const uint8_t *at)
{
    return (uint32_t)u16(at) << 16 | u16(at + 2);
}

static uint64_t
u64(const uint8_t *at)
{
    return (uint64_t)u32(at) << 32 | u32(at + 4);
}

struct field {
    uint32_t pen;
    unsigned id, bytes;
};
struct template
{
    uint32_t domain;
    unsigned id, n, scope;
    struct field f[64];
};

/* What was found in a stream. */
struct seen {
    struct template t[32];
    unsigned n_templates, n_messages, n_flows, n_options, n_types, longest_message;
    uint32_t last_sequence[2], records[2];
    bool type_known[65536];
    uint8_t type[65536];
    void (*on_record)(const struct template *t, const uint8_t *at, unsigned n, void *ctx);
    void *ctx;
};

static void
take_template(struct seen *s, uint32_t domain, bool is_options, const uint8_t *at, unsigned n)
{
    struct template t = {.domain = domain, .id = u16(at), .n = u16(at + 2)};
    const uint8_t *const end = at + n;

    at += 4;
    if (is_options) {
        t.scope = u16(at);
        at += 2;
    }
    assert_true(t.n > 0 && t.n <= 60);
    for (unsigned i = 0; i < t.n; i++) {
        t.f[i].id = u16(at) & 0x7fff;
        t.f[i].bytes = u16(at + 2);
        if (at[0] & 0x80) {
            t.f[i].pen = u32(at + 4);
            at += 4;
        }
        at += 4;
        if (t.f[i].pen == 32473) {
            assert_true(t.f[i].id > 1000);
            if (domain && !s->type_known[t.f[i].id])
                fail_msg("element 32473/%u was used before it was described", t.f[i].id);
        }
    }
    assert_ptr_equal(at, end); /* one template in a set */
    assert_true(t.id >= 256);
    for (unsigned i = 0; i < s->n_templates; i++) {
        if (s->t[i].id == t.id && s->t[i].domain == domain) {
            assert_memory_equal(&s->t[i], &t, sizeof t);
            return;
        }
    }
    assert_true(s->n_templates < 32);
    s->t[s->n_templates++] = t;
}

/* The field at *at: its bytes; moves *at behind it. */
static const uint8_t *
take_field(const struct field *f, const uint8_t **at, unsigned *n)
{
    const uint8_t *bytes;

    *n = f->bytes;
    if (*n == 65535) {
        *n = *(*at)++;
        if (*n == 255) {
            *n = u16(*at);
            *at += 2;
        }
    }
    bytes = *at;
    *at += *n;
    return bytes;
}

static const uint8_t *
find_field(const struct template *t, const uint8_t *at, uint32_t pen, unsigned id, unsigned *n)
{
    for (unsigned i = 0; i < t->n; i++) {
        const uint8_t *bytes = take_field(&t->f[i], &at, n);

        if (t->f[i].pen == pen && t->f[i].id == id)
            return bytes;
    }
    fail_msg("no element %u/%u in template %u", pen, id, t->id);
    return NULL;
}

static void
take_records(struct seen *s, uint32_t domain, unsigned id, const uint8_t *at, const uint8_t *end)
{
    const struct template *t = NULL;

    for (unsigned i = 0; i < s->n_templates; i++) {
        if (s->t[i].id == id && s->t[i].domain == domain)
            t = &s->t[i];
    }
    if (!t)
        fail_msg("records of template %u of domain %u came before it", id, domain);
    while (at < end) {
        const uint8_t *next = at;
        unsigned n;

        for (unsigned i = 0; i < t->n; i++)
            take_field(&t->f[i], &next, &n);
        assert_true(next <= end);
        if (t->scope == 2 && t->f[1].id == 303) {
            s->n_types++;
            assert_int_equal(u32(find_field(t, at, 0, 346, &n)), 32473);
            s->type_known[u16(find_field(t, at, 0, 303, &n))] = true;
            s->type[u16(find_field(t, at, 0, 303, &n))] = *find_field(t, at, 0, 339, &n);
        }
        if (s->on_record)
            s->on_record(t, at, (unsigned)(next - at), s->ctx);
        if (t->scope)
            s->n_options++;
        else
            s->n_flows++;
        s->records[domain != 0]++;
        at = next;
    }
}

static void
take_apart(struct seen *s, const uint8_t *at, size_t n)
{
    const uint8_t *const end = at + n;

    while (at < end) {
        const unsigned length = u16(at + 2);
        const uint32_t domain = u32(at + 12);
        const uint8_t *set = at + 16, *const message_end = at + length;

        assert_int_equal(u16(at), 10);
        assert_true(message_end <= end);
        assert_int_equal(u32(at + 4), 1795428010);
        assert_int_equal(u32(at + 8), s->records[domain != 0]);
        assert_true(domain == 0 || domain == 7);
        if (length > s->longest_message)
            s->longest_message = length;
        s->n_messages++;
        while (set < message_end) {
            const unsigned id = u16(set), bytes = u16(set + 2);

            assert_true(bytes > 4 && set + bytes <= message_end);
            if (id == 2 || id == 3)
                take_template(s, domain, id == 3, set + 4, bytes - 4);
            else
                take_records(s, domain, id, set + 4, set + bytes);
            set += bytes;
        }
        assert_ptr_equal(set, message_end);
        at += length;
    }
}

static const struct template *
template_of(const struct seen *s, uint32_t domain, unsigned id)
{
    for (unsigned i = 0; i < s->n_templates; i++) {
        if (s->t[i].domain == domain && s->t[i].id == id)
            return &s->t[i];
    }
    fail_msg("no template %u", id);
    return NULL;
}

static int
place_of(const struct template *t, uint32_t pen, unsigned id)
{
    for (unsigned i = 0; i < t->n; i++) {
        if (t->f[i].pen == pen && t->f[i].id == id)
            return (int)i;
    }
    return -1;
}

static void
templates_keep_the_order_that_collectors_need(void **state)
{
    struct pavo_buf b = stream_of(NULL, 0, 0);
    struct seen *s = calloc(1, sizeof *s);

    (void)state;
    take_apart(s, b.at, b.len);
    for (unsigned id = 256; id <= 261; id++) {
        const struct template *t = template_of(s, 7, id);
        int last_reverse = -1, first_variable = -1;

        for (unsigned i = 0; i < t->n; i++) {
            if (t->f[i].pen == 29305) {
                last_reverse = (int)i;
                assert_true(place_of(t, 0, t->f[i].id) > (int)i);
            }
            if (t->f[i].bytes == 65535 && first_variable < 0) /* layers, and parts behind them */
                first_variable = (int)i;
            if (t->f[i].id == 6 && t->f[i].pen != 6871)
                assert_int_equal(t->f[i].bytes, 1);
            for (unsigned j = 0; j < i; j++) /* no element twice */
                assert_false(t->f[i].pen == t->f[j].pen && t->f[i].id == t->f[j].id);
        }
        assert_true(last_reverse >= 0 && place_of(t, 0, 1) > last_reverse);
        assert_int_equal(first_variable, t->n - 2);
        assert_int_equal(place_of(t, 32473, 1040), t->n - 1);
        assert_true(place_of(t, 0, 152) >= 0 && place_of(t, 0, 153) >= 0);
        assert_true(place_of(t, 0, 85) < 0 && place_of(t, 0, 86) < 0);
    }
    assert_true(place_of(template_of(s, 7, 256), 0, 27) < 0);
    assert_true(place_of(template_of(s, 7, 257), 0, 8) < 0);
    assert_int_equal(template_of(s, 0, 303)->scope, 2);
    free(s);
    pavo_buf_free(&b);
}

struct found {
    const struct template *t;
    uint8_t bytes[8192];
    unsigned n;
};

static void
keep_flow(const struct template *t, const uint8_t *at, unsigned n, void *ctx)
{
    struct found *f = ctx;

    if (t->scope)
        return;
    f->t = t;
    f->n = n;
    memcpy(f->bytes, at, n);
}

static void
a_record_stands_in_the_elements_that_others_read(void **state)
{
    static const uint8_t src_mac[] = {0, 0, 0x5e, 0, 0x53, 1};
    struct pavo_record r = rec_tcp4();
    struct seen *s = calloc(1, sizeof *s);
    struct found f = {0};
    struct pavo_buf b;
    unsigned n;
    uint64_t ntp;

    (void)state;
    r.tcpControlBits[1] = 0x112;
    r.ingressInterface = 1;
    rec_encap(&r, PAVO_CARRIER_VLAN, 100, 0);
    rec_encap(&r, PAVO_CARRIER_VLAN, 7, 0);
    rec_encap(&r, PAVO_CARRIER_VXLAN, 5001, 4);
    b = stream_of(&r, 1, 0);
    s->on_record = keep_flow;
    s->ctx = &f;
    take_apart(s, b.at, b.len);
    assert_int_equal(s->n_flows, 1);
    assert_non_null(f.t);
    assert_int_equal(f.t->id, 256);
    assert_int_equal(u32(find_field(f.t, f.bytes, 0, 8, &n)), 0xc000020a);
    assert_int_equal(u32(find_field(f.t, f.bytes, 0, 12, &n)), 0xc6336407);
    assert_int_equal(u16(find_field(f.t, f.bytes, 0, 7, &n)), 51234);
    assert_int_equal(u16(find_field(f.t, f.bytes, 0, 11, &n)), 443);
    assert_int_equal(*find_field(f.t, f.bytes, 0, 4, &n), 6);
    assert_int_equal(*find_field(f.t, f.bytes, 0, 60, &n), 4);
    assert_memory_equal(find_field(f.t, f.bytes, 0, 56, &n), src_mac, 6);
    assert_int_equal(u64(find_field(f.t, f.bytes, 0, 1, &n)), 4021);
    assert_int_equal(u64(find_field(f.t, f.bytes, 0, 2, &n)), 20);
    assert_int_equal(u64(find_field(f.t, f.bytes, 29305, 1, &n)), 14212);
    assert_int_equal(u64(find_field(f.t, f.bytes, 29305, 2, &n)), 22);
    assert_int_equal(*find_field(f.t, f.bytes, 0, 6, &n), 27);
    assert_int_equal(*find_field(f.t, f.bytes, 29305, 6, &n), 0x12);
    assert_int_equal(u16(find_field(f.t, f.bytes, 32473, 1012, &n)), 0x112);
    assert_int_equal(u16(find_field(f.t, f.bytes, 6871, 14, &n)), 2);
    assert_int_equal(u16(find_field(f.t, f.bytes, 6871, 16398, &n)), 18);
    assert_int_equal(u64(find_field(f.t, f.bytes, 6871, 502, &n)), 2890);
    assert_int_equal(u64(find_field(f.t, f.bytes, 6871, 16886, &n)), 13100);
    assert_int_equal(u64(find_field(f.t, f.bytes, 0, 152, &n)), UINT64_C(1795428001000));
    assert_int_equal(u64(find_field(f.t, f.bytes, 0, 153, &n)), UINT64_C(1795428005123));
    ntp = u64(find_field(f.t, f.bytes, 0, 157, &n));
    assert_int_equal(ntp >> 32, UINT64_C(1795428005) + UINT64_C(2208988800));
    assert_int_equal(((ntp & 0xffffffff) * 1000000000) >> 32, 123456789);
    assert_int_equal(u16(find_field(f.t, f.bytes, 0, 58, &n)), 100);
    assert_int_equal(u16(find_field(f.t, f.bytes, 0, 243, &n)), 100);
    assert_int_equal(u16(find_field(f.t, f.bytes, 0, 245, &n)), 7);
    assert_int_equal(u64(find_field(f.t, f.bytes, 0, 351, &n)), UINT64_C(1) << 56 | 5001);
    assert_int_equal(*find_field(f.t, f.bytes, 0, 136, &n), 3);
    assert_int_equal(*find_field(f.t, f.bytes, 0, 239, &n), 1);
    assert_int_equal(u32(find_field(f.t, f.bytes, 0, 10, &n)), 1);
    assert_int_equal(*find_field(f.t, f.bytes, 32473, 1002, &n), 1); /* true */
    assert_int_equal(*find_field(f.t, f.bytes, 32473, 1027, &n), 7); /* VXLAN, not the VLANs */
    assert_int_equal(u32(find_field(f.t, f.bytes, 32473, 1028, &n)), 5001);
    {
        const uint8_t *list = find_field(f.t, f.bytes, 32473, 1029, &n);

        assert_int_equal(n, 3 + 3 * 18);
        assert_int_equal(list[0], 4); /* ordered */
        assert_int_equal(u16(list + 1), 265);
        assert_int_equal(list[3], 1);
        assert_int_equal(u32(list + 4), 100);
        assert_int_equal(list[3 + 36], 7);
        assert_int_equal(u32(list + 3 + 36 + 6), 0x0a000001);
    }
    free(s);
    pavo_buf_free(&b);
}

/* Entries of a subTemplateMultiList, RFC 6313 section 4.5.3: template id, length with these four
 * octets, fields. */
static const uint8_t *
find_part(const uint8_t *list, unsigned n, unsigned id, unsigned *bytes)
{
    const uint8_t *const end = list + n;

    assert_int_equal(*list, 3); /* all of them */
    for (list++; list < end; list += u16(list + 2)) {
        assert_true(end - list >= 4 && u16(list + 2) >= 4 && u16(list + 2) <= end - list);
        *bytes = u16(list + 2) - 4;
        if (u16(list) == id)
            return list + 4;
    }
    assert_ptr_equal(list, end);
    return NULL;
}

static void
parts_stand_in_their_list(void **state)
{
    static struct pavo_record r;
    struct seen *s = calloc(1, sizeof *s);
    static struct found f;
    const uint8_t *list, *part;
    const struct template *t;
    struct pavo_buf b;
    unsigned n, bytes;

    (void)state;
    r = rec_tcp4();
    b = stream_of(&r, 1, 0);
    s->on_record = keep_flow;
    s->ctx = &f;
    take_apart(s, b.at, b.len);
    list = find_field(f.t, f.bytes, 32473, 1040, &n);
    assert_int_equal(n, 1); /* an empty list */
    assert_int_equal(*list, 3);
    pavo_buf_free(&b);

    rec_parts(&r, REC_PARTS_ALL);
    r.tcp.retransmittedPackets[0] = 0x01020304;
    r.tcp.tcpSequenceNumber[1] = 0xa1a2a3a4;
    r.meter.packetBins[0][7] = 0x0b0c0d0e;
    b = stream_of(&r, 1, 0);
    memset(s, 0, sizeof *s);
    s->on_record = keep_flow;
    s->ctx = &f;
    take_apart(s, b.at, b.len);
    list = find_field(f.t, f.bytes, 32473, 1040, &n);
    for (unsigned id = 270; id <= 281; id++) { /* each is as long as its template says */
        const uint8_t *at;
        unsigned field;

        part = find_part(list, n, id, &bytes);
        assert_non_null(part);
        t = template_of(s, 7, id);
        at = part;
        for (unsigned i = 0; i < t->n; i++)
            take_field(&t->f[i], &at, &field);
        assert_ptr_equal(at, part + bytes);
    }
    part = find_part(list, n, 270, &bytes);
    assert_memory_equal(find_field(template_of(s, 7, 270), part, 32473, 1042, &bytes), "ShADadFf",
                        8);
    assert_int_equal(bytes, 8);
    part = find_part(list, n, 271, &bytes);
    assert_int_equal(u32(find_field(template_of(s, 7, 271), part, 29305, 184, &bytes)), 0xa1a2a3a4);
    part = find_part(list, n, 272, &bytes);
    assert_int_equal(u32(find_field(template_of(s, 7, 272), part, 32473, 1061, &bytes)),
                     0x01020304);
    part = find_part(list, n, 274, &bytes);
    assert_int_equal(u32(find_field(template_of(s, 7, 274), part, 32473, 1095, &bytes) + 28),
                     0x0b0c0d0e);
    assert_int_equal(bytes, 32);
    part = find_part(list, n, 280, &bytes);
    assert_memory_equal(find_field(template_of(s, 7, 280), part, 6871, 294, &bytes),
                        "www.example.org", 15);
    part = find_part(list, n, 281, &bytes);
    find_field(template_of(s, 7, 281), part, 6871, 16402, &bytes);
    assert_int_equal(bytes, 300);
    assert_memory_equal(find_field(template_of(s, 7, 281), part, 6871, 18, &bytes), "GET /", 5);
    free(s);
    pavo_buf_free(&b);
}

/* The MACs of a backbone, an IPv6 tunnel inside, a tag: one template holds all three. */
static void
layers_with_macs_have_a_template(void **state)
{
    static const uint8_t macs[] = {0, 0, 0x5e, 0, 0x53, 0xb1, 0, 0, 0x5e, 0, 0x53, 0xb2};
    static const uint8_t none[16];
    struct pavo_record r = rec_link(0x88cc, false);
    struct seen *s = calloc(1, sizeof *s);
    struct found f = {0};
    const uint8_t *list;
    struct pavo_buf b;
    unsigned n;

    (void)state;
    r.protocolName = PAVO_NAME_LLDP;
    r.securityParameterIndex = 0x10001;
    rec_encap(&r, PAVO_CARRIER_PPPOE, 9, PAVO_LAYER_MAC);
    rec_encap(&r, PAVO_CARRIER_GENEVE, 77, 6);
    rec_encap(&r, PAVO_CARRIER_VLAN, 5, 0);
    b = stream_of(&r, 1, 0);
    s->on_record = keep_flow;
    s->ctx = &f;
    take_apart(s, b.at, b.len);
    assert_int_equal(*find_field(f.t, f.bytes, 32473, 1032, &n), PAVO_NAME_LLDP);
    assert_int_equal(u32(find_field(f.t, f.bytes, 32473, 1025, &n)), 0x10001);
    assert_int_equal(*find_field(f.t, f.bytes, 32473, 1027, &n), PAVO_CARRIER_GENEVE);
    list = find_field(f.t, f.bytes, 32473, 1029, &n);
    assert_int_equal(n, 3 + 3 * 54);
    assert_int_equal(u16(list + 1), 267);
    assert_int_equal(list[3], PAVO_CARRIER_PPPOE);
    assert_int_equal(u32(list + 3 + 1), 9);
    assert_int_equal(list[3 + 5], 0); /* no IP */
    assert_memory_equal(list + 3 + 6, none, 16);
    assert_memory_equal(list + 3 + 42, macs, 12);
    assert_int_equal(list[3 + 54], PAVO_CARRIER_GENEVE);
    assert_int_equal(list[3 + 54 + 5], 6);
    assert_int_equal(list[3 + 54 + 6], 0xfe);
    assert_memory_equal(list + 3 + 54 + 42, none, 12);
    assert_int_equal(list[3 + 108], PAVO_CARRIER_VLAN);
    assert_int_equal(list[3 + 108 + 5], 0);
    free(s);
    pavo_buf_free(&b);
}

static void
each_kind_has_its_template(void **state)
{
    const struct pavo_record r[] = {rec_tcp4(), rec_udp6(), rec_icmp4(), rec_arp(),
                                    rec_link(0x88cc, false)};
    static const unsigned ids[] = {256, 257, 258, 260, 261};

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct seen *s = calloc(1, sizeof *s);
        struct found f = {0};
        struct pavo_buf b = stream_of(&r[i], 1, 0);

        s->on_record = keep_flow;
        s->ctx = &f;
        take_apart(s, b.at, b.len);
        assert_int_equal(f.t->id, ids[i]);
        free(s);
        pavo_buf_free(&b);
    }
}

static void
no_message_is_longer_than_allowed_and_no_record_is_missing(void **state)
{
    enum { N = 3000 };
    static const uint32_t limits[] = {1400, 1500, 9000, 65535};
    struct pavo_record *r = calloc(N, sizeof *r);
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (unsigned i = 0; i < N; i++)
        r[i] = i % 7 ? stream_random_record(&seed) : rec_longest();
    for (unsigned i = 0; i < N; i += 100) /* nothing fits but the fields of all records */
        rec_parts_longest(&r[i]);
    for (unsigned i = 0; i < 4; i++) {
        struct seen *s = calloc(1, sizeof *s);
        struct pavo_buf b = stream_of(r, N, limits[i]);

        take_apart(s, b.at, b.len);
        assert_int_equal(s->n_flows, N);
        assert_true(s->longest_message <= limits[i]);
        assert_true(s->longest_message > limits[i] / 2);
        free(s);
        pavo_buf_free(&b);
    }
    free(r);
}

static void
a_new_file_begins_with_templates_and_goes_on_counting(void **state)
{
    const struct pavo_format *f = &pavo_format_ipfix;
    const struct pavo_stream_info info = stream_info();
    const struct pavo_record r = rec_tcp4();
    struct pavo_buf one = {0}, two = {0}, both = {0};
    struct pavo_ledger l = {.kind = PAVO_LEDGER_INTERVAL};
    struct seen *s = calloc(1, sizeof *s);
    struct pavo_err err;
    void *enc = f->open(&info, &err);

    (void)state;
    f->begin(enc, &one);
    f->record(enc, &one, &r);
    f->record(enc, &one, &r);
    f->ledger(enc, &one, &l);
    f->end(enc, &one);
    f->begin(enc, &two);
    f->record(enc, &two, &r);
    f->flush(enc, &two);
    assert_true(two.len > 0);
    take_apart(s, one.at, one.len); /* the second file on its own has all templates too */
    assert_int_equal(s->n_flows, 2);
    s->n_templates = 0;
    take_apart(s, two.at, two.len);
    assert_int_equal(s->n_flows, 3);
    pavo_buf_put(&both, two.at, two.len);
    f->flush(enc, &both);
    assert_int_equal(both.len, two.len); /* nothing was open any more */
    f->close(enc);
    free(s);
    pavo_buf_free(&one);
    pavo_buf_free(&two);
    pavo_buf_free(&both);
}

static void
what_is_written_may_leave_while_a_message_is_open(void **state)
{
    enum { N = 300 };
    const struct pavo_format *f = &pavo_format_ipfix;
    const struct pavo_stream_info info = stream_info();
    struct pavo_record *r = calloc(N, sizeof *r);
    struct pavo_buf all, b = {0}, left = {0};
    struct pavo_err err;
    void *enc = f->open(&info, &err);

    (void)state;
    for (unsigned i = 0; i < N; i++)
        r[i] = rec_tcp4();
    all = stream_of(r, N, 0);
    f->begin(enc, &b);
    for (unsigned i = 0; i < N; i++) {
        f->record(enc, &b, &r[i]);
        pavo_buf_put(&left, b.at, b.len);
        pavo_buf_clear(&b);
        assert_int_equal(b.len, 0);
    }
    f->end(enc, &b);
    pavo_buf_put(&left, b.at, b.len);
    f->close(enc);
    assert_int_equal(left.len, all.len);
    assert_memory_equal(left.at, all.at, all.len);
    free(r);
    pavo_buf_free(&all);
    pavo_buf_free(&b);
    pavo_buf_free(&left);
}

static void
a_record_that_no_memory_was_had_for_is_a_gap(void **state)
{
    const struct pavo_format *f = &pavo_format_ipfix;
    const struct pavo_stream_info info = stream_info();
    const struct pavo_record r = rec_tcp4();
    struct pavo_buf b = {0}, full = {.len = SIZE_MAX / 2};
    const struct pavo_ledger l = {.kind = PAVO_LEDGER_INTERVAL};
    struct seen *s = calloc(1, sizeof *s);
    struct pavo_err err;
    void *enc = f->open(&info, &err);

    (void)state;
    f->begin(enc, &b);
    f->record(enc, &full, &r);
    assert_true(full.failed);
    full.failed = false;
    f->ledger(enc, &full, &l);
    assert_true(full.failed);
    f->begin(enc, &full);
    f->flush(enc, &full);
    assert_int_equal(full.len, SIZE_MAX / 2);
    take_apart(s, b.at, b.len);
    b.len = 0;
    s->records[1]++;
    f->record(enc, &b, &r);
    f->end(enc, &b);
    assert_false(b.failed);
    take_apart(s, b.at, b.len);
    assert_int_equal(s->n_flows, 1);
    f->close(enc);
    free(s);
    pavo_buf_free(&b);
}

static void
all_of_our_elements_are_described(void **state)
{
    struct pavo_buf b = stream_of(NULL, 0, 0);
    struct seen *s = calloc(1, sizeof *s);

    (void)state;
    take_apart(s, b.at, b.len);
    for (unsigned i = 0; i < s->n_templates; i++) {
        for (unsigned j = 0; j < s->t[i].n; j++) {
            if (s->t[i].f[j].pen == 32473 && !s->type_known[s->t[i].f[j].id])
                fail_msg("32473/%u is not described", s->t[i].f[j].id);
        }
    }
    assert_true(s->type_known[1150] && s->type_known[1151]); /* in lists only */
    /* informationElementDataType, RFC 5610 section 3.1 and RFC 6313 section 4.1 */
    assert_int_equal(s->type[1002], 11);
    assert_int_equal(s->type[1029], 21);
    assert_int_equal(s->type[1040], 22);
    assert_int_equal(s->type[1041], 1);
    assert_int_equal(s->type[1042], 13);
    assert_int_equal(s->type[1043], 4);
    assert_int_equal(s->type[1061], 3);
    assert_int_equal(s->type[1095], 0);
    assert_int_equal(s->type[1210], 12);
    assert_int_equal(s->type[1212], 19);
    free(s);
    pavo_buf_free(&b);
}

static void
what_can_not_be_is_refused(void **state)
{
    struct pavo_stream_info info = stream_info();
    struct pavo_err err;

    (void)state;
    info.domain = 0;
    assert_null(pavo_format_ipfix.open(&info, &err));
    info = stream_info();
    info.message_bytes = 600;
    assert_null(pavo_format_ipfix.open(&info, &err));
    info.message_bytes = 65536;
    assert_null(pavo_format_ipfix.open(&info, &err));
    pavo_format_ipfix.close(NULL);
}

static void
a_meter_of_single_packets_is_written_as_any(void **state)
{
    uint64_t seed = 0x9e3779b97f4a7c15u;

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        struct pavo_record r[2];
        struct pavo_buf b[2];

        do
            r[0] = stream_random_record(&seed);
        while (!r[0].meterIsSingle);
        r[1] = r[0];
        r[1].meterIsSingle = 0;
        b[0] = stream_of(&r[0], 1, 0);
        b[1] = stream_of(&r[1], 1, 0);
        assert_int_equal(b[0].len, b[1].len);
        assert_memory_equal(b[0].at, b[1].at, b[0].len);
        pavo_buf_free(&b[0]);
        pavo_buf_free(&b[1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_keep_the_order_that_collectors_need),
        cmocka_unit_test(a_record_stands_in_the_elements_that_others_read),
        cmocka_unit_test(parts_stand_in_their_list),
        cmocka_unit_test(a_meter_of_single_packets_is_written_as_any),
        cmocka_unit_test(layers_with_macs_have_a_template),
        cmocka_unit_test(each_kind_has_its_template),
        cmocka_unit_test(no_message_is_longer_than_allowed_and_no_record_is_missing),
        cmocka_unit_test(a_new_file_begins_with_templates_and_goes_on_counting),
        cmocka_unit_test(what_is_written_may_leave_while_a_message_is_open),
        cmocka_unit_test(a_record_that_no_memory_was_had_for_is_a_gap),
        cmocka_unit_test(all_of_our_elements_are_described),
        cmocka_unit_test(what_can_not_be_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
