/* A piece by its bytes, whatever its file is called; and what is refused. */
#include "load/learn.h"
#include "load/music.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct take_choice whole = {.grid = TAKE_GRID_DECIDE};

#define NOTE(key) "\0\x90" key "\x40\x60\x80" key "\x40"

/* One track of four quarters. */
static const char plain[] =
    "MThd\0\0\0\6\0\0\0\1\0\x60"
    "MTrk\0\0\0\x24" NOTE("\x3c") NOTE("\x3e") NOTE("\x40") NOTE("\x3c") "\0\xff\x2f\0";
enum { PLAIN = sizeof plain - 1 };

static void wrap(unsigned char *rmid)
{
    memcpy(rmid, "RIFF\x46\0\0\0RMIDdata\x3a\0\0\0", 20);
    memcpy(rmid + 20, plain, PLAIN);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"a.mid", "a"},
        {"folder.mid/b.MIDI", "b"},
        {"/x/Für Elise.kar", "Für Elise"},
        {"c.v2.Rmi", "c.v2"},
        {"d.musicxml", "d"},
        {"e.model", "e"},
        {"f.txt", "f.txt"},
        {".mid", ".mid"},
        {"g", "g"},
        {"pieces/", "pieces"},
        {"/", ""},
        {"standard input", "standard input"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *stem = music_stem(names[i][0]);
        assert_string_equal(stem, names[i][1]);
        free(stem);
    }
}

static void test_copies(void **state)
{
    (void)state;
    static const char *const whole_files[] = {"a.mid", "a", "a.b", "a.mid.kar", "a.midst", "~"};
    static const char *const copies[] = {"a.mid~", "a~", "a.MID.part", "a.model.12-3", "a.kar.x.y"};
    for (size_t i = 0; i < sizeof whole_files / sizeof *whole_files; i++)
        assert_false(music_is_copy(whole_files[i]));
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        assert_true(music_is_copy(copies[i]));
}

static void taken(const void *bytes, size_t length, const char *path, const char *stem)
{
    struct error error = {""};
    struct music *music = music_read(bytes, length, path, &whole, &error);
    assert_string_equal(error.text, "");
    assert_non_null(music);
    assert_string_equal(music->name, path);
    assert_string_equal(music->stem, stem);
    assert_int_equal(music->take->count, 4);
    struct song *song = music_song(music, &error);
    assert_non_null(song);
    assert_string_equal(song->name, stem);
    assert_int_equal(song->score->onsets, 4);
    song_free(song);
    music_free(music);
}

static void test_taken(void **state)
{
    (void)state;
    unsigned char rmid[PLAIN + 20];
    wrap(rmid);
    taken(plain, PLAIN, "a.mid", "a");
    taken(plain, PLAIN, "PLAIN.MID", "PLAIN");
    taken(plain, PLAIN, "folder/karaoke.kar", "karaoke");
    taken(plain, PLAIN, "no ending", "no ending");
    taken(plain, PLAIN, "wrong.model", "wrong");
    taken(rmid, sizeof rmid, "a.rmi", "a");
    taken(rmid, sizeof rmid, "b.mid", "b");
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *says;
    } cases[] = {
#define BYTES(text) (text), sizeof(text) - 1
        {BYTES("AGRL\r\n\x1a\n and more"), "x: is an AudioGenRL model, expected music; a model is "
                                           "named with -m"},
        {BYTES("<?xml version=\"1.0\"?>\n<score-partwise version=\"4.0\">"),
         "x: line 2: the XML of the score is damaged"},
        {BYTES("PK\3\4..............META-INF/container.xml"), "x: cannot be unpacked: "},
        {BYTES("PK\3\4..............mimetypeapplication/epub+zip..META-INF/container.xml"),
         "x: is an e-book, expected"},
        {BYTES("PK\3\4..............song.mscx"),
         "x: is a MuseScore score; export it there as MusicXML"},
        {BYTES("PK\3\4..............a.txt"), "x: cannot be unpacked: "},
        {BYTES("ID3\4......"), "x: is an MP3 recording, expected"},
        {BYTES("RIFF\0\0\0\0WAVEfmt "), "x: is a WAV recording, expected"},
        {BYTES("RIFF\0\0\0\0sfbk"), "x: is a SoundFont, expected"},
        {BYTES("%PDF-1.7"), "x: is a PDF document, expected"},
        {BYTES("<!DOCTYPE html><html>"), "x: is a web page, expected"},
        {BYTES("hello\n"), "x: is a text file, expected"},
        {BYTES(""), "x: is empty, expected"},
        {BYTES("\1\2\3\4"), "x: byte 0: not a Standard MIDI File"},
#undef BYTES
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {""};
        assert_null(music_read(cases[i].bytes, cases[i].length, "x", &whole, &error));
        if (strncmp(error.text, cases[i].says, strlen(cases[i].says)) != 0)
            fail_msg("case %zu: \"%s\" does not begin \"%s\"", i, error.text, cases[i].says);
    }
}

