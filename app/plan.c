/* plan.c - pavo plan: what would run where, and why; starts nothing
 *
 * The same functions place the workers of a run. What pavo may not do itself (huge pages, drivers)
 * is printed as the commands that do it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "log.h"
#include "outputs.h"
#include "sensor.h"

enum { DESCRIPTORS = 1024, MBUF_HEAD = 256, REMEDIES_MAX = 16 };

struct source_plan {
    const char *name;
    unsigned queues;
    int node;
    char driver[64];
    bool is_pci;
};

struct plan {
    const struct cfg *cfg;
    const char *recorded;
    struct topo topo;
    bool is_dpdk;
    struct source_plan *sources;
    unsigned n_sources, n_queues, n_workers;
    struct topo_place places[WORKERS_MAX];
    struct {
        const char *what, *per;
        uint64_t each, n;
    } memory[8];
    unsigned n_memory;
    uint64_t huge_needed, huge_free, huge_page_bytes;
    char remedies[REMEDIES_MAX][256];
    unsigned n_remedies;
};

static void remedy(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
remedy(struct plan *p, const char *fmt, ...)
{
    va_list ap;

    if (p->n_remedies == REMEDIES_MAX)
        return;
    va_start(ap, fmt);
    vsnprintf(p->remedies[p->n_remedies++], sizeof p->remedies[0], fmt, ap);
    va_end(ap);
}

static void
memory(struct plan *p, const char *what, const char *per, uint64_t each, uint64_t n)
{
    p->memory[p->n_memory].what = what;
    p->memory[p->n_memory].per = per;
    p->memory[p->n_memory].each = each;
    p->memory[p->n_memory++].n = n;
}

/* ---- what the system says ---------------------------------------------------------------------
 */

static long
read_number(const char *path, long fallback)
{
    FILE *f = fopen(path, "r");
    long v = fallback;

    if (f && fscanf(f, "%ld", &v) != 1)
        v = fallback;
    if (f)
        fclose(f);
    return v;
}

/* The last part of where a link of sysfs leads. */
static void
read_link(const char *path, char *out, size_t n)
{
    char to[512];
    const ssize_t len = readlink(path, to, sizeof to - 1);
    const char *slash;

    *out = '\0';
    if (len <= 0)
        return;
    to[len] = '\0';
    slash = strrchr(to, '/');
    snprintf(out, n, "%.60s", slash ? slash + 1 : to);
}

static bool
is_pci_address(const char *s)
{
    unsigned a, b, c, d;
    int n = 0;

    return (sscanf(s, "%x:%x:%x.%x%n", &a, &b, &c, &d, &n) == 4 && s[n] == '\0') ||
           (n = 0, sscanf(s, "%x:%x.%x%n", &a, &b, &c, &n) == 3 && s[n] == '\0');
}

static void
look_at(struct plan *p, struct source_plan *s)
{
    char path[300], address[32];

    s->node = -1;
    if (p->recorded)
        return;
    s->is_pci = p->is_dpdk && is_pci_address(s->name);
    if (s->is_pci)
        snprintf(address, sizeof address, "%s%.20s",
                 strchr(s->name, ':') == strrchr(s->name, ':') ? "0000:" : "", s->name);
    else
        snprintf(address, sizeof address, "%.20s", s->name);
    snprintf(path, sizeof path,
             s->is_pci ? "/sys/bus/pci/devices/%s/numa_node" : "/sys/class/net/%s/device/numa_node",
             address);
    s->node = (int)read_number(path, -1);
    snprintf(path, sizeof path,
             s->is_pci ? "/sys/bus/pci/devices/%s/driver" : "/sys/class/net/%s/device/driver",
             address);
    read_link(path, s->driver, sizeof s->driver);
    if (!s->is_pci)
        return;
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s", address);
    if (access(path, F_OK) != 0)
        remedy(p, "there is no PCI device %s: dpdk-devbind.py --status-dev net", address);
    else if (strcmp(s->driver, "vfio-pci") != 0 && strcmp(s->driver, "uio_pci_generic") != 0 &&
             strncmp(s->driver, "mlx", 3) != 0)
        remedy(p, "dpdk-devbind.py --bind=vfio-pci %s   # now: %s; the interface leaves the kernel",
               address, *s->driver ? s->driver : "no driver");
}

/* ---- the plan ---------------------------------------------------------------------------------
 */

