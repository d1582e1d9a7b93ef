/* Error models. Parsing first, then the distributions, then playing.
 */
#include "measure/inject.h"

#include "base/outfile.h"
#include "follow/slip.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIANO_LOW = 21, PIANO_HIGH = 108 };

static int parse_number(const char *text, size_t length, double low, double high, double *value)
{
    char copy[32];
    if (length == 0 || length >= sizeof copy || strspn(text, "0123456789.") < length)
        return -1;
    memcpy(copy, text, length);
    copy[length] = '\0';
    char *end;
    *value = strtod(copy, &end);
    return *end == '\0' && *value >= low && *value <= high ? 0 : -1;
}

struct key {
    const char *name;
    double low, high;
    double *value;
    bool whole, given;
};

static int parse_pair(const char *spec, const char *at, size_t length, struct key *keys,
                      size_t count, struct error *error)
{
    int place = (int)(at - spec) + 1;
    const char *equals = memchr(at, '=', length);
    size_t name_length = equals ? (size_t)(equals - at) : length;
    struct key *key = keys;
    while (key < keys + count &&
           (strlen(key->name) != name_length || memcmp(key->name, at, name_length) != 0))
        key++;
    if (key == keys + count) {
        char known[64] = "";
        for (size_t k = 0; k < count; k++)
            snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", k ? ", " : "",
                     keys[k].name);
        return error_set(error, "%s: character %d: unknown \"%.*s\", expected one of %s", spec,
                         place, (int)name_length, at, known);
    }
    if (key->given)
        return error_set(error, "%s: character %d: %s is given twice", spec, place, key->name);
    key->given = true;
    size_t rest = equals ? length - name_length - 1 : 0;
    if (!equals || parse_number(equals + 1, rest, key->low, key->high, key->value) != 0 ||
        (key->whole && *key->value != floor(*key->value)))
        return error_set(error, "%s: character %d: expected %s=%s from %g to %g", spec, place,
                         key->name, key->whole ? "a whole number" : "a number", key->low,
                         key->high);
    return 0;
}

int inject_parse(const char *text, struct inject_spec *spec, struct error *error)
{
    static const char *const names[] = {"none", "shift", "slip", "any"};
    memset(spec, 0, sizeof *spec);
    if (strlen(text) >= sizeof spec->text)
        return error_set(error, "%.40s...: longer than an error model (%d characters)", text,
                         INJECT_TEXT - 1);
    memcpy(spec->text, text, strlen(text) + 1);
    size_t length = strcspn(text, ":");
    int kind = TAKE_RIGHT;
    while (kind <= TAKE_ANY &&
           (strlen(names[kind]) != length || memcmp(names[kind], text, length) != 0))
        kind++;
    if (kind > TAKE_ANY)
        return error_set(error, "%s: character 1: expected shift, slip, any or none", text);
    spec->kind = kind;

    double reach = kind == TAKE_ANY ? 12 : 2;
    struct key keys[5] = {{"drop", 0, 1, &spec->drop, false, false},
                          {"add", 0, 1, &spec->add, false, false},
                          {"jitter", 0, 1, &spec->jitter, false, false}};
    size_t count = 3;
    if (kind != TAKE_RIGHT)
        keys[count++] = (struct key){"p", 0, 1, &spec->p, false, false};
    if (kind == TAKE_SHIFT)
        keys[count++] = (struct key){"max", 1, 24, &reach, true, false};
    if (kind == TAKE_ANY)
        keys[count++] = (struct key){"range", 1, INJECT_MAX_REACH, &reach, true, false};
    for (const char *at = text + length; *at;) {
        at++;
        size_t pair = strcspn(at, ",");
        if (parse_pair(text, at, pair, keys, count, error) != 0)
            return -1;
        at += pair;
    }
    spec->reach = (int)reach;
    if (kind != TAKE_RIGHT && !keys[3].given)
        return error_set(error, "%s: character %zu: expected :p=a number from 0 to 1", text,
                         length + 1);
    return 0;
}

static bool on_keyboard(int meant, int pitch)
{
    bool piano = meant >= PIANO_LOW && meant <= PIANO_HIGH;
    return piano ? pitch >= PIANO_LOW && pitch <= PIANO_HIGH : pitch >= 0 && pitch <= 127;
}

/* The pitch struck instead of `meant`: from the weights of the distances
 * -reach .. reach, those off the keyboard left out. */
