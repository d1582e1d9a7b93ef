/* What was found in the folder is kept, so that only what has changed is learned
 * again. */
#include "daemon/repertoire.h"

#include "daemon/lesson.h"
#include "daemon/log.h"

#include <dirent.h>
#include <errno.h>
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

enum {
    STACK = 1 << 20,
    QUIET_MS = 200,    /* without a change, before a folder is looked through */
    PUBLISH_MS = 2000, /* between casts while there is more to learn */
    MOST_FILES = 1024, /* a folder above that is a mistake */
};

/* A file that was looked at. */
struct entry {
    char *path;
    struct timespec changed;
    off_t size;
    ino_t number;
    struct shared *shared; /* NULL: it cannot be used */
    bool seen;             /* in this round */
};

struct repertoire {
    pthread_mutex_t lock;
    pthread_cond_t stirred;
    /* Guarded by the lock. */
    char *folder;
    char *style;
    bool changed;    /* there is something to look at */
    bool stir_again; /* something changed while it was quiet */
    bool anew;       /* settings were changed: do not wait for quiet */
    struct cast *ready;
    atomic_bool stopping;

    int bell;     /* a cast is ready */
    int watch;    /* inotify */
    int watching; /* its descriptor of the folder; -1: none */
    pthread_t thread;
    bool running;

    /* The thread's own. */
    struct entry *entry;
    size_t entries;
    bool published;
    bool missing; /* that the folder is not there has been said */
};

/* --- The thread --- */

