/* abcm2ps, and its SVG without what says when and how it was made. */
#include "base/program.h"
#include "picture/engrave_private.h"
#include "picture/svgtext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS = 10 /* it takes some milliseconds */ };

bool engrave_available(void)
{
    return program_exists("abcm2ps");
}

/* Removes everything from `begin` to `end`, wherever it is found. */
static void cut_out(char *text, const char *begin, const char *end)
{
    char *to = text;
    for (const char *at = text;;) {
        const char *from = strstr(at, begin), *until = from ? strstr(from, end) : NULL;
        size_t length = until ? (size_t)(from - at) : strlen(at);
        memmove(to, at, length);
        to += length;
        if (!until)
            break;
        at = until + strlen(end);
    }
    *to = '\0';
}

static double size_of(const char *svg, const char *name)
{
    const char *tag_end = strchr(svg, '>'), *at = strstr(svg, name);
    return at && tag_end && at < tag_end ? strtod(at + strlen(name), NULL) : 0;
}

char *engrave_clean(char *page, bool file)
{
    char *svg = strstr(page, "<svg");
    double width = svg ? size_of(svg, "width=\"") : 0, height = svg ? size_of(svg, "height=\"") : 0;
    if (!(width > 0 && height > 0))
        return NULL;
    cut_out(svg, "<!--", "-->");
    cut_out(svg, "<style", "</style>");
    cut_out(svg, "<title", "</title>");
    const char *body = strchr(svg, '>'), *end = strstr(svg, "</svg>");
    char *text = NULL;
    size_t length;
    FILE *out = body && end ? open_memstream(&text, &length) : NULL;
    if (!out)
        return NULL;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
            "viewBox=\"0 0 %.0f %.0f\">",
            width, height, width, height);
    if (file)
        fprintf(out, "<style>" ENGRAVE_STYLE "</style><rect width=\"100%%\" height=\"100%%\" "
                     "fill=\"#fff\"/>");
    /* Numbers and fingerings alone say nothing to who does not see where they stand. */
    fprintf(out, "<g aria-hidden=\"true\">%.*s</g></svg>\n", (int)(end - body - 1), body + 1);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static char *draw(const struct engrave *engrave, const struct svgtext *words, struct error *error)
{
    const char *const argv[] = {"abcm2ps", "-q", "-S", "-g", "-O", "-", "-", NULL};
    size_t length = 0;
    char *abc = engrave_abc(engrave, error);
    char *page = abc ? program_run(argv, abc, strlen(abc), SECONDS, &length, error) : NULL;
    char *svg = page ? engrave_clean(page, !words->id) : NULL;
    char *text = svg ? svgtext_describe(svg, strlen(svg), words) : NULL;
    if (page && !text)
        error_set(error, "abcm2ps: wrote no picture");
    free(abc);
    free(page);
    free(svg);
    return text;
}

char *engrave_inline(const struct engrave *engrave, const char *id, const char *title,
                     const char *desc, struct error *error)
{
    const struct svgtext words = {.title = title, .desc = desc, .id = id};
    return draw(engrave, &words, error);
}

char *engrave_file(const struct engrave *engrave, const char *title, const char *desc,
                   struct error *error)
{
    const struct svgtext words = {.title = title, .desc = desc};
    return draw(engrave, &words, error);
}
