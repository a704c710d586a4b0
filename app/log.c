/* log.c - sentences for people on stderr, and the progress line of long work
 *
 * Both share the one terminal line: a log line erases the progress that stands there, and the next
 * progress_show() draws it again. Any thread may log; one mutex keeps lines whole. Nothing on the
 * road of a packet calls in here.
 */
#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum log_level level = LOG_INFO;
static bool progress_drawn;
static uint64_t progress_last_ms;
static uint64_t progress_first_ms;

static uint64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void
log_set_level(enum log_level l)
{
    pthread_mutex_lock(&lock);
    level = l;
    pthread_mutex_unlock(&lock);
}

enum log_level
log_get_level(void)
{
    enum log_level l;

    pthread_mutex_lock(&lock);
    l = level;
    pthread_mutex_unlock(&lock);
    return l;
}

static void
progress_erase(void)
{
    if (progress_drawn)
        fputs("\r\033[K", stderr);
    progress_drawn = false;
}

void
log_at(enum log_level l, const char *fmt, ...)
{
    static const char *const words[] = {"error: ", "warning: ", "", "debug: "};
    char line[2048];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    pthread_mutex_lock(&lock);
    if (l <= level) {
        progress_erase();
        fprintf(stderr, "pavo: %s%s\n", words[l], line);
        fflush(stderr);
    }
    pthread_mutex_unlock(&lock);
}

/* 1234567890 as "1.2 GB". */
static const char *
human(char *out, size_t n, uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double v = (double)bytes;
    unsigned u = 0;

    while (v >= 1000 && u < 6) {
        v /= 1000;
        u++;
    }
    snprintf(out, n, u == 0 ? "%.0f %s" : "%.1f %s", v, units[u]);
    return out;
}

void
progress_show(const char *what, uint64_t done_bytes, uint64_t total_bytes, uint64_t items,
              const char *item_word)
{
    uint64_t now = now_ms();
    char done[32], total[32];

    if (!isatty(STDERR_FILENO))
        return;
    pthread_mutex_lock(&lock);
    if (progress_first_ms == 0)
        progress_first_ms = now;
    /* Work that ends within half a second needs no line. */
    if (level < LOG_INFO || now - progress_first_ms < 500 || now - progress_last_ms < 200) {
        pthread_mutex_unlock(&lock);
        return;
    }
    progress_last_ms = now;
    human(done, sizeof done, done_bytes);
    if (total_bytes > 0)
        fprintf(stderr, "\r\033[K%.40s: %3.0f %%, %s of %s, %llu %s", what,
                100.0 * (double)(done_bytes < total_bytes ? done_bytes : total_bytes) /
                    (double)total_bytes,
                done, human(total, sizeof total, total_bytes), (unsigned long long)items,
                item_word);
    else
        fprintf(stderr, "\r\033[K%.40s: %s, %llu %s", what, done, (unsigned long long)items,
                item_word);
    fflush(stderr);
    progress_drawn = true;
    pthread_mutex_unlock(&lock);
}

void
progress_end(void)
{
    pthread_mutex_lock(&lock);
    progress_erase();
    fflush(stderr);
    progress_first_ms = 0;
    pthread_mutex_unlock(&lock);
}
