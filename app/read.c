/* read.c - pavo read: stored records, chosen, ordered, added up, shown
 *
 * Each record comes out of the reader, through the filter, and into one of four ends: an encoder of
 * lib/export (whole records), rows of chosen columns (--fields), groups (--by), or totals only
 * (--digest, --count).
 * --sort and --top put a sorter before the first two and behind the third. Nothing but a sorter
 * without
 * --top and the groups grows with the input.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "filter.h"
#include "log.h"
#include "read_group.h"
#include "read_input.h"
#include "read_rows.h"
#include "read_sort.h"
#include "version.h"

enum {
    FIELDS_MAX = 64,
    SOURCES_MAX = 65536,
    SOURCES_AHEAD = 256,     /* interfaces looked up when a file begins */
    PROGRESS_RECORDS = 4096, /* between two looks at the progress line */
};

#define NS UINT64_C(1000000000)

/* What the command line asks for. */
struct read_wants {
    const char *format;
    char *fields; /* a list, cut in place */
    char *by;
    const char *sort;
    size_t top;
    bool digest, count, ledger;
};

struct read_job {
    struct read_wants wants;
    struct pavo_filter *filter;
    struct out out;
    int status;
    bool is_stopped; /* an error of our own: no more records */

    /* Whole records. */
    const struct pavo_format *format;
    void *enc;
    struct pavo_stream_info info;
    char **sources; /* names of interfaces by number, over all files */
    unsigned n_sources;
    char *observer;
    bool names_changed;

    /* Chosen columns. */
    struct rows rows;
    struct col cols[FIELDS_MAX];
    unsigned n_cols;
    bool is_head_done;

    struct sorter sorter;
    bool is_sorted;
    struct col sort_col;
    size_t sorted_bytes;

    struct groups groups;
    struct group_col group_cols[GROUP_BY_MAX + GROUP_SUMS_MAX + 8];
    unsigned n_group_cols;
    struct group_col group_sort;

    struct pavo_sums sums;
    struct pavo_digest digest;
};

/* ---- whole records through an encoder ----------------------------------- */

/* Opens the encoder as late as the first record, when the stream has told its interfaces. A name
 * that comes later (the next file) makes a new one. */
static bool
enc_ready(struct read_job *j)
{
    const bool again = j->enc != NULL;
    struct pavo_err err;

    if (j->enc &&
        (!j->names_changed || j->format == &pavo_format_text)) /* a table shows no names */
        return true;
    if (j->enc) {
        j->format->flush(j->enc, &j->out.buf);
        j->format->close(j->enc);
    }
    j->names_changed = false;
    j->info.observer = j->observer ? j->observer : "";
    j->info.sources = (const char *const *)j->sources;
    j->info.n_sources = j->n_sources;
    j->enc = j->format->open(&j->info, &err);
    if (!j->enc) {
        log_error("read: %s", err.text);
        j->is_stopped = true;
        j->status = EXIT_SOURCE;
        return false;
    }
    if (!again ||
        j->format == &pavo_format_ipfix) /* the names stand in an IPFIX stream's beginning */
        j->format->begin(j->enc, &j->out.buf);
    return true;
}

static void
enc_end(struct read_job *j)
{
    if (!j->is_stopped && enc_ready(j)) {
        j->format->flush(j->enc, &j->out.buf);
        j->format->end(j->enc, &j->out.buf);
    }
    if (j->enc)
        j->format->close(j->enc);
    j->enc = NULL;
}

/* Puts a name into the table over all files, at its own number if that is free; returns where it
 * stands, or the number it came with. */
static uint32_t
source_put(struct read_job *j, uint32_t number, const char *name)
{
    uint32_t n = number;

    if (number >= SOURCES_MAX)
        return number;
    if (n < j->n_sources && j->sources[n] && strcmp(j->sources[n], name) == 0)
        return n;
    for (uint32_t i = 0; i < j->n_sources; i++)
        if (j->sources[i] && strcmp(j->sources[i], name) == 0)
            return i;
    if (n < j->n_sources && j->sources[n]) /* another file's: a number of its own */
        n = j->n_sources;
    if (n >= j->n_sources) {
        char **grown = n < SOURCES_MAX ? realloc(j->sources, (n + 1) * sizeof *grown) : NULL;

        if (!grown)
            return number;
        memset(grown + j->n_sources, 0, (n + 1 - j->n_sources) * sizeof *grown);
        j->sources = grown;
        j->n_sources = n + 1;
    }
    j->sources[n] = strdup(name);
    j->names_changed = true;
    return n;
}

