/* Beats of pieces as states. */
#include "pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct process *process_of_notes(const struct song_note *notes, size_t count)
{
    struct song *song = song_create("notes", 0, notes, count, NULL);
    assert_non_null(song);
    struct process *process = process_of(song, 0);
    song_free(song);
    return process;
}

/* Equal sets in the same slots are one state: the order inside a slot and a pitch
 * struck twice do not tell two beats apart, the slot does. */
static void test_contents(void **state)
{
    (void)state;
    static const struct song_note notes[] = {
        {0, 60},  {0, 64},  {2, 67},           /* a beat, */
        {4, 64},  {4, 60},  {4, 64},  {6, 67}, /* the same, */
        {8, 60},  {8, 64},  {9, 67},           /* another slot, */
        {12, 60}, {12, 65}, {14, 67},          /* another pitch, */
        {20, 60}, {20, 64}, {22, 67},          /* and after a rest the first again */
    };
    static const uint32_t states[] = {0, 0, 1, 2, 3, 0};
    struct process *process = process_of_notes(notes, sizeof notes / sizeof *notes);
    assert_non_null(process);
    assert_int_equal(process->states, 4);
    assert_memory_equal(process->visited, states, sizeof states);
    process_free(process);
}

static void test_pieces(void **state)
{
    (void)state;
    struct song *songs[] = {piece_of_letters("ab"), piece_of_letters("cb"), piece_of_letters("b")};
    static const uint32_t start[] = {0, 2, 4, 5}, states[] = {0, 1, 2, 1, 1};
    struct process *process = beats_process((const struct song *const *)songs, 3, 0, NULL);
    assert_non_null(process);
    assert_int_equal(process->trajectories, 3);
    assert_memory_equal(process->start, start, sizeof start);
    assert_memory_equal(process->visited, states, sizeof states);
    process_free(process);
    for (int i = 0; i < 3; i++)
        song_free(songs[i]);
}

static void test_refused(void **state)
{
    (void)state;
    struct song *song = piece_of_letters("ab");
    const struct song *songs = song;
    struct error error;
    assert_null(beats_process(&songs, 1, 9, &error));
    assert_non_null(strstr(error.text, "context"));
    assert_null(beats_process(&songs, 0, 0, &error));
    assert_non_null(strstr(error.text, "pieces"));
    song_free(song);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
