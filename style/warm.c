/* Groups of playbacks, and what their notes teach. */
#include "style/warm.h"

#include "correct/beam.h"
#include "style/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT = 100, RISING = 200 }; /* steps */

/* Right answers, and how likely they were. */
struct tally {
    double loss;
    uint64_t seen, right;
};

/* Playbacks that one thread serves at a time, and their notes before the policy. */
struct group {
    struct style_playback playback[WARM_LANES];
    struct style_struck struck[WARM_LANES];
    struct beam *beam[WARM_LANES];
    const struct policy *policy;
    struct style_view view;
    uint32_t first_feature[WARM_LANES + 1], first_logit[WARM_LANES + 1], first_action[WARM_LANES];
    uint32_t id[WARM_LANES];
    uint32_t *feature;
    float *strength;
    float logit[WARM_LANES * STYLE_SHIFTS], log_probability[WARM_LANES * STYLE_SHIFTS];
    float probability[WARM_LANES * STYLE_SHIFTS], value[WARM_LANES];
    float *scratch;
    struct tally own, beams;
};

static int group_open(struct group *group, const struct style_networks *networks,
                      const struct style_corpus *corpus, uint64_t seed, uint32_t number,
                      struct error *error)
{
    const struct policy *policy = group->policy = networks->policy;
    group->feature = malloc((size_t)WARM_LANES * STYLE_MOST * sizeof *group->feature);
    group->strength = malloc((size_t)WARM_LANES * STYLE_MOST * sizeof *group->strength);
    group->scratch = malloc(policy_scratch(policy, WARM_LANES) * sizeof *group->scratch);
    if (!group->feature || !group->strength || !group->scratch)
        return error_set(error, "out of memory");
    for (uint32_t i = 0; i < WARM_LANES; i++) {
        group->id[i] = i;
        group->first_logit[i + 1] = (i + 1) * STYLE_SHIFTS;
        group->beam[i] = beam_open(networks->prior, &beam_live, error);
        if (!group->beam[i] || style_playback_open(&group->playback[i], corpus, seed,
                                                   (uint64_t)number * WARM_LANES + i, error) != 0)
            return -1;
    }
    return 0;
}

static void group_close(struct group *group)
{
    for (uint32_t i = 0; i < WARM_LANES; i++) {
        style_playback_close(&group->playback[i]);
        beam_close(group->beam[i]);
    }
    free(group->feature);
    free(group->strength);
    free(group->scratch);
}

static int likeliest(const float *value)
{
    int best = STYLE_RANGE;
    for (int k = 0; k < STYLE_SHIFTS; k++)
        best = value[k] > value[best] ? k : best;
    return best;
}

static void tally_add(struct tally *tally, const float *log_probability, int target)
{
    if (target < 0)
        return;
    tally->loss -= (double)log_probability[target];
    tally->right += likeliest(log_probability) == target;
    tally->seen++;
}

/* The next note of playback i: what its beam makes of it, and what the policy sees. */
static int stand(struct group *group, uint32_t i, struct error *error)
{
    struct style_struck *struck = &group->struck[i];
    struct style_view *view = &group->view;
    float meant[STYLE_SHIFTS];
    if (style_playback_next(&group->playback[i], struck, error) != 0)
        return -1;
    if (struck->first)
        beam_start(group->beam[i]);
    beam_guess(group->beam[i], struck->found);
    beam_judge(group->beam[i], struck->position, struck->x, struck->held, meant);
    tally_add(&group->beams, meant, struck->target);
    beam_see(group->beam[i], struck->x, struck->held, meant, view);
    uint32_t at = group->first_feature[i];
    memcpy(group->feature + at, view->feature, view->count * sizeof *view->feature);
    memcpy(group->strength + at, view->strength, view->count * sizeof *view->strength);
    group->first_feature[i + 1] = at + view->count;
    return 0;
}

