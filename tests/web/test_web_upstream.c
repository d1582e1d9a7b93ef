/* The connection to a service that answers, talks too much, stands still and goes away. */
#include "web/upstream.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static const char path[] = "web_upstream_socket";

struct desk {
    int listening;
    int service; /* its end */
    struct upstream *upstream;
    char said[4096]; /* answers, and what was told, in their order */
};

static void note(struct desk *desk, char kind, const char *line, size_t length)
{
    size_t used = strlen(desk->said);
    snprintf(desk->said + used, sizeof desk->said - used, "%c%.*s ", kind, line ? (int)length : 4,
             line ? line : "lost");
}

static void on_told(void *context, const char *line, size_t length, const char *why)
{
    assert_true(!line == !!why);
    note(context, 't', line, length);
}

static void on_answer(void *context, const char *line, size_t length, const char *why)
{
    assert_true(!line == !!why);
    note(context, 'a', line, length);
}

static int set_up(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct desk *desk = calloc(1, sizeof *desk);
    strcpy(address.sun_path, path);
    unlink(path);
    desk->listening = socket(AF_UNIX, SOCK_STREAM, 0);
    desk->service = -1;
    desk->upstream = upstream_open(path, on_told, desk, NULL);
    *state = desk;
    return bind(desk->listening, (const struct sockaddr *)&address, sizeof address) == 0 &&
                   listen(desk->listening, 4) == 0
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    upstream_close(desk->upstream);
    close(desk->listening);
    if (desk->service >= 0)
        close(desk->service);
    unlink(path);
    free(desk);
    return 0;
}

static void ask(struct desk *desk, const char *line)
{
    struct error error;
    assert_int_equal(upstream_ask(desk->upstream, line, on_answer, desk, &error), 0);
}

static void service_says(struct desk *desk, const char *text)
{
    if (desk->service < 0)
        desk->service = accept(desk->listening, NULL, NULL);
    for (size_t length = strlen(text); length > 0;) {
        ssize_t sent = send(desk->service, text, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            text += sent;
            length -= (size_t)sent;
        }
        upstream_ready(desk->upstream, POLLIN);
        if (upstream_descriptor(desk->upstream) < 0)
            break;
    }
    upstream_ready(desk->upstream, POLLIN);
}

static void test_answers_in_order(void **state)
{
    struct desk *desk = *state;
    char asked[64] = "";
    ask(desk, "one");
    ask(desk, "two");
    assert_true(upstream_waits(desk->upstream));
    service_says(desk, "1\n{\"watch\":\"x\"}\n");
    service_says(desk, "2");
    assert_string_equal(desk->said, "a1 t{\"watch\":\"x\"} ");
    service_says(desk, "2\n");
    assert_string_equal(desk->said, "a1 t{\"watch\":\"x\"} a22 ");
    assert_false(upstream_waits(desk->upstream));
    assert_int_equal(recv(desk->service, asked, sizeof asked - 1, 0), 8);
    assert_string_equal(asked, "one\ntwo\n");
}

static void test_long_answer(void **state)
{
    struct desk *desk = *state;
    char *line = malloc(200002);
    memset(line, 'x', 200000);
    strcpy(line + 200000, "\n");
    ask(desk, "one");
    service_says(desk, line);
    assert_int_equal(strlen(desk->said), sizeof desk->said - 1); /* of all that fits there */
    free(line);
}

static void test_endless_line(void **state)
{
    struct desk *desk = *state;
    char *line = malloc(UPSTREAM_LONGEST + 1);
    memset(line, 'x', UPSTREAM_LONGEST);
    line[UPSTREAM_LONGEST] = '\0';
    ask(desk, "one");
    service_says(desk, line);
    assert_string_equal(desk->said, "alost tlost ");
    assert_false(upstream_is_connected(desk->upstream));
    free(line);
}

