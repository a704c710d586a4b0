/* capture.h - where frames come from: what a backend offers to a worker
 *
 * A source is an interface, a file list or a port; it has one or more queues, and each queue is
 * polled by exactly one worker. A worker knows no backend: it sees queues.
 */
#ifndef PAVO_CAPTURE_H
#define PAVO_CAPTURE_H

#include "pavo_export.h"

struct cfg;
struct cfg_device;

/* What a source can tell about packets, as totals since open. */
enum cap_link { CAP_LINK_UNKNOWN, CAP_LINK_UP, CAP_LINK_DOWN };

struct cap_stats {
    uint64_t offered; /* as far as the source can tell: received + lost */
    uint64_t lost[PAVO_LOSSES];
    uint64_t filtered;   /* left out by capture.filter inside this process (backends filter); not in
                            'offered' */
    enum cap_link link;  /* of the device, at the last look() */
    uint64_t link_downs; /* times that it went down */
    bool knows_losses;   /* false: the driver does not tell; 'offered' is then what was received */
};

enum { CAP_END = -1, CAP_FAILED = -2 }; /* returned by recv */

struct cap_queue {
    const struct cap_ops *ops;
    uint16_t source;  /* number of its source, as in pavo_frame.source */
    bool can_wait;    /* file or pipe: nothing is lost while nobody receives */
    bool wall_clock;  /* live: between bursts the wall clock moves event time */
    bool has_company; /* its worker polls other queues, too: set by the worker, before enter() */
    bool spreads; /* the source says that it delivers plain TCP and UDP to the queue of their flow's
                     owner: symmetric RSS with our table */
    uint16_t number;  /* among the queues of its source */
    int node;         /* NUMA node of the device, -1 unknown */
    const char *name; /* of the source: "eth0", "a.pcap" */
};

struct cap_ops {
    /* Up to 'max' frames, borrowed until done(); 0: none now; CAP_END; CAP_FAILED (error() says
     * what). After CAP_END or CAP_FAILED it is not called again. Worker thread. */
    int (*recv)(struct cap_queue *q, struct pavo_frame *out, unsigned max);
    void (*done)(struct cap_queue *q);
    /* Sleeps until frames may be there, at most timeout_ms; 0: not now, there was work a moment
     * ago. False: nothing buffers much for this queue meanwhile, poll it again soon. */
    bool (*wait)(struct cap_queue *q, int timeout_ms);
    /* Any thread, at any time between open and close. Sums over the source's queues are made by the
     * caller. */
    void (*stats)(struct cap_queue *q, struct cap_stats *out);
    /* Looks at what changes slowly and says it (the link). Main thread, about once a second. May be
     * NULL. */
    void (*look)(struct cap_queue *q);
    /* What went wrong, after CAP_FAILED; or what was cut, after CAP_END of a broken file (then
     * status 2). NULL: nothing. */
    const char *(*error)(struct cap_queue *q);
    /* Called by the worker's thread before the first recv and after the last. May be NULL. */
    void (*enter)(struct cap_queue *q);
    void (*leave)(struct cap_queue *q);
    /* The sensor was told to stop, worker thread, once: takes nothing new from the wire. recv()
     * then hands out what was received before and ends with CAP_END. NULL: the worker drains until
     * recv() says 0 (a can_wait queue: at once) and calls it no more. */
    void (*stop)(struct cap_queue *q);
    /* As stop() comes, from any thread: a recv() that waits for the rest of a frame gives it up.
     * May be NULL. */
    void (*interrupt)(struct cap_queue *q);
};

/* All queues of a run, in a fixed order. Backends append to it when they open. */
struct cap_set {
    struct cap_queue **queues;
    unsigned n_queues;
    const char **source_names; /* by source number */
    unsigned n_sources;
};

/* Opens what the configuration names. 0 or -errno with err; nothing is left open then.
 * capture_close() closes what the set holds (after the workers have ended) and leaves nothing
 * behind. */
int capture_open(const struct cfg *cfg, struct cap_set *set, struct pavo_err *err);
void capture_close(struct cap_set *set);

/* How far the files are read, in bytes; false: there are none, or the end is not known. Any thread.
 */
bool capture_progress(uint64_t *done_bytes, uint64_t *total_bytes);

/* The two backends (capture_pcap.c, capture_dpdk.c). */
int capture_pcap_open(const struct cfg *cfg, struct cap_set *set, struct pavo_err *err);
void capture_pcap_close(void);
int capture_dpdk_open(const struct cfg *cfg, struct cap_set *set, struct pavo_err *err);
void capture_dpdk_close(void);
/* Adds a queue or a source name to the set; -ENOMEM. */
int cap_set_queue(struct cap_set *set, struct cap_queue *q);
int cap_set_source(struct cap_set *set, const char *name); /* returns its number */
/* The source of a device: that of its link, if another device has it already, else a new one. */
int cap_set_device(struct cap_set *set, const struct cfg_device *device, const char *name);

#endif
