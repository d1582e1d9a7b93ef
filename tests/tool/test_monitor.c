/* What the monitor draws, without a terminal: lines of the service in, cells out. */
#include "tool/cells.h"
#include "tool/keyboard.h"
#include "tool/scene.h"
#include "tool/screen.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char status_line[] =
    "{\"ok\":true,\"version\":\"0.2.0\",\"uptime\":3725.5,\"ports\":{\"backend\":\"alsa\","
    "\"open\":true,\"trouble\":null,\"inputs\":[\"Digital Piano:MIDI 1\"],\"outputs\":[]},"
    "\"clock\":{\"source\":\"fixed\",\"tempo\":60.0,\"beat\":9.0,\"meter\":\"4/4\",\"bar\":3.0,"
    "\"beat_of_bar\":2.0,\"locked\":true,\"running\":true},\"mode\":\"correct\",\"bypass\":false,"
    "\"follow\":1.5,\"keep\":0.7,\"piece\":{\"name\":\"F\\u00fcr Elise\",\"beat\":33.0,\"bar\":12,"
    "\"beat_of_bar\":3.5,\"meter\":\"3/"
    "4\",\"since\":0.5,\"confidence\":0.83},\"repertoire\":{\"pieces\":5,"
    "\"complete\":true},"
    "\"notes\":1234,\"corrected\":87,\"sounding\":3,\"events\":{\"in\":5,\"out\":5,"
    "\"dropped\":2,\"overruns\":1},\"latency_us\":{\"p50\":12.3,\"p99\":48.0,\"max\":2300.0},"
    "\"recording\":{\"folder\":\"/x\",\"file\":\"/x/1.mid\",\"trouble\":null,\"notes\":77,"
    "\"lost\":0}}";

static int tell(struct scene *scene, const char *line, double now)
{
    struct error error = {""};
    return scene_read(scene, line, strlen(line), true, now, &error);
}

/* Connected, with a status. */
static void ready(struct scene *scene)
{
    scene_begin(scene, 0);
    scene_connect(scene, true);
    assert_int_equal(tell(scene, status_line, 1), SCENE_STATUS);
}

/* C#4 is played and C4 sent, E4 is played and sent. */
static void play(struct scene *scene, double now)
{
    const char line[] = "{\"watch\":\"events\",\"events\":["
                        "[1.0,\"played\",144,61,64],[1.0,\"sent\",144,60,64],"
                        "[1.1,\"played\",144,64,64],[1.1,\"sent\",144,64,64],"
                        "[1.2,\"sent\",176,64,127]]}";
    assert_int_equal(tell(scene, line, now), SCENE_EVENTS);
}

/* A row as UTF-8 without the spaces at its end; to be freed. */
static char *row_of(const struct cells *cells, int row)
{
    GString *text = g_string_new(NULL);
    for (int column = 0; column < cells->columns; column++) {
        uint32_t glyph = cells->cell[row * cells->columns + column].glyph;
        if (glyph)
            g_string_append_unichar(text, glyph);
    }
    return g_strchomp(g_string_free(text, FALSE));
}

static int find_row(const struct cells *cells, const char *part)
{
    for (int row = 0; row < cells->rows; row++) {
        char *text = row_of(cells, row);
        bool found = strstr(text, part) != NULL;
        g_free(text);
        if (found)
            return row;
    }
    return -1;
}

static void must_show(const struct cells *cells, const char *part)
{
    if (find_row(cells, part) >= 0)
        return;
    for (int row = 0; row < cells->rows; row++) {
        char *text = row_of(cells, row);
        print_message("|%s\n", text);
        g_free(text);
    }
    fail_msg("'%s' is not on the screen", part);
}

static struct cells *drawn(const struct scene *scene, int rows, int columns, bool unicode,
                           double now)
{
    struct screen_view view = {0};
    struct cells *cells = cells_open(rows, columns, unicode);
    assert_non_null(cells);
    screen_draw(cells, scene, &view, now);
    return cells;
}

/* --- Scene --- */

