/* Small scores, and what is played of them. Notes are dumped as
 * "tick+length:pitch" with signs behind, bars as their numbers in the order of playing. */
#include "piece/musicxml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include <cmocka.h>

#define HEAD                                                                                       \
    "<?xml version=\"1.0\"?>\n<!DOCTYPE score-partwise PUBLIC \"-//Recordare//DTD MusicXML 3.1 "   \
    "Partwise//EN\" \"http://www.musicxml.org/dtds/partwise.dtd\">\n<score-partwise>"
#define LIST "<part-list><score-part id='P1'><part-name>Piano</part-name></score-part></part-list>"
#define PART(bars) HEAD LIST "<part id='P1'>" bars "</part></score-partwise>"
#define BAR(number, content) "<measure number='" number "'>" content "</measure>"
#define TWO "<attributes><divisions>2</divisions></attributes>"
#define N(step, octave, duration, more)                                                            \
    "<note><pitch><step>" step "</step><octave>" octave "</octave></pitch><duration>" duration     \
    "</duration>" more "</note>"
#define CHORD(step, octave, duration)                                                              \
    "<note><chord/><pitch><step>" step "</step><octave>" octave                                    \
    "</octave></pitch><duration>" duration "</duration></note>"
#define GRACE(step, octave, more)                                                                  \
    "<note><grace/>" more "<pitch><step>" step "</step><octave>" octave "</octave></pitch></note>"
#define REST(duration) "<note><rest/><duration>" duration "</duration></note>"
#define C4 N("C", "4", "4", "")
#define SOUND(what) "<sound " what "/>"
#define FORWARD "<barline location='left'><repeat direction='forward'/></barline>"
#define BACKWARD "<barline location='right'><repeat direction='backward'/></barline>"
#define BEGIN(number)                                                                              \
    "<barline location='left'><ending number='" number "' type='start'/></barline>"
#define STOP(number, more)                                                                         \
    "<barline location='right'><ending number='" number "' type='stop'/>" more "</barline>"
#define BACK "<repeat direction='backward'/>"

static struct musicxml *read_text(const char *text)
{
    struct error error = {""};
    struct musicxml *score = musicxml_read(text, strlen(text), "s.xml", &error);
    if (!score)
        fail_msg("%s", error.text);
    return score;
}

static void refused(const void *bytes, size_t length, const char *text)
{
    struct error error = {""};
    assert_null(musicxml_read(bytes, length, "s.xml", &error));
    assert_string_equal(error.text, text);
}

static void notes(const char *text, const char *want)
{
    char got[4096] = "";
    size_t at = 0;
    struct musicxml *score = read_text(text);
    for (size_t i = 0; i < score->notes; i++) {
        const struct musicxml_note *note = &score->note[i];
        at += (size_t)snprintf(got + at, sizeof got - at, "%s%u+%u:%u", i ? " " : "", note->tick,
                               note->length, note->pitch);
        const char *const signs[] = {note->grace ? "g" : "", note->slash ? "/" : "",
                                     note->chord ? "c" : "", note->arpeggio ? "a" : "",
                                     note->staccato ? "." : ""};
        for (size_t s = 0; s < sizeof signs / sizeof signs[0]; s++)
            at += (size_t)snprintf(got + at, sizeof got - at, "%s", signs[s]);
        if (note->ornament)
            at += (size_t)snprintf(got + at, sizeof got - at, "o%u", note->ornament);
        if (note->staff)
            at += (size_t)snprintf(got + at, sizeof got - at, "s%u", note->staff);
        if (note->part)
            at += (size_t)snprintf(got + at, sizeof got - at, "p%u", note->part);
        if (note->fingering)
            at += (size_t)snprintf(got + at, sizeof got - at, "f%u", note->fingering);
    }
    musicxml_free(score);
    assert_string_equal(got, want);
}

static void bars(const char *text, const char *want)
{
    char got[1024] = "";
    size_t at = 0;
    struct musicxml *score = read_text(text);
    for (uint32_t b = 0; b < score->bars; b++)
        at +=
            (size_t)snprintf(got + at, sizeof got - at, "%s%s", b ? " " : "", score->bar[b].number);
    musicxml_free(score);
    assert_string_equal(got, want);
}

static void notes_and_chords(void **state)
{
    (void)state;
    notes(PART(BAR("1", TWO N("C", "4", "2", "") CHORD("E", "4", "2") CHORD("G", "4", "2") REST("1")
                            N("B", "3", "1", "")) BAR("2", N("A", "0", "4", ""))),
          "0+2:60 0+2:64 0+2:67 3+1:59 4+4:21");
    notes(PART(BAR("1", TWO "<note><pitch><step>F</step><alter>1</alter><octave>4</octave></pitch>"
                            "<duration>2</duration></note>"
                            "<note><pitch><step>B</step><alter>-2</alter><octave>4</octave></pitch>"
                            "<duration>2</duration></note>")),
          "0+2:66 2+2:69");
}