static int draw_wrong(const struct inject_spec *spec, int meant, struct rng *rng)
{
    int reach = spec->kind == TAKE_SLIP ? SLIP_RANGE : spec->reach;
    double landing[SLIP_WINDOW] = {0}, weight[2 * INJECT_MAX_REACH + 1] = {0}, sum = 0;
    if (spec->kind == TAKE_SLIP)
        slip_landing(meant, landing);
    for (int d = -reach; d <= reach; d++) {
        bool possible = d != 0 && on_keyboard(meant, meant + d);
        double w = spec->kind == TAKE_SLIP ? landing[d + reach] : 1;
        weight[d + reach] = possible ? w : 0;
        sum += weight[d + reach];
    }
    double x = rng_double(rng) * sum;
    int last = 0;
    for (int d = -reach; d <= reach; d++) {
        if (weight[d + reach] <= 0)
            continue;
        last = d;
        x -= weight[d + reach];
        if (x < 0)
            break;
    }
    return meant + last;
}

/* The truth's tempo: its notes as points of seconds over slots, at least half a
 * slot apart so that chords struck unevenly do not count as tempo. */
struct tempo {
    size_t count;
    double *position, *seconds;
};

static int tempo_open(struct tempo *tempo, const struct take_note *truth, size_t count)
{
    tempo->position = malloc((2 * count + 1) * sizeof *tempo->position);
    if (!tempo->position)
        return -1;
    tempo->seconds = tempo->position + count;
    tempo->count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t n = tempo->count;
        if (n > 0 && (truth[i].position < tempo->position[n - 1] + 0.5 ||
                      truth[i].seconds <= tempo->seconds[n - 1]))
            continue;
        tempo->position[n] = truth[i].position;
        tempo->seconds[n] = truth[i].seconds;
        tempo->count++;
    }
    return 0;
}

/* Seconds a slot around a position. */
static double tempo_slope(const struct tempo *tempo, double position)
{
    size_t low = 1, high = tempo->count;
    if (high < 2)
        return 0.125; /* sixteenths at 120 beats a minute, for want of anything better */
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (tempo->position[middle - 1] <= position)
            low = middle;
        else
            high = middle;
    }
    return (tempo->seconds[low] - tempo->seconds[low - 1]) /
           (tempo->position[low] - tempo->position[low - 1]);
}

static void move_note(struct take_played *played, const struct tempo *tempo, struct rng *rng)
{
    bool early = rng_below(rng, 2) == 0 && played->note.position >= 1;
    double position = played->note.position;
    played->moved = early ? -1 : 1;
    played->note.position += played->moved;
    /* A slot earlier lies in the stretch before, a slot later in the one after. */
    played->note.seconds += played->moved * tempo_slope(tempo, early ? position - 0.5 : position);
}

static bool brush(struct take_played *added, const struct take_played *beside,
                  const struct take_note *truth, size_t truth_count, const struct tempo *tempo,
                  struct rng *rng)
{
    static const int distances[] = {-2, -1, 1, 2};
    int meant = truth[beside->truth].pitch;
    uint32_t slot = take_slot(beside->note.position);
    uint64_t struck[2];
    take_slot_set(truth, truth_count, slot, struck);
    int candidates[4], count = 0;
    for (int k = 0; k < 4; k++) {
        int pitch = beside->note.pitch + distances[k];
        if (pitch != meant && on_keyboard(beside->note.pitch, pitch) &&
            !take_set_has(struck, pitch))
            candidates[count++] = pitch;
    }
    if (count == 0)
        return false;
    *added = *beside;
    added->kind = TAKE_ADDED;
    added->brushed = beside->truth;
    added->truth = TAKE_NONE;
    added->note.pitch = (uint8_t)candidates[rng_below(rng, (uint32_t)count)];
    int velocity = (int)(beside->note.velocity * (0.65 + 0.3 * rng_double(rng)));
    added->note.velocity = (uint8_t)(velocity < 1 ? 1 : velocity);
    added->note.duration /= 2;

    double side = rng_below(rng, 2) ? 1 : -1;
    double apart = side * (0.004 + 0.011 * rng_double(rng));
    double slope = tempo_slope(tempo, beside->note.position);
    double position = beside->note.position + apart / slope;
    /* Not out of the slot, where it would count as something else, nor before the start. */
    position = fmin(fmax(position, fmax(slot - 0.499, 0)), slot + 0.499);
    added->note.position = position;
    added->note.seconds += (position - beside->note.position) * slope;
    return true;
}

