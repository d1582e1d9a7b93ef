/* Finding the grid of takes whose beats are known. Every figure is asked of five
 * seeds together, so that none is tuned to one. */
#include "grid/grid.h"

#include "take.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { SEEDS = 5 };

struct figures {
    double distances; /* share of neighbouring onsets whose distance in slots is right */
    double slots;     /* share of onsets in the right slot, after the best shift */
    double beats;     /* F-measure, 70 ms */
    double tempo;     /* mean of found / true at the end's average */
    double confidence;
    size_t hesitations;
};

static uint32_t true_slot(uint32_t units)
{
    return (units + 3) / 6;
}

static double right_distances(const struct take *take, const struct grid_place *place)
{
    size_t right = 0;
    for (size_t i = 1; i < take->count; i++)
        right += place[i].slot - place[i - 1].slot ==
                 true_slot(take->units[i]) - true_slot(take->units[i - 1]);
    return (double)right / (double)(take->count - 1);
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double right_slots(const struct take *take, const struct grid_place *place)
{
    int64_t *shift = malloc(take->count * sizeof *shift);
    size_t best = 0, run = 0;

    for (size_t i = 0; i < take->count; i++)
        shift[i] = (int64_t)place[i].slot - true_slot(take->units[i]);
    qsort(shift, take->count, sizeof *shift, by_value);
    for (size_t i = 0; i < take->count; i++) {
        run = i && shift[i] == shift[i - 1] ? run + 1 : 1;
        best = run > best ? run : best;
    }
    free(shift);
    return (double)best / (double)take->count;
}

static double beat_f_measure(const struct take *take, const struct grid_track *track)
{
    size_t hits = 0, at = 0;

    for (size_t b = 0; b < take->beats; b++) {
        while (at < track->beats && track->beat[at] < take->beat[b] - 0.07)
            at++;
        if (at < track->beats && track->beat[at] <= take->beat[b] + 0.07) {
            hits++;
            at++;
        }
    }
    return 2.0 * (double)hits / (double)(take->beats + track->beats);
}

static struct figures measure(const struct take_style *style, size_t beats)
{
    struct figures f = {0};

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct take take = take_make(style, beats, seed);
        struct grid_onsets onsets = {take.seconds, take.pitch, take.count, NULL};
        struct grid_track track;
        struct error error;
        if (grid_track(&onsets, NULL, &track, &error))
            fail_msg("%s", error.text);
        f.distances += right_distances(&take, track.place) / SEEDS;
        f.slots += right_slots(&take, track.place) / SEEDS;
        f.beats += beat_f_measure(&take, &track) / SEEDS;
        f.tempo += track.tempo / SEEDS;
        f.confidence += track.confidence / SEEDS;
        f.hesitations += track.hesitations;
        grid_track_free(&track);
        take_free(&take);
    }
    print_message("distances %.4f slots %.4f beats %.4f tempo %.2f confidence %.3f waits %zu\n",
                  f.distances, f.slots, f.beats, f.tempo, f.confidence, f.hesitations);
    return f;
}

static void steady(void **state)
{
    (void)state;
    for (int tempo = 60; tempo <= 120; tempo += 20) {
        struct figures f = measure(&(struct take_style){.tempo = tempo,
                                                        .wander = 0.005,
                                                        .wander_limit = 0.02,
                                                        .jitter = 0.012,
                                                        .spread = 0.01},
                                   200);
        assert_true(f.distances > 0.99);
        assert_true(f.slots > 0.99);
        assert_true(f.beats > 0.98);
        assert_true(fabs(f.tempo / tempo - 1) < 0.03);
        assert_true(f.confidence > 0.95);
    }
}

static void accelerando(void **state)
{
    (void)state;
    struct figures f = measure(
        &(struct take_style){.tempo = 75, .tempo_end = 120, .jitter = 0.012, .spread = 0.01}, 96);
    assert_true(f.slots > 0.98);
    assert_true(f.beats > 0.97);
    f = measure(
        &(struct take_style){.tempo = 110, .tempo_end = 65, .jitter = 0.012, .spread = 0.01}, 96);
    assert_true(f.slots > 0.98);
    assert_true(f.beats > 0.97);
}

static void rubato(void **state)
{
    (void)state;
    struct figures f = measure(
        &(struct take_style){
            .tempo = 90, .wander = 0.04, .wander_limit = 0.12, .jitter = 0.015, .spread = 0.012},
        200);
    assert_true(f.distances > 0.97);
    assert_true(f.beats > 0.93);
}

/* A wait of seconds costs what stands around it, not what comes after. */
static void pauses(void **state)
{
    (void)state;
    struct figures f = measure(&(struct take_style){.tempo = 90,
                                                    .wander = 0.01,
                                                    .wander_limit = 0.04,
                                                    .jitter = 0.012,
                                                    .spread = 0.01,
                                                    .pause = 3.1,
                                                    .pause_every = 40},
                               200);
    assert_true(f.distances > 0.97);
    assert_true(f.beats > 0.9);
}

