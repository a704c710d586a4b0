/* pages.c - what it costs to reach a line by how many pages lie between: the price of translation
 *
 *     bench-pages
 *
 * Follows a chain through so many lines, which are chosen so that they fit into a cache: once side
 * by side, once one in each 4 KiB. The memory is advised to be huge pages. If addresses are
 * translated by pages of 2 MiB, both take as long; where they don't, the machine translates by
 * small pages, as a virtual machine does whose host has no huge pages for it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

enum { LINE = 64, PAGE = 4096, STEPS = 500000, ROUNDS = 10 };
#define HUGE ((size_t)2 << 20)

static double
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Where line 'i' lies; in pages at another offset in each, so that they don't meet in one set of a
 * cache. */
static size_t
place(uint32_t i, size_t apart)
{
    return apart == LINE ? (size_t)i * LINE : i * apart + (i * (size_t)7 * LINE) % apart;
}

/* Nanoseconds a step, the least of some rounds; below 0: no memory. */
static double
chase(uint32_t lines, size_t apart)
{
    const size_t bytes = (lines * apart + HUGE - 1) / HUGE * HUGE;
    uint8_t *memory =
        mmap(NULL, bytes + HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t *order = malloc(lines * sizeof *order);
    double least = -1;
    uint8_t *base;
    void **at;

    if (memory == MAP_FAILED || !order) {
        free(order);
        return -1;
    }
    base = memory + (HUGE - (uintptr_t)memory % HUGE) % HUGE;
    (void)madvise(base, bytes, MADV_HUGEPAGE);
    for (uint32_t i = 0; i < lines; i++)
        order[i] = i;
    srand(1);
    for (uint32_t i = lines - 1; i > 0; i--) {
        const uint32_t k = (uint32_t)rand() % (i + 1), was = order[i];

        order[i] = order[k];
        order[k] = was;
    }
    for (uint32_t i = 0; i < lines; i++) {
        at = (void **)(void *)(base + place(order[i], apart));
        *at = base + place(order[(i + 1) % lines], apart);
    }
    at = (void **)(void *)base;
    for (unsigned round = 0; round < ROUNDS; round++) {
        const double began = now_ns();
        double each;

        for (unsigned i = 0; i < STEPS; i++)
            at = *(void **volatile *)at;
        each = (now_ns() - began) / STEPS;
        least = least < 0 || each < least ? each : least;
    }
    free(order);
    munmap(memory, bytes + HUGE);
    return least;
}

int
main(void)
{
    static const uint32_t lines[] = {256, 1024, 4096, 16384};

    printf("%8s %14s %20s\n", "lines", "side by side", "one in each 4 KiB");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const double dense = chase(lines[i], LINE), sparse = chase(lines[i], PAGE);

        if (dense < 0 || sparse < 0) {
            fprintf(stderr, "bench-pages: no memory\n");
            return 1;
        }
        printf("%8u %11.1f ns %17.1f ns\n", lines[i], dense, sparse);
    }
    return 0;
}
