/* The catalog does the work (daemon/catalog.h); paths come to it over a slot for one wish. */
#include "lv2/library.h"

#include "base/monotonic.h"
#include "daemon/catalog.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct library {
    log_take *say;
    void *context;
    /* The audio thread writes it when it is free; it is emptied under the lock. */
    struct library_paths asked;
    atomic_bool full;

    pthread_mutex_t lock; /* never the audio thread's */
    struct library_paths chosen;
    bool changed; /* since they were looked at */

    /* A step's own. */
    struct cache *cache;
    struct catalog *catalog;
    struct task task;
    bool due;         /* the models are others than those of the last snapshot */
    bool complete;    /* the last snapshot was all there is */
    double published; /* seconds */
};

static bool goes_on(void *context, double share)
{
    struct library *library = context;
    (void)share;
    return !atomic_load_explicit(&library->full, memory_order_relaxed);
}

static void be_silent(void *context, int priority, const char *sentence)
{
    (void)context;
    (void)priority;
    (void)sentence;
}

struct library *library_open(const struct library_paths *paths, log_take *say, void *context,
                             struct error *error)
{
    char room[PATH_MAX];
    struct library *library = calloc(1, sizeof *library);
    if (!library) {
        error_set(error, "out of memory");
        return NULL;
    }
    library->say = say ? say : be_silent;
    library->context = context;
    library->chosen = *paths;
    library->changed = true;
    library->published = -HUGE_VAL;
    library->task = (struct task){goes_on, library};
    pthread_mutex_init(&library->lock, NULL);
    library->cache = cache_open(cache_folder(room, sizeof room), error);
    library->catalog = library->cache ? catalog_open(library->cache, error) : NULL;
    if (library->catalog)
        return library;
    library_close(library);
    return NULL;
}

void library_close(struct library *library)
{
    if (!library)
        return;
    catalog_close(library->catalog);
    cache_close(library->cache);
    pthread_mutex_destroy(&library->lock);
    free(library);
}

bool library_ask(struct library *library, const struct library_paths *paths)
{
    if (atomic_load_explicit(&library->full, memory_order_acquire))
        return false;
    library->asked = *paths;
    atomic_store_explicit(&library->full, true, memory_order_release);
    return true;
}

/* What was asked before is older: it counts no more. */
void library_choose(struct library *library, const struct library_paths *paths)
{
    pthread_mutex_lock(&library->lock);
    library->chosen = *paths;
    library->changed = true;
    atomic_store_explicit(&library->full, false, memory_order_release);
    pthread_mutex_unlock(&library->lock);
}

/* Called with the lock. */
static void take_asked(struct library *library)
{
    if (!atomic_load_explicit(&library->full, memory_order_acquire))
        return;
    library->chosen = library->asked;
    library->changed = true;
    atomic_store_explicit(&library->full, false, memory_order_release);
}

void library_chosen(struct library *library, struct library_paths *paths)
{
    pthread_mutex_lock(&library->lock);
    take_asked(library);
    *paths = library->chosen;
    pthread_mutex_unlock(&library->lock);
}

/* Whether there are paths to be looked at. */
static bool take_change(struct library *library, struct library_paths *paths)
{
    pthread_mutex_lock(&library->lock);
    take_asked(library);
    bool changed = library->changed;
    library->changed = false;
    *paths = library->chosen;
    pthread_mutex_unlock(&library->lock);
    return changed;
}

static struct snapshot *publish(struct library *library)
{
    struct error error;
    struct snapshot *snapshot = catalog_snapshot(library->catalog, NULL, &error);
    library->due = false;
    library->complete = catalog_is_complete(library->catalog);
    library->published = monotonic_seconds();
    if (!snapshot)
        log_say(LOG_ERR, "repertoire: %s; the old one stays", error.text);
    return snapshot;
}

static void work(struct library *library)
{
    struct library_paths paths;
    if (take_change(library, &paths)) {
        const char *folder = paths.repertoire[0] ? paths.repertoire : NULL;
        const char *style = paths.style[0] ? paths.style : NULL;
        library->due |= catalog_look(library->catalog, folder, style, true, &library->task);
        library->complete = false;
    } else if (catalog_wants(library->catalog)) {
        library->due |= catalog_learn(library->catalog, &library->task);
    }
}

bool library_step(struct library *library, struct snapshot **snapshot)
{
    log_divert(library->say, library->context);
    work(library);
    bool more = catalog_wants(library->catalog) || !goes_on(library, 0);
    bool early = more && monotonic_seconds() - library->published < CATALOG_PACE;
    *snapshot = (library->due || (!more && !library->complete)) && !early ? publish(library) : NULL;
    log_divert(NULL, NULL);
    return more;
}

void library_again(struct library *library)
{
    library->due = true;
}
