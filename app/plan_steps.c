/* plan_steps.c - what is left to the administrator: what a run needs, and what makes it faster
 *
 * A step is printed only where what was read says that it applies: of a machine whose /sys is not
 * known, nothing is asked for.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"

/* ---- making a step ----------------------------------------------------------------------------
 */

static void append(char *out, size_t n, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void
append(char *out, size_t n, const char *fmt, va_list ap)
{
    const size_t len = strlen(out);

    vsnprintf(out + len, n - len, fmt, ap);
}

static struct plan_step *step(struct plan *p, bool is_needed, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static struct plan_step *
step(struct plan *p, bool is_needed, const char *fmt, ...)
{
    struct plan_step *s = &p->steps[p->n_steps < PLAN_STEPS ? p->n_steps++ : PLAN_STEPS - 1];
    va_list ap;

    *s = (struct plan_step){.is_needed = is_needed};
    va_start(ap, fmt);
    append(s->why, sizeof s->why, fmt, ap);
    va_end(ap);
    return s;
}

static void command(struct plan_step *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
command(struct plan_step *s, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    append(s->commands, sizeof s->commands, fmt, ap);
    va_end(ap);
    if (strlen(s->commands) + 1 < sizeof s->commands)
        strcat(s->commands, "\n");
}

/* ---- devices ----------------------------------------------------------------------------------
 */

/* Does the tree tell of devices at all? */
static bool
knows(const struct plan *p, const char *folder)
{
    char path[4096];

    return p->sys && snprintf(path, sizeof path, "%s/%s", p->sys, folder) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

/* Drivers through which DPDK polls a device itself. */
static bool
is_for_polling(const char *driver)
{
    return strcmp(driver, "vfio-pci") == 0 || strcmp(driver, "uio_pci_generic") == 0 ||
           strcmp(driver, "igb_uio") == 0;
}

static void
step_missing(struct plan *p, const struct plan_source *s)
{
    if (s->is_pci && knows(p, "bus/pci/devices"))
        command(step(p, true, "there is no PCI device %s; which there are:", s->nic.address),
                "dpdk-devbind.py --status-dev net");
    else if (!p->is_dpdk && knows(p, "class/net") && strcmp(s->name, "any") != 0)
        command(step(p, true, "there is no interface %s; which there are:", s->name),
                "ip -brief link");
}

static void
step_bind(struct plan *p, const struct plan_source *s)
{
    struct plan_step *t =
        step(p, true, "%s is held by %s%s; DPDK polls it through vfio-pci%s", s->nic.address,
             s->nic.driver[0] ? "the driver " : "no driver", s->nic.driver,
             s->nic.interface[0] ? ", and its interface leaves the kernel" : "");

    if (s->nic.interface[0])
        command(t, "ip link set %s down", s->nic.interface);
    command(t, "modprobe vfio-pci");
    command(t, "dpdk-devbind.py --bind=vfio-pci %s", s->nic.address);
}

/* vfio needs an IOMMU, except in its mode without protection; uio knows none. */
static bool
needs_iommu(const struct plan_source *s)
{
    return s->is_pci && s->nic.is_there && !s->is_bifurcated && !s->nic.has_iommu_group &&
           strncmp(s->nic.driver, "uio", 3) != 0 && strcmp(s->nic.driver, "igb_uio") != 0;
}

static void
step_iommu(struct plan *p)
{
    const bool is_amd = strcmp(p->topo.vendor, "AuthenticAMD") == 0;
    const bool is_intel = strcmp(p->topo.vendor, "GenuineIntel") == 0;
    struct plan_step *s;

    s = step(p, true,
             "the IOMMU is off, and vfio-pci needs it: switch it on in the firmware (%s) and on "
             "the kernel's command line, then restart; in a virtual machine that has none, vfio "
             "works without its protection",
             is_amd     ? "AMD-Vi"
             : is_intel ? "VT-d"
                        : "VT-d, AMD-Vi or SMMU");
    if (!is_amd)
        command(s, "intel_iommu=on iommu=pt     # kernel's command line%s",
                is_intel ? "" : ", Intel");
    if (!is_intel)
        command(s, "amd_iommu=on iommu=pt       # kernel's command line%s", is_amd ? "" : ", AMD");
    command(s, "echo 1 > /sys/module/vfio/parameters/enable_unsafe_noiommu_mode   # virtual "
               "machine, after modprobe vfio");
}

static void
steps_devices(struct plan *p)
{
    bool iommu = false;

    for (unsigned i = 0; i < p->n_sources && p->cfg->capture.n_files == 0; i++)
        iommu = iommu || needs_iommu(&p->sources[i]);
    if (iommu && !p->machine.has_iommu)
        step_iommu(p);
    for (unsigned i = 0; i < p->n_sources && p->cfg->capture.n_files == 0; i++) {
        const struct plan_source *s = &p->sources[i];

        if (!s->nic.is_there)
            step_missing(p, s);
        else if (s->is_pci && !s->is_bifurcated && !is_for_polling(s->nic.driver))
            step_bind(p, s);
    }
}

/* ---- memory -----------------------------------------------------------------------------------
 */

static void
step_huge(struct plan *p, const struct plan_node *n)
{
    const struct sysfs_huge *h = &n->huge[0];
    const uint64_t lack = n->huge_needed - plan_huge_free(n);
    const uint64_t pages = h->n + (lack + h->page_bytes - 1) / h->page_bytes;
    char where[64];
    struct plan_step *s;

    if (n->os >= 0)
        snprintf(where, sizeof where, "node %d", n->os);
    else
        snprintf(where, sizeof where, "this machine");
    s = step(p, true,
             "huge pages for packet buffers: %s has %" PRIu64 " MiB free, and %" PRIu64
             " MiB are needed",
             where, plan_huge_free(n) >> 20, (n->huge_needed + (1 << 20) - 1) >> 20);
    if (n->os >= 0)
        command(s,
                "echo %" PRIu64 " > /sys/devices/system/node/node%d/hugepages/hugepages-2048kB/"
                "nr_hugepages",
                pages, n->os);
    else
        command(s, "echo %" PRIu64 " > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
                pages);
}

static void
steps_memory(struct plan *p)
{
    uint64_t most = 0;

    for (unsigned i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = &p->nodes[i];

        if (n->huge[0].is_there && n->huge_needed > plan_huge_free(n))
            step_huge(p, n);
        most = n->tables > most ? n->tables : most;
    }
    if (strcmp(p->machine.transparent, "never") == 0 && most >= 8 << 20)
        command(step(p, false,
                     "flow tables ask for transparent huge pages, and the kernel gives none: a "
                     "packet then costs more memory accesses"),
                "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled");
}

/* ---- processors -------------------------------------------------------------------------------
 */

static bool
is_pinned(const struct plan *p)
{
    for (unsigned i = 0; i < p->n_workers; i++)
        if (p->places[i].pu >= 0)
            return true;
    return false;
}

void
plan_list(const bool *set, char *out, size_t n)
{
    size_t len = 0;

    out[0] = '\0';
    for (unsigned i = 0; i < TOPO_MAX; i++) {
        unsigned to = i;

        if (!set[i])
            continue;
        while (to + 1 < TOPO_MAX && set[to + 1])
            to++;
        if (len < n)
            len += (size_t)snprintf(out + len, n - len, to > i ? "%s%u-%u" : "%s%u", len ? "," : "",
                                    i, to);
        i = to;
    }
}

/* All hardware threads of the workers' cores. */
static void
cores_of_workers(const struct plan *p, bool *set)
{
    for (unsigned i = 0; i < p->topo.n_pus; i++)
        for (unsigned j = 0; j < p->n_workers; j++) {
            const struct topo_pu *pu = topo_pu_of(&p->topo, p->places[j].pu);

            if (pu && pu->core == p->topo.pus[i].core && p->topo.pus[i].os < TOPO_MAX)
                set[p->topo.pus[i].os] = true;
        }
}

struct members {
    bool *set;
};

static void
member(void *ctx, unsigned cpu)
{
    struct members *m = ctx;

    if (cpu < TOPO_MAX)
        m->set[cpu] = true;
}

static bool
holds_all(const bool *set, const bool *wanted)
{
    for (unsigned i = 0; i < TOPO_MAX; i++)
        if (wanted[i] && !set[i])
            return false;
    return true;
}

/* A worker that polls should not be interrupted: a tick or a neighbour costs it a full ring. */
static void
step_isolate(struct plan *p)
{
    bool isolated[TOPO_MAX] = {false}, no_tick[TOPO_MAX] = {false}, wanted[TOPO_MAX] = {false};
    const char *host = p->topo.n_pus < p->topo.n_machine ? " of the host" : "";
    char list[256];
    struct plan_step *s;

    cores_of_workers(p, wanted);
    plan_list(wanted, list, sizeof list);
    (void)sysfs_list(p->machine.isolated, member, &(struct members){isolated});
    (void)sysfs_list(p->machine.no_tick, member, &(struct members){no_tick});
    if (!holds_all(isolated, wanted)) {
        s = step(p, false,
                 "workers that poll share their cores with whatever the scheduler puts there; on "
                 "the kernel's command line%s, then restart:",
                 host);
        command(s, "isolcpus=managed_irq,domain,%s nohz_full=%s rcu_nocbs=%s", list, list, list);
    } else if (!holds_all(no_tick, wanted)) {
        s = step(p, false,
                 "the timer's tick still interrupts the isolated cores of workers; on the "
                 "kernel's command line%s, then restart:",
                 host);
        command(s, "nohz_full=%s rcu_nocbs=%s", list, list);
    }
}

/* Workers that share their physical core with another one. */
static unsigned
n_sharing(const struct plan *p)
{
    unsigned n = 0;

    for (unsigned i = 0; i < p->n_workers; i++) {
        const struct topo_pu *pu = topo_pu_of(&p->topo, p->places[i].pu);
        bool shares = false;

        for (unsigned j = 0; pu && j < p->n_workers; j++) {
            const struct topo_pu *other = topo_pu_of(&p->topo, p->places[j].pu);

            shares = shares || (other && other != pu && other->core == pu->core);
        }
        n += shares;
    }
    return n;
}

static void
step_crowded(struct plan *p)
{
    const bool is_auto = strcmp(p->cfg->workers.cores, "auto") == 0;
    const unsigned n = n_sharing(p), most = p->topo.n_cores > 1 ? p->topo.n_cores - 1 : 1;

    if (n > 0 && !is_auto)
        step(p, false,
             "%u workers share physical cores and slow each other down: name other cores in "
             "workers.cores",
             n);
    else if (is_auto && ((n > 0 && !p->cfg->workers.smt) || p->n_workers > p->topo.n_pus))
        command(step(p, false,
                     "%u workers poll on %u physical cores and slow each other down: let each "
                     "poll several queues",
                     p->n_workers, p->topo.n_cores),
                "pavo run --workers %u ...", most);
}

/* Reaching the packets of a NIC of another node costs every burst. */
static void
step_far(struct plan *p)
{
    for (unsigned i = 0; i < p->n_sources; i++) {
        const struct plan_source *s = &p->sources[i];
        unsigned n = 0, cores = 0;

        for (unsigned q = 0; s->node >= 0 && q < p->n_queues && q < p->n_workers; q++) {
            unsigned number;

            n += plan_source_of(p, q, &number) == s && p->places[q].pu >= 0 &&
                 p->places[q].node != s->node;
        }
        for (unsigned j = 0; j < p->topo.n_pus; j++)
            cores += p->topo.pus[j].node == s->node && p->topo.pus[j].thread == 0;
        if (n > 0)
            step(p, false,
                 "%u of the workers that poll %s are not on its node %d, which has %u cores: "
                 "fewer queues, or a NIC on another node",
                 n, s->name, s->node, cores);
    }
}

static void
steps_processors(struct plan *p)
{
    if (p->is_dpdk && p->n_sources > 0) {
        step_crowded(p);
        step_far(p);
    }
    if (!is_pinned(p) || !p->sys)
        return;
    if (p->is_dpdk && p->topo.n_cores > 2)
        step_isolate(p);
    if (p->machine.governor[0] && strcmp(p->machine.governor, "performance") != 0)
        command(step(p, false,
                     "the governor %s lowers the clock between bursts, and the first packets of "
                     "the next one wait",
                     p->machine.governor),
                "cpupower frequency-set -g performance");
}

void
plan_steps(struct plan *p)
{
    steps_devices(p);
    steps_memory(p);
    steps_processors(p);
}
