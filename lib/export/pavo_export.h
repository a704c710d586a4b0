/* pavo_export.h - records into streams, and back
 *
 * Public interface of the export side: the ledger, formats (record in, bytes out), targets (bytes
 * in, somewhere out), sinks (a format on a target, with its counts), the merge of the workers'
 * rings and the reader. Nothing here opens sockets or prints.
 */
#ifndef PAVO_EXPORT_H
#define PAVO_EXPORT_H

#include "pavo_flow.h"

#define PAVO_PEN         32473u /* RFC 5612 example number, until one is assigned */
#define PAVO_PEN_CERT    6871u
#define PAVO_PEN_REVERSE 29305u /* RFC 5103 */

enum pavo_loss {
#define LOSS(name, received, word, help) PAVO_LOSS_##name,
#include "losses.def"
#undef LOSS
    PAVO_LOSSES
};
enum pavo_drop {
#define DROP(name, word, help) PAVO_DROP_##name,
#include "drops.def"
#undef DROP
    PAVO_DROPS
};
const char *pavo_loss_word(enum pavo_loss l);
const char *pavo_loss_help(enum pavo_loss l);
const char *pavo_drop_word(enum pavo_drop d);
const char *pavo_drop_help(enum pavo_drop d);

/* ---- the ledger ------------------------------------------------------------------------------ */

enum pavo_ledger_kind { PAVO_LEDGER_START = 1, PAVO_LEDGER_INTERVAL = 2, PAVO_LEDGER_END = 3 };

/* Sums of flow records. */
struct pavo_sums {
    uint64_t records;
    uint64_t packets; /* forward and reverse */
    uint64_t octets;
};

/* The sensor's counters, read together. All are totals since start. */
struct pavo_counts {
    uint64_t offered;         /* by the sources, as far as they can tell */
    uint64_t received;        /* frames that a worker took */
    uint64_t received_octets; /* L3 bytes of accounted packets */
    uint64_t lost[PAVO_LOSSES];
    uint64_t filtered;  /* frames that the user's filter left out, where the sensor does the
                           filtering itself; not in received */
    uint64_t in_flight; /* received, on their way between workers */
    uint64_t waiting_fragments;
    uint64_t accounted; /* packets in flows, live or ended */
    uint64_t live_flows;
    uint64_t live_packets;
    uint64_t flows_made;
    uint64_t evicted;
    uint64_t handed_off; /* packets that went through the mesh */
    uint64_t
        wrong_shard; /* of those: plain packets that RSS should have delivered to their owner */
    uint64_t clock_jumps;
    uint64_t late_packets;
    struct pavo_sums made;         /* records made by the shards (dropped ones included) */
    struct pavo_sums ring_dropped; /* of those: dropped before the export thread saw them */
    uint64_t why[PAVO_WHYS];       /* how walks ended */
    uint64_t frag_firsts, frag_followed, frag_waited, frag_joined, frag_orphaned, frag_evicted;
    uint64_t frag_duplicates, frag_overlaps, frag_out_of_order, frag_tiny, frag_atomic;
    uint64_t icmp_errors, icmp_strays;
    uint64_t encap_full, pool_empty;
};

/* What one sink did with the records it was given. given = written + waiting + sum of dropped. */
struct pavo_sink_counts {
    struct pavo_sums given;
    struct pavo_sums written; /* accepted by the target */
    struct pavo_sums waiting; /* encoded, not yet accepted */
    struct pavo_sums dropped[PAVO_DROPS];
    uint64_t bytes;    /* accepted by the target */
    uint64_t failures; /* writes, rotations, syncs and closes that failed */
};

/* A ledger record as it stands in a stream. */
struct pavo_ledger {
    uint8_t kind;           /* enum pavo_ledger_kind */
    uint64_t sequence;      /* 0 for the first in a sink's life; continues over rotated files */
    uint64_t time_ns;       /* event time of the sensor, 0 if no packet came yet */
    struct pavo_sums since; /* flow records in this stream since the ledger record before */
    struct pavo_sums total; /* flow records in this sink's streams since it was opened */
    struct pavo_counts counts;
    struct pavo_sums dropped; /* records that this sink dropped so far, all reasons */
};

/* pavo_counts_balance - do the equations of docs/architecture.md hold?
 *
 *   offered  = received + sum of lost before receipt
 *   received = accounted + waiting_fragments + in_flight + handoff_full
 *   accounted = packets of records made + live packets
 *
 * 'final': nothing may be in flight, waiting or live. Returns true; or false and one sentence per
 * equation that does not hold in 'err'. */
