/* Scores of small takes, worked out by hand. */
#include "correct/key.h"
#include "measure/accuracy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct take_note note(double position, int pitch)
{
    return (struct take_note){.position = position,
                              .seconds = position / 8,
                              .duration = 0.12,
                              .pitch = (uint8_t)pitch,
                              .velocity = 64};
}

static struct take_played played(double position, int pitch, int truth)
{
    return (struct take_played){
        .note = note(position, pitch), .truth = truth, .brushed = TAKE_NONE};
}

static struct take_played added(double position, int pitch, int brushed)
{
    return (struct take_played){
        .note = note(position, pitch), .kind = TAKE_ADDED, .truth = TAKE_NONE, .brushed = brushed};
}

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static void a_melody(void **state)
{
    (void)state;
    /* Meant C D E F; played C D# E G; sent C D E flat G: one kept, one repaired, one spoiled,
     * one left wrong. */
    const struct take_note truth[] = {note(0, 60), note(1, 62), note(2, 64), note(3, 65)};
    const struct take_played take[] = {played(0, 60, 0), played(1, 63, 1), played(2, 64, 2),
                                       played(3, 67, 3)};
    const uint8_t sent[] = {60, 62, 63, 67}, untrained[] = {50, 50, 50, 50};
    const uint64_t times[] = {1000, 2000, 3000, 1000000};
    static struct accuracy score;
    memset(&score, 0, sizeof score);
    assert_int_equal(accuracy_take(&score, truth, 4, take, 4, sent, untrained, times, NULL), 0);
    assert_int_equal(score.meant, 4);
    assert_int_equal(score.played.right, 2);
    assert_int_equal(score.sent.right, 2);
    assert_int_equal(score.repaired, 1);
    assert_int_equal(score.kept, 1);
    assert_int_equal(score.sets, 4);
    struct accuracy_figures f = accuracy_figures(&score);
    assert_near(f.exact_played, 50);
    assert_near(f.exact, 50);
    assert_near(f.sets, 50);
    assert_near(f.same, 50);
    assert_near(f.repaired, 50);
    assert_near(f.kept, 50);
    assert_near(f.net_change, 0);
    assert_true(isnan(f.added));
    /* Sent 60 62 63 67 for 60 62 64 65: 1 and 2 semitones over 4 notes. */
    assert_near(f.distance, 0.75);
    assert_near(f.distance_played, 0.75);
    /* Untrained: 10 + 12 + 14 + 15 over 4. */
    assert_near(f.improvement, 100 * (12.75 - 0.75) / 12.75);
    assert_true(fabs(f.p50 - 2) < 0.02 && f.p99 <= 1000 && f.p99 > 990);
    assert_near(f.longest, 1000);
}

static void all_repaired(void **state)
{
    (void)state;
    const struct take_note truth[] = {note(0, 60), note(1, 62)};
    const struct take_played take[] = {played(0, 61, 0), played(1, 63, 1)};
    const uint8_t sent[] = {60, 62};
    static struct accuracy score;
    memset(&score, 0, sizeof score);
    assert_int_equal(accuracy_take(&score, truth, 2, take, 2, sent, NULL, NULL, NULL), 0);
    struct accuracy_figures f = accuracy_figures(&score);
    assert_near(f.net_change, -100);
    assert_near(f.repaired, 100);
    assert_true(isnan(f.kept) && isnan(f.improvement) && isnan(f.p50));
    assert_near(f.harmless, 100);
    assert_true(isnan(f.harmless_wrong));
}

