/* The engine: the one real-time thread. It waits on the port, runs the filter
 * and writes the port; it takes no locks, allocates nothing, opens no file and
 * writes no log.
 *
 * The main thread changes it by orders. An order is handed over by one atomic
 * pointer, carried out between two events, and answered; what it replaced (a
 * port, a corrector) is the main thread's again when engine_do returns. What
 * happens by itself is kept as flags and counts, which the main thread reads
 * when the descriptor says so.
 *
 * All functions are for one and the same thread, the main one. */
#ifndef DAEMON_ENGINE_H
#define DAEMON_ENGINE_H

#include "base/error.h"
#include "daemon/latency.h"
#include "daemon/ring.h"
#include "filter/filter.h"
#include "midi/port.h"

#include <stdbool.h>
#include <stdint.h>

struct engine;

enum engine_act {
    ENGINE_ASK,       /* nothing but the status */
    ENGINE_PORT,      /* releases all on the old port; NULL: there is none */
    ENGINE_SETTINGS,  /* the filter's, as a whole */
    ENGINE_CORRECTOR, /* may be NULL */
    ENGINE_RECALL,    /* the last notes, for a corrector that is to take over */
    ENGINE_PASSES,    /* what has come of the help that fades */
    ENGINE_FORGET,    /* full help everywhere again */
    ENGINE_FADE,      /* number: 0 or 1 */
    ENGINE_MODE,
    ENGINE_BYPASS,
    ENGINE_FOLLOW,    /* number: 0 .. 100 */
    ENGINE_KEEP,      /* number: 0 .. 100 */
    ENGINE_TEMPO,     /* number: beats a minute */
    ENGINE_TRANSPOSE, /* number: semitones, a whole one */
    ENGINE_TAP,       /* on the beat, now */
    ENGINE_PANIC,
    ENGINE_STOP, /* releases all; the thread ends */
};

struct engine_past {
    size_t count;
    struct correct_note note[FILTER_RECALL];
};

struct engine_passes {
    size_t count;
    struct fade_pass pass[FADE_PASSES];
};

struct engine_order {
    enum engine_act act;
    union {
        struct port *port;
        struct corrector *corrector;
        struct engine_past *past;
        struct engine_passes *passes;
        const struct filter_settings *settings;
        enum correct_mode mode;
        bool on;
        double number;
    };
};

struct engine_status {
    struct filter_status filter;
    struct filter_settings settings;
    struct latency latency; /* from waking up, or the event before, until all is written */
    uint64_t events_in;
    uint64_t events_out;
    uint64_t dropped;  /* events that a listener could not take */
    uint64_t overruns; /* times that the system dropped input */
    uint64_t inputs_lost;
    uint64_t outputs_lost;
    uint64_t outputs_found;
};

/* What has happened since engine_events was last called. */
enum engine_events {
    ENGINE_PORT_ENDED = 1 << 0,
    ENGINE_INPUT_LOST = 1 << 1,
    ENGINE_OUTPUT_LOST = 1 << 2,
    ENGINE_OUTPUT_FOUND = 1 << 3,
    ENGINE_OVERRUN = 1 << 4,
    ENGINE_DROPPED = 1 << 5,
    ENGINE_ASKED = 1 << 6, /* a switch was pressed: see engine_asked */
};

/* Starts the thread, without port and corrector. NULL: settings out of range, out of
 * memory or threads. */
struct engine *engine_open(const struct filter_settings *settings, struct error *error);

/* Stops the thread, if it was not yet, and frees. */
void engine_close(struct engine *engine);

/* Asks for SCHED_FIFO at a priority of 1 .. 99, or for none with 0. -1: not allowed; the
 * thread runs on as it did. */
int engine_set_priority(struct engine *engine, int priority, struct error *error);

/* Carries out an order between two events. `status` (may be NULL) is that after it.
 * -1: out of range, or the thread does not answer within a second; nothing changed. */
int engine_do(struct engine *engine, const struct engine_order *order, struct engine_status *status,
              struct error *error);

/* What is played and sent, to be read by the calling thread; the engine's own. */
struct ring *engine_ring(const struct engine *engine);

/* Readable when there are events. */
int engine_descriptor(const struct engine *engine);

/* Flags of enum engine_events. */
unsigned engine_events(struct engine *engine);

/* How often switches of the keyboard have asked for it since the last call. */
unsigned engine_asked(struct engine *engine, enum filter_wish wish);

/* Grows while the thread lives and comes round, at least four times a second. */
uint64_t engine_heartbeat(const struct engine *engine);

#endif