/* What the beginning of a file tells: who observed, and the names of its interfaces. */
static void
names_learn(struct read_job *j, const struct pavo_reader *reader)
{
    const char *observer = pavo_reader_observer_name(reader);

    for (uint32_t n = 0; n < SOURCES_AHEAD; n++) {
        const char *name = pavo_reader_observer(reader, n);

        if (name)
            source_put(j, n, name);
    }
    if (observer && (!j->observer || strcmp(j->observer, observer) != 0)) {
        free(j->observer);
        j->observer = strdup(observer);
        j->names_changed = true;
    }
}

/* Interfaces of several files share one table; a record's number becomes the one there. */
static void
source_number(struct read_job *j, const struct pavo_reader *reader, struct pavo_record *r)
{
    const char *name = pavo_reader_observer(reader, r->ingressInterface);

    if (name)
        r->ingressInterface = source_put(j, r->ingressInterface, name);
}

/* ---- chosen columns ----------------------------------------------------- */

/* A table for people says "59.914051s" where JSON and CSV say nanoseconds. */
static void
duration_text(uint64_t ns, char *out)
{
    int n = snprintf(out, COL_TEXT_MAX, "%" PRIu64 ".%09" PRIu64, ns / NS, ns % NS);

    while (out[n - 1] == '0')
        n--;
    n -= out[n - 1] == '.';
    memcpy(out + n, "s", 2);
}

/* "1;2;3" as the array that it is in JSON. */
static void
numbers_text(char *text)
{
    const size_t n = strlen(text);

    memmove(text + 1, text, n);
    text[0] = '[';
    memcpy(text + n + 1, "]", 2);
    for (char *at = text; (at = strchr(at, ';'));)
        *at = ',';
}

static void
row_show(struct read_job *j, const struct pavo_record *r)
{
    static char texts[FIELDS_MAX][COL_TEXT_MAX]; /* one thread; too large for a stack */
    struct cell cells[FIELDS_MAX];

    for (unsigned i = 0; i < j->n_cols; i++) {
        struct fld_value v;

        if (j->rows.format == ROWS_TEXT && j->cols[i].kind == COL_DURATION &&
            col_get(r, &j->cols[i], &v))
            duration_text(v.u, texts[i]);
        else
            col_text(r, &j->cols[i], texts[i]);
        cells[i].text = texts[i];
        cells[i].is_number = !col_is_text(&j->cols[i]) && col_get(r, &j->cols[i], &v) &&
                             col_value_is_number(&j->cols[i], &v);
        if (j->rows.format == ROWS_JSON && j->cols[i].fld->type == FLD_A && texts[i][0]) {
            numbers_text(texts[i]);
            cells[i].is_number = true;
        }
    }
    if (!j->is_head_done)
        rows_head(&j->rows);
    j->is_head_done = true;
    rows_put(&j->rows, cells);
}

static void
record_show(struct read_job *j, const struct pavo_record *r)
{
    if (j->n_cols) {
        row_show(j, r);
    } else if (enc_ready(j)) {
        j->format->record(j->enc, &j->out.buf, r);
        out_step(&j->out);
    }
}

/* ---- groups ------------------------------------------------------------- */

static void
group_cells(struct read_job *j, const struct group *p, struct cell *cells,
            char (*texts)[COL_TEXT_MAX])
{
    for (unsigned i = 0; i < j->n_group_cols; i++) {
        group_text(&j->groups, p, &j->group_cols[i], texts[i], &cells[i].is_number);
        cells[i].text = texts[i];
    }
}

