/* The error models draw what they promise. Bounds on chi-square are those that a
 * right generator exceeds less than once in a hundred thousand seeds. */
#include "measure/inject.h"

#include "follow/slip.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 40000 };

static struct inject_spec parse(const char *text)
{
    struct inject_spec spec;
    struct error error = {""};
    if (inject_parse(text, &spec, &error) != 0)
        fail_msg("%s", error.text);
    return spec;
}

/* One pitch over and over, a slot apart, at 120 beats a minute. */
static struct take_note *repeated(int pitch, size_t count)
{
    struct take_note *notes = calloc(count, sizeof *notes);
    for (size_t i = 0; i < count; i++)
        notes[i] = (struct take_note){.position = (double)i,
                                      .seconds = 0.125 * (double)i,
                                      .duration = 0.1,
                                      .pitch = (uint8_t)pitch,
                                      .velocity = 80,
                                      .part = 3};
    return notes;
}

static struct take_played *play(const struct take_note *truth, size_t truth_count, const char *text,
                                uint64_t seed, size_t *count)
{
    struct inject_spec spec = parse(text);
    struct rng rng;
    rng_seed(&rng, seed, 0);
    struct error error = {""};
    struct take_played *take = inject(truth, truth_count, &spec, &rng, count, &error);
    if (!take)
        fail_msg("%s", error.text);
    return take;
}

/* How often each distance was struck; [64 + d]. */
static void count_distances(int pitch, const char *text, uint64_t counts[129])
{
    size_t count;
    struct take_note *truth = repeated(pitch, MANY);
    struct take_played *take = play(truth, MANY, text, 1, &count);
    assert_int_equal(count, MANY);
    memset(counts, 0, 129 * sizeof *counts);
    for (size_t i = 0; i < count; i++) {
        assert_true(take[i].truth == (int32_t)i);
        int distance = take[i].note.pitch - pitch;
        assert_true((take[i].kind == TAKE_RIGHT) == (distance == 0));
        assert_in_range(distance + 64, 0, 128);
        counts[distance + 64]++;
    }
    free(take);
    free(truth);
}

static double chi_square(const uint64_t *counts, const double *expected, size_t n, int *cells)
{
    double sum = 0;
    *cells = 0;
    for (size_t k = 0; k < n; k++) {
        if (expected[k] <= 0) {
            assert_int_equal(counts[k], 0);
            continue;
        }
        sum += ((double)counts[k] - expected[k]) * ((double)counts[k] - expected[k]) / expected[k];
        ++*cells;
    }
    return sum;
}

/* Quantile .99999 by Wilson and Hilferty's cube. */
static double chi_bound(int cells)
{
    double df = cells - 1, c = 2 / (9 * df);
    return df * pow(1 - c + 4.265 * sqrt(c), 3);
}

static void check_even(int pitch, const char *text, double p, int low, int high)
{
    uint64_t counts[129];
    double expected[129] = {0};
    count_distances(pitch, text, counts);
    for (int d = low; d <= high; d++)
        expected[d + 64] = d == 0 ? MANY * (1 - p) : MANY * p / (high - low);
    int cells;
    double chi = chi_square(counts, expected, 129, &cells);
    if (chi > chi_bound(cells))
        fail_msg("%s at %d: chi-square %g over %d cells", text, pitch, chi, cells);
}

static void shift_is_even(void **state)
{
    (void)state;
    check_even(60, "shift:p=0.5", 0.5, -2, 2);
    check_even(60, "shift:p=0.1,max=1", 0.1, -1, 1);
    check_even(66, "shift:p=1,max=5", 1, -5, 5);
}

static void any_is_even(void **state)
{
    (void)state;
    check_even(60, "any:p=0.5,range=12", 0.5, -12, 12);
    check_even(64, "any:p=0.25,range=40", 0.25, -40, 40);
}

static void wrong_notes_stay_on_the_keyboard(void **state)
{
    (void)state;
    check_even(108, "any:p=0.5", 0.5, -12, 0);
    check_even(21, "shift:p=0.5", 0.5, 0, 2);
    check_even(22, "shift:p=0.5", 0.5, -1, 2);
    check_even(0, "any:p=0.5,range=3", 0.5, 0, 3);
    check_even(20, "any:p=0.5,range=3", 0.5, -3, 3);
    check_even(126, "shift:p=0.5,max=3", 0.5, -3, 1);
}

