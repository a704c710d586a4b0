/* bench_capture.c - frames of a file, where their addresses stand, and rounds over them */
#include "bench_capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench_frames.h"
#include "capture.h"
#include "sensor.h"

enum {
    PLACES = 2, /* the packet's addresses, and those of a packet that it quotes */
    STEP_BITS = 16,
};
#define ROUND_MASK UINT32_C(0xffffff)
/* Odd, so that no two of 2^24 rounds are alike; and far from small differences, for two rounds
 * whose masks differ as two neighbours' addresses do would have the same pair of addresses. */
#define SCATTER UINT32_C(0x9e3779b1)
static const uint64_t pause_ns = 1000000; /* between two rounds */

struct place {
    uint32_t at;   /* of the source address in the frame; the destination follows */
    uint8_t bytes; /* of an address; 0: there is none */
};

struct stored {
    uint64_t ts_ns;
    size_t at; /* in 'bytes' */
    uint32_t caplen, len;
    uint8_t link;
    struct place places[PLACES];
};

struct bench_capture {
    struct stored *frames;
    size_t n, room;
    uint8_t *bytes;
    size_t n_bytes, bytes_room;
    uint64_t first_ns, span_ns;
};

/* ---- reading ----------------------------------------------------------------------------------
 */

static bool
grow(void **at, size_t *room, size_t need, size_t unit)
{
    size_t n = *room ? *room : 1024;
    void *more;

    if (need <= *room)
        return true;
    while (n < need)
        n *= 2;
    more = realloc(*at, n * unit);
    if (!more)
        return false;
    *at = more;
    *room = n;
    return true;
}

static bool
keep(struct bench_capture *c, const struct pavo_frame *f)
{
    void *frames = c->frames, *bytes = c->bytes;
    bool good = grow(&frames, &c->room, c->n + 1, sizeof *c->frames);

    c->frames = frames;
    good = good && grow(&bytes, &c->bytes_room, c->n_bytes + f->caplen, 1);
    c->bytes = good ? bytes : c->bytes;
    if (!good)
        return false;
    c->frames[c->n++] = (struct stored){
        .ts_ns = f->ts_ns, .at = c->n_bytes, .caplen = f->caplen, .len = f->len, .link = f->link};
    memcpy(c->bytes + c->n_bytes, f->data, f->caplen);
    c->n_bytes += f->caplen;
    return true;
}

static int
read_all(struct bench_capture *c, struct cap_queue *q, const char *path, struct pavo_err *err)
{
    struct pavo_frame frames[BURST_MAX];
    const char *error;
    int n;

    while ((n = q->ops->recv(q, frames, BURST_MAX)) >= 0) {
        for (int i = 0; i < n; i++)
            if (!keep(c, &frames[i]))
                return pavo_err_set(err, ENOMEM, "%s: no memory for more than %zu packets", path,
                                    c->n);
        q->ops->done(q);
    }
    error = q->ops->error(q);
    if (error)
        return pavo_err_set(err, EIO, "%s", error);
    return c->n ? 0 : pavo_err_set(err, EINVAL, "%s: no packet in it", path);
}

/* Where 'src' and 'dst' stand one behind the other, the last such place that ends by 'end'. */
static struct place
find_place(const uint8_t *at, uint32_t end, const uint8_t *src, const uint8_t *dst, uint8_t kind)
{
    const uint8_t n = kind == PAVO_KIND_IP4 ? 4 : kind == PAVO_KIND_IP6 ? 16 : 0;

    for (uint32_t i = end; n > 0 && i >= 2u * n; i--)
        if (memcmp(at + i - 2 * n, src, n) == 0 && memcmp(at + i - n, dst, n) == 0)
            return (struct place){.at = i - 2 * n, .bytes = n};
    return (struct place){0};
}

static void
find_places(const struct pavo_decap_config *decap, struct stored *s, const uint8_t *bytes,
            struct pavo_layers *at)
{
    const struct pavo_frame f = {
        .data = bytes, .caplen = s->caplen, .len = s->len, .link = s->link};
    uint32_t end;

    pavo_decap(decap, &f, at);
    end = at->payload_at < s->caplen ? at->payload_at : s->caplen;
    s->places[0] = find_place(bytes, end, at->src, at->dst, at->kind);
    if (at->quote.kind)
        s->places[1] = find_place(bytes, s->caplen, at->quote.src, at->quote.dst, at->quote.kind);
}

static void
times_keep(struct bench_capture *c)
{
    uint64_t last = 0;

    c->first_ns = UINT64_MAX;
    for (size_t i = 0; i < c->n; i++) {
        c->first_ns = c->frames[i].ts_ns < c->first_ns ? c->frames[i].ts_ns : c->first_ns;
        last = c->frames[i].ts_ns > last ? c->frames[i].ts_ns : last;
    }
    c->span_ns = last - c->first_ns + pause_ns;
}

