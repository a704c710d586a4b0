/* cursor.h - the bounds-checked reader of a packet
 *
 * All reading goes through one cursor. It keeps two ends, because they fail for different reasons:
 * 'held' ends where the capture ends, 'told' where the packet ends by its own headers. Only the
 * functions here move along a packet or lessen a length; elsewhere there are constant offsets into
 * a header that was already taken.
 */
#ifndef PAVO_CURSOR_H
#define PAVO_CURSOR_H

#include "pavo_decap.h"

struct cur {
    const uint8_t *at; /* next unread byte */
    uint32_t held;     /* captured bytes from 'at' on */
    uint32_t told;     /* bytes the headers so far promise from 'at' on; held <= told */
};

/* A cursor at the start of a frame of 'len' bytes of which 'caplen' were captured. */
static inline struct cur
cur_open(const uint8_t *data, uint32_t caplen, uint32_t len)
{
    return (struct cur){.at = data, .held = caplen, .told = len > caplen ? len : caplen};
}

/* Hands out the next 'n' bytes and steps over them; NULL, and no step, if they are not held. */
static inline const uint8_t *
cur_take(struct cur *c, uint32_t n)
{
    const uint8_t *p = c->at;

    if (n > c->held)
        return NULL;
    c->at += n;
    c->held -= n;
    c->told -= n;
    return p;
}

/* The next 'n' bytes without a step; NULL if they are not held. */
static inline const uint8_t *
cur_peek(const struct cur *c, uint32_t n)
{
    return n > c->held ? NULL : c->at;
}

/* Applies a length field: at most 'n' bytes follow. It can only shrink the view, so that padding is
 * never read as payload. False if the field promises more than there is; the view is then as it
 * was. */
static inline bool
cur_narrow(struct cur *c, uint32_t n)
{
    if (n > c->told)
        return false;
    c->told = n;
    if (c->held > n)
        c->held = n;
    return true;
}

/* Why cur_take(c, n) gave NULL: the packet contradicts itself, or the capture was short. */
static inline enum pavo_why
cur_why(const struct cur *c, uint32_t n)
{
    return n > c->told ? PAVO_WHY_MALFORMED : PAVO_WHY_TRUNCATED;
}

#endif
