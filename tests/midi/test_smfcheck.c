/* What is repaired, what is refused, and with which words. */
#include "base/error.h"
#include "bytes.h"
#include "midi/smfcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void refused(const void *bytes, size_t length, const char *text)
{
    struct smfcheck check;
    struct error error = {""};
    assert_int_equal(smfcheck_run(bytes, length, "f.mid", &check, &error), -1);
    assert_string_equal(error.text, text);
    assert_int_equal(smfcheck_run(bytes, length, "f.mid", &check, NULL), -1);
}

static void refused_file(const struct bytes *file, const char *text)
{
    refused(file->at, file->length, text);
}

static struct smfcheck accepted(const struct bytes *file)
{
    struct smfcheck check;
    struct error error = {""};
    if (smfcheck_run(file->at, file->length, "f.mid", &check, &error) != 0)
        fail_msg("%s", error.text);
    return check;
}

static void same_bytes(const struct bytes *file)
{
    struct smfcheck check = accepted(file);
    assert_int_equal(check.length, file->length);
    assert_memory_equal(check.bytes, file->at, file->length);
    smfcheck_free(&check);
}

static void becomes(const struct bytes *file, const struct bytes *want)
{
    struct smfcheck check = accepted(file);
    assert_int_equal(check.length, want->length);
    assert_memory_equal(check.bytes, want->at, want->length);
    smfcheck_free(&check);
}

static void what_is_no_midi_file(void **state)
{
    (void)state;
    refused("", 0, "f.mid: is empty, expected a Standard MIDI File");
    refused("MT", 2, "f.mid: byte 0: only 2 bytes, too short for a Standard MIDI File");
    refused("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16,
            "f.mid: byte 0: not a Standard MIDI File: found 89 50 4E 47, expected 4D 54 68 64 "
            "(\"MThd\")");
    refused("MThd\0\0\0\6\0\1", 10, "f.mid: byte 10: the file ends inside its header");
    refused("MThd\0\0\0\5\0\1\0\1\0\x60", 14, "f.mid: byte 4: a header of 5 bytes, expected 6");
    refused("MThd\0\0\1\0\0\1\0\1\0\x60", 14, "f.mid: byte 14: the file ends inside its header");
    refused("RIFF\0\0\0\0WAVEfmt ", 16,
            "f.mid: byte 8: a RIFF file that holds no MIDI, expected \"RMID\"");
    refused("RIFF\0\0\0\0RMIDINFO\2\0\0\0ab", 22,
            "f.mid: byte 22: an RMID file without the chunk \"data\" that should hold the music");
    struct bytes file = bytes_header(1, 1, 96);
    refused_file(&file, "f.mid: byte 14: no track found, expected \"MTrk\"");
}

static void headers_that_cannot_be_carried(void **state)
{
    (void)state;
    struct bytes file = bytes_header(2, 1, 96);
    TRACK(&file, END);
    refused_file(&file,
                 "f.mid: byte 8: a file of type 2 (independent sequences), expected type 0 or "
                 "1; save it as type 1");
    file.at[9] = 3;
    refused_file(&file, "f.mid: byte 8: type 3, expected 0 or 1");
    file.at[9] = 1;
    file.at[12] = 0xE7, file.at[13] = 40;
    refused_file(&file, "f.mid: byte 12: time is counted in SMPTE frames, expected ticks a quarter "
                        "note; save it with a beat grid");
    file.at[12] = file.at[13] = 0;
    refused_file(&file, "f.mid: byte 12: 0 ticks a quarter note, expected 1 to 32767");
    file.at[13] = 96;
    bytes_put(&file, file.at, file.length);
    refused_file(&file, "f.mid: byte 26: a second header, expected a track; are these two files in "
                        "one?");
}

static void too_much(void **state)
{
    (void)state;
    size_t length = (size_t)SMFCHECK_MAX_BYTES + 1;
    uint8_t *bytes = calloc(length, 1);
    assert_non_null(bytes);
    refused(bytes, length, "f.mid: larger than 64 MiB, the most that is read");
    memcpy(bytes, bytes_header(1, 1, 96).at, 14);
    for (size_t at = 14; at < 14 + 8 * 65536; at += 8)
        memcpy(bytes + at, "MTrk\0\0\0", 8);
    refused(bytes, 14 + 8 * 65536, "f.mid: byte 524294: more than 65535 tracks");
    struct smfcheck check;
    assert_int_equal(smfcheck_run(bytes, 14 + 8 * 65535, "f.mid", &check, NULL), 0);
    assert_int_equal(check.tracks, 65535);
    assert_int_equal(check.events, 65535);
    smfcheck_free(&check);
    free(bytes);
}

static void refused_track(const uint8_t *events, size_t length, const char *text)
{
    struct bytes file = bytes_header(1, 1, 96);
    bytes_track(&file, events, length);
    refused_file(&file, text);
}

#define REFUSED_TRACK(text, ...)                                                                   \
    refused_track((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), text)

