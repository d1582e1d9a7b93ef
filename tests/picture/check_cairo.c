/* Compiled, never run: declarations of picture/cairo.h that are not the library's own
 * are errors beside them. Names that both define are given another one first. */
#define cairo_status_t our_status_t
#define cairo_text_extents_t our_text_extents_t
#define cairo_text_extents our_text_extents
#define cairo_write_func_t our_write_func_t
#define cairo_svg_surface_create_for_stream our_svg_surface
#define cairo_pdf_surface_create_for_stream our_pdf_surface
#define cairo_surface_write_to_png_stream our_write_to_png
#define CAIRO_STATUS_SUCCESS OUR_STATUS_SUCCESS
#define CAIRO_STATUS_NO_MEMORY OUR_STATUS_NO_MEMORY
#define CAIRO_FORMAT_RGB24 OUR_FORMAT_RGB24
#define CAIRO_FORMAT_A8 OUR_FORMAT_A8
#define CAIRO_FONT_SLANT_NORMAL OUR_FONT_SLANT_NORMAL
#define CAIRO_FONT_WEIGHT_NORMAL OUR_FONT_WEIGHT_NORMAL
#define CAIRO_FONT_WEIGHT_BOLD OUR_FONT_WEIGHT_BOLD
#define CAIRO_LINE_JOIN_ROUND OUR_LINE_JOIN_ROUND
#include "picture/cairo.h"
#undef cairo_status_t
#undef cairo_text_extents_t
#undef cairo_text_extents
#undef cairo_write_func_t
#undef cairo_svg_surface_create_for_stream
#undef cairo_pdf_surface_create_for_stream
#undef cairo_surface_write_to_png_stream
#undef CAIRO_STATUS_SUCCESS
#undef CAIRO_STATUS_NO_MEMORY
#undef CAIRO_FORMAT_RGB24
#undef CAIRO_FORMAT_A8
#undef CAIRO_FONT_SLANT_NORMAL
#undef CAIRO_FONT_WEIGHT_NORMAL
#undef CAIRO_FONT_WEIGHT_BOLD
#undef CAIRO_LINE_JOIN_ROUND

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <stddef.h>

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), #theirs)
SAME(OUR_STATUS_SUCCESS, CAIRO_STATUS_SUCCESS);
SAME(OUR_STATUS_NO_MEMORY, CAIRO_STATUS_NO_MEMORY);
SAME(OUR_FORMAT_RGB24, CAIRO_FORMAT_RGB24);
SAME(OUR_FORMAT_A8, CAIRO_FORMAT_A8);
SAME(OUR_FONT_SLANT_NORMAL, CAIRO_FONT_SLANT_NORMAL);
SAME(OUR_FONT_WEIGHT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
SAME(OUR_FONT_WEIGHT_BOLD, CAIRO_FONT_WEIGHT_BOLD);
SAME(OUR_LINE_JOIN_ROUND, CAIRO_LINE_JOIN_ROUND);
SAME(sizeof(our_status_t), sizeof(cairo_status_t));
SAME(sizeof(our_text_extents_t), sizeof(cairo_text_extents_t));
SAME(offsetof(our_text_extents_t, x_advance), offsetof(cairo_text_extents_t, x_advance));

/* Functions of other types than theirs, as far as types with our names reach. */
_Static_assert(__builtin_types_compatible_p(our_write_func_t, cairo_write_func_t), "write");
_Static_assert(__builtin_types_compatible_p(__typeof__(our_svg_surface),
                                            __typeof__(cairo_svg_surface_create_for_stream)),
               "svg");
_Static_assert(__builtin_types_compatible_p(__typeof__(our_pdf_surface),
                                            __typeof__(cairo_pdf_surface_create_for_stream)),
               "pdf");
_Static_assert(__builtin_types_compatible_p(__typeof__(our_write_to_png),
                                            __typeof__(cairo_surface_write_to_png_stream)),
               "png");