static void test_keys_and_answers(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    play(&scene, 1);
    assert_true(scene.held[61] && scene.held[64] && !scene.held[60]);
    assert_true(scene_sounds(&scene, 60) && scene_sounds(&scene, 64) && !scene_sounds(&scene, 61));
    assert_int_equal(scene.answer[61], 60);
    assert_int_equal(scene.origin[60], 61);
    assert_int_equal(scene.corrections, 1);
    assert_int_equal(scene.correction[0].played, 61);
    assert_int_equal(scene.correction[0].sent, 60);
    assert_true(scene.pedal);
    /* Two strikes on one pitch: it sounds until the second release. */
    tell(&scene,
         "{\"watch\":\"events\",\"events\":[[2,\"played\",144,60,64],[2,\"sent\",144,60,64],"
         "[3,\"played\",128,61,0],[3,\"sent\",128,60,0]]}",
         3);
    assert_true(!scene.held[61] && scene_sounds(&scene, 60));
    tell(&scene, "{\"watch\":\"events\",\"events\":[[4,\"sent\",144,60,0],[4,\"sent\",128,60,0]]}",
         4);
    assert_false(scene_sounds(&scene, 60));
    assert_true(scene.held[60]);
    tell(&scene, "{\"watch\":\"events\",\"events\":[[5,\"let go\"]]}", 5);
    assert_false(scene.held[60]);
    assert_true(scene_sounds(&scene, 64));
    tell(&scene, "{\"watch\":\"missed\",\"events\":40}", 6);
    assert_false(scene_sounds(&scene, 64));
    assert_int_equal(scene.missed, 40);
}

static void test_a_release_is_no_answer(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    tell(&scene,
         "{\"watch\":\"events\",\"events\":[[1,\"played\",144,62,64],[1,\"sent\",128,60,64],"
         "[1,\"sent\",144,60,64],[2,\"played\",144,70,9],[2,\"played\",176,64,0],"
         "[2,\"sent\",145,71,9]]}",
         1);
    assert_int_equal(scene.corrections, 1);
    assert_int_equal(scene.correction[0].sent, 60);
}

static void test_lines_that_are_none_of_ours(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "[]",         "{}",   "{\"watch\":7}",          "{\"ok\":1}",
        "{\"ok\":tr", "\xff\xfe{}", "null", "{\"watch\":\"events\"}", "{\"watch\":\"dance\"}",
    };
    struct scene scene;
    struct error error = {""};
    ready(&scene);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_int_equal(scene_read(&scene, bad[i], strlen(bad[i]), true, 1, &error), -1);
    /* Of events, what makes sense is taken. */
    assert_int_equal(tell(&scene,
                          "{\"watch\":\"events\",\"events\":[7,[],[1,\"played\",144,200,1],"
                          "[1,\"played\",144,-1,1],[1,\"played\",\"x\",60,1],[1,9,144,60,1],"
                          "[1,\"played\",1e9,60,1],[1,\"played\",144,61,1]]}",
                          1),
                     SCENE_EVENTS);
    for (int key = 0; key < SCENE_KEYS; key++)
        assert_int_equal(scene.held[key] != 0, key == 61);
    assert_int_equal(tell(&scene, "{\"ok\":true}", 1), SCENE_DONE);
    static const char no[] = "{\"ok\":false,\"error\":\"no\"}";
    assert_int_equal(scene_read(&scene, no, strlen(no), true, 1, &error), SCENE_REFUSED);
    assert_non_null(strstr(error.text, "no"));
    assert_int_equal(tell(&scene,
                          "{\"ok\":true,\"clock\":{\"tempo\":\"x\",\"meter\":\"0/99\"},"
                          "\"follow\":1e300,\"piece\":{\"confidence\":-7}}",
                          1),
                     SCENE_STATUS);
    assert_true(scene.follow == 100 && scene.clock.tempo == 0 && scene.clock.beats == 4);
    assert_true(scene.piece.known && scene.piece.confidence == 0);
}

