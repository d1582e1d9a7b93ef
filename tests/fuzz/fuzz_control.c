/* Any bytes as a line of a client: one sentence, or a request in range, which
 * is then understood again when it is written anew. */
#include "daemon/request.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request = {0};
    struct error error = {""};
    if (request_read((const char *)data, size, &request, &error) != 0) {
        MUST(strlen(error.text) > 5);
        json_t *answer = request_refuse(error.text);
        char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
        MUST(text && !strchr(text, '\n'));
        free(text);
        json_decref(answer);
        return 0;
    }
    MUST(request.command <= REQUEST_RELOAD);
    if (request.command == REQUEST_LOCK)
        MUST(*request.name && strlen(request.name) <= REQUEST_MAX_NAME &&
             !strchr(request.name, '/'));
    if (request.command == REQUEST_MODE)
        MUST(request.mode <= CONFIG_MODE_GENERATE);
    if (request.command == REQUEST_BYPASS || request.command == REQUEST_FADE ||
        request.command == REQUEST_RECORD)
        MUST(request.turn <= REQUEST_TOGGLE);
    if (request.command == REQUEST_FOLLOW || request.command == REQUEST_KEEP)
        MUST(request.number >= 0 && request.number <= 100);
    if (request.command == REQUEST_TEMPO)
        MUST(request.number >= 20 && request.number <= 400);
    return 0;
}
