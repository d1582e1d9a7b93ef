/* A host for the plugin, as small as can be: it loads the module, feeds it blocks and keeps
 * what it sends. Whatever goes wrong in the host ends the test. */
#ifndef TESTS_LV2_HOST_H
#define TESTS_LV2_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum host_worker {
    HOST_WITHOUT, /* there is none */
    HOST_AT_ONCE, /* work is done within the call that asks for it */
    HOST_LATER,   /* by host_work; its answers come with the next block */
};

enum host_port {
    HOST_ENABLED = 2,
    HOST_BYPASS,
    HOST_MODE,
    HOST_FOLLOW,
    HOST_KEEP,
    HOST_PANIC,
    HOST_PORTS,
};

enum { HOST_EVENT = 64 };

struct host_event {
    double seconds;
    size_t length;
    uint8_t byte[HOST_EVENT]; /* the first of them */
};

struct host_told {
    char property[128];
    char path[1024];
};

struct host;

struct host *host_open(const char *module, const char *bundle, double rate,
                       enum host_worker worker);
void host_close(struct host *host);

/* A function of the module; NULL: it has none of the name. */
void *host_symbol(const struct host *host, const char *name);

void host_control(struct host *host, enum host_port port, float value);

/* Bytes that the plugin may write a block; at first 64 KiB. */
void host_room(struct host *host, uint32_t bytes);

/* To come at a frame of the next block, in order. */
void host_midi(struct host *host, uint32_t frame, const uint8_t *bytes, size_t length);
void host_set_path(struct host *host, uint32_t frame, const char *property, const char *path);
void host_get(struct host *host, uint32_t frame, const char *property); /* NULL: all */

/* NAN: not said. */
void host_position(struct host *host, uint32_t frame, double speed, double tempo, double beat);

/* Any bytes as the body of the sequence of the next block. */
void host_raw(struct host *host, const void *bytes, size_t length);

/* A block. */
void host_run(struct host *host, uint32_t frames);

/* Blocks without events, of at most `block` frames, until so many frames have been played. */
void host_advance(struct host *host, uint64_t frame, uint32_t block);

/* Frames played so far. */
uint64_t host_frames(const struct host *host);

/* Carries out what was asked for; how many messages. */
size_t host_work(struct host *host);

/* How often the plugin has allocated, locked or opened a file in run. */
unsigned host_faults(void);

/* What was sent since the last host_forget. */
size_t host_sent(const struct host *host, const struct host_event **event);
size_t host_told(const struct host *host, const struct host_told **told);
void host_forget(struct host *host);

/* Nothing is kept while muted. */
void host_mute(struct host *host, bool muted);

/* The last line that the plugin has logged, "" none. */
const char *host_logged(const struct host *host);

/* The state, kept by the host and given back to this or another plugin. What one saves has
 * the abstract paths of a host: "~" before them. */
struct host_state {
    char repertoire[1024], style[1024]; /* "" : not saved */
    bool no_style;                      /* saved as none */
};
void host_save(struct host *host, struct host_state *state);
int host_restore(struct host *host, const struct host_state *state);

/* Between deactivate and activate. */
void host_restart(struct host *host);

#endif
