/* calls.c - counts what a worker must not do for each packet: memory from the heap, locks
 *
 * Preloaded (LD_PRELOAD) into pavo by scripts/hot-path.sh. Each thread counts its own calls, and
 * the sum of those of all workers is printed at the end of the process.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

static _Atomic unsigned long allocations, locks;

/* Of a worker? Asked once for each thread, but not before it has its name. */
static bool
is_worker(void)
{
    static _Thread_local unsigned asked;
    static _Thread_local bool is;

    if (!is && asked < 64) {
        char name[17] = "";

        asked++;
        prctl(PR_GET_NAME, name);
        is = strncmp(name, "pavo-w", 6) == 0;
    }
    return is;
}

/* The function of that name behind this one: ISO C has no cast from objects to functions. */
static void
next_find(const char *name, void *function)
{
    void *at = dlsym(RTLD_NEXT, name);

    memcpy(function, &at, sizeof at);
}

/* Of the C library: dlsym() itself takes memory by calloc(). */
void *__libc_calloc(size_t n, size_t bytes);

void *
malloc(size_t n)
{
    static void *(*next)(size_t);

    if (!next)
        next_find("malloc", &next);
    allocations += is_worker();
    return next(n);
}

void *
calloc(size_t n, size_t bytes)
{
    allocations += is_worker();
    return __libc_calloc(n, bytes);
}

void *
realloc(void *p, size_t n)
{
    static void *(*next)(void *, size_t);

    if (!next)
        next_find("realloc", &next);
    allocations += is_worker();
    return next(p, n);
}

int
pthread_mutex_lock(pthread_mutex_t *m)
{
    static int (*next)(pthread_mutex_t *);

    if (!next)
        next_find("pthread_mutex_lock", &next);
    locks += is_worker();
    return next(m);
}

static __attribute__((destructor)) void
tell(void)
{
    fprintf(stderr, "workers called: %lu allocations, %lu locks\n", allocations, locks);
}
