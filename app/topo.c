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

#include "sysfs.h"

#ifdef PAVO_HAVE_HWLOC
static int
load(hwloc_topology_t topology, const struct topo_from *from, struct pavo_err *err)
{
    const char *recorded = from->recorded;
    const bool is_file = recorded && access(recorded, R_OK) == 0;

    if (!is_file && recorded && hwloc_topology_set_synthetic(topology, recorded) != 0)
        return pavo_err_set(
            err, EINVAL,
            "\"%.200s\" is neither a file nor a description such as \"numa:2 core:8 pu:2\"",
            recorded);
    if (from->with_nics)
        hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_IMPORTANT);
    if ((is_file && hwloc_topology_set_xml(topology, recorded) != 0) ||
        hwloc_topology_load(topology) != 0)
        return is_file ? pavo_err_set(err, EINVAL,
                                      "%.200s is not a topology in hwloc's XML (lstopo --of xml "
                                      "FILE writes one)",
                                      recorded)
                       : pavo_err_set(err, EIO, "hwloc can't tell the topology of this machine");
    return 0;
}

static int
nearest_node(hwloc_obj_t obj)
{
    return obj->nodeset ? hwloc_bitmap_first(obj->nodeset) : -1;
}

/* Where cores differ, hwloc orders their kinds from the slowest to the fastest. */
static bool
is_small(hwloc_topology_t topology, hwloc_obj_t pu)
{
    int kind, efficiency = -1;

    if (hwloc_cpukinds_get_nr(topology, 0) < 2)
        return false;
    kind = hwloc_cpukinds_get_by_cpuset(topology, pu->cpuset, 0);
    if (kind < 0 ||
        hwloc_cpukinds_get_info(topology, (unsigned)kind, NULL, &efficiency, NULL, NULL, 0) != 0)
        return false;
    return efficiency == 0;
}

static void
pu_add(struct topo *t, hwloc_topology_t topology, hwloc_obj_t pu)
{
    const hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_CORE, pu);
    const hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, pu);

    t->pus[t->n_pus++] = (struct topo_pu){
        .os = pu->os_index,
        .core = core ? core->logical_index : pu->logical_index,
        .package = package ? package->logical_index : 0,
        .node = nearest_node(pu),
        .is_small = is_small(topology, pu),
    };
}

static void
nic_add(struct topo *t, hwloc_topology_t topology, hwloc_obj_t pci, const char *interface)
{
    const hwloc_obj_t near = hwloc_get_non_io_ancestor_obj(topology, pci);

    if (t->n_nics == TOPO_NICS)
        return;
    snprintf(t->nics[t->n_nics].address, sizeof t->nics[0].address, "%04x:%02x:%02x.%01x",
             pci->attr->pcidev.domain & 0xffff, pci->attr->pcidev.bus, pci->attr->pcidev.dev,
             pci->attr->pcidev.func);
    snprintf(t->nics[t->n_nics].interface, sizeof t->nics[0].interface, "%.31s",
             interface ? interface : "");
    /* A device that hangs on the whole of a machine with several nodes is near none of them. */
    t->nics[t->n_nics++].node =
        near && near->nodeset && hwloc_bitmap_weight(near->nodeset) == 1 ? nearest_node(near) : -1;
}

static bool
is_network(hwloc_obj_t pci)
{
    return pci->attr->pcidev.class_id >> 8 == 0x02;
}

/* A NIC with an interface of the kernel is listed with it; one that DPDK's drivers hold has none.
 */
static void
nics_read(struct topo *t, hwloc_topology_t topology)
{
    hwloc_obj_t o = NULL;

    while ((o = hwloc_get_next_osdev(topology, o)) != NULL)
        if (o->attr->osdev.type == HWLOC_OBJ_OSDEV_NETWORK && o->parent &&
            o->parent->type == HWLOC_OBJ_PCI_DEVICE)
            nic_add(t, topology, o->parent, o->name);
    for (o = NULL; (o = hwloc_get_next_pcidev(topology, o)) != NULL;)
        if (is_network(o))
            nic_add(t, topology, o, NULL);
}

static void
nodes_read(struct topo *t, hwloc_topology_t topology)
{
    hwloc_obj_t node = NULL;

    while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != NULL)
        if (t->n_nodes < TOPO_NODES)
            t->node_os[t->n_nodes++] = (int)node->os_index;
}

static void
vendor_read(struct topo *t, hwloc_topology_t topology)
{
    const hwloc_obj_t package = hwloc_get_obj_by_type(topology, HWLOC_OBJ_PACKAGE, 0);
    const char *vendor = package ? hwloc_obj_get_info_by_name(package, "CPUVendor") : NULL;

    snprintf(t->vendor, sizeof t->vendor, "%.31s", vendor ? vendor : "");
}

static int
read_hwloc(struct topo *t, const struct topo_from *from, struct pavo_err *err)
{
    hwloc_topology_t topology;
    hwloc_const_cpuset_t allowed;
    hwloc_obj_t pu = NULL;
    int rc;

    if (hwloc_topology_init(&topology) != 0)
        return pavo_err_set(err, ENOMEM, "hwloc: no memory");
    /* Processors that are not allowed are kept, to be counted. */
    hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    rc = load(topology, from, err);
    if (rc < 0) {
        hwloc_topology_destroy(topology);
        return rc;
    }
    allowed = hwloc_topology_get_allowed_cpuset(topology);
    while ((pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != NULL) {
        t->n_machine++;
        if (t->n_pus < TOPO_MAX && pu->os_index < TOPO_OS &&
            hwloc_bitmap_isset(allowed, pu->os_index))
            pu_add(t, topology, pu);
    }
    t->n_packages = (unsigned)hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE);
    nodes_read(t, topology);
    vendor_read(t, topology);
    if (from->with_nics)
        nics_read(t, topology);
    t->source = from->recorded ? "hwloc, recorded" : "hwloc";
    hwloc_topology_destroy(topology);
    return 0;
}
#endif