static struct cast *make_cast(const struct repertoire *repertoire, bool complete,
                              struct error *error)
{
    struct shared **models = calloc(repertoire->entries + 1, sizeof(struct shared *));
    size_t count = 0;
    if (!models) {
        error_set(error, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < repertoire->entries; i++)
        if (repertoire->entry[i].shared)
            models[count++] = repertoire->entry[i].shared;
    struct cast *cast = cast_create(models, count, complete, error);
    free(models);
    return cast;
}

static void publish(struct repertoire *repertoire, bool complete)
{
    struct error error;
    struct cast *cast = make_cast(repertoire, complete, &error);
    if (!cast) {
        log_say(LOG_ERR, "repertoire: %s", error.text);
        return;
    }
    pthread_mutex_lock(&repertoire->lock);
    struct cast *older = repertoire->ready;
    repertoire->ready = cast;
    pthread_mutex_unlock(&repertoire->lock);
    cast_free(older);
    eventfd_write(repertoire->bell, 1);
    repertoire->published = true;
}

static bool watch_learning(void *context, const struct learning_report *report)
{
    const struct repertoire *repertoire = context;
    (void)report;
    return !atomic_load_explicit(&repertoire->stopping, memory_order_relaxed);
}

static struct entry *find_entry(struct repertoire *repertoire, const char *path)
{
    for (size_t i = 0; i < repertoire->entries; i++)
        if (strcmp(repertoire->entry[i].path, path) == 0)
            return &repertoire->entry[i];
    return NULL;
}

static bool is_same(const struct entry *entry, const struct stat *status)
{
    return entry->size == status->st_size && entry->number == status->st_ino &&
           entry->changed.tv_sec == status->st_mtim.tv_sec &&
           entry->changed.tv_nsec == status->st_mtim.tv_nsec;
}

static struct entry *add_entry(struct repertoire *repertoire, const char *path)
{
    struct entry *grown =
        realloc(repertoire->entry, (repertoire->entries + 1) * sizeof *repertoire->entry);
    if (!grown)
        return NULL;
    repertoire->entry = grown;
    struct entry *entry = &grown[repertoire->entries];
    *entry = (struct entry){.path = strdup(path)};
    if (!entry->path)
        return NULL;
    repertoire->entries++;
    return entry;
}

static void learn_entry(struct repertoire *repertoire, struct entry *entry)
{
    struct error error;
    shared_drop(entry->shared);
    struct model *model = lesson_learn(entry->path, watch_learning, repertoire, &error);
    entry->shared = model ? shared_create(model, &error) : NULL;
    if (entry->shared)
        log_say(LOG_INFO, "repertoire: %s has joined", entry->path);
    else if (!atomic_load(&repertoire->stopping))
        log_say(LOG_WARNING, "repertoire: left out: %s", error.text);
}

/* Looks at one file; true: it was new or had changed. */
static bool look_at(struct repertoire *repertoire, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    struct entry *entry = find_entry(repertoire, path);
    if (entry && is_same(entry, &status)) {
        entry->seen = true;
        return false;
    }
    if (!entry && !(entry = add_entry(repertoire, path)))
        return false;
    entry->seen = true;
    entry->size = status.st_size;
    entry->number = status.st_ino;
    entry->changed = status.st_mtim;
    learn_entry(repertoire, entry);
    return true;
}

/* Forgets files that are no longer there; true: there were any. */
static bool forget_gone(struct repertoire *repertoire)
{
    size_t kept = 0;
    for (size_t i = 0; i < repertoire->entries; i++) {
        struct entry *entry = &repertoire->entry[i];
        if (entry->seen) {
            repertoire->entry[kept++] = *entry;
            continue;
        }
        if (entry->shared)
            log_say(LOG_INFO, "repertoire: %s has left", entry->path);
        shared_drop(entry->shared);
        free(entry->path);
    }
    bool gone = kept < repertoire->entries;
    repertoire->entries = kept;
    return gone;
}

static int wanted(const struct dirent *file)
{
    return file->d_name[0] != '.' &&
           (lesson_is_music(file->d_name) || lesson_is_model(file->d_name));
}

/* The files of the folder in order of name; fewer than 0: there is no folder. */
static int list_folder(struct repertoire *repertoire, const char *folder, struct dirent ***file)
{
    int count = scandir(folder, file, wanted, alphasort);
    if (count < 0 && !repertoire->missing)
        log_say(LOG_WARNING, "repertoire: %s: cannot read the folder: %s", folder, strerror(errno));
    repertoire->missing = count < 0;
    if (count > MOST_FILES)
        log_say(LOG_WARNING, "repertoire: %s: holds %d pieces, the first %d are taken", folder,
                count, MOST_FILES);
    return count;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Looks through everything; publishes while it takes long, and at the end. */
static void look_through(struct repertoire *repertoire, const char *folder, const char *style)
{
    struct dirent **file = NULL;
    bool changed = !repertoire->published;
    double published = seconds();
    for (size_t i = 0; i < repertoire->entries; i++)
        repertoire->entry[i].seen = false;
    if (style)
        changed |= look_at(repertoire, style);
    int count = folder ? list_folder(repertoire, folder, &file) : 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        bool fits =
            snprintf(path, sizeof path, "%s/%s", folder, file[i]->d_name) < (int)sizeof path;
        bool stopping = atomic_load(&repertoire->stopping);
        if (fits && i < MOST_FILES && !stopping && look_at(repertoire, path))
            changed = true;
        if (changed && !stopping && seconds() - published > 1e-3 * PUBLISH_MS && i + 1 < count) {
            publish(repertoire, false);
            published = seconds();
        }
        free(file[i]);
    }
    free(file);
    if (atomic_load(&repertoire->stopping))
        return;
    changed |= forget_gone(repertoire);
    if (changed)
        publish(repertoire, true);
}

static void wait_until_quiet(struct repertoire *repertoire)
{
    int code = 0;
    while (code == 0 && !atomic_load(&repertoire->stopping)) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += QUIET_MS * 1000000L;
        if (until.tv_nsec >= 1000000000L) {
            until.tv_nsec -= 1000000000L;
            until.tv_sec++;
        }
        repertoire->stir_again = false;
        while (code == 0 && !repertoire->stir_again)
            code = pthread_cond_timedwait(&repertoire->stirred, &repertoire->lock, &until);
    }
}

