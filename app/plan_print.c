/* plan_print.c - a plan as text for people, and as JSON for programs */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "outputs.h"
#include "plan.h"

/* ---- pieces of text ---------------------------------------------------------------------------
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

static const char *
plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

static void
processors_that(const struct plan *p, bool (*is)(const struct plan *p, const struct topo_pu *pu),
                char *list, size_t n)
{
    bool set[TOPO_MAX] = {false};

    for (unsigned i = 0; i < p->topo.n_pus; i++)
        if (p->topo.pus[i].os < TOPO_MAX && is(p, &p->topo.pus[i]))
            set[p->topo.pus[i].os] = true;
    plan_list(set, list, n);
}

static bool
is_small(const struct plan *p, const struct topo_pu *pu)
{
    return pu->is_small;
}

static bool
is_isolated(const struct plan *p, const struct topo_pu *pu)
{
    return pu->is_isolated;
}

static bool
is_allowed(const struct plan *p, const struct topo_pu *pu)
{
    return true;
}

/* ---- the machine and its NICs ------------------------------------------------------------------
 */

static void
print_machine(const struct plan *p, FILE *out)
{
    const struct topo *t = &p->topo;
    char list[256];

    fprintf(out, "machine (%s)\n  %u processor%s on %u core%s, %u memory node%s", t->source,
            t->n_pus, plural(t->n_pus), t->n_cores, plural(t->n_cores), t->n_nodes,
            plural(t->n_nodes));
    if (t->n_packages > 1)
        fprintf(out, ", %u sockets", t->n_packages);
    fprintf(out, "\n");
    if (t->n_pus < t->n_machine) {
        processors_that(p, is_allowed, list, sizeof list);
        fprintf(out, "  of %u processors, %s %s allowed to this process\n", t->n_machine, list,
                t->n_pus == 1 ? "is" : "are");
    }
    if (t->has_small) {
        processors_that(p, is_small, list, sizeof list);
        fprintf(out, "  slow cores: processors %s\n", list);
    }
    if (!p->sys) {
        fprintf(out, "  what its /sys says is not known (--sys)\n");
        return;
    }
    processors_that(p, is_isolated, list, sizeof list);
    fprintf(out, "  isolated: %s", list[0] ? list : "none");
    if (list[0])
        fprintf(out, ", without tick: %s", p->machine.no_tick[0] ? p->machine.no_tick : "none");
    fprintf(out, "; governor %s; IOMMU %s; transparent huge pages %s\n",
            p->machine.governor[0] ? p->machine.governor : "unknown",
            p->machine.has_iommu ? "on" : "off",
            p->machine.transparent[0] ? p->machine.transparent : "unknown");
}

static void
print_driver(const struct plan *p, const struct plan_source *s, FILE *out)
{
    if (!p->sys || !s->nic.is_there)
        return;
    if (s->nic.address[0] && !s->is_pci)
        fprintf(out, ", PCI device %s", s->nic.address);
    if (s->nic.interface[0] && s->is_pci)
        fprintf(out, ", interface %s", s->nic.interface);
    if (s->nic.address[0])
        fprintf(out, ", driver %s", s->nic.driver[0] ? s->nic.driver : "none");
    if (s->is_bifurcated)
        fprintf(out, " (stays with the kernel, DPDK polls beside it)");
    else if (s->is_pci)
        fprintf(out, ", %s IOMMU group", s->nic.has_iommu_group ? "in an" : "in no");
}

static void
print_sources(const struct plan *p, FILE *out)
{
    fprintf(out, "sources (%s)\n", p->cfg->capture.backend);
    for (unsigned i = 0; i < p->n_sources; i++) {
        const struct plan_source *s = &p->sources[i];

        fprintf(out, "  %s", s->name);
        if (p->cfg->capture.n_files == 0) {
            fprintf(out, ": %u queue%s%s", s->queues, plural(s->queues),
                    s->is_auto ? " (automatic: fewer if the driver has not so many)" : "");
            if (p->topo.n_nodes > 1 && s->node >= 0)
                fprintf(out, ", node %d", s->node);
            else if (p->topo.n_nodes > 1)
                fprintf(out, ", node not known");
            print_driver(p, s, out);
        }
        fprintf(out, "\n");
    }
    if (p->n_sources == 0)
        fprintf(out, "  none are named: -i, -r or capture.devices\n");
}

/* ---- threads ----------------------------------------------------------------------------------
 */

static void
print_place(const struct plan *p, const struct topo_place *at, FILE *out)
{
    if (at->pu >= 0)
        fprintf(out, " on processor %d", at->pu);
    if (at->pu >= 0 && at->node >= 0 && p->topo.n_nodes > 1)
        fprintf(out, ", node %d", at->node);
}

