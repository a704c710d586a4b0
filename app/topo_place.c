/* topo_place.c - who runs where
 *
 * Workers are placed in rounds: in each, the next worker of every device takes a core, so two
 * devices on one node share its cores fairly. What is scarce goes first to those that gain from
 * it: isolated cores near a device, isolated cores, cores near a device, any core, and at last
 * what is usually left alone.
 */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cfg_table.h"
#include "topo.h"

/* ---- what is said of processors ---------------------------------------------------------------
 */

/* The core that is left to interrupts and everybody else: the first that is not isolated. */
static unsigned
system_core(const struct topo *t)
{
    for (unsigned i = 0; i < t->n_pus; i++)
        if (!t->pus[i].is_isolated)
            return t->pus[i].core;
    return t->pus[0].core;
}

static bool
is_on_core(const struct topo *t, const struct topo_place *workers, unsigned n, unsigned core)
{
    for (unsigned i = 0; i < n; i++) {
        const struct topo_pu *pu = topo_pu_of(t, workers[i].pu);

        if (pu && pu->core == core)
            return true;
    }
    return false;
}

static bool
is_taken(const struct topo_place *workers, unsigned n, const struct topo_pu *pu)
{
    for (unsigned i = 0; i < n; i++)
        if (workers[i].pu == (int)pu->os)
            return true;
    return false;
}

static int
package_of_node(const struct topo *t, int node)
{
    for (unsigned i = 0; node >= 0 && i < t->n_pus; i++)
        if (t->pus[i].node == node)
            return (int)t->pus[i].package;
    return -1;
}

enum distance { FAR, SAME_PACKAGE, NEAR };

static enum distance
distance(const struct topo *t, const struct topo_pu *pu, int node)
{
    if (node < 0 || pu->node < 0 || pu->node == node)
        return NEAR;
    return package_of_node(t, node) == (int)pu->package ? SAME_PACKAGE : FAR;
}

static bool
is_any_pinned(const struct topo_place *places, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (places[i].pu >= 0)
            return true;
    return false;
}

static void say(struct topo_place *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Adds to the reason. */
static void
say(struct topo_place *p, const char *fmt, ...)
{
    const size_t len = strlen(p->why);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(p->why + len, sizeof p->why - len, fmt, ap);
    va_end(ap);
}

static void
say_distance(const struct topo *t, struct topo_place *p, const struct topo_pu *pu, int node)
{
    const char *kind = pu->is_isolated ? "isolated core" : "core";

    if (node < 0 || t->n_nodes < 2)
        return;
    switch (distance(t, pu, node)) {
    case NEAR:
        say(p, ", on the node of its NIC");
        break;
    case SAME_PACKAGE:
        say(p, ", on another node of the NIC's socket: node %d has no %s left", node, kind);
        break;
    case FAR:
        say(p, ", far from its NIC: node %d has no %s left", node, kind);
        break;
    }
}

/* ---- workers by a list ------------------------------------------------------------------------
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

/* What a list can't be reproached with, but should be known. */
static void
say_of_choice(const struct topo *t, const struct topo_place *before, unsigned n,
              const struct topo_pu *pu, int node, struct topo_place *out)
{
    if (is_on_core(t, before, n, pu->core))
        say(out, "; shares a physical core with another worker");
    else if (pu->core == system_core(t) && t->n_cores > 1)
        say(out, "; this is the system's core");
    if (distance(t, pu, node) != NEAR)
        say(out, "; not on node %d, where its NIC is", node);
    if (pu->is_small)
        say(out, "; a slow core");
}

static int
place_list(const struct topo *t, const char *cores, unsigned n, const struct topo_want *wants,
           struct topo_place *out, struct pavo_err *err)
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
        const struct topo_pu *pu = topo_pu_of(t, (int)l.cores[i]);

        if (!pu)
            return pavo_err_set(err, EINVAL,
                                "workers.cores: core %u is not there, or not allowed to this "
                                "process",
                                l.cores[i]);
        if (is_taken(out, i, pu))
            return pavo_err_set(err, EINVAL, "workers.cores: core %u is named twice", pu->os);
        out[i] = (struct topo_place){.pu = (int)pu->os, .node = pu->node};
        say(&out[i], "as workers.cores says");
        say_of_choice(t, out, i, pu, wants ? wants[i].node : -1, &out[i]);
    }
    return 0;
}