static void divisions_of_parts_and_tuplets(void **state)
{
    (void)state;
    struct musicxml *score = read_text(PART(
        BAR("1", "<attributes><divisions>3</divisions></attributes>" N("C", "4", "1", "")
                     N("D", "4", "1", "")
                         N("E", "4", "1", "") "<attributes><divisions>4</divisions></attributes>" N(
                             "F", "4", "3", "") N("G", "4", "1", ""))));
    assert_int_equal(score->division, 12);
    const uint32_t want[][2] = {{0, 4}, {4, 4}, {8, 4}, {12, 9}, {21, 3}};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(score->note[i].tick, want[i][0]);
        assert_int_equal(score->note[i].length, want[i][1]);
    }
    musicxml_free(score);
}

static void voices_and_staves(void **state)
{
    (void)state;
    notes(PART(BAR(
              "1",
              TWO N("E", "5", "4",
                    "<staff>1</staff>") "<backup><duration>4</duration></backup>"
                                        "<forward><duration>1</duration></forward>" N(
                                            "C", "3", "1", "<voice>5</voice><staff>2</staff>")
                                            N("C", "4", "2", "<voice>5</voice><staff>1</staff>"))),
          "0+4:76 1+1:48s1 2+2:60");
    struct musicxml *score =
        read_text(PART(BAR("1", N("E", "5", "4", "") "<backup><duration>4</duration></backup>" N(
                                    "C", "3", "1", "<staff>2</staff>"))));
    assert_int_equal(score->part[0].staves, 2);
    assert_true(score->part[0].keyboard);
    musicxml_free(score);
    /* A key is struck once. */
    notes(PART(BAR("1", TWO N("E", "4", "1", "") "<backup><duration>1</duration></backup>" N(
                            "E", "4", "4", "<voice>2</voice>"))),
          "0+4:64");
}

#define TIE(type) "<tie type='" type "'/>"

static void ties(void **state)
{
    (void)state;
    notes(PART(BAR("1", TWO N("C", "4", "4", TIE("start")))
                   BAR("2", N("C", "4", "4", TIE("stop") TIE("start")))
                       BAR("3", N("C", "4", "2", TIE("stop")) N("C", "4", "2", ""))),
          "0+10:60 10+2:60");
    /* Of two voices each goes on by itself; one without a beginning is struck. */
    notes(PART(BAR("1", TWO N("C", "4", "2", TIE("start") "<voice>1</voice>")
                            N("C", "4", "2", TIE("stop") "<voice>1</voice>"))
                   BAR("2", N("D", "4", "4", TIE("stop")))),
          "0+4:60 4+4:62");
    /* The notes of an arpeggio, tied to the chord that they become. */
    notes(PART(BAR("1", TWO N("C", "4", "1", TIE("start")) N("E", "4", "1", TIE("start"))
                            N("C", "4", "2",
                              TIE("stop")) "<note><chord/><pitch><step>E</step>"
                                           "<octave>4</octave></pitch><duration>2</duration>" TIE(
                                               "stop") "</note>")),
          "0+4:60 1+3:64");
}

static void graces_and_signs(void **state)
{
    (void)state;
    notes(PART(BAR("1", TWO GRACE("D", "4", "") GRACE("F", "4", "<chord/>") C4
                   "<note><grace slash='yes'/><pitch><step>D</step><octave>4</octave>"
                   "</pitch></note>" C4)),
          "0+0:62g 0+0:65gc 0+4:60 4+0:62g/ 4+4:60");
#define SIGN(what) N("C", "4", "1", "<notations>" what "</notations>")
    notes(PART(BAR("1", SIGN("<ornaments><trill-mark/></ornaments>")
                            SIGN("<ornaments><accidental-mark>sharp</accidental-mark><turn/>"
                                 "</ornaments>") SIGN("<ornaments><mordent/></ornaments>")
                                SIGN("<ornaments><inverted-mordent/></ornaments>")
                                    SIGN("<ornaments><tremolo type='single'>3</tremolo>"
                                         "</ornaments>") SIGN("<arpeggiate/>")
                                        SIGN("<articulations><staccato/></articulations>")
                                            SIGN("<technical><fingering>3</fingering>"
                                                 "</technical>"))),
          "0+1:60o1 1+1:60o2 2+1:60o3 3+1:60o4 4+1:60o5 5+1:60a 6+1:60. 7+1:60f3");
}

