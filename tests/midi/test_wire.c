/* The wire: whole messages in order, however they lie in the ring, from one thread to another. */
#include "midi/wire.h"

#include "base/rng.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MESSAGES = 200000, LONGEST = 300 };

static struct wire wire;

static void test_one(void **state)
{
    const uint8_t bytes[] = {60, 64};
    uint8_t got[8];
    double seconds = 0;
    uint32_t length = 0;
    (void)state;
    assert_false(wire_peek(&wire, &seconds, &length));
    assert_true(wire_write(&wire, 1.5, 0x90, bytes, 2));
    assert_true(wire_write(&wire, 2, -1, bytes, 1));
    assert_false(wire_is_empty(&wire));
    assert_true(wire_peek(&wire, &seconds, &length));
    assert_int_equal(length, 3);
    assert_true(seconds > 1.49 && seconds < 1.51);
    wire_read(&wire, got);
    assert_memory_equal(got, ((uint8_t[]){0x90, 60, 64}), 3);
    assert_true(wire_peek(&wire, &seconds, &length));
    assert_int_equal(length, 1);
    wire_read(&wire, NULL);
    assert_true(wire_is_empty(&wire));
}

/* What does not fit leaves the wire as it was. */
static void test_full(void **state)
{
    static uint8_t bytes[WIRE_MESSAGE];
    double seconds = 0;
    uint32_t length = 0;
    unsigned count = 0;
    (void)state;
    assert_false(wire_write(&wire, 0, -1, bytes, WIRE_MESSAGE));
    while (wire_write(&wire, count, -1, bytes, LONGEST))
        count++;
    assert_in_range(count, WIRE_BYTES / (LONGEST + 16) - 1, WIRE_BYTES / (LONGEST + 16));
    for (unsigned i = 0; i < count; i++) {
        assert_true(wire_peek(&wire, &seconds, &length));
        assert_int_equal(seconds, i);
        wire_read(&wire, NULL);
    }
    assert_true(wire_is_empty(&wire));
}

/* Both sides draw the same lengths and bytes. */
static void *write_all(void *context)
{
    struct rng rng;
    uint8_t bytes[LONGEST];
    (void)context;
    rng_seed(&rng, 1, 0);
    for (unsigned i = 0; i < MESSAGES; i++) {
        uint32_t length = rng_below(&rng, LONGEST);
        memset(bytes, (int)(i & 0xFF), sizeof bytes);
        while (!wire_write(&wire, i, i % 2 ? 0x90 : -1, bytes, length))
            sched_yield();
    }
    return NULL;
}

static void test_two_threads(void **state)
{
    struct rng rng;
    pthread_t writer;
    uint8_t got[LONGEST + 1], expected[LONGEST];
    (void)state;
    rng_seed(&rng, 1, 0);
    assert_int_equal(pthread_create(&writer, NULL, write_all, NULL), 0);
    for (unsigned i = 0; i < MESSAGES; i++) {
        double seconds = 0;
        uint32_t length = 0, due = rng_below(&rng, LONGEST) + i % 2;
        while (!wire_peek(&wire, &seconds, &length))
            sched_yield();
        assert_int_equal(seconds, i);
        assert_int_equal(length, due);
        wire_read(&wire, got);
        memset(expected, (int)(i & 0xFF), sizeof expected);
        if (i % 2)
            assert_int_equal(got[0], 0x90);
        assert_memory_equal(got + i % 2, expected, length - i % 2);
    }
    pthread_join(writer, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
