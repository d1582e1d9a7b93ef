/* The settings of the filter and the ports, from those of the file. */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include "config/config.h"
#include "filter/filter.h"
#include "midi/port.h"

struct filter_settings settings_of_filter(const struct config *config);

/* Borrows the names of the config. */
struct port_settings settings_of_port(const struct config *config, bool virtual_clock);

const struct port_ops *settings_backend(const struct config *config);

bool settings_same_names(const struct config_names *a, const struct config_names *b);

/* The settings to go on with after a reload: those of the new file, but where it
 * says the same as the old one, what was changed since by commands stays. */
struct filter_settings settings_after_reload(const struct config *old, const struct config *new,
                                             const struct filter_settings *now);

enum correct_mode settings_mode(enum config_mode mode);

#endif
