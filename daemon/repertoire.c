/* The main thread watches the folder and wakes the thread that looks through it; the
 * watch is set before it looks, so that no change is lost between the two. */
#include "daemon/repertoire_private.h"

#include "base/monotonic.h"
#include "daemon/catalog.h"
#include "daemon/log.h"
#include "daemon/study.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STACK = 1 << 20 };

/* Seconds. */
static const double quiet = .2;          /* without a change, before a folder is looked through, */
static const double patience = 1;        /* but no longer than that after the first change */
static const double between_studies = 5; /* looks at the recordings */
static const double between_saves = 60;  /* of when pieces were played */

/* --- The thread --- */

/* Learning ends when the program does, and when what is learned has changed meanwhile. */
static bool goes_on(void *context, double share)
{
    struct repertoire *repertoire = context;
    (void)share;
    if (atomic_load_explicit(&repertoire->stopping, memory_order_relaxed))
        return false;
    unsigned changes = atomic_load_explicit(&repertoire->changes, memory_order_relaxed);
    if (changes == repertoire->seen)
        return true;
    repertoire->seen = changes;
    return !catalog_is_stale(repertoire->catalog);
}

/* Has the folder looked through again in a moment. Called with the lock. */
static void look_again(struct repertoire *repertoire)
{
    if (!repertoire->changed)
        repertoire->first = repertoire->last = monotonic_seconds() + patience;
    repertoire->changed = true;
}

/* Has the main thread know what there is. A file that can no longer be used is not followed
 * alone. */
static void describe(struct repertoire *repertoire)
{
    json_t *files = catalog_describe(repertoire->catalog);
    pthread_mutex_lock(&repertoire->lock);
    json_t *before = repertoire->files;
    repertoire->files = files;
    if (repertoire->locked && !catalog_has(repertoire->catalog, repertoire->locked)) {
        log_say(LOG_NOTICE, "repertoire: %s is gone; all pieces are followed again",
                repertoire->locked);
        free(repertoire->locked);
        repertoire->locked = NULL;
        repertoire->relocked = true;
    }
    pthread_mutex_unlock(&repertoire->lock);
    json_decref(before);
}

static void publish(struct repertoire *repertoire)
{
    struct error error;
    describe(repertoire);
    pthread_mutex_lock(&repertoire->lock);
    char *only = repertoire_copy(repertoire->locked);
    pthread_mutex_unlock(&repertoire->lock);
    struct snapshot *snapshot = catalog_snapshot(repertoire->catalog, only, &error);
    free(only);
    repertoire->due = false;
    repertoire->complete = catalog_is_complete(repertoire->catalog);
    repertoire->published = monotonic_seconds();
    if (!snapshot) {
        log_say(LOG_ERR, "repertoire: %s; trying again", error.text);
        repertoire->published = -1;
        pthread_mutex_lock(&repertoire->lock);
        look_again(repertoire);
        pthread_mutex_unlock(&repertoire->lock);
        return;
    }
    pthread_mutex_lock(&repertoire->lock);
    struct snapshot *older = repertoire->ready;
    repertoire->ready = snapshot;
    pthread_mutex_unlock(&repertoire->lock);
    snapshot_free(older);
    eventfd_write(repertoire->eventfd, 1);
}

/* Called with the lock, which it lets go of meanwhile. */
static void look(struct repertoire *repertoire)
{
    char *folder = repertoire_copy(repertoire->folder);
    char *style = repertoire_copy(repertoire->style);
    bool again = repertoire->anew;
    bool copied = (folder || !repertoire->folder) && (style || !repertoire->style);
    repertoire->changed = repertoire->anew = false;
    pthread_mutex_unlock(&repertoire->lock);
    if ((copied && catalog_look(repertoire->catalog, folder, style, again, &repertoire->task)) ||
        repertoire->published < 0)
        repertoire->due = true;
    free(folder);
    free(style);
    describe(repertoire);
    pthread_mutex_lock(&repertoire->lock);
    if (!copied || catalog_is_unsure(repertoire->catalog))
        look_again(repertoire);
}

/* When the folder is to be looked through; seconds. */
static double look_time(const struct repertoire *repertoire)
{
    if (!repertoire->changed)
        return HUGE_VAL;
    if (repertoire->anew)
        return 0;
    return fmin(repertoire->last + quiet, repertoire->first + patience);
}

static void wait_until(struct repertoire *repertoire, double seconds)
{
    if (isinf(seconds)) {
        pthread_cond_wait(&repertoire->notified, &repertoire->lock);
        return;
    }
    struct timespec until = {.tv_sec = (time_t)seconds,
                             .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};
    pthread_cond_timedwait(&repertoire->notified, &repertoire->lock, &until);
}

/* A study gives way to whatever else there is to do. */
static bool study_goes_on(void *context, double share)
{
    const struct repertoire *repertoire = context;
    (void)share;
    return !atomic_load_explicit(&repertoire->stopping, memory_order_relaxed) &&
           atomic_load_explicit(&repertoire->changes, memory_order_relaxed) == repertoire->begun;
}

