/* A message is one write, so that lines of several threads stay whole. A pipe that can be
 * written to takes PIPE_BUF bytes, more than a line has, without waiting. */
#include "daemon/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool with_priority;
static int least_priority = LOG_INFO;

static _Thread_local struct {
    log_take *take;
    void *context;
} diverted;

void log_open(bool prefixed, int least)
{
    with_priority = prefixed;
    least_priority = least;
}

static size_t write_text(char *line, size_t room, int priority, const char *format,
                         va_list arguments) __attribute__((format(printf, 4, 0)));
static size_t write_line(char *line, size_t room, int priority, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Of at most `room` bytes; how many. */
static size_t write_text(char *line, size_t room, int priority, const char *format,
                         va_list arguments)
{
    int head = with_priority ? snprintf(line, room, "<%d>", priority)
                             : snprintf(line, room, "audiogenrld: ");
    vsnprintf(line + head, room - (size_t)head, format, arguments);
    size_t length = strlen(line);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    line[length++] = '\n';
    return length;
}

static size_t write_line(char *line, size_t room, int priority, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t length = write_text(line, room, priority, format, arguments);
    va_end(arguments);
    return length;
}

static bool send_line(const char *line, size_t length)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    return poll(&ready, 1, 0) > 0 && write(STDERR_FILENO, line, length) >= 0;
}

void log_divert(log_take *take, void *context)
{
    diverted.take = take;
    diverted.context = context;
}

void log_say(int priority, const char *format, ...)
{
    /* Of two threads that saw the same room, one would wait. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static unsigned lost;
    char line[1024];
    va_list arguments;
    if (diverted.take) {
        va_start(arguments, format);
        vsnprintf(line, sizeof line, format, arguments);
        va_end(arguments);
        diverted.take(diverted.context, priority, line);
        return;
    }
    if (priority > least_priority)
        return;
    pthread_mutex_lock(&lock);
    if (lost > 0 &&
        send_line(line, write_line(line, sizeof line - 1, LOG_WARNING,
                                   "nobody read %u messages here; they are lost", lost)))
        lost = 0;
    va_start(arguments, format);
    size_t length = write_text(line, sizeof line - 1, priority, format, arguments);
    va_end(arguments);
    if (lost > 0 || !send_line(line, length))
        lost++;
    pthread_mutex_unlock(&lock);
}
