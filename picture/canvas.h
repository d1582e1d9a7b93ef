/* Pages to draw on with cairo, kept in memory until all of them are whole.
 *
 * The ending of the file's name says what they become. SVG and PNG are one file
 * a page: NAME.svg, NAME-2.svg, NAME-3.svg ...; a PDF holds all pages. Sizes
 * are in points (1/72 inch); a PNG has two pixels a point. Cairo draws letters
 * as shapes, so that a picture looks the same wherever it is opened.
 *
 * An SVG says in words what it shows (title, desc, role="img"), for those who
 * do not see it. */
#ifndef PICTURE_CANVAS_H
#define PICTURE_CANVAS_H

#include "base/error.h"

#include "picture/cairo.h"
#include <stddef.h>

enum canvas_format { CANVAS_SVG, CANVAS_PNG, CANVAS_PDF };

struct canvas;

/* Of a file name, in any case. -1: another ending. */
int canvas_format_of(const char *path, enum canvas_format *format, struct error *error);

/* NULL: out of memory. */
struct canvas *canvas_open(enum canvas_format format, struct error *error);
void canvas_free(struct canvas *canvas);

/* A new page; the one before is finished. The context is the canvas's own and
 * lives until the next call. NULL: out of memory, or a size that cannot be. */
cairo_t *canvas_page(struct canvas *canvas, double width, double height, struct error *error);

/* Finishes the last page. -1: cairo could not draw something, such as a text
 * that is not UTF-8. */
int canvas_finish(struct canvas *canvas, struct error *error);

size_t canvas_pages(const struct canvas *canvas);

/* After canvas_finish: writes everything out under temporary names. title and
 * desc are the words of an SVG, UTF-8; desc may be NULL. */
int canvas_write(struct canvas *canvas, const char *path, const char *title, const char *desc,
                 struct error *error);

/* Puts the files in their place; *files, where not NULL, is how many. Without
 * it, canvas_free removes what was written. */
int canvas_commit(struct canvas *canvas, size_t *files, struct error *error);

/* After canvas_finish: the first page of an SVG as an element to stand in an
 * HTML document: no XML declaration, no size but its shape (viewBox), and names
 * that begin with `id`, which must be unique in the document. malloced. */
char *canvas_inline(const struct canvas *canvas, const char *id, const char *title,
                    const char *desc, struct error *error);

#endif
