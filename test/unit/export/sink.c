/* Unit tests of lib/export/sink.c: formats and targets made for the purpose, and a model run with
 * failures. */
#include <errno.h>

#include "t.h"

#include "pavo_export.h"
#include "records.h"

/* ---- a target in memory that fails as it is told
 * --------------------------------------------------- */

struct fake {
    struct pavo_target base;
    char *bytes;
    size_t len;
    size_t room; /* bytes it still takes */
    bool can_unwrite;
    bool is_gone;
    bool wants; /* rotation */
    bool close_fails;
    char *old; /* the file before the rotation */
    size_t old_len;
    unsigned writes;
};

/* The sink frees its target through close(); the test keeps this. */
static struct fake fake;

static long
fake_write(struct pavo_target *t, const void *bytes, size_t n, int *errnum)
{
    const size_t take = n < fake.room ? n : fake.room;

    fake.writes++;
    if (fake.is_gone) {
        *errnum = EPIPE;
        return -1;
    }
    fake.bytes = realloc(fake.bytes, fake.len + take + 1);
    memcpy(fake.bytes + fake.len, bytes, take);
    fake.len += take;
    fake.bytes[fake.len] = '\0';
    fake.room -= take;
    *errnum = take < n ? ENOSPC : 0;
    return (long)take;
}

static int
fake_unwrite(struct pavo_target *t, size_t n)
{
    if (!fake.can_unwrite)
        return -1;
    assert_true(n <= fake.len);
    fake.len -= n;
    fake.bytes[fake.len] = '\0';
    return 0;
}

static bool
fake_wants(struct pavo_target *t, uint64_t wall_ns)
{
    return fake.wants;
}

static int
fake_rotate(struct pavo_target *t, uint64_t wall_ns, struct pavo_err *err)
{
    free(fake.old);
    fake.old = fake.bytes;
    fake.old_len = fake.len;
    fake.bytes = NULL;
    fake.len = 0;
    return 0;
}

static int
fake_sync(struct pavo_target *t, struct pavo_err *err)
{
    return 0;
}

static int
fake_close(struct pavo_target *t, struct pavo_err *err)
{
    return fake.close_fails ? pavo_err_set(err, ENOSPC, "fake: no space at close") : 0;
}

static const char *
fake_name(struct pavo_target *t)
{
    return "fake";
}

static const struct pavo_target_ops fake_ops = {
    .write = fake_write,
    .unwrite = fake_unwrite,
    .wants_rotation = fake_wants,
    .rotate = fake_rotate,
    .sync = fake_sync,
    .close = fake_close,
    .name = fake_name,
};

/* ---- formats: a line a record; and messages that are whole when they are flushed
 * --------------------- */

static char message[1 << 16];
static size_t message_bytes;
static bool memory_is_short; /* the next record finds no memory */

static void *
fmt_open(const struct pavo_stream_info *info, struct pavo_err *err)
{
    message_bytes = 0;
    return message;
}

static void
lines_put(void *enc, struct pavo_buf *out, const char *text)
{
    pavo_buf_put(out, text, strlen(text));
}

static void
lines_begin(void *enc, struct pavo_buf *out)
{
    lines_put(enc, out, "begin\n");
}

static void
lines_end(void *enc, struct pavo_buf *out)
{
    lines_put(enc, out, "end\n");
}

static const char *
record_text(const struct pavo_record *r)
{
    static char text[64];

    snprintf(text, sizeof text, "r %llu %llu\n",
             (unsigned long long)(r->packetDeltaCount[0] + r->packetDeltaCount[1]),
             (unsigned long long)(r->octetDeltaCount[0] + r->octetDeltaCount[1]));
    return text;
}

static const char *
ledger_text(const struct pavo_ledger *l)
{
    static char text[256];

    snprintf(text, sizeof text,
             "l %u %llu since %llu %llu %llu total %llu %llu %llu dropped %llu\n", l->kind,
             (unsigned long long)l->sequence, (unsigned long long)l->since.records,
             (unsigned long long)l->since.packets, (unsigned long long)l->since.octets,
             (unsigned long long)l->total.records, (unsigned long long)l->total.packets,
             (unsigned long long)l->total.octets, (unsigned long long)l->dropped.records);
    return text;
}

