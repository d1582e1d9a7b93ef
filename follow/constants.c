#include "follow/constants.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct follow_constants follow_constants = {
#define FOLLOW_VALUE(name, value, what) .name = (value),
    FOLLOW_CONSTANTS(FOLLOW_VALUE)
#undef FOLLOW_VALUE
};

int follow_constants_set(const char *assignment)
{
    static const struct {
        const char *name;
        double *value;
    } constants[] = {
#define FOLLOW_ENTRY(name, value, what) {#name, &follow_constants.name},
        FOLLOW_CONSTANTS(FOLLOW_ENTRY)
#undef FOLLOW_ENTRY
    };
    const char *equals = strchr(assignment, '=');
    for (size_t i = 0; equals && i < sizeof constants / sizeof *constants; i++) {
        size_t length = strlen(constants[i].name);
        char *end;
        if (length != (size_t)(equals - assignment) ||
            strncmp(constants[i].name, assignment, length) != 0)
            continue;
        double value = strtod(equals + 1, &end);
        if (end == equals + 1 || *end || !isfinite(value))
            return -1;
        *constants[i].value = value;
        return 0;
    }
    return -1;
}
