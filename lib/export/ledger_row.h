/* ledger_row.h - every number of a ledger record with its path, for the formats that write it as
 * text
 *
 * JSON nests the path ("ledger":{"counts":{"lost":{"nic_missed":0}}}), CSV writes path=number. The
 * last word is the name of the member of struct pavo_ledger, or the word of the loss, drop or
 * reason.
 */
#ifndef PAVO_LEDGER_ROW_H
#define PAVO_LEDGER_ROW_H

#include "pavo_export.h"

struct ledger_row {
    const char *path; /* dotted: "counts.lost.nic_missed" */
    size_t offset;    /* of a uint64_t in struct pavo_ledger */
};
extern const struct ledger_row ledger_rows[]; /* rows of one object stand together */
extern const unsigned ledger_row_count;

uint64_t ledger_row_get(const struct pavo_ledger *l, const struct ledger_row *row);

/* "start", "interval", "end"; "?" for others. */
const char *ledger_kind_word(unsigned kind);

#endif
