/* audiogenrl monitor: what is played and sent, live, and keys to steer by.
 *
 * One loop over terminal, signals and the connection to the service. What the service
 * says goes into the scene, the scene into cells, the cells onto the terminal, at
 * most FRAME_MS apart. Where the service is not there, or goes, it is looked for
 * every second. */
#include "base/monotonic.h"
#include "tool/command.h"
#include "tool/commands.h"
#include "tool/scene.h"
#include "tool/screen.h"
#include "tool/stream.h"
#include "tool/terminal.h"
#include "tool/words.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    FRAME_MS = 40,
    ASKED = 16, /* questions on their way */
};

static const double ask_every = 0.25, retry_every = 1, patience = 3, impatience = 15; /* seconds */

enum question { ASK_STATUS, ASK_WATCH, ASK_COMMAND };

struct asked {
    enum question question;
    const char *done; /* to say when it is done; NULL: nothing */
    double at;
};

struct monitor {
    struct terminal *terminal;
    struct cells *cells;
    struct stream *stream; /* NULL: not connected */
    struct scene scene;
    struct screen_view view;
    struct asked asked[ASKED]; /* the oldest first; answers come in their order */
    size_t questions;
    bool ever; /* there was a service */
    double ask_at, try_at, drawn_at;
    bool ended;
    struct error fault; /* for which it ended; "" none */
};

/* --- The service --- */

static void trouble(struct monitor *monitor, const char *text)
{
    snprintf(monitor->scene.trouble, sizeof monitor->scene.trouble, "%s", text);
}

static void disconnect(struct monitor *monitor, const struct error *error, double now)
{
    stream_close(monitor->stream);
    monitor->stream = NULL;
    monitor->questions = 0;
    scene_connect(&monitor->scene, false);
    trouble(monitor, error->text);
    monitor->try_at = now;
}

static void ask(struct monitor *monitor, enum question question, const char *line, const char *done,
                double now)
{
    struct error error;
    if (!monitor->stream || monitor->questions == ASKED)
        return;
    monitor->asked[monitor->questions++] = (struct asked){question, done, now};
    if (stream_send(monitor->stream, line, &error) != 0)
        disconnect(monitor, &error, now);
}

static void ask_status(struct monitor *monitor, double now)
{
    ask(monitor, ASK_STATUS, "{\"command\":\"status\"}", NULL, now);
    monitor->ask_at = now + ask_every;
}

static void connect_again(struct monitor *monitor, double now)
{
    struct error error;
    monitor->try_at = now + retry_every;
    monitor->stream = stream_open(&error);
    if (!monitor->stream) {
        trouble(monitor, error.text);
        return;
    }
    scene_connect(&monitor->scene, true);
    trouble(monitor, "");
    if (monitor->ever)
        scene_say(&monitor->scene, now, _("connected again"));
    monitor->ever = true;
    ask(monitor, ASK_WATCH, "{\"command\":\"watch\"}", NULL, now);
    ask_status(monitor, now);
}

/* No command on its way that a status may not know of yet. */
static bool is_settled(const struct monitor *monitor)
{
    for (size_t i = 0; i < monitor->questions; i++)
        if (monitor->asked[i].question == ASK_COMMAND)
            return false;
    return true;
}

static void answered(struct monitor *monitor, enum scene_line line, const struct error *error,
                     double now)
{
    if (monitor->questions == 0)
        return;
    struct asked asked = monitor->asked[0];
    memmove(monitor->asked, monitor->asked + 1, --monitor->questions * sizeof asked);
    if (line == SCENE_REFUSED)
        scene_say(&monitor->scene, now, error->text);
    else if (asked.done)
        scene_say(&monitor->scene, now, asked.done);
    if (asked.question == ASK_COMMAND)
        ask_status(monitor, now);
}

static void hear(struct monitor *monitor, double now)
{
    struct error error;
    size_t length = 0;
    const char *line = NULL;
    int status = stream_read(monitor->stream, &error);
    while (monitor->stream && (line = stream_line(monitor->stream, &length))) {
        int kind = scene_read(&monitor->scene, line, length, is_settled(monitor), now, &error);
        if (kind < 0)
            status = -1;
        else if (kind != SCENE_EVENTS)
            answered(monitor, (enum scene_line)kind, &error, now);
    }
    if (status != 0 && monitor->stream)
        disconnect(monitor, &error, now);
}

