/* The invariants over long random streams: every kind of message and every
 * command mixed, under watch (watch.h). And that nothing is allocated after
 * opening, which glibc's own allocator counts.
 *
 *     test_stream [EVENTS [SEED]] */
#include "base/rng.h"
#include "rl/policy.h"
#include "watch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS 0
#endif
#endif
#ifndef COUNTS
#define COUNTS 1
#endif

#if COUNTS
static volatile uint64_t allocations; /* the compiler thinks that malloc changes nothing */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}
#endif

enum { CORRECTORS = 3, CHUNK = 300 };

static unsigned long events = 400000;
static unsigned long seed = 1;

/* --- Correctors on small pieces --- */

static struct model *make_model(uint64_t number)
{
    struct rng rng;
    rng_seed(&rng, seed, 100 + number);
    struct song_note notes[256];
    for (unsigned i = 0; i < 256; i++)
        notes[i] =
            (struct song_note){.slot = i / 2 * 2, .pitch = (uint8_t)(40 + rng_below(&rng, 48))};
    struct song *songs[] = {song_create("piece", 0, notes, 256, NULL)};
    struct process *process = beats_process((const struct song *const *)songs, 1, 1, NULL);
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct policy *policy = policy_create(&shape, 1, NULL);
    struct model_origin origin = {.algorithm = "counts", .policy = "table"};
    struct model *model = model_create(songs, 1, process, policy, &origin, NULL);
    assert_non_null(model);
    return model;
}

struct band {
    struct model *model[CORRECTORS];
    struct corrector *corrector[CORRECTORS];
};

static struct band band_open(void)
{
    struct band band;
    struct correct_settings settings = correct_defaults();
    for (unsigned i = 0; i < CORRECTORS; i++) {
        band.model[i] = make_model(i);
        const struct model *models[] = {band.model[i]};
        band.corrector[i] = corrector_open(models, i > 0, &settings, NULL);
        assert_non_null(band.corrector[i]);
    }
    return band;
}

static void band_close(struct band *band)
{
    for (unsigned i = 0; i < CORRECTORS; i++) {
        corrector_close(band->corrector[i]);
        model_free(band->model[i]);
    }
}

/* --- Random events and commands --- */

struct source {
    struct rng rng;
    double seconds;
    unsigned keys; /* played on: few, so that strikes and releases meet */
    unsigned channels;
    double rest; /* mean time between events */
    uint8_t bytes[CHUNK];
};

static unsigned below(struct source *source, unsigned bound)
{
    return rng_below(&source->rng, bound);
}

static double next_time(struct source *source)
{
    switch (below(source, 200)) {
    case 0:
        return source->seconds - 1;
    case 1:
        return NAN;
    case 2:
        return source->seconds += 11;
    default:
        if (below(source, 3))
            source->seconds += -log(1 - rng_double(&source->rng)) * source->rest;
        return source->seconds;
    }
}

static const uint8_t real_time[] = {0xF1, 0xF2, 0xF3, 0xF6, 0xF8, 0xF8, 0xF8, 0xF8,
                                    0xF8, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF, 0xF0, 0xF7};

