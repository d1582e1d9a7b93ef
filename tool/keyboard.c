/* Black keys end above the white ones; the columns under them are the gaps
 * between their neighbours. */
#include "tool/keyboard.h"

#include <string.h>

enum { MOST_WIDTH = 3, MARGIN = 1, AHEAD = 2, MIDDLE = 64 };

static bool is_black(int key)
{
    return 0x54A >> key % 12 & 1; /* C# D# F# G# A# */
}

/* F and C: a white key is at its left without a black one between. */
static bool has_edge(int key)
{
    return key % 12 == 5 || key % 12 == 0;
}

struct keyboard keyboard_fit(int columns, int lowest, const struct scene *scene)
{
    int room = columns - 2 * MARGIN;
    int width = room / KEYBOARD_KEYS;
    width = width < 1 ? 1 : width > MOST_WIDTH ? MOST_WIDTH : width;
    int count = room < KEYBOARD_KEYS ? (room < 1 ? 1 : room) : KEYBOARD_KEYS;
    if (lowest == 0)
        lowest = MIDDLE - count / 2;
    if (scene->struck >= 0 && scene->struck < lowest)
        lowest = scene->struck - AHEAD;
    else if (scene->struck >= lowest + count)
        lowest = scene->struck - count + 1 + AHEAD;
    if (lowest > KEYBOARD_LOWEST + KEYBOARD_KEYS - count)
        lowest = KEYBOARD_LOWEST + KEYBOARD_KEYS - count;
    if (lowest < KEYBOARD_LOWEST)
        lowest = KEYBOARD_LOWEST;
    return (struct keyboard){
        .left = (columns - count * width) / 2, .width = width, .lowest = lowest, .count = count};
}

static int column_of(const struct keyboard *keyboard, int key)
{
    return keyboard->left + (key - keyboard->lowest) * keyboard->width;
}

static int middle_of(const struct keyboard *keyboard, int key)
{
    return column_of(keyboard, key) + (keyboard->width - 1) / 2;
}

/* --- Marks --- */

static bool is_wrong(const struct scene *scene, int key)
{
    return scene->answer[key] != key;
}

static bool is_instead(const struct scene *scene, int key)
{
    return scene->origin[key] != key;
}

static void mark(const struct keyboard *keyboard, struct cells *cells, int row, int key,
                 enum cells_glyph glyph, enum cells_style style)
{
    if (key < keyboard->lowest)
        cells_mark(cells, row, keyboard->left - 1, GLYPH_BELOW, style);
    else if (key >= keyboard->lowest + keyboard->count)
        cells_mark(cells, row, keyboard->left + keyboard->count * keyboard->width, GLYPH_ABOVE,
                   style);
    else
        cells_mark(cells, row, middle_of(keyboard, key), glyph, style);
}

static void draw_marks(const struct keyboard *keyboard, struct cells *cells,
                       const struct scene *scene, int above, int below)
{
    for (int key = 0; key < SCENE_KEYS; key++) {
        if (scene->held[key])
            mark(keyboard, cells, above, key, is_wrong(scene, key) ? GLYPH_WRONG : GLYPH_PLAYED,
                 is_wrong(scene, key) ? STYLE_WRONG : STYLE_HELD);
        if (scene_sounds(scene, key))
            mark(keyboard, cells, below, key, is_instead(scene, key) ? GLYPH_INSTEAD : GLYPH_SENT,
                 is_instead(scene, key) ? STYLE_INSTEAD : STYLE_HELD);
    }
}

static void draw_names(const struct keyboard *keyboard, struct cells *cells, int row)
{
    for (int key = keyboard->lowest; key < keyboard->lowest + keyboard->count; key++) {
        int column = column_of(keyboard, key);
        if (key % 12 != 0 && !(keyboard->width == MOST_WIDTH && !is_black(key)))
            continue;
        char *name = word_key(key, keyboard->names, cells->unicode);
        if (key % 12 == 0 || cells_width(cells, name) <= keyboard->width)
            cells_text(cells, row, column, cells->columns,
                       key % 12 == 0 ? STYLE_STRONG : STYLE_FAINT, name);
        g_free(name);
    }
}

/* --- Keys --- */

struct look {
    enum cells_style style;
    enum cells_glyph glyph;
    bool marked;
};

static struct look look_of(const struct scene *scene, int key)
{
    if (scene_sounds(scene, key))
        return is_instead(scene, key) ? (struct look){STYLE_KEY_INSTEAD, GLYPH_INSTEAD, true}
                                      : (struct look){STYLE_KEY_HELD, GLYPH_DOWN, true};
    if (scene->held[key])
        return (struct look){STYLE_KEY_WRONG, GLYPH_WRONG, true};
    return (struct look){is_black(key) ? STYLE_BLACK_KEY : STYLE_WHITE_KEY, GLYPH_GAP, false};
}

static void draw_key(const struct keyboard *keyboard, struct cells *cells,
                     const struct scene *scene, int key, int row, int height)
{
    struct look look = look_of(scene, key);
    int upper = height - height / 2;
    int column = column_of(keyboard, key);
    int last = is_black(key) ? upper : height;
    for (int i = 0; i < height; i++)
        cells_paint(cells, row + i, column, keyboard->width,
                    i < last ? look.style : STYLE_WHITE_KEY);
    for (int i = upper; is_black(key) && i < height; i++)
        cells_mark(cells, row + i, middle_of(keyboard, key), GLYPH_GAP, STYLE_WHITE_KEY);
    for (int i = 0; has_edge(key) && key > keyboard->lowest && i < height; i++)
        cells_mark(cells, row + i, column, GLYPH_EDGE, look.style);
    if (look.marked)
        cells_mark(cells, row + last - 1, middle_of(keyboard, key), look.glyph, look.style);
}

void keyboard_draw(const struct keyboard *keyboard, struct cells *cells, const struct scene *scene,
                   int row, int height)
{
    for (int key = keyboard->lowest; key < keyboard->lowest + keyboard->count; key++)
        draw_key(keyboard, cells, scene, key, row + 1, height);
    draw_marks(keyboard, cells, scene, row, row + 1 + height);
    draw_names(keyboard, cells, row + 2 + height);
}

/* --- The roll --- */

void keyboard_roll(const struct keyboard *keyboard, struct cells *cells, const struct scene *scene,
                   int row, int rows)
{
    static const struct look looks[] = {
        [SCENE_HELD] = {STYLE_HELD, GLYPH_HELD, true},
        [SCENE_STRUCK] = {STYLE_HELD, GLYPH_DOWN, true},
        [SCENE_WRONG] = {STYLE_WRONG, GLYPH_WRONG, true},
        [SCENE_INSTEAD] = {STYLE_INSTEAD, GLYPH_INSTEAD, true},
        [SCENE_INSTEAD_HELD] = {STYLE_INSTEAD, GLYPH_HELD, true},
    };
    for (int back = 0; back < rows && back < SCENE_ROLL; back++) {
        const uint8_t *past = scene->roll[(scene->rolled - (uint64_t)back) % SCENE_ROLL];
        for (int key = keyboard->lowest; key < keyboard->lowest + keyboard->count; key++)
            if (past[key] != SCENE_NOTHING)
                cells_mark(cells, row + rows - 1 - back, middle_of(keyboard, key),
                           looks[past[key]].glyph, looks[past[key]].style);
    }
}
