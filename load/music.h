/* Pieces of music from files, whatever kind of file that is: the one way in for
 * every command and for the service.
 *
 * A file is what its bytes say, not what it is called. Taken are Standard MIDI
 * Files, plain and in an RMID or MacBinary wrapper (.mid, .kar, .rmi, .smf), and
 * scores in MusicXML (.musicxml, .xml, .mxl), which become such a file
 * (load/notation.h); what else it may be is named in the refusal.
 *
 * Of a score the keyboard's part is taken, or the one that the choice names; all of
 * them where tracks are chosen by name or number. */
#ifndef LOAD_MUSIC_H
#define LOAD_MUSIC_H

#include "base/filekind.h"
#include "filter/take.h"

enum { MUSIC_MAX_BYTES = 64 << 20 };

struct music {
    char *name; /* for messages: the path, or "standard input" */
    char *stem; /* for people: the file's name without folder and ending */
    struct midifile *file;
    struct take *take;
    struct score_bar *printed; /* [printed_bars] of a score, as they are played, with the numbers
                                  that are printed; NULL: a .mid, which has none */
    size_t printed_bars;
    struct score_finger *fingers; /* [finger_count] of the part that is taken, but of grace notes */
    size_t finger_count;
};

/* The notes and times of a file of any kind that is taken, as a MIDI file. `part` is of
 * load/notation.h, `name` is for messages. NULL: as music_read, but a MIDI file without
 * notes is taken. */
struct midifile *music_read_file(const void *bytes, size_t length, int part, const char *name,
                                 struct error *error);

/* Whether bytes are a score, or an archive that may hold one. */
bool music_is_score(const void *bytes, size_t length);

/* From bytes; `path` is for its names. NULL: not music (the sentence says what it
 * is), damaged beyond repair, or none of its notes are chosen. */
struct music *music_read(const void *bytes, size_t length, const char *path,
                         const struct take_choice *choice, struct error *error);

/* From a file, or standard input for "-" (base/infile.h). */
struct music *music_open(const char *path, const struct take_choice *choice, struct error *error);

void music_free(struct music *music);

/* The piece in slots, with its score. */
struct song *music_song(const struct music *music, struct error *error);

/* Whether music_read takes files of this kind. */
bool music_takes(enum filekind kind);

/* The name of a file for people: without its folder, and without an ending that
 * says what it is (.mid, .midi, .smf, .kar, .rmi, .musicxml, .xml, .mxl, .model), in
 * any case. malloced; NULL: out of memory. */
char *music_stem(const char *path);

/* The length of `path` without such an ending. */
size_t music_stem_length(const char *path);

/* Whether a name goes on behind such an ending, or ends in a tilde: a file that is being
 * written (x.mid.part), or the one before it (x.mid~). */
bool music_is_copy(const char *name);

#endif
