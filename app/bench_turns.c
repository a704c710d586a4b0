/* bench_turns.c - which road a burst comes by, and what each turn took */
#include "bench_turns.h"

#include <stdlib.h>
#include <time.h>

enum { WARM_PACKETS = 16384, WARM_PART = 4 /* of a quota, at most */ };

static uint64_t
cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static bool
is_turn(unsigned turn)
{
    return turn >= 1 && turn <= BENCH_TURNS_LAST;
}

/* Memory first, driver first, memory first, .. */
static enum bench_road
road_of(unsigned turn)
{
    return !is_turn(turn) || turn / 2 % 2 ? BENCH_ROAD_DRIVER : BENCH_ROAD_MEMORY;
}

static unsigned
pair_of(unsigned turn)
{
    return (turn - 1) / 2;
}

/* What this turn has of all packets of its road. */
static uint64_t
turn_quota(const struct bench_turns *t, unsigned turn)
{
    if (!is_turn(turn) || t->quota == UINT64_MAX)
        return UINT64_MAX;
    return t->quota / BENCH_PAIRS + (pair_of(turn) < t->quota % BENCH_PAIRS);
}

static void
turn_end(struct bench_turns *t)
{
    if (atomic_load_explicit(&t->ended, memory_order_relaxed) == t->turn)
        return;
    if (is_turn(t->turn) && t->is_counting) {
        t->turns[t->turn].packets = t->packets - t->from_packets;
        t->turns[t->turn].cpu_ns = cpu_ns() - t->from_cpu_ns;
    }
    /* Release: pairs with the acquire in bench_turns_has(). */
    atomic_store_explicit(&t->ended, t->turn, memory_order_release);
}

static void
turn_begin(struct bench_turns *t, unsigned turn)
{
    const uint64_t quota = turn_quota(t, turn);

    t->turn = turn;
    t->road = road_of(turn);
    t->left = quota;
    t->is_counting = !is_turn(turn);
    if (is_turn(turn))
        t->left = quota / WARM_PART < WARM_PACKETS ? quota / WARM_PART : WARM_PACKETS;
}

static void
count_from_here(struct bench_turns *t)
{
    t->is_counting = true;
    t->left = turn_quota(t, t->turn);
    t->from_packets = t->packets;
    t->from_cpu_ns = cpu_ns();
}

/* net_pcap's frames have an event time of their own. Each road's goes on where the other's was. */
static void
time_join(struct bench_turns *t, struct pavo_frame *f, unsigned n)
{
    uint64_t *shift = &t->shift_ns[t->road];

    if (f[0].ts_ns + *shift < t->last_ns)
        *shift = t->last_ns - f[0].ts_ns;
    if (*shift > 0)
        for (unsigned i = 0; i < n; i++)
            f[i].ts_ns += *shift;
    t->last_ns = f[n - 1].ts_ns;
}

static int
turns_recv(struct cap_queue *q, struct pavo_frame *out, unsigned max)
{
    struct bench_turns *t = (struct bench_turns *)(void *)q;
    const unsigned asked = atomic_load_explicit(&t->asked, memory_order_relaxed);
    struct cap_queue *inner;
    int n;

    if (asked != t->turn) {
        turn_end(t);
        if (dpdk_bench_is_drained(t->dpdk, t->number))
            turn_begin(t, asked);
        else /* what was made and not handed out would come too late in the road's next turn */
            t->left = UINT64_MAX;
    }
    if (t->left == 0 && !t->is_counting)
        count_from_here(t);
    if (t->left == 0) {
        turn_end(t);
        return 0;
    }
    inner = t->roads[t->road];
    n = inner->ops->recv(inner, out, t->left < max ? (unsigned)t->left : max);
    if (n <= 0)
        return n;
    t->packets += (unsigned)n;
    if (t->left != UINT64_MAX)
        t->left -= (unsigned)n;
    time_join(t, out, (unsigned)n);
    return n;
}

static void
turns_done(struct cap_queue *q)
{
    struct bench_turns *t = (struct bench_turns *)(void *)q;

    t->roads[t->road]->ops->done(t->roads[t->road]);
}

static void
turns_stats(struct cap_queue *q, struct cap_stats *out)
{
    const struct bench_turns *t = (const struct bench_turns *)(const void *)q;
    struct cap_queue *memory = t->roads[BENCH_ROAD_MEMORY], *driver = t->roads[BENCH_ROAD_DRIVER];
    struct cap_stats more;

    driver->ops->stats(driver, out);
    memory->ops->stats(memory, &more);
    out->offered += more.offered; /* memory loses nothing */
}

