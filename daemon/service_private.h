/* What the parts of the service share: service.c has the event loop, service_commands.c
 * what clients ask for, service_settings.c what a reload changes. Main thread only. */
#ifndef DAEMON_SERVICE_PRIVATE_H
#define DAEMON_SERVICE_PRIVATE_H

#include "daemon/service.h"

#include "daemon/control.h"
#include "daemon/devices.h"
#include "daemon/dispatcher.h"
#include "daemon/engine.h"
#include "daemon/progress.h"
#include "daemon/recorder.h"
#include "daemon/repertoire.h"

#include <systemd/sd-event.h>

struct service {
    const struct service_options *options;
    sd_event *loop;
    struct config *config;
    struct engine *engine;
    struct dispatcher *dispatcher;
    struct recorder *recorder;
    struct recorder *takes; /* what is learned from */
    struct repertoire *repertoire;
    struct control *control;
    struct devices *devices;
    struct progress *progress; /* of the player, in the bars of the pieces */
    struct subscriber watchers;
    struct snapshot *snapshot;
    struct port *port;
    sd_event_source *port_watch;
    char trouble[sizeof((struct error){0}.text)]; /* why there is no port */
    double started;
    double complained;         /* when, of lost events */
    uint64_t notes, corrected; /* that the repertoire knows of */
    bool fades;                /* help has faded since the start */
    bool ready;                /* systemd was told */
    bool realtime;
    bool memory_locked;
    bool records;       /* into the folder of the settings, if there is one */
    uint64_t heartbeat; /* at the last feeding of the watchdog */
    uint64_t watchdog;  /* microseconds; 0: none */
    struct error fault; /* for which the service ends; "" none */
};

/* What the port has to say for the log. */
void service_said(void *context, const char *sentence);

/* Opens the port of the settings; where it cannot, the trouble says why. */
void service_start_port(struct service *service);
void service_stop_port(struct service *service);

/* Takes in what has come of the help that fades. */
void service_take_passes(struct service *service);

/* Where the control socket is to be; in `room` where it is neither of the environment nor of
 * the settings. */
const char *service_choose_socket(const struct config *config, char *room, size_t size);

/* Seconds of CLOCK_MONOTONIC. */
double service_seconds(void);

/* --- service_settings.c --- */

/* The model for unknown music: what the settings say; else the installed one. */
const char *service_choose_style(const struct config *config);

void service_set_realtime(struct service *service);
void service_lock_memory(struct service *service);

/* Where recordings to learn from go, made if need be. -1: out of memory. */
int service_set_learning(struct service *service, const struct config *config, struct error *error);

/* Records, or no longer. -1: out of memory, or the settings have no folder. */
int service_set_recording(struct service *service, bool on, struct error *error);

/* Reads the settings anew and takes them as a whole. -1: the old ones stay; the log says so. */
int service_reload(struct service *service, struct error *error);

/* --- service_commands.c: handlers of the control socket --- */

json_t *service_answer(void *context, const char *line, size_t length, bool *watches);
void service_watched(void *context, size_t clients);

/* What switches of the keyboard have asked for; the log says what came of it. */
void service_do_wishes(struct service *service);

#endif