static char *copy_or_null(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void *run(void *context)
{
    struct repertoire *repertoire = context;
    const struct sched_param none = {0};
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &none);
    pthread_mutex_lock(&repertoire->lock);
    while (!atomic_load(&repertoire->stopping)) {
        if (!repertoire->changed) {
            pthread_cond_wait(&repertoire->stirred, &repertoire->lock);
            continue;
        }
        if (repertoire->published && !repertoire->anew)
            wait_until_quiet(repertoire);
        char *folder = copy_or_null(repertoire->folder);
        char *style = copy_or_null(repertoire->style);
        repertoire->changed = repertoire->anew = false;
        pthread_mutex_unlock(&repertoire->lock);
        look_through(repertoire, folder, style);
        free(folder);
        free(style);
        pthread_mutex_lock(&repertoire->lock);
    }
    pthread_mutex_unlock(&repertoire->lock);
    return NULL;
}

/* --- The main thread --- */

/* Watches the folder, if it is there now; one that is watched already stays so. */
static void watch_folder(struct repertoire *repertoire)
{
    const uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                            IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    int before = repertoire->watching;
    repertoire->watching = -1;
    if (repertoire->watch >= 0 && repertoire->folder)
        repertoire->watching = inotify_add_watch(repertoire->watch, repertoire->folder, events);
    if (before >= 0 && before != repertoire->watching)
        inotify_rm_watch(repertoire->watch, before);
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

struct repertoire *repertoire_open(const char *folder, const char *style, struct error *error)
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
    pthread_cond_init(&repertoire->stirred, &attributes);
    pthread_condattr_destroy(&attributes);
    repertoire->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    repertoire->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    repertoire->watching = -1;
    if (repertoire->bell < 0)
        error_set(error, "cannot start the thread that learns: %s", strerror(errno));
    else if (repertoire_choose(repertoire, folder, style, error) == 0 &&
             start_thread(repertoire, error) == 0)
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
        pthread_cond_signal(&repertoire->stirred);
        pthread_mutex_unlock(&repertoire->lock);
        pthread_join(repertoire->thread, NULL);
    }
    for (size_t i = 0; i < repertoire->entries; i++) {
        shared_drop(repertoire->entry[i].shared);
        free(repertoire->entry[i].path);
    }
    free(repertoire->entry);
    cast_free(repertoire->ready);
    pthread_cond_destroy(&repertoire->stirred);
    pthread_mutex_destroy(&repertoire->lock);
    if (repertoire->bell >= 0)
        close(repertoire->bell);
    if (repertoire->watch >= 0)
        close(repertoire->watch);
    free(repertoire->folder);
    free(repertoire->style);
    free(repertoire);
}

int repertoire_choose(struct repertoire *repertoire, const char *folder, const char *style,
                      struct error *error)
{
    char *new_folder = copy_or_null(folder);
    char *new_style = copy_or_null(style);
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
    repertoire->changed = repertoire->anew = repertoire->stir_again = true;
    pthread_cond_signal(&repertoire->stirred);
    pthread_mutex_unlock(&repertoire->lock);
    watch_folder(repertoire);
    return 0;
}

int repertoire_watch_descriptor(const struct repertoire *repertoire)
{
    return repertoire->watch;
}

void repertoire_stir(struct repertoire *repertoire)
{
    char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    while (repertoire->watch >= 0 && read(repertoire->watch, buffer, sizeof buffer) > 0)
        ; /* what changed is found by looking */
    /* A folder that was moved away, or made only now, is another one to watch. */
    watch_folder(repertoire);
    pthread_mutex_lock(&repertoire->lock);
    repertoire->changed = repertoire->stir_again = true;
    pthread_cond_signal(&repertoire->stirred);
    pthread_mutex_unlock(&repertoire->lock);
}

void repertoire_look_for_folder(struct repertoire *repertoire)
{
    if (repertoire->watching >= 0 || !repertoire->folder)
        return;
    watch_folder(repertoire);
    if (repertoire->watching >= 0)
        repertoire_stir(repertoire);
}

int repertoire_descriptor(const struct repertoire *repertoire)
{
    return repertoire->bell;
}

struct cast *repertoire_take(struct repertoire *repertoire)
{
    eventfd_t count = 0;
    eventfd_read(repertoire->bell, &count);
    pthread_mutex_lock(&repertoire->lock);
    struct cast *cast = repertoire->ready;
    repertoire->ready = NULL;
    pthread_mutex_unlock(&repertoire->lock);
    return cast;
}
