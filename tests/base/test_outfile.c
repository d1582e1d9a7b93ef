/* What becomes of the target, in which order, and that the umask stays. */
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char calls[64]; /* f: fsync of a file, F: of a folder, r: rename */
static bool full;      /* fsync fails */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
mode_t __real_umask(mode_t mask);
mode_t __wrap_umask(mode_t mask);

int __wrap_fsync(int fd)
{
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    strcat(calls, S_ISDIR(status.st_mode) ? "F" : "f");
    errno = ENOSPC;
    return full ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    strcat(calls, "r");
    return __real_rename(from, to);
}

/* Another thread that makes a file meanwhile would make it for everybody. */
mode_t __wrap_umask(mode_t mask)
{
    (void)mask;
    fail_msg("the umask was changed");
    return 0;
}

static void holds(const char *path, const char *text)
{
    char bytes[64] = "";
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, bytes, sizeof bytes - 1), strlen(text));
    assert_string_equal(bytes, text);
    close(fd);
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void modes(void **state)
{
    (void)state;
    assert_int_equal(outfile_write("new", "one", 3, NULL), 0);
    holds("new", "one");
    assert_int_equal(mode_of("new"), 0640);
    assert_int_equal(chmod("new", 0604), 0);
    assert_int_equal(outfile_write("new", "two", 3, NULL), 0);
    holds("new", "two");
    assert_int_equal(mode_of("new"), 0604);
}

static void durable(void **state)
{
    (void)state;
    calls[0] = '\0';
    assert_int_equal(outfile_write("fast", "one", 3, NULL), 0);
    assert_string_equal(calls, "r");
    calls[0] = '\0';
    assert_int_equal(outfile_write_durable("kept", "one", 3, NULL), 0);
    assert_string_equal(calls, "frF");
    assert_int_equal(mkdir("folder", 0700), 0);
    calls[0] = '\0';
    assert_int_equal(outfile_write_durable("folder/kept", "one", 3, NULL), 0);
    assert_string_equal(calls, "frF");
    assert_int_equal(outfile_write_durable("/dev/null", "one", 3, NULL), 0);
}

static void a_full_disk(void **state)
{
    (void)state;
    struct error error = {""};
    assert_int_equal(outfile_write_durable("only", "one", 3, NULL), 0);
    calls[0] = '\0';
    full = true;
    assert_int_equal(outfile_write_durable("only", "two", 3, &error), -1);
    full = false;
    assert_non_null(strstr(error.text, "/only: cannot write: No space left on device"));
    assert_string_equal(calls, "f");
    holds("only", "one");
    assert_int_equal(system("ls only.* >found 2>/dev/null"), 2 << 8); /* nothing is left */
}

static void a_name_that_is_taken(void **state)
{
    (void)state;
    char command[64];
    /* Whatever the next number is. */
    snprintf(command, sizeof command, "for i in $(seq 50); do >taken.%d-$i; done", (int)getpid());
    assert_int_equal(system(command), 0);
    assert_int_equal(outfile_write("taken", "one", 3, NULL), 0);
    holds("taken", "one");
}

static int enter_folder(void **state)
{
    (void)state;
    __real_umask(027);
    return system("rm -rf outfile && mkdir outfile") == 0 ? chdir("outfile") : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes),
        cmocka_unit_test(durable),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(a_name_that_is_taken),
    };
    return cmocka_run_group_tests(tests, enter_folder, NULL);
}
