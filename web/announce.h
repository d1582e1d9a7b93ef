/* The page announced in the local network, by avahi where that runs: a file of its own format
 * (avahi.service(5)) in its folder, which it watches. Whoever follows the announcement is asked for
 * the token like everybody else. */
#ifndef WEB_ANNOUNCE_H
#define WEB_ANNOUNCE_H

#include "base/error.h"

#define ANNOUNCE_FOLDER "/etc/avahi/services"

/* Writes FOLDER/audiogenrl-web.service where the page is there for the network, and removes it
 * where it is off (NULL) or for this computer alone. Nothing where there is no such folder. -1: it
 * cannot be written. */
int announce(const char *listen, const char *folder, struct error *error);

#endif
