/* capture.c - captures through the pcap backend, as a worker sees them */
#include <errno.h>
#include <unistd.h>

#include "capture.h"
#include "cfg.h"
#include "t.h"

static char dir[] = "/tmp/pavo-test-capture-XXXXXX";

/* ---- files ------------------------------------------------------------------------------------
 */

static void
put32(FILE *f, uint32_t v, bool big)
{
    for (unsigned i = 0; i < 4; i++)
        fputc((int)(v >> (big ? 24 - 8 * i : 8 * i) & 0xff), f);
}

static FILE *
pcap_begin(const char *name, uint32_t magic, uint32_t link, bool big)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    put32(f, magic, big);
    put32(f, big ? 2 << 16 | 4 : 4 << 16 | 2, big); /* 2.4, as two 16-bit numbers */
    put32(f, 0, big);
    put32(f, 0, big);
    put32(f, 65535, big);
    put32(f, link, big);
    return f;
}

static void
pcap_frame(FILE *f, uint32_t sec, uint32_t part, uint32_t caplen, uint32_t len, bool big)
{
    put32(f, sec, big);
    put32(f, part, big);
    put32(f, caplen, big);
    put32(f, len, big);
    for (uint32_t i = 0; i < caplen; i++)
        fputc((int)(i & 0xff), f);
}

static void
complain(void *ctx, const char *sentence)
{
    fail_msg("%s", sentence);
}

static struct cfg *
config(const char *const *names)
{
    struct pavo_err err;
    struct cfg *cfg = cfg_open(&err);

    for (unsigned i = 0; names[i]; i++) {
        char path[128];

        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(cfg_add_file(cfg, path), 0);
    }
    return cfg;
}

struct seen {
    uint64_t ts_ns[64];
    uint32_t caplen[64], len[64];
    uint16_t source[64];
    uint8_t link[64];
    unsigned n;
    char error[512];
    struct cap_stats stats;
};

/* All frames of a run, in bursts. */
static int
read_all(const struct cfg *cfg, unsigned burst, struct seen *s, struct pavo_err *err)
{
    struct cap_set set = {0};
    struct cap_queue *q;
    int rc = capture_open(cfg, &set, err), n;

    memset(s, 0, sizeof *s);
    if (rc < 0)
        return rc;
    assert_int_equal(set.n_queues, 1);
    q = set.queues[0];
    assert_true(q->can_wait && !q->wall_clock);
    for (;;) {
        struct pavo_frame f[64];

        n = q->ops->recv(q, f, burst);
        if (n < 0)
            break;
        assert_true(n <= (int)burst);
        for (int i = 0; i < n; i++) {
            assert_true(s->n < 64);
            for (uint32_t k = 0; k < f[i].caplen; k++)
                assert_int_equal(f[i].data[k], k & 0xff);
            s->ts_ns[s->n] = f[i].ts_ns;
            s->caplen[s->n] = f[i].caplen;
            s->len[s->n] = f[i].len;
            s->source[s->n] = f[i].source;
            s->link[s->n++] = f[i].link;
        }
        q->ops->done(q);
    }
    assert_int_equal(n, CAP_END);
    if (q->ops->error(q))
        snprintf(s->error, sizeof s->error, "%s", q->ops->error(q));
    q->ops->stats(q, &s->stats);
    capture_close(&set);
    return 0;
}

static const uint32_t micro = 0xa1b2c3d4, nano = 0xa1b23c4d;

static void
time_stamps_keep_their_precision(void **state)
{
    struct seen s;
    struct pavo_err err;
    struct cfg *cfg;

    for (unsigned big = 0; big < 2; big++) {
        FILE *f = pcap_begin("ns.pcap", nano, 1, big);

        pcap_frame(f, 1700000000, 123456789, 60, 60, big);
        fclose(f);
        f = pcap_begin("us.pcap", micro, 1, big);
        pcap_frame(f, 1700000001, 123456, 60, 1500, big);
        fclose(f);
        cfg = config((const char *const[]){"ns.pcap", "us.pcap", NULL});
        assert_int_equal(read_all(cfg, 32, &s, &err), 0);
        assert_int_equal(s.n, 2);
        assert_true(s.ts_ns[0] == UINT64_C(1700000000123456789));
        assert_true(s.ts_ns[1] == UINT64_C(1700000001123456000));
        assert_int_equal(s.len[1], 1500);
        assert_int_equal(s.source[0], 0);
        assert_int_equal(s.source[1], 1);
        assert_int_equal(cfg_set(cfg, "capture.precision=us", complain, NULL), 0);
        assert_int_equal(read_all(cfg, 1, &s, &err), 0);
        assert_true(s.ts_ns[0] == UINT64_C(1700000000123456000));
        cfg_close(cfg);
    }
}

static void
a_cut_file_counts_up_to_the_cut(void **state)
{
    char path[128];
    struct seen s;
    struct pavo_err err;
    struct cfg *cfg = config((const char *const[]){"cut.pcap", "whole.pcap", NULL});
    FILE *f = pcap_begin("cut.pcap", micro, 1, false);

    for (unsigned i = 0; i < 5; i++)
        pcap_frame(f, 1700000000 + i, 0, 60, 60, false);
    fclose(f);
    f = pcap_begin("whole.pcap", micro, 1, false);
    pcap_frame(f, 1700000100, 0, 60, 60, false);
    fclose(f);
    snprintf(path, sizeof path, "%s/cut.pcap", dir);
    for (unsigned cut = 75; cut > 0; cut -= 5) { /* in the last frame's bytes, then in its header */
        assert_int_equal(truncate(path, 24 + 4 * 76 + cut), 0);
        for (unsigned burst = 1; burst <= 64; burst *= 8) {
            assert_int_equal(read_all(cfg, burst, &s, &err), 0);
            assert_int_equal(s.n, 5); /* four, and the one of the next file */
            assert_true(s.stats.offered == 5);
            assert_int_equal(s.source[4], 1);
            assert_non_null(strstr(s.error, "cut.pcap"));
            assert_null(strstr(s.error, "whole.pcap"));
        }
    }
    assert_int_equal(truncate(path, 24 + 4 * 76), 0); /* between two frames: nothing is broken */
    assert_int_equal(read_all(cfg, 32, &s, &err), 0);
    assert_int_equal(s.n, 5);
    assert_string_equal(s.error, "");
    cfg_close(cfg);
}

