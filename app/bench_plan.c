/* bench_plan.c - generators, sinks and the last sum of a measurement */
#include "bench_plan.h"

#include <time.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "bench_none.h"

static void
gen_fill(void *ctx, uint8_t *const *buf, struct pavo_frame *out, unsigned n)
{
    bench_gen_fill(ctx, buf, out, n);
}

static void
gen_close(void *ctx)
{
    bench_gen_close(ctx);
}

static int
gen_feed(const struct bench_plan *p, unsigned worker, struct bench_feed *out, struct pavo_err *err)
{
    const struct bench_gen_config c = {
        .workload = p->workload,
        .flows = p->flows,
        .rate = p->rate,
        .worker = worker,
        .n_workers = p->workers,
        .spread = p->spread,
        .timeouts = p->cfg->flow.timeouts,
        .seed = p->seed,
    };
    struct bench_gen *g = bench_gen_open(&c);

    if (!g)
        return pavo_err_set(err, ENOMEM, "bench: no memory for queue %u", worker);
    *out = (struct bench_feed){.fill = gen_fill,
                               .close = gen_close,
                               .ctx = g,
                               .warmup = bench_gen_warmup(g),
                               .event_rate = g->cfg.rate};
    return 0;
}

int
bench_feed_open(const struct bench_plan *p, unsigned worker, struct bench_feed *out,
                struct pavo_err *err)
{
    const int rc = p->capture ? bench_capture_feed(p->capture, p->cfg, worker, p->workers,
                                                   p->spread, p->rate, out, err)
                              : gen_feed(p, worker, out, err);

    if (rc == 0 && p->warmup != UINT64_MAX)
        out->warmup = p->warmup / p->workers + (worker < p->warmup % p->workers);
    return rc;
}

void
bench_feed_close(struct bench_feed *f)
{
    if (f->close)
        f->close(f->ctx);
    *f = (struct bench_feed){0};
}

const char *
bench_plan_word(const struct bench_plan *p)
{
    return p->capture ? "pcap" : bench_workload_word(p->workload);
}

int
bench_sinks_open(struct bench_sinks *s, const struct bench_plan *p, const struct cap_set *set,
                 struct pavo_err *err)
{
    if (p->has_sinks)
        return outputs_open(&s->out, p->cfg, set, err);
    s->none = bench_none_open(err);
    if (!s->none)
        return -ENOMEM;
    s->out = (struct outputs){.sinks = &s->none, .n = 1};
    return 0;
}

void
bench_sinks_close(struct bench_sinks *s)
{
    if (s->none)
        pavo_sink_close(s->none);
    else
        outputs_close(&s->out);
    *s = (struct bench_sinks){0};
}

const char *
bench_sinks_error(const struct bench_sinks *s)
{
    for (unsigned i = 0; i < s->out.n; i++) {
        const char *error = pavo_sink_error(s->out.sinks[i]);

        if (error)
            return error;
    }
    return NULL;
}

static bool
not_balanced(char *why, size_t n, const char *sentence)
{
    snprintf(why, n, "%s", sentence);
    return false;
}

bool
bench_balance(const struct pavo_counts *c, const struct bench_sinks *sinks, char *why, size_t n)
{
    struct pavo_err err;

    if (!pavo_counts_balance(c, true, &err))
        return not_balanced(why, n, err.text);
    for (unsigned i = 0; i < sinks->out.n; i++) {
        struct pavo_sink_counts s;

        pavo_sink_counts(sinks->out.sinks[i], &s);
        if (!pavo_sink_balance(c, &s, true, &err))
            return not_balanced(why, n, err.text);
    }
    if (sinks->none && bench_none_sums().packets + c->ring_dropped.packets != c->accounted) {
        snprintf(why, n,
                 "the records have %" PRIu64 " packets and %" PRIu64
                 " were dropped with theirs, but %" PRIu64 " were accounted",
                 bench_none_sums().packets, c->ring_dropped.packets, c->accounted);
        return false;
    }
    return true;
}

uint64_t
bench_rss(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f && fscanf(f, "%*u %llu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void
bench_sleep(double seconds)
{
    const struct timespec t = {.tv_sec = (time_t)seconds,
                               .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

    nanosleep(&t, NULL);
}

void
bench_spent(const struct sensor *s, unsigned n, uint64_t *packets, uint64_t *cpu_ns)
{
    const struct worker *w;
    const struct topo_place *places;

    (void)sensor_workers(s, &w, &places);
    *packets = *cpu_ns = 0;
    for (unsigned i = 0; i < n; i++) {
        *packets += pavo_stat_get(&w[i].stats.received);
        *cpu_ns += sensor_cpu_ns(s, i);
    }
}
