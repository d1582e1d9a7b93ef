/* The beam, and the policy upon it. */
#include "correct/expert.h"

#include "correct/beam.h"
#include "correct/caution.h"
#include "correct/exponential.h"
#include "rl/quantised.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float least_logarithm = -14; /* nothing is ruled out */

struct expert {
    struct style_networks networks;
    struct beam *beam;
    struct caution caution;
    struct style_view view;
    float answer[STYLE_SHIFTS]; /* the policy's, to the note being judged */
    int16_t *sum;               /* for the policy to work with */
};

struct expert *expert_create(const struct style_networks *networks, struct error *error)
{
    struct expert *expert = calloc(1, sizeof *expert);
    if (!expert) {
        error_set(error, "out of memory");
        return NULL;
    }
    expert->networks = *networks;
    expert->sum = networks->policy ? quantised_accumulators(networks->policy->quantised, 1) : NULL;
    expert->beam = beam_open(networks->prior, &beam_live, error);
    if ((networks->policy && !expert->sum) || !expert->beam) {
        expert_close(expert);
        error_set(error, "out of memory");
        return NULL;
    }
    beam_doubt(expert->beam);
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
    free(expert->sum);
    free(expert);
}

void expert_start(struct expert *expert)
{
    beam_start(expert->beam);
    caution_start(&expert->caution, false);
}

/* A belief about pitches that there are, in which the player is trusted more or less, and the key
 * favoured by so many nats. */
static void weigh(const struct beam *beam, const float log_probability[STYLE_SHIFTS], uint8_t x,
                  float trust, float favour, float meant[STYLE_SHIFTS])
{
    float landed[STYLE_SHIFTS] = {0}, sum = 0;
    if (trust < 1 || trust > 1)
        beam_landed(beam, x, landed);
    for (int k = 0; k < STYLE_SHIFTS; k++) {
        int pitch = x + k - STYLE_RANGE;
        bool exists = pitch >= 0 && pitch <= 127;
        meant[k] = exists ? log_probability[k] + (trust - 1) * landed[k] : -INFINITY;
    }
    meant[STYLE_RANGE] += favour;
    exponentials(meant, STYLE_SHIFTS, meant);
    for (int k = 0; k < STYLE_SHIFTS; k++)
        sum += meant[k];
    if (!(sum > 0) || !isfinite(sum)) {
        memset(meant, 0, STYLE_SHIFTS * sizeof *meant);
        meant[STYLE_RANGE] = sum = 1;
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        meant[k] /= sum;
}

void expert_judge(struct expert *expert, double slot, bool found, uint8_t x, note_set held,
                  float trust, float meant[STYLE_SHIFTS])
{
    float *answer = expert->answer, told[STYLE_SHIFTS];
    beam_guess(expert->beam, found);
    beam_judge(expert->beam, slot, x, held, answer);
    if (expert->networks.policy && !beam_is_sure(answer)) {
        beam_see(expert->beam, x, held, answer, &expert->view);
        style_answer(expert->networks.policy, &expert->view, expert->sum, answer);
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        told[k] = answer[k] > least_logarithm ? answer[k] : least_logarithm;
    weigh(expert->beam, told, x, trust, caution_favour(&expert->caution), meant);
}

float expert_evidence(const struct expert *expert)
{
    return beam_evidence(expert->beam);
}

void expert_hear(struct expert *expert, uint8_t x)
{
    caution_hear(&expert->caution, expert->answer);
    beam_hear(expert->beam, x, expert->networks.policy ? expert->answer : NULL);
}

static void read_logarithms(const float meant[STYLE_SHIFTS], float log_meant[STYLE_SHIFTS])
{
    for (int k = 0; k < STYLE_SHIFTS; k++)
        log_meant[k] = fmaxf(logf(meant[k]), least_logarithm);
}

int expert_take(const struct expert *expert, const struct correct_note *notes, size_t count,
                float trust, float (*meant)[STYLE_SHIFTS], const struct task *task,
                struct error *error)
{
    struct beam *beam = beam_open(expert->networks.prior, &beam_whole, error);
    struct caution caution;
    float log_meant[STYLE_SHIFTS];
    if (beam)
        beam_doubt(beam);
    int status =
        beam ? beam_take(beam, expert->networks.policy, notes, count, meant, task, error) : -1;
    caution_start(&caution, true);
    for (size_t i = 0; status == 0 && i < count; i++) {
        read_logarithms(meant[i], log_meant);
        caution_hear(&caution, log_meant);
    }
    for (size_t i = 0; status == 0 && i < count; i++) {
        read_logarithms(meant[i], log_meant);
        weigh(beam, log_meant, notes[i].pitch & 127, trust, caution_favour(&caution), meant[i]);
    }
    beam_close(beam);
    return status;
}
