/* From bytes to a model: load/music.h, then load/learn.h with its defaults. */
#include "daemon/piece_loader.h"

#include "daemon/log.h"
#include "load/learn.h"
#include "load/music.h"

static bool watch_learning(void *context, const struct learning_report *report)
{
    const struct task *task = context;
    (void)report;
    return task_step(task, 0, NULL) == 0;
}

struct model *piece_loader_learn(const void *bytes, size_t length, const char *path,
                                 const struct task *task, struct error *error)
{
    if (length > PIECE_LOADER_MAX_BYTES) {
        error_set(error, "%s: is larger than %d MiB, the most that a piece may be", path,
                  PIECE_LOADER_MAX_BYTES >> 20);
        return NULL;
    }
    const struct take_choice choice = {.grid = TAKE_GRID_DECIDE, .task = task};
    const struct learn_settings settings = learn_defaults();
    struct music *music = music_read(bytes, length, path, &choice, error);
    if (music && midifile_warning(music->file)[0])
        log_say(LOG_WARNING, "repertoire: %s", midifile_warning(music->file));
    struct song *song = music && task_step(task, 0, error) == 0 ? music_song(music, error) : NULL;
    music_free(music);
    struct model *model =
        song && task_step(task, 0, error) == 0
            ? learn_songs(&song, 1, LEARN_CONTEXT, &settings, watch_learning, (void *)task, error)
            : NULL;
    song_free(song);
    return model;
}
