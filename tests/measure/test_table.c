/* Tables as text, CSV and JSON; reports fill every column. */
#include "measure/report.h"
#include "measure/table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct table_column columns[] = {
    {"name", "name", -1}, {"share", "share", 1}, {"unused", "unused", 1}, {"hidden", NULL, 0}};

static struct table *small_table(void)
{
    struct table *table = table_create(columns, 4, NULL);
    assert_non_null(table);
    table_text(table, "Für Elise");
    table_number(table, 99.94);
    table_number(table, NAN);
    table_number(table, 12);
    table_text(table, "a \"b\", c");
    table_number(table, NAN);
    table_number(table, NAN);
    table_number(table, -0.001);
    return table;
}

static void as_text(void **state)
{
    (void)state;
    struct table *table = small_table();
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_int_equal(table_print(table, stream, NULL), 0);
    fclose(stream);
    assert_string_equal(text, "name       share\n"
                              "Für Elise   99.9\n"
                              "a \"b\", c       –\n");
    free(text);
    table_free(table);
}

static void as_csv(void **state)
{
    (void)state;
    struct table *table = small_table();
    char path[] = "table_XXXXXX", text[256] = "";
    close(mkstemp(path));
    assert_int_equal(table_write_csv(table, path, NULL), 0);
    FILE *file = fopen(path, "r");
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    unlink(path);
    assert_string_equal(text, "name,share,unused,hidden\n"
                              "Für Elise,99.94,,12\n"
                              "\"a \"\"b\"\", c\",,,-0.001\n");
    struct error error = {""};
    assert_int_equal(table_write_csv(table, "/no/such/folder/t.csv", &error), -1);
    assert_non_null(strstr(error.text, "/no/such/folder/t.csv"));
    table_free(table);
}

static void as_json(void **state)
{
    (void)state;
    struct table *table = small_table();
    json_t *json = table_json(table, NULL);
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, "[{\"hidden\":12,\"name\":\"Für Elise\",\"share\":99.939999999999998,"
                              "\"unused\":null},{\"hidden\":-0.001,\"name\":\"a \\\"b\\\", c\","
                              "\"share\":null,\"unused\":null}]");
    free(text);
    json_decref(json);
    table_free(table);
}

static void a_row_must_be_full(void **state)
{
    (void)state;
    struct table *table = small_table();
    struct error error = {""};
    table_text(table, "half");
    assert_int_equal(table_print(table, stdout, &error), -1);
    assert_non_null(strstr(error.text, "1 cells of 4"));
    assert_null(table_json(table, &error));
    assert_int_equal(table_write_csv(table, "half.csv", &error), -1);
    assert_int_equal(access("half.csv", F_OK), -1);
    table_free(table);
}

static void a_score_has_its_counts(void **state)
{
    (void)state;
    static struct accuracy score;
    score.meant = 10;
    score.added = 2;
    score.played.right = 6;
    score.sent.right = 9;
    score.repaired = 3;
    score.kept = 6;
    score.played.off = 6;
    score.sent.off = 2;
    score.sent.harmless = 1;
    struct table *table = report_scores(NULL);
    report_score(table, "piece.mid", "correct", "slip:p=0.4", &score);
    json_t *json = table_json(table, NULL), *row = json_array_get(json, 0);
    assert_non_null(row);
    assert_string_equal(json_string_value(json_object_get(row, "errors")), "slip:p=0.4");
    assert_int_equal(json_integer_value(json_object_get(row, "notes")), 12);
    assert_true(json_number_value(json_object_get(row, "exact_played")) == 60);
    assert_true(json_number_value(json_object_get(row, "exact")) == 90);
    assert_true(json_number_value(json_object_get(row, "repaired")) == 75);
    assert_true(json_number_value(json_object_get(row, "kept")) == 100);
    assert_true(json_number_value(json_object_get(row, "net_change")) == -75);
    assert_true(json_number_value(json_object_get(row, "harmless_wrong")) == 50);
    assert_int_equal(json_integer_value(json_object_get(row, "n_right")), 9);
    assert_int_equal(json_integer_value(json_object_get(row, "n_harmless")), 1);
    assert_true(json_is_null(json_object_get(row, "improvement")));
    json_decref(json);
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_text),
        cmocka_unit_test(as_csv),
        cmocka_unit_test(as_json),
        cmocka_unit_test(a_row_must_be_full),
        cmocka_unit_test(a_score_has_its_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
