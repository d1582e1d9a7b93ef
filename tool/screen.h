/* The monitor's screen: a scene drawn into a grid of cells of any size.
 *
 * From 80 columns by 24 rows on all of it is there; what is larger goes to the
 * roll, the keyboard and the list of corrections; what is smaller loses the least
 * needed first. A pure function of scene, view and size. */
#ifndef TOOL_SCREEN_H
#define TOOL_SCREEN_H

#include "tool/cells.h"
#include "tool/scene.h"
#include "tool/words.h"

struct screen_view {
    int lowest; /* key at the left edge of the keyboard; kept from one drawing to the next */
    bool help;  /* the keys that the monitor takes, and the signs */
    enum word_names names;
};

void screen_draw(struct cells *cells, const struct scene *scene, struct screen_view *view,
                 double now);

#endif
