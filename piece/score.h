/* A score: what a piece asks for, note by note.
 *
 * An onset is all that is struck at one time of the score. Score time is in
 * quarters from the start of the file, exact as far as its ticks are; nothing
 * is rounded to a grid, so triplets and grace notes stand where they are
 * written. A score is the model of a performance by position (onset); a song
 * (piece/song.h) is the same piece in slots, as the decision process sees it.
 *
 * Inside an onset the notes keep the order in which they were given, which for
 * a file is the order of its events (by track, then by place in the track). A
 * pitch that is given twice stands there twice. Immutable after score_create;
 * may be read from any thread. */
#ifndef PIECE_SCORE_H
#define PIECE_SCORE_H

#include "piece/song.h"

#include <stdbool.h>

struct bar; /* piece/bars.h */

enum score_hand { SCORE_RIGHT = 0, SCORE_LEFT = 1, SCORE_NO_HAND = 255 };

enum { SCORE_FINGERS = 5 };

struct score_note {
    double quarter; /* score time, 0 or more */
    double second;  /* when it comes by the piece's own tempo, 0 or more */
    float length;   /* written, quarters */
    uint8_t pitch;  /* MIDI note number, 0 .. 127 */
    uint8_t hand;   /* enum score_hand */
    float doubt;    /* probability that another pitch is meant, 0 .. 1 */
};

struct score_bar {
    double quarter;  /* where it begins */
    uint32_t number; /* as people call it; 0 is a pick-up where the piece numbers it so */
    uint8_t beats;   /* its time signature: 3 ... */
    uint8_t unit;    /* ... and 4, in 3/4 */
};

struct score {
    uint32_t onsets;
    uint32_t notes;
    double *quarter; /* [onsets], strictly ascending */
    double *second;  /* [onsets], never descending; of its first note */
    uint32_t *first; /* [onsets + 1]: notes of onset i are first[i] .. first[i + 1] - 1 */
    uint8_t *pitch;  /* [notes] */
    uint8_t *hand;   /* [notes], enum score_hand */
    float *length;   /* [notes], quarters */
    uint8_t *doubt;  /* [notes], in 255ths; NULL: no note is in doubt, as of a file that was
                        written */
    uint8_t *finger; /* [notes], 1 .. 5, 0 where none is written; NULL: nowhere */
    uint32_t bars;
    struct score_bar *bar; /* [bars], ascending, the first at 0 */
    bool bars_known;       /* false: nothing says where bars are; they are counted in fours */
    int8_t sharps;         /* key signature, -7 (flats) .. 7; 0 also where there is none */
};

/* A piece of which nothing but its slots is known: sixteenths without hands at 100
 * beats a minute, bars in fours. NULL: out of memory. */
struct score *score_of_song(const struct song *song, struct error *error);

struct score *score_copy(const struct score *score, struct error *error);

/* Notes in order of score time; of equal times, in the order they keep. Bars in
 * order, at least one. Copies all. NULL: no notes, more than SONG_MAX_NOTES, out
 * of order, a value out of range, out of memory; `name` is for the sentence. */
struct score *score_create(const char *name, const struct score_note *notes, size_t count,
                           const struct score_bar *bars, size_t bar_count, bool bars_known,
                           int sharps, struct error *error);

void score_free(struct score *score);

/* Bars of time signatures (piece/bars.h) in the form that score_create takes;
 * malloced, [count]. NULL: out of memory. */
struct score_bar *score_bars(const struct bar *bars, size_t count, struct error *error);

/* Takes number, time signature and nothing else of `bars`, in order, for those bars that begin
 * where one of them does: what a score says of bars that a file can only count. Before the
 * score is shared. */
void score_number_bars(struct score *score, const struct score_bar *bars, size_t bar_count);

/* Sums over scores. */
struct score_facts {
    size_t notes, bars;
    size_t doubtful; /* notes whose doubt is above SCORE_DOUBTFUL */
    double doubt;    /* of all notes together */
};

#define SCORE_DOUBTFUL .05f

void score_add_facts(const struct score *score, struct score_facts *facts);

/* Mean doubt of a note. */
static inline double score_facts_doubt(const struct score_facts *facts)
{
    return facts->notes ? facts->doubt / (double)facts->notes : 0;
}

struct score_finger {
    double quarter; /* the onset */
    uint8_t pitch, finger;
};

/* Takes fingerings for the notes that stand there; others are passed over, and so are fingers that
 * no hand has. Before the score is shared. -1: out of memory, nothing changed. */
int score_set_fingers(struct score *score, const struct score_finger *fingers, size_t count,
                      struct error *error);

/* The last onset at or before a score time; 0 where that is before the first. O(log onsets). */
uint32_t score_find(const struct score *score, double quarter);

/* The bar that a score time lies in. O(log bars). */
uint32_t score_find_bar(const struct score *score, double quarter);

/* A score time as people call it. */
struct score_place {
    const struct score_bar *bar; /* of the score */
    double beat;                 /* notes of the bar's unit, counted from 1 */
};

/* O(log bars). */
struct score_place score_place(const struct score *score, double quarter);

/* The score in slots: every onset goes to its nearest sixteenth. For a file whose
 * own grid counts, the song that learning uses of it. NULL: as song_create. */
struct song *score_song(const struct score *score, const char *name, uint32_t checksum,
                        struct error *error);

#endif
