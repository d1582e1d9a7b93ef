/* A corrector opened, used once, and closed. */
#include "tool/decide.h"

#include <string.h>

enum decide_way decide_way(bool live, const struct music_options *options)
{
    if (!live)
        return DECIDE_WHOLE;
    return options->grid && strcmp(options->grid, "file") == 0 ? DECIDE_LIVE : DECIDE_SERVICE;
}

int decide_pitches(const struct models *models, const struct correct_settings *settings,
                   struct music *music, enum decide_way way, uint8_t *sent, struct error *error)
{
    struct take *take = music->take;
    struct corrector *corrector =
        corrector_open((const struct model *const *)models->model, models->count, settings, error);
    if (!corrector)
        return -1;
    int status = way == DECIDE_SERVICE
                     ? take_live(take, music->file, corrector, settings, sent, error)
                     : take_correct(take->note, take->release, take->count, corrector,
                                    way == DECIDE_LIVE, sent, NULL, error);
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
