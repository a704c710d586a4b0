/* shard.c - two workers, each with a shard, and one thread that takes their records and reads their
 * counters
 *
 * What the sensor does, without its capture: packets are made in the workers, handed to their owner
 * through a mesh of rings, accounted and swept; the main thread drains the small record rings and
 * loads counters meanwhile. Meant to run under ThreadSanitizer. At the end, the packets in records
 * are the packets made.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pavo_flow.h"
#include "ring.h"

#define T0 UINT64_C(1789000000000000000)

enum {
    WORKERS = 2,
    BURST = 16,
};

struct worker {
    unsigned number;
    struct pavo_shard *shard;
    struct pavo_ring *records;
    struct pavo_ring *mesh[WORKERS]; /* from that worker to this one; NULL from itself */
    _Atomic bool sent_all; /* nothing more will come into the others' mesh rings from this one */
    _Atomic bool done;
    pthread_t thread;
};

static struct worker workers[WORKERS];
static unsigned n_packets = 100000; /* of each worker */
static const uint64_t seed[2] = {11, 22};

static void
packet_make(struct pavo_packet *p, unsigned worker, unsigned i)
{
    const uint32_t r = (i + 1) * UINT32_C(2654435761) ^ worker << 7;

    memset(p, 0, sizeof *p);
    p->ts_ns = p->now_ns = T0 + i * UINT64_C(5000000);
    p->at.kind = PAVO_KIND_IP4;
    p->at.proto = 17;
    p->at.has_ports = 1;
    p->at.src[0] = 10;
    p->at.src[3] = (uint8_t)(r >> 8);
    p->at.dst[0] = 11;
    p->at.src_port = (uint16_t)(r >> 28);
    p->at.dst_port = 53;
    p->at.l3_len = 100;
    pavo_packet_key(p, PAVO_KEY_DEFAULT);
    p->hash = pavo_key_hash(&p->key, seed);
}

/* Accounts what others handed over. Returns how many. */
static unsigned
mesh_take(struct worker *w)
{
    unsigned taken = 0;

    for (unsigned from = 0; from < WORKERS; from++) {
        struct pavo_packet *p;

        while (w->mesh[from] && (p = ring_peek(w->mesh[from]))) {
            while (ring_room(w->records) < 2 || pavo_shard_backlog(w->shard)) {
                pavo_shard_sweep(w->shard, 0);
                sched_yield();
            }
            pavo_shard_burst(w->shard, &p, 1);
            ring_pop(w->mesh[from]);
            taken++;
        }
    }
    return taken;
}

static void
mesh_give(struct worker *w, struct worker *to, const struct pavo_packet *p)
{
    struct pavo_packet *slot;

    while (!(slot = ring_slot(to->mesh[w->number]))) {
        mesh_take(w); /* else two full workers would wait for each other */
        sched_yield();
    }
    memcpy(slot, p, pavo_packet_size(p));
    ring_push(to->mesh[w->number]);
}

static void *
work(void *arg)
{
    static _Thread_local struct pavo_packet own[BURST];
    struct worker *w = arg;
    bool others_sent = false;

    for (unsigned i = 0; i < n_packets;) {
        struct pavo_packet *burst[BURST];
        unsigned n = 0;

        for (; n < BURST && i < n_packets; i++) {
            struct worker *to;

            packet_make(&own[n], w->number, i);
            to = &workers[own[n].owner_hash % WORKERS];
            if (to != w) {
                mesh_give(w, to, &own[n]);
            } else {
                burst[n] = &own[n];
                n++;
            }
        }
        while (ring_room(w->records) < BURST || pavo_shard_backlog(w->shard)) {
            pavo_shard_sweep(w->shard, 0);
            sched_yield();
        }
        pavo_shard_burst(w->shard, burst, n);
        mesh_take(w);
        pavo_shard_sweep(w->shard, 64);
    }
    atomic_store_explicit(&w->sent_all, true, memory_order_release);
    while (!others_sent) { /* look first, take then: what was sent before the flag is seen */
        others_sent = true;
        for (unsigned k = 0; k < WORKERS; k++)
            others_sent &= atomic_load_explicit(&workers[k].sent_all, memory_order_acquire);
        mesh_take(w);
        sched_yield();
    }
    while (!pavo_shard_flush(w->shard, PAVO_DETAIL_STOPPED))
        sched_yield();
    atomic_store_explicit(&w->done, true, memory_order_release);
    return NULL;
}

static void
worker_open(struct worker *w, unsigned number, const struct pavo_timeouts *t)
{
    struct pavo_err err = {.text = ""};
    struct pavo_shard_config cfg = {.id = number,
                                    .flow_limit = 1000,
                                    .encap_limit = 16,
                                    .timeouts = *t,
                                    .seed = {seed[0], seed[1]},
                                    .mem = &pavo_mem_plain};

    w->number = number;
    w->records = pavo_ring_open(pavo_draft_room(0), 64, &pavo_mem_plain, &err);
    cfg.out = w->records;
    w->shard = pavo_shard_open(&cfg, &err);
    for (unsigned from = 0; from < WORKERS; from++)
        if (from != number)
            w->mesh[from] = pavo_ring_open(sizeof(struct pavo_packet), 32, &pavo_mem_plain, &err);
    if (!w->records || !w->shard) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

int
main(int argc, char **argv)
{
    const struct pavo_timeouts t = {.active = 2000000000,
                                    .idle_udp = 1000000000,
                                    .idle_other = 1000000000,
                                    .grace = 1000000000};
    uint64_t packets = 0, records = 0, seen = 0, dropped = 0;
    bool all_done = false;

    if (argc > 1)
        n_packets = (unsigned)strtoul(argv[1], NULL, 0);
    for (unsigned i = 0; i < WORKERS; i++)
        worker_open(&workers[i], i, &t);
    for (unsigned i = 0; i < WORKERS; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
            return 1;
    while (!all_done) { /* done first, then the ring: nothing is pushed after 'done' */
        uint64_t now = 0;

        all_done = true;
        for (unsigned i = 0; i < WORKERS; i++) {
            const struct pavo_draft *d;

            all_done &= atomic_load_explicit(&workers[i].done, memory_order_acquire);
            while ((d = ring_peek(workers[i].records))) {
                struct pavo_record r;

                pavo_record_make(d, &r);
                packets += r.packetDeltaCount[0] + r.packetDeltaCount[1];
                records++;
                ring_pop(workers[i].records);
            }
            now += pavo_stat_get(&pavo_shard_stats(workers[i].shard)->packets);
        }
        if (now < seen) {
            fprintf(stderr, "a counter went back\n");
            return 1;
        }
        seen = now;
        sched_yield();
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
        dropped += pavo_stat_get(&pavo_shard_stats(workers[i].shard)->dropped_packets);
        pavo_shard_close(workers[i].shard);
        pavo_ring_close(workers[i].records);
        for (unsigned from = 0; from < WORKERS; from++)
            pavo_ring_close(workers[i].mesh[from]);
    }
    printf("%llu packets in %llu records, %llu dropped\n", (unsigned long long)packets,
           (unsigned long long)records, (unsigned long long)dropped);
    return packets == WORKERS * (uint64_t)n_packets && dropped == 0 ? 0 : 1;
}