static unsigned
auto_queues(const struct plan *p)
{
    unsigned workers = p->cfg->workers.count;

    if (workers == 0)
        workers = p->topo.n_pus > 2 ? p->topo.n_pus - 1 : p->topo.n_pus;
    workers /= p->cfg->capture.n_devices;
    return workers ? workers : 1;
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
        struct source_plan *s = &p->sources[p->n_sources++];

        s->name = files ? cfg->capture.files[i] : cfg->capture.devices[i].device;
        s->node = -1;
        s->queues = 1;
        if (files)
            continue;
        look_at(p, s);
        if (p->is_dpdk)
            s->queues =
                cfg->capture.devices[i].queues ? cfg->capture.devices[i].queues : auto_queues(p);
        p->n_queues += s->queues;
    }
    if (files)
        p->n_queues = 1; /* read one after the other */
    return 0;
}

static const struct source_plan *
source_of_queue(const struct plan *p, unsigned queue, unsigned *number)
{
    unsigned i = 0;

    while (i + 1 < p->n_sources && queue >= p->sources[i].queues) {
        queue -= p->sources[i].queues;
        i++;
    }
    *number = queue;
    return &p->sources[i];
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
    uint64_t buffers = 0;

    memory(p, "flow table", "worker", pavo_shard_bytes(&shard), n);
    memory(p, "records on their way", "worker",
           (uint64_t)cfg->workers.record_ring * pavo_record_room(shard.parts), n);
    memory(p, "fragments waiting", "worker",
           (uint64_t)cfg->fragments.waiting * sizeof(struct pavo_packet), n);
    if (n > 1)
        memory(p, "packets between workers", "run",
               mesh_bytes(n, resolve ? n : receivers, slots, sensor_payload_room(cfg)) +
                   (resolve ? mesh_bytes(n, receivers, slots / MESH_RESOLVE_PART, 0) : 0),
               1);
    if (!p->is_dpdk && cfg->capture.n_files == 0)
        memory(p, "kernel buffer", "NIC", cfg->capture.buffer_bytes, p->n_sources);
    if (!p->is_dpdk)
        return;
    for (unsigned i = 0; i < p->n_sources; i++) {
        const uint32_t descriptors =
            cfg->capture.devices[i].descriptors ? cfg->capture.devices[i].descriptors : DESCRIPTORS;
        const uint64_t mbufs = cfg->capture.dpdk.mbufs
                                   ? cfg->capture.dpdk.mbufs
                                   : (uint64_t)p->sources[i].queues * descriptors * 2 + 1024;

        buffers += mbufs * (cfg->capture.dpdk.mbuf_bytes + MBUF_HEAD);
    }
    memory(p, "packet buffers", "run", buffers, 1);
    p->huge_needed = cfg->capture.dpdk.hugepages ? buffers + (32 << 20) : 0;
}

static void
plan_hugepages(struct plan *p)
{
    FILE *f;
    char line[128];
    uint64_t pages = 0, kib = 0;

    if (p->huge_needed == 0 || p->recorded)
        return;
    f = fopen("/proc/meminfo", "r");
    while (f && fgets(line, sizeof line, f)) {
        (void)sscanf(line, "HugePages_Free: %" SCNu64, &pages);
        (void)sscanf(line, "Hugepagesize: %" SCNu64, &kib);
    }
    if (f)
        fclose(f);
    p->huge_page_bytes = kib << 10;
    p->huge_free = pages * p->huge_page_bytes;
    if (p->huge_page_bytes && p->huge_free < p->huge_needed) {
        const uint64_t want = (p->huge_needed + p->huge_page_bytes - 1) / p->huge_page_bytes;

        remedy(p, "sysctl -w vm.nr_hugepages=%" PRIu64 "   # free now: %" PRIu64, want, pages);
    }
}

