/* What passes as it is, what is refused, and with which words. */
#include "base/error.h"
#include "bytes.h"
#include "midi/smfcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
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

static void what_is_no_midi_file(void **state)
{
    (void)state;
    refused("", 0, "f.mid: is empty, expected a Standard MIDI File");
    refused("\1\2", 2, "f.mid: byte 0: only 2 bytes, too short for a Standard MIDI File");
    refused("\1\2\3\4\0", 5,
            "f.mid: byte 0: not a Standard MIDI File: found 01 02 03 04, expected 4D 54 68 64 "
            "(\"MThd\")");
    refused("MThd\0\0\0\6\0\1", 10, "f.mid: byte 10: the file ends inside its header");
    refused("MThd\0\0\0\5\0\1\0\1\0\x60", 14, "f.mid: byte 4: a header of 5 bytes, expected 6");
    refused("MThd\0\0\1\0\0\1\0\1\0\x60", 14, "f.mid: byte 14: the file ends inside its header");
    refused("RIFF\0\0\0\0RMIDINFO\2\0\0\0ab", 22,
            "f.mid: byte 22: an RMID file without the chunk \"data\" that should hold the music");
    struct bytes file = bytes_header(1, 1, 96);
    refused_file(&file, "f.mid: byte 14: no track found, expected \"MTrk\"");
}

static void refused_kind(const char *bytes, size_t length, const char *kind)
{
    char text[128];
    snprintf(text, sizeof text, "f.mid: is %s, expected a Standard MIDI File", kind);
    refused(bytes, length, text);
}

static void other_files_are_named(void **state)
{
    (void)state;
    refused_kind("RIFF\0\0\0\0WAVEfmt ", 16, "a WAV recording");
    refused_kind("ID3\4\0\0\0\0", 8, "an MP3 recording");
    refused_kind("\xFF\xFB\x90\x64\0", 5, "an MP3 recording");
    refused_kind("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16, "a picture");
    refused_kind("%PDF-1.4", 8, "a PDF document");
    refused_kind("PK\3\4\0", 5, "a zip archive");
    refused_kind("AGRL\0", 5, "an AudioGenRL model");
    refused_kind("<?xml version=\"1.0\"?>\n<score-partwise version=\"3.1\">", 52,
                 "a MusicXML score");
    refused_kind("<?xml version=\"1.0\"?>\n<museScore version=\"3\">", 44, "a MuseScore score");
    refused_kind("\n<!DOCTYPE html>\n<html>", 23, "a web page");
    refused_kind("<?xml version=\"1.0\"?>\n<list/>", 29, "an XML document");
    refused_kind("X:1\nT:Tune\n", 11, "a text file");
}

static void headers_that_cannot_be_carried(void **state)
{
    (void)state;
    struct bytes file = bytes_header(2, 2, 96);
    TRACK(&file, END);
    TRACK(&file, END);
    refused_file(&file, "f.mid: byte 8: a file of type 2 (independent sequences) with 2 tracks, "
                        "expected type 0 or 1; save it as type 1");
    file.at[9] = 3;
    refused_file(&file, "f.mid: byte 8: type 3, expected 0 or 1");
    file.at[9] = 1;
    file.at[12] = 0xE7, file.at[13] = 40;
    refused_file(&file, "f.mid: byte 12: time is counted in SMPTE frames, expected ticks a quarter "
                        "note; save it with a beat grid");
    file.at[12] = file.at[13] = 0;
    refused_file(&file, "f.mid: byte 12: 0 ticks a quarter note, expected 1 to 32767");
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
    REFUSED_TRACK("f.mid: byte 22, track 1: a time or length above 268435455, the most that can be "
                  "held",
                  0x81, 0x80, 0x80, 0x80, 0, 0x90, 60, 64, END);
    REFUSED_TRACK(
        "f.mid: byte 23, track 1: a data byte with no status before it, expected a status "
        "byte",
        0, 60, 64, END);
    uint8_t far[9 * 7];
    for (int i = 0; i < 9; i++)
        memcpy(far + 7 * i, "\xFF\xFF\xFF\x7F\x90\x3C\x40", 7);
    refused_track(far, sizeof far,
                  "f.mid: byte 78, track 1: a time beyond 2147483647 ticks, the last that can be "
                  "held");
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
        cmocka_unit_test(other_files_are_named),
        cmocka_unit_test(headers_that_cannot_be_carried),
        cmocka_unit_test(too_much),
        cmocka_unit_test(events_that_cannot_be_carried),
        cmocka_unit_test(what_passes_as_it_is),
        cmocka_unit_test(quantities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
