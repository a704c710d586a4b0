/* read.c - the parts of 'pavo read': the sorter against a model, groups, rows, input lines */
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "read_group.h"
#include "read_input.h"
#include "read_rows.h"
#include "read_sort.h"

/* ---- sorter ------------------------------------------------------------- */

static uint32_t random_state = 1;

static uint32_t
random_next(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/* Puts 'n' random keys with many ties and compares with a plain selection. */
static void
sort_against_model(size_t n, size_t limit, bool is_descending)
{
    struct sorter s = {.limit = limit, .is_descending = is_descending};
    struct {
        bool has, used;
        uint64_t u;
    } *model = calloc(n + 1, sizeof *model);
    const size_t kept = limit && limit < n ? limit : n;

    for (size_t i = 0; i < n; i++) {
        struct sort_key key = {.has = random_next() % 8 != 0,
                               .v = {.type = FLD_U, .u = random_next() % 50}};
        size_t *what = malloc(sizeof *what);

        *what = i;
        model[i].has = key.has;
        model[i].u = key.v.u;
        if (!sort_wants(&s, &key)) {
            free(what);
            continue;
        }
        assert_true(sort_put(&s, &key, what));
        if (limit)
            assert_true(s.n <= limit && s.cap <= limit + 256);
    }
    sort_end(&s);
    assert_int_equal(s.n, kept);
    for (size_t at = 0; at < kept; at++) {
        size_t best = n;

        for (size_t i = 0; i < n; i++) {
            if (model[i].used)
                continue;
            if (best == n || (model[i].has && !model[best].has) ||
                (model[i].has && model[best].has &&
                 (is_descending ? model[i].u > model[best].u : model[i].u < model[best].u)))
                best = i;
        }
        model[best].used = true;
        assert_int_equal(*(size_t *)s.items[at].what, best);
    }
    sort_close(&s);
    free(model);
}

static void
sorted_is_what_a_plain_selection_gives(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 17, 300, 1000};

    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t limit = 0; limit <= 40; limit += limit < 3 ? 1 : 37) {
            sort_against_model(sizes[i], limit, false);
            sort_against_model(sizes[i], limit, true);
        }
    }
}

/* ---- groups ------------------------------------------------------------- */

static struct pavo_record
record_make(uint8_t host, uint16_t port, uint64_t bytes, uint32_t seq)
{
    return (struct pavo_record){.kind = PAVO_KIND_IP4,
                                .protocolIdentifier = 6,
                                .hasPorts = port != 0,
                                .sourceAddress = {10, 0, 0, host},
                                .destinationTransportPort = port,
                                .flowSequence = seq,
                                .flowId = host,
                                .flowStartNanoseconds = 1000 + seq,
                                .flowEndNanoseconds = 2000 + seq,
                                .packetDeltaCount = {1, 2},
                                .octetDeltaCount = {bytes, 1}};
}

static struct group *
group_of(const struct groups *g, const char *key)
{
    char text[COL_TEXT_MAX];
    bool is_number;

    for (struct group *p = g->first; p; p = p->later) {
        group_text(g, p, &(struct group_col){.kind = GROUP_BY}, text, &is_number);
        if (strcmp(text, key) == 0)
            return p;
    }
    return NULL;
}

static void
groups_add_up(void **state)
{
    struct groups g = {.n_by = 1};
    struct group_col bytes, records, flows, start, end, back, by;
    struct pavo_record r;
    struct group *p;
    struct pavo_err err;
    char text[COL_TEXT_MAX];
    bool is_number;

    assert_true(col_find("src.ip", &g.by[0], NULL));
    assert_true(group_col_find(&g, "bytes", &bytes, &err));
    assert_true(group_col_find(&g, "destination.bytes", &back, &err));
    assert_true(group_col_find(&g, "records", &records, &err));
    assert_true(group_col_find(&g, "flows", &flows, &err));
    assert_true(group_col_find(&g, "start", &start, &err));
    assert_true(group_col_find(&g, "end", &end, &err));
    assert_true(group_col_find(&g, "source.ip", &by, &err)); /* the key by another of its names */
    assert_int_equal(by.kind, GROUP_BY);
    for (unsigned i = 0; i < 5000; i++) { /* more groups than buckets at first */
        r = record_make((uint8_t)i, 80, 100, 1);
        r.sourceAddress[2] = (uint8_t)(i >> 8);
        assert_true(group_add(&g, &r));
    }
    assert_int_equal(g.n, 5000);
    for (uint32_t seq = 2; seq <= 4; seq++) {
        r = record_make(7, 443, 1000 * seq, seq);
        assert_true(group_add(&g, &r));
    }
    assert_int_equal(g.n, 5000);
    p = group_of(&g, "10.0.0.7");
    assert_non_null(p);
    assert_int_equal(group_text(&g, p, &records, text, &is_number), 1);
    assert_string_equal(text, "4");
    assert_true(is_number);
    group_text(&g, p, &flows, text, &is_number);
    assert_string_equal(text, "1"); /* three of the four are interim records */
    group_text(&g, p, &bytes, text, &is_number);
    assert_string_equal(text, "9104");
    group_text(&g, p, &back, text, &is_number);
    assert_string_equal(text, "4");
    group_text(&g, p, &start, text, &is_number);
    assert_string_equal(text, "1970-01-01T00:00:00.000001001Z");
    assert_false(is_number);
    group_text(&g, p, &end, text, &is_number);
    assert_string_equal(text, "1970-01-01T00:00:00.000002004Z");
    group_close(&g);
}

