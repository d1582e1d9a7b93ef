/* Every function named on_... is called by the event loop. */
#include "daemon/service_private.h"

#include "daemon/cache.h"
#include "daemon/log.h"
#include "daemon/settings.h"
#include "daemon/watch.h"

#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#define SECOND UINT64_C(1000000) /* microseconds */

enum {
    FIRST_SNAPSHOT_SECONDS = 10, /* how long the port waits for the repertoire */
    COMPLAINT_SECONDS = 10,      /* between two messages about lost events */
};

void service_said(void *context, const char *sentence)
{
    (void)context;
    log_say(LOG_NOTICE, "%s", sentence);
}

/* --- The port --- */

static int on_port_watch(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct service *service = context;
    (void)source;
    (void)fd;
    (void)events;
    service->port->ops->watch(service->port, service_said, service);
    return 0;
}

static void port_failed(struct service *service, const struct error *error)
{
    if (strcmp(service->trouble, error->text) == 0)
        return; /* said already */
    memcpy(service->trouble, error->text, sizeof service->trouble);
    log_say(LOG_ERR, "%s; trying again every second", error->text);
    sd_notifyf(0, "STATUS=Waiting: %s", error->text);
}

void service_start_port(struct service *service)
{
    struct error error;
    struct port *port =
        settings_open_port(service->config, service->options->virtual_clock, &error);
    if (!port) {
        port_failed(service, &error);
        return;
    }
    const struct engine_order order = {.act = ENGINE_PORT, .port = port};
    if (engine_do(service->engine, &order, NULL, &error) != 0) {
        port->ops->close(port);
        port_failed(service, &error);
        return;
    }
    service->port = port;
    service->trouble[0] = '\0';
    int fd = port->ops->watch_descriptor(port);
    if (fd >= 0)
        sd_event_add_io(service->loop, &service->port_watch, fd, EPOLLIN, on_port_watch, service);
    log_say(LOG_INFO, "%s: open", port->ops->name);
    port->ops->watch(port, service_said, service);
    sd_notifyf(0, "STATUS=Running on %s", port->ops->name);
}

void service_stop_port(struct service *service)
{
    const struct engine_order order = {.act = ENGINE_PORT, .port = NULL};
    if (!service->port)
        return;
    service->port_watch = sd_event_source_disable_unref(service->port_watch);
    while (engine_do(service->engine, &order, NULL, NULL) != 0)
        ; /* it is in use as long as the engine has not let go */
    service->port->ops->close(service->port);
    service->port = NULL;
}

static void port_ended(struct service *service)
{
    struct error fault = service->port->fault;
    service_stop_port(service);
    if (settings_read_files(service->config)) {
        service->fault = fault;
        sd_event_exit(service->loop, 0);
    } else {
        port_failed(service, &fault);
    }
}

/* Lost events come in numbers; status counts them. */
static void complain(struct service *service, unsigned events)
{
    double now = monotonic_seconds();
    if (!(events & (ENGINE_OVERRUN | ENGINE_DROPPED)) ||
        now - service->complained < COMPLAINT_SECONDS)
        return;
    service->complained = now;
    if (events & ENGINE_OVERRUN)
        log_say(LOG_WARNING, "input: the system dropped events; all notes were released");
    if (events & ENGINE_DROPPED)
        log_say(LOG_WARNING, "output: a listener could not take events; status counts them");
}

static int on_engine(sd_event_source *source, int fd, uint32_t ready, void *context)
{
    struct service *service = context;
    (void)source;
    (void)fd;
    (void)ready;
    unsigned events = engine_events(service->engine);
    if (events & ENGINE_INPUT_LOST)
        log_say(LOG_NOTICE, "input: lost; all notes were released");
    if (events & ENGINE_OUTPUT_LOST)
        log_say(LOG_NOTICE, "output: lost; all notes were released");
    if (events & ENGINE_OUTPUT_FOUND)
        log_say(LOG_INFO, "output: a listener has come; it was silenced");
    if (events & ENGINE_ASKED)
        service_do_wishes(service);
    complain(service, events);
    if (events & ENGINE_PORT_ENDED && service->port)
        port_ended(service);
    return 0;
}

/* --- The repertoire --- */

double service_seconds(void)
{
    return monotonic_seconds();
}

/* The port is opened when there is something to correct by, or time is up; by
 * the virtual clock, when all of it is there, so that every run is the same. */
static void become_ready(struct service *service)
{
    bool late = service_seconds() - service->started > FIRST_SNAPSHOT_SECONDS;
    bool complete = service->snapshot && snapshot_is_complete(service->snapshot);
    if (service->ready ||
        !(complete || (!service->options->virtual_clock && (service->snapshot || late))))
        return;
    service->ready = true;
    service_start_port(service);
    sd_notify(0, "READY=1");
    log_say(LOG_INFO, "ready, with %zu pieces",
            service->snapshot ? snapshot_pieces(service->snapshot) : (size_t)0);
}

