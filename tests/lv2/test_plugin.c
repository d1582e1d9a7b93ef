/* The plugin against the filter itself, in blocks of every length; its paths, its worker and
 * its state; and that run() does what an audio thread may. */
#include "base/rng.h"
#include "filter/filter.h"
#include "host.h"
#include "realtime.h"
#include "tests/correct/music.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define REPERTOIRE "urn:audiogenrl:corrector#repertoire"
#define STYLE "urn:audiogenrl:corrector#style"

enum { RATE = 48000, MOST = 4096 };

/* --- What is played --- */

struct input {
    uint64_t frame;
    uint8_t byte[3];
    uint8_t meant; /* of a strike of the composed piece */
};

static struct input played[MOST];
static size_t inputs;

static int by_frame(const void *a, const void *b)
{
    const struct input *first = a, *second = b;
    if (first->frame != second->frame)
        return first->frame < second->frame ? -1 : 1;
    /* Releases come before strikes. */
    return (first->byte[0] & 0x10) - (second->byte[0] & 0x10);
}

static void add(double seconds, uint8_t status, uint8_t first, uint8_t second)
{
    assert_true(inputs < MOST);
    played[inputs++] =
        (struct input){(uint64_t)llround(seconds * RATE), {status, first, second}, first};
}

/* A composed piece with slips, notes that overlap, pedals. */
static void make_playing(uint64_t seed, double slot)
{
    struct song *song = music_compose(MUSIC_PIANO, 7, 3);
    struct playing playing = {0};
    struct rng rng;
    rng_seed(&rng, seed, 0);
    playing_add(&playing, song, 0, 24 * MUSIC_BAR);
    playing_shift(&playing, &rng, .1, 2);
    playing_drop(&playing, &rng, .05);
    inputs = 0;
    for (size_t i = 0; i < playing.count; i++) {
        double at = .5 + playing.note[i].slot * slot + .004 * rng_double(&rng);
        add(at, 0x90, playing.note[i].pitch, 80);
        played[inputs - 1].meant = playing.meant[i];
        add(at + slot * (.5 + 2 * rng_double(&rng)), 0x80, playing.note[i].pitch, 40);
        if (i % 9 == 0)
            add(at + .01, 0xB0, 64, (uint8_t)(i % 128));
    }
    qsort(played, inputs, sizeof *played, by_frame);
    playing_free(&playing);
    song_free(song);
}

/* --- The filter itself --- */

struct reference {
    struct filter *filter;
    struct host_event event[MOST * 2];
    size_t sent;
};

static struct reference reference;

static void take_sent(void *context, const struct midi_event *event)
{
    (void)context;
    assert_true(reference.sent < MOST * 2);
    struct host_event *sent = &reference.event[reference.sent++];
    *sent = (struct host_event){.seconds = event->seconds, .length = event->length + 1};
    sent->byte[0] = event->status;
    memcpy(sent->byte + 1, event->data, event->length);
}

static void start_reference(struct corrector *corrector, const struct filter_settings *settings)
{
    reference.sent = 0;
    reference.filter = filter_open(settings, take_sent, NULL, NULL);
    assert_non_null(reference.filter);
    filter_set_corrector(reference.filter, corrector);
}

static void play_reference(const struct input *input)
{
    const struct midi_event event = {.seconds = (double)input->frame / RATE,
                                     .status = input->byte[0],
                                     .data = input->byte + 1,
                                     .length = 2};
    filter_event(reference.filter, &event);
    filter_settle(reference.filter);
}

static void assert_same(struct host *host)
{
    const struct host_event *event;
    size_t count = host_sent(host, &event);
    assert_int_equal(count, reference.sent);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(event[i].length, reference.event[i].length);
        assert_memory_equal(event[i].byte, reference.event[i].byte, event[i].length);
        assert_true(fabs(event[i].seconds - reference.event[i].seconds) < 1e-9);
    }
}

