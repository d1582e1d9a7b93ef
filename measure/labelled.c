/* Reading the table, drawing errors, counting. */
#include "measure/labelled.h"

#include "measure/twister.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double near_seconds = 1; /* an extra note moved into the piece is one beside it */
static const double together_seconds = .05; /* of a chord, from note to note */
static const double reach_of_slip = 1.25;   /* widths of a white key */
enum { SHIFT_REACH = 2, SLIP_REACH = 3, ANY_REACH = 12 };

/* --- The table --- */

enum { SECONDS, MEANT, KIND, COLUMNS };
static const char *const column_names[COLUMNS] = {"sec", "meant", "kind"};

/* A field: up to a tab or the end of the line. */
struct field {
    const char *text;
    size_t length;
};

static bool field_is(struct field field, const char *text)
{
    return field.length == strlen(text) && memcmp(field.text, text, field.length) == 0;
}

/* The field of this number in a line; text is NULL beyond the last. */
static struct field field_of(const char *line, int number)
{
    for (; number > 0; number--) {
        line += strcspn(line, "\t\r\n");
        if (*line != '\t')
            return (struct field){NULL, 0};
        line++;
    }
    return (struct field){line, strcspn(line, "\t\r\n")};
}

static int find_column(const char *line, const char *name)
{
    for (int k = 0;; k++) {
        struct field field = field_of(line, k);
        if (!field.text)
            return -1;
        if (field_is(field, name))
            return k;
    }
}

static bool read_row(const char *line, const int column[COLUMNS], struct labelled_note *note)
{
    struct field field[COLUMNS];
    char *end = NULL;
    for (int c = 0; c < COLUMNS; c++) {
        field[c] = field_of(line, column[c]);
        if (!field[c].text || field[c].length == 0)
            return false;
    }
    note->seconds = strtod(field[SECONDS].text, &end);
    if (end != field[SECONDS].text + field[SECONDS].length || !isfinite(note->seconds))
        return false;
    note->kind = field_is(field[KIND], "match") ? LABELLED_MATCH
                 : field_is(field[KIND], "sub") ? LABELLED_WRONG
                                                : LABELLED_EXTRA;
    note->meant = LABELLED_NONE;
    if (field_is(field[MEANT], "-"))
        return note->kind == LABELLED_EXTRA;
    long meant = strtol(field[MEANT].text, &end, 10);
    note->meant = (int)meant;
    return end == field[MEANT].text + field[MEANT].length && meant >= 0 && meant <= 127;
}

static const char *next_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line ? line + 1 : line;
}

struct labelled_note *labelled_read(const char *text, const char *name, size_t *count,
                                    struct error *error)
{
    int column[COLUMNS];
    size_t room = 1;
    for (int c = 0; c < COLUMNS; c++) {
        column[c] = find_column(text, column_names[c]);
        if (column[c] < 0) {
            error_set(error, "%s: no column %s in the first line", name, column_names[c]);
            return NULL;
        }
    }
    for (const char *line = text; *line; line = next_line(line))
        room++;
    struct labelled_note *notes = malloc(room * sizeof *notes);
    if (!notes) {
        error_set(error, "out of memory");
        return NULL;
    }
    *count = 0;
    for (const char *line = next_line(text); *line; line = next_line(line)) {
        if (read_row(line, column, &notes[*count])) {
            ++*count;
            continue;
        }
        error_set(error, "%s: line %zu: expected seconds, a pitch or -, and a kind", name,
                  *count + 2);
        free(notes);
        return NULL;
    }
    return notes;
}

/* --- Errors --- */

int labelled_check_errors(const struct inject_spec *spec, struct error *error)
{
    bool reach = (spec->kind == TAKE_SHIFT && spec->reach != SHIFT_REACH) ||
                 (spec->kind == TAKE_ANY && spec->reach != ANY_REACH);
    if (reach || spec->drop > 0 || spec->add > 0 || spec->jitter > 0)
        return error_set(error, "real playing takes shift:p=P, slip:p=P, any:p=P and none, not %s",
                         spec->text);
    return 0;
}

/* Where a key lies, in white keys from the left; a black key near the middle of its gap. */
static double place_of(int pitch)
{
    static const double place[12] = {0, .6, 1, 1.7, 2, 3, 3.55, 4, 4.65, 5, 5.75, 6};
    int octave = pitch / 12;
    return 7 * octave + place[pitch % 12];
}

static int draw_slip(struct twister *twister, int pitch)
{
    int found[2 * SLIP_REACH] = {0};
    uint32_t count = 0;
    for (int q = pitch - SLIP_REACH; q <= pitch + SLIP_REACH; q++) {
        /* Below the lowest key the octaves go on. */
        double apart = place_of(q + 12) - place_of(pitch + 12);
        if (q != pitch && fabs(apart) <= reach_of_slip)
            found[count++] = q;
    }
    return found[twister_below(twister, count)];
}

