/* A bar of a voice is a row of values; those of a beat with thirds in it are a triplet. */
#include "picture/engrave.h"

#include "picture/engrave_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_VALUES = 512, /* of a voice in a bar */
    MOST_CELLS = 512,
    BEAT_OF_THREE = 24, /* sixty-fourths of a dotted quarter */
};

/* A note, chord or rest with a value of its own. */
struct value {
    int begin, units;
    const struct engrave_head *head; /* NULL: a rest */
    size_t heads;
    bool first, last; /* of what it is a part of */
};

struct row {
    struct value value[MOST_VALUES];
    size_t values;
    int whole, cell; /* units: the bar, and what a triplet fills */
    bool triplet[MOST_CELLS];
    bool simple; /* time, not compound */
};

struct writer {
    const struct engrave *engrave;
    FILE *out, *maps; /* maps stand before the music */
    unsigned map_count;
    struct error *error;
};

/* --- Values --- */

static int cut_at(const struct row *row, int from, int to)
{
    int cell = from / row->cell, end = (cell + 1) * row->cell;
    if (row->triplet[cell])
        return to < end ? to : end;
    for (int c = cell + 1; c * row->cell < to; c++)
        if (row->triplet[c])
            return c * row->cell;
    return to;
}

/* Whether a length is one value there, both in sixty-fourths: plain or dotted; on a multiple of
 * itself, or of its half if it is a note. In compound time (beats of 24) it lies within a
 * beat, or is whole beats. */
static bool is_value(int place, int length, bool rest, bool simple)
{
    int base = 1;
    while (2 * base <= length)
        base *= 2;
    bool dotted = 2 * length == 3 * base;
    if (length != base && !dotted)
        return false;
    if (!simple && length > BEAT_OF_THREE)
        return place % BEAT_OF_THREE == 0 && length % BEAT_OF_THREE == 0;
    if (!simple && length == BEAT_OF_THREE)
        return place % BEAT_OF_THREE == 0;
    if (!simple && place % BEAT_OF_THREE + length > BEAT_OF_THREE)
        return false;
    if (rest)
        return !dotted && place % (simple ? base : base > 8 ? 8 : base) == 0;
    return place % (base > 1 ? base / 2 : 1) == 0;
}

/* The first value of a length: all of it, else up to the next place of a coarser grid. */
static int fit(int place, int length, bool rest, bool simple)
{
    static const int fours[] = {64, 32, 16, 8, 4, 2, 1};
    static const int threes[] = {96, 48, 24, 8, 4, 2, 1};
    const int *grid = simple ? fours : threes;
    if (is_value(place, length, rest, simple))
        return length;
    for (size_t i = 0; i < sizeof fours / sizeof fours[0]; i++) {
        int next = grid[i] - place % grid[i];
        if (next < length && is_value(place, next, rest, simple))
            return next;
    }
    return 1;
}

static int add_values(struct row *row, int from, int to, const struct engrave_head *head,
                      size_t heads)
{
    int begin = from;
    while (from < to) {
        int stop = cut_at(row, from, to);
        bool triplet = row->triplet[from / row->cell];
        int scale = triplet ? 2 : ENGRAVE_SIXTY_FOURTH; /* units a sixty-fourth */
        int value = fit(triplet ? (from % row->cell) / scale : from / scale, (stop - from) / scale,
                        !head, row->simple) *
                    scale;
        if (row->values == MOST_VALUES)
            return -1;
        row->value[row->values++] = (struct value){.begin = from,
                                                   .units = value,
                                                   .head = head,
                                                   .heads = heads,
                                                   .first = from == begin,
                                                   .last = from + value >= to};
        from += value;
    }
    return 0;
}

/* Marks the triplet that a time needs. -1: it is none. */
static int need(struct row *row, int at)
{
    int cell = at / row->cell;
    if (at % ENGRAVE_SIXTY_FOURTH == 0 || at >= row->whole)
        return at >= row->whole || cell < MOST_CELLS ? 0 : -1;
    if (at % 4 != 0 || (cell + 1) * row->cell > row->whole || cell >= MOST_CELLS)
        return -1;
    row->triplet[cell] = true;
    return 0;
}

static bool fits_triplet(const struct row *row, int at)
{
    return at >= row->whole || !row->triplet[at / row->cell] || at % 4 == 0;
}

