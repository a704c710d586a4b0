/* sensor.c - puts a run together and takes it apart
 *
 * A worker's thread pins itself before it takes its memory, so that the pages it touches are of its
 * own node. All threads have their memory when sensor_open() returns; none receives before
 * sensor_go().
 */
#include "sensor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

enum gate { GATE_CLOSED, GATE_OPEN, GATE_LEAVE };

struct seat {
    struct sensor *sensor;
    pthread_t thread;
    bool has_thread;
    bool is_ready; /* under 'lock': its memory is there, or rc says why not */
    int rc;
    struct pavo_err err;
};

struct sensor {
    const struct cfg *cfg;
    struct cap_set *set;
    struct worker_run run;
    struct worker *workers; /* cache-line aligned */
    struct seat *seats;
    struct topo *topo;
    struct topo_place *places, export_place;
    struct exporter exporter;
    pthread_t export_thread;
    bool has_export_thread;
    int done_pipe[2];
    _Atomic bool is_done;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    enum gate gate;
};

unsigned
sensor_n_workers(const struct cfg *cfg, unsigned n_queues)
{
    unsigned n = cfg->workers.count;

    if (n == 0)
        n = strcmp(cfg->capture.backend, "dpdk") == 0 ? n_queues : 1;
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : n;
}

struct pavo_shard_config
sensor_shard_config(const struct cfg *cfg, unsigned n)
{
    return (struct pavo_shard_config){
        .flow_limit = (cfg->flow.limit + n - 1) / n,
        .meter_limit = !cfg->flow.meter        ? 0
                       : cfg->flow.meter_limit ? (cfg->flow.meter_limit + n - 1) / n
                                               : PAVO_METERS_AUTO,
        .name_limit = (cfg->flow.name_limit + n - 1) / n,
        .payload_bytes = cfg->flow.payload_bytes,
        .parts = (cfg->flow.names ? PAVO_PART_NAMES : 0u) |
                 (cfg->flow.first_packets ? PAVO_PART_FIRST : 0u) |
                 (cfg->flow.payload_bytes ? PAVO_PART_BYTES : 0u) |
                 (cfg->flow.entropy ? PAVO_PART_ENTROPY : 0u),
        .encap_limit = (cfg->flow.encap_limit + n - 1) / n,
        .timeouts = cfg->flow.timeouts,
    };
}

unsigned
sensor_owner(uint32_t owner_hash, unsigned n)
{
    return owner_hash % OWNERS % n;
}

uint32_t
sensor_payload_room(const struct cfg *cfg)
{
    /* Control protocols and RTP say what flows keep of them in their first bytes. */
    return cfg->flow.names || cfg->flow.payload_bytes || cfg->flow.entropy ? PAVO_PAYLOAD_MAX : 384;
}

uint32_t
sensor_mesh_slots(const struct cfg *cfg, unsigned n)
{
    const uint32_t all = 8192, most = 4096, least = 64;

    if (cfg->workers.mesh_ring)
        return cfg->workers.mesh_ring;
    return all / n > most ? most : all / n < least ? least : all / n;
}

/* ---- threads ----------------------------------------------------------------------------------
 */

static void
thread_name(const char *word, unsigned id)
{
#ifdef __linux__
    char name[16];

    snprintf(name, sizeof name, "pavo-%s%u", word, id % 1000);
    pthread_setname_np(pthread_self(), name);
#endif
}

static bool
gate_wait(struct sensor *s)
{
    bool go;

    pthread_mutex_lock(&s->lock);
    while (s->gate == GATE_CLOSED)
        pthread_cond_wait(&s->changed, &s->lock);
    go = s->gate == GATE_OPEN;
    pthread_mutex_unlock(&s->lock);
    return go;
}

