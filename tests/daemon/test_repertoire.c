/* The folder is watched before it is looked through: what comes between the two would
 * never be found. Watching takes its time here, looking does not wait for it. */
#include "daemon/log.h"
#include "daemon/repertoire.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char calls[256];

int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __real_scandir(const char *path, struct dirent ***list, int (*filter)(const struct dirent *),
                   int (*order)(const struct dirent **, const struct dirent **));
int __wrap_scandir(const char *path, struct dirent ***list, int (*filter)(const struct dirent *),
                   int (*order)(const struct dirent **, const struct dirent **));

static void note(const char *what, const char *path)
{
    pthread_mutex_lock(&lock);
    size_t length = strlen(calls);
    snprintf(calls + length, sizeof calls - length, "%s %s, ", what, path);
    pthread_mutex_unlock(&lock);
}

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    note("watch", path);
    return __real_inotify_add_watch(fd, path, mask);
}

int __wrap_scandir(const char *path, struct dirent ***list, int (*filter)(const struct dirent *),
                   int (*order)(const struct dirent **, const struct dirent **))
{
    note("look", path);
    return __real_scandir(path, list, filter, order);
}

/* Waits until a look has ended with a snapshot. */
static void wait_for_snapshot(struct repertoire *repertoire)
{
    struct pollfd ready = {.fd = repertoire_descriptor(repertoire), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 60000), 1);
    struct snapshot *snapshot = repertoire_accept(repertoire);
    assert_non_null(snapshot);
    snapshot_free(snapshot);
}

static void watched_before_it_is_looked_through(void **state)
{
    (void)state;
    mkdir("one", 0700);
    mkdir("two", 0700);
    struct repertoire *repertoire = repertoire_open("one", NULL, NULL, NULL);
    assert_non_null(repertoire);
    wait_for_snapshot(repertoire);
    assert_int_equal(repertoire_choose(repertoire, "two", NULL, NULL), 0);
    for (int tries = 0; tries < 600 && !strstr(calls, "look two"); tries++)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    repertoire_close(repertoire);
    assert_string_equal(calls, "watch one, look one, watch two, look two, ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watched_before_it_is_looked_through),
    };
    log_open(false, LOG_ERR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
