/* Scores: onsets, bars, the way back to slots, and what is refused. */
#include "piece/bars.h"
#include "piece/score.h"
#include "piece/split.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct score_bar fours[] = {{0, 1, 4, 4}, {4, 2, 4, 4}};

/* A chord with one pitch twice, a triplet, and a grace note after a rest. */
static const struct score_note notes[] = {
    {0, 0, 2, 60, SCORE_RIGHT, 0},
    {0, 0, 1, 36, SCORE_LEFT, 0},
    {0, 0, 1, 60, SCORE_LEFT, 0},
    {1 / 3., .2, 1 / 3.F, 64, SCORE_RIGHT, 0},
    {2 / 3., .4, 1 / 3.F, 65, SCORE_RIGHT, 0},
    {4.95, 3, .05F, 70, SCORE_NO_HAND, 0},
    {5, 3.1, 1, 72, SCORE_NO_HAND, 0},
};
enum { NOTES = sizeof notes / sizeof *notes };

static void test_onsets(void **state)
{
    (void)state;
    struct score *score = score_create("s", notes, NOTES, fours, 2, true, -3, NULL);
    assert_non_null(score);
    static const uint32_t first[] = {0, 3, 4, 5, 6, 7};
    static const uint8_t pitch[] = {60, 36, 60, 64, 65, 70, 72};
    static const uint8_t hand[] = {0, 1, 1, 0, 0, 255, 255};
    static const double quarter[] = {0, 1 / 3., 2 / 3., 4.95, 5}, second[] = {0, .2, .4, 3, 3.1};
    assert_int_equal(score->onsets, 5);
    assert_int_equal(score->notes, 7);
    assert_memory_equal(score->first, first, sizeof first);
    assert_memory_equal(score->pitch, pitch, sizeof pitch);
    assert_memory_equal(score->hand, hand, sizeof hand);
    assert_memory_equal(score->quarter, quarter, sizeof quarter);
    assert_memory_equal(score->second, second, sizeof second);
    assert_true(score->length[0] == 2 && score->length[2] == 1);
    assert_int_equal(score->sharps, -3);
    assert_true(score->bars_known);
    assert_int_equal(score_find(score, 0), 0);
    assert_int_equal(score_find(score, .5), 1);
    assert_int_equal(score_find(score, 99), 4);
    assert_int_equal(score_find_bar(score, 3.9), 0);
    assert_int_equal(score_find_bar(score, 4), 1);
    score_free(score);
}

static void test_song(void **state)
{
    (void)state;
    struct score *score = score_create("s", notes, NOTES, fours, 2, true, 0, NULL);
    struct song *song = score_song(score, "name", 7, NULL);
    static const uint8_t pitch[] = {60, 36, 60, 64, 65, 70, 72};
    static const uint32_t slots[] = {0, 0, 0, 1, 3, 20, 20};
    assert_non_null(song);
    assert_string_equal(song->name, "name");
    assert_int_equal(song->checksum, 7);
    assert_int_equal(song->slots, 24);
    assert_int_equal(song->notes, 7);
    assert_memory_equal(song->pitch, pitch, sizeof pitch);
    for (uint32_t i = 0; i < song->notes; i++)
        assert_true(i < song->first[slots[i] + 1] && i >= song->first[slots[i]]);
    song_free(song);
    score_free(score);
}

static void test_bars(void **state)
{
    (void)state;
    static const struct bars_meter meters[] = {{0, 1, 4}, {1, 3, 4}, {7, 6, 8}, {10, 300, 4}};
    static const struct score_bar wanted[] = {
        {0, 1, 1, 4}, {1, 2, 3, 4}, {4, 3, 3, 4}, {7, 4, 6, 8}, {10, 5, 255, 4}};
    size_t count = 0;
    struct bar *bars = bars_create(meters, 4, 11, &count, NULL);
    struct score_bar *made = score_bars(bars, count, NULL);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        assert_true(made[i].quarter == wanted[i].quarter);
        assert_int_equal(made[i].number, wanted[i].number);
        assert_int_equal(made[i].beats, wanted[i].beats);
        assert_int_equal(made[i].unit, wanted[i].unit);
    }
    free(made);
    free(bars);
}

static void refused(const struct score_note *note, size_t count, const struct score_bar *bar,
                    size_t bars, const char *wanted)
{
    struct error error = {{0}};
    assert_null(score_create("s", note, count, bar, bars, true, 0, &error));
    if (!strstr(error.text, wanted))
        fail_msg("\"%s\" has no \"%s\"", error.text, wanted);
}

