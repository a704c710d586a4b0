/* verify.c - pavo verify: re-adds streams and checks their ledgers
 *
 * Reads IPFIX through lib/export's reader, and NDJSON line by line (an object with event.dataset
 * "flow" or "ledger"), into the sums of verify_sums.c. What a file is shows in its first byte.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "ledger_row.h"
#include "log.h"
#include "read_input.h"
#include "verify_sums.h"

enum { PROGRESS_ITEMS = 4096 };

struct verify_job {
    struct verify sums;
    const char *name; /* of the file */
    bool head_done;   /* its line was printed */
    bool is_quiet;
    uint64_t n_broken; /* places that could not be read, all files */
    uint64_t n_faults_before;
};

static void
head_print(struct verify_job *j)
{
    if (!j->head_done)
        printf("%s:\n", j->name);
    j->head_done = true;
}

static void
on_finding(void *ctx, bool is_fault, const char *sentence)
{
    struct verify_job *j = ctx;

    if (!is_fault && j->is_quiet)
        return;
    progress_end();
    head_print(j);
    printf("  %s: %s\n", is_fault ? "FAULT" : "note", sentence);
}

static void
on_broken(struct verify_job *j, const char *what)
{
    progress_end();
    head_print(j);
    printf("  BROKEN: %s\n", what);
    j->n_broken++;
}

/* ---- IPFIX -------------------------------------------------------------- */

static void
ipfix_read(struct verify_job *j, struct input *in)
{
    static struct pavo_record r; /* one thread */
    static struct pavo_ledger l;
    struct pavo_sums sums = {.records = 1};
    struct pavo_reader *reader;
    enum pavo_item item;
    struct pavo_err err;
    uint64_t items = 0;

    reader = pavo_reader_open(input_read, in, &err);
    if (!reader) {
        on_broken(j, err.text);
        return;
    }
    while ((item = pavo_reader_next(reader, &r, &l, &err)) != PAVO_ITEM_END) {
        if (item == PAVO_ITEM_RECORD) {
            sums.packets = r.packetDeltaCount[0] + r.packetDeltaCount[1];
            sums.octets = r.octetDeltaCount[0] + r.octetDeltaCount[1];
            verify_record(&j->sums, &sums, r.flowId, r.flowSequence);
        } else if (item == PAVO_ITEM_LEDGER) {
            verify_ledger(&j->sums, &l);
        } else {
            on_broken(j, err.text);
        }
        if (++items % PROGRESS_ITEMS == 0)
            progress_show(in->name, pavo_reader_offset(reader), in->size, items, "records");
    }
    pavo_reader_close(reader);
}

/* ---- NDJSON ------------------------------------------------------------- */

/* The value at a dotted path; NULL: there is none. */
static const json_t *
json_path(const json_t *at, const char *path)
{
    char key[64];

    while (at && *path) {
        const size_t n = strcspn(path, ".");

        if (n >= sizeof key)
            return NULL;
        memcpy(key, path, n);
        key[n] = '\0';
        at = json_object_get(at, key);
        path += n + (path[n] == '.');
    }
    return at;
}

/* A count: a number, or a string of digits where it is greater than 2^53. */
static bool
json_count(const json_t *v, uint64_t *out)
{
    if (json_is_integer(v) && json_integer_value(v) >= 0) {
        *out = (uint64_t)json_integer_value(v);
        return true;
    }
    if (json_is_string(v)) {
        char *end;

        *out = strtoull(json_string_value(v), &end, 10);
        return end != json_string_value(v) && !*end;
    }
    return false;
}

/* Both directions as they stand must be what 'network' says they are together. */
static bool
json_sum(struct verify_job *j, const json_t *line, const char *what, uint64_t number, uint64_t *out)
{
    char path[64], text[160];
    uint64_t whole, src, dst;

    snprintf(path, sizeof path, "network.%s", what);
    if (!json_count(json_path(line, path), &whole))
        return false;
    snprintf(path, sizeof path, "source.%s", what);
    if (!json_count(json_path(line, path), &src))
        return false;
    snprintf(path, sizeof path, "destination.%s", what);
    if (!json_count(json_path(line, path), &dst))
        return false;
    *out = src + dst;
    if (*out != whole) {
        snprintf(text, sizeof text,
                 "line %" PRIu64 ": network.%s is %" PRIu64
                 ", but source and destination are %" PRIu64,
                 number, what, whole, *out);
        verify_fault(&j->sums, text);
    }
    return true;
}

/* A flow record; false: it lacks a count. */
static bool
json_flow(struct verify_job *j, const json_t *line, uint64_t number)
{
    struct pavo_sums sums = {.records = 1};
    const char *id = json_string_value(json_path(line, "flow.id"));
    uint64_t seq = 0;

    if (!json_sum(j, line, "packets", number, &sums.packets) ||
        !json_sum(j, line, "bytes", number, &sums.octets))
        return false;
    json_count(json_path(line, "flow.seq"), &seq);
    verify_record(&j->sums, &sums, id ? strtoull(id, NULL, 16) : 0, (uint32_t)seq);
    return true;
}

/* A ledger record: every number of ledger_rows must be there; returns the first path that is not,
 * or NULL. */
static const char *
json_ledger(struct verify_job *j, const json_t *line)
{
    const json_t *ledger = json_object_get(line, "ledger");
    const char *kind = json_string_value(json_object_get(ledger, "kind"));
    struct pavo_ledger l = {0};

    for (unsigned k = PAVO_LEDGER_START; kind && k <= PAVO_LEDGER_END; k++)
        if (strcmp(kind, ledger_kind_word(k)) == 0)
            l.kind = (uint8_t)k;
    if (!l.kind)
        return "kind";
    for (unsigned i = 0; i < ledger_row_count; i++) {
        uint64_t n;

        if (!json_count(json_path(ledger, ledger_rows[i].path), &n))
            return ledger_rows[i].path;
        memcpy((char *)&l + ledger_rows[i].offset, &n, sizeof n);
    }
    verify_ledger(&j->sums, &l);
    return NULL;
}

