/* Optimal string alignment distance, in three rows of the table. */
#include "tool/suggest.h"

#include <string.h>

enum { MAX_LENGTH = 40 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t rows = strlen(a), columns = strlen(b);
    size_t table[3][MAX_LENGTH + 1];
    size_t *before = table[0], *last = table[1], *now = table[2];
    for (size_t j = 0; j <= columns; j++)
        last[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        now[0] = i;
        for (size_t j = 1; j <= columns; j++) {
            now[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]), least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[columns];
}

const char *suggest_name(const char *word, const char *const *names, size_t count)
{
    size_t length = strlen(word);
    if (length < 2 || length > MAX_LENGTH)
        return NULL;
    const char *nearest = NULL;
    size_t bound = length < 6 ? 2 : length / 3 + 1; /* the nearest so far is below it */
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) > MAX_LENGTH)
            continue;
        if (strncmp(names[i], word, length) == 0)
            return names[i];
        size_t far = distance(word, names[i]);
        if (far < bound) {
            nearest = names[i];
            bound = far;
        }
    }
    return nearest;
}
