/* A note in, a pitch out: learns a piece, plays its beginning with every fifth key a semitone too
 * high, and prints what is struck and what is to sound.
 *
 *     repair PIECE.mid */
#include "correct/corrector.h"
#include "load/learn.h"
#include "load/music.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    const struct take_choice choice = {.grid = TAKE_GRID_DECIDE};
    const struct learn_settings learning = learn_defaults();
    const struct correct_settings settings = correct_defaults();
    struct error error = {"usage: repair PIECE.mid"};
    struct music *music = argc == 2 ? music_open(argv[1], &choice, &error) : NULL;
    struct song *song = music ? music_song(music, &error) : NULL;
    struct model *model =
        song ? learn_songs(&song, 1, LEARN_CONTEXT, &learning, NULL, NULL, &error) : NULL;
    const struct model *models[] = {model};
    struct corrector *corrector = model ? corrector_open(models, 1, &settings, &error) : NULL;
    if (!corrector)
        fprintf(stderr, "%s\n", error.text);
    for (size_t i = 0; corrector && i < music->take->count && i < 100; i++) {
        struct correct_note note = music->take->note[i]; /* seconds, pitch, velocity */
        if (i % 5 == 4)
            note.pitch++;
        printf("%u -> %u\n", note.pitch, corrector_note(corrector, &note));
        corrector_settle(corrector); /* once the note is on its way */
    }
    corrector_close(corrector);
    model_free(model);
    song_free(song);
    music_free(music);
    return corrector ? 0 : 1;
}
