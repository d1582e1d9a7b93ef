/* The list is short: it is searched from its beginning. */
#include "load/played.h"

#include "base/infile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20 };

static size_t find(const struct played *played, const char *name)
{
    size_t i = 0;
    while (i < played->count && strcmp(played->piece[i].name, name) != 0)
        i++;
    return i;
}

const struct played_piece *played_find(const struct played *played, const char *name)
{
    size_t i = find(played, name);
    return i < played->count ? &played->piece[i] : NULL;
}

static void take_out(struct played *played, size_t i)
{
    free(played->piece[i].name);
    played->count--;
    memmove(&played->piece[i], &played->piece[i + 1], (played->count - i) * sizeof *played->piece);
}

/* Takes the name. -1: out of memory. */
static int append(struct played *played, struct played_piece piece)
{
    if (played->count == PLAYED_MOST)
        take_out(played, 0);
    struct played_piece *grown =
        piece.name ? realloc(played->piece, (played->count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(piece.name);
        return -1;
    }
    played->piece = grown;
    grown[played->count++] = piece;
    return 0;
}

int played_add(struct played *played, const char *name, int64_t now, uint64_t notes,
               uint64_t corrected)
{
    size_t i = find(played, name);
    struct played_piece piece = {.last = now, .notes = notes, .corrected = corrected};
    if (strchr(name, '\n'))
        return 0;
    if (i < played->count) {
        const struct played_piece *before = &played->piece[i];
        bool goes_on = now - before->last < PLAYED_PAUSE;
        piece.notes += goes_on ? before->notes : 0;
        piece.corrected += goes_on ? before->corrected : 0;
    }
    piece.name = strdup(name);
    if (piece.name && i < played->count)
        take_out(played, i);
    return append(played, piece);
}

int played_rename(struct played *played, const char *name, const char *other)
{
    size_t i = find(played, name);
    if (i == played->count)
        return 0;
    char *copy = other ? strdup(other) : NULL;
    if (other && !copy)
        return -1;
    if (!other) {
        take_out(played, i);
        return 0;
    }
    free(played->piece[i].name);
    played->piece[i].name = copy;
    return 0;
}

void played_clear(struct played *played)
{
    for (size_t i = 0; i < played->count; i++)
        free(played->piece[i].name);
    free(played->piece);
    *played = (struct played){0};
}

/* A line that is not understood says nothing. -1: out of memory. */
static int read_line(struct played *played, const char *line)
{
    struct played_piece piece = {0};
    char *last, *notes, *corrected;
    piece.last = strtoll(line, &last, 10);
    piece.notes = strtoull(last, &notes, 10);
    piece.corrected = strtoull(notes, &corrected, 10);
    if (last == line || notes == last || corrected == notes || *corrected != ' ' || !corrected[1] ||
        played_find(played, corrected + 1))
        return 0;
    piece.name = strdup(corrected + 1);
    return append(played, piece);
}

int played_read(struct played *played, const char *path, struct error *error)
{
    size_t length = 0;
    char *rest = NULL, *bytes = infile_read(path, MOST_BYTES, &length, error);
    *played = (struct played){0};
    if (!bytes)
        return errno == ENOENT ? 0 : -1;
    int status = 0;
    for (char *line = strtok_r(bytes, "\n", &rest); status == 0 && line;
         line = strtok_r(NULL, "\n", &rest))
        status = read_line(played, line);
    free(bytes);
    if (status != 0) {
        played_clear(played);
        return error_set(error, "out of memory");
    }
    return 0;
}

char *played_text(const struct played *played, size_t *length)
{
    char *bytes = NULL;
    FILE *stream = open_memstream(&bytes, length);
    for (size_t i = 0; stream && i < played->count; i++) {
        const struct played_piece *piece = &played->piece[i];
        fprintf(stream, "%" PRId64 " %" PRIu64 " %" PRIu64 " %s\n", piece->last, piece->notes,
                piece->corrected, piece->name);
    }
    if (stream && fclose(stream) == 0)
        return bytes;
    free(bytes);
    return NULL;
}