static size_t same_begin(const struct engrave_head *head, size_t count, size_t i, uint8_t voice)
{
    size_t n = 0;
    while (i + n < count && head[i + n].begin == head[i].begin && head[i + n].voice == voice)
        n++;
    return n;
}

/* A voice of a bar, whose heads are [count], one after the other. -1: not a rhythm that is
 * written. */
static int fill_row(struct row *row, const struct engrave_head *head, size_t count, uint8_t voice)
{
    memset(row->triplet, 0, sizeof row->triplet);
    row->values = 0;
    for (size_t i = 0; i < count; i++)
        if (head[i].voice == voice &&
            (need(row, head[i].begin) != 0 || need(row, head[i].end) != 0))
            return -1;
    for (size_t i = 0; i < count; i++)
        if (head[i].voice == voice &&
            !(fits_triplet(row, head[i].begin) && fits_triplet(row, head[i].end)))
            return -1;
    int at = 0;
    for (size_t i = 0, n; i < count; i += n) {
        n = same_begin(head, count, i, head[i].voice);
        if (head[i].voice != voice)
            continue;
        if (head[i].begin < at || add_values(row, at, head[i].begin, NULL, 0) != 0 ||
            add_values(row, head[i].begin, head[i].end, head + i, n) != 0)
            return -1;
        at = head[i].end;
    }
    return add_values(row, at, row->whole, NULL, 0);
}

/* --- Text --- */

static void put_name(FILE *out, const struct engrave_head *head, bool sign)
{
    static const char *const signs[] = {"__", "_", "=", "^", "^^"};
    int octave = head->name.octave;
    if (sign)
        fputs(signs[head->name.alter + 2], out);
    fputc((octave >= 5 ? "cdefgab" : "CDEFGAB")[head->name.letter], out);
    for (int o = octave; o > 5; o--)
        fputc('\'', out);
    for (int o = octave; o < 4; o++)
        fputc(',', out);
}

/* A map for the heads of a chord that were struck and are not right. */
static bool put_map(struct writer *writer, const struct value *value)
{
    bool any = false;
    for (size_t i = 0; i < value->heads && value->first; i++) {
        const struct engrave_head *head = &value->head[i];
        if (head->mark < ENGRAVE_STRUCK)
            continue;
        writer->map_count += !any;
        any = true;
        fprintf(writer->maps, "%%%%map m%u ", writer->map_count);
        put_name(writer->maps, head, head->sign);
        fprintf(writer->maps, " heads=%s color=#c84d00\n",
                head->mark == ENGRAVE_ADDED ? "added" : "struck");
    }
    if (any)
        fprintf(writer->out, "[I:voicemap m%u]", writer->map_count);
    return any;
}

static void put_chord(struct writer *writer, const struct value *value, int length)
{
    size_t shown = 0;
    bool mapped = put_map(writer, value);
    for (size_t i = 0; i < value->heads; i++)
        shown += value->first || value->head[i].mark < ENGRAVE_STRUCK;
    if (shown == 0) { /* the rest of what was struck besides */
        fprintf(writer->out, "x%d", length);
        return;
    }
    /* The first of them stands next to the notes. */
    for (size_t i = 0; i < value->heads && value->first; i++)
        if (value->head[i].finger)
            fprintf(writer->out, "!%u!", value->head[i].finger);
    if (shown > 1)
        fputc('[', writer->out);
    for (size_t i = 0; i < value->heads; i++) {
        const struct engrave_head *head = &value->head[i];
        bool written = head->mark < ENGRAVE_STRUCK;
        if (!value->first && !written)
            continue;
        if (head->mark == ENGRAVE_LEFT_OUT && value->first)
            fputs("!left!", writer->out);
        put_name(writer->out, head, head->sign && value->first);
        if (written && (!value->last || head->goes_on)) {
            if (shown == 1)
                fprintf(writer->out, "%d-", length);
            else
                fputc('-', writer->out);
        } else if (shown == 1) {
            fprintf(writer->out, "%d", length);
        }
    }
    if (shown > 1)
        fprintf(writer->out, "]%d", length);
    if (mapped)
        fputs("[I:voicemap none]", writer->out);
}

static unsigned values_in(const struct row *row, size_t from)
{
    int cell = row->value[from].begin / row->cell;
    unsigned count = 0;
    for (size_t i = from; i < row->values && row->value[i].begin / row->cell == cell; i++)
        count++;
    return count;
}

