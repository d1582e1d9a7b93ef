/* A line of a client: an order to the engine, or a report. */
#include "daemon/service_private.h"

#include "daemon/log.h"
#include "daemon/report.h"
#include "daemon/request.h"
#include "daemon/settings.h"

/* A piece is that of the player where its position is likelier than all else. */
static const float sure_of_piece = 0.5F;

static json_t *describe_fade(struct service *service, const struct engine_status *status)
{
    json_t *fade = progress_describe(service->progress);
    json_object_set_new(fade, "on", json_boolean(status->settings.correct.fade));
    return fade;
}

/* The bars of the piece that is recognised. */
static json_t *answer_progress(struct service *service, struct error *error)
{
    const struct engine_order ask = {.act = ENGINE_ASK};
    struct engine_status status;
    if (engine_do(service->engine, &ask, &status, error) != 0)
        return request_refuse(error->text);
    int piece = status.filter.place.piece;
    bool known = service->snapshot && piece >= 0;
    json_t *name = known ? report_text(snapshot_piece(service->snapshot, piece)) : json_null();
    return json_pack("{s:b, s:b, s:o, s:o}", "ok", 1, "on", status.settings.correct.fade, "piece",
                     name, "bars",
                     progress_describe_bars(service->progress, service->snapshot, piece));
}

static json_t *answer_report(struct service *service, enum request_command command,
                             struct error *error)
{
    const struct engine_order ask = {.act = ENGINE_ASK};
    struct engine_status status;
    if (service->fades)
        service_take_passes(service);
    if (engine_do(service->engine, &ask, &status, error) != 0)
        return request_refuse(error->text);
    const struct report report = {.config = service->config,
                                  .status = &status,
                                  .port = service->port,
                                  .trouble = service->trouble,
                                  .snapshot = service->snapshot,
                                  .watch = control_watch(service->control),
                                  .uptime = service_seconds() - service->started,
                                  .realtime = service->realtime,
                                  .memory_locked = service->memory_locked};
    if (command == REQUEST_PORTS) {
        json_t *ports = report_ports(&report);
        json_object_set_new(ports, "chosen", devices_describe(service->devices));
        return ports;
    }
    json_t *answer = report_status(&report);
    if (json_object_set_new(answer, "recording", recorder_describe(service->recorder)) == 0 &&
        json_object_set_new(answer, "learning", repertoire_describe_study(service->repertoire)) ==
            0 &&
        json_object_set_new(answer, "fade", describe_fade(service, &status)) == 0)
        return answer;
    json_decref(answer);
    return NULL;
}

/* bypass and fade */
static int do_switch(struct service *service, const struct request *request,
                     struct engine_status *status, struct error *error)
{
    const struct engine_order ask = {.act = ENGINE_ASK};
    if (engine_do(service->engine, &ask, status, error) != 0)
        return -1;
    bool fades = request->command == REQUEST_FADE;
    bool was = fades ? status->settings.correct.fade : status->settings.bypass;
    bool on = request->turn == REQUEST_TOGGLE ? !was : request->turn == REQUEST_ON;
    const struct engine_order fade = {.act = ENGINE_FADE, .number = on};
    const struct engine_order bypass = {.act = ENGINE_BYPASS, .on = on};
    service->fades |= fades && on;
    return engine_do(service->engine, fades ? &fade : &bypass, status, error);
}

/* The port is opened anew: connections to what was not chosen end with it. */
static int do_device(struct service *service, const struct request *request, struct error *error)
{
    enum devices_side side = request->command == REQUEST_INPUT ? DEVICES_INPUT : DEVICES_OUTPUT;
    if (settings_read_files(service->config))
        return error_set(error, "events come from files: there is no device to choose");
    if (devices_choose(service->devices, side, request->name, error) != 0)
        return -1;
    service_stop_port(service);
    int status = service_reload(service, error);
    if (service->ready)
        service_start_port(service);
    return status;
}

