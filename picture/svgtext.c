/* Works on the text that cairo writes, in which names occur as id="X",
 * xlink:href="#X" and url(#X), and nowhere inside character data. */
#include "picture/svgtext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '&')
            fputs("&amp;", out);
        else if (c == '"')
            fputs("&quot;", out);
        else
            fputc(c < 0x20 ? ' ' : c, out);
    }
}

/* The value of an attribute of the opening tag. */
static void put_attribute(FILE *out, const char *tag, const char *end, const char *name)
{
    char sought[32];
    int length = snprintf(sought, sizeof sought, " %s=\"", name);
    const char *at = memmem(tag, (size_t)(end - tag), sought, (size_t)length);
    const char *value = at ? at + length : NULL;
    const char *quote = value ? memchr(value, '"', (size_t)(end - value)) : NULL;
    if (quote)
        fprintf(out, "%s%.*s\"", sought, (int)(quote - value), value);
}

static void put_opening(FILE *out, const char *tag, const char *end, const struct svgtext *words)
{
    const char *id = words->id ? words->id : "picture";
    fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" "
          "xmlns:xlink=\"http://www.w3.org/1999/xlink\"",
          out);
    if (!words->id) {
        put_attribute(out, tag, end, "width");
        put_attribute(out, tag, end, "height");
    }
    put_attribute(out, tag, end, "viewBox");
    fprintf(out, " role=\"img\" aria-labelledby=\"%s-title%s%s%s\">\n<title id=\"%s-title\">", id,
            words->desc ? " " : "", words->desc ? id : "", words->desc ? "-desc" : "", id);
    put_escaped(out, words->title);
    fputs("</title>\n", out);
    if (words->desc) {
        fprintf(out, "<desc id=\"%s-desc\">", id);
        put_escaped(out, words->desc);
        fputs("</desc>\n", out);
    }
}

static void put_renamed(FILE *out, const char *at, const char *end, const char *id)
{
    static const char *const marks[] = {" id=\"", "href=\"#", "url(#"};
    while (at < end) {
        size_t matched = 0;
        for (size_t i = 0; i < sizeof marks / sizeof *marks && !matched; i++) {
            size_t length = strlen(marks[i]);
            if ((size_t)(end - at) >= length && memcmp(at, marks[i], length) == 0)
                matched = length;
        }
        if (matched) {
            fprintf(out, "%.*s%s-", (int)matched, at, id);
            at += matched;
        } else {
            fputc(*at++, out);
        }
    }
}

char *svgtext_describe(const char *svg, size_t length, const struct svgtext *words)
{
    const char *tag = memmem(svg, length, "<svg", 4);
    const char *end = tag ? memchr(tag, '>', length - (size_t)(tag - svg)) : NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *out = end ? open_memstream(&text, &size) : NULL;
    if (!out)
        return NULL;
    if (!words->id)
        fwrite(svg, 1, (size_t)(tag - svg), out);
    put_opening(out, tag, end, words);
    if (words->id)
        put_renamed(out, end + 1, svg + length, words->id);
    else
        fwrite(end + 1, 1, length - (size_t)(end + 1 - svg), out);
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
