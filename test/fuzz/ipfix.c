/* ipfix.c - fuzz target: the IPFIX reader, and the encoders on what it made
 *
 * Any bytes may be read. Each record that comes out is encoded, read and encoded again: both
 * encodings and both digests must be equal, for a stored record is worth as much as the one that
 * was made. The last one is also encoded into messages that can't hold all of its parts, and into
 * the formats for people and programs: whatever stands in its texts, each is one line.
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
encode(const struct pavo_record *r, uint32_t message_bytes, struct pavo_buf *out)
{
    const struct pavo_stream_info info = {.observer = "f",
                                          .version = "0",
                                          .domain = 1,
                                          .message_bytes = message_bytes,
                                          .export_time_s = no_time};
    struct pavo_err err;
    void *enc = pavo_format_ipfix.open(&info, &err);

    if (!enc)
        abort();
    pavo_format_ipfix.begin(enc, out);
    pavo_format_ipfix.record(enc, out, r);
    pavo_format_ipfix.end(enc, out);
    pavo_format_ipfix.close(enc);
}

/* A format without a beginning; bytes that end a line within one are what a reader stumbles over.
 */
static void
check_line(const struct pavo_format *f, const struct pavo_record *r)
{
    const struct pavo_stream_info info = {.observer = "f", .version = "0", .domain = 1};
    struct pavo_buf line = {0};
    struct pavo_err err;
    void *enc = f->open(&info, &err);

    if (!enc)
        abort();
    f->record(enc, &line, r);
    if (line.len == 0 || line.at[line.len - 1] != '\n')
        abort();
    if (f == &pavo_format_json && memchr(line.at, '\n', line.len) != line.at + line.len - 1)
        abort();
    f->close(enc);
    pavo_buf_free(&line);
}

/* Parts that have no room are left out: no message is longer than it may be. */
static void
check_short(const struct pavo_record *r)
{
    struct pavo_buf out = {0};

    encode(r, 1400, &out);
    for (size_t at = 0; at < out.len;) {
        const size_t n = (size_t)out.at[at + 2] << 8 | out.at[at + 3];

        if (n > 1400 || n < 16)
            abort();
        at += n;
    }
    pavo_buf_free(&out);
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

    encode(r, 0, &once);
    s = (struct bytes){once.at, once.len, 0};
    reader = pavo_reader_open(read_bytes, &s, &err);
    if (!reader || pavo_reader_next(reader, &back, &l, &err) != PAVO_ITEM_RECORD)
        abort();
    encode(&back, 0, &again);
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
    struct pavo_record next, r;
    struct pavo_ledger l;
    enum pavo_item item;
    unsigned checked = 0;

    if (!reader)
        return 0;
    while ((item = pavo_reader_next(reader, &next, &l, &err)) != PAVO_ITEM_END) {
        if (item == PAVO_ITEM_BROKEN && !err.text[0])
            abort();
        if (item != PAVO_ITEM_RECORD)
            continue;
        memcpy(&r, &next, pavo_record_size(&next)); /* a broken one may be half read */
        if (checked++ < 4)
            check(&r);
    }
    if (checked) {
        check_short(&r);
        check_line(&pavo_format_json, &r);
        check_line(&pavo_format_csv, &r);
        check_line(&pavo_format_text, &r);
    }
    if (pavo_reader_offset(reader) > size)
        abort();
    pavo_reader_close(reader);
    return 0;
}