static void
what_is_absent_is_a_group_of_its_own(void **state)
{
    struct groups g = {.n_by = 1};
    struct pavo_record r;

    assert_true(col_find("dst.port", &g.by[0], NULL));
    r = record_make(1, 0, 1, 1);
    assert_true(group_add(&g, &r));
    r.hasPorts = 1; /* port 0, which is not the same as no port */
    assert_true(group_add(&g, &r));
    assert_int_equal(g.n, 2);
    group_close(&g);
}

static void
a_text_can_be_a_key(void **state)
{
    struct groups g = {.n_by = 1};
    struct pavo_record r = record_make(1, 80, 1, 1);

    assert_true(col_find("encap", &g.by[0], NULL));
    assert_true(group_add(&g, &r));
    r.n_encap = 2;
    r.encap[0] = (struct pavo_layer){.type = PAVO_CARRIER_VLAN, .id = 5};
    r.encap[1] = (struct pavo_layer){.type = PAVO_CARRIER_VXLAN, .id = 6};
    assert_true(group_add(&g, &r));
    assert_true(group_add(&g, &r));
    assert_int_equal(g.n, 2);
    assert_int_equal(group_of(&g, "vlan:5/vxlan:6")->records, 2);
    assert_int_equal(group_of(&g, "")->records, 1);
    group_close(&g);
}

static void
what_can_not_be_added_is_refused(void **state)
{
    struct groups g = {.n_by = 1};
    struct group_col c;
    struct pavo_err err;

    assert_true(col_find("src.ip", &g.by[0], NULL));
    assert_false(group_col_find(&g, "dst.port", &c, &err));
    assert_non_null(strstr(err.text, "can't be added up"));
    assert_false(group_col_find(&g, "byts", &c, &err));
    assert_non_null(strstr(err.text, "'bytes'"));
    group_close(&g);
}

/* ---- rows --------------------------------------------------------------- */

static const struct rows_case {
    const char *says;
    enum rows_format format;
    const char *wanted;
} rows_cases[] = {
    {"a table pads, numbers to the right, and shows what is absent", ROWS_TEXT,
     "bytes    a \"name\", odd\n"
     "     12  say \"hi\", you\n"
     "      -  -\n"},
    {"JSON leaves out what is absent and escapes names and texts", ROWS_JSON,
     "{\"bytes\":12,\"a \\\"name\\\", odd\":\"say \\\"hi\\\", you\"}\n"
     "{}\n"},
};

static void
rows_are(void **state)
{
    const struct rows_case *c = *state;
    struct out out = {.fd = -1};
    struct pavo_err err;
    struct rows t;

    assert_int_equal(rows_open(&t, &out, c->format, 2, &err), 0);
    rows_name(&t, 0, "bytes", FLD_U);
    rows_name(&t, 1, "a \"name\", odd", FLD_W);
    rows_head(&t);
    /* the first column of a table is as wide as numbers usually are */
    rows_put(&t, (struct cell[]){{"12", true}, {"say \"hi\", you", false}});
    rows_put(&t, (struct cell[]){{"", false}, {"", false}});
    pavo_buf_put(&out.buf, "", 1);
    if (c->format == ROWS_TEXT) {
        const char *first = strchr((char *)out.buf.at, 'b');

        assert_int_equal(first - (char *)out.buf.at, 2); /* right-aligned in seven */
        assert_string_equal(first + strlen("bytes  "), strchr(c->wanted, 'a'));
    } else {
        assert_string_equal((char *)out.buf.at, c->wanted);
    }
    rows_close(&t);
    pavo_buf_free(&out.buf);
}

static void
no_byte_of_a_name_commands_a_terminal(void **state)
{
    struct out out = {.fd = -1};
    struct pavo_err err;
    struct rows t;

    assert_int_equal(rows_open(&t, &out, ROWS_TEXT, 1, &err), 0);
    rows_name(&t, 0, "n", FLD_S);
    rows_put(&t, (struct cell[]){{"a\x1b[2J\x7f\r\n\xc2\x9b\xc3\xa9\xc2", false}});
    pavo_buf_put(&out.buf, "", 1);
    assert_string_equal((char *)out.buf.at, "a?[2J????\xc3\xa9?\n");
    rows_close(&t);
    pavo_buf_free(&out.buf);
}