/* Answers, and the gradient of their losses: p - [shift meant]. */
static void learn_notes(struct group *group, float *gradient)
{
    const float each = 1.f / (TRAINER_GROUPS * WARM_LANES * WARM_NOTES);
    float wanted[WARM_LANES * STYLE_SHIFTS] = {0}, value_gradient[WARM_LANES] = {0};
    const struct observations seen = {.count = WARM_LANES,
                                      .first_feature = group->first_feature,
                                      .feature = group->feature,
                                      .strength = group->strength,
                                      .first_logit = group->first_logit,
                                      .first_action = group->first_action};
    policy_forward(group->policy, &seen, group->id, WARM_LANES, group->scratch, group->logit,
                   group->value);
    policy_softmax(&seen, group->id, WARM_LANES, group->logit, group->log_probability,
                   group->probability);
    for (uint32_t i = 0; i < WARM_LANES; i++) {
        size_t at = (size_t)i * STYLE_SHIFTS;
        int target = group->struck[i].target;
        tally_add(&group->own, group->log_probability + at, target);
        if (target < 0)
            continue;
        for (size_t k = 0; k < STYLE_SHIFTS; k++)
            wanted[at + k] = group->probability[at + k] * each;
        wanted[at + (size_t)target] -= each;
    }
    policy_backward(group->policy, &seen, group->id, WARM_LANES, group->scratch, wanted,
                    value_gradient, gradient);
}

static int teach(void *context, uint32_t number, float *gradient, struct error *error)
{
    struct group *group = (struct group *)context + number;
    for (int n = 0; n < WARM_NOTES; n++) {
        for (uint32_t i = 0; i < WARM_LANES; i++)
            if (stand(group, i, error) != 0)
                return -1;
        learn_notes(group, gradient);
        for (uint32_t i = 0; i < WARM_LANES; i++) {
            const float *answer = group->log_probability + (size_t)i * STYLE_SHIFTS;
            beam_hear(group->beam[i], group->struck[i].x, answer);
            style_playback_send(&group->playback[i], likeliest(answer));
        }
    }
    return 0;
}

static void tally_move(struct tally *sum, struct tally *part)
{
    sum->loss += part->loss;
    sum->seen += part->seen;
    sum->right += part->right;
    *part = (struct tally){0};
}

static struct warm_report report(struct group *groups, uint64_t notes, double rate)
{
    struct tally own = {0}, beams = {0};
    for (uint32_t g = 0; g < TRAINER_GROUPS; g++) {
        tally_move(&own, &groups[g].own);
        tally_move(&beams, &groups[g].beams);
    }
    return (struct warm_report){.notes = notes,
                                .loss = own.loss / (double)own.seen,
                                .right = (double)own.right / (double)own.seen,
                                .beam_loss = beams.loss / (double)beams.seen,
                                .beam_right = (double)beams.right / (double)beams.seen,
                                .rate = rate};
}

/* Who is told how it goes. */
struct audience {
    struct group *groups;
    warm_watch *watch;
    void *context;
};

static int tell(void *context, uint64_t notes, double rate, struct error *error)
{
    struct audience *audience = context;
    struct warm_report about = report(audience->groups, notes, rate);
    if (!isfinite(about.loss))
        return error_set(error, "training diverged after %llu notes", (unsigned long long)notes);
    return audience->watch && !audience->watch(audience->context, &about);
}

int warm_start(const struct style_networks *networks, const struct style_corpus *corpus,
               const struct warm_settings *settings, warm_watch *watch, void *context,
               struct error *error)
{
    if (corpus->works == 0)
        return error_set(error, "no music to learn from");
    struct group *groups = calloc(TRAINER_GROUPS, sizeof *groups);
    if (!groups)
        return error_set(error, "out of memory");
    int status = 0;
    for (uint32_t g = 0; status == 0 && g < TRAINER_GROUPS; g++)
        status = group_open(&groups[g], networks, corpus, settings->seed, g, error);
    struct trainer *trainer = status == 0 ? trainer_open(networks->policy, settings->decay,
                                                         settings->threads, teach, groups, error)
                                          : NULL;
    struct audience audience = {groups, watch, context};
    const struct trainer_schedule course = {
        .notes = settings->notes,
        .step = TRAINER_GROUPS * WARM_LANES * WARM_NOTES,
        .rising = RISING,
        .reports = REPORT,
        .rate = settings->rate,
    };
    status = trainer ? trainer_learn(trainer, &course, tell, &audience, error) : -1;
    if (status == 0)
        status = policy_quantise(networks->policy, error);
    trainer_close(trainer);
    for (uint32_t g = 0; g < TRAINER_GROUPS; g++)
        group_close(&groups[g]);
    free(groups);
    return status;
}
