/* A line of a client: an order to the engine, or a report. */
#include "daemon/service_private.h"

#include "daemon/report.h"
#include "daemon/request.h"
#include "daemon/settings.h"

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
    bool on = request->on == REQUEST_TOGGLE ? !was : request->on == REQUEST_ON;
    const struct engine_order fade = {.act = ENGINE_FADE, .number = on};
    const struct engine_order bypass = {.act = ENGINE_BYPASS, .on = on};
    service->fades |= fades && on;
    return engine_do(service->engine, fades ? &fade : &bypass, status, error);
}

/* The port is opened anew: connections to what was not chosen end with it. */
static int do_device(struct service *service, const struct request *request, struct error *error)
{
    enum devices_side side = request->command == REQUEST_INPUT ? DEVICES_INPUT : DEVICES_OUTPUT;
    if (service->config->input.backend == CONFIG_VIRTUAL)
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
    case REQUEST_FORGET:
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

/* The list of pieces, after a change or without. */
static json_t *answer_pieces(struct service *service, const struct request *request,
                             struct error *error)
{
    const char *name = request->command == REQUEST_LOCK ? request->name : NULL;
    if (request->command != REQUEST_PIECES &&
        repertoire_lock(service->repertoire, name, error) != 0)
        return request_refuse(error->text);
    json_t *answer = repertoire_describe(service->repertoire);
    if (json_object_set_new(answer, "ok", json_true()) == 0)
        return answer;
    json_decref(answer);
    return NULL;
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
    if (request.command == REQUEST_PIECES || request.command == REQUEST_LOCK ||
        request.command == REQUEST_UNLOCK)
        return answer_pieces(service, &request, &error);
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