static int do_request(struct service *service, const struct request *request,
                      struct engine_status *status, struct error *error)
{
    static const enum engine_act acts[] = {
        [REQUEST_FOLLOW] = ENGINE_FOLLOW, [REQUEST_KEEP] = ENGINE_KEEP,
        [REQUEST_TEMPO] = ENGINE_TEMPO,   [REQUEST_TRANSPOSE] = ENGINE_TRANSPOSE,
        [REQUEST_TAP] = ENGINE_TAP,       [REQUEST_PANIC] = ENGINE_PANIC};
    struct engine_order order = {0};
    switch (request->command) {
    case REQUEST_RELOAD:
        if (service_reload(service, error) != 0)
            return -1;
        order.act = ENGINE_ASK;
        break;
    case REQUEST_INPUT:
    case REQUEST_OUTPUT:
        if (do_device(service, request, error) != 0)
            return -1;
        order.act = ENGINE_ASK;
        break;
    case REQUEST_BYPASS:
    case REQUEST_FADE:
        return do_switch(service, request, status, error);
    case REQUEST_FORGET_PROGRESS:
        service_take_passes(service);
        progress_forget(service->progress);
        order.act = ENGINE_FORGET;
        break;
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

/* --- Pieces --- */

/* The file of the piece that is being played, as far as is believed; "". */
static const char *file_played(struct service *service)
{
    const struct engine_order ask = {.act = ENGINE_ASK};
    struct engine_status status;
    if (!service->snapshot || engine_do(service->engine, &ask, &status, NULL) != 0)
        return "";
    const struct correct_place *place = &status.filter.place;
    return place->piece >= 0 && place->sure >= sure_of_piece
               ? snapshot_file(service->snapshot, place->piece)
               : "";
}

static int step(struct service *service, int by, struct error *error)
{
    char name[REQUEST_MAX_NAME + 1];
    if (repertoire_step(service->repertoire, by, file_played(service), name, sizeof name, error) !=
        0)
        return -1;
    log_say(LOG_NOTICE, "repertoire: %s is followed alone", name);
    return 0;
}

/* The piece that is played is followed alone; or all are again. */
static int toggle_lock(struct service *service, struct error *error)
{
    if (repertoire_is_locked(service->repertoire)) {
        log_say(LOG_NOTICE, "repertoire: all pieces are followed");
        return repertoire_lock(service->repertoire, NULL, error);
    }
    const char *file = file_played(service);
    if (*file == '\0')
        return error_set(error, "no piece is recognised that could be followed alone");
    if (repertoire_lock(service->repertoire, file, error) != 0)
        return -1;
    log_say(LOG_NOTICE, "repertoire: %s is followed alone", file);
    return 0;
}

static int change_pieces(struct service *service, const struct request *request,
                         struct error *error)
{
    switch (request->command) {
    case REQUEST_LOCK:
        return repertoire_lock(service->repertoire, request->name, error);
    case REQUEST_UNLOCK:
        return repertoire_lock(service->repertoire, NULL, error);
    case REQUEST_NEXT:
        return step(service, 1, error);
    case REQUEST_PREVIOUS:
        return step(service, -1, error);
    case REQUEST_RENAME:
        return repertoire_rename(service->repertoire, request->name, request->other, error);
    case REQUEST_FORGET:
        return repertoire_forget(service->repertoire, request->name, error);
    default:
        return 0;
    }
}

/* The list of pieces, after a change or without. */
static json_t *answer_pieces(struct service *service, const struct request *request,
                             struct error *error)
{
    if (change_pieces(service, request, error) != 0)
        return request_refuse(error->text);
    json_t *answer = repertoire_describe(service->repertoire);
    if (json_object_set_new(answer, "ok", json_true()) == 0)
        return answer;
    json_decref(answer);
    return NULL;
}

static bool is_of_pieces(enum request_command command)
{
    return command == REQUEST_PIECES || command == REQUEST_LOCK || command == REQUEST_UNLOCK ||
           command == REQUEST_NEXT || command == REQUEST_PREVIOUS ||
           command == REQUEST_RENAME || command == REQUEST_FORGET;
}

static json_t *answer_record(struct service *service, enum request_switch turn, struct error *error)
{
    bool on = turn == REQUEST_TOGGLE ? !service->records : turn == REQUEST_ON;
    if (service_set_recording(service, on, error) != 0)
        return request_refuse(error->text);
    return json_pack("{s:b, s:b}", "ok", 1, "record", service->records);
}

/* --- Switches of the keyboard --- */

static int do_wish(struct service *service, enum filter_wish wish, struct error *error)
{
    switch (wish) {
    case FILTER_NEXT_PIECE:
        return step(service, 1, error);
    case FILTER_PREVIOUS_PIECE:
        return step(service, -1, error);
    case FILTER_LOCK_PIECE:
        return toggle_lock(service, error);
    default:
        return service_set_recording(service, !service->records, error);
    }
}

void service_do_wishes(struct service *service)
{
    struct error error;
    for (enum filter_wish w = 0; w < FILTER_WISHES; w++)
        for (unsigned i = engine_asked(service->engine, w); i > 0; i--)
            if (do_wish(service, w, &error) != 0)
                log_say(LOG_WARNING, "%s", error.text);
}

void service_watched(void *context, size_t clients)
{
    struct service *service = context;
    service->watchers.context = service->control;
    if (clients == 0)
        dispatcher_unsubscribe(service->dispatcher, &service->watchers);
    else
        dispatcher_subscribe(service->dispatcher, &service->watchers);
}

json_t *service_answer(void *context, const char *line, size_t length, bool *watches)
{
    struct service *service = context;
    struct request request = {0};
    struct engine_status status;
    struct error error = {""};
    if (request_read(line, length, &request, &error) != 0)
        return request_refuse(error.text);
    if (request.command == REQUEST_PORTS || request.command == REQUEST_STATUS)
        return answer_report(service, request.command, &error);
    if (is_of_pieces(request.command))
        return answer_pieces(service, &request, &error);
    if (request.command == REQUEST_RECORD)
        return answer_record(service, request.turn, &error);
    if (request.command == REQUEST_PROGRESS)
        return answer_progress(service, &error);
    if (request.command == REQUEST_WATCH) {
        *watches = true;
        return json_pack("{s:b}", "ok", 1);
    }
    if (do_request(service, &request, &status, &error) != 0)
        return request_refuse(error.text);
    return json_pack("{s:b, s:b, s:b}", "ok", 1, "bypass", status.settings.bypass, "fade",
                     status.settings.correct.fade);
}
