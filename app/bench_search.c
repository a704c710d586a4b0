/* bench_search.c - upwards until a rate fails, then halves between the last good and the first bad
 *
 * A trial whose offering side did not reach the rate that was asked (it shares a processor, or is
 * slower than the worker) says nothing about that rate, but all about the one it reached.
 */
#include "bench_search.h"

static const double reached_enough = 0.97;

/* Up to 'tries' trials of a rate; the first that passes, or the last. */
static int
try_rate(const struct bench_search_config *c, bench_trial_fn *trial, void *ctx, double rate,
         struct bench_search_result *out, struct bench_trial *t)
{
    const unsigned tries = c->tries ? c->tries : 1;

    for (unsigned i = 0; i < tries && out->n < BENCH_TRIALS_MAX; i++) {
        int rc;

        *t = (struct bench_trial){.asked = rate};
        rc = trial(ctx, rate, t);
        if (rc < 0)
            return rc;
        t->passed = (double)t->lost <= c->loss * (double)t->packets;
        out->trials[out->n++] = *t;
        if (t->passed)
            break;
    }
    return 0;
}

int
bench_search(const struct bench_search_config *c, bench_trial_fn *trial, void *ctx,
             struct bench_search_result *out)
{
    double low = 0, high = c->high, rate = c->high;
    bool bounded = false; /* 'high' has failed, or can't be offered */

    *out = (struct bench_search_result){0};
    while (rate >= 1 && out->n < BENCH_TRIALS_MAX) {
        struct bench_trial t;
        const int rc = try_rate(c, trial, ctx, rate, out, &t);

        if (rc < 0)
            return rc;
        if (t.passed && t.reached > out->best.reached)
            out->best = t;
        if (!t.passed) {
            out->is_limited = false;
            high = rate;
            bounded = true;
        } else if (t.reached < rate * reached_enough) {
            out->is_limited = true;
            low = t.reached > low ? t.reached : low;
            high = rate;
            bounded = true;
        } else {
            low = rate;
        }
        if (bounded && high - low <= high * c->resolution)
            break;
        rate = bounded ? (low + high) / 2 : rate * 1.5;
        high = bounded ? high : rate;
    }
    return 0;
}
