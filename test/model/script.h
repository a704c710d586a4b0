/* script.h - what a conversation is going to be */
#ifndef PAVO_MODEL_SCRIPT_H
#define PAVO_MODEL_SCRIPT_H

#include "end.h"

/* Openings. */
enum script_open {
    OPEN_NORMAL,
    OPEN_REFUSED,
    OPEN_UNANSWERED,
    OPEN_BOTH, /* simultaneously */
};

struct script {
    enum talk_kind kind;
    unsigned connections;
    uint64_t gap_ns[4]; /* to the next one */
    uint64_t stop_ns;
    size_t segs;
    uint32_t skip_10000, miss_10000; /* of the segments, not captured */
    int only;                        /* side that is captured; -1: both */
    bool ts_coarse;
};

/* The next connection begins: its opening, and what both applications will do. */
void script_connection(struct world *w, const struct script *s);

void world_run(struct world *w, const struct script *s);
void world_capture(struct world *w, const struct script *s);

#endif
