/* reader.h - what the pieces of the reader share: templates as compiled, and records out of them
 *
 * reader.c follows messages, sets and templates; reader_map.c knows what an element means to a
 * record, and reader_parts.c reads the parts of it.
 */
#ifndef PAVO_READER_H
#define PAVO_READER_H

#include "ipfix.h"

/* What is done with a field. */
enum map_act {
    MAP_SKIP = 0,
    MAP_NUMBER,   /* a plain member: 'width' octets at 'offset' of the record */
    MAP_ROW,      /* arg: row of fields.def */
    MAP_ADDRESS4, /* arg: 0 source, 1 destination */
    MAP_ADDRESS6,
    MAP_TIME_S, /* arg: 0 start, 1 end */
    MAP_TIME_MS,
    MAP_TIME_US,
    MAP_TIME_NS,
    MAP_TIME_BACK,    /* microseconds before the export time */
    MAP_TIME_UPTIME,  /* milliseconds since the start of the device */
    MAP_UPTIME_BEGAN, /* which was then */
    MAP_DURATION_MS,
    MAP_DURATION_US,
    MAP_ICMP_TYPE,
    MAP_ICMP_CODE,
    MAP_TTL,  /* arg: direction; lowest and highest in one */
    MAP_DSCP, /* arg: direction */
    MAP_LIST,
    MAP_PART,   /* arg: row of fields.def that stands in a part; elsewhere it is skipped */
    MAP_PARTS,  /* the list of parts */
    MAP_MEMBER, /* arg: row of ledger.def */
    MAP_COUNTS, /* basicList of counts per reason */
};

struct map_field {
    uint32_t pen;
    uint16_t id;
    uint16_t bytes;
    uint8_t act;   /* enum map_act */
    uint8_t width; /* 0: not a plain member */
    uint16_t arg;
    uint16_t offset;
};

/* What a template has, so that presence can be told where a stream has no recordFlags. */
enum {
    MAP_HAS_FLAGS = 1 << 0,
    MAP_HAS_PORTS = 1 << 1,
    MAP_HAS_MAC = 1 << 2,
    MAP_HAS_ICMP = 1 << 3,
    MAP_HAS_IP4 = 1 << 4,
    MAP_HAS_IP6 = 1 << 5,
    MAP_HAS_ARP = 1 << 6,
    MAP_HAS_TOTAL = 1 << 7,
    MAP_HAS_DELTA = 1 << 8,
    MAP_HAS_FINAL = 1 << 9,
    MAP_IS_LEDGER = 1 << 10,
    MAP_IS_INTERFACES = 1 << 11,
    MAP_IS_OBSERVER = 1 << 12,
    MAP_IS_FLOW = 1 << 13,
};

struct map_template {
    uint32_t domain;
    uint16_t id;
    uint16_t n_scope;   /* 0: not an options template */
    uint32_t n_fields;  /* 0: withdrawn */
    uint32_t min_bytes; /* of a record; never 0 */
    uint32_t has;
    uint16_t parts;           /* PAVO_PART_* that its elements belong to */
    struct map_field *fields; /* owned */
};

/* Gives every field of a template its meaning. */
void map_compile(struct map_template *t);

/* Looks up a template of the domain for a list; NULL: unknown. */
typedef const struct map_template *map_find_fn(void *ctx, uint32_t domain, uint16_t id);

/* The length of the field at *at, moved past a variable length's own octets (RFC 7011 section 7);
 * -1: it is not there whole. */
static inline long
map_length(const struct map_field *f, const uint8_t **at, const uint8_t *end)
{
    long n = f->bytes;

    if (n == IPFIX_VARIABLE) {
        if (*at >= end)
            return -1;
        n = *(*at)++;
        if (n == 255) {
            if (end - *at < 2)
                return -1;
            n = (long)get_be(*at, 2);
            *at += 2;
        }
    }
    return n <= end - *at ? n : -1;
}

/* A number into a plain member. */
static inline void
map_store(struct pavo_record *r, const struct map_field *f, uint64_t v)
{
    uint8_t *to = (uint8_t *)r + f->offset;
    const uint16_t v16 = (uint16_t)v;
    const uint32_t v32 = (uint32_t)v;

    switch (f->width) {
    case 1:
        *to = (uint8_t)v;
        break;
    case 2:
        memcpy(to, &v16, 2);
        break;
    case 4:
        memcpy(to, &v32, 4);
        break;
    default:
        memcpy(to, &v, 8);
    }
}

/* The value of a row of fields.def: 'n' octets at 'at'. What can't be one is passed over. */
void map_row(struct pavo_record *r, const struct fld *f, const uint8_t *at, unsigned n);
/* The content of flowParts, up to 'end'. False: it is broken, *why says how. */
bool map_parts(struct pavo_record *r, const uint8_t *at, const uint8_t *end, uint32_t domain,
               map_find_fn *find, void *ctx, const char **why);
/* Once all parts are read. */
void map_parts_finish(struct pavo_record *r);

/* One data record. Each returns the end of the record, or NULL with *why set. */
const uint8_t *map_record(const struct map_template *t, const uint8_t *at, const uint8_t *end,
                          uint32_t export_s, map_find_fn *find, void *ctx, struct pavo_record *r,
                          const char **why);
const uint8_t *map_ledger(const struct map_template *t, const uint8_t *at, const uint8_t *end,
                          struct pavo_ledger *l, const char **why);

#endif