static void what_does_not_sound(void **state)
{
    (void)state;
    notes(PART(BAR("1", TWO "<note><cue/><pitch><step>D</step><octave>4</octave></pitch><duration>2"
                            "</duration></note><note><unpitched/><duration>2</duration></note>" C4
                            "<direction><direction-type><octave-shift type='down' size='8'/>"
                            "</direction-type></direction>" C4)),
          "4+4:60 8+4:60");
}

static void transposing_instruments(void **state)
{
    (void)state;
    const char *text = PART(
        BAR("1", "<attributes><divisions>2</divisions><key><fifths>2</fifths></key><transpose>"
                 "<diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>" C4)
            BAR("2", "<attributes><transpose><chromatic>0</chromatic><octave-change>-1"
                     "</octave-change></transpose></attributes>" C4));
    notes(text, "0+4:58 4+4:48");
    struct musicxml *score = read_text(text);
    assert_int_equal(score->key[0].sharps, 0);
    musicxml_free(score);
}

static void repeats(void **state)
{
    (void)state;
    bars(PART(BAR("1", C4) BAR("2", C4 BACKWARD) BAR("3", C4)), "1 2 1 2 3");
    bars(PART(BAR("1", C4) BAR("2", FORWARD C4) BAR("3", C4 BACKWARD) BAR("4", C4)), "1 2 3 2 3 4");
    bars(PART(BAR("1", C4 BACKWARD) BAR("2", C4 BACKWARD)), "1 1 2 2");
    bars(PART(BAR("1", C4 "<barline><repeat direction='backward' times='3'/></barline>")), "1 1 1");
    /* A pick-up: a bar as long as what is in it. */
    struct musicxml *score = read_text(PART(
        "<measure number='0' implicit='yes'>" TWO N("C", "4", "1", "") "</measure>" BAR("1", C4)));
    assert_string_equal(score->bar[0].number, "0");
    assert_int_equal(score->bar[0].length, 1);
    assert_int_equal(score->bar[1].tick, 1);
    musicxml_free(score);
}

static void endings(void **state)
{
    (void)state;
    bars(PART(BAR("1", C4) BAR("2", BEGIN("1") C4 STOP("1", BACK))
                  BAR("3", BEGIN("2") C4 STOP("2", "")) BAR("4", C4)),
         "1 2 1 3 4");
    bars(PART(BAR("1", C4) BAR("2", BEGIN("1, 2") C4 STOP("1, 2", BACK))
                  BAR("3", BEGIN("3") C4 STOP("3", "")) BAR("4", C4)),
         "1 2 1 2 1 3 4");
    /* Endings of two bars; a second section with its own. */
    bars(PART(BAR("1", FORWARD C4) BAR("2", BEGIN("1") C4) BAR("3", C4 STOP("1", BACK))
                  BAR("4", BEGIN("2") C4) BAR("5", C4 STOP("2", "")) BAR("6", FORWARD C4)
                      BAR("7", BEGIN("1") C4 STOP("1", BACK))
                          BAR("8", BEGIN("2") C4 STOP("2", BACK)) BAR("9", C4)),
         "1 2 3 1 4 5 6 7 6 8 9");
    /* A first ending alone. */
    bars(PART(BAR("1", C4) BAR("2", BEGIN("1") C4 STOP("1", BACK)) BAR("3", C4)), "1 2 1 3");
}

static void jumps(void **state)
{
    (void)state;
    bars(PART(BAR("1", C4) BAR("2", C4 SOUND("fine='yes'")) BAR("3", C4 SOUND("dacapo='yes'"))),
         "1 2 3 1 2");
    bars(PART(BAR("1", C4) BAR("2", SOUND("segno='s'") C4) BAR("3", C4 SOUND("tocoda='c'"))
                  BAR("4", C4 SOUND("dalsegno='s'")) BAR("5", SOUND("coda='c'") C4)),
         "1 2 3 4 2 3 5");
    /* Repeats are played before the jump and not after it; the last ending is taken. */
    bars(PART(BAR("1", C4) BAR("2", BEGIN("1") C4 STOP("1", BACK))
                  BAR("3", BEGIN("2") C4 STOP("2", "")) BAR("4", C4 SOUND("dacapo='yes'"))),
         "1 2 1 3 4 1 3 4");
    /* In words and signs alone. */
#define WORDS(what)                                                                                \
    "<direction><direction-type><words>" what "</words></direction-type></direction>"
#define SHOWN(what) "<direction><direction-type><" what "/></direction-type></direction>"
    bars(PART(BAR("1", C4) BAR("2", C4 WORDS("Fine")) BAR("3", C4 WORDS("D.C. al Fine"))),
         "1 2 3 1 2");
    bars(PART(BAR("1", C4) BAR("2", SHOWN("segno") C4) BAR("3", C4 SHOWN("coda"))
                  BAR("4", C4 WORDS("D.S. al Coda")) BAR("5", SHOWN("coda") C4)),
         "1 2 3 4 2 3 5");
}