static void
lines_record(void *enc, struct pavo_buf *out, const struct pavo_record *r)
{
    if (memory_is_short) {
        out->failed = true;
        return;
    }
    lines_put(enc, out, record_text(r));
}

static void
lines_ledger(void *enc, struct pavo_buf *out, const struct pavo_ledger *l)
{
    lines_put(enc, out, ledger_text(l));
}

static void
lines_flush(void *enc, struct pavo_buf *out)
{
}

static void
fmt_close(void *enc)
{
}

static const struct pavo_format lines = {
    .word = "lines",
    .extensions = "",
    .open = fmt_open,
    .begin = lines_begin,
    .record = lines_record,
    .ledger = lines_ledger,
    .flush = lines_flush,
    .end = lines_end,
    .close = fmt_close,
    .whole_records = true,
};

static void
messages_put(void *enc, struct pavo_buf *out, const char *text)
{
    memcpy(message + message_bytes, text, strlen(text));
    message_bytes += strlen(text);
}

static void
messages_begin(void *enc, struct pavo_buf *out)
{
    messages_put(enc, out, "begin\n");
}

static void
messages_end(void *enc, struct pavo_buf *out)
{
    messages_put(enc, out, "end\n");
}

static void
messages_record(void *enc, struct pavo_buf *out, const struct pavo_record *r)
{
    messages_put(enc, out, record_text(r));
}

static void
messages_ledger(void *enc, struct pavo_buf *out, const struct pavo_ledger *l)
{
    messages_put(enc, out, ledger_text(l));
}

static void
messages_flush(void *enc, struct pavo_buf *out)
{
    if (!message_bytes)
        return;
    pavo_buf_put(out, "[\n", 2);
    pavo_buf_put(out, message, message_bytes);
    pavo_buf_put(out, "]\n", 2);
    message_bytes = 0;
}

static const struct pavo_format messages = {
    .word = "messages",
    .extensions = "",
    .open = fmt_open,
    .begin = messages_begin,
    .record = messages_record,
    .ledger = messages_ledger,
    .flush = messages_flush,
    .end = messages_end,
    .close = fmt_close,
};

/* ---- help
 * -------------------------------------------------------------------------------------------- */

static const struct pavo_counts nothing;

static void
fake_reset(void)
{
    free(fake.bytes);
    free(fake.old);
    fake = (struct fake){.base.ops = &fake_ops, .room = SIZE_MAX, .can_unwrite = true};
    memory_is_short = false;
}

static struct pavo_sink *
sink_open(const struct pavo_format *format, size_t buffer_bytes)
{
    struct pavo_sink_config cfg = {
        .format = format, .target = &fake.base, .buffer_bytes = buffer_bytes};
    struct pavo_err err;
    struct pavo_sink *s = pavo_sink_open(&cfg, &err);

    assert_non_null(s);
    return s;
}

static void
put(struct pavo_sink *s, uint64_t packets, uint64_t octets)
{
    struct pavo_record r = rec_tcp4();

    r.packetDeltaCount[0] = packets;
    r.packetDeltaCount[1] = 0;
    r.octetDeltaCount[0] = octets;
    r.octetDeltaCount[1] = 0;
    pavo_sink_put(s, &r);
}

static struct pavo_sink_counts
counts(struct pavo_sink *s)
{
    struct pavo_sink_counts c;
    struct pavo_err err;
    struct pavo_counts none = {.made = {.records = UINT64_MAX}};

    pavo_sink_publish(s);
    pavo_sink_counts(s, &c);
    if (!pavo_sink_balance(&none, &c, false, &err))
        fail_msg("%s", err.text);
    return c;
}

/* ---- cases
 * ------------------------------------------------------------------------------------------- */

