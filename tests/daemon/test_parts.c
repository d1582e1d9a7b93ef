/* Parts of the service that stand alone: the histogram against sorting, requests,
 * settings, patterns for ports, the virtual port, the log. */
#include "config/config.h"
#include "daemon/latency.h"
#include "daemon/log.h"
#include "daemon/request.h"
#include "daemon/settings.h"
#include "midi/port.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static void test_latency_against_sorting(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static struct latency latency;
    static uint64_t time[COUNT];
    static const double shares[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1};
    assert_true(latency_quantile(&latency, 0.5) == 0);
    unsigned seed = 5;
    for (int i = 0; i < COUNT; i++) {
        time[i] = (uint64_t)exp(20.0 * rand_r(&seed) / RAND_MAX);
        latency_add(&latency, time[i]);
    }
    qsort(time, COUNT, sizeof *time, compare);
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        double right = (double)time[(int)ceil(shares[i] * COUNT) - 1];
        double found = (double)latency_quantile(&latency, shares[i]);
        assert_true(found >= right && found <= right * 1.125 + 1);
    }
    assert_true(latency.most == time[COUNT - 1]);
    assert_true(latency_quantile(&latency, 1) == latency.most);
    latency_add(&latency, UINT64_MAX);
    assert_true(latency_quantile(&latency, 1) == UINT64_MAX);
}

static int read_request(const char *line, struct request *request, struct error *error)
{
    return request_read(line, strlen(line), request, error);
}

static void test_requests(void **state)
{
    (void)state;
    struct request request;
    struct error error;
    assert_int_equal(read_request("{\"command\":\"mode\",\"value\":\"scale\"}", &request, &error),
                     0);
    assert_int_equal(request.command, REQUEST_MODE);
    assert_int_equal(request.mode, CONFIG_MODE_SCALE);
    assert_int_equal(read_request("{\"value\":7,\"command\":\"follow\"}", &request, &error), 0);
    assert_int_equal(request.command, REQUEST_FOLLOW);
    assert_true(request.number == 7);
    assert_int_equal(
        read_request("{\"command\":\"bypass\",\"value\":\"toggle\"}", &request, &error), 0);
    assert_int_equal(request.on, REQUEST_TOGGLE);
    assert_int_equal(read_request("{\"command\":\"panic\"}", &request, &error), 0);
    assert_int_equal(request.command, REQUEST_PANIC);
    assert_int_equal(read_request("{\"command\":\"lock\",\"value\":\"a b.mid\"}", &request, &error),
                     0);
    assert_int_equal(request.command, REQUEST_LOCK);
    assert_string_equal(request.name, "a b.mid");
    assert_int_equal(read_request("{\"command\":\"lock\"}", &request, &error), -1);
    assert_int_equal(read_request("{\"command\":\"lock\",\"value\":\"\"}", &request, &error), -1);
    assert_int_equal(read_request("{\"command\":\"lock\",\"value\":3}", &request, &error), -1);
    assert_int_equal(
        read_request("{\"command\":\"lock\",\"value\":\"../a.mid\"}", &request, &error), -1);
    assert_int_equal(read_request("{\"command\":\"unlock\",\"value\":1}", &request, &error), -1);
    assert_int_equal(read_request("{\"command\":\"transpose\",\"value\":-2}", &request, &error), 0);
    assert_int_equal(request.command, REQUEST_TRANSPOSE);
    assert_true(request.number < -1.5 && request.number > -2.5);
    assert_int_equal(read_request("{\"command\":\"transpose\",\"value\":1.5}", &request, &error),
                     -1);
    assert_int_equal(read_request("{\"command\":\"transpose\",\"value\":49}", &request, &error),
                     -1);
    assert_int_equal(read_request("{\"command\":\"tempo\",\"value\":19}", &request, &error), -1);
    assert_int_equal(read_request("{\"command\":\"tempo\",\"value\":true}", &request, &error), -1);
    assert_int_equal(read_request("{\"command\":\"tempo\",\"x\":100}", &request, &error), -1);
    assert_int_equal(read_request("{\"command\":\"panic\"} x", &request, &error), -1);
    static const char *const cut[] = {
        "{\"command\":\"123456789012345678901234567890123456789\xc3\xbc\"}",
        "{\"comman:\\\xde\x8b\xde\x8b\x9a\x9apo\",\"value\":5}",
    };
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        assert_int_equal(read_request(cut[i], &request, &error), -1);
        json_t *answer = request_refuse(error.text);
        assert_non_null(answer);
        assert_non_null(json_string_value(json_object_get(answer, "error")));
        json_decref(answer);
    }
}

