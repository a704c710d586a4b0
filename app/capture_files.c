/* capture_files.c - captures, pipes and standard input, one after the other, as one queue
 *
 * Regular files are opened twice: once at the start, to look at the link types before anything is
 * written, and again when their turn comes, so that a thousand files need one descriptor. What is
 * not a regular file has only one chance: it stays open from the first look on.
 *
 * A broken file (cut in the middle, damaged block) ends at the break: what came before it counts,
 * the break is kept for error(), and the next file goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_pcap.h"
#include "capture_reader.h"
#include "cfg.h"

enum { ERROR_BYTES = 4096 };

struct file {
    const char *path;          /* borrowed from the configuration, which outlives the queue */
    struct cap_reader *reader; /* pipes: from open on; files: while they are read */
    uint64_t bytes;            /* 0: a pipe */
    uint16_t source;
};

struct files_queue {
    struct cap_queue q; /* first */
    struct file *files;
    unsigned n_files, at;
    struct cap_filter *filter;
    bool only_pcap, cut_us;
    char error[ERROR_BYTES];

    _Atomic bool stop;
    _Atomic uint64_t offered, filtered, unread;
    _Atomic uint64_t read_bytes;
    uint64_t ended_bytes; /* files that are done */
    uint64_t total_bytes; /* 0: a pipe is among them */
};

/* For capture_progress(): the one queue of this process. */
static struct files_queue *the_files;

/* ---- opening ----------------------------------------------------------------------------------
 */

static bool
is_stdin(const struct file *f)
{
    return strcmp(f->path, "-") == 0;
}

static const char *
file_name(const struct file *f)
{
    return is_stdin(f) ? "stdin" : f->path;
}

static int
file_open(struct files_queue *fq, struct file *f, struct pavo_err *err)
{
    const struct cap_reader_config rc = {
        .name = file_name(f),
        .filter = fq->filter,
        .stop = &fq->stop,
        .source = f->source,
        .cut_us = fq->cut_us,
    };
    struct stat st;
    const int fd =
        is_stdin(f) ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(f->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return pavo_err_set(err, errno, "%.200s: can't be opened: %s", rc.name, strerror(errno));
    if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        close(fd);
        return pavo_err_set(err, EISDIR, "%.200s: is a directory, not a capture", rc.name);
    }
    if (!S_ISREG(st.st_mode))
        return cap_stream_open(fd, &rc, &f->reader, err);
    f->bytes = (uint64_t)st.st_size;
    return (fq->only_pcap ? cap_stream_open : cap_blocks_open)(fd, &rc, &f->reader, err);
}

static void
file_close(struct file *f)
{
    if (f->reader)
        f->reader->ops->close(f->reader);
    f->reader = NULL;
}

/* First look: is it a capture, and of a link type that we read? */
static int
file_check(struct files_queue *fq, struct file *f, struct pavo_err *err)
{
    struct pavo_err why;
    const int rc = file_open(fq, f, &why);

    if (rc < 0)
        return pavo_err_set(err, -rc, "%.480s%s", why.text,
                            rc == -EPROTONOSUPPORT ? "; nothing was written" : "");
    /* libpcap moves on in what stands behind standard input: no second look at that. */
    if (f->bytes > 0 && !is_stdin(f))
        file_close(f);
    return 0;
}

/* ---- receiving --------------------------------------------------------------------------------
 */

static void
keep_error(struct files_queue *fq, const char *sentence)
{
    const size_t n = strlen(fq->error);

    (void)snprintf(fq->error + n, sizeof fq->error - n, "%s%s", n ? "\n" : "", sentence);
}

/* The next file that can be read; false: there is none. */
static bool
next_file(struct files_queue *fq)
{
    for (; fq->at < fq->n_files; fq->at++) {
        struct pavo_err err;

        if (fq->files[fq->at].reader || file_open(fq, &fq->files[fq->at], &err) == 0)
            return true;
        keep_error(fq, err.text);
    }
    return false;
}

static void
file_ended(struct files_queue *fq, struct file *f, bool is_broken)
{
    const struct cap_reader *r = f->reader;
    struct pavo_err err;

    if (is_broken && !atomic_load_explicit(&fq->stop, memory_order_relaxed)) {
        pavo_err_set(&err, EBADMSG, "%.200s: read up to frame %llu, then: %.250s", file_name(f),
                     (unsigned long long)r->n_frames, r->error.text);
        keep_error(fq, err.text);
    }
    for (unsigned i = 0; i < r->n_unread_kinds; i++) {
        if (r->unread[i].n_frames == 0)
            continue;
        pavo_err_set(&err, EPROTONOSUPPORT, "%.200s: %llu frames are lost: %.250s", file_name(f),
                     (unsigned long long)r->unread[i].n_frames, r->unread[i].why);
        keep_error(fq, err.text);
    }
    fq->ended_bytes += f->bytes;
    file_close(f);
    fq->at++;
}

