/* read_sort.h - things in the order of a key: all of them, or the first N in a bounded heap */
#ifndef PAVO_READ_SORT_H
#define PAVO_READ_SORT_H

#include "fields.h"

struct sort_key {
    bool has; /* what has no key comes last, in either direction */
    struct fld_value v;
};

struct sort_item {
    struct sort_key key;
    uint64_t order; /* of arrival: equal keys keep it */
    void *what;     /* from malloc; the sorter's */
};

/* Owner: the command. Without a limit it grows with what is put into it. */
struct sorter {
    struct sort_item *items;
    size_t n, cap;
    size_t limit; /* keep the first N only; 0: all */
    uint64_t arrived;
    bool is_descending;
};

/* Would this key be kept? Saves the copy of what would not. */
bool sort_wants(const struct sorter *s, const struct sort_key *key);
/* Takes 'what' over, also when it fails: false, no memory. */
bool sort_put(struct sorter *s, const struct sort_key *key, void *what);
/* Puts items[0..n) into their order; nothing may be put any more. */
void sort_end(struct sorter *s);
void sort_close(struct sorter *s);

#endif
