/* The main thread's part makes pages, the bytes of whole files; the thread takes
 * them one by one and finds names for them. */
#include "daemon/recorder.h"

#include "base/outfile.h"
#include "daemon/log.h"
#include "daemon/recording.h"
#include "midi/port.h"
#include "midi/text.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK = 256 * 1024,
    MOST_NAMES = 1000, /* of sessions that began in the same second */
    NAME = 64,
};

/* A session's file as it was when it was saved. */
struct page {
    struct page *next;
    uint64_t session;
    char *stem; /* its path, without .mid */
    uint8_t *bytes;
    size_t length;
};

struct recorder {
    struct dispatcher *dispatcher;
    struct subscriber subscriber;
    char *folder; /* NULL: nothing is recorded */
    const char *label;
    bool private; /* files are for the service alone */
    struct recording *recording;
    char name[NAME];      /* of the session: when it began */
    uint64_t session;     /* its number */
    double began;         /* on the entries' clock */
    double last_note;     /* on the entries' clock: its last strike or release */
    double received_note; /* when that came, monotonic */
    double saved;         /* when, monotonic */
    bool more;            /* than was saved */
    uint64_t lost;        /* entries, since the start */

    pthread_mutex_t lock;
    pthread_cond_t notified;
    /* Guarded by the lock. */
    struct page *first;
    bool stopping;
    bool failed; /* the last page was not written */
    char trouble[sizeof((struct error){0}.text)];
    char *path; /* of the file written last */

    pthread_t thread;
    bool running;

    /* The thread's own. */
    uint64_t named; /* the session that `file` is of */
    char *file;
};

static void free_page(struct page *page)
{
    if (!page)
        return;
    free(page->stem);
    free(page->bytes);
    free(page);
}

/* --- The thread --- */

static void make_folder(const char *stem, bool private)
{
    char *folder = strdup(stem);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash && slash != folder) {
        *slash = '\0';
        /* If it cannot be made, opening the file says why. */
        (void)mkdir(folder, private ? 0700 : 0777);
    }
    free(folder);
}

/* A name that is not taken. */
static char *find_name(const char *stem)
{
    for (int i = 1; i < MOST_NAMES; i++) {
        char *path = NULL;
        int code = i == 1 ? asprintf(&path, "%s.mid", stem) : asprintf(&path, "%s-%d.mid", stem, i);
        if (code < 0)
            return NULL;
        if (access(path, F_OK) != 0)
            return path;
        free(path);
    }
    return NULL;
}

static int write_page(struct recorder *recorder, const struct page *page, struct error *error)
{
    make_folder(page->stem, recorder->private);
    if (page->session != recorder->named || !recorder->file) {
        free(recorder->file);
        recorder->file = find_name(page->stem);
        recorder->named = page->session;
        if (!recorder->file)
            return error_set(error, "%s.mid: no name is free", page->stem);
    }
    return (recorder->private ? outfile_write_private : outfile_write_durable)(
        recorder->file, page->bytes, page->length, error);
}

/* What came of a page; said once as long as it is the same. */
static void note_outcome(struct recorder *recorder, const struct error *error)
{
    char *path = error ? NULL : strdup(recorder->file);
    pthread_mutex_lock(&recorder->lock);
    bool told = error && strcmp(recorder->trouble, error->text) == 0;
    bool another = path && (!recorder->path || strcmp(path, recorder->path) != 0);
    recorder->failed = error != NULL;
    snprintf(recorder->trouble, sizeof recorder->trouble, "%s", error ? error->text : "");
    if (path) {
        free(recorder->path);
        recorder->path = path;
    }
    pthread_mutex_unlock(&recorder->lock);
    if (error && !told)
        log_say(LOG_ERR, "%s: %s", recorder->label, error->text);
    else if (another)
        log_say(LOG_INFO, "%s: %s has begun", recorder->label, recorder->file);
}

static struct page *await_page(struct recorder *recorder)
{
    pthread_mutex_lock(&recorder->lock);
    while (!recorder->first && !recorder->stopping)
        pthread_cond_wait(&recorder->notified, &recorder->lock);
    struct page *page = recorder->first;
    if (page)
        recorder->first = page->next;
    pthread_mutex_unlock(&recorder->lock);
    return page;
}

static void *run(void *context)
{
    struct recorder *recorder = context;
    for (struct page *page; (page = await_page(recorder));) {
        struct error error;
        bool good = write_page(recorder, page, &error) == 0;
        note_outcome(recorder, good ? NULL : &error);
        free_page(page);
    }
    return NULL;
}

/* --- Saving --- */

/* Puts a page at the end, or in the place of one of its session that still waits. */
static void hand_over(struct recorder *recorder, struct page *page)
{
    pthread_mutex_lock(&recorder->lock);
    struct page **at = &recorder->first;
    while (*at && (*at)->session != page->session)
        at = &(*at)->next;
    struct page *older = *at;
    page->next = older ? older->next : NULL;
    *at = page;
    pthread_cond_signal(&recorder->notified);
    pthread_mutex_unlock(&recorder->lock);
    free_page(older);
}

static void save(struct recorder *recorder)
{
    recorder->saved = monotonic_seconds();
    pthread_mutex_lock(&recorder->lock);
    recorder->more |= recorder->failed;
    pthread_mutex_unlock(&recorder->lock);
    if (!recorder->more || recording_notes(recorder->recording) == 0)
        return;
    struct page *page = calloc(1, sizeof *page);
    if (page && asprintf(&page->stem, "%s/%s", recorder->folder, recorder->name) < 0)
        page->stem = NULL;
    if (page && page->stem)
        page->bytes = recording_file(recorder->recording, &page->length);
    if (!page || !page->bytes) {
        free_page(page);
        log_say(LOG_ERR, "recording: out of memory");
        return;
    }
    page->session = recorder->session;
    recorder->more = false;
    hand_over(recorder, page);
}

