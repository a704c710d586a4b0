/* plan.c - pavo plan: what would run where, and why; starts nothing
 *
 * The functions that place the threads of a run place them here. What pavo may not do itself (huge
 * pages, drivers) is printed as the commands that do it.
 */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "args.h"
#include "log.h"
#include "sensor.h"

enum {
    DESCRIPTORS = 1024, /* of a queue, where neither configuration nor driver says */
    PER_QUEUE = 64 * 2 + 256 * 3 / 2 + 64, /* buffers in hands and caches, as dpdk_port.c counts */
    MBUF_HEAD = 256,                       /* what DPDK keeps beside each buffer */
    EAL_BYTES = 32 << 20,                  /* rings, tables of drivers */
};

/* ---- sources ----------------------------------------------------------------------------------
 */

static bool
is_bifurcated(const char *driver)
{
    return strncmp(driver, "mlx4", 4) == 0 || strncmp(driver, "mlx5", 4) == 0;
}

static void
look_at(struct plan *p, struct plan_source *s)
{
    char address[SYSFS_ADDRESS];

    sysfs_nic_read(p->sys, s->name, &s->nic);
    s->node = topo_device_node(&p->topo, p->sys, s->name);
    s->is_pci = p->is_dpdk && sysfs_pci_address(s->name, address);
    s->is_bifurcated = s->is_pci && is_bifurcated(s->nic.driver);
}

/* Packet buffers of a port, as dpdk_port.c reserves them for a NIC. */
static uint64_t
buffers_of(const struct plan *p, const struct plan_source *s, const struct cfg_device *device)
{
    const uint32_t descriptors = device->descriptors ? device->descriptors : DESCRIPTORS;
    uint64_t n = 512;

    if (p->cfg->capture.dpdk.mbufs)
        n = p->cfg->capture.dpdk.mbufs;
    else
        while (n - 1 < (uint64_t)s->queues * (PER_QUEUE + descriptors))
            n *= 2;
    return n * (p->cfg->capture.dpdk.mbuf_bytes + MBUF_HEAD);
}

static void
plan_queues(struct plan *p)
{
    const struct cfg *cfg = p->cfg;
    const unsigned n = p->n_sources;
    int nodes[TOPO_NICS];
    unsigned queues;

    for (unsigned i = 0; i < n && i < TOPO_NICS; i++)
        nodes[i] = p->sources[i].node;
    queues = cfg->workers.count ? cfg->workers.count / n
                                : topo_auto_queues(&p->topo, cfg->workers.smt, nodes,
                                                   n < TOPO_NICS ? n : TOPO_NICS);
    for (unsigned i = 0; i < n; i++) {
        struct plan_source *s = &p->sources[i];

        s->is_auto = cfg->capture.devices[i].queues == 0;
        s->queues = !s->is_auto ? cfg->capture.devices[i].queues : queues ? queues : 1;
        s->buffer_bytes = buffers_of(p, s, &cfg->capture.devices[i]);
    }
}

static int
plan_sources(struct plan *p, struct pavo_err *err)
{
    const struct cfg *cfg = p->cfg;
    const bool files = cfg->capture.n_files > 0;
    const unsigned n = files ? cfg->capture.n_files : cfg->capture.n_devices;

    p->sources = calloc(n + 1, sizeof *p->sources);
    if (!p->sources)
        return pavo_err_set(err, ENOMEM, "plan: no memory");
    for (unsigned i = 0; i < n; i++) {
        struct plan_source *s = &p->sources[p->n_sources++];

        *s = (struct plan_source){
            .name = files ? cfg->capture.files[i] : cfg->capture.devices[i].device,
            .node = -1,
            .queues = 1,
            .nic = {.node = -1},
        };
        if (!files)
            look_at(p, s);
    }
    if (p->is_dpdk && !files && n > 0)
        plan_queues(p);
    for (unsigned i = 0; i < n && !files; i++)
        p->n_queues += p->sources[i].queues;
    if (files)
        p->n_queues = 1; /* read one after the other */
    return 0;
}

const struct plan_source *
plan_source_of(const struct plan *p, unsigned queue, unsigned *number)
{
    unsigned i = 0;

    while (i + 1 < p->n_sources && queue >= p->sources[i].queues) {
        queue -= p->sources[i].queues;
        i++;
    }
    *number = queue;
    return &p->sources[i];
}

/* ---- threads ----------------------------------------------------------------------------------
 */

bool
plan_is_idle_sibling(const struct plan *p, const struct topo_pu *pu)
{
    bool shares = false;

    for (unsigned i = 0; i < p->n_workers; i++) {
        const struct topo_pu *of = topo_pu_of(&p->topo, p->places[i].pu);

        if (of == pu)
            return false;
        shares = shares || (of && of->core == pu->core);
    }
    return shares;
}

