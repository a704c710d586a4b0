/* dpdk_telemetry.c - what DPDK's telemetry socket answers about a sensor
 *
 * DPDK calls from a thread of its own, and has no way to take a command back: a lock stands between
 * an answer and the end of the sensor. Answers hold what fits into one message of 16 KiB; what does
 * not is left out by DPDK, so queues can be asked for one by one.
 */
#include "dpdk_telemetry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <rte_telemetry.h>

#include "log.h"
#include "report.h"
#include "sensor.h"

static struct {
    pthread_mutex_t lock;
    const struct sensor *sensor; /* NULL: none runs */
} asked = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
count_fill(void *ctx, const char *name, uint64_t n)
{
    rte_tel_data_add_dict_u64((struct rte_tel_data *)ctx, name, n);
}

static void
stats_fill(struct rte_tel_data *d, const struct pavo_counts *c)
{
    char name[64];

    report_counts_each(c, count_fill, d);
    rte_tel_data_add_dict_u64(d, "records", c->made.records);
    rte_tel_data_add_dict_u64(d, "ring_full", c->ring_dropped.records);
    for (unsigned i = 0; i < PAVO_LOSSES; i++) {
        snprintf(name, sizeof name, "lost_%.50s", pavo_loss_word((enum pavo_loss)i));
        rte_tel_data_add_dict_u64(d, name, c->lost[i]);
    }
}

static int
on_stats(const char *cmd, const char *params, struct rte_tel_data *d)
{
    struct pavo_counts c;
    int rc = -1;

    pthread_mutex_lock(&asked.lock);
    if (asked.sensor) {
        sensor_counts(asked.sensor, false, &c);
        rte_tel_data_start_dict(d);
        stats_fill(d, &c);
        rte_tel_data_add_dict_int(d, "balanced", pavo_counts_balance(&c, false, NULL));
        rc = 0;
    }
    pthread_mutex_unlock(&asked.lock);
    return rc;
}

static void
queue_fill(struct rte_tel_data *d, const struct worker *w, const struct worker_queue *wq)
{
    struct cap_stats s;

    wq->q->ops->stats(wq->q, &s);
    rte_tel_data_add_dict_string(d, "device", wq->q->name);
    rte_tel_data_add_dict_int(d, "queue", wq->q->number);
    rte_tel_data_add_dict_int(d, "worker", (int)w->id);
    rte_tel_data_add_dict_u64(d, "received", pavo_stat_get(&wq->received));
    rte_tel_data_add_dict_string(d, "spread", wq->q->spreads ? "symmetric" : "unknown");
    rte_tel_data_add_dict_u64(d, "wrong_shard", pavo_stat_get(&wq->wrong_shard));
    rte_tel_data_add_dict_u64(d, "hash_sampled", pavo_stat_get(&wq->sampled));
    rte_tel_data_add_dict_u64(d, "hash_differs", pavo_stat_get(&wq->hash_differs));
    rte_tel_data_add_dict_string(d, "link",
                                 s.link == CAP_LINK_UP     ? "up"
                                 : s.link == CAP_LINK_DOWN ? "down"
                                                           : "unknown");
    rte_tel_data_add_dict_u64(d, "link_downs", s.link_downs);
}

/* The queue that is number 'nth' of the sensor, or NULL. */
static const struct worker_queue *
queue_find(const struct sensor *s, unsigned nth, const struct worker **by)
{
    const struct cap_set *set = sensor_sources(s);
    const struct worker *workers;
    const struct topo_place *places;
    const unsigned n = sensor_workers(s, &workers, &places);

    for (unsigned i = 0; i < n; i++)
        for (unsigned k = 0; nth < set->n_queues && k < workers[i].n_queues; k++)
            if (workers[i].queues[k].q == set->queues[nth]) {
                *by = &workers[i];
                return &workers[i].queues[k];
            }
    return NULL;
}

