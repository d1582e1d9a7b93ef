/* An eventfd that one thread makes readable and another one reads. Whatever the state, no call
 * waits; a descriptor is made with EFD_NONBLOCK. */
#ifndef BASE_EVENTFD_H
#define BASE_EVENTFD_H

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static inline void eventfd_signal(int fd)
{
    while (eventfd_write(fd, 1) != 0 && errno == EINTR)
        ;
}

static inline void eventfd_clear(int fd)
{
    eventfd_t count = 0;
    while (eventfd_read(fd, &count) != 0 && errno == EINTR)
        ;
}

/* Below 0: there is none. */
static inline void eventfd_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

#endif
