/* The settings of the filter and the ports, from those of the file. */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include "config/config.h"
#include "filter/filter.h"
#include "midi/port.h"

struct filter_settings settings_of_filter(const struct config *config);

/* Opens the port, or the group of several, that the settings name. NULL: one sentence. */
struct port *settings_open_port(const struct config *config, bool virtual_clock,
                                struct error *error);

/* How the port that is open for `old` comes to `new`. */
enum settings_change {
    SETTINGS_SAME,   /* it need not */
    SETTINGS_CHOOSE, /* by settings_of_port */
    SETTINGS_REOPEN,
};
enum settings_change settings_port_change(const struct config *old, const struct config *new);

/* Of a port that is none of several. Borrows the names of the config. */
struct port_settings settings_of_port(const struct config *config, bool virtual_clock);

/* True: events come from files, and the service ends with them. */
bool settings_read_files(const struct config *config);

/* The settings to go on with after a reload: those of the new file, but where it
 * says the same as the old one, what was changed since by commands stays. */
struct filter_settings settings_after_reload(const struct config *old, const struct config *new,
                                             const struct filter_settings *now);

enum correct_mode settings_mode(enum config_mode mode);

#endif
