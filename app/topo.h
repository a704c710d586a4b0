/* topo.h - the machine: which processors there are, which share a core, which memory is near; and
 * which thread of a run gets which of them
 *
 * Reading is topo.c, placing topo_place.c. `pavo plan` and a run use the same two.
 */
#ifndef PAVO_TOPO_H
#define PAVO_TOPO_H

#include "pavo_flow.h"

enum { TOPO_MAX = 1024, TOPO_OS = 4096, TOPO_NICS = 64, TOPO_NODES = 64 };

struct topo_pu {
    unsigned os;      /* number that the system uses */
    unsigned core;    /* physical core, counted over the machine */
    unsigned thread;  /* 0: the first of the core's hardware threads that are allowed */
    unsigned package; /* socket */
    int node;         /* NUMA node; -1: not known */
    bool is_small;    /* of the slowest kind, on a machine whose cores differ (E-core, LITTLE) */
    bool is_isolated; /* the scheduler puts nothing there by itself (isolcpus=) */
};

struct topo {
    struct topo_pu pus[TOPO_MAX]; /* those this process may use, by core and thread */
    uint16_t by_os[TOPO_OS];      /* place in 'pus' + 1, by the system's number; 0: none */
    unsigned n_pus, n_cores, n_nodes, n_packages;
    unsigned n_machine; /* processors of the machine, allowed or not */
    bool has_small, has_isolated;
    struct {
        char address[16], interface[32];
        int node;      /* -1: near no node more than to others */
    } nics[TOPO_NICS]; /* what hwloc knows; only if asked for */
    unsigned n_nics;
    int node_os[TOPO_NODES]; /* numbers of the nodes that the system uses; n_nodes of them */
    char vendor[32];         /* of the processors: "GenuineIntel", "AuthenticAMD"; "": not known */
    const char *source;      /* "hwloc", "hwloc, recorded", "scheduler affinity" */
};

/* Where to read. */
struct topo_from {
    /* NULL for this machine; an hwloc XML file or a synthetic description ("numa:2 core:8 pu:2").
     */
    const char *recorded;
    const char *sys; /* root of the /sys tree that tells isolated processors; NULL: none */
    bool with_nics;
};

/* Main thread. 0 or -errno with err. */
int topo_read(struct topo *t, const struct topo_from *from, struct pavo_err *err);
/* The processor of that number, if it is there and allowed; NULL, also for -1. */
const struct topo_pu *topo_pu_of(const struct topo *t, int os);
/* Node of a device, as a configuration names it: what the /sys tree says, else hwloc; -1: unknown,
 * or there is one node. */
int topo_device_node(const struct topo *t, const char *sys, const char *device);

/* What a worker polls. */
struct topo_want {
    int node;        /* of the device; -1: unknown, or it polls none */
    unsigned source; /* number of the device: those of one node take turns at its cores */
};

/* Where a thread runs. */
struct topo_place {
    int pu; /* os number; -1: not pinned */
    int node;
    char why[192]; /* for `pavo plan` */
};

/* topo_place_workers - a processor for each of 'n' workers
 *
 *   cores     "auto", "none" or a list
 *   smt       auto may give the second hardware thread of a core to another worker
 *   may_float one worker on a source that sleeps: auto does not pin it
 *
 * auto: one worker for each physical core. Isolated cores come first, then what is near the
 * device, then the same socket, then the rest; fast cores before slow ones. The system's core and
 * second hardware threads are taken only when nothing else is left.
 *
 * 0, or -EINVAL: a core of the list is not there, is named twice, or there are too few. */
int topo_place_workers(const struct topo *t, const char *cores, bool smt, unsigned n,
                       const struct topo_want *wants, bool may_float, struct topo_place *out,
                       struct pavo_err *err);
/* The export thread: a core that no worker has, near them; a slow one where cores differ, never an
 * isolated one. */
void topo_place_export(const struct topo *t, const struct topo_place *workers, unsigned n,
                       struct topo_place *out);
/* The main thread, which answers `pavo stats` and signals: the system's core. */
void topo_place_control(const struct topo *t, const struct topo_place *workers, unsigned n,
                        struct topo_place *out);

/* Queues for each of 'n' devices on these nodes where the configuration says "auto" for workers and
 * queues. At least 1. */
unsigned topo_auto_queues(const struct topo *t, bool smt, const int *nodes, unsigned n);

/* Pins the calling thread; -1 leaves it. Best effort: 0 or -errno. */
int topo_pin(int pu);
/* Pins it to all hardware threads of the place's core; where it has none, keeps it off the
 * processors of the workers, if others remain. Best effort. */
void topo_settle(const struct topo *t, const struct topo_place *place,
                 const struct topo_place *workers, unsigned n);
/* Keeps the calling thread off the workers' cores, if others remain. */
void topo_avoid(const struct topo *t, const struct topo_place *workers, unsigned n);

#endif
