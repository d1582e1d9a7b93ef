/* audiogenrl status and ports: what the service says of itself, for people. */
#include "tool/client.h"
#include "tool/command.h"
#include "tool/commands.h"

#include <stdio.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "?";
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static long long count_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static bool flag_of(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static void print_names(const char *label, const json_t *names)
{
    printf("%s", label);
    for (size_t i = 0; i < json_array_size(names); i++)
        printf("%s%s", i ? ", " : "", json_string_value(json_array_get(names, i)));
    puts(json_array_size(names) ? "" : "not connected");
}

static void print_ports(const json_t *ports)
{
    if (!flag_of(ports, "open")) {
        printf("ports       waiting: %s\n", text_of(ports, "trouble"));
        return;
    }
    printf("ports       %s\n", text_of(ports, "backend"));
    print_names("input       ", json_object_get(ports, "inputs"));
    print_names("output      ", json_object_get(ports, "outputs"));
}

static void print_place(const json_t *status)
{
    const json_t *piece = json_object_get(status, "piece");
    const json_t *repertoire = json_object_get(status, "repertoire");
    printf("repertoire  %lld pieces%s\n", count_of(repertoire, "pieces"),
           flag_of(repertoire, "complete") ? "" : ", learning more");
    if (json_is_null(piece))
        puts("piece       none recognised");
    else
        printf("piece       %s, bar %.0f, beat %.2f (%.0f %% sure)\n", text_of(piece, "name"),
               number_of(piece, "bar"), number_of(piece, "beat_of_bar"),
               100 * number_of(piece, "confidence"));
}

static void print_counts(const json_t *status)
{
    const json_t *events = json_object_get(status, "events");
    const json_t *latency = json_object_get(status, "latency_us");
    printf("notes       %lld, of them corrected %lld; sounding %lld\n", count_of(status, "notes"),
           count_of(status, "corrected"), count_of(status, "sounding"));
    printf("events      %lld in, %lld out; dropped %lld, overruns of the input %lld\n",
           count_of(events, "in"), count_of(events, "out"), count_of(events, "dropped"),
           count_of(events, "overruns"));
    printf("latency     %.1f us (p50), %.1f (p99), %.1f (p99.9), %.1f (most)\n",
           number_of(latency, "p50"), number_of(latency, "p99"), number_of(latency, "p99.9"),
           number_of(latency, "max"));
}

static void print_recording(const json_t *recording)
{
    const char *what = json_string_value(json_object_get(recording, "trouble"));
    if (!json_is_object(recording))
        return;
    if (!what)
        what = json_string_value(json_object_get(recording, "file"));
    printf("recording   %s, %lld notes, left out %lld\n",
           what ? what : text_of(recording, "folder"), count_of(recording, "notes"),
           count_of(recording, "lost"));
}

static void print_learning(const json_t *learning)
{
    const char *last = json_string_value(json_object_get(learning, "last"));
    if (!json_is_object(learning))
        return;
    printf("learning    from %lld recordings what was heard %lld times: %lld pieces",
           count_of(learning, "recordings"), count_of(learning, "takes"),
           count_of(learning, "pieces"));
    if (last)
        printf("; heard %lld times: %s", count_of(learning, "heard"), last);
    puts("");
}

static void print_status(const json_t *status)
{
    const json_t *clock = json_object_get(status, "clock");
    const json_t *realtime = json_object_get(status, "realtime");
    printf("audiogenrld %s, up for %.0f s\n", text_of(status, "version"),
           number_of(status, "uptime"));
    print_ports(json_object_get(status, "ports"));
    printf("clock       %s%s, %.1f beats a minute%s%s, %s, bar %.0f, beat %.2f\n",
           text_of(clock, "source"),
           flag_of(clock, "missing") ? ", but no clock comes: the beat is found" : "",
           number_of(clock, "tempo"), flag_of(clock, "locked") ? "" : " (not yet found)",
           flag_of(clock, "running") ? "" : ", stopped", text_of(clock, "meter"),
           number_of(clock, "bar"), number_of(clock, "beat_of_bar"));
    printf("mode        %s, follow %g, keep %g%s%s\n", text_of(status, "mode"),
           number_of(status, "follow"), number_of(status, "keep"),
           flag_of(json_object_get(status, "fade"), "on") ? ", help fades" : "",
           flag_of(status, "bypass") ? ", BYPASSED" : "");
    print_place(status);
    print_counts(status);
    print_recording(json_object_get(status, "recording"));
    print_learning(json_object_get(status, "learning"));
    printf("real time   %s, memory %s\n",
           flag_of(realtime, "scheduled") ? "yes" : "no (ordinary priority)",
           flag_of(realtime, "memory_locked") ? "locked" : "not locked");
}

static void print_all_ports(const json_t *answer)
{
    const json_t *ports = json_object_get(answer, "ports");
    if (!flag_of(answer, "open")) {
        printf("waiting: %s\n", text_of(answer, "trouble"));
        return;
    }
    for (size_t i = 0; i < json_array_size(ports); i++) {
        const json_t *port = json_array_get(ports, i);
        printf("%-6s %-6s %s:%s%s%s\n", flag_of(port, "source") ? "input" : "",
               flag_of(port, "sink") ? "output" : "", text_of(port, "client"),
               text_of(port, "port"), flag_of(port, "feeds_input") ? "  -> AudioGenRL" : "",
               flag_of(port, "hears_output") ? "  <- AudioGenRL" : "");
    }
}

static int ask_and_print(int argc, char **argv, const char *description,
                         void (*print)(const json_t *answer))
{
    const GOptionEntry none[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};
    struct command_common common = {0};
    struct error error;
    char **words = NULL;
    int code = command_parse(argc, argv, NULL, description, none, &common, &words);
    if (code == COMMAND_GO_ON && words[0])
        code = command_usage(argv[0], "takes options only");
    g_strfreev(words);
    if (code != COMMAND_GO_ON)
        return code;
    json_t *answer = client_ask(argv[0], NULL, &error);
    if (!answer)
        return command_fail(&error);
    if (common.json)
        return command_print_json(answer);
    if (!common.quiet)
        print(answer);
    json_decref(answer);
    return command_flush();
}

int command_status(int argc, char **argv)
{
    return ask_and_print(argc, argv,
                         "Latency is that of the service itself, from waking up for an event until "
                         "all that comes of it is sent.",
                         print_status);
}

int command_ports(int argc, char **argv)
{
    return ask_and_print(argc, argv,
                         "Ports that can be connected: in [input] those marked input, in [output] "
                         "those marked output.",
                         print_all_ports);
}
