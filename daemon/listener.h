/* A listening stream socket in the file system, mode 0660 and group audio where that
 * may be set. */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include "base/error.h"

/* Takes the place of one that a service left which was killed. The descriptor does not
 * block. -1: another service answers there, or it cannot be made. */
int listener_open(const char *path, int backlog, struct error *error);

#endif
