#include "piece_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

void write_file(const char *path, const void *bytes, size_t length)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, length, stream), length);
    assert_int_equal(fclose(stream), 0);
}

size_t read_file(const char *path, unsigned char *bytes)
{
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    size_t length = fread(bytes, 1, PIECE_FILE_MOST, stream);
    assert_true(length < PIECE_FILE_MOST);
    fclose(stream);
    return length;
}

size_t make_piece(unsigned char *bytes, int notes, int first_pitch, int ticks, int off)
{
    size_t at = 0;
    memcpy(bytes, "MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\0", 22);
    at = 22;
    for (int i = 0; i < notes; i++) {
        int pitch = first_pitch + i * i % 13, gap = ticks + off * (i * 37 % 11);
        const unsigned char note[] = {0,
                                      0x90,
                                      (unsigned char)pitch,
                                      64,
                                      (unsigned char)(0x80 | gap >> 7),
                                      (unsigned char)(gap & 127),
                                      0x80,
                                      (unsigned char)pitch,
                                      64};
        memcpy(bytes + at, note, sizeof note);
        at += sizeof note;
    }
    memcpy(bytes + at, "\0\xff\x2f\0", 4);
    at += 4;
    for (int i = 0; i < 4; i++)
        bytes[18 + i] = (unsigned char)((at - 22) >> (24 - 8 * i));
    return at;
}

void write_piece(const char *path, int notes, int first_pitch)
{
    static unsigned char bytes[PIECE_FILE_MOST];
    write_file(path, bytes, make_piece(bytes, notes, first_pitch, 240, 0));
}
