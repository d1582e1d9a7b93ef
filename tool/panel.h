/* A box of text in the middle of what is drawn. */
#ifndef TOOL_PANEL_H
#define TOOL_PANEL_H

#include "tool/cells.h"

/* Lines end at line feeds and where they would not fit; no more than fits is shown. */
void panel_draw(struct cells *cells, const char *title, const char *text);

#endif
