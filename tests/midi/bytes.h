/* Small Standard MIDI Files from the bytes of their tracks. */
#ifndef TESTS_MIDI_BYTES_H
#define TESTS_MIDI_BYTES_H

#include <stdint.h>
#include <string.h>

struct bytes {
    uint8_t at[4096];
    size_t length;
};

static inline void bytes_put(struct bytes *to, const void *bytes, size_t length)
{
    memcpy(to->at + to->length, bytes, length);
    to->length += length;
}

static inline struct bytes bytes_header(uint8_t format, uint8_t tracks, uint16_t division)
{
    struct bytes file = {.length = 0};
    const uint8_t head[14] = {'M',
                              'T',
                              'h',
                              'd',
                              0,
                              0,
                              0,
                              6,
                              0,
                              format,
                              0,
                              tracks,
                              (uint8_t)(division >> 8),
                              (uint8_t)division};
    bytes_put(&file, head, sizeof head);
    return file;
}

static inline void bytes_track(struct bytes *file, const void *events, size_t length)
{
    const uint8_t head[8] = {'M', 'T', 'r', 'k', 0, 0, (uint8_t)(length >> 8), (uint8_t)length};
    bytes_put(file, head, sizeof head);
    bytes_put(file, events, length);
}

/* TRACK(&file, 0, 0x90, 60, 64, ...): one track of these bytes. */
#define TRACK(file, ...)                                                                           \
    bytes_track((file), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#define END 0, 0xFF, 0x2F, 0

#endif