static void sets_do_not_mind_order(void **state)
{
    (void)state;
    const struct take_note truth[] = {note(0, 60), note(0, 64), note(4, 62)};
    const struct take_played take[] = {played(0, 61, 1), played(0, 62, 0), played(4, 62, 2)};
    const uint8_t sent[] = {60, 64, 62}; /* each the other's */
    static struct accuracy score;
    memset(&score, 0, sizeof score);
    assert_int_equal(accuracy_take(&score, truth, 3, take, 3, sent, NULL, NULL, NULL), 0);
    assert_int_equal(score.sent.right, 1);
    assert_int_equal(score.sets, 2);
    assert_int_equal(score.sent.sets_right, 2);
    assert_int_equal(score.played.sets_right, 1);
    assert_int_equal(score.sent.sets_same, 2);
    assert_int_equal(score.sent.off, 2);
    assert_int_equal(score.sent.harmless, 2); /* expected pitches of the slot */
}

static void dropped_added_and_moved(void **state)
{
    (void)state;
    /* Slot 0: C E G, the E left out. Slot 4: D with a brushed E flat sent to D.
     * Slot 8: F struck a slot late, right. Slot 12: A with a brushed B left. */
    const struct take_note truth[] = {note(0, 60), note(0, 64), note(0, 67),
                                      note(4, 62), note(8, 65), note(12, 69)};
    struct take_played take[] = {played(0, 60, 0),   played(0, 67, 2), played(4, 62, 3),
                                 added(4.1, 63, 3),  played(9, 65, 4), played(12, 69, 5),
                                 added(12.05, 71, 5)};
    take[4].moved = 1;
    const uint8_t sent[] = {60, 67, 62, 62, 65, 69, 71};
    static struct accuracy score;
    memset(&score, 0, sizeof score);
    assert_int_equal(accuracy_take(&score, truth, 6, take, 7, sent, NULL, NULL, NULL), 0);
    assert_int_equal(score.truth, 6);
    assert_int_equal(score.meant, 5);
    assert_int_equal(score.added, 2);
    assert_int_equal(score.sent.right, 5);
    assert_int_equal(score.sent.added_right, 1);
    assert_int_equal(score.played.added_right, 0);
    /* Struck in slots 0, 4, 9, 12; only the last holds a foreign pitch. */
    assert_int_equal(score.sets, 4);
    assert_int_equal(score.sent.sets_right, 3);
    assert_int_equal(score.played.sets_right, 2);
    /* To the letter: slots 0, 4, 8, 9, 12, of which only 4 is the truth's. */
    assert_int_equal(score.slots, 5);
    assert_int_equal(score.sent.sets_same, 1);
    assert_int_equal(score.played.sets_same, 0);
    /* Distances count notes that were meant: the same number on both sides. */
    assert_near(accuracy_figures(&score).distance, 0);
    assert_near(accuracy_figures(&score).added, 50);
}

static void harmless_is_in_key_without_clash(void **state)
{
    (void)state;
    /* C major: scale up and down for the key, a held C below, then a wrong note. */
    struct take_note truth[40];
    static const int scale[] = {60, 62, 64, 65, 67, 69, 71, 72};
    for (int i = 0; i < 32; i++)
        truth[i] = note(i, scale[i % 8]);
    truth[32] = note(32, 48);
    truth[32].duration = 4;
    truth[33] = note(36, 64);
    static const struct {
        int pitch, harmless;
    } cases[] = {
        {65, 1}, /* in key; the E it stands for does not sound */
        {66, 0}, /* F sharp */
        {47, 0}, /* in key, but beside the C that sounds */
        {59, 1}, /* in key, an octave from it */
        {49, 0}, /* outside and beside */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        struct take_played take[34];
        uint8_t sent[34];
        for (int i = 0; i < 34; i++) {
            take[i] = (struct take_played){.note = truth[i], .truth = i, .brushed = TAKE_NONE};
            sent[i] = truth[i].pitch;
        }
        sent[33] = (uint8_t)cases[k].pitch;
        static struct accuracy score;
        memset(&score, 0, sizeof score);
        assert_int_equal(accuracy_take(&score, truth, 34, take, 34, sent, NULL, NULL, NULL), 0);
        assert_int_equal(score.sent.off, 1);
        if (score.sent.harmless != (uint64_t)cases[k].harmless)
            fail_msg("%d: harmless %d", cases[k].pitch, (int)score.sent.harmless);
        assert_near(accuracy_figures(&score).harmless, cases[k].harmless ? 100 : 100 * 33 / 34.);
    }
}

