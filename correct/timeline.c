/* Building the timeline: copy the songs, index pairs of notes, lay out the policy's turns. */
#include "correct/timeline.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOT_NOTES = 8,   /* notes of a slot that enter the pair index */
    MAX_TURNS = 8,    /* after one beat */
    MAX_VISITED = 64, /* equal beats looked at for turns, so that long rests stay cheap */
    MAX_PAIRS = 1 << 26,
};

/* The number of places, or 0 where there are too many; counts pieces and notes. */
static uint32_t timeline_length(const struct model *const *models, size_t count, uint32_t *pieces,
                                size_t *notes)
{
    uint64_t length = TIMELINE_GAP;
    *pieces = 0;
    *notes = 0;
    for (size_t m = 0; m < count; m++)
        for (size_t s = 0; s < model_songs(models[m]); s++) {
            length += model_song(models[m], s)->slots + TIMELINE_GAP;
            *notes += model_song(models[m], s)->notes;
            ++*pieces;
        }
    return length < UINT32_MAX / 2 ? (uint32_t)length : 0;
}

/* Copies a song's notes; returns the number of notes laid so far. */
static uint32_t lay_song(struct timeline *timeline, const struct song *song, uint32_t start,
                         uint32_t notes)
{
    for (uint32_t s = 0; s < song->slots; s++) {
        timeline->first[start + s] = notes;
        for (uint32_t i = song->first[s]; i < song->first[s + 1]; i++) {
            timeline->set[start + s] |= note_set_bit(song->pitch[i]);
            timeline->pitch[notes++] = song->pitch[i];
        }
    }
    return notes;
}

static void lay_songs(struct timeline *timeline, const struct model *const *models, size_t count)
{
    uint32_t place = 0, notes = 0, k = 0;
    for (size_t m = 0; m < count; m++)
        for (size_t s = 0; s < model_songs(models[m]); s++, k++) {
            const struct song *song = model_song(models[m], s);
            for (uint32_t gap = 0; gap < TIMELINE_GAP; gap++)
                timeline->first[place++] = notes;
            struct timeline_piece *piece = &timeline->piece[k];
            *piece = (struct timeline_piece){
                .start = place, .slots = song->slots, .model = (uint32_t)m, .song = (uint32_t)s};
            notes = lay_song(timeline, song, place, notes);
            place += song->slots;
            piece->onset = piece->start;
            while (!timeline->set[piece->onset])
                piece->onset++;
        }
    while (place <= timeline->places)
        timeline->first[place++] = notes;
    for (uint32_t p = 0; p < timeline->places; p++) {
        timeline->onset[timeline->onsets_before[p]] = p;
        timeline->onsets_before[p + 1] = timeline->onsets_before[p] + (timeline->set[p] != 0);
    }
    timeline->notes = timeline->onsets_before[timeline->places];
}

static int list_slot(const struct timeline *timeline, uint32_t place, uint8_t notes[SLOT_NOTES])
{
    int n = 0;
    for (note_set set = timeline->set[place]; set && n < SLOT_NOTES; set &= set - 1)
        notes[n++] = (uint8_t)note_set_lowest(set);
    return n;
}

/* Counts, or also fills in, the pairs that end at one place. */
static void index_place(struct timeline *timeline, uint32_t place, uint32_t *next, bool fill)
{
    uint8_t late[SLOT_NOTES], early[SLOT_NOTES];
    int n = list_slot(timeline, place, late);
    for (unsigned distance = 0; n && distance <= TIMELINE_REACH; distance++) {
        int e = list_slot(timeline, place - distance, early);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < (distance ? e : n); j++) {
                if (!distance && i == j)
                    continue;
                uint32_t bucket = timeline_bucket(timeline, early[j], late[i], distance);
                if (fill)
                    timeline->pair_place[next[bucket]] = place;
                next[bucket]++;
            }
    }
}

