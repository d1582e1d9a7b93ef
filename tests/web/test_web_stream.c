/* Readers of all speeds have every event whole and in order, or are told that some are gone. */
#include "web/stream.h"

#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct stream stream;

static void test_one_event(void **state)
{
    (void)state;
    struct stream_reader reader;
    char text[256] = "";
    memset(&stream, 0, sizeof stream);
    stream_write(&stream, NULL, "before", 6);
    stream_begin(&stream, &reader);
    assert_int_equal(stream_read(&stream, &reader, text, sizeof text), 0);
    stream_write(&stream, "status", "{}", 2);
    stream_write(&stream, NULL, "[1]", 3);
    size_t length = stream_read(&stream, &reader, text, sizeof text);
    text[length] = '\0';
    assert_string_equal(text, "event: status\ndata: {}\n\ndata: [1]\n\n");
    assert_int_equal(stream_read(&stream, &reader, text, sizeof text), 0);
}

static void test_no_second_line(void **state)
{
    (void)state;
    uint64_t end = stream.end;
    char *large = calloc(1, STREAM_BYTES);
    stream_write(&stream, NULL, "a\nevent: status", 15);
    stream_write(&stream, NULL, "a\rb", 3);
    stream_write(&stream, NULL, large, STREAM_BYTES / 2 + 1);
    assert_int_equal(stream.end, end);
    free(large);
}

/* What a browser makes of the bytes: numbers of events, and whether some were missed. */
struct browser {
    struct stream_reader reader;
    char line[512];
    size_t length;
    long last;
    bool missed;
    bool named; /* the event at hand is "missed" */
    size_t losses;
    size_t events;
};

static void take_line(struct browser *browser)
{
    browser->line[browser->length] = '\0';
    if (strcmp(browser->line, "event: missed") == 0) {
        browser->named = browser->missed = true;
        browser->losses++;
    } else if (strncmp(browser->line, "data: ", 6) == 0 && !browser->named) {
        char *end;
        long number = strtol(browser->line + 6, &end, 10);
        /* One that was cut off in the middle ends in the line feeds of what follows it. */
        if (strcmp(end, " whole") == 0) {
            if (!browser->missed)
                assert_int_equal(number, browser->last + 1);
            assert_true(number > browser->last);
            browser->last = number;
            browser->missed = false;
            browser->events++;
        }
    } else if (browser->length == 0) {
        browser->named = false;
    }
    browser->length = 0;
}

static void look(struct browser *browser, size_t room)
{
    char bytes[8192];
    size_t got = stream_read(&stream, &browser->reader, bytes, room);
    assert_true(got <= room);
    for (size_t i = 0; i < got; i++)
        if (bytes[i] == '\n')
            take_line(browser);
        else
            browser->line[browser->length++] = bytes[i];
}

static void test_readers(void **state)
{
    (void)state;
    enum { BROWSERS = 7, EVENTS = 60000 };
    struct browser browsers[BROWSERS] = {0};
    struct rng rng;
    rng_seed(&rng, 5, 0);
    memset(&stream, 0, sizeof stream);
    for (int i = 0; i < BROWSERS; i++)
        stream_begin(&stream, &browsers[i].reader);
    for (long number = 1; number <= EVENTS; number++) {
        char text[64];
        int length = snprintf(text, sizeof text, "%ld whole", number);
        stream_write(&stream, rng_below(&rng, 3) ? NULL : "some", text, (size_t)length);
        /* The first reads all, the last hardly ever. */
        for (int i = 0; i < BROWSERS; i++)
            if (rng_below(&rng, 1U << (2 * i)) == 0)
                look(&browsers[i], STREAM_LEAST + rng_below(&rng, 8000));
    }
    for (int i = 0; i < BROWSERS; i++)
        for (int turn = 0; turn < 10000; turn++)
            look(&browsers[i], 4096);
    for (int i = 0; i < BROWSERS; i++)
        assert_int_equal(browsers[i].reader.at, stream.end);
    assert_int_equal(browsers[0].losses, 0);
    assert_int_equal(browsers[0].events, EVENTS);
    assert_true(browsers[BROWSERS - 1].losses > 0);
    assert_true(browsers[BROWSERS - 1].events > 0);
    for (int i = 0; i < BROWSERS; i++)
        if (browsers[i].losses == 0)
            assert_int_equal(browsers[i].last, EVENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_event),
        cmocka_unit_test(test_no_second_line),
        cmocka_unit_test(test_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