static void
print_duty(const struct plan *p, unsigned worker, FILE *out)
{
    const bool files = p->cfg->capture.n_files > 0;
    bool any = false;

    for (unsigned q = worker; q < p->n_queues && p->n_sources > 0; q += p->n_workers) {
        unsigned number;
        const struct plan_source *s = plan_source_of(p, q, &number);

        if (files)
            fprintf(out, "reads %u %s", p->n_sources,
                    p->n_sources == 1 ? "file" : "files, one after the other");
        else
            fprintf(out, "%s%s queue %u",
                    any          ? ", "
                    : p->is_dpdk ? "polls "
                                 : "receives from ",
                    s->name, number);
        any = true;
    }
    if (!any)
        fprintf(out, "accounts what the others hand over");
}

static void
print_other(const struct plan *p, const char *name, const struct topo_place *at, const char *before,
            FILE *out)
{
    if (!before || strcmp(before, at->why) != 0)
        fprintf(out, "  %s:\n", at->why);
    fprintf(out, "    %s", name);
    print_place(p, at, out);
    fprintf(out, "\n");
}

/* The first worker that is where it is for the same reason. */
static unsigned
first_alike(const struct plan *p, unsigned worker)
{
    unsigned i = 0;

    while (i < worker && strcmp(p->places[i].why, p->places[worker].why) != 0)
        i++;
    return i;
}

/* Workers for one reason stand below it together. */
static void
print_threads(const struct plan *p, FILE *out)
{
    char idle[256];

    fprintf(out, "threads\n");
    for (unsigned first = 0; first < p->n_workers; first++) {
        if (first_alike(p, first) != first)
            continue;
        fprintf(out, "  %s:\n", p->places[first].why);
        for (unsigned i = first; i < p->n_workers; i++) {
            if (first_alike(p, i) != first)
                continue;
            fprintf(out, "    worker %u", i);
            print_place(p, &p->places[i], out);
            fprintf(out, ": ");
            print_duty(p, i, out);
            fprintf(out, "\n");
        }
    }
    print_other(p, "export thread", &p->exporter, NULL, out);
    print_other(p, "control", &p->control, p->exporter.why, out);
    processors_that(p, plan_is_idle_sibling, idle, sizeof idle);
    if (idle[0])
        fprintf(out,
                "  left idle, for they are the second hardware threads of workers' cores: %s\n",
                idle);
}

/* ---- memory -----------------------------------------------------------------------------------
 */

static void
print_node(const struct plan *p, const struct plan_node *n, FILE *out)
{
    char text[32];

    if (n->os >= 0)
        fprintf(out, "  node %d: ", n->os);
    else
        fprintf(out, "  this machine: ");
    fprintf(out, "%s for the tables of %u worker%s", size_text(text, sizeof text, n->tables),
            n->n_workers, plural(n->n_workers));
    if (n->huge_needed) {
        fprintf(out, "; huge pages: %s needed", size_text(text, sizeof text, n->huge_needed));
        if (p->sys)
            fprintf(out, ", %s free", size_text(text, sizeof text, plan_huge_free(n)));
    }
    fprintf(out, "\n");
}

static void
print_memory(const struct plan *p, FILE *out)
{
    char text[32];
    uint64_t sum = 0;

    fprintf(out, "memory, at most\n");
    for (unsigned i = 0; i < p->n_memory; i++) {
        const uint64_t all = p->memory[i].each * p->memory[i].n;

        fprintf(out, "  %-10s %s", size_text(text, sizeof text, all), p->memory[i].what);
        if (p->memory[i].n > 1)
            fprintf(out, ", %s for each %s", size_text(text, sizeof text, p->memory[i].each),
                    p->memory[i].per);
        fprintf(out, "\n");
        sum += all;
    }
    fprintf(out, "  %-10s in all; what no flow has used yet is not taken\n",
            size_text(text, sizeof text, sum));
    fprintf(out, "  Tables are ordinary memory, in transparent huge pages where the kernel gives "
                 "them.\n");
    if (p->is_dpdk && p->cfg->capture.dpdk.hugepages)
        fprintf(out, "  Packet buffers need huge pages that were reserved before.\n");
    for (unsigned i = 0; i < p->n_nodes; i++)
        if (p->nodes[i].tables || p->nodes[i].huge_needed)
            print_node(p, &p->nodes[i], out);
}

/* ---- the rest ---------------------------------------------------------------------------------
 */

static void
print_sinks(const struct plan *p, FILE *out)
{
    fprintf(out, "sinks\n");
    for (unsigned i = 0; i < p->cfg->n_sinks; i++)
        fprintf(out, "  %s to %s\n", outputs_format(&p->cfg->sinks[i])->word, p->cfg->sinks[i].to);
    if (p->cfg->n_sinks == 0)
        fprintf(out, "  text to standard output\n");
}