/* 0: done; -1: out of memory; 1: more pairs than are kept. */
static int index_pairs(struct timeline *timeline)
{
    uint32_t buckets = 1024;
    while (buckets < timeline->notes * 8 && buckets < 1u << 20)
        buckets *= 2;
    timeline->pair_mask = buckets - 1;
    timeline->pair_first = calloc(buckets + 1, sizeof *timeline->pair_first);
    uint32_t *next = calloc(buckets, sizeof *next);
    int status = -1;
    if (!timeline->pair_first || !next)
        goto done;
    for (uint32_t p = TIMELINE_GAP; p < timeline->places; p++)
        index_place(timeline, p, next, false);
    uint32_t total = 0;
    for (uint32_t b = 0; b < buckets; b++) {
        timeline->pair_first[b] = total;
        total += next[b];
        next[b] = timeline->pair_first[b];
        if (total > MAX_PAIRS) {
            status = 1;
            goto done;
        }
    }
    timeline->pair_first[buckets] = total;
    timeline->pair_place = malloc((total + 1) * sizeof *timeline->pair_place);
    if (!timeline->pair_place)
        goto done;
    for (uint32_t p = TIMELINE_GAP; p < timeline->places; p++)
        index_place(timeline, p, next, true);
    status = 0;
done:
    free(next);
    return status;
}

/* The beats of one model in which each state occurs, as ranges of one array. */
struct occurrences {
    uint32_t *first; /* [states + 1] */
    uint32_t *beat;  /* places in process->visited */
};

static int occurrences_find(const struct process *process, struct occurrences *found)
{
    uint32_t beats = process->start[process->trajectories];
    found->first = calloc(process->states + 2, sizeof *found->first);
    found->beat = malloc((beats + 1) * sizeof *found->beat);
    if (!found->first || !found->beat)
        return -1;
    for (uint32_t b = 0; b < beats; b++)
        found->first[process->visited[b] + 2]++;
    for (uint32_t s = 2; s <= process->states; s++)
        found->first[s] += found->first[s - 1];
    for (uint32_t b = 0; b < beats; b++)
        found->beat[found->first[process->visited[b] + 1]++] = b;
    return 0;
}

/* Where else the music went on after a beat like this one, by the policy's preference.
 * beat_place[b] is where beat b lies on the timeline. */
static uint32_t find_turns(const struct model *model, const struct occurrences *found,
                           const uint32_t *beat_place, uint32_t beat,
                           struct timeline_turn turns[MAX_TURNS])
{
    const struct process *process = model_process(model);
    uint32_t beats = process->start[process->trajectories];
    uint32_t state = process->visited[beat], n = 0;
    uint32_t first = found->first[state], visits = found->first[state + 1] - first;
    for (uint32_t i = 0; i < visits && i < MAX_VISITED && n < MAX_TURNS; i++) {
        uint32_t other = found->beat[first + i];
        bool goes_on =
            other + 1 < beats && beat_place[other + 1] == beat_place[other] + SONG_SLOTS_A_BEAT;
        if (other == beat || !goes_on)
            continue;
        uint32_t arc = process_find_arc(process, state, process->visited[other + 1]);
        if (arc == UINT32_MAX)
            continue;
        turns[n++] = (struct timeline_turn){.place = beat_place[other + 1],
                                            .probability =
                                                model_arc_probability(model)[arc] / (float)visits};
    }
    return n;
}

/* Appends the turns of one model's beats, in order of place. */
static int lay_model_turns(struct timeline *timeline, const struct model *model,
                           uint32_t *beat_place, uint32_t *total, uint32_t *room)
{
    const struct process *process = model_process(model);
    struct occurrences found = {0};
    int status = occurrences_find(process, &found);
    for (uint32_t b = 0; status == 0 && b < process->start[process->trajectories]; b++) {
        if (*total + MAX_TURNS > *room) {
            *room = *room * 2 + 1024;
            void *more = realloc(timeline->turn, *room * sizeof *timeline->turn);
            if (!more) {
                status = -1;
                break;
            }
            timeline->turn = more;
        }
        uint32_t n = find_turns(model, &found, beat_place, b, timeline->turn + *total);
        timeline->turn_first[beat_place[b] / SONG_SLOTS_A_BEAT + 1] = n;
        *total += n;
    }
    free(found.first);
    free(found.beat);
    return status;
}

