/* The catalog's own data: shared by its files, private to them. */
#ifndef DAEMON_CATALOG_PRIVATE_H
#define DAEMON_CATALOG_PRIVATE_H

#include "daemon/cache.h"
#include "daemon/catalog.h"
#include "load/folder.h"

#include <string.h>
#include <sys/stat.h>

/* A file that was looked at. */
struct entry {
    char *path;
    struct stat status; /* zero where it cannot be told */
    struct cache_key key;
    enum folder_origin origin;
    unsigned takes;        /* from which it was learned */
    struct shared *shared; /* NULL: there is no model of it, */
    char *why;             /* for this reason, where it was looked at; may be NULL */
    bool looked;           /* at the file with this status */
    bool wanted;           /* it is to be learned */
    unsigned changes;      /* how often it was not what it had been */
};

struct catalog {
    struct cache *cache;
    struct entry style; /* path NULL: none */
    struct entry *file; /* [files], in order of path */
    size_t files;
    const struct entry *learning;
    bool learned; /* since the cache was trimmed */
    bool missing; /* that the folder is not there has been said */
    bool loses;   /* that what is learned cannot be kept has been said */
    bool unsure;  /* something could not be looked at now */
};

/* The file's name without its folder. */
static inline const char *catalog_name_of(const struct entry *entry)
{
    const char *slash = strrchr(entry->path, '/');
    return slash ? slash + 1 : entry->path;
}

#endif
