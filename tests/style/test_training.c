/* Learning a style: lanes tell the truth about what they play, warm start and prior
 * learn and are the same for any number of threads, and PPO keeps to its bounds. */
#include "style/corpus.h"
#include "style/expect.h"
#include "style/trial.h"
#include "style/tune.h"
#include "style/warm.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORKS = 6, NOTES = 256, PHRASE = 32 };

/* Broken triads of a key, a phrase of two bars over and over. */
struct music {
    struct take_note note[WORKS][NOTES];
    struct style_song song[WORKS];
    struct style_work work[WORKS];
    struct style_work *list[WORKS];
    struct style_corpus corpus;
};

static char nameless[] = "";

static void compose(struct music *music)
{
    static const int scale[] = {0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19};
    struct rng rng;
    rng_seed(&rng, 11, 0);
    memset(music, 0, sizeof *music);
    for (int w = 0; w < WORKS; w++) {
        int step[PHRASE] = {0}, key = (int)rng_below(&rng, 12);
        for (int i = 0; i < PHRASE; i++)
            step[i] = (int)(i % 4 ? rng_below(&rng, 3) * 2 + (uint32_t)step[i / 4 * 4]
                                  : rng_below(&rng, 6));
        for (int i = 0; i < NOTES; i++)
            music->note[w][i] =
                (struct take_note){.position = i,
                                   .seconds = .125 * i,
                                   .duration = .1,
                                   .pitch = (uint8_t)(55 + key + scale[step[i % PHRASE]]),
                                   .velocity = 80};
        music->song[w] =
            (struct style_song){.voice = nameless, .note = music->note[w], .count = NOTES};
        music->work[w] = (struct style_work){.name = nameless, .song = &music->song[w], .songs = 1};
        music->list[w] = &music->work[w];
    }
    music->corpus = (struct style_corpus){.work = music->list, .works = WORKS};
}

/* The shift a lane names leads from the key struck to a pitch of the song, transposed. */
static void test_targets(void **state)
{
    (void)state;
    struct music *music = malloc(sizeof *music);
    struct style_playback *lane = malloc(sizeof *lane);
    assert_true(music && lane);
    compose(music);
    assert_int_equal(style_playback_open(lane, &music->corpus, 3, 4, NULL), 0);
    size_t wrong = 0, far = 0, songs = 0, found = 0, beside = 0;
    bool over = true;
    double last = 0;
    for (int i = 0; i < 20000; i++) {
        struct style_struck struck;
        assert_int_equal(style_playback_next(lane, &struck, NULL), 0);
        const struct take_played *played = &lane->take[lane->next];
        assert_int_equal(played->note.pitch, struck.x);
        assert_true(played->note.position == struck.position);
        assert_int_equal(struck.first, over);
        over = struck.last;
        songs += struck.first;
        found += struck.found && struck.first;
        assert_true(struck.first || struck.position >= last);
        last = struck.position;
        int meant_by = played->truth;
        beside += struck.found && meant_by >= 0 &&
                  remainder(struck.position - lane->truth[meant_by].position, 4) != 0;
        if (struck.target >= 0) {
            int meant = played->truth >= 0 ? played->truth : played->brushed;
            assert_int_equal(struck.x + struck.target - STYLE_RANGE, lane->truth[meant].pitch);
        }
        wrong += struck.target != STYLE_RANGE;
        far += struck.target < 0;
        style_playback_send(lane, STYLE_RANGE);
    }
    assert_true(wrong > 2000 && wrong < 8000);
    assert_true(far < 20);
    assert_true(songs > 20000 / NOTES - 2);
    assert_true(found > songs / 5 && found < songs / 2);
    assert_true(beside > 0);
    style_playback_close(lane);
    free(lane);
    free(music);
}

/* A work with a quarter of the notes is heard twice as often. */
static void test_works_are_drawn_by_the_root_of_their_notes(void **state)
{
    (void)state;
    struct music *music = malloc(sizeof *music);
    struct style_playback *lane = malloc(sizeof *lane);
    assert_true(music && lane);
    compose(music);
    for (int w = 1; w < WORKS; w += 2)
        music->song[w].count = NOTES / 4;
    assert_int_equal(style_playback_open(lane, &music->corpus, 3, 4, NULL), 0);
    int whole = 0, quarter = 0;
    while (whole + quarter < 1200) {
        struct style_struck struck;
        assert_int_equal(style_playback_next(lane, &struck, NULL), 0);
        whole += struck.first && lane->truth_count == NOTES;
        quarter += struck.first && lane->truth_count == NOTES / 4;
        lane->next = struck.first ? lane->count : lane->next + 1;
    }
    assert_true(quarter > 750 && quarter < 850);
    style_playback_close(lane);
    free(lane);
    free(music);
}

