/* Words and names put into a picture. */
#include "picture/svgtext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char svg[] =
    "<?xml version=\"1.0\"?>\n<svg xmlns=\"x\" width=\"8pt\" height=\"9pt\" viewBox=\"0 0 8 9\" "
    "version=\"1.1\">\n<g id=\"a\"/><use xlink:href=\"#a\"/><g clip-path=\"url(#b)\"/></svg>\n";

static void a_file_keeps_its_size_and_names(void **state)
{
    (void)state;
    const struct svgtext words = {.title = "a < b & \"c\"", .desc = "d"};
    char *text = svgtext_describe(svg, strlen(svg), &words);
    assert_non_null(text);
    assert_ptr_equal(strstr(text, "<?xml"), text);
    assert_non_null(strstr(text, " width=\"8pt\" height=\"9pt\" viewBox=\"0 0 8 9\" role=\"img\""));
    assert_non_null(strstr(text, ">a &lt; b &amp; &quot;c&quot;</title>"));
    assert_non_null(strstr(text, ">d</desc>"));
    assert_non_null(
        strstr(text, "<g id=\"a\"/><use xlink:href=\"#a\"/><g clip-path=\"url(#b)\"/>"));
    free(text);
}

static void a_part_of_a_document_has_names_of_its_own(void **state)
{
    (void)state;
    const struct svgtext words = {.title = "t", .id = "p1"};
    char *text = svgtext_describe(svg, strlen(svg), &words);
    assert_non_null(text);
    assert_ptr_equal(strstr(text, "<svg"), text);
    assert_null(strstr(text, "8pt"));
    assert_null(strstr(text, "<desc"));
    assert_non_null(strstr(
        text, "<g id=\"p1-a\"/><use xlink:href=\"#p1-a\"/><g clip-path=\"url(#p1-b)\"/></svg>"));
    free(text);
}

static void what_is_no_svg_is_refused(void **state)
{
    (void)state;
    const struct svgtext words = {.title = "t"};
    assert_null(svgtext_describe("<html>", 6, &words));
    assert_null(svgtext_describe("<svg", 4, &words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_keeps_its_size_and_names),
        cmocka_unit_test(a_part_of_a_document_has_names_of_its_own),
        cmocka_unit_test(what_is_no_svg_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
