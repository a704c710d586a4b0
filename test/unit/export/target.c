/* Unit tests of lib/export/target_file.c, on real files in a directory of their own, with a clock
 * that is told. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "t.h"

#include "target.h"

#define S       UINT64_C(1000000000)
#define AT_1003 (UINT64_C(1795428180) * S) /* 2026-11-23T10:03:00Z */

static char dir[64];
static uint64_t now_ns;

static uint64_t
told_clock(void)
{
    return now_ns;
}

static const char *
in_dir(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    char *p = path[turn++ % 4];

    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

static void
dir_clear(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        char name[512];
        struct stat st;

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode))
            dir_clear(name);
        remove(name);
    }
    if (d)
        closedir(d);
}

static struct pavo_target *
target_open(const char *path, uint64_t every_ns, uint64_t bytes)
{
    const struct pavo_rotate rotate = {.every_ns = every_ns, .bytes = bytes};
    struct pavo_err err = {{0}};
    struct pavo_target *t;

    t = target_file_open(path, &rotate, told_clock, &err);
    if (!t)
        fail_msg("%s", err.text);
    return t;
}

static void
write_all(struct pavo_target *t, const char *text)
{
    int errnum;

    assert_int_equal(t->ops->write(t, text, strlen(text), &errnum), strlen(text));
}

static void
close_well(struct pavo_target *t)
{
    struct pavo_err err = {{0}};

    if (t->ops->sync(t, &err) != 0 || t->ops->close(t, &err) != 0)
        fail_msg("%s", err.text);
}

static void
holds(const char *path, const char *expected)
{
    char text[256];
    FILE *f = fopen(path, "r");
    size_t n;

    if (!f)
        fail_msg("no %s", path);
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    assert_string_equal(text, expected);
}

static void
is_missing(const char *path)
{
    assert_int_not_equal(access(path, F_OK), 0);
}

/* ---- cases
 * --------------------------------------------------------------------------------------------- */

static void
plain(void **state)
{
    struct pavo_target *t = target_open(in_dir("a"), 0, 0);

    write_all(t, "something longer");
    close_well(t);
    t = target_open(in_dir("a"), 0, 0);
    holds(in_dir("a"), "");
    write_all(t, "one\n");
    holds(in_dir("a"), "one\n"); /* at once, under its name */
    assert_false(t->ops->wants_rotation(t, UINT64_MAX));
    assert_string_equal(t->ops->name(t), in_dir("a"));
    close_well(t);
    is_missing(in_dir("a.part"));
}

static void
not_opened(void **state)
{
    struct pavo_err err = {{0}};

    assert_null(pavo_target_file(in_dir("no/such/a"), NULL, &err));
    assert_non_null(strstr(err.text, "no/such/a"));
    assert_non_null(strstr(err.text, strerror(ENOENT)));
    assert_null(pavo_target_file("-", &(struct pavo_rotate){.bytes = 1}, &err));
    assert_non_null(strstr(err.text, "standard output"));
}

static void
full_disk(void **state)
{
    struct pavo_target *t = target_open("/dev/full", 0, 0);
    int errnum = 0;

    assert_int_equal(t->ops->write(t, "abc", 3, &errnum), 0);
    assert_int_equal(errnum, ENOSPC);
    assert_int_equal(t->ops->write(t, "abc", 3, &errnum), 0);
    assert_int_equal(t->ops->unwrite(t, 1), -1);
    close_well(t);
}

static void
closed_pipe(void **state)
{
    const char *path = in_dir("fifo");
    struct pavo_target *t;
    int errnum = 0, reader;

    assert_int_equal(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK);
    t = target_open(path, 0, 0);
    write_all(t, "abc");
    assert_int_equal(t->ops->unwrite(t, 1), -1);
    close(reader);
    assert_int_equal(t->ops->write(t, "abc", 3, &errnum), -1);
    assert_int_equal(errnum, EPIPE);
    close_well(t);
}

/* As on a disk with ten bytes left: part of a write is taken, and taken back. In a process of its
 * own, for the limit is the process's. */
static void
little_room(void **state)
{
    const char *path = in_dir("small");
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct pavo_target *t = target_open(path, 0, 0);
        struct rlimit limit = {.rlim_cur = 10, .rlim_max = RLIM_INFINITY};
        struct pavo_err err;
        int errnum = 0, bad = 0;

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        bad |= t->ops->write(t, "12345678", 8, &errnum) != 8;
        bad |= (t->ops->write(t, "abcdef", 6, &errnum) != 2 || errnum != EFBIG) << 1;
        bad |= (t->ops->unwrite(t, 2) != 0) << 2;
        bad |= (t->ops->unwrite(t, 9) != -1) << 3; /* more than was written */
        limit.rlim_cur = RLIM_INFINITY;
        setrlimit(RLIMIT_FSIZE, &limit);
        bad |= (t->ops->write(t, "XY", 2, &errnum) != 2) << 4;
        bad |= (t->ops->close(t, &err) != 0) << 5;
        _exit(bad);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    holds(path, "12345678XY");
}

