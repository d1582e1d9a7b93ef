/* The service's settings: an INI file, every key of it checked.
 *
 * All keys have defaults, so no file at all is a valid one. Nothing is taken
 * over with a word less than written: an unknown section or key, a value out of
 * range, a key given twice where one is expected, a line too long or without a
 * meaning is a fault, and a file with a fault is refused as a whole. A fault is
 * one sentence with file, line, and section and key.
 *
 * Paths are taken as they stand; whether what they name is there is for those
 * to say who open it. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_DEFAULT_PATH "/etc/audiogenrl/audiogenrl.conf"
#define CONFIG_DEFAULT_REPERTOIRE "/var/lib/audiogenrl/repertoire"
#define CONFIG_DEFAULT_STATE "/var/lib/audiogenrl/progress"
#define CONFIG_DEFAULT_TOKEN "/etc/audiogenrl/web.token"
#define CONFIG_DEFAULT_SOCKET "/run/audiogenrl/control"

enum {
    CONFIG_MAX_LINE = 190,      /* bytes; inih cuts lines of 200 in two */
    CONFIG_MAX_BYTES = 1 << 20, /* of a whole file */
    CONFIG_MAX_PATTERNS = 32,   /* times that `connect` may be given in a section */
    CONFIG_MAX_PORTS = 8,       /* inputs, and outputs */
    CONFIG_MAX_PORT_NAME = 16,  /* bytes of NAME in [input NAME] */
};

enum config_backend {
    CONFIG_ALSA,
    CONFIG_PORTMIDI,
    CONFIG_JACK,
    CONFIG_VIRTUAL, /* timed events from and to files or pipes: `connect` is their path */
};

enum config_clock {
    CONFIG_CLOCK_AUTO,
    CONFIG_CLOCK_FIXED,
    CONFIG_CLOCK_MIDI,
    CONFIG_CLOCK_TAP,
};

enum config_mode {
    CONFIG_MODE_OFF,
    CONFIG_MODE_SCALE,
    CONFIG_MODE_CORRECT,
    CONFIG_MODE_GENERATE,
};

/* An event of the keyboard that gives a command instead of being played. */
enum config_trigger_kind {
    CONFIG_TRIGGER_NONE,
    CONFIG_TRIGGER_CC,
    CONFIG_TRIGGER_NOTE,
    CONFIG_TRIGGER_PROGRAM,
};

struct config_trigger {
    enum config_trigger_kind kind;
    uint8_t number; /* controller, note or program, 0 .. 127, as sent */
};

struct config_names {
    size_t count; /* 0: nothing was said, or none */
    char *name[CONFIG_MAX_PATTERNS];
    bool none;
};

/* Keys of [input], [input NAME], [output] and [output NAME]. */
enum { CONFIG_PORT_KEYS = 8 };

/* An input or an output: a section. Channels count from 0. */
struct config_port {
    char name[CONFIG_MAX_PORT_NAME + 1]; /* "" of [input] and [output] */
    enum config_backend backend;
    struct config_names connect;
    uint8_t map[16];             /* what a channel becomes */
    int split;                   /* inputs: the highest key of the lower half; -1: none */
    uint8_t lower;               /* inputs: the channel of that half */
    uint16_t channels;           /* outputs: bit c: channel c goes there */
    int given[CONFIG_PORT_KEYS]; /* the lines that gave its keys; 0: none */
};

struct config {
    struct config_port inputs[CONFIG_MAX_PORTS], outputs[CONFIG_MAX_PORTS];
    size_t input_count, output_count; /* 1 at least, [input] and [output] */
    struct {
        uint16_t channels; /* bit c: channel c + 1 is corrected */
        uint8_t lowest;    /* note numbers that are corrected, both included */
        uint8_t highest;
        int transpose; /* semitones, -48 .. 48 */
    } input;
    struct {
        enum config_clock source;
        double tempo;   /* beats a minute, 20 .. 400 */
        unsigned beats; /* of the meter: 1 .. 32 notes of ... */
        unsigned unit;  /* ... 1, 2, 4, 8, 16 or 32 to the whole */
    } clock;
    struct {
        enum config_mode mode;
        double follow;    /* 0 .. 100; below 0: the corrector's own default */
        double keep;      /* the same */
        bool fade;        /* help fades bar by bar */
        uint16_t key;     /* bit p: pitch class p (C is 0) belongs to it; 0: estimated */
        char *style;      /* NULL: nothing was said; "": none */
        char *repertoire; /* NULL: none */
        bool chosen;      /* the file names the repertoire, or none */
    } correct;
    struct {
        struct config_trigger bypass;
        struct config_trigger panic;
        struct config_trigger mode;
        struct config_trigger tap;
        struct config_trigger set_mode[CONFIG_MODE_GENERATE + 1]; /* by mode */
        struct config_trigger next_piece, previous_piece, lock_piece, record;
        struct config_trigger follow, keep, tempo; /* knobs: of a control change, or none */
        char *socket;
    } control;
    struct {
        int priority; /* of SCHED_FIFO, 1 .. 99; 0: none is asked for */
        bool lock_memory;
    } realtime;
    struct {
        char *folder;  /* NULL: nothing is recorded */
        bool at_start; /* without waiting for a command */
    } record;
    struct {
        char *listen; /* "192.168.1.5:8322" or "[::]:8322"; NULL: there is no page */
        char *token;  /* the file that holds it */
    } web;
    struct {
        int takes;    /* that a piece must have been heard in, 2 .. 20 */
        char *folder; /* of recordings to learn from; NULL: nothing is learned */
    } learn;
    bool blank; /* there was no file, or nothing in it, not even a comment */
};

/* Is told of every fault, in the order of the lines; also of why there are no lines. */
typedef void config_tell(void *context, const char *fault);

/* Reads a file; a NULL path stands for CONFIG_DEFAULT_PATH, and for the defaults
 * where that is not there. `tell` may be NULL. NULL: out of memory, the file
 * cannot be read, or faults; the error is the first of them and how many more
 * there are. */
struct config *config_load(const char *path, config_tell *tell, void *context, struct error *error);

/* The same for a service of a user's session: a NULL path stands for
 * $XDG_CONFIG_HOME/audiogenrl/audiogenrl.conf (~/.config), and without another word the repertoire
 * is $XDG_DATA_HOME/audiogenrl/repertoire (~/.local/share). */
struct config *config_load_user(const char *path, config_tell *tell, void *context,
                                struct error *error);

/* The same of bytes at hand; `name` stands for the file in messages. */
struct config *config_parse(const void *bytes, size_t length, const char *name, config_tell *tell,
                            void *context, struct error *error);

void config_free(struct config *config);

/* Where a service has its control socket that a user other than root has started, and
 * was not told where: $XDG_RUNTIME_DIR/audiogenrl/control. -1: there is no such
 * folder, or the path does not fit into `room` bytes. */
int config_user_socket(char *path, size_t room);

/* The folder for what the service remembers: $STATE_DIRECTORY; else for root that of the system,
 * for others $XDG_STATE_HOME/audiogenrl (~/.local/state). -1: there is none, or it does not fit. */
int config_state_folder(char *path, size_t room);

/* "auto", "fixed" ...; "off", "scale" ...; "alsa" ... */
const char *config_clock_name(enum config_clock clock);
const char *config_mode_name(enum config_mode mode);
const char *config_backend_name(enum config_backend backend);

/* -1: no mode of this name. */
int config_mode(const char *name);

#endif
