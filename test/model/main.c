/* main.c - TCP by the sensor and by the model, over random conversations
 *
 *   model [--seed N] [--conversations N]   compares; what differs is shrunk and printed
 *   model --field NAME ...                several that differ first in this field
 *   model --seed N --conversation K        one of them alone, all its segments
 *   model --self N                         N conversations of each kind whose outcome is known
 *
 * The exit code is 0 when nothing differed.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare.h"

enum { KINDS_MAX = 80, SMALL_MAX = 8 };

/* ---- differences by field ------------------------------------------------------------------ */

/* Of each field that differed: how often, and in which conversations of few segments. */
struct tally {
    struct {
        int field;
        uint64_t n;
        struct small {
            uint32_t number;
            size_t segs;
        } small[SMALL_MAX]; /* fewest first */
        unsigned n_small;
    } row[KINDS_MAX];
    unsigned n;
};

static void
tally_add(struct tally *t, const struct difference *d, const struct talk *talk)
{
    struct small *small;
    unsigned i = 0, at;

    while (i < t->n && t->row[i].field != d->field)
        i++;
    if (i == KINDS_MAX)
        return;
    if (i == t->n) {
        t->row[t->n].field = d->field;
        t->n++;
    }
    t->row[i].n++;
    small = t->row[i].small;
    at = t->row[i].n_small;
    if (at < SMALL_MAX)
        t->row[i].n_small++;
    else if (small[--at].segs <= talk->n)
        return;
    for (; at > 0 && small[at - 1].segs > talk->n; at--)
        small[at] = small[at - 1];
    small[at] = (struct small){.number = talk->number, .segs = talk->n};
}

static void
show_one(struct rig *r, uint64_t seed, uint32_t number, bool shrink)
{
    struct talk t = {0};
    struct difference d;

    talk_make(&t, seed, number, TALK_ANY);
    rig_run(r, &t, 1, 0, &d);
    if (d.field == FIELD_NONE) {
        printf("conversation %" PRIu32 " alone: no difference\n", number);
        if (!shrink)
            talk_print(stdout, &t, t.seg, t.n);
    } else {
        if (shrink)
            talk_shrink(r, &t, d.field);
        rig_run(r, &t, 1, 0, &d);
        talk_print(stdout, &t, t.seg, t.n);
        difference_print(stdout, &d);
    }
    talk_free(&t);
}

