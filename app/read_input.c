/* read_input.c - stored streams as bytes
 *
 * One buffer per input, so that a look at the first byte (which format is this?) works on a pipe as
 * well.
 */
#include "read_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
input_open(struct input *in, const char *path, struct pavo_err *err)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    struct stat st;

    in->name = is_stdin ? "stdin" : path;
    in->size = in->offset = 0;
    in->errnum = 0;
    in->is_end = false;
    in->at = in->len = 0;
    in->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (in->fd < 0)
        return pavo_err_set(err, errno, "%s: can't be opened: %s", path, strerror(errno));
    if (fstat(in->fd, &st) == 0) {
        if (S_ISDIR(st.st_mode)) {
            input_close(in);
            return pavo_err_set(err, EISDIR, "%s: is a directory; name the files in it", path);
        }
        if (S_ISREG(st.st_mode))
            in->size = (uint64_t)st.st_size;
    }
    return 0;
}

/* More bytes into the empty buffer; false: none. */
static bool
fill(struct input *in)
{
    ssize_t n;

    if (in->is_end)
        return false;
    if (in->before)
        in->before(in->ctx);
    do {
        n = read(in->fd, in->buf, sizeof in->buf);
    } while (n < 0 && errno == EINTR);
    in->at = 0;
    in->len = n > 0 ? (size_t)n : 0;
    if (n > 0)
        return true;
    in->is_end = true;
    in->errnum = n < 0 ? errno : 0;
    return false;
}

int
input_peek(struct input *in)
{
    if (in->at == in->len && !fill(in))
        return -1;
    return in->buf[in->at];
}

long
input_read(void *ctx, void *bytes, size_t n)
{
    struct input *in = ctx;

    if (in->at == in->len && !fill(in)) {
        errno = in->errnum;
        return in->errnum ? -1 : 0;
    }
    if (n > in->len - in->at)
        n = in->len - in->at;
    memcpy(bytes, in->buf + in->at, n);
    in->at += n;
    in->offset += n;
    return (long)n;
}

long
input_line(struct input *in, char **line, size_t *cap, bool *whole)
{
    size_t n = 0;

    *whole = false;
    while (!*whole && (in->at < in->len || fill(in))) {
        const uint8_t *from = in->buf + in->at;
        const uint8_t *end = memchr(from, '\n', in->len - in->at);
        const size_t part = end ? (size_t)(end - from) : in->len - in->at;

        if (n + part + 1 > *cap) {
            const size_t wanted = (n + part + 1) * 2;
            char *grown = realloc(*line, wanted);

            if (!grown) {
                in->is_end = true;
                in->errnum = ENOMEM;
                return -1;
            }
            *line = grown;
            *cap = wanted;
        }
        memcpy(*line + n, from, part);
        n += part;
        *whole = end != NULL;
        in->at += part + *whole;
        in->offset += part + *whole;
    }
    if (n == 0 && !*whole)
        return -1;
    (*line)[n] = '\0';
    return (long)n;
}

void
input_close(struct input *in)
{
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    in->fd = -1;
}

bool
input_exists(const char *path)
{
    struct stat st;

    return strcmp(path, "-") == 0 || (stat(path, &st) == 0 && !S_ISDIR(st.st_mode));
}

bool
input_is_endpoint(const char *path)
{
    const char *colon = strrchr(path, ':');

    return colon && colon > path && !strchr(path, '/') && colon[1] &&
           strspn(colon + 1, "0123456789") == strlen(colon + 1);
}
