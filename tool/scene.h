/* The scene: what the monitor knows of the service, read from the lines that it
 * sends.
 *
 * Lines are bytes from outside: whatever is missing, of another type or out of
 * range leaves the scene as it was or at a default, and no value in it is ever
 * outside of what is said here. No I/O and no clock of its own; times are seconds
 * on the viewer's clock. */
#ifndef TOOL_SCENE_H
#define TOOL_SCENE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCENE_KEYS = 128,
    SCENE_CHANNELS = 16,
    SCENE_CORRECTIONS = 64,
    SCENE_ROLL = 128,    /* rows of the past */
    SCENE_ROLL_MS = 125, /* a row */
    SCENE_TEXT = 512,    /* bytes of a name, with the closing 0 */
};

/* What happened to a key in a row of the roll. */
enum scene_trace {
    SCENE_NOTHING,
    SCENE_HELD,         /* sounded on */
    SCENE_STRUCK,       /* sounded as played */
    SCENE_WRONG,        /* was played, and another one sounded instead */
    SCENE_INSTEAD,      /* sounded instead */
    SCENE_INSTEAD_HELD, /* and sounded on */
};

struct scene_correction {
    uint8_t played, sent;
    double at;
};

struct scene_piece {
    bool known;
    char name[SCENE_TEXT];
    double bar, beat;     /* of the last note; beats from 1 */
    double since;         /* that note to the time of the status, quarters */
    unsigned beats, unit; /* its bar's meter, as the clock's */
    double confidence;    /* 0 .. 1 */
};

struct scene_clock {
    char source[16];
    double tempo;         /* beats a minute, 0 .. 1000 */
    double quarters;      /* at `at` */
    unsigned beats, unit; /* of the meter: 1 .. 32 notes of 1 .. 32 to the whole */
    bool locked, running;
    double at;
};

struct scene_counts {
    long long notes, corrected;
    long long dropped, overruns; /* events */
    double p50, p99, most;       /* latency, microseconds */
};

struct scene_ports {
    bool open;
    char trouble[SCENE_TEXT]; /* why they are not */
    char inputs[SCENE_TEXT];  /* names with commas between; "" none */
    char outputs[SCENE_TEXT];
};

struct scene_recording {
    bool on;
    char trouble[SCENE_TEXT]; /* why nothing is written, though it should be; "" */
    long long notes;          /* of this session */
};

/* What the service has learned from what was played. */
struct scene_learned {
    char name[SCENE_TEXT]; /* of the piece learned last; "" none */
    long long heard;       /* times that it was */
};

struct scene {
    bool connected;
    bool known;    /* there was a status since it is connected */
    bool bypass;   /* of the last status */
    bool learning; /* the repertoire learns more pieces */
    bool waiting;  /* for the answer to a note of ... */
    uint8_t waiting_channel, waiting_key;
    char trouble[SCENE_TEXT]; /* why it is not connected, or not as it should be; "" */
    char notice[SCENE_TEXT];  /* about what was just done; "" */
    double notice_until;

    /* Played and sent. */
    uint16_t held[SCENE_KEYS];                    /* channels whose key is down */
    uint8_t answer[SCENE_KEYS];                   /* what its last strike was sent as */
    uint8_t sounding[SCENE_CHANNELS][SCENE_KEYS]; /* strikes sent and not released */
    uint8_t origin[SCENE_KEYS];                   /* the key that its last strike answered */
    uint16_t pedal;                               /* channels whose sustain pedal is down */
    int struck;                                   /* the key that was played last; -1 */
    double struck_at;
    struct scene_correction correction[SCENE_CORRECTIONS]; /* a ring */
    uint64_t corrections;                                  /* that went through it */
    uint64_t missed;                                       /* events that we were not told */

    uint8_t roll[SCENE_ROLL][SCENE_KEYS]; /* a ring of enum scene_trace */
    uint64_t rolled;                      /* rows begun; the last one is now */
    double roll_began;                    /* that row */

    /* The last status. */
    char mode[16];
    double follow, keep;
    double uptime;
    struct scene_ports ports;
    struct scene_piece piece;
    long long pieces; /* of the repertoire */
    struct scene_clock clock;
    struct scene_counts counts;
    struct scene_recording recording;
    struct scene_learned learned;
};

/* What a line was. */
enum scene_line {
    SCENE_EVENTS,  /* told by `watch` */
    SCENE_STATUS,  /* the answer to `status` */
    SCENE_DONE,    /* the answer to another command */
    SCENE_REFUSED, /* no; the error says why */
};

void scene_begin(struct scene *scene, double now);

/* Takes a line. `settled`: commands that change settings are all answered, so that what a
 * status says of them holds. -1: not understood. */
int scene_read(struct scene *scene, const char *line, size_t length, bool settled, double now,
               struct error *error);

/* The connection is there, or gone: nothing is known of keys any more. */
void scene_connect(struct scene *scene, bool connected);

/* Says something for some seconds. */
void scene_say(struct scene *scene, double now, const char *text);

/* Moves the roll on and lets notices go. */
void scene_tick(struct scene *scene, double now);

/* Does the key sound? Is it held by the player? */
bool scene_sounds(const struct scene *scene, int key);

/* Bar and beat now, from 1, at the tempo of the last status: of the piece where one is known,
 * else of the clock. */
struct scene_beat {
    bool known; /* false: none was found, the clock stands, or nobody plays */
    double bar, beat;
    unsigned beats, unit; /* of the bar */
};
struct scene_beat scene_beat(const struct scene *scene, double now);

#endif