static void test_a_status_from_before_a_command_leaves_settings(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    scene.follow = 3;
    snprintf(scene.mode, sizeof scene.mode, "scale");
    assert_int_equal(
        scene_read(&scene, status_line, strlen(status_line), false, 2, &(struct error){""}),
        SCENE_STATUS);
    assert_true(scene.follow == 3);
    assert_string_equal(scene.mode, "scale");
    tell(&scene, status_line, 2);
    assert_true(scene.follow == 1.5);
}

static void test_the_beat_goes_on_between_statuses(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    struct scene_beat beat = scene_beat(&scene, 2);
    assert_true(beat.known && beat.bar == 13 && beat.beat == 2);
    assert_true(beat.beats == 3 && beat.unit == 4); /* the piece's, not the clock's */
    scene.piece.known = false;
    beat = scene_beat(&scene, 1.5);
    assert_true(beat.known && beat.bar == 3 && beat.beat == 2.5);
    beat = scene_beat(&scene, 4.25);
    assert_true(beat.bar == 4 && beat.beat == 1.25);
    strcpy(scene.clock.source, "auto");
    assert_false(scene_beat(&scene, 2).known); /* nobody has played yet */
    play(&scene, 2);
    assert_true(scene_beat(&scene, 3).known);
    assert_false(scene_beat(&scene, 9).known);
}

static void test_the_roll_moves(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    scene_tick(&scene, 1);
    play(&scene, 1);
    const uint8_t *row = scene.roll[scene.rolled % SCENE_ROLL];
    assert_int_equal(row[61], SCENE_WRONG);
    assert_int_equal(row[60], SCENE_INSTEAD);
    assert_int_equal(row[64], SCENE_STRUCK);
    uint64_t rolled = scene.rolled;
    scene_tick(&scene, 1 + 2.5e-3 * SCENE_ROLL_MS);
    assert_int_equal(scene.rolled, rolled + 2);
    row = scene.roll[scene.rolled % SCENE_ROLL];
    assert_int_equal(row[61], SCENE_NOTHING);
    assert_int_equal(row[60], SCENE_INSTEAD_HELD);
    assert_int_equal(row[64], SCENE_HELD);
    scene_tick(&scene, 1e6);
    assert_true(scene.rolled <= rolled + 2 + SCENE_ROLL + 1);
}

static void test_note_names(void **state)
{
    (void)state;
    static const struct {
        int key;
        const char *name;
    } names[] = {{0, "C-1"}, {21, "A0"},  {60, "C4"}, {61, "C#4"}, {63, "D#4"}, {64, "E4"},
                 {65, "F4"}, {70, "A#4"}, {71, "B4"}, {108, "C8"}, {127, "G9"}};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *name = word_key(names[i].key, NAMES_ENGLISH, false);
        assert_string_equal(name, names[i].name);
        g_free(name);
    }
    static const char *const others[] = {"C\u266f4", "Cis4", "do\u266f4", "\u5b30\u30cf4"};
    static const char *const plain[] = {"C#4", "Cis4", "do#4", "C#4"};
    for (int n = NAMES_ENGLISH; n <= NAMES_JAPANESE; n++) {
        char *name = word_key(61, (enum word_names)n, true);
        assert_string_equal(name, others[n]);
        g_free(name);
        name = word_key(61, (enum word_names)n, false);
        assert_string_equal(name, plain[n]);
        g_free(name);
    }
}

static void test_learned_piece_is_news(void **state)
{
    (void)state;
    static const char line[] = "{\"ok\":true,\"clock\":{},\"learning\":{\"last\":\"E\"}}";
    struct scene scene;
    ready(&scene);
    assert_int_equal(tell(&scene, line, 2), SCENE_STATUS);
    assert_string_equal(scene.notice, "heard 0 times: E");
}

/* --- Screen --- */