static int
plan_make(struct plan *p, struct pavo_err *err)
{
    struct topo_want wants[WORKERS_MAX];
    int rc;

    rc = topo_read(&p->topo,
                   &(struct topo_from){.recorded = p->recorded,
                                       .sys = p->recorded ? NULL : "/sys",
                                       .with_nics = true},
                   err);
    if (rc == 0)
        rc = plan_sources(p, err);
    if (rc < 0)
        return rc;
    p->n_workers = sensor_n_workers(p->cfg, p->n_queues);
    for (unsigned i = 0; i < p->n_workers; i++) {
        unsigned number;

        const struct source_plan *from =
            i < p->n_queues && p->n_sources ? source_of_queue(p, i, &number) : NULL;

        wants[i] = (struct topo_want){.node = from ? from->node : -1,
                                      .source = from ? (unsigned)(from - p->sources) : UINT32_MAX};
    }
    rc = topo_place_workers(&p->topo, p->cfg->workers.cores, p->cfg->workers.smt, p->n_workers,
                            wants, p->n_workers == 1 && !p->is_dpdk, p->places, err);
    if (rc < 0)
        return rc;
    plan_memory(p);
    plan_hugepages(p);
    if (p->is_dpdk && p->n_workers > p->topo.n_cores)
        remedy(p, "--workers %u   # there are %u physical cores, and every worker polls one",
               p->topo.n_cores, p->topo.n_cores);
    return 0;
}

/* ---- printing ---------------------------------------------------------------------------------
 */

static const char *
size_text(char *out, size_t n, uint64_t bytes)
{
    if (bytes >= UINT64_C(10) << 30)
        snprintf(out, n, "%" PRIu64 " GiB", bytes >> 30);
    else if (bytes >= 10 << 20)
        snprintf(out, n, "%" PRIu64 " MiB", bytes >> 20);
    else
        snprintf(out, n, "%" PRIu64 " KiB", (bytes + 1023) >> 10);
    return out;
}

static void
print_workers(const struct plan *p)
{
    printf("workers\n");
    for (unsigned i = 0; i < p->n_workers; i++) {
        const struct topo_place *at = &p->places[i];
        bool any = false;

        if (at->pu >= 0)
            printf("  worker %u on processor %d", i, at->pu);
        else
            printf("  worker %u", i);
        if (at->pu >= 0 && at->node >= 0)
            printf(", node %d", at->node);
        printf(": ");
        for (unsigned q = i; q < p->n_queues && p->n_sources > 0; q += p->n_workers) {
            unsigned number;
            const struct source_plan *s = source_of_queue(p, q, &number);

            if (p->cfg->capture.n_files > 0)
                printf("reads %u %s", p->n_sources,
                       p->n_sources == 1 ? "file" : "files, one after the other");
            else
                printf("%s%s queue %u", any ? ", " : "receives from ", s->name, number);
            any = true;
        }
        if (!any)
            printf("accounts what the others hand over");
        printf("\n      %s\n", at->why);
    }
    printf("  export thread: on the processors that no worker is pinned to, if there are any\n");
}

static void
print_text(const struct plan *p)
{
    char text[32];
    uint64_t sum = 0;

    printf("machine\n  %u processors on %u cores, %u memory %s (%s)\n", p->topo.n_pus,
           p->topo.n_cores, p->topo.n_nodes, p->topo.n_nodes == 1 ? "node" : "nodes",
           p->topo.source);
    printf("sources (%s)\n", p->cfg->capture.backend);
    for (unsigned i = 0; i < p->n_sources; i++) {
        printf("  %s", p->sources[i].name);
        if (p->cfg->capture.n_files == 0)
            printf(": %u %s", p->sources[i].queues, p->sources[i].queues == 1 ? "queue" : "queues");
        if (p->sources[i].node >= 0)
            printf(", node %d", p->sources[i].node);
        if (*p->sources[i].driver)
            printf(", driver %s", p->sources[i].driver);
        printf("\n");
    }
    if (p->n_sources == 0)
        printf("  none are named: -i, -r or capture.devices\n");
    print_workers(p);
    printf("memory, at most\n");
    for (unsigned i = 0; i < p->n_memory; i++) {
        const uint64_t all = p->memory[i].each * p->memory[i].n;

        printf("  %-10s %s", size_text(text, sizeof text, all), p->memory[i].what);
        if (p->memory[i].n > 1)
            printf(", %s for each %s", size_text(text, sizeof text, p->memory[i].each),
                   p->memory[i].per);
        printf("\n");
        sum += all;
    }
    printf("  %-10s in all; what no flow has used yet is not taken\n",
           size_text(text, sizeof text, sum));
    if (p->huge_needed) {
        printf("huge pages\n  %s needed", size_text(text, sizeof text, p->huge_needed));
        if (!p->recorded)
            printf(", %s free", size_text(text, sizeof text, p->huge_free));
        printf("\n");
    }
    printf("sinks\n");
    for (unsigned i = 0; i < p->cfg->n_sinks; i++)
        printf("  %s to %s\n", outputs_format(&p->cfg->sinks[i])->word, p->cfg->sinks[i].to);
    if (p->cfg->n_sinks == 0)
        printf("  text to standard output\n");
    if (p->n_remedies > 0)
        printf("to be done before, as root\n");
    for (unsigned i = 0; i < p->n_remedies; i++)
        printf("  %s\n", p->remedies[i]);
}