/* ---- workers by themselves --------------------------------------------------------------------
 */

enum pass { ISOLATED_NEAR, ISOLATED, OWN_NEAR, OWN, ANY, PASSES };

/* May this pass give out the processor? */
static bool
is_offered(const struct topo *t, enum pass pass, const struct topo_pu *pu, bool is_shared, int node)
{
    if (pass == ANY)
        return true;
    if (is_shared || pu->core == system_core(t))
        return false;
    if ((pass == ISOLATED_NEAR || pass == ISOLATED) && !pu->is_isolated)
        return false;
    return pass == ISOLATED || pass == OWN || distance(t, pu, node) == NEAR;
}

/* Of two that are offered, the greater one is better. */
static int
worth(const struct topo *t, const struct topo_pu *pu, bool is_shared, bool smt, int node)
{
    int w = 0;

    w = w * 2 + (smt || !is_shared);
    w = w * 2 + (pu->core != system_core(t));
    w = w * 2 + pu->is_isolated;
    w = w * 3 + (int)distance(t, pu, node);
    w = w * 2 + !pu->is_small;
    w = w * 2 + !is_shared;
    return w;
}

static const struct topo_pu *
best_pu(const struct topo *t, const struct topo_place *taken, unsigned n, enum pass pass, bool smt,
        int node)
{
    const struct topo_pu *best = NULL;
    int best_worth = -1;

    for (unsigned i = 0; i < t->n_pus; i++) {
        const struct topo_pu *pu = &t->pus[i];
        const bool is_shared = is_on_core(t, taken, n, pu->core);
        int w;

        if (is_taken(taken, n, pu) || !is_offered(t, pass, pu, is_shared && !smt, node))
            continue;
        w = worth(t, pu, is_shared, smt, node);
        if (w > best_worth) {
            best_worth = w;
            best = pu;
        }
    }
    return best;
}

/* The core's other hardware thread, if it is allowed. */
static const struct topo_pu *
sibling_of(const struct topo *t, const struct topo_pu *pu)
{
    for (unsigned i = 0; i < t->n_pus; i++)
        if (t->pus[i].core == pu->core && t->pus[i].os != pu->os)
            return &t->pus[i];
    return NULL;
}

static void
say_of_place(const struct topo *t, const struct topo_place *all, unsigned n, bool smt, int node,
             struct topo_place *out)
{
    const struct topo_pu *pu = topo_pu_of(t, out->pu), *sibling = sibling_of(t, pu);
    const bool is_shared = sibling && is_taken(all, n, sibling);

    if (is_shared)
        say(out, "shares a physical core with another worker%s",
            smt ? " (workers.smt)" : ": there are fewer cores than workers");
    else
        say(out, "%s core of its own%s", pu->is_isolated ? "an isolated" : "a",
            !t->has_small  ? ""
            : pu->is_small ? ", a slow one: no fast one is left"
                           : ", a fast one");
    say_distance(t, out, pu, node);
    if (t->has_isolated && !pu->is_isolated)
        say(out, "; no isolated core is left");
    if (pu->core == system_core(t) && t->n_cores > 1)
        say(out, "; this is the system's core: no other is left");
}

/* Worker 'i' is the how-manieth of its device? */
static unsigned
round_of(const struct topo_want *wants, unsigned i)
{
    unsigned round = 0;

    for (unsigned j = 0; j < i; j++)
        round += wants[j].source == wants[i].source;
    return round;
}

