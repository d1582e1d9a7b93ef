/* A message is one write, so that lines of several threads stay whole. */
#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool with_priority;
static int least_priority = LOG_INFO;

void log_open(bool prefixed, int least)
{
    with_priority = prefixed;
    least_priority = least;
}

void log_say(int priority, const char *format, ...)
{
    char line[1024];
    if (priority > least_priority)
        return;
    size_t room = sizeof line - 1;
    int head = with_priority ? snprintf(line, room, "<%d>", priority)
                             : snprintf(line, room, "audiogenrld: ");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + head, room - (size_t)head, format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    line[length++] = '\n';
    if (write(STDERR_FILENO, line, length) < 0) {
        /* There is nobody left to tell. */
    }
}