/* Of the notes that stand there, at a time that may be rounded; copies have them too. */
static void test_fingers(void **state)
{
    (void)state;
    static const struct score_finger fingers[] = {{0, 36, 5}, {.33333, 64, 3}, {.5, 65, 1},
                                                  {5, 71, 1}, {5, 72, 6},      {4.95, 70, 2}};
    static const uint8_t want[NOTES] = {0, 5, 0, 3, 0, 2, 0};
    struct score *score = score_create("s", notes, NOTES, fours, 2, true, 0, NULL);
    assert_int_equal(score_set_fingers(score, fingers, 0, NULL), 0);
    assert_null(score->finger);
    assert_int_equal(score_set_fingers(score, fingers, 6, NULL), 0);
    assert_memory_equal(score->finger, want, NOTES);
    struct score *copy = score_copy(score, NULL);
    assert_memory_equal(copy->finger, want, NOTES);
    score_free(copy);
    score_free(score);
}

static void test_refused(void **state)
{
    (void)state;
    struct score_note note[2] = {{0, 0, 1, 60, 0, 0}, {1, 1, 1, 61, 0, 0}};
    const struct score_note good[2] = {note[0], note[1]};
    refused(note, 0, fours, 2, "no notes");
    note[1].doubt = 1.5f;
    refused(note, 2, fours, 2, "note 1 has a doubt of 1.5");
    note[1] = good[1];
    refused(note, 2, fours, 0, "0 bars");
    refused(note, 2, fours + 1, 1, "bar 0 is out of order");
    struct score_bar bars[] = {fours[0], fours[0]};
    refused(note, 2, bars, 2, "bar 1 is out of order");
    note[1].quarter = -1;
    refused(note, 2, fours, 2, "note 1 stands at -1 quarters");
    note[1].quarter = NAN;
    refused(note, 2, fours, 2, "quarters");
    note[1].quarter = (double)SONG_MAX_SLOTS / SONG_SLOTS_A_BEAT;
    refused(note, 2, fours, 2, "quarters");
    note[1] = good[1];
    note[1].second = INFINITY;
    refused(note, 2, fours, 2, "time below 0 or without end");
    note[1] = good[1];
    note[1].length = -1;
    refused(note, 2, fours, 2, "time below 0 or without end");
    note[1] = good[1];
    note[1].pitch = 128;
    refused(note, 2, fours, 2, "pitch 128");
    note[1] = good[1];
    note[1].hand = 2;
    refused(note, 2, fours, 2, "hand");
    note[0].quarter = 2;
    refused(note, 2, fours, 2, "hand");
    note[1].hand = 0;
    refused(note, 2, fours, 2, "note 1 comes before");
    note[0] = good[0];
    note[0].second = 2;
    refused(note, 2, fours, 2, "note 1 comes before");
    assert_null(score_create("s", good, 2, fours, 2, true, 8, NULL));
}

/* A pick-up of one beat, then bars of 3/4 and 6/8. */
static void test_places(void **state)
{
    (void)state;
    const struct score_note note[] = {{.quarter = 0, .pitch = 60, .length = 1},
                                      {.quarter = 5, .second = 3, .pitch = 62, .length = 1}};
    struct score_bar bars[] = {{0, 0, 3, 4}, {1, 1, 3, 4}, {4, 2, 6, 8}};
    struct score *score = score_create("s", note, 2, bars, 3, true, 0, NULL);
    assert_non_null(score);
    const struct {
        double quarter;
        uint32_t number;
        double beat;
    } known[] = {{0, 0, 1}, {0.5, 0, 1.5}, {1, 1, 1}, {3.5, 1, 3.5}, {4, 2, 1}, {5.5, 2, 4}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        struct score_place place = score_place(score, known[k].quarter);
        assert_int_equal(place.bar->number, known[k].number);
        assert_true(place.beat == known[k].beat);
    }
    score_free(score);
}

/* Two hands with a gap between them; a hand is not split that has less than an octave, nor by a
 * note that lies apart. */
static void test_split(void **state)
{
    (void)state;
    uint32_t count[128] = {0};
    assert_int_equal(split_find(count, 0, 0), 0);
    count[60] = 4;
    assert_int_equal(split_find(count, 0, 0), 0);
    count[48] = count[52] = 3;
    count[72] = count[76] = 5;
    count[60] = 0;
    assert_int_equal(split_find(count, 0, 0), 53);
    assert_int_equal(split_find(count, .15, 12), 53);
    assert_int_equal(split_find(count, .15, 25), 0);
    assert_int_equal(split_find(count, .4, 12), 0);
    count[127] = 1;
    assert_int_equal(split_find(count, .15, 12), 53);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onsets),  cmocka_unit_test(test_song),   cmocka_unit_test(test_bars),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_places), cmocka_unit_test(test_split),
        cmocka_unit_test(test_fingers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
