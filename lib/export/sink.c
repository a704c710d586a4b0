/* sink.c - a format on a target, with exact counts of what became of every record
 *
 * Records are encoded into one buffer, which is written when it is full or when the export thread
 * says so. Beside the buffer stand marks: where each unit ends and what it holds. A unit is a
 * record where the format keeps records apart (whole_records), else all that lies between two
 * flushes of the encoder. A write that is cut short is resolved by the marks: units before the cut
 * are written, a unit that the cut goes through is taken back from the target, it and all behind it
 * are dropped and counted. If the target can't take it back the stream is torn and nothing more is
 * written to it. After a target that took too little, the next buffer tries again.
 *
 * The ledger records are written with nothing in the buffer before them, so that their sums are of
 * what stands in the stream. One that is lost itself changes nothing: 'since' and 'sequence' move
 * on only when a ledger record was written. The same holds for the start of a file (the encoder's
 * begin and a START ledger): if it is lost it is encoded anew in front of the next record, for what
 * follows can't be read without it.
 *
 * The counts are copied, after every change, into atomics under a version number that is odd
 * meanwhile; a reader copies them and looks whether the version stayed the same.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pavo_export.h"

enum {
    BUFFER_BYTES = 65536,
    COUNT_WORDS = sizeof(struct pavo_sink_counts) / sizeof(uint64_t),
};
_Static_assert(sizeof(struct pavo_sink_counts) % sizeof(uint64_t) == 0, "counts are words");

enum unit {
    UNIT_RECORDS, /* flow records, or the end of a stream: bytes that promise nothing */
    UNIT_BEGIN,   /* begin and the START ledger */
    UNIT_LEDGER,
};

struct mark {
    size_t end;            /* in the buffer */
    struct pavo_sums sums; /* flow records of this unit */
    enum unit unit;
};

enum stream {
    STREAM_NONE,    /* no begin, or it was lost: encode it before anything else */
    STREAM_ENCODED, /* it stands in the buffer */
    STREAM_BEGUN,   /* it stands in the target */
};

/* Owner: the export thread. The published counts and 'failed' with 'error' may be read by anyone.
 */
struct pavo_sink {
    const struct pavo_format *format;
    struct pavo_target *target; /* NULL after finish */
    void *enc;
    char *name;
    size_t buffer_bytes;

    struct pavo_buf buf;
    struct mark *marks;
    size_t n_marks, marks_cap;
    struct pavo_sums open; /* records behind the last mark, of a format without whole records */
    enum stream stream;
    bool is_gone; /* the target is gone, or torn */

    struct pavo_sink_counts counts;
    struct pavo_sums at_ledger; /* 'written' when the last ledger record that stands was encoded */
    uint64_t sequence;          /* of the next ledger record */
    uint64_t time_ns; /* what the export thread told last, for a START that is encoded anew */
    struct pavo_counts sensor;

    _Atomic uint64_t version; /* odd: 'published' is being changed */
    _Atomic uint64_t published[COUNT_WORDS];
    _Atomic bool failed; /* release: 'error' is whole */
    char error[640];
};

static void
sums_add(struct pavo_sums *to, const struct pavo_sums *s)
{
    to->records += s->records;
    to->packets += s->packets;
    to->octets += s->octets;
}

static void
sums_sub(struct pavo_sums *from, const struct pavo_sums *s)
{
    from->records -= s->records;
    from->packets -= s->packets;
    from->octets -= s->octets;
}

static struct pavo_sums
sums_of(const struct pavo_record *r)
{
    return (struct pavo_sums){
        .records = 1,
        .packets = r->packetDeltaCount[0] + r->packetDeltaCount[1],
        .octets = r->octetDeltaCount[0] + r->octetDeltaCount[1],
    };
}

/* Release stores: each pairs with the acquire load of the same word in pavo_sink_counts(), so that
 * who sees a new word also sees the odd version before it. */
static void
counts_publish(struct pavo_sink *s)
{
    const uint64_t v = atomic_load_explicit(&s->version, memory_order_relaxed);
    uint64_t words[COUNT_WORDS];

    memcpy(words, &s->counts, sizeof words);
    atomic_store_explicit(&s->version, v + 1, memory_order_relaxed);
    for (unsigned i = 0; i < COUNT_WORDS; i++)
        atomic_store_explicit(&s->published[i], words[i], memory_order_release);
    atomic_store_explicit(&s->version, v + 2, memory_order_release);
}

