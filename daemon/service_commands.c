/* A line of a client: an order to the engine, or a report. */
#include "daemon/service_private.h"

#include "daemon/report.h"
#include "daemon/request.h"
#include "daemon/settings.h"

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
                                  .snapshot = service->snapshot,
                                  .watch = control_watch(service->control),
                                  .uptime = service_seconds() - service->started,
                                  .realtime = service->realtime,
                                  .memory_locked = service->memory_locked};
    if (command == REQUEST_PORTS)
        return report_ports(&report);
    json_t *answer = report_status(&report);
    if (json_object_set_new(answer, "recording", recorder_describe(service->recorder)) == 0 &&
        json_object_set_new(answer, "learning", repertoire_describe_study(service->repertoire)) ==
            0)
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

/* The list of pieces, after a change or without. */
static json_t *answer_pieces(struct service *service, const struct request *request,
                             struct error *error)
{
    struct repertoire *repertoire = service->repertoire;
    int status = 0;
    if (request->command == REQUEST_LOCK || request->command == REQUEST_UNLOCK)
        status = repertoire_lock(repertoire,
                                 request->command == REQUEST_LOCK ? request->name : NULL, error);
    else if (request->command == REQUEST_RENAME)
        status = repertoire_rename(repertoire, request->name, request->other, error);
    else if (request->command == REQUEST_FORGET)
        status = repertoire_forget(repertoire, request->name, error);
    if (status != 0)
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
        request.command == REQUEST_UNLOCK || request.command == REQUEST_RENAME ||
        request.command == REQUEST_FORGET)
        return answer_pieces(service, &request, &error);
    if (request.command == REQUEST_WATCH) {
        *watches = true;
        return json_pack("{s:b}", "ok", 1);
    }
    if (do_request(service, &request, &status, &error) != 0)
        return request_refuse(error.text);
    return json_pack("{s:b, s:b}", "ok", 1, "bypass", status.settings.bypass);
}
