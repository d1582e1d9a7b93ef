/* The thread and its mailbox. */
#include "daemon/engine.h"

#include "base/eventfd.h"
#include "daemon/debt.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK = 256 * 1024,
    TOUCHED = 128 * 1024, /* of it, before the first event */
    BATCH = 64,           /* events between two looks at the mailbox */
    IDLE_MS = 250,
    ASKING_MS = 1, /* ports that do not wake us */
    ANSWER_MS = 1000,
};

#define REST_EVERY UINT64_C(100000000) /* nanoseconds */

/* An order on its way; the asking thread's, until it is answered. */
struct engine_request {
    const struct engine_order *order;
    struct engine_status *status;
    struct error error;
    int result;
};

struct engine {
    struct filter *filter;
    struct ring *ring;
    struct port *port; /* the real-time thread's alone */
    bool port_ended;
    bool stopping;
    uint64_t rested;             /* when, nanoseconds */
    struct engine_status counts; /* the counts of it are kept here */
    struct debt debt;

    _Atomic(struct engine_request *) mailbox;
    atomic_bool answered;
    int wake;           /* there is a request */
    int reply;          /* it is answered */
    int tell;           /* there are events */
    atomic_uint events; /* flags of enum engine_events */
    atomic_uint asked[FILTER_WISHES];
    _Atomic uint64_t heartbeat;
    pthread_t thread;
    bool running;
};

/* --- The real-time thread --- */

static void raise_events(struct engine *engine, unsigned events)
{
    unsigned before = atomic_fetch_or_explicit(&engine->events, events, memory_order_release);
    if ((before & events) != events)
        eventfd_signal(engine->tell);
}

static void count_dropped(struct engine *engine, unsigned events)
{
    engine->counts.dropped += events;
    raise_events(engine, ENGINE_DROPPED);
}

static void send(void *context, const struct midi_event *event)
{
    struct engine *engine = context;
    if (!engine->port)
        return;
    engine->counts.events_out++;
    ring_write(engine->ring, RING_SENT, event);
    bool written = engine->port->ops->write(engine->port, event) == 0;
    debt_sent(&engine->debt, event, written);
    if (!written)
        count_dropped(engine, 1);
}

/* To a listener that has just come. */
static void greet(void *context, const struct midi_event *event)
{
    struct engine *engine = context;
    engine->port->ops->greet(engine->port, event);
}

static void flush(struct engine *engine)
{
    if (!engine->port)
        return;
    int dropped = engine->port->ops->flush(engine->port);
    if (dropped > 0) {
        debt_missed(&engine->debt);
        count_dropped(engine, (unsigned)dropped);
    }
}

static double now(const struct engine *engine)
{
    return engine->port ? engine->port->ops->now(engine->port) : monotonic_seconds();
}

static void release_all(struct engine *engine)
{
    filter_release_all(engine->filter, now(engine));
    flush(engine);
}

/* Releases of keys that are held will not come. */
static void lose_input(struct engine *engine)
{
    ring_let_go(engine->ring, now(engine));
    filter_lose_input(engine->filter, now(engine));
    flush(engine);
}

static void change_port(struct engine *engine, struct port *port)
{
    if (engine->port)
        lose_input(engine);
    engine->port = port;
    engine->port_ended = false;
    engine->debt = (struct debt){0};
}

/* A change of one value goes through filter_set, which checks it. */
static int change_number(struct engine *engine, enum engine_act act, double number,
                         struct error *error)
{
    struct filter_settings settings = *filter_settings(engine->filter);
    if (act == ENGINE_FOLLOW)
        settings.correct.follow = (float)number;
    else if (act == ENGINE_KEEP)
        settings.correct.keep = (float)number;
    else if (act == ENGINE_FADE)
        settings.correct.fade = number > 0;
    else if (act == ENGINE_TRANSPOSE)
        settings.transpose = (int)number;
    else
        settings.clock.tempo = number;
    return filter_set(engine->filter, &settings, error);
}

static int carry_out(struct engine *engine, const struct engine_order *order, struct error *error)
{
    switch (order->act) {
    case ENGINE_ASK:
        break;
    case ENGINE_PORT:
        change_port(engine, order->port);
        break;
    case ENGINE_SETTINGS:
        return filter_set(engine->filter, order->settings, error);
    case ENGINE_CORRECTOR:
        filter_set_corrector(engine->filter, order->corrector);
        break;
    case ENGINE_RECALL:
        order->past->count = filter_recall(engine->filter, order->past->note, FILTER_RECALL);
        break;
    case ENGINE_PASSES:
        order->passes->count = filter_take_passes(engine->filter, order->passes->pass, FADE_PASSES);
        break;
    case ENGINE_FORGET:
        filter_forget(engine->filter);
        break;
    case ENGINE_MODE:
        filter_set_mode(engine->filter, order->mode);
        break;
    case ENGINE_BYPASS:
        filter_set_bypass(engine->filter, order->on);
        break;
    case ENGINE_FADE:
    case ENGINE_FOLLOW:
    case ENGINE_KEEP:
    case ENGINE_TEMPO:
    case ENGINE_TRANSPOSE:
        return change_number(engine, order->act, order->number, error);
    case ENGINE_TAP:
        filter_tap(engine->filter, now(engine));
        break;
    case ENGINE_STOP:
        engine->stopping = true;
        /* fall through */
    case ENGINE_PANIC:
        release_all(engine);
        break;
    }
    return 0;
}

