/* Hours of playing: no memory is asked for, and a note costs at the end what it
 * cost at the beginning. Every way to ask for memory is caught by the linker. */
#include "music.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

static uint64_t calls;

void *__wrap_malloc(size_t size)
{
    calls++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    calls++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    calls++;
    return __real_realloc(memory, size);
}

void __wrap_free(void *memory)
{
    calls++;
    __real_free(memory);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void opening_asks_for_memory(void **state)
{
    (void)state;
    uint64_t before = calls;
    struct model *model = music_model_of(MUSIC_PIANO, 1, 1);
    assert_true(calls > before + 10);
    before = calls;
    struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
    assert_true(calls > before);
    before = calls;
    corrector_close(corrector);
    assert_true(calls > before);
    model_free(model);
}

/* Everything that may be called on the event path, in all modes. */
static void notes_ask_for_no_memory(void **state)
{
    (void)state;
    struct song *songs[] = {music_compose(MUSIC_PIANO, 1, 8), music_compose(MUSIC_MELODY, 2, 8)};
    struct model *model = music_model(songs, 2);
    struct correct_settings settings = correct_defaults();
    struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
    struct playing playing = {0};
    struct rng rng;
    rng_seed(&rng, 1, 0);
    for (size_t n = 0; n < 20; n++) {
        uint32_t bar = rng_below(&rng, 60);
        playing_add(&playing, model_song(model, n % 2), bar * MUSIC_BAR, (bar + 4) * MUSIC_BAR);
        playing_rest(&playing, rng_below(&rng, 100));
    }
    playing_shift(&playing, &rng, .3, 5);
    assert_true(playing.count > 500);
    uint64_t before = calls;
    for (int mode = CORRECT_OFF; mode <= CORRECT_GENERATE; mode++) {
        settings.mode = (enum correct_mode)mode;
        corrector_set(corrector, &settings, NULL);
        for (size_t i = 0; i < playing.count; i++) {
            struct correct_note note = playing.note[i];
            note.slot += mode * playing.end;
            note.seconds += mode * playing.end / 8;
            uint8_t sent = corrector_note(corrector, &note);
            corrector_place(corrector);
            corrector_release(corrector, sent);
        }
    }
    assert_int_equal(calls, before);
    playing_free(&playing);
    corrector_close(corrector);
    model_free(model);
}

enum { BLOCKS = 40, AT_ENDS = 8 };

/* The least time of some blocks is that of the blocks nobody else disturbed. */
static double least(const double *time, int count)
{
    double best = time[0];
    for (int i = 1; i < count; i++)
        best = time[i] < best ? time[i] : best;
    return best;
}

/* Plays the playing over and over until a million notes are done; returns how
 * much longer a note takes at the end than at the beginning, and what was right
 * of the last round. */
static double play_long(struct corrector *corrector, struct playing *playing, size_t notes,
                        double *right)
{
    double time[BLOCKS] = {0};
    size_t rounds = notes / playing->count / BLOCKS + 1;
    double slot = 0;
    for (int block = 0; block < BLOCKS; block++) {
        double began = seconds();
        for (size_t round = 0; round < rounds; round++, slot += playing->end)
            for (size_t i = 0; i < playing->count; i++) {
                struct correct_note note = playing->note[i];
                note.slot += slot;
                note.seconds += slot / 8;
                playing->sent[i] = corrector_note(corrector, &note);
                corrector_release(corrector, playing->sent[i]);
            }
        time[block] = seconds() - began;
    }
    *right = playing_tally(playing, 0).right;
    return least(time + BLOCKS - AT_ENDS, AT_ENDS) / least(time, AT_ENDS);
}

static void a_million_notes_of_a_piece(void **state)
{
    (void)state;
    struct model *model = music_model_of(MUSIC_PIANO, 3, 8);
    struct corrector *corrector = music_corrector(model, CORRECT_CORRECT);
    struct playing playing = {0};
    struct rng rng;
    double right;
    rng_seed(&rng, 1, 0);
    playing_add(&playing, model_song(model, 0), 0, model_song(model, 0)->slots);
    playing_shift(&playing, &rng, .1, 2);
    playing_rest(&playing, 16);
    uint64_t before = calls;
    double slower = play_long(corrector, &playing, 1000000, &right);
    assert_int_equal(calls, before);
    print_message("  a note at the end costs %.2f of one at the beginning; right %.2f\n", slower,
                  right);
    assert_true(right > 98);
    assert_true(slower < 3);
    playing_free(&playing);
    corrector_close(corrector);
    model_free(model);
}

/* What was heard once and never again fades away, and costs nothing for it. */
static void what_fades_costs_nothing(void **state)
{
    (void)state;
    static const enum correct_mode modes[] = {CORRECT_CORRECT, CORRECT_SCALE};
    static const struct song_note few[] = {{0, 60}, {1, 62}, {2, 64}, {3, 67}};
    for (int m = 0; m < 2; m++) {
        struct model *model = music_model_of(MUSIC_PIANO, 4, 2);
        struct song *song = music_written(few, 4);
        struct corrector *corrector = music_corrector(model, modes[m]);
        struct playing playing = {0};
        double right;
        for (int p = 0; p < 128; p++) {
            struct correct_note note = {0, p, (uint8_t)p, 64, false};
            corrector_release(corrector, corrector_note(corrector, &note));
        }
        playing_rest(&playing, 128);
        for (int n = 0; n < 100; n++)
            playing_add(&playing, song, 0, song->slots);
        double slower = play_long(corrector, &playing, 100000, &right);
        print_message("  mode %d: a note at the end costs %.2f of one at the beginning\n",
                      (int)modes[m], slower);
        assert_true(slower < 3);
        playing_free(&playing);
        song_free(song);
        corrector_close(corrector);
        model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_asks_for_memory),
        cmocka_unit_test(notes_ask_for_no_memory),
        cmocka_unit_test(a_million_notes_of_a_piece),
        cmocka_unit_test(what_fades_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
