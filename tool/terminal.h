/* The terminal, through ncurses: shows grids of cells and reads keys.
 *
 * One at a time in a program; signals are the caller's. Works without colours and without Unicode.
 * The terminal is as it was after terminal_close, with whatever the monitor drew gone from it. */
#ifndef TOOL_TERMINAL_H
#define TOOL_TERMINAL_H

#include "base/error.h"
#include "tool/cells.h"

struct terminal;

/* `plain`: neither colours nor Unicode, whatever the terminal can. NULL: standard input or
 * output is no terminal, or none that the screen can be drawn on. */
struct terminal *terminal_open(bool plain, struct error *error);
void terminal_close(struct terminal *terminal);

bool terminal_has_unicode(const struct terminal *terminal);

/* As it was before, for the time that the program is stopped; terminal_show comes back. */
void terminal_leave(struct terminal *terminal);

/* As the system says it now; to be called after SIGWINCH, which must be blocked. */
void terminal_measure(struct terminal *terminal, int *rows, int *columns);

/* Brings what differs onto the screen. */
void terminal_show(struct terminal *terminal, const struct cells *cells);

/* Draws all anew when something else has written on the screen. */
void terminal_repair(struct terminal *terminal);

enum terminal_key {
    KEY_IS_NONE = -1, /* no key waits; others are characters, or these */
    KEY_IS_UP = 0x110000,
    KEY_IS_DOWN,
    KEY_IS_OTHER,
};

/* The next key, without waiting. */
int terminal_key(struct terminal *terminal);

#endif
