/* Bars, beats and hands of a piece, for pictures and reports. Beats are quarter
 * notes from the start of the file, or, where the grid was found from the
 * onsets, from the beat of the first note. */
#ifndef TOOL_STAFF_H
#define TOOL_STAFF_H

#include "piece/bars.h"
#include "tool/music.h"

/* Onset and duration of a note of the take, beats. */
double staff_onset(const struct music *music, size_t note);
double staff_duration(const struct music *music, size_t note);

/* The bars that hold all notes, by the file's time signatures; on a found grid
 * they count in fours, for where bars begin is then not known. malloced. NULL: error. */
struct bar *staff_bars(const struct music *music, size_t *count, struct error *error);

/* When a beat comes, seconds of the file; on a found grid, when the first note at
 * or after it does. */
double staff_seconds(const struct music *music, double beat);

/* Whether the file itself says where its bars are. */
bool staff_knows_bars(const struct music *music);

enum staff_hand { STAFF_RIGHT = SCORE_RIGHT, STAFF_LEFT = SCORE_LEFT };

/* The hand that plays each note, hands[take->count]: as take_hands knows it, else
 * keys below middle C are the left's, where both sides of it have a tenth of the
 * notes at least. Answers how many hands there are: 1 (all right) or 2. */
unsigned staff_hands(const struct music *music, uint8_t *hands);

#endif