static void slips_follow_the_table(void **state)
{
    (void)state;
    for (int pitch = 60; pitch < 72; pitch++) {
        uint64_t counts[129];
        double expected[129] = {[64] = MANY * 0.5}, landing[SLIP_WINDOW];
        slip_landing(pitch, landing);
        for (int d = -12; d <= 12; d++)
            if (d)
                expected[d + 64] = MANY * 0.5 * landing[d + 12];
        count_distances(pitch, "slip:p=0.5", counts);
        /* Rare distances are pooled: chi-square wants more than a handful a cell. */
        uint64_t rare = 0;
        double rare_expected = 0;
        for (int k = 0; k < 129; k++)
            if (expected[k] < 20) {
                if (expected[k] <= 0)
                    assert_int_equal(counts[k], 0);
                rare += counts[k];
                rare_expected += expected[k];
                counts[k] = 0;
                expected[k] = 0;
            }
        assert_true(fabs((double)rare - rare_expected) <= 10 + 5 * sqrt(rare_expected));
        int cells;
        double chi = chi_square(counts, expected, 129, &cells);
        if (chi > chi_bound(cells))
            fail_msg("slips from %d: chi-square %g over %d cells", pitch, chi, cells);
    }
}

static void rates_are_kept(void **state)
{
    (void)state;
    size_t count;
    struct take_note *truth = repeated(60, MANY);
    struct take_played *take = play(truth, MANY, "none:drop=0.1,add=0.2,jitter=0.3", 7, &count);
    double added = 0, moved_early = 0, moved_late = 0, meant = 0, before = 0;
    double distances[5] = {0};
    for (size_t i = 0; i < count; i++) {
        const struct take_played *p = &take[i];
        if (i > 0) {
            assert_true(p->note.position >= take[i - 1].note.position);
            assert_true(p->note.seconds >= take[i - 1].note.seconds);
        }
        assert_int_equal(p->note.part, 3);
        if (p->kind == TAKE_ADDED) {
            added++;
            assert_true(p->truth == TAKE_NONE && p->brushed >= 0);
            int distance = p->note.pitch - 60;
            assert_in_range(distance + 2, 0, 4);
            distances[distance + 2]++;
            assert_in_range(p->note.velocity, 52, 76);
            double companion = truth[p->brushed].position + p->moved;
            assert_true(take_slot(p->note.position) == take_slot(companion));
            before += p->note.position < companion;
        } else {
            meant++;
            moved_early += p->moved < 0;
            moved_late += p->moved > 0;
            assert_true(p->note.position == truth[p->truth].position + p->moved);
            assert_true(fabs(p->note.seconds - 0.125 * p->note.position) < 1e-6);
        }
    }
    /* Five standard deviations of the binomials. */
    assert_true(fabs(meant - 0.9 * MANY) < 5 * sqrt(0.09 * MANY));
    assert_true(fabs(added - 0.2 * meant) < 5 * sqrt(0.16 * meant));
    assert_true(fabs(moved_early + moved_late - 0.3 * meant) < 5 * sqrt(0.21 * meant));
    assert_true(fabs(moved_early - moved_late) < 5 * sqrt(0.3 * meant));
    assert_true(fabs(before - added / 2) < 5 * sqrt(added) / 2);
    assert_true(distances[2] == 0);
    for (int k = 0; k < 5; k++)
        assert_true(k == 2 || fabs(distances[k] - added / 4) < 5 * sqrt(added * 3 / 16));
    free(take);
    free(truth);
}

static void brushed_keys_are_free_ones(void **state)
{
    (void)state;
    /* Four neighbours together: only the keys around them are free. */
    static const uint8_t chord[] = {60, 61, 62, 63};
    enum { CHORDS = 2000 };
    struct take_note *truth = calloc(4 * CHORDS, sizeof *truth);
    for (int i = 0; i < 4 * CHORDS; i++)
        truth[i] = (struct take_note){.position = 4.0 * floor(i / 4.0),
                                      .seconds = 0.5 * floor(i / 4.0),
                                      .duration = 0.4,
                                      .pitch = chord[i % 4],
                                      .velocity = 1};
    size_t count;
    struct take_played *take = play(truth, 4 * CHORDS, "shift:p=0.3,add=1", 3, &count);
    size_t added = 0;
    for (size_t i = 0; i < count; i++) {
        if (take[i].kind != TAKE_ADDED)
            continue;
        added++;
        assert_false(take[i].note.pitch >= 60 && take[i].note.pitch <= 63);
        assert_int_equal(take[i].note.velocity, 1);
    }
    assert_true(added > CHORDS);
    free(take);
    free(truth);
}