bool pavo_counts_balance(const struct pavo_counts *c, bool final, struct pavo_err *err);
bool pavo_sink_balance(const struct pavo_counts *c, const struct pavo_sink_counts *s, bool final,
                       struct pavo_err *err);

/* ---- formats --------------------------------------------------------------------------------- */

/* Growing bytes. 'at' belongs to the buffer; a failed growth sets 'failed' and drops the append.
 * What an encoder has begun and not finished stands behind the 'len' bytes that can be written:
 * while there is such a thing nobody else appends, and who has written 'len' calls
 * pavo_buf_clear(). */
struct pavo_buf {
    uint8_t *at;
    size_t len, cap;
    size_t open; /* bytes behind len that are not finished */
    bool failed;
};
/* Room for 'n' more bytes behind len; NULL if memory is short. The caller writes and adds to len.
 */
uint8_t *pavo_buf_room(struct pavo_buf *b, size_t n);
void pavo_buf_put(struct pavo_buf *b, const void *bytes, size_t n);
/* Forgets the 'len' bytes; what is open moves to the front. */
void pavo_buf_clear(struct pavo_buf *b);
void pavo_buf_free(struct pavo_buf *b);

/* Who writes, for the stream's header and every record. Strings live as long as the encoder. */
struct pavo_stream_info {
    const char *observer; /* observer.name */
    const char *version;
    uint32_t domain;            /* observation domain of flow records, >= 1 */
    const char *const *sources; /* name of each source number: interface or file */
    unsigned n_sources;
    bool terminal; /* text: the target is a terminal of 'columns' */
    unsigned columns;
    uint32_t message_bytes;          /* IPFIX: most bytes of a message; 0: 65535 */
    uint64_t (*export_time_s)(void); /* wall clock for IPFIX headers; NULL: time(2) */
};

/* One record in, bytes out; no I/O. An encoder is used by one thread. */
struct pavo_format {
    const char *word;       /* "json" */
    const char *extensions; /* ".jsonl .json .ndjson", blank separated; "" none */
    const char *help;
    void *(*open)(const struct pavo_stream_info *info, struct pavo_err *err);
    void (*begin)(void *enc, struct pavo_buf *out); /* start of a stream or file */
    void (*record)(void *enc, struct pavo_buf *out, const struct pavo_record *r);
    void (*ledger)(void *enc, struct pavo_buf *out, const struct pavo_ledger *l);
    void (*flush)(void *enc,
                  struct pavo_buf *out); /* what is in 'out' can be written: whole messages only */
    void (*end)(void *enc, struct pavo_buf *out); /* end of a stream or file */
    void (*close)(void *enc);
    /* Every record is whole when record() returns, not only after flush(): a sink can then tell
     * exactly which records a failed write lost. False: what lies between two flushes stands or
     * falls together. */
    bool whole_records;
    bool knows_single; /* the encoder does without pavo_record_complete() */
};
extern const struct pavo_format pavo_format_text, pavo_format_json, pavo_format_csv,
    pavo_format_ipfix;
extern const struct pavo_format *const pavo_formats[]; /* NULL-terminated */
const struct pavo_format *pavo_format_find(const char *word);
const struct pavo_format *pavo_format_of_path(const char *path); /* by extension; NULL: not known */

/* ---- targets ----------------------------------------------------------------------------------
 */

struct pavo_rotate {
    uint64_t every_ns; /* 0: not by time; files are cut at multiples of this since the epoch, wall
                          clock */
    uint64_t bytes;    /* 0: not by size */
};

/* Bytes in, somewhere out. write() takes all or says how many whole bytes it took. */
struct pavo_target {
    const struct pavo_target_ops *ops;
};
struct pavo_target_ops {
    /* All of it: n. Fewer: the target can't take more now, *errnum says why. -1: it is gone for
     * good. */
    long (*write)(struct pavo_target *t, const void *bytes, size_t n, int *errnum);
    /* Takes back the last 'n' bytes written if the target can (regular file): 0, or -1. For a
     * record cut in two. */
    int (*unwrite)(struct pavo_target *t, size_t n);
    bool (*wants_rotation)(struct pavo_target *t, uint64_t wall_ns);
    int (*rotate)(struct pavo_target *t, uint64_t wall_ns,
                  struct pavo_err *err); /* finish this file, begin the next */
    int (*reopen)(struct pavo_target *t, struct pavo_err *err); /* SIGHUP */
    int (*sync)(struct pavo_target *t,
                struct pavo_err *err); /* before close: errors that a close would hide */
    int (*close)(struct pavo_target *t, struct pavo_err *err);
    const char *(*name)(struct pavo_target *t);
};
/* "-" is stdout; a path may hold strftime patterns. With rotation, or where the name has patterns,
 * a file is written as NAME.part and renamed when it is complete. */
