/* What went wrong, in one sentence a user can act on.
 *
 * Every function that can fail takes a `struct error *` last, returns 0 or a
 * pointer on success, -1 or NULL on failure, and fills the text only when it
 * fails. The text names the file, the place in it and what was expected. A NULL
 * error pointer is allowed: the text is then dropped. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
    char text[512];
};

/* Formats the text, in the language of the program where it has chosen one (gettext, domain
 * audiogenrl); longer texts are cut. Returns -1, so that a caller can
 * write `return error_set(...)`. */
int error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 0: low <= value <= high. Otherwise, also where it is no number, -1 and "NAME is VALUE, expected
 * LOW to HIGH". */
int error_range(struct error *error, const char *name, double value, double low, double high);

/* Puts "prefix: " before the text that is already there. Returns -1. */
int error_prefix(struct error *error, const char *prefix);

#endif
