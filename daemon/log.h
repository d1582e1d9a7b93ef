/* The service's log: one line a message on standard error, with the priority in
 * front as the journal takes it, or without for people. Any thread but the
 * real-time one. */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* `prefixed`: "<4>" before a warning, as sd-daemon(3) says. Messages of less weight
 * than `least` are dropped. */
void log_open(bool prefixed, int least);

/* A sentence of a priority from syslog.h; control characters become spaces. Never waits:
 * what nobody reads in time is left out, and the next line says how much. */
void log_say(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Gives what the calling thread says from now on to `take`, without priority in front and
 * whatever its weight: for a thread of another program, whose standard error is not ours.
 * NULL: no longer. */
typedef void log_take(void *context, int priority, const char *sentence);
void log_divert(log_take *take, void *context);

#endif
