/* csv.c - records as comma-separated values, RFC 4180
 *
 * The first line names the columns: the words of fields.def in their order, each once (the IPv4 and
 * the IPv6 address share one), the encapsulation as one word like
 * vlan:100/vxlan:5001@10.0.0.1>10.0.0.2, and the name of the ingress interface. A field that is
 * absent is empty. Lines end with CR LF (section 2.1). Members of parts have no columns here: most
 * records lack most of them, and a table of 250 columns is read by nobody; 'pavo read --fields'
 * makes one of those that are wanted.
 *
 * A ledger record would not fit the columns. It is a line of its own that begins with '#ledger' and
 * goes on with ",key=value" pairs: kind, time (if there was a packet) and the dotted paths of
 * ledger_row.c. Readers that know comments skip it (pandas: comment='#'); others can drop it with
 * grep -v '^#'.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_row.h"
#include "value.h"

enum { TWINS_MAX = 4 };

#define INTERFACE_WORD "interface.name"

struct column {
    const char *word;
    bool is_list;
    unsigned n_rows;
    const struct fld *rows[TWINS_MAX];
};

struct csv {
    struct column *columns;
    unsigned n_columns;
    size_t record_bytes; /* no record is longer */
    size_t header_bytes;
    const char **sources; /* quoted where that is needed; from malloc */
    unsigned n_sources;
};

static char *
put_text(char *at, const char *text)
{
    return value_copy(at, text, strlen(text));
}

static char *
line_end(char *at)
{
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

/* RFC 4180 section 2, 5 to 7: in quotes if there is a comma, a quote or a line end in it, quotes
 * doubled. What begins with '#' is quoted too. */
static char *
quote_put(char *at, const char *text, size_t n)
{
    bool plain = n == 0 || text[0] != '#';

    for (size_t i = 0; i < n && plain; i++)
        plain = text[i] != ',' && text[i] != '"' && text[i] != '\r' && text[i] != '\n';
    if (plain)
        return value_copy(at, text, n);
    *at++ = '"';
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"')
            *at++ = '"';
        *at++ = text[i];
    }
    *at++ = '"';
    return at;
}

static void
csv_begin(void *enc, struct pavo_buf *out)
{
    const struct csv *c = enc;
    char *const begin = (char *)pavo_buf_room(out, c->header_bytes);
    char *at = begin;

    if (!begin)
        return;
    for (unsigned i = 0; i < c->n_columns; i++) {
        at = put_text(at, c->columns[i].word);
        *at++ = ',';
    }
    at = line_end(put_text(at, INTERFACE_WORD));
    out->len += (size_t)(at - begin);
}

static void
csv_record(void *enc, struct pavo_buf *out, const struct pavo_record *r)
{
    const struct csv *c = enc;
    char *const begin = (char *)pavo_buf_room(out, c->record_bytes);
    char *at = begin;
    const char *source = value_source(r, c->sources, c->n_sources);
    struct fld_value v;

    if (!begin)
        return;
    for (unsigned i = 0; i < c->n_columns; i++) {
        const struct column *col = &c->columns[i];

        if (col->is_list) {
            at = value_encap(at, r);
        } else {
            const struct fld *f = value_get(r, col->rows, col->n_rows, &v);

            if (f && f->type == FLD_S)
                at = quote_put(at, fld_bytes(&v), (size_t)v.u);
            else if (f)
                at = value_put(at, f, &v);
        }
        *at++ = ',';
    }
    if (source)
        at = put_text(at, source);
    at = line_end(at);
    out->len += (size_t)(at - begin);
}

static void
csv_ledger(void *enc, struct pavo_buf *out, const struct pavo_ledger *l)
{
    size_t bytes = 128;
    char *begin, *at;

    for (unsigned i = 0; i < ledger_row_count; i++)
        bytes += strlen(ledger_rows[i].path) + 24;
    begin = at = (char *)pavo_buf_room(out, bytes);
    if (!begin)
        return;
    at = put_text(at, "#ledger,kind=");
    at = put_text(at, ledger_kind_word(l->kind));
    if (l->time_ns)
        at = fmt_time(put_text(at, ",time="), l->time_ns);
    for (unsigned i = 0; i < ledger_row_count; i++) {
        *at++ = ',';
        at = put_text(at, ledger_rows[i].path);
        *at++ = '=';
        at = fmt_u64(at, ledger_row_get(l, &ledger_rows[i]));
    }
    at = line_end(at);
    out->len += (size_t)(at - begin);
}

static void
csv_close(void *enc)
{
    struct csv *c = enc;

    if (!c)
        return;
    for (unsigned i = 0; c->sources && i < c->n_sources; i++)
        free((void *)(uintptr_t)c->sources[i]);
    free(c->sources);
    free(c->columns);
    free(c);
}

/* A name, quoted where that is needed. NULL: no memory. */
static char *
csv_quote(const char *text)
{
    const size_t n = strlen(text);
    char *out = malloc(2 * n + 3);

    if (out)
        *quote_put(out, text, n) = '\0';
    return out;
}

/* One column for each word of the table. */
static int
columns_make(struct csv *c)
{
    c->columns = calloc(fld_count, sizeof *c->columns);
    if (!c->columns)
        return -ENOMEM;
    c->header_bytes = c->record_bytes = 64;
    for (unsigned i = 0; i < fld_count; i++) {
        const struct fld *f = &fld_table[i];
        unsigned k = 0;

        if (!f->word[0] || fld_part(f))
            continue;
        while (k < c->n_columns && strcmp(c->columns[k].word, f->word) != 0)
            k++;
        if (k == c->n_columns) {
            c->columns[k].word = f->word;
            c->columns[k].is_list = f->type == FLD_LIST;
            c->n_columns++;
            c->header_bytes += strlen(f->word) + 1;
            c->record_bytes += value_bytes(f) + 1;
        }
        if (c->columns[k].n_rows == TWINS_MAX)
            return -ENOMEM;
        c->columns[k].rows[c->columns[k].n_rows++] = f;
    }
    return 0;
}

static int
sources_make(struct csv *c, const struct pavo_stream_info *info)
{
    size_t longest = 0;

    c->sources = calloc(info->n_sources ? info->n_sources : 1, sizeof *c->sources);
    if (!c->sources)
        return -ENOMEM;
    c->n_sources = info->n_sources;
    for (unsigned i = 0; i < info->n_sources; i++) {
        if (!info->sources[i])
            continue;
        c->sources[i] = csv_quote(info->sources[i]);
        if (!c->sources[i])
            return -ENOMEM;
        if (strlen(c->sources[i]) > longest)
            longest = strlen(c->sources[i]);
    }
    c->record_bytes += longest;
    return 0;
}

static void *
csv_open(const struct pavo_stream_info *info, struct pavo_err *err)
{
    struct csv *c = calloc(1, sizeof *c);

    if (!c || columns_make(c) != 0 || sources_make(c, info) != 0) {
        pavo_err_set(err, ENOMEM, "csv: no memory for the encoder");
        csv_close(c);
        return NULL;
    }
    return c;
}

static void
csv_nothing(void *enc, struct pavo_buf *out)
{
}

const struct pavo_format pavo_format_csv = {
    .word = "csv",
    .extensions = ".csv",
    .help = "comma-separated values with a header line (RFC 4180)",
    .open = csv_open,
    .begin = csv_begin,
    .record = csv_record,
    .ledger = csv_ledger,
    .flush = csv_nothing,
    .end = csv_nothing,
    .close = csv_close,
    .whole_records = true,
};
