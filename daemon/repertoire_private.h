/* The repertoire's own data: shared by its files, private to them. */
#ifndef DAEMON_REPERTOIRE_PRIVATE_H
#define DAEMON_REPERTOIRE_PRIVATE_H

#include "daemon/catalog.h"
#include "daemon/log.h"
#include "daemon/repertoire.h"
#include "daemon/study.h"
#include "load/played.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct repertoire {
    pthread_mutex_t lock;
    pthread_cond_t notified;
    /* Guarded by the lock. */
    char *folder;
    char *style;
    bool changed; /* there is something to look at */
    bool anew;    /* settings were changed: do not wait for quiet */
    double first; /* change that was not looked at, and the last one; seconds */
    double last;
    struct snapshot *ready;
    char *locked;  /* the name of the only file to follow; NULL: all */
    bool relocked; /* it has changed */
    json_t *files; /* as they are described */
    char *store;   /* of recordings */
    unsigned takes;
    bool restudy;   /* they are others than the study knows, or the folder is */
    double studied; /* when the recordings were looked at, seconds */
    struct played played;
    bool unsaved;        /* it is another than that in the store */
    double played_saved; /* seconds */
    bool played_lost;    /* that it cannot be saved was said */

    atomic_bool stopping;
    atomic_uint changes; /* how often the folder has changed */

    int eventfd; /* a snapshot is ready */
    int inotify;
    int watching; /* its descriptor of the folder; -1: none */
    pthread_t thread;
    bool running;

    /* The thread's own. */
    struct cache *cache;
    struct catalog *catalog;
    struct study *study;
    unsigned begun; /* of the changes, when the study was begun */
    struct task task;
    unsigned seen;    /* of the changes */
    bool complete;    /* the last snapshot was all there is */
    bool due;         /* the models are others than those of the last snapshot */
    double published; /* seconds; below 0: nothing yet */
};

/* NULL: there is no text, out of memory. */
char *repertoire_copy(const char *text);

/* Of the thread, with the lock: adds what is kept in the store, and writes it there, for which the
 * lock is let go of. */
void repertoire_load_played(struct repertoire *repertoire);
void repertoire_save_played(struct repertoire *repertoire);

#endif
