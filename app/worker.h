/* worker.h - one thread: receive, decode, hand over, account, sweep
 *
 * A worker polls the queues it was given, owns one shard of the flow table and one fragment memory,
 * and knows no backend. Packets of other workers' flows leave through the mesh; those of its own
 * come in through it.
 *
 * Determinism: everything for one shard that comes from one queue goes through one
 * first-in-first-out road (the worker's own batch, or one ring), so a flow sees its packets in the
 * order of the capture whatever the number of workers and the size of a burst.
 */
#ifndef PAVO_WORKER_H
#define PAVO_WORKER_H

#include "capture.h"
#include "laps.h"
#include "mesh.h"

enum { WORKERS_MAX = 128, OWNERS = 128, BURST_MAX = 64 };

/* What all workers of a run share. Written before they start; then only 'stop' changes. */
struct worker_run {
    unsigned n;           /* workers */
    unsigned n_receivers; /* of those: with a queue */
    bool has_resolve; /* several queues: fragments go to the worker that remembers their datagram */
    bool can_wait;    /* of every queue */
    uint8_t owner[OWNERS]; /* of a flow, by owner_hash modulo OWNERS */
    bool receives[WORKERS_MAX];
    struct mesh account, resolve;
    struct pavo_packet_make make;
    unsigned burst;
    struct pavo_clock clock;        /* limits that every queue's clock starts with */
    struct pavo_shard_config shard; /* id, out and mem are filled for each */
    struct pavo_frags_config frags;
    _Atomic bool stop; /* main thread: receive nothing new, drain, flush, end */
};

/* Counters of a worker: stored by it, loaded by anyone. */
struct worker_stats {
    PAVO_STAT(received);
    PAVO_STAT(bursts);
    PAVO_STAT(handed_off); /* crossings of a ring between workers */
    PAVO_STAT(handoff_full);
    PAVO_STAT(wrong_shard);
    PAVO_STAT(why[PAVO_WHYS]);
    PAVO_STAT(jumps);
    PAVO_STAT(late);
    PAVO_STAT(clock_ns); /* event time */
};

struct worker_queue {
    struct cap_queue *q;
    struct pavo_clock clock;
    uint64_t told_ns;     /* event time that the other workers were last told */
    uint64_t jumps, late; /* of 'clock', as far as they are in the stats */
    bool is_stopping;
    bool is_empty;  /* at the last look */
    bool can_sleep; /* its wait() sleeps: the system buffers meanwhile */
    bool has_ended;
    /* Stored by the worker, loaded by anyone. */
    PAVO_STAT(received);
    PAVO_STAT(wrong_shard); /* plain packets that the source should have given to another worker */
    PAVO_STAT(sampled);     /* packets, one a burst, whose hash by the NIC was compared with ours */
    PAVO_STAT(hash_differs); /* of those */
};

enum worker_phase {
    WORKER_RECEIVES,
    WORKER_RESOLVES, /* own queues have ended, fragments of others may come */
    WORKER_ACCOUNTS, /* nothing more is sent; packets of others may come */
    WORKER_FLUSHES,
    WORKER_DONE,
};

/* Owner: its own thread from worker_open() to worker_close(); 'stats' and the shard's are for
 * everyone. */
struct worker {
    unsigned id;
    struct worker_run *run;
    struct worker_queue *queues;
    unsigned n_queues;
    struct pavo_shard *shard;
    struct pavo_frags *frags;
    struct pavo_ring *out; /* records; the consumer is the export thread */

    unsigned n_copies;
    struct pavo_packet *packets; /* BURST_MAX; the shard has borrowed the last PAVO_PIPE_PACKETS */
    uint32_t n_pushed;           /* of these, in this burst */
    struct pavo_packet *copies;  /* BURST_MAX: that the fragment memory handed out */
    uint32_t why[PAVO_WHYS];     /* of the burst, without those that are whole */
    uint32_t n_flawed;           /* their sum */

    enum worker_phase phase;
    enum pavo_end_detail end_why;
    uint64_t final_ns;
    bool resolve_ended[WORKERS_MAX], account_ended[WORKERS_MAX];
    bool frags_jumped; /* another worker's clock jumped: what waits for its first piece is given up
                        */
    unsigned idle_streak, turn;
    uint64_t patience_ns;   /* that this burst may still wait for room in the mesh */
    struct pavo_laps *laps; /* NULL but in a measurement */

    struct worker_stats stats __attribute__((aligned(PAVO_CACHE_LINE)));
    _Atomic bool is_done; /* release: all its counters are final and its ring is complete */
};

/* worker_open - takes memory for shard, fragments, rings; in the worker's thread, so that it lies
 * near it. worker_run_loop - until everything is received, accounted and flushed. */
int worker_open(struct worker *w, const struct pavo_mem *mem, uint32_t record_ring,
                struct pavo_err *err);
void worker_run_loop(struct worker *w);
void worker_close(struct worker *w);
/* Where its stages add their time; NULL: nowhere. The worker's thread only. */
void worker_laps(struct worker *w, struct pavo_laps *laps);

#endif
