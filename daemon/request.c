/* Jansson parses; a table says what each command takes. */
#include "daemon/request.h"

#include <string.h>

enum value_kind { NO_VALUE, SWITCH, MODE, NUMBER, INTEGER, NAME, RENAME, PORT };

static const struct {
    const char *name;
    enum request_command command;
    enum value_kind kind;
    double least;
    double most;
} commands[] = {
    {"ports", REQUEST_PORTS, NO_VALUE, 0, 0},   {"status", REQUEST_STATUS, NO_VALUE, 0, 0},
    {"watch", REQUEST_WATCH, NO_VALUE, 0, 0},   {"bypass", REQUEST_BYPASS, SWITCH, 0, 0},
    {"mode", REQUEST_MODE, MODE, 0, 0},         {"follow", REQUEST_FOLLOW, NUMBER, 0, 100},
    {"keep", REQUEST_KEEP, NUMBER, 0, 100},     {"tempo", REQUEST_TEMPO, NUMBER, 20, 400},
    {"tap", REQUEST_TAP, NO_VALUE, 0, 0},       {"panic", REQUEST_PANIC, NO_VALUE, 0, 0},
    {"reload", REQUEST_RELOAD, NO_VALUE, 0, 0}, {"pieces", REQUEST_PIECES, NO_VALUE, 0, 0},
    {"lock", REQUEST_LOCK, NAME, 0, 0},         {"unlock", REQUEST_UNLOCK, NO_VALUE, 0, 0},
    {"next", REQUEST_NEXT, NO_VALUE, 0, 0},     {"previous", REQUEST_PREVIOUS, NO_VALUE, 0, 0},
    {"forget", REQUEST_FORGET, NAME, 0, 0},     {"rename", REQUEST_RENAME, RENAME, 0, 0},
    {"record", REQUEST_RECORD, SWITCH, 0, 0},   {"transpose", REQUEST_TRANSPOSE, INTEGER, -48, 48},
    {"input", REQUEST_INPUT, PORT, 0, 0},       {"output", REQUEST_OUTPUT, PORT, 0, 0},
    {"fade", REQUEST_FADE, SWITCH, 0, 0},       {"progress", REQUEST_PROGRESS, NO_VALUE, 0, 0},
    {"forget-progress", REQUEST_FORGET_PROGRESS, NO_VALUE, 0, 0},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static int read_switch(const json_t *value, struct request *request, struct error *error)
{
    static const char *const words[] = {
        [REQUEST_OFF] = "off", [REQUEST_ON] = "on", [REQUEST_TOGGLE] = "toggle"};
    const char *word = json_string_value(value);
    for (int i = 0; word && i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            request->turn = (enum request_switch)i;
            return 0;
        }
    return error_set(error, "expected on, off or toggle");
}

static int read_mode(const json_t *value, struct request *request, struct error *error)
{
    const char *word = json_string_value(value);
    int mode = word ? config_mode(word) : -1;
    if (mode < 0)
        return error_set(error, "expected correct, generate, scale or off");
    request->mode = (enum config_mode)mode;
    return 0;
}

static int read_number(const json_t *value, double least, double most, struct request *request,
                       struct error *error)
{
    request->number = json_number_value(value);
    /* The negation also holds for what is no number. */
    if (!json_is_number(value) || !(request->number >= least && request->number <= most))
        return error_set(error, "expected a number from %g to %g", least, most);
    return 0;
}

static int read_name(const json_t *value, char room[REQUEST_MAX_NAME + 1], struct error *error)
{
    const char *name = json_string_value(value);
    size_t length = name ? strlen(name) : 0;
    if (length == 0 || length > REQUEST_MAX_NAME || strchr(name, '/'))
        return error_set(error, "expected the name of a file, without its folder");
    memcpy(room, name, length + 1);
    return 0;
}

static int read_names(const json_t *value, struct request *request, struct error *error)
{
    const json_t *file = json_object_get(value, "file"), *name = json_object_get(value, "name");
    if (json_object_size(value) != 2 || !file || !name)
        return error_set(error, "expected {\"file\": ..., \"name\": ...}");
    if (read_name(file, request->name, error) != 0)
        return -1;
    return read_name(name, request->other, error);
}

static int read_port(const json_t *value, struct request *request, struct error *error)
{
    const char *name = json_string_value(value);
    size_t length = name ? strlen(name) : 0;
    if (length == 0 || length > REQUEST_MAX_NAME)
        return error_set(error, "expected the name of a port, CLIENT:PORT, or auto");
    memcpy(request->name, name, length + 1);
    return 0;
}

static int read_value(const json_t *object, int command, struct request *request,
                      struct error *error)
{
    const json_t *value = json_object_get(object, "value");
    request->command = commands[command].command;
    if (json_object_size(object) != (commands[command].kind == NO_VALUE ? 1U : 2U))
        return error_set(error, commands[command].kind == NO_VALUE
                                    ? "expected nothing but the command"
                                    : "expected a command and a value");
    switch (commands[command].kind) {
    case SWITCH:
        return read_switch(value, request, error);
    case MODE:
        return read_mode(value, request, error);
    case INTEGER:
        if (!json_is_integer(value))
            return error_set(error, "expected a whole number from %g to %g",
                             commands[command].least, commands[command].most);
        /* fall through */
    case NUMBER:
        return read_number(value, commands[command].least, commands[command].most, request, error);
    case NAME:
        return read_name(value, request->name, error);
    case RENAME:
        return read_names(value, request, error);
    case PORT:
        return read_port(value, request, error);
    default:
        return 0;
    }
}

static int read_object(const json_t *object, struct request *request, struct error *error)
{
    const char *name = json_string_value(json_object_get(object, "command"));
    if (!name)
        return error_set(error, "expected an object with a command, {\"command\": \"status\"}");
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return read_value(object, i, request, error) == 0 ? 0 : error_prefix(error, name);
    return error_set(error, "unknown command '%.40s'", name);
}

int request_read(const char *line, size_t length, struct request *request, struct error *error)
{
    if (length > REQUEST_MAX_LINE)
        return error_set(error, "the line is longer than %d bytes", REQUEST_MAX_LINE);
    json_error_t fault;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &fault);
    if (!object)
        return error_set(error, "not JSON: %s", fault.text);
    int status = read_object(object, request, error);
    json_decref(object);
    return status;
}

/* A reason may repeat what the client sent, and be cut in the middle of a character. */
json_t *request_refuse(const char *why)
{
    json_t *answer = json_pack("{s:b, s:s}", "ok", 0, "error", why);
    if (answer)
        return answer;
    struct error ascii = {""};
    error_set(&ascii, "%s", why);
    for (char *c = ascii.text; *c; c++)
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    return json_pack("{s:b, s:s}", "ok", 0, "error", ascii.text);
}
