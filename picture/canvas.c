/* One cairo surface a page (SVG, PNG) or for all of them (PDF), written into memory. */
#include "picture/canvas.h"

#include "base/outfile.h"
#include "picture/svgtext.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    PIXELS_A_POINT = 2,
    MAX_PAGES = 1000,
};

struct bytes {
    char *data;
    size_t length, room;
};

struct canvas {
    enum canvas_format format;
    cairo_surface_t *surface;
    cairo_t *context;
    struct bytes *page[MAX_PAGES]; /* a PDF has one that holds all */
    size_t pages;
    struct outfile *file[MAX_PAGES]; /* written, not yet in place */
    size_t files;
};

static const char *const endings[] = {".svg", ".png", ".pdf"};

int canvas_format_of(const char *path, enum canvas_format *format, struct error *error)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0) {
            *format = (enum canvas_format)i;
            return 0;
        }
    return error_set(error, "%s: a picture ends in .svg, .png or .pdf", path);
}

struct canvas *canvas_open(enum canvas_format format, struct error *error)
{
    struct canvas *canvas = calloc(1, sizeof *canvas);
    if (canvas)
        canvas->format = format;
    else
        error_set(error, "picture: out of memory");
    return canvas;
}

void canvas_free(struct canvas *canvas)
{
    if (!canvas)
        return;
    for (size_t i = 0; i < canvas->files; i++)
        outfile_abort(canvas->file[i]);
    cairo_destroy(canvas->context);
    cairo_surface_destroy(canvas->surface);
    for (size_t i = 0; i < MAX_PAGES && canvas->page[i]; i++) {
        free(canvas->page[i]->data);
        free(canvas->page[i]);
    }
    free(canvas);
}

static cairo_status_t append(void *closure, const unsigned char *data, unsigned length)
{
    struct bytes *bytes = closure;
    if (bytes->room - bytes->length < length) {
        size_t room = 2 * bytes->room + length;
        char *more = realloc(bytes->data, room);
        if (!more)
            return CAIRO_STATUS_NO_MEMORY;
        bytes->data = more;
        bytes->room = room;
    }
    memcpy(bytes->data + bytes->length, data, length);
    bytes->length += length;
    return CAIRO_STATUS_SUCCESS;
}

static int failed(cairo_status_t status, struct error *error)
{
    return error_set(error, "picture: cannot draw: %s", cairo_status_to_string(status));
}

/* Ends what is being drawn on, a page or the whole PDF. */
static int end_surface(struct canvas *canvas, struct error *error)
{
    if (!canvas->surface)
        return 0;
    cairo_status_t status = cairo_status(canvas->context);
    if (status == CAIRO_STATUS_SUCCESS && canvas->format == CANVAS_PNG)
        status = cairo_surface_write_to_png_stream(canvas->surface, append,
                                                   canvas->page[canvas->pages - 1]);
    cairo_surface_finish(canvas->surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(canvas->surface);
    cairo_destroy(canvas->context);
    cairo_surface_destroy(canvas->surface);
    canvas->context = NULL;
    canvas->surface = NULL;
    return status == CAIRO_STATUS_SUCCESS ? 0 : failed(status, error);
}

static void open_surface(struct canvas *canvas, double width, double height, struct bytes *bytes)
{
    if (canvas->format == CANVAS_SVG) {
        canvas->surface = cairo_svg_surface_create_for_stream(append, bytes, width, height);
    } else if (canvas->format == CANVAS_PDF) {
        canvas->surface = cairo_pdf_surface_create_for_stream(append, bytes, width, height);
    } else {
        canvas->surface =
            cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(width * PIXELS_A_POINT + 0.5),
                                       (int)(height * PIXELS_A_POINT + 0.5));
        cairo_surface_set_device_scale(canvas->surface, PIXELS_A_POINT, PIXELS_A_POINT);
    }
    canvas->context = cairo_create(canvas->surface);
}