/* Tells a new corrector what was played last, so that it need not find the
 * player anew. */
static void replay(struct service *service, struct corrector *corrector)
{
    struct engine_past past = {0};
    const struct engine_order order = {.act = ENGINE_RECALL, .past = &past};
    if (engine_do(service->engine, &order, NULL, NULL) != 0)
        return;
    for (size_t i = 0; i < past.count; i++)
        corrector_release(corrector, corrector_note(corrector, &past.note[i]));
}

void service_take_passes(struct service *service)
{
    struct engine_passes passes = {0};
    const struct engine_order order = {.act = ENGINE_PASSES, .passes = &passes};
    if (service->snapshot && engine_do(service->engine, &order, NULL, NULL) == 0)
        progress_add(service->progress, service->snapshot, passes.pass, passes.count);
}

/* A new corrector knows what is remembered. What has come since of the old one is taken in when
 * that is no longer in use. */
static void take_last_passes(struct service *service)
{
    struct fade_pass passes[FADE_PASSES];
    if (service->snapshot)
        progress_add(
            service->progress, service->snapshot, passes,
            fade_take(corrector_fade(snapshot_corrector(service->snapshot)), passes, FADE_PASSES));
}

static int on_snapshot(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct service *service = context;
    struct error error;
    (void)source;
    (void)fd;
    (void)events;
    struct snapshot *snapshot = repertoire_accept(service->repertoire);
    if (!snapshot)
        return 0;
    replay(service, snapshot_corrector(snapshot));
    service_take_passes(service);
    progress_fill(service->progress, snapshot_corrector(snapshot));
    const struct engine_order order = {.act = ENGINE_CORRECTOR,
                                       .corrector = snapshot_corrector(snapshot)};
    if (engine_do(service->engine, &order, NULL, &error) != 0) {
        log_say(LOG_ERR, "repertoire: %s; the old one stays", error.text);
        snapshot_free(snapshot);
        return 0;
    }
    take_last_passes(service);
    snapshot_free(service->snapshot);
    service->snapshot = snapshot;
    log_say(LOG_INFO, "repertoire: %zu pieces%s", snapshot_pieces(snapshot),
            snapshot_is_complete(snapshot) ? "" : ", more to come");
    become_ready(service);
    return 0;
}

static int on_folder(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct service *service = context;
    (void)source;
    (void)fd;
    (void)events;
    repertoire_notify(service->repertoire);
    return 0;
}

/* Once a second: what was played since then belongs to the piece that is followed now. */
static void note_played(struct service *service)
{
    const struct engine_order ask = {.act = ENGINE_ASK};
    struct engine_status status;
    if (!service->snapshot || snapshot_pieces(service->snapshot) == 0 ||
        engine_do(service->engine, &ask, &status, NULL) != 0)
        return;
    uint64_t notes = status.filter.notes, corrected = status.filter.corrected;
    const char *name = snapshot_piece(service->snapshot, status.filter.place.piece);
    if (notes > service->notes && *name)
        repertoire_note_played(service->repertoire, name, notes - service->notes,
                               corrected - service->corrected);
    service->notes = notes;
    service->corrected = corrected;
}

/* --- Signals and time --- */

static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
    struct service *service = context;
    (void)source;
    (void)info;
    sd_notify(0, "STOPPING=1");
    sd_event_exit(service->loop, 0);
    return 0;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
    struct error error;
    (void)source;
    (void)info;
    (void)service_reload(context, &error); /* it has said why not */
    return 0;
}