static void
queues_fill(struct rte_tel_data *d, const struct sensor *s)
{
    const struct worker_queue *wq;
    const struct worker *by;
    char name[16];

    for (unsigned i = 0; (wq = queue_find(s, i, &by)) != NULL; i++) {
        struct rte_tel_data *one = rte_tel_data_alloc();

        if (!one)
            return;
        rte_tel_data_start_dict(one);
        queue_fill(one, by, wq);
        snprintf(name, sizeof name, "%u", i);
        if (rte_tel_data_add_dict_container(d, name, one, 0) != 0) {
            rte_tel_data_free(one);
            return;
        }
    }
}

static int
on_queues(const char *cmd, const char *params, struct rte_tel_data *d)
{
    const struct worker_queue *wq;
    const struct worker *by;
    char *end = NULL;
    int rc = -1;

    pthread_mutex_lock(&asked.lock);
    if (asked.sensor && (!params || !*params)) {
        rte_tel_data_start_dict(d);
        queues_fill(d, asked.sensor);
        rc = 0;
    } else if (asked.sensor) {
        const unsigned long nth = strtoul(params, &end, 10);

        wq = *end || nth > WORKERS_MAX * WORKERS_MAX ? NULL
                                                     : queue_find(asked.sensor, (unsigned)nth, &by);
        if (wq) {
            rte_tel_data_start_dict(d);
            queue_fill(d, by, wq);
            rc = 0;
        }
    }
    pthread_mutex_unlock(&asked.lock);
    return rc;
}

static void
worker_fill(struct rte_tel_data *d, const struct worker *w, const struct topo_place *at)
{
    char polls[128] = "";
    size_t n = 0;

    for (unsigned i = 0; i < w->n_queues && n + 1 < sizeof polls; i++) {
        const struct cap_queue *q = w->queues[i].q;

        n += (size_t)snprintf(polls + n, sizeof polls - n, "%s%.40s:%u", i ? " " : "", q->name,
                              q->number);
    }
    rte_tel_data_add_dict_int(d, "cpu", at->pu);
    rte_tel_data_add_dict_int(d, "node", at->node);
    rte_tel_data_add_dict_string(d, "why", at->why);
    rte_tel_data_add_dict_string(d, "polls", polls);
}

static int
on_plan(const char *cmd, const char *params, struct rte_tel_data *d)
{
    const struct worker *workers;
    const struct topo_place *places;
    unsigned n;

    pthread_mutex_lock(&asked.lock);
    n = asked.sensor ? sensor_workers(asked.sensor, &workers, &places) : 0;
    if (n > 0)
        rte_tel_data_start_dict(d);
    for (unsigned i = 0; i < n; i++) {
        struct rte_tel_data *one = rte_tel_data_alloc();
        char name[16];

        if (!one)
            break;
        rte_tel_data_start_dict(one);
        worker_fill(one, &workers[i], &places[i]);
        snprintf(name, sizeof name, "%u", i);
        if (rte_tel_data_add_dict_container(d, name, one, 0) != 0) {
            rte_tel_data_free(one);
            break;
        }
    }
    pthread_mutex_unlock(&asked.lock);
    return n > 0 ? 0 : -1;
}

void
dpdk_telemetry_open(const struct sensor *s)
{
    static bool is_known;

    pthread_mutex_lock(&asked.lock);
    asked.sensor = s;
    pthread_mutex_unlock(&asked.lock);
    if (is_known)
        return;
    is_known = true;
    if (rte_telemetry_register_cmd("/pavo/stats", on_stats,
                                   "The ledger's counts. No parameters.") != 0 ||
        rte_telemetry_register_cmd("/pavo/queues", on_queues,
                                   "Receive queues. Parameter: number of one, or none.") != 0 ||
        rte_telemetry_register_cmd("/pavo/plan", on_plan,
                                   "Which worker runs where and polls what. No parameters.") != 0)
        log_debug("dpdk: telemetry has no room for pavo's commands");
}

void
dpdk_telemetry_close(void)
{
    pthread_mutex_lock(&asked.lock);
    asked.sensor = NULL;
    pthread_mutex_unlock(&asked.lock);
}
