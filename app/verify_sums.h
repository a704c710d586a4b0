/* verify_sums.h - does a stream add up to what its own ledger records say?
 *
 * Fed with the flow and ledger records of one or several files in order; it keeps sums, and finds
 * where records are missing, too many or changed, where ledger records are missing or changed, and
 * whether the stream has its beginning and its end. It knows no format and prints nothing.
 */
#ifndef PAVO_VERIFY_SUMS_H
#define PAVO_VERIFY_SUMS_H

#include "pavo_export.h"

enum { VERIFY_SEEN_MAX = 1 << 22 }; /* records of one interval whose identity is remembered */

/* One finding, a sentence for a person. A fault makes the stream unproven; a note does not. */
typedef void verify_say_fn(void *ctx, bool is_fault, const char *sentence);

struct verify {
    verify_say_fn *say;
    void *ctx;

    /* This file. */
    struct pavo_sums file; /* flow records in it */
    uint64_t n_ledgers;
    bool is_open; /* a START without its END so far */

    /* The stream over all files. */
    bool has_ledger;
    struct pavo_ledger last; /* the ledger record before */
    struct pavo_sums since;  /* found since then */
    uint64_t faults;

    /* Identities (flow id and sequence, mixed) of the records since then: a set, to name what
     * stands twice. */
    uint64_t *seen;
    size_t n_seen, seen_cap;
    bool seen_full;
    uint64_t twice_id; /* the first that stands twice */
    uint32_t twice_seq;
    uint64_t n_twice;
};

void verify_init(struct verify *v, verify_say_fn *say, void *ctx);
void verify_free(struct verify *v);

void verify_file_begin(struct verify *v);
/* A flow record: what it adds, and who it is (flow id 0: not known). */
void verify_record(struct verify *v, const struct pavo_sums *sums, uint64_t flow_id, uint32_t seq);
void verify_ledger(struct verify *v, const struct pavo_ledger *l);
/* A fault that the caller found. */
void verify_fault(struct verify *v, const char *sentence);
/* 'is_broken': parts could not be read, so an empty file is no finding of its own. */
void verify_file_end(struct verify *v, bool is_broken);

#endif
