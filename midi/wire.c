/* Counters grow without end and wrap together; the ring's place is their lowest bits. */
#include "midi/wire.h"

#include <string.h>

struct head {
    double seconds;
    uint32_t length;
};

static void put(struct wire *wire, unsigned at, const void *bytes, uint32_t length)
{
    uint32_t place = at % WIRE_BYTES, first = WIRE_BYTES - place;
    if (first > length)
        first = length;
    memcpy(wire->byte + place, bytes, first);
    memcpy(wire->byte, (const uint8_t *)bytes + first, length - first);
}

static void get(const struct wire *wire, unsigned at, void *bytes, uint32_t length)
{
    uint32_t place = at % WIRE_BYTES, first = WIRE_BYTES - place;
    if (first > length)
        first = length;
    memcpy(bytes, wire->byte + place, first);
    memcpy((uint8_t *)bytes + first, wire->byte, length - first);
}

bool wire_write(struct wire *wire, double seconds, int status, const uint8_t *bytes,
                uint32_t length)
{
    struct head head;
    unsigned written = atomic_load_explicit(&wire->written, memory_order_relaxed);
    unsigned used = written - atomic_load_explicit(&wire->read, memory_order_acquire);
    if (length >= WIRE_MESSAGE || WIRE_BYTES - used < sizeof head + 1 + length)
        return false;
    memset(&head, 0, sizeof head);
    head.seconds = seconds;
    head.length = length + (status >= 0);
    put(wire, written, &head, sizeof head);
    written += (unsigned)sizeof head;
    if (status >= 0) {
        uint8_t byte = (uint8_t)status;
        put(wire, written++, &byte, 1);
    }
    if (length > 0)
        put(wire, written, bytes, length);
    atomic_store_explicit(&wire->written, written + length, memory_order_release);
    return true;
}

bool wire_is_empty(const struct wire *wire)
{
    return atomic_load_explicit(&wire->written, memory_order_acquire) ==
           atomic_load_explicit(&wire->read, memory_order_acquire);
}

bool wire_peek(const struct wire *wire, double *seconds, uint32_t *length)
{
    struct head head;
    if (wire_is_empty(wire))
        return false;
    get(wire, atomic_load_explicit(&wire->read, memory_order_relaxed), &head, sizeof head);
    *seconds = head.seconds;
    *length = head.length;
    return true;
}

void wire_read(struct wire *wire, uint8_t *bytes)
{
    struct head head;
    unsigned read = atomic_load_explicit(&wire->read, memory_order_relaxed);
    get(wire, read, &head, sizeof head);
    if (bytes)
        get(wire, read + (unsigned)sizeof head, bytes, head.length);
    atomic_store_explicit(&wire->read, read + (unsigned)sizeof head + head.length,
                          memory_order_release);
}
