/* topo.c - processors by hwloc, or by scheduler affinity where pavo is built without it */
#include "topo.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef PAVO_HAVE_HWLOC
#include <hwloc.h>
#endif

#include "cfg_table.h"

#ifdef PAVO_HAVE_HWLOC
static int
load(hwloc_topology_t topology, const char *recorded, struct pavo_err *err)
{
    if (recorded && access(recorded, R_OK) == 0) {
        if (hwloc_topology_set_xml(topology, recorded) != 0)
            return pavo_err_set(err, EINVAL, "%.200s: is not a topology in hwloc's XML", recorded);
    } else if (recorded && hwloc_topology_set_synthetic(topology, recorded) != 0) {
        return pavo_err_set(
            err, EINVAL,
            "\"%.200s\" is neither a file nor a description such as \"numa:2 core:8 pu:2\"",
            recorded);
    }
    if (hwloc_topology_load(topology) != 0)
        return pavo_err_set(err, EIO, "hwloc can't tell the topology of this machine");
    return 0;
}

static int
nearest_node(hwloc_obj_t pu)
{
    return pu->nodeset ? hwloc_bitmap_first(pu->nodeset) : -1;
}

static int
read_hwloc(struct topo *t, const char *recorded, struct pavo_err *err)
{
    hwloc_topology_t topology;
    hwloc_const_cpuset_t allowed;
    hwloc_obj_t pu = NULL;
    int rc;

    if (hwloc_topology_init(&topology) != 0)
        return pavo_err_set(err, ENOMEM, "hwloc: no memory");
    rc = load(topology, recorded, err);
    if (rc < 0) {
        hwloc_topology_destroy(topology);
        return rc;
    }
    allowed = hwloc_topology_get_allowed_cpuset(topology);
    while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != NULL) {
        const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);

        if (t->n_pus == TOPO_MAX || !hwloc_bitmap_isset(allowed, pu->os_index))
            continue;
        t->pus[t->n_pus++] = (struct topo_pu){
            .os = pu->os_index,
            .core = core ? core->logical_index : pu->logical_index,
            .thread = core ? pu->logical_index - core->first_child->logical_index : 0,
            .node = nearest_node(pu),
        };
    }
    t->n_nodes = (unsigned)hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
    t->source = recorded ? "hwloc, recorded" : "hwloc";
    hwloc_topology_destroy(topology);
    return 0;
}
#endif

/* Without hwloc: every allowed processor is a core of its own. */
static int
read_affinity(struct topo *t, struct pavo_err *err)
{
#ifdef __linux__
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return pavo_err_set(err, errno, "the scheduler's affinity can't be read: %s",
                            strerror(errno));
    for (unsigned i = 0; i < CPU_SETSIZE && t->n_pus < TOPO_MAX; i++)
        if (CPU_ISSET(i, &set))
            t->pus[t->n_pus++] = (struct topo_pu){.os = i, .core = i, .node = -1};
#else
    const long n = sysconf(_SC_NPROCESSORS_ONLN);

    for (long i = 0; i < n && t->n_pus < TOPO_MAX; i++)
        t->pus[t->n_pus++] = (struct topo_pu){.os = (unsigned)i, .core = (unsigned)i, .node = -1};
#endif
    t->n_nodes = 1;
    t->source = "scheduler affinity";
    return 0;
}

int
topo_read(struct topo *t, const char *recorded, struct pavo_err *err)
{
    int rc;

    *t = (struct topo){0};
#ifdef PAVO_HAVE_HWLOC
    rc = read_hwloc(t, recorded, err);
#else
    if (recorded)
        return pavo_err_set(err, ENOTSUP, "%s: a recorded machine needs a pavo with hwloc",
                            recorded);
    rc = read_affinity(t, err);
#endif
    if (rc == 0 && t->n_pus == 0)
        rc = read_affinity(t, err);
    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < t->n_pus; i++)
        t->n_cores += t->pus[i].thread == 0;
    if (t->n_cores == 0)
        t->n_cores = t->n_pus;
    return t->n_pus > 0 ? 0 : pavo_err_set(err, EIO, "this machine shows no processor");
}

/* ---- placing ----------------------------------------------------------------------------------
 */

struct list {
    unsigned cores[TOPO_MAX];
    unsigned n;
};

static void
list_add(void *ctx, unsigned core)
{
    struct list *l = ctx;

    if (l->n < TOPO_MAX)
        l->cores[l->n++] = core;
}

static const struct topo_pu *
pu_of(const struct topo *t, unsigned os)
{
    for (unsigned i = 0; i < t->n_pus; i++)
        if (t->pus[i].os == os)
            return &t->pus[i];
    return NULL;
}

