/* A take corrected: which pitch is sent for each of its notes. */
#ifndef TOOL_DECIDE_H
#define TOOL_DECIDE_H

#include "tool/models.h"

enum decide_way {
    DECIDE_WHOLE,   /* the whole take may be used for each note */
    DECIDE_LIVE,    /* nothing is known of what follows; slots as the take has them */
    DECIDE_SERVICE, /* the same, through the service's filter, beat clock and all */
};

/* The way that --live and --grid ask for: live, the beat is found as it comes,
 * unless the file's own grid was asked for as well. */
enum decide_way decide_way(bool live, const struct music_options *options);

/* Pitches for the take, sent[take->count], from a corrector of their own, and, unless NULL, where
 * each note was, place[take->count]. Shows on standard
 * error how far it is, where that takes long and quiet is not asked for. -1: error. */
int decide_pitches(const struct models *models, const struct correct_settings *settings,
                   struct music *music, enum decide_way way, bool quiet, uint8_t *sent,
                   struct correct_place *place, struct error *error);

/* Gives the file's notes these pitches; `changed`: how many are others than played. -1: out
 * of memory. */
int decide_apply(struct music *music, const uint8_t *sent, size_t *changed, struct error *error);

#endif
