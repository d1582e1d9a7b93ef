/* Programs that answer, fail, hang, say too much, or do not read. */
#include "base/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static char *sh(const char *script, const char *input, size_t length, struct error *error)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    size_t got = 0;
    char *output = program_run(argv, input, length, 2, &got, error);
    if (output)
        assert_int_equal(got, strlen(output));
    return output;
}

static void answers(void **state)
{
    (void)state;
    struct error error = {""};
    char *output = sh("cat", "one\ntwo\n", 8, &error);
    assert_string_equal(output, "one\ntwo\n");
    free(output);
    output = sh("echo alone", "", 0, &error);
    assert_string_equal(output, "alone\n");
    free(output);
}

/* More than a socket holds, both ways at once; and a program that does not read it. */
static void long_texts(void **state)
{
    (void)state;
    struct error error = {""};
    size_t length = 3 << 20;
    char *text = malloc(length + 1);
    memset(text, 'x', length);
    text[length] = '\0';
    char *output = sh("cat", text, length, &error);
    assert_non_null(output);
    assert_int_equal(strlen(output), length);
    free(output);
    output = sh("exec <&-; echo deaf", text, length, &error);
    assert_string_equal(output, "deaf\n");
    free(output);
    free(text);
}

static void failures(void **state)
{
    (void)state;
    struct error error = {""};
    assert_null(sh("echo no; exit 3", "", 0, &error));
    assert_string_equal(error.text, "sh: failed");
    const char *const none[] = {"no-such-program-here", NULL};
    size_t length;
    assert_null(program_run(none, "", 0, 2, &length, &error));
    assert_string_equal(error.text, "no-such-program-here: the program cannot be started");
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_null(sh("exec sleep 60", "", 0, &error));
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_string_equal(error.text, "sh: did not end within 2 s");
    assert_true(after.tv_sec - before.tv_sec < 10);
    assert_null(sh("exec yes", "", 0, &error));
    assert_string_equal(error.text, "sh: wrote more than 32 MiB");
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_null(sh("exec <&- >&- sleep 20", "", 0, &error)); /* closes both, and goes on */
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_string_equal(error.text, "sh: did not end within 2 s");
    assert_true(after.tv_sec - before.tv_sec < 10);
}

static void what_is_there(void **state)
{
    (void)state;
    assert_true(program_exists("sh"));
    assert_false(program_exists("no-such-program-here"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(failures),
        cmocka_unit_test(what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