static void
whole_stream(void **state)
{
    struct pavo_sink *s;
    struct pavo_sink_counts c;

    fake_reset();
    s = sink_open(&lines, 0);
    assert_string_equal(pavo_sink_name(s), "lines:fake");
    assert_string_equal(fake.bytes, "begin\nl 1 0 since 0 0 0 total 0 0 0 dropped 0\n");
    put(s, 2, 100);
    put(s, 3, 200);
    c = counts(s);
    assert_int_equal(c.given.records, 2);
    assert_int_equal(c.waiting.octets, 300);
    assert_int_equal(c.written.records, 0);
    pavo_sink_ledger(s, PAVO_LEDGER_INTERVAL, 5, &nothing);
    put(s, 4, 50);
    pavo_sink_finish(s, 6, &nothing);
    assert_string_equal(fake.bytes, "begin\nl 1 0 since 0 0 0 total 0 0 0 dropped 0\n"
                                    "r 2 100\nr 3 200\n"
                                    "l 2 1 since 2 5 300 total 2 5 300 dropped 0\n"
                                    "r 4 50\n"
                                    "l 3 2 since 1 4 50 total 3 9 350 dropped 0\n"
                                    "end\n");
    c = counts(s);
    assert_int_equal(c.written.records, 3);
    assert_int_equal(c.written.packets, 9);
    assert_int_equal(c.waiting.records, 0);
    assert_int_equal(c.bytes, fake.len);
    assert_int_equal(c.failures, 0);
    assert_null(pavo_sink_error(s));
    put(s, 1, 1); /* after the end: counted, not lost from sight */
    assert_int_equal(counts(s).dropped[PAVO_DROP_CLOSED].records, 1);
    pavo_sink_close(s);
}

static void
written_when_full(void **state)
{
    struct pavo_sink *s;

    fake_reset();
    s = sink_open(&lines, 16);
    put(s, 1, 1);
    put(s, 2, 2);
    assert_int_equal(counts(s).written.records, 0);
    put(s, 3, 3);
    assert_int_equal(counts(s).written.records, 3);
    pavo_sink_close(s);
}

static void
cut_in_a_record(void **state)
{
    struct pavo_sink *s;
    struct pavo_sink_counts c;
    size_t begin;

    fake_reset();
    s = sink_open(&lines, 0);
    begin = fake.len;
    put(s, 1, 1);
    put(s, 2, 2);
    put(s, 3, 3);
    put(s, 4, 4);
    fake.room = 6 + 6 + 3; /* two records and a half */
    pavo_sink_flush(s);
    assert_string_equal(fake.bytes + begin, "r 1 1\nr 2 2\n");
    c = counts(s);
    assert_int_equal(c.written.records, 2);
    assert_int_equal(c.written.packets, 3);
    assert_int_equal(c.dropped[PAVO_DROP_WRITE_FAILED].records, 2);
    assert_int_equal(c.dropped[PAVO_DROP_WRITE_FAILED].octets, 7);
    assert_int_equal(c.failures, 1);
    assert_int_equal(c.bytes, fake.len);
    assert_non_null(strstr(pavo_sink_error(s), "lines:fake"));
    assert_non_null(strstr(pavo_sink_error(s), strerror(ENOSPC)));
    /* There is room again: the stream goes on, and says what it lost. */
    fake.room = SIZE_MAX;
    put(s, 5, 5);
    pavo_sink_finish(s, 0, &nothing);
    assert_string_equal(fake.bytes + begin, "r 1 1\nr 2 2\nr 5 5\n"
                                            "l 3 1 since 3 8 8 total 3 8 8 dropped 2\nend\n");
    pavo_sink_close(s);
}

static void
cut_between_records(void **state)
{
    struct pavo_sink *s;

    fake_reset();
    fake.can_unwrite = false;
    s = sink_open(&lines, 0);
    put(s, 1, 1);
    put(s, 2, 2);
    fake.room = 6;
    pavo_sink_flush(s);
    assert_int_equal(counts(s).written.records, 1);
    fake.room = SIZE_MAX;
    put(s, 3, 3); /* nothing was torn */
    pavo_sink_flush(s);
    assert_int_equal(counts(s).written.records, 2);
    pavo_sink_close(s);
}

