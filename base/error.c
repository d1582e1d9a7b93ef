/* Error texts: formatting into a fixed buffer, so that reporting never allocates. */
#include "base/error.h"

#include <libintl.h>
#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, const char *format, ...)
{
    if (error) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->text, sizeof error->text, dgettext("audiogenrl", format), arguments);
        va_end(arguments);
    }
    return -1;
}

int error_range(struct error *error, const char *name, double value, double low, double high)
{
    if (value >= low && value <= high)
        return 0;
    return error_set(error, "%s is %g, expected %g to %g", name, value, low, high);
}

int error_prefix(struct error *error, const char *prefix)
{
    if (error) {
        struct error old = *error;
        snprintf(error->text, sizeof error->text, "%.200s: %.300s", prefix, old.text);
    }
    return -1;
}
