/* The sections of inputs and outputs: [input], [input NAME], [output], [output NAME]. */
#ifndef CONFIG_PORTS_H
#define CONFIG_PORTS_H

#include "config/config.h"

/* Is that the name of such a section? */
bool config_is_port(const char *section, size_t length);

/* The port of a section, new where there is none of this name; `length` is that of the name.
 * NULL: there are too many. */
struct config_port *config_port_add(struct config *config, bool output, const char *name,
                                    size_t length);

/* Takes a key of such a section. 1: it is none of these keys, or the section is another one;
 * -1: what is wrong with it. */
int config_port_key(struct config *config, const char *section, const char *key, const char *value,
                    int line, struct error *error);

/* What follows from all sections. */
void config_ports_complete(struct config *config);

void config_ports_free(struct config *config);

#endif