/* How many note-ons stand on another pitch than they were played on. */
static size_t count_changed(struct host *host)
{
    const struct host_event *event;
    size_t count = host_sent(host, &event), changed = 0, next = 0;
    for (size_t i = 0; i < count; i++) {
        if (event[i].byte[0] != 0x90)
            continue;
        while (played[next].byte[0] != 0x90)
            next++;
        changed += event[i].byte[1] != played[next++].byte[1];
    }
    return changed;
}

/* --- The plugin --- */

static char folder[] = "plugin.XXXXXX";

static struct host *open_plugin(enum host_worker worker)
{
    return host_open(PLUGIN_MODULE, PLUGIN_BUNDLE, RATE, worker);
}

/* Blocks of random lengths; `between` (NULL: nothing) is called before each. */
static void play(struct host *host, uint64_t seed, size_t first, size_t last,
                 void (*between)(struct host *host))
{
    struct rng rng;
    rng_seed(&rng, seed, 0);
    for (size_t next = first; next < last;) {
        uint32_t frames = 1 + (uint32_t)(rng_double(&rng) * 256);
        uint64_t begin = host_frames(host);
        if (between)
            between(host);
        for (; next < last && played[next].frame < begin + frames; next++)
            host_midi(host, (uint32_t)(played[next].frame - begin), played[next].byte, 3);
        host_run(host, frames);
    }
}

static struct model *save_piece(const char *name)
{
    char path[64];
    struct model *model = music_model_of(MUSIC_PIANO, 7, 3);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(model_save(model, path, NULL), 0);
    return model;
}