static int
plan_threads(struct plan *p, struct pavo_err *err)
{
    struct topo_want wants[WORKERS_MAX];
    int rc;

    p->n_workers = sensor_n_workers(p->cfg, p->n_queues);
    for (unsigned i = 0; i < p->n_workers; i++) {
        unsigned number;

        wants[i] = (struct topo_want){.node = -1, .source = UINT32_MAX};
        if (i < p->n_queues && p->n_sources) {
            const struct plan_source *s = plan_source_of(p, i, &number);

            wants[i] = (struct topo_want){.node = s->node, .source = (unsigned)(s - p->sources)};
        }
    }
    rc = topo_place_workers(&p->topo, p->cfg->workers.cores, p->cfg->workers.smt, p->n_workers,
                            wants, p->n_workers == 1 && !p->is_dpdk, p->places, err);
    if (rc < 0)
        return rc;
    topo_place_export(&p->topo, p->places, p->n_workers, &p->exporter);
    topo_place_control(&p->topo, p->places, p->n_workers, &p->control);
    return 0;
}

/* ---- memory -----------------------------------------------------------------------------------
 */

static void
memory(struct plan *p, const char *what, const char *per, uint64_t each, uint64_t n)
{
    p->memory[p->n_memory].what = what;
    p->memory[p->n_memory].per = per;
    p->memory[p->n_memory].each = each;
    p->memory[p->n_memory++].n = n;
}

static struct plan_node *
node_of(struct plan *p, int os)
{
    for (unsigned i = 0; i < p->n_nodes; i++)
        if (p->nodes[i].os == os)
            return &p->nodes[i];
    /* Which node is not known: it is counted to that of the main thread, where Linux would begin.
     */
    for (unsigned i = 0; i < p->n_nodes; i++)
        if (p->nodes[i].os == p->topo.pus[0].node)
            return &p->nodes[i];
    return &p->nodes[0];
}

static void
nodes_open(struct plan *p)
{
    const bool has_nodes = p->topo.n_nodes > 1;

    p->n_nodes = has_nodes ? p->topo.n_nodes : 1;
    for (unsigned i = 0; i < p->n_nodes; i++) {
        struct plan_node *n = &p->nodes[i];

        n->os = has_nodes ? p->topo.node_os[i] : -1;
        sysfs_huge_read(p->sys, n->os, n->huge);
    }
}

uint64_t
plan_huge_free(const struct plan_node *n)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < SYSFS_HUGE_SIZES; i++)
        bytes += n->huge[i].n_free * n->huge[i].page_bytes;
    return bytes;
}

/* Tables are the workers' own, each on its node; packet buffers lie on the NIC's. */
static void
plan_nodes(struct plan *p, uint64_t per_worker)
{
    const bool huge = p->cfg->capture.dpdk.hugepages;

    nodes_open(p);
    for (unsigned i = 0; i < p->n_workers; i++) {
        struct plan_node *n = node_of(p, p->places[i].node);

        n->n_workers++;
        n->tables += per_worker;
    }
    if (!p->is_dpdk || p->n_sources == 0)
        return;
    for (unsigned i = 0; i < p->n_sources; i++) {
        struct plan_node *n = node_of(p, p->sources[i].node);

        *(huge ? &n->huge_needed : &n->tables) += p->sources[i].buffer_bytes;
    }
    if (huge)
        node_of(p, p->sources[0].node)->huge_needed += EAL_BYTES;
}

