/* Names of pitches in keys. */
#include "piece/spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void put(char *text, size_t room, struct spelling name)
{
    static const char *const signs[] = {"bb", "b", "", "#", "##"};
    size_t at = strlen(text);
    snprintf(text + at, room - at, "%s%c%s%d", at ? " " : "", "CDEFGAB"[name.letter],
             signs[name.alter + 2], name.octave);
}

static void scale(int sharps, const char *want)
{
    char got[128] = "";
    for (int pitch = 60; pitch < 72; pitch++)
        put(got, sizeof got, spelling_of(pitch, sharps));
    assert_string_equal(got, want);
}

static void in_keys(void **state)
{
    (void)state;
    scale(0, "C4 C#4 D4 Eb4 E4 F4 F#4 G4 G#4 A4 Bb4 B4");
    scale(1, "C4 C#4 D4 D#4 E4 F4 F#4 G4 G#4 A4 Bb4 B4");
    scale(-3, "C4 Db4 D4 Eb4 E4 F4 Gb4 G4 Ab4 A4 Bb4 B4");
    scale(7, "B#3 C#4 C##4 D#4 E4 E#4 F#4 F##4 G#4 G##4 A#4 B4");
    scale(-7, "C4 Db4 Ebb4 Eb4 Fb4 F4 Gb4 G4 Ab4 Bbb4 Bb4 Cb5");
}

/* Every pitch keeps its sound in every key. */
static void sounds(void **state)
{
    (void)state;
    static const int white[] = {0, 2, 4, 5, 7, 9, 11};
    for (int sharps = -7; sharps <= 7; sharps++)
        for (int pitch = 0; pitch < 128; pitch++)
            for (int written = 0; written < 128; written++) {
                struct spelling name =
                    written ? spelling_beside(pitch, written, sharps) : spelling_of(pitch, sharps);
                assert_int_equal(12 * (name.octave + 1) + white[name.letter] + name.alter, pitch);
            }
}

static void beside(void **state)
{
    (void)state;
    const int cases[][3] = {{65, 66, 1},  {66, 65, 0}, {63, 64, 0}, {72, 71, 0},
                            {71, 70, -1}, {70, 71, 0}, {61, 62, 2}};
    char got[128] = "";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        put(got, sizeof got, spelling_beside(cases[i][0], cases[i][1], cases[i][2]));
    assert_string_equal(got, "F4 F#4 Eb4 C5 B4 Bb4 Db4");
}

static void signatures(void **state)
{
    (void)state;
    char got[64] = "";
    for (int sharps = -7; sharps <= 7; sharps++) {
        int count = 0;
        for (int letter = 0; letter < 7; letter++)
            count += spelling_signature(letter, sharps);
        assert_int_equal(count, sharps);
    }
    for (int letter = 0; letter < 7; letter++)
        put(got, sizeof got,
            (struct spelling){(uint8_t)letter, (int8_t)spelling_signature(letter, 2), 4});
    assert_string_equal(got, "C#4 D4 E4 F#4 G4 A4 B4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_keys),
        cmocka_unit_test(sounds),
        cmocka_unit_test(beside),
        cmocka_unit_test(signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
