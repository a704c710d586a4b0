/* capture.c - the sources of a run: which backend opens them, and their list */
#include "capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cfg.h"

int
cap_set_queue(struct cap_set *set, struct cap_queue *q)
{
    struct cap_queue **more =
        realloc(set->queues, (set->n_queues + 1) * sizeof(struct cap_queue *));

    if (!more)
        return -ENOMEM;
    set->queues = more;
    set->queues[set->n_queues++] = q;
    return 0;
}

int
cap_set_source(struct cap_set *set, const char *name)
{
    const char **more;
    char *copy;

    if (set->n_sources > UINT16_MAX)
        return -E2BIG;
    copy = strdup(name);
    more = copy ? realloc(set->source_names, (set->n_sources + 1) * sizeof *more) : NULL;
    if (!more) {
        free(copy);
        return -ENOMEM;
    }
    set->source_names = more;
    set->source_names[set->n_sources] = copy;
    return (int)set->n_sources++;
}

int
cap_set_device(struct cap_set *set, const struct cfg_device *device, const char *name)
{
    const bool has_link = device->link && device->link[0];

    for (unsigned i = 0; has_link && i < set->n_sources; i++)
        if (strcmp(set->source_names[i], device->link) == 0)
            return (int)i;
    return cap_set_source(set, has_link ? device->link : name);
}

int
capture_open(const struct cfg *cfg, struct cap_set *set, struct pavo_err *err)
{
    int rc;

#ifdef PAVO_HAVE_DPDK
    if (strcmp(cfg->capture.backend, "dpdk") == 0)
        rc = capture_dpdk_open(cfg, set, err);
    else
#endif
        rc = capture_pcap_open(cfg, set, err);
    if (rc < 0)
        capture_close(set);
    return rc;
}

void
capture_close(struct cap_set *set)
{
#ifdef PAVO_HAVE_DPDK
    capture_dpdk_close();
#endif
    capture_pcap_close();
    for (unsigned i = 0; i < set->n_sources; i++)
        free((void *)(uintptr_t)set->source_names[i]);
    free(set->source_names);
    free(set->queues);
    *set = (struct cap_set){0};
}
