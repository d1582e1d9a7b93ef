/* A practice report: a session, the piece, and the sessions before. */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include "tool/advice.h"

/* What is kept of an earlier session. */
struct report_earlier {
    char *name;
    int64_t time; /* seconds since 1970, of the file */
    struct session_count total;
    double tempo, unsteady;
};

struct report {
    const struct session *session;
    const struct session_piece *piece; /* NULL: none was recognised; then nothing below is set */
    int64_t time;                      /* of the recording; 0: not known */
    struct report_earlier *earlier;    /* [earlier_count], oldest first */
    size_t earlier_count;
    struct tally tally; /* of all sessions */
    struct passage passage[PASSAGES];
    GArray *advice[PASSAGES]; /* struct advice */
    size_t passages;
    enum word_names names;
};

/* Looks for passages and what to say of them, when all sessions are in the tally. */
void report_find(struct report *report);

/* Frees what it has found, and the earlier sessions; neither session nor piece. */
void report_clear(struct report *report);

/* Share of the notes due that were right, per cent; 0 where none was due. */
double report_share(const struct session_count *count);

/* The page as one HTML document that needs nothing else; g_free. NULL: error. */
char *report_page(const struct report *report, struct error *error);

/* An entry of an index: a piece and its page. */
struct report_entry {
    const char *piece, *page; /* page: the file's name, in the index's folder */
    size_t sessions;
    double share; /* of the last one, per cent */
};

/* A page that leads to those of several pieces; g_free. */
char *report_index(const struct report_entry *entry, size_t count);

#endif
