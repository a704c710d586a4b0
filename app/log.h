/* log.h - the only place that formats for people: stderr, four levels, "subject: what happened" */
#ifndef PAVO_LOG_H
#define PAVO_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
void log_set_level(enum log_level l);
enum log_level log_get_level(void);
void log_at(enum log_level l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

/* Progress of long work, on a terminal's stderr only: drawn at most five times a second, erased by
 * any log line and by progress_end(). 'total' 0: not known. 'what' is what is being read. */
void progress_show(const char *what, uint64_t done_bytes, uint64_t total_bytes, uint64_t items,
                   const char *item_word);
void progress_end(void);

#endif
