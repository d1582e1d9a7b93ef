/* Every function named on_... is called by the event loop. */
#include "daemon/service.h"

#include "daemon/cache.h"
#include "daemon/control.h"
#include "daemon/engine.h"
#include "daemon/log.h"
#include "daemon/recorder.h"
#include "daemon/relay.h"
#include "daemon/repertoire.h"
#include "daemon/report.h"
#include "daemon/request.h"
#include "daemon/settings.h"
#include "daemon/watch.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000) /* microseconds */

enum {
    FIRST_CAST_SECONDS = 10, /* how long the port waits for the repertoire */
    COMPLAINT_SECONDS = 10,  /* between two messages about lost events */
};

struct service {
    const struct service_options *options;
    sd_event *loop;
    struct config *config;
    struct engine *engine;
    struct relay *relay;
    struct recorder *recorder;
    struct repertoire *repertoire;
    struct control *control;
    struct hearer watchers;
    struct cast *cast;
    struct port *port;
    sd_event_source *port_watch;
    char trouble[sizeof((struct error){0}.text)]; /* why there is no port */
    double started;
    double complained; /* when, of lost events */
    bool ready;        /* systemd was told */
    bool realtime;
    bool memory_locked;
    uint64_t heartbeat; /* at the last feeding of the watchdog */
    uint64_t watchdog;  /* microseconds; 0: none */
    struct error fault; /* for which the service ends; "" none */
};

static void on_said(void *context, const char *sentence)
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
    service->port->ops->watch(service->port, on_said, service);
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

static void start_port(struct service *service)
{
    struct error error;
    struct port_settings settings =
        settings_of_port(service->config, service->options->virtual_clock);
    const struct port_ops *ops = settings_backend(service->config);
    struct port *port = ops->open(&settings, &error);
    if (!port) {
        port_failed(service, &error);
        return;
    }
    const struct engine_order order = {.act = ENGINE_PORT, .port = port};
    if (engine_do(service->engine, &order, NULL, &error) != 0) {
        ops->close(port);
        port_failed(service, &error);
        return;
    }
    service->port = port;
    service->trouble[0] = '\0';
    int fd = ops->watch_descriptor(port);
    if (fd >= 0)
        sd_event_add_io(service->loop, &service->port_watch, fd, EPOLLIN, on_port_watch, service);
    log_say(LOG_INFO, "%s: open", ops->name);
    ops->watch(port, on_said, service);
    sd_notifyf(0, "STATUS=Running on %s", ops->name);
}

static void stop_port(struct service *service)
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
    stop_port(service);
    if (service->config->input.backend == CONFIG_VIRTUAL) {
        service->fault = fault;
        sd_event_exit(service->loop, 0);
    } else {
        port_failed(service, &fault);
    }
}

/* Lost events come in numbers; status counts them. */
static void complain(struct service *service, unsigned news)
{
    double now = port_monotonic();
    if (!(news & (ENGINE_OVERRUN | ENGINE_DROPPED)) ||
        now - service->complained < COMPLAINT_SECONDS)
        return;
    service->complained = now;
    if (news & ENGINE_OVERRUN)
        log_say(LOG_WARNING, "input: the system dropped events; all notes were released");
    if (news & ENGINE_DROPPED)
        log_say(LOG_WARNING, "output: a listener could not take events; status counts them");
}

static int on_engine(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct service *service = context;
    (void)source;
    (void)fd;
    (void)events;
    unsigned news = engine_news(service->engine);
    if (news & ENGINE_INPUT_LOST)
        log_say(LOG_NOTICE, "input: lost; all notes were released");
    if (news & ENGINE_OUTPUT_LOST)
        log_say(LOG_NOTICE, "output: lost; all notes were released");
    if (news & ENGINE_OUTPUT_FOUND)
        log_say(LOG_INFO, "output: a listener has come; it was silenced");
    complain(service, news);
    if (news & ENGINE_PORT_ENDED && service->port)
        port_ended(service);
    return 0;
}

