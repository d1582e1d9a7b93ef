/* Asking the service: one line of JSON over its control socket, one line back. */
#ifndef TOOL_CLIENT_H
#define TOOL_CLIENT_H

#include "base/error.h"

#include <jansson.h>

/* Sends {"command": ..., "value": ...} and waits at most 10 s for the answer. Takes the
 * reference to value (NULL: the command has none). A new reference; NULL: the
 * service is not there, or refuses; the sentence says why. */
json_t *client_ask(const char *command, json_t *value, struct error *error);

/* A connection to the service that is the caller's; what is read from and written to it
 * waits at most so long. -1: it is not there; the sentence says why, and
 * errno is ENOENT or ECONNREFUSED where no service runs. */
int client_connect(int milliseconds, struct error *error);

#endif