/* Who polls nothing runs near those who do. */
static int
node_of(const struct topo_want *wants, unsigned n, unsigned i)
{
    if (!wants)
        return -1;
    for (unsigned j = 0; wants[i].node < 0 && j < n; j++)
        if (wants[j].node >= 0)
            return wants[j].node;
    return wants[i].node;
}

static void
place_auto(const struct topo *t, bool smt, unsigned n, const struct topo_want *wants,
           struct topo_place *out)
{
    for (unsigned i = 0; i < n; i++)
        out[i] = (struct topo_place){.pu = -1, .node = -1};
    for (enum pass pass = 0; pass < PASSES; pass++)
        for (unsigned round = 0; round < n; round++)
            for (unsigned i = 0; i < n; i++) {
                const struct topo_pu *pu;

                if (out[i].pu >= 0 || (wants ? round_of(wants, i) : i) != round)
                    continue;
                pu = best_pu(t, out, n, pass, smt, node_of(wants, n, i));
                if (!pu)
                    continue;
                out[i].pu = (int)pu->os;
                out[i].node = pu->node;
            }
    for (unsigned i = 0; i < n; i++)
        say_of_place(t, out, n, smt, node_of(wants, n, i), &out[i]);
}

int
topo_place_workers(const struct topo *t, const char *cores, bool smt, unsigned n,
                   const struct topo_want *wants, bool may_float, struct topo_place *out,
                   struct pavo_err *err)
{
    const bool is_auto = strcmp(cores, "auto") == 0;

    if (!is_auto && strcmp(cores, "none") != 0)
        return place_list(t, cores, n, wants, out, err);
    if (is_auto && !may_float && n <= t->n_pus) {
        place_auto(t, smt, n, wants, out);
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        out[i] = (struct topo_place){.pu = -1, .node = wants ? wants[i].node : -1};
        say(&out[i], "not pinned: %s",
            !is_auto    ? "workers.cores is none"
            : may_float ? "one worker that sleeps when nothing comes"
                        : "more workers than processors");
    }
    return 0;
}

/* ---- the other threads ------------------------------------------------------------------------
 */

/* How good a core is for the export thread; -1: not at all. */
static int
export_worth(const struct topo *t, const struct topo_pu *pu, int node)
{
    int w = 0;

    if (pu->is_isolated)
        return -1;
    w = w * 2 + (pu->core != system_core(t));
    w = w * 2 + pu->is_small; /* it needs no fast core, the workers do */
    w = w * 3 + (int)distance(t, pu, node);
    return w;
}

static bool
place_none(const struct topo_place *workers, unsigned n, struct topo_place *out)
{
    *out = (struct topo_place){.pu = -1, .node = -1};
    if (is_any_pinned(workers, n))
        return false;
    say(out, "not pinned: no worker is");
    return true;
}

void
topo_place_export(const struct topo *t, const struct topo_place *workers, unsigned n,
                  struct topo_place *out)
{
    const struct topo_pu *best = NULL;
    int best_worth = -1;

    if (place_none(workers, n, out))
        return;
    for (unsigned i = 0; i < t->n_pus; i++) {
        const struct topo_pu *pu = &t->pus[i];
        const int w = export_worth(t, pu, workers[0].node);

        if (w > best_worth && !is_on_core(t, workers, n, pu->core)) {
            best_worth = w;
            best = pu;
        }
    }
    if (!best) {
        say(out, "not pinned: every core has a worker%s",
            n < t->n_pus ? ", and it runs on hardware threads without one" : "");
        return;
    }
    out->pu = (int)best->os;
    out->node = best->node;
    if (best->core == system_core(t))
        say(out, "on the system's core: no other is without a worker");
    else
        say(out, "a core that no worker has%s", best->is_small ? ", a slow one" : "");
    if (t->n_nodes > 1 && workers[0].node >= 0)
        say(out, "%s",
            distance(t, best, workers[0].node) == NEAR ? ", on the workers' node"
                                                       : ", not on the workers' node");
}