static void learn(const struct music *music, struct style_networks *networks, uint32_t threads,
                  uint64_t notes)
{
    struct warm_settings settings = {
        .notes = notes, .rate = .002, .decay = .01, .threads = threads, .seed = 5};
    assert_int_equal(style_networks_create(networks, 2, NULL), 0);
    struct expect_settings prior = {
        .notes = notes, .rate = .003, .decay = .01, .threads = threads, .seed = 5};
    assert_int_equal(expect_learn(networks->prior, &music->corpus, &prior, NULL, NULL, NULL), 0);
    assert_int_equal(warm_start(networks, &music->corpus, &settings, NULL, NULL, NULL), 0);
}

static void forget(struct style_networks *networks)
{
    style_networks_free(networks);
}

static void assert_same(const struct policy *a, const struct policy *b)
{
    assert_memory_equal(a->parameter, b->parameter, a->parameters * sizeof *a->parameter);
}

static void test_threads(void **state)
{
    (void)state;
    struct music *music = malloc(sizeof *music);
    struct style_networks one, three;
    assert_non_null(music);
    compose(music);
    learn(music, &one, 1, 6000);
    learn(music, &three, 3, 6000);
    assert_same(one.policy, three.policy);
    assert_same(one.prior, three.prior);
    forget(&one);
    forget(&three);
    free(music);
}

static struct accuracy_figures try(const struct music *music, const struct style_networks *networks,
                                   const char *errors, bool whole)
{
    struct accuracy score = {0};
    struct inject_spec spec;
    assert_int_equal(inject_parse(errors, &spec, NULL), 0);
    for (int w = 0; w < WORKS; w++)
        assert_int_equal(
            style_trial(networks, &music->song[w], &spec, 0, whole, 40 + (uint64_t)w, &score, NULL),
            0);
    return accuracy_figures(&score);
}

/* Of music this simple most mistakes are mended after a short training, by both. */
static void test_learning(void **state)
{
    (void)state;
#ifdef UNDER_SANITIZERS
    skip(); // a minute of the arithmetic of test_threads
#endif
    struct music *music = malloc(sizeof *music);
    struct style_networks networks;
    assert_non_null(music);
    compose(music);
    learn(music, &networks, 2, 200000);
    struct accuracy_figures wrong = try(music, &networks, "shift:p=0.2", false),
                            clean = try(music, &networks, "none", false),
                            all = try(music, &networks, "shift:p=0.2", true);
    print_message("  p=0.2: repaired %.1f kept %.2f; clean: kept %.2f\n", wrong.repaired,
                  wrong.kept, clean.kept);
    assert_true(all.exact >= wrong.exact);
    assert_true(wrong.repaired > 50 && wrong.kept > 95 && clean.kept > 97);
    struct tune_settings settings = tune_defaults();
    settings.playbacks = 16;
    settings.steps = 16 * 64 * 6;
    settings.seed = 3;
    struct style_networks twice[2];
    for (int i = 0; i < 2; i++) {
        settings.threads = i ? 3 : 1;
        assert_int_equal(style_networks_copy(&twice[i], &networks, NULL), 0);
        assert_int_equal(tune(&twice[i], &music->corpus, &settings, NULL, NULL, NULL), 0);
        assert_same(twice[i].prior, networks.prior);
    }
    assert_same(twice[0].policy, twice[1].policy);
    assert_memory_not_equal(twice[0].policy->parameter, networks.policy->parameter,
                            networks.policy->parameters * sizeof(float));
    struct accuracy_figures tuned = try(music, &twice[0], "shift:p=0.2", false);
    print_message("  after ppo: repaired %.1f kept %.2f\n", tuned.repaired, tuned.kept);
    assert_true(tuned.exact > wrong.exact - 2);
    forget(&twice[0]);
    forget(&twice[1]);
    forget(&networks);
    free(music);
}

static void test_nothing(void **state)
{
    (void)state;
    struct style_networks networks;
    struct style_corpus empty = {0};
    struct warm_settings settings = {.notes = 1, .rate = .001, .threads = 1};
    struct error error;
    assert_int_equal(style_networks_create(&networks, 1, NULL), 0);
    assert_int_equal(warm_start(&networks, &empty, &settings, NULL, NULL, &error), -1);
    assert_non_null(strstr(error.text, "no music"));
    struct expect_settings prior = {.notes = 1, .rate = .001, .threads = 1};
    assert_int_equal(expect_learn(networks.prior, &empty, &prior, NULL, NULL, &error), -1);
    assert_non_null(strstr(error.text, "no music"));
    forget(&networks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_works_are_drawn_by_the_root_of_their_notes),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_learning),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