static const char *
turns_error(struct cap_queue *q)
{
    const struct bench_turns *t = (const struct bench_turns *)(const void *)q;
    struct cap_queue *driver = t->roads[BENCH_ROAD_DRIVER];

    return driver->ops->error(driver);
}

static void
turns_enter(struct cap_queue *q)
{
    const struct bench_turns *t = (const struct bench_turns *)(const void *)q;

    for (unsigned i = 0; i < BENCH_ROADS; i++)
        if (t->roads[i]->ops->enter)
            t->roads[i]->ops->enter(t->roads[i]);
}

static void
turns_leave(struct cap_queue *q)
{
    const struct bench_turns *t = (const struct bench_turns *)(const void *)q;

    for (unsigned i = 0; i < BENCH_ROADS; i++)
        if (t->roads[i]->ops->leave)
            t->roads[i]->ops->leave(t->roads[i]);
}

/* No 'stop', as neither road has one. */
static const struct cap_ops turns_ops = {.recv = turns_recv,
                                         .done = turns_done,
                                         .stats = turns_stats,
                                         .error = turns_error,
                                         .enter = turns_enter,
                                         .leave = turns_leave};

void
bench_turns_init(struct bench_turns *t, struct cap_queue *memory, struct dpdk_bench *dpdk,
                 unsigned number, uint64_t quota)
{
    struct cap_queue *driver = dpdk_bench_queue(dpdk, number);

    *t = (struct bench_turns){.q = *driver,
                              .roads = {[BENCH_ROAD_MEMORY] = memory, [BENCH_ROAD_DRIVER] = driver},
                              .dpdk = dpdk,
                              .number = number,
                              .quota = quota};
    t->q.ops = &turns_ops;
    turn_begin(t, 0);
}

void
bench_turns_ask(struct bench_turns *t, unsigned turn)
{
    atomic_store_explicit(&t->asked, turn, memory_order_relaxed);
}

bool
bench_turns_has(const struct bench_turns *t, unsigned turn)
{
    /* Acquire: pairs with the release in turn_end(). */
    return atomic_load_explicit(&t->ended, memory_order_acquire) >= turn;
}

/* ---- figures ----------------------------------------------------------------------------------
 */

static int
less(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;

    return (a > b) - (a < b);
}

void
bench_quartiles(double *v, unsigned n, double out[5])
{
    qsort(v, n, sizeof v[0], less);
    for (unsigned i = 0; i < 5; i++)
        out[i] = v[i == 4 ? n - 1 : n * i / 4];
}

/* CPU time for a packet, of all workers; 0: there is none. */
static double
turn_ns(const struct bench_turns *const *t, unsigned n, unsigned turn, uint64_t *packets)
{
    uint64_t ns = 0;

    *packets = 0;
    for (unsigned i = 0; i < n; i++) {
        *packets += t[i]->turns[turn].packets;
        ns += t[i]->turns[turn].cpu_ns;
    }
    return *packets ? (double)ns / (double)*packets : 0;
}

void
bench_turns_pairs(const struct bench_turns *const *t, unsigned n, struct bench_pairs *out)
{
    double ratios[BENCH_PAIRS], ns[BENCH_ROADS][BENCH_PAIRS], q[5];

    *out = (struct bench_pairs){0};
    for (unsigned pair = 0; pair < BENCH_PAIRS; pair++) {
        double of[BENCH_ROADS];

        for (unsigned turn = 2 * pair + 1; turn <= 2 * pair + 2; turn++) {
            uint64_t packets;

            of[road_of(turn)] = turn_ns(t, n, turn, &packets);
            out->packets[road_of(turn)] += packets;
        }
        if (of[BENCH_ROAD_MEMORY] <= 0 || of[BENCH_ROAD_DRIVER] <= 0)
            continue;
        ratios[out->n] = of[BENCH_ROAD_MEMORY] / of[BENCH_ROAD_DRIVER];
        for (unsigned i = 0; i < BENCH_ROADS; i++)
            ns[i][out->n] = of[i];
        out->n++;
    }
    if (out->n == 0)
        return;
    bench_quartiles(ratios, out->n, q);
    out->ratio_low = q[1];
    out->ratio = q[2];
    out->ratio_high = q[3];
    for (unsigned i = 0; i < BENCH_ROADS; i++) {
        bench_quartiles(ns[i], out->n, q);
        out->ns[i] = q[2];
    }
}
