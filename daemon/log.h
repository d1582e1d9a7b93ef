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

#endif
