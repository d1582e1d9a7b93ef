/* Files by example: what is read from them, what a new pitch changes, what
 * happens where they cannot be read or written. */
#include "bytes.h"
#include "midi/midifile.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct midifile *load_bytes(const struct bytes *bytes)
{
    struct error error = {""};
    struct midifile *file = midifile_load_memory(bytes->at, bytes->length, "f.mid", &error);
    if (!file)
        fail_msg("%s", error.text);
    return file;
}

static void same_note(const struct midifile *file, uint32_t index, struct midifile_note want)
{
    uint32_t count;
    const struct midifile_note *note = midifile_notes(file, &count);
    assert_in_range(index, 0, count - 1);
    note += index;
    assert_int_equal(note->track, want.track);
    assert_int_equal(note->tick, want.tick);
    assert_int_equal(note->duration_ticks, want.duration_ticks);
    assert_int_equal(note->channel, want.channel);
    assert_int_equal(note->pitch, want.pitch);
    assert_int_equal(note->velocity, want.velocity);
    assert_int_equal(note->released, want.released);
    assert_true(fabs(note->seconds - want.seconds) < 1e-12);
}

static void notes_and_their_releases(void **state)
{
    (void)state;
    struct bytes bytes = bytes_header(1, 2, 100);
    /* Two held on one key, the first ends first; one ended by velocity 0; one never. */
    TRACK(&bytes, 0, 0x90, 60, 1, 10, 60, 2, 10, 0x80, 60, 9, 10, 0x90, 60, 0, 0, 0x93, 70, 3, 70,
          0xFF, 0x2F, 0);
    TRACK(&bytes, 0, 0x90, 60, 4, 50, 60, 0, END);
    struct midifile *file = load_bytes(&bytes);
    uint32_t count;
    midifile_notes(file, &count);
    assert_int_equal(count, 4);
    same_note(file, 0, (struct midifile_note){0, 0, 20, 0, 60, 1, true, 0});
    same_note(file, 1, (struct midifile_note){1, 0, 50, 0, 60, 4, true, 0});
    same_note(file, 2, (struct midifile_note){0, 10, 20, 0, 60, 2, true, 0.05});
    same_note(file, 3, (struct midifile_note){0, 30, 70, 3, 70, 3, false, 0.15});
    assert_int_equal(midifile_length_ticks(file), 100);
    assert_true(fabs(midifile_length_seconds(file) - 0.5) < 1e-12);
    midifile_free(file);
}

static void releases_in_another_track(void **state)
{
    (void)state;
    struct bytes bytes = bytes_header(1, 2, 100);
    TRACK(&bytes, 0, 0x90, 60, 1, 5, 60, 2, 5, 60, 0, 90, 0xFF, 0x2F, 0);
    TRACK(&bytes, 7, 0xA0, 60, 5, 13, 0x80, 60, 0, 10, 60, 0, END);
    struct midifile *file = load_bytes(&bytes);
    same_note(file, 0, (struct midifile_note){0, 0, 10, 0, 60, 1, true, 0});
    same_note(file, 1, (struct midifile_note){0, 5, 15, 0, 60, 2, true, 0.025});
    assert_int_equal(midifile_set_pitch(file, 1, 61), 0);
    size_t length;
    const uint8_t *now = midifile_bytes(file, &length);
    assert_int_equal(length, bytes.length);
    struct bytes want = bytes_header(1, 2, 100);
    TRACK(&want, 0, 0x90, 60, 1, 5, 61, 2, 5, 60, 0, 90, 0xFF, 0x2F, 0);
    TRACK(&want, 7, 0xA0, 61, 5, 13, 0x80, 61, 0, 10, 60, 0, END);
    assert_memory_equal(now, want.at, want.length);
    midifile_free(file);
}

