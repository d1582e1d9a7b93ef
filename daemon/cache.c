/* Files are written beside their place and renamed, so that no half one is ever read;
 * the time of a file is when it was used last. */
#include "daemon/cache.h"

#include "base/infile.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static const char ending[] = ".model";
static const char system_folder[] = "/var/cache/audiogenrl";

enum {
    NAME = 2 * SHA256_BYTES, /* digits of a name before its ending */
    MOST_PROGRAM = 1 << 26,  /* bytes of the program's own file */
};

struct cache {
    char *folder; /* NULL: nothing is kept */
    unsigned char program[SHA256_BYTES];
};

/* Makes the folder and those above it, as far as that can be. */
static void make_folders(const char *path)
{
    char part[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof part)
        return;
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != 0)
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        (void)mkdir(part, 0755);
    }
}

/* The file that this code is in: a program, or a library that a program has loaded. */
static const char *own_file(void)
{
    Dl_info info;
    struct link_map *object = NULL;
    if (dladdr1(ending, &info, (void **)&object, RTLD_DL_LINKMAP) != 0 && object &&
        object->l_name[0])
        return object->l_name;
    return "/proc/self/exe";
}

/* What this program is: another build may learn another thing. */
static int hash_program(unsigned char digest[SHA256_BYTES])
{
    size_t length;
    void *bytes = infile_read(own_file(), MOST_PROGRAM, &length, NULL);
    if (!bytes)
        return -1;
    struct sha256 hash;
    sha256_start(&hash);
    sha256_add(&hash, bytes, length);
    sha256_end(&hash, digest);
    free(bytes);
    return 0;
}

const char *cache_folder(char *room, size_t size)
{
    const char *given = getenv("CACHE_DIRECTORY"), *user = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME");
    int length = -1;
    if (given && *given)
        length = snprintf(room, size, "%.*s", (int)strcspn(given, ":"), given);
    else if (geteuid() == 0)
        length = snprintf(room, size, "%s", system_folder);
    else if (user && *user == '/')
        length = snprintf(room, size, "%s/audiogenrl", user);
    else if (home && *home == '/')
        length = snprintf(room, size, "%s/.cache/audiogenrl", home);
    return length > 0 && (size_t)length < size ? room : NULL;
}

struct cache *cache_open(const char *folder, struct error *error)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (!cache || (folder && !(cache->folder = strdup(folder)))) {
        free(cache);
        error_set(error, "out of memory");
        return NULL;
    }
    if (folder && hash_program(cache->program) != 0) {
        free(cache->folder);
        cache->folder = NULL;
    }
    if (folder)
        make_folders(folder); /* where it cannot be, keeping says so */
    return cache;
}

void cache_close(struct cache *cache)
{
    if (!cache)
        return;
    free(cache->folder);
    free(cache);
}

struct cache_key cache_key(const struct cache *cache, const void *bytes, size_t length)
{
    struct cache_key key = {.checksum = (uint32_t)crc32_z(0, bytes, length)};
    struct sha256 hash;
    sha256_start(&hash);
    sha256_add(&hash, cache->program, sizeof cache->program);
    sha256_add(&hash, bytes, length);
    sha256_end(&hash, key.digest);
    return key;
}

static bool write_path(const struct cache *cache, const struct cache_key *key, char *path,
                       size_t size)
{
    char name[NAME + 1];
    for (int i = 0; i < SHA256_BYTES; i++)
        snprintf(name + 2 * i, 3, "%02x", key->digest[i]);
    return cache->folder &&
           snprintf(path, size, "%s/%s%s", cache->folder, name, ending) < (int)size;
}

struct model *cache_get(struct cache *cache, const struct cache_key *key)
{
    char path[PATH_MAX];
    if (!write_path(cache, key, path, sizeof path))
        return NULL;
    struct model *model = model_load(path, NULL);
    if (model && model_songs(model) == 1 && model_song(model, 0)->checksum == key->checksum) {
        utimensat(AT_FDCWD, path, NULL, 0);
        return model;
    }
    model_free(model);
    unlink(path); /* damaged, where there is one */
    return NULL;
}

int cache_put(struct cache *cache, const struct cache_key *key, const struct model *model,
              struct error *error)
{
    char path[PATH_MAX];
    if (!write_path(cache, key, path, sizeof path))
        return 0;
    return model_save(model, path, error);
}

/* --- Throwing away --- */

struct kept {
    char name[NAME + sizeof ending + 16];
    struct timespec used;
    size_t bytes;
};

/* One of the cache's files, or what a run that was cut off left of one. */
static bool is_ours(const char *name)
{
    return strlen(name) < sizeof((struct kept *)0)->name &&
           strspn(name, "0123456789abcdef") == NAME &&
           strncmp(name + NAME, ending, sizeof ending - 1) == 0;
}

static int by_use(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    if (x->used.tv_sec != y->used.tv_sec)
        return x->used.tv_sec > y->used.tv_sec ? -1 : 1;
    if (x->used.tv_nsec != y->used.tv_nsec)
        return x->used.tv_nsec > y->used.tv_nsec ? -1 : 1;
    return strcmp(x->name, y->name);
}

static struct kept *list_kept(DIR *folder, size_t *count)
{
    struct kept *kept = NULL;
    const struct dirent *file;
    *count = 0;
    while ((file = readdir(folder))) {
        struct stat status;
        if (!is_ours(file->d_name) || fstatat(dirfd(folder), file->d_name, &status, 0) != 0)
            continue;
        struct kept *grown = realloc(kept, (*count + 1) * sizeof *kept);
        if (!grown)
            break;
        kept = grown;
        kept[*count] = (struct kept){.used = status.st_mtim, .bytes = (size_t)status.st_size};
        strcpy(kept[(*count)++].name, file->d_name);
    }
    return kept;
}

void cache_trim(struct cache *cache, size_t most_files, size_t most_bytes)
{
    DIR *folder = cache->folder ? opendir(cache->folder) : NULL;
    if (!folder)
        return;
    size_t count, bytes = 0;
    struct kept *kept = list_kept(folder, &count);
    if (kept)
        qsort(kept, count, sizeof *kept, by_use);
    for (size_t i = 0; kept && i < count; i++) {
        bytes += kept[i].bytes;
        if (i >= most_files || bytes > most_bytes)
            unlinkat(dirfd(folder), kept[i].name, 0);
    }
    free(kept);
    closedir(folder);
}
