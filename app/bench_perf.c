/* bench_perf.c - perf_event_open(2), one counter each, so that one that is missing takes no other
 * with it */
#include "bench_perf.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/perf_event.h>
#include <sys/syscall.h>
#endif

const char *const bench_perf_words[BENCH_PERF_N] = {
    [BENCH_CYCLES] = "cycles",
    [BENCH_INSTRUCTIONS] = "instructions",
    [BENCH_CACHE_MISSES] = "cache_misses",
};

#ifdef __linux__
static int
counter_open(enum bench_perf_what what)
{
    static const uint64_t events[BENCH_PERF_N] = {
        [BENCH_CYCLES] = PERF_COUNT_HW_CPU_CYCLES,
        [BENCH_INSTRUCTIONS] = PERF_COUNT_HW_INSTRUCTIONS,
        [BENCH_CACHE_MISSES] = PERF_COUNT_HW_CACHE_MISSES,
    };
    struct perf_event_attr a = {
        .type = PERF_TYPE_HARDWARE,
        .size = sizeof a,
        .config = events[what],
        .exclude_kernel = 1,
        .exclude_hv = 1,
    };

    return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}
#else
static int
counter_open(enum bench_perf_what what)
{
    errno = ENOSYS;
    return -1;
}
#endif

void
bench_perf_open(struct bench_perf *p)
{
    p->errnum = 0;
    for (unsigned i = 0; i < BENCH_PERF_N; i++) {
        p->fds[i] = counter_open((enum bench_perf_what)i);
        if (p->fds[i] < 0 && p->errnum == 0)
            p->errnum = errno;
    }
}

void
bench_perf_read(const struct bench_perf *p, struct bench_perf_counts *out)
{
    for (unsigned i = 0; i < BENCH_PERF_N; i++) {
        out->n[i] = 0;
        out->known[i] =
            p->fds[i] >= 0 && read(p->fds[i], &out->n[i], sizeof out->n[i]) == sizeof out->n[i];
    }
}

void
bench_perf_close(struct bench_perf *p)
{
    for (unsigned i = 0; i < BENCH_PERF_N; i++)
        if (p->fds[i] >= 0)
            close(p->fds[i]);
}
