/* cfg_table.h - the form of a row of the table of keys; private to cfg*.c */
#ifndef PAVO_CFG_TABLE_H
#define PAVO_CFG_TABLE_H

#include <stddef.h>

#include "cfg.h"

enum cfg_type {
    CFG_STRING,     /* char * */
    CFG_WORD,       /* char *, one of 'words' */
    CFG_BOOL,       /* bool */
    CFG_COUNT,      /* uint32_t; "4M" is 4000000 */
    CFG_AUTO_COUNT, /* uint32_t; "auto" is 0 */
    CFG_BYTES,      /* uint64_t */
    CFG_BYTES32,    /* uint32_t */
    CFG_MIB,        /* uint32_t, in MiB */
    CFG_DURATION,   /* uint64_t, nanoseconds */
    CFG_STRINGS,    /* char ** and its count at 'at_n' */
    CFG_FLAGS,      /* unsigned; list of 'words', bit by place */
    CFG_PORTS,      /* UDP ports that lead to the row 'udp' in cfg.decap; PAVO_UDPS: FOU */
    CFG_DEVICES,    /* struct cfg_device list; 'parts' are the rows of one */
    CFG_SINKS,      /* struct cfg_sink list */
};

struct cfg_key {
    const char *name; /* "flow.idle.tcp"; of a part: "rotate" */
    enum cfg_type type;
    size_t at, at_n;      /* places in struct cfg, or in the struct of the list */
    const char *fallback; /* as it would be written; NULL: none */
    const char *min, *max;
    const char *words;           /* blank separated */
    int udp;                     /* enum pavo_udp */
    const struct cfg_key *parts; /* ends with a row without a name */
    const char *help;
};

extern const struct cfg_key cfg_keys[]; /* ends with a row without a name */
const struct cfg_key *cfg_key_find(const char *name);
const char *cfg_key_nearest(const char *name, const struct cfg_key *rows);

/* Text into the member at 'at'. 0, or -1 with the reason in 'why' ("expects a time such as 30s").
 */
int cfg_value_set(void *base, const struct cfg_key *k, const char *text, char *why, size_t n);
/* A number with a unit of the row's type. */
int cfg_value_number(const struct cfg_key *k, const char *text, uint64_t *out, char *why, size_t n);
/* "2-5,8": 0, or -1. The cores are handed to 'each' if it is not NULL. */
int cfg_core_list(const char *text, void (*each)(void *ctx, unsigned core), void *ctx);

/* The line of 'text' (a document that jansson took) on which the value at 'path' begins; 0: not
 * found. */
unsigned cfg_line_of(const char *text, size_t n, const char *path);

#endif
