/* control.h - how a running sensor is spoken to: signals, and a unix socket that tells its counters
 *
 * Owner: the main thread.
 */
#ifndef PAVO_CONTROL_H
#define PAVO_CONTROL_H

#include <stddef.h>

#include "pavo_flow.h"

/* Signals become bytes of a pipe: their numbers. Returns the descriptor to poll, or -errno. */
int control_signals(void);
/* The next signal that came, 0: none. */
int control_signal(int fd);

/* Where sensors of this user put their sockets; false: nowhere. */
bool control_directory(char *out, size_t n);

struct control_socket {
    int fd; /* -1: none */
    char path[108];
};
/* 'path' as in control.stats_socket; "auto": NAME-PID.sock in the run directory, and no error when
 * that can't be made. A socket that nobody listens on any more is replaced, a living one is not. */
int control_open(struct control_socket *c, const char *path, const char *observer,
                 struct pavo_err *err);
void control_close(struct control_socket *c);
/* Answers one caller with 'text'. A caller that does not read gets what fits. */
void control_answer(struct control_socket *c, const char *text, size_t n);
/* Connects to a sensor; -errno. */
int control_connect(const char *path);

#endif
