/* The two networks in turn. */
#include "correct/expert.h"

#include "correct/slip.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct expert {
    struct style_networks networks;
    struct style style;
    struct style_view view;
    float log_probability[STYLE_SHIFTS]; /* of the note being judged */
    float usual[STYLE_SHIFTS];           /* log P(x | y) of a player of whom nothing is known */
    float *scratch;
};

static int set_networks(struct expert *expert, const struct model *model, struct error *error)
{
    if (style_networks_of(&expert->networks, model, error) != 0)
        return -1;
    size_t now = policy_scratch(expert->networks.now, 1);
    size_t later = policy_scratch(expert->networks.later, 1);
    expert->scratch = malloc((now > later ? now : later) * sizeof *expert->scratch);
    return expert->scratch ? 0 : error_set(error, "out of memory");
}

/* The distribution over keys that the slip model starts with, class by class. */
static void set_usual(struct expert *expert)
{
    static const float usual[SLIP_CLASSES] = {.85f, .026f, .024f, .002f, .005f, .0001f};
    for (unsigned k = 0; k < STYLE_SHIFTS; k++)
        expert->usual[k] = logf(usual[slip_class_of(STYLE_RANGE, k)]);
}

int expert_open(struct expert **expert, const struct model *const *models, size_t count,
                struct error *error)
{
    *expert = NULL;
    for (size_t m = 0; m < count; m++) {
        if (strcmp(model_origin(models[m])->algorithm, "style") != 0)
            continue;
        struct expert *made = calloc(1, sizeof *made);
        if (!made)
            return error_set(error, "out of memory");
        if (set_networks(made, models[m], error) != 0) {
            expert_close(made);
            return -1;
        }
        set_usual(made);
        style_start(&made->style);
        *expert = made;
        return 0;
    }
    return 0;
}

void expert_close(struct expert *expert)
{
    if (!expert)
        return;
    free(expert->scratch);
    free(expert);
}

void expert_start(struct expert *expert)
{
    style_start(&expert->style);
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

void expert_judge(struct expert *expert, double slot, uint8_t x, note_set held, float trust,
                  float meant[STYLE_SHIFTS])
{
    struct style *style = &expert->style;
    style_advance(style, slot);
    while (style_due(style, &expert->view)) {
        style_ask(expert->networks.later, &expert->view, expert->scratch, expert->log_probability);
        style_revise(style, expert->log_probability);
    }
    style_see(style, x, held, &expert->view);
    style_ask(expert->networks.now, &expert->view, expert->scratch, expert->log_probability);
    weigh(expert, expert->log_probability, x, trust, meant);
}

void expert_hear(struct expert *expert, uint8_t x)
{
    style_hear(&expert->style, x, expert->log_probability, true);
}

/* Judges again what is due; the notes are those from number 0 on. */
static void revise_take(struct expert *expert, const struct correct_note *notes, float trust,
                        float (*meant)[STYLE_SHIFTS])
{
    struct style *style = &expert->style;
    while (style_due(style, &expert->view)) {
        uint32_t number = style->pending[style->pending_first % STYLE_PENDING].number;
        style_ask(expert->networks.later, &expert->view, expert->scratch, expert->log_probability);
        style_revise(style, expert->log_probability);
        weigh(expert, expert->log_probability, notes[number].pitch & 127, trust, meant[number]);
    }
}

void expert_take(struct expert *expert, const struct correct_note *notes, size_t count, float trust,
                 float (*meant)[STYLE_SHIFTS])
{
    struct style *style = &expert->style;
    style_start(style);
    for (size_t i = 0; i < count; i++) {
        uint8_t x = notes[i].pitch & 127;
        style_advance(style, notes[i].slot);
        revise_take(expert, notes, trust, meant);
        style_see(style, x, style_slot_notes(style), &expert->view);
        style_ask(expert->networks.now, &expert->view, expert->scratch, expert->log_probability);
        weigh(expert, expert->log_probability, x, trust, meant[i]);
        expert_hear(expert, x);
    }
}