static void passes_of_a_note(void **state)
{
    (void)state;
    notes(PART(BAR("1", TWO "<note time-only='1'><pitch><step>C</step><octave>4</octave></pitch>"
                            "<duration>2</duration></note>" N("D", "4", "2", "") BACKWARD)),
          "0+2:60 2+2:62 6+2:62");
}

static void tempo_time_and_key(void **state)
{
    (void)state;
    struct musicxml *score = read_text(PART(
        BAR("1", "<attributes><divisions>2</divisions><key><fifths>-3</fifths><mode>minor</mode>"
                 "</key><time><beats>3+2</beats><beat-type>8</beat-type></time></attributes>"
                 "<direction><direction-type><metronome><beat-unit>eighth</beat-unit>"
                 "<per-minute>120</per-minute></metronome></direction-type></direction>" C4)
            BAR("2", "<direction><direction-type><words>presto</words></direction-type><offset>2"
                     "</offset><sound tempo='144'/></direction>" C4 BACKWARD)));
    assert_int_equal(score->tempos, 4);
    const struct musicxml_tempo want[] = {{0, 60}, {6, 144}, {8, 60}, {14, 144}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(score->tempo[i].tick, want[i].tick);
        assert_true(score->tempo[i].bpm == want[i].bpm);
    }
    assert_int_equal(score->meters, 1);
    assert_int_equal(score->meter[0].beats, 5);
    assert_int_equal(score->meter[0].unit, 8);
    assert_int_equal(score->key[0].sharps, -3);
    assert_true(score->key[0].minor);
    musicxml_free(score);
}

static void parts_and_names(void **state)
{
    (void)state;
    const char *text = HEAD
        "<work><work-title>Songs</work-title></work><movement-title>First</movement-title>"
        "<identification><creator type='lyricist'>L</creator><creator type='composer'>C. "
        "Omposer</creator></identification><part-list><score-part id='V'><part-name>Voice"
        "</part-name><midi-instrument id='x'><midi-program>53</midi-program></midi-instrument>"
        "</score-part><score-part id='P'><part-name>Piano</part-name></score-part></part-list>"
        "<part id='P'>" BAR("1", N("C", "3", "1", "<staff>2</staff>")) "</part><part id='V'>" BAR(
            "1", N("C", "5", "1", "")) BAR("2", N("D", "5", "1", "")) "</part></score-partwise>";
    notes(text, "0+1:72 0+1:48s1p1 1+1:74");
    struct musicxml *score = read_text(text);
    assert_string_equal(score->title, "Songs: First");
    assert_string_equal(score->composer, "C. Omposer");
    assert_string_equal(score->part[0].name, "Voice");
    assert_int_equal(score->part[0].program, 52);
    assert_false(score->part[0].keyboard);
    assert_int_equal(musicxml_keyboard(score), 1);
    musicxml_free(score);
}

static void parts_with_their_own_time(void **state)
{
    (void)state;
#define TIME(beats, unit)                                                                          \
    "<attributes><divisions>6</divisions><time><beats>" beats "</beats><beat-type>" unit           \
    "</beat-type></time></attributes>"
    notes(HEAD "<part-list><score-part id='V'/><score-part id='P'/></part-list><part id='V'>" BAR(
              "1", TIME("6", "8") N("G", "4", "9", "") N("A", "4", "9", ""))
              BAR("2", N("B", "4", "18", "")) "</part><part id='P'>" BAR(
                  "1", TIME("2", "4") N("C", "4", "12", "") "<backup><duration>12"
                                                            "</duration></backup>" N(
                                                                "C", "3", "12", "<staff>2</staff>"))
                  BAR("2", N("D", "4", "12", "")) "</part></score-partwise>",
          "0+6:67 0+12:60p1 0+12:48s1p1 6+6:69 12+12:71 12+12:62p1");
}

static void timewise(void **state)
{
    (void)state;
    notes("<score-timewise>" LIST "<measure number='1'><part id='P1'>" C4
          "</part></measure><measure number='2'><part id='P1'>" N(
              "D", "4", "1", "") "</part></measure></score-timewise>",
          "0+4:60 4+1:62");
}

