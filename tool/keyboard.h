/* The piano's keyboard in character cells: what is played above it, what is sent
 * below it, and the last seconds as a roll that comes out of its upper edge.
 *
 * Every key, white or black, has columns of its own. The 88 keys are shown where there is
 * room for them, and otherwise a part of them that follows the playing. Played
 * and sent, right and wrong differ by place and sign, not by colour alone. */
#ifndef TOOL_KEYBOARD_H
#define TOOL_KEYBOARD_H

#include "tool/cells.h"
#include "tool/scene.h"
#include "tool/words.h"

enum {
    KEYBOARD_LOWEST = 21, /* A0 */
    KEYBOARD_KEYS = 88,
    KEYBOARD_MARKS = 3, /* rows beside the keys: played, sent, names */
};

struct keyboard {
    int left;   /* column of the lowest key */
    int width;  /* columns a key */
    int lowest; /* key that is shown */
    int count;  /* keys that are shown */
    enum word_names names;
};

/* As many keys as fit into the columns. `lowest`: of what was shown before, 0 at the
 * beginning; it moves no more than what was struck last asks for. */
struct keyboard keyboard_fit(int columns, int lowest, const struct scene *scene);

/* KEYBOARD_MARKS + `height` (2 or more) rows from `row` on. */
void keyboard_draw(const struct keyboard *keyboard, struct cells *cells, const struct scene *scene,
                   int row, int height);

/* The last `rows` rows of the roll, the newest at the bottom. */
void keyboard_roll(const struct keyboard *keyboard, struct cells *cells, const struct scene *scene,
                   int row, int rows);

#endif