static struct midi_event next_event(struct source *source)
{
    struct midi_event event = {.seconds = next_time(source), .data = source->bytes, .length = 2};
    unsigned channel = below(source, source->channels);
    source->bytes[0] = (uint8_t)(60 + below(source, source->keys) * 5 % 64);
    source->bytes[1] = (uint8_t)(1 + below(source, 127));
    unsigned kind = below(source, 100);
    if (kind < 40) {
        event.status = (uint8_t)(MIDI_NOTE_ON | channel);
    } else if (kind < 60) {
        event.status = (uint8_t)(MIDI_NOTE_OFF | channel);
    } else if (kind < 75) {
        event.status = (uint8_t)(MIDI_NOTE_ON | channel);
        source->bytes[1] = 0;
    } else if (kind < 80) {
        event.status = (uint8_t)(MIDI_POLY_AFTERTOUCH | channel);
    } else if (kind < 86) {
        event.status = (uint8_t)(MIDI_CONTROL_CHANGE | channel);
        source->bytes[0] = (uint8_t)(64 + below(source, below(source, 40) ? 4 : 64));
        source->bytes[1] = (uint8_t)below(source, 128);
        if (below(source, 50) == 0) { /* to a drum kit, or back */
            source->bytes[0] = 0;
            source->bytes[1] = (uint8_t)(127 * below(source, 2));
        }
    } else if (kind < 90) {
        event.status = (uint8_t)(0xC0 + 0x10 * below(source, 3) + channel);
        source->bytes[0] = (uint8_t)below(source, 128);
        event.length = midi_channel_length(event.status);
    } else if (kind < 99) {
        event.status = real_time[below(source, below(source, 8) ? 13 : sizeof real_time)];
        event.length = event.status == 0xF0 || event.status == 0xF7 ? below(source, CHUNK)
                       : event.status == 0xF2                       ? 2
                                                                    : 0;
    } else {
        event.status = (uint8_t)(128 + below(source, 128));
        event.length = below(source, 4);
        source->bytes[below(source, 2)] = (uint8_t)below(source, 256);
        event.data = event.length ? source->bytes : NULL;
    }
    return event;
}

static struct filter_trigger next_trigger(struct source *source)
{
    struct filter_trigger trigger = {.kind = below(source, 4),
                                     .number = (uint8_t)below(source, 128)};
    if (trigger.kind == FILTER_BY_CONTROL)
        trigger.number = (uint8_t)(64 + below(source, 4));
    if (trigger.kind == FILTER_BY_KEY)
        trigger.number = (uint8_t)(60 + below(source, source->keys) * 5 % 64);
    return trigger;
}

static struct filter_settings next_settings(struct source *source)
{
    struct filter_settings settings = filter_defaults();
    if (below(source, 2))
        settings.channels = (uint16_t)rng_next(&source->rng);
    if (below(source, 3) == 0) {
        settings.lowest = (uint8_t)below(source, 100);
        settings.highest = (uint8_t)(settings.lowest + below(source, 28));
    }
    settings.kits = below(source, 4) == 0;
    settings.bypass = below(source, 4) == 0;
    settings.correct.mode = below(source, 4);
    settings.correct.follow = (float)below(source, 3);
    settings.clock.source = below(source, 4);
    settings.clock.tempo = 40 + below(source, 200);
    if (below(source, 2) == 0) {
        settings.toggle_bypass = next_trigger(source);
        settings.next_mode = next_trigger(source);
        settings.panic = next_trigger(source);
        settings.tap = next_trigger(source);
    }
    return settings;
}

static void command(struct source *source, struct watch *watch, struct band *band)
{
    struct filter *filter = watch_filter(watch);
    struct filter_settings settings = next_settings(source);
    switch (below(source, 12)) {
    case 0:
        watch_release_all(watch, source->seconds);
        break;
    case 1:
    case 2:
        watch_set(watch, &settings);
        break;
    case 3:
        filter_set_bypass(filter, below(source, 2));
        break;
    case 4:
    case 5:
        filter_set_mode(filter, below(source, 4));
        break;
    case 6:
        watch_tap(watch, source->seconds);
        break;
    case 7:
        watch_set_corrector(watch, NULL);
        break;
    default:
        watch_set_corrector(watch, band->corrector[below(source, CORRECTORS)]);
        break;
    }
}

static void play(struct source *source, struct watch *watch, struct band *band, unsigned long count,
                 unsigned commands)
{
    for (unsigned long i = 0; i < count; i++) {
        struct midi_event event = next_event(source);
        watch_event(watch, &event);
        if (below(source, 4) == 0)
            filter_settle(watch_filter(watch));
        if (commands && below(source, commands) == 0)
            command(source, watch, band);
    }
}

