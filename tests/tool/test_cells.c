/* Text in the cells of a screen, without a terminal. */
#include "tool/cells.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A row as UTF-8 without the spaces at its end; to be freed. */
static char *row_of(const struct cells *cells, int row)
{
    GString *text = g_string_new(NULL);
    for (int column = 0; column < cells->columns; column++) {
        uint32_t glyph = cells->cell[row * cells->columns + column].glyph;
        if (glyph)
            g_string_append_unichar(text, glyph);
    }
    return g_strchomp(g_string_free(text, FALSE));
}

static void test_text_in_cells(void **state)
{
    (void)state;
    struct cells *cells = cells_open(3, 12, true);
    assert_int_equal(cells_text(cells, 0, 2, 12, STYLE_PLAIN, "F\u00fcr"), 5);
    assert_int_equal(cells_text(cells, 1, 0, 7, STYLE_STRONG, "abcdefghij"), 7);
    char *text = row_of(cells, 1);
    assert_string_equal(text, "abcdef\u2026");
    g_free(text);
    /* Wide ones take two cells, and never half of one. */
    assert_int_equal(cells_text(cells, 2, 0, 12, STYLE_PLAIN, "\u6708\u5149"), 4);
    assert_int_equal(cells->cell[2 * 12 + 1].glyph, 0);
    assert_int_equal(cells_text(cells, 2, 0, 4, STYLE_PLAIN, "\u6708\u5149\u66f2"), 3);
    assert_int_equal(cells->cell[2 * 12 + 2].glyph, 0x2026);
    /* Combining signs have no cell; controls and broken bytes are not shown. */
    assert_int_equal(cells_width(cells, "e\u0301"), 1);
    cells_text(cells, 0, 0, 12, STYLE_PLAIN, "a\x1b\xff\xc3");
    assert_int_equal(cells->cell[1].glyph, '?');
    assert_int_equal(cells->cell[2].glyph, '?');
    assert_int_equal(cells->cell[3].glyph, '?');
    cells_text(cells, 5, -3, 90, STYLE_PLAIN, "outside");
    cells_close(cells);
}

static void test_words_in_lines(void **state)
{
    (void)state;
    char line[CELLS_LINE];
    struct cells *cells = cells_open(1, 1, true);
    const char *rest = cells_wrap(cells, "one two three\n\nfour", 8, line);
    assert_string_equal(line, "one two");
    rest = cells_wrap(cells, rest, 8, line);
    assert_string_equal(line, "three");
    rest = cells_wrap(cells, rest, 8, line);
    assert_string_equal(line, "");
    rest = cells_wrap(cells, rest, 2, line);
    assert_string_equal(line, "four");
    assert_string_equal(rest, "");
    cells_close(cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_in_cells),
        cmocka_unit_test(test_words_in_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