static void
plan_memory(struct plan *p)
{
    const struct cfg *cfg = p->cfg;
    const unsigned n = p->n_workers;
    struct pavo_shard_config shard = sensor_shard_config(cfg, n);
    const unsigned receivers = p->n_queues < n ? p->n_queues : n;
    const bool resolve = n > 1 && p->n_queues > 1;
    const uint32_t slots = sensor_mesh_slots(cfg, n);
    uint64_t buffers = 0, per_worker = 0;

    memory(p, "flow tables", "worker", pavo_shard_bytes(&shard), n);
    memory(p, "records on their way", "worker",
           (uint64_t)cfg->workers.record_ring * pavo_draft_room(shard.parts), n);
    memory(p, "fragments waiting", "worker",
           (uint64_t)cfg->fragments.waiting * sizeof(struct pavo_packet), n);
    for (unsigned i = 0; i < p->n_memory; i++)
        per_worker += p->memory[i].each;
    if (n > 1)
        memory(p, "packets between workers", "run",
               mesh_bytes(n, resolve ? n : receivers, slots, sensor_payload_room(cfg)) +
                   (resolve ? mesh_bytes(n, receivers, slots / MESH_RESOLVE_PART, 0) : 0),
               1);
    if (!p->is_dpdk && cfg->capture.n_files == 0)
        memory(p, "kernel buffers", "NIC", cfg->capture.buffer_bytes, p->n_sources);
    for (unsigned i = 0; i < p->n_sources; i++)
        buffers += p->sources[i].buffer_bytes;
    if (p->is_dpdk)
        memory(p, cfg->capture.dpdk.hugepages ? "packet buffers, in huge pages" : "packet buffers",
               "run", buffers, 1);
    plan_nodes(p, per_worker);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static int
plan_make(struct plan *p, struct pavo_err *err)
{
    const struct topo_from from = {.recorded = p->recorded, .sys = p->sys, .with_nics = true};
    int rc = topo_read(&p->topo, &from, err);

    if (rc == 0)
        rc = plan_sources(p, err);
    if (rc == 0)
        rc = plan_threads(p, err);
    if (rc < 0)
        return rc;
    sysfs_machine_read(p->sys, &p->machine);
    plan_memory(p);
    plan_steps(p);
    return 0;
}

/* Of another machine, nothing is taken from this one's /sys. */
static bool
sys_chosen(struct plan *p, const char *sys)
{
    struct stat st;

    p->sys = sys ? sys : p->recorded ? NULL : "/sys";
    if (!sys)
        return true;
    if (!p->recorded)
        log_error("--sys goes with --machine: it is the /sys of that machine");
    else if (stat(sys, &st) != 0 || !S_ISDIR(st.st_mode))
        log_error("--sys: %s is not a directory", sys);
    else
        return true;
    return false;
}

static int
plan_run(int argc, char **argv)
{
    const struct cli_option *o;
    struct plan *p = calloc(1, sizeof *p);
    struct pavo_err err;
    struct args a;
    const char *arg;
    const char *sys = NULL;
    bool as_json = false;
    int at = 1, bad = 0, status = EXIT_USAGE;

    if (!p || args_open(&a) < 0) {
        free(p);
        return EXIT_USAGE;
    }
    args_config(&a, &cmd_plan, argc, argv);
    while (a.bad == 0 && (o = cli_getopt(&cmd_plan, argc, argv, &at, &arg, &bad)) != NULL) {
        if (o->word && strcmp(o->word, "json") == 0)
            as_json = true;
        else if (o->word && strcmp(o->word, "machine") == 0)
            p->recorded = arg;
        else if (o->word && strcmp(o->word, "sys") == 0)
            sys = arg;
        else if (o->letter == 'h')
            status = cli_help(&cmd_plan);
        else
            args_option(&a, o, arg);
        if (status == EXIT_DONE)
            goto end;
    }
    if (bad || args_finish(&a, argc - at, argv + at) > 0 || !sys_chosen(p, sys))
        goto end;
    p->cfg = a.cfg;
    p->is_dpdk = strcmp(a.cfg->capture.backend, "dpdk") == 0;
    if (plan_make(p, &err) < 0) {
        log_error("%s", err.text);
        goto end;
    }
    if (!as_json)
        plan_print_text(p, stdout);
    else if (plan_print_json(p, stdout) < 0) {
        log_error("plan: no memory");
        goto end;
    }
    status = EXIT_DONE;

end:
    args_close(&a);
    free(p->sources);
    free(p);
    return status;
}

const struct cli_command cmd_plan = {
    .name = "plan",
    .usage = "[-c FILE] [-i NIC | -r FILE]... [--machine M [--sys DIR]] [--json]",
    .summary = "which thread on which core, which memory, and why",
    .text = "Shows what run would do with the same options: which worker polls which queue on "
            "which core,\n"
            "where the other threads run, what memory it takes at most on which node, what huge "
            "pages and\n"
            "drivers it needs. Starts nothing. What pavo may not do itself is printed as the "
            "commands that do it.\n",
    .options =
        (const struct cli_option[]){
            ARGS_SOURCE_OPTIONS,
            {0, "machine", "M",
             "Plans for another machine: an hwloc XML file (lstopo --of xml m.xml), or a "
             "description such as \"numa:2 core:16 pu:2\"."},
            {0, "sys", "DIR",
             "What that machine's /sys says about NICs, huge pages and isolated cores "
             "(scripts/record-machine.sh records it). Left out, these are unknown."},
            {0, "json", NULL, "The plan as one JSON object."},
            {'h', "help", NULL, "This text."},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"pavo plan -c appliance.json", "before the first start on a new machine"},
            {"pavo plan -c appliance.json --machine \"numa:2 core:32 pu:2\"",
             "before it is bought"},
            {"pavo plan -c appliance.json --machine box/machine.xml --sys box/sys",
             "for a machine that was recorded"},
            {0},
        },
    .run = plan_run,
};