void
pavo_sink_counts(const struct pavo_sink *s, struct pavo_sink_counts *out)
{
    uint64_t words[COUNT_WORDS], v;

    do {
        v = atomic_load_explicit(&s->version, memory_order_acquire);
        for (unsigned i = 0; i < COUNT_WORDS; i++)
            words[i] = atomic_load_explicit(&s->published[i], memory_order_acquire);
    } while ((v & 1) || v != atomic_load_explicit(&s->version, memory_order_relaxed));
    memcpy(out, words, sizeof words);
}

/* Counts a failure and keeps the sentence of the first. */
static void __attribute__((format(printf, 2, 3)))
sink_fail(struct pavo_sink *s, const char *fmt, ...)
{
    va_list ap;
    int n;

    s->counts.failures++;
    if (atomic_load_explicit(&s->failed, memory_order_relaxed))
        return;
    n = snprintf(s->error, sizeof s->error, "%.100s: ", s->name);
    va_start(ap, fmt);
    vsnprintf(s->error + n, sizeof s->error - (size_t)n, fmt, ap);
    va_end(ap);
    /* Release: pairs with the acquire in pavo_sink_error(); the sentence is whole before it is
     * seen. */
    atomic_store_explicit(&s->failed, true, memory_order_release);
}

static void
sink_drop(struct pavo_sink *s, const struct pavo_sums *sums, enum pavo_drop why)
{
    sums_sub(&s->counts.waiting, sums);
    sums_add(&s->counts.dropped[why], sums);
}

/* ---- units and marks
 * ----------------------------------------------------------------------------- */

/* A unit ends here. False: no memory for its mark. */
static bool
mark_put(struct pavo_sink *s, enum unit unit, const struct pavo_sums *sums)
{
    if (s->n_marks == s->marks_cap) {
        const size_t cap = s->marks_cap ? s->marks_cap * 2 : 256;
        struct mark *marks = realloc(s->marks, cap * sizeof *marks);

        if (!marks)
            return false;
        s->marks = marks;
        s->marks_cap = cap;
    }
    s->marks[s->n_marks++] = (struct mark){.end = s->buf.len, .sums = *sums, .unit = unit};
    return true;
}

/* A unit has been written. */
static void
unit_written(struct pavo_sink *s, const struct mark *m)
{
    if (m->unit != UNIT_RECORDS) {
        s->at_ledger = s->counts.written;
        s->sequence++;
    }
    if (m->unit == UNIT_BEGIN)
        s->stream = STREAM_BEGUN;
    sums_sub(&s->counts.waiting, &m->sums);
    sums_add(&s->counts.written, &m->sums);
}

/* A unit has been lost. */
static void
unit_lost(struct pavo_sink *s, const struct mark *m, enum pavo_drop why)
{
    if (m->unit == UNIT_BEGIN)
        s->stream = STREAM_NONE;
    sink_drop(s, &m->sums, why);
}

/* Empties the buffer: marks from 'first' on are lost, and what has no mark yet. */
static void
buffer_drop(struct pavo_sink *s, size_t first, enum pavo_drop why)
{
    for (size_t i = first; i < s->n_marks; i++)
        unit_lost(s, &s->marks[i], why);
    sink_drop(s, &s->open, why);
    s->open = (struct pavo_sums){0};
    s->n_marks = 0;
    pavo_buf_clear(&s->buf);
    s->buf.failed = false;
    if (s->stream == STREAM_ENCODED)
        s->stream = STREAM_NONE;
}

/* Ends the unit that begins at 'start' of the buffer: closes the encoder's message and sets the
 * mark. Where memory is short what can't be told apart is dropped. */
static bool
unit_end(struct pavo_sink *s, enum unit unit, size_t start)
{
    struct pavo_sums sums = s->open;

    s->format->flush(s->enc, &s->buf);
    if (!s->buf.failed && mark_put(s, unit, &sums)) {
        s->open = (struct pavo_sums){0};
        return true;
    }
    sink_fail(s, "no memory for a buffer of %zu bytes: records are dropped", s->buf.len);
    if (!s->format->whole_records) {
        buffer_drop(s, 0, PAVO_DROP_WRITE_FAILED);
        return false;
    }
    sink_drop(s, &sums, PAVO_DROP_WRITE_FAILED);
    s->open = (struct pavo_sums){0};
    s->buf.len = start;
    s->buf.failed = false;
    return false;
}

/* ---- writing
 * ------------------------------------------------------------------------------------- */

