/* Tables say which paths and commands there are. */
#include "web/request.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- Who asks --- */

bool request_same(const char *said, const char *token)
{
    size_t length = strlen(token);
    size_t told = said ? strlen(said) : 0;
    unsigned char different = told != length;
    for (size_t i = 0; i < length; i++)
        different |= (unsigned char)((i < told ? said[i] : 0) ^ token[i]);
    return !different;
}

bool request_is_token(const char *token)
{
    size_t length = 0;
    for (; token[length]; length++)
        if (!isalnum((unsigned char)token[length]) || length == REQUEST_TOKEN_MOST)
            return false;
    return length >= REQUEST_TOKEN_LEAST;
}

/* "http://piano.local:8322" of the host "piano.local:8322". A proxy may have come by https. */
static bool is_own_origin(const char *origin, const char *host)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (int i = 0; origin && host && i < 2; i++) {
        size_t length = strlen(schemes[i]);
        if (strncmp(origin, schemes[i], length) == 0 && strcasecmp(origin + length, host) == 0)
            return true;
    }
    return false;
}

static bool is_reading(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

enum request_verdict request_judge(const struct request_head *head, const char *token)
{
    bool opens = strcmp(head->path, "/") == 0;
    if (!request_same(head->cookie, token) && !(opens && request_same(head->query, token)))
        return REQUEST_UNKNOWN;
    if (!is_reading(head->method))
        return is_own_origin(head->origin, head->host) ? REQUEST_WELCOME : REQUEST_FOREIGN;
    /* Browsers say where a request was made; "none" is an address that was typed. */
    if (head->site && !opens && strcmp(head->site, "same-origin") != 0 &&
        strcmp(head->site, "none") != 0)
        return REQUEST_FOREIGN;
    if (head->origin && !is_own_origin(head->origin, head->host))
        return REQUEST_FOREIGN;
    return REQUEST_WELCOME;
}

/* --- Names --- */

/* The length of the UTF-8 character that begins here; 0: there is none. */
static size_t character(const unsigned char *text)
{
    size_t length = *text < 0x80 ? 1 : *text >= 0xF0 ? 4 : *text >= 0xE0 ? 3 : 2;
    if ((*text >= 0x80 && *text < 0xC2) || *text > 0xF4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (*text == 0xE0 && text[1] < 0xA0) || (*text == 0xF0 && text[1] < 0x90);
    bool beyond = (*text == 0xED && text[1] > 0x9F) || (*text == 0xF4 && text[1] > 0x8F);
    bool control = *text < 0x20 || *text == 0x7F || (*text == 0xC2 && text[1] < 0xA0);
    return overlong || beyond || control ? 0 : length;
}

bool request_is_name(const char *name)
{
    const unsigned char *at = (const unsigned char *)name;
    if (*name == '.' || *name == '\0' || strpbrk(name, "/\\"))
        return false;
    for (size_t length; *at; at += length)
        if ((length = character(at)) == 0)
            return false;
    return at - (const unsigned char *)name <= REQUEST_NAME_BYTES;
}

static bool ends_in(const char *name, const char *ending)
{
    size_t length = strlen(name);
    size_t tail = strlen(ending);
    return length > tail && strcasecmp(name + length - tail, ending) == 0;
}

bool request_is_piece(const char *name)
{
    static const char *const endings[] = {".mid", ".midi",     ".kar", ".rmi",
                                          ".mxl", ".musicxml", ".xml"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_in(name, endings[i]))
            return request_is_name(name);
    return false;
}

bool request_is_recording(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".mid") == 0 && request_is_name(name);
}

/* --- Paths --- */

static const struct {
    const char *method;
    const char *path; /* with a '/' at its end: a name follows */
    enum request_route route;
    const char *name;
    bool (*takes)(const char *name);
} routes[] = {
    {"GET", "/api/events", REQUEST_EVENTS, NULL, NULL},
    {"GET", "/api/pieces", REQUEST_ASK, "pieces", NULL},
    {"GET", "/api/ports", REQUEST_ASK, "ports", NULL},
    {"GET", "/api/progress", REQUEST_ASK, "progress", NULL},
    {"GET", "/api/status", REQUEST_ASK, "status", NULL},
    {"POST", "/api/command", REQUEST_COMMAND, NULL, NULL},
    {"PUT", "/api/pieces/", REQUEST_ADD, NULL, request_is_piece},
    {"DELETE", "/api/pieces/", REQUEST_REMOVE, NULL, request_is_piece},
    {"GET", "/api/recordings", REQUEST_RECORDINGS, NULL, NULL},
    {"GET", "/api/recordings/", REQUEST_RECORDING, NULL, request_is_recording},
    {"GET", "/api/reports/", REQUEST_REPORT, NULL, request_is_recording},
};

enum { ROUTES = sizeof routes / sizeof *routes };

static bool is_asset(const char *path)
{
    static const char *const assets[] = {"/",           "/page.js",   "/bars.js",
                                         "/devices.js", "/player.js", "/style.css",
                                         "/icon.svg",   "/icon.png",  "/manifest.webmanifest"};
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)
        if (strcmp(path, assets[i]) == 0)
            return true;
    return false;
}

enum request_route request_route(const char *method, const char *path, const char **name)
{
    enum request_route found = REQUEST_NOWHERE;
    const char *asked = strcmp(method, "HEAD") == 0 ? "GET" : method;
    *name = NULL;
    if (is_asset(path))
        return is_reading(method) ? REQUEST_ASSET : REQUEST_NOT_SO;
    for (int i = 0; i < ROUTES; i++) {
        size_t length = strlen(routes[i].path);
        const char *rest = path + length;
        if (routes[i].takes ? strncmp(path, routes[i].path, length) != 0 || !routes[i].takes(rest)
                            : strcmp(path, routes[i].path) != 0)
            continue;
        found = REQUEST_NOT_SO;
        if (strcmp(asked, routes[i].method) != 0)
            continue;
        *name = routes[i].takes ? rest : routes[i].name;
        return routes[i].route;
    }
    return found;
}

/* --- Commands --- */

static bool is_command(const char *name)
{
    static const char *const commands[] = {"bypass", "mode",  "follow", "keep", "tempo",
                                           "fade",   "tap",   "panic",  "lock", "unlock",
                                           "forget-progress", "input", "output"};
    for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(name, commands[i]) == 0)
            return true;
    return false;
}

char *request_command(const char *body, size_t length, struct error *error)
{
    json_error_t fault;
    json_t *object = length <= REQUEST_COMMAND_BYTES
                         ? json_loadb(body, length, JSON_REJECT_DUPLICATES, &fault)
                         : NULL;
    const char *name = json_string_value(json_object_get(object, "command"));
    const json_t *value = json_object_get(object, "value");
    char *line = NULL;
    if (!object || !is_command(name))
        error_set(error, object ? "the page has no such command" : "expected a command in JSON");
    else if (json_object_size(object) != (value ? 2U : 1U) || json_is_array(value) ||
             json_is_object(value))
        error_set(error, "expected a command and at most one value");
    else if (!(line = json_dumps(object, JSON_COMPACT)))
        error_set(error, "out of memory");
    json_decref(object);
    return line;
}
