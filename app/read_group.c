/* read_group.c - records added up by the values of some columns
 *
 * A chained hash table that doubles; a group and its sums are one block. Its hash is seeded at
 * random, for the records may come from anybody; groups are kept in the order of their first
 * record, so the result is the same in every run. The key is the values as bytes, each with its
 * length, so absent and empty differ from all else.
 */
#include "read_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { KEY_MAX = GROUP_BY_MAX * (COL_TEXT_MAX + 2), FIRST_BUCKETS = 1024 };

static const struct {
    const char *name;
    uint8_t kind, type;
} own_cols[] = {
    {"records", GROUP_RECORDS, FLD_U},
    {"flows", GROUP_FLOWS, FLD_U},
    {"start", GROUP_START, FLD_NTP},
    {"end", GROUP_END, FLD_NTP},
};

static bool
is_same_col(const struct col *a, const struct col *b)
{
    return a->kind == b->kind && a->fld == b->fld;
}

bool
group_col_find(struct groups *g, const char *name, struct group_col *out, struct pavo_err *err)
{
    struct col c;

    for (unsigned i = 0; i < g->n_by; i++) {
        if (strcmp(g->by[i].name, name) == 0) {
            *out = (struct group_col){.kind = GROUP_BY, .at = (uint8_t)i, .name = g->by[i].name};
            return true;
        }
    }
    for (unsigned i = 0; i < sizeof own_cols / sizeof own_cols[0]; i++) {
        if (strcmp(own_cols[i].name, name) == 0) {
            *out = (struct group_col){.kind = own_cols[i].kind, .name = own_cols[i].name};
            return true;
        }
    }
    if (!col_find(name, &c, err))
        return false;
    for (unsigned i = 0; i < g->n_by; i++) {
        if (is_same_col(&g->by[i], &c)) {
            *out = (struct group_col){.kind = GROUP_BY, .at = (uint8_t)i, .name = g->by[i].name};
            return true;
        }
    }
    if (!col_is_quantity(&c)) {
        pavo_err_set(err, EINVAL,
                     "'%s' can't be added up; with --by the columns are those of --by, records, "
                     "flows, start, end and quantities such as bytes",
                     name);
        return false;
    }
    for (unsigned i = 0; i < g->n_sums; i++) {
        if (is_same_col(&g->sums[i], &c)) {
            *out = (struct group_col){.kind = GROUP_SUM, .at = (uint8_t)i, .name = g->sums[i].name};
            return true;
        }
    }
    if (g->n_sums == GROUP_SUMS_MAX) {
        pavo_err_set(err, E2BIG, "more than %d sums", GROUP_SUMS_MAX);
        return false;
    }
    g->sums[g->n_sums] = c;
    *out = (struct group_col){
        .kind = GROUP_SUM, .at = (uint8_t)g->n_sums, .name = g->sums[g->n_sums].name};
    g->n_sums++;
    return true;
}

/* The values that name the record's group; returns the bytes. */
static uint32_t
key_make(const struct groups *g, const struct pavo_record *r, uint8_t *key)
{
    uint32_t at = 0;

    for (unsigned i = 0; i < g->n_by; i++) {
        uint16_t n = 0;

        if (col_is_text(&g->by[i])) {
            n = (uint16_t)col_text(r, &g->by[i], (char *)key + at + sizeof n);
        } else {
            struct fld_value v, whole;

            if (col_get(r, &g->by[i], &v)) {
                memset(&whole, 0, sizeof whole); /* padding is part of the comparison */
                whole.type = v.type;
                whole.u = v.u;
                if (v.type == FLD_IP4 || v.type == FLD_IP6 || v.type == FLD_MAC)
                    memcpy(whole.bytes, v.bytes, sizeof whole.bytes);
                n = sizeof whole;
                memcpy(key + at + sizeof n, &whole, n);
            }
        }
        memcpy(key + at, &n, sizeof n);
        at += (uint32_t)sizeof n + n;
    }
    return at;
}

/* The bytes of one value in a key. */
static const uint8_t *
key_part(const struct group *p, unsigned i, uint16_t *n)
{
    const uint8_t *at = p->key;

    for (;;) {
        memcpy(n, at, sizeof *n);
        if (i-- == 0)
            return at + sizeof *n;
        at += sizeof *n + *n;
    }
}

static bool
grow(struct groups *g)
{
    const size_t n = g->n_buckets ? g->n_buckets * 2 : FIRST_BUCKETS;
    struct group **buckets = calloc(n, sizeof(struct group *));

    if (!buckets)
        return false;
    if (!g->n_buckets && getrandom(g->seed, sizeof g->seed, GRND_NONBLOCK) < 0) {
        /* The kernel has no random bytes yet: an address is better than nothing. */
        g->seed[0] = (uint64_t)(uintptr_t)buckets;
    }
    for (size_t i = 0; i < g->n_buckets; i++) {
        for (struct group *p = g->buckets[i], *next; p; p = next) {
            next = p->next;
            p->next = buckets[p->hash & (n - 1)];
            buckets[p->hash & (n - 1)] = p;
        }
    }
    g->bytes += (n - g->n_buckets) * sizeof(struct group *);
    free(g->buckets);
    g->buckets = buckets;
    g->n_buckets = n;
    return true;
}