static void
an_unknown_link_type_is_refused_before_anything_is_read(void **state)
{
    struct seen s;
    struct pavo_err err;
    struct cfg *cfg = config((const char *const[]){"good.pcap", "hci.pcap", NULL});
    FILE *f = pcap_begin("good.pcap", micro, 1, false);

    pcap_frame(f, 1700000000, 0, 60, 60, false);
    fclose(f);
    f = pcap_begin("hci.pcap", micro, 187, false);
    pcap_frame(f, 1700000000, 0, 60, 60, false);
    fclose(f);
    assert_int_equal(read_all(cfg, 32, &s, &err), -EPROTONOSUPPORT);
    assert_non_null(strstr(err.text, "hci.pcap"));
    assert_non_null(strstr(err.text, "BLUETOOTH_HCI_H4 (187"));
    cfg_close(cfg);
}

static void
lengths_that_contradict_are_made_sane(void **state)
{
    struct seen s;
    struct pavo_err err;
    struct cfg *cfg = config((const char *const[]){"len.pcap", NULL});
    FILE *f = pcap_begin("len.pcap", micro, 1, false);

    pcap_frame(f, 1700000000, 0, 60, 20, false);
    fclose(f);
    assert_int_equal(read_all(cfg, 32, &s, &err), 0);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.caplen[0], 60);
    assert_int_equal(s.len[0], 60);
    cfg_close(cfg);
}

static void
a_filter_counts_what_it_leaves_out(void **state)
{
    struct seen s;
    struct pavo_err err;
    struct cfg *cfg = config((const char *const[]){"filter.pcap", NULL});
    FILE *f = pcap_begin("filter.pcap", micro, 1, false);

    for (unsigned i = 0; i < 10; i++)
        pcap_frame(f, 1700000000 + i, 0, 60 + i, 60 + i, false);
    fclose(f);
    assert_int_equal(cfg_set(cfg, "capture.filter=greater 65", complain, NULL), 0);
    assert_int_equal(read_all(cfg, 4, &s, &err), 0);
    assert_int_equal(s.n, 5);
    assert_true(s.stats.offered == 5 && s.stats.filtered == 5);
    assert_int_equal(cfg_set(cfg, "capture.filter=host and", complain, NULL), 0);
    assert_int_equal(read_all(cfg, 4, &s, &err), -EINVAL);
    assert_non_null(strstr(err.text, "host and"));
    cfg_close(cfg);
}

static void
what_is_no_capture_is_refused(void **state)
{
    static const struct {
        const char *bytes, *says;
        size_t n;
    } rows[] = {
        {"", "empty", 0},
        {"\x1f\x8b\x08\0\0\0\0\0", "gzip", 8},
        {"\x28\xb5\x2f\xfd\0\0\0\0", "zstd", 8},
        {"hello, world, this is text", "no-capture", 26},
    };
    struct seen s;
    struct pavo_err err;
    struct cfg *cfg = config((const char *const[]){"no-capture", NULL});

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[128];
        FILE *f;

        snprintf(path, sizeof path, "%s/no-capture", dir);
        f = fopen(path, "wb");
        fwrite(rows[i].bytes, 1, rows[i].n, f);
        fclose(f);
        assert_true(read_all(cfg, 4, &s, &err) < 0);
        if (!strstr(err.text, rows[i].says))
            fail_msg("expected '%s' in: %s", rows[i].says, err.text);
    }
    cfg_close(cfg);
}

static void
large_frames_end_a_burst_early_and_lose_nothing(void **state)
{
    struct seen s;
    struct pavo_err err;
    struct cfg *cfg = config((const char *const[]){"large.pcap", NULL});
    FILE *f = pcap_begin("large.pcap", micro, 1, false);

    for (unsigned i = 0; i < 20; i++)
        pcap_frame(f, 1700000000 + i, 0, 65535, 65535, false);
    fclose(f);
    assert_int_equal(read_all(cfg, 64, &s, &err), 0);
    assert_int_equal(s.n, 20);
    for (unsigned i = 0; i < 20; i++)
        assert_true(s.ts_ns[i] == (UINT64_C(1700000000) + i) * 1000000000 && s.caplen[i] == 65535);
    cfg_close(cfg);
}

static int
remove_dir(void **state)
{
    char command[256];

    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_stamps_keep_their_precision),
        cmocka_unit_test(a_cut_file_counts_up_to_the_cut),
        cmocka_unit_test(an_unknown_link_type_is_refused_before_anything_is_read),
        cmocka_unit_test(lengths_that_contradict_are_made_sane),
        cmocka_unit_test(a_filter_counts_what_it_leaves_out),
        cmocka_unit_test(what_is_no_capture_is_refused),
        cmocka_unit_test(large_frames_end_a_burst_early_and_lose_nothing),
    };

    if (!mkdtemp(dir))
        return 1;
    return cmocka_run_group_tests(tests, NULL, remove_dir);
}
