/* Piano rolls: files, pages, refusals. What they show is counted in test_picture.py. */
#include "picture/roll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST_NOTES = 4096 };

struct music {
    struct roll roll;
    struct roll_note note[MOST_NOTES];
    struct bar *bars;
};

/* A scale up and down in quarter notes, every seventh of them wrong. */
static struct music *make_music(size_t notes)
{
    struct music *music = calloc(1, sizeof *music);
    for (size_t i = 0; i < notes; i++) {
        uint8_t pitch = (uint8_t)(48 + i % 25);
        music->note[i] = (struct roll_note){.onset = (double)i,
                                            .duration = 1,
                                            .played = (uint8_t)(pitch + (i % 7 == 0)),
                                            .sent = pitch,
                                            .part = pitch < 60,
                                            .doubtful = i % 11 == 0};
    }
    music->bars = bars_create(NULL, 0, (double)notes, &music->roll.bar_count, NULL);
    music->roll.title = "Scale";
    music->roll.part_name[0] = "right hand";
    music->roll.part_name[1] = "left hand";
    music->roll.notes = music->note;
    music->roll.count = notes;
    music->roll.bars = music->bars;
    return music;
}

static void free_music(struct music *music)
{
    free(music->bars);
    free(music);
}

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = calloc(1, 1 << 22);
    *length = fread(text, 1, (1 << 22) - 1, file);
    fclose(file);
    return text;
}

static size_t save(const char *path, const struct roll *roll)
{
    struct error error = {""};
    size_t files = 0;
    struct canvas *canvas = roll_write(path, roll, &error);
    if (!canvas)
        fail_msg("%s", error.text);
    assert_int_equal(canvas_commit(canvas, &files, &error), 0);
    canvas_free(canvas);
    return files;
}

static void each_ending_is_what_it_says(void **state)
{
    (void)state;
    struct music *music = make_music(24);
    const struct {
        const char *path, *magic;
    } formats[] = {{"roll.svg", "<?xml"}, {"roll.PNG", "\x89PNG\r\n"}, {"roll.pdf", "%PDF-"}};
    for (size_t i = 0; i < 3; i++) {
        size_t length = 0;
        assert_int_equal(save(formats[i].path, &music->roll), 1);
        char *bytes = read_file(formats[i].path, &length);
        assert_non_null(bytes);
        assert_memory_equal(bytes, formats[i].magic, strlen(formats[i].magic));
        free(bytes);
        unlink(formats[i].path);
    }
    free_music(music);
}

static void long_music_takes_pages(void **state)
{
    (void)state;
    struct music *music = make_music(2000);
    size_t files = save("long.svg", &music->roll);
    assert_true(files > 5);
    assert_int_equal(save("long.pdf", &music->roll), 1);
    for (size_t page = 1; page <= files; page++) {
        char name[64];
        snprintf(name, sizeof name, page == 1 ? "long.svg" : "long-%zu.svg", page);
        assert_int_equal(unlink(name), 0);
    }
    unlink("long.pdf");
    free_music(music);
}

static void the_same_music_gives_the_same_bytes(void **state)
{
    (void)state;
    struct music *music = make_music(48);
    size_t a = 0;
    size_t b = 0;
    save("a.png", &music->roll);
    save("b.png", &music->roll);
    char *first = read_file("a.png", &a);
    char *second = read_file("b.png", &b);
    assert_int_equal(a, b);
    assert_memory_equal(first, second, a);
    free(first);
    free(second);
    unlink("a.png");
    unlink("b.png");
    free_music(music);
}

static void nothing_is_left_without_commit(void **state)
{
    (void)state;
    struct music *music = make_music(400);
    struct canvas *canvas = roll_write("gone.svg", &music->roll, NULL);
    assert_non_null(canvas);
    canvas_free(canvas);
    assert_int_not_equal(access("gone.svg", F_OK), 0);
    assert_int_not_equal(access("gone-2.svg", F_OK), 0);
    assert_int_equal(system("ls gone* > listing 2>/dev/null; test ! -s listing"), 0);
    unlink("listing");
    free_music(music);
}

static void what_cannot_be_drawn_is_refused(void **state)
{
    (void)state;
    struct music *music = make_music(8);
    struct error error;
    assert_int_equal(roll_check_name("x.svg", &error), 0);
    assert_int_equal(roll_check_name("x.gif", &error), -1);
    assert_int_equal(roll_check_name("svg", &error), -1);
    assert_null(roll_write("x.gif", &music->roll, &error));
    assert_null(roll_write("no/such/folder/x.svg", &music->roll, &error));
    music->roll.title = "\xff\xfe";
    assert_null(roll_write("x.svg", &music->roll, &error));
    assert_non_null(strstr(error.text, "picture"));
    music->roll.bar_count = 0;
    assert_null(roll_write("x.svg", &music->roll, &error));
    free_music(music);
}

/* All that a note can be, at the ends of the keyboard and outside of the bars. */
static void odd_notes_are_drawn(void **state)
{
    (void)state;
    struct music *music = make_music(8);
    music->note[0].played = 0;
    music->note[1].sent = 127;
    music->note[2].duration = 0;
    music->note[3].onset = -5;
    music->note[4].onset = 1000;
    music->note[5].duration = 1000;
    music->note[6].kind = ROLL_ADDED;
    music->note[7].kind = ROLL_LEFT_OUT;
    assert_int_equal(save("odd.svg", &music->roll), 1);
    unlink("odd.svg");
    char *text = roll_inline(&music->roll, 300, "p", "words", NULL);
    assert_non_null(text);
    assert_ptr_equal(strstr(text, "<svg"), text);
    free(text);
    text = roll_inline_legend(&music->roll, 300, "l", NULL);
    assert_non_null(text);
    free(text);
    free_music(music);
}

static size_t count_marks(const char *text, const char *mark)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, mark)) != NULL; at++)
        count++;
    return count;
}

/* In a performance the first note of a row may come a little before its bar line. */
static void an_early_note_begins_the_next_row(void **state)
{
    (void)state;
    struct music *music = make_music(64);
    size_t length = 0;
    for (size_t i = 0; i < 64; i++)
        music->note[i] = (struct roll_note){
            .onset = (double)i - 0.02 * (i > 0), .duration = 0.9, .played = 61, .sent = 60};
    assert_int_equal(save("early.svg", &music->roll), 1);
    char *text = read_file("early.svg", &length);
    assert_non_null(text);
    /* Each note once, in one piece, and the one in the legend. */
    assert_int_equal(count_marks(text, "fill-opacity:1;stroke-width:1.3"), 64 + 1);
    free(text);
    unlink("early.svg");
    free_music(music);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_ending_is_what_it_says),
        cmocka_unit_test(long_music_takes_pages),
        cmocka_unit_test(the_same_music_gives_the_same_bytes),
        cmocka_unit_test(nothing_is_left_without_commit),
        cmocka_unit_test(what_cannot_be_drawn_is_refused),
        cmocka_unit_test(odd_notes_are_drawn),
        cmocka_unit_test(an_early_note_begins_the_next_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
