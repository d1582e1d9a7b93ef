/* The name that was probably meant by a misspelt one. */
#ifndef TOOL_SUGGEST_H
#define TOOL_SUGGEST_H

#include <stddef.h>

/* Of names[count] the one nearest to `word`: one that the word begins, or else the
 * one with the fewest letters inserted, left out, replaced or swapped with their
 * neighbour, at most a third of the word's letters (at least one). NULL: none. */
const char *suggest_name(const char *word, const char *const *names, size_t count);

#endif