static struct group *
group_make(struct groups *g, uint64_t hash, const uint8_t *key, uint32_t key_bytes)
{
    const size_t head = (offsetof(struct group, key) + key_bytes + 7) & ~(size_t)7;
    const size_t bytes = head + (g->n_sums + (g->n_sums + 63) / 64) * sizeof(uint64_t);
    struct group *p;

    if (g->n >= g->n_buckets && !grow(g))
        return NULL;
    p = calloc(1, bytes);
    if (!p)
        return NULL;
    p->hash = hash;
    p->start = UINT64_MAX;
    p->key_bytes = key_bytes;
    p->sums = (uint64_t *)(void *)((uint8_t *)p + head);
    memcpy(p->key, key, key_bytes);
    p->next = g->buckets[hash & (g->n_buckets - 1)];
    g->buckets[hash & (g->n_buckets - 1)] = p;
    if (g->last)
        g->last->later = p;
    else
        g->first = p;
    g->last = p;
    g->n++;
    g->bytes += bytes;
    return p;
}

bool
group_add(struct groups *g, const struct pavo_record *r)
{
    uint8_t key[KEY_MAX];
    const uint32_t n = key_make(g, r, key);
    struct group *p;
    uint64_t hash;

    if (!g->n_buckets && !grow(g)) /* the seed comes with the first buckets */
        return false;
    hash = pavo_hash(key, n, g->seed);
    p = g->buckets[hash & (g->n_buckets - 1)];
    while (p && (p->hash != hash || p->key_bytes != n || memcmp(p->key, key, n) != 0))
        p = p->next;
    if (!p)
        p = group_make(g, hash, key, n);
    if (!p)
        return false;
    p->records++;
    p->flows += r->flowSequence == 1;
    if (r->flowStartNanoseconds < p->start)
        p->start = r->flowStartNanoseconds;
    if (r->flowEndNanoseconds > p->end)
        p->end = r->flowEndNanoseconds;
    for (unsigned i = 0; i < g->n_sums; i++) {
        struct fld_value v;

        if (col_get(r, &g->sums[i], &v)) {
            p->sums[i] += v.u;
            p->sums[g->n_sums + i / 64] |= UINT64_C(1) << i % 64;
        }
    }
    return true;
}

bool
group_value(const struct groups *g, const struct group *p, const struct group_col *c,
            struct fld_value *v)
{
    const uint8_t *part;
    uint16_t n;

    *v = (struct fld_value){.type = FLD_U};
    switch ((enum group_col_kind)c->kind) {
    case GROUP_BY:
        part = key_part(p, c->at, &n);
        if (n == 0 || col_is_text(&g->by[c->at]))
            return false;
        memcpy(v, part, sizeof *v);
        return true;
    case GROUP_RECORDS:
        v->u = p->records;
        return true;
    case GROUP_FLOWS:
        v->u = p->flows;
        return true;
    case GROUP_START:
    case GROUP_END:
        v->type = FLD_NTP;
        v->u = c->kind == GROUP_START ? p->start : p->end;
        return true;
    case GROUP_SUM:
        v->u = p->sums[c->at];
        return p->sums[g->n_sums + c->at / 64] >> c->at % 64 & 1;
    }
    return false;
}

size_t
group_text(const struct groups *g, const struct group *p, const struct group_col *c, char *out,
           bool *is_number)
{
    struct fld_value v;
    size_t n = 0;

    *is_number = false;
    if (group_value(g, p, c, &v)) {
        if (v.type == FLD_NTP && c->kind != GROUP_BY) {
            n = (size_t)(fmt_time(out, v.u) - out);
        } else {
            const struct col *col = c->kind == GROUP_BY ? &g->by[c->at] : &g->sums[c->at];

            *is_number = col_value_is_number(col, &v);
            n = col_value_text(col, &v, out);
        }
    } else if (c->kind == GROUP_BY && col_is_text(&g->by[c->at])) {
        uint16_t len;
        const uint8_t *part = key_part(p, c->at, &len);

        n = len;
        memcpy(out, part, n);
    }
    out[n] = '\0';
    return n;
}

unsigned
group_col_type(const struct groups *g, const struct group_col *c)
{
    if (c->kind == GROUP_BY)
        return g->by[c->at].fld->type;
    return c->kind == GROUP_START || c->kind == GROUP_END ? FLD_NTP : FLD_U;
}

void
group_close(struct groups *g)
{
    for (struct group *p = g->first, *later; p; p = later) {
        later = p->later;
        free(p);
    }
    free(g->buckets);
    *g = (struct groups){0};
}
