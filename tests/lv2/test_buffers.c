/* The plugin's ports and buffers: bypass, panic, a host that stops and starts, a full buffer,
 * damaged atoms. */
#include "base/rng.h"
#include "correct/corrector.h"
#include "host.h"
#include "realtime.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct host *open_plugin(enum host_worker worker)
{
    return host_open(PLUGIN_MODULE, PLUGIN_BUNDLE, 48000, worker);
}

/* --- Ports --- */

static void strike(struct host *host, uint32_t frame, uint8_t status, uint8_t key)
{
    const uint8_t bytes[] = {status, key, 64};
    host_midi(host, frame, bytes, sizeof bytes);
}

/* What is not on the scale moves; bypassed by either port it does not. */
static uint8_t sent_of_key(struct host *host, uint8_t key)
{
    host_forget(host);
    strike(host, 3, 0x90, key);
    strike(host, 20, 0x80, key);
    host_run(host, 64);
    const struct host_event *event;
    assert_int_equal(host_sent(host, &event), 2);
    assert_int_equal(event[1].byte[0], 0x80);
    assert_int_equal(event[0].byte[1], event[1].byte[1]);
    return event[0].byte[1];
}

static void test_bypass_and_enabled(void **state)
{
    static const uint8_t scale[] = {60, 64, 67, 72, 74, 76, 65, 71, 69, 60, 64, 67};
    (void)state;
    struct host *host = open_plugin(HOST_WITHOUT);
    host_control(host, HOST_MODE, CORRECT_SCALE);
    for (size_t i = 0; i < sizeof scale; i++)
        (void)sent_of_key(host, scale[i]);
    assert_int_not_equal(sent_of_key(host, 61), 61);
    host_control(host, HOST_BYPASS, 1);
    assert_int_equal(sent_of_key(host, 61), 61);
    host_control(host, HOST_BYPASS, 0);
    host_control(host, HOST_ENABLED, 0);
    assert_int_equal(sent_of_key(host, 61), 61);
    host_control(host, HOST_ENABLED, 1);
    assert_int_not_equal(sent_of_key(host, 61), 61);
    /* Nonsense is no setting. */
    host_control(host, HOST_FOLLOW, NAN);
    host_control(host, HOST_KEEP, -5);
    host_control(host, HOST_MODE, 1e30F);
    (void)sent_of_key(host, 61);
    host_control(host, HOST_MODE, 0);
    assert_int_equal(sent_of_key(host, 61), 61);
    host_close(host);
}

static void test_panic_presses_once(void **state)
{
    const struct host_event *event;
    (void)state;
    struct host *host = open_plugin(HOST_WITHOUT);
    strike(host, 0, 0x91, 60);
    host_run(host, 64);
    host_forget(host);
    host_control(host, HOST_PANIC, 1);
    host_run(host, 64);
    assert_int_equal(host_sent(host, &event), 4);
    assert_int_equal(event[0].byte[0], 0x81);
    host_run(host, 64);
    assert_int_equal(host_sent(host, &event), 4);
    host_close(host);
}

/* What is held when a host stops has no release left when it starts again. */
static void test_restart(void **state)
{
    const struct host_event *event;
    (void)state;
    struct host *host = open_plugin(HOST_WITHOUT);
    strike(host, 0, 0x90, 60);
    host_run(host, 64);
    host_restart(host);
    host_forget(host);
    strike(host, 0, 0x80, 60);
    strike(host, 1, 0x90, 62);
    host_run(host, 64);
    assert_int_equal(host_sent(host, &event), 1);
    assert_int_equal(event[0].byte[0], 0x90);
    strike(host, 0, 0x80, 62);
    host_run(host, 64);
    /* A strike that found no room is not sent then: its release has gone by. */
    host_room(host, 8);
    strike(host, 0, 0x90, 64);
    host_run(host, 64);
    host_restart(host);
    host_room(host, 1 << 16);
    host_forget(host);
    strike(host, 0, 0x80, 64);
    host_run(host, 64);
    assert_int_equal(host_sent(host, &event), 0);
    host_close(host);
}

/* --- Buffers --- */

static void test_full_buffer_loses_nothing(void **state)
{
    const struct host_event *event;
    (void)state;
    struct host *host = open_plugin(HOST_WITHOUT);
    host_control(host, HOST_MODE, CORRECT_OFF);
    host_room(host, 8 + 5 * 24); /* five events */
    for (uint8_t key = 0; key < 128; key++)
        strike(host, key / 4, 0x90, key);
    host_run(host, 64);
    assert_int_equal(host_sent(host, &event), 5);
    for (uint8_t key = 0; key < 128; key++)
        strike(host, key / 4, 0x80, key);
    for (int block = 0; block < 60; block++)
        host_run(host, 64);
    assert_int_equal(host_sent(host, &event), 256);
    for (uint8_t i = 0; i < 128; i++) {
        assert_int_equal(event[i].byte[0], 0x90);
        assert_int_equal(event[i].byte[1], i);
        assert_int_equal(event[128 + i].byte[0], 0x80);
        assert_int_equal(event[128 + i].byte[1], i);
    }
    /* Not even the header has room. */
    host_room(host, 0);
    host_run(host, 64);
    host_room(host, 8);
    strike(host, 0, 0x90, 60);
    host_run(host, 64);
    assert_int_equal(host_sent(host, &event), 256);
    if (realtime_counts())
        assert_int_equal(host_faults(), 0);
    host_close(host);
}

static void test_damaged_atoms(void **state)
{
    static uint32_t words[128];
    struct rng rng;
    (void)state;
    rng_seed(&rng, 1, 0);
    struct host *host = open_plugin(HOST_AT_ONCE);
    host_mute(host, true);
    for (int i = 0; i < 20000; i++) {
        for (size_t k = 0; k < 128; k++)
            words[k] = (uint32_t)(rng_double(&rng) * (k % 3 ? 40 : 200));
        size_t length = (size_t)(rng_double(&rng) * sizeof words);
        host_raw(host, words, length);
        host_run(host, 64);
        host_forget(host);
    }
    host_close(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bypass_and_enabled),
        cmocka_unit_test(test_panic_presses_once),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_full_buffer_loses_nothing),
        cmocka_unit_test(test_damaged_atoms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
