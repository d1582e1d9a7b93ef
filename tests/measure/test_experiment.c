/* The IM experiment on a small piece: what can be worked out by hand must come
 * out, and its rows must fit one another. */
#include "measure/contender.h"
#include "measure/experiment.h"
#include "measure/wasserstein.h"
#include "rl/policy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define assert_near(a, b) assert_true(fabs((a) - (b)) < 1e-6)

/* One note a beat. */
static struct song *song_of(const char *beats)
{
    struct song_note notes[64];
    size_t count = strlen(beats);
    for (size_t k = 0; k < count; k++)
        notes[k] = (struct song_note){(uint32_t)(4 * k), (uint8_t)(60 + 2 * (beats[k] - 'A'))};
    struct song *song = song_create("piece", 0, notes, count, NULL);
    assert_non_null(song);
    return song;
}

static struct model *model_of(const char *beats, uint64_t steps)
{
    struct song *song = song_of(beats);
    const struct song *const songs[] = {song};
    struct process *process = beats_process(songs, 1, 0, NULL);
    assert_non_null(process);
    struct agent_task *task = agent_task_open(process, songs, NULL);
    assert_non_null(task);
    struct policy *policy = agent_policy(task, NULL);
    agent_task_close(task);
    struct model_origin origin = {"ppo", "linear", steps, 5};
    struct model *model = model_create(&song, 1, process, policy, &origin, NULL);
    assert_non_null(model);
    return model;
}

static const char piece_beats[] = "ABCABDEFABCGABDHHEAB";

static size_t truth_of(const char *beats, struct take_note *notes)
{
    size_t count = strlen(beats);
    for (size_t k = 0; k < count; k++)
        notes[k] = (struct take_note){.position = 4.0 * (double)k,
                                      .seconds = 0.5 * (double)k,
                                      .duration = 0.4,
                                      .pitch = (uint8_t)(60 + 2 * (beats[k] - 'A')),
                                      .velocity = 80};
    return count;
}

static const struct experiment_row *find_row(const struct experiment *experiment, const char *name)
{
    for (size_t k = 0; k < experiment->count; k++)
        if (strcmp(experiment->rows[k].name, name) == 0)
            return &experiment->rows[k];
    fail_msg("no row %s", name);
    return NULL;
}

static void rows_fit_one_another(void **state)
{
    (void)state;
    struct model *stages[] = {model_of(piece_beats, 2000), model_of(piece_beats, 0)};
    struct take_note notes[64];
    struct experiment_piece piece = {notes, truth_of(piece_beats, notes)};
    struct experiment_settings settings = experiment_defaults();
    settings.sarsa_steps = 20000;
    struct error error = {""};
    struct experiment *x = experiment_run((const struct model *const *)stages, 2, &piece, 1,
                                          &settings, NULL, NULL, &error);
    if (!x) {
        fail_msg("%s", error.text);
        return;
    }
    assert_int_equal(x->stages, 2);
    assert_int_equal(x->count, 13);
    assert_int_equal(x->rows[0].steps, 0);
    assert_int_equal(x->rows[1].steps, 2000);

    /* The untrained are measured against their own mean. */
    const struct experiment_row *untrained = find_row(x, "untrained");
    assert_near(untrained->im.mean, 0);
    assert_true(untrained->im.low <= 0 && untrained->im.high >= 0);
    for (size_t k = 0; k < x->count; k++) {
        const struct experiment_row *row = &x->rows[k];
        assert_near(row->im.mean, wasserstein_improvement(untrained->distance, row->distance));
        assert_true(row->im.low <= row->im.high);
        assert_true(row->exact.low >= 0 && row->exact.high <= 100);
        assert_true(row->exact.low <= row->exact.high);
    }

    /* The median's distance is the mean absolute deviation, whatever the errors. */
    double deviation = 0;
    uint8_t sorted[64];
    for (size_t k = 0; k < piece.count; k++)
        sorted[k] = notes[k].pitch;
    const struct experiment_row *median = find_row(x, "constant median");
    /* A A A A A B B B B B C C D D E E F G H H: the tenth of twenty is B. */
    for (size_t k = 0; k < piece.count; k++)
        deviation += fabs((double)sorted[k] - 62) / (double)piece.count;
    assert_near(median->distance, deviation);
    assert_near(median->exact.mean, 25);
    assert_true(median->im.low == median->im.high);
    assert_true(isnan(median->reward));

    const struct experiment_row *noise = find_row(x, "noise in range");
    assert_true(noise->legal < 60 && isnan(noise->reward));

    /* None is better than the best. With every pitch wrong what is sent as played is never
     * right. */
    static const char *const agents[] = {"trained", "observed", "greedy loop", "nearest rhythm",
                                         "SARSA"};
    for (size_t k = 0; k < 5; k++) {
        const struct experiment_row *row = find_row(x, agents[k]);
        assert_true(row->reward > 0 && row->reward < 100 + 1e-6);
    }
    assert_true(find_row(x, "SARSA")->reward > find_row(x, "observed")->reward);
    assert_near(find_row(x, "off")->exact.mean, 0);
    assert_near(find_row(x, "nearest rhythm")->legal, 100);

    struct table *table = experiment_table(x, NULL);
    json_t *json = table_json(table, NULL);
    assert_int_equal(json_array_size(json), 13);
    json_decref(json);
    table_free(table);
    assert_int_equal(experiment_plot(x, "IM", "experiment.svg", &error), 0);
    assert_int_equal(access("experiment.svg", R_OK), 0);
    unlink("experiment.svg");

    /* Once more, the stages the other way round: the same to the last bit. */
    struct model *turned[] = {stages[1], stages[0]};
    struct experiment *y = experiment_run((const struct model *const *)turned, 2, &piece, 1,
                                          &settings, NULL, NULL, &error);
    assert_non_null(y);
    for (size_t k = 0; k < x->count; k++) {
        assert_true(x->rows[k].im.mean == y->rows[k].im.mean);
        assert_true(x->rows[k].im.high == y->rows[k].im.high);
        assert_true(x->rows[k].exact.mean == y->rows[k].exact.mean);
    }
    experiment_free(x);
    experiment_free(y);
    model_free(stages[0]);
    model_free(stages[1]);
}

