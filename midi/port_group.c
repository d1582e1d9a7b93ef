/* A member is a port of one kind. The main thread opens it and hands it to the real-time thread by
 * its state; that one says by the state that it has ended and does not touch it again, and the main
 * thread closes it. */
#include "midi/port_group.h"

#include "base/eventfd.h"
#include "midi/route.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

enum { MEMBERS = 2 * GROUP_PORTS };

/* Clocks that are one show less than this, seconds. */
static const double same_clock = 1e-3;

enum state {
    AWAY, /* the main thread's */
    LIVE, /* the real-time thread's; the main thread watches and lists */
    OVER, /* the main thread's, to be closed */
    DONE, /* a file that was read to its end: it can still be written, the main thread's at the end
           */
};

struct member {
    const struct port_ops *ops;
    struct port_settings settings;
    struct port_names inputs, outputs; /* copies, those of the settings */
    char client[64];
    const struct group_input *input; /* NULL: it is only an output */
    struct route *route;             /* NULL: it is only an input */
    struct port *port;
    double offset;  /* of its clock to that of the group, seconds */
    int descriptor; /* that is waited for; -1: none, it is asked every millisecond */
    atomic_int state;
    char trouble[sizeof((struct error){0}.text)]; /* why it is away, as was said */
};

struct group {
    struct port port;
    struct group_settings settings;
    struct member member[MEMBERS];
    struct route route[GROUP_PORTS];
    int members;
    int ready;   /* epoll: of descriptors to read */
    int changes; /* epoll: of what is to be watched */
    int timer;   /* runs while a member is away */
    int ended;   /* eventfd: a member is over */

    /* The real-time thread's. */
    int turn;                 /* the member that is read next */
    struct member *newcomer;  /* that PORT_OUTPUT_FOUND was about */
    struct midi_event second; /* of two that one has become */
    bool has_second;
    uint8_t second_data[2];
    struct member *writing;
    bool dropped;
};

static struct group *group(const struct port *port)
{
    return (struct group *)port;
}

static enum state state_of(const struct member *member)
{
    return (enum state)atomic_load_explicit(&member->state, memory_order_acquire);
}

static bool is_open(const struct member *member)
{
    enum state state = state_of(member);
    return state == LIVE || state == DONE;
}

/* --- The real-time thread: reading --- */

static bool goes_to_both(const struct midi_event *event)
{
    uint8_t kind = midi_kind(event);
    return kind == MIDI_CONTROL_CHANGE || kind == MIDI_CHANNEL_PRESSURE || kind == MIDI_PITCH_BEND;
}

/* Channels as they are mapped, and the two halves of a keyboard. */
static void take_in(struct group *self, const struct member *member, struct midi_event *event)
{
    const struct group_input *input = member->input;
    event->seconds += member->offset;
    if (!input || !midi_is_channel(event))
        return;
    uint8_t channel = input->map[midi_channel(event)], kind = midi_kind(event);
    event->status = (uint8_t)(kind | channel);
    if (input->split < 0 || channel == input->lower || event->length == 0)
        return;
    if (kind <= MIDI_POLY_AFTERTOUCH && event->data[0] <= input->split)
        event->status = (uint8_t)(kind | input->lower);
    if (!goes_to_both(event) || event->length > sizeof self->second_data)
        return;
    self->second = *event;
    self->second.status = (uint8_t)(kind | input->lower);
    memcpy(self->second_data, event->data, event->length);
    self->second.data = self->second_data;
    self->has_second = true;
}

static bool is_file(const struct member *member)
{
    return member->ops == &port_virtual_ops;
}

/* Whether there is an input that may have more. */
static bool may_read(const struct group *self)
{
    for (int i = 0; i < self->members; i++)
        if (self->member[i].input &&
            (!is_file(&self->member[i]) || state_of(&self->member[i]) == LIVE))
            return true;
    return false;
}

static enum port_news end_member(struct group *self, struct member *member)
{
    if (is_file(member)) {
        if (member->descriptor >= 0)
            (void)epoll_ctl(self->ready, EPOLL_CTL_DEL, member->descriptor, NULL);
        atomic_store_explicit(&member->state, DONE, memory_order_release);
        self->port.fault = member->port->fault;
        return self->port.fault.text[0] != '\0' || !may_read(self) ? PORT_ENDED : PORT_INPUT_LOST;
    }
    atomic_store_explicit(&member->state, OVER, memory_order_release);
    eventfd_signal(self->ended);
    return member->input ? PORT_INPUT_LOST : PORT_OUTPUT_LOST;
}

static enum port_news group_read(struct port *port, struct midi_event *event)
{
    struct group *self = group(port);
    if (self->has_second) {
        self->has_second = false;
        *event = self->second;
        return PORT_EVENT;
    }
    for (int i = 0; i < self->members; i++) {
        struct member *member = &self->member[self->turn];
        self->turn = (self->turn + 1) % self->members;
        if (state_of(member) != LIVE)
            continue;
        enum port_news news = member->ops->read(member->port, event);
        if (news == PORT_EVENT)
            take_in(self, member, event);
        if (news == PORT_OUTPUT_FOUND)
            self->newcomer = member;
        if (news == PORT_ENDED)
            news = end_member(self, member);
        if (news != PORT_NOTHING)
            return news;
    }
    return PORT_NOTHING;
}