static void test_no_unicode_where_there_is_none(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    play(&scene, 1);
    struct cells *cells = drawn(&scene, 40, 120, false, 1);
    for (int i = 0; i < cells->rows * cells->columns; i++)
        assert_true(cells->cell[i].glyph >= ' ' && cells->cell[i].glyph < 127);
    must_show(cells, "F?r Elise");
    must_show(cells, "x C#4  -> # C4");
    cells_close(cells);
}

static void test_all_is_there_in_80_by_24(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    play(&scene, 1);
    scene_say(&scene, 1, "a notice");
    struct cells *cells = drawn(&scene, 24, 80, true, 1);
    static const char *const parts[] = {
        "mode correct  follow 1.5  keep 0.7",
        "service up 1:02:05",
        "F\u00fcr Elise",
        "bar 12, beat 3",
        "83 %",
        "[1] 2  3   3/4   60.0 bpm   fixed tempo",
        "Digital Piano:MIDI 1",
        "no synth is connected",
        "\u00d7 C\u266f4  \u2192  \u25c6 C4    now",
        "1234, corrected 87 (7.1 %)",
        "p50 12 \u00b5s, p99 48 \u00b5s, max 2.3 ms",
        "2 dropped, 1 overruns, 0 not shown",
        "down    recorded: 77 notes",
        "a notice",
        "q quit  b bypass  m mode  +- follow  ? help  p panic  t tap  kK keep  r reload",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        must_show(cells, parts[i]);
    /* Played above the keys, sent below them, each over its key. */
    int names = find_row(cells, "C4          C5");
    int above = find_row(cells, "\u00d7  \u25bc");
    int below = find_row(cells, "\u25c6   \u25b2");
    assert_true(above > 0 && below == names - 1 && above < below - 3);
    int c4 = 0;
    while (cells->cell[names * 80 + c4].glyph != 'C' ||
           cells->cell[names * 80 + c4 + 1].glyph != '4')
        c4++;
    assert_int_equal(cells->cell[below * 80 + c4].glyph, 0x25C6);
    assert_int_equal(cells->cell[below * 80 + c4 + 4].glyph, 0x25B2);
    assert_int_equal(cells->cell[above * 80 + c4 + 1].glyph, 0xD7);
    assert_int_equal(cells->cell[above * 80 + c4 + 4].glyph, 0x25BC);
    /* And in the keys themselves, by sign and by style. */
    const struct cell *white = &cells->cell[(below - 1) * 80 + c4];
    assert_int_equal(white[0].style, STYLE_KEY_INSTEAD);
    assert_int_equal(white[0].glyph, 0x25C6);
    assert_int_equal(white[4].style, STYLE_KEY_HELD);
    assert_int_equal(white[1].style, STYLE_WHITE_KEY); /* below the black one */
    assert_int_equal(cells->cell[(above + 1) * 80 + c4 + 1].style, STYLE_KEY_WRONG);
    cells_close(cells);
}

static void test_the_keyboard_follows_the_playing(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    struct keyboard keyboard = keyboard_fit(80, 0, &scene);
    assert_int_equal(keyboard.count, 78);
    int lowest = keyboard.lowest;
    assert_true(lowest >= 21 && lowest + 78 <= 109 && lowest < 36 && lowest + 78 > 96);
    scene.struck = 60;
    assert_int_equal(keyboard_fit(80, lowest, &scene).lowest, lowest);
    scene.struck = 108;
    keyboard = keyboard_fit(80, lowest, &scene);
    assert_int_equal(keyboard.lowest + keyboard.count, 109);
    scene.struck = 60;
    assert_int_equal(keyboard_fit(80, keyboard.lowest, &scene).lowest, keyboard.lowest);
    scene.struck = 21;
    assert_int_equal(keyboard_fit(80, keyboard.lowest, &scene).lowest, 21);
    keyboard = keyboard_fit(100, 0, &scene);
    assert_true(keyboard.lowest == 21 && keyboard.count == 88 && keyboard.width == 1);
    assert_int_equal(keyboard_fit(180, 0, &scene).width, 2);
    assert_int_equal(keyboard_fit(1000, 0, &scene).width, 3);
    assert_int_equal(keyboard_fit(1, 0, &scene).count, 1);
}

static void test_keys_beyond_the_keyboard(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    tell(&scene,
         "{\"watch\":\"events\",\"events\":[[1,\"played\",144,5,64],[1,\"sent\",144,127,64]]}", 1);
    struct cells *cells = drawn(&scene, 24, 80, true, 1);
    must_show(cells, "\u25c0");
    must_show(cells, "\u25b6");
    cells_close(cells);
}

static void test_help_absence_and_trouble(void **state)
{
    (void)state;
    struct scene scene;
    struct screen_view view = {.help = true};
    ready(&scene);
    struct cells *cells = cells_open(24, 80, true);
    screen_draw(cells, &scene, &view, 1);
    must_show(cells, "bypass: notes sound as played");
    must_show(cells, "Any key closes this.");
    view.help = false;
    strcpy(scene.trouble, "the service does not answer");
    screen_draw(cells, &scene, &view, 1);
    must_show(cells, "the service does not answer");
    scene_connect(&scene, false);
    strcpy(scene.trouble, "/run/x: the service is not running (systemctl start audiogenrl)");
    screen_draw(cells, &scene, &view, 1);
    must_show(cells, "NOT CONNECTED");
    must_show(cells, "No service");
    must_show(cells, "systemctl start");
    must_show(cells, "Trying again every second");
    cells_close(cells);
}

static void test_bypass_and_waiting_ports_are_seen(void **state)
{
    (void)state;
    struct scene scene;
    ready(&scene);
    scene.bypass = true;
    scene.ports.open = false;
    strcpy(scene.ports.trouble, "/dev/snd/seq: is not there (No such file or directory); the "
                                "kernel module snd-seq is missing: modprobe snd-seq");
    scene.piece.known = false;
    struct cells *cells = drawn(&scene, 24, 80, true, 1);
    must_show(cells, " BYPASS ");
    must_show(cells, "/dev/snd/seq: is not there");
    must_show(cells, "modprobe snd-seq");
    must_show(cells, "none recognised, of 5 in the repertoire");
    cells_close(cells);
}

static void test_any_size(void **state)
{
    (void)state;
    struct scene scene;
    struct screen_view view = {0};
    ready(&scene);
    play(&scene, 1);
    scene_say(&scene, 1, "a notice that is rather long, as notices may be");
    for (int rows = 1; rows < 70; rows++)
        for (int columns = 1; columns < 300; columns += columns < 100 ? 1 : 37) {
            struct cells *cells = cells_open(rows, columns, (rows + columns) % 2);
            view.help = columns % 3 == 0;
            scene.connected = columns % 4 != 0;
            screen_draw(cells, &scene, &view, 1);
            for (int i = 0; i < rows * columns; i++)
                assert_true(cells->cell[i].style < CELLS_STYLES);
            if (rows >= 8 && columns >= 40 && !view.help && scene.connected) {
                must_show(cells, "AudioGenRL");
                must_show(cells, "q quit");
                must_show(cells, "C4");
            }
            cells_close(cells);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_and_answers),
        cmocka_unit_test(test_a_release_is_no_answer),
        cmocka_unit_test(test_lines_that_are_none_of_ours),
        cmocka_unit_test(test_a_status_from_before_a_command_leaves_settings),
        cmocka_unit_test(test_the_beat_goes_on_between_statuses),
        cmocka_unit_test(test_the_roll_moves),
        cmocka_unit_test(test_note_names),
        cmocka_unit_test(test_no_unicode_where_there_is_none),
        cmocka_unit_test(test_all_is_there_in_80_by_24),
        cmocka_unit_test(test_the_keyboard_follows_the_playing),
        cmocka_unit_test(test_keys_beyond_the_keyboard),
        cmocka_unit_test(test_help_absence_and_trouble),
        cmocka_unit_test(test_bypass_and_waiting_ports_are_seen),
        cmocka_unit_test(test_learned_piece_is_news),
        cmocka_unit_test(test_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
