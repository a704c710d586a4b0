/* target_file.c - bytes into a file, a pipe or standard output
 *
 * Two ways to a file. A plain path without rotation is opened and truncated at once: what stands
 * there is what was written so far. With rotation, or strftime patterns in the path, a file is
 * written as NAME.part and gets its name when it is complete and on the disk (fsync, then link), so
 * that whoever picks up files sees whole ones only. No file of that name is ever replaced: NAME.1,
 * NAME.2 and so on are taken instead, and a NAME.part that another run left behind stays as it is.
 *
 * When the file can't be opened the target has none (fd -1) and every write tries to open it again:
 * a disk that is full or a directory that is away for a while costs the records of that while,
 * which the sink counts, and no more.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "target.h"

#define NS_PER_S UINT64_C(1000000000)

enum {
    PATH_BYTES = 4096,
    NAMES_TRIED = 1000000, /* suffixes .1, .2 ... before we give up */
};

/* Owner: the thread of its sink. */
struct target_file {
    struct pavo_target base;
    struct pavo_rotate rotate;
    uint64_t (*wall_ns)(void);
    char *pattern;          /* the path as it was given; "-" for standard output */
    bool is_parted;         /* written as .part, then renamed */
    bool is_regular;        /* of the open file */
    int fd;                 /* -1: not open now, tried again at every write */
    uint64_t bytes;         /* written into this file */
    uint64_t slot;          /* rotation by time: wall clock / every_ns when this file began */
    char final[PATH_BYTES]; /* the name it shall have; empty: no file is open */
    char part[PATH_BYTES];  /* the name it has while it is written, if is_parted */
};

static uint64_t
clock_wall(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_REALTIME, &ts);
    return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Makes the directories above 'path'; those that exist are fine. 0 or -errno. */
static int
dirs_make(const char *path)
{
    char dir[PATH_BYTES];
    const size_t n = strlen(path);

    if (n >= sizeof dir)
        return -ENAMETOOLONG;
    memcpy(dir, path, n + 1);
    for (char *at = dir + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(dir, 0777) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return -errno; /* the latter two may mean that it exists: open will tell */
        *at = '/';
    }
    return 0;
}

/* The path of a file that begins at 'wall_ns': with rotation by time that of its slot, so that
 * names are regular. 0 or -errno. */
static int
path_expand(const struct target_file *f, uint64_t wall_ns, char *out, size_t n)
{
    const uint64_t every = f->rotate.every_ns;
    time_t at = (time_t)((every ? wall_ns / every * every : wall_ns) / NS_PER_S);
    struct tm tm;

    if (strlen(f->pattern) >= n)
        return -ENAMETOOLONG;
    if (!strchr(f->pattern, '%')) {
        strcpy(out, f->pattern);
        return 0;
    }
    if (!gmtime_r(&at, &tm))
        return -EOVERFLOW;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the pattern is the user's */
    if (strftime(out, n, f->pattern, &tm) == 0)
        return -ENAMETOOLONG;
#pragma GCC diagnostic pop
    return 0;
}

static bool
path_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* NAME for i = 0, else NAME.i. False: it does not fit. */
static bool
name_numbered(char *out, size_t n, const char *name, unsigned i)
{
    const int len = i ? snprintf(out, n, "%s.%u", name, i) : snprintf(out, n, "%s", name);

    return len >= 0 && (size_t)len < n;
}

/* Opens NAME.part of the first NAME that is free, and reserves it by that. 0 or -errno. */
static int
part_open(struct target_file *f, const char *name)
{
    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        if (!name_numbered(f->final, sizeof f->final - sizeof ".part", name, i))
            return -ENAMETOOLONG;
        if (path_exists(f->final))
            continue;
        memcpy(f->part, f->final, strlen(f->final) + 1);
        strcat(f->part, ".part");
        f->fd = open(f->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd >= 0)
            return 0;
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

/* Begins a file at 'wall_ns'. 'append': one that stands there is not cut (after SIGHUP). 0 or
 * -errno, and no file is open then; f->final names what was tried. */
static int
file_begin(struct target_file *f, uint64_t wall_ns, bool append)
{
    char name[PATH_BYTES];
    struct stat st;
    int rc = path_expand(f, wall_ns, name, sizeof name);

    f->fd = -1;
    f->bytes = 0;
    f->slot = f->rotate.every_ns ? wall_ns / f->rotate.every_ns : 0;
    if (rc == 0 && f->is_parted)
        rc = dirs_make(name);
    if (rc == 0 && f->is_parted) {
        rc = part_open(f, name);
    } else if (rc == 0) {
        memcpy(f->final, name, strlen(name) + 1);
        f->fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
        rc = f->fd < 0 ? -errno : 0;
    }
    if (rc != 0) {
        f->fd = -1;
        return rc;
    }
    f->is_regular = fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode);
    return 0;
}