/* One burst is of one file. */
static int
files_recv(struct cap_queue *q, struct pavo_frame *out, unsigned max)
{
    struct files_queue *fq = (struct files_queue *)(void *)q;

    while (!atomic_load_explicit(&fq->stop, memory_order_relaxed) && next_file(fq)) {
        struct file *f = &fq->files[fq->at];
        struct cap_reader *r = f->reader;
        const uint64_t frames = r->n_frames, filtered = r->n_filtered, unread = r->n_unread;
        const int n = r->ops->read(r, out, max);

        pavo_stat_add(&fq->offered, r->n_frames - frames - (r->n_filtered - filtered));
        if (r->n_filtered != filtered)
            pavo_stat_add(&fq->filtered, r->n_filtered - filtered);
        if (r->n_unread != unread)
            pavo_stat_add(&fq->unread, r->n_unread - unread);
        atomic_store_explicit(&fq->read_bytes, fq->ended_bytes + r->n_bytes, memory_order_relaxed);
        if (n >= 0)
            return n;
        file_ended(fq, f, n == CAP_FAILED);
    }
    return CAP_END;
}

/* What a reader handed out is its own again at the next recv(). */
static void
files_done(struct cap_queue *q)
{
    (void)q;
}

static bool
files_wait(struct cap_queue *q, int timeout_ms)
{
    struct files_queue *fq = (struct files_queue *)(void *)q;
    struct cap_reader *r = fq->at < fq->n_files ? fq->files[fq->at].reader : NULL;

    if (r && r->ops->wait)
        r->ops->wait(r, timeout_ms);
    return true;
}

static void
files_stats(struct cap_queue *q, struct cap_stats *out)
{
    struct files_queue *fq = (struct files_queue *)(void *)q;

    *out = (struct cap_stats){
        .offered = pavo_stat_get(&fq->offered),
        .filtered = pavo_stat_get(&fq->filtered),
        .lost[PAVO_LOSS_UNREADABLE] = pavo_stat_get(&fq->unread),
        .knows_losses = true,
    };
}

static const char *
files_error(struct cap_queue *q)
{
    const struct files_queue *fq = (const struct files_queue *)(void *)q;

    return fq->error[0] ? fq->error : NULL;
}

static void
files_stop(struct cap_queue *q)
{
    struct files_queue *fq = (struct files_queue *)(void *)q;

    /* Release: pairs with the acquire in files_recv(); who sees it also sees why it was asked for.
     */
    atomic_store_explicit(&fq->stop, true, memory_order_release);
}

static const struct cap_ops files_ops = {
    .recv = files_recv,
    .done = files_done,
    .wait = files_wait,
    .stats = files_stats,
    .error = files_error,
    .stop = files_stop,
    .interrupt = files_stop,
};

int
cap_files_open(const struct cfg *cfg, struct cap_set *set, struct cap_queue **out,
               struct pavo_err *err)
{
    struct files_queue *fq = calloc(1, sizeof *fq);
    const unsigned n = cfg->capture.n_files;
    bool is_pipe = false;
    int rc;

    if (!fq)
        return pavo_err_set(err, ENOMEM, "capture: no memory");
    fq->q = (struct cap_queue){.ops = &files_ops, .can_wait = true, .node = -1, .name = "files"};
    fq->cut_us = strcmp(cfg->capture.precision, "us") == 0;
    fq->only_pcap = strcmp(cfg->capture.reader, "pcap") == 0;
    fq->files = calloc(n, sizeof *fq->files);
    if (!fq->files) {
        rc = pavo_err_set(err, ENOMEM, "capture: no memory");
        goto fail;
    }
    rc = -ENOMEM;
    if (cfg->capture.filter && !(fq->filter = cap_filter_open(cfg->capture.filter, err)))
        goto fail;
    for (unsigned i = 0; i < n; i++) {
        struct file *f = &fq->files[i];

        f->path = cfg->capture.files[i];
        fq->n_files++;
        rc = cap_set_source(set, file_name(f));
        if (rc < 0) {
            rc = pavo_err_set(err, -rc, "capture: %s: %s", file_name(f), strerror(-rc));
            goto fail;
        }
        f->source = (uint16_t)rc;
        rc = file_check(fq, f, err);
        if (rc < 0)
            goto fail;
        is_pipe = is_pipe || f->bytes == 0;
        fq->total_bytes += f->bytes;
    }
    if (is_pipe)
        fq->total_bytes = 0;
    if (n == 1)
        fq->q.name = file_name(&fq->files[0]);
    the_files = fq;
    *out = &fq->q;
    return 0;

fail:
    cap_files_close(&fq->q);
    return rc;
}

void
cap_files_close(struct cap_queue *q)
{
    struct files_queue *fq = (struct files_queue *)(void *)q;

    if (!fq)
        return;
    the_files = NULL;
    for (unsigned i = 0; i < fq->n_files; i++)
        file_close(&fq->files[i]);
    cap_filter_close(fq->filter);
    free(fq->files);
    free(fq);
}

bool
capture_progress(uint64_t *done_bytes, uint64_t *total_bytes)
{
    const struct files_queue *fq = the_files;

    if (!fq || fq->total_bytes == 0)
        return false;
    *done_bytes = pavo_stat_get(&fq->read_bytes);
    *total_bytes = fq->total_bytes;
    return true;
}