static void
buffer_write(struct pavo_sink *s)
{
    const struct pavo_target_ops *ops = s->target->ops;
    size_t kept = 0, n_kept = 0;
    int errnum = 0;
    long n;

    if (s->buf.len == 0) {
        for (size_t i = 0; i < s->n_marks; i++)
            unit_written(s, &s->marks[i]);
        s->n_marks = 0;
        return;
    }
    if (s->is_gone) {
        buffer_drop(s, 0, PAVO_DROP_CLOSED);
        return;
    }
    n = ops->write(s->target, s->buf.at, s->buf.len, &errnum);
    if (n < 0) {
        s->is_gone = true;
        sink_fail(s, "the target is gone: %s; records are dropped from here on", strerror(errnum));
        buffer_drop(s, 0, PAVO_DROP_CLOSED);
        return;
    }
    while (n_kept < s->n_marks && s->marks[n_kept].end <= (size_t)n) {
        unit_written(s, &s->marks[n_kept]);
        kept = s->marks[n_kept++].end;
    }
    s->counts.bytes += kept;
    if ((size_t)n < s->buf.len) {
        sink_fail(s, "a write failed: %s; records are dropped until there is room again",
                  strerror(errnum));
        if ((size_t)n > kept && (!ops->unwrite || ops->unwrite(s->target, (size_t)n - kept) != 0))
            s->is_gone = true; /* torn in the middle of a unit: nothing behind it could be read */
    }
    buffer_drop(s, n_kept, PAVO_DROP_WRITE_FAILED);
}

/* All that was put so far, into the target. */
static void
sink_write(struct pavo_sink *s)
{
    if (!s->format->whole_records && s->open.records)
        unit_end(s, UNIT_RECORDS, s->buf.len);
    buffer_write(s);
}

/* Encodes a ledger record; the buffer holds no record that is not written. */
static void
ledger_encode(struct pavo_sink *s, enum pavo_ledger_kind kind)
{
    struct pavo_ledger l = {
        .kind = (uint8_t)kind,
        .sequence = s->sequence,
        .time_ns = s->time_ns,
        .since = s->counts.written,
        .total = s->counts.written,
        .counts = s->sensor,
    };

    sums_sub(&l.since, &s->at_ledger);
    for (unsigned i = 0; i < PAVO_DROPS; i++)
        sums_add(&l.dropped, &s->counts.dropped[i]);
    s->format->ledger(s->enc, &s->buf, &l);
}

/* The start of a stream, in the empty buffer, unless it stands there already. */
static bool
stream_begin(struct pavo_sink *s)
{
    if (s->stream != STREAM_NONE)
        return true;
    s->format->begin(s->enc, &s->buf);
    ledger_encode(s, PAVO_LEDGER_START);
    if (!unit_end(s, UNIT_BEGIN, 0))
        return false;
    s->stream = STREAM_ENCODED;
    return true;
}

static void
sensor_keep(struct pavo_sink *s, uint64_t time_ns, const struct pavo_counts *c)
{
    s->time_ns = time_ns;
    if (c)
        s->sensor = *c;
}

/* A ledger record into the target; false: it is not there. */
static bool
ledger_write(struct pavo_sink *s, enum pavo_ledger_kind kind)
{
    const uint64_t sequence = s->sequence;

    sink_write(s);
    if (s->is_gone || !stream_begin(s))
        return false;
    buffer_write(s);
    if (s->stream != STREAM_BEGUN)
        return false;
    if (kind == PAVO_LEDGER_START && s->sequence != sequence)
        return true; /* begin has just written it */
    ledger_encode(s, kind);
    if (!unit_end(s, UNIT_LEDGER, 0))
        return false;
    buffer_write(s);
    return s->sequence != sequence;
}

/* END ledger and the format's last bytes; the stream is over. */
static void
stream_end(struct pavo_sink *s)
{
    ledger_write(s, PAVO_LEDGER_END);
    if (s->stream == STREAM_BEGUN && !s->is_gone) {
        s->format->end(s->enc, &s->buf);
        if (unit_end(s, UNIT_RECORDS, 0))
            buffer_write(s);
    }
    s->stream = STREAM_NONE;
}

/* ---- the doors
 * ------------------------------------------------------------------------------------ */

static void
sink_free(struct pavo_sink *s)
{
    struct pavo_err unused;

    if (s->target)
        (void)s->target->ops->close(s->target, &unused);
    if (s->enc)
        s->format->close(s->enc);
    pavo_buf_free(&s->buf);
    free(s->marks);
    free(s->name);
    free(s);
}

