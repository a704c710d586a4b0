/* exporter.h - the export thread: records out of the workers' rings, into every sink */
#ifndef PAVO_EXPORTER_H
#define PAVO_EXPORTER_H

#include "pavo_export.h"

struct sensor;

/* Owner: the main thread; between start and join the export thread alone touches the sinks, but for
 * their counts. */
struct exporter {
    struct sensor *sensor;
    struct pavo_merge merge;
    struct pavo_sink **sinks;
    unsigned n_sinks;
    uint64_t interval_ns; /* of the ledger */
    bool by_size;  /* a sink is rotated by size: looked at after every batch, not once a second */
    bool terminal; /* a sink writes to a terminal: what is idle is shown at once */
    _Atomic bool reopen; /* SIGHUP */
};

/* The body of the thread: ends when all workers have and their rings are empty; the sinks are
 * finished then. When every sink has lost its target nobody reads any more, and the sensor is
 * stopped. */
void exporter_run(struct exporter *e);

#endif
