/* What every command of the tool shares: options, exit codes, messages.
 *
 * A command is a function that gets its own argument vector (its name first),
 * parses it with command_parse, works, and returns an exit code: 0 done, 1 it
 * could not be done, 2 wrong usage. Each failure writes exactly one line to
 * standard error. */
#ifndef TOOL_COMMAND_H
#define TOOL_COMMAND_H

#include "base/error.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum command_exit {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1,
    COMMAND_USAGE = 2,
    COMMAND_GO_ON = -1, /* command_parse: nothing more was asked for, do the work */
};

struct command {
    const char *name;
    const char *summary; /* one line for the list of commands */
    int (*run)(int argc, char **argv);
};

/* Which of the common options a command has, beside --help and --version. */
enum command_offer {
    COMMAND_SEED = 1,     /* --seed */
    COMMAND_NO_JSON = 2,  /* no --json */
    COMMAND_NO_QUIET = 4, /* no --quiet */
    COMMAND_GRID = 8,     /* an entry of its own: --grid */
    COMMAND_MODE = 16,    /* another: --mode */
};

/* Options that commands share. `offers` is set by the command. */
struct command_common {
    unsigned offers; /* of enum command_offer */
    gboolean quiet;
    gboolean json;
    gint64 seed; /* 0 .. 2^63 - 1; 1 where none was given */
};

/* Parses argv by `entries` and the common options offered and answers --help and
 * --version. `usage` names what follows the options, `description` is the text
 * below the options of --help (may be NULL). Arguments that are no options go
 * to `files`, a NULL-terminated vector owned by the caller (g_strfreev), never
 * NULL. Returns COMMAND_GO_ON, or the exit code with which to end now. */
int command_parse(int argc, char **argv, const char *usage, const char *description,
                  const GOptionEntry *entries, struct command_common *common, char ***files);

/* Ends the command with one line that says what is wrong with its arguments;
 * name is NULL before a command is known. */
int command_usage(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with the name that was probably meant, of names[count], or none. */
int command_usage_misspelt(const char *name, const char *what, const char *word,
                           const char *const *names, size_t count);

/* Ends the command with the text of an error. */
int command_fail(const struct error *error);

/* Says something on standard error unless quiet; "note: " or "warning: " goes before. */
void command_note(const struct command_common *common, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void command_warn(const struct command_common *common, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Prints one JSON document and a line feed on standard output; takes the
 * reference to it. Returns an exit code. */
int command_print_json(json_t *document);

/* Flushes standard output. Returns an exit code: a table that did not reach a
 * full disk is a failure. */
int command_flush(void);

/* A text as JSON, for file names that need not be UTF-8. */
json_t *command_text(const char *text);

/* A double as JSON; null where it is no finite number. */
json_t *command_number(double value);

#endif