/* Sorts the groups and shows them. */
static bool
groups_show(struct read_job *j)
{
    enum { MOST = sizeof j->group_cols / sizeof j->group_cols[0] };
    static char texts[MOST][COL_TEXT_MAX];
    struct cell cells[MOST];

    for (struct group *p = j->groups.first; p; p = p->later) {
        struct group **held;
        struct sort_key key;

        key.has = group_value(&j->groups, p, &j->group_sort, &key.v);
        if (!sort_wants(&j->sorter, &key))
            continue;
        held = malloc(sizeof(struct group *));
        if (!held)
            return false;
        *held = p;
        if (!sort_put(&j->sorter, &key, held))
            return false;
    }
    sort_end(&j->sorter);
    for (size_t i = 0; i < j->sorter.n && j->rows.format == ROWS_TEXT; i++) {
        group_cells(j, *(struct group **)j->sorter.items[i].what, cells, texts);
        rows_fit(&j->rows, cells);
    }
    rows_head(&j->rows);
    for (size_t i = 0; i < j->sorter.n && !out_is_over(&j->out); i++) {
        group_cells(j, *(struct group **)j->sorter.items[i].what, cells, texts);
        rows_put(&j->rows, cells);
    }
    return true;
}

/* ---- one record --------------------------------------------------------- */

static void
no_memory(struct read_job *j, const char *what, size_t n, size_t bytes, const char *help)
{
    log_error("read: no memory for more than %zu %s (%zu MiB); %s", n, what, bytes >> 20, help);
    j->is_stopped = true;
    j->status = EXIT_SOURCE;
}

static void
record_keep(struct read_job *j, const struct pavo_record *r)
{
    const size_t bytes = pavo_record_size(r);
    struct sort_key key;
    void *copy;

    key.has = col_get(r, &j->sort_col, &key.v);
    if (!sort_wants(&j->sorter, &key))
        return;
    copy = malloc(bytes);
    if (copy)
        memcpy(copy, r, bytes);
    if (!copy || !sort_put(&j->sorter, &key, copy))
        no_memory(j, "records", j->sorter.n, j->sorted_bytes, "--top N keeps only the first N");
    j->sorted_bytes += bytes + sizeof(struct sort_item);
}

static void
record_take(struct read_job *j, const struct pavo_reader *reader, struct pavo_record *r)
{
    struct pavo_digest d;

    if (!pavo_filter_match(j->filter, r))
        return;
    j->sums.records++;
    j->sums.packets += r->packetDeltaCount[0] + r->packetDeltaCount[1];
    j->sums.octets += r->octetDeltaCount[0] + r->octetDeltaCount[1];
    if (j->wants.digest) {
        d = pavo_record_digest(r);
        pavo_digest_add(&j->digest, &d);
    }
    if (j->wants.digest || j->wants.count)
        return;
    source_number(j, reader, r);
    if (j->groups.n_by) {
        if (!group_add(&j->groups, r))
            no_memory(j, "groups", j->groups.n, j->groups.bytes, "group by fewer columns");
        return;
    }
    if (j->is_sorted)
        record_keep(j, r);
    else
        record_show(j, r);
}

static void
ledger_take(struct read_job *j, const struct pavo_ledger *l)
{
    if (!j->wants.ledger || j->n_cols || j->is_sorted || j->groups.n_by || j->wants.digest ||
        j->wants.count)
        return;
    if (enc_ready(j)) {
        j->format->ledger(j->enc, &j->out.buf, l);
        out_step(&j->out);
    }
}

/* ---- files -------------------------------------------------------------- */

/* Before a read that may wait: what is finished is shown. */
static void
before_read(void *ctx)
{
    struct read_job *j = ctx;

    if (j->enc)
        j->format->flush(j->enc, &j->out.buf);
    out_flush(&j->out);
}

static void
file_broken(struct read_job *j, const struct input *in, const char *what)
{
    log_error("%s: %s", in->name, what);
    j->status = EXIT_SOURCE;
}

/* All items of one stream. */
static void
stream_read(struct read_job *j, struct input *in, struct pavo_reader *reader)
{
    static struct pavo_record r; /* one thread */
    static struct pavo_ledger l;
    struct pavo_err err;
    uint64_t items = 0;

    while (!j->is_stopped && !out_is_over(&j->out)) {
        const enum pavo_item item = pavo_reader_next(reader, &r, &l, &err);

        if (items == 0 && item != PAVO_ITEM_END)
            names_learn(j, reader);
        switch (item) {
        case PAVO_ITEM_END:
            if (in->errnum)
                file_broken(j, in, strerror(in->errnum));
            return;
        case PAVO_ITEM_RECORD:
            record_take(j, reader, &r);
            break;
        case PAVO_ITEM_LEDGER:
            ledger_take(j, &l);
            break;
        case PAVO_ITEM_BROKEN:
            file_broken(j, in, err.text);
            break;
        }
        if (++items % PROGRESS_RECORDS == 0)
            progress_show(in->name, pavo_reader_offset(reader), in->size, items, "records");
    }
}

