#include "tool/report_sessions.h"

#include "tool/files.h"

#include <string.h>
#include <sys/stat.h>

enum { MOST_EARLIER = 12 };

static int compare_recordings(const void *a, const void *b)
{
    const struct report_recording *x = a;
    const struct report_recording *y = b;
    if (x->time.tv_sec != y->time.tv_sec)
        return x->time.tv_sec < y->time.tv_sec ? -1 : 1;
    if (x->time.tv_nsec != y->time.tv_nsec)
        return x->time.tv_nsec < y->time.tv_nsec ? -1 : 1;
    return strcmp(x->path, y->path);
}

static bool may_be_session(const struct models *models, const char *path, struct stat *status)
{
    char *lower = g_ascii_strdown(path, -1);
    bool corrected = g_str_has_suffix(lower, ".corrected.mid");
    g_free(lower);
    if (corrected || stat(path, status) != 0 || !S_ISREG(status->st_mode))
        return false;
    for (size_t i = 0; i < models->count; i++)
        if (files_same(models->path[i], status))
            return false;
    return files_are(path, FILES_MUSIC);
}

GArray *report_recordings(const struct models *models, const char *folder)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(struct report_recording));
    GDir *entries = g_dir_open(folder, 0, NULL);
    for (const char *name; entries && (name = g_dir_read_name(entries));) {
        struct stat status;
        struct report_recording recording = {.path = g_build_filename(folder, name, NULL)};
        if (may_be_session(models, recording.path, &status)) {
            recording.time = status.st_mtim;
            g_array_append_val(found, recording);
        } else {
            g_free(recording.path);
        }
    }
    if (entries)
        g_dir_close(entries);
    g_array_sort(found, compare_recordings);
    return found;
}

void report_recordings_free(GArray *list)
{
    for (guint i = 0; i < list->len; i++)
        g_free(g_array_index(list, struct report_recording, i).path);
    g_array_free(list, TRUE);
}

void report_begin(struct report *report, const struct report_sources *sources,
                  const struct session *session, enum word_names names)
{
    *report = (struct report){.session = session, .names = names};
    if (session->piece == ALIGN_NONE)
        return;
    report->piece = &sources->pieces->piece[session->piece];
    tally_open(&report->tally, report->piece);
    tally_add(&report->tally, session, true);
}

void report_add(struct report *report, const struct session *session, int64_t time)
{
    struct report_earlier *earlier;
    report->earlier = g_renew(struct report_earlier, report->earlier, report->earlier_count + 1);
    earlier = &report->earlier[report->earlier_count++];
    *earlier = (struct report_earlier){.name = g_strdup(session->name),
                                       .time = time,
                                       .total = session->total,
                                       .tempo = session->tempo,
                                       .unsteady = session->unsteady};
    tally_add(&report->tally, session, false);
}

/* Of the recordings before this one, the last few. */
static void add_before(struct report *report, const struct report_sources *sources,
                       const GArray *found, const struct report_recording *self)
{
    const struct command_common quiet = {.quiet = TRUE};
    struct stat own;
    guint before = 0;
    while (before < found->len &&
           compare_recordings(&g_array_index(found, struct report_recording, before), self) < 0)
        before++;
    for (guint i = before > MOST_EARLIER ? before - MOST_EARLIER : 0; i < before; i++) {
        const struct report_recording *recording =
            &g_array_index(found, struct report_recording, i);
        if (stat(self->path, &own) == 0 && files_same(recording->path, &own))
            continue;
        struct session *session = session_load(recording->path, sources->models, sources->pieces,
                                               sources->choice, &quiet, NULL);
        if (session && session->piece == report->session->piece)
            report_add(report, session, recording->time.tv_sec);
        session_free(session);
    }
}

void report_find_earlier(struct report *report, const struct report_sources *sources)
{
    struct stat own;
    const char *path = report->session->path;
    if (!report->piece || strcmp(path, "-") == 0 || stat(path, &own) != 0)
        return;
    char *folder = g_path_get_dirname(path);
    GArray *found = report_recordings(sources->models, folder);
    const struct report_recording self = {(char *)path, own.st_mtim};
    report->time = own.st_mtim.tv_sec;
    add_before(report, sources, found, &self);
    report_recordings_free(found);
    g_free(folder);
}

void report_find(struct report *report)
{
    if (!report->piece)
        return;
    report->passages = passages_find(&report->tally, report->passage);
    for (size_t i = 0; i < report->passages; i++)
        report->advice[i] = advise(&report->tally, &report->passage[i], report->names);
}

void report_clear(struct report *report)
{
    for (size_t i = 0; i < report->passages; i++)
        advice_free(report->advice[i]);
    for (size_t i = 0; i < report->earlier_count; i++)
        g_free(report->earlier[i].name);
    g_free(report->earlier);
    tally_close(&report->tally);
    *report = (struct report){0};
}