static void events_that_cannot_be_carried(void **state)
{
    (void)state;
    REFUSED_TRACK("f.mid: byte 22, track 1: a time or length of more than four bytes, expected at "
                  "most four",
                  0x80, 0x80, 0x80, 0x80, 0, 0x90, 60, 64, END);
    REFUSED_TRACK(
        "f.mid: byte 23, track 1: a data byte with no status before it, expected a status "
        "byte",
        0, 60, 64, END);
    REFUSED_TRACK(
        "f.mid: byte 25, track 1: a status byte inside an event, expected a data byte of 0 "
        "to 127",
        0, 0x90, 60, 0xFF, END);
    REFUSED_TRACK(
        "f.mid: byte 23, track 1: a real-time or common message (0xF1 to 0xFE), which files "
        "may hold inside an F7 event only",
        0, 0xF8, END);
    REFUSED_TRACK("f.mid: byte 24, track 1: a SysEx or meta event longer than what is left of its "
                  "track",
                  0, 0xF0, 10, 1, 2, 0xF7);
    REFUSED_TRACK(
        "f.mid: byte 23, track 1: the track ends inside an event, expected its status byte", 5);
    REFUSED_TRACK(
        "f.mid: byte 24, track 1: the track ends inside an event, expected its data bytes", 0, 0x90,
        60);
    REFUSED_TRACK("f.mid: byte 24, track 1: the track ends inside an event, expected the type of a "
                  "meta event",
                  0, 0xFF);
    REFUSED_TRACK("f.mid: byte 25, track 1: the track ends inside an event, expected its time or "
                  "length",
                  0, 0xFF, 1);
    uint8_t far[9 * 7];
    for (int i = 0; i < 9; i++)
        memcpy(far + 7 * i, "\xFF\xFF\xFF\x7F\x90\x3C\x40", 7);
    refused_track(far, sizeof far,
                  "f.mid: byte 78, track 1: a time beyond 2147483647 ticks, the last that can be "
                  "held");
}

static void a_file_cut_short(void **state)
{
    (void)state;
    struct bytes file = bytes_header(1, 2, 96);
    TRACK(&file, END);
    TRACK(&file, 0, 0x90, 60, 64, 10, 61, 64, 20, 0x80, 60, 0, END);
    struct bytes cut = file;
    cut.length -= 6;
    refused_file(&cut,
                 "f.mid: byte 43, track 2 (the file is shorter than this track says): the track "
                 "ends inside an event, expected its data bytes");
    /* Between two events it is taken up to there. */
    cut.length = file.length - 8;
    struct bytes want = bytes_header(1, 2, 96);
    TRACK(&want, END);
    TRACK(&want, 0, 0x90, 60, 64, 10, 61, 64, END);
    becomes(&cut, &want);
    /* Inside a chunk's header the track is not there at all. */
    cut.length = 14 + 12 + 5;
    struct smfcheck check = accepted(&cut);
    assert_int_equal(check.tracks, 1);
    smfcheck_free(&check);
}

static void what_is_repaired(void **state)
{
    (void)state;
    struct bytes want = bytes_header(1, 2, 96);
    TRACK(&want, 0, 0x90, 60, 64, END);
    TRACK(&want, END);
    for (uint8_t told = 0; told < 5; told++) {
        struct bytes file = want;
        file.at[11] = told;
        becomes(&file, &want);
        file.at[9] = 0;
        becomes(&file, &want);
    }
    struct bytes file = bytes_header(1, 2, 96);
    TRACK(&file, 0, 0x90, 60, 64);
    bytes_track(&file, "", 0);
    becomes(&file, &want);

    struct bytes wrapped = {.length = 0};
    bytes_put(&wrapped, "RIFF\x3A\0\0\0RMIDINFO\3\0\0\0abc\0data\x2A\0\0\0", 32);
    bytes_put(&wrapped, want.at, want.length);
    wrapped.at[28] = (uint8_t)want.length;
    becomes(&wrapped, &want);
    bytes_put(&wrapped, "DLS \4\0\0\0abcd", 12);
    becomes(&wrapped, &want);

    struct bytes lying = want;
    lying.at[14 + 8 + 8 + 4] = 0x7F; /* the second track's length */
    becomes(&lying, &want);
}

static void what_passes_as_it_is(void **state)
{
    (void)state;
    struct bytes file = bytes_header(1, 1, 480);
    bytes_put(&file, "XFIH\0\0\0\3abc", 11);
    TRACK(&file, 0, 0xF0, 2, 1, 0xF7, 0, 0xF0, 1, 1, 0, 0xF7, 1, 0xF7, 0, 0xF7, 3, 0x90, 60, 64, 0,
          0x90, 60, 64, 0, 0xFF, 1, 1, 65, 5, 61, 64, 0x80, 0, 0xC0, 5, 0, 7, 0, 0xFF, 0x2F, 0, 0,
          0x90, 1, 1);
    bytes_put(&file, "XKM\0\0\0\0\1a", 9);
    bytes_put(&file, "tail", 4);
    same_bytes(&file);
    struct smfcheck check = accepted(&file);
    assert_int_equal(check.events, 10);
    smfcheck_free(&check);
}

static void quantities(void **state)
{
    (void)state;
    uint8_t bytes[4];
    assert_int_equal(smf_put_quantity(bytes, 0), 1);
    assert_memory_equal(bytes, "\0", 1);
    assert_int_equal(smf_put_quantity(bytes, 0x80), 2);
    assert_memory_equal(bytes, "\x81\0", 2);
    assert_int_equal(smf_put_quantity(bytes, 0x1FFFFF), 3);
    assert_memory_equal(bytes, "\xFF\xFF\x7F", 3);
    assert_int_equal(smf_put_quantity(bytes, 0x0FFFFFFF), 4);
    assert_memory_equal(bytes, "\xFF\xFF\xFF\x7F", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_midi_file),
        cmocka_unit_test(headers_that_cannot_be_carried),
        cmocka_unit_test(too_much),
        cmocka_unit_test(events_that_cannot_be_carried),
        cmocka_unit_test(a_file_cut_short),
        cmocka_unit_test(what_is_repaired),
        cmocka_unit_test(what_passes_as_it_is),
        cmocka_unit_test(quantities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