static void triplets(void **state)
{
    (void)state;
    struct figures f = measure(&(struct take_style){.tempo = 85,
                                                    .wander = 0.005,
                                                    .wander_limit = 0.02,
                                                    .jitter = 0.010,
                                                    .spread = 0.01,
                                                    .triplets = 1},
                               200);
    assert_true(f.slots > 0.97);
    assert_true(f.beats > 0.97);
}

static void chords_stay_together(void **state)
{
    (void)state;
    size_t apart = 0, pairs = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct take take = take_make(&(struct take_style){.tempo = 80, .spread = 0.015}, 150, seed);
        struct grid_onsets onsets = {take.seconds, take.pitch, take.count, NULL};
        struct grid_track track;
        struct error error;
        assert_int_equal(grid_track(&onsets, NULL, &track, &error), 0);
        for (size_t i = 1; i < take.count; i++)
            if (take.units[i] == take.units[i - 1]) {
                pairs++;
                apart += track.place[i].slot != track.place[i - 1].slot;
            }
        grid_track_free(&track);
        take_free(&take);
    }
    print_message("%zu of %zu neighbours in a chord set apart\n", apart, pairs);
    assert_true(pairs > 1500);
    assert_true((double)apart < 0.01 * (double)pairs);
}

static void positions_agree_with_slots_and_beats(void **state)
{
    (void)state;
    struct take take = take_make(&(struct take_style){.tempo = 100, .jitter = 0.01}, 64, 3);
    struct grid_onsets onsets = {take.seconds, take.pitch, take.count, NULL};
    struct grid_track track;
    struct error error;
    size_t near = 0;

    assert_int_equal(grid_track(&onsets, NULL, &track, &error), 0);
    for (size_t i = 0; i < take.count; i++) {
        assert_true(isfinite(track.place[i].position));
        near += fabs(track.place[i].position - track.place[i].slot) < 0.5;
        if (i)
            assert_true(track.place[i].slot >= track.place[i - 1].slot);
    }
    assert_true((double)near > 0.97 * (double)take.count);
    for (size_t b = 1; b < track.beats; b++)
        assert_true(track.beat[b] > track.beat[b - 1]);
    assert_true(track.place[take.count - 1].slot / GRID_SLOTS_A_BEAT <= track.beats);
    grid_track_free(&track);
    take_free(&take);
}

static void without_pitches(void **state)
{
    (void)state;
    struct take take = take_make(&(struct take_style){.tempo = 88, .jitter = 0.01}, 150, 11);
    struct grid_onsets onsets = {take.seconds, NULL, take.count, NULL};
    struct grid_track track;
    struct error error;

    assert_int_equal(grid_track(&onsets, NULL, &track, &error), 0);
    assert_true(right_distances(&take, track.place) > 0.98);
    grid_track_free(&track);
    take_free(&take);
}

static void few_notes(void **state)
{
    (void)state;
    const double seconds[] = {1.5, 2.0};
    struct grid_track track;
    struct error error;

    assert_int_equal(grid_track(&(struct grid_onsets){NULL, NULL, 0, NULL}, NULL, &track, &error),
                     0);
    assert_int_equal(track.beats, 0);
    grid_track_free(&track);
    assert_int_equal(
        grid_track(&(struct grid_onsets){seconds, NULL, 1, NULL}, NULL, &track, &error), 0);
    assert_int_equal(track.beats, track.place[0].slot / GRID_SLOTS_A_BEAT + 1);
    grid_track_free(&track);
    assert_int_equal(
        grid_track(&(struct grid_onsets){seconds, NULL, 2, NULL}, NULL, &track, &error), 0);
    assert_true(track.place[1].slot > track.place[0].slot);
    grid_track_free(&track);
}

static void all_at_once(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    static double seconds[MANY];
    struct grid_track track;
    struct error error;

    for (size_t i = 0; i < MANY; i++)
        seconds[i] = 3;
    assert_int_equal(
        grid_track(&(struct grid_onsets){seconds, NULL, MANY, NULL}, NULL, &track, &error), 0);
    for (size_t i = 1; i < MANY; i++)
        assert_int_equal(track.place[i].slot, track.place[0].slot);
    assert_int_equal(track.beats, 1);
    grid_track_free(&track);
}

/* Centuries between notes: neither slots nor beats run away. */
static void far_apart(void **state)
{
    (void)state;
    const double seconds[] = {0, 1e3, 1e6, 1e9, 1e9, 1e12};
    struct grid_track track;
    struct error error;

    assert_int_equal(
        grid_track(&(struct grid_onsets){seconds, NULL, 6, NULL}, NULL, &track, &error), 0);
    assert_in_range(track.beats, 2, 6 * 24);
    for (size_t i = 0; i < 6; i++)
        assert_true(isfinite(track.place[i].position));
    grid_track_free(&track);
}

