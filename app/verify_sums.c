/* verify_sums.c - the arithmetic of 'pavo verify'
 *
 * Between two ledger records lies an interval. Its records are added up and compared with 'since'
 * of the ledger record that ends it; what differs tells what happened: fewer records (cut out),
 * more records (one stands twice or came from elsewhere), as many records but other packets or
 * bytes (a counter was changed). The ledger itself is a chain: its sequence has no gap, and each
 * 'total' is the one before plus 'since', so a changed or missing ledger record is told apart from
 * a changed flow record. A START opens a file, an END closes it: without the END the tail is
 * missing (the sensor was killed, the file was cut).
 */
#include "verify_sums.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
verify_init(struct verify *v, verify_say_fn *say, void *ctx)
{
    *v = (struct verify){.say = say, .ctx = ctx};
}

void
verify_free(struct verify *v)
{
    free(v->seen);
    v->seen = NULL;
}

static void __attribute__((format(printf, 3, 4)))
say(struct verify *v, bool is_fault, const char *fmt, ...)
{
    char text[768];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    v->faults += is_fault;
    v->say(v->ctx, is_fault, text);
}

static bool
is_equal(const struct pavo_sums *a, const struct pavo_sums *b)
{
    return a->records == b->records && a->packets == b->packets && a->octets == b->octets;
}

static struct pavo_sums
add(const struct pavo_sums *a, const struct pavo_sums *b)
{
    return (struct pavo_sums){.records = a->records + b->records,
                              .packets = a->packets + b->packets,
                              .octets = a->octets + b->octets};
}

/* ---- who was seen ------------------------------------------------------- */

static bool
seen_grow(struct verify *v)
{
    const size_t cap = v->seen_cap ? v->seen_cap * 2 : 1024;
    uint64_t *grown = cap <= VERIFY_SEEN_MAX * 2 ? calloc(cap, sizeof *grown) : NULL;

    if (!grown)
        return false;
    for (size_t i = 0; i < v->seen_cap; i++) {
        size_t at = v->seen[i] & (cap - 1);

        if (!v->seen[i])
            continue;
        while (grown[at])
            at = (at + 1) & (cap - 1);
        grown[at] = v->seen[i];
    }
    free(v->seen);
    v->seen = grown;
    v->seen_cap = cap;
    return true;
}

