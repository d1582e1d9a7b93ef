/* The beam and the policy side by side. */
#include "correct/expert.h"

#include "correct/beam.h"
#include "correct/slip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the opinions' weight the beam has this part where chords are played, and none in single
 * lines, of which the prior has learned less than the policy. */
static const float beam_part = .6f;
static const float single_line = 1.05f, chords = 1.2f; /* notes a slot */
static const float least_logarithm = -14;              /* neither of them rules anything out */

/* Nats against the keys played in whole takes: there, too, fewer mistakes are found than
 * were made, and the channel is fitted to those found. */
static const float not_found = .5f;

struct expert {
    struct style_networks networks;
    struct beam *beam;
    struct style style; /* the policy's own memory, as it was trained with */
    struct style_view view;
    float seen[STYLE_SHIFTS];  /* the policy's answer to the note being judged */
    float notes, slots;        /* struck so far */
    float usual[STYLE_SHIFTS]; /* log P(x | y) of a player of whom nothing is known */
    float *scratch;
};

/* The distribution over keys that the slip model starts with, class by class. */
static void set_usual(struct expert *expert)
{
    static const float usual[SLIP_CLASSES] = {.85f, .026f, .024f, .002f, .005f, .0001f};
    for (unsigned k = 0; k < STYLE_SHIFTS; k++)
        expert->usual[k] = logf(usual[slip_class_of(STYLE_RANGE, k)]);
}

struct expert *expert_create(const struct style_networks *networks, struct error *error)
{
    struct expert *expert = calloc(1, sizeof *expert);
    if (!expert) {
        error_set(error, "out of memory");
        return NULL;
    }
    expert->networks = *networks;
    size_t now = policy_scratch(networks->now, 1), later = policy_scratch(networks->later, 1);
    expert->scratch = malloc((now > later ? now : later) * sizeof *expert->scratch);
    expert->beam = beam_open(networks->prior, BEAM_LIVE, error);
    if (!expert->scratch || !expert->beam) {
        expert_close(expert);
        error_set(error, "out of memory");
        return NULL;
    }
    set_usual(expert);
    expert_start(expert);
    return expert;
}

int expert_open(struct expert **expert, const struct model *const *models, size_t count,
                struct error *error)
{
    *expert = NULL;
    for (size_t m = 0; m < count; m++) {
        struct style_networks networks;
        if (strcmp(model_origin(models[m])->algorithm, "style") != 0)
            continue;
        if (style_networks_of(&networks, models[m], error) != 0)
            return -1;
        *expert = expert_create(&networks, error);
        return *expert ? 0 : -1;
    }
    return 0;
}

void expert_close(struct expert *expert)
{
    if (!expert)
        return;
    beam_close(expert->beam);
    free(expert->scratch);
    free(expert);
}

void expert_start(struct expert *expert)
{
    beam_start(expert->beam);
    style_start(&expert->style);
    expert->notes = 8;
    expert->slots = 5;
}

/* A belief in which the player is trusted more or less; pitches that there are. */
static void weigh(const struct expert *expert, const float log_probability[STYLE_SHIFTS], uint8_t x,
                  float trust, float meant[STYLE_SHIFTS])
{
    float sum = 0;
    for (int k = 0; k < STYLE_SHIFTS; k++) {
        int pitch = x + k - STYLE_RANGE;
        bool exists = pitch >= 0 && pitch <= 127;
        meant[k] = exists ? expf(log_probability[k] + (trust - 1) * expert->usual[k]) : 0;
        sum += meant[k];
    }
    if (!(sum > 0) || !isfinite(sum)) {
        memset(meant, 0, STYLE_SHIFTS * sizeof *meant);
        meant[STYLE_RANGE] = sum = 1;
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        meant[k] /= sum;
}

/* The policy's opinion; its memory is judged again as far as that is due. */
static void see(struct expert *expert, double slot, uint8_t x, note_set held)
{
    struct style *style = &expert->style;
    float judged[STYLE_SHIFTS];
    style_advance(style, slot);
    while (style_due(style, &expert->view)) {
        style_ask(expert->networks.later, &expert->view, expert->scratch, judged);
        style_revise(style, judged);
    }
    style_see(style, x, held, &expert->view);
    style_ask(expert->networks.now, &expert->view, expert->scratch, expert->seen);
}

void expert_judge(struct expert *expert, double slot, uint8_t x, note_set held, float trust,
                  float meant[STYLE_SHIFTS])
{
    float both[STYLE_SHIFTS];
    float texture = (expert->notes / expert->slots - single_line) / (chords - single_line);
    float part = beam_part * fminf(fmaxf(texture, 0), 1);
    beam_judge(expert->beam, slot, x, held, both);
    see(expert, slot, x, held);
    for (int k = 0; k < STYLE_SHIFTS; k++)
        both[k] = part * fmaxf(both[k], least_logarithm) +
                  (1 - part) * fmaxf(expert->seen[k], least_logarithm);
    weigh(expert, both, x, trust, meant);
}

float expert_evidence(const struct expert *expert)
{
    return beam_evidence(expert->beam);
}

void expert_hear(struct expert *expert, uint8_t x)
{
    beam_hear(expert->beam, x);
    expert->notes++;
    expert->slots += expert->style.struck == 0;
    style_hear(&expert->style, x, expert->seen, true);
}

int expert_take(const struct expert *expert, const struct correct_note *notes, size_t count,
                float trust, float (*meant)[STYLE_SHIFTS], struct error *error)
{
    struct beam *beam = beam_open(expert->networks.prior, BEAM_TAKE, error);
    int status = beam ? beam_take(beam, notes, count, meant, error) : -1;
    for (size_t i = 0; status == 0 && i < count; i++) {
        float log_meant[STYLE_SHIFTS];
        for (int k = 0; k < STYLE_SHIFTS; k++)
            log_meant[k] = fmaxf(logf(meant[i][k]), least_logarithm);
        log_meant[STYLE_RANGE] -= not_found;
        weigh(expert, log_meant, notes[i].pitch & 127, trust, meant[i]);
    }
    beam_close(beam);
    return status;
}