static int by_arrival(const void *left, const void *right)
{
    const struct take_played *a = left, *b = right;
    if (a->note.position != b->note.position)
        return a->note.position < b->note.position ? -1 : 1;
    if (a->note.pitch != b->note.pitch)
        return a->note.pitch - b->note.pitch;
    /* Unisons: any fixed order will do. */
    if (a->truth != b->truth)
        return a->truth < b->truth ? -1 : 1;
    return (a->brushed > b->brushed) - (a->brushed < b->brushed);
}

static int check_truth(const struct take_note *truth, size_t count, struct error *error)
{
    if (count > INT32_MAX / 2)
        return error_set(error, "%zu notes are more than can be measured", count);
    for (size_t i = 0; i < count; i++)
        if (truth[i].pitch > 127 || !(truth[i].position >= 0 && truth[i].position < UINT32_MAX) ||
            !isfinite(truth[i].seconds) || (i > 0 && truth[i].position < truth[i - 1].position))
            return error_set(error, "note %zu: out of order, or pitch or position out of range",
                             i + 1);
    return 0;
}

struct take_played *inject(const struct take_note *truth, size_t truth_count,
                           const struct inject_spec *spec, struct rng *rng, size_t *count,
                           struct error *error)
{
    *count = 0;
    if (check_truth(truth, truth_count, error) != 0)
        return NULL;
    struct tempo tempo;
    struct take_played *take = malloc((2 * truth_count + 1) * sizeof *take);
    if (!take || tempo_open(&tempo, truth, truth_count) != 0) {
        free(take);
        error_set(error, "out of memory for %zu notes", truth_count);
        return NULL;
    }
    size_t n = 0;
    for (size_t i = 0; i < truth_count; i++) {
        if (rng_double(rng) < spec->drop)
            continue;
        struct take_played *played = &take[n++];
        *played = (struct take_played){
            .note = truth[i], .kind = TAKE_RIGHT, .truth = (int32_t)i, .brushed = TAKE_NONE};
        if (spec->kind != TAKE_RIGHT && rng_double(rng) < spec->p) {
            played->kind = spec->kind;
            played->note.pitch = (uint8_t)draw_wrong(spec, truth[i].pitch, rng);
        }
        if (rng_double(rng) < spec->jitter)
            move_note(played, &tempo, rng);
        if (rng_double(rng) < spec->add)
            n += brush(&take[n], played, truth, truth_count, &tempo, rng);
    }
    free(tempo.position);
    qsort(take, n, sizeof *take, by_arrival);
    /* Seconds never fall in a take, though tempo around moved notes is an estimate. */
    for (size_t i = 1; i < n; i++)
        take[i].note.seconds = fmax(take[i].note.seconds, take[i - 1].note.seconds);
    *count = n;
    return take;
}

static void write_dropped(FILE *stream, const struct take_note *truth, size_t index)
{
    fprintf(stream, ",%s,%u,%.6f,%u,%u,,%u,%zu,0\n", take_kind_name(TAKE_DROPPED),
            take_slot(truth[index].position), truth[index].seconds, truth[index].part,
            truth[index].pitch, truth[index].velocity, index);
}

int inject_write_csv(const char *path, const struct take_note *truth, size_t truth_count,
                     const struct take_played *take, size_t count, struct error *error)
{
    bool *played = calloc(truth_count + 1, sizeof *played);
    if (!played)
        return error_set(error, "%s: out of memory", path);
    struct outfile *file = outfile_open(path, error);
    if (!file) {
        free(played);
        return -1;
    }
    for (size_t i = 0; i < count; i++)
        if (take[i].truth >= 0)
            played[take[i].truth] = true;
    FILE *stream = outfile_stream(file);
    fputs("note,what,slot,seconds,part,meant,played,velocity,truth,moved\n", stream);
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
        const struct take_played *p = &take[i];
        for (; next < truth_count && truth[next].position <= p->note.position; next++)
            if (!played[next])
                write_dropped(stream, truth, next);
        char meant[8] = "";
        if (p->truth >= 0)
            snprintf(meant, sizeof meant, "%u", truth[p->truth].pitch);
        fprintf(stream, "%zu,%s,%u,%.6f,%u,%s,%u,%u,%d,%d\n", i, take_kind_name(p->kind),
                take_slot(p->note.position), p->note.seconds, p->note.part, meant, p->note.pitch,
                p->note.velocity, p->truth >= 0 ? p->truth : p->brushed, p->moved);
    }
    for (; next < truth_count; next++)
        if (!played[next])
            write_dropped(stream, truth, next);
    free(played);
    return outfile_commit(file, error);
}