static void a_seed_is_a_take(void **state)
{
    (void)state;
    static const char *const text = "slip:p=0.3,drop=0.1,add=0.1,jitter=0.1";
    size_t a_count, b_count, c_count;
    struct take_note *truth = repeated(60, 500);
    struct take_played *a = play(truth, 500, text, 11, &a_count);
    struct take_played *b = play(truth, 500, text, 11, &b_count);
    struct take_played *c = play(truth, 500, text, 12, &c_count);
    assert_int_equal(a_count, b_count);
    bool other = a_count != c_count;
    for (size_t i = 0; i < a_count; i++) {
        assert_int_equal(a[i].note.pitch, b[i].note.pitch);
        assert_true(a[i].note.position == b[i].note.position);
        assert_int_equal(a[i].truth, b[i].truth);
        other = other || a[i].note.pitch != c[i].note.pitch;
    }
    assert_true(other);
    free(a);
    free(b);
    free(c);
    free(truth);
}

static void nothing_wrong_is_the_truth(void **state)
{
    (void)state;
    static const char *const texts[] = {"none", "shift:p=0", "slip:p=0", "any:p=0.0,range=60"};
    struct take_note *truth = repeated(60, 100);
    for (size_t t = 0; t < 4; t++) {
        size_t count;
        struct take_played *take = play(truth, 100, texts[t], 1, &count);
        assert_int_equal(count, 100);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(take[i].truth, i);
            assert_memory_equal(&take[i].note, &truth[i], sizeof truth[i]);
        }
        free(take);
    }
    free(truth);
}

static void an_empty_truth_is_an_empty_take(void **state)
{
    (void)state;
    size_t count = 9;
    struct take_played *take = play(NULL, 0, "shift:p=0.5,add=1", 1, &count);
    assert_int_equal(count, 0);
    free(take);
}

static void a_truth_out_of_order_is_refused(void **state)
{
    (void)state;
    struct inject_spec spec = parse("none");
    struct take_note *truth = repeated(60, 3);
    struct rng rng;
    struct error error = {""};
    size_t count;
    rng_seed(&rng, 1, 1);
    truth[1].position = 9;
    assert_null(inject(truth, 3, &spec, &rng, &count, &error));
    assert_non_null(strstr(error.text, "note 3"));
    truth[1].position = NAN;
    assert_null(inject(truth, 3, &spec, &rng, &count, &error));
    assert_non_null(strstr(error.text, "note 2"));
    free(truth);
}

static void chords_do_not_tell_by_their_order(void **state)
{
    (void)state;
    struct take_note truth[2] = {{.pitch = 60, .velocity = 9}, {.pitch = 61, .velocity = 9}};
    for (uint64_t seed = 0; seed < 50; seed++) {
        size_t count;
        struct take_played *take = play(truth, 2, "shift:p=1,max=4", seed, &count);
        assert_int_equal(count, 2);
        assert_true(take[0].note.pitch <= take[1].note.pitch);
        free(take);
    }
}

