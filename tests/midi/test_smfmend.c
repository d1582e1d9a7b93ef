/* Each kind of fault that is mended: the file that comes out, and what is said. */
#include "base/error.h"
#include "bytes.h"
#include "midi/midifile.h"
#include "midi/smfcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define C 0, 0x90, 60, 64, 10, 60, 0
#define D 0, 0x90, 62, 64, 10, 62, 0

/* One track of C, with its End of Track. */
static struct bytes plain(void)
{
    struct bytes file = bytes_header(0, 1, 96);
    TRACK(&file, C, END);
    return file;
}

/* Tracks of C and of D; each 8 + 11 bytes. */
static struct bytes pair(void)
{
    struct bytes file = bytes_header(1, 2, 96);
    TRACK(&file, C, END);
    TRACK(&file, D, END);
    return file;
}

enum { FIRST = 14, SECOND = FIRST + 8 + 11, LENGTH_END = 7 };

static void insert(struct bytes *file, size_t at, const void *bytes, size_t length)
{
    memmove(file->at + at + length, file->at + at, file->length - at);
    memcpy(file->at + at, bytes, length);
    file->length += length;
}

static void removed(struct bytes *file, size_t at, size_t length)
{
    memmove(file->at + at, file->at + at + length, file->length - at - length);
    file->length -= length;
}

/* `file` comes out as `want`, with this said; what came out needs no more mending. */
static void mended(const struct bytes *file, const struct bytes *want, const char *said)
{
    struct smfcheck check;
    struct error error = {""};
    char text[1024];
    if (smfcheck_run(file->at, file->length, "f.mid", &check, &error) != 0)
        fail_msg("%s", error.text);
    smfmend_text(&check.mended, "f.mid", text, sizeof text);
    assert_string_equal(text, said);
    assert_int_equal(check.length, want->length);
    assert_memory_equal(check.bytes, want->at, want->length);
    smfcheck_free(&check);
}

static void becomes(const struct bytes *file, const struct bytes *want, const char *said)
{
    char line[1024];
    snprintf(line, sizeof line, "f.mid: mended: %s", said);
    mended(file, want, line);
    mended(want, want, "");
}

static void data_bytes_above_127(void **state)
{
    (void)state;
    struct bytes file = bytes_header(0, 1, 96), want = file;
    TRACK(&file, 0, 0xB0, 7, 168, 0, 0x90, 60, 200, 10, 60, 0, 0, 0xE0, 255, 0x90, 0, 0xC0, 128, 0,
          0xF0, 3, 200, 201, 0xF7, END);
    TRACK(&want, 0, 0xB0, 7, 127, 0, 0x90, 60, 127, 10, 60, 0, 0, 0xE0, 127, 127, 0, 0xC0, 127, 0,
          0xF0, 3, 200, 201, 0xF7, END);
    becomes(&file, &want, "data byte above 127 set to 127 (4 times, first in track 1, byte 22)");
}

static void type_2_with_one_track(void **state)
{
    (void)state;
    struct bytes want = plain(), file = want;
    file.at[9] = 2;
    becomes(&file, &want, "type 2 with one track read as type 0 (byte 8)");
}

static void the_header_is_wrong(void **state)
{
    (void)state;
    struct bytes want = pair(), file = want;
    file.at[11] = 3;
    becomes(&file, &want, "wrong number of tracks in the header (byte 10)");
    file.at[11] = 2;
    file.at[9] = 0;
    becomes(&file, &want, "type 0 with several tracks read as type 1 (byte 8)");
}

static void cut_at_the_end(void **state)
{
    (void)state;
    struct bytes want = bytes_header(0, 1, 96);
    TRACK(&want, 0, 0x90, 60, 64, END);
    for (size_t left = 1; left <= 2; left++) {
        struct bytes file = plain();
        file.length = FIRST + 8 + 4 + left;
        becomes(&file, &want, "cut at the end, what is whole was read (track 1, byte 26)");
    }
    struct bytes file = plain();
    file.length = FIRST + 8 + 4;
    becomes(&file, &want, "cut at the end, what is whole was read (track 1, byte 26)");
    /* Inside End of Track. */
    for (size_t left = 0; left <= 3; left++) {
        want = file = plain();
        file.length = FIRST + 8 + 7 + left;
        becomes(&file, &want, "cut at the end, what is whole was read (track 1, byte 29)");
    }
    /* A track in the middle, cut by its own length: what follows is not lost. */
    file = pair();
    removed(&file, FIRST + 8 + 5, 6);
    file.at[FIRST + LENGTH_END] = 5;
    want = bytes_header(1, 2, 96);
    TRACK(&want, 0, 0x90, 60, 64, END);
    TRACK(&want, D, END);
    becomes(&file, &want, "cut at the end, what is whole was read (track 1, byte 26)");
}