static void stream(unsigned number, unsigned keys, unsigned channels, double rest)
{
    struct band band = band_open();
    struct source source = {.keys = keys, .channels = channels, .rest = rest};
    rng_seed(&source.rng, seed, number);
    struct filter_settings settings = filter_defaults();
    struct watch *watch = watch_open(&settings);
    watch_set_corrector(watch, band.corrector[1]);
    for (unsigned part = 0; part < 8; part++) {
        play(&source, watch, &band, events / 8 / 4, 20 + 200 * (part & 1));
        settings = next_settings(&source);
        source.seconds = 0;
        watch_reopen(watch, &settings);
    }
    assert_true(watch_notes(watch) > events / 32);
    assert_true(watch_corrected(watch) > watch_notes(watch) / 50);
    watch_close(watch);
    band_close(&band);
}

static void test_few_keys(void **state)
{
    (void)state;
    stream(1, 3, 1, 0.05);
}

static void test_hands(void **state)
{
    (void)state;
    stream(2, 24, 2, 0.1);
}

static void test_all_keys(void **state)
{
    (void)state;
    stream(3, 64, 16, 0.01);
}

static void test_flood(void **state)
{
    (void)state;
    stream(4, 64, 2, 0.0001);
}

/* A pitch that one key holds on and on, while another is struck on it again and again. */
static void test_backlog(void **state)
{
    (void)state;
    struct filter_settings settings = filter_defaults();
    struct watch *watch = watch_open(&settings);
    struct band band = band_open();
    watch_set_corrector(watch, band.corrector[1]);
    uint8_t data[2];
    settings.correct.mode = CORRECT_GENERATE;
    watch_set(watch, &settings);
    /* Everything held, then one key after another. */
    for (unsigned i = 0; i < 128 + 200000; i++) {
        data[0] = (uint8_t)(i < 128 ? i : 60 + i / 2 % 12);
        data[1] = i < 128 || i % 2 ? 64 : 0;
        struct midi_event event = {
            .seconds = i * 1e-5, .status = MIDI_NOTE_ON, .data = data, .length = 2};
        watch_event(watch, &event);
    }
    watch_close(watch);
    band_close(&band);
}

#if COUNTS
static void swallow(void *context, const struct midi_event *event)
{
    *(uint64_t *)context += event->length;
}
#endif

static void test_no_allocation(void **state)
{
    (void)state;
#if COUNTS
    struct band band = band_open();
    struct source source = {.keys = 24, .channels = 2, .rest = 0.1};
    rng_seed(&source.rng, seed, 9);
    struct filter_settings settings = filter_defaults();
    uint64_t bytes = 0;
    struct filter *filter = filter_open(&settings, swallow, &bytes, NULL);
    filter_set_corrector(filter, band.corrector[1]);
    uint64_t before = allocations;
    for (unsigned i = 0; i < 20000; i++) {
        struct midi_event event = next_event(&source);
        filter_event(filter, &event);
        if (i % 64 == 0) {
            settings = next_settings(&source);
            filter_set(filter, &settings, NULL);
        }
        if (i % 512 == 0)
            filter_set_corrector(filter, band.corrector[i / 512 % CORRECTORS]);
        if (i % 1000 == 0)
            filter_release_all(filter, source.seconds);
    }
    assert_int_equal(allocations - before, 0);
    assert_true(bytes > 20000);
    filter_close(filter);
    band_close(&band);
    /* The counter itself works. */
    before = allocations;
    void *volatile one = malloc(1);
    free(one);
    assert_int_equal(allocations - before, 1);
#else
    skip();
#endif
}

int main(int argc, char **argv)
{
    if (argc > 1)
        events = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoul(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_keys), cmocka_unit_test(test_hands),
        cmocka_unit_test(test_all_keys), cmocka_unit_test(test_flood),
        cmocka_unit_test(test_backlog),  cmocka_unit_test(test_no_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