static void
file_read(struct read_job *j, const char *path)
{
    static struct input in; /* its buffer is too large for a stack */
    struct pavo_reader *reader;
    struct pavo_err err;
    int first;

    in.before = before_read;
    in.ctx = j;
    if (input_open(&in, path, &err) < 0) {
        log_error("read: %s", err.text);
        j->status = EXIT_SOURCE;
        return;
    }
    first = input_peek(&in);
    if (in.errnum) {
        file_broken(j, &in, strerror(in.errnum));
    } else if (first == '{') {
        file_broken(
            j, &in,
            "this is NDJSON, which jq reads; pavo read reads IPFIX files (pavo run -w ipfix:FILE)");
    } else if (first >= 0) { /* an empty file holds nothing, and that is all */
        reader = pavo_reader_open(input_read, &in, &err);
        if (reader)
            stream_read(j, &in, reader);
        else
            file_broken(j, &in, err.text);
        progress_end();
        pavo_reader_close(reader);
    }
    input_close(&in);
}

/* ---- the command line --------------------------------------------------- */

static int usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int
usage(const char *fmt, ...)
{
    char text[640];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_error("read: %s", text);
    return EXIT_USAGE;
}

static void
fields_help(void)
{
    printf("field                name in IPFIX              meaning\n");
    for (unsigned i = 0; col_computed[i].word; i++)
        printf("%-20s %-26s %s\n", col_computed[i].word, "(computed)", col_computed[i].help);
    for (unsigned i = 0; i < fld_count; i++) {
        const bool twin = i && strcmp(fld_table[i].word, fld_table[i - 1].word) == 0;

        if (fld_table[i].word[0] && fld_table[i].type != FLD_LIST && !twin)
            printf("%-20s %-26s %s\n", fld_table[i].word, fld_table[i].ie, fld_table[i].help);
    }
    printf("\nEach may also be named by its JSON path (source.ip) or its IPFIX name.\n");
}

/* The next name of a list "a,b"; NULL at its end. */
static char *
list_next(char **list)
{
    char *name;

    do {
        name = strsep(list, ", ");
    } while (name && !*name);
    return name;
}

static int
wants_fields(struct read_job *j, enum rows_format format)
{
    struct pavo_err err;
    char *list = j->wants.fields, *name;

    while ((name = list_next(&list))) {
        if (j->n_cols == FIELDS_MAX)
            return usage("more than 64 fields");
        if (!col_find(name, &j->cols[j->n_cols], &err))
            return usage("--fields: %s", err.text);
        j->n_cols++;
    }
    if (!j->n_cols)
        return usage("--fields names no field");
    if (rows_open(&j->rows, &j->out, format, j->n_cols, &err) < 0)
        return usage("%s", err.text);
    for (unsigned i = 0; i < j->n_cols; i++)
        rows_name(&j->rows, i, j->cols[i].name, j->cols[i].fld->type);
    return EXIT_DONE;
}

/* The columns of grouped records: those of --fields; or the keys, the counts, and as quantities the
 * two sums in text or all of them in JSON and CSV. */
static int
groups_columns(struct read_job *j, enum rows_format format)
{
    static const char *const usual[] = {"records", "flows", "bytes", "packets", "start", "end"};
    const unsigned most = sizeof j->group_cols / sizeof j->group_cols[0];
    struct pavo_err err;
    char *list = j->wants.fields, *name;
    bool fine = true;

    if (list) {
        while (fine && (name = list_next(&list)) && j->n_group_cols < most)
            fine = group_col_find(&j->groups, name, &j->group_cols[j->n_group_cols++], &err);
        return fine ? EXIT_DONE : usage("--fields: %s", err.text);
    }
    for (unsigned i = 0; i < j->groups.n_by; i++)
        group_col_find(&j->groups, j->groups.by[i].name, &j->group_cols[j->n_group_cols++], &err);
    for (unsigned i = 0; i < sizeof usual / sizeof usual[0]; i++)
        group_col_find(&j->groups, usual[i], &j->group_cols[j->n_group_cols++], &err);
    for (unsigned i = 0; i < fld_count && format != ROWS_TEXT && j->n_group_cols < most; i++)
        if (fld_table[i].semantics == FLD_Q && fld_table[i].word[0])
            group_col_find(&j->groups, fld_table[i].word, &j->group_cols[j->n_group_cols++], &err);
    return EXIT_DONE;
}