void
topo_place_control(const struct topo *t, const struct topo_place *workers, unsigned n,
                   struct topo_place *out)
{
    const unsigned core = system_core(t);

    if (place_none(workers, n, out))
        return;
    if (is_on_core(t, workers, n, core)) {
        say(out, "not pinned: the system's core has a worker");
        return;
    }
    for (unsigned i = 0; i < t->n_pus && out->pu < 0; i++)
        if (t->pus[i].core == core) {
            out->pu = (int)t->pus[i].os;
            out->node = t->pus[i].node;
        }
    say(out, "the system's core: it only answers pavo stats and signals");
}

/* ---- how many ---------------------------------------------------------------------------------
 */

/* Is it near one of the devices? Where no processor that is allowed is, all are taken for near. */
static bool
is_near_any(const struct topo *t, const struct topo_pu *pu, const int *nodes, unsigned n)
{
    bool any = false;

    for (unsigned i = 0; i < n; i++) {
        if (distance(t, pu, nodes[i]) == NEAR)
            return true;
        any = any || package_of_node(t, nodes[i]) >= 0;
    }
    return !any;
}

/* Packets are spread evenly over the queues, so the slowest worker sets the pace: one kind of cores
 * only, and those near the devices. */
unsigned
topo_auto_queues(const struct topo *t, bool smt, const int *nodes, unsigned n)
{
    const unsigned least = 4; /* with fewer, the export thread shares the system's core */
    unsigned workers = 0, others = 0, queues;

    if (t->n_cores <= 2) {
        workers = smt ? t->n_pus : t->n_cores;
    } else {
        for (unsigned i = 0; i < t->n_pus; i++) {
            const struct topo_pu *pu = &t->pus[i];

            if (pu->core == system_core(t) || (pu->thread > 0 && !smt))
                continue;
            if (t->has_isolated ? pu->is_isolated : !pu->is_small && is_near_any(t, pu, nodes, n))
                workers++;
            else
                others += !pu->is_isolated;
        }
        if (others == 0 && workers >= least)
            workers -= smt && t->n_pus > t->n_cores ? 2 : 1; /* the export thread's core */
    }
    queues = n > 0 ? workers / n : workers;
    return queues ? queues : 1;
}

/* ---- pinning ----------------------------------------------------------------------------------
 */

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

#ifdef __linux__
/* Those that are not isolated on cores without a worker; where there is no such core, those without
 * a worker. */
static unsigned
free_pus(const struct topo *t, const struct topo_place *workers, unsigned n, bool by_core,
         cpu_set_t *set)
{
    unsigned left = 0;

    CPU_ZERO(set);
    for (unsigned i = 0; i < t->n_pus; i++) {
        const struct topo_pu *pu = &t->pus[i];

        if (by_core ? pu->is_isolated || is_on_core(t, workers, n, pu->core)
                    : is_taken(workers, n, pu))
            continue;
        CPU_SET(pu->os, set);
        left++;
    }
    return left;
}
#endif

void
topo_avoid(const struct topo *t, const struct topo_place *workers, unsigned n)
{
#ifdef __linux__
    cpu_set_t set;

    if (!is_any_pinned(workers, n))
        return;
    if (free_pus(t, workers, n, true, &set) > 0 || free_pus(t, workers, n, false, &set) > 0)
        (void)sched_setaffinity(0, sizeof set, &set);
#endif
}

void
topo_settle(const struct topo *t, const struct topo_place *place, const struct topo_place *workers,
            unsigned n)
{
#ifdef __linux__
    const struct topo_pu *pu = topo_pu_of(t, place->pu);
    cpu_set_t set;

    if (!pu) {
        topo_avoid(t, workers, n);
        return;
    }
    CPU_ZERO(&set);
    for (unsigned i = 0; i < t->n_pus; i++)
        if (t->pus[i].core == pu->core)
            CPU_SET(t->pus[i].os, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
#endif
}
