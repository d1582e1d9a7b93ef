/* A corrector opened, used once, and closed. */
#include "tool/decide.h"

#include "tool/progress.h"

#include <string.h>

enum decide_way decide_way(bool live, const struct music_options *options)
{
    if (!live)
        return DECIDE_WHOLE;
    return options->grid && strcmp(options->grid, "file") == 0 ? DECIDE_LIVE : DECIDE_SERVICE;
}

int decide_pitches(const struct models *models, const struct correct_settings *settings,
                   struct music *music, enum decide_way way, bool quiet, uint8_t *sent,
                   struct correct_place *place, struct error *error)
{
    const struct take_trace trace = {.place = place};
    struct progress progress;
    struct take *take = music->take;
    struct corrector *corrector =
        corrector_open((const struct model *const *)models->model, models->count, settings, error);
    if (!corrector)
        return -1;
    corrector_watch(corrector, progress_watch(&progress, "correcting", take->count, quiet));
    int status = way == DECIDE_SERVICE
                     ? take_live(take, music->file, corrector, settings, sent, place, error)
                     : take_correct(take->note, take->release, take->count, corrector,
                                    way == DECIDE_LIVE, sent, &trace, error);
    progress_end(&progress);
    corrector_close(corrector);
    return status;
}

int decide_apply(struct music *music, const uint8_t *sent, size_t *changed, struct error *error)
{
    const struct take *take = music->take;
    *changed = 0;
    for (size_t i = 0; i < take->count; i++)
        *changed += sent[i] != take->note[i].pitch;
    return take_send(take, music->file, sent, error);
}
