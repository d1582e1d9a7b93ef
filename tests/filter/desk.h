/* A filter whose events are written down, beside a corrector of straw, which moves every
 * note as it is told and keeps what it hears. */
#ifndef TESTS_FILTER_DESK_H
#define TESTS_FILTER_DESK_H

#include "filter/filter.h"

/* Stands in for the real one at linking. */
struct corrector {
    int shift; /* of every note, unless `to` */
    int to;    /* pitch of every note; -1: by shift */
    struct correct_settings settings;
    unsigned notes;
    struct correct_note last;
    int holds[128]; /* notes answered less notes released */
};

struct desk {
    struct filter *filter;
    struct corrector corrector;
    struct filter_settings settings;
    double seconds;
    unsigned sends;
    char sent[1 << 14]; /* "90 60 80, ..." */
};

/* For cmocka: a desk in *state, with a filter of the defaults. */
int desk_new(void **state);
int desk_free(void **state);

/* Gives the filter desk->settings. */
void desk_set(struct desk *desk);

/* A filter_send that writes down. */
void desk_write_down(void *context, const struct midi_event *event);

/* An event, a tenth of a second after the one before. */
void in(struct desk *desk, unsigned status, unsigned first, unsigned second);

/* What was sent since the last call. */
void sent(struct desk *desk, const char *expected);

#endif