static void
print_steps(const struct plan *p, bool is_needed, const char *title, FILE *out)
{
    bool any = false;

    for (unsigned i = 0; i < p->n_steps; i++) {
        const struct plan_step *s = &p->steps[i];
        const char *at = s->commands;

        if (s->is_needed != is_needed)
            continue;
        if (!any)
            fprintf(out, "%s\n", title);
        any = true;
        fprintf(out, "  %s\n", s->why);
        for (size_t len; (len = strcspn(at, "\n")) > 0; at += len + 1)
            fprintf(out, "      %.*s\n", (int)len, at);
    }
}

void
plan_print_text(const struct plan *p, FILE *out)
{
    print_machine(p, out);
    print_sources(p, out);
    print_threads(p, out);
    print_memory(p, out);
    print_sinks(p, out);
    print_steps(p, true, "to be done before, as root", out);
    print_steps(p, false, "worth doing, as root", out);
}

/* ---- JSON -------------------------------------------------------------------------------------
 */

static json_t *
json_sources(const struct plan *p)
{
    json_t *a = json_array();

    for (unsigned i = 0; i < p->n_sources; i++) {
        const struct plan_source *s = &p->sources[i];

        json_array_append_new(
            a, json_pack("{s:s,s:i,s:i,s:s,s:s,s:s,s:b}", "name", s->name, "queues", (int)s->queues,
                         "node", s->node, "driver", s->nic.driver, "address", s->nic.address,
                         "interface", s->nic.interface, "iommu_group", s->nic.has_iommu_group));
    }
    return a;
}

static json_t *
json_workers(const struct plan *p)
{
    json_t *a = json_array();

    for (unsigned i = 0; i < p->n_workers; i++) {
        json_t *queues = json_array();

        for (unsigned q = i; q < p->n_queues && p->n_sources > 0; q += p->n_workers) {
            unsigned number;
            const struct plan_source *s = plan_source_of(p, q, &number);

            json_array_append_new(queues,
                                  json_pack("{s:s,s:i}", "source", s->name, "queue", (int)number));
        }
        json_array_append_new(a, json_pack("{s:i,s:i,s:i,s:o,s:s}", "id", (int)i, "processor",
                                           p->places[i].pu, "node", p->places[i].node, "queues",
                                           queues, "why", p->places[i].why));
    }
    return a;
}

static json_t *
json_place(const struct topo_place *at)
{
    return json_pack("{s:i,s:i,s:s}", "processor", at->pu, "node", at->node, "why", at->why);
}

static json_t *
json_memory(const struct plan *p)
{
    json_t *a = json_array();

    for (unsigned i = 0; i < p->n_memory; i++)
        json_array_append_new(a, json_pack("{s:s,s:I}", "what", p->memory[i].what, "bytes",
                                           (json_int_t)(p->memory[i].each * p->memory[i].n)));
    return a;
}

static json_t *
json_nodes(const struct plan *p)
{
    json_t *a = json_array();

    for (unsigned i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = &p->nodes[i];

        json_array_append_new(a, json_pack("{s:i,s:i,s:I,s:I,s:I}", "node", n->os, "workers",
                                           (int)n->n_workers, "bytes", (json_int_t)n->tables,
                                           "hugepages_needed", (json_int_t)n->huge_needed,
                                           "hugepages_free", (json_int_t)plan_huge_free(n)));
    }
    return a;
}

static json_t *
json_steps(const struct plan *p)
{
    json_t *a = json_array();

    for (unsigned i = 0; i < p->n_steps; i++) {
        json_t *commands = json_array();
        const char *at = p->steps[i].commands;

        for (size_t len; (len = strcspn(at, "\n")) > 0; at += len + 1)
            json_array_append_new(commands, json_stringn(at, len));
        json_array_append_new(a, json_pack("{s:b,s:s,s:o}", "needed", p->steps[i].is_needed, "why",
                                           p->steps[i].why, "commands", commands));
    }
    return a;
}

int
plan_print_json(const struct plan *p, FILE *out)
{
    const struct topo *t = &p->topo;
    json_t *o =
        json_pack("{s:{s:i,s:i,s:i,s:i,s:s,s:s,s:b,s:s},s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "machine",
                  "processors", (int)t->n_pus, "cores", (int)t->n_cores, "nodes", (int)t->n_nodes,
                  "sockets", (int)t->n_packages, "isolated", p->machine.isolated, "governor",
                  p->machine.governor, "iommu", p->machine.has_iommu, "transparent_hugepages",
                  p->machine.transparent, "sources", json_sources(p), "workers", json_workers(p),
                  "export", json_place(&p->exporter), "control", json_place(&p->control), "memory",
                  json_memory(p), "by_node", json_nodes(p), "to_do", json_steps(p));
    const int rc = o && json_dumpf(o, out, JSON_INDENT(2)) == 0 ? 0 : -ENOMEM;

    json_decref(o);
    fputc('\n', out);
    return rc;
}
