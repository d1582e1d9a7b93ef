/* Any bytes as a request: only those with the token are let in, names stay in their folder, and
 * what goes to the service is one line of one command. The first byte says which parts there
 * are; parts end with a line feed. */
#include "target.h"
#include "web/request.h"
#include "web/stream.h"

#include <jansson.h>

static const char token[] = "abcdefghijkmnpqrstuvwxyz23";

enum { METHOD, PATH, HOST, ORIGIN, SITE, COOKIE, QUERY, PARTS };

static void check_judgement(char *const part[PARTS])
{
    const struct request_head head = {part[METHOD], part[PATH],   part[HOST], part[ORIGIN],
                                      part[SITE],   part[COOKIE], part[QUERY]};
    if (request_judge(&head, token) != REQUEST_WELCOME)
        return;
    bool cookie = part[COOKIE] && strcmp(part[COOKIE], token) == 0;
    bool query = part[QUERY] && strcmp(part[QUERY], token) == 0;
    MUST(cookie || (query && strcmp(part[PATH], "/") == 0));
    if (strcmp(part[METHOD], "GET") != 0 && strcmp(part[METHOD], "HEAD") != 0) {
        MUST(part[ORIGIN] && part[HOST] && strlen(part[ORIGIN]) > strlen(part[HOST]));
        MUST(strncmp(part[ORIGIN], "http", 4) == 0);
    }
}

static void check_route(const char *method, const char *path)
{
    const char *name;
    switch (request_route(method, path, &name)) {
    case REQUEST_ADD:
    case REQUEST_REMOVE:
    case REQUEST_RECORDING:
    case REQUEST_REPORT:
        MUST(*name && *name != '.' && !strpbrk(name, "/\\\n\r") &&
             strlen(name) <= REQUEST_NAME_BYTES);
        MUST(name > path && name < path + strlen(path));
        break;
    case REQUEST_ASK:
        MUST(strlen(name) < 16);
        break;
    default:
        MUST(!name);
    }
}

static void check_command(const char *bytes, size_t size)
{
    struct error error = {""};
    char *line = request_command(bytes, size, &error);
    if (!line) {
        MUST(strlen(error.text) > 5);
        return;
    }
    MUST(!strchr(line, '\n') && strlen(line) < 4096);
    json_t *object = json_loads(line, 0, NULL);
    MUST(json_object_size(object) <= 2 && json_string_value(json_object_get(object, "command")));
    json_decref(object);
    free(line);
}

/* An event is one, whatever stands in it. */
static void check_stream(const char *bytes, size_t size)
{
    static struct stream stream;
    struct stream_reader reader;
    size_t room = size + STREAM_LEAST;
    char *text = malloc(room);
    stream_begin(&stream, &reader);
    stream_write(&stream, "status", bytes, size);
    size_t length = 0, got;
    while ((got = stream_read(&stream, &reader, text + length, room - length)) > 0)
        length += got;
    MUST(length == 0 || (length == size + 22 && memcmp(text + length - 2, "\n\n", 2) == 0));
    for (size_t i = 14; i + 2 < length; i++)
        MUST(text[i] != '\n' && text[i] != '\r');
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *part[PARTS] = {0};
    if (size == 0)
        return 0;
    char *text = malloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    char *at = text + 1;
    for (int i = 0; i < PARTS; i++)
        if (i < HOST || data[0] & (1 << i))
            part[i] = strsep(&at, "\n");
    for (int i = 0; i < HOST; i++)
        if (!part[i])
            part[i] = text + size; /* "" */
    check_judgement(part);
    check_route(part[METHOD], part[PATH]);
    (void)request_is_token(part[PATH]);
    check_command((const char *)data, size);
    check_command((const char *)data + 1, size - 1);
    check_stream((const char *)data, size);
    free(text);
    return 0;
}