static void cut_inside_a_chunks_header(void **state)
{
    (void)state;
    struct bytes file = pair(), want;
    file.length = SECOND + 6;
    want = file;
    want.at[11] = 1;
    struct smfcheck check;
    assert_int_equal(smfcheck_run(file.at, file.length, "f.mid", &check, NULL), 0);
    assert_int_equal(check.tracks, 1);
    smfcheck_free(&check);
    mended(&file, &want, "f.mid: mended: wrong number of tracks in the header (byte 10)");
}

static void end_of_track_missing(void **state)
{
    (void)state;
    struct bytes want = pair(), file = want;
    removed(&file, SECOND - 4, 4);
    file.at[FIRST + LENGTH_END] -= 4;
    becomes(&file, &want, "missing End of Track added (track 1, byte 29)");
    removed(&file, file.length - 4, 4);
    file.at[SECOND - 4 + LENGTH_END] -= 4;
    becomes(&file, &want, "missing End of Track added (2 times, first in track 1, byte 29)");
}

/* The second is carried along, so that nothing of the file is lost. */
static void several_files_in_one(void **state)
{
    (void)state;
    struct bytes file = plain(), second = pair();
    bytes_put(&file, second.at, second.length);
    mended(&file, &file, "f.mid: mended: several files in one, the first was read (byte 33)");
    insert(&file, 33, "\0\0\0", 3);
    mended(&file, &file, "f.mid: mended: several files in one, the first was read (byte 36)");
}

static void padding_between_chunks(void **state)
{
    (void)state;
    struct bytes want = pair();
    for (size_t length = 1; length <= 20; length++) {
        const char *const fills[] = {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                     "                    ",
                                     ("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                      "\xFF\xFF\xFF\xFF\xFF\xFF"),
                                     "MTMTrMTMTrMTMTrMTMTr"};
        for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++) {
            struct bytes file = want;
            insert(&file, SECOND, fills[i], length);
            becomes(&file, &want, "padding between chunks skipped (byte 33)");
            file = want;
            insert(&file, FIRST, fills[i], length);
            becomes(&file, &want, "padding between chunks skipped (byte 14)");
        }
    }
}

static void track_too_long(void **state)
{
    (void)state;
    struct bytes want = pair();
    /* Into the next chunk's header, through it, over the end of the file. */
    for (unsigned more = 1; more <= 255 - 11; more++) {
        struct bytes file = want;
        file.at[FIRST + LENGTH_END] = (uint8_t)(11 + more);
        becomes(&file, &want, "wrong track length (track 1, byte 18)");
    }
    struct bytes file = want;
    file.at[SECOND + 4] = 0x7F;
    becomes(&file, &want, "wrong track length (track 2, byte 37)");
    /* And without an End of Track: the next chunk's name ends it. */
    file = want;
    removed(&file, SECOND - 4, 4);
    becomes(&file, &want,
            "wrong track length (track 1, byte 18); missing End of Track added (track 1, byte 29)");
}

static void track_too_short(void **state)
{
    (void)state;
    struct bytes want = pair();
    for (uint8_t length = 0; length < 11; length++) {
        struct bytes file = want;
        file.at[FIRST + LENGTH_END] = length;
        becomes(&file, &want, "wrong track length (track 1, byte 18)");
        file = want;
        file.at[SECOND + LENGTH_END] = length;
        becomes(&file, &want, "wrong track length (track 2, byte 37)");
    }
}

static void bytes_after_an_end_of_track(void **state)
{
    (void)state;
    struct bytes file = bytes_header(0, 1, 96);
    TRACK(&file, C, END, D, END);
    mended(&file, &file, "f.mid: mended: bytes after an End of Track not read (track 1, byte 33)");
    file = bytes_header(0, 1, 96);
    TRACK(&file, C, END, 0, 0, 0);
    mended(&file, &file, "");
}

static void quantities_of_five_bytes(void **state)
{
    (void)state;
    struct bytes file = bytes_header(0, 1, 96), want = file;
    TRACK(&file, 0x80, 0x80, 0x80, 0x80, 0, 0x90, 60, 64, 0x80, 0x80, 0x80, 0x80, 0x81, 5, 60, 0, 0,
          0xFF, 1, 0x80, 0x80, 0x80, 0x80, 2, 'a', 'b', 0, 0xF0, 0x80, 0x80, 0x80, 0x80, 0x80, 1,
          0xF7, END);
    TRACK(&want, 0, 0x90, 60, 64, 0x81, 5, 60, 0, 0, 0xFF, 1, 2, 'a', 'b', 0, 0xF0, 1, 0xF7, END);
    becomes(&file, &want,
            "time or length of five bytes or more shortened (4 times, first in track 1, byte 22)");
    /* Four bytes are allowed, though fewer would do. */
    file = bytes_header(0, 1, 96);
    TRACK(&file, 0x80, 0x80, 0x80, 0, 0x90, 60, 64, 1, 60, 0, END);
    mended(&file, &file, "");
}

