/* Pictures are there, whole, and what their endings say; a failure leaves nothing. */
#include "picture/axes.h"
#include "picture/plot.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const double steps[5] = {0, 1e5, 2e5, 3e5, 4e5};
static const double mean[5] = {0, 20, NAN, 50, 55};
static const double low[5] = {-5, 15, 30, NAN, 50}, high[5] = {5, 25, 40, 60, 60};

static struct plot_lines some_lines(void)
{
    static const struct plot_curve curve = {"trained #1 <a & b>", steps, mean, low, high, 5};
    static const struct plot_level levels[] = {
        {"SARSA", 54}, {"noise", 53.9}, {"not measured", NAN}, {"bad \xff bytes", -80}};
    return (struct plot_lines){.title = "Improvement",
                               .x_label = "steps",
                               .y_label = "IM (%)",
                               .curves = &curve,
                               .curve_count = 1,
                               .levels = levels,
                               .level_count = 4};
}

static char *contents(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *bytes = malloc(1 << 22);
    *length = fread(bytes, 1, (1 << 22) - 1, file);
    bytes[*length] = '\0';
    fclose(file);
    return bytes;
}

static void check_svg(const char *path)
{
    size_t length;
    char *bytes = contents(path, &length);
    assert_non_null(strstr(bytes, "<svg"));
    assert_non_null(strstr(bytes + length - 16, "</svg>"));
    free(bytes);
    /* An independent reader must take it. */
    char command[256];
    snprintf(command, sizeof command, "xmllint --noout '%s'", path);
    if (system("command -v xmllint >/dev/null") == 0)
        assert_int_equal(system(command), 0);
}

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Chunks follow one another from signature to IEND, nothing after. */
static void check_png(const char *path)
{
    size_t length, at = 8;
    char *bytes = contents(path, &length);
    const unsigned char *data = (const unsigned char *)bytes;
    assert_true(length > 1000);
    assert_memory_equal(data, "\x89PNG\r\n\x1a\n", 8);
    assert_memory_equal(data + 12, "IHDR", 4);
    assert_int_equal(big_endian(data + 16), 1920);
    assert_int_equal(big_endian(data + 20), 1200);
    while (at + 12 <= length && memcmp(data + at + 4, "IEND", 4) != 0)
        at += 12 + big_endian(data + at);
    assert_int_equal(at + 12, length);
    free(bytes);
}

static void lines_in_both_formats(void **state)
{
    (void)state;
    struct plot_lines plot = some_lines();
    struct error error = {""};
    if (plot_lines("plot_lines.svg", &plot, &error) != 0 ||
        plot_lines("plot_lines.PNG", &plot, &error) != 0)
        fail_msg("%s", error.text);
    check_svg("plot_lines.svg");
    check_png("plot_lines.PNG");
    unlink("plot_lines.svg");
    unlink("plot_lines.PNG");
}

static void panels_stand_below_one_another(void **state)
{
    (void)state;
    struct plot_lines panels[] = {some_lines(), some_lines()};
    struct error error = {""};
    size_t length;
    panels[1].title = "The other";
    assert_int_equal(plot_panels("panels.svg", panels, 2, &error), 0);
    check_svg("panels.svg");
    char *bytes = contents("panels.svg", &length);
    assert_non_null(strstr(bytes, "960"));
    assert_non_null(strstr(bytes, "1200"));
    free(bytes);
    unlink("panels.svg");
    assert_int_equal(plot_panels("panels.svg", panels, 0, &error), -1);
    assert_int_equal(plot_panels("panels.svg", panels, PLOT_MAX_PANELS + 1, &error), -1);
    panels[1].curve_count = 0;
    assert_int_equal(plot_panels("panels.svg", panels, 2, &error), -1);
    assert_non_null(strstr(error.text, "nothing to plot"));
}