struct pavo_target *pavo_target_file(const char *path, const struct pavo_rotate *rotate,
                                     struct pavo_err *err);

/* ---- sinks -------------------------------------------------------------------------------------
 */

/* A format on a target. Owner: the export thread; the counts may be read by anyone. */
struct pavo_sink;
struct pavo_sink_config {
    const struct pavo_format *format;
    struct pavo_target *target; /* taken over, also when the sink can't be opened */
    struct pavo_stream_info info;
    size_t buffer_bytes; /* written when this much is encoded; 0: 64 KiB */
};
struct pavo_sink *pavo_sink_open(const struct pavo_sink_config *cfg, struct pavo_err *err);
void pavo_sink_put(struct pavo_sink *s, const struct pavo_record *r);
/* Does it need what pavo_record_complete() puts in? */
bool pavo_sink_wants_whole(const struct pavo_sink *s);
/* pavo_sink_publish - lets pavo_sink_counts() see what was put; all other calls do that by
 * themselves, and a look at each record would cost more than many records. */
void pavo_sink_publish(struct pavo_sink *s);
/* Writes a ledger record of this kind; fills 'since', 'total', 'sequence' and 'dropped' itself. */
void pavo_sink_ledger(struct pavo_sink *s, enum pavo_ledger_kind kind, uint64_t time_ns,
                      const struct pavo_counts *c);
void pavo_sink_flush(struct pavo_sink *s);
/* Rotates if it is time: an END ledger record closes the file, a START one opens the next. */
void pavo_sink_rotate(struct pavo_sink *s, uint64_t wall_ns, uint64_t time_ns,
                      const struct pavo_counts *c);
void pavo_sink_reopen(struct pavo_sink *s, uint64_t time_ns, const struct pavo_counts *c);
/* End of stream: END ledger, flush, sync, close of the target. Afterwards only counts and error are
 * valid. */
void pavo_sink_finish(struct pavo_sink *s, uint64_t time_ns, const struct pavo_counts *c);
void pavo_sink_close(struct pavo_sink *s);
void pavo_sink_counts(const struct pavo_sink *s, struct pavo_sink_counts *out);
const char *pavo_sink_name(const struct pavo_sink *s); /* "json:/tmp/a.jsonl" */
const char *
pavo_sink_error(const struct pavo_sink *s); /* first failure as a sentence; NULL: none */

/* ---- merge --------------------------------------------------------------------------------------
 */

/* Over the record rings of all shards: hands out the oldest (made_ns) of those that wait. The
 * consumer of every ring is the export thread. */
struct pavo_merge {
    struct pavo_ring **rings;
    unsigned n;
    bool reads;               /* what is handed out is read, not only counted */
    struct pavo_ring *peeked; /* whose head peek handed out and pop has not taken; starts as NULL */
};
/* What the next record is made of, borrowed until pavo_merge_pop(); NULL: all rings are empty. */
const struct pavo_draft *pavo_merge_peek(struct pavo_merge *m);
void pavo_merge_pop(struct pavo_merge *m);

/* ---- reader
 * -------------------------------------------------------------------------------------- */

/* What a reader found. */
enum pavo_item {
    PAVO_ITEM_END = 0,
    PAVO_ITEM_RECORD = 1,
    PAVO_ITEM_LEDGER = 2,
    PAVO_ITEM_BROKEN = -1
};

/* Reads an IPFIX stream (RFC 7011, RFC 5655), ours or another's: unknown elements are skipped,
 * elements that we know by number are taken, whatever the template. */
struct pavo_reader;
typedef long pavo_read_fn(void *ctx, void *bytes,
                          size_t n); /* bytes read, 0 at the end, -1 error (errno) */
struct pavo_reader *pavo_reader_open(pavo_read_fn *read, void *ctx, struct pavo_err *err);
/* Next item. RECORD fills *r, LEDGER fills *l. BROKEN: err says what and at which offset; reading
 * goes on behind the broken message where its length can be trusted, else the next call says END.
 */
enum pavo_item pavo_reader_next(struct pavo_reader *r, struct pavo_record *rec,
                                struct pavo_ledger *l, struct pavo_err *err);
uint64_t pavo_reader_offset(const struct pavo_reader *r); /* bytes consumed, for progress */
const char *pavo_reader_observer(const struct pavo_reader *r,
                                 uint32_t source); /* name of an ingress interface from the stream's
                                                      interface table, NULL unknown */
const char *pavo_reader_observer_name(
    const struct pavo_reader *r); /* observer.name of the stream, NULL unknown */
void pavo_reader_close(struct pavo_reader *r);

#endif