static void *
worker_thread(void *ctx)
{
    struct seat *seat = ctx;
    struct sensor *s = seat->sensor;
    const unsigned id = (unsigned)(seat - s->seats);
    int rc;

    thread_name("w", id);
    (void)topo_pin(s->places[id].pu); /* a cgroup may forbid it: the run is right, only slower */
    rc = worker_open(&s->workers[id], &pavo_mem_plain, s->cfg->workers.record_ring, &seat->err);
    pthread_mutex_lock(&s->lock);
    seat->rc = rc;
    seat->is_ready = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (gate_wait(s))
        worker_run_loop(&s->workers[id]);
    return NULL;
}

static void *
export_thread(void *ctx)
{
    struct sensor *s = ctx;
    ssize_t unused;

    thread_name("export", 0);
    topo_settle(s->topo, &s->export_place, s->places, s->run.n);
    if (!gate_wait(s))
        return NULL;
    exporter_run(&s->exporter);
    /* Release: pairs with the acquire in sensor_is_done(). */
    atomic_store_explicit(&s->is_done, true, memory_order_release);
    unused = write(s->done_pipe[1], "", 1);
    (void)unused;
    return NULL;
}

static void
gate_set(struct sensor *s, enum gate gate)
{
    pthread_mutex_lock(&s->lock);
    s->gate = gate;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static int
start_worker(struct sensor *s, unsigned id, struct pavo_err *err)
{
    struct seat *seat = &s->seats[id];
    int rc = pthread_create(&seat->thread, NULL, worker_thread, seat);

    if (rc != 0)
        return pavo_err_set(err, rc, "worker %u: no thread: %s", id, strerror(rc));
    seat->has_thread = true;
    pthread_mutex_lock(&s->lock);
    while (!seat->is_ready)
        pthread_cond_wait(&s->changed, &s->lock);
    rc = seat->rc;
    pthread_mutex_unlock(&s->lock);
    if (rc < 0)
        *err = seat->err;
    return rc;
}

/* Signals are for the main thread: the others start with all blocked. */
static int
start_threads(struct sensor *s, struct pavo_err *err)
{
    sigset_t all, before;
    int rc = 0;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned i = 0; rc == 0 && i < s->run.n; i++)
        rc = start_worker(s, i, err);
    if (rc == 0) {
        for (unsigned i = 0; i < s->run.n; i++)
            s->exporter.merge.rings[i] = s->workers[i].out;
        rc = -pthread_create(&s->export_thread, NULL, export_thread, s);
        if (rc < 0)
            pavo_err_set(err, -rc, "export thread: %s", strerror(-rc));
        s->has_export_thread = rc == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void
random_seed(uint64_t seed[2])
{
    const int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    seed[0] = (uint64_t)t.tv_nsec * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)getpid();
    seed[1] = (uint64_t)t.tv_sec ^ (uint64_t)(uintptr_t)&t;
    if (fd >= 0) {
        uint64_t more[2];

        if (read(fd, more, sizeof more) == (ssize_t)sizeof more)
            memcpy(seed, more, sizeof more);
        close(fd);
    }
}

/* Queues of the device whose first queue is number 'first' of the set. */
static unsigned
queues_of_device(const struct cap_set *set, unsigned first)
{
    unsigned n = 1;

    while (first + n < set->n_queues && set->queues[first + n]->number != 0)
        n++;
    return n;
}

/* A device's promise to deliver each flow to its owner holds only if the queue that its table names
 * for a hash is polled by the worker that owns that hash. */
static void
promises_check(struct sensor *s)
{
    const struct cap_set *set = s->set;
    unsigned n;

    for (unsigned first = 0; first < set->n_queues; first += n) {
        bool fits = true;

        n = queues_of_device(set, first);
        for (unsigned h = 0; h < OWNERS; h++)
            fits = fits && s->run.owner[h] == (first + h % n) % s->run.n;
        if (fits || !set->queues[first]->spreads)
            continue;
        for (unsigned i = first; i < first + n; i++)
            set->queues[i]->spreads = false;
        log_info(
            "%s: its %u queues do not fit %u workers: packets of some flows go to their worker "
            "through memory (handed_off); with as many workers as it has queues they would "
            "not",
            set->queues[first]->name, n, s->run.n);
    }
}

/* What all workers share. */
static int
run_fill(struct sensor *s, struct pavo_err *err)
{
    const struct cfg *cfg = s->cfg;
    struct worker_run *run = &s->run;
    const unsigned n_queues = s->set->n_queues;
    bool everyone[WORKERS_MAX], is_one;
    uint32_t slots;
    int rc;

    run->n = sensor_n_workers(cfg, n_queues);
    run->can_wait = true;
    for (unsigned i = 0; i < n_queues; i++) {
        run->can_wait = run->can_wait && s->set->queues[i]->can_wait;
        run->receives[i % run->n] = true;
    }
    run->n_receivers = n_queues < run->n ? n_queues : run->n;
    is_one = n_queues >= run->n && n_queues > 0 && queues_of_device(s->set, 0) == n_queues;
    run->has_resolve = run->n > 1 && n_queues > 1;
    /* The table of a device is i % queues (dpdk_spread.c): who polls that queue owns the hash. */
    for (unsigned i = 0; i < OWNERS; i++)
        run->owner[i] = (uint8_t)(is_one ? i % n_queues % run->n : sensor_owner(i, run->n));
    run->make.key_parts = cfg->flow.key | (run->n == 1 ? PAVO_KEY_ALONE : 0u);
    run->burst = cfg->capture.burst;
    run->make.decap = cfg->decap;
    run->clock = (struct pavo_clock){
        .grace_ns = cfg->flow.timeouts.grace,
        .back_ns = cfg->flow.jump_back_ns,
        .forward_ns = cfg->flow.jump_forward_ns,
    };
    run->shard = sensor_shard_config(cfg, run->n);
    random_seed(run->shard.seed);
    memcpy(run->make.seed, run->shard.seed, sizeof run->make.seed);
    run->frags = (struct pavo_frags_config){
        .limit = cfg->fragments.limit,
        .waiting = cfg->fragments.waiting,
        .timeout_ns = cfg->fragments.timeout_ns,
    };
    random_seed(run->frags.seed);
    slots = sensor_mesh_slots(cfg, run->n);
    for (unsigned i = 0; i < run->n; i++)
        everyone[i] = true; /* whoever resolves fragments sends what it resolved */
    run->make.payload_room = sensor_payload_room(cfg);
    rc = mesh_open(&run->account, run->n, run->has_resolve ? everyone : run->receives, slots,
                   run->make.payload_room, &pavo_mem_plain, err);
    if (rc == 0 && run->has_resolve)
        rc = mesh_open(&run->resolve, run->n, run->receives, slots / MESH_RESOLVE_PART, 0,
                       &pavo_mem_plain, err);
    return rc;
}

/* Where the driver does not know the node, /sys or hwloc may. */
static int
queue_node(const struct topo *t, const struct cap_queue *q)
{
    return q->node >= 0 || !q->wall_clock ? q->node : topo_device_node(t, "/sys", q->name);
}

/* Queue i is polled by worker i modulo their number. */
static int
workers_fill(struct sensor *s, struct pavo_err *err)
{
    const struct cap_set *set = s->set;
    struct topo_want wants[WORKERS_MAX];
    bool may_float = s->run.n == 1;
    int rc;

    promises_check(s);
    for (unsigned i = 0; i < s->run.n; i++) {
        struct worker *w = &s->workers[i];
        const unsigned most = set->n_queues / s->run.n + 1;

        w->id = i;
        w->run = &s->run;
        w->queues = calloc(most, sizeof *w->queues);
        if (!w->queues)
            return pavo_err_set(err, ENOMEM, "worker %u: no memory", i);
        wants[i] = (struct topo_want){.node = -1, .source = UINT_MAX};
    }
    for (unsigned i = 0; i < set->n_queues; i++) {
        struct worker *w = &s->workers[i % s->run.n];

        w->queues[w->n_queues++] =
            (struct worker_queue){.q = set->queues[i], .clock = s->run.clock};
        if (w->n_queues == 1) /* the first decides, as in `pavo plan` */
            wants[w->id] = (struct topo_want){.node = queue_node(s->topo, set->queues[i]),
                                              .source = set->queues[i]->source};
    }
    if (strcmp(s->cfg->capture.backend, "dpdk") == 0)
        may_float = false; /* it polls */
    rc = topo_place_workers(s->topo, s->cfg->workers.cores, s->cfg->workers.smt, s->run.n, wants,
                            may_float, s->places, err);
    if (rc == 0)
        topo_place_export(s->topo, s->places, s->run.n, &s->export_place);
    return rc;
}

struct sensor *
sensor_open(const struct cfg *cfg, struct cap_set *set, struct pavo_sink **sinks, unsigned n_sinks,
            struct pavo_err *err)
{
    const struct topo_from from = {.sys = "/sys", .with_nics = cfg->capture.n_devices > 0};
    struct sensor *s = calloc(1, sizeof *s);
    size_t bytes;

    if (!s) {
        pavo_err_set(err, ENOMEM, "sensor: no memory");
        return NULL;
    }
    s->cfg = cfg;
    s->set = set;
    s->done_pipe[0] = s->done_pipe[1] = -1;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    if (run_fill(s, err) < 0)
        goto fail;
    bytes = s->run.n * sizeof *s->workers;
    s->workers = aligned_alloc(PAVO_CACHE_LINE, bytes);
    if (s->workers)
        memset(s->workers, 0, bytes);
    s->seats = calloc(s->run.n, sizeof *s->seats);
    s->topo = calloc(1, sizeof *s->topo);
    s->places = calloc(s->run.n, sizeof *s->places);
    s->exporter = (struct exporter){
        .sensor = s,
        .sinks = sinks,
        .n_sinks = n_sinks,
        .interval_ns = cfg->control.interval_ns,
        .terminal = isatty(STDOUT_FILENO),
        .merge = {.n = s->run.n},
    };
    for (unsigned i = 0; i < cfg->n_sinks; i++)
        s->exporter.by_size = s->exporter.by_size || cfg->sinks[i].rotate_bytes > 0;
    s->exporter.merge.rings = calloc(s->run.n, sizeof(struct pavo_ring *));
    if (!s->workers || !s->seats || !s->topo || !s->places || !s->exporter.merge.rings ||
        pipe(s->done_pipe) != 0) {
        pavo_err_set(err, ENOMEM, "sensor: no memory");
        goto fail;
    }
    for (unsigned i = 0; i < s->run.n; i++)
        s->seats[i].sensor = s;
    if (topo_read(s->topo, &from, err) < 0 || workers_fill(s, err) < 0 || start_threads(s, err) < 0)
        goto fail;
    return s;

fail:
    sensor_close(s);
    return NULL;
}

void
sensor_go(struct sensor *s)
{
    gate_set(s, GATE_OPEN);
}

void
sensor_stop(struct sensor *s)
{
    atomic_store_explicit(&s->run.stop, true, memory_order_relaxed);
    for (unsigned i = 0; i < s->set->n_queues; i++)
        if (s->set->queues[i]->ops->interrupt)
            s->set->queues[i]->ops->interrupt(s->set->queues[i]);
}

void
sensor_reopen(struct sensor *s)
{
    atomic_store_explicit(&s->exporter.reopen, true, memory_order_relaxed);
}

int
sensor_done_fd(const struct sensor *s)
{
    return s->done_pipe[0];
}

bool
sensor_is_done(const struct sensor *s)
{
    return atomic_load_explicit(&s->is_done, memory_order_acquire);
}

void
sensor_join(struct sensor *s)
{
    for (unsigned i = 0; i < s->run.n; i++) {
        if (s->seats[i].has_thread)
            pthread_join(s->seats[i].thread, NULL);
        s->seats[i].has_thread = false;
    }
    if (s->has_export_thread)
        pthread_join(s->export_thread, NULL);
    s->has_export_thread = false;
}

void
sensor_close(struct sensor *s)
{
    if (!s)
        return;
    if (s->seats) {
        gate_set(s, s->gate == GATE_OPEN ? GATE_OPEN : GATE_LEAVE);
        sensor_join(s);
    }
    for (unsigned i = 0; s->workers && i < s->run.n; i++) {
        worker_close(&s->workers[i]);
        free(s->workers[i].queues);
    }
    mesh_close(&s->run.account);
    mesh_close(&s->run.resolve);
    for (unsigned i = 0; i < 2; i++)
        if (s->done_pipe[i] >= 0)
            close(s->done_pipe[i]);
    free(s->exporter.merge.rings);
    free(s->workers);
    free(s->seats);
    free(s->topo);
    free(s->places);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* ---- counts -----------------------------------------------------------------------------------
 */

bool
sensor_workers_done(const struct sensor *s)
{
    for (unsigned i = 0; i < s->run.n; i++)
        /* Acquire: pairs with the release at the end of worker_run_loop(). */
        if (!atomic_load_explicit(&s->workers[i].is_done, memory_order_acquire))
            return false;
    return true;
}

bool
sensor_was_stopped(const struct sensor *s)
{
    return atomic_load_explicit(&s->run.stop, memory_order_relaxed);
}

uint64_t
sensor_time(const struct sensor *s)
{
    uint64_t latest = 0;

    for (unsigned i = 0; i < s->run.n; i++) {
        const uint64_t t = pavo_stat_get(&s->workers[i].stats.clock_ns);

        if (t > latest)
            latest = t;
    }
    return latest;
}

/* A packet moves on only: received, waiting, accounted, in a record. What is further on is read
 * first, so that no packet is seen twice, and what is missing in a snapshot is on its way. */
static void
count_shard(const struct pavo_shard_stats *s, struct pavo_counts *c)
{
    const uint64_t dropped_records = pavo_stat_get(&s->dropped_records);
    const uint64_t dropped_packets = pavo_stat_get(&s->dropped_packets);
    const uint64_t records = pavo_stat_get(&s->records);
    const uint64_t record_packets = pavo_stat_get(&s->record_packets);
    uint64_t ended, packets;

    c->ring_dropped.records += dropped_records;
    c->ring_dropped.packets += dropped_packets;
    c->made.records += records + dropped_records;
    c->made.packets += record_packets + dropped_packets;
    c->made.octets += pavo_stat_get(&s->record_octets);
    ended = pavo_stat_get(&s->flows_ended);
    packets = pavo_stat_get(&s->packets);
    /* The shard counts a burst when it is over: its first records may be ahead of it. */
    if (packets < record_packets + dropped_packets)
        packets = record_packets + dropped_packets;
    c->received_octets += pavo_stat_get(&s->octets);
    c->accounted += packets;
    c->live_packets += packets - record_packets - dropped_packets;
    c->flows_made += pavo_stat_get(&s->flows_made);
    c->live_flows += pavo_stat_get(&s->flows_made) - ended;
    c->evicted += pavo_stat_get(&s->evicted);
    c->icmp_errors += pavo_stat_get(&s->icmp_errors);
    c->icmp_strays += pavo_stat_get(&s->icmp_strays);
    c->encap_full += pavo_stat_get(&s->encap_full);
    c->pool_empty += pavo_stat_get(&s->pool_empty);
}

static void
count_worker(const struct worker *w, struct pavo_counts *c)
{
    const struct worker_stats *s = &w->stats;
    const struct pavo_frag_stats *f = pavo_frags_stats(w->frags);
    uint64_t joined, orphaned, waited;

    c->lost[PAVO_LOSS_HANDOFF_FULL] += pavo_stat_get(&s->handoff_full);
    joined = pavo_stat_get(&f->joined);
    orphaned = pavo_stat_get(&f->orphaned);
    waited = pavo_stat_get(&f->waited);
    c->frag_joined += joined;
    c->frag_orphaned += orphaned;
    c->frag_waited += waited;
    c->frag_firsts += pavo_stat_get(&f->firsts);
    c->frag_followed += pavo_stat_get(&f->followed);
    c->frag_evicted += pavo_stat_get(&f->evicted);
    c->frag_duplicates += pavo_stat_get(&f->duplicates);
    c->frag_overlaps += pavo_stat_get(&f->overlaps);
    c->frag_out_of_order += pavo_stat_get(&f->out_of_order);
    c->frag_tiny += pavo_stat_get(&f->tiny);
    c->frag_atomic += pavo_stat_get(&f->atomic);
    c->waiting_fragments += waited - joined - orphaned;
    c->handed_off += pavo_stat_get(&s->handed_off);
    c->wrong_shard += pavo_stat_get(&s->wrong_shard);
    for (unsigned i = 0; i < PAVO_WHYS; i++)
        c->why[i] += pavo_stat_get(&s->why[i]);
    c->clock_jumps += pavo_stat_get(&s->jumps);
    c->late_packets += pavo_stat_get(&s->late);
}

static void
count_sources(const struct sensor *s, bool final, struct pavo_counts *c)
{
    for (unsigned i = 0; i < s->set->n_queues; i++) {
        struct cap_queue *q = s->set->queues[i];
        struct cap_stats t;

        q->ops->stats(q, &t);
        c->filtered += t.filtered;
        if (final)
            c->offered += t.offered;
        for (unsigned k = 0; k < PAVO_LOSSES; k++) {
            c->lost[k] += t.lost[k];
            if (!final)
                c->offered += t.lost[k];
        }
    }
    if (!final)
        c->offered += c->received;
}

void
sensor_counts(const struct sensor *s, bool final, struct pavo_counts *out)
{
    uint64_t placed;

    *out = (struct pavo_counts){0};
    for (unsigned i = 0; i < s->run.n; i++)
        count_shard(pavo_shard_stats(s->workers[i].shard), out);
    for (unsigned i = 0; i < s->run.n; i++)
        count_worker(&s->workers[i], out);
    for (unsigned i = 0; i < s->run.n; i++)
        out->received += pavo_stat_get(&s->workers[i].stats.received);
    placed = out->accounted + out->waiting_fragments + out->lost[PAVO_LOSS_HANDOFF_FULL];
    out->in_flight = out->received - placed;
    if (!final && placed > out->received) { /* a burst that is accounted and not yet counted */
        out->received = placed;
        out->in_flight = 0;
    }
    count_sources(s, final, out);
}

unsigned
sensor_workers(const struct sensor *s, const struct worker **workers,
               const struct topo_place **places)
{
    *workers = s->workers;
    *places = s->places;
    return s->run.n;
}

const struct cap_set *
sensor_sources(const struct sensor *s)
{
    return s->set;
}

/* ---- measurements -----------------------------------------------------------------------------
 */

void
sensor_laps(struct sensor *s, unsigned worker, struct pavo_laps *laps)
{
    worker_laps(&s->workers[worker], laps);
}

uint64_t
sensor_cpu_ns(const struct sensor *s, unsigned worker)
{
    const bool has_thread =
        worker == SENSOR_EXPORTER ? s->has_export_thread : s->seats[worker].has_thread;
    struct timespec t;
    clockid_t clock;

    if (!has_thread ||
        pthread_getcpuclockid(
            worker == SENSOR_EXPORTER ? s->export_thread : s->seats[worker].thread, &clock) != 0)
        return 0;
    /* A thread that has ended and was not joined has no clock any more. */
    return clock_gettime(clock, &t) == 0 ? (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec
                                         : 0;
}

void
sensor_settle_control(const struct sensor *s)
{
    struct topo_place place;

    topo_place_control(s->topo, s->places, s->run.n, &place);
    topo_settle(s->topo, &place, s->places, s->run.n);
}

void
sensor_avoid_workers(const struct sensor *s)
{
    topo_avoid(s->topo, s->places, s->run.n);
}
