/* Draws as Python's generator makes them; a table and its counts by hand. */
#include "measure/labelled.h"
#include "measure/twister.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* random.Random(seed): three of getrandbits(32), random(), eight of choice(range(24)),
 * getrandbits(3). */
static void draws_are_pythons(void **state)
{
    (void)state;
    static const struct {
        uint32_t seed, word[3];
        double share;
        uint32_t choice[8], bits;
    } known[] = {
        {0,
         {3626764237, 1654615998, 3255389356},
         0.890243920837131,
         {1, 8, 16, 15, 12, 9, 15, 11},
         4},
        {1,
         {577090037, 2444712010, 3639700191},
         0.8022650611681835,
         {2, 8, 3, 15, 14, 15, 20, 12},
         6},
        {3735928559,
         {82178386, 1831771319, 2017055984},
         0.899881695205603,
         {13, 19, 12, 23, 20, 14, 10, 12},
         2},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        struct twister twister;
        twister_seed(&twister, known[k].seed);
        for (int i = 0; i < 3; i++)
            assert_int_equal(twister_bits(&twister, 32), known[k].word[i]);
        assert_true(twister_double(&twister) == known[k].share);
        for (int i = 0; i < 8; i++)
            assert_int_equal(twister_below(&twister, 24), known[k].choice[i]);
        assert_int_equal(twister_bits(&twister, 3), known[k].bits);
    }
}

static const char table[] = "played\tsec\tmeant\tkind\n"
                            "60\t0.00\t60\tmatch\n"
                            "64\t0.04\t64\tmatch\n"
                            "67\t0.08\t67\tmatch\n"
                            "62\t1.00\t61\tsub\n"
                            "70\t1.50\t-\textra\r\n"
                            "71\t1.60\t-\textra\n"
                            "72\t1.70\t-\textra\n"
                            "72\t3.00\t72\tmatch\n";
enum { ROWS = 8 };

static void counts_are_those_by_hand(void **state)
{
    (void)state;
    size_t count = 0;
    struct error error = {""};
    struct labelled_note *notes = labelled_read(table, "table", &count, &error);
    assert_non_null(notes);
    assert_int_equal(count, ROWS);
    assert_int_equal(notes[3].kind, LABELLED_WRONG);
    assert_int_equal(notes[3].meant, 61);
    assert_int_equal(notes[4].meant, LABELLED_NONE);
    assert_true(notes[1].seconds == 0.04);

    /* Two notes of the chord change places; one extra note each stays, goes to a pitch of the
     * piece .9 s away, and to one 1.3 s away. */
    const uint8_t played[ROWS] = {60, 64, 68, 62, 70, 71, 72, 72};
    const uint8_t sent[ROWS] = {64, 60, 67, 61, 70, 61, 72 + 1, 74};
    const bool injected[ROWS] = {false, false, true};
    struct labelled_score score = {0}, sum = {0};
    labelled_count(&score, notes, count, played, injected, sent);
    labelled_add(&sum, &score);
    assert_memory_equal(&sum, &score, sizeof sum);
    struct labelled_score expected = {.cases = 1,
                                      .right = 3,
                                      .injected = 1,
                                      .fixed = 1,
                                      .wrong = 1,
                                      .real = 1,
                                      .extra = 3,
                                      .left = 1,
                                      .moved = 1,
                                      .sets = 4,
                                      .sets_right = 3};
    assert_memory_equal(&score, &expected, sizeof score);
    struct labelled_figures figures = labelled_figures(&score);
    assert_true(figures.exact == 25 && figures.sets == 75 && figures.kept == 0);
    free(notes);
}

static void errors_come_to_right_notes_only(void **state)
{
    (void)state;
    enum { NOTES = 4000 };
    static struct labelled_note notes[NOTES];
    static uint8_t played[NOTES];
    static bool injected[NOTES];
    static const char *const specs[] = {"shift:p=0.25", "slip:p=0.25", "any:p=0.25", "none"};
    for (size_t s = 0; s < 4; s++) {
        struct inject_spec spec;
        struct error error = {""};
        size_t wrong = 0;
        assert_int_equal(inject_parse(specs[s], &spec, &error), 0);
        assert_int_equal(labelled_check_errors(&spec, &error), 0);
        for (int i = 0; i < NOTES; i++) {
            notes[i] = (struct labelled_note){.meant = i % 128,
                                              .kind = i % 3 ? LABELLED_MATCH : LABELLED_EXTRA};
            played[i] = (uint8_t)(i % 128);
        }
        labelled_inject(notes, NOTES, &spec, 7, played, injected);
        int reach = s == 0 ? 2 : s == 1 ? 3 : 12;
        for (int i = 0; i < NOTES; i++) {
            assert_int_equal(injected[i], played[i] != i % 128);
            assert_true(!injected[i] || i % 3);
            assert_true(abs(played[i] - i % 128) <= reach && played[i] < 128);
            wrong += injected[i];
        }
        assert_in_range(wrong, s == 3 ? 0 : 600, s == 3 ? 0 : 740);
    }
    struct inject_spec spec;
    assert_int_equal(inject_parse("shift:p=0.1,max=3", &spec, NULL), 0);
    assert_int_equal(labelled_check_errors(&spec, NULL), -1);
    assert_int_equal(inject_parse("slip:p=0.1,drop=0.1", &spec, NULL), 0);
    assert_int_equal(labelled_check_errors(&spec, NULL), -1);
}

static void refuse(const char *text, const char *says)
{
    struct error error = {""};
    size_t count = 0;
    assert_null(labelled_read(text, "table", &count, &error));
    if (!strstr(error.text, says))
        fail_msg("'%s' does not say '%s'", error.text, says);
}

static void faults_are_named(void **state)
{
    (void)state;
    refuse("", "no column sec");
    refuse("sec\tkind\n", "no column meant");
    refuse("sec\tmeant\tkind\n1\t60\n", "line 2");
    refuse("sec\tmeant\tkind\n1\t60\tmatch\n1\t128\tmatch\n", "line 3");
    refuse("sec\tmeant\tkind\n1\t-\tmatch\n", "line 2");
    refuse("sec\tmeant\tkind\nnan\t60\tmatch\n", "line 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_pythons),
        cmocka_unit_test(counts_are_those_by_hand),
        cmocka_unit_test(errors_come_to_right_notes_only),
        cmocka_unit_test(faults_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
