/* topo.h - the machine: which processors there are, which share a core, which memory is near */
#ifndef PAVO_TOPO_H
#define PAVO_TOPO_H

#include "pavo_flow.h"

enum { TOPO_MAX = 1024 };

struct topo_pu {
    unsigned os;     /* number that the system uses */
    unsigned core;   /* physical core, counted over the machine */
    unsigned thread; /* 0: the core's first hardware thread */
    int node;        /* NUMA node; -1: not known */
};

struct topo {
    struct topo_pu pus[TOPO_MAX]; /* those this process may use, by core and thread */
    unsigned n_pus, n_cores, n_nodes;
    const char *source; /* "hwloc", "hwloc, recorded", "scheduler affinity" */
};

/* 'recorded': NULL for this machine; an hwloc XML file or a synthetic description ("numa:2 core:8
 * pu:2"). */
int topo_read(struct topo *t, const char *recorded, struct pavo_err *err);

/* Where a worker runs. */
struct topo_place {
    int pu; /* os number; -1: not pinned */
    int node;
    char why[96]; /* for `pavo plan` */
};

/* topo_place_workers - a processor for each of 'n' workers
 *
 *   cores     "auto", "none" or a list
 *   nodes     of the device that each worker polls, -1 none
 *   may_float one worker on a source that sleeps: auto does not pin it
 *
 * auto: one worker for each physical core, near its device; the first core is left to the system
 * while there are cores enough. 0, or -EINVAL: a core of the list is not there, or there are too
 * few. */
int topo_place_workers(const struct topo *t, const char *cores, unsigned n, const int *nodes,
                       bool may_float, struct topo_place *out, struct pavo_err *err);

/* Pins the calling thread; -1 leaves it. Best effort: 0 or -errno. */
int topo_pin(int pu);
/* Keeps the calling thread off the workers' processors, if others remain. */
void topo_avoid(const struct topo *t, const struct topo_place *places, unsigned n);

#endif