static void put_row(struct writer *writer, const struct row *row, int beam, bool hidden)
{
    for (size_t i = 0; i < row->values; i++) {
        const struct value *value = &row->value[i];
        bool triplet = row->triplet[value->begin / row->cell];
        if (value->begin % beam == 0)
            fputc(' ', writer->out);
        if (triplet && value->begin % row->cell == 0)
            fprintf(writer->out, "(3:2:%u", values_in(row, i));
        int length = value->units / (triplet ? 2 : ENGRAVE_SIXTY_FOURTH);
        if (value->head)
            put_chord(writer, value, length);
        else
            fprintf(writer->out, "%c%d", hidden ? 'x' : 'z', length);
    }
}

static double mean_pitch(const struct engrave_head *head, size_t count, uint8_t voice)
{
    double sum = 0;
    size_t notes = 0;
    for (size_t i = 0; i < count; i++)
        if (head[i].voice == voice) {
            sum += head[i].pitch;
            notes++;
        }
    return notes ? sum / (double)notes : -1;
}

static int put_bar(struct writer *writer, const struct bar *bar, const struct engrave_head *head,
                   size_t count)
{
    bool compound = bar->pulse > 1.25 && bar->pulse < 1.75;
    struct row *row = malloc(sizeof *row);
    if (!row)
        return error_set(writer->error, "out of memory");
    row->whole = engrave_bar_units(bar);
    row->cell = compound ? ENGRAVE_QUARTER / 2 : ENGRAVE_QUARTER;
    row->simple = !compound;
    int beam = bar->pulse < .75 ? ENGRAVE_QUARTER : (int)(bar->pulse * ENGRAVE_QUARTER + .5);
    double mean[ENGRAVE_VOICES];
    for (int voice = 0; voice < ENGRAVE_VOICES; voice++)
        mean[voice] = mean_pitch(head, count, (uint8_t)voice);
    bool two = mean[0] >= 0 && mean[1] >= 0, swapped = mean[1] > mean[0];
    int status = 0;
    if (count == 0)
        fputs(" Z", writer->out);
    for (int v = 0; v < ENGRAVE_VOICES && count && status == 0; v++) {
        uint8_t voice = (uint8_t)(swapped ? !v : v);
        if (mean[voice] < 0)
            continue;
        if (two && v == 1)
            fputs(" &", writer->out);
        status = fill_row(row, head, count, voice);
        if (status == 0)
            put_row(writer, row, beam, voice == 1 && two);
        else
            error_set(writer->error, "bar %u: a rhythm that is not written as notes", bar->number);
    }
    free(row);
    return status;
}

static int compare_voices(const void *a, const void *b)
{
    const struct engrave_head *x = a, *y = b;
    const int left[] = {x->begin, x->voice, x->mark >= ENGRAVE_STRUCK, x->pitch};
    const int right[] = {y->begin, y->voice, y->mark >= ENGRAVE_STRUCK, y->pitch};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

static const char *clef_of(const struct engrave_heads *heads, unsigned hand)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < heads->count; i++)
        if (heads->head[i].hand == hand) {
            sum += heads->head[i].pitch;
            count++;
        }
    double mean = count ? sum / (double)count : hand ? 48 : 72;
    return mean > (hand ? 63 : 54) ? "treble" : "bass";
}

static int put_hand(struct writer *writer, struct engrave_heads *heads, unsigned hand)
{
    const struct roll *roll = writer->engrave->roll;
    fprintf(writer->out, "V:%u clef=%s\n", hand + 1, clef_of(heads, hand));
    for (size_t b = 0, at = 0; b < roll->bar_count; b++) {
        const struct bar *bar = &roll->bars[b];
        size_t count = 0;
        while (at < heads->count && (heads->head[at].bar < b ||
                                     (heads->head[at].bar == b && heads->head[at].hand < hand)))
            at++;
        while (at + count < heads->count && heads->head[at + count].bar == b &&
               heads->head[at + count].hand == hand)
            count++;
        if (count)
            qsort(heads->head + at, count, sizeof *heads->head, compare_voices);
        if (b > 0 && (bar->beats != bar[-1].beats || bar->unit != bar[-1].unit))
            fprintf(writer->out, "[M:%u/%u]", bar->beats, bar->unit);
        if (put_bar(writer, bar, count ? heads->head + at : NULL, count) != 0)
            return -1;
        /* Bars are counted; where the number goes on otherwise, it is said before the line. */
        if (hand == 0 && b + 1 < roll->bar_count && bar[1].number != bar->number + 1)
            fprintf(writer->out, "[I:setbarnb %u]", bar[1].number);
        fputs(" |\n", writer->out);
        at += count;
    }
    return 0;
}

