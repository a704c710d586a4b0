/* filter_tree.h - the tree between the filter's parser (filter.c) and its evaluation
 * (filter_match.c) */
#ifndef PAVO_FILTER_TREE_H
#define PAVO_FILTER_TREE_H

#include "column.h"
#include "filter.h"

/* A set of carriers, one bit for each number. */
struct flt_carriers {
    uint64_t bits[4];
};

static inline bool
flt_carries(const struct flt_carriers *c, uint8_t type)
{
    return c->bits[type / 64] >> type % 64 & 1;
}

enum flt_op {
    FLT_ALL,       /* of the children; none: true */
    FLT_ANY,       /* of the children */
    FLT_NOT,       /* the one child */
    FLT_KIND,      /* 'mask' has the bit of the record's kind */
    FLT_PROTO,     /* an IP record whose protocol is lo..hi */
    FLT_NET,       /* address within addr/prefix */
    FLT_PORT,      /* lo..hi */
    FLT_MAC,       /* addr[0..5] */
    FLT_ETHERTYPE, /* lo..hi */
    FLT_CARRIER,   /* a layer whose type is in 'carriers' and whose id is lo..hi */
    FLT_TUNNEL,    /* a layer that IP carries */
    FLT_HAS,       /* the column is there */
    FLT_COMPARE,   /* column 'cmp' value */
    FLT_WITHIN,    /* column is an address within addr/prefix */
    FLT_FLAGS,     /* column & mask 'cmp' value */
    FLT_TEXT,      /* column's text is 'text' */
    FLT_CONTAINS,  /* 'text' is in the column's, capital letters as small ones */
};

enum flt_cmp { FLT_EQ, FLT_LT, FLT_LE, FLT_GT, FLT_GE };

enum flt_side { FLT_SRC = 1, FLT_DST = 2, FLT_EITHER = 3, FLT_BOTH = 4 };

enum { FLT_NONE = 0xffff };

/* One test or group. Children of a group are a list: 'first', then 'next' of each. */
struct flt_node {
    uint8_t op;
    uint8_t cmp;
    uint8_t side;
    uint8_t is_outer;   /* NET, PORT, MAC: of the layers that carry the flow */
    uint8_t is_exact;   /* FLAGS: equal to the value; else any bit of the mask */
    uint8_t ip_version; /* NET, WITHIN: 4 or 6 */
    uint8_t prefix;
    uint16_t first, next;
    uint32_t mask;
    uint32_t lo, hi;
    struct flt_carriers carriers;
    uint8_t addr[16];
    struct col col;
    struct fld_value value;
    char *text; /* TEXT, CONTAINS: owned by the filter */
};

struct pavo_filter {
    struct flt_node *nodes;
    unsigned n, cap;
    uint16_t root;
};

/* The whole filter's nodes are within [0, n); depth is bounded by the parser. */
bool flt_eval(const struct pavo_filter *f, uint16_t at, const struct pavo_record *r);

#endif
