/* Uploads come whole or not at all, and nothing is opened but files of the folder. */
#include "web/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char midi[] = "MThd\0\0\0\6\0\0\0\1\0\140MTrk\0\0\0\4\0\377\57\0";

static char folder[] = "web_folder_XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "wb");
    fputs(text, file);
    fclose(file);
}

static int add(const char *name, const void *bytes, size_t length, struct error *error)
{
    struct upload *upload = upload_open(folder, name, length, error);
    if (!upload)
        return -1;
    for (size_t i = 0; i < length; i += 7)
        upload_add(upload, (const char *)bytes + i, length - i < 7 ? length - i : 7);
    return upload_commit(upload, error);
}

/* Nothing is left of an upload that failed. */
static size_t count_files(void)
{
    char command[64];
    char line[16] = "";
    snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
    FILE *list = popen(command, "r");
    assert_non_null(fgets(line, sizeof line, list));
    pclose(list);
    return (size_t)atoi(line);
}

static void test_upload(void **state)
{
    (void)state;
    struct error error = {""};
    assert_int_equal(add("a.mid", midi, sizeof midi - 1, &error), 0);
    int fd = open(path_of("a.mid"), O_RDONLY);
    char bytes[64];
    assert_int_equal(read(fd, bytes, sizeof bytes), sizeof midi - 1);
    assert_memory_equal(bytes, midi, sizeof midi - 1);
    close(fd);

    assert_int_equal(add("a.mid", midi, sizeof midi - 1, &error), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(add("b.mid", "#!/bin/sh\n", 10, &error), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(add("b.mid", "", 0, &error), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(count_files(), 1);

    struct upload *upload = upload_open(folder, "b.mid", 100, &error);
    upload_add(upload, midi, 10);
    assert_int_equal(count_files(), 2);
    upload_abort(upload);
    assert_int_equal(count_files(), 1);

    /* The name is taken while the piece comes. */
    upload = upload_open(folder, "c.mid", sizeof midi - 1, &error);
    upload_add(upload, midi, sizeof midi - 1);
    write_file("c.mid", "first");
    assert_int_equal(upload_commit(upload, &error), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(count_files(), 2);

    assert_null(upload_open("not there", "a.mid", 1, &error));
    assert_int_equal(errno, ENOENT);
    assert_null(upload_open(NULL, "a.mid", 1, &error));
    assert_int_equal(errno, ENOENT);
    assert_int_equal(folder_remove(folder, "a.mid", &error), 0);
    assert_int_equal(folder_remove(folder, "c.mid", &error), 0);
    assert_int_equal(folder_remove(folder, "c.mid", &error), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(count_files(), 0);
}

static void test_a_dangling_link_is_in_the_way(void **state)
{
    (void)state;
    struct error error = {""};
    assert_int_equal(symlink("../outside.mid", path_of("l.mid")), 0);
    assert_int_equal(add("l.mid", midi, sizeof midi - 1, &error), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(folder_remove(folder, "l.mid", &error), 0);
}

static void test_full(void **state)
{
    (void)state;
    struct error error = {""};
    char name[32];
    for (int i = 0; i < FOLDER_PIECES; i++) {
        snprintf(name, sizeof name, "%d.mid", i);
        write_file(name, "x");
    }
    assert_int_equal(add("more.mid", midi, sizeof midi - 1, &error), -1);
    assert_int_equal(errno, ENOSPC);
    unlink(path_of("0.mid"));
    assert_int_equal(add("more.mid", midi, sizeof midi - 1, &error), 0);
    unlink(path_of("more.mid"));
    assert_null(upload_open(folder, "more.mid", (size_t)1 << 62, &error));
    assert_int_equal(errno, ENOSPC);
    for (int i = 0; i < FOLDER_PIECES; i++) {
        snprintf(name, sizeof name, "%d.mid", i);
        unlink(path_of(name));
    }
}

static void test_open(void **state)
{
    (void)state;
    struct error error = {""};
    size_t size;
    long long changed;
    write_file("r.mid", "0123456789");
    int fd = folder_open(folder, "r.mid", &size, &changed, &error);
    assert_true(fd >= 0);
    assert_int_equal(size, 10);
    close(fd);
    assert_int_equal(symlink("/etc/passwd", path_of("s.mid")), 0);
    assert_int_equal(mkfifo(path_of("f.mid"), 0600), 0);
    assert_int_equal(mkdir(path_of("d.mid"), 0700), 0);
    static const char *const none[] = {"s.mid", "f.mid", "d.mid", "not.mid"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(folder_open(folder, none[i], &size, &changed, &error), -1);
        assert_int_equal(errno, ENOENT);
    }
    assert_int_equal(folder_open(NULL, "r.mid", &size, &changed, &error), -1);

    char *list = folder_recordings(folder, &error);
    assert_non_null(strstr(list, "\"r.mid\""));
    json_t *array = json_loads(list, 0, NULL);
    assert_int_equal(json_array_size(array), 1);
    json_decref(array);
    free(list);
    unlink(path_of("s.mid"));
    unlink(path_of("f.mid"));
    rmdir(path_of("d.mid"));
    unlink(path_of("r.mid"));
}

static void test_newest_first(void **state)
{
    (void)state;
    struct error error = {""};
    char name[32];
    for (int i = 0; i < 3 * FOLDER_LISTED; i++) {
        snprintf(name, sizeof name, "2025-%04d.mid", (i * 7919) % (3 * FOLDER_LISTED));
        write_file(name, "x");
    }
    char *list = folder_recordings(folder, &error);
    json_t *array = json_loads(list, 0, NULL);
    assert_int_equal(json_array_size(array), FOLDER_LISTED);
    for (int i = 0; i < FOLDER_LISTED; i++) {
        snprintf(name, sizeof name, "2025-%04d.mid", 3 * FOLDER_LISTED - 1 - i);
        assert_string_equal(
            json_string_value(json_object_get(json_array_get(array, (size_t)i), "name")), name);
    }
    json_decref(array);
    free(list);
    list = folder_recordings("not there", &error);
    assert_string_equal(list, "[]");
    free(list);
    list = folder_recordings(NULL, &error);
    assert_string_equal(list, "[]");
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upload),       cmocka_unit_test(test_a_dangling_link_is_in_the_way),
        cmocka_unit_test(test_full),         cmocka_unit_test(test_open),
        cmocka_unit_test(test_newest_first),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
