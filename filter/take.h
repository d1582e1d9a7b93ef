/* A take: notes of a Standard MIDI File as the corrector and the learner see
 * them.
 *
 * Chosen by channel and track, each note gets its time, its slot (sixteenths; a
 * whole number is the middle of a slot) for the learner and the style, and the way back
 * to its note in the file. The grid of slots is the file's own, where that means something, or is
 * found from the onsets (grid/grid.h). Chosen notes stay in the file's order. */
#ifndef FILTER_TAKE_H
#define FILTER_TAKE_H

#include "correct/corrector.h"
#include "grid/grid.h"
#include "midi/midifile.h"
#include "piece/score.h"

enum take_grid {
    TAKE_GRID_DECIDE, /* the file's where grid_fit says that it fits, or none can be found because
                         there are more than GRID_MAX_ONSETS notes */
    TAKE_GRID_FILE,
    TAKE_GRID_AUTO,
};

struct take_choice {
    uint16_t channels;  /* bit c: channel c + 1 is chosen; 0: all, drums left out (see
                           take_find_drums) unless a track that holds nothing but drums is named */
    const char *tracks; /* numbers from 1 and names in any case, separated by commas; NULL: all */
    enum take_grid grid;
    int part;                /* of a score with several (load/music.h), from 1; 0: the keyboard's */
    const struct task *task; /* who waits for a grid to be found; NULL: nobody */
};

/* Reads a list of channels, "1-9,11". -1: it is none. */
int take_read_channels(const char *list, uint16_t *channels, struct error *error);

/* By note of the file, malloced: is it a drum's? Those of channel 10 are, those of a
 * channel that the file makes a drum kit before them (filter/kit.h), and those of a
 * track that is named as drums: a word of its name is Drums, Snare, Percussion,
 * Schlagzeug or the like. NULL: out of memory. */
bool *take_find_drums(const struct midifile *file);

struct take {
    size_t count;              /* at least 1 */
    struct correct_note *note; /* [count] */
    uint32_t *index;           /* [count]: number of the note in the file */
    double *release;           /* [count]: seconds of the release */
    struct grid_fit fit;       /* of the file's own grid */
    bool found;                /* the grid was found from the onsets */
    bool written;              /* ticks are a score's, in fractions of a beat: not played */
    double tempo;              /* of a found grid: beats a minute */
    double confidence;         /* of a found grid, 0 .. 1 */
};

/* NULL: no note is left (the sentence says why), no such track, out of memory, stopped.
 * `name` is what messages call the file. */
struct take *take_create(const struct midifile *file, const char *name,
                         const struct take_choice *choice, struct error *error);

void take_free(struct take *take);

/* The take as a song, with its score: notes go to their nearest slot; those of one
 * slot keep the order of the take, for that is how they are likely to be played
 * again. `name` names the song; its checksum is the file's. */
struct song *take_song(const struct take *take, const struct midifile *file, const char *name,
                       struct error *error);

/* Score time and written length of a note of the take, in quarters. On the file's
 * grid, and in a file that was written and not played, both are its ticks; else the time
 * is the seconds' at the tempo that was found, and notes struck together stand together. */
double take_quarter(const struct take *take, const struct midifile *file, size_t note);
double take_length(const struct take *take, const struct midifile *file, size_t note);

/* The hand of each note, hands[take->count], enum score_hand. Where several tracks
 * (or channels of a single track) hold notes, a track named for a hand is that
 * hand's; of the others, those whose notes lie lower on average than the middle
 * between the highest and the lowest of them are the left's. In a single one no
 * hand is known. Whether hands are known. */
bool take_hands(const struct take *take, const struct midifile *file, uint8_t *hands);

/* The bars that hold all notes, by the file's time signatures; on a found grid
 * they count in fours, for where bars begin is then not known. malloced. NULL: error. */
struct bar *take_bars(const struct take *take, const struct midifile *file, size_t *count,
                      struct error *error);

/* Whether the file says where its bars are: its grid means something. */
bool take_knows_bars(const struct take *take);

/* The take as a score. `name` is for messages. NULL: error. */
struct score *take_score(const struct take *take, const struct midifile *file, const char *name,
                         struct error *error);

/* Sends the whole file through a filter (filter/filter.h), as if it were played to
 * the service: nothing is known of what follows, and the beat is found as it
 * comes. Writes the pitches that the take's notes are given, [count], and the
 * slots that the clock put them in; unless NULL, place[count] as in struct take_trace.
 * `settings` are set on the corrector. -1: out of range, out of memory. */
int take_live(struct take *take, const struct midifile *file, struct corrector *corrector,
              const struct correct_settings *settings, uint8_t *pitches,
              struct correct_place *place, struct error *error);

/* Writes pitches chosen for the take's notes, [count], into the file that the take is from, with
 * releases and poly aftertouch that belong to them. Of keys that share a pitch the last
 * one's release ends it; of strikes on one key that is held, each has its own release, the
 * first the first; a strike whose release is missing takes the pitch of the next on its key. A file
 * has no room for more events or fewer: a release that must end nothing gets a pitch that
 * does not sound, its key's number or the nearest to it. -1: out of memory, nothing changed. */
int take_send(const struct take *take, struct midifile *file, const uint8_t *pitches,
              struct error *error);

/* What a live correction tells beside the pitches; each [count] or NULL. */
struct take_trace {
    uint64_t *nanoseconds;       /* until each note was sent */
    struct correct_place *place; /* where the corrector was after the note */
};

/* The pitches that a filter sends for notes and their releases (seconds), [count]: as take_live,
 * of notes that are no file's. Their slots are not looked at; what is traced takes in the
 * filter. */
int take_play(const struct correct_note *notes, const double *releases, size_t count,
              struct corrector *corrector, const struct correct_settings *settings,
              uint8_t *pitches, const struct take_trace *trace, struct error *error);

/* The pitches that the corrector sends for notes and their releases (seconds),
 * [count]. Live: each note at its onset, in the order given, with the releases
 * where they fall; else by corrector_take, which knows all of it. `trace` may be
 * NULL; where not live, places are as corrector_take tells them and no time is taken. -1: out
 * of memory. */
int take_correct(const struct correct_note *notes, const double *releases, size_t count,
                 struct corrector *corrector, bool live, uint8_t *pitches,
                 const struct take_trace *trace, struct error *error);

#endif
