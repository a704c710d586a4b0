/* bench_search.h - the highest rate without loss, by halving (RFC 2544 section 26.1)
 *
 * What a trial is, it does not know: it asks for rates and is told what was offered and lost.
 */
#ifndef PAVO_BENCH_SEARCH_H
#define PAVO_BENCH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

struct bench_trial {
    double asked;   /* packets per second */
    double reached; /* what was offered in fact */
    uint64_t packets, lost;
    bool passed;
};
/* 0, or a negative errno, which ends the search. */
typedef int bench_trial_fn(void *ctx, double rate, struct bench_trial *out);

struct bench_search_config {
    double high;       /* rate that is expected to be too much */
    double resolution; /* ends when the answer is known to this part of itself */
    double loss;       /* part of the packets that may be lost; RFC 2544: 0 */
    unsigned tries;    /* a rate passes if one of so many trials does */
};

enum { BENCH_TRIALS_MAX = 128 };
struct bench_search_result {
    struct bench_trial best; /* the highest that passed; asked 0: none did */
    bool is_limited; /* the offering side could not offer more: the answer is a lower bound */
    unsigned n;
    struct bench_trial trials[BENCH_TRIALS_MAX];
};

int bench_search(const struct bench_search_config *c, bench_trial_fn *trial, void *ctx,
                 struct bench_search_result *out);

#endif