/* --- The repertoire --- */

static double seconds(void)
{
    return port_monotonic();
}

/* The port is opened when there is something to correct by, or time is up; by
 * the virtual clock, when all of it is there, so that every run is the same. */
static void become_ready(struct service *service)
{
    bool late = seconds() - service->started > FIRST_CAST_SECONDS;
    bool complete = service->cast && cast_is_complete(service->cast);
    if (service->ready ||
        !(complete || (!service->options->virtual_clock && (service->cast || late))))
        return;
    service->ready = true;
    start_port(service);
    sd_notify(0, "READY=1");
    log_say(LOG_INFO, "ready, with %zu pieces",
            service->cast ? cast_pieces(service->cast) : (size_t)0);
}

/* Tells a new corrector what was played last, so that it need not find the
 * player anew. */
static void brief(struct service *service, struct corrector *corrector)
{
    struct engine_past past = {0};
    const struct engine_order order = {.act = ENGINE_RECALL, .past = &past};
    if (engine_do(service->engine, &order, NULL, NULL) != 0)
        return;
    for (size_t i = 0; i < past.count; i++)
        corrector_release(corrector, corrector_note(corrector, &past.note[i]));
}

static int on_cast(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct service *service = context;
    struct error error;
    (void)source;
    (void)fd;
    (void)events;
    struct cast *cast = repertoire_take(service->repertoire);
    if (!cast)
        return 0;
    brief(service, cast_corrector(cast));
    const struct engine_order order = {.act = ENGINE_CORRECTOR, .corrector = cast_corrector(cast)};
    if (engine_do(service->engine, &order, NULL, &error) != 0) {
        log_say(LOG_ERR, "repertoire: %s; the old one stays", error.text);
        cast_free(cast);
        return 0;
    }
    cast_free(service->cast);
    service->cast = cast;
    log_say(LOG_INFO, "repertoire: %zu pieces%s", cast_pieces(cast),
            cast_is_complete(cast) ? "" : ", more to come");
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

/* --- Settings --- */

/* The model for unknown music: what the settings say; else the installed one. */
static const char *choose_style(const struct config *config)
{
    const char *style = config->correct.style;
    if (!style)
        return access(AUDIOGENRL_DEFAULT_MODEL, R_OK) == 0 ? AUDIOGENRL_DEFAULT_MODEL : NULL;
    return *style ? style : NULL;
}

static void set_realtime(struct service *service)
{
    struct error error;
    int priority = service->config->realtime.priority;
    service->realtime = engine_set_priority(service->engine, priority, &error) == 0 && priority > 0;
    if (!service->realtime && priority > 0)
        log_say(LOG_WARNING, "%s", error.text);
}

static void lock_memory(struct service *service)
{
    if (service->memory_locked || !service->config->realtime.lock_memory)
        return;
    service->memory_locked = mlockall(MCL_CURRENT | MCL_FUTURE) == 0;
    if (!service->memory_locked)
        log_say(LOG_WARNING, "memory cannot be locked: %s; notes may be late under load",
                strerror(errno));
}

static void on_config_fault(void *context, const char *fault)
{
    (void)context;
    log_say(LOG_ERR, "%s", fault);
}

static void change_port(struct service *service, const struct config *old)
{
    const struct config *new = service->config;
    bool same = settings_same_names(&old->input.connect, &new->input.connect) &&
                settings_same_names(&old->output.connect, &new->output.connect);
    struct port_settings settings = settings_of_port(new, service->options->virtual_clock);
    bool backend = old->input.backend != new->input.backend;
    if (!service->port || (same && !backend))
        return;
    if (!backend && service->port->ops->choose(service->port, &settings, on_said, service) == 0)
        return;
    stop_port(service);
    start_port(service);
}

/* Hands the settings to all who have a part in them: to all, or -1, to none. */
static int share_config(struct service *service, const struct config *config, struct error *error)
{
    const struct engine_order ask = {.act = ENGINE_ASK};
    struct engine_status status;
    if (engine_do(service->engine, &ask, &status, error) != 0)
        return -1;
    struct filter_settings settings =
        settings_after_reload(service->config, config, &status.settings);
    const struct engine_order new = {.act = ENGINE_SETTINGS, .settings = &settings};
    const struct engine_order old = {.act = ENGINE_SETTINGS, .settings = &status.settings};
    char *folder = config->record.folder ? strdup(config->record.folder) : NULL;
    if (config->record.folder && !folder)
        return error_set(error, "out of memory");
    bool done = engine_do(service->engine, &new, NULL, error) == 0;
    if (done && repertoire_choose(service->repertoire, config->correct.repertoire,
                                  choose_style(config), error) == 0) {
        recorder_choose(service->recorder, folder);
        return 0;
    }
    free(folder);
    if (done)
        engine_do(service->engine, &old, NULL, NULL);
    return -1;
}

/* Takes the config. */
static void take_config(struct service *service, struct config *config)
{
    struct config *old = service->config;
    service->config = config;
    change_port(service, old);
    if (old->realtime.priority != config->realtime.priority)
        set_realtime(service);
    lock_memory(service);
    if (strcmp(old->control.socket, config->control.socket) != 0)
        log_say(LOG_NOTICE, "[control] socket: the new path is used from the next start on");
    config_free(old);
}

/* A file that is being replaced, or was lost, is no wish for the defaults. */
static struct config *load_config(struct service *service, struct error *error)
{
    struct config *config =
        config_load(service->options->config_path, on_config_fault, service, error);
    if (!config || !config->blank || service->config->blank)
        return config;
    const char *path = service->options->config_path;
    error_set(error, "%s: is empty or gone", path ? path : CONFIG_DEFAULT_PATH);
    config_free(config);
    return NULL;
}

static int reload(struct service *service, struct error *error)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)(seconds() * 1e6));
    struct config *config = load_config(service, error);
    int status = config ? share_config(service, config, error) : -1;
    if (status == 0) {
        take_config(service, config);
        log_say(LOG_INFO, "settings were reloaded");
    } else {
        config_free(config);
        error_prefix(error, "the old settings stay");
        log_say(LOG_ERR, "reload: %s", error->text);
    }
    sd_notify(0, "READY=1");
    return status;
}