cairo_t *canvas_page(struct canvas *canvas, double width, double height, struct error *error)
{
    bool next_of_pdf = canvas->format == CANVAS_PDF && canvas->surface;
    if (canvas->pages == MAX_PAGES) {
        error_set(error, "picture: more than %d pages; choose fewer tracks or channels", MAX_PAGES);
        return NULL;
    }
    if (next_of_pdf) {
        cairo_show_page(canvas->context);
        cairo_pdf_surface_set_size(canvas->surface, width, height);
        canvas->pages++;
        return canvas->context;
    }
    if (end_surface(canvas, error) != 0)
        return NULL;
    struct bytes *bytes = calloc(1, sizeof *bytes);
    if (!bytes) {
        error_set(error, "picture: out of memory");
        return NULL;
    }
    canvas->page[canvas->pages++] = bytes;
    open_surface(canvas, width, height, bytes);
    cairo_status_t status = cairo_status(canvas->context);
    if (status != CAIRO_STATUS_SUCCESS) {
        failed(status, error);
        return NULL;
    }
    return canvas->context;
}

int canvas_finish(struct canvas *canvas, struct error *error)
{
    return end_surface(canvas, error);
}

size_t canvas_pages(const struct canvas *canvas)
{
    return canvas->pages;
}

/* NAME.svg, then NAME-2.svg and so on; malloced. */
static char *page_name(const char *path, size_t page)
{
    const char *dot = strrchr(path, '.');
    char *name = NULL;
    if (asprintf(&name, page ? "%.*s-%zu%s" : "%.*s", page ? (int)(dot - path) : (int)strlen(path),
                 path, page + 1, dot) < 0)
        return NULL;
    return name;
}

static struct outfile *write_page(const struct canvas *canvas, const char *path, size_t page,
                                  const char *title, const char *desc, struct error *error)
{
    const struct bytes *bytes = canvas->page[page];
    char *name = page_name(path, page);
    char *text = NULL;
    if (canvas->format == CANVAS_SVG) {
        const struct svgtext words = {.title = title, .desc = desc};
        text = svgtext_describe(bytes->data, bytes->length, &words);
    }
    struct outfile *file = NULL;
    if (!name || (canvas->format == CANVAS_SVG && !text))
        error_set(error, "%s: out of memory", path);
    else
        file = outfile_open(name, error);
    if (file) {
        size_t length = text ? strlen(text) : bytes->length;
        FILE *stream = outfile_stream(file);
        if (fwrite(text ? text : bytes->data, 1, length, stream) != length || fflush(stream) != 0) {
            error_set(error, "%s: cannot write: %s", name, strerror(errno));
            outfile_abort(file);
            file = NULL;
        }
    }
    free(name);
    free(text);
    return file;
}

int canvas_write(struct canvas *canvas, const char *path, const char *title, const char *desc,
                 struct error *error)
{
    size_t files = canvas->format == CANVAS_PDF ? 1 : canvas->pages;
    while (canvas->files < files) {
        struct outfile *file = write_page(canvas, path, canvas->files, title, desc, error);
        if (!file)
            return -1;
        canvas->file[canvas->files++] = file;
    }
    return 0;
}

int canvas_commit(struct canvas *canvas, size_t *files, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < canvas->files; i++) {
        if (status == 0)
            status = outfile_commit(canvas->file[i], error);
        else
            outfile_abort(canvas->file[i]);
    }
    if (files)
        *files = canvas->files;
    canvas->files = 0;
    return status;
}

char *canvas_inline(const struct canvas *canvas, const char *id, const char *title,
                    const char *desc, struct error *error)
{
    const struct bytes *bytes = canvas->page[0];
    const struct svgtext words = {.title = title, .desc = desc, .id = id};
    char *text = svgtext_describe(bytes->data, bytes->length, &words);
    if (!text)
        error_set(error, "picture: out of memory");
    return text;
}
