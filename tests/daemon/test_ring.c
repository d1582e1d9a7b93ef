/* The event ring between two threads, and the dispatcher on an event loop. */
#include "daemon/dispatcher.h"
#include "daemon/ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

enum { EVENTS = 400000 };

static void write_note(struct ring *ring, enum ring_kind kind, unsigned number)
{
    const uint8_t data[2] = {(uint8_t)(number >> 7 & 127), (uint8_t)(number & 127)};
    const struct midi_event event = {
        .seconds = number, .status = MIDI_NOTE_ON, .data = data, .length = 2};
    ring_write(ring, kind, &event);
}

static void test_passes_over_what_is_no_channel_message(void **state)
{
    (void)state;
    struct ring *ring = ring_open(NULL);
    struct ring_entry entry[8];
    const uint8_t data[3] = {60, 64, 1};
    write_note(ring, RING_PLAYED, 1);
    assert_int_equal(ring_read(ring, entry, 8), 0); /* it does not run */
    ring_run(ring, true);
    ring_write(ring, RING_PLAYED, &(struct midi_event){.status = 0xF8});
    ring_write(ring, RING_PLAYED, &(struct midi_event){.status = 0xF0, .data = data, .length = 3});
    ring_write(ring, RING_PLAYED, &(struct midi_event){.status = 0x90, .data = data, .length = 1});
    ring_write(ring, RING_SENT, &(struct midi_event){.status = 0xC5, .data = data, .length = 1});
    ring_let_go(ring, 2);
    assert_int_equal(ring_read(ring, entry, 8), 2);
    assert_int_equal(entry[0].kind, RING_SENT);
    assert_int_equal(entry[0].status, 0xC5);
    assert_int_equal(entry[0].data[0], 60);
    assert_int_equal(entry[0].data[1], 0);
    assert_int_equal(entry[1].kind, RING_LET_GO);
    assert_true(entry[1].seconds == 2);
    ring_close(ring);
}

static void test_full_it_drops_and_counts(void **state)
{
    (void)state;
    struct ring *ring = ring_open(NULL);
    static struct ring_entry entry[RING_ENTRIES + 1];
    ring_run(ring, true);
    for (unsigned i = 0; i < RING_ENTRIES + 5; i++)
        write_note(ring, RING_PLAYED, i);
    assert_int_equal(ring_lost(ring), 5);
    assert_int_equal(ring_lost(ring), 0);
    assert_int_equal(ring_read(ring, entry, RING_ENTRIES + 1), RING_ENTRIES);
    for (unsigned i = 0; i < RING_ENTRIES; i++)
        assert_true(entry[i].seconds == i);
    write_note(ring, RING_SENT, 7);
    assert_int_equal(ring_read(ring, entry, 1), 1);
    assert_true(entry[0].seconds == 7);
    ring_close(ring);
}

struct writer {
    struct ring *ring;
    atomic_bool done;
};

static void *write_all(void *context)
{
    struct writer *writer = context;
    for (unsigned i = 0; i < EVENTS; i++) {
        write_note(writer->ring, i & 1 ? RING_SENT : RING_PLAYED, i);
        if (i % 8192 == 0)
            sched_yield();
    }
    atomic_store(&writer->done, true);
    return NULL;
}

static void test_two_threads(void **state)
{
    (void)state;
    struct writer writer = {.ring = ring_open(NULL)};
    struct ring_entry entry[64];
    pthread_t thread;
    uint64_t seen = 0, lost = 0;
    double last = -1;
    ring_run(writer.ring, true);
    assert_int_equal(pthread_create(&thread, NULL, write_all, &writer), 0);
    for (bool more = true; more;) {
        bool done = atomic_load(&writer.done);
        size_t count = ring_read(writer.ring, entry, 64);
        for (size_t i = 0; i < count; i++) {
            unsigned number = (unsigned)entry[i].seconds;
            assert_true(entry[i].seconds > last);
            last = entry[i].seconds;
            assert_int_equal(entry[i].kind, number & 1 ? RING_SENT : RING_PLAYED);
            assert_int_equal(entry[i].data[0], number >> 7 & 127);
            assert_int_equal(entry[i].data[1], number & 127);
        }
        seen += count;
        more = !done || count > 0;
    }
    lost = ring_lost(writer.ring);
    pthread_join(thread, NULL);
    assert_int_equal(seen + lost, EVENTS);
    ring_close(writer.ring);
}

struct listener {
    sd_event *loop;
    size_t heard;
    size_t wanted;
    uint64_t lost;
};

static void receive(void *context, const struct ring_entry *entries, size_t count, uint64_t lost)
{
    struct listener *listener = context;
    assert_true(count <= DISPATCHER_BATCH);
    for (size_t i = 0; i < count; i++)
        assert_true(entries[i].seconds == (double)listener->heard++);
    listener->lost += lost;
    if (listener->heard >= listener->wanted)
        sd_event_exit(listener->loop, 0);
}

static void test_dispatcher(void **state)
{
    (void)state;
    struct ring *ring = ring_open(NULL);
    struct listener one = {.wanted = 1000}, two = {.wanted = SIZE_MAX};
    struct subscriber first = {.receive = receive, .context = &one};
    struct subscriber second = {.receive = receive, .context = &two};
    assert_true(sd_event_new(&one.loop) >= 0);
    two.loop = one.loop;
    struct dispatcher *dispatcher = dispatcher_open(one.loop, ring, NULL);
    assert_non_null(dispatcher);
    write_note(ring, RING_PLAYED, 99); /* nobody wants it */
    dispatcher_subscribe(dispatcher, &first);
    dispatcher_subscribe(dispatcher, &first);
    dispatcher_subscribe(dispatcher, &second);
    for (unsigned i = 0; i < 1000; i++)
        write_note(ring, RING_PLAYED, i);
    assert_true(sd_event_loop(one.loop) >= 0);
    assert_int_equal(one.heard, 1000);
    assert_int_equal(two.heard, 1000);
    dispatcher_unsubscribe(dispatcher, &first);
    for (unsigned i = 1000; i < 1010; i++)
        write_note(ring, RING_PLAYED, i);
    dispatcher_flush(dispatcher);
    assert_int_equal(one.heard, 1000);
    assert_int_equal(two.heard, 1010);
    dispatcher_unsubscribe(dispatcher, &second);
    write_note(ring, RING_PLAYED, 5);
    dispatcher_flush(dispatcher);
    assert_int_equal(two.heard, 1010);
    assert_int_equal(two.lost, 0);
    dispatcher_close(dispatcher);
    ring_close(ring);
    sd_event_unref(one.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes_over_what_is_no_channel_message),
        cmocka_unit_test(test_full_it_drops_and_counts),
        cmocka_unit_test(test_two_threads),
        cmocka_unit_test(test_dispatcher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
