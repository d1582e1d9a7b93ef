/* One timer, and a list of functions. */
#include "daemon/relay.h"

#include <stdlib.h>
#include <string.h>

enum { ACCURACY = 1000 }; /* microseconds */

struct relay {
    sd_event_source *timer;
    struct tape *tape;
    bool flushing; /* the list is being gone through */
    struct hearer *hearers;
};

/* Takes out who has left; stops when nobody is there. */
static void clear_away(struct relay *relay)
{
    for (struct hearer **at = &relay->hearers; *at;)
        if ((*at)->there)
            at = &(*at)->next;
        else
            *at = (*at)->next;
    if (relay->hearers)
        return;
    tape_run(relay->tape, false);
    sd_event_source_set_enabled(relay->timer, SD_EVENT_OFF);
}

/* False: there was nothing. */
static bool hand_over(struct relay *relay)
{
    struct tape_entry entries[RELAY_BATCH];
    uint64_t lost = tape_lost(relay->tape);
    size_t count = tape_read(relay->tape, entries, RELAY_BATCH);
    if (count == 0 && lost == 0)
        return false;
    for (struct hearer *hearer = relay->hearers; hearer; hearer = hearer->next)
        if (hearer->there)
            hearer->hear(hearer->context, entries, count, lost);
    return true;
}

void relay_flush(struct relay *relay)
{
    relay->flushing = true;
    /* No more than the tape holds, lest a flood keep the loop from all else. */
    for (size_t batch = 0; batch < TAPE_ENTRIES / RELAY_BATCH && hand_over(relay); batch++)
        ;
    relay->flushing = false;
    clear_away(relay);
}

static int on_time(sd_event_source *source, uint64_t when, void *context)
{
    struct relay *relay = context;
    (void)when;
    sd_event_source_set_time_relative(source, RELAY_MS * UINT64_C(1000));
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    relay_flush(relay);
    return 0;
}

struct relay *relay_open(sd_event *loop, struct tape *tape, struct error *error)
{
    struct relay *relay = calloc(1, sizeof *relay);
    if (!relay) {
        error_set(error, "out of memory");
        return NULL;
    }
    relay->tape = tape;
    /* Left at 0, the accuracy would be a quarter of a second. */
    int code = sd_event_add_time_relative(loop, &relay->timer, CLOCK_MONOTONIC, 0, ACCURACY,
                                          on_time, relay);
    if (code >= 0)
        code = sd_event_source_set_enabled(relay->timer, SD_EVENT_OFF);
    if (code >= 0)
        return relay;
    error_set(error, "cannot make a timer: %s", strerror(-code));
    relay_close(relay);
    return NULL;
}

void relay_close(struct relay *relay)
{
    if (!relay)
        return;
    tape_run(relay->tape, false);
    sd_event_source_disable_unref(relay->timer);
    free(relay);
}

void relay_join(struct relay *relay, struct hearer *hearer)
{
    if (hearer->there)
        return;
    relay_flush(relay); /* what came before is not for the new one */
    if (!relay->hearers) {
        tape_run(relay->tape, true);
        sd_event_source_set_time_relative(relay->timer, RELAY_MS * UINT64_C(1000));
        sd_event_source_set_enabled(relay->timer, SD_EVENT_ONESHOT);
    }
    hearer->there = true;
    hearer->next = relay->hearers;
    relay->hearers = hearer;
}

void relay_leave(struct relay *relay, struct hearer *hearer)
{
    hearer->there = false;
    if (!relay->flushing)
        clear_away(relay);
}