/* Remembers a record; the first that stands twice in an interval is kept for the message. */
static void
seen_put(struct verify *v, uint64_t id, uint32_t seq)
{
    uint64_t mixed = (id ^ seq * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
    size_t at;

    if (!id || v->seen_full)
        return;
    mixed ^= mixed >> 32;
    mixed += !mixed;
    if (v->n_seen * 2 >= v->seen_cap && !seen_grow(v)) {
        v->seen_full = true;
        return;
    }
    for (at = mixed & (v->seen_cap - 1); v->seen[at]; at = (at + 1) & (v->seen_cap - 1)) {
        if (v->seen[at] == mixed) {
            if (v->n_twice++ == 0) {
                v->twice_id = id;
                v->twice_seq = seq;
            }
            return;
        }
    }
    v->seen[at] = mixed;
    v->n_seen++;
}

static void
interval_begin(struct verify *v)
{
    v->since = (struct pavo_sums){0};
    if (v->n_seen)
        memset(v->seen, 0, v->seen_cap * sizeof *v->seen);
    v->n_seen = v->n_twice = 0;
    v->seen_full = false;
}

/* ---- intervals ---------------------------------------------------------- */

/* "between ledger records 3 and 4" or "before ledger record 3" */
static void
where(const struct verify *v, const struct pavo_ledger *l, char *out, size_t n)
{
    if (v->has_ledger)
        snprintf(out, n, "between ledger records %" PRIu64 " and %" PRIu64, v->last.sequence,
                 l->sequence);
    else
        snprintf(out, n, "before ledger record %" PRIu64, l->sequence);
}

/* The interval that 'l' ends, against what was found in it. */
static void
interval_check(struct verify *v, const struct pavo_ledger *l)
{
    const struct pavo_sums *told = &l->since, *found = &v->since;
    char at[96];

    if (is_equal(told, found))
        return;
    where(v, l, at, sizeof at);
    if (found->records < told->records) {
        say(v, true,
            "%s: %" PRIu64 " records told, %" PRIu64 " found: %" PRIu64 " missing (with %" PRId64
            " packets, %" PRId64 " bytes)",
            at, told->records, found->records, told->records - found->records,
            (int64_t)(told->packets - found->packets), (int64_t)(told->octets - found->octets));
    } else if (found->records > told->records) {
        char twice[128] = "";

        if (v->n_twice)
            snprintf(twice, sizeof twice,
                     "; record %" PRIu32 " of flow %016" PRIx64 " stands more than once",
                     v->twice_seq, v->twice_id);
        say(v, true, "%s: %" PRIu64 " records told, %" PRIu64 " found: %" PRIu64 " too many%s", at,
            told->records, found->records, found->records - told->records,
            v->n_twice ? twice : "; they do not belong here");
    } else {
        say(v, true,
            "%s: all %" PRIu64 " records are there, but with %" PRIu64 " packets (told %" PRIu64
            ") and %" PRIu64 " bytes (told %" PRIu64 "): a counter was changed",
            at, told->records, found->packets, told->packets, found->octets, told->octets);
    }
}

/* Records that no ledger record covers. */
static void
loose_check(struct verify *v)
{
    if (v->since.records == 0)
        return;
    if (v->has_ledger)
        say(v, true, "%" PRIu64 " records after ledger record %" PRIu64 " are not covered by any",
            v->since.records, v->last.sequence);
}

/* ---- the chain of ledger records ---------------------------------------- */

/* Does 'l' follow the one before? True: its interval can be compared. */
static bool
chain_check(struct verify *v, const struct pavo_ledger *l)
{
    const struct pavo_ledger *p = &v->last;
    struct pavo_sums total;

    if (l->sequence == p->sequence) {
        say(v, true, "ledger record %" PRIu64 " stands more than once", l->sequence);
        return false;
    }
    if (l->sequence < p->sequence) {
        say(v, true,
            "ledger record %" PRIu64 " stands behind %" PRIu64
            ": the files or their parts are not in order",
            l->sequence, p->sequence);
        return false;
    }
    if (l->sequence > p->sequence + 1) {
        const uint64_t missing = l->sequence - p->sequence - 1;

        say(v, true,
            "between ledger records %" PRIu64 " and %" PRIu64 ": %" PRIu64
            " ledger record%s missing; of the %" PRIu64 " flow records told over the gap %" PRIu64
            " are here",
            p->sequence, l->sequence, missing, missing == 1 ? " is" : "s are",
            l->total.records - p->total.records, v->since.records);
        return false;
    }
    total = add(&p->total, &l->since);
    if (!is_equal(&total, &l->total)) {
        say(v, true,
            "ledger record %" PRIu64 " contradicts the one before: total %" PRIu64
            " records, %" PRIu64 " packets, %" PRIu64 " bytes, but %" PRIu64 ", %" PRIu64
            ", %" PRIu64 " by adding up: one of the two was changed",
            l->sequence, l->total.records, l->total.packets, l->total.octets, total.records,
            total.packets, total.octets);
    }
    return true;
}

/* What the sensor counted, at the end of a file. A file that was rotated ends while flows live, so
 * only the equations that always hold can be asked for; without live flows the end is final. */
static void
counts_check(struct verify *v, const struct pavo_ledger *l)
{
    const struct pavo_counts *c = &l->counts;
    const bool is_final = !c->live_flows && !c->in_flight && !c->waiting_fragments;
    struct pavo_sums records = add(&l->total, &l->dropped);
    struct pavo_err err;

    records = add(&records, &c->ring_dropped);
    if (!pavo_counts_balance(c, is_final, &err))
        say(v, true, "the counters of ledger record %" PRIu64 " do not balance: %s", l->sequence,
            err.text);
    if (is_final && !is_equal(&records, &c->made))
        say(v, true,
            "ledger record %" PRIu64 ": the sensor made %" PRIu64
            " records, but written, dropped by the sink and dropped before it are %" PRIu64,
            l->sequence, c->made.records, records.records);
    if (l->dropped.records || c->ring_dropped.records)
        say(v, false,
            "the sensor says that it dropped %" PRIu64 " records (%" PRIu64 " packets) so far",
            l->dropped.records + c->ring_dropped.records,
            l->dropped.packets + c->ring_dropped.packets);
}

/* ---- the doors ---------------------------------------------------------- */

void
verify_fault(struct verify *v, const char *sentence)
{
    say(v, true, "%s", sentence);
}

void
verify_file_begin(struct verify *v)
{
    v->file = (struct pavo_sums){0};
    v->n_ledgers = 0;
    v->is_open = false;
}

void
verify_record(struct verify *v, const struct pavo_sums *sums, uint64_t flow_id, uint32_t seq)
{
    v->since = add(&v->since, sums);
    v->file = add(&v->file, sums);
    seen_put(v, flow_id, seq);
}

/* A sensor's life begins: nothing before it belongs to it. */
static bool
is_new_life(const struct pavo_ledger *l)
{
    return l->sequence == 0 && l->kind == PAVO_LEDGER_START && l->total.records == 0;
}

void
verify_ledger(struct verify *v, const struct pavo_ledger *l)
{
    const bool is_first = v->n_ledgers++ == 0;
    bool compare = true;

    if (l->kind == PAVO_LEDGER_START && v->is_open && l->sequence != v->last.sequence)
        say(v, true,
            "ledger record %" PRIu64
            " begins a stream, but the one before it has no end: its tail is missing",
            l->sequence);
    else if (l->kind != PAVO_LEDGER_START && !v->is_open && is_first)
        say(v, true,
            "the file begins with ledger record %" PRIu64
            ", which is no start: its beginning is missing",
            l->sequence);
    else if (l->kind != PAVO_LEDGER_START && !v->is_open && l->sequence != v->last.sequence)
        say(v, true, "ledger record %" PRIu64 " stands behind the end of the stream", l->sequence);

    if (!v->has_ledger && l->sequence > 0) {
        say(v, false,
            "begins in the midst of a sensor's life, with ledger record %" PRIu64
            "; what came before it is not proven",
            l->sequence);
        compare = l->kind == PAVO_LEDGER_START; /* a START after a rotation covers nothing */
    } else if (v->has_ledger && is_new_life(l) && !v->is_open) {
        loose_check(v); /* another run, appended: its ledger starts anew */
        compare = false;
    } else if (v->has_ledger) {
        compare = chain_check(v, l);
    }
    if (compare)
        interval_check(v, l);
    if (l->kind == PAVO_LEDGER_END)
        counts_check(v, l);
    v->is_open = l->kind != PAVO_LEDGER_END;
    v->has_ledger = true;
    v->last = *l;
    interval_begin(v);
}

void
verify_file_end(struct verify *v, bool is_broken)
{
    if (v->n_ledgers == 0 && !is_broken) {
        say(v, true,
            v->file.records ? "holds no ledger record: nothing about its %" PRIu64
                              " records can be proven"
                            : "holds no record at all (%" PRIu64 ")",
            v->file.records);
    } else if (v->is_open) {
        say(v, true,
            "has no end: after ledger record %" PRIu64 " come %" PRIu64
            " records that no ledger covers (the sensor was killed, or the tail was cut)",
            v->last.sequence, v->since.records);
        v->is_open = false;
        interval_begin(v);
    } else if (v->n_ledgers) {
        loose_check(v);
        interval_begin(v);
    }
}
