/* Unit tests of lib/export/formats.c: formats by word and by extension; each one through a sink
 * into a file. */
#include <unistd.h>

#include "t.h"

#include "fields.h"
#include "filter.h"
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
        pavo_sink_publish(s);
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

static uint64_t
no_time(void)
{
    return 1;
}

static void
encode_all(const struct pavo_record *r, struct pavo_buf *out)
{
    static const char *const filters[] = {"src.retransmits > 0 or has dns.name or first.n = 3",
                                          "tls.server.name ~ a or src.pkt.mean > 1 or pcr = 0"};
    const struct pavo_stream_info info = {
        .observer = "o", .version = "0", .domain = 1, .export_time_s = no_time};
    struct pavo_digest d = pavo_record_digest(r);
    struct pavo_err err;

    for (unsigned i = 0; pavo_formats[i]; i++) {
        void *enc = pavo_formats[i]->open(&info, &err);

        assert_non_null(enc);
        pavo_formats[i]->record(enc, out, r);
        pavo_formats[i]->end(enc, out);
        pavo_formats[i]->close(enc);
    }
    pavo_buf_put(out, &d, sizeof d);
    for (unsigned i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        struct pavo_filter *f = pavo_filter_open(filters[i], &err);
        const bool matches = pavo_filter_match(f, r);

        pavo_buf_put(out, &matches, sizeof matches);
        pavo_filter_close(f);
    }
}

/* Two records that differ in all that is not said to be there, each in memory of its size: the same
 * comes out of both. */
static void
nothing_is_read_of_parts_that_are_not_there(void **state)
{
    static const struct {
        unsigned bit;
        size_t at, n;
    } parts[] = {
#define PART(bit, m) {bit, offsetof(struct pavo_record, m), sizeof((struct pavo_record *)0)->m}
        PART(PAVO_PART_METER, meter),
        PART(PAVO_PART_ECHO, echo),
        PART(PAVO_PART_ASSOC, assoc),
        PART(PAVO_PART_RTP, rtp),
        PART(PAVO_PART_FIRST, first),
        PART(PAVO_PART_NAMES, names),
        PART(PAVO_PART_BYTES, bytes),
        PART(PAVO_PART_ENTROPY, payloadEntropy),
        PART(PAVO_PART_TCP | PAVO_PART_LOSS | PAVO_PART_RTT, tcp),
#undef PART
    };

    for (unsigned has = 0; has <= REC_PARTS_ALL; has += has < 16 ? 1 : 61) {
        struct pavo_buf out[2] = {{0}, {0}};

        for (unsigned k = 0; k < 2; k++) {
            static struct pavo_record r;
            struct pavo_record *tight;

            r = rec_tcp4();
            rec_encap(&r, PAVO_CARRIER_VXLAN, 5001, 4);
            rec_parts(&r, has);
            for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
                if (!(has & parts[i].bit))
                    memset((uint8_t *)&r + parts[i].at, k ? 0xff : 1, parts[i].n);
            }
            tight = malloc(pavo_record_size(&r)); /* for AddressSanitizer */
            memcpy(tight, &r, pavo_record_size(&r));
            encode_all(tight, &out[k]);
            free(tight);
        }
        assert_int_equal(out[0].len, out[1].len);
        assert_memory_equal(out[0].at, out[1].at, out[0].len);
        pavo_buf_free(&out[0]);
        pavo_buf_free(&out[1]);
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
        {"nothing is read of parts that are not there, and nothing behind a record",
         nothing_is_read_of_parts_that_are_not_there, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