static int
wants_groups(struct read_job *j, enum rows_format format)
{
    const char *sort = j->wants.sort ? j->wants.sort : "-bytes";
    struct pavo_err err;
    char *list = j->wants.by, *name;
    int status;

    while ((name = list_next(&list))) {
        if (j->groups.n_by == GROUP_BY_MAX)
            return usage("--by takes 16 columns at most");
        if (!col_find(name, &j->groups.by[j->groups.n_by], &err))
            return usage("--by: %s", err.text);
        j->groups.n_by++;
    }
    if (!j->groups.n_by)
        return usage("--by names no field");
    status = groups_columns(j, format);
    if (status != EXIT_DONE)
        return status;
    j->sorter.is_descending = sort[0] == '-';
    if (!group_col_find(&j->groups, sort + (sort[0] == '-'), &j->group_sort, &err))
        return usage("--sort: %s", err.text);
    if (rows_open(&j->rows, &j->out, format, j->n_group_cols, &err) < 0)
        return usage("%s", err.text);
    for (unsigned i = 0; i < j->n_group_cols; i++)
        rows_name(&j->rows, i, j->group_cols[i].name,
                  group_col_type(&j->groups, &j->group_cols[i]));
    return EXIT_DONE;
}

static int
wants_sort(struct read_job *j)
{
    const char *sort = j->wants.sort ? j->wants.sort : "-bytes";
    struct pavo_err err;

    j->is_sorted = j->wants.sort || j->wants.top;
    j->sorter.is_descending = sort[0] == '-';
    if (!col_find(sort + (sort[0] == '-'), &j->sort_col, &err))
        return usage("--sort: %s", err.text);
    if (col_is_text(&j->sort_col))
        return usage("--sort: '%s' is a text without an order", j->sort_col.name);
    return EXIT_DONE;
}