static void scores_add_up(void **state)
{
    (void)state;
    const struct take_note truth[] = {note(0, 60), note(1, 62), note(2, 64), note(3, 65)};
    const struct take_played take[] = {played(0, 60, 0), played(1, 63, 1), played(2, 64, 2),
                                       added(2.1, 66, 2)};
    const uint8_t sent[] = {60, 62, 63, 64};
    const uint64_t times[] = {10, 200, 3000, 70000};
    static struct accuracy both, a, b;
    memset(&both, 0, sizeof both);
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    assert_int_equal(accuracy_take(&both, truth, 4, take, 4, sent, sent, times, NULL), 0);
    assert_int_equal(accuracy_take(&both, truth, 4, take, 2, sent, sent, times, NULL), 0);
    assert_int_equal(accuracy_take(&a, truth, 4, take, 4, sent, sent, times, NULL), 0);
    assert_int_equal(accuracy_take(&b, truth, 4, take, 2, sent, sent, times, NULL), 0);
    accuracy_add(&a, &b);
    assert_memory_equal(&a, &both, sizeof a);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    const struct take_note truth[] = {note(0, 60), note(1, 62)};
    struct take_played take[] = {played(0, 60, 0), played(1, 63, 2)};
    uint8_t sent[] = {60, 62};
    static struct accuracy score, before;
    memset(&score, 0, sizeof score);
    struct error error = {""};
    assert_int_equal(accuracy_take(&score, truth, 2, take, 2, sent, NULL, NULL, &error), -1);
    assert_non_null(strstr(error.text, "note 2"));
    take[1].truth = 1;
    sent[0] = 128;
    assert_int_equal(accuracy_take(&score, truth, 2, take, 2, sent, NULL, NULL, &error), -1);
    sent[0] = 60;
    take[0].note.position = 3;
    assert_int_equal(accuracy_take(&score, truth, 2, take, 2, sent, NULL, NULL, &error), -1);
    assert_memory_equal(&score, &before, sizeof score);
}

static void keys_are_found(void **state)
{
    (void)state;
    static const int c_major[] = {0, 4, 7, 0, 2, 4, 5, 7, 9, 11, 0};
    static const int a_minor[] = {9, 0, 4, 9, 11, 0, 2, 4, 5, 8, 9, 4, 9};
    for (int shift = 0; shift < 12; shift++) {
        double major[12] = {0}, minor[12] = {0};
        for (size_t k = 0; k < sizeof c_major / sizeof *c_major; k++)
            major[(c_major[k] + shift) % 12] += 10;
        for (size_t k = 0; k < sizeof a_minor / sizeof *a_minor; k++)
            minor[(a_minor[k] + shift) % 12] += 10;
        assert_int_equal(key_estimate(major), shift);
        assert_int_equal(key_estimate(minor), 12 + (9 + shift) % 12);
    }
    const double nothing[12] = {0}, even[12] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    assert_int_equal(key_estimate(nothing), -1);
    assert_int_equal(key_estimate(even), -1);
    assert_int_equal(key_pitch_classes(0), 0xab5);
    /* G major: F sharp in, F out. A minor: G and G sharp in. */
    assert_true(key_pitch_classes(7) >> 6 & 1);
    assert_false(key_pitch_classes(7) >> 5 & 1);
    assert_int_equal(key_pitch_classes(12 + 9), 0xab5 | 1 << 8);
    assert_string_equal(key_name(12 + 9), "A minor");
    assert_string_equal(key_name(-1), "unclear");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_melody),
        cmocka_unit_test(all_repaired),
        cmocka_unit_test(sets_do_not_mind_order),
        cmocka_unit_test(dropped_added_and_moved),
        cmocka_unit_test(harmless_is_in_key_without_clash),
        cmocka_unit_test(scores_add_up),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(keys_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
