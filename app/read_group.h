/* read_group.h - records added up by the values of some columns
 *
 * A group is one combination of values; its memory does not depend on how many records it has.
 * 'flows' counts the records that are the first of their flow (flow.seq = 1), so a flow that began
 * before the stream did is not counted, and an interim record never counts twice.
 */
#ifndef PAVO_READ_GROUP_H
#define PAVO_READ_GROUP_H

#include "column.h"

enum { GROUP_BY_MAX = 16, GROUP_SUMS_MAX = 160 };

/* A column of the result. */
enum group_col_kind {
    GROUP_BY, /* value of by[at] */
    GROUP_RECORDS,
    GROUP_FLOWS,
    GROUP_START, /* of the first record to start */
    GROUP_END,   /* of the last record to end */
    GROUP_SUM,   /* of quantity sums[at] */
};
struct group_col {
    uint8_t kind; /* enum group_col_kind */
    uint8_t at;
    const char *name;
};

struct group {
    struct group *next;  /* in its bucket */
    struct group *later; /* the one made after it */
    uint64_t hash;
    uint64_t records, flows, start, end;
    uint64_t *sums; /* and behind them a bit each: some record had a value */
    uint32_t key_bytes;
    uint8_t key[]; /* per column: length (2 bytes), then the value */
};

/* Owner: the command. */
struct groups {
    struct col by[GROUP_BY_MAX];
    unsigned n_by;
    struct col sums[GROUP_SUMS_MAX];
    unsigned n_sums;
    struct group **buckets;
    size_t n_buckets;           /* a power of two */
    struct group *first, *last; /* in the order they were made */
    uint64_t seed[2];
    size_t n;
    size_t bytes; /* held, in all */
};

/* Finds a column of the result by name: one of 'by', records, flows, start, end, or a quantity,
 * which is then added to the sums. All columns must be found before the first record. */
bool group_col_find(struct groups *g, const char *name, struct group_col *out,
                    struct pavo_err *err);
/* Adds a record; false: no memory. */
bool group_add(struct groups *g, const struct pavo_record *r);
/* The value of a column that has a number; false: it has none (absent, or text). */
bool group_value(const struct groups *g, const struct group *p, const struct group_col *c,
                 struct fld_value *v);
/* Any column as text, COL_TEXT_MAX bytes at most; *is_number: of JSON. */
size_t group_text(const struct groups *g, const struct group *p, const struct group_col *c,
                  char *out, bool *is_number);
/* enum fld_type of a column, for its alignment. */
unsigned group_col_type(const struct groups *g, const struct group_col *c);
void group_close(struct groups *g);

#endif