struct pavo_sink *
pavo_sink_open(const struct pavo_sink_config *cfg, struct pavo_err *err)
{
    const char *target = cfg->target->ops->name(cfg->target);
    const size_t name_bytes = strlen(cfg->format->word) + strlen(target) + 2;
    struct pavo_sink *s = calloc(1, sizeof *s);
    struct pavo_err unused;

    if (!s) {
        pavo_err_set(err, ENOMEM, "%s: no memory for a sink", target);
        (void)cfg->target->ops->close(cfg->target, &unused);
        return NULL;
    }
    s->format = cfg->format;
    s->target = cfg->target;
    s->buffer_bytes = cfg->buffer_bytes ? cfg->buffer_bytes : BUFFER_BYTES;
    s->name = malloc(name_bytes);
    if (!s->name) {
        pavo_err_set(err, ENOMEM, "%s: no memory for a sink", target);
        goto fail;
    }
    snprintf(s->name, name_bytes, "%s:%s", cfg->format->word, target);
    s->enc = cfg->format->open(&cfg->info, err);
    if (!s->enc)
        goto fail;
    if (stream_begin(s))
        buffer_write(s);
    counts_publish(s);
    return s;

fail:
    sink_free(s);
    return NULL;
}

void
pavo_sink_put(struct pavo_sink *s, const struct pavo_record *r)
{
    const struct pavo_sums sums = sums_of(r);
    size_t start;

    sums_add(&s->counts.given, &sums);
    sums_add(&s->counts.waiting, &sums);
    if (s->is_gone || !s->target) {
        sink_drop(s, &sums, PAVO_DROP_CLOSED);
    } else if (!stream_begin(s)) {
        sink_drop(s, &sums, PAVO_DROP_WRITE_FAILED);
    } else {
        start = s->buf.len;
        sums_add(&s->open, &sums);
        s->format->record(s->enc, &s->buf, r);
        if (s->format->whole_records || s->buf.failed)
            unit_end(s, UNIT_RECORDS, start);
        if (s->buf.len >= s->buffer_bytes)
            sink_write(s);
    }
}

bool
pavo_sink_wants_whole(const struct pavo_sink *s)
{
    return !s->format->knows_single;
}

void
pavo_sink_publish(struct pavo_sink *s)
{
    counts_publish(s);
}

void
pavo_sink_ledger(struct pavo_sink *s, enum pavo_ledger_kind kind, uint64_t time_ns,
                 const struct pavo_counts *c)
{
    if (!s->target)
        return;
    sensor_keep(s, time_ns, c);
    ledger_write(s, kind);
    counts_publish(s);
}

void
pavo_sink_flush(struct pavo_sink *s)
{
    if (!s->target)
        return;
    sink_write(s);
    counts_publish(s);
}

/* The next file: 'rc' and 'err' are what leaving the old one came to. A new file mends a torn
 * stream. */
static void
stream_next(struct pavo_sink *s, int rc, const struct pavo_err *err)
{
    if (rc < 0)
        sink_fail(s, "%s", err->text);
    else
        s->is_gone = false;
    if (!s->is_gone && stream_begin(s))
        buffer_write(s);
    counts_publish(s);
}

void
pavo_sink_rotate(struct pavo_sink *s, uint64_t wall_ns, uint64_t time_ns,
                 const struct pavo_counts *c)
{
    struct pavo_err err;

    if (!s->target || !s->target->ops->wants_rotation ||
        !s->target->ops->wants_rotation(s->target, wall_ns))
        return;
    sensor_keep(s, time_ns, c);
    stream_end(s);
    stream_next(s, s->target->ops->rotate(s->target, wall_ns, &err), &err);
}

void
pavo_sink_reopen(struct pavo_sink *s, uint64_t time_ns, const struct pavo_counts *c)
{
    struct pavo_err err;

    if (!s->target || !s->target->ops->reopen)
        return;
    sensor_keep(s, time_ns, c);
    stream_end(s);
    stream_next(s, s->target->ops->reopen(s->target, &err), &err);
}

void
pavo_sink_finish(struct pavo_sink *s, uint64_t time_ns, const struct pavo_counts *c)
{
    struct pavo_err err;

    if (!s->target)
        return;
    sensor_keep(s, time_ns, c);
    stream_end(s);
    if (s->target->ops->sync && s->target->ops->sync(s->target, &err) < 0)
        sink_fail(s, "%s", err.text);
    if (s->target->ops->close(s->target, &err) < 0)
        sink_fail(s, "%s", err.text);
    s->target = NULL;
    counts_publish(s);
}

void
pavo_sink_close(struct pavo_sink *s)
{
    if (s)
        sink_free(s);
}

const char *
pavo_sink_name(const struct pavo_sink *s)
{
    return s->name;
}

const char *
pavo_sink_error(const struct pavo_sink *s)
{
    return atomic_load_explicit(&s->failed, memory_order_acquire) ? s->error : NULL;
}