/* --- Sessions --- */

static void end_session(struct recorder *recorder)
{
    if (!recorder->recording)
        return;
    save(recorder);
    recording_free(recorder->recording);
    recorder->recording = NULL;
}

static void begin_session(struct recorder *recorder, double seconds)
{
    struct error error;
    struct tm local;
    time_t now = time(NULL);
    recorder->recording = recording_open(seconds, &error);
    if (!recorder->recording) {
        log_say(LOG_ERR, "recording: %s", error.text);
        return;
    }
    localtime_r(&now, &local);
    strftime(recorder->name, sizeof recorder->name, "%Y-%m-%d_%H-%M-%S", &local);
    recorder->session++;
    recorder->began = recorder->last_note = seconds;
    recorder->received_note = recorder->saved = monotonic_seconds();
    recorder->more = false;
}

static bool is_over(const struct recorder *recorder, double seconds)
{
    return seconds - recorder->last_note > RECORDER_PAUSE ||
           seconds - recorder->began > RECORDER_LONGEST ||
           recording_size(recorder->recording) > RECORDER_LARGEST;
}

static void receive_one(struct recorder *recorder, const struct ring_entry *entry)
{
    if (recorder->recording && is_over(recorder, entry->seconds))
        end_session(recorder);
    if (!recorder->recording && entry->kind == RING_PLAYED)
        begin_session(recorder, entry->seconds);
    if (!recorder->recording)
        return;
    if (recording_add(recorder->recording, entry) != 0)
        recorder->lost++;
    recorder->more = true;
    if (entry->kind == RING_PLAYED && (entry->status & 0xE0) == MIDI_NOTE_OFF) {
        recorder->last_note = entry->seconds;
        recorder->received_note = monotonic_seconds();
    }
}

static void receive(void *context, const struct ring_entry *entries, size_t count, uint64_t lost)
{
    struct recorder *recorder = context;
    if (lost > 0) {
        recorder->lost += lost;
        log_say(LOG_WARNING, "recording: %llu events came too fast and were left out",
                (unsigned long long)lost);
        if (recorder->recording)
            (void)recording_let_go(recorder->recording);
    }
    for (size_t i = 0; i < count; i++)
        receive_one(recorder, &entries[i]);
}

void recorder_look(struct recorder *recorder)
{
    if (!recorder->recording)
        return;
    double now = monotonic_seconds();
    if (now - recorder->received_note > RECORDER_PAUSE)
        end_session(recorder);
    else if (now - recorder->saved >= RECORDER_SAVE)
        save(recorder);
}

/* --- Start and end --- */

struct recorder *recorder_open(struct dispatcher *dispatcher, struct error *error)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    pthread_attr_t attributes;
    if (!recorder) {
        error_set(error, "out of memory");
        return NULL;
    }
    recorder->dispatcher = dispatcher;
    recorder->label = "recording";
    recorder->subscriber = (struct subscriber){.receive = receive, .context = recorder};
    pthread_mutex_init(&recorder->lock, NULL);
    pthread_cond_init(&recorder->notified, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    int code = pthread_create(&recorder->thread, &attributes, run, recorder);
    pthread_attr_destroy(&attributes);
    if (code != 0) {
        error_set(error, "cannot start the thread of recordings: %s", strerror(code));
        recorder_close(recorder);
        return NULL;
    }
    recorder->running = true;
    pthread_setname_np(recorder->thread, "recorder");
    return recorder;
}

void recorder_close(struct recorder *recorder)
{
    if (!recorder)
        return;
    recorder_choose(recorder, NULL);
    pthread_mutex_lock(&recorder->lock);
    recorder->stopping = true;
    pthread_cond_signal(&recorder->notified);
    pthread_mutex_unlock(&recorder->lock);
    if (recorder->running)
        pthread_join(recorder->thread, NULL);
    pthread_cond_destroy(&recorder->notified);
    pthread_mutex_destroy(&recorder->lock);
    free(recorder->path);
    free(recorder->file);
    free(recorder);
}

void recorder_keep_private(struct recorder *recorder, const char *label)
{
    recorder->private = true;
    recorder->label = label;
}

static bool same_folder(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

void recorder_choose(struct recorder *recorder, char *folder)
{
    if (same_folder(folder, recorder->folder)) {
        free(folder);
        return;
    }
    if (recorder->folder) {
        dispatcher_flush(recorder->dispatcher);
        end_session(recorder);
    }
    free(recorder->folder);
    recorder->folder = folder;
    if (folder)
        dispatcher_subscribe(recorder->dispatcher, &recorder->subscriber);
    else
        dispatcher_unsubscribe(recorder->dispatcher, &recorder->subscriber);
}

static json_t *text_or_null(const char *text)
{
    if (!text || !*text)
        return json_null();
    char *valid = midi_text((const uint8_t *)text, strlen(text));
    json_t *value = valid ? json_string(valid) : NULL;
    free(valid);
    return value;
}

json_t *recorder_describe(struct recorder *recorder)
{
    if (!recorder->folder)
        return json_null();
    size_t notes = recorder->recording ? recording_notes(recorder->recording) : 0;
    pthread_mutex_lock(&recorder->lock);
    json_t *described =
        json_pack("{s:o, s:o, s:o, s:I, s:I}", "folder", text_or_null(recorder->folder), "file",
                  text_or_null(recorder->path), "trouble", text_or_null(recorder->trouble), "notes",
                  (json_int_t)notes, "lost", (json_int_t)recorder->lost);
    pthread_mutex_unlock(&recorder->lock);
    return described;
}
