/* capture_stream.c - a capture read through libpcap: pipes, standard input, and files on request
 *
 * A pipe is read through a stream of our own that knows what is buffered. read() then never waits
 * with frames in hand, the worker can sleep between frames, and a stop is seen while the writer is
 * silent.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_pcap.h"
#include "capture_reader.h"

enum {
    PIPE_BYTES = 64 * 1024,
    STDIO_BYTES = 256 * 1024,
    POLL_MS = 200, /* how late a stop may be seen inside a frame that is cut by a silent writer */
};

/* Bytes of a pipe that libpcap has not asked for yet. */
struct pipe_in {
    int fd;
    size_t at, len;
    bool ended;
    const _Atomic bool *stop; /* NULL while the pipe is opened */
    uint8_t bytes[PIPE_BYTES];
};

struct stream {
    struct cap_reader r; /* first */
    pcap_t *pcap;
    struct pipe_in *pipe; /* NULL: a regular file. Owned by 'file' */
    FILE *file;           /* owned by 'pcap' */
    char *buffer;         /* of stdio */
    uint8_t link;
    int over; /* CAP_END or CAP_FAILED, to be told once what came before is handed out */
    struct cap_arena arena;
};

static ssize_t
pipe_read(void *cookie, char *to, size_t n)
{
    struct pipe_in *p = cookie;

    while (p->at == p->len && !p->ended) {
        struct pollfd fd = {.fd = p->fd, .events = POLLIN};
        ssize_t got;

        if (p->stop && atomic_load_explicit(p->stop, memory_order_relaxed))
            return 0;
        if (poll(&fd, 1, p->stop ? POLL_MS : -1) == 0)
            continue;
        got = read(p->fd, p->bytes, sizeof p->bytes);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            return -1;
        p->at = 0;
        p->len = (size_t)got;
        p->ended = got == 0;
    }
    if (n > p->len - p->at)
        n = p->len - p->at;
    memcpy(to, p->bytes + p->at, n);
    p->at += n;
    return (ssize_t)n;
}

static int
pipe_close(void *cookie)
{
    struct pipe_in *p = cookie;

    close(p->fd);
    free(p);
    return 0;
}

/* How stdio reads a pipe. Unbuffered it asks for single bytes, which costs more than all the rest
 * of a packet; buffered it hides what it holds, and only of glibc's do we know where to look. */
#ifdef __GLIBC__
static const int PIPE_BUFFERING = _IOFBF;

static bool
stdio_holds_bytes(const FILE *f)
{
    return f->_IO_read_ptr < f->_IO_read_end;
}
#else
static const int PIPE_BUFFERING = _IONBF;

static bool
stdio_holds_bytes(const FILE *f)
{
    (void)f;
    return false;
}
#endif

/* Could the next frame be read without waiting for the writer? */
static bool
pipe_has_bytes(const struct stream *s, int timeout_ms)
{
    const struct pipe_in *p = s->pipe;
    struct pollfd fd = {.fd = p->fd, .events = POLLIN};

    return stdio_holds_bytes(s->file) || p->at < p->len || p->ended ||
           poll(&fd, 1, timeout_ms) != 0;
}

/* ---- frames -----------------------------------------------------------------------------------
 */

static void
on_frame(u_char *ctx, const struct pcap_pkthdr *h, const u_char *data)
{
    struct stream *s = (struct stream *)(void *)ctx;

    s->r.n_frames++;
    s->r.n_bytes += 16 + h->caplen;
    if (s->r.cfg.filter) {
        const struct pavo_frame frame = {
            .data = data, .caplen = h->caplen, .len = h->len, .link = s->link};

        if (!cap_filter_pass(s->r.cfg.filter, &frame)) {
            s->r.n_filtered++;
            return;
        }
    }
    if (!cap_arena_put(&s->arena, h, data, true, s->link, s->r.cfg.source))
        pcap_breakloop(s->pcap);
}

