/* dpdk_eal.c - DPDK's environment layer, started from the configuration and taken down again
 *
 * EAL is made for programs that give it their command line: it prints pages of usage, pins the
 * caller to a core and keeps pointers into argv. Here it gets an argv of our own on the heap that
 * lives as long as it does, a log stream that ends in our log, and a stdout that leads nowhere
 * while it reads its arguments. One lcore is enough: workers are threads of ours, which register
 * themselves (capture_dpdk.c).
 *
 * Memory is --in-memory where there are huge pages: it needs no mount and leaves no file behind.
 * EAL refuses that together with --no-huge, so there --no-shconf keeps the run directory empty. The
 * directory itself is removed here.
 */
#include "dpdk_eal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "log.h"

enum { EAL_ARGS_MAX = 256 };

static struct {
    char *argv[EAL_ARGS_MAX + 1]; /* EAL permutes it and keeps pointers into it */
    char *text[EAL_ARGS_MAX];     /* the same strings in their first order, for free() */
    int argc;
    bool is_ours; /* we started EAL, we clean it up */
    bool has_telemetry;
    bool is_spent; /* we have cleaned it up: it can't be started again */
    FILE *log;
    char run_dir[256];
} eal;

/* Lines of EAL and the drivers. Written under the lock of the stream, read by the main thread. */
static struct {
    pthread_mutex_t lock;
    char line[256]; /* the line that is being written */
    size_t n;
    char first[200], last[200]; /* since the mark */
    char said[420];
} said = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
log_line(const char *line)
{
    if (!*line)
        return;
    if (!said.first[0])
        snprintf(said.first, sizeof said.first, "%.199s", line);
    snprintf(said.last, sizeof said.last, "%.199s", line);
    log_debug("dpdk: %s", line);
}

static ssize_t
log_write(void *cookie, const char *bytes, size_t n)
{
    pthread_mutex_lock(&said.lock);
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != '\n') {
            if (said.n < sizeof said.line - 1)
                said.line[said.n++] = bytes[i];
            continue;
        }
        said.line[said.n] = '\0';
        said.n = 0;
        log_line(said.line);
    }
    pthread_mutex_unlock(&said.lock);
    return (ssize_t)n;
}

void
dpdk_log_mark(void)
{
    pthread_mutex_lock(&said.lock);
    said.first[0] = said.last[0] = '\0';
    pthread_mutex_unlock(&said.lock);
}

const char *
dpdk_log_said(void)
{
    pthread_mutex_lock(&said.lock);
    if (strcmp(said.first, said.last) == 0)
        snprintf(said.said, sizeof said.said, "%s", said.first);
    else
        snprintf(said.said, sizeof said.said, "%s; %s", said.first, said.last);
    pthread_mutex_unlock(&said.lock);
    return said.said;
}

bool
dpdk_is_pci(const char *device)
{
    /* [domain:]bus:device.function, hexadecimal */
    size_t colons = 0;
    const char *at = device;

    for (; isxdigit((unsigned char)*at) || *at == ':'; at++)
        colons += *at == ':';
    return at > device && (colons == 1 || colons == 2) && at[0] == '.' && at[1] >= '0' &&
           at[1] <= '7' && (at[2] == '\0' || at[2] == ',');
}

static void
arg_add(const char *text)
{
    char *copy;

    if (eal.argc >= EAL_ARGS_MAX)
        return;
    copy = strdup(text);
    if (!copy)
        return;
    eal.argv[eal.argc] = eal.text[eal.argc] = copy;
    eal.argc++;
    eal.argv[eal.argc] = NULL;
}

/* Did the user give this EAL option himself? */
static bool
user_has(const struct cfg *cfg, const char *option)
{
    size_t n = strlen(option);

    for (unsigned i = 0; i < cfg->capture.dpdk.n_eal; i++) {
        const char *arg = cfg->capture.dpdk.eal[i];

        if (strncmp(arg, option, n) == 0 && (arg[n] == '\0' || arg[n] == '='))
            return true;
    }
    return false;
}

static int
first_cpu(const cpu_set_t *set)
{
    for (int i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, set))
            return i;
    return 0;
}

