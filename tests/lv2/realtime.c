/* The program's own functions of these names stand before those of the C library, also for
 * the modules that it loads. */
#include "realtime.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static bool watched; /* of the one thread that there is */
static unsigned faults;

bool realtime_watch(bool on)
{
    bool before = watched;
    watched = on;
    return before;
}

unsigned realtime_faults(void)
{
    return faults;
}

bool realtime_counts(void)
{
    return !SANITIZED;
}

#if !SANITIZED
#define SHOWN __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *old);

SHOWN void *malloc(size_t size);
SHOWN void *calloc(size_t count, size_t size);
SHOWN void *realloc(void *old, size_t size);
SHOWN void free(void *old);
SHOWN int open(const char *path, int flags, ...);
SHOWN int open64(const char *path, int flags, ...);
SHOWN ssize_t write(int fd, const void *bytes, size_t length);

void *malloc(size_t size)
{
    faults += watched;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    faults += watched;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    faults += watched;
    return __libc_realloc(old, size);
}

void free(void *old)
{
    faults += watched && old;
    __libc_free(old);
}

SHOWN int pthread_mutex_lock(pthread_mutex_t *lock)
{
    static int (*real)(pthread_mutex_t *);
    faults += watched;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    return real(lock);
}

static int open_by(const char *name, const char *path, int flags, mode_t mode)
{
    int (*real)(const char *, int, ...);
    faults += watched;
    *(void **)&real = dlsym(RTLD_NEXT, name);
    return real(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return open_by("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    return open_by("open64", path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    static ssize_t (*real)(int, const void *, size_t);
    faults += watched;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    return real(fd, bytes, length);
}
#endif