static void take_request(struct engine *engine)
{
    struct engine_request *request =
        atomic_exchange_explicit(&engine->mailbox, NULL, memory_order_acquire);
    if (!request)
        return;
    request->result = carry_out(engine, request->order, &request->error);
    flush(engine);
    if (request->status) {
        *request->status = engine->counts;
        request->status->filter = filter_status(engine->filter);
        request->status->filter.clock = filter_clock(engine->filter, now(engine));
        request->status->settings = *filter_settings(engine->filter);
    }
    atomic_store_explicit(&engine->answered, true, memory_order_release);
    eventfd_signal(engine->reply);
}

/* What switches of the keyboard ask of the main thread. */
static void pass_on_wishes(struct engine *engine)
{
    unsigned asked = filter_asked(engine->filter);
    if (!asked)
        return;
    for (enum filter_wish w = 0; w < FILTER_WISHES; w++)
        atomic_fetch_add_explicit(&engine->asked[w], asked >> w & 1, memory_order_relaxed);
    raise_events(engine, ENGINE_ASKED);
}

static void handle(struct engine *engine, enum port_news news, const struct midi_event *event)
{
    switch (news) {
    case PORT_NOTHING:
        break;
    case PORT_EVENT:
        engine->counts.events_in++;
        ring_write(engine->ring, RING_PLAYED, event);
        filter_event(engine->filter, event);
        pass_on_wishes(engine);
        break;
    case PORT_INPUT_LOST:
        engine->counts.inputs_lost++;
        lose_input(engine);
        raise_events(engine, ENGINE_INPUT_LOST);
        break;
    case PORT_OUTPUT_LOST:
        engine->counts.outputs_lost++;
        release_all(engine);
        raise_events(engine, ENGINE_OUTPUT_LOST);
        break;
    case PORT_OUTPUT_FOUND:
        engine->counts.outputs_found++;
        port_silence(engine->port, now(engine));
        filter_tell_patch(engine->filter, now(engine), greet, engine);
        raise_events(engine, ENGINE_OUTPUT_FOUND);
        break;
    case PORT_UNDELIVERED:
        debt_missed(&engine->debt);
        count_dropped(engine, 1);
        break;
    case PORT_OVERRUN:
        /* Releases may be among what was dropped. */
        engine->counts.overruns++;
        lose_input(engine);
        raise_events(engine, ENGINE_OVERRUN);
        break;
    case PORT_ENDED:
        engine->port_ended = true;
        lose_input(engine);
        raise_events(engine, ENGINE_PORT_ENDED);
        break;
    }
}

/* Where events come as fast as they are served, be it few at a time, the thread never
 * blocks, and the kernel ends a real-time thread that does not for long
 * (RLIMIT_RTTIME). */
static void rest(struct engine *engine, uint64_t time)
{
    const struct timespec moment = {.tv_nsec = 1000};
    if (time - engine->rested < REST_EVERY)
        return;
    engine->rested = time;
    nanosleep(&moment, NULL);
}

/* Reads until there is nothing more for now: false; or a batch: true. */
static bool serve(struct engine *engine)
{
    uint64_t began = monotonic_nanoseconds();
    for (int i = 0; i < BATCH; i++) {
        struct midi_event event;
        enum port_news news = engine->port->ops->read(engine->port, &event);
        if (news == PORT_NOTHING) {
            debt_turn(&engine->debt);
            return false;
        }
        handle(engine, news, &event);
        flush(engine);
        uint64_t ended = monotonic_nanoseconds();
        if (news == PORT_EVENT)
            latency_add(&engine->counts.latency, ended - began);
        began = ended;
        filter_settle(engine->filter);
        if (engine->port_ended)
            return false;
    }
    return true;
}

/* Page faults of the stack happen here and not under a note. */
static void __attribute__((noinline)) touch_stack(void)
{
    volatile unsigned char page[TOUCHED];
    for (size_t i = 0; i < sizeof page; i += 1024)
        page[i] = 0;
}

/* Milliseconds to wait for events, at most. */
static int patience(struct engine *engine, bool asking)
{
    int most = asking ? ASKING_MS : IDLE_MS;
    int due = engine->port ? debt_due(&engine->debt, monotonic_nanoseconds()) : -1;
    if (due >= 0 && due < most)
        most = due;
    double silence = filter_deadline(engine->filter) - now(engine);
    if (silence * 1000 < most)
        most = silence > 0 ? (int)(silence * 1000) + 1 : 0;
    return most;
}

/* What is to be done without an event. By a virtual clock, `now` stands still. */
static void idle(struct engine *engine)
{
    if (now(engine) >= filter_deadline(engine->filter)) {
        filter_wait(engine->filter, now(engine));
        flush(engine);
    }
    uint64_t time = monotonic_nanoseconds();
    if (engine->port && debt_due(&engine->debt, time) == 0)
        debt_pay(&engine->debt, engine->port, now(engine), time);
}

