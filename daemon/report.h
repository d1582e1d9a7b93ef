/* What `ports` and `status` answer. Each a new reference; NULL: out of memory. */
#ifndef DAEMON_REPORT_H
#define DAEMON_REPORT_H

#include "config/config.h"
#include "daemon/control.h"
#include "daemon/engine.h"
#include "daemon/repertoire.h"
#include "midi/port.h"

#include <jansson.h>

struct report {
    const struct config *config;
    const struct engine_status *status;
    struct port *port;               /* NULL: none is open */
    const char *trouble;             /* why not */
    const struct snapshot *snapshot; /* may be NULL */
    struct control_watch watch;
    double uptime; /* seconds */
    bool realtime; /* SCHED_FIFO was granted */
    bool memory_locked;
};

/* Text of any bytes. */
json_t *report_text(const char *text);

json_t *report_status(const struct report *report);
json_t *report_ports(const struct report *report);

#endif
