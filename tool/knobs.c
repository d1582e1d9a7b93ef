/* Names of modes, ranges of values. */
#include "tool/knobs.h"

#include <string.h>

static const char *const mode_names[] = {
    [CORRECT_OFF] = "off",
    [CORRECT_SCALE] = "scale",
    [CORRECT_CORRECT] = "correct",
    [CORRECT_GENERATE] = "generate",
};

int knobs_mode(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mode_names); i++)
        if (strcmp(name, mode_names[i]) == 0)
            return (int)i;
    return -1;
}

const char *knobs_mode_name(enum correct_mode mode)
{
    return mode_names[mode];
}

static bool read_value(double given, float *value)
{
    if (given <= KNOBS_NOT_GIVEN)
        return true;
    *value = (float)given;
    return given >= 0 && given <= 100;
}

int knobs_read(struct knobs *knobs, const char *name)
{
    knobs->settings = correct_defaults();
    int mode = knobs->mode ? knobs_mode(knobs->mode) : (int)knobs->settings.mode;
    if (mode < 0)
        return command_usage(name, "--mode is correct, generate, scale or off, not '%s'",
                             knobs->mode);
    knobs->settings.mode = (enum correct_mode)mode;
    if (!read_value(knobs->follow, &knobs->settings.follow))
        return command_usage(name, "--follow takes a number from 0 to 100");
    if (!read_value(knobs->keep, &knobs->settings.keep))
        return command_usage(name, "--keep takes a number from 0 to 100");
    return COMMAND_GO_ON;
}

void knobs_clear(struct knobs *knobs)
{
    g_free(knobs->mode);
}
