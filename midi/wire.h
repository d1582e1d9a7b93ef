/* A wire: MIDI messages with their times from one thread to another.
 *
 * One writer and one reader, without locks or system calls; each may be a thread that must
 * not wait. A message goes in whole or not at all. */
#ifndef MIDI_WIRE_H
#define MIDI_WIRE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    WIRE_BYTES = 1 << 17,          /* that can wait; a power of two */
    WIRE_MESSAGE = WIRE_BYTES / 2, /* bytes of the longest message */
};

/* A plain struct; zeroed, it is empty. */
struct wire {
    _Alignas(64) atomic_uint written; /* bytes since the start */
    _Alignas(64) atomic_uint read;
    _Alignas(64) uint8_t byte[WIRE_BYTES];
};

/* The writer: a message of `status`, unless it is below 0, and `length` bytes. False: there is
 * no room for it. */
bool wire_write(struct wire *wire, double seconds, int status, const uint8_t *bytes,
                uint32_t length);

/* The reader: the time and the length of the next message; false: there is none. */
bool wire_peek(const struct wire *wire, double *seconds, uint32_t *length);

/* The reader: takes the message that wire_peek has told of; NULL: drops it. */
void wire_read(struct wire *wire, uint8_t *bytes);

/* Either thread. */
bool wire_is_empty(const struct wire *wire);

#endif