/* Called with the lock. */
static void tell_study(struct repertoire *repertoire)
{
    struct error error;
    if (repertoire->restudy && study_choose(repertoire->study, repertoire->store, repertoire->takes,
                                            repertoire->folder, &error) != 0)
        log_say(LOG_ERR, "learning: %s", error.text);
    if (repertoire->restudy)
        repertoire_load_played(repertoire);
    repertoire->restudy = false;
}

static double study_time(const struct repertoire *repertoire)
{
    return repertoire->store ? repertoire->studied + between_studies : HUGE_VAL;
}

/* Called with the lock, which it lets go of meanwhile. */
static void study(struct repertoire *repertoire)
{
    const struct task task = {study_goes_on, repertoire};
    size_t count = 0;
    pthread_mutex_unlock(&repertoire->lock);
    repertoire->begun = atomic_load(&repertoire->changes);
    if (study_wants(repertoire->study)) {
        const struct model **models = catalog_models(repertoire->catalog, &count);
        if (models)
            study_work(repertoire->study, models, count, &task);
        free(models);
    }
    pthread_mutex_lock(&repertoire->lock);
    repertoire->studied = monotonic_seconds();
    if (repertoire->studied - repertoire->played_saved > between_saves) {
        repertoire_save_played(repertoire);
        repertoire->played_saved = repertoire->studied;
    }
}

/* One thing at a time, the most urgent first. Called with the lock. */
static void step(struct repertoire *repertoire)
{
    double when = look_time(repertoire);
    if (when <= monotonic_seconds()) {
        look(repertoire);
        return;
    }
    tell_study(repertoire);
    bool relocked = repertoire->relocked;
    repertoire->relocked = false;
    repertoire->due |= relocked;
    bool wants = catalog_wants(repertoire->catalog);
    bool early = wants && !relocked && repertoire->published >= 0 &&
                 monotonic_seconds() - repertoire->published < CATALOG_PACE;
    bool completes = !repertoire->complete && catalog_is_complete(repertoire->catalog);
    bool publishes = (repertoire->due || completes) && !early;
    if (!publishes && !wants) {
        if (study_time(repertoire) <= monotonic_seconds())
            study(repertoire);
        else
            wait_until(repertoire, fmin(when, study_time(repertoire)));
        return;
    }
    pthread_mutex_unlock(&repertoire->lock);
    if (publishes)
        publish(repertoire);
    else {
        repertoire->due |= catalog_learn(repertoire->catalog, &repertoire->task);
        describe(repertoire);
    }
    pthread_mutex_lock(&repertoire->lock);
    if (catalog_is_unsure(repertoire->catalog))
        look_again(repertoire);
}

static void *run(void *context)
{
    struct repertoire *repertoire = context;
    const struct sched_param none = {0};
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
    pthread_mutex_lock(&repertoire->lock);
    while (!atomic_load(&repertoire->stopping))
        step(repertoire);
    repertoire_save_played(repertoire);
    pthread_mutex_unlock(&repertoire->lock);
    return NULL;
}

/* --- The main thread --- */

/* Watches the folder, if it is there now; one that is watched already stays so. */
static void watch_folder(struct repertoire *repertoire)
{
    const uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE |
                            IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    int before = repertoire->watching;
    repertoire->watching = -1;
    if (repertoire->inotify >= 0 && repertoire->folder)
        repertoire->watching = inotify_add_watch(repertoire->inotify, repertoire->folder, events);
    if (before >= 0 && before != repertoire->watching)
        inotify_rm_watch(repertoire->inotify, before);
}

/* Has everything looked through: at once, or when it is quiet. */
static void wake(struct repertoire *repertoire, bool anew)
{
    pthread_mutex_lock(&repertoire->lock);
    repertoire->last = monotonic_seconds();
    if (!repertoire->changed)
        repertoire->first = repertoire->last;
    repertoire->changed = true;
    repertoire->anew |= anew;
    atomic_fetch_add(&repertoire->changes, 1);
    pthread_cond_signal(&repertoire->notified);
    pthread_mutex_unlock(&repertoire->lock);
}

static int start_thread(struct repertoire *repertoire, struct error *error)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    int code = pthread_create(&repertoire->thread, &attributes, run, repertoire);
    pthread_attr_destroy(&attributes);
    if (code != 0)
        return error_set(error, "cannot start the thread that learns: %s", strerror(code));
    pthread_setname_np(repertoire->thread, "audiogenrl-learn");
    repertoire->running = true;
    return 0;
}

