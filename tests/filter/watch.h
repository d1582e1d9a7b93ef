/* The filter's promises, kept by a plain reference beside it.
 *
 * A list of the notes that are held, searched from end to end, says what must
 * come out for everything that goes in; only the pitch of a note-on is taken
 * from the filter, and checked where it is known. What differs ends the program
 * with both sides shown. */
#ifndef TESTS_FILTER_WATCH_H
#define TESTS_FILTER_WATCH_H

#include "filter/filter.h"

struct watch;

/* A filter under watch; it is opened and closed here. */
struct watch *watch_open(const struct filter_settings *settings);
void watch_close(struct watch *watch);

/* As closed, without a word, and opened; without a corrector. */
void watch_start(struct watch *watch, const struct filter_settings *settings);
struct filter *watch_filter(struct watch *watch);

void watch_event(struct watch *watch, const struct midi_event *event);
void watch_release_all(struct watch *watch, double seconds);
void watch_tap(struct watch *watch, double seconds);
void watch_set(struct watch *watch, const struct filter_settings *settings);
void watch_set_corrector(struct watch *watch, struct corrector *corrector);

/* Begins the filter anew after a release of all, with the same corrector. */
void watch_reopen(struct watch *watch, const struct filter_settings *settings);

/* Note-ons sent so far, and how many of them on another pitch. */
uint64_t watch_notes(const struct watch *watch);
uint64_t watch_corrected(const struct watch *watch);

#endif