/* One that was stopped, or hangs, is given up at last. */
static void look_at_clock(struct monitor *monitor, double now)
{
    if (!monitor->stream) {
        if (now >= monitor->try_at)
            connect_again(monitor, now);
        return;
    }
    double waits = monitor->questions > 0 ? now - monitor->asked[0].at : 0;
    if (waits > impatience) {
        struct error error;
        error_set(&error, "the service does not answer (systemctl restart audiogenrl)");
        disconnect(monitor, &error, now);
        monitor->try_at = now + retry_every;
        return;
    }
    trouble(monitor, waits > patience ? _("the service does not answer") : "");
    if (now >= monitor->ask_at)
        ask_status(monitor, now);
}

/* --- Keys --- */

static void command(struct monitor *monitor, const char *line, const char *done, double now)
{
    if (monitor->stream)
        ask(monitor, ASK_COMMAND, line, done, now);
}

static void next_mode(struct monitor *monitor, double now)
{
    static const char *const modes[] = {"correct", "generate", "scale", "off"};
    char *mode = monitor->scene.mode;
    size_t next = 0;
    char line[64];
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++)
        if (strcmp(mode, modes[i]) == 0)
            next = (i + 1) % G_N_ELEMENTS(modes);
    snprintf(mode, sizeof monitor->scene.mode, "%s", modes[next]);
    snprintf(line, sizeof line, "{\"command\":\"mode\",\"value\":\"%s\"}", mode);
    command(monitor, line, NULL, now);
}

/* The next value on a grid that is finer where values are small. */
static double step(double value, int direction)
{
    double size = value < 2 || (value == 2 && direction < 0) ? 0.1 : value < 10 ? 0.5 : 5;
    double next = size * (round(value / size) + direction);
    return next < 0 ? 0 : next > 100 ? 100 : next;
}

static void turn(struct monitor *monitor, const char *knob, double *value, int direction,
                 double now)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    char line[128];
    if (!monitor->scene.known)
        return;
    *value = step(*value, direction);
    g_ascii_formatd(number, sizeof number, "%.1f", *value);
    snprintf(line, sizeof line, "{\"command\":\"%s\",\"value\":%s}", knob, number);
    command(monitor, line, NULL, now);
}

static void bypass(struct monitor *monitor, double now)
{
    bool on = !monitor->scene.bypass;
    monitor->scene.bypass = on;
    command(monitor,
            on ? "{\"command\":\"bypass\",\"value\":\"on\"}"
               : "{\"command\":\"bypass\",\"value\":\"off\"}",
            on ? _("notes sound as they are played") : _("notes are corrected again"), now);
}

static void act(struct monitor *monitor, int key, double now)
{
    struct scene *scene = &monitor->scene;
    switch (key) {
    case 'b':
        bypass(monitor, now);
        break;
    case 'm':
        next_mode(monitor, now);
        break;
    case '+':
    case '=':
    case KEY_IS_UP:
        turn(monitor, "follow", &scene->follow, 1, now);
        break;
    case '-':
    case KEY_IS_DOWN:
        turn(monitor, "follow", &scene->follow, -1, now);
        break;
    case 'K':
        turn(monitor, "keep", &scene->keep, 1, now);
        break;
    case 'k':
        turn(monitor, "keep", &scene->keep, -1, now);
        break;
    case 't':
        command(monitor, "{\"command\":\"tap\"}", _("tap"), now);
        break;
    case 'p':
        command(monitor, "{\"command\":\"panic\"}", _("panic: everything was released"), now);
        break;
    case 'r':
        command(monitor, "{\"command\":\"reload\"}", _("settings and repertoire were read anew"),
                now);
        break;
    default:
        break;
    }
}

static void press(struct monitor *monitor, int key, double now)
{
    bool help = monitor->view.help;
    monitor->view.help = false;
    if (key == 'q')
        monitor->ended = true;
    else if (key == 'L' - '@')
        terminal_repair(monitor->terminal);
    else if (help)
        return;
    else if (key == '?' || key == 'h')
        monitor->view.help = true;
    else if (monitor->scene.known)
        act(monitor, key, now);
}

/* --- The screen --- */

static int measure(struct monitor *monitor)
{
    int rows = 0, columns = 0;
    terminal_measure(monitor->terminal, &rows, &columns);
    cells_close(monitor->cells);
    monitor->cells = cells_open(rows, columns, terminal_has_unicode(monitor->terminal));
    return monitor->cells ? 0 : error_set(&monitor->fault, "out of memory");
}

static void draw(struct monitor *monitor, double now)
{
    scene_tick(&monitor->scene, now);
    screen_draw(monitor->cells, &monitor->scene, &monitor->view, now);
    terminal_show(monitor->terminal, monitor->cells);
    monitor->drawn_at = now;
}

/* --- The loop --- */

