/* The recorder where the disk is slow: what is saved meanwhile. Time and disk are the test's. */
#include "daemon/recorder.h"

#include <glob.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static double now;          /* seconds; main thread */
static atomic_bool stalled; /* the disk stands still */
static atomic_int writing;  /* files that were begun */

double __wrap_monotonic_seconds(void);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

double __wrap_monotonic_seconds(void)
{
    return now;
}

int __wrap_fsync(int fd)
{
    atomic_fetch_add(&writing, 1);
    while (atomic_load(&stalled))
        usleep(1000);
    return __real_fsync(fd);
}

struct setting {
    sd_event *loop;
    struct ring *ring;
    struct dispatcher *dispatcher;
    struct recorder *recorder;
};

static void play(struct setting *setting, uint8_t key)
{
    for (unsigned status = MIDI_NOTE_ON; status >= MIDI_NOTE_OFF; status -= 0x10) {
        const uint8_t data[2] = {key, 64};
        const struct midi_event event = {
            .seconds = now, .status = (uint8_t)status, .data = data, .length = 2};
        ring_write(setting->ring, RING_PLAYED, &event);
    }
    dispatcher_flush(setting->dispatcher);
    now += RECORDER_SAVE;
    recorder_look(setting->recorder);
}

/* The keys of all note-ons in the files of the folder. */
static void recorded(const char *folder, char *keys, size_t room)
{
    char pattern[64];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.mid", folder);
    *keys = '\0';
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        uint8_t bytes[1024];
        FILE *stream = fopen(found.gl_pathv[i], "rb");
        size_t length = fread(bytes, 1, sizeof bytes, stream);
        fclose(stream);
        for (size_t at = 0; at + 2 < length; at++)
            if (bytes[at] == MIDI_NOTE_ON && bytes[at + 2] == 64)
                snprintf(keys + strlen(keys), room - strlen(keys), "%d ", bytes[at + 1]);
        snprintf(keys + strlen(keys), room - strlen(keys), ";");
    }
    globfree(&found);
}

static void open_all(struct setting *setting, const char *folder)
{
    char path[64], command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s", folder);
    assert_true(sd_event_new(&setting->loop) >= 0);
    setting->ring = ring_open(NULL);
    setting->dispatcher = dispatcher_open(setting->loop, setting->ring, NULL);
    setting->recorder = recorder_open(setting->dispatcher, NULL);
    assert_non_null(setting->recorder);
    recorder_choose(setting->recorder, strdup(path));
}

static void close_all(struct setting *setting)
{
    recorder_close(setting->recorder);
    dispatcher_close(setting->dispatcher);
    ring_close(setting->ring);
    sd_event_unref(setting->loop);
}

/* While one state is being written others come: the last of them is the one to keep. */
static void the_newest_state_is_kept(void **state)
{
    (void)state;
    struct setting setting;
    char keys[64];
    open_all(&setting, "newest");
    atomic_store(&writing, 0);
    atomic_store(&stalled, true);
    play(&setting, 60);
    while (atomic_load(&writing) == 0)
        usleep(1000);
    play(&setting, 61);
    play(&setting, 62);
    atomic_store(&stalled, false);
    close_all(&setting);
    recorded("newest", keys, sizeof keys);
    assert_string_equal(keys, "60 61 62 ;");
}

/* Sessions that wait to be written do not take each other's place. */
static void each_session_is_kept(void **state)
{
    (void)state;
    struct setting setting;
    char keys[64];
    open_all(&setting, "each");
    atomic_store(&writing, 0);
    atomic_store(&stalled, true);
    for (uint8_t key = 60; key < 64; key++) {
        play(&setting, key);
        while (atomic_load(&writing) == 0)
            usleep(1000);
        now += 2 * RECORDER_PAUSE;
        recorder_look(setting.recorder);
    }
    atomic_store(&stalled, false);
    close_all(&setting);
    recorded("each", keys, sizeof keys);
    /* Named by the second that they began in, the same one or the next. */
    assert_int_equal(strlen(keys), strlen("60 ;61 ;62 ;63 ;"));
    for (const char *key = "60 ;61 ;62 ;63 ;"; *key; key += 4) {
        char one[5] = "";
        memcpy(one, key, 4);
        assert_non_null(strstr(keys, one));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_state_is_kept),
        cmocka_unit_test(each_session_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
