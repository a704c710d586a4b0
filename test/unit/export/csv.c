/* Unit tests of lib/export/csv.c, read back by a reader of RFC 4180 that shares nothing with it. */
#include "t.h"

#include "fields.h"
#include "ledger_row.h"
#include "records.h"

enum { CELLS_MAX = 256 };

static const char *const sources[] = {"eth2", "a,\"b\"\n", "#c"};

static const struct pavo_stream_info info = {
    .observer = "border-1", .version = "0.1.0", .domain = 1, .sources = sources, .n_sources = 3};

/* The cells of the line at *at, unquoted in place; steps over its CR LF. Returns their number. */
static unsigned
line_read(char **at, char **cells)
{
    char *in = *at, *out = in;
    unsigned n = 0;

    for (;;) {
        const bool quoted = *in == '"';

        assert_true(n < CELLS_MAX);
        cells[n++] = out;
        in += quoted;
        while (quoted ? *in != '"' || in[1] == '"' : *in != ',' && *in != '\r') {
            assert_true(*in != '\0');
            assert_true(quoted || *in != '"');
            if (*in == '"')
                in++;
            *out++ = *in++;
        }
        in += quoted;
        if (*in != ',')
            break;
        in++;
        *out++ = '\0';
    }
    assert_int_equal(in[0], '\r');
    assert_int_equal(in[1], '\n');
    *out = '\0';
    *at = in + 2;
    return n;
}

struct table {
    struct pavo_buf buf;
    char *names[CELLS_MAX], *cells[CELLS_MAX];
    unsigned n_names, n_cells;
};

static void
table_make(struct table *t, const struct pavo_record *r)
{
    struct pavo_err err;
    void *enc = pavo_format_csv.open(&info, &err);
    char *at;

    *t = (struct table){0};
    assert_non_null(enc);
    pavo_format_csv.begin(enc, &t->buf);
    pavo_format_csv.record(enc, &t->buf, r);
    pavo_format_csv.close(enc);
    pavo_buf_put(&t->buf, "", 1);
    assert_false(t->buf.failed);
    at = (char *)t->buf.at;
    t->n_names = line_read(&at, t->names);
    t->n_cells = line_read(&at, t->cells);
    assert_int_equal(*at, '\0');
    assert_int_equal(t->n_names, t->n_cells);
}

static const char *
cell(const struct table *t, const char *name)
{
    for (unsigned i = 0; i < t->n_names; i++)
        if (strcmp(t->names[i], name) == 0)
            return t->cells[i];
    fail_msg("no column %s", name);
    return NULL;
}

static void
values_by_name(void **state)
{
    struct pavo_record r = rec_tcp4();
    struct table t;

    rec_encap(&r, PAVO_CARRIER_VLAN, 100, 0);
    rec_encap(&r, PAVO_CARRIER_VXLAN, 5001, 4);
    table_make(&t, &r);
    assert_string_equal(cell(&t, "src.ip"), "192.0.2.10");
    assert_string_equal(cell(&t, "dst.port"), "443");
    assert_string_equal(cell(&t, "proto"), "tcp");
    assert_string_equal(cell(&t, "start"), "2026-11-23T10:00:01.000000123Z");
    assert_string_equal(cell(&t, "dst.bytes"), "14212");
    assert_string_equal(cell(&t, "flow.id"), "9f3c01d2a4b5c6d7");
    assert_string_equal(cell(&t, "final"), "true");
    assert_string_equal(cell(&t, "src.tcp.flags"), "0x1b");
    assert_string_equal(cell(&t, "encap"), "vlan:100/vxlan:5001@10.0.0.1>10.0.0.2");
    assert_string_equal(cell(&t, "interface.name"), "eth2");
    assert_string_equal(cell(&t, "icmp.type"), "");
    assert_string_equal(cell(&t, "protocol"), "");
    assert_string_equal(cell(&t, "tunnel.type"), "vxlan");
    pavo_buf_free(&t.buf);
    r = rec_link(0x88cc, false);
    r.protocolName = PAVO_NAME_LLDP;
    rec_encap(&r, PAVO_CARRIER_PPPOE, 9, PAVO_LAYER_MAC);
    table_make(&t, &r);
    assert_string_equal(cell(&t, "protocol"), "lldp");
    assert_string_equal(cell(&t, "encap"), "pppoe:9@00-00-5E-00-53-B1>00-00-5E-00-53-B2");
    assert_string_equal(cell(&t, "tunnel.type"), "");
    pavo_buf_free(&t.buf);
}

static void
one_column_per_word(void **state)
{
    struct pavo_record r = rec_udp6();
    struct table t;

    table_make(&t, &r);
    assert_string_equal(cell(&t, "src.ip"), "2001:db8::1");
    for (unsigned i = 0; i < t.n_names; i++)
        for (unsigned k = i + 1; k < t.n_names; k++)
            assert_string_not_equal(t.names[i], t.names[k]);
    for (unsigned i = 0; i < fld_count; i++)
        if (fld_table[i].word[0] && !fld_part(&fld_table[i])) /* parts have no columns */
            cell(&t, fld_table[i].word);
    pavo_buf_free(&t.buf);
}

