/* Settings of the corrector: defaults and ranges. */
#include "correct/corrector.h"

struct correct_settings correct_defaults(void)
{
    return (struct correct_settings){.mode = CORRECT_CORRECT, .follow = 1, .keep = 0};
}

int correct_check(const struct correct_settings *settings, struct error *error)
{
    if (error_range(error, "follow", (double)settings->follow, 0, 100) != 0 ||
        error_range(error, "keep", (double)settings->keep, 0, 100) != 0)
        return -1;
    if (settings->mode < CORRECT_OFF || settings->mode > CORRECT_GENERATE)
        return error_set(error, "mode %d does not exist", (int)settings->mode);
    if (settings->key > 0xFFF)
        return error_set(error, "a key has 12 pitch classes");
    return 0;
}