static void
torn(void **state)
{
    struct pavo_sink *s;
    unsigned writes;

    fake_reset();
    fake.can_unwrite = false;
    s = sink_open(&lines, 0);
    put(s, 1, 1);
    put(s, 2, 2);
    fake.room = 8;
    pavo_sink_flush(s);
    fake.room = SIZE_MAX;
    writes = fake.writes;
    put(s, 3, 3);
    pavo_sink_finish(s, 0, &nothing);
    assert_int_equal(fake.writes, writes);
    assert_int_equal(counts(s).written.records, 1);
    assert_int_equal(counts(s).dropped[PAVO_DROP_WRITE_FAILED].records, 1);
    assert_int_equal(counts(s).dropped[PAVO_DROP_CLOSED].records, 1);
    pavo_sink_close(s);
}

static void
gone(void **state)
{
    struct pavo_sink *s;
    unsigned writes;

    fake_reset();
    s = sink_open(&lines, 0);
    put(s, 1, 1);
    fake.is_gone = true;
    pavo_sink_flush(s);
    writes = fake.writes;
    put(s, 2, 2);
    pavo_sink_flush(s);
    pavo_sink_ledger(s, PAVO_LEDGER_INTERVAL, 0, &nothing);
    pavo_sink_finish(s, 0, &nothing);
    assert_int_equal(fake.writes, writes);
    assert_int_equal(counts(s).dropped[PAVO_DROP_CLOSED].records, 2);
    assert_non_null(strstr(pavo_sink_error(s), strerror(EPIPE)));
    pavo_sink_close(s);
}

static void
a_message_stands_or_falls(void **state)
{
    struct pavo_sink *s;
    size_t begin;

    fake_reset();
    s = sink_open(&messages, 0);
    assert_string_equal(fake.bytes, "[\nbegin\nl 1 0 since 0 0 0 total 0 0 0 dropped 0\n]\n");
    begin = fake.len;
    put(s, 1, 1);
    put(s, 2, 2);
    assert_int_equal(counts(s).waiting.records, 2);
    fake.room = 12;
    pavo_sink_flush(s);
    assert_string_equal(fake.bytes + begin, "");
    assert_int_equal(counts(s).dropped[PAVO_DROP_WRITE_FAILED].records, 2);
    fake.room = SIZE_MAX;
    put(s, 3, 3);
    pavo_sink_finish(s, 0, &nothing);
    assert_string_equal(fake.bytes + begin,
                        "[\nr 3 3\n]\n[\nl 3 1 since 1 3 3 total 1 3 3 dropped 2\n]\n[\nend\n]\n");
    pavo_sink_close(s);
}

static void
a_lost_ledger_carries_over(void **state)
{
    struct pavo_sink *s;
    size_t begin;

    fake_reset();
    s = sink_open(&lines, 0);
    begin = fake.len;
    put(s, 1, 10);
    pavo_sink_flush(s);
    fake.room = 5;
    pavo_sink_ledger(s, PAVO_LEDGER_INTERVAL, 0, &nothing);
    fake.room = SIZE_MAX;
    put(s, 2, 20);
    pavo_sink_ledger(s, PAVO_LEDGER_INTERVAL, 0, &nothing);
    assert_string_equal(fake.bytes + begin,
                        "r 1 10\nr 2 20\nl 2 1 since 2 3 30 total 2 3 30 dropped 0\n");
    assert_int_equal(counts(s).failures, 1);
    pavo_sink_close(s);
}

static void
a_lost_beginning_is_repeated(void **state)
{
    struct pavo_sink *s;

    fake_reset();
    fake.room = 10; /* "begin" and a piece of the START ledger */
    s = sink_open(&lines, 0);
    assert_int_equal(fake.len, 0);
    assert_non_null(pavo_sink_error(s));
    fake.room = 0;
    put(s, 1, 1);
    pavo_sink_flush(s);
    assert_int_equal(counts(s).dropped[PAVO_DROP_WRITE_FAILED].records, 1);
    fake.room = SIZE_MAX;
    put(s, 2, 2);
    pavo_sink_finish(s, 0, &nothing);
    assert_string_equal(fake.bytes, "begin\nl 1 0 since 0 0 0 total 0 0 0 dropped 1\nr 2 2\n"
                                    "l 3 1 since 1 2 2 total 1 2 2 dropped 1\nend\n");
    pavo_sink_close(s);
}

