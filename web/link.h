/* The address of the page, to be opened on a phone. */
#ifndef WEB_LINK_H
#define WEB_LINK_H

#include "base/error.h"

#include <stdbool.h>

enum { LINK_BYTES = 512 };

/* "http://192.168.1.5:8322/?token=..." for what the settings listen to. Where that is every
 * address, the first one of this computer that is not its own loop is taken. */
int link_text(const char *listen, const char *token, char link[LINK_BYTES], struct error *error);

/* A socket that listens at an address and port of the settings. -1: it cannot. */
int link_listen(const char *listen, struct error *error);

/* Draws the text as a QR code on standard output. -1: built without libqrencode, or it cannot
 * be drawn. */
int link_draw(const char *text);

/* Whether an address is there for this computer alone: 127.0.0.0/8, ::1. */
bool link_is_local(const char *listen);

#endif
