/* read_rows.h - rows of chosen columns as an aligned table, CSV or flat JSON, and the way out to
 * stdout */
#ifndef PAVO_READ_ROWS_H
#define PAVO_READ_ROWS_H

#include "column.h"
#include "pavo_export.h"

/* Standard output with its failures. A reader that went away (EPIPE) is no failure: 'is_closed'
 * ends the work. */
struct out {
    struct pavo_buf buf;
    int fd;
    bool is_closed; /* nobody reads any more */
    int errnum;     /* a write failed with this */
};
void out_flush(struct out *o);
/* Writes when enough has come together. */
void out_step(struct out *o);
static inline bool
out_is_over(const struct out *o)
{
    return o->is_closed || o->errnum;
}

enum rows_format { ROWS_TEXT, ROWS_JSON, ROWS_CSV };

struct cell {
    const char *text; /* "": absent */
    bool is_number;   /* JSON: no quotes */
};

/* Rows of one shape. Widths are those of the names and types unless rows_fit() has seen all the
 * texts before. */
struct rows {
    struct out *out;
    enum rows_format format;
    unsigned n;
    const char **names;
    unsigned *widths;
    bool *is_right;
};
int rows_open(struct rows *t, struct out *out, enum rows_format format, unsigned n,
              struct pavo_err *err);
/* Names column 'i'; 'type' is an enum fld_type. */
void rows_name(struct rows *t, unsigned i, const char *name, unsigned type);
void rows_fit(struct rows *t, const struct cell *cells);
void rows_head(struct rows *t);
void rows_put(struct rows *t, const struct cell *cells);
void rows_close(struct rows *t);

#endif
