/* Generation by the policy; see generate.h. */
#include "correct/generate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_BEATS = 64,   /* that the policy is asked for after a pause: bounds the work */
    MOST_OCTAVES = 10, /* from the lowest note number to the highest */
};

static const double most_slot = 1e15; /* farther from zero, sixteenths are not told apart */

struct song_beat {
    uint32_t song, beat;
};

struct generate *generate_open(const struct model *model, uint64_t seed, struct error *error)
{
    const struct process *process = model_process(model);
    struct generate *generate = calloc(1, sizeof *generate);
    struct song_beat *example = calloc(process->states, sizeof *example);
    if (!generate || !example) {
        free(generate);
        free(example);
        error_set(error, "out of memory");
        return NULL;
    }
    for (uint32_t k = process->trajectories; k-- > 0;)
        for (uint32_t b = process->start[k + 1]; b-- > process->start[k];)
            example[process->visited[b]] = (struct song_beat){k, b - process->start[k]};
    generate->model = model;
    generate->example = example;
    generate->seed = seed;
    generate_start(generate);
    return generate;
}

void generate_close(struct generate *generate)
{
    if (!generate)
        return;
    free(generate->example);
    free(generate);
}

void generate_start(struct generate *generate)
{
    rng_seed(&generate->rng, generate->seed, 0);
    generate->started = generate->has_last = false;
    generate->struck = 0;
    generate->state = model_process(generate->model)->visited[0];
}

static uint32_t draw_next(struct generate *generate)
{
    const struct process *process = model_process(generate->model);
    const float *probability = model_arc_probability(generate->model);
    uint32_t arc = process->first_arc[generate->state];
    uint32_t last = process->first_arc[generate->state + 1] - 1;
    float left = rng_float(&generate->rng);
    while (arc < last && left >= probability[arc])
        left -= probability[arc++];
    return process->arc_next[arc];
}

/* The notes of one slot of the beat being sent. */
static const uint8_t *slot_notes(const struct generate *generate, uint32_t slot, uint32_t *count)
{
    struct song_beat at = generate->example[generate->state];
    const struct song *song = model_song(generate->model, at.song);
    uint32_t s = at.beat * SONG_SLOTS_A_BEAT + slot;
    *count = song->first[s + 1] - song->first[s];
    return song->pitch + song->first[s];
}

/* The notes of the slot of the beat nearest to the one wanted, the earlier of two. */
static const uint8_t *nearest_notes(const struct generate *generate, int slot, uint32_t *count)
{
    for (int distance = 0; distance < SONG_SLOTS_A_BEAT; distance++)
        for (int side = -1; side <= 1; side += 2) {
            int s = slot + side * distance;
            if (s < 0 || s >= SONG_SLOTS_A_BEAT)
                continue;
            const uint8_t *notes = slot_notes(generate, (uint32_t)s, count);
            if (*count)
                return notes;
        }
    return NULL;
}

static void move_to_beat(struct generate *generate, int64_t beat)
{
    if (!generate->started) {
        generate->started = true;
        generate->beat = beat;
    }
    for (int n = 0; generate->beat < beat && n < MOST_BEATS; n++, generate->beat++)
        generate->state = draw_next(generate);
    generate->beat = beat;
    /* A rest where the player strikes: on to a beat that has notes. */
    uint32_t count;
    for (int n = 0; n < MOST_BEATS && !nearest_notes(generate, 0, &count); n++)
        generate->state = draw_next(generate);
}

static int fold(int pitch, int near)
{
    while (pitch - near > 6 && pitch >= 12)
        pitch -= 12;
    while (near - pitch > 6 && pitch + 12 <= 127)
        pitch += 12;
    return pitch;
}

static int keep_direction(const struct generate *generate, int pitch, uint8_t x)
{
    if (!generate->has_last)
        return pitch;
    if (x == generate->last_played)
        return generate->last_sent;
    if (x > generate->last_played)
        while (pitch <= generate->last_sent && pitch + 12 <= 127)
            pitch += 12;
    else
        while (pitch >= generate->last_sent && pitch >= 12)
            pitch -= 12;
    return pitch;
}

static bool clashes(int pitch, const uint16_t sounding[128])
{
    return (pitch > 0 && sounding[pitch - 1]) || (pitch < 127 && sounding[pitch + 1]);
}

/* The k-th pitch of a proposal; more than it has go on an octave higher, up to the highest. */
static int proposed(const uint8_t *notes, uint32_t count, uint32_t k)
{
    uint32_t octaves = k / count < MOST_OCTAVES ? k / count : MOST_OCTAVES;
    int pitch = notes[k % count] + 12 * (int)octaves;
    while (pitch > 127)
        pitch -= 12;
    return pitch;
}

uint8_t generate_decide(struct generate *generate, double slot, uint8_t x,
                        const struct generate_options *options, const uint16_t sounding[128])
{
    int64_t now = fabs(slot) < most_slot ? (int64_t)floor(slot + .5) : generate->slot;
    if (generate->started && now == generate->slot - 1)
        now = generate->slot; /* rolled, not another slot: a beat begun is not taken back */
    int64_t beat = now >= 0 ? now / SONG_SLOTS_A_BEAT : -((-now + 3) / SONG_SLOTS_A_BEAT);
    if (!generate->started || now != generate->slot) {
        if (generate->started) {
            generate->has_last = true;
            generate->last_played = generate->now_played;
            generate->last_sent = generate->now_sent;
        }
        generate->struck = 0;
        generate->slot = now;
    }
    if (!generate->started || beat != generate->beat)
        move_to_beat(generate, beat);
    uint32_t count;
    const uint8_t *notes = nearest_notes(generate, (int)(now - beat * SONG_SLOTS_A_BEAT), &count);
    if (!notes)
        return x;
    int pitch = 0;
    for (uint32_t k = 0; k <= count; k++) {
        pitch = proposed(notes, count, generate->struck + k);
        if (options->fold_octave)
            pitch = fold(pitch, x);
        if (options->keep_direction)
            pitch = keep_direction(generate, pitch, x);
        if (!options->avoid_semitone || !clashes(pitch, sounding))
            break;
    }
    generate->struck++;
    generate->now_played = x;
    generate->now_sent = (uint8_t)pitch;
    return (uint8_t)pitch;
}