const struct topo_pu *
topo_pu_of(const struct topo *t, int os)
{
    return os >= 0 && os < TOPO_OS && t->by_os[os] ? &t->pus[t->by_os[os] - 1] : NULL;
}

int
topo_device_node(const struct topo *t, const char *sys, const char *device)
{
    struct sysfs_nic nic;

    sysfs_nic_read(sys, device, &nic);
    if (nic.node >= 0 || t->n_nodes < 2)
        return nic.node;
    if (!nic.interface[0] && !nic.address[0]) /* of a machine without a recorded /sys */
        snprintf(nic.interface, sizeof nic.interface, "%.31s", device);
    for (unsigned i = 0; i < t->n_nics; i++)
        if ((nic.address[0] && strcmp(t->nics[i].address, nic.address) == 0) ||
            (nic.interface[0] && strcmp(t->nics[i].interface, nic.interface) == 0))
            return t->nics[i].node;
    return -1;
}

#ifdef __linux__
/* What the process was narrowed to when it started. Later the calling thread may have moved itself
 * away from the workers of an earlier run, which must not lessen the next one. */
static int
first_affinity(cpu_set_t *set)
{
    static cpu_set_t first;
    static bool is_known;

    if (!is_known) {
        CPU_ZERO(&first);
        if (sched_getaffinity(0, sizeof first, &first) != 0)
            return -errno;
        is_known = true;
    }
    *set = first;
    return 0;
}
#endif

/* Without hwloc: every allowed processor is a core of its own. */
static int
read_affinity(struct topo *t, struct pavo_err *err)
{
#ifdef __linux__
    cpu_set_t set;

    const int rc = first_affinity(&set);

    if (rc < 0)
        return pavo_err_set(err, -rc, "the scheduler's affinity can't be read: %s", strerror(-rc));
    for (unsigned i = 0; i < CPU_SETSIZE && t->n_pus < TOPO_MAX; i++)
        if (CPU_ISSET(i, &set))
            t->pus[t->n_pus++] = (struct topo_pu){.os = i, .core = i, .node = -1};
#else
    const long n = sysconf(_SC_NPROCESSORS_ONLN);

    for (long i = 0; i < n && t->n_pus < TOPO_MAX; i++)
        t->pus[t->n_pus++] = (struct topo_pu){.os = (unsigned)i, .core = (unsigned)i, .node = -1};
#endif
    t->n_nodes = 1;
    t->node_os[0] = 0;
    t->n_machine = t->n_pus;
    t->source = "scheduler affinity";
    return 0;
}

/* ---- isolated processors, and what the caller was narrowed to ----------------------------------
 */

static void
isolate(void *ctx, unsigned cpu)
{
    struct topo *t = ctx;

    for (unsigned i = 0; i < t->n_pus; i++)
        if (t->pus[i].os == cpu)
            t->pus[i].is_isolated = true;
}

static void
isolated_read(struct topo *t, const char *sys)
{
    struct sysfs_machine m;

    sysfs_machine_read(sys, &m);
    (void)sysfs_list(m.isolated, isolate, t); /* of a list that breaks off, what could be read */
}

/* hwloc knows cgroups, not taskset or systemd's CPUAffinity=. Isolated processors are in nobody's
 * affinity from the start, so they are only left out when others are, too. */
static void
narrow(struct topo *t)
{
#ifdef __linux__
    cpu_set_t set;
    unsigned n = 0;
    bool is_narrow = false;

    if (first_affinity(&set) != 0)
        return;
    for (unsigned i = 0; i < t->n_pus; i++)
        is_narrow = is_narrow || (!t->pus[i].is_isolated && !CPU_ISSET(t->pus[i].os, &set));
    for (unsigned i = 0; is_narrow && i < t->n_pus; i++)
        if (CPU_ISSET(t->pus[i].os, &set))
            t->pus[n++] = t->pus[i];
    if (n > 0)
        t->n_pus = n;
#endif
}

/* What follows from the list of processors. */
static void
count(struct topo *t)
{
    for (unsigned i = 0; i < t->n_pus; i++) {
        struct topo_pu *pu = &t->pus[i];

        t->by_os[pu->os] = (uint16_t)(i + 1);
        pu->thread = i > 0 && pu[-1].core == pu->core ? pu[-1].thread + 1 : 0;
        t->n_cores += pu->thread == 0;
        t->has_small = t->has_small || pu->is_small;
        t->has_isolated = t->has_isolated || pu->is_isolated;
    }
}

int
topo_read(struct topo *t, const struct topo_from *from, struct pavo_err *err)
{
    int rc;

    *t = (struct topo){0};
#ifdef PAVO_HAVE_HWLOC
    rc = read_hwloc(t, from, err);
#else
    if (from->recorded)
        return pavo_err_set(err, ENOTSUP, "%s: a recorded machine needs a pavo with hwloc",
                            from->recorded);
    rc = read_affinity(t, err);
#endif
    if (rc == 0 && t->n_pus == 0 && !from->recorded)
        rc = read_affinity(t, err);
    if (rc < 0)
        return rc;
    isolated_read(t, from->sys);
    if (!from->recorded)
        narrow(t);
    count(t);
    return t->n_pus > 0 ? 0
                        : pavo_err_set(err, EINVAL, "%.200s shows no processor that is allowed",
                                       from->recorded ? from->recorded : "this machine");
}
