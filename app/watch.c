/* watch.c - what the control thread looks at about once a second, and says once
 *
 * Nothing here can lose a packet: a packet in a wrong queue goes to its worker through the mesh.
 * But that costs time on two cores, and what is wrong in a NIC's set-up is seen nowhere else.
 */
#include "watch.h"

#include <stdlib.h>

#include "log.h"

#define P "llu"

enum { SAMPLES_LEAST = 8 }; /* hashes to compare before a key is called wrong */

struct watch_queue {
    bool said_wrong, said_hash;
};

static void
look_at_queue(struct watch_queue *said, const struct worker_queue *wq)
{
    const unsigned long long received = pavo_stat_get(&wq->received);
    const unsigned long long wrong = pavo_stat_get(&wq->wrong_shard);
    const unsigned long long sampled = pavo_stat_get(&wq->sampled);
    const unsigned long long differs = pavo_stat_get(&wq->hash_differs);

    if (differs * 2 > sampled && sampled >= SAMPLES_LEAST && !said->said_hash) {
        said->said_hash = true;
        log_warn("%s: queue %u: %" P " of %" P " sampled packets have a hash that is not the one "
                 "of the symmetric key: the NIC has another key. Nothing is lost, but packets take "
                 "a detour; set capture.dpdk.rss to auto, see that no other program sets the key "
                 "(ethtool -X), and start again",
                 wq->q->name, wq->q->number, differs, sampled);
    }
    if (wrong > 0 && !said->said_wrong) {
        said->said_wrong = true;
        log_warn("%s: queue %u: %" P " of %" P " packets belong to another queue: the NIC does not "
                 "spread both directions of a flow as it was told. Nothing is lost, but such "
                 "packets take a detour (wrong_shard); set capture.dpdk.rss to auto, or to off and "
                 "queues to 1 where the NIC can do no better",
                 wq->q->name, wq->q->number, wrong, received);
    }
}

void
watch_look(struct watch *w, const struct sensor *s)
{
    const struct cap_set *set = sensor_sources(s);
    const struct worker *workers;
    const struct topo_place *places;
    const unsigned n = sensor_workers(s, &workers, &places);
    unsigned at = 0;

    if (!w->queues)
        w->queues = calloc(set->n_queues + 1, sizeof *w->queues);
    for (unsigned i = 0; i < set->n_queues; i++)
        if (set->queues[i]->ops->look)
            set->queues[i]->ops->look(set->queues[i]);
    for (unsigned i = 0; w->queues && i < n; i++)
        for (unsigned k = 0; k < workers[i].n_queues; k++)
            look_at_queue(&w->queues[at++], &workers[i].queues[k]);
}

void
watch_close(struct watch *w)
{
    free(w->queues);
    *w = (struct watch){0};
}