static int
place_list(const struct topo *t, const char *cores, unsigned n, struct topo_place *out,
           struct pavo_err *err)
{
    struct list l = {.n = 0};

    if (cfg_core_list(cores, list_add, &l) != 0)
        return pavo_err_set(err, EINVAL, "workers.cores: \"%s\" is not a list of cores", cores);
    if (l.n < n)
        return pavo_err_set(err, EINVAL,
                            "workers.cores: \"%s\" names %u cores for %u workers; name more, or "
                            "set workers.count",
                            cores, l.n, n);
    for (unsigned i = 0; i < n; i++) {
        const struct topo_pu *pu = pu_of(t, l.cores[i]);

        if (!pu)
            return pavo_err_set(err, EINVAL,
                                "workers.cores: core %u is not there, or not allowed to this "
                                "process",
                                l.cores[i]);
        out[i] = (struct topo_place){.pu = (int)pu->os, .node = pu->node};
        snprintf(out[i].why, sizeof out[i].why, "as workers.cores says");
    }
    return 0;
}

/* The best processor that is free: near the device, a core's first thread, not the system's core.
 */
static int
best_pu(const struct topo *t, const bool *taken, int node, bool keep_first, const char **why)
{
    int best = -1, best_score = -1;

    for (unsigned i = 0; i < t->n_pus; i++) {
        const struct topo_pu *pu = &t->pus[i];
        int score = 0;

        if (taken[i])
            continue;
        score += node >= 0 && pu->node == node ? 4 : 0;
        score += pu->thread == 0 ? 2 : 0;
        score += keep_first && pu->core == t->pus[0].core ? 0 : 1;
        /* The second thread of a core, or the system's core, only when nothing else is left. */
        if (pu->thread > 0 || (keep_first && pu->core == t->pus[0].core))
            score -= 4;
        score += 8;
        if (score > best_score) {
            best_score = score;
            best = (int)i;
        }
    }
    if (best < 0)
        return -1;
    if (t->pus[best].thread > 0)
        *why = "shares a physical core with another worker: there are too few";
    else if (node >= 0 && t->pus[best].node == node)
        *why = "a physical core of its own, near its device";
    else if (node >= 0)
        *why = "a physical core of its own, but no free one is near its device";
    else
        *why = "a physical core of its own";
    return best;
}

int
topo_place_workers(const struct topo *t, const char *cores, unsigned n, const int *nodes,
                   bool may_float, struct topo_place *out, struct pavo_err *err)
{
    bool taken[TOPO_MAX] = {false};
    const bool keep_first = t->n_cores > n;

    if (strcmp(cores, "auto") != 0 && strcmp(cores, "none") != 0)
        return place_list(t, cores, n, out, err);
    for (unsigned i = 0; i < n; i++) {
        const char *why = "";
        int at = -1;

        out[i] = (struct topo_place){.pu = -1, .node = nodes ? nodes[i] : -1};
        if (strcmp(cores, "none") == 0)
            why = "not pinned: workers.cores is none";
        else if (may_float)
            why = "not pinned: one worker that sleeps when nothing comes";
        else if (n > t->n_pus)
            why = "not pinned: more workers than processors";
        else
            at = best_pu(t, taken, nodes ? nodes[i] : -1, keep_first, &why);
        if (at >= 0) {
            taken[at] = true;
            out[i].pu = (int)t->pus[at].os;
            out[i].node = t->pus[at].node;
        }
        snprintf(out[i].why, sizeof out[i].why, "%s", why);
    }
    return 0;
}

int
topo_pin(int pu)
{
#ifdef __linux__
    cpu_set_t set;

    if (pu < 0)
        return 0;
    CPU_ZERO(&set);
    CPU_SET((unsigned)pu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 ? 0 : -errno;
#else
    return pu < 0 ? 0 : -ENOTSUP;
#endif
}

void
topo_avoid(const struct topo *t, const struct topo_place *places, unsigned n)
{
#ifdef __linux__
    cpu_set_t set;
    unsigned left = 0;

    CPU_ZERO(&set);
    for (unsigned i = 0; i < t->n_pus; i++) {
        bool used = false;

        for (unsigned j = 0; j < n; j++)
            used = used || places[j].pu == (int)t->pus[i].os;
        if (!used) {
            CPU_SET(t->pus[i].os, &set);
            left++;
        }
    }
    if (left > 0 && left < t->n_pus)
        (void)sched_setaffinity(0, sizeof set, &set);
#endif
}