static void test_opened(void **state)
{
    (void)state;
    struct error error = {""};
    FILE *stream = fopen("test_music.KAR", "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(plain, 1, PLAIN, stream), PLAIN);
    assert_int_equal(fclose(stream), 0);
    struct music *music = music_open("test_music.KAR", &whole, &error);
    unlink("test_music.KAR");
    assert_non_null(music);
    assert_string_equal(music->stem, "test_music");
    music_free(music);
    assert_null(music_open("test_music.KAR", &whole, &error));
    assert_non_null(strstr(error.text, "cannot open"));
    assert_null(music_open("/", &whole, &error));
    assert_non_null(strstr(error.text, "folder"));
}

static bool stop(void *context, const struct learning_report *report)
{
    (void)report;
    ++*(int *)context;
    return false;
}

/* Learning ends with a model, or says that it was stopped. */
static void test_learned(void **state)
{
    (void)state;
    struct error error = {""};
    struct learn_settings settings = learn_defaults();
    settings.steps = 20000;
    struct music *music = music_read(plain, PLAIN, "x.mid", &whole, &error);
    struct song *song = music_song(music, &error);
    struct model *model = learn_songs(&song, 1, LEARN_CONTEXT, &settings, NULL, NULL, &error);
    assert_non_null(model);
    assert_string_equal(model_origin(model)->algorithm, "ppo");
    assert_string_equal(model_origin(model)->policy, "linear");
    assert_int_equal(model_origin(model)->seed, 1);
    assert_int_equal(model_process(model)->context, 2);
    assert_int_equal(model_score(model, 0)->onsets, 4);
    model_free(model);
    int calls = 0;
    assert_null(learn_songs(&song, 1, LEARN_CONTEXT, &settings, stop, &calls, &error));
    assert_int_equal(calls, 1);
    assert_string_equal(error.text, "stopped");
    song_free(song);
    music_free(music);
}

#define XML_NOTE(step, more)                                                                       \
    "<note><pitch><step>" step "</step><octave>4</octave></pitch><duration>1</duration>" more      \
    "</note>"
#define FINGER(n) "<notations><technical><fingering>" n "</fingering></technical></notations>"

/* Of the part that is taken, with the notes that have it. */
static void test_fingering(void **state)
{
    (void)state;
    static const char score_text[] =
        "<?xml version='1.0'?><score-partwise><part-list><score-part "
        "id='A'><part-name>A</part-name>"
        "</score-part><score-part id='B'><part-name>B</part-name></score-part></part-list>"
        "<part id='A'><measure "
        "number='1'><attributes><divisions>1</divisions></attributes>" XML_NOTE("C", FINGER("1"))
            XML_NOTE("D", "") XML_NOTE("E", FINGER("3"))
                XML_NOTE("C", "") "</measure></part><part id='B'><measure "
                                  "number='1'><attributes><divisions>1</divisions>"
                                  "</attributes>" XML_NOTE("C", FINGER("5"))
                                      XML_NOTE("D", FINGER("4")) "</measure></part>"
                                                                 "</score-partwise>";
    struct error error = {{0}};
    if (!music_takes(FILEKIND_MUSICXML))
        skip();
    struct music *music = music_read(score_text, sizeof score_text - 1, "a.xml", &whole, &error);
    assert_string_equal(error.text, "");
    struct song *song = music_song(music, &error);
    assert_non_null(song);
    static const uint8_t want[] = {1, 0, 3, 0};
    assert_int_equal(song->score->notes, 4);
    assert_non_null(song->score->finger);
    assert_memory_equal(song->score->finger, want, 4);
    song_free(song);
    music_free(music);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),     cmocka_unit_test(test_copies),
        cmocka_unit_test(test_taken),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_opened),    cmocka_unit_test(test_learned),
        cmocka_unit_test(test_fingering),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
