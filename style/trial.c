/* One song through the network. */
#include "style/trial.h"

#include "correct/scale.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

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

static uint8_t choose(uint8_t x, const float log_probability[STYLE_SHIFTS], float keep)
{
    int best = STYLE_RANGE;
    float value = log_probability[STYLE_RANGE] + keep;
    for (int k = 0; k < STYLE_SHIFTS; k++) {
        int pitch = x + k - STYLE_RANGE;
        if (k != STYLE_RANGE && pitch >= 0 && pitch <= 127 && log_probability[k] > value) {
            value = log_probability[k];
            best = k;
        }
    }
    return (uint8_t)(x + best - STYLE_RANGE);
}

static uint64_t now_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void play(const struct style_networks *networks, struct style *style, float *scratch,
                 const struct take_played *take, size_t count, float keep, uint8_t *sent,
                 uint64_t *nanoseconds)
{
    struct holding holding = {take, sent, 0};
    struct style_view view;
    float log_probability[STYLE_SHIFTS];
    style_start(style);
    for (size_t i = 0; i < count; i++) {
        uint8_t x = take[i].note.pitch;
        note_set held = held_at(&holding, i);
        uint64_t began = now_nanoseconds();
        style_advance(style, take[i].note.position);
        while (networks->later && style_due(style, &view)) {
            style_ask(networks->later, &view, scratch, log_probability);
            style_revise(style, log_probability);
        }
        style_see(style, x, held, &view);
        style_ask(networks->now, &view, scratch, log_probability);
        sent[i] = choose(x, log_probability, keep);
        style_hear(style, x, log_probability, networks->later);
        nanoseconds[i] = now_nanoseconds() - began;
    }
}

static void play_by_scale(const struct take_played *take, size_t count, uint8_t *sent)
{
    struct scale scale;
    scale_start(&scale);
    for (size_t i = 0; i < count; i++) {
        sent[i] = scale_decide(&scale, take[i].note.pitch);
        scale_sent(&scale, take[i].note.pitch, sent[i]);
    }
}

int style_trial(const struct style_networks *networks, const struct style_song *song,
                const struct inject_spec *spec, float keep, uint64_t seed, struct score *score,
                struct error *error)
{
    struct rng rng;
    size_t count = 0;
    rng_seed(&rng, seed, 0x7472);
    struct take_played *take = inject(song->note, song->count, spec, &rng, &count, error);
    if (!take)
        return -1;
    struct style *style = malloc(sizeof *style);
    size_t floats = networks ? policy_scratch(networks->now, 1) : 1;
    float *scratch = malloc(floats * sizeof *scratch);
    uint8_t *sent = malloc(count + 1);
    uint64_t *nanoseconds = calloc(count + 1, sizeof *nanoseconds);
    int status = -1;
    if (!style || !scratch || !sent || !nanoseconds) {
        error_set(error, "out of memory");
    } else {
        if (networks)
            play(networks, style, scratch, take, count, keep, sent, nanoseconds);
        else
            play_by_scale(take, count, sent);
        status =
            score_take(score, song->note, song->count, take, count, sent, NULL, nanoseconds, error);
    }
    free(take);
    free(style);
    free(scratch);
    free(sent);
    free(nanoseconds);
    return status;
}