static void a_new_pitch_takes_release_and_aftertouch_along(void **state)
{
    (void)state;
    struct bytes bytes = bytes_header(0, 1, 100);
    TRACK(&bytes, 0, 0x90, 60, 1, 1, 0xA0, 60, 7, 1, 0x90, 62, 2, 1, 0xA0, 60, 8, 0, 62, 9, 1, 0x80,
          60, 3, 0, 0xA0, 60, 5, 1, 0x80, 62, 4, 1, 60, 5, END);
    struct midifile *file = load_bytes(&bytes);
    assert_int_equal(midifile_set_pitch(file, 0, 64), 0);
    assert_int_equal(midifile_set_pitch(file, 1, 64), 0);
    size_t length;
    struct bytes want = bytes_header(0, 1, 100);
    TRACK(&want, 0, 0x90, 64, 1, 1, 0xA0, 64, 7, 1, 0x90, 64, 2, 1, 0xA0, 64, 8, 0, 64, 9, 1, 0x80,
          64, 3, 0, 0xA0, 60, 5, 1, 0x80, 64, 4, 1, 60, 5, END);
    assert_memory_equal(midifile_bytes(file, &length), want.at, want.length);
    /* Both on one number now, yet each keeps its own release. */
    assert_int_equal(midifile_set_pitch(file, 0, 0), 0);
    assert_int_equal(midifile_set_pitch(file, 1, 127), 0);
    want = bytes_header(0, 1, 100);
    TRACK(&want, 0, 0x90, 0, 1, 1, 0xA0, 0, 7, 1, 0x90, 127, 2, 1, 0xA0, 0, 8, 0, 127, 9, 1, 0x80,
          0, 3, 0, 0xA0, 60, 5, 1, 0x80, 127, 4, 1, 60, 5, END);
    assert_memory_equal(midifile_bytes(file, &length), want.at, want.length);
    assert_int_equal(length, want.length);
    assert_int_equal(midifile_set_pitch(file, 2, 60), -1);
    assert_int_equal(midifile_set_pitch(file, 0, 128), -1);
    assert_memory_equal(midifile_bytes(file, &length), want.at, want.length);
    midifile_free(file);
}

static void time_meter_and_key(void **state)
{
    (void)state;
    struct bytes bytes = bytes_header(1, 2, 96);
    TRACK(&bytes, 0, 0xFF, 0x58, 4, 3, 2, 24, 8, 0, 0xFF, 0x59, 2, 0xFD, 1, 96, 0xFF, 0x51, 3, 0x0F,
          0x42, 0x40, 0, 0xFF, 0x51, 3, 0, 0, 0, 96, 0xFF, 0x58, 2, 6, 3, 0, 0xFF, 0x59, 2, 4, 0,
          END);
    TRACK(&bytes, 96, 0xFF, 0x51, 3, 0x03, 0xD0, 0x90, 96, 0xFF, 0x51, 2, 1, 1, 0, 0x90, 60, 64,
          END);
    struct midifile *file = load_bytes(&bytes);
    uint32_t count;
    const struct midifile_tempo *tempo = midifile_tempos(file, &count);
    assert_int_equal(count, 2);
    assert_int_equal(tempo[0].microseconds, 500000);
    assert_int_equal(tempo[1].tick, 96);
    assert_int_equal(tempo[1].microseconds, 250000);
    assert_true(fabs(tempo[1].seconds - 0.5) < 1e-12);
    assert_true(fabs(midifile_seconds(file, 48) - 0.25) < 1e-12);
    assert_true(fabs(midifile_seconds(file, 192) - 0.75) < 1e-12);
    const struct midifile_meter *meter = midifile_meters(file, &count);
    assert_int_equal(count, 2);
    assert_int_equal(meter[0].numerator, 3);
    assert_int_equal(meter[0].denominator, 4);
    assert_int_equal(meter[1].tick, 192);
    assert_int_equal(meter[1].numerator, 6);
    assert_int_equal(meter[1].denominator, 8);
    struct midifile_key key = midifile_key(file);
    assert_true(key.known && key.minor);
    assert_int_equal(key.sharps, -3);
    same_note(file, 0, (struct midifile_note){1, 192, 0, 0, 60, 64, false, 0.75});
    midifile_free(file);
}

