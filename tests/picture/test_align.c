/* Pairing a recording with its piece, on hand-made cases. */
#include "tool/align.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOTES = 32 };

/* A piece in quarters that never repeats a pitch within a long while. */
static void make_piece(struct align_note notes[NOTES])
{
    for (int i = 0; i < NOTES; i++)
        notes[i] = (struct align_note){.slot = 4 * i, .pitch = (uint8_t)(40 + (i * 7) % 31)};
}

static struct align_played as_written(const struct align_note *note, double slot)
{
    return (struct align_played){
        .slot = slot, .pitch = note->pitch, .sent = note->pitch, .place = note->slot};
}

static void played_as_written(void **state)
{
    (void)state;
    struct align_note notes[NOTES];
    struct align_played played[NOTES];
    struct alignment alignment;
    make_piece(notes);
    for (int i = 0; i < NOTES; i++)
        played[i] = as_written(&notes[i], 4 * i + 100);
    alignment_create(&alignment, played, NOTES, notes, NOTES);
    assert_int_equal(alignment.passes, 1);
    assert_int_equal(alignment.pass[0].first, 0);
    assert_int_equal(alignment.pass[0].last, 4 * (NOTES - 1));
    for (int i = 0; i < NOTES; i++)
        assert_int_equal(alignment.answer[i].note, i);
    alignment_clear(&alignment);
}

static void a_jump_noticed_late_is_put_right(void **state)
{
    (void)state;
    struct align_note notes[NOTES];
    struct align_played played[16];
    struct alignment alignment;
    make_piece(notes);
    for (int i = 0; i < 16; i++) {
        int n = i < 8 ? i : 12 + i; /* 0..7, then 20..27 */
        played[i] = as_written(&notes[n], 4 * i);
        if (i >= 8 && i < 11)
            played[i].place = 4 * i; /* the follower goes on as if nothing had happened */
        if (i == 11)
            played[i].place = ALIGN_NONE;
    }
    alignment_create(&alignment, played, 16, notes, NOTES);
    assert_int_equal(alignment.passes, 2);
    assert_int_equal(alignment.pass[1].begin, 8);
    assert_int_equal(alignment.pass[1].first, 80);
    for (int i = 0; i < 16; i++)
        assert_int_equal(alignment.answer[i].note, i < 8 ? i : 12 + i);
    alignment_clear(&alignment);
}

static void wrong_added_and_left_out(void **state)
{
    (void)state;
    struct align_note notes[NOTES];
    struct align_played played[NOTES];
    struct alignment alignment;
    size_t count = 0;
    make_piece(notes);
    for (int i = 0; i < 10; i++) {
        if (i == 4)
            continue; /* left out */
        played[count] = as_written(&notes[i], 4 * i);
        if (i == 2)
            played[count].pitch++; /* wrong, put right by the corrector */
        if (i == 6)
            played[count].sent = played[count].pitch = notes[i].pitch + 2; /* wrong, not noticed */
        count++;
        if (i == 8) { /* brushed besides, and taken for the note */
            played[count] = as_written(&notes[i], 4 * i);
            played[count++].pitch += 2;
        }
    }
    alignment_create(&alignment, played, count, notes, NOTES);
    const int32_t expected[] = {0, 1, 2, 3, 5, 6, 7, 8, ALIGN_NONE, 9};
    assert_int_equal(count, 10);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(alignment.answer[i].note, expected[i]);
    alignment_clear(&alignment);
}

static void other_music_is_elsewhere(void **state)
{
    (void)state;
    struct align_note notes[NOTES];
    struct align_played played[24];
    struct alignment alignment;
    make_piece(notes);
    for (int i = 0; i < 24; i++) {
        played[i] = as_written(&notes[i % NOTES], 4 * i);
        if (i >= 10) {
            played[i].pitch = played[i].sent = 100;
            played[i].place = ALIGN_NONE;
        }
    }
    alignment_create(&alignment, played, 24, notes, NOTES);
    for (int i = 0; i < 24; i++)
        assert_int_equal(alignment.answer[i].pass, i < 10 ? 0 : ALIGN_NONE);
    alignment_clear(&alignment);
}

static void nothing_known_is_nothing_said(void **state)
{
    (void)state;
    struct align_note notes[NOTES];
    struct alignment alignment;
    make_piece(notes);
    struct align_played played = {.slot = 0, .pitch = 60, .sent = 60, .place = ALIGN_NONE};
    alignment_create(&alignment, &played, 1, notes, NOTES);
    assert_int_equal(alignment.passes, 0);
    assert_int_equal(alignment.answer[0].pass, ALIGN_NONE);
    alignment_clear(&alignment);
}

/* The second half is the first once more. */
static void make_repeated(struct align_note notes[NOTES])
{
    make_piece(notes);
    for (int i = NOTES / 2; i < NOTES; i++)
        notes[i].pitch = notes[i - NOTES / 2].pitch;
}

/* Notes of the piece `way` plays, taken by the follower for `taken`; both end with -1. */
static void expect_notes(const struct align_note *notes, const int *way, const int *taken,
                         size_t passes)
{
    struct align_played played[NOTES] = {0};
    struct alignment alignment;
    size_t count = 0;
    for (; way[count] >= 0; count++) {
        played[count] = as_written(&notes[way[count]], 4 * (double)count);
        played[count].place = notes[taken[count]].slot;
    }
    alignment_create(&alignment, played, count, notes, NOTES);
    assert_int_equal(alignment.passes, passes);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(alignment.answer[i].note, way[i]);
    alignment_clear(&alignment);
}

static void a_bar_played_again_is_not_its_twin(void **state)
{
    (void)state;
    struct align_note notes[NOTES];
    make_repeated(notes);
    const int again[] = {0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, -1};
    const int taken[] = {0, 1, 2, 3, 4, 5, 6, 7, 20, 21, 22, 23, 4, 5, 6, 7, -1};
    expect_notes(notes, again, taken, 3);
    const int later[] = {14, 15, 16, 17, 18, 19, 16, 17, 18, 19, -1};
    const int taken_later[] = {14, 15, 0, 1, 2, 3, 0, 1, 2, 3, -1};
    expect_notes(notes, later, taken_later, 2);
}

static void a_repeat_that_is_written_goes_on(void **state)
{
    (void)state;
    struct align_note notes[NOTES];
    make_repeated(notes);
    int way[NOTES + 1];
    int taken[NOTES + 1];
    for (int i = 0; i < NOTES; i++) {
        way[i] = i;
        taken[i] = i % (NOTES / 2);
    }
    way[NOTES] = taken[NOTES] = -1;
    expect_notes(notes, way, taken, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(played_as_written),
        cmocka_unit_test(a_jump_noticed_late_is_put_right),
        cmocka_unit_test(wrong_added_and_left_out),
        cmocka_unit_test(other_music_is_elsewhere),
        cmocka_unit_test(nothing_known_is_nothing_said),
        cmocka_unit_test(a_bar_played_again_is_not_its_twin),
        cmocka_unit_test(a_repeat_that_is_written_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
