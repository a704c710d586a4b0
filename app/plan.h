/* plan.h - what a run would do on a machine, before it is printed
 *
 * plan.c makes it, plan_steps.c says what is left to the administrator, plan_print.c prints it.
 */
#ifndef PAVO_PLAN_H
#define PAVO_PLAN_H

#include <stdio.h>

#include "cfg.h"
#include "sysfs.h"
#include "topo.h"
#include "worker.h"

enum { PLAN_STEPS = 32, PLAN_MEMORY = 8 };

struct plan_source {
    const char *name;
    unsigned queues;
    bool is_pci;        /* DPDK polls the device itself */
    bool is_bifurcated; /* its driver stays with the kernel (mlx4, mlx5) */
    bool is_auto;       /* queues follow from the machine, the driver may have fewer */
    struct sysfs_nic nic;
    int node;
    uint64_t buffer_bytes; /* of packet buffers */
};

/* What a node is asked for. */
struct plan_node {
    int os; /* -1: the machine has no nodes, or the worker runs anywhere */
    unsigned n_workers;
    uint64_t tables;      /* ordinary memory */
    uint64_t huge_needed; /* huge pages */
    struct sysfs_huge huge[SYSFS_HUGE_SIZES];
};

/* Something for the administrator. */
struct plan_step {
    bool is_needed;               /* false: only advised */
    char why[320], commands[512]; /* lines; "" where there is no command */
};

struct plan {
    const struct cfg *cfg;
    const char *recorded, *sys; /* sys: root of the tree, NULL: nothing is known from it */
    struct topo topo;
    struct sysfs_machine machine;
    bool is_dpdk;
    struct plan_source *sources;
    unsigned n_sources, n_queues, n_workers;
    struct topo_place places[WORKERS_MAX], exporter, control;
    struct {
        const char *what, *per;
        uint64_t each, n;
    } memory[PLAN_MEMORY];
    unsigned n_memory;
    struct plan_node nodes[TOPO_NODES];
    unsigned n_nodes;
    struct plan_step steps[PLAN_STEPS];
    unsigned n_steps;
};

/* The source of a queue, counted over all, and the queue's number there. */
const struct plan_source *plan_source_of(const struct plan *p, unsigned queue, unsigned *number);
/* Is it a hardware thread of a worker's core on which no worker is? */
bool plan_is_idle_sibling(const struct plan *p, const struct topo_pu *pu);
uint64_t plan_huge_free(const struct plan_node *n);

void plan_steps(struct plan *p);

/* "2-5,8" of a set; "" if it is empty. */
void plan_list(const bool *set, char *out, size_t n);
void plan_print_text(const struct plan *p, FILE *out);
int plan_print_json(const struct plan *p, FILE *out); /* -ENOMEM */

#endif
