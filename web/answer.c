/* Content-Security-Policy Level 3, Fetch Metadata and RFC 6265bis say what the headers do. */
#include "web/answer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 4096 }; /* bytes of a stream that are asked for at once */

static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/* What is written in the page itself: its style, and no script. */
static const char door_policy[] = "default-src 'none'; style-src 'unsafe-inline'; "
                                  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

static const char report_policy[] =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

static void put(struct MHD_Response *response, const char *name, const char *value)
{
    (void)MHD_add_response_header(response, name, value);
}

/* Takes the response; NULL: out of memory. */
static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status,
                             struct MHD_Response *response, const char *type, const char *policy)
{
    if (!response)
        return MHD_NO;
    put(response, "Content-Type", type);
    put(response, "Content-Security-Policy", policy);
    put(response, "X-Content-Type-Options", "nosniff");
    put(response, "X-Frame-Options", "DENY");
    put(response, "Referrer-Policy", "no-referrer");
    put(response, "Cross-Origin-Resource-Policy", "same-origin");
    if (!MHD_get_response_header(response, "Cache-Control"))
        put(response, "Cache-Control", "no-store");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result answer_json(struct MHD_Connection *connection, unsigned status, char *text)
{
    struct MHD_Response *response =
        text ? MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE) : NULL;
    if (!response)
        free(text);
    return queue(connection, status, response, "application/json", page_policy);
}

enum MHD_Result answer_refusal(struct MHD_Connection *connection, unsigned status, const char *why)
{
    json_t *object = json_pack("{s:b, s:s}", "ok", 0, "error", why);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return answer_json(connection, status, text);
}

static struct MHD_Response *of_asset(const struct asset *asset)
{
    union {
        const unsigned char *constant;
        void *any;
    } bytes = {asset->bytes};
    return MHD_create_response_from_buffer(asset->length, bytes.any, MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result answer_door(struct MHD_Connection *connection)
{
    const struct asset *door = asset_find("/door.html");
    return queue(connection, MHD_HTTP_UNAUTHORIZED, of_asset(door), door->type, door_policy);
}

enum MHD_Result answer_asset(struct MHD_Connection *connection, const struct asset *asset,
                             const char *cookie)
{
    const char *has = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
    bool same = !cookie && has && strcmp(has, asset->etag) == 0;
    struct MHD_Response *response =
        same ? MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT) : of_asset(asset);
    if (!response)
        return MHD_NO;
    put(response, "ETag", asset->etag);
    put(response, "Cache-Control", "private, no-cache"); /* kept, and asked after each time */
    if (cookie) {
        char line[256];
        snprintf(line, sizeof line,
                 "audiogenrl=%s; Path=/; Max-Age=31536000; HttpOnly; SameSite=Strict", cookie);
        put(response, "Set-Cookie", line);
    }
    return queue(connection, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response, asset->type,
                 page_policy);
}

enum MHD_Result answer_manifest(struct MHD_Connection *connection, const char *token)
{
    char *text = NULL;
    if (asprintf(&text,
                 "{\"name\":\"AudioGenRL\",\"short_name\":\"AudioGenRL\",\"id\":\"/\","
                 "\"start_url\":\"/?token=%s\",\"display\":\"standalone\","
                 "\"background_color\":\"#101418\",\"theme_color\":\"#101418\",\"icons\":["
                 "{\"src\":\"/icon.svg\",\"sizes\":\"any\",\"type\":\"image/svg+xml\"},"
                 "{\"src\":\"/icon.png\",\"sizes\":\"192x192\",\"type\":\"image/png\"}]}",
                 token) < 0)
        return MHD_NO;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(text);
    return queue(connection, MHD_HTTP_OK, response, "application/manifest+json", page_policy);
}

enum MHD_Result answer_file(struct MHD_Connection *connection, int fd, size_t size,
                            const char *type, const char *name)
{
    struct MHD_Response *response = MHD_create_response_from_fd(size, fd);
    if (!response) {
        close(fd);
        return MHD_NO;
    }
    if (name) {
        char line[1024] = "attachment; filename*=UTF-8''"; /* RFC 8187 */
        size_t used = strlen(line);
        for (const unsigned char *at = (const unsigned char *)name; *at && used + 4 < sizeof line;
             at++)
            used += (size_t)snprintf(line + used, sizeof line - used, "%%%02X", *at);
        put(response, "Content-Disposition", line);
    }
    return queue(connection, MHD_HTTP_OK, response, type, name ? page_policy : report_policy);
}

enum MHD_Result answer_events(struct MHD_Connection *connection, MHD_ContentReaderCallback read,
                              void *context, MHD_ContentReaderFreeCallback end)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read, context, end);
    if (!response)
        end(context);
    return queue(connection, MHD_HTTP_OK, response, "text/event-stream", page_policy);
}
