/* Human time: nothing but time changes, players differ, and what they play can be told
 * from the music only by its time. */
#include "style/player.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOTES = 400, PLAYERS = 60 };

/* Eighths, two notes on each beat, with a long rest in the middle. */
static size_t write_music(struct take_played *take)
{
    size_t count = 0;
    for (int i = 0; count + 2 <= NOTES; i++) {
        double position = 2 * i + (i > 80 ? 4000 : 0);
        for (int k = 0; k < (i % 2 ? 1 : 2); k++) {
            take[count] = (struct take_played){.truth = (int32_t)count, .brushed = TAKE_NONE};
            take[count].note = (struct take_note){.position = position,
                                                  .seconds = .25 * position,
                                                  .duration = .2,
                                                  .pitch = (uint8_t)(40 + 7 * k + i % 12),
                                                  .velocity = (uint8_t)(1 + count % 127)};
            count++;
        }
    }
    return count;
}

/* Every note is there once, as it was but for its time, which rises. */
static void test_time_alone(void **state)
{
    (void)state;
    struct take_played truth[NOTES], take[NOTES];
    size_t count = write_music(truth);
    for (uint64_t player = 0; player < PLAYERS; player++) {
        bool seen[NOTES] = {false};
        struct rng rng;
        rng_seed(&rng, 1, player);
        memcpy(take, truth, sizeof take);
        player_play(take, count, &rng);
        for (size_t i = 0; i < count; i++) {
            const struct take_note *note = &take[i].note, *was = &truth[take[i].truth].note;
            assert_false(seen[take[i].truth]);
            seen[take[i].truth] = true;
            assert_true(note->position == was->position);
            assert_int_equal(note->pitch, was->pitch);
            assert_int_equal(note->velocity, was->velocity);
            assert_true(isfinite(note->seconds) && note->seconds > 0);
            assert_true(note->duration > 0 && note->duration < 1);
            assert_true(i == 0 || note->seconds >= take[i - 1].note.seconds);
        }
    }
}

/* Eighths take their time: mostly a third of a beat to two thirds of it, a beat being what the
 * player has on the mean; a rest of a thousand beats does not last. */
static void test_tempo(void **state)
{
    (void)state;
    struct take_played truth[NOTES], take[NOTES];
    size_t count = write_music(truth);
    double slowest = 0, fastest = 10;
    for (uint64_t player = 0; player < PLAYERS; player++) {
        struct rng rng;
        double sum = 0, even = 0, steps = 0;
        rng_seed(&rng, 2, player);
        memcpy(take, truth, sizeof take);
        player_play(take, count, &rng);
        assert_true(take[count - 1].note.seconds < 400);
        for (int turn = 0; turn < 2; turn++)
            for (size_t i = 1; i < count; i++) {
                double slots = take[i].note.position - take[i - 1].note.position;
                double step = take[i].note.seconds - take[i - 1].note.seconds;
                if (slots < 1.5 || slots > 2.5)
                    continue;
                if (turn == 0) {
                    sum += step;
                    steps++;
                } else {
                    even += step > sum / steps * .67 && step < sum / steps * 1.33;
                }
            }
        assert_true(even > .8 * steps);
        slowest = fmax(slowest, sum / steps);
        fastest = fmin(fastest, sum / steps);
    }
    assert_true(fastest > .15 && fastest < .27);
    assert_true(slowest > .42 && slowest < .85);
}

static void test_seed(void **state)
{
    (void)state;
    struct take_played one[NOTES], two[NOTES];
    for (uint64_t player = 4; player < 6; player++) {
        size_t count = write_music(one), same = 0;
        write_music(two);
        struct rng a, b;
        rng_seed(&a, 3, 4);
        rng_seed(&b, 3, player);
        player_play(one, count, &a);
        player_play(two, count, &b);
        for (size_t i = 0; i < count; i++)
            same += !(one[i].note.seconds < two[i].note.seconds) &&
                    !(one[i].note.seconds > two[i].note.seconds);
        assert_true(player == 4 ? same == count : same < count / 10);
    }
    struct rng rng;
    rng_seed(&rng, 3, 4);
    player_play(one, 0, &rng);
    player_play(one, 1, &rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_alone),
        cmocka_unit_test(test_tempo),
        cmocka_unit_test(test_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
