/* Who is let in, where requests go, which names are names, and which commands pass. */
#include "web/request.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char token[] = "abcdefghijkmnpqrstuvwxyz23";

static enum request_verdict judge(const char *method, const char *path, const char *origin,
                                  const char *site, const char *cookie, const char *query)
{
    const struct request_head head = {method, path, "piano.local:8322", origin, site,
                                      cookie, query};
    return request_judge(&head, token);
}

static void test_token(void **state)
{
    (void)state;
    static const char *const paths[] = {"/",           "/page.js",     "/api/events", "/api/pieces",
                                        "/api/status", "/api/nothing", "/icon.png"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_int_equal(judge("GET", paths[i], NULL, NULL, NULL, NULL), REQUEST_UNKNOWN);
        assert_int_equal(judge("GET", paths[i], NULL, NULL, "", NULL), REQUEST_UNKNOWN);
        assert_int_equal(judge("GET", paths[i], NULL, NULL, "abcdefghijkmnpqrstuvwxyz24", NULL),
                         REQUEST_UNKNOWN);
        assert_int_equal(judge("GET", paths[i], NULL, NULL, "abcdefghijkmnpqrstuvwxyz2", NULL),
                         REQUEST_UNKNOWN);
        assert_int_equal(judge("GET", paths[i], NULL, NULL, "abcdefghijkmnpqrstuvwxyz233", NULL),
                         REQUEST_UNKNOWN);
        assert_int_equal(judge("GET", paths[i], NULL, NULL, token, NULL), REQUEST_WELCOME);
        /* The token in the address opens the page and nothing else. */
        assert_int_equal(judge("GET", paths[i], NULL, NULL, NULL, token),
                         i == 0 ? REQUEST_WELCOME : REQUEST_UNKNOWN);
    }
    assert_int_equal(judge("POST", "/", "http://piano.local:8322", NULL, NULL, "x"),
                     REQUEST_UNKNOWN);
}

static void test_other_pages(void **state)
{
    (void)state;
    static const char *const foreign[] = {"http://evil.example",      "null",
                                          "http://piano.local",       "http://piano.local:83220",
                                          "http://piano.local:832",   "ftp://piano.local:8322",
                                          "http://piano.local:8322/", ""};
    static const char *const changing[] = {"POST", "PUT", "DELETE", "PATCH", "get"};
    for (size_t m = 0; m < 5; m++) {
        for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
            assert_int_equal(
                judge(changing[m], "/api/command", foreign[i], "same-origin", token, NULL),
                REQUEST_FOREIGN);
        assert_int_equal(judge(changing[m], "/api/command", NULL, NULL, token, NULL),
                         REQUEST_FOREIGN);
        assert_int_equal(
            judge(changing[m], "/api/command", "http://PIANO.local:8322", NULL, token, NULL),
            REQUEST_WELCOME);
        assert_int_equal(
            judge(changing[m], "/api/command", "https://piano.local:8322", NULL, token, NULL),
            REQUEST_WELCOME);
    }
    assert_int_equal(judge("GET", "/api/recordings", NULL, "cross-site", token, NULL),
                     REQUEST_FOREIGN);
    assert_int_equal(judge("GET", "/api/recordings", NULL, "same-site", token, NULL),
                     REQUEST_FOREIGN);
    assert_int_equal(judge("GET", "/api/recordings", "http://evil.example", NULL, token, NULL),
                     REQUEST_FOREIGN);
    assert_int_equal(judge("GET", "/api/recordings", NULL, "same-origin", token, NULL),
                     REQUEST_WELCOME);
    assert_int_equal(judge("GET", "/api/recordings", NULL, "none", token, NULL), REQUEST_WELCOME);
    /* A link on another page may open this one. */
    assert_int_equal(judge("GET", "/", NULL, "cross-site", NULL, token), REQUEST_WELCOME);
    const struct request_head without = {"POST", "/api/command", NULL, "http://",
                                         NULL,   token,          NULL};
    assert_int_equal(request_judge(&without, token), REQUEST_FOREIGN);
}

static void test_tokens(void **state)
{
    (void)state;
    char text[REQUEST_TOKEN_MOST + 2];
    assert_true(request_is_token(token));
    assert_false(request_is_token(""));
    assert_false(request_is_token("short"));
    assert_false(request_is_token("abcdefghijkmnpq;stuvwxyz23"));
    assert_false(request_is_token("abcdefghijkmnpq stuvwxyz23"));
    for (size_t length = 0; length <= REQUEST_TOKEN_MOST + 1; length++) {
        memset(text, 'a', length);
        text[length] = '\0';
        assert_int_equal(request_is_token(text),
                         length >= REQUEST_TOKEN_LEAST && length <= REQUEST_TOKEN_MOST);
    }
}

static void goes(const char *method, const char *path, enum request_route route, const char *name)
{
    const char *found;
    assert_int_equal(request_route(method, path, &found), route);
    if (name)
        assert_string_equal(found, name);
    else
        assert_null(found);
}

