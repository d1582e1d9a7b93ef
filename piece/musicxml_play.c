/* What is played: bar after bar in the order of playing, ties joined. */
#include "piece/musicxml_private.h"

#include <stdlib.h>
#include <string.h>

enum { VOICES = 16, MOST_AT_ONCE = 512, NONE = UINT32_MAX };

struct play {
    struct written *written;
    struct musicxml *score;
    const struct unfolded *order;
    size_t note_room, tempo_room, meter_room, key_room;
    /* By part, pitch and voice: the note whose tie waits for its other end. */
    uint32_t *tied;   /* [parts * 128 * VOICES] */
    double *tempo_at; /* [bars of the score] in force where the bar begins; 0: none */
};

static int no_memory(const struct play *play)
{
    return error_set(play->written->error, "%s: out of memory", play->written->name);
}

static uint32_t *tie_slots(const struct play *play, const struct musicxml_note *note)
{
    return &play->tied[((size_t)note->part * 128 + note->pitch) * VOICES];
}

static bool ends_at(const struct play *play, uint32_t note, uint32_t tick)
{
    return note != NONE && play->score->note[note].tick + play->score->note[note].length == tick;
}

/* The note that this one goes on from; NONE: it is struck. */
static uint32_t find_tied(const struct play *play, const struct musicxml_note *note)
{
    const uint32_t *slots = tie_slots(play, note);
    if (ends_at(play, slots[note->voice % VOICES], note->tick))
        return note->voice % VOICES;
    for (uint32_t v = 0; v < VOICES; v++)
        if (ends_at(play, slots[v], note->tick))
            return v;
    /* A chord that the notes of an arpeggio, one after the other, are tied to. */
    for (uint32_t v = 0; v < VOICES; v++)
        if (slots[v] != NONE && play->score->note[slots[v]].bar + 1 >= note->bar &&
            play->score->note[slots[v]].tick < note->tick)
            return v;
    return NONE;
}

/* A key is struck once: the same pitch in two voices of a part is one note, the longer one.
 * Notes of a bar stand by tick, part, staff; those of this tick are the last ones. */
static struct musicxml_note *find_unison(const struct play *play, const struct musicxml_note *note)
{
    struct musicxml *score = play->score;
    size_t looked = 0;
    for (size_t n = score->notes;
         n-- > 0 && score->note[n].tick == note->tick && looked++ < MOST_AT_ONCE;) {
        struct musicxml_note *other = &score->note[n];
        if (other->part == note->part && other->pitch == note->pitch && !other->grace &&
            other->bar == note->bar)
            return other;
    }
    return NULL;
}

static int play_note(struct play *play, const struct written_note *written,
                     const struct musicxml_bar *bar, uint32_t bar_index)
{
    struct musicxml *score = play->score;
    struct musicxml_note note = written->note;
    if (written->passes && !(written->passes >> bar->pass & 1))
        return 0;
    note.tick += bar->tick;
    note.bar = bar_index;
    uint32_t *slots = tie_slots(play, &note);
    uint32_t from = written->tie_stop && !note.grace ? find_tied(play, &note) : NONE;
    struct musicxml_note *unison = from == NONE && !note.grace ? find_unison(play, &note) : NULL;
    uint32_t number;
    if (unison) {
        unison->length = note.length > unison->length ? note.length : unison->length;
        if (note.ornament != MUSICXML_PLAIN)
            unison->ornament = note.ornament;
        number = (uint32_t)(unison - score->note);
    } else if (from != NONE) {
        number = slots[from];
        slots[from] = NONE;
        score->note[number].length = note.tick + note.length - score->note[number].tick;
    } else {
        if (score->notes == MUSICXML_MAX_NOTES)
            return error_set(play->written->error, "%s: more than %d notes are played",
                             play->written->name, MUSICXML_MAX_NOTES);
        if (written_grow((void **)&score->note, score->notes, &play->note_room,
                         sizeof *score->note) != 0)
            return no_memory(play);
        number = (uint32_t)score->notes;
        score->note[score->notes++] = note;
    }
    if (written->tie_start && !note.grace)
        slots[note.voice % VOICES] = number;
    return 0;
}

static int add_tempo(struct play *play, uint32_t tick, double bpm)
{
    struct musicxml *score = play->score;
    if (score->tempos > 0 && score->tempo[score->tempos - 1].bpm == bpm)
        return 0;
    if (score->tempos > 0 && score->tempo[score->tempos - 1].tick >= tick) {
        score->tempo[score->tempos - 1].bpm = bpm;
        return 0;
    }
    if (written_grow((void **)&score->tempo, score->tempos, &play->tempo_room,
                     sizeof *score->tempo) != 0)
        return no_memory(play);
    score->tempo[score->tempos++] = (struct musicxml_tempo){tick, bpm};
    return 0;
}