static int group_descriptor(const struct port *port)
{
    const struct group *self = group(port);
    for (int i = 0; i < self->members; i++) {
        const struct member *member = &self->member[i];
        if (member->input && state_of(member) == LIVE &&
            (member->descriptor < 0 || member->ops->descriptor(member->port) < 0))
            return -1;
    }
    return self->ready;
}

static double group_now(const struct port *port)
{
    const struct group *self = group(port);
    if (!self->settings.virtual_clock)
        return monotonic_seconds();
    double most = 0;
    for (int i = 0; i < self->members; i++)
        if (is_open(&self->member[i]))
            most = fmax(most, self->member[i].ops->now(self->member[i].port));
    return most;
}

/* --- The real-time thread: writing --- */

static void write_one(void *context, const struct midi_event *event)
{
    struct group *self = context;
    struct member *member = self->writing;
    struct midi_event out = *event;
    out.seconds -= member->offset;
    self->dropped |= is_open(member) && member->ops->write(member->port, &out) != 0;
}

/* A route knows what sounds also where nobody hears it. */
static int group_write(struct port *port, const struct midi_event *event)
{
    struct group *self = group(port);
    self->dropped = false;
    for (int i = 0; i < self->members; i++) {
        self->writing = &self->member[i];
        if (self->writing->route)
            route_event(self->writing->route, event, write_one, self);
    }
    return self->dropped ? -1 : 0;
}

static int group_greet(struct port *port, const struct midi_event *event)
{
    struct group *self = group(port);
    struct member *member = self->newcomer;
    struct midi_event out;
    if (!member || !member->route || !is_open(member) || !route_map(member->route, event, &out))
        return 0;
    out.seconds -= member->offset;
    return member->ops->greet(member->port, &out);
}

static int group_flush(struct port *port)
{
    struct group *self = group(port);
    int dropped = 0;
    for (int i = 0; i < self->members; i++)
        if (self->member[i].route && is_open(&self->member[i]))
            dropped += self->member[i].ops->flush(self->member[i].port);
    return dropped;
}

/* --- The main thread: members --- */

/* -1: it cannot be waited for, as a regular file. */
static int wait_for(int set, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return fd >= 0 ? epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) : -1;
}

static int open_member(struct group *self, struct member *member, struct error *error)
{
    member->port = member->ops->open(&member->settings, error);
    if (!member->port)
        return -1;
    double offset = monotonic_seconds() - member->ops->now(member->port);
    member->offset = self->settings.virtual_clock || fabs(offset) < same_clock ? 0 : offset;
    member->descriptor = member->ops->descriptor(member->port);
    if (wait_for(self->ready, member->descriptor) != 0)
        member->descriptor = -1;
    (void)wait_for(self->changes, member->ops->watch_descriptor(member->port));
    atomic_store_explicit(&member->state, LIVE, memory_order_release);
    return 0;
}

static void close_member(struct member *member)
{
    if (member->port)
        member->ops->close(member->port);
    member->port = NULL;
    atomic_store_explicit(&member->state, AWAY, memory_order_release);
}

static void say_trouble(struct member *member, const char *text, port_say *say, void *context)
{
    char sentence[sizeof member->trouble + 96];
    if (strcmp(member->trouble, text) == 0)
        return;
    snprintf(member->trouble, sizeof member->trouble, "%s", text);
    snprintf(sentence, sizeof sentence, "%s: %s; trying again every second", member->client, text);
    say(context, sentence);
}

/* Runs while somebody is away. */
static void set_timer(const struct group *self)
{
    bool away = false;
    for (int i = 0; i < self->members; i++)
        away |= state_of(&self->member[i]) == AWAY;
    const struct itimerspec each = {.it_interval.tv_sec = away, .it_value.tv_sec = away};
    (void)timerfd_settime(self->timer, 0, &each, NULL);
}

static void group_watch(struct port *port, port_say *say, void *context)
{
    struct group *self = group(port);
    eventfd_clear(self->ended);
    for (int i = 0; i < self->members; i++) {
        struct member *member = &self->member[i];
        struct error error = {""};
        if (state_of(member) == OVER) {
            error = member->port->fault;
            close_member(member);
            say_trouble(member, error.text, say, context);
        } else if (state_of(member) == AWAY) {
            if (open_member(self, member, &error) != 0)
                say_trouble(member, error.text, say, context);
            else
                member->trouble[0] = '\0';
        }
        if (state_of(member) == LIVE)
            member->ops->watch(member->port, say, context);
    }
    set_timer(self);
}

static int group_watch_descriptor(const struct port *port)
{
    return group(port)->changes;
}

/* --- The main thread: listing --- */

/* Members of one kind see the same ports. */
struct seen {
    struct port_info *info; /* names are malloced */
    size_t count;
};