struct bench_capture *
bench_capture_open(const char *path, struct pavo_err *err)
{
    struct bench_capture *c = calloc(1, sizeof *c);
    struct cfg *cfg = cfg_open(err);
    struct cap_set set = {0};
    int rc = -ENOMEM;

    if (!c || !cfg || cfg_add_file(cfg, path) < 0) {
        pavo_err_set(err, ENOMEM, "%s: no memory", path);
        goto end;
    }
    rc = capture_open(cfg, &set, err);
    if (rc == 0) {
        rc = read_all(c, set.queues[0], path, err);
        capture_close(&set);
    }
    if (rc == 0)
        times_keep(c);

end:
    cfg_close(cfg);
    if (rc == 0)
        return c;
    bench_capture_close(c);
    return NULL;
}

void
bench_capture_close(struct bench_capture *c)
{
    if (!c)
        return;
    free(c->frames);
    free(c->bytes);
    free(c);
}

uint64_t
bench_capture_packets(const struct bench_capture *c)
{
    return c->n;
}

/* ---- playing ----------------------------------------------------------------------------------
 */

struct feed {
    struct bench_capture *c;
    uint32_t *mine;
    size_t n, at;
    uint32_t round;
    uint32_t mask;   /* of this round, over the last 24 bits of each address */
    uint32_t change; /* of the addresses, from the round before to this one */
    uint64_t shift_ns;
    uint64_t now_ns, part, step; /* event time by rate; step 0: the capture's own */
};

static void
shift(uint8_t *frame, const struct place *p, uint32_t change)
{
    for (unsigned side = 1; side <= 2 && p->bytes; side++) {
        uint8_t *low = frame + p->at + side * p->bytes - 3;

        low[0] ^= (uint8_t)(change >> 16);
        low[1] ^= (uint8_t)(change >> 8);
        low[2] ^= (uint8_t)change;
    }
}

static uint32_t
next_index(struct feed *f)
{
    if (f->at == f->n) {
        const uint32_t before = f->mask;

        f->at = 0;
        f->round++;
        f->mask = f->round * SCATTER & ROUND_MASK;
        f->change = before ^ f->mask;
        f->shift_ns += f->c->span_ns;
    }
    return f->mine[f->at++];
}

static uint64_t
next_time(struct feed *f, const struct stored *s)
{
    if (f->step == 0)
        return s->ts_ns + f->shift_ns;
    f->part += f->step;
    f->now_ns += f->part >> STEP_BITS;
    f->part &= (1u << STEP_BITS) - 1;
    return f->now_ns;
}

static void
feed_fill(void *ctx, uint8_t *const *buf, struct pavo_frame *out, unsigned n)
{
    struct feed *f = ctx;

    for (unsigned i = 0; i < n; i++) {
        const struct stored *s = &f->c->frames[next_index(f)];
        uint8_t *bytes = f->c->bytes + s->at;

        for (unsigned k = 0; k < PLACES && f->change; k++)
            shift(bytes, &s->places[k], f->change);
        out[i] = (struct pavo_frame){.data = bytes,
                                     .ts_ns = next_time(f, s),
                                     .caplen = s->caplen,
                                     .len = s->len,
                                     .link = s->link};
    }
}

static void
feed_close(void *ctx)
{
    struct feed *f = ctx;

    /* Leaves the capture as it was read. */
    for (size_t i = 0; i < f->n; i++) {
        const struct stored *s = &f->c->frames[f->mine[i]];
        const uint32_t done = i < f->at ? f->mask : f->mask ^ f->change;

        for (unsigned k = 0; k < PLACES; k++)
            shift(f->c->bytes + s->at, &s->places[k], done);
    }
    free(f->mine);
    free(f);
}

static bool
is_mine(const struct cfg *cfg, const struct pavo_layers *at, size_t i, unsigned worker, unsigned n,
        bool spread)
{
    struct pavo_packet p = {.at = *at};

    if (n == 1 || spread)
        return i % n == worker;
    pavo_packet_key(&p, cfg->flow.key);
    return sensor_owner(p.owner_hash, n) == worker;
}

int
bench_capture_feed(struct bench_capture *c, const struct cfg *cfg, unsigned worker, unsigned n,
                   bool spread, uint64_t rate, struct bench_feed *out, struct pavo_err *err)
{
    struct feed *f = calloc(1, sizeof *f);

    if (f)
        f->mine = calloc(c->n, sizeof *f->mine);
    if (!f || !f->mine) {
        free(f);
        return pavo_err_set(err, ENOMEM, "bench: no memory for %zu packets", c->n);
    }
    f->c = c;
    f->now_ns = c->first_ns;
    if (rate)
        f->step = (uint64_t)(1e9 * (double)(1u << STEP_BITS) * n / (double)rate);
    for (size_t i = 0; i < c->n; i++) {
        struct pavo_layers at;

        find_places(cfg->decap, &c->frames[i], c->bytes + c->frames[i].at, &at);
        if (is_mine(cfg, &at, i, worker, n, spread))
            f->mine[f->n++] = (uint32_t)i;
    }
    if (f->n == 0) {
        free(f->mine);
        free(f);
        return pavo_err_set(err, EINVAL,
                            "bench: no packet of the capture belongs to worker %u of %u: use fewer "
                            "workers, or --spread",
                            worker, n);
    }
    *out = (struct bench_feed){.fill = feed_fill,
                               .close = feed_close,
                               .ctx = f,
                               .in_place = true,
                               .warmup = f->n,
                               .event_rate = rate};
    return 0;
}