/* The tempo that the score has there, also where a repeat leads back to it. */
static int play_tempos(struct play *play, const struct musicxml_bar *bar, size_t *first)
{
    const struct written *written = play->written;
    if (play->tempo_at[bar->written] > 0 &&
        add_tempo(play, bar->tick, play->tempo_at[bar->written]) != 0)
        return -1;
    for (size_t t = first[bar->written]; t < first[bar->written + 1]; t++) {
        const struct written_tempo *tempo = &written->tempo[t];
        uint32_t tick = tempo->tick < bar->length ? tempo->tick : bar->length;
        if (add_tempo(play, bar->tick + tick, tempo->bpm) != 0)
            return -1;
    }
    return 0;
}

static int play_meter_and_key(struct play *play, const struct musicxml_bar *bar)
{
    struct musicxml *score = play->score;
    const struct written_bar *written = &play->written->bar[bar->written];
    const struct musicxml_meter *meter = score->meters ? &score->meter[score->meters - 1] : NULL;
    const struct musicxml_key *key = score->keys ? &score->key[score->keys - 1] : NULL;
    if (!meter || meter->beats != written->beats || meter->unit != written->unit) {
        if (written_grow((void **)&score->meter, score->meters, &play->meter_room,
                         sizeof *score->meter) != 0)
            return no_memory(play);
        score->meter[score->meters++] =
            (struct musicxml_meter){bar->tick, written->beats, written->unit};
    }
    if (written->key_known &&
        (!key || key->sharps != written->sharps || key->minor != written->minor)) {
        if (written_grow((void **)&score->key, score->keys, &play->key_room, sizeof *score->key) !=
            0)
            return no_memory(play);
        score->key[score->keys++] =
            (struct musicxml_key){bar->tick, written->sharps, written->minor};
    }
    return 0;
}

static int play_bars(struct play *play, size_t *first_tempo)
{
    struct musicxml *score = play->score;
    uint64_t tick = 0;
    for (uint32_t b = 0; b < score->bars; b++) {
        const struct written_bar *written = &play->written->bar[play->order[b].bar];
        struct musicxml_bar *bar = &score->bar[b];
        *bar = (struct musicxml_bar){.tick = (uint32_t)tick,
                                     .length = written->length,
                                     .written = play->order[b].bar,
                                     .pass = play->order[b].pass};
        memcpy(bar->number, written->number, sizeof bar->number);
        tick += written->length;
        if (tick > INT32_MAX)
            return error_set(play->written->error, "%s: is longer than can be held",
                             play->written->name);
        if (play_tempos(play, bar, first_tempo) != 0 || play_meter_and_key(play, bar) != 0)
            return -1;
        for (uint32_t n = written->first_note; n < written[1].first_note; n++)
            if (play_note(play, &play->written->note[n], bar, b) != 0)
                return -1;
    }
    return 0;
}

static int by_bar_and_tick(const void *a, const void *b)
{
    const struct written_tempo *x = a, *y = b;
    if (x->bar != y->bar)
        return x->bar < y->bar ? -1 : 1;
    return (x->tick > y->tick) - (x->tick < y->tick);
}

/* The first tempo of each bar, and what is in force where it begins. */
static size_t *index_tempos(struct play *play)
{
    struct written *written = play->written;
    size_t *first = malloc(((size_t)written->bars + 1) * sizeof *first), t = 0;
    double bpm = 0;
    if (!first)
        return NULL;
    if (written->tempos)
        qsort(written->tempo, written->tempos, sizeof *written->tempo, by_bar_and_tick);
    for (uint32_t b = 0; b <= written->bars; b++) {
        play->tempo_at[b] = bpm;
        first[b] = t;
        for (; t < written->tempos && written->tempo[t].bar == b; t++)
            bpm = written->tempo[t].bpm;
    }
    return first;
}

int written_play(struct written *written, struct musicxml *score)
{
    struct play play = {.written = written, .score = score};
    struct unfolded *order = written_unfold(written, &score->bars);
    if (!order)
        return -1;
    play.order = order;
    size_t slots = (size_t)written->parts * 128 * VOICES;
    play.tied = malloc(slots * sizeof *play.tied);
    play.tempo_at = malloc(((size_t)written->bars + 1) * sizeof *play.tempo_at);
    score->bar = malloc(score->bars * sizeof *score->bar);
    size_t *first = play.tied && play.tempo_at && score->bar ? index_tempos(&play) : NULL;
    int result = -1;
    if (first) {
        memset(play.tied, 0xFF, slots * sizeof *play.tied);
        result = play_bars(&play, first);
    } else {
        no_memory(&play);
    }
    score->division = written->division;
    score->written_bars = written->bars;
    for (uint32_t b = 0; b < written->bars; b++)
        score->repeats +=
            written->bar[b].backward || written->bar[b].dacapo || written->bar[b].dalsegno[0];
    if (result == 0 && score->notes == 0)
        result = error_set(written->error, "%s: no note is in it", written->name);
    free(first);
    free(play.tied);
    free(play.tempo_at);
    free(order);
    return result;
}