/* A line. Network and source totals agree in a stream of ours; both directions must add up to the
 * sum. */
static void
json_line(struct verify_job *j, const char *text, size_t n, uint64_t number)
{
    json_error_t error;
    json_t *line = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
    const char *dataset = json_string_value(json_path(line, "event.dataset"));
    const char *missing;
    char what[256] = "";

    if (!line)
        snprintf(what, sizeof what, "line %" PRIu64 " is not JSON: %.100s", number, error.text);
    else if (!dataset)
        snprintf(what, sizeof what,
                 "line %" PRIu64 " has no event.dataset: it is no record of pavo", number);
    else if (strcmp(dataset, "flow") == 0 && !json_flow(j, line, number))
        snprintf(what, sizeof what, "line %" PRIu64 ": a flow record without packets or bytes",
                 number);
    else if (strcmp(dataset, "ledger") == 0 && (missing = json_ledger(j, line)))
        snprintf(what, sizeof what, "line %" PRIu64 ": a ledger record without ledger.%.80s",
                 number, missing);
    if (what[0])
        on_broken(j, what);
    json_decref(line);
}

static void
json_read(struct verify_job *j, struct input *in)
{
    char *line = NULL;
    size_t cap = 0;
    uint64_t number = 0;
    bool whole;
    long n;

    while ((n = input_line(in, &line, &cap, &whole)) >= 0) {
        number++;
        if (n > 0)
            json_line(j, line, (size_t)n, number);
        if (number % PROGRESS_ITEMS == 0)
            progress_show(in->name, in->offset, in->size, number, "records");
    }
    free(line);
}

/* ---- files -------------------------------------------------------------- */

static void
file_summary(struct verify_job *j)
{
    const struct verify *v = &j->sums;

    if (j->is_quiet)
        return;
    head_print(j);
    printf("  %" PRIu64 " records, %" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64
           " ledger records: %s\n",
           v->file.records, v->file.packets, v->file.octets, v->n_ledgers,
           v->faults == j->n_faults_before ? "all add up" : "NOT PROVEN");
}

static void
file_verify(struct verify_job *j, const char *path)
{
    static struct input in; /* its buffer is too large for a stack */
    const uint64_t broken_before = j->n_broken;
    struct pavo_err err;
    int first;

    j->name = strcmp(path, "-") == 0 ? "stdin" : path;
    j->head_done = false;
    j->n_faults_before = j->sums.faults;
    if (input_open(&in, path, &err) < 0) {
        log_error("verify: %s", err.text);
        j->n_broken++;
        return;
    }
    verify_file_begin(&j->sums);
    first = input_peek(&in);
    if (first == '{')
        json_read(j, &in);
    else if (first == 0)
        ipfix_read(j, &in);
    else if (first >= 0)
        on_broken(j, "is neither IPFIX nor NDJSON; text and CSV can't be verified");
    progress_end();
    if (in.errnum)
        on_broken(j, strerror(in.errnum));
    verify_file_end(&j->sums, j->n_broken != broken_before);
    file_summary(j);
    input_close(&in);
}

static int
verify_run(int argc, char **argv)
{
    struct verify_job j = {0};
    const struct cli_option *o;
    const char *arg;
    int at = 1, bad = 0;

    while ((o = cli_getopt(&cmd_verify, argc, argv, &at, &arg, &bad)))
        j.is_quiet = true; /* -q is the only one */
    if (bad)
        return EXIT_USAGE;
    if (at == argc) {
        log_error(
            "verify: name the files to verify, in the order they were written, or - for stdin");
        return EXIT_USAGE;
    }
    verify_init(&j.sums, on_finding, &j);
    for (; at < argc; at++)
        file_verify(&j, argv[at]);
    verify_free(&j.sums);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        log_error("verify: writing to standard output failed");
        return EXIT_SOURCE;
    }
    if (j.n_broken)
        return EXIT_SOURCE;
    return j.sums.faults ? EXIT_UNBALANCED : EXIT_DONE;
}

static const struct cli_option verify_options[] = {
    {'q', "quiet", NULL, "print faults only"},
    {0},
};

static const struct cli_example verify_examples[] = {
    {"pavo verify flows.ipfix", "is the file complete and unchanged?"},
    {"pavo verify 20261123/*.ipfix", "rotated files, in the order they were written"},
    {"pavo run -r trace.pcap -w json:- | pavo verify -", "a stream, without storing it"},
    {0},
};

const struct cli_command cmd_verify = {
    .name = "verify",
    .usage = "[-q] FILE|-...",
    .summary = "re-add streams and check their ledgers",
    .text = "A stream that pavo wrote carries ledger records: how many flow records, packets "
            "and bytes came since the ledger record before, and in all. pavo verify adds the "
            "stream up again and compares. A record that was cut out or stands twice, a "
            "changed counter, a missing or changed ledger record, a missing beginning, a "
            "missing tail (the sensor was killed): each is found, told apart, and named with "
            "the ledger records it lies between.\n"
            "\n"
            "Reads IPFIX and NDJSON files as pavo run writes them. Several files are one "
            "stream, in the order given: the ledger's sequence goes on from file to file "
            "when a sink rotates. Text and CSV can't be verified.\n"
            "\n"
            "Exit status: 0 all adds up, 3 something does not, 2 a file could not be read to "
            "its end.",
    .options = verify_options,
    .examples = verify_examples,
    .run = verify_run,
};
