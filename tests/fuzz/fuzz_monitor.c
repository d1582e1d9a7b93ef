/* Any bytes as lines of the service: whatever they say, the monitor draws it into
 * cells of known styles, and in ASCII where there is no more. */
#include "target.h"
#include "tool/scene.h"
#include "tool/screen.h"

static void check_scene(const struct scene *scene)
{
    MUST(scene->follow >= 0 && scene->follow <= 100 && scene->keep >= 0 && scene->keep <= 100);
    MUST(scene->clock.beats >= 1 && scene->clock.beats <= 32);
    MUST(scene->clock.tempo >= 0 && scene->clock.tempo <= 1000);
    MUST(scene->piece.confidence >= 0 && scene->piece.confidence <= 1);
    MUST(scene->struck >= -1 && scene->struck < SCENE_KEYS);
}

static void draw(const struct scene *scene, int rows, int columns, bool unicode, double now)
{
    struct screen_view view = {0};
    struct cells *cells = cells_open(rows, columns, unicode);
    MUST(cells);
    screen_draw(cells, scene, &view, now);
    for (int i = 0; i < rows * columns; i++) {
        MUST(cells->cell[i].style < CELLS_STYLES);
        MUST(unicode || (cells->cell[i].glyph >= ' ' && cells->cell[i].glyph < 127));
        MUST(cells->cell[i].glyph == 0 || cells->cell[i].glyph >= ' ');
    }
    cells_close(cells);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene scene;
    const char *text = (const char *)data;
    double now = 0;
    scene_begin(&scene, now);
    scene_connect(&scene, true);
    while (size > 0) {
        struct error error = {""};
        const char *feed = memchr(text, '\n', size);
        size_t length = feed ? (size_t)(feed - text) : size;
        int kind = scene_read(&scene, text, length, length % 2 == 0, now, &error);
        MUST(kind >= -1 && kind <= SCENE_REFUSED);
        MUST((kind != -1 && kind != SCENE_REFUSED) || error.text[0] != '\0');
        now += 0.1;
        scene_tick(&scene, now);
        check_scene(&scene);
        text += length + (feed ? 1 : 0);
        size -= length + (feed ? 1 : 0);
    }
    draw(&scene, 24, 80, true, now);
    draw(&scene, 13, 47, false, now);
    draw(&scene, 50, 200, true, now + 100);
    return 0;
}