/* --- Commands --- */

static json_t *answer_report(struct service *service, enum request_command command,
                             struct error *error)
{
    const struct engine_order ask = {.act = ENGINE_ASK};
    struct engine_status status;
    if (engine_do(service->engine, &ask, &status, error) != 0)
        return request_refuse(error->text);
    const struct report report = {.config = service->config,
                                  .status = &status,
                                  .port = service->port,
                                  .trouble = service->trouble,
                                  .cast = service->cast,
                                  .watch = control_watch(service->control),
                                  .uptime = seconds() - service->started,
                                  .realtime = service->realtime,
                                  .memory_locked = service->memory_locked};
    if (command == REQUEST_PORTS)
        return report_ports(&report);
    json_t *answer = report_status(&report);
    if (json_object_set_new(answer, "recording", recorder_describe(service->recorder)) == 0)
        return answer;
    json_decref(answer);
    return NULL;
}

static int do_bypass(struct service *service, enum request_bypass bypass,
                     struct engine_status *status, struct error *error)
{
    const struct engine_order ask = {.act = ENGINE_ASK};
    if (engine_do(service->engine, &ask, status, error) != 0)
        return -1;
    const struct engine_order order = {.act = ENGINE_BYPASS,
                                       .on = bypass == REQUEST_TOGGLE ? !status->settings.bypass
                                                                      : bypass == REQUEST_ON};
    return engine_do(service->engine, &order, status, error);
}

