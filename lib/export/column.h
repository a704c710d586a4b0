/* column.h - something of a record that has a name: a row of fields.def, or what is computed from
 * several
 *
 * The filter compares columns, 'pavo read' shows, sorts and groups by them. A column is found by
 * the word, the IPFIX element name or the JSON path of its row; twins that share a word (the IPv4
 * and the IPv6 address) are one column.
 */
#ifndef PAVO_COLUMN_H
#define PAVO_COLUMN_H

#include "fields.h"

enum col_kind {
    COL_FIELD = 0, /* a row of fields.def, and its twins */
    COL_BYTES,     /* L3 bytes of both directions */
    COL_PACKETS,
    COL_PAYLOAD,
    COL_DURATION,  /* end - start of the record, nanoseconds */
    COL_TCP_FLAGS, /* union of both directions */
    COL_COMMUNITY, /* text */
    COL_ENCAP,     /* text: "vlan:100/vxlan:5001" */
    COL_STATS,     /* of parts, computed.c: this and what follows */
};

enum {
    COL_TEXT_MAX = 2048, /* bytes that any column's text needs, with a NUL */
    COL_NAME_MAX = 64,
};

struct col {
    char name[COL_NAME_MAX]; /* as it was asked for */
    const struct fld
        *fld;     /* the row: type, unit, semantics, help; of a computed column one of our own */
    uint8_t kind; /* enum col_kind */
};

/* The computed columns, for help and documents; ends with a row whose word is NULL. */
extern const struct fld col_computed[];

/* col_compute - the value of a row of col_computed from COL_STATS on; false: absent. */
bool col_compute(const struct pavo_record *r, const struct fld *f, struct fld_value *v);

/* col_find - the column of that name
 *
 * Returns true; or false, and if 'err' is not NULL one sentence with the nearest name. */
bool col_find(const char *name, struct col *out, struct pavo_err *err);

/* Is its value a text? Such a column has no number, no order and no sum. */
bool col_is_text(const struct col *c);
/* May its values be added over records? */
bool col_is_quantity(const struct col *c);

/* col_get - the value of a column that is not text; false: absent in this record. Allocates
 * nothing. */
bool col_get(const struct pavo_record *r, const struct col *c, struct fld_value *v);

/* col_text - any column as text (as in JSON, without quotes), with a NUL; 0 and "": absent. 'out'
 * holds COL_TEXT_MAX bytes. */
size_t col_text(const struct pavo_record *r, const struct col *c, char *out);
/* The text of a value that col_get() gave, or that was summed from such. */
size_t col_value_text(const struct col *c, const struct fld_value *v, char *out);
/* Is that text a number in JSON? (Not where it may go beyond 2^53, and not for words, flags and
 * ids.) */
bool col_value_is_number(const struct col *c, const struct fld_value *v);

/* col_nearest - the name of a list that is nearest to 'name', or NULL if none is near
 *
 * Feeds candidates one at a time: start with best = NULL. Edit distance, at most a third of the
 * letters. */
struct col_near {
    const char *name;
    const char *best;
    unsigned distance;
};
void col_near_try(struct col_near *n, const char *candidate);
/* Tries all columns. */
void col_near_columns(struct col_near *n);

#endif
