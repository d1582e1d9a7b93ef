/* What of cairo is used (its soname 2).
 *
 * The program is linked with the library itself; these declarations stand for its
 * headers, which bring 28 development packages. tests/picture/check_cairo.c compares
 * them with those, where they are installed. Cairo's manual is
 * https://www.cairographics.org/manual/. */
#ifndef PICTURE_CAIRO_H
#define PICTURE_CAIRO_H

typedef struct _cairo cairo_t;
typedef struct _cairo_surface cairo_surface_t;

/* An enumeration, as those that are int or unsigned below. */
typedef unsigned cairo_status_t;

enum {
    CAIRO_STATUS_SUCCESS = 0,
    CAIRO_STATUS_NO_MEMORY = 1,
    CAIRO_FORMAT_RGB24 = 1,
    CAIRO_FORMAT_A8 = 2,
    CAIRO_FONT_SLANT_NORMAL = 0,
    CAIRO_FONT_WEIGHT_NORMAL = 0,
    CAIRO_FONT_WEIGHT_BOLD = 1,
    CAIRO_LINE_JOIN_ROUND = 1,
};

typedef struct {
    double x_bearing, y_bearing, width, height, x_advance, y_advance;
} cairo_text_extents_t;

typedef cairo_status_t (*cairo_write_func_t)(void *closure, const unsigned char *data,
                                             unsigned length);

cairo_t *cairo_create(cairo_surface_t *target);
void cairo_destroy(cairo_t *cr);
cairo_status_t cairo_status(cairo_t *cr);
const char *cairo_status_to_string(cairo_status_t status);
void cairo_save(cairo_t *cr);
void cairo_restore(cairo_t *cr);
void cairo_translate(cairo_t *cr, double x, double y);
void cairo_rotate(cairo_t *cr, double angle);
void cairo_set_source_rgb(cairo_t *cr, double red, double green, double blue);
void cairo_set_source_rgba(cairo_t *cr, double red, double green, double blue, double alpha);
void cairo_set_line_width(cairo_t *cr, double width);
void cairo_set_line_join(cairo_t *cr, unsigned join);
void cairo_set_dash(cairo_t *cr, const double *dashes, int count, double offset);
void cairo_new_path(cairo_t *cr);
void cairo_new_sub_path(cairo_t *cr);
void cairo_move_to(cairo_t *cr, double x, double y);
void cairo_line_to(cairo_t *cr, double x, double y);
void cairo_arc(cairo_t *cr, double x, double y, double radius, double from, double to);
void cairo_rectangle(cairo_t *cr, double x, double y, double width, double height);
void cairo_close_path(cairo_t *cr);
void cairo_paint(cairo_t *cr);
void cairo_stroke(cairo_t *cr);
void cairo_fill(cairo_t *cr);
void cairo_fill_preserve(cairo_t *cr);
void cairo_clip(cairo_t *cr);
void cairo_show_page(cairo_t *cr);
void cairo_select_font_face(cairo_t *cr, const char *family, unsigned slant, unsigned weight);
void cairo_set_font_size(cairo_t *cr, double size);
void cairo_show_text(cairo_t *cr, const char *text);
void cairo_text_extents(cairo_t *cr, const char *text, cairo_text_extents_t *extents);

cairo_surface_t *cairo_image_surface_create(int format, int width, int height);
cairo_surface_t *cairo_svg_surface_create_for_stream(cairo_write_func_t write, void *closure,
                                                     double width, double height);
cairo_surface_t *cairo_pdf_surface_create_for_stream(cairo_write_func_t write, void *closure,
                                                     double width, double height);
void cairo_pdf_surface_set_size(cairo_surface_t *surface, double width, double height);
void cairo_surface_set_device_scale(cairo_surface_t *surface, double x, double y);
cairo_status_t cairo_surface_write_to_png_stream(cairo_surface_t *surface, cairo_write_func_t write,
                                                 void *closure);
cairo_status_t cairo_surface_status(cairo_surface_t *surface);
void cairo_surface_finish(cairo_surface_t *surface);
void cairo_surface_destroy(cairo_surface_t *surface);

#endif