static int
stream_read(struct cap_reader *r, struct pavo_frame *out, unsigned max)
{
    struct stream *s = (struct stream *)(void *)r;
    struct cap_arena *a = &s->arena;

    a->n = 0;
    a->used = 0;
    a->out = out;
    a->max = max;
    while (s->over == 0 && a->n < max && a->used <= ARENA_BYTES) {
        const uint64_t before = r->n_frames;
        int rc;

        if (s->pipe && !pipe_has_bytes(s, 0))
            break;
        /* A pipe gives one frame at a time, as long as that costs no waiting. */
        rc = pcap_dispatch(s->pcap, s->pipe ? 1 : (int)(max - a->n), on_frame, (u_char *)(void *)s);
        if (rc == PCAP_ERROR) {
            pavo_err_set(&r->error, EBADMSG, "%.300s", pcap_geterr(s->pcap));
            s->over = CAP_FAILED;
        } else if (r->n_frames == before && rc != PCAP_ERROR_BREAK) {
            s->over = CAP_END;
        }
        if (r->cfg.filter) /* it may let nothing through for long */
            break;
    }
    return a->n > 0 || s->over == 0 ? (int)a->n : s->over;
}

static void
stream_wait(struct cap_reader *r, int timeout_ms)
{
    struct stream *s = (struct stream *)(void *)r;

    if (s->pipe)
        pipe_has_bytes(s, timeout_ms);
}

static void
stream_close(struct cap_reader *r)
{
    struct stream *s = (struct stream *)(void *)r;

    if (s->pcap)
        pcap_close(s->pcap); /* and its stream, and the pipe */
    free(s->buffer);
    free(s->arena.bytes);
    free(s);
}

static const struct cap_reader_ops stream_ops = {
    .read = stream_read,
    .wait = stream_wait,
    .close = stream_close,
};

/* ---- opening ----------------------------------------------------------------------------------
 */

/* A stdio stream that owns the descriptor; NULL: no memory, and the descriptor is closed. */
static FILE *
stream_of(struct stream *s, int fd, bool is_file)
{
    FILE *f;

    if (is_file) {
        f = fdopen(fd, "rb");
        s->buffer = f ? malloc(STDIO_BYTES) : NULL;
        if (s->buffer) {
            setvbuf(f, s->buffer, _IOFBF, STDIO_BYTES);
            __fsetlocking(f, FSETLOCKING_BYCALLER); /* one thread reads it */
            (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        }
    } else {
        s->pipe = calloc(1, sizeof *s->pipe);
        if (s->pipe)
            s->pipe->fd = fd;
        f = s->pipe ? fopencookie(s->pipe, "rb",
                                  (cookie_io_functions_t){.read = pipe_read, .close = pipe_close})
                    : NULL;
        if (f)
            setvbuf(f, NULL, PIPE_BUFFERING, PIPE_BYTES);
    }
    s->file = f;
    if (!f) {
        close(fd);
        free(s->pipe);
        s->pipe = NULL;
    }
    return f;
}

int
cap_stream_open(int fd, const struct cap_reader_config *cfg, struct cap_reader **out,
                struct pavo_err *err)
{
    struct stream *s = calloc(1, sizeof *s);
    struct stat st;
    const bool is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    char says[PCAP_ERRBUF_SIZE];
    uint8_t head[4];
    ssize_t n_head = is_file ? pread(fd, head, sizeof head, 0) : 0;
    struct pavo_err why;
    FILE *f = NULL;
    int rc;

    if (s) {
        s->r.ops = &stream_ops;
        s->r.cfg = *cfg;
        s->arena.cut_us = cfg->cut_us;
        s->arena.bytes = malloc(ARENA_BYTES + FRAME_MAX);
    }
    if (s && s->arena.bytes)
        f = stream_of(s, fd, is_file);
    else
        close(fd);
    if (!f) {
        rc = pavo_err_set(err, ENOMEM, "%.200s: no memory", cfg->name);
        goto fail;
    }
    s->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, says);
    if (!s->pcap) {
        if (s->pipe) { /* what it gave is still in its buffer */
            n_head = (ssize_t)(s->pipe->len < sizeof head ? s->pipe->len : sizeof head);
            memcpy(head, s->pipe->bytes, (size_t)n_head);
        }
        rc = cap_reader_refuse(cfg->name, head, n_head < 0 ? 0 : (size_t)n_head, says, err);
        (void)fclose(f);
        goto fail;
    }
    rc = cap_reader_link(&s->r, pcap_datalink(s->pcap), &why);
    if (rc < 0) {
        rc = pavo_err_set(err, -rc, "%.200s: %.300s", cfg->name, why.text);
        goto fail;
    }
    s->link = (uint8_t)rc;
    if (s->pipe)
        s->pipe->stop = cfg->stop;
    *out = &s->r;
    return 0;

fail:
    if (s)
        stream_close(&s->r);
    return rc;
}
