/* A practice report: a session, the piece, and the sessions before. */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include "tool/session.h"

enum { REPORT_PLACES = 5 };

/* What is kept of an earlier session. */
struct report_earlier {
    char *name;
    int64_t time; /* seconds since 1970, of the file */
    struct session_count total;
    double tempo, unsteady;
};

struct report {
    const struct session *session;
    const struct session_piece *piece;   /* NULL: none was recognised */
    size_t place[REPORT_PLACES]; /* bars to practise, worst first */
    size_t places;
    int64_t time;                   /* of the recording; 0: not known */
    struct report_earlier *earlier; /* [earlier_count], oldest first */
    size_t earlier_count;
};

/* Share of the notes due that were right, per cent; 0 where none was due. */
double report_share(const struct session_count *count);

/* The page as one HTML document that needs nothing else; g_free. NULL: error. */
char *report_page(const struct report *report, struct error *error);

#endif
