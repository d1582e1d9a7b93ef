/* The token: who has it may use the page. One line in a file that others cannot read. */
#ifndef WEB_TOKEN_H
#define WEB_TOKEN_H

#include "web/request.h"

/* Reads it. -1: it is not there, everybody may read it, or it is no token. */
int token_read(const char *path, char token[REQUEST_TOKEN_MOST + 1], struct error *error);

/* Reads it; where there is no file, makes one: 130 random bits, for its owner and, where that
 * may be set, the group audio. -1 as above, or it cannot be made. */
int token_make(const char *path, char token[REQUEST_TOKEN_MOST + 1], struct error *error);

#endif