static void test_loss(void **state)
{
    struct desk *desk = *state;
    ask(desk, "one");
    ask(desk, "two");
    service_says(desk, "1\n");
    close(desk->service);
    desk->service = -1;
    upstream_ready(desk->upstream, POLLIN | POLLHUP);
    assert_string_equal(desk->said, "a1 alost tlost ");
    assert_int_equal(upstream_descriptor(desk->upstream), -1);
    /* And there again. */
    ask(desk, "three");
    service_says(desk, "3\n");
    assert_string_equal(desk->said, "a1 alost tlost a3 ");
}

static void test_a_refusal_before_the_end(void **state)
{
    struct desk *desk = *state;
    ask(desk, "one");
    desk->service = accept(desk->listening, NULL, NULL);
    assert_int_equal(send(desk->service, "full\n", 5, 0), 5);
    close(desk->service);
    desk->service = -1;
    upstream_ready(desk->upstream, POLLIN | POLLHUP);
    assert_string_equal(desk->said, "afull tlost ");
}

static void test_unasked(void **state)
{
    struct desk *desk = *state;
    ask(desk, "one");
    service_says(desk, "1\nwhat?\n");
    assert_string_equal(desk->said, "a1 tlost ");
}

static void test_no_service(void **state)
{
    struct desk *desk = *state;
    struct error error = {""};
    unlink(path);
    assert_int_equal(upstream_ask(desk->upstream, "x", on_answer, desk, &error), -1);
    assert_non_null(strstr(error.text, "systemctl start audiogenrl"));
    assert_string_equal(desk->said, "");
}

static void test_too_many(void **state)
{
    struct desk *desk = *state;
    struct error error = {""};
    for (int i = 0; i < UPSTREAM_WAITING; i++)
        ask(desk, "x");
    assert_int_equal(upstream_ask(desk->upstream, "x", on_answer, desk, &error), -1);
    assert_non_null(strstr(error.text, "busy"));
    service_says(desk, "1\n");
    ask(desk, "x");
}

/* More than the socket takes at once goes out when there is room again. */
static void test_a_service_that_reads_late(void **state)
{
    struct desk *desk = *state;
    enum { LINE = 60000 };
    static char line[LINE + 1];
    static char taken[1 << 16];
    struct error error;
    size_t sent = 0;
    size_t got = 0;
    memset(line, 'x', LINE);
    while (sent < UPSTREAM_WAITING && !(upstream_events(desk->upstream) & POLLOUT)) {
        ask(desk, line);
        sent++;
    }
    assert_int_equal(upstream_ask(desk->upstream, line, on_answer, desk, &error), -1);
    desk->service = accept(desk->listening, NULL, NULL);
    for (int tries = 0; got < sent * (LINE + 1); tries++) {
        assert_true(tries < 100000);
        ssize_t now = recv(desk->service, taken, sizeof taken, MSG_DONTWAIT);
        got += now > 0 ? (size_t)now : 0;
        upstream_ready(desk->upstream, upstream_events(desk->upstream) & POLLOUT);
        assert_true(now > 0 || upstream_events(desk->upstream) & POLLOUT ||
                    got == sent * (LINE + 1));
    }
    assert_int_equal(upstream_events(desk->upstream), POLLIN);
}

static void test_stands_still(void **state)
{
    struct desk *desk = *state;
    ask(desk, "one");
    upstream_tick(desk->upstream);
    assert_true(upstream_is_connected(desk->upstream));
    sleep(UPSTREAM_PATIENCE + 1);
    upstream_tick(desk->upstream);
    assert_string_equal(desk->said, "alost tlost ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_answers_in_order),
        TEST(test_long_answer),
        TEST(test_endless_line),
        TEST(test_loss),
        TEST(test_unasked),
        TEST(test_a_refusal_before_the_end),
        TEST(test_a_service_that_reads_late),
        TEST(test_no_service),
        TEST(test_too_many),
        TEST(test_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
