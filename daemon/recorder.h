/* The recorder: a .mid file of each session, what was played and what was sent.
 *
 * A session begins with the first event that is played, and ends when no note
 * was played for RECORDER_PAUSE seconds, when another folder is chosen, and at the end. It
 * has a file from its first note on: FOLDER/YEAR-MONTH-DAY_HOUR-MINUTE-SECOND.mid, the
 * local time of its begin, with -2, -3 ... where that is taken. The file is written anew,
 * whole or not at all, every RECORDER_SAVE seconds while there is more to write: that
 * much is lost at most when the service is killed.
 *
 * Listens to the dispatcher; a thread of its own writes, so that a disk that is slow or
 * stands still holds up nothing but the file. All functions are for the main thread. */
#ifndef DAEMON_RECORDER_H
#define DAEMON_RECORDER_H

#include "daemon/dispatcher.h"

#include <jansson.h>

enum {
    RECORDER_PAUSE = 300,
    RECORDER_SAVE = 10,
    RECORDER_LONGEST = 6 * 60 * 60, /* seconds of one session; then another begins */
    RECORDER_LARGEST = 16 << 20,    /* bytes of one session */
};

struct recorder;

/* Starts the thread; nothing is recorded yet. NULL: out of memory or threads. */
struct recorder *recorder_open(struct dispatcher *dispatcher, struct error *error);

/* Ends the session and waits until it is written. */
void recorder_close(struct recorder *recorder);

/* Records into a folder, made if need be; NULL: no longer. The same as before: goes
 * on. Takes the text, which was malloced. */
void recorder_choose(struct recorder *recorder, char *folder);

/* From now on nobody else may read what is written. `label` begins what the log is told. Before
 * anything is recorded. */
void recorder_keep_private(struct recorder *recorder, const char *label);

/* To be called every second or so: saves, and ends a session that is over. */
void recorder_look(struct recorder *recorder);

/* For `status`: a new reference, null where nothing is recorded. NULL: out of memory. */
json_t *recorder_describe(struct recorder *recorder);

#endif