static int lay_turns(struct timeline *timeline, const struct model *const *models, size_t count)
{
    uint32_t total = 0, room = 0, k = 0;
    for (size_t m = 0; m < count; m++) {
        const struct process *process = model_process(models[m]);
        if (!process)
            continue; /* networks: no piece to lay */
        uint32_t *beat_place =
            calloc(process->start[process->trajectories] + 1, sizeof *beat_place);
        if (!beat_place)
            return -1;
        for (uint32_t s = 0; s < process->trajectories; s++, k++)
            for (uint32_t b = process->start[s]; b < process->start[s + 1]; b++)
                beat_place[b] =
                    timeline->piece[k].start + (b - process->start[s]) * SONG_SLOTS_A_BEAT;
        int status = lay_model_turns(timeline, models[m], beat_place, &total, &room);
        free(beat_place);
        if (status != 0)
            return -1;
    }
    for (uint32_t b = 0; b < timeline->places / SONG_SLOTS_A_BEAT; b++)
        timeline->turn_first[b + 1] += timeline->turn_first[b];
    return 0;
}

struct timeline *timeline_open(const struct model *const *models, size_t count, struct error *error)
{
    struct timeline *timeline = calloc(1, sizeof *timeline);
    if (!timeline)
        goto fail;
    size_t notes;
    timeline->places = timeline_length(models, count, &timeline->pieces, &notes);
    if (!timeline->places)
        goto too_long;
    size_t places = timeline->places;
    timeline->set = calloc(places, sizeof *timeline->set);
    timeline->first = calloc(places + 1, sizeof *timeline->first);
    timeline->pitch = malloc(notes + 1);
    timeline->onsets_before = calloc(places + 1, sizeof *timeline->onsets_before);
    timeline->onset = calloc(notes + 1, sizeof *timeline->onset);
    timeline->piece = calloc(timeline->pieces + 1, sizeof *timeline->piece);
    timeline->turn_first = calloc(places / SONG_SLOTS_A_BEAT + 2, sizeof *timeline->turn_first);
    if (!timeline->set || !timeline->first || !timeline->pitch || !timeline->onsets_before ||
        !timeline->onset || !timeline->piece || !timeline->turn_first)
        goto fail;
    lay_songs(timeline, models, count);
    int status = lay_turns(timeline, models, count) == 0 ? index_pairs(timeline) : -1;
    if (status > 0)
        goto too_long;
    if (status < 0)
        goto fail;
    return timeline;
too_long:
    error_set(error, "the repertoire of %u pieces with %zu notes is too large; take fewer pieces",
              timeline->pieces, notes);
    timeline_close(timeline);
    return NULL;
fail:
    timeline_close(timeline);
    error_set(error, "out of memory for the repertoire");
    return NULL;
}

void timeline_close(struct timeline *timeline)
{
    if (!timeline)
        return;
    free(timeline->set);
    free(timeline->first);
    free(timeline->pitch);
    free(timeline->onsets_before);
    free(timeline->onset);
    free(timeline->piece);
    free(timeline->turn_first);
    free(timeline->turn);
    free(timeline->pair_first);
    free(timeline->pair_place);
    free(timeline);
}

int timeline_find_piece(const struct timeline *timeline, uint32_t place)
{
    uint32_t low = 0, high = timeline->pieces;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const struct timeline_piece *piece = &timeline->piece[middle];
        if (place < piece->start)
            high = middle;
        else if (place >= piece->start + piece->slots)
            low = middle + 1;
        else
            return (int)middle;
    }
    return -1;
}