static void test_routes(void **state)
{
    (void)state;
    goes("GET", "/", REQUEST_ASSET, NULL);
    goes("HEAD", "/page.js", REQUEST_ASSET, NULL);
    goes("GET", "/api/pieces", REQUEST_ASK, "pieces");
    goes("PUT", "/api/pieces/a b.mid", REQUEST_ADD, "a b.mid");
    goes("DELETE", "/api/pieces/x.MXL", REQUEST_REMOVE, "x.MXL");
    goes("GET", "/api/recordings/2025-06-30_18-05-59.mid", REQUEST_RECORDING,
         "2025-06-30_18-05-59.mid");
    goes("GET", "/api/reports/x.mid", REQUEST_REPORT, "x.mid");
    goes("POST", "/api/pieces/x.mid", REQUEST_NOT_SO, NULL);
    goes("HEAD", "/api/command", REQUEST_NOT_SO, NULL);
    goes("GET", "/api/command", REQUEST_NOT_SO, NULL);
    static const char *const nowhere[] = {"",
                                          "//",
                                          "/x",
                                          "/page.js/",
                                          "/door.html",
                                          "/api",
                                          "/api/",
                                          "/api/pieces/",
                                          "/api/pieces/x",
                                          "/api/pieces/x.model",
                                          "/api/pieces/../x.mid",
                                          "/api/pieces/..%2fx.mid/..",
                                          "/api/pieces/.x.mid",
                                          "/api/pieces/a/x.mid",
                                          "/api/pieces/\\x.mid",
                                          "/api/pieces/x.mid\n",
                                          "/api/recordings/x.html",
                                          "/api/recordings/../../etc/passwd.mid",
                                          "/api/recordings//etc/x.mid",
                                          "/api/reports/x.mid.html",
                                          "/../etc/passwd",
                                          "/api/recordings/\xff.mid",
                                          "/api/recordings/x.MID",
                                          "/api/recordings/.mid"};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        goes("GET", nowhere[i], REQUEST_NOWHERE, NULL);
        goes("PUT", nowhere[i], REQUEST_NOWHERE, NULL);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const good[] = {"a.mid",
                                       "Für Elise.mid",
                                       "a..mid",
                                       "1",
                                       "月の光.mxl",
                                       "a'\"<b>&;$(x).mid",
                                       "\xF0\x9F\x8E\xB9.mid"};
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      ".hidden",
                                      "a/b",
                                      "a\\b",
                                      "a\tb",
                                      "a\x7f",
                                      "\xC0\xAF",
                                      "\xC0\xAE",
                                      "\xE0\x80\xAF",
                                      "\xED\xA0\x80",
                                      "\xF4\x90\x80\x80",
                                      "\xC2\x85x",
                                      "\xE2\x82",
                                      "\x80",
                                      "a\xF8",
                                      "\n"};
    char name[REQUEST_NAME_BYTES + 2];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(request_is_name(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(request_is_name(bad[i]));
    memset(name, 'x', sizeof name);
    name[REQUEST_NAME_BYTES + 1] = '\0';
    assert_false(request_is_name(name));
    name[REQUEST_NAME_BYTES] = '\0';
    assert_true(request_is_name(name));
    assert_true(request_is_piece("x.MusicXML"));
    assert_false(request_is_piece("x.mid.part"));
    assert_false(request_is_piece(".mid"));
    assert_false(request_is_piece("/x.mid"));
}

static void test_commands(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{\"command\":\"panic\"}", "{\"command\":\"mode\",\"value\":\"off\"}",
        "{\"command\":\"follow\",\"value\":0.5}", "{\"command\":\"lock\",\"value\":\"a\\nb.mid\"}"};
    static const char *const bad[] = {"",
                                      "{}",
                                      "[]",
                                      "null",
                                      "{\"command\":\"reload\"}",
                                      "{\"command\":\"watch\"}",
                                      "{\"command\":\"status\"}",
                                      "{\"command\":1}",
                                      "{\"command\":\"panic\",\"value\":{}}",
                                      "{\"command\":\"panic\",\"value\":[1]}",
                                      "{\"command\":\"panic\",\"other\":1}",
                                      "{\"command\":\"mode\",\"value\":\"a\",\"x\":1}",
                                      "{\"command\":\"panic\"}{\"command\":\"panic\"}",
                                      "{\"command\":\"panic\",\"command\":\"panic\"}"};
    struct error error;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *line = request_command(good[i], strlen(good[i]), &error);
        assert_non_null(line);
        assert_string_equal(line, good[i]);
        assert_null(strchr(line, '\n'));
        free(line);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        *error.text = '\0';
        assert_null(request_command(bad[i], strlen(bad[i]), &error));
        assert_true(strlen(error.text) > 5);
    }
    char long_one[REQUEST_COMMAND_BYTES + 64];
    memset(long_one, ' ', sizeof long_one);
    memcpy(long_one, good[0], strlen(good[0]));
    assert_null(request_command(long_one, REQUEST_COMMAND_BYTES + 1, &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token),  cmocka_unit_test(test_other_pages),
        cmocka_unit_test(test_tokens), cmocka_unit_test(test_routes),
        cmocka_unit_test(test_names),  cmocka_unit_test(test_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