/* --- The whole --- */

static const char head_text[] =
    "%%leftmargin 0\n%%rightmargin 0\n%%topmargin 0\n%%botmargin 0\n%%topspace 0\n"
    "%%musicspace 0\n%%measurenb 1\n%%measurefont sans 11\n%%continueall 1\n%%stretchlast 0.7\n"
    "%%staffsep 40\n%%sysstaffsep 30\n"
    "%%beginps\n"
    "/struck{gsave 0.78 0.3 0 setrgbcolor 1.6 SLW M -3.2 -3 RM 6.4 6 RL -6.4 0 RM 6.4 -6 RL "
    "stroke grestore}!\n"
    "/added{gsave 0.78 0.3 0 setrgbcolor 1.3 SLW M -4.5 0 RM 4.5 4 RL 4.5 -4 RL -4.5 -4 RL "
    "-4.5 4 RL stroke grestore}!\n"
    "/left{gsave 0.78 0.3 0 setrgbcolor 1.3 SLW M -6.5 -5 RM 13 0 RL 0 10 RL -13 0 RL 0 -10 RL "
    "stroke grestore}!\n"
    "%%endps\n%%deco struck 0 struck 0 0 0\n%%deco added 0 added 0 0 0\n%%deco left 0 left 0 0 0\n";

static int put_all(struct writer *writer, FILE *out, struct engrave_heads *heads, char **music,
                   char **maps)
{
    static const char *const keys[] = {"Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C",
                                       "G",  "D",  "A",  "E",  "B",  "F#", "C#"};
    const struct engrave *engrave = writer->engrave;
    const struct bar *first = &engrave->roll->bars[0];
    size_t music_length, maps_length;
    writer->out = open_memstream(music, &music_length);
    writer->maps = open_memstream(maps, &maps_length);
    int status = writer->out && writer->maps ? 0 : error_set(writer->error, "out of memory");
    for (unsigned hand = 0; hand < engrave->hands && status == 0; hand++)
        status = put_hand(writer, heads, hand);
    if (writer->out && fclose(writer->out) != 0)
        status = error_set(writer->error, "out of memory");
    if (writer->maps && fclose(writer->maps) != 0)
        status = error_set(writer->error, "out of memory");
    if (status != 0)
        return -1;
    fprintf(out, "%%%%pagewidth %.0fpt\n%%%%pageheight 400cm\n%s", engrave->width, head_text);
    fprintf(out, "%%%%setbarnb %u\nX:1\n%%%%score %s\nM:%u/%u\nL:1/64\nK:%s\n%s%s", first->number,
            engrave->hands == 2 ? "{1 | 2}" : "1", first->beats, first->unit,
            keys[engrave->sharps + 7], *maps, *music);
    return 0;
}

/* Cells of a bar are counted in tables of a fixed size. */
static int check_lengths(const struct roll *roll, struct error *error)
{
    const double longest = (double)MOST_CELLS / 2; /* quarters, of two cells at most */
    for (size_t b = 0; b < roll->bar_count; b++)
        if (!(roll->bars[b].length >= 0 && roll->bars[b].length <= longest))
            return error_set(error, "bar %u: too long to be written as notes",
                             roll->bars[b].number);
    return 0;
}

char *engrave_abc(const struct engrave *engrave, struct error *error)
{
    struct writer writer = {.engrave = engrave, .error = error};
    struct engrave_heads heads = {0};
    char *text = NULL, *music = NULL, *maps = NULL;
    size_t length;
    if (engrave->roll->bar_count == 0 || engrave->sharps < -7 || engrave->sharps > 7) {
        error_set(error, "no bar to write as notes");
        return NULL;
    }
    if (check_lengths(engrave->roll, error) != 0)
        return NULL;
    int status = engrave_arrange(engrave, &heads);
    FILE *out = status == 0 ? open_memstream(&text, &length) : NULL;
    if (!out)
        status = error_set(error, "out of memory");
    else
        status = put_all(&writer, out, &heads, &music, &maps);
    if (out && fclose(out) != 0 && status == 0)
        status = error_set(error, "out of memory");
    free(heads.head);
    free(music);
    free(maps);
    if (status == 0)
        return text;
    free(text);
    return NULL;
}
