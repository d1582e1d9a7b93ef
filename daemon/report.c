/* Names that come from other programs' ports and from files need not be UTF-8,
 * which JSON must be: midi_text makes them so. */
#include "daemon/report.h"

#include "midi/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *report_text(const char *name)
{
    char *valid = midi_text((const uint8_t *)name, strlen(name));
    json_t *value = valid ? json_string(valid) : NULL;
    free(valid);
    return value;
}

static const char *mode_name(enum correct_mode mode)
{
    static const enum config_mode modes[] = {[CORRECT_OFF] = CONFIG_MODE_OFF,
                                             [CORRECT_SCALE] = CONFIG_MODE_SCALE,
                                             [CORRECT_CORRECT] = CONFIG_MODE_CORRECT,
                                             [CORRECT_GENERATE] = CONFIG_MODE_GENERATE};
    return config_mode_name(modes[mode]);
}

static void add_port(void *context, const struct port_info *info)
{
    json_array_append_new(context,
                          json_pack("{s:o, s:o, s:b, s:b, s:b, s:b}", "client",
                                    report_text(info->client), "port", report_text(info->name),
                                    "source", info->source, "sink", info->sink, "feeds_input",
                                    info->feeds_input, "hears_output", info->hears_output));
}

static json_t *list_ports(const struct report *report)
{
    json_t *list = json_array();
    if (report->port)
        report->port->ops->list(report->port, add_port, list);
    return list;
}

/* Of a list of ports, the names of those for which the flag is set. */
static json_t *connected(const json_t *ports, const char *flag)
{
    json_t *names = json_array();
    for (size_t i = 0; i < json_array_size(ports); i++) {
        const json_t *port = json_array_get(ports, i);
        if (json_is_true(json_object_get(port, flag)))
            json_array_append_new(
                names, json_sprintf("%s:%s", json_string_value(json_object_get(port, "client")),
                                    json_string_value(json_object_get(port, "port"))));
    }
    return names;
}

static json_t *describe_ports(const struct report *report)
{
    json_t *ports = list_ports(report);
    json_t *described = json_pack(
        "{s:s, s:b, s:o, s:o, s:o}", "backend",
        config_backend_name(report->config->inputs[0].backend), "open", report->port != NULL,
        "trouble", report->port ? json_null() : report_text(report->trouble), "inputs",
        connected(ports, "feeds_input"), "outputs", connected(ports, "hears_output"));
    json_decref(ports);
    return described;
}

/* Bars and beats of the meter, counted from 1. */
struct bar {
    double number;
    double beat;
};

static struct bar bar_of(const struct report *report, double quarters)
{
    double beats = quarters * report->config->clock.unit / 4;
    double bar = floor(beats / report->config->clock.beats);
    return (struct bar){bar + 1, beats - bar * report->config->clock.beats + 1};
}

/* The position now, in quarter notes from 0. */
static json_t *describe_clock(const struct report *report)
{
    const struct clock_state *clock = &report->status->filter.clock;
    double quarters = clock->position / SONG_SLOTS_A_BEAT;
    struct bar bar = bar_of(report, quarters);
    return json_pack("{s:s, s:f, s:f, s:o, s:f, s:f, s:b, s:b, s:b}", "source",
                     config_clock_name(report->config->clock.source), "tempo", clock->tempo, "beat",
                     quarters, "meter",
                     json_sprintf("%u/%u", report->config->clock.beats, report->config->clock.unit),
                     "bar", bar.number, "beat_of_bar", bar.beat, "locked", clock->locked, "running",
                     clock->running, "missing", clock->missing);
}

/* Where the last note was, in the piece's own bars, and how long ago, in quarter notes. */
static json_t *describe_piece(const struct report *report)
{
    const struct correct_place *place = &report->status->filter.place;
    const struct score *score =
        report->snapshot ? snapshot_score(report->snapshot, place->piece) : NULL;
    if (!score)
        return json_null();
    double quarters = place->quarter;
    double since = report->status->filter.clock.position / SONG_SLOTS_A_BEAT - quarters;
    struct score_place at = score_place(score, quarters);
    return json_pack("{s:o, s:f, s:I, s:f, s:o, s:I, s:i, s:f, s:f, s:f}", "name",
                     report_text(snapshot_piece(report->snapshot, place->piece)), "beat", quarters,
                     "bar", (json_int_t)at.bar->number, "beat_of_bar", at.beat, "meter",
                     json_sprintf("%u/%u", at.bar->beats, at.bar->unit), "onset",
                     (json_int_t)place->onset, "shift", place->shift, "since", fmax(since, 0),
                     "confidence", (double)place->confidence, "sure", (double)place->sure);
}

static json_t *describe_latency(const struct latency *latency)
{
    return json_pack("{s:I, s:f, s:f, s:f, s:f}", "events", (json_int_t)latency->count, "p50",
                     1e-3 * (double)latency_quantile(latency, 0.5), "p99",
                     1e-3 * (double)latency_quantile(latency, 0.99), "p99.9",
                     1e-3 * (double)latency_quantile(latency, 0.999), "max",
                     1e-3 * (double)latency->most);
}

json_t *report_status(const struct report *report)
{
    const struct engine_status *status = report->status;
    const struct correct_settings *correct = &status->settings.correct;
    json_t *answer = json_pack(
        "{s:b, s:s, s:f, s:o, s:o, s:s, s:b, s:f, s:f, s:i, s:o}", "ok", 1, "version",
        AUDIOGENRL_VERSION, "uptime", report->uptime, "ports", describe_ports(report), "clock",
        describe_clock(report), "mode", mode_name(correct->mode), "bypass", status->settings.bypass,
        "follow", (double)correct->follow, "keep", (double)correct->keep, "transpose",
        status->settings.transpose, "piece", describe_piece(report));
    json_t *more = json_pack(
        "{s:{s:I, s:b}, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:o, s:{s:b, s:b}, "
        "s:{s:I, s:I}}",
        "repertoire", "pieces",
        (json_int_t)(report->snapshot ? snapshot_pieces(report->snapshot) : 0), "complete",
        report->snapshot && snapshot_is_complete(report->snapshot), "notes",
        (json_int_t)status->filter.notes, "corrected", (json_int_t)status->filter.corrected,
        "sounding", (json_int_t)status->filter.sounding, "events", "in",
        (json_int_t)status->events_in, "out", (json_int_t)status->events_out, "dropped",
        (json_int_t)status->dropped, "overruns", (json_int_t)status->overruns, "inputs_lost",
        (json_int_t)status->inputs_lost, "outputs_lost", (json_int_t)status->outputs_lost,
        "outputs_found", (json_int_t)status->outputs_found, "latency_us",
        describe_latency(&status->latency), "realtime", "scheduled", report->realtime,
        "memory_locked", report->memory_locked, "watch", "clients",
        (json_int_t)report->watch.clients, "missed", (json_int_t)report->watch.missed);
    if (json_object_update_new(answer, more) == 0)
        return answer;
    json_decref(answer);
    return NULL;
}

json_t *report_ports(const struct report *report)
{
    return json_pack(
        "{s:b, s:s, s:b, s:o, s:o}", "ok", 1, "backend",
        config_backend_name(report->config->inputs[0].backend), "open", report->port != NULL,
        "trouble", report->port ? json_null() : report_text(report->trouble), "ports",
        list_ports(report));
}