static void
csv_is_quoted_where_it_must_be(void **state)
{
    struct out out = {.fd = -1};
    struct pavo_err err;
    struct rows t;

    assert_int_equal(rows_open(&t, &out, ROWS_CSV, 2, &err), 0);
    rows_name(&t, 0, "bytes", FLD_U);
    rows_name(&t, 1, "what", FLD_W);
    rows_head(&t);
    rows_put(&t, (struct cell[]){{"12", true}, {"say \"hi\", you", false}});
    rows_put(&t, (struct cell[]){{"", false}, {"plain", false}});
    pavo_buf_put(&out.buf, "", 1);
    assert_string_equal((char *)out.buf.at, "bytes,what\n12,\"say \"\"hi\"\", you\"\n,plain\n");
    rows_close(&t);
    pavo_buf_free(&out.buf);
}

static void
a_reader_that_went_away_is_no_failure_and_a_full_disk_is(void **state)
{
    struct out out = {.fd = -1};
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    out.fd = ends[1];
    pavo_buf_put(&out.buf, "x", 1);
    out_flush(&out);
    assert_true(out.is_closed);
    assert_int_equal(out.errnum, 0);
    assert_true(out_is_over(&out));
    close(ends[1]);
    out.is_closed = false;
    out.fd = open("/dev/full", O_WRONLY);
    if (out.fd < 0)
        skip();
    pavo_buf_put(&out.buf, "x", 1);
    out_flush(&out);
    assert_int_equal(out.errnum, ENOSPC);
    close(out.fd);
    pavo_buf_free(&out.buf);
}

/* ---- input -------------------------------------------------------------- */

static void
lines_come_whole_across_the_buffer(void **state)
{
    enum { LONG = 200000 };
    static struct input in;
    char path[] = "/tmp/pavo-read-XXXXXX", *line = NULL;
    const int fd = mkstemp(path);
    char *text = malloc(LONG);
    size_t cap = 0;
    struct pavo_err err;
    bool whole;

    memset(text, 'a', LONG);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "one\n\n", 5), 5);
    assert_int_equal(write(fd, text, LONG), LONG);
    assert_int_equal(write(fd, "\nlast", 5), 5);
    close(fd);
    assert_int_equal(input_open(&in, path, &err), 0);
    assert_int_equal(in.size, 5 + LONG + 5);
    assert_int_equal(input_peek(&in), 'o');
    assert_int_equal(input_peek(&in), 'o');
    assert_int_equal(input_line(&in, &line, &cap, &whole), 3);
    assert_string_equal(line, "one");
    assert_int_equal(input_line(&in, &line, &cap, &whole), 0);
    assert_true(whole);
    assert_int_equal(input_line(&in, &line, &cap, &whole), LONG);
    assert_memory_equal(line, text, LONG);
    assert_true(whole);
    assert_int_equal(input_line(&in, &line, &cap, &whole), 4);
    assert_false(whole);
    assert_int_equal(input_line(&in, &line, &cap, &whole), -1);
    assert_int_equal(in.offset, in.size);
    input_close(&in);
    unlink(path);
    free(line);
    free(text);
}

static void
names_of_inputs(void **state)
{
    static struct input in;
    struct pavo_err err;

    assert_true(input_is_endpoint("127.0.0.1:4739"));
    assert_true(input_is_endpoint("collector.example:4739"));
    assert_false(input_is_endpoint("dir/a:5"));
    assert_false(input_is_endpoint("a.ipfix"));
    assert_false(input_is_endpoint(":5"));
    assert_false(input_is_endpoint("host:"));
    assert_false(input_exists("/tmp"));
    assert_true(input_exists("-"));
    assert_true(input_open(&in, "/tmp", &err) < 0);
    assert_non_null(strstr(err.text, "directory"));
    assert_int_equal(input_open(&in, "/nonexistent/file", &err), -ENOENT);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted_is_what_a_plain_selection_gives),
        cmocka_unit_test(groups_add_up),
        cmocka_unit_test(what_is_absent_is_a_group_of_its_own),
        cmocka_unit_test(a_text_can_be_a_key),
        cmocka_unit_test(what_can_not_be_added_is_refused),
        cmocka_unit_test(no_byte_of_a_name_commands_a_terminal),
        cmocka_unit_test(csv_is_quoted_where_it_must_be),
        cmocka_unit_test(a_reader_that_went_away_is_no_failure_and_a_full_disk_is),
        cmocka_unit_test(lines_come_whole_across_the_buffer),
        cmocka_unit_test(names_of_inputs),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    failed += T_RUN_TABLE(rows_cases, rows_are);
    return failed != 0;
}
