/* Turns: after a beat that occurs elsewhere too, the policy says where the music goes on. */
#include "follow/turns.h"

#include <stdlib.h>

enum { MOST_VISITED = 64 }; /* equal beats looked at */

/* The beats of one model in which each state occurs, as ranges of one array. */
struct occurrences {
    uint32_t *first; /* [states + 1] */
    uint32_t *beat;  /* places in process->visited */
};

static int find_occurrences(const struct process *process, struct occurrences *found)
{
    uint32_t beats = process->start[process->trajectories];
    found->first = calloc((size_t)process->states + 2, sizeof *found->first);
    found->beat = malloc(((size_t)beats + 1) * sizeof *found->beat);
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

/* The first onset of every beat of a model, or the next one where the beat has none;
 * UINT32_MAX past a piece's last. Notes are in the same order by slot and by score time. */
static void place_beats(const struct pieces *pieces, uint32_t piece, const struct model *model,
                        uint32_t *place)
{
    const struct process *process = model_process(model);
    for (uint32_t s = 0; s < process->trajectories; s++, piece++) {
        const struct song *song = model_song(model, s);
        const struct score *score = model_score(model, s);
        uint32_t at = pieces->piece[piece].first;
        for (uint32_t b = process->start[s]; b < process->start[s + 1]; b++) {
            uint32_t slot = (b - process->start[s]) * SONG_SLOTS_A_BEAT;
            uint32_t notes = slot < song->slots ? song->first[slot] : song->notes;
            uint32_t end = pieces->piece[piece].first + pieces->piece[piece].onsets;
            while (at < end && score->first[pieces->onset[at]] < notes)
                at++;
            place[b] = at < end ? at : UINT32_MAX;
        }
    }
}

/* Where else the music went on after a beat like this one, by the policy's preference. */
static uint32_t find_turns(const struct model *model, const struct occurrences *found,
                           const uint32_t *place, uint32_t beat,
                           struct pieces_turn turns[PIECES_TURNS])
{
    const struct process *process = model_process(model);
    uint32_t beats = process->start[process->trajectories];
    uint32_t state = process->visited[beat], n = 0;
    uint32_t first = found->first[state], visits = found->first[state + 1] - first;
    for (uint32_t i = 0; i < visits && i < MOST_VISITED && n < PIECES_TURNS; i++) {
        uint32_t other = found->beat[first + i];
        if (other == beat || other + 1 >= beats || place[other + 1] == UINT32_MAX ||
            place[other + 1] <= place[other])
            continue;
        uint32_t arc = process_find_arc(process, state, process->visited[other + 1]);
        if (arc != UINT32_MAX)
            turns[n++] = (struct pieces_turn){.position = place[other + 1],
                                              .probability = model_arc_probability(model)[arc] /
                                                             (float)visits};
    }
    return n;
}

/* Room for some more turns. */
static int grow(struct pieces *pieces, uint32_t count, uint32_t *room)
{
    if (count + PIECES_TURNS <= *room)
        return 0;
    uint32_t wanted = *room * 2 + 1024;
    void *more = realloc(pieces->turn, wanted * sizeof *pieces->turn);
    if (!more)
        return -1;
    pieces->turn = more;
    *room = wanted;
    return 0;
}

/* The turns of one model. They stand at the last onset of the beat that they leave. */
static int lay_model(struct pieces *pieces, uint32_t piece, const struct model *model,
                     uint32_t *total, uint32_t *room)
{
    const struct process *process = model_process(model);
    uint32_t beats = process->start[process->trajectories];
    struct occurrences found = {0};
    uint32_t *place = calloc((size_t)beats + 1, sizeof *place);
    int status = place ? find_occurrences(process, &found) : -1;
    if (status == 0)
        place_beats(pieces, piece, model, place);
    for (uint32_t b = 0; status == 0 && b + 1 < beats; b++) {
        if (place[b + 1] == UINT32_MAX || place[b + 1] <= place[b])
            continue;
        uint32_t last = place[b + 1] - 1;
        if (pieces->turn_first[last + 1])
            continue;
        status = grow(pieces, *total, room);
        if (status == 0) {
            uint32_t n = find_turns(model, &found, place, b, pieces->turn + *total);
            pieces->turn_first[last + 1] = n;
            *total += n;
        }
    }
    free(found.first);
    free(found.beat);
    free(place);
    return status;
}

int turns_lay(struct pieces *pieces, const struct model *const *models, size_t count)
{
    uint32_t total = 0, room = 0, piece = 0;
    int status = 0;
    for (size_t m = 0; status == 0 && m < count; m++) {
        if (model_process(models[m]))
            status = lay_model(pieces, piece, models[m], &total, &room);
        piece += (uint32_t)model_songs(models[m]);
    }
    for (uint32_t i = 0; i < pieces->onsets; i++)
        pieces->turn_first[i + 1] += pieces->turn_first[i];
    return status;
}
