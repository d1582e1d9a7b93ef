/* Has the system fail: linked into a copy of audiogenrld in the place of the calls that
 * CMakeLists.txt names (the linker's --wrap).
 *
 * $FAULTS holds words:
 *   call=N     the N-th call of the main thread fails, as out of memory or descriptors
 *   one-in=N   so does about one call in N, of any thread, by $FAULTS_SEED
 *   short      a read or write moves a byte or a half, or is interrupted
 *   count=FILE at the end, the number of the main thread's calls is written there */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

static unsigned long at;     /* the call that fails; 0: none */
static unsigned long one_in; /* 0: never */
static bool brief;
static char count_file[256];
static atomic_ulong calls;
static atomic_ulong draws;

static void end(void)
{
    FILE *stream = count_file[0] ? fopen(count_file, "w") : NULL;
    if (!stream)
        return;
    fprintf(stream, "%lu\n", atomic_load(&calls));
    fclose(stream);
}

/* Before main: no thread is there, and nothing was allocated. */
__attribute__((constructor)) static void begin(void)
{
    const char *faults = getenv("FAULTS");
    const char *seed = getenv("FAULTS_SEED");
    char words[1024];
    snprintf(words, sizeof words, "%s", faults ? faults : "");
    atomic_store(&draws, seed ? strtoul(seed, NULL, 10) * 1000003 : 0);
    for (char *rest = words, *word; (word = strsep(&rest, " "));) {
        if (strncmp(word, "call=", 5) == 0)
            at = strtoul(word + 5, NULL, 10);
        else if (strncmp(word, "one-in=", 7) == 0)
            one_in = strtoul(word + 7, NULL, 10);
        else if (strcmp(word, "short") == 0)
            brief = true;
        else if (strncmp(word, "count=", 6) == 0)
            snprintf(count_file, sizeof count_file, "%s", word + 6);
    }
    /* At random, memory would also be lacking in the middle of a word, where jansson's reader
     * asserts. */
    if (!one_in)
        json_set_alloc_funcs(malloc, free);
    atexit(end);
}

/* The next of a sequence that looks like chance. */
static unsigned long draw(void)
{
    unsigned long x = (atomic_fetch_add(&draws, 1) + 1) * 0x9E3779B97F4A7C15UL;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9UL;
    return (x ^ x >> 27) >> 16;
}

static bool fails(int reason)
{
    bool fail = one_in > 0 && draw() % one_in == 0;
    if (gettid() == getpid())
        fail |= atomic_fetch_add(&calls, 1) + 1 == at;
    if (fail)
        errno = reason;
    return fail;
}

/* How much of `length` is moved now; 0: it is interrupted. */
static size_t part(size_t length)
{
    if (!brief || length == 0)
        return length;
    errno = EINTR;
    unsigned long number = draw() % 4;
    return number < 2 ? number : (length + 1) / 2;
}

#define REAL(type, name, ...)                                                                      \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

REAL(void *, malloc, size_t size)
{
    return fails(ENOMEM) ? NULL : __real_malloc(size);
}

REAL(void *, calloc, size_t count, size_t size)
{
    return fails(ENOMEM) ? NULL : __real_calloc(count, size);
}

REAL(void *, realloc, void *before, size_t size)
{
    return fails(ENOMEM) ? NULL : __real_realloc(before, size);
}

REAL(void *, aligned_alloc, size_t alignment, size_t size)
{
    return fails(ENOMEM) ? NULL : __real_aligned_alloc(alignment, size);
}

REAL(char *, strdup, const char *text)
{
    return fails(ENOMEM) ? NULL : __real_strdup(text);
}

REAL(char *, strndup, const char *text, size_t most)
{
    return fails(ENOMEM) ? NULL : __real_strndup(text, most);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return fails(EMFILE) ? -1 : __real_open(path, flags, mode);
}

REAL(FILE *, fdopen, int fd, const char *mode)
{
    return fails(ENOMEM) ? NULL : __real_fdopen(fd, mode);
}

REAL(int, dup, int fd)
{
    return fails(EMFILE) ? -1 : __real_dup(fd);
}

REAL(int, socket, int domain, int type, int protocol)
{
    return fails(EMFILE) ? -1 : __real_socket(domain, type, protocol);
}

REAL(int, accept4, int fd, struct sockaddr *address, socklen_t *length, int flags)
{
    return fails(EMFILE) ? -1 : __real_accept4(fd, address, length, flags);
}

REAL(int, eventfd, unsigned int count, int flags)
{
    return fails(EMFILE) ? -1 : __real_eventfd(count, flags);
}

REAL(int, inotify_init1, int flags)
{
    return fails(EMFILE) ? -1 : __real_inotify_init1(flags);
}

REAL(int, pthread_create, pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
     void *context)
{
    return fails(EAGAIN) ? EAGAIN : __real_pthread_create(thread, attributes, run, context);
}

REAL(int, sd_event_new, sd_event **loop)
{
    return fails(ENOMEM) ? -ENOMEM : __real_sd_event_new(loop);
}

REAL(int, sd_event_add_io, sd_event *loop, sd_event_source **source, int fd, uint32_t events,
     sd_event_io_handler_t handler, void *context)
{
    return fails(ENOMEM) ? -ENOMEM
                         : __real_sd_event_add_io(loop, source, fd, events, handler, context);
}

REAL(int, sd_event_add_time_relative, sd_event *loop, sd_event_source **source, clockid_t clock,
     uint64_t in, uint64_t accuracy, sd_event_time_handler_t handler, void *context)
{
    return fails(ENOMEM) ? -ENOMEM
                         : __real_sd_event_add_time_relative(loop, source, clock, in, accuracy,
                                                             handler, context);
}

REAL(int, sd_event_add_signal, sd_event *loop, sd_event_source **source, int signal,
     sd_event_signal_handler_t handler, void *context)
{
    return fails(ENOMEM) ? -ENOMEM
                         : __real_sd_event_add_signal(loop, source, signal, handler, context);
}

REAL(ssize_t, read, int fd, void *bytes, size_t length)
{
    size_t now = part(length);
    return now == 0 && length > 0 ? -1 : __real_read(fd, bytes, now);
}

REAL(ssize_t, write, int fd, const void *bytes, size_t length)
{
    size_t now = fd == STDERR_FILENO ? length : part(length);
    return now == 0 && length > 0 ? -1 : __real_write(fd, bytes, now);
}

REAL(ssize_t, recv, int fd, void *bytes, size_t length, int flags)
{
    size_t now = part(length);
    return now == 0 && length > 0 ? -1 : __real_recv(fd, bytes, now, flags);
}

REAL(ssize_t, send, int fd, const void *bytes, size_t length, int flags)
{
    size_t now = part(length);
    return now == 0 && length > 0 ? -1 : __real_send(fd, bytes, now, flags);
}

REAL(int, fsync, int fd)
{
    return fails(EIO) ? -1 : __real_fsync(fd);
}

/* It is the whole process's: a file that another thread makes meanwhile would have it. */
mode_t __wrap_umask(mode_t mask);

mode_t __wrap_umask(mode_t mask)
{
    (void)mask;
    abort();
}
