/* bench_none.h - a sink that takes every record and writes none
 *
 * The export thread does all it does for a sink but encoding: merge, counts, ledger. The records'
 * packets are added up here once more, apart from the sink's own counts. One at a time.
 */
#ifndef PAVO_BENCH_NONE_H
#define PAVO_BENCH_NONE_H

#include "pavo_export.h"

struct pavo_sink *bench_none_open(struct pavo_err *err);
/* What came so far; exact when the export thread has ended. */
struct pavo_sums bench_none_sums(void);

#endif
