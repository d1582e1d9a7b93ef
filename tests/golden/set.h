/* Settings of the filter from words. */
#ifndef TESTS_GOLDEN_SET_H
#define TESTS_GOLDEN_SET_H

#include "filter/filter.h"

extern const char *const set_modes[4];

/* False: there is no such setting, or the value is none. */
bool set_one(struct filter_settings *settings, const char *key, const char *value);

#endif