static void test_reload_keeps_what_commands_changed(void **state)
{
    (void)state;
    const char old_text[] = "[correct]\nmode = correct\nfollow = 2\n[clock]\ntempo = 90\n";
    const char new_text[] = "[correct]\nmode = scale\nfollow = 2\n[clock]\ntempo = 90\n"
                            "[input]\nrange = A0-C8\n";
    struct config *old = config_parse(old_text, strlen(old_text), "old", NULL, NULL, NULL);
    struct config *new = config_parse(new_text, strlen(new_text), "new", NULL, NULL, NULL);
    struct filter_settings now = settings_of_filter(old);
    assert_int_equal(now.correct.mode, CORRECT_CORRECT);
    assert_true(now.clock.tempo == 90);
    now.correct.mode = CORRECT_OFF;
    now.correct.follow = 5;
    now.bypass = true;
    struct filter_settings after = settings_after_reload(old, new, &now);
    assert_int_equal(after.correct.mode, CORRECT_SCALE);
    assert_true(after.correct.follow == 5);
    assert_true(after.bypass);
    assert_int_equal(after.lowest, 21);
    config_free(old);
    config_free(new);
}

static void test_patterns(void **state)
{
    (void)state;
    assert_true(port_matches("piano", "My Digital Piano", "MIDI 1"));
    assert_true(port_matches("MIDI 1", "My Digital Piano", "My Digital Piano MIDI 1"));
    assert_true(port_matches("digital*", "Digital Piano", "port"));
    assert_true(port_matches("FLUID*:*(1*", "FLUID Synth (12)", "Synth input port (12:0)"));
    assert_true(port_matches("*", "any", "thing"));
    assert_false(port_matches("digital*", "My Digital Piano", "port"));
    assert_false(port_matches("organ", "My Digital Piano", "port"));
    assert_false(port_matches("pian?", "My Digital Piano", "port"));
    char name[400];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_true(port_matches("nn", name, name));
    assert_false(port_matches("x:y", name, name));
}

static void test_ports_to_connect(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "[input]\nconnect = none\n", "[input]\nconnect = A*\n"};
    struct config *config[3];
    for (int i = 0; i < 3; i++) {
        struct error error;
        config[i] = config_parse(texts[i], strlen(texts[i]), "it.conf", NULL, NULL, &error);
        assert_non_null(config[i]);
        struct port_settings settings = settings_of_port(config[i], false);
        assert_int_equal(settings.inputs.any, i == 0);
        assert_int_equal(settings.inputs.count, i == 2);
        assert_true(settings.outputs.any);
        struct port_names copy;
        assert_int_equal(port_names_copy(&copy, &settings.inputs), 0);
        assert_int_equal(copy.any, i == 0);
        port_names_free(&copy);
    }
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            assert_int_equal(
                settings_same_names(&config[i]->input.connect, &config[j]->input.connect), i == j);
    for (int i = 0; i < 3; i++)
        config_free(config[i]);
}