static void names_are_fit_to_be_shown(void **state)
{
    (void)state;
    static const struct {
        const char *stored, *shown;
    } name[] = {
        {"PIANO", "PIANO"},
        {" a\tb\x1b[31m\r\n", "a b [31m"},
        {"Gr\xC3\xBC\xC3\x9F", "Grüß"},
        {"Gr\xFC\xDF", "Grüß"},
        {"\xC3", "Ã"},
        {"\xED\xA0\x80x", "\xC3\xAD\xC2\xA0 x"},
        {"\xC2\x9B"
         "31m",
         "31m"},
        {"\xF0\x9F\x8E\xB9", "\xF0\x9F\x8E\xB9"},
    };
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        struct bytes bytes = bytes_header(0, 1, 96), track = {.length = 0};
        size_t length = strlen(name[i].stored);
        bytes_put(&track, (uint8_t[]){0, 0xFF, 3, (uint8_t)length}, 4);
        bytes_put(&track, name[i].stored, length);
        bytes_put(&track, (uint8_t[]){END}, 4);
        bytes_track(&bytes, track.at, track.length);
        struct midifile *file = load_bytes(&bytes);
        assert_string_equal(midifile_track_name(file, 0), name[i].shown);
        midifile_free(file);
    }
    struct bytes bytes = bytes_header(0, 1, 96), track = {.length = 0};
    bytes_put(&track, (uint8_t[]){0, 0xFF, 3, 0x82, 0x2C}, 5);
    for (int i = 0; i < 150; i++)
        bytes_put(&track, "ü", 2);
    bytes_put(&track, (uint8_t[]){END}, 4);
    bytes_track(&bytes, track.at, track.length);
    struct midifile *file = load_bytes(&bytes);
    assert_int_equal(strlen(midifile_track_name(file, 0)), 254);
    midifile_free(file);
}

static void events_in_order(void **state)
{
    (void)state;
    struct bytes bytes = bytes_header(1, 2, 96);
    TRACK(&bytes, 5, 0x90, 60, 64, 0, 61, 64, END);
    TRACK(&bytes, 0, 0xF0, 3, 1, 2, 0xF7, 5, 0xB1, 64, 127, 0, 0xFF, 1, 2, 'h', 'i', END);
    struct midifile *file = load_bytes(&bytes);
    static const uint8_t status[] = {0xF0, 0x90, 0x90, 0xFF, 0xB1, 0xFF, 0xFF};
    assert_int_equal(midifile_events(file), 7);
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(midifile_event(file, i).status, status[i]);
    struct midi_event event = midifile_event(file, 0);
    assert_int_equal(event.length, 3);
    assert_memory_equal(event.data, "\1\2\xF7", 3);
    event = midifile_event(file, 5);
    assert_true(midi_is_meta(&event, MIDI_META_TEXT));
    assert_memory_equal(event.data, "hi", 2);
    assert_int_equal(event.track, 1);
    assert_int_equal(midifile_event_note(file, 2), 1);
    assert_int_equal(midifile_event_note(file, 4), MIDIFILE_NONE);
    event = midifile_event(file, 4);
    assert_true(midi_is_channel(&event) && !midi_is_note_on(&event) && !midi_is_note_off(&event));
    assert_int_equal(midi_channel(&event), 1);
    midifile_free(file);
}

