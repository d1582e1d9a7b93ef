/* The tape between two threads, and the relay on an event loop. */
#include "daemon/relay.h"
#include "daemon/tape.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

enum { EVENTS = 400000 };

static void write_note(struct tape *tape, enum tape_kind kind, unsigned number)
{
    const uint8_t data[2] = {(uint8_t)(number >> 7 & 127), (uint8_t)(number & 127)};
    const struct midi_event event = {
        .seconds = number, .status = MIDI_NOTE_ON, .data = data, .length = 2};
    tape_write(tape, kind, &event);
}

static void test_passes_over_what_is_no_channel_message(void **state)
{
    (void)state;
    struct tape *tape = tape_open(NULL);
    struct tape_entry entry[8];
    const uint8_t data[3] = {60, 64, 1};
    write_note(tape, TAPE_PLAYED, 1);
    assert_int_equal(tape_read(tape, entry, 8), 0); /* it does not run */
    tape_run(tape, true);
    tape_write(tape, TAPE_PLAYED, &(struct midi_event){.status = 0xF8});
    tape_write(tape, TAPE_PLAYED, &(struct midi_event){.status = 0xF0, .data = data, .length = 3});
    tape_write(tape, TAPE_PLAYED, &(struct midi_event){.status = 0x90, .data = data, .length = 1});
    tape_write(tape, TAPE_SENT, &(struct midi_event){.status = 0xC5, .data = data, .length = 1});
    tape_let_go(tape, 2);
    assert_int_equal(tape_read(tape, entry, 8), 2);
    assert_int_equal(entry[0].kind, TAPE_SENT);
    assert_int_equal(entry[0].status, 0xC5);
    assert_int_equal(entry[0].data[0], 60);
    assert_int_equal(entry[0].data[1], 0);
    assert_int_equal(entry[1].kind, TAPE_LET_GO);
    assert_true(entry[1].seconds == 2);
    tape_close(tape);
}

static void test_full_it_drops_and_counts(void **state)
{
    (void)state;
    struct tape *tape = tape_open(NULL);
    static struct tape_entry entry[TAPE_ENTRIES + 1];
    tape_run(tape, true);
    for (unsigned i = 0; i < TAPE_ENTRIES + 5; i++)
        write_note(tape, TAPE_PLAYED, i);
    assert_int_equal(tape_lost(tape), 5);
    assert_int_equal(tape_lost(tape), 0);
    assert_int_equal(tape_read(tape, entry, TAPE_ENTRIES + 1), TAPE_ENTRIES);
    for (unsigned i = 0; i < TAPE_ENTRIES; i++)
        assert_true(entry[i].seconds == i);
    write_note(tape, TAPE_SENT, 7);
    assert_int_equal(tape_read(tape, entry, 1), 1);
    assert_true(entry[0].seconds == 7);
    tape_close(tape);
}

struct writer {
    struct tape *tape;
    atomic_bool done;
};

static void *write_all(void *context)
{
    struct writer *writer = context;
    for (unsigned i = 0; i < EVENTS; i++) {
        write_note(writer->tape, i & 1 ? TAPE_SENT : TAPE_PLAYED, i);
        if (i % 8192 == 0)
            sched_yield();
    }
    atomic_store(&writer->done, true);
    return NULL;
}

static void test_two_threads(void **state)
{
    (void)state;
    struct writer writer = {.tape = tape_open(NULL)};
    struct tape_entry entry[64];
    pthread_t thread;
    uint64_t seen = 0, lost = 0;
    double last = -1;
    tape_run(writer.tape, true);
    assert_int_equal(pthread_create(&thread, NULL, write_all, &writer), 0);
    for (bool more = true; more;) {
        bool done = atomic_load(&writer.done);
        size_t count = tape_read(writer.tape, entry, 64);
        for (size_t i = 0; i < count; i++) {
            unsigned number = (unsigned)entry[i].seconds;
            assert_true(entry[i].seconds > last);
            last = entry[i].seconds;
            assert_int_equal(entry[i].kind, number & 1 ? TAPE_SENT : TAPE_PLAYED);
            assert_int_equal(entry[i].data[0], number >> 7 & 127);
            assert_int_equal(entry[i].data[1], number & 127);
        }
        seen += count;
        more = !done || count > 0;
    }
    lost = tape_lost(writer.tape);
    pthread_join(thread, NULL);
    assert_int_equal(seen + lost, EVENTS);
    tape_close(writer.tape);
}

struct listener {
    sd_event *loop;
    size_t heard;
    size_t wanted;
    uint64_t lost;
};

static void hear(void *context, const struct tape_entry *entries, size_t count, uint64_t lost)
{
    struct listener *listener = context;
    assert_true(count <= RELAY_BATCH);
    for (size_t i = 0; i < count; i++)
        assert_true(entries[i].seconds == (double)listener->heard++);
    listener->lost += lost;
    if (listener->heard >= listener->wanted)
        sd_event_exit(listener->loop, 0);
}

static void test_relay(void **state)
{
    (void)state;
    struct tape *tape = tape_open(NULL);
    struct listener one = {.wanted = 1000}, two = {.wanted = SIZE_MAX};
    struct hearer first = {.hear = hear, .context = &one};
    struct hearer second = {.hear = hear, .context = &two};
    assert_true(sd_event_new(&one.loop) >= 0);
    two.loop = one.loop;
    struct relay *relay = relay_open(one.loop, tape, NULL);
    assert_non_null(relay);
    write_note(tape, TAPE_PLAYED, 99); /* nobody wants it */
    relay_join(relay, &first);
    relay_join(relay, &first);
    relay_join(relay, &second);
    for (unsigned i = 0; i < 1000; i++)
        write_note(tape, TAPE_PLAYED, i);
    assert_true(sd_event_loop(one.loop) >= 0);
    assert_int_equal(one.heard, 1000);
    assert_int_equal(two.heard, 1000);
    relay_leave(relay, &first);
    for (unsigned i = 1000; i < 1010; i++)
        write_note(tape, TAPE_PLAYED, i);
    relay_flush(relay);
    assert_int_equal(one.heard, 1000);
    assert_int_equal(two.heard, 1010);
    relay_leave(relay, &second);
    write_note(tape, TAPE_PLAYED, 5);
    relay_flush(relay);
    assert_int_equal(two.heard, 1010);
    assert_int_equal(two.lost, 0);
    relay_close(relay);
    tape_close(tape);
    sd_event_unref(one.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes_over_what_is_no_channel_message),
        cmocka_unit_test(test_full_it_drops_and_counts),
        cmocka_unit_test(test_two_threads),
        cmocka_unit_test(test_relay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
