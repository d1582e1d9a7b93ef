/* Head and tail only grow; an entry's place is its number modulo the size. Each
 * is written by one thread, and stands on a cache line of its own. */
#include "daemon/ring.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

struct ring {
    alignas(CACHE_LINE) _Atomic uint64_t head; /* the writer's: entries written */
    _Atomic uint64_t lost;
    alignas(CACHE_LINE) _Atomic uint64_t tail; /* the reader's: entries read */
    uint64_t lost_told;
    atomic_bool running;
    alignas(CACHE_LINE) struct ring_entry entry[RING_ENTRIES];
};

struct ring *ring_open(struct error *error)
{
    struct ring *ring = aligned_alloc(CACHE_LINE, sizeof *ring);
    if (!ring) {
        error_set(error, "out of memory");
        return NULL;
    }
    /* All of it is touched, so that no page is new when notes come. */
    memset(ring, 0, sizeof *ring);
    return ring;
}

void ring_close(struct ring *ring)
{
    free(ring);
}

static void add(struct ring *ring, const struct ring_entry *entry)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (head - atomic_load_explicit(&ring->tail, memory_order_acquire) == RING_ENTRIES) {
        atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
        return;
    }
    ring->entry[head % RING_ENTRIES] = *entry;
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

static bool runs(const struct ring *ring)
{
    return atomic_load_explicit(&ring->running, memory_order_relaxed);
}

void ring_write(struct ring *ring, enum ring_kind kind, const struct midi_event *event)
{
    if (!runs(ring) || !midi_is_channel(event) || !event->data ||
        event->length != midi_channel_length(event->status))
        return;
    const struct ring_entry entry = {
        .seconds = event->seconds,
        .kind = (uint8_t)kind,
        .status = event->status,
        .data = {event->data[0], event->length > 1 ? event->data[1] : 0},
    };
    add(ring, &entry);
}

void ring_let_go(struct ring *ring, double seconds)
{
    if (runs(ring))
        add(ring, &(struct ring_entry){.seconds = seconds, .kind = RING_LET_GO});
}

void ring_run(struct ring *ring, bool on)
{
    atomic_store_explicit(&ring->running, on, memory_order_relaxed);
}

size_t ring_read(struct ring *ring, struct ring_entry *entries, size_t most)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t waiting = atomic_load_explicit(&ring->head, memory_order_acquire) - tail;
    size_t count = waiting < most ? (size_t)waiting : most;
    for (size_t i = 0; i < count; i++)
        entries[i] = ring->entry[(tail + i) % RING_ENTRIES];
    atomic_store_explicit(&ring->tail, tail + count, memory_order_release);
    return count;
}

uint64_t ring_lost(struct ring *ring)
{
    uint64_t lost = atomic_load_explicit(&ring->lost, memory_order_relaxed);
    uint64_t since = lost - ring->lost_told;
    ring->lost_told = lost;
    return since;
}