static void
never_any_room(void **state)
{
    struct pavo_sink *s;

    fake_reset();
    fake.room = 0;
    s = sink_open(&messages, 100);
    for (unsigned i = 0; i < 100; i++)
        put(s, 1, 1);
    pavo_sink_finish(s, 0, &nothing);
    assert_int_equal(counts(s).dropped[PAVO_DROP_WRITE_FAILED].records, 100);
    assert_int_equal(counts(s).waiting.records, 0);
    assert_int_equal(fake.len, 0);
    pavo_sink_close(s);
}

static void
rotation(void **state)
{
    struct pavo_sink *s;

    fake_reset();
    s = sink_open(&lines, 0);
    put(s, 1, 10);
    pavo_sink_rotate(s, 0, 0, &nothing);
    assert_null(fake.old);
    fake.wants = true;
    pavo_sink_rotate(s, 0, 0, &nothing);
    fake.wants = false;
    put(s, 2, 20);
    pavo_sink_finish(s, 0, &nothing);
    assert_string_equal(fake.old, "begin\nl 1 0 since 0 0 0 total 0 0 0 dropped 0\nr 1 10\n"
                                  "l 3 1 since 1 1 10 total 1 1 10 dropped 0\nend\n");
    assert_string_equal(fake.bytes, "begin\nl 1 2 since 0 0 0 total 1 1 10 dropped 0\nr 2 20\n"
                                    "l 3 3 since 1 2 20 total 2 3 30 dropped 0\nend\n");
    pavo_sink_close(s);
}

static void
rotation_mends(void **state)
{
    struct pavo_sink *s;

    fake_reset();
    fake.can_unwrite = false;
    s = sink_open(&lines, 0);
    put(s, 1, 10);
    fake.room = 3;
    pavo_sink_flush(s);
    fake.room = SIZE_MAX;
    fake.wants = true;
    pavo_sink_rotate(s, 0, 0, &nothing);
    fake.wants = false;
    put(s, 2, 20);
    pavo_sink_finish(s, 0, &nothing);
    assert_string_equal(fake.bytes, "begin\nl 1 1 since 0 0 0 total 0 0 0 dropped 1\nr 2 20\n"
                                    "l 3 2 since 1 2 20 total 1 2 20 dropped 1\nend\n");
    pavo_sink_close(s);
}

static void
a_close_that_fails(void **state)
{
    struct pavo_sink *s;

    fake_reset();
    s = sink_open(&lines, 0);
    fake.close_fails = true;
    pavo_sink_finish(s, 0, &nothing);
    assert_int_equal(counts(s).failures, 1);
    assert_string_equal(pavo_sink_error(s), "lines:fake: fake: no space at close");
    pavo_sink_close(s);
}

static void
no_memory(void **state)
{
    struct pavo_sink *s;

    fake_reset();
    s = sink_open(&lines, 0);
    put(s, 1, 1);
    memory_is_short = true;
    put(s, 2, 2);
    memory_is_short = false;
    put(s, 3, 3);
    pavo_sink_flush(s);
    assert_int_equal(counts(s).written.records, 2);
    assert_int_equal(counts(s).written.packets, 4);
    assert_int_equal(counts(s).dropped[PAVO_DROP_WRITE_FAILED].packets, 2);
    pavo_sink_close(s);
}

/* ---- the model: whatever fails, what stands in the stream proves itself
 * ------------------------------- */

