/* One timer, and a list of functions. */
#include "daemon/dispatcher.h"

#include <stdlib.h>
#include <string.h>

enum { ACCURACY = 1000 }; /* microseconds */

struct dispatcher {
    sd_event_source *timer;
    struct ring *ring;
    bool flushing; /* the list is being gone through */
    struct subscriber *subscribers;
};

/* Takes out who has left; stops when nobody is there. */
static void clear_away(struct dispatcher *dispatcher)
{
    for (struct subscriber **at = &dispatcher->subscribers; *at;)
        if ((*at)->subscribed)
            at = &(*at)->next;
        else
            *at = (*at)->next;
    if (dispatcher->subscribers)
        return;
    ring_run(dispatcher->ring, false);
    sd_event_source_set_enabled(dispatcher->timer, SD_EVENT_OFF);
}

/* False: there was nothing. */
static bool hand_over(struct dispatcher *dispatcher)
{
    struct ring_entry entries[DISPATCHER_BATCH];
    uint64_t lost = ring_lost(dispatcher->ring);
    size_t count = ring_read(dispatcher->ring, entries, DISPATCHER_BATCH);
    if (count == 0 && lost == 0)
        return false;
    for (struct subscriber *subscriber = dispatcher->subscribers; subscriber;
         subscriber = subscriber->next)
        if (subscriber->subscribed)
            subscriber->receive(subscriber->context, entries, count, lost);
    return true;
}

void dispatcher_flush(struct dispatcher *dispatcher)
{
    dispatcher->flushing = true;
    /* No more than the ring holds, lest a flood keep the loop from all else. */
    for (size_t batch = 0; batch < RING_ENTRIES / DISPATCHER_BATCH && hand_over(dispatcher);
         batch++)
        ;
    dispatcher->flushing = false;
    clear_away(dispatcher);
}

static int on_time(sd_event_source *source, uint64_t when, void *context)
{
    struct dispatcher *dispatcher = context;
    (void)when;
    sd_event_source_set_time_relative(source, DISPATCHER_MS * UINT64_C(1000));
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    dispatcher_flush(dispatcher);
    return 0;
}

struct dispatcher *dispatcher_open(sd_event *loop, struct ring *ring, struct error *error)
{
    struct dispatcher *dispatcher = calloc(1, sizeof *dispatcher);
    if (!dispatcher) {
        error_set(error, "out of memory");
        return NULL;
    }
    dispatcher->ring = ring;
    /* Left at 0, the accuracy would be a quarter of a second. */
    int code = sd_event_add_time_relative(loop, &dispatcher->timer, CLOCK_MONOTONIC, 0, ACCURACY,
                                          on_time, dispatcher);
    if (code >= 0)
        code = sd_event_source_set_enabled(dispatcher->timer, SD_EVENT_OFF);
    if (code >= 0)
        return dispatcher;
    error_set(error, "cannot make a timer: %s", strerror(-code));
    dispatcher_close(dispatcher);
    return NULL;
}

void dispatcher_close(struct dispatcher *dispatcher)
{
    if (!dispatcher)
        return;
    ring_run(dispatcher->ring, false);
    sd_event_source_disable_unref(dispatcher->timer);
    free(dispatcher);
}

void dispatcher_subscribe(struct dispatcher *dispatcher, struct subscriber *subscriber)
{
    if (subscriber->subscribed)
        return;
    dispatcher_flush(dispatcher); /* what came before is not for the new one */
    if (!dispatcher->subscribers) {
        ring_run(dispatcher->ring, true);
        sd_event_source_set_time_relative(dispatcher->timer, DISPATCHER_MS * UINT64_C(1000));
        sd_event_source_set_enabled(dispatcher->timer, SD_EVENT_ONESHOT);
    }
    subscriber->subscribed = true;
    subscriber->next = dispatcher->subscribers;
    dispatcher->subscribers = subscriber;
}

void dispatcher_unsubscribe(struct dispatcher *dispatcher, struct subscriber *subscriber)
{
    subscriber->subscribed = false;
    if (!dispatcher->flushing)
        clear_away(dispatcher);
}