static void
args_make(const struct cfg *cfg, const cpu_set_t *cpus)
{
    bool has_pci = false;
    char text[128];

    arg_add("pavo");
    if (!user_has(cfg, "--lcores") && !user_has(cfg, "-l") && !user_has(cfg, "-c")) {
        snprintf(text, sizeof text, "--lcores=0@%d", first_cpu(cpus));
        arg_add(text);
    }
    if (cfg->capture.dpdk.hugepages) {
        if (!user_has(cfg, "--in-memory") && !user_has(cfg, "--huge-dir"))
            arg_add("--in-memory");
    } else {
        arg_add("--no-huge");
        arg_add("--no-shconf");
        if (!user_has(cfg, "-m")) {
            arg_add("-m");
            snprintf(text, sizeof text, "%u",
                     cfg->capture.dpdk.memory_mb ? cfg->capture.dpdk.memory_mb : 256);
            arg_add(text);
        }
    }
    if (!user_has(cfg, "--file-prefix")) {
        if (cfg->capture.dpdk.file_prefix && cfg->capture.dpdk.file_prefix[0])
            snprintf(text, sizeof text, "--file-prefix=%s", cfg->capture.dpdk.file_prefix);
        else
            snprintf(text, sizeof text, "--file-prefix=pavo-%ld", (long)getpid());
        arg_add(text);
    }
    if (!cfg->capture.dpdk.telemetry && !user_has(cfg, "--telemetry"))
        arg_add("--no-telemetry");
    if (!user_has(cfg, "--log-level"))
        arg_add(log_get_level() >= LOG_DEBUG ? "--log-level=info" : "--log-level=warning");
    for (unsigned i = 0; i < cfg->capture.n_devices; i++) {
        if (!dpdk_is_pci(cfg->capture.devices[i].device))
            continue;
        has_pci = true;
        arg_add("-a");
        arg_add(cfg->capture.devices[i].device);
    }
    if (!has_pci && !user_has(cfg, "-a") && !user_has(cfg, "--no-pci"))
        arg_add("--no-pci");
    /* A NIC behind uio needs physical addresses: with one, EAL chooses. Without, be the same for
     * root and others. */
    if (!has_pci && !user_has(cfg, "--iova-mode"))
        arg_add("--iova-mode=va");
    for (unsigned i = 0; i < cfg->capture.dpdk.n_eal; i++)
        arg_add(cfg->capture.dpdk.eal[i]);
}

static void
args_free(void)
{
    for (int i = 0; i < eal.argc; i++)
        free(eal.text[i]);
    memset(eal.argv, 0, sizeof eal.argv);
    memset(eal.text, 0, sizeof eal.text);
    eal.argc = 0;
}

/* Huge pages that are free now, of any size, in MiB; -1 if the system does not say. */
static long
huge_free_mb(void)
{
    const char *base = "/sys/kernel/mm/hugepages";
    DIR *d = opendir(base);
    struct dirent *e;
    long mb = 0;

    if (!d)
        return -1;
    while ((e = readdir(d))) {
        char path[512];
        unsigned long kb, pages = 0;
        FILE *f;

        if (sscanf(e->d_name, "hugepages-%lukB", &kb) != 1)
            continue;
        snprintf(path, sizeof path, "%s/%s/free_hugepages", base, e->d_name);
        f = fopen(path, "r");
        if (!f)
            continue;
        if (fscanf(f, "%lu", &pages) == 1)
            mb += (long)(pages * (kb / 1024));
        fclose(f);
    }
    closedir(d);
    return mb;
}

/* A standard stream that leads elsewhere for a while. */
struct turned {
    int fd, kept;
};

static struct turned
stream_turn(int fd, int to)
{
    struct turned t = {.fd = fd, .kept = to < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3)};

    if (t.kept >= 0)
        dup2(to, fd);
    return t;
}

static void
stream_turn_back(struct turned t)
{
    if (t.kept < 0)
        return;
    dup2(t.kept, t.fd);
    close(t.kept);
}

/* rte_eal_init, while stdout and stderr lead into 'to': on a bad option EAL prints pages of usage.
 */
static int
init_quietly(int to)
{
    struct turned out, problems;
    int rc;

    fflush(stdout);
    fflush(stderr);
    out = stream_turn(STDOUT_FILENO, to);
    problems = stream_turn(STDERR_FILENO, to);
    rte_errno = 0;
    rc = rte_eal_init(eal.argc, eal.argv);
    fflush(stdout);
    fflush(stderr);
    stream_turn_back(out);
    stream_turn_back(problems);
    return rc;
}