/* Reads a stream back: each ledger's 'since' is the sum of the records since the ledger before. */
static void
stream_prove(const char *text, struct pavo_sums *since, struct pavo_sums *total, uint64_t *sequence)
{
    unsigned long long a, b, n, s[3], t[3], dropped;
    unsigned kind;

    for (const char *line = text; line && *line; line = strchr(line, '\n') + 1) {
        assert_non_null(strchr(line, '\n'));
        if (sscanf(line, "r %llu %llu\n", &a, &b) == 2) {
            since->records++;
            since->packets += a;
            since->octets += b;
        } else if (sscanf(line, "l %u %llu since %llu %llu %llu total %llu %llu %llu dropped %llu",
                          &kind, &n, &s[0], &s[1], &s[2], &t[0], &t[1], &t[2], &dropped) == 9) {
            total->records += since->records;
            total->packets += since->packets;
            total->octets += since->octets;
            assert_int_equal(n, *sequence);
            assert_int_equal(s[0], since->records);
            assert_int_equal(s[1], since->packets);
            assert_int_equal(s[2], since->octets);
            assert_int_equal(t[0], total->records);
            assert_int_equal(t[1], total->packets);
            assert_int_equal(t[2], total->octets);
            *since = (struct pavo_sums){0};
            ++*sequence;
        } else if (strncmp(line, "begin\n", 6) != 0 && strncmp(line, "end\n", 4) != 0 &&
                   strncmp(line, "[\n", 2) != 0 && strncmp(line, "]\n", 2) != 0) {
            fail_msg("a torn line: %.40s", line);
        }
    }
}

static uint64_t seed;

static uint32_t
dice(uint32_t sides)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % sides;
}

static void
model(const struct pavo_format *format)
{
    struct pavo_sums since = {0}, total = {0};
    struct pavo_sink_counts c;
    uint64_t sequence = 0, given = 0;
    struct pavo_sink *s;

    fake_reset();
    fake.room = dice(2) ? SIZE_MAX : dice(80);
    s = sink_open(format, 1 + dice(200));
    for (unsigned i = 0; i < 400; i++) {
        switch (dice(12)) {
        case 0:
            pavo_sink_flush(s);
            break;
        case 1:
            pavo_sink_ledger(s, PAVO_LEDGER_INTERVAL, 0, &nothing);
            break;
        case 2:
            fake.room = dice(300);
            break;
        case 3:
            fake.room = SIZE_MAX;
            break;
        case 4:
            fake.wants = dice(3) == 0;
            pavo_sink_rotate(s, 0, 0, &nothing);
            if (fake.wants)
                stream_prove(fake.old, &since, &total, &sequence);
            fake.wants = false;
            break;
        default:
            given++;
            put(s, dice(1000), dice(100000));
        }
        counts(s);
    }
    fake.room = SIZE_MAX;
    pavo_sink_finish(s, 0, &nothing);
    stream_prove(fake.bytes, &since, &total, &sequence);
    c = counts(s);
    assert_int_equal(c.given.records, given);
    assert_int_equal(c.waiting.records, 0);
    assert_int_equal(c.written.records, total.records);
    assert_int_equal(c.written.packets, total.packets);
    assert_int_equal(c.written.octets, total.octets);
    assert_int_equal(since.records, 0);
    pavo_sink_close(s);
}

static void
model_runs(void **state)
{
    for (unsigned i = 0; i < 500; i++) {
        seed = i;
        model(i & 1 ? &lines : &messages);
    }
}

static const struct t_case {
    const char *says;
    CMUnitTestFunction run;
} cases[] = {
    {"a stream has a START, an interval and an END ledger with exact sums", whole_stream},
    {"a buffer is written when it is full", written_when_full},
    {"a write cut inside a record drops it and the rest, takes it back, and goes on later",
     cut_in_a_record},
    {"a write cut between records tears nothing", cut_between_records},
    {"a stream that is torn and can't be mended is not continued", torn},
    {"a target that is gone is written no more, and all is counted", gone},
    {"the records of a message that is not whole are all dropped", a_message_stands_or_falls},
    {"a ledger record that is lost carries its sums over", a_lost_ledger_carries_over},
    {"a lost beginning is repeated before the next record", a_lost_beginning_is_repeated},
    {"a target without any room loses every record, counted", never_any_room},
    {"a rotation ends one file and starts the next, and the sequence goes on", rotation},
    {"a rotation mends a torn stream", rotation_mends},
    {"a close that fails is a failure", a_close_that_fails},
    {"a record without memory is dropped alone", no_memory},
    {"whatever fails, what stands in the streams proves itself", model_runs},
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
    const int failed = T_RUN_TABLE(cases, run);

    fake_reset();
    return failed;
}
