/* Which recordings belong to a report: the sessions before one, and those of a folder. */
#ifndef TOOL_REPORT_SESSIONS_H
#define TOOL_REPORT_SESSIONS_H

#include "tool/report.h"

struct report_sources {
    const struct models *models;
    const struct session_pieces *pieces;
    const struct take_choice *choice;
};

/* A recording, with its time. */
struct report_recording {
    char *path;
    struct timespec time;
};

/* Music in a folder that may be a session, oldest first: neither a piece nor what `correct` wrote.
 * Array of struct report_recording; free with report_recordings_free. */
GArray *report_recordings(const struct models *models, const char *folder);
void report_recordings_free(GArray *list);

/* Begins the report of a session, and counts it. Sets its piece; free with report_clear. */
void report_begin(struct report *report, const struct report_sources *sources,
                  const struct session *session, enum word_names names);

/* Adds an earlier session of the same piece. */
void report_add(struct report *report, const struct session *session, int64_t time);

/* Looks for the sessions before it in the recording's folder. Files that cannot be read, and other
 * music, are passed over. */
void report_find_earlier(struct report *report, const struct report_sources *sources);

#endif