static void
somebody_else_writes(void **state)
{
    struct pavo_target *t = target_open(in_dir("shared"), 0, 0);
    FILE *other;

    write_all(t, "ours");
    other = fopen(in_dir("shared"), "a");
    fputs("theirs", other);
    fclose(other);
    assert_int_equal(t->ops->unwrite(t, 2), -1);
    close_well(t);
    holds(in_dir("shared"), "ourstheirs");
}

static void
rotation_by_time(void **state)
{
    struct pavo_err err;
    struct pavo_target *t;

    now_ns = AT_1003;
    t = target_open(in_dir("%Y%m%d/%H%M.x"), 300 * S, 0);
    write_all(t, "first");
    holds(in_dir("20261123/1000.x.part"), "first");
    is_missing(in_dir("20261123/1000.x"));
    assert_false(t->ops->wants_rotation(t, AT_1003 + 119 * S));
    assert_true(t->ops->wants_rotation(t, AT_1003 + 120 * S)); /* 10:05:00 */
    assert_true(t->ops->wants_rotation(t, AT_1003 - 181 * S)); /* 09:59:59 */
    assert_int_equal(t->ops->rotate(t, AT_1003 + 120 * S, &err), 0);
    holds(in_dir("20261123/1000.x"), "first");
    is_missing(in_dir("20261123/1000.x.part"));
    write_all(t, "second");
    holds(in_dir("20261123/1005.x.part"), "second");
    assert_false(t->ops->wants_rotation(t, AT_1003 + 419 * S));
    /* A day later. */
    assert_int_equal(t->ops->rotate(t, AT_1003 + 86400 * S, &err), 0);
    close_well(t);
    holds(in_dir("20261123/1005.x"), "second");
    holds(in_dir("20261124/1000.x"), "");
}

static void
rotation_by_size(void **state)
{
    struct pavo_err err;
    struct pavo_target *t = target_open(in_dir("s.x"), 0, 10);

    write_all(t, "123456789");
    assert_false(t->ops->wants_rotation(t, 0));
    write_all(t, "0");
    assert_true(t->ops->wants_rotation(t, 0));
    assert_int_equal(t->ops->rotate(t, 0, &err), 0);
    assert_false(t->ops->wants_rotation(t, 0));
    write_all(t, "b");
    assert_int_equal(t->ops->rotate(t, 0, &err), 0);
    write_all(t, "c");
    close_well(t);
    holds(in_dir("s.x"), "1234567890");
    holds(in_dir("s.x.1"), "b");
    holds(in_dir("s.x.2"), "c");
}

static void
nothing_is_replaced(void **state)
{
    struct pavo_target *t;
    FILE *f;

    f = fopen(in_dir("k"), "w");
    fputs("old", f);
    fclose(f);
    f = fopen(in_dir("k.1.part"), "w"); /* of a run that crashed */
    fputs("crashed", f);
    fclose(f);
    t = target_open(in_dir("k"), 3600 * S, 0);
    write_all(t, "new");
    f = fopen(in_dir("k.2"), "w"); /* comes while we write */
    fputs("late", f);
    fclose(f);
    close_well(t);
    holds(in_dir("k"), "old");
    holds(in_dir("k.1.part"), "crashed");
    holds(in_dir("k.2"), "late");
    holds(in_dir("k.2.1"), "new");
    is_missing(in_dir("k.2.part"));
}

static void
rotation_that_fails(void **state)
{
    struct pavo_err err = {{0}};
    struct pavo_target *t;
    int errnum = 0;
    FILE *f;

    now_ns = AT_1003;
    t = target_open(in_dir("%H%M/x"), 60 * S, 0);
    write_all(t, "a");
    f = fopen(in_dir("1004"), "w"); /* where a directory should be */
    fclose(f);
    now_ns = AT_1003 + 60 * S;
    assert_true(t->ops->rotate(t, now_ns, &err) < 0);
    assert_non_null(strstr(err.text, "1004/x"));
    holds(in_dir("1003/x"), "a");
    assert_int_equal(t->ops->write(t, "b", 1, &errnum), 0);
    assert_int_equal(errnum, ENOTDIR);
    remove(in_dir("1004"));
    write_all(t, "c"); /* it is tried again */
    close_well(t);
    holds(in_dir("1004/x"), "c");
}

static void
pattern_alone(void **state)
{
    struct pavo_target *t;

    now_ns = AT_1003 + 7 * S;
    t = target_open(in_dir("p-%H%M%S-100%%"), 0, 0);
    write_all(t, "x");
    is_missing(in_dir("p-100307-100%"));
    close_well(t);
    holds(in_dir("p-100307-100%"), "x");
}