static int again(sd_event_source *source, uint64_t microseconds)
{
    sd_event_source_set_time_relative(source, microseconds);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

static int on_second(sd_event_source *source, uint64_t when, void *context)
{
    struct service *service = context;
    (void)when;
    become_ready(service);
    if (service->ready && !service->port)
        service_start_port(service);
    repertoire_look_for_folder(service->repertoire);
    if (service->fades)
        service_take_passes(service);
    progress_look(service->progress);
    recorder_look(service->recorder);
    recorder_look(service->takes);
    note_played(service);
    return again(source, SECOND);
}

/* Fed only as long as the real-time thread comes round. */
static int on_watchdog(sd_event_source *source, uint64_t when, void *context)
{
    struct service *service = context;
    (void)when;
    uint64_t heartbeat = engine_heartbeat(service->engine);
    if (heartbeat != service->heartbeat)
        sd_notify(0, "WATCHDOG=1");
    service->heartbeat = heartbeat;
    return again(source, service->watchdog / 4);
}

/* --- Start and end --- */

static int add_sources(struct service *service)
{
    sd_event *loop = service->loop;
    int watch = repertoire_watch_descriptor(service->repertoire);
    int code = sd_event_add_signal(loop, NULL, SIGTERM, on_stop, service);
    if (code >= 0)
        code = sd_event_add_signal(loop, NULL, SIGINT, on_stop, service);
    if (code >= 0)
        code = sd_event_add_signal(loop, NULL, SIGHUP, on_reload, service);
    if (code >= 0)
        code = sd_event_add_io(loop, NULL, engine_descriptor(service->engine), EPOLLIN, on_engine,
                               service);
    if (code >= 0)
        code = sd_event_add_io(loop, NULL, repertoire_descriptor(service->repertoire), EPOLLIN,
                               on_snapshot, service);
    if (code >= 0 && watch >= 0)
        code = sd_event_add_io(loop, NULL, watch, EPOLLIN, on_folder, service);
    if (code >= 0)
        code =
            sd_event_add_time_relative(loop, NULL, CLOCK_MONOTONIC, SECOND, 0, on_second, service);
    if (code >= 0 && sd_watchdog_enabled(0, &service->watchdog) > 0)
        code = sd_event_add_time_relative(loop, NULL, CLOCK_MONOTONIC, service->watchdog / 4, 0,
                                          on_watchdog, service);
    return code;
}

const char *service_choose_socket(const struct config *config, char *room, size_t size)
{
    const char *named = getenv("AUDIOGENRL_SOCKET");
    if (named && *named)
        return named;
    if (geteuid() == 0 || strcmp(config->control.socket, CONFIG_DEFAULT_SOCKET) != 0 ||
        config_user_socket(room, size) != 0)
        return config->control.socket;
    char *slash = strrchr(room, '/');
    *slash = '\0';
    (void)mkdir(room, 0700); /* if it cannot be, the socket says so */
    *slash = '/';
    return room;
}

static int start(struct service *service, struct error *error)
{
    const struct config *config = service->config;
    const struct filter_settings settings = settings_of_filter(config);
    char room[PATH_MAX];
    int code = sd_event_new(&service->loop);
    if (code < 0)
        return error_set(error, "cannot make an event loop: %s", strerror(-code));
    service->engine = engine_open(&settings, error);
    if (!service->engine)
        return -1;
    service_set_realtime(service);
    service_lock_memory(service);
    service->dispatcher = dispatcher_open(service->loop, engine_ring(service->engine), error);
    if (!service->dispatcher)
        return -1;
    service->recorder = recorder_open(service->dispatcher, error);
    if (!service->recorder)
        return -1;
    service->records = config->record.folder && config->record.at_start;
    if (service->records && service_set_recording(service, true, error) != 0)
        return -1;
    service->takes = recorder_open(service->dispatcher, error);
    if (!service->takes)
        return -1;
    recorder_keep_private(service->takes, "learning");
    const struct control_handlers handlers = {service_answer, service_watched, service};
    service->control = control_open(service->loop, service_choose_socket(config, room, sizeof room),
                                    &handlers, error);
    if (!service->control)
        return -1;
    service->repertoire = repertoire_open(config->correct.repertoire, service_choose_style(config),
                                          cache_folder(room, sizeof room), error);
    if (!service->repertoire)
        return -1;
    if (service_set_learning(service, config, error) != 0)
        return -1;
    bool kept = config_state_folder(room, sizeof room) == 0;
    service->devices = devices_open(kept ? room : NULL, error);
    if (!service->devices || devices_apply(service->devices, service->config, error) != 0)
        return -1;
    service->fades = config->correct.fade;
    service->progress = progress_open(kept ? room : NULL, error);
    if (!service->progress)
        return -1;
    code = add_sources(service);
    return code >= 0 ? 0 : error_set(error, "cannot wait for events: %s", strerror(-code));
}

/* The reverse of start. Who watches and what records hears the releases of the stop. */
static void stop(struct service *service)
{
    if (service->engine && service->repertoire)
        note_played(service);
    if (service->engine)
        service_stop_port(service);
    if (service->progress && service->engine)
        service_take_passes(service);
    repertoire_close(service->repertoire);
    if (service->dispatcher)
        dispatcher_flush(service->dispatcher);
    control_close(service->control);
    recorder_close(service->recorder);
    recorder_close(service->takes);
    dispatcher_close(service->dispatcher);
    engine_close(service->engine);
    snapshot_free(service->snapshot);
    sd_event_unref(service->loop);
    progress_close(service->progress);
    devices_close(service->devices);
    config_free(service->config);
}

int service_run(const struct service_options *options, struct config *config, struct error *error)
{
    struct service service = {.options = options,
                              .config = config,
                              .watchers = {.receive = watch_receive},
                              .started = service_seconds(),
                              .complained = -HUGE_VAL};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a write that fails */
    /* Each arena would lock its reserve of 64 MiB. */
    mallopt(M_ARENA_MAX, 1);
    /* A snapshot's arrays go back to the system with it, and leave no holes behind. */
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    int status = start(&service, error);
    if (status == 0) {
        sd_event_loop(service.loop);
        log_say(LOG_INFO, "stopping");
        if (service.fault.text[0] != '\0') {
            *error = service.fault;
            status = -1;
        }
    }
    stop(&service);
    return status;
}