static int do_request(struct service *service, const struct request *request,
                      struct engine_status *status, struct error *error)
{
    static const enum engine_act acts[] = {[REQUEST_FOLLOW] = ENGINE_FOLLOW,
                                           [REQUEST_KEEP] = ENGINE_KEEP,
                                           [REQUEST_TEMPO] = ENGINE_TEMPO,
                                           [REQUEST_TAP] = ENGINE_TAP,
                                           [REQUEST_PANIC] = ENGINE_PANIC};
    struct engine_order order = {0};
    switch (request->command) {
    case REQUEST_RELOAD:
        if (reload(service, error) != 0)
            return -1;
        order.act = ENGINE_ASK;
        break;
    case REQUEST_BYPASS:
        return do_bypass(service, request->bypass, status, error);
    case REQUEST_MODE:
        order.act = ENGINE_MODE;
        order.mode = settings_mode(request->mode);
        break;
    default:
        order.act = acts[request->command];
        order.number = request->number;
        break;
    }
    return engine_do(service->engine, &order, status, error);
}

static void on_watched(void *context, size_t clients)
{
    struct service *service = context;
    service->watchers.context = service->control;
    if (clients == 0)
        relay_leave(service->relay, &service->watchers);
    else
        relay_join(service->relay, &service->watchers);
}

static json_t *on_line(void *context, const char *line, size_t length, bool *watches)
{
    struct service *service = context;
    struct request request = {0};
    struct engine_status status;
    struct error error = {""};
    if (request_read(line, length, &request, &error) != 0)
        return request_refuse(error.text);
    if (request.command == REQUEST_PORTS || request.command == REQUEST_STATUS)
        return answer_report(service, request.command, &error);
    if (request.command == REQUEST_WATCH) {
        *watches = true;
        return json_pack("{s:b}", "ok", 1);
    }
    if (do_request(service, &request, &status, &error) != 0)
        return request_refuse(error.text);
    return json_pack("{s:b, s:b}", "ok", 1, "bypass", status.settings.bypass);
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
    (void)reload(context, &error); /* it has said why not */
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
        start_port(service);
    repertoire_look_for_folder(service->repertoire);
    recorder_look(service->recorder);
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
                               on_cast, service);
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

/* In `room` where it is neither of the environment nor of the settings. */
static const char *choose_socket(const struct config *config, char *room, size_t size)
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
    set_realtime(service);
    lock_memory(service);
    service->relay = relay_open(service->loop, engine_tape(service->engine), error);
    if (!service->relay)
        return -1;
    service->recorder = recorder_open(service->relay, error);
    if (!service->recorder)
        return -1;
    if (config->record.folder) {
        char *folder = strdup(config->record.folder);
        if (!folder)
            return error_set(error, "out of memory");
        recorder_choose(service->recorder, folder);
    }
    const struct control_handlers handlers = {on_line, on_watched, service};
    service->control =
        control_open(service->loop, choose_socket(config, room, sizeof room), &handlers, error);
    if (!service->control)
        return -1;
    service->repertoire = repertoire_open(config->correct.repertoire, choose_style(config),
                                          cache_folder(room, sizeof room), error);
    if (!service->repertoire)
        return -1;
    code = add_sources(service);
    return code >= 0 ? 0 : error_set(error, "cannot wait for events: %s", strerror(-code));
}

/* The reverse of start. Who watches and what records hears the releases of the stop. */
static void stop(struct service *service)
{
    if (service->engine)
        stop_port(service);
    repertoire_close(service->repertoire);
    if (service->relay)
        relay_flush(service->relay);
    control_close(service->control);
    recorder_close(service->recorder);
    relay_close(service->relay);
    engine_close(service->engine);
    cast_free(service->cast);
    sd_event_unref(service->loop);
    config_free(service->config);
}

int service_run(const struct service_options *options, struct config *config, struct error *error)
{
    struct service service = {.options = options,
                              .config = config,
                              .watchers = {.hear = watch_hear},
                              .started = seconds(),
                              .complained = -INFINITY};
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
