/* read_input.h - a stored stream as bytes: a file, a pipe or stdin, whose first byte can be looked
 * at */
#ifndef PAVO_READ_INPUT_H
#define PAVO_READ_INPUT_H

#include "pavo_flow.h"

struct input {
    const char *name; /* as given; "stdin" for "-" */
    int fd;
    uint64_t size;   /* of a regular file; 0: not known */
    uint64_t offset; /* bytes handed out */
    int errnum;      /* a read failed with this */
    bool is_end;
    void (*before)(void *ctx); /* called before a read that may wait; NULL: not */
    void *ctx;
    size_t at, len;
    uint8_t buf[1 << 16];
};

/* Opens "-" or a path; a directory is refused. 0 or -errno with err. */
int input_open(struct input *in, const char *path, struct pavo_err *err);
/* The next byte, which stays unread; -1 at the end or on an error. */
int input_peek(struct input *in);
/* A pavo_read_fn; 'in' is a struct input. */
long input_read(void *in, void *bytes, size_t n);
/* The next line without its end, in *line of *cap bytes, which grow by realloc; -1: there is none.
 * *whole: its line end was there. */
long input_line(struct input *in, char **line, size_t *cap, bool *whole);
void input_close(struct input *in);

/* Is this the name of something that can be opened, rather than a word of a filter? */
bool input_exists(const char *path);
/* Does it look like HOST:PORT? */
bool input_is_endpoint(const char *path);

#endif
