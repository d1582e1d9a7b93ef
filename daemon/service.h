/* The service: everything but the real-time thread, on one event loop.
 *
 * Signals, systemd's notifications and watchdog, the control socket, opening of
 * ports and connecting, reload, and the hand-over of what the repertoire's thread
 * has built. Where the port cannot be opened it stays up and tries again every
 * second; the status says why. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "base/error.h"
#include "config/config.h"

#include <stdbool.h>

struct service_options {
    const char *config_path; /* NULL: the default, which need not be there */
    bool user; /* settings and folders of the user who runs it */
    bool virtual_clock;
};

/* Runs until it is told to stop (SIGTERM, SIGINT) or the virtual port has ended.
 * Takes the config. The caller must have started no thread. -1: it could not
 * start, or the virtual port ended by a fault. */
int service_run(const struct service_options *options, struct config *config, struct error *error);

#endif