/* Gives the part its final name without replacing another file. link() refuses an existing name in
 * one step; file systems without it get a check before the rename. 0 or -errno. */
static int
part_publish(struct target_file *f)
{
    char base[PATH_BYTES], name[PATH_BYTES];

    memcpy(base, f->final, sizeof base);
    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        if (!name_numbered(name, sizeof name, base, i))
            return -ENAMETOOLONG;
        if (link(f->part, name) == 0) {
            memcpy(f->final, name, sizeof name);
            return unlink(f->part) == 0 ? 0 : -errno;
        }
        if (errno == EEXIST)
            continue;
        if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK && errno != ENOSYS)
            return -errno;
        if (path_exists(name))
            continue;
        memcpy(f->final, name, sizeof name);
        return rename(f->part, name) == 0 ? 0 : -errno;
    }
    return -EEXIST;
}

/* The new name is on the disk too. A file system that can't sync directories is left alone. */
static void
dir_sync(const char *path)
{
    char dir[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    const size_t n = slash ? (size_t)(slash - path) : 0;
    int fd;

    if (!slash)
        strcpy(dir, ".");
    else if (n == 0)
        strcpy(dir, "/");
    else
        memcpy(dir, path, n), dir[n] = '\0';
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)!fsync(fd);
    close(fd);
}

static int
file_sync(struct target_file *f, struct pavo_err *err)
{
    if (f->fd < 0 || !f->is_regular || fsync(f->fd) == 0 || errno == EINVAL || errno == EROFS)
        return 0;
    return pavo_err_set(err, errno, "%s: could not be brought to the disk: %s",
                        f->is_parted ? f->part : f->final, strerror(errno));
}

/* Completes the file that is open: sync, close, final name. All is tried; the first failure is
 * told. */
static int
file_end(struct target_file *f, struct pavo_err *err)
{
    int rc, rc_name;

    if (f->fd < 0)
        return 0;
    rc = f->is_parted ? file_sync(f, err) : 0;
    if (close(f->fd) != 0 && errno != EINTR && rc == 0)
        rc = pavo_err_set(err, errno, "%s: failed when it was closed: %s", f->final,
                          strerror(errno));
    f->fd = -1;
    if (!f->is_parted)
        return rc;
    rc_name = part_publish(f);
    if (rc_name == 0)
        dir_sync(f->final);
    else if (rc == 0)
        rc = pavo_err_set(err, -rc_name, "%s: could not be renamed to %s: %s", f->part, f->final,
                          strerror(-rc_name));
    return rc;
}

/* ---- the operations ----------------------------------------------------------------------------
 */

static struct target_file *
file_of(struct pavo_target *t)
{
    return (struct target_file *)t; /* base is the first member */
}

/* Waits until a descriptor that does not block (standard output may be such a pipe) takes bytes
 * again. */
static void
wait_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    (void)poll(&p, 1, -1);
}

static long
tf_write(struct pavo_target *t, const void *bytes, size_t n, int *errnum)
{
    struct target_file *f = file_of(t);
    const char *at = bytes;
    size_t done = 0;

    *errnum = 0;
    if (f->fd < 0) {
        const int rc = file_begin(f, f->wall_ns(), true);

        if (rc != 0) {
            *errnum = -rc;
            return 0;
        }
    }
    while (done < n) {
        const ssize_t got = write(f->fd, at + done, n - done);

        if (got >= 0) {
            done += (size_t)got;
            f->bytes += (uint64_t)got;
            if (got > 0)
                continue;
            *errnum = ENOSPC; /* nothing taken and no reason given: as good as full */
            break;
        }
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            wait_writable(f->fd);
            continue;
        }
        *errnum = errno;
        if (errno == EPIPE || errno == EBADF || errno == ENXIO || errno == ENODEV)
            return -1;
        break;
    }
    return (long)done;
}

static int
tf_unwrite(struct pavo_target *t, size_t n)
{
    struct target_file *f = file_of(t);
    struct stat st;
    off_t at;

    if (n == 0)
        return 0;
    if (f->fd < 0 || !f->is_regular || n > f->bytes)
        return -1;
    at = lseek(f->fd, 0, SEEK_CUR);
    /* If our bytes are not the last ones somebody else writes into the file: hands off. */
    if (at < (off_t)n || fstat(f->fd, &st) != 0 || st.st_size != at)
        return -1;
    if (ftruncate(f->fd, at - (off_t)n) != 0 || lseek(f->fd, at - (off_t)n, SEEK_SET) < 0)
        return -1;
    f->bytes -= n;
    return 0;
}