/* One of the distances to `reach` up and down, 0 left out, evenly. */
static int draw_distance(struct twister *twister, int reach)
{
    int drawn = (int)twister_below(twister, 2 * (uint32_t)reach) - reach;
    return drawn + (drawn >= 0);
}

static uint8_t draw_wrong(struct twister *twister, int pitch, enum take_kind kind)
{
    int drawn;
    do {
        if (kind == TAKE_SLIP)
            drawn = draw_slip(twister, pitch);
        else
            drawn = pitch + draw_distance(twister, kind == TAKE_SHIFT ? SHIFT_REACH : ANY_REACH);
    } while (drawn < 0 || drawn > 127);
    return (uint8_t)drawn;
}

void labelled_inject(const struct labelled_note *notes, size_t count,
                     const struct inject_spec *spec, uint32_t seed, uint8_t *played, bool *injected)
{
    struct twister twister;
    twister_seed(&twister, seed);
    for (size_t i = 0; i < count; i++) {
        double drawn = twister_double(&twister);
        injected[i] = notes[i].kind == LABELLED_MATCH && drawn < spec->p;
        if (injected[i])
            played[i] = draw_wrong(&twister, played[i], spec->kind);
    }
}

/* --- Counting --- */

static bool moved_into_piece(const struct labelled_note *notes, size_t count, size_t at,
                             uint8_t pitch)
{
    for (size_t i = 0; i < count; i++)
        if (notes[i].meant == pitch && fabs(notes[i].seconds - notes[at].seconds) <= near_seconds)
            return true;
    return false;
}

/* Of what was meant, how many pitches were sent; balance is cleared again. */
static void count_set(struct labelled_score *score, int balance[128],
                      const struct labelled_note *notes, const uint8_t *sent, size_t begin,
                      size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (notes[i].kind == LABELLED_MATCH)
            balance[notes[i].meant]++;
    for (size_t i = begin; i < end; i++)
        if (notes[i].kind == LABELLED_MATCH) {
            score->sets++;
            score->sets_right += balance[sent[i]]-- > 0;
        }
    memset(balance, 0, 128 * sizeof *balance);
}

static void count_sets(struct labelled_score *score, const struct labelled_note *notes,
                       size_t count, const uint8_t *sent)
{
    int balance[128] = {0};
    size_t begin = 0;
    double last = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (notes[i].kind != LABELLED_MATCH)
            continue;
        if (notes[i].seconds - last > together_seconds) {
            count_set(score, balance, notes, sent, begin, i);
            begin = i;
        }
        last = notes[i].seconds;
    }
    count_set(score, balance, notes, sent, begin, count);
}

void labelled_count(struct labelled_score *score, const struct labelled_note *notes, size_t count,
                    const uint8_t *played, const bool *injected, const uint8_t *sent)
{
    score->cases++;
    for (size_t i = 0; i < count; i++) {
        bool meant = notes[i].meant == sent[i];
        if (notes[i].kind == LABELLED_WRONG) {
            score->wrong++;
            score->real += meant;
        } else if (notes[i].kind == LABELLED_EXTRA) {
            bool left = sent[i] == played[i];
            score->extra++;
            score->left += left;
            score->moved += !left && moved_into_piece(notes, count, i, sent[i]);
        } else if (injected[i]) {
            score->injected++;
            score->fixed += meant;
        } else {
            score->right++;
            score->kept += meant;
        }
    }
    count_sets(score, notes, count, sent);
}

void labelled_add(struct labelled_score *sum, const struct labelled_score *score)
{
    sum->cases += score->cases;
    sum->right += score->right;
    sum->kept += score->kept;
    sum->injected += score->injected;
    sum->fixed += score->fixed;
    sum->wrong += score->wrong;
    sum->real += score->real;
    sum->extra += score->extra;
    sum->left += score->left;
    sum->moved += score->moved;
    sum->sets += score->sets;
    sum->sets_right += score->sets_right;
}

static double per_cent(uint64_t part, uint64_t whole)
{
    return whole ? 100 * (double)part / (double)whole : (double)NAN;
}

struct labelled_figures labelled_figures(const struct labelled_score *score)
{
    return (struct labelled_figures){
        .kept = per_cent(score->kept, score->right),
        .fixed = per_cent(score->fixed, score->injected),
        .exact = per_cent(score->kept + score->fixed, score->right + score->injected),
        .sets = per_cent(score->sets_right, score->sets),
        .real = per_cent(score->real, score->wrong),
        .left = per_cent(score->left, score->extra),
        .moved = per_cent(score->moved, score->extra),
        .elsewhere = per_cent(score->extra - score->left - score->moved, score->extra)};
}