static int
compare_many(uint64_t seed, uint32_t n, const char *only)
{
    struct rig *r = rig_open();
    struct talk t[GROUP_MAX];
    struct difference found[GROUP_MAX];
    struct tally *tally = calloc(1, sizeof *tally);
    struct timespec from, to;
    uint64_t packets = 0, differ = 0, big = 0;
    double s;

    if (!tally)
        abort();
    memset(t, 0, sizeof t);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (uint32_t first = 0; first < n; first += GROUP_MAX) {
        const unsigned k = n - first < GROUP_MAX ? n - first : GROUP_MAX;

        for (unsigned i = 0; i < k; i++) {
            talk_make(&t[i], seed, first + i, TALK_ANY);
            big += t[i].big;
        }
        packets += rig_run(r, t, k, seed + first, found);
        for (unsigned i = 0; i < k; i++)
            if (found[i].field != FIELD_NONE) {
                differ++;
                tally_add(tally, &found[i], &t[i]);
            }
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    s = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    for (unsigned i = 0; i < tally->n; i++) {
        printf("%s: %" PRIu64 " conversations\n", difference_name(tally->row[i].field),
               tally->row[i].n);
        for (unsigned k = 0; k < tally->row[i].n_small; k++)
            if (only ? !strcmp(only, difference_name(tally->row[i].field)) : k == 0)
                show_one(r, seed, tally->row[i].small[k].number, true);
    }
    printf("seed %" PRIu64 ": %" PRIu32 " conversations, %" PRIu64 " packets, %" PRIu64
           " with more than 4 GiB, %.1f s, %.0f conversations/s; parts 0x%x; %" PRIu64 " differ\n",
           seed, n, packets, big, s, n / s, rig_parts(r), differ);
    for (unsigned i = 0; i < GROUP_MAX; i++)
        talk_free(&t[i]);
    rig_close(r);
    free(tally);
    return differ ? 1 : 0;
}

/* ---- what is known to be true -------------------------------------------------------------- */

/* Counters of a conversation, over its records. */
struct sums {
    uint64_t retransmitted, out_of_order, duplicates, missed, spurious, stream, unacked;
    bool is_whole; /* one connection that was closed */
    bool has_ends; /* its SYN and FIN were seen */
};

static void
sums_take(struct sums *s, const struct pavo_record *r, size_t n, unsigned d)
{
    *s = (struct sums){0};
    for (size_t i = 0; i < n; i++) {
        s->retransmitted += r[i].tcp.retransmittedPackets[d];
        s->spurious += r[i].tcp.spuriousRetransmits[d];
        s->out_of_order += r[i].tcp.outOfOrderPackets[d];
        s->duplicates += r[i].tcp.duplicatePackets[d];
        s->missed += r[i].tcp.missedOctets[d];
        s->stream = r[i].tcp.streamOctets[d];
        s->unacked = r[i].tcp.unackedOctets[d];
        s->has_ends |= (r[i].tcpControlBits[d] & T_FIN) && (r[i].initialTCPFlags[d] & T_SYN);
        s->is_whole = r[i].connState == PAVO_CONN_SF && r[i].endDetail == PAVO_DETAIL_TCP_CLOSED;
    }
    for (size_t i = 0; i + 1 < n; i++)
        if (r[i].flowFinal)
            s->is_whole = false;
}

/* NULL, or what does not hold for side 'd' of a conversation. */
static const char *
untrue(const struct talk *t, enum talk_kind kind, const struct sums *s, unsigned d)
{
    if (!s->is_whole || !s->has_ends)
        return NULL;
    if (s->unacked)
        return "all is acknowledged";
    if (kind != TALK_LOSSES && s->out_of_order)
        return "nothing is out of order";
    if (s->stream != t->sent[d] - 2)
        return "the stream has as many octets as were sent";
    if (kind == TALK_CLEAN && s->missed)
        return "nothing is missed";
    /* Without an identification, acknowledgements of one tick of the time stamps are alike. */
    if (kind != TALK_MIRRORED && t->has_ids[d] && s->duplicates)
        return "nothing is a duplicate";
    if (!t->resent[d] && kind == TALK_CLEAN && s->retransmitted)
        return "what was not sent again is no retransmission";
    if (kind == TALK_MIRRORED && t->has_ids[d] && s->duplicates != t->mirrored[d])
        return "duplicates are what the mirror doubled";
    if (kind == TALK_GAPS && !t->resent[d] && s->missed != t->gap_octets[d])
        return "missed octets are what the tap lost";
    return NULL;
}

static int
check_self(uint64_t seed, uint32_t n)
{
    static const char *const names[] = {"any", "clean", "mirrored", "gaps", "losses"};
    struct rig *r = rig_open();
    struct talk t = {0};
    int failed = 0;

    for (enum talk_kind kind = TALK_CLEAN; kind <= TALK_LOSSES; kind++) {
        uint32_t whole = 0, broken = 0;

        for (uint32_t i = 0; i < n; i++) {
            struct difference d;
            const struct pavo_record *rec;
            const char *why = NULL;
            size_t n_rec;

            talk_make(&t, seed, i, kind);
            rig_run(r, &t, 1, i, &d);
            rec = rig_model_records(r, 0, &n_rec);
            for (unsigned side = 0; side < 2 && !why; side++) {
                struct sums s;

                sums_take(&s, rec, n_rec, side);
                whole += side == 0 && s.is_whole;
                why = untrue(&t, kind, &s, side);
            }
            if (why && broken++ == 0) {
                talk_print(stdout, &t, t.seg, t.n);
                printf("does not hold: %s\n", why);
            }
        }
        printf("%s: %" PRIu32 " conversations, %" PRIu32 " whole, %" PRIu32 " not as they should\n",
               names[kind], n, whole, broken);
        if (broken || whole < n / 4)
            failed = 1;
    }
    talk_free(&t);
    rig_close(r);
    return failed;
}

int
main(int argc, char **argv)
{
    uint64_t seed = 1;
    uint32_t n = 4000, one = 0, self = 0;
    const char *only = NULL;
    bool has_one = false;

    for (int i = 1; i + 1 < argc; i += 2) {
        const uint64_t v = strtoull(argv[i + 1], NULL, 0);

        if (!strcmp(argv[i], "--seed")) {
            seed = v;
        } else if (!strcmp(argv[i], "--conversations")) {
            n = (uint32_t)v;
        } else if (!strcmp(argv[i], "--conversation")) {
            one = (uint32_t)v;
            has_one = true;
        } else if (!strcmp(argv[i], "--field")) {
            only = argv[i + 1];
        } else if (!strcmp(argv[i], "--self")) {
            self = (uint32_t)v;
        } else {
            fprintf(stderr, "unknown: %s\n", argv[i]);
            return 2;
        }
    }
    if (has_one) {
        struct rig *r = rig_open();

        show_one(r, seed, one, false);
        rig_close(r);
        return 0;
    }
    return self ? check_self(seed, self) : compare_many(seed, n, only);
}