static void test_virtual_port(void **state)
{
    (void)state;
    char in[] = "/tmp/audiogenrl-in-XXXXXX";
    char out[] = "/tmp/audiogenrl-out-XXXXXX";
    const char text[] = "# a comment\n\n0.5 90 3C 40\r\n0.75 unplugged\n1 F0 01\n1 02 F7\n2 F8\n";
    int fd = mkstemp(in);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    close(mkstemp(out));
    const char *inputs[] = {in};
    const char *outputs[] = {out};
    const struct port_settings settings = {{1, inputs, false}, {1, outputs, false}, true};
    struct error error;
    struct port *port = port_virtual_ops.open(&settings, &error);
    assert_non_null(port);
    static const enum port_news expected[] = {PORT_EVENT, PORT_INPUT_LOST, PORT_EVENT,
                                              PORT_EVENT, PORT_EVENT,      PORT_ENDED};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct midi_event event;
        enum port_news news = PORT_NOTHING;
        for (int tries = 0; news == PORT_NOTHING && tries < 10; tries++)
            news = port->ops->read(port, &event);
        assert_int_equal(news, expected[i]);
        if (news == PORT_EVENT)
            assert_int_equal(port->ops->write(port, &event), 0);
    }
    assert_string_equal(port->fault.text, "");
    assert_true(port->ops->now(port) == 2);
    assert_int_equal(port->ops->flush(port), 0);
    port->ops->close(port);
    char written[256] = "";
    fd = open(out, O_RDONLY);
    assert_true(read(fd, written, sizeof written - 1) > 0);
    close(fd);
    assert_string_equal(written,
                        "0.500000 90 3C 40\n1.000000 F0 01\n1.000000 02 F7\n2.000000 F8\n");
    unlink(in);
    unlink(out);
}

/* Whoever does not read the output holds up the input and nothing else. */
static void test_virtual_port_that_nobody_reads(void **state)
{
    (void)state;
    enum { EVENTS = 20000 };
    char in[] = "/tmp/audiogenrl-in-XXXXXX";
    char out[] = "/tmp/audiogenrl-out-XXXXXX";
    int fd = mkstemp(in);
    for (int i = 0; i < EVENTS; i++)
        dprintf(fd, "%d 90 3C 40\n", i);
    close(fd);
    close(mkstemp(out));
    unlink(out);
    assert_int_equal(mkfifo(out, 0600), 0);
    const char *inputs[] = {in};
    const char *outputs[] = {out};
    const struct port_settings settings = {{1, inputs, false}, {1, outputs, false}, true};
    struct error error;
    assert_null(port_virtual_ops.open(&settings, &error)); /* nobody listens */
    int reader = open(out, O_RDONLY | O_NONBLOCK);
    struct port *port = port_virtual_ops.open(&settings, &error);
    assert_non_null(port);
    int count = 0, idle = 0, lines = 0;
    enum port_news news;
    struct midi_event event;
    while ((news = port->ops->read(port, &event)) != PORT_ENDED) {
        if (news == PORT_EVENT) {
            count++;
            idle = 0;
            assert_int_equal(port->ops->write(port, &event), 0);
            assert_int_equal(port->ops->flush(port), 0);
        } else if (++idle > 3) {
            char text[1 << 16];
            ssize_t got = read(reader, text, sizeof text);
            for (ssize_t i = 0; i < got; i++)
                lines += text[i] == '\n';
            assert_true(got > 0);
            assert_int_equal(port->ops->descriptor(port), -1);
        }
    }
    assert_int_equal(count, EVENTS);
    assert_true(lines > EVENTS / 2);
    port->ops->close(port);
    close(reader);
    unlink(in);
    unlink(out);
}

static void test_a_log_that_nobody_reads(void **state)
{
    (void)state;
    enum { LINES = 5000 };
    static char text[1 << 20];
    int end[2], before = dup(STDERR_FILENO);
    assert_int_equal(pipe(end), 0);
    dup2(end[1], STDERR_FILENO);
    for (int i = 0; i < LINES; i++)
        log_say(LOG_ERR, "line %d\n", i);
    ssize_t length = read(end[0], text, sizeof text);
    log_say(LOG_ERR, "last");
    dup2(before, STDERR_FILENO);
    close(end[1]);
    close(before);
    int lines = 0;
    for (ssize_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    assert_true(lines > 0 && lines < LINES);
    assert_true(strncmp(text, "audiogenrld: line 0 \naudiogenrld: line 1 \n", 42) == 0);
    char expected[128];
    snprintf(expected, sizeof expected,
             "audiogenrld: nobody read %d messages here; they are lost\naudiogenrld: last\n",
             LINES - lines);
    length = read(end[0], text, sizeof text - 1);
    text[length] = '\0';
    assert_string_equal(text, expected);
    close(end[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latency_against_sorting),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_reload_keeps_what_commands_changed),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_ports_to_connect),
        cmocka_unit_test(test_virtual_port),
        cmocka_unit_test(test_virtual_port_that_nobody_reads),
        cmocka_unit_test(test_a_log_that_nobody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
