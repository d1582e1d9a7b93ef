/* By the names that the takes use (test_golden.c lists them). */
#include "tests/golden/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const set_modes[4] = {"off", "scale", "correct", "generate"};

/* The number of the word among those of a list; -1: it is none. */
static int word_of(const char *word, const char *const *list, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return i;
    return -1;
}

static struct filter_trigger *trigger_named(struct filter_settings *settings, const char *name)
{
    static const char *const names[] = {
        "bypass",       "mode",          "panic",       "tap",       "mode-off",  "mode-scale",
        "mode-correct", "mode-generate", "knob-follow", "knob-keep", "knob-tempo"};
    struct filter_trigger *const first[] = {&settings->toggle_bypass, &settings->next_mode,
                                            &settings->panic, &settings->tap};
    int which = word_of(name, names, sizeof names / sizeof *names);
    if (which < 4)
        return which < 0 ? NULL : first[which];
    return which < 8 ? &settings->set_mode[which - 4] : &settings->knob[which - 8];
}

static bool set_trigger(struct filter_settings *settings, const char *key, const char *value)
{
    static const struct {
        enum filter_trigger_kind kind;
        const char *prefix;
    } kinds[] = {
        {FILTER_BY_CONTROL, "cc-"}, {FILTER_BY_KEY, "key-"}, {FILTER_BY_PROGRAM, "program-"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i].prefix);
        struct filter_trigger *trigger = strncmp(key, kinds[i].prefix, length) == 0
                                             ? trigger_named(settings, key + length)
                                             : NULL;
        if (trigger) {
            *trigger = (struct filter_trigger){kinds[i].kind, (uint8_t)strtoul(value, NULL, 10)};
            return true;
        }
    }
    return false;
}

bool set_one(struct filter_settings *settings, const char *key, const char *value)
{
    static const char *const sources[] = {"auto", "fixed", "midi", "tap"};
    unsigned low = 0, high = 0;
    if (strcmp(key, "mode") == 0)
        return (settings->correct.mode = (enum correct_mode)word_of(value, set_modes, 4)) <=
               CORRECT_GENERATE;
    if (strcmp(key, "source") == 0)
        return (settings->clock.source = (enum clock_source)word_of(value, sources, 4)) <=
               CLOCK_TAP;
    if (strcmp(key, "tempo") == 0)
        return (settings->clock.tempo = atof(value)) > 0;
    if (strcmp(key, "follow") == 0)
        return (settings->correct.follow = strtof(value, NULL)) >= 0;
    if (strcmp(key, "keep") == 0)
        return (settings->correct.keep = strtof(value, NULL)) >= 0;
    if (strcmp(key, "transpose") == 0)
        return (settings->transpose = atoi(value)) != 0 || strcmp(value, "0") == 0;
    if (strcmp(key, "key") == 0)
        return (settings->correct.key = (uint16_t)strtoul(value, NULL, 16)) > 0;
    if (strcmp(key, "channels") == 0)
        return (settings->channels = (uint16_t)strtoul(value, NULL, 16)) > 0;
    if (strcmp(key, "range") == 0 && sscanf(value, "%u-%u", &low, &high) == 2) {
        settings->lowest = (uint8_t)low;
        settings->highest = (uint8_t)high;
        return true;
    }
    bool *flag = strcmp(key, "bypass") == 0 ? &settings->bypass
                 : strcmp(key, "kits") == 0 ? &settings->kits
                                            : NULL;
    if (!flag)
        return set_trigger(settings, key, value);
    *flag = strcmp(value, "on") == 0;
    return true;
}