static void notes_rewritten(void **state)
{
    (void)state;
    struct bytes bytes = bytes_header(0, 1, 96);
    TRACK(&bytes, 0, 0xB0, 64, 127, 10, 0x90, 60, 64, 0, 0xB0, 64, 0, 10, 0x80, 60, 33, 0, 0x90, 62,
          50, 10, 62, 0, END);
    struct midifile *file = load_bytes(&bytes);
    /* One dropped, one moved later and lengthened past the end, one added. */
    const struct midifile_new_note list[] = {
        {.tick = 25, .duration_ticks = 20, .source = 1, .pitch = 65, .velocity = 50},
        {.tick = 10, .duration_ticks = 15, .source = MIDIFILE_NONE, .pitch = 40, .velocity = 7},
    };
    struct error error = {""};
    struct midifile *made = midifile_rewrite_notes(file, list, 2, &error);
    assert_non_null(made);
    struct bytes want = bytes_header(0, 1, 96);
    TRACK(&want, 0, 0xB0, 64, 127, 10, 0xB0, 64, 0, 0, 0x90, 40, 7, 15, 0x80, 40, 64, 0, 0x90, 65,
          50, 20, 0x90, 65, 0, END);
    size_t length;
    const uint8_t *got = midifile_bytes(made, &length);
    assert_int_equal(length, want.length);
    assert_memory_equal(got, want.at, length);
    midifile_free(made);

    struct midifile_new_note bad = {.track = 1, .velocity = 1, .source = MIDIFILE_NONE};
    assert_null(midifile_rewrite_notes(file, &bad, 1, &error));
    assert_string_equal(error.text, "f.mid: new note 0: its track is not in the file");
    bad = (struct midifile_new_note){.source = MIDIFILE_NONE};
    assert_null(midifile_rewrite_notes(file, &bad, 1, &error));
    bad = (struct midifile_new_note){.velocity = 1, .source = 2};
    assert_null(midifile_rewrite_notes(file, &bad, 1, &error));
    bad = (struct midifile_new_note){
        .velocity = 1, .source = MIDIFILE_NONE, .tick = 1, .duration_ticks = 0x7FFFFFFF};
    assert_null(midifile_rewrite_notes(file, &bad, 1, &error));
    bad = (struct midifile_new_note){.velocity = 1, .source = MIDIFILE_NONE, .tick = 0x10000100};
    assert_null(midifile_rewrite_notes(file, &bad, 1, &error));
    assert_string_equal(error.text,
                        "f.mid: nothing happens in track 1 after tick 10 for longer than a "
                        "file can say");
    midifile_free(file);
}

static void refused_path(const char *path, const char *text)
{
    struct error error = {""};
    assert_null(midifile_load(path, &error));
    assert_string_equal(error.text, text);
}

static void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, length, stream), length);
    assert_int_equal(fclose(stream), 0);
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    refused_path("no/such.mid", "no/such.mid: cannot open: No such file or directory");
    refused_path("/", "/: is a folder, expected a file");
    refused_path("/dev/null", "/dev/null: is a device, expected a file");
    if (geteuid() != 0) {
        write_file("secret.mid", "MThd", 4);
        assert_int_equal(chmod("secret.mid", 0), 0);
        refused_path("secret.mid", "secret.mid: cannot open: Permission denied");
        unlink("secret.mid");
    }
}

static void saving(void **state)
{
    (void)state;
    struct bytes bytes = bytes_header(0, 1, 96);
    TRACK(&bytes, 0, 0x90, 60, 64, 5, 60, 0, END);
    struct error error = {""};
    write_file("in.mid", bytes.at, bytes.length);
    struct midifile *file = midifile_load("in.mid", &error);
    assert_non_null(file);
    midifile_set_pitch(file, 0, 61);
    assert_int_equal(midifile_save(file, "in.mid", &error), 0); /* over the one it came from */
    struct midifile *again = midifile_load("in.mid", &error);
    assert_non_null(again);
    same_note(again, 0, (struct midifile_note){0, 0, 5, 0, 61, 64, true, 0});
    assert_int_equal(midifile_checksum(file), 0xA908CAB6u);
    assert_int_not_equal(midifile_checksum(again), midifile_checksum(file));
    assert_int_equal(midifile_save(file, "/dev/full", &error), -1);
    assert_string_equal(error.text, "/dev/full: cannot write: No space left on device");
    assert_int_equal(midifile_save(file, "no/such/out.mid", &error), -1);
    assert_int_equal(midifile_save(file, "/", &error), -1);
    unlink("in.mid");
    midifile_free(again);
    midifile_free(file);
}