/* Blocked before ncurses could catch any: its handlers do more than a handler may. */
static int open_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTSTP);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGWINCH);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Stops as if the signal had not been blocked. */
static void stop(struct monitor *monitor)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTSTP);
    terminal_leave(monitor->terminal);
    signal(SIGTSTP, SIG_DFL);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &signals, NULL);
    sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void take_signals(struct monitor *monitor, int fd)
{
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGTSTP)
            stop(monitor);
        else if (info.ssi_signo != SIGWINCH)
            monitor->ended = true;
        if (measure(monitor) != 0)
            monitor->ended = true;
    }
}

static void take_keys(struct monitor *monitor, double now)
{
    int key = KEY_IS_NONE;
    while (!monitor->ended && (key = terminal_key(monitor->terminal)) != KEY_IS_NONE)
        press(monitor, key, now);
}

/* Waits for something to do, or for the next frame. */
static void turn_once(struct monitor *monitor, int signals)
{
    struct pollfd ready[] = {
        {.fd = signals, .events = POLLIN},
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = monitor->stream ? stream_descriptor(monitor->stream) : -1, .events = POLLIN},
    };
    double left = 1e-3 * FRAME_MS - (monotonic_seconds() - monitor->drawn_at);
    if (poll(ready, G_N_ELEMENTS(ready), left > 0 ? (int)ceil(1000 * left) : 0) < 0 &&
        errno != EINTR) {
        error_set(&monitor->fault, "cannot wait for events: %s", strerror(errno));
        monitor->ended = true;
    }
    double now = monotonic_seconds();
    if (ready[0].revents)
        take_signals(monitor, signals);
    if (ready[1].revents & (POLLHUP | POLLERR | POLLNVAL))
        monitor->ended = true;
    else if (ready[1].revents)
        take_keys(monitor, now);
    if (ready[2].revents && monitor->stream)
        hear(monitor, now);
    look_at_clock(monitor, now);
    if (!monitor->ended && (ready[0].revents || ready[1].revents || left <= 0))
        draw(monitor, now);
}

static int watch(struct monitor *monitor, bool plain, int signals, struct error *error)
{
    scene_begin(&monitor->scene, monotonic_seconds());
    monitor->terminal = terminal_open(plain, error);
    if (!monitor->terminal)
        return -1;
    words_plain(!terminal_has_unicode(monitor->terminal));
    monitor->ended = measure(monitor) != 0;
    connect_again(monitor, monotonic_seconds());
    while (!monitor->ended)
        turn_once(monitor, signals);
    terminal_close(monitor->terminal);
    cells_close(monitor->cells);
    stream_close(monitor->stream);
    if (monitor->fault.text[0])
        return error_set(error, "%s", monitor->fault.text);
    return monitor->ever ? 0 : error_set(error, "%s", monitor->scene.trouble);
}

static int run(bool plain, enum word_names names)
{
    struct monitor *monitor = calloc(1, sizeof *monitor);
    struct error error;
    int signals = open_signals();
    int status = 0;
    if (!monitor)
        status = error_set(&error, "out of memory");
    else if (signals < 0)
        status = error_set(&error, "cannot wait for signals: %s", strerror(errno));
    else {
        monitor->view.names = names;
        status = watch(monitor, plain, signals, &error);
    }
    if (signals >= 0)
        close(signals);
    free(monitor);
    return status == 0 ? COMMAND_DONE : command_fail(&error);
}

int command_monitor(int argc, char **argv)
{
    gboolean plain = FALSE;
    char *names = NULL;
    const GOptionEntry entries[] = {
        {"plain", 0, 0, G_OPTION_ARG_NONE, &plain, "neither colours nor signs beyond ASCII", NULL},
        WORDS_ENTRY(names),
        {NULL, 0, 0, 0, NULL, NULL, NULL},
    };
    struct command_common common = {.offers = COMMAND_NO_JSON | COMMAND_NO_QUIET};
    char **words = NULL;
    int code =
        command_parse(argc, argv, NULL,
                      "Shows the keys that are played and those that are sent, the beat, the "
                      "piece and the last\ncorrections. Keys: ? lists them, q quits.",
                      entries, &common, &words);
    if (code == COMMAND_GO_ON && words[0])
        code = command_usage(argv[0], "takes options only");
    g_strfreev(words);
    int style = words_names(names);
    if (code == COMMAND_GO_ON && style < 0)
        code = command_usage(argv[0], WORDS_NAMES_FAULT, names);
    g_free(names);
    return code == COMMAND_GO_ON ? run(plain, (enum word_names)style) : code;
}