/* Those who do not see the picture are told where the lines end. */
static void an_svg_says_what_it_shows(void **state)
{
    (void)state;
    struct plot_lines plot = some_lines();
    size_t length;
    assert_int_equal(plot_lines("plot_words.svg", &plot, NULL), 0);
    char *bytes = contents("plot_words.svg", &length);
    assert_non_null(strstr(bytes, ">Improvement</title>"));
    assert_non_null(strstr(bytes, ">IM (%) by steps. trained #1 &lt;a &amp; b&gt;: 55 at 400000. "
                                  "SARSA: 54. noise: 53.9. bad ? bytes: -80.</desc>"));
    free(bytes);
    unlink("plot_words.svg");
}

static void ticks_stand_at_round_numbers(void **state)
{
    (void)state;
    static const struct {
        double range[2], most, step;
    } cases[] = {{{0, 100}, 10, 10}, {{0, 100}, 9, 20},       {{-5, 5}, 4, 5},
                 {{0, 41}, 5, 10},   {{0, 413000}, 9, 50000}, {{99.1, 99.9}, 9, 0.1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(fabs(axes_step(cases[i].range, cases[i].most) / cases[i].step - 1) < 1e-9);
}

static void bars_in_both_formats(void **state)
{
    (void)state;
    static const double before[3] = {90, 50, -10}, after[3] = {99.9, NAN, 100};
    static const char *const groups[] = {"shift:p=0.1,max=2", "slip:p=0.5", "any"};
    static const struct plot_series series[] = {{"played", before}, {"sent", after}};
    struct plot_bars plot = {"Before and after", "per cent", groups, 3, series, 2};
    struct error error = {""};
    if (plot_bars("plot_bars.svg", &plot, &error) != 0 ||
        plot_bars("plot_bars.png", &plot, &error) != 0)
        fail_msg("%s", error.text);
    check_svg("plot_bars.svg");
    check_png("plot_bars.png");
    unlink("plot_bars.svg");
    unlink("plot_bars.png");
}

static void a_plot_is_the_same_twice(void **state)
{
    (void)state;
    struct plot_lines plot = some_lines();
    size_t a_length, b_length;
    assert_int_equal(plot_lines("plot_a.png", &plot, NULL), 0);
    assert_int_equal(plot_lines("plot_b.png", &plot, NULL), 0);
    char *a = contents("plot_a.png", &a_length), *b = contents("plot_b.png", &b_length);
    assert_int_equal(a_length, b_length);
    assert_memory_equal(a, b, a_length);
    free(a);
    free(b);
    unlink("plot_a.png");
    unlink("plot_b.png");
}

static void failures_leave_nothing(void **state)
{
    (void)state;
    struct plot_lines plot = some_lines();
    struct error error = {""};
    assert_int_equal(plot_lines("plot.jpg", &plot, &error), -1);
    assert_non_null(strstr(error.text, ".svg or .png"));
    assert_int_equal(access("plot.jpg", F_OK), -1);
    assert_int_equal(plot_check_name(".svg", &error), -1);
    assert_int_equal(plot_check_name("a.Svg", &error), 0);

    assert_int_equal(plot_lines("no/such/folder/plot.svg", &plot, &error), -1);
    assert_non_null(strstr(error.text, "no/such/folder/plot.svg"));

    assert_int_equal(mkdir("plot_folder.svg", 0777), 0);
    assert_int_equal(plot_lines("plot_folder.svg", &plot, &error), -1);
    assert_int_equal(rmdir("plot_folder.svg"), 0);

    assert_int_equal(symlink("/dev/full", "plot_full.png"), 0);
    assert_int_equal(plot_lines("plot_full.png", &plot, &error), -1);
    unlink("plot_full.png");

    plot.curve_count = 0;
    assert_int_equal(plot_lines("plot.svg", &plot, &error), -1);
    assert_int_equal(access("plot.svg", F_OK), -1);
    plot = some_lines();
    plot.level_count = PLOT_MAX_LINES;
    assert_int_equal(plot_lines("plot.svg", &plot, &error), -1);
    assert_int_equal(access("plot.svg", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_in_both_formats),
        cmocka_unit_test(panels_stand_below_one_another),
        cmocka_unit_test(an_svg_says_what_it_shows),
        cmocka_unit_test(ticks_stand_at_round_numbers),
        cmocka_unit_test(bars_in_both_formats),
        cmocka_unit_test(a_plot_is_the_same_twice),
        cmocka_unit_test(failures_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