/* What was printed meanwhile. With -v all of it is passed on. The first line of getopt may be the
 * only word about a bad option: "pavo: unrecognized option ...". */
static void
printed_read(int from, char *option, size_t size)
{
    char bytes[4096];
    ssize_t n;
    off_t at = 0;

    option[0] = '\0';
    while (from >= 0 && (n = pread(from, bytes, sizeof bytes - 1, at)) > 0) {
        bytes[n] = '\0';
        if (at == 0 && strncmp(bytes, "pavo: ", 6) == 0)
            snprintf(option, size, "%.*s", (int)strcspn(bytes, "\n") - 6, bytes + 6);
        if (log_get_level() >= LOG_DEBUG)
            fwrite(bytes, 1, (size_t)n, stderr);
        at += n;
    }
}

int
dpdk_eal_open(const struct cfg *cfg, struct pavo_err *err)
{
    const cookie_io_functions_t to_log = {.write = log_write};
    cpu_set_t cpus;
    bool has_cpus;
    long mb = cfg->capture.dpdk.hugepages ? huge_free_mb() : -1;
    char option[200];
    int rc, why, printed;

    if (eal.is_spent)
        return pavo_err_set(err, EALREADY,
                            "dpdk: EAL was used before in this process and can't be started again");
    if (rte_eal_get_runtime_dir()[0] != '\0') /* somebody else has started it */
        return 0;
    if (mb == 0)
        return pavo_err_set(
            err, ENOMEM,
            "dpdk: no huge page is free: reserve some (sysctl -w vm.nr_hugepages=256), or set "
            "capture.dpdk.hugepages to false");
    CPU_ZERO(&cpus);
    has_cpus = pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus) == 0;
    args_make(cfg, &cpus);
    eal.log = fopencookie(NULL, "w", to_log);
    if (eal.log) {
        setvbuf(eal.log, NULL, _IOLBF, 512);
        rte_openlog_stream(eal.log);
    }
    dpdk_log_mark();
    printed = memfd_create("eal", MFD_CLOEXEC);
    rc = init_quietly(printed);
    why = rte_errno;
    printed_read(printed, option, sizeof option);
    if (printed >= 0)
        close(printed);
    /* EAL has pinned this thread, and every thread that it will start would inherit that. */
    if (has_cpus)
        pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
    if (rc >= 0) {
        snprintf(eal.run_dir, sizeof eal.run_dir, "%s", rte_eal_get_runtime_dir());
        eal.has_telemetry = cfg->capture.dpdk.telemetry || user_has(cfg, "--telemetry");
        eal.is_ours = true;
        return 0;
    }
    (void)rmdir(rte_eal_get_runtime_dir());
    if (option[0])
        return pavo_err_set(err, why ? why : EINVAL,
                            "dpdk: EAL did not start: %s; look at capture.dpdk.eal", option);
    return pavo_err_set(err, why ? why : EINVAL, "dpdk: EAL did not start: %s%s",
                        dpdk_log_said()[0] ? dpdk_log_said() : strerror(why ? why : EINVAL),
                        why == ENOMEM || why == EACCES
                            ? "; reserve huge pages (sysctl -w vm.nr_hugepages=256), or set "
                              "capture.dpdk.hugepages to false"
                        : why ? ""
                              : "; is another program using this capture.dpdk.file_prefix?");
}

void
dpdk_eal_close(void)
{
    if (!eal.is_ours)
        return;
    rte_eal_cleanup();
    eal.is_ours = false;
    eal.is_spent = true;
    if (eal.log) {
        rte_openlog_stream(NULL);
        fclose(eal.log);
        eal.log = NULL;
    }
    args_free();
    /* The telemetry's socket would go only with the process. The directory only if it is empty:
     * another process may use the same prefix. */
    if (eal.run_dir[0] && eal.has_telemetry) {
        char path[sizeof eal.run_dir + 32];

        snprintf(path, sizeof path, "%s/dpdk_telemetry.v2", eal.run_dir);
        unlink(path);
    }
    if (eal.run_dir[0])
        rmdir(eal.run_dir);
    eal.run_dir[0] = '\0';
}