static int start(struct repertoire *repertoire, const char *folder, const char *style,
                 const char *cache, struct error *error)
{
    if (repertoire->eventfd < 0)
        return error_set(error, "cannot start the thread that learns: %s", strerror(errno));
    repertoire->cache = cache_open(cache, error);
    repertoire->catalog = repertoire->cache ? catalog_open(repertoire->cache, error) : NULL;
    repertoire->study = study_open(error);
    if (!repertoire->study || !repertoire->catalog ||
        repertoire_choose(repertoire, folder, style, error) != 0)
        return -1;
    return start_thread(repertoire, error);
}

struct repertoire *repertoire_open(const char *folder, const char *style, const char *cache,
                                   struct error *error)
{
    struct repertoire *repertoire = calloc(1, sizeof *repertoire);
    if (!repertoire) {
        error_set(error, "out of memory");
        return NULL;
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&repertoire->lock, NULL);
    pthread_cond_init(&repertoire->notified, &attributes);
    pthread_condattr_destroy(&attributes);
    repertoire->eventfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    repertoire->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    repertoire->watching = -1;
    repertoire->published = -1;
    repertoire->task = (struct task){goes_on, repertoire};
    if (start(repertoire, folder, style, cache, error) == 0)
        return repertoire;
    repertoire_close(repertoire);
    return NULL;
}

void repertoire_close(struct repertoire *repertoire)
{
    if (!repertoire)
        return;
    if (repertoire->running) {
        pthread_mutex_lock(&repertoire->lock);
        atomic_store(&repertoire->stopping, true);
        pthread_cond_signal(&repertoire->notified);
        pthread_mutex_unlock(&repertoire->lock);
        pthread_join(repertoire->thread, NULL);
    }
    study_close(repertoire->study);
    catalog_close(repertoire->catalog);
    cache_close(repertoire->cache);
    snapshot_free(repertoire->ready);
    json_decref(repertoire->files);
    free(repertoire->locked);
    played_clear(&repertoire->played);
    pthread_cond_destroy(&repertoire->notified);
    pthread_mutex_destroy(&repertoire->lock);
    if (repertoire->eventfd >= 0)
        close(repertoire->eventfd);
    if (repertoire->inotify >= 0)
        close(repertoire->inotify);
    free(repertoire->folder);
    free(repertoire->style);
    free(repertoire->store);
    free(repertoire);
}

int repertoire_choose(struct repertoire *repertoire, const char *folder, const char *style,
                      struct error *error)
{
    char *new_folder = repertoire_copy(folder);
    char *new_style = repertoire_copy(style);
    if ((folder && !new_folder) || (style && !new_style)) {
        free(new_folder);
        free(new_style);
        return error_set(error, "out of memory");
    }
    pthread_mutex_lock(&repertoire->lock);
    free(repertoire->folder);
    free(repertoire->style);
    repertoire->folder = new_folder;
    repertoire->style = new_style;
    repertoire->restudy = true;
    pthread_mutex_unlock(&repertoire->lock);
    watch_folder(repertoire);
    wake(repertoire, true);
    return 0;
}

int repertoire_watch_descriptor(const struct repertoire *repertoire)
{
    return repertoire->inotify;
}

/* A file that is only being made tells when it has been written. A link, which is all
 * there when it is made, or what is no file, tells nothing more. */
static bool is_unwritten(const struct repertoire *repertoire, const struct inotify_event *event)
{
    char path[PATH_MAX];
    struct stat status;
    return event->mask & IN_CREATE && event->len > 0 &&
           snprintf(path, sizeof path, "%s/%s", repertoire->folder, event->name) <
               (int)sizeof path &&
           lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1;
}

/* Takes what has happened in the folder; whether there is anything to look at. */
static bool take_events(const struct repertoire *repertoire)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool changed = false;
    ssize_t length;
    while (repertoire->inotify >= 0 &&
           (length = read(repertoire->inotify, buffer, sizeof buffer)) > 0)
        for (const char *at = buffer; at < buffer + length;) {
            const struct inotify_event *event = (const void *)at;
            changed |= !repertoire->folder || !is_unwritten(repertoire, event);
            at += sizeof *event + event->len;
        }
    return changed;
}

void repertoire_notify(struct repertoire *repertoire)
{
    if (!take_events(repertoire))
        return;
    /* A folder that was moved away, or made only now, is another one to watch. */
    watch_folder(repertoire);
    wake(repertoire, false);
}

void repertoire_look_for_folder(struct repertoire *repertoire)
{
    if (repertoire->watching >= 0 || !repertoire->folder)
        return;
    watch_folder(repertoire);
    if (repertoire->watching >= 0)
        wake(repertoire, false);
}

int repertoire_descriptor(const struct repertoire *repertoire)
{
    return repertoire->eventfd;
}

struct snapshot *repertoire_accept(struct repertoire *repertoire)
{
    eventfd_t count = 0;
    eventfd_read(repertoire->eventfd, &count);
    pthread_mutex_lock(&repertoire->lock);
    struct snapshot *snapshot = repertoire->ready;
    repertoire->ready = NULL;
    pthread_mutex_unlock(&repertoire->lock);
    return snapshot;
}
