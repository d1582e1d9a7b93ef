/* The devices that were chosen by command, instead of those of the settings: a port to read from
 * and one to write to, by the names that `ports` lists, remembered over restarts in a file.
 *
 * Main thread only. */
#ifndef DAEMON_DEVICES_H
#define DAEMON_DEVICES_H

#include "config/config.h"

#include <jansson.h>

enum { DEVICES_NAME = 255 }; /* bytes of CLIENT:PORT */

enum devices_side { DEVICES_INPUT, DEVICES_OUTPUT, DEVICES_SIDES };

struct devices;

/* Reads what is remembered in the folder, made if need be; NULL: nothing is. NULL: out of memory.
 */
struct devices *devices_open(const char *folder, struct error *error);
void devices_close(struct devices *devices);

/* "CLIENT:PORT", or "auto": what the settings say. Remembered as far as that can be, or the log
 * says why not. -1: out of memory, nothing changed. */
int devices_choose(struct devices *devices, enum devices_side side, const char *name,
                   struct error *error);

/* Puts what was chosen into the place of [input] connect and [output] connect; not where events
 * come from files. -1: out of memory. */
int devices_apply(const struct devices *devices, struct config *config, struct error *error);

/* {"input": a name or null, "output": ...}; a new reference, NULL: out of memory. */
json_t *devices_describe(const struct devices *devices);

/* A pattern (midi/port.h) that stands for the port of this name and no other; malloced, NULL: out
 * of memory. */
char *devices_pattern(const char *name);

#endif