static bool
tf_wants_rotation(struct pavo_target *t, uint64_t wall_ns)
{
    const struct target_file *f = file_of(t);

    if (f->rotate.bytes && f->bytes >= f->rotate.bytes)
        return true;
    /* Also backwards: after a step of the clock the names tell the truth again. */
    return f->rotate.every_ns && wall_ns / f->rotate.every_ns != f->slot;
}

static int
tf_rotate(struct pavo_target *t, uint64_t wall_ns, struct pavo_err *err)
{
    struct target_file *f = file_of(t);
    const int rc_old = file_end(f, err);
    const int rc = file_begin(f, wall_ns, false);

    if (rc != 0 && rc_old == 0)
        return pavo_err_set(err, -rc, "%s: could not be opened for writing: %s", f->final,
                            strerror(-rc));
    return rc_old != 0 ? rc_old : rc;
}

/* The new file is opened before the old one is left: if that fails nothing is lost. */
static int
tf_reopen(struct pavo_target *t, struct pavo_err *err)
{
    struct target_file *f = file_of(t);
    struct target_file old = *f;
    int rc;

    if (f->is_parted)
        return tf_rotate(t, f->wall_ns(), err);
    if (f->fd >= 0 && !f->is_regular)
        return 0; /* a pipe or device has no file to be moved away */
    rc = file_begin(f, f->wall_ns(), true);
    if (rc != 0) {
        *f = old;
        return pavo_err_set(err, -rc, "%s: could not be opened again: %s", f->final, strerror(-rc));
    }
    if (old.fd < 0)
        return 0;
    rc = fsync(old.fd) != 0 && errno != EINVAL && errno != EROFS ? errno : 0;
    if (close(old.fd) != 0 && rc == 0)
        rc = errno;
    return rc ? pavo_err_set(err, rc, "%s: the file before could not be brought to the disk: %s",
                             f->final, strerror(rc))
              : 0;
}

static int
tf_sync(struct pavo_target *t, struct pavo_err *err)
{
    return file_sync(file_of(t), err);
}

static int
tf_close(struct pavo_target *t, struct pavo_err *err)
{
    struct target_file *f = file_of(t);
    int rc;

    if (!f)
        return 0;
    rc = file_end(f, err);
    free(f->pattern);
    free(f);
    return rc;
}

static const char *
tf_name(struct pavo_target *t)
{
    return file_of(t)->pattern;
}

static const struct pavo_target_ops file_ops = {
    .write = tf_write,
    .unwrite = tf_unwrite,
    .wants_rotation = tf_wants_rotation,
    .rotate = tf_rotate,
    .reopen = tf_reopen,
    .sync = tf_sync,
    .close = tf_close,
    .name = tf_name,
};

/* Standard output: never rotated, never opened again. The descriptor is a duplicate, so that
 * closing it tells of errors that a close finds and leaves the program's own in place. */
static const struct pavo_target_ops stdout_ops = {
    .write = tf_write,
    .unwrite = tf_unwrite,
    .sync = tf_sync,
    .close = tf_close,
    .name = tf_name,
};

static int
stdout_begin(struct target_file *f, struct pavo_err *err)
{
    struct stat st;

    f->base.ops = &stdout_ops;
    f->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (f->fd < 0)
        return pavo_err_set(err, errno, "standard output is not open: %s", strerror(errno));
    strcpy(f->final, "standard output");
    f->is_regular = fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode);
    return 0;
}

struct pavo_target *
target_file_open(const char *path, const struct pavo_rotate *rotate, uint64_t (*wall_ns)(void),
                 struct pavo_err *err)
{
    struct target_file *f = calloc(1, sizeof *f);
    int rc;

    if (!f || !(f->pattern = strdup(path))) {
        free(f);
        pavo_err_set(err, ENOMEM, "%s: no memory for an output file", path);
        return NULL;
    }
    f->base.ops = &file_ops;
    f->fd = -1;
    f->wall_ns = wall_ns;
    if (rotate)
        f->rotate = *rotate;
    if (strcmp(path, "-") == 0) {
        if (f->rotate.every_ns || f->rotate.bytes) {
            pavo_err_set(err, EINVAL, "standard output can't be rotated; write to a file instead");
            goto fail;
        }
        if (stdout_begin(f, err) != 0)
            goto fail;
        return &f->base;
    }
    f->is_parted = f->rotate.every_ns || f->rotate.bytes || strchr(path, '%');
    rc = file_begin(f, wall_ns(), false);
    if (rc != 0) {
        pavo_err_set(err, -rc, "%s: could not be opened for writing: %s",
                     f->final[0] ? f->final : path, strerror(-rc));
        goto fail;
    }
    return &f->base;

fail:
    free(f->pattern);
    free(f);
    return NULL;
}

struct pavo_target *
pavo_target_file(const char *path, const struct pavo_rotate *rotate, struct pavo_err *err)
{
    return target_file_open(path, rotate, clock_wall, err);
}