/* Checks the wishes against each other and finds what they name. */
static int
wants_check(struct read_job *j)
{
    const struct read_wants *w = &j->wants;
    const char *word = w->format ? w->format : "text";
    struct winsize size = {0};
    enum rows_format rows;

    j->sorter.limit = w->top;
    j->format = pavo_format_find(word);
    if (!j->format)
        return usage("--format: '%s' is not one of text, json, csv, ipfix", word);
    if (j->format == &pavo_format_ipfix && isatty(STDOUT_FILENO))
        return usage("--format ipfix is binary: send it into a file, not to a terminal");
    if ((w->fields || w->by) && j->format == &pavo_format_ipfix)
        return usage("--format ipfix holds whole records: it can't be used with --fields or --by");
    if ((w->digest || w->count) && (w->fields || w->by || w->sort || w->top))
        return usage(
            "--digest and --count show totals: no --fields, --by, --sort or --top with them");
    j->info = (struct pavo_stream_info){
        .version = PAVO_VERSION, .domain = 1, .terminal = isatty(STDOUT_FILENO)};
    if (j->info.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        j->info.columns = size.ws_col;
    rows = j->format == &pavo_format_json  ? ROWS_JSON
           : j->format == &pavo_format_csv ? ROWS_CSV
                                           : ROWS_TEXT;
    if (w->by)
        return wants_groups(j, rows);
    if (w->fields && wants_fields(j, rows) != EXIT_DONE)
        return EXIT_USAGE;
    return wants_sort(j);
}

static int
take_option(struct read_wants *w, const struct cli_option *o, const char *arg)
{
    char *end;

    if (strcmp(o->word, "format") == 0) {
        w->format = arg;
    } else if (strcmp(o->word, "fields") == 0) {
        free(w->fields);
        w->fields = strdup(arg);
    } else if (strcmp(o->word, "by") == 0) {
        free(w->by);
        w->by = strdup(arg);
    } else if (strcmp(o->word, "sort") == 0) {
        w->sort = arg;
    } else if (strcmp(o->word, "top") == 0) {
        w->top = strtoul(arg, &end, 10);
        if (*end || w->top == 0 || arg[0] == '-')
            return usage("--top: '%s' is not a number above 0", arg);
    } else if (strcmp(o->word, "digest") == 0) {
        w->digest = true;
    } else if (strcmp(o->word, "count") == 0) {
        w->count = true;
    } else if (strcmp(o->word, "ledger") == 0) {
        w->ledger = true;
    } else if (strcmp(o->word, "quiet") == 0) {
        log_set_level(LOG_ERROR);
    }
    return EXIT_DONE;
}

/* Splits the command line into options (anywhere before "--") and operands. The operands are files
 * while they exist or "--" is still to come; the rest, joined with blanks, is the filter. */
static int
command_split(struct read_wants *w, int argc, char **argv, char **files, unsigned *n_files,
              char *filter)
{
    char **words = calloc((size_t)argc + 1, sizeof *words);
    unsigned n = 0, before = UINT32_MAX;
    int at = 1, bad = 0, status = EXIT_DONE;

    if (!words)
        return EXIT_SOURCE;
    while (at < argc && status == EXIT_DONE) {
        const char *arg;
        const int was = at;
        const struct cli_option *o =
            before == UINT32_MAX ? cli_getopt(&cmd_read, argc, argv, &at, &arg, &bad) : NULL;

        if (bad)
            status = EXIT_USAGE;
        else if (o)
            status = take_option(w, o, arg);
        else if (at > was) /* "--" */
            before = n;
        else
            words[n++] = argv[at++];
    }
    for (unsigned i = 0; i < n && status == EXIT_DONE; i++) {
        const bool is_file =
            before != UINT32_MAX ? i < before : i == 0 || (!*filter && input_exists(words[i]));

        if (is_file && !input_exists(words[i]) && input_is_endpoint(words[i]))
            status = usage(
                "%s: this version does not listen on the network; name a file, or - for stdin",
                words[i]);
        else if (is_file)
            files[(*n_files)++] = words[i];
        else
            strcat(strcat(filter, *filter ? " " : ""), words[i]);
    }
    if (status == EXIT_DONE && *n_files == 0 && !(w->fields && strcmp(w->fields, "help") == 0))
        status = usage("name a file to read, or - for stdin; 'pavo help read' has examples");
    free(words);
    return status;
}

/* What was read, to its end: sorted, grouped, totals. */
static void
job_end(struct read_job *j)
{
    if (j->wants.digest || j->wants.count) {
        char text[160];
        int n = 0;

        if (j->wants.digest)
            n = snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64 "  ", j->digest.hi,
                         j->digest.lo);
        n += snprintf(text + n, sizeof text - (size_t)n,
                      "%" PRIu64 " records  %" PRIu64 " packets  %" PRIu64 " bytes\n",
                      j->sums.records, j->sums.packets, j->sums.octets);
        pavo_buf_put(&j->out.buf, text, (size_t)n);
    } else if (j->groups.n_by) {
        if (!groups_show(j))
            no_memory(j, "groups", j->groups.n, j->groups.bytes, "group by fewer columns");
        log_debug("read: %zu groups in %zu KiB", j->groups.n, j->groups.bytes >> 10);
    } else {
        sort_end(&j->sorter);
        for (size_t i = 0; i < j->sorter.n && !out_is_over(&j->out) && !j->is_stopped; i++)
            record_show(j, j->sorter.items[i].what);
        if (j->is_sorted)
            log_debug("read: %zu records sorted in %zu KiB", j->sorter.n, j->sorted_bytes >> 10);
        if (!j->n_cols)
            enc_end(j);
        else if (!j->is_head_done)
            rows_head(&j->rows);
    }
    out_flush(&j->out);
    if (j->out.errnum) {
        log_error("read: writing to standard output: %s", strerror(j->out.errnum));
        j->status = EXIT_SOURCE;
    }
}

static void
job_close(struct read_job *j)
{
    pavo_filter_close(j->filter);
    pavo_buf_free(&j->out.buf);
    rows_close(&j->rows);
    sort_close(&j->sorter);
    group_close(&j->groups);
    for (unsigned i = 0; i < j->n_sources; i++)
        free(j->sources[i]);
    free(j->sources);
    free(j->observer);
    free(j->wants.fields);
    free(j->wants.by);
    free(j);
}

