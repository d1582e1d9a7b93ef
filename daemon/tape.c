/* Head and tail only grow; an entry's place is its number modulo the size. Each
 * is written by one thread, and stands on a cache line of its own. */
#include "daemon/tape.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

struct tape {
    alignas(CACHE_LINE) _Atomic uint64_t head; /* the writer's: entries written */
    _Atomic uint64_t lost;
    alignas(CACHE_LINE) _Atomic uint64_t tail; /* the reader's: entries read */
    uint64_t lost_told;
    atomic_bool running;
    alignas(CACHE_LINE) struct tape_entry entry[TAPE_ENTRIES];
};

struct tape *tape_open(struct error *error)
{
    struct tape *tape = aligned_alloc(CACHE_LINE, sizeof *tape);
    if (!tape) {
        error_set(error, "out of memory");
        return NULL;
    }
    /* All of it is touched, so that no page is new when notes come. */
    memset(tape, 0, sizeof *tape);
    return tape;
}

void tape_close(struct tape *tape)
{
    free(tape);
}

static void add(struct tape *tape, const struct tape_entry *entry)
{
    uint64_t head = atomic_load_explicit(&tape->head, memory_order_relaxed);
    if (head - atomic_load_explicit(&tape->tail, memory_order_acquire) == TAPE_ENTRIES) {
        atomic_fetch_add_explicit(&tape->lost, 1, memory_order_relaxed);
        return;
    }
    tape->entry[head % TAPE_ENTRIES] = *entry;
    atomic_store_explicit(&tape->head, head + 1, memory_order_release);
}

static bool runs(const struct tape *tape)
{
    return atomic_load_explicit(&tape->running, memory_order_relaxed);
}

void tape_write(struct tape *tape, enum tape_kind kind, const struct midi_event *event)
{
    if (!runs(tape) || !midi_is_channel(event) || !event->data ||
        event->length != midi_channel_length(event->status))
        return;
    const struct tape_entry entry = {
        .seconds = event->seconds,
        .kind = (uint8_t)kind,
        .status = event->status,
        .data = {event->data[0], event->length > 1 ? event->data[1] : 0},
    };
    add(tape, &entry);
}

void tape_let_go(struct tape *tape, double seconds)
{
    if (runs(tape))
        add(tape, &(struct tape_entry){.seconds = seconds, .kind = TAPE_LET_GO});
}

void tape_run(struct tape *tape, bool on)
{
    atomic_store_explicit(&tape->running, on, memory_order_relaxed);
}

size_t tape_read(struct tape *tape, struct tape_entry *entries, size_t most)
{
    uint64_t tail = atomic_load_explicit(&tape->tail, memory_order_relaxed);
    uint64_t waiting = atomic_load_explicit(&tape->head, memory_order_acquire) - tail;
    size_t count = waiting < most ? (size_t)waiting : most;
    for (size_t i = 0; i < count; i++)
        entries[i] = tape->entry[(tail + i) % TAPE_ENTRIES];
    atomic_store_explicit(&tape->tail, tail + count, memory_order_release);
    return count;
}

uint64_t tape_lost(struct tape *tape)
{
    uint64_t lost = atomic_load_explicit(&tape->lost, memory_order_relaxed);
    uint64_t since = lost - tape->lost_told;
    tape->lost_told = lost;
    return since;
}