static void what_is_refused(void **state)
{
    (void)state;
#define REFUSED(text, said) refused(text, strlen(text), "s.xml: " said)
    REFUSED("<score-partwise", "line 1: the XML of the score is damaged");
    REFUSED("<html/>", "is XML, but not a MusicXML score");
    REFUSED(HEAD "</score-partwise>", "has 0 parts, expected 1 to 128");
    REFUSED(PART(""), "has 0 bars, expected 1 to 16384");
    REFUSED(PART(BAR("1", REST("4"))), "no note is in it");
    REFUSED(PART(BAR("7", N("C", "4", "2000", ""))), "bar 7: is longer than a bar can be");
    REFUSED("<!DOCTYPE s [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;&a;'>]><score-partwise>&b;"
            "</score-partwise>",
            "declares entities, which are not read");
    REFUSED("<!DOCTYPE s [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><score-partwise>&a;"
            "</score-partwise>",
            "declares entities, which are not read");
}

/* An archive of these files, malloced. */
static void *archive(const char *const *name, const void *const *content, const size_t *size,
                     size_t count, size_t *length)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_source_keep(target);
    zip_t *zip = zip_open_from_source(target, ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    for (size_t i = 0; i < count; i++)
        assert_true(zip_file_add(zip, name[i], zip_source_buffer(zip, content[i], size[i], 0), 0) >=
                    0);
    assert_int_equal(zip_close(zip), 0);
    zip_stat_t status;
    zip_source_open(target);
    zip_source_stat(target, &status);
    void *bytes = malloc(status.size);
    assert_int_equal(zip_source_read(target, bytes, status.size), status.size);
    zip_source_close(target);
    zip_source_free(target);
    zip_error_fini(&error);
    *length = status.size;
    return bytes;
}

static void compressed(void **state)
{
    (void)state;
    const char *score_text = PART(BAR("1", C4));
    const char *container = "<container><rootfiles><rootfile full-path=\"a/score.xml\"/>"
                            "</rootfiles></container>";
    const char *const names[] = {"other.xml", "META-INF/container.xml", "a/score.xml"};
    const void *const contents[] = {"<html/>", container, score_text};
    const size_t sizes[] = {7, strlen(container), strlen(score_text)};
    size_t length;
    void *bytes = archive(names, contents, sizes, 3, &length);
    struct error error = {""};
    struct musicxml *score = musicxml_read(bytes, length, "s.mxl", &error);
    assert_non_null(score);
    assert_int_equal(score->notes, 1);
    musicxml_free(score);
    refused(bytes, length / 2, "s.xml: cannot be unpacked: Not a zip archive");
    free(bytes);

    const char *const without[] = {"META-INF/container.xml", "picture.png"};
    bytes = archive(without, (const void *const[]){container, "x"},
                    (const size_t[]){strlen(container), 1}, 2, &length);
    refused(bytes, length, "s.xml: is a zip archive without a MusicXML score");
    free(bytes);
    bytes = archive((const char *const[]){"a.mscx"}, (const void *const[]){"x"},
                    (const size_t[]){1}, 1, &length);
    refused(bytes, length,
            "s.xml: is MuseScore's own file; export it there as MusicXML: File, Export, MusicXML");
    free(bytes);
}

/* 40 MiB of spaces in some 40 KiB. */
static void a_bomb(void **state)
{
    (void)state;
    size_t size = 40 << 20, length;
    char *spaces = malloc(size);
    assert_non_null(spaces);
    memset(spaces, ' ', size);
    void *bytes =
        archive((const char *const[]){"a.xml"}, (const void *const[]){spaces}, &size, 1, &length);
    refused(bytes, length, "s.xml: its score cannot be unpacked, or is larger than 32 MiB");
    free(bytes);
    refused(spaces, size, "s.xml: larger than 32 MiB");
    free(spaces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_and_chords),
        cmocka_unit_test(divisions_of_parts_and_tuplets),
        cmocka_unit_test(voices_and_staves),
        cmocka_unit_test(ties),
        cmocka_unit_test(graces_and_signs),
        cmocka_unit_test(what_does_not_sound),
        cmocka_unit_test(transposing_instruments),
        cmocka_unit_test(repeats),
        cmocka_unit_test(endings),
        cmocka_unit_test(jumps),
        cmocka_unit_test(passes_of_a_note),
        cmocka_unit_test(tempo_time_and_key),
        cmocka_unit_test(parts_and_names),
        cmocka_unit_test(parts_with_their_own_time),
        cmocka_unit_test(timewise),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(compressed),
        cmocka_unit_test(a_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