static void
reopened(void **state)
{
    struct pavo_err err;
    struct pavo_target *t = target_open(in_dir("log"), 0, 0);

    write_all(t, "a");
    assert_int_equal(t->ops->reopen(t, &err), 0); /* not moved away: nothing is cut */
    write_all(t, "b");
    holds(in_dir("log"), "ab");
    assert_int_equal(rename(in_dir("log"), in_dir("log.0")), 0);
    assert_int_equal(t->ops->reopen(t, &err), 0);
    write_all(t, "c");
    assert_int_equal(t->ops->unwrite(t, 1), 0);
    write_all(t, "d");
    close_well(t);
    holds(in_dir("log.0"), "ab");
    holds(in_dir("log"), "d");
}

static void
reopen_that_fails(void **state)
{
    struct pavo_err err = {{0}};
    struct pavo_target *t;

    assert_int_equal(mkdir(in_dir("gone"), 0700), 0);
    t = target_open(in_dir("gone/log"), 0, 0);
    assert_int_equal(rename(in_dir("gone"), in_dir("moved")), 0);
    assert_true(t->ops->reopen(t, &err) < 0);
    assert_non_null(strstr(err.text, "gone/log"));
    write_all(t, "kept"); /* still the old file */
    close_well(t);
    holds(in_dir("moved/log"), "kept");
}

static void
standard_output(void **state)
{
    const char *path = in_dir("stdout");
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), bad = 0, errnum;
        struct pavo_target *t;
        struct pavo_err err;

        dup2(fd, STDOUT_FILENO);
        bad |= write(STDOUT_FILENO, "before ", 7) != 7;
        t = pavo_target_file("-", NULL, &err);
        bad |= !t;
        bad |= (t->ops->write(t, "abcdef", 6, &errnum) != 6) << 1;
        bad |= (t->ops->unwrite(t, 3) != 0) << 2;
        bad |= (t->ops->reopen != NULL || t->ops->wants_rotation != NULL) << 3;
        bad |= (t->ops->close(t, &err) != 0) << 4;
        bad |= (write(STDOUT_FILENO, " after", 6) != 6) << 5; /* still open */
        _exit(bad);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    holds(path, "before abc after");
}

/* A pipe that does not block and is full: the write waits for the reader. */
static void
pipe_that_does_not_block(void **state)
{
    static char bytes[300000];
    const char *path = in_dir("slow");
    struct pavo_target *t;
    int errnum, status;
    pid_t pid;

    assert_int_equal(mkfifo(path, 0600), 0);
    pid = fork();
    if (pid == 0) {
        int fd = open(path, O_RDONLY);
        size_t sum = 0;
        ssize_t n;

        while ((n = read(fd, bytes, 1000)) > 0)
            sum += (size_t)n;
        _exit(sum == sizeof bytes ? 0 : 1);
    }
    {
        int fd = open(path, O_WRONLY), saved = dup(STDOUT_FILENO);
        struct pavo_err err;
        long n;

        fcntl(fd, F_SETFL, O_NONBLOCK);
        fflush(stdout);
        dup2(fd, STDOUT_FILENO);
        t = pavo_target_file("-", NULL, &err);
        n = t->ops->write(t, bytes, sizeof bytes, &errnum);
        t->ops->close(t, &err);
        dup2(saved, STDOUT_FILENO);
        close(saved);
        close(fd);
        assert_int_equal(n, sizeof bytes);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
}

static const struct t_case {
    const char *says;
    CMUnitTestFunction run;
} cases[] = {
    {"a plain file is cut and written under its name at once", plain},
    {"a file that can't be opened is named with the reason", not_opened},
    {"a full disk takes nothing and says why", full_disk},
    {"a pipe without a reader is gone", closed_pipe},
    {"a write that finds little room is taken in part, and taken back", little_room},
    {"bytes that somebody else wrote behind ours are not cut", somebody_else_writes},
    {"by time: files are named by their slot and appear when complete", rotation_by_time},
    {"by size: a file ends with the write that fills it", rotation_by_size},
    {"no file is replaced, neither one that is there nor one that comes", nothing_is_replaced},
    {"a rotation that fails keeps the old file and is tried again", rotation_that_fails},
    {"a pattern without rotation is a complete file at the end", pattern_alone},
    {"reopening goes on in the file of that name and cuts nothing", reopened},
    {"reopening that fails keeps the old file", reopen_that_fails},
    {"standard output stays open behind us and keeps what stood before", standard_output},
    {"a full pipe that does not block is waited for", pipe_that_does_not_block},
};

static void
run(void **state)
{
    const struct t_case *c = *state;

    strcpy(dir, "/tmp/pavo-target-XXXXXX");
    assert_non_null(mkdtemp(dir));
    c->run(NULL);
    dir_clear(dir);
    rmdir(dir);
}

int
main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return T_RUN_TABLE(cases, run);
}
