/* What cairo's SVG lacks: words for those who do not see the picture, and names
 * that do not clash where several pictures stand in one document. */
#ifndef PICTURE_SVGTEXT_H
#define PICTURE_SVGTEXT_H

#include <stddef.h>

struct svgtext {
    const char *title, *desc; /* UTF-8; desc may be NULL */
    const char *id;           /* NULL: a file of its own; else part of a document */
};

/* A copy with title, desc and role="img"; with an id also every name inside
 * begins with it, the XML declaration goes, and the size: only the viewBox is
 * left. malloced, zero-terminated. NULL: out of memory, or no SVG. */
char *svgtext_describe(const char *svg, size_t length, const struct svgtext *words);

#endif
