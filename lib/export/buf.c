/* buf.c - growing bytes that encoders write into
 *
 * Doubles when it is full, so that a record never moves the bytes before it more than a constant
 * number of times. A buffer that memory could not be had for stays as it was and says 'failed'; its
 * user decides what that costs.
 */
#include <stdlib.h>
#include <string.h>

#include "pavo_export.h"

enum { BUF_FIRST_BYTES = 4096 };

uint8_t *
pavo_buf_room(struct pavo_buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap : BUF_FIRST_BYTES;
    uint8_t *at;

    if (n <= b->cap - b->len && b->at)
        return b->at + b->len;
    if (n > SIZE_MAX / 2 - b->len) {
        b->failed = true;
        return NULL;
    }
    while (cap < b->len + n)
        cap *= 2;
    at = realloc(b->at, cap);
    if (!at) {
        b->failed = true;
        return NULL;
    }
    b->at = at;
    b->cap = cap;
    return b->at + b->len;
}

void
pavo_buf_put(struct pavo_buf *b, const void *bytes, size_t n)
{
    uint8_t *at = pavo_buf_room(b, n);

    if (!at)
        return;
    if (n)
        memcpy(at, bytes, n);
    b->len += n;
}

void
pavo_buf_clear(struct pavo_buf *b)
{
    if (b->open)
        memmove(b->at, b->at + b->len, b->open);
    b->len = 0;
}

void
pavo_buf_free(struct pavo_buf *b)
{
    free(b->at);
    *b = (struct pavo_buf){0};
}
