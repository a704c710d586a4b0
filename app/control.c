/* control.c - signals and the stats socket */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int signal_pipe[2] = {-1, -1};

static void
on_signal(int number)
{
    const int saved = errno;
    const char byte = (char)number;
    ssize_t unused = write(signal_pipe[1], &byte, 1); /* full: signals enough are waiting */

    (void)unused;
    errno = saved;
}

int
control_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

    if (signal_pipe[0] < 0 && pipe(signal_pipe) != 0)
        return -errno;
    for (unsigned i = 0; i < 2; i++) {
        (void)fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
        (void)fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
    }
    sigemptyset(&a.sa_mask);
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (sigaction(numbers[i], &a, NULL) != 0)
            return -errno;
    return signal_pipe[0];
}

int
control_signal(int fd)
{
    char byte;

    return read(fd, &byte, 1) == 1 ? byte : 0;
}

bool
control_directory(char *out, size_t n)
{
    const char *run = getenv("XDG_RUNTIME_DIR");
    int len;

    if (geteuid() == 0)
        len = snprintf(out, n, "/run/pavo");
    else if (run && *run)
        len = snprintf(out, n, "%s/pavo", run);
    else
        len = snprintf(out, n, "/tmp/pavo-%ld", (long)geteuid());
    return len > 0 && (size_t)len < n;
}

/* The directory is ours and closed to others: a stranger's is not used. */
static int
directory_make(const char *path)
{
    struct stat st;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return -errno;
    if (lstat(path, &st) != 0)
        return -errno;
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())
        return -EPERM;
    return 0;
}

static int
address_of(const char *path, struct sockaddr_un *a)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a->sun_path)
        return -ENAMETOOLONG;
    memcpy(a->sun_path, path, strlen(path));
    return 0;
}

int
control_connect(const char *path)
{
    struct sockaddr_un a;
    int fd, rc = address_of(path, &a);

    if (rc < 0)
        return rc;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)(const void *)&a, sizeof a) != 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    return fd;
}

/* A socket file that nobody listens on is removed; a file of another kind, or a living sensor's, is
 * not. */
static int
make_room(const char *path)
{
    struct stat st;
    int fd;

    if (lstat(path, &st) != 0)
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    fd = control_connect(path);
    if (fd >= 0) {
        close(fd);
        return -EADDRINUSE;
    }
    return unlink(path) == 0 ? 0 : -errno;
}

static int
socket_open(struct control_socket *c)
{
    struct sockaddr_un a;
    int rc = make_room(c->path);
    mode_t mask;

    if (rc == 0)
        rc = address_of(c->path, &a);
    if (rc < 0)
        return rc;
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0)
        return -errno;
    mask = umask(0177);
    if (bind(c->fd, (const struct sockaddr *)(const void *)&a, sizeof a) != 0 ||
        listen(c->fd, 8) != 0)
        rc = -errno;
    umask(mask);
    if (rc < 0) {
        close(c->fd);
        c->fd = -1;
    }
    return rc;
}

int
control_open(struct control_socket *c, const char *path, const char *observer, struct pavo_err *err)
{
    char directory[80], name[128];
    const bool is_auto = strcmp(path, "auto") == 0;
    int rc = 0;

    c->fd = -1;
    if (*path == '\0')
        return 0;
    if (is_auto) {
        if (!control_directory(directory, sizeof directory) || directory_make(directory) < 0)
            return 0;
        snprintf(name, sizeof name, "%s/%.20s-%ld.sock", directory, observer, (long)getpid());
        for (char *at = name + strlen(directory) + 1; *at; at++)
            if (*at == '/')
                *at = '_';
        path = name;
    }
    if (strlen(path) >= sizeof c->path)
        rc = -ENAMETOOLONG;
    if (rc == 0) {
        memcpy(c->path, path, strlen(path) + 1);
        rc = socket_open(c);
    }
    if (rc < 0 && is_auto)
        return 0;
    if (rc < 0)
        return pavo_err_set(err, -rc, "control.stats_socket: %.200s can't be made: %s", path,
                            rc == -EADDRINUSE ? "another sensor listens there" : strerror(-rc));
    return 0;
}

void
control_close(struct control_socket *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    unlink(c->path);
    c->fd = -1;
}

void
control_answer(struct control_socket *c, const char *text, size_t n)
{
    const int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    while (n > 0) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        const ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

        if (sent > 0) {
            text += sent;
            n -= (size_t)sent;
        } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            break;
        } else if (poll(&p, 1, 200) == 0) {
            break;
        }
    }
    close(fd);
}