static int set_up(void **state)
{
    char cache[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(cache, sizeof cache, "%s/cache", folder);
    setenv("CACHE_DIRECTORY", cache, 1);
    model_free(save_piece("piece.model"));
    return 0;
}

static int tear_down(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static void no_faults(void)
{
    if (realtime_counts())
        assert_int_equal(host_faults(), 0);
}

/* --- As the filter --- */

static void compare(enum correct_mode mode, bool rolling)
{
    const struct model *models[2];
    struct filter_settings settings = filter_defaults();
    settings.correct.mode = mode;
    if (rolling)
        settings.clock = (struct clock_settings){CLOCK_FIXED, 120};
    struct model *style = model_load(PLUGIN_STYLE, NULL), *piece = save_piece("piece.model");
    models[0] = style;
    models[1] = piece;
    struct corrector *corrector = corrector_open(models, 2, &settings.correct, NULL);
    make_playing(3 + (uint64_t)mode, .125);
    start_reference(corrector, &settings);
    struct host *host = open_plugin(HOST_AT_ONCE);
    host_control(host, HOST_MODE, (float)mode);
    host_set_path(host, 0, REPERTOIRE, folder);
    /* The host is an eighth of a beat before a beat: it falls 62.5 ms later. */
    if (rolling)
        host_position(host, 0, 1, 120, 6.875);
    host_run(host, 64);
    if (rolling)
        filter_tap(reference.filter, .0625);
    play(host, 5, 0, inputs, NULL);
    for (size_t i = 0; i < inputs; i++)
        play_reference(&played[i]);
    assert_same(host);
    if (mode == CORRECT_OFF)
        assert_int_equal(count_changed(host), 0);
    else
        assert_true(count_changed(host) > 10);
    no_faults();
    host_close(host);
    filter_close(reference.filter);
    corrector_close(corrector);
    model_free(piece);
    model_free(style);
}

static void test_as_the_filter(void **state)
{
    (void)state;
    for (enum correct_mode mode = CORRECT_OFF; mode <= CORRECT_GENERATE; mode++)
        compare(mode, false);
}

/* Music that is in no piece depends on the beat. */
static void test_beat_of_the_host(void **state)
{
    (void)state;
    compare(CORRECT_CORRECT, true);
}

/* What the clock does not take is as if the host stood still: the beat is found in the playing. */
static void test_beat_too_fast(void **state)
{
    (void)state;
    static const double tempos[] = {120, 600};
    for (int t = 0; t < 2; t++) {
        double tempo = tempos[t];
        struct filter_settings settings = filter_defaults();
        if (tempo < 400)
            settings.clock = (struct clock_settings){CLOCK_FIXED, tempo};
        struct model *style = model_load(PLUGIN_STYLE, NULL);
        const struct model *models[] = {style};
        struct corrector *corrector = corrector_open(models, 1, &settings.correct, NULL);
        make_playing(11, .125);
        start_reference(corrector, &settings);
        struct host *host = open_plugin(HOST_AT_ONCE);
        host_position(host, 0, 1, 120, NAN);
        host_position(host, 0, 1, tempo, NAN);
        host_run(host, 64);
        play(host, 5, 0, inputs, NULL);
        for (size_t i = 0; i < inputs; i++)
            play_reference(&played[i]);
        assert_same(host);
        host_close(host);
        filter_close(reference.filter);
        corrector_close(corrector);
        model_free(style);
    }
}

/* --- Paths and the worker --- */

/* As the service hands over: the new corrector is told the last notes first. */
static void hand_over(struct corrector *corrector)
{
    static struct correct_note past[FILTER_RECALL];
    size_t count = filter_recall(reference.filter, past, FILTER_RECALL);
    for (size_t i = 0; i < count; i++)
        corrector_release(corrector, corrector_note(corrector, &past[i]));
    filter_set_corrector(reference.filter, corrector);
}

/* Until nothing is asked for in two blocks: an answer may lead to another question. */
static void work(struct host *host)
{
    for (int idle = 0; idle < 2; idle++) {
        if (host_work(host) > 0)
            idle = -1;
        host_run(host, 64);
    }
}

/* A piece is chosen in the middle of the playing, and the worker takes its time. */
static void test_worker_later(void **state)
{
    const struct filter_settings settings = filter_defaults();
    (void)state;
    struct model *piece = save_piece("piece.model");
    const struct model *models[] = {piece};
    struct corrector *before = corrector_open(NULL, 0, &settings.correct, NULL);
    struct corrector *after = corrector_open(models, 1, &settings.correct, NULL);
    make_playing(9, .125);
    struct host *host = open_plugin(HOST_LATER);
    host_set_path(host, 0, STYLE, "");
    host_run(host, 64);
    work(host);
    size_t half = inputs / 2;
    play(host, 1, 0, half, NULL);
    assert_int_equal(count_changed(host), 0);
    host_set_path(host, 0, REPERTOIRE, folder);
    host_run(host, 64);
    work(host);
    while (played[half].frame < host_frames(host))
        half++; /* the blocks between */
    /* Who knows the place mends the very first notes; who does not, does not. */
    for (size_t i = half, slips = 0; slips < 4; i++)
        if (played[i].byte[0] == 0x90) {
            played[i].byte[1] = (uint8_t)(played[i].meant + 1);
            slips++;
        }
    play(host, 2, half, inputs, NULL);
    start_reference(before, &settings);
    for (size_t i = 0; i < inputs; i++) {
        if (i == half)
            hand_over(after);
        if (i < inputs / 2 || i >= half)
            play_reference(&played[i]);
    }
    assert_same(host);
    no_faults();
    host_close(host);
    filter_close(reference.filter);
    corrector_close(before);
    corrector_close(after);
    model_free(piece);
}

static void test_get_all(void **state)
{
    const struct host_told *told;
    (void)state;
    struct host *host = open_plugin(HOST_LATER);
    host_get(host, 0, NULL);
    host_run(host, 64);
    assert_int_equal(host_told(host, &told), 2);
    assert_string_equal(told[0].property, REPERTOIRE);
    assert_string_equal(told[0].path, "");
    assert_string_equal(told[1].property, STYLE);
    assert_string_equal(told[1].path, PLUGIN_BUNDLE "/default.model");
    host_close(host);
}

/* Wrong notes in the piece that was learned from a MIDI file are mended. */
static size_t play_minuet(struct host *host)
{
    static const uint8_t right[] = {74, 67, 69, 71, 72, 74, 67, 67, 76, 72, 74, 76, 78, 79, 67, 67};
    static const uint8_t length[] = {2, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2};
    double at = (double)host_frames(host) / RATE + .5;
    size_t good = 0, count = 0;
    const struct host_event *event;
    inputs = 0;
    for (size_t i = 0; i < sizeof right; i++) {
        uint8_t key = (uint8_t)(right[i] + (i % 6 == 5));
        add(at, 0x90, key, 80);
        add(at + .2, 0x80, key, 40);
        at += .25 * length[i];
    }
    host_forget(host);
    play(host, 3, 0, inputs, NULL);
    size_t sent = host_sent(host, &event);
    for (size_t i = 0; i < sent; i++)
        if (event[i].byte[0] == 0x90)
            good += event[i].byte[1] == right[count++];
    return good;
}

static void test_one_file(void **state)
{
    (void)state;
    struct host *host = open_plugin(HOST_AT_ONCE);
    host_set_path(host, 0, STYLE, "");
    host_set_path(host, 0, REPERTOIRE, PLUGIN_PIECE);
    host_run(host, 64);
    assert_non_null(strstr(host_logged(host), "has joined"));
    assert_true(play_minuet(host) >= 15);
    no_faults();
    host_close(host);
}

static void test_what_cannot_be_read_is_said(void **state)
{
    (void)state;
    struct host *host = open_plugin(HOST_AT_ONCE);
    host_set_path(host, 0, REPERTOIRE, "/nonexistent/folder");
    host_run(host, 64);
    assert_non_null(strstr(host_logged(host), "/nonexistent/folder: cannot read the folder"));
    host_close(host);
}

/* --- State --- */

static void test_state(void **state)
{
    struct host_state saved, again;
    const struct host_told *told;
    (void)state;
    for (enum host_worker worker = HOST_WITHOUT; worker <= HOST_LATER; worker++) {
        struct host *host = open_plugin(worker);
        host_save(host, &saved);
        assert_string_equal(saved.repertoire, "");
        assert_string_equal(saved.style, "");
        assert_false(saved.no_style);

        saved = (struct host_state){.no_style = true};
        snprintf(saved.repertoire, sizeof saved.repertoire, "~%s", PLUGIN_PIECE);
        assert_int_equal(host_restore(host, &saved), 0);
        host_save(host, &again); /* before a block was run */
        assert_string_equal(again.repertoire, saved.repertoire);
        assert_true(again.no_style);
        host_get(host, 0, NULL);
        host_run(host, 64);
        assert_int_equal(host_told(host, &told), 2);
        assert_string_equal(told[0].path, PLUGIN_PIECE);
        assert_string_equal(told[1].path, "");
        work(host);
        assert_true(play_minuet(host) >= 15);
        no_faults();
        host_close(host);
    }
}

/* A path that was set is in the session at once; a session that is loaded counts more than what
 * was set before, though the worker was not told of it yet. */
static void test_state_before_the_worker(void **state)
{
    struct host_state saved, again;
    const struct host_told *told;
    (void)state;
    struct host *host = open_plugin(HOST_LATER);
    host_set_path(host, 0, REPERTOIRE, "/set");
    host_run(host, 64);
    host_save(host, &saved);
    assert_string_equal(saved.repertoire, "~/set");
    host_set_path(host, 0, REPERTOIRE, "/set/again");
    host_run(host, 64);
    strcpy(saved.repertoire, "~/restored");
    assert_int_equal(host_restore(host, &saved), 0);
    work(host);
    host_save(host, &again);
    assert_string_equal(again.repertoire, "~/restored");
    host_get(host, 0, NULL);
    host_run(host, 64);
    assert_int_equal(host_told(host, &told), 2);
    assert_string_equal(told[0].path, "/restored");
    assert_non_null(strstr(host_logged(host), "/restored: cannot read the folder"));
    host_close(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_the_filter), cmocka_unit_test(test_beat_of_the_host),
        cmocka_unit_test(test_worker_later),  cmocka_unit_test(test_get_all),
        cmocka_unit_test(test_one_file),      cmocka_unit_test(test_what_cannot_be_read_is_said),
        cmocka_unit_test(test_state),         cmocka_unit_test(test_state_before_the_worker),
        cmocka_unit_test(test_beat_too_fast),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
