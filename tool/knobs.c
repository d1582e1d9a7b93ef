/* Names of modes and limits, ranges of values. */
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

static int read_limits(const char *list, struct correct_settings *settings)
{
    char **words = g_strsplit(list, ",", -1);
    int unknown = 0;
    settings->fold_octave = settings->keep_direction = settings->avoid_semitone = false;
    for (char **word = words; *word; word++) {
        if (strcmp(*word, "octave") == 0)
            settings->fold_octave = true;
        else if (strcmp(*word, "direction") == 0)
            settings->keep_direction = true;
        else if (strcmp(*word, "semitone") == 0)
            settings->avoid_semitone = true;
        else if (strcmp(list, "none") != 0)
            unknown++;
    }
    g_strfreev(words);
    return unknown ? -1 : 0;
}

static bool read_value(double given, float *value)
{
    if (given <= KNOBS_NOT_GIVEN)
        return true;
    *value = (float)given;
    return given >= 0 && given <= 100;
}

int knobs_read(struct knobs *knobs, const char *name, uint64_t seed)
{
    knobs->settings = correct_defaults();
    knobs->settings.seed = seed;
    int mode = knobs->mode ? knobs_mode(knobs->mode) : (int)knobs->settings.mode;
    if (mode < 0)
        return command_usage(name, "--mode is correct, generate, scale or off, not '%s'",
                             knobs->mode);
    knobs->settings.mode = (enum correct_mode)mode;
    if (!read_value(knobs->follow, &knobs->settings.follow))
        return command_usage(name, "--follow takes a number from 0 to 100");
    if (!read_value(knobs->keep, &knobs->settings.keep))
        return command_usage(name, "--keep takes a number from 0 to 100");
    if (knobs->limits && read_limits(knobs->limits, &knobs->settings) != 0)
        return command_usage(name, "--limits takes octave, direction, semitone, or none, not '%s'",
                             knobs->limits);
    return COMMAND_GO_ON;
}

void knobs_clear(struct knobs *knobs)
{
    g_free(knobs->mode);
    g_free(knobs->limits);
}
