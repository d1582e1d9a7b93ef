/* What is read, and one sentence for each thing that is not. */
#include "base/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIMIT = 1 << 20 };

/* Done once, before the next read. */
static void (*before_read)(void);

ssize_t __real_read(int fd, void *bytes, size_t length);
ssize_t __wrap_read(int fd, void *bytes, size_t length);

ssize_t __wrap_read(int fd, void *bytes, size_t length)
{
    void (*change)(void) = before_read;
    before_read = NULL;
    if (change)
        change();
    return __real_read(fd, bytes, length);
}

static void write_file(const char *path, const char *text)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fputs(text, stream) >= 0, 1);
    assert_int_equal(fclose(stream), 0);
}

static void taken(const char *path, const char *text)
{
    struct error error = {""};
    size_t length = 0;
    char *bytes = infile_read(path, LIMIT, &length, &error);
    assert_string_equal(error.text, "");
    assert_non_null(bytes);
    assert_int_equal(length, strlen(text));
    assert_string_equal(bytes, text);
    free(bytes);
}

static void refused(const char *path, const char *text)
{
    struct error error = {""};
    size_t length = 0;
    assert_null(infile_read(path, LIMIT, &length, &error));
    assert_string_equal(error.text, text);
}

static void files(void **state)
{
    (void)state;
    write_file("some", "some text");
    write_file("none", "");
    taken("some", "some text");
    taken("none", "");
    assert_int_equal(symlink("some", "link"), 0);
    taken("link", "some text");
}

static void not_files(void **state)
{
    (void)state;
    errno = 0;
    refused("missing", "missing: cannot open: No such file or directory");
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mkdir("x.mid", 0700), 0);
    refused("x.mid", "x.mid: is a folder, expected a file");
    assert_int_not_equal(errno, ENOENT);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    refused("fifo", "fifo: is a FIFO, expected a file");
    refused("/dev/zero", "/dev/zero: is a device, expected a file");
    assert_int_equal(symlink("round", "about"), 0);
    assert_int_equal(symlink("about", "round"), 0);
    refused("round", "round: is a loop of symbolic links, expected a file");
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    refused("socket", "socket: is a socket or a device, expected a file");
    close(fd);
}

static void sizes(void **state)
{
    (void)state;
    char *text = malloc(LIMIT + 2);
    assert_non_null(text);
    memset(text, 'x', LIMIT + 1);
    text[LIMIT + 1] = 0;
    write_file("large", text);
    refused("large", "large: is larger than 1 MiB, the most that is read");
    text[LIMIT] = 0;
    write_file("large", text);
    taken("large", text);
    free(text);
}

static void grow(void)
{
    FILE *stream = fopen("some", "ab");
    assert_non_null(stream);
    fputs(" and more", stream);
    fclose(stream);
}

static void cut(void)
{
    assert_int_equal(truncate("some", 4), 0);
}

static void replace_text(void)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1}};
    int fd = open("some", O_WRONLY);
    assert_int_equal(pwrite(fd, "SOME", 4, 0), 4);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static void replace_file(void)
{
    write_file("new", "another");
    assert_int_equal(rename("new", "some"), 0);
}

static void files_that_change(void **state)
{
    (void)state;
    write_file("some", "some text");
    before_read = grow;
    refused("some", "some: grew while it was read");
    before_read = cut;
    refused("some", "some: became shorter while it was read");
    before_read = replace_text;
    refused("some", "some: was written to while it was read");
    /* The file that was opened is the one that is read. */
    before_read = replace_file;
    taken("some", "SOME");
    taken("some", "another");
}

/* What the program was handed is read to its end, also through a pipe. */
static void descriptors(void **state)
{
    (void)state;
    int end[2], before = dup(STDIN_FILENO);
    assert_int_equal(pipe2(end, O_NONBLOCK), 0);
    assert_int_equal(write(end[1], "piped", 5), 5);
    close(end[1]);
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", end[0]);
    taken(path, "piped");
    taken(path, "");
    write_file("some", "some text");
    int fd = open("some", O_RDONLY);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    taken("-", "some text");
    dup2(before, STDIN_FILENO);
    close(before);
    close(fd);
    close(end[0]);
    fd = open("/dev/zero", O_RDONLY);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    struct error error, expected;
    size_t length;
    assert_null(infile_read(path, LIMIT, &length, &error));
    error_set(&expected, "%s: is larger than 1 MiB, the most that is read", path);
    assert_string_equal(error.text, expected.text);
    close(fd);
    assert_string_equal(infile_name("-"), "standard input");
    assert_string_equal(infile_name("a.mid"), "a.mid");
}

static int enter_folder(void **state)
{
    (void)state;
    return system("rm -rf infile && mkdir infile") == 0 ? chdir("infile") : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),       cmocka_unit_test(not_files),
        cmocka_unit_test(sizes),       cmocka_unit_test(files_that_change),
        cmocka_unit_test(descriptors),
    };
    return cmocka_run_group_tests(tests, enter_folder, NULL);
}
