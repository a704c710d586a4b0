/* bench_source.c - a queue whose frames are made when they are asked for */
#include "bench_source.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_frames.h"
#include "worker.h"

enum {
    /* Not a multiple of a power of two: the heads of all buffers would share few cache sets. */
    BUFFER_BYTES = 33 * PAVO_CACHE_LINE,
};
_Static_assert((size_t)BUFFER_BYTES >= (size_t)BENCH_FRAME_MAX, "a frame fits");

struct source {
    struct cap_queue q; /* first */
    struct bench_feed feed;
    uint8_t *bytes;
    uint8_t **bufs; /* twice in a row: a burst may begin at any of them */
    unsigned n_bufs, at;
    _Atomic uint64_t offered;
};

static int
source_recv(struct cap_queue *q, struct pavo_frame *out, unsigned max)
{
    struct source *s = (struct source *)(void *)q;

    s->feed.fill(s->feed.ctx, s->bufs + s->at, out, max);
    s->at = s->at + max >= s->n_bufs ? s->at + max - s->n_bufs : s->at + max;
    pavo_stat_add(&s->offered, max);
    return (int)max;
}

static void
source_done(struct cap_queue *q)
{
}

static void
source_stats(struct cap_queue *q, struct cap_stats *out)
{
    const struct source *s = (const struct source *)(const void *)q;

    *out = (struct cap_stats){.offered = pavo_stat_get(&s->offered), .knows_losses = true};
}

static const char *
source_error(struct cap_queue *q)
{
    return NULL;
}

static const struct cap_ops source_ops = {
    .recv = source_recv, .done = source_done, .stats = source_stats, .error = source_error};

struct cap_queue *
bench_source_open(const struct bench_feed *feed, unsigned buffers)
{
    struct source *s = calloc(1, sizeof *s);
    const unsigned n = buffers < 2 * BURST_MAX ? 2 * BURST_MAX : buffers;

    if (!s)
        return NULL;
    s->q = (struct cap_queue){.ops = &source_ops, .can_wait = true, .node = -1, .name = "memory"};
    s->feed = *feed;
    s->n_bufs = n;
    s->bytes = aligned_alloc(PAVO_CACHE_LINE, (size_t)n * BUFFER_BYTES);
    s->bufs = calloc(2 * (size_t)n, sizeof *s->bufs);
    if (!s->bytes || !s->bufs) {
        bench_source_close(&s->q);
        return NULL;
    }
    memset(s->bytes, 0, (size_t)n * BUFFER_BYTES);
    for (unsigned i = 0; i < 2 * n; i++)
        s->bufs[i] = s->bytes + (size_t)(i % n) * BUFFER_BYTES;
    return &s->q;
}

void
bench_source_close(struct cap_queue *q)
{
    struct source *s = (struct source *)(void *)q;

    if (!s)
        return;
    free(s->bufs);
    free(s->bytes);
    free(s);
}

static double
cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double
bench_source_cost(struct cap_queue *q, uint64_t packets, unsigned burst)
{
    struct pavo_frame frames[BURST_MAX];
    uint64_t done = 0;
    const double from = cpu_ns();

    while (done < packets) {
        done += (unsigned)q->ops->recv(q, frames, burst);
        q->ops->done(q);
    }
    return done ? (cpu_ns() - from) / (double)done : 0;
}