static void note_port(void *context, const struct port_info *info)
{
    struct seen *seen = context;
    for (size_t i = 0; i < seen->count; i++) {
        struct port_info *known = &seen->info[i];
        if (known->source == info->source && known->sink == info->sink &&
            strcmp(known->client, info->client) == 0 && strcmp(known->name, info->name) == 0) {
            known->feeds_input |= info->feeds_input;
            known->hears_output |= info->hears_output;
            return;
        }
    }
    struct port_info *grown = realloc(seen->info, (seen->count + 1) * sizeof *grown);
    if (!grown)
        return;
    seen->info = grown;
    grown[seen->count] = *info;
    grown[seen->count].client = strdup(info->client);
    grown[seen->count].name = strdup(info->name);
    if (grown[seen->count].client && grown[seen->count].name) {
        seen->count++;
        return;
    }
    free((char *)grown[seen->count].client);
    free((char *)grown[seen->count].name);
}

static void group_list(struct port *port, port_tell *tell, void *context)
{
    struct group *self = group(port);
    struct seen seen = {0};
    for (int i = 0; i < self->members; i++)
        if (state_of(&self->member[i]) == LIVE)
            self->member[i].ops->list(self->member[i].port, note_port, &seen);
    for (size_t i = 0; i < seen.count; i++) {
        tell(context, &seen.info[i]);
        free((char *)seen.info[i].client);
        free((char *)seen.info[i].name);
    }
    free(seen.info);
}

/* --- Start and end --- */

static void group_close(struct port *port)
{
    struct group *self = group(port);
    for (int i = 0; i < self->members; i++) {
        close_member(&self->member[i]);
        port_names_free(&self->member[i].inputs);
        port_names_free(&self->member[i].outputs);
    }
    eventfd_close(self->ready);
    eventfd_close(self->changes);
    eventfd_close(self->timer);
    eventfd_close(self->ended);
    free(self);
}

static const struct port_ops group_ops = {
    .name = "ports",
    .close = group_close,
    .descriptor = group_descriptor,
    .read = group_read,
    .write = group_write,
    .flush = group_flush,
    .greet = group_greet,
    .now = group_now,
    .watch_descriptor = group_watch_descriptor,
    .watch = group_watch,
    .list = group_list,
};

/* -1: out of memory. */
static int add_member(struct group *self, const struct port_ops *ops, const char *client,
                      const struct group_input *input, const struct group_output *output)
{
    struct member *member = &self->member[self->members++];
    const struct port_settings names = {.inputs = input ? input->names : (struct port_names){0},
                                        .outputs = output ? output->names : (struct port_names){0}};
    if (port_names_keep(&member->inputs, &member->outputs, &names) != 0)
        return -1;
    member->ops = ops;
    member->input = input;
    if (output) {
        member->route = &self->route[output - self->settings.output];
        route_set(member->route, output->channels, output->map);
    }
    snprintf(member->client, sizeof member->client, "%s", client);
    member->settings = (struct port_settings){.inputs = member->inputs,
                                              .outputs = member->outputs,
                                              .virtual_clock = self->settings.virtual_clock,
                                              .client = member->client,
                                              .no_input = !input,
                                              .no_output = !output};
    return 0;
}

static int add_members(struct group *self)
{
    const struct group_input *in = self->settings.input;
    const struct group_output *out = self->settings.output;
    bool paired = in->ops == out->ops;
    int status = add_member(self, in->ops, in->client, in, paired ? out : NULL);
    for (size_t i = 1; status == 0 && i < self->settings.inputs; i++)
        status = add_member(self, in[i].ops, in[i].client, &in[i], NULL);
    for (size_t i = paired; status == 0 && i < self->settings.outputs; i++)
        status = add_member(self, out[i].ops, out[i].client, NULL, &out[i]);
    return status;
}

/* -1: no input, or a file, could be opened. */
static int open_members(struct group *self, struct error *error)
{
    struct error first = {""}, why = {""};
    bool any = false, file = false;
    for (int i = 0; i < self->members; i++) {
        struct member *member = &self->member[i];
        bool open = open_member(self, member, &why) == 0;
        any |= open && member->input;
        file |= !open && is_file(member);
        if (!open && first.text[0] == '\0')
            first = why;
    }
    set_timer(self);
    return any && !file ? 0 : error_set(error, "%s", first.text);
}

struct port *port_group_open(const struct group_settings *settings, struct error *error)
{
    struct group *self = calloc(1, sizeof *self);
    if (!self) {
        error_set(error, "out of memory");
        return NULL;
    }
    self->port.ops = &group_ops;
    self->settings = *settings;
    self->ready = epoll_create1(EPOLL_CLOEXEC);
    self->changes = epoll_create1(EPOLL_CLOEXEC);
    self->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    self->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->ready < 0 || self->changes < 0 || self->timer < 0 || self->ended < 0) {
        error_set(error, "ports: cannot begin: %s", strerror(errno));
    } else if (add_members(self) != 0) {
        error_set(error, "out of memory");
    } else {
        (void)wait_for(self->changes, self->timer);
        (void)wait_for(self->changes, self->ended);
        if (open_members(self, error) == 0)
            return &self->port;
    }
    group_close(&self->port);
    return NULL;
}
