/* audiogenrl log: what is played and what is sent, one line an event, as it happens. */
#include "tool/command.h"
#include "tool/commands.h"
#include "tool/interrupt.h"
#include "tool/stream.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 200 };

/* [seconds, "played", 144, 60, 64] */
static void print_event(const json_t *event)
{
    printf("%.6f %s", json_number_value(json_array_get(event, 0)),
           json_string_value(json_array_get(event, 1)));
    for (size_t i = 2; i < json_array_size(event); i++)
        printf(" %02X", (unsigned)json_integer_value(json_array_get(event, i)) & 0xFF);
    putchar('\n');
}

static bool is_event(const json_t *event)
{
    return json_is_number(json_array_get(event, 0)) && json_is_string(json_array_get(event, 1));
}

static void print_events(const json_t *events, bool json)
{
    size_t i = 0;
    const json_t *event = NULL;
    json_array_foreach(events, i, event)
    {
        if (!is_event(event))
            continue;
        if (json) {
            json_dumpf(event, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
            putchar('\n');
        } else {
            print_event(event);
        }
    }
}

/* -1: the service refuses to be watched. */
static int take_line(const char *line, size_t length, bool json, struct error *error)
{
    json_t *object = json_loadb(line, length, 0, NULL);
    const char *what = json_string_value(json_object_get(object, "watch"));
    const char *why = json_string_value(json_object_get(object, "error"));
    if (what && strcmp(what, "events") == 0)
        print_events(json_object_get(object, "events"), json);
    else if (what && strcmp(what, "missed") == 0)
        fprintf(stderr,
                "audiogenrl: %lld events were missed: they came faster than they were read\n",
                (long long)json_integer_value(json_object_get(object, "events")));
    int status = why ? error_set(error, "the service refuses: %s", why) : 0;
    json_decref(object);
    return status;
}

/* Until it is interrupted, 0; -1: the service is gone, or nobody takes the lines. */
static int follow(struct stream *stream, bool json, struct error *error)
{
    struct pollfd ready = {.fd = stream_descriptor(stream), .events = POLLIN};
    while (!interrupt_came()) {
        if (poll(&ready, 1, LOOK_MS) <= 0)
            continue;
        int status = stream_read(stream, error);
        size_t length = 0;
        const char *line = NULL;
        while ((line = stream_line(stream, &length)))
            if (take_line(line, length, json, error) != 0)
                return -1;
        if (fflush(stdout) != 0)
            return error_set(error, "standard output: %s", strerror(errno));
        if (status != 0)
            return -1;
    }
    return 0;
}

int command_log(int argc, char **argv)
{
    const GOptionEntry none[] = {{NULL, 0, 0, 0, NULL, NULL, NULL}};
    struct command_common common = {0};
    struct error error;
    char **words = NULL;
    int code = command_parse(argc, argv, NULL,
                             "Seconds, played or sent, and the bytes in hexadecimal; until it is "
                             "interrupted. With --json a line is an array.",
                             none, &common, &words);
    if (code == COMMAND_GO_ON && words[0])
        code = command_usage(argv[0], "takes options only");
    g_strfreev(words);
    if (code != COMMAND_GO_ON)
        return code;
    interrupt_catch();
    struct stream *stream = stream_open(&error);
    int status = stream ? stream_send(stream, "{\"command\":\"watch\"}", &error) : -1;
    if (status == 0)
        status = follow(stream, common.json, &error);
    stream_close(stream);
    return status == 0 ? command_flush() : command_fail(&error);
}