static void
every_kind_has_its_values(void **state)
{
    const struct pavo_record all[] = {rec_tcp4(),   rec_udp6(),          rec_icmp4(),
                                      rec_arp(),    rec_link(0x88cc, 0), rec_link(0x4242, 1),
                                      rec_longest()};

    for (unsigned k = 0; k < sizeof all / sizeof all[0]; k++) {
        struct table t;

        table_make(&t, &all[k]);
        for (unsigned i = 0; i < fld_count; i++) {
            const struct fld *f = &fld_table[i];
            char text[FLD_TEXT_MAX] = "";
            struct fld_value v;

            if (!f->word[0] || f->type == FLD_LIST || fld_part(f))
                continue;
            if (fld_get_word(&all[k], f, &v))
                fld_format(f, &v, text, sizeof text);
            assert_string_equal(cell(&t, f->word), text);
        }
        pavo_buf_free(&t.buf);
    }
}

/* Another's stream may hold anything there. */
static void
texts_are_quoted(void **state)
{
    struct pavo_record r = rec_tcp4();
    struct table t;

    rec_parts(&r, REC_PARTS_ALL);
    strcpy(r.history, "Sh,\"\r\nA");
    table_make(&t, &r);
    assert_string_equal(cell(&t, "history"), "Sh,\"\r\nA");
    assert_string_equal(cell(&t, "state"), "SF");
    pavo_buf_free(&t.buf);
    memset(r.history, '"', sizeof r.history - 1);
    r.history[sizeof r.history - 1] = '\0';
    table_make(&t, &r);
    assert_string_equal(cell(&t, "history"), r.history);
    pavo_buf_free(&t.buf);
    strcpy(r.history, "#S");
    table_make(&t, &r);
    assert_string_equal(cell(&t, "history"), "#S");
    pavo_buf_free(&t.buf);
}

static void
names_are_quoted(void **state)
{
    struct pavo_record r = rec_tcp4();
    struct table t;

    r.ingressInterface = 1;
    table_make(&t, &r);
    assert_string_equal(cell(&t, "interface.name"), "a,\"b\"\n");
    pavo_buf_free(&t.buf);
    r.ingressInterface = 2;
    table_make(&t, &r);
    assert_string_equal(cell(&t, "interface.name"), "#c");
    pavo_buf_free(&t.buf);
    r.ingressInterface = 3;
    table_make(&t, &r);
    assert_string_equal(cell(&t, "interface.name"), "");
    pavo_buf_free(&t.buf);
}

static void
ledger_is_a_comment(void **state)
{
    struct pavo_ledger l = {.kind = PAVO_LEDGER_END,
                            .sequence = 3,
                            .time_ns = REC_END,
                            .since = {.records = 1, .packets = 2, .octets = UINT64_MAX}};
    struct pavo_buf b = {0};
    struct pavo_err err;
    void *enc = pavo_format_csv.open(&info, &err);
    char expected[96];

    l.counts.lost[PAVO_LOSS_NIC_MISSED] = 5;
    pavo_format_csv.ledger(enc, &b, &l);
    pavo_format_csv.close(enc);
    pavo_buf_put(&b, "", 1);
    assert_int_equal(
        strncmp((char *)b.at,
                "#ledger,kind=end,time=2026-11-23T10:00:05.123456789Z,sequence=3,since.records=1,"
                "since.packets=2,since.octets=18446744073709551615,total.records=0,",
                146),
        0);
    assert_non_null(strstr((char *)b.at, ",counts.lost.nic_missed=5,"));
    assert_ptr_equal(strstr((char *)b.at, "\r\n"), b.at + b.len - 3);
    for (unsigned i = 0; i < ledger_row_count; i++) {
        snprintf(expected, sizeof expected, ",%s=", ledger_rows[i].path);
        assert_non_null(strstr((char *)b.at, expected));
    }
    pavo_buf_free(&b);
}

static const struct t_case {
    const char *says;
    CMUnitTestFunction run;
} cases[] = {
    {"a value stands in the column of its word", values_by_name},
    {"IPv4 and IPv6 addresses share a column, and no word stands twice", one_column_per_word},
    {"every kind of record has its values, and empty cells for the rest",
     every_kind_has_its_values},
    {"a text with comma, quote, line end or # is quoted", texts_are_quoted},
    {"a name with comma, quote, line end or # is quoted", names_are_quoted},
    {"a ledger record is one comment line with all numbers", ledger_is_a_comment},
};

static void
run(void **state)
{
    const struct t_case *c = *state;

    c->run(NULL);
}

int
main(void)
{
    return T_RUN_TABLE(cases, run);
}