static int
read_run(int argc, char **argv)
{
    struct read_job *j = calloc(1, sizeof *j);
    char **files = calloc((size_t)argc + 1, sizeof *files);
    size_t text_bytes = 1;
    struct pavo_err err;
    char *filter;
    unsigned n_files = 0;
    int status;

    for (int i = 0; i < argc; i++)
        text_bytes += strlen(argv[i]) + 1;
    filter = calloc(1, text_bytes);
    if (!j || !files || !filter) {
        free(j);
        status = EXIT_SOURCE;
        goto end;
    }
    j->out.fd = STDOUT_FILENO;
    status = command_split(&j->wants, argc, argv, files, &n_files, filter);
    if (j->wants.fields && strcmp(j->wants.fields, "help") == 0) {
        fields_help();
        status = EXIT_DONE;
    } else if (status == EXIT_DONE && (status = wants_check(j)) == EXIT_DONE) {
        j->filter = pavo_filter_open(filter, &err);
        if (!j->filter) {
            status = usage("%s", err.text);
        } else {
            for (unsigned i = 0; i < n_files && !j->is_stopped && !out_is_over(&j->out); i++)
                file_read(j, files[i]);
            job_end(j);
            status = j->status;
        }
    }
    job_close(j);
end:
    free(files);
    free(filter);
    return status;
}

static const struct cli_option read_options[] = {
    {0, "format", "FORMAT",
     "text (default), json, csv, or ipfix for whole records into a file or pipe"},
    {0, "fields", "F,..", "show these columns only; 'help' lists them all"},
    {0, "sort", "F", "in the order of a field, '-F' the largest first"},
    {0, "top", "N", "the first N in that order; without --sort the N with the most bytes"},
    {0, "by", "F,..", "one row per combination of these fields, quantities added up"},
    {0, "digest", NULL,
     "the order-free digest of the records, and their number, packets and bytes"},
    {0, "count", NULL, "the number of records, their packets and bytes"},
    {0, "ledger", NULL, "show the stream's ledger records as well"},
    {'q', "quiet", NULL, "report errors only"},
    {0},
};

static const struct cli_example read_examples[] = {
    {"pavo read flows.ipfix", "every record as a table"},
    {"pavo read flows.ipfix src net 10.0.0.0/8 and dst port 443", "those of a filter"},
    {"pavo read flows.ipfix --top 10", "the ten largest records"},
    {"pavo read flows.ipfix 'tcp and duration > 10s' --sort -duration --format json",
     "long TCP flows as NDJSON"},
    {"pavo read flows.ipfix --by src.ip,dst.port --top 20",
     "who used which service, largest first"},
    {"pavo read flows.ipfix --fields start,src.ip,dst.ip,bytes --format csv",
     "four columns for a spreadsheet"},
    {"pavo run -i eth0 -w ipfix:- | pavo read - vni 5001", "one virtual network, live"},
    {"pavo read a.ipfix b.ipfix --digest", "are these the same records as those of another run?"},
    {0},
};

const struct cli_command cmd_read = {
    .name = "read",
    .usage =
        "FILE|-... [FILTER] [--format text|json|csv|ipfix] [--fields F,..] [--sort F] [--top N] "
        "[--by F,..] [--digest|--count]",
    .summary = "show stored records: filter, sort, group, add up",
    .text = "Reads IPFIX files, of pavo or of others, or '-' for standard input. The "
            "operands are files as long as they exist; what follows is the filter. '--' "
            "stands between the two where a word of the filter is also the name of a file.\n"
            "\n"
            "A filter looks like pcap's ('src net 10.0.0.0/8 and dst port 443', 'vlan 100', "
            "'tcp port 80 or 443'), knows the layers that carry a flow ('vni 5001', 'tunnel "
            "gre', 'outer host 10.0.0.1') and compares any field ('bytes > 1MB', 'duration "
            ">= 5s', 'end_reason = idle', 'tcp.flags & syn'). src is the side that began.\n"
            "\n"
            "--sort without --top holds every record that passes in memory (about 1000 bytes "
            "each, plus 44 per layer of encapsulation); --top N holds N; --by holds one "
            "entry per group. Nothing else grows with the input.\n"
            "\n"
            "A broken file is read as far as it can be, the place of each break is reported, "
            "and the exit status is 2. Output into a pipe that is closed (head) ends quietly "
            "with status 0.",
    .options = read_options,
    .examples = read_examples,
    .run = read_run,
};
