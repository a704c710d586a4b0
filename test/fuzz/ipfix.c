/* ipfix.c - fuzz target: the IPFIX reader, and the encoder on what it made
 *
 * Any bytes may be read. Each record that comes out is encoded, read and encoded again: both
 * encodings and both digests must be equal, for a stored record is worth as much as the one that
 * was made.
 */
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "pavo_export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
    const uint8_t *at;
    size_t left, piece;
};

static long
read_bytes(void *ctx, void *to, size_t n)
{
    struct bytes *b = ctx;

    if (n > b->left)
        n = b->left;
    if (b->piece && n > b->piece)
        n = b->piece;
    memcpy(to, b->at, n);
    b->at += n;
    b->left -= n;
    return (long)n;
}

static uint64_t
no_time(void)
{
    return 1;
}

static void
encode(const struct pavo_record *r, struct pavo_buf *out)
{
    const struct pavo_stream_info info = {
        .observer = "f", .version = "0", .domain = 1, .export_time_s = no_time};
    struct pavo_err err;
    void *enc = pavo_format_ipfix.open(&info, &err);

    if (!enc)
        abort();
    pavo_format_ipfix.begin(enc, out);
    pavo_format_ipfix.record(enc, out, r);
    pavo_format_ipfix.end(enc, out);
    pavo_format_ipfix.close(enc);
}

static void
check(const struct pavo_record *r)
{
    struct pavo_buf once = {0}, again = {0};
    struct pavo_digest a, b;
    struct pavo_record back;
    struct pavo_ledger l;
    struct pavo_reader *reader;
    struct pavo_err err;
    struct bytes s;

    encode(r, &once);
    s = (struct bytes){once.at, once.len, 0};
    reader = pavo_reader_open(read_bytes, &s, &err);
    if (!reader || pavo_reader_next(reader, &back, &l, &err) != PAVO_ITEM_RECORD)
        abort();
    encode(&back, &again);
    a = pavo_record_digest(r);
    b = pavo_record_digest(&back);
    if (once.len != again.len || memcmp(once.at, again.at, once.len) != 0)
        abort();
    if (a.hi != b.hi || a.lo != b.lo)
        abort();
    pavo_reader_close(reader);
    pavo_buf_free(&once);
    pavo_buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes s = {data, size, size ? data[size - 1] : 0};
    struct pavo_err err;
    struct pavo_reader *reader = pavo_reader_open(read_bytes, &s, &err);
    struct pavo_record r;
    struct pavo_ledger l;
    enum pavo_item item;
    unsigned checked = 0;

    if (!reader)
        return 0;
    while ((item = pavo_reader_next(reader, &r, &l, &err)) != PAVO_ITEM_END) {
        if (item == PAVO_ITEM_BROKEN && !err.text[0])
            abort();
        if (item == PAVO_ITEM_RECORD && checked++ < 4)
            check(&r);
    }
    if (pavo_reader_offset(reader) > size)
        abort();
    pavo_reader_close(reader);
    return 0;
}
