/* Unit tests of lib/export/formats.c: formats by word and by extension; each one through a sink
 * into a file. */
#include <unistd.h>

#include "t.h"

#include "records.h"

static void
by_word(void **state)
{
    assert_ptr_equal(pavo_format_find("text"), &pavo_format_text);
    assert_ptr_equal(pavo_format_find("json"), &pavo_format_json);
    assert_ptr_equal(pavo_format_find("csv"), &pavo_format_csv);
    assert_ptr_equal(pavo_format_find("ipfix"), &pavo_format_ipfix);
    assert_null(pavo_format_find("jso"));
    assert_null(pavo_format_find(""));
}

static void
by_extension(void **state)
{
    static const struct {
        const char *path;
        const struct pavo_format *format;
    } rows[] = {
        {"a.jsonl", &pavo_format_json},
        {"/x/a.json", &pavo_format_json},
        {"/x.csv/a.ndjson", &pavo_format_json},
        {"a.csv", &pavo_format_csv},
        {"a.b.ipfix", &pavo_format_ipfix},
        {"a.txt", &pavo_format_text},
        {"a.js", NULL},
        {"a.", NULL},
        {"a", NULL},
        {"/x.csv/a", NULL},
        {"csv", NULL},
        {"", NULL},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_ptr_equal(pavo_format_of_path(rows[i].path), rows[i].format);
}

/* Every format through a sink: all is written, the counts add up, and a file that comes out has
 * bytes. */
static void
through_a_sink(void **state)
{
    for (unsigned i = 0; pavo_formats[i]; i++) {
        char path[] = "/tmp/pavo-formats-XXXXXX";
        struct pavo_record r = rec_tcp4();
        struct pavo_sink_config cfg = {
            .format = pavo_formats[i],
            .info = {.observer = "o", .version = "v", .domain = 1},
            .buffer_bytes = 4096,
        };
        struct pavo_sink_counts c;
        const struct pavo_counts made = {
            .made = {.records = 100, .packets = 4200, .octets = 1823300}};
        struct pavo_sink *s;
        struct pavo_err err;
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        close(fd);
        cfg.target = pavo_target_file(path, NULL, &err);
        assert_non_null(cfg.target);
        s = pavo_sink_open(&cfg, &err);
        assert_non_null(s);
        for (unsigned k = 0; k < 100; k++)
            pavo_sink_put(s, &r);
        pavo_sink_finish(s, REC_END, &made);
        pavo_sink_counts(s, &c);
        if (!pavo_sink_balance(&made, &c, true, &err))
            fail_msg("%s: %s", pavo_formats[i]->word, err.text);
        assert_int_equal(c.written.records, 100);
        assert_null(pavo_sink_error(s));
        pavo_sink_close(s);
        fd = access(path, R_OK);
        assert_int_equal(fd, 0);
        {
            FILE *f = fopen(path, "r");

            assert_int_equal(fseek(f, 0, SEEK_END), 0);
            assert_int_equal(ftell(f), c.bytes);
            assert_true(c.bytes > 100 * 50);
            fclose(f);
        }
        unlink(path);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"a format is found by its whole word", by_word, NULL, NULL, NULL},
        {"a format is found by the extension of the file's name, not of its directory",
         by_extension, NULL, NULL, NULL},
        {"every format goes through a sink whole", through_a_sink, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