static void moves_by_hand(void **state)
{
    (void)state;
    struct model *model = model_of("ABAC", 0);
    struct contender_music *music = contender_music_open(model, NULL);
    assert_non_null(music);
    /* Sent A B C, a beat of rest, then C A (the entry): A B is legal, B C is not, C A is. */
    static const uint32_t beat[] = {0, 1, 2, 4, 5};
    static const uint8_t sent[] = {60, 62, 64, 64, 60};
    struct take_played take[5];
    memset(take, 0, sizeof take);
    for (int k = 0; k < 5; k++)
        take[k].note.position = 4.0 * beat[k] + (k == 1 ? 3 : 0);
    uint64_t moves = 0, legal = 0;
    contender_count_moves(music, take, 5, sent, &moves, &legal);
    assert_int_equal(moves, 3);
    assert_int_equal(legal, 2);
    contender_music_close(music);
    model_free(model);
}

static bool stop_at_once(void *context, size_t done, size_t all)
{
    assert_true(done <= all);
    ++*(size_t *)context;
    return false;
}

static void what_cannot_be_compared_is_refused(void **state)
{
    (void)state;
    struct model *stages[] = {model_of(piece_beats, 0), model_of("ABCD", 10)};
    struct take_note notes[64];
    struct experiment_piece piece = {notes, truth_of(piece_beats, notes)};
    struct experiment_settings settings = experiment_defaults();
    settings.sarsa_steps = 10000;
    struct error error = {""};
    const struct model *const *models = (const struct model *const *)stages;
    assert_null(experiment_run(models, 2, &piece, 1, &settings, NULL, NULL, &error));
    assert_non_null(strstr(error.text, "not stages of one training"));
    assert_null(experiment_run(models, 0, &piece, 1, &settings, NULL, NULL, &error));
    assert_null(experiment_run(models, 1, &piece, 0, &settings, NULL, NULL, &error));
    assert_non_null(strstr(error.text, "no notes"));
    settings.repeats = 1;
    assert_null(experiment_run(models, 1, &piece, 1, &settings, NULL, NULL, &error));
    assert_non_null(strstr(error.text, "repeats"));
    settings.repeats = 20;
    size_t calls = 0;
    assert_null(experiment_run(models, 1, &piece, 1, &settings, stop_at_once, &calls, &error));
    assert_int_equal(calls, 1);
    model_free(stages[0]);
    model_free(stages[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_fit_one_another),
        cmocka_unit_test(moves_by_hand),
        cmocka_unit_test(what_cannot_be_compared_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