/* Longer than the history that is kept, and quick. */
static void a_hundred_thousand_notes(void **state)
{
    (void)state;
    struct take take = take_make(
        &(struct take_style){
            .tempo = 90, .wander = 0.01, .wander_limit = 0.05, .jitter = 0.012, .spread = 0.01},
        27000, 1);
    struct grid_onsets onsets = {take.seconds, take.pitch, take.count, NULL};
    struct pulse_options options = pulse_steady;
    struct grid_track track;
    struct error error;

    assert_true(take.count > 100000);
    options.width = 64;
    clock_t start = clock();
    assert_int_equal(grid_track(&onsets, &options, &track, &error), 0);
    double spent = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("%zu notes in %.2f s\n", take.count, spent);
    assert_true(spent < 60);
    assert_true(right_distances(&take, track.place) > 0.99);
    grid_track_free(&track);
    take_free(&take);
}

static void same_in_same_out(void **state)
{
    (void)state;
    struct take take = take_make(
        &(struct take_style){.tempo = 100, .wander = 0.03, .wander_limit = 0.1, .jitter = 0.02}, 64,
        5);
    struct grid_onsets onsets = {take.seconds, take.pitch, take.count, NULL};
    struct grid_track a, b;
    struct error error;

    assert_int_equal(grid_track(&onsets, NULL, &a, &error), 0);
    assert_int_equal(grid_track(&onsets, NULL, &b, &error), 0);
    assert_int_equal(a.beats, b.beats);
    assert_memory_equal(a.beat, b.beat, a.beats * sizeof *a.beat);
    for (size_t i = 0; i < take.count; i++)
        assert_int_equal(a.place[i].slot, b.place[i].slot);
    grid_track_free(&a);
    grid_track_free(&b);
    take_free(&take);
}

static void bad_times_are_refused(void **state)
{
    (void)state;
    static const double bad[][2] = {{0, NAN}, {0, INFINITY}, {-0.5, 1}, {2, 1}};
    struct grid_track track;
    struct error error;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error.text[0] = '\0';
        assert_int_equal(
            grid_track(&(struct grid_onsets){bad[i], NULL, 2, NULL}, NULL, &track, &error), -1);
        assert_non_null(strstr(error.text, "onset"));
        assert_null(track.place);
        assert_null(track.beat);
    }
    assert_int_equal(grid_track(&(struct grid_onsets){bad[0], NULL, GRID_MAX_ONSETS + 1, NULL},
                                NULL, &track, &error),
                     -1);
}

struct patience {
    size_t left; /* answers until it says stop */
    size_t asked;
    double share; /* told last */
};

static bool goes_on(void *context, double share)
{
    struct patience *patience = context;
    assert_true(share >= patience->share && share <= 1);
    patience->share = share;
    patience->asked++;
    return patience->left-- > 1;
}

/* Asked after every event of both tries, and heard at once. */
static void stops_when_it_is_told(void **state)
{
    (void)state;
    enum { NOTES = 50 };
    double seconds[NOTES];
    struct grid_track track;
    struct error error;
    struct patience patience = {.left = 1000};
    const struct task task = {goes_on, &patience};

    for (size_t i = 0; i < NOTES; i++)
        seconds[i] = .5 * (double)i;
    struct grid_onsets onsets = {seconds, NULL, NOTES, &task};
    assert_int_equal(grid_track(&onsets, NULL, &track, &error), 0);
    assert_int_equal(patience.asked, 2 * NOTES);
    grid_track_free(&track);
    for (size_t stop = 1; stop < 2 * NOTES; stop += 7) {
        patience = (struct patience){.left = stop};
        assert_int_equal(grid_track(&onsets, NULL, &track, &error), -1);
        assert_string_equal(error.text, "stopped");
        assert_int_equal(patience.asked, stop);
        assert_null(track.place);
    }
    patience = (struct patience){.left = 3};
    assert_int_equal(grid_track(&onsets, &pulse_steady, &track, &error), -1);
    assert_int_equal(patience.asked, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady),
        cmocka_unit_test(accelerando),
        cmocka_unit_test(rubato),
        cmocka_unit_test(pauses),
        cmocka_unit_test(triplets),
        cmocka_unit_test(chords_stay_together),
        cmocka_unit_test(positions_agree_with_slots_and_beats),
        cmocka_unit_test(without_pitches),
        cmocka_unit_test(few_notes),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(far_apart),
        cmocka_unit_test(a_hundred_thousand_notes),
        cmocka_unit_test(same_in_same_out),
        cmocka_unit_test(bad_times_are_refused),
        cmocka_unit_test(stops_when_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