static void
json_string(const char *s)
{
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            putchar('\\');
        if ((unsigned char)*s < 0x20)
            printf("\\u%04x", (unsigned char)*s);
        else
            putchar(*s);
    }
    putchar('"');
}

static void
print_json(const struct plan *p)
{
    printf("{\"machine\":{\"processors\":%u,\"cores\":%u,\"nodes\":%u},\"sources\":[",
           p->topo.n_pus, p->topo.n_cores, p->topo.n_nodes);
    for (unsigned i = 0; i < p->n_sources; i++) {
        printf("%s{\"name\":", i ? "," : "");
        json_string(p->sources[i].name);
        printf(",\"queues\":%u,\"node\":%d,\"driver\":", p->sources[i].queues, p->sources[i].node);
        json_string(p->sources[i].driver);
        printf("}");
    }
    printf("],\"workers\":[");
    for (unsigned i = 0; i < p->n_workers; i++) {
        const char *comma = "";

        printf("%s{\"id\":%u,\"processor\":%d,\"node\":%d,\"queues\":[", i ? "," : "", i,
               p->places[i].pu, p->places[i].node);
        for (unsigned q = i; q < p->n_queues; q += p->n_workers, comma = ",")
            printf("%s%u", comma, q);
        printf("],\"why\":");
        json_string(p->places[i].why);
        printf("}");
    }
    printf("],\"memory\":[");
    for (unsigned i = 0; i < p->n_memory; i++) {
        printf("%s{\"what\":", i ? "," : "");
        json_string(p->memory[i].what);
        printf(",\"bytes\":%" PRIu64 "}", p->memory[i].each * p->memory[i].n);
    }
    printf("],\"hugepages\":{\"needed\":%" PRIu64 ",\"free\":%" PRIu64 "},\"to_do\":[",
           p->huge_needed, p->huge_free);
    for (unsigned i = 0; i < p->n_remedies; i++) {
        printf("%s", i ? "," : "");
        json_string(p->remedies[i]);
    }
    printf("]}\n");
}

static int
plan_run(int argc, char **argv)
{
    const struct cli_option *o;
    struct plan *p = calloc(1, sizeof *p);
    struct pavo_err err;
    struct args a;
    const char *arg;
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
        else if (o->letter == 'h')
            status = cli_help(&cmd_plan);
        else
            args_option(&a, o, arg);
        if (status == EXIT_DONE)
            goto end;
    }
    if (bad || args_finish(&a, argc - at, argv + at) > 0)
        goto end;
    p->cfg = a.cfg;
    p->is_dpdk = strcmp(a.cfg->capture.backend, "dpdk") == 0;
    if (plan_make(p, &err) < 0) {
        log_error("%s", err.text);
        goto end;
    }
    if (as_json)
        print_json(p);
    else
        print_text(p);
    status = EXIT_DONE;

end:
    args_close(&a);
    free(p->sources);
    free(p);
    return status;
}

const struct cli_command cmd_plan = {
    .name = "plan",
    .usage = "[-c FILE] [-i NIC | -r FILE]... [--machine M] [--json]",
    .summary = "which worker on which core, which memory, and why",
    .text = "Shows what run would do with the same options: which worker polls which queue on "
            "which core,\n"
            "what memory it takes at most, what huge pages and drivers it needs. Starts nothing. "
            "What pavo\n"
            "may not do itself is printed as the commands that do it.\n",
    .options =
        (const struct cli_option[]){
            ARGS_SOURCE_OPTIONS,
            {0, "machine", "M",
             "Plans for another machine: an hwloc XML file (lstopo m.xml), or a description "
             "such as \"numa:2 core:16 pu:2\"."},
            {0, "json", NULL, "The plan as one JSON object."},
            {'h', "help", NULL, "This text."},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"pavo plan -c appliance.json", "before the first start on a new machine"},
            {"pavo plan -c appliance.json --machine \"numa:2 core:32 pu:2\"",
             "before it is bought"},
            {0},
        },
    .run = plan_run,
};