static void real_time_bytes_in_a_track(void **state)
{
    (void)state;
    struct bytes file = bytes_header(0, 1, 96), want = file;
    TRACK(&file, 0, 0x90, 60, 64, 5, 0xF8, 3, 0xFE, 2, 60, 0, 0, 0xF1, 0x35, 0, 0xF2, 1, 2, 0, 0xF3,
          9, 0, 0xF6, END);
    TRACK(&want, 0, 0x90, 60, 64, 5, 0xF7, 1, 0xF8, 3, 0xF7, 1, 0xFE, 2, 60, 0, 0, 0xF7, 2, 0xF1,
          0x35, 0, 0xF7, 3, 0xF2, 1, 2, 0, 0xF7, 2, 0xF3, 9, 0, 0xF7, 1, 0xF6, END);
    becomes(&file, &want,
            "real-time or common message kept as an F7 event (6 times, first in track 1, byte 26)");
}

static void wrappers(void **state)
{
    (void)state;
    struct bytes want = pair(), file = {.length = 0};
    bytes_put(&file, "RIFF\x3A\0\0\0RMIDINFO\3\0\0\0abc\0data\0\0\0\0", 32);
    file.at[28] = (uint8_t)want.length;
    bytes_put(&file, want.at, want.length);
    becomes(&file, &want, "RMID wrapper taken off (byte 0)");
    bytes_put(&file, "DLS \4\0\0\0abcd", 12);
    becomes(&file, &want, "RMID wrapper taken off (byte 0)");

    file = (struct bytes){.length = 128};
    memcpy(file.at + 1, "\7Minuet ", 8);
    memcpy(file.at + 65, "Midittxt", 8);
    file.at[86] = (uint8_t)want.length;
    bytes_put(&file, want.at, want.length);
    bytes_put(&file, "resources, and a MTrk \0\0\0\0", 26);
    becomes(&file, &want, "MacBinary header taken off (byte 0)");
}

static void several_faults_are_one_line(void **state)
{
    (void)state;
    struct bytes file = pair(), want = file;
    insert(&file, SECOND, "\0\0\0\0\0\0\0", 7);
    file.at[FIRST + 8 + 3] = 200;
    want.at[FIRST + 8 + 3] = 127;
    file.at[11] = 1;
    becomes(&file, &want,
            "wrong number of tracks in the header (byte 10); padding between chunks skipped (byte "
            "33); data byte above 127 set to 127 (track 1, byte 22)");
}

/* What is written is the mended file with other pitches, byte for byte. */
static void a_mended_file_is_rewritten(void **state)
{
    (void)state;
    struct bytes file = pair(), want = file;
    insert(&file, SECOND, "\0\0\0\0\0\0\0", 7);
    file.at[FIRST + LENGTH_END] += 8;
    file.at[FIRST + 8 + 3] = 200;
    want.at[FIRST + 8 + 3] = 127;
    want.at[SECOND + 8 + 2] = want.at[SECOND + 8 + 5] = 70;
    struct midifile *loaded = midifile_load_memory(file.at, file.length, "f.mid", NULL);
    assert_non_null(loaded);
    assert_string_equal(
        midifile_warning(loaded),
        "f.mid: mended: padding between chunks skipped (byte 33); wrong track length (track 1, "
        "byte 18); data byte above 127 set to 127 (track 1, byte 22)");
    assert_int_equal(midifile_set_pitch(loaded, 1, 70), 0);
    size_t length;
    const uint8_t *bytes = midifile_bytes(loaded, &length);
    assert_int_equal(length, want.length);
    assert_memory_equal(bytes, want.at, length);
    midifile_free(loaded);
    loaded = midifile_load_memory(want.at, want.length, "f.mid", NULL);
    assert_string_equal(midifile_warning(loaded), "");
    midifile_free(loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_bytes_above_127),
        cmocka_unit_test(type_2_with_one_track),
        cmocka_unit_test(the_header_is_wrong),
        cmocka_unit_test(cut_at_the_end),
        cmocka_unit_test(cut_inside_a_chunks_header),
        cmocka_unit_test(end_of_track_missing),
        cmocka_unit_test(several_files_in_one),
        cmocka_unit_test(padding_between_chunks),
        cmocka_unit_test(track_too_long),
        cmocka_unit_test(track_too_short),
        cmocka_unit_test(bytes_after_an_end_of_track),
        cmocka_unit_test(quantities_of_five_bytes),
        cmocka_unit_test(real_time_bytes_in_a_track),
        cmocka_unit_test(wrappers),
        cmocka_unit_test(several_faults_are_one_line),
        cmocka_unit_test(a_mended_file_is_rewritten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
