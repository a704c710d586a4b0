/* read_sort.c - sorting, all or the first N
 *
 * With a limit the items are a heap whose root is the one that would leave first, so memory is that
 * of N items whatever passes through.
 */
#include "read_sort.h"

#include <stdlib.h>

/* Does a stand before b in the result? A total order: no two items have the same order of arrival.
 */
static int
item_order(const struct sorter *s, const struct sort_item *a, const struct sort_item *b)
{
    int order = 0;

    if (a->key.has != b->key.has)
        return a->key.has ? -1 : 1;
    if (a->key.has)
        order = fld_compare(&a->key.v, &b->key.v);
    if (order)
        return s->is_descending ? -order : order;
    return a->order < b->order ? -1 : a->order > b->order;
}

static int
by_result(const void *a, const void *b, void *sorter)
{
    return item_order(sorter, a, b);
}

static void
swap(struct sort_item *a, struct sort_item *b)
{
    const struct sort_item t = *a;

    *a = *b;
    *b = t;
}

/* The item at 'i' moves towards the root while it stands behind its parent in the result. */
static void
sift_up(struct sorter *s, size_t i)
{
    while (i > 0 && item_order(s, &s->items[i], &s->items[(i - 1) / 2]) > 0) {
        swap(&s->items[i], &s->items[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void
sift_down(struct sorter *s)
{
    size_t i = 0;

    for (;;) {
        size_t last = i;

        for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < s->n; c++)
            if (item_order(s, &s->items[c], &s->items[last]) > 0)
                last = c;
        if (last == i)
            return;
        swap(&s->items[i], &s->items[last]);
        i = last;
    }
}

bool
sort_wants(const struct sorter *s, const struct sort_key *key)
{
    const struct sort_item item = {.key = *key, .order = s->arrived};

    return !s->limit || s->n < s->limit || item_order(s, &item, &s->items[0]) < 0;
}

bool
sort_put(struct sorter *s, const struct sort_key *key, void *what)
{
    const struct sort_item item = {.key = *key, .order = s->arrived++, .what = what};

    if (s->limit && s->n == s->limit) {
        if (item_order(s, &item, &s->items[0]) > 0) {
            free(what);
            return true;
        }
        free(s->items[0].what);
        s->items[0] = item;
        sift_down(s);
        return true;
    }
    if (s->n == s->cap) {
        const size_t cap = s->cap ? s->cap * 2 : 256;
        struct sort_item *items = realloc(s->items, cap * sizeof *items);

        if (!items) {
            free(what);
            return false;
        }
        s->items = items;
        s->cap = cap;
    }
    s->items[s->n++] = item;
    if (s->limit)
        sift_up(s, s->n - 1);
    return true;
}

void
sort_end(struct sorter *s)
{
    if (s->n)
        qsort_r(s->items, s->n, sizeof *s->items, by_result, s);
}

void
sort_close(struct sorter *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->items[i].what);
    free(s->items);
    *s = (struct sorter){0};
}
