/* One song through the expert. */
#include "style/trial.h"

#include "base/monotonic.h"
#include "correct/expert.h"
#include "correct/scale.h"

#include <math.h>
#include <stdlib.h>

/* Releases in order of time would need a heap; songs are short and few are held. */
struct holding {
    const struct take_played *take;
    const uint8_t *sent;
    size_t first;
};

static note_set held_at(struct holding *holding, size_t now)
{
    double seconds = holding->take[now].note.seconds;
    note_set set = 0;
    if (now > holding->first + STYLE_HELD)
        holding->first = now - STYLE_HELD;
    for (size_t i = holding->first; i < now; i++) {
        const struct take_note *note = &holding->take[i].note;
        if (note->seconds + note->duration > seconds)
            set |= note_set_bit(holding->sent[i]);
    }
    return set;
}

static uint8_t choose(uint8_t x, const float meant[STYLE_SHIFTS], float keep)
{
    int best = STYLE_RANGE;
    float value = meant[STYLE_RANGE] * expf(keep);
    for (int k = 0; k < STYLE_SHIFTS; k++)
        if (k != STYLE_RANGE && meant[k] > value) {
            value = meant[k];
            best = k;
        }
    return (uint8_t)(x + best - STYLE_RANGE);
}

static void play(struct expert *expert, const struct take_played *take, size_t count, float keep,
                 uint8_t *sent, uint64_t *nanoseconds)
{
    struct holding holding = {take, sent, 0};
    float meant[STYLE_SHIFTS];
    for (size_t i = 0; i < count; i++) {
        uint8_t x = take[i].note.pitch;
        note_set held = held_at(&holding, i);
        uint64_t began = monotonic_nanoseconds();
        expert_judge(expert, take[i].note.position, false, x, held, 1, meant);
        sent[i] = choose(x, meant, keep);
        expert_hear(expert, x);
        nanoseconds[i] = monotonic_nanoseconds() - began;
    }
}

/* Knowing all of it; `notes` and `meant` are scratch memory, [count]. */
static int play_whole(const struct expert *expert, const struct take_played *take, size_t count,
                      float keep, struct correct_note *notes, float (*meant)[STYLE_SHIFTS],
                      uint8_t *sent, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        notes[i] = (struct correct_note){
            .slot = take[i].note.position, .pitch = take[i].note.pitch, .velocity = 1};
    if (expert_take(expert, notes, count, 1, meant, NULL, error) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        sent[i] = choose(take[i].note.pitch, meant[i], keep);
    return 0;
}

static void play_by_scale(const struct take_played *take, size_t count, uint8_t *sent)
{
    struct scale scale;
    scale_start(&scale);
    for (size_t i = 0; i < count; i++) {
        sent[i] = scale_decide(&scale, 0, take[i].note.pitch);
        scale_sent(&scale, take[i].note.pitch, sent[i]);
    }
}

int style_trial(const struct style_networks *networks, const struct style_song *song,
                const struct inject_spec *spec, float keep, bool whole, uint64_t seed,
                struct accuracy *score, struct error *error)
{
    struct rng rng;
    size_t count = 0;
    rng_seed(&rng, seed, 0x7472);
    struct take_played *take = inject(song->note, song->count, spec, &rng, &count, error);
    if (!take)
        return -1;
    struct expert *expert = networks ? expert_create(networks, error) : NULL;
    struct correct_note *notes = calloc(count + 1, sizeof *notes);
    float(*meant)[STYLE_SHIFTS] = malloc((count + 1) * sizeof *meant);
    uint8_t *sent = malloc(count + 1);
    uint64_t *nanoseconds = calloc(count + 1, sizeof *nanoseconds);
    int status = -1;
    if (!sent || !nanoseconds || !notes || !meant) {
        error_set(error, "out of memory");
    } else if (expert || !networks) {
        status = 0;
        if (networks && whole)
            status = play_whole(expert, take, count, keep, notes, meant, sent, error);
        else if (networks)
            play(expert, take, count, keep, sent, nanoseconds);
        else
            play_by_scale(take, count, sent);
    }
    if (status == 0)
        status = accuracy_take(score, song->note, song->count, take, count, sent, NULL, nanoseconds,
                               error);
    free(take);
    expert_close(expert);
    free(notes);
    free(meant);
    free(sent);
    free(nanoseconds);
    return status;
}