static void models_are_read(void **state)
{
    (void)state;
    struct inject_spec spec = parse("shift:p=0.5,max=3,drop=.05,add=1,jitter=0.25");
    assert_int_equal(spec.kind, TAKE_SHIFT);
    assert_true(spec.p == 0.5 && spec.reach == 3 && spec.drop == 0.05 && spec.add == 1);
    assert_true(spec.jitter == 0.25);
    assert_string_equal(spec.text, "shift:p=0.5,max=3,drop=.05,add=1,jitter=0.25");
    assert_int_equal(parse("shift:p=1").reach, 2);
    assert_int_equal(parse("any:p=1").reach, 12);
    assert_int_equal(parse("none:drop=1").kind, TAKE_RIGHT);

    static const struct {
        const char *text, *message;
    } bad[] = {
        {"", "character 1: expected shift"},
        {"shft:p=1", "character 1: expected shift"},
        {"shift", "character 6: expected :p="},
        {"shift:max=2", "character 6: expected :p="},
        {"shift:", "character 7: unknown \"\""},
        {"shift:p=0.5,", "character 13: unknown \"\""},
        {"shift:p=0.5,mx=2",
         "character 13: unknown \"mx\", expected one of drop, add, jitter, p, max"},
        {"slip:p=0.5,max=2", "character 12: unknown \"max\""},
        {"none:p=0.5", "character 6: unknown \"p\""},
        {"shift:p=1.5", "character 7: expected p=a number from 0 to 1"},
        {"shift:p=-1", "character 7: expected p="},
        {"shift:p=nan", "character 7: expected p="},
        {"shift:p=1e-1", "character 7: expected p="},
        {"shift:p=", "character 7: expected p="},
        {"shift:p", "character 7: expected p="},
        {"shift:p=.", "character 7: expected p="},
        {"shift:p=1..2", "character 7: expected p="},
        {"shift:p=.5,max=0", "character 12: expected max=a whole number from 1 to 24"},
        {"shift:p=.5,max=1.5", "character 12: expected max=a whole number"},
        {"any:p=.5,range=61", "character 10: expected range="},
        {"shift:p=.5,p=.6", "character 12: p is given twice"},
        {"shift:p=.50000000000000000000000000000000000", "character 7: expected p="},
    };
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        struct error error = {""};
        assert_int_equal(inject_parse(bad[k].text, &spec, &error), -1);
        if (!strstr(error.text, bad[k].message))
            fail_msg("\"%s\": \"%s\", expected \"%s\"", bad[k].text, error.text, bad[k].message);
    }
    char longer[200];
    memset(longer, 'x', sizeof longer);
    longer[199] = '\0';
    assert_int_equal(inject_parse(longer, &spec, NULL), -1);
}

static void the_table_says_which_was_what(void **state)
{
    (void)state;
    const struct take_note truth[3] = {
        {.position = 0, .seconds = 0, .pitch = 60, .velocity = 80},
        {.position = 4, .seconds = 0.5, .pitch = 62, .velocity = 81, .part = 1},
        {.position = 8, .seconds = 1, .pitch = 64, .velocity = 82},
    };
    struct take_played take[3] = {
        {.note = truth[0], .kind = TAKE_SLIP, .truth = 0, .brushed = TAKE_NONE},
        {.note = truth[0], .kind = TAKE_ADDED, .truth = TAKE_NONE, .brushed = 0},
        {.note = truth[2], .kind = TAKE_RIGHT, .truth = 2, .brushed = TAKE_NONE, .moved = 1},
    };
    take[0].note.pitch = 59;
    take[1].note =
        (struct take_note){.position = 0.1, .seconds = 0.0125, .pitch = 61, .velocity = 50};
    take[2].note.position = 9;
    take[2].note.seconds = 1.125;
    char path[] = "truth_XXXXXX", text[600] = "";
    close(mkstemp(path));
    assert_int_equal(inject_write_csv(path, truth, 3, take, 3, NULL), 0);
    FILE *file = fopen(path, "r");
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    unlink(path);
    assert_string_equal(text, "note,what,slot,seconds,part,meant,played,velocity,truth,moved\n"
                              "0,slip,0,0.000000,0,60,59,80,0,0\n"
                              "1,added,0,0.012500,0,,61,50,0,0\n"
                              ",dropped,4,0.500000,1,62,,81,1,0\n"
                              "2,right,9,1.125000,0,64,64,82,2,1\n");
    struct error error = {""};
    assert_int_equal(inject_write_csv("/no/such/folder/x.csv", truth, 3, take, 3, &error), -1);
    assert_non_null(strstr(error.text, "/no/such/folder/x.csv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shift_is_even),
        cmocka_unit_test(any_is_even),
        cmocka_unit_test(wrong_notes_stay_on_the_keyboard),
        cmocka_unit_test(slips_follow_the_table),
        cmocka_unit_test(rates_are_kept),
        cmocka_unit_test(brushed_keys_are_free_ones),
        cmocka_unit_test(a_seed_is_a_take),
        cmocka_unit_test(nothing_wrong_is_the_truth),
        cmocka_unit_test(an_empty_truth_is_an_empty_take),
        cmocka_unit_test(a_truth_out_of_order_is_refused),
        cmocka_unit_test(chords_do_not_tell_by_their_order),
        cmocka_unit_test(models_are_read),
        cmocka_unit_test(the_table_says_which_was_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
