/* bench_none.c - a format without bytes on a target that takes anything */
#include "bench_none.h"

static struct pavo_sums sums; /* the export thread's */

static void *
none_open(const struct pavo_stream_info *info, struct pavo_err *err)
{
    sums = (struct pavo_sums){0};
    return &sums;
}

static void
none_bytes(void *enc, struct pavo_buf *out)
{
}

static void
none_record(void *enc, struct pavo_buf *out, const struct pavo_record *r)
{
    sums.records++;
    sums.packets += r->packetDeltaCount[0] + r->packetDeltaCount[1];
    sums.octets += r->octetDeltaCount[0] + r->octetDeltaCount[1];
}

static void
none_ledger(void *enc, struct pavo_buf *out, const struct pavo_ledger *l)
{
}

static void
none_close(void *enc)
{
}

/* Records are not told apart: what lies between two flushes is one unit, so that nothing grows. */
static const struct pavo_format none_format = {
    .word = "none",
    .extensions = "",
    .help = "takes every record, writes none",
    .open = none_open,
    .begin = none_bytes,
    .record = none_record,
    .ledger = none_ledger,
    .flush = none_bytes,
    .end = none_bytes,
    .close = none_close,
};

static long
target_write(struct pavo_target *t, const void *bytes, size_t n, int *errnum)
{
    return (long)n;
}

static int
target_close(struct pavo_target *t, struct pavo_err *err)
{
    return 0;
}

static const char *
target_name(struct pavo_target *t)
{
    return "bench";
}

static const struct pavo_target_ops none_ops = {
    .write = target_write, .close = target_close, .name = target_name};

struct pavo_sink *
bench_none_open(struct pavo_err *err)
{
    static struct pavo_target target = {.ops = &none_ops};

    return pavo_sink_open(&(struct pavo_sink_config){.format = &none_format, .target = &target},
                          err);
}

struct pavo_sums
bench_none_sums(void)
{
    return sums;
}