static void *run(void *context)
{
    struct engine *engine = context;
    bool more = false;
    touch_stack();
    while (!engine->stopping) {
        bool open = engine->port && !engine->port_ended;
        struct pollfd ready[] = {
            {.fd = engine->wake, .events = POLLIN},
            {.fd = open ? engine->port->ops->descriptor(engine->port) : -1, .events = POLLIN}};
        bool asking = open && ready[1].fd < 0;
        poll(ready, 2, more ? 0 : patience(engine, asking));
        atomic_fetch_add_explicit(&engine->heartbeat, 1, memory_order_relaxed);
        if (ready[0].revents) {
            eventfd_clear(engine->wake);
            take_request(engine);
        }
        more = engine->port && !engine->port_ended && (more || asking || ready[1].revents) &&
               serve(engine);
        idle(engine);
        rest(engine, monotonic_nanoseconds());
    }
    return NULL;
}

/* --- The main thread --- */

static int start_thread(struct engine *engine, struct error *error)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    int code = pthread_create(&engine->thread, &attributes, run, engine);
    pthread_attr_destroy(&attributes);
    if (code != 0)
        return error_set(error, "cannot start the real-time thread: %s", strerror(code));
    pthread_setname_np(engine->thread, "audiogenrl-rt");
    engine->running = true;
    return 0;
}

struct engine *engine_open(const struct filter_settings *settings, struct error *error)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (!engine) {
        error_set(error, "out of memory");
        return NULL;
    }
    engine->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    engine->reply = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    engine->tell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (engine->wake < 0 || engine->reply < 0 || engine->tell < 0)
        error_set(error, "cannot start the real-time thread: %s", strerror(errno));
    else
        engine->ring = ring_open(error);
    if (engine->ring)
        engine->filter = filter_open(settings, send, engine, error);
    if (engine->filter && start_thread(engine, error) == 0)
        return engine;
    engine_close(engine);
    return NULL;
}

void engine_close(struct engine *engine)
{
    if (!engine)
        return;
    if (engine->running) {
        const struct engine_order stop = {.act = ENGINE_STOP};
        while (engine_do(engine, &stop, NULL, NULL) != 0)
            ;
    }
    filter_close(engine->filter);
    ring_close(engine->ring);
    eventfd_close(engine->wake);
    eventfd_close(engine->reply);
    eventfd_close(engine->tell);
    free(engine);
}

int engine_set_priority(struct engine *engine, int priority, struct error *error)
{
    const struct sched_param param = {.sched_priority = priority};
    int code =
        pthread_setschedparam(engine->thread, priority > 0 ? SCHED_FIFO : SCHED_OTHER, &param);
    if (code == 0)
        return 0;
    return error_set(error,
                     "the real-time thread runs without SCHED_FIFO priority %d: %s; notes may be "
                     "late under load",
                     priority, strerror(code));
}

/* False: taken back, for it lay unread for too long. */
static bool await_answer(struct engine *engine, struct engine_request *request)
{
    struct pollfd ready = {.fd = engine->reply, .events = POLLIN};
    for (;;) {
        int code = poll(&ready, 1, ANSWER_MS);
        if (atomic_load_explicit(&engine->answered, memory_order_acquire)) {
            eventfd_clear(engine->reply);
            return true;
        }
        struct engine_request *unread = request;
        if (code == 0 && atomic_compare_exchange_strong(&engine->mailbox, &unread, NULL))
            return false;
        if (code > 0)
            eventfd_clear(engine->reply); /* left from a request before */
    }
}

int engine_do(struct engine *engine, const struct engine_order *order, struct engine_status *status,
              struct error *error)
{
    struct engine_request request = {.order = order, .status = status};
    if (!engine->running)
        return error_set(error, "the real-time thread has ended");
    atomic_store_explicit(&engine->answered, false, memory_order_relaxed);
    atomic_store_explicit(&engine->mailbox, &request, memory_order_release);
    eventfd_signal(engine->wake);
    if (!await_answer(engine, &request))
        return error_set(error, "the real-time thread does not answer");
    if (request.result != 0 && error)
        *error = request.error;
    if (order->act == ENGINE_STOP) {
        pthread_join(engine->thread, NULL);
        engine->running = false;
    }
    return request.result;
}

struct ring *engine_ring(const struct engine *engine)
{
    return engine->ring;
}

int engine_descriptor(const struct engine *engine)
{
    return engine->tell;
}

unsigned engine_events(struct engine *engine)
{
    eventfd_clear(engine->tell);
    return atomic_exchange_explicit(&engine->events, 0, memory_order_acquire);
}

unsigned engine_asked(struct engine *engine, enum filter_wish wish)
{
    return atomic_exchange_explicit(&engine->asked[wish], 0, memory_order_relaxed);
}

uint64_t engine_heartbeat(const struct engine *engine)
{
    return atomic_load_explicit(&engine->heartbeat, memory_order_relaxed);
}
