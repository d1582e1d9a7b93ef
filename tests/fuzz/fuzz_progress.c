/* Any bytes as the file of what is remembered of bars: one sentence, or records that are the same
 * when they are written and read again. */
#include "daemon/progress.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {""};
    struct progress *progress = progress_open(NULL, &error);
    MUST(progress);
    if (progress_parse(progress, (const char *)data, size, &error) != 0) {
        MUST(strlen(error.text) > 5);
    } else {
        char *text = progress_text(progress);
        MUST(text && progress_parse(progress, text, strlen(text), &error) == 0);
        char *again = progress_text(progress);
        MUST(again && strcmp(text, again) == 0);
        free(again);
        free(text);
    }
    progress_close(progress);
    return 0;
}