/* libsmf logs through GLib; nothing of it may be seen, however GLib is told to log. */
static void nothing_is_printed(void **state)
{
    (void)state;
    struct bytes bytes = bytes_header(0, 2, 96);
    TRACK(&bytes, 0, 0xFF, 0x51, 3, 0, 0, 0, 0, 0xFF, 0x58, 1, 4, 0, 0xF7, 1, 0xF8, 0, 0xF0, 0);
    setenv("G_MESSAGES_DEBUG", "all", 1);
    fflush(stdout);
    int out = dup(1), err = dup(2), log = open("log.txt", O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(log, 1);
    dup2(log, 2);
    struct midifile *file = load_bytes(&bytes);
    fflush(stdout);
    dup2(out, 1);
    dup2(err, 2);
    midifile_free(file);
    assert_int_equal(lseek(log, 0, SEEK_END), 0);
    close(log);
    close(out);
    close(err);
    unlink("log.txt");
}

/* A sanitizer's own memory drowns what is measured. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

/* Peak memory of a load in a process of its own, in bytes above what it began with. */
static size_t load_cost(const uint8_t *bytes, size_t length)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rusage before, after;
        getrusage(RUSAGE_SELF, &before);
        alarm(60);
        struct midifile *file = midifile_load_memory(bytes, length, "dense", NULL);
        getrusage(RUSAGE_SELF, &after);
        size_t cost = file ? (size_t)(after.ru_maxrss - before.ru_maxrss) * 1024 : 0;
        _exit(write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
    }
    size_t cost = 0;
    int status;
    close(ends[1]);
    assert_int_equal(read(ends[0], &cost, sizeof cost), sizeof cost);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return cost;
}

/* The densest files there are, one kind of event each. */
static void memory_is_bounded_by_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } event[] = {
        {"\0\x3C\x40", 3},         /* notes never released, running status */
        {"\0\x05", 2},             /* program changes, running status */
        {"\0\xFF\x51\3\1\2\3", 7}, /* tempo changes */
        {"\0\xF7\1\xF8", 4},       /* escapes */
        {"\0\xA0\x3C\1", 4},       /* aftertouch */
    };
    enum { LENGTH = 6 << 20 };
    if (SANITIZED)
        skip();
    uint8_t *bytes = malloc(LENGTH);
    assert_non_null(bytes);
    for (size_t i = 0; i < sizeof event / sizeof event[0]; i++) {
        memcpy(bytes, bytes_header(0, 1, 96).at, 14);
        memcpy(bytes + 14, "MTrk\x7F\xFF\xFF\xFF", 8);
        size_t at = 22;
        memcpy(bytes + at, i == 1 ? "\0\xC0\0" : "\0\x90\x3C\x40", 4);
        at += i == 1 ? 3 : 4;
        for (; at + event[i].length <= LENGTH; at += event[i].length)
            memcpy(bytes + at, event[i].bytes, event[i].length);
        size_t cost = load_cost(bytes, at);
        print_message("kind %zu: %.1f times the file\n", i, (double)cost / LENGTH);
        assert_in_range(cost, LENGTH, 32u * (size_t)LENGTH);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_and_their_releases),
        cmocka_unit_test(releases_in_another_track),
        cmocka_unit_test(a_new_pitch_takes_release_and_aftertouch_along),
        cmocka_unit_test(time_meter_and_key),
        cmocka_unit_test(names_are_fit_to_be_shown),
        cmocka_unit_test(events_in_order),
        cmocka_unit_test(notes_rewritten),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(saving),
        cmocka_unit_test(nothing_is_printed),
        cmocka_unit_test(memory_is_bounded_by_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
