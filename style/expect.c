/* Groups of playbacks, and what their notes teach. */
#include "style/expect.h"

#include "correct/channel.h"
#include "correct/exponential.h"
#include "correct/prior.h"
#include "style/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REPORT = 200, RISING = 200 }; /* steps */
enum { NEAR = 3 };                   /* semitones */

/* q by distance: 0, 1, 2, and each farther one. */
static const float near[3] = {.3f, .12f, .1f};
static const float far = (1 - .3f - .24f - .2f) / 20;

static float q_of(int k)
{
    int distance = abs(k - STYLE_RANGE);
    return distance < 3 ? near[distance] : far;
}

static int draw_q(struct rng *rng)
{
    float left = rng_float(rng);
    int k = 0;
    for (; k < STYLE_SHIFTS - 1; k++) {
        left -= q_of(k);
        if (left < 0)
            break;
    }
    return k;
}

/* The last notes, latest first. */
struct line {
    uint8_t pitch[PRIOR_OWN];
};

/* A playback, what is remembered of it, and what is known of its player. */
struct listener {
    struct style_playback playback;
    struct style_struck struck; /* the note being judged */
    struct style memory;
    struct channel channel;
    struct line meant, believed;
    bool answered; /* with answer, before it was looked for */
    float answer[STYLE_SHIFTS];
    bool
        alone; /* in this song memory is made of what was believed, as if the past were not known */
};

/* A view of each playback of a group, and the network's answers. */
struct views {
    uint32_t first_feature[EXPECT_LANES + 1], first_logit[EXPECT_LANES + 1];
    uint32_t first_action[EXPECT_LANES], id[EXPECT_LANES];
    uint32_t *feature;
    float *strength;
    float logit[EXPECT_LANES * STYLE_SHIFTS], log_probability[EXPECT_LANES * STYLE_SHIFTS];
    float probability[EXPECT_LANES * STYLE_SHIFTS], value[EXPECT_LANES];
};

struct group {
    struct listener listener[EXPECT_LANES];
    struct views views;
    const struct policy *network;
    struct prior_common common;
    struct prior_motifs motifs;
    float *scratch;
    double loss, right_loss;
    uint64_t seen, right, judged;
};

static int group_open(struct group *group, const struct policy *network,
                      const struct style_corpus *corpus, uint64_t seed, uint32_t number,
                      struct error *error)
{
    struct views *views = &group->views;
    group->network = network;
    views->feature = malloc((size_t)EXPECT_LANES * STYLE_MOST * sizeof *views->feature);
    views->strength = malloc((size_t)EXPECT_LANES * STYLE_MOST * sizeof *views->strength);
    group->scratch = malloc(policy_scratch(network, EXPECT_LANES) * sizeof *group->scratch);
    if (!views->feature || !views->strength || !group->scratch)
        return error_set(error, "out of memory");
    for (uint32_t i = 0; i < EXPECT_LANES; i++) {
        views->id[i] = i;
        views->first_logit[i + 1] = (i + 1) * STYLE_SHIFTS;
        if (style_playback_open(&group->listener[i].playback, corpus, seed,
                                (uint64_t)number * EXPECT_LANES + i, error) != 0)
            return -1;
    }
    return 0;
}

static void group_close(struct group *group)
{
    for (uint32_t i = 0; i < EXPECT_LANES; i++)
        style_playback_close(&group->listener[i].playback);
    free(group->views.feature);
    free(group->views.strength);
    free(group->scratch);
}

/* What playback i sees around a centre, the last notes being those of a line. */
static void look(struct group *group, uint32_t i, uint8_t centre, const struct line *line)
{
    struct listener *listener = &group->listener[i];
    const struct style *memory = &listener->memory;
    struct views *views = &group->views;
    struct style_view *view = &group->common.view;
    struct prior_span span = prior_span(memory);
    prior_see(memory, centre, listener->struck.held, NULL, &group->common);
    prior_see_own(&group->common, &span, line->pitch, PRIOR_ALL, 0, view);
    const struct motif_notes notes = motif_notes(&memory->motif);
    prior_see_motifs(memory, &notes, notes.count, centre, &span, line->pitch, &group->motifs, view);
    uint32_t at = views->first_feature[i];
    memcpy(views->feature + at, view->feature, view->count * sizeof *view->feature);
    memcpy(views->strength + at, view->strength, view->count * sizeof *view->strength);
    views->first_feature[i + 1] = at + view->count;
}

static struct observations observations_of(const struct views *views)
{
    return (struct observations){.count = EXPECT_LANES,
                                 .first_feature = views->first_feature,
                                 .feature = views->feature,
                                 .strength = views->strength,
                                 .first_logit = views->first_logit,
                                 .first_action = views->first_action};
}

static void answer(struct group *group, const uint32_t *id, uint32_t count)
{
    struct views *views = &group->views;
    struct observations seen = observations_of(views);
    policy_forward(group->network, &seen, id, count, group->scratch, views->logit, views->value);
}

static void normalise(struct views *views)
{
    struct observations seen = observations_of(views);
    policy_softmax(&seen, views->id, EXPECT_LANES, views->logit, views->log_probability,
                   views->probability);
}

/* What was answered around a drawn centre serves for the key too, where that is near and the
 * last notes are the same: pitches out of sight count as the least likely one in sight. */
static void keep_answer(struct group *group, uint32_t i, int shift)
{
    struct listener *listener = &group->listener[i];
    const float *logit = group->views.logit + (size_t)i * STYLE_SHIFTS;
    int by = shift - listener->struck.target;
    bool same = !listener->alone ||
                memcmp(&listener->believed, &listener->meant, sizeof listener->meant) == 0;
    listener->answered = shift >= 0 && abs(by) <= NEAR && same;
    if (!listener->answered)
        return;
    float least = logit[0];
    for (int k = 1; k < STYLE_SHIFTS; k++)
        least = fminf(least, logit[k]);
    for (int k = 0; k < STYLE_SHIFTS; k++)
        listener->answer[k] = k + by >= 0 && k + by < STYLE_SHIFTS ? logit[k + by] : least;
}

/* The share of notes, expected with probability p, that are learned from: those that are known
 * already teach little. The others count for those that are left out. */
static float worth_of(float p)
{
    return fminf(1, fmaxf(.1f, 2 * (1 - p)));
}

/* Around drawn centres: the gradient. */
static void learn_notes(struct group *group, float *gradient)
{
    const float each = 1.f / (TRAINER_GROUPS * EXPECT_LANES * EXPECT_NOTES);
    struct views *views = &group->views;
    float wanted[EXPECT_LANES * STYLE_SHIFTS] = {0}, value_gradient[EXPECT_LANES] = {0};
    int shift[EXPECT_LANES];
    for (uint32_t i = 0; i < EXPECT_LANES; i++) {
        struct listener *listener = &group->listener[i];
        const struct style_struck *struck = &listener->struck;
        shift[i] = draw_q(&listener->playback.rng);
        int centre = struck->x + struck->target - shift[i];
        if (struck->target < 0 || centre < 0 || centre > 127)
            shift[i] = -1;
        look(group, i, shift[i] < 0 ? struck->x : (uint8_t)centre, &listener->meant);
    }
    answer(group, views->id, EXPECT_LANES);
    for (uint32_t i = 0; i < EXPECT_LANES; i++)
        keep_answer(group, i, shift[i]);
    for (uint32_t j = 0; j < EXPECT_LANES * STYLE_SHIFTS; j++)
        views->logit[j] += logf(q_of((int)(j % STYLE_SHIFTS)));
    normalise(views);
    for (uint32_t i = 0; i < EXPECT_LANES; i++) {
        size_t at = (size_t)i * STYLE_SHIFTS;
        if (shift[i] < 0)
            continue;
        float p = views->probability[at + (size_t)shift[i]], worth = worth_of(p);
        if (rng_float(&group->listener[i].playback.rng) < worth) {
            for (int k = 0; k < STYLE_SHIFTS; k++)
                wanted[at + (size_t)k] = views->probability[at + (size_t)k] * each / worth;
            wanted[at + (size_t)shift[i]] -= each / worth;
        }
        group->loss -= (double)views->log_probability[at + (size_t)shift[i]];
        group->seen++;
    }
    struct observations seen = observations_of(views);
    policy_backward(group->network, &seen, views->id, EXPECT_LANES, group->scratch, wanted,
                    value_gradient, gradient);
}

static void line_add(struct line *line, int pitch)
{
    memmove(line->pitch + 1, line->pitch, PRIOR_OWN - 1);
    line->pitch[0] = (uint8_t)(pitch < 0 ? 0 : pitch > 127 ? 127 : pitch);
}

/* What prior and channel make of the note of a playback; remembered. */
static void conclude(struct group *group, uint32_t i)
{
    struct listener *listener = &group->listener[i];
    const float *prior = group->views.log_probability + (size_t)i * STYLE_SHIFTS;
    int target = listener->struck.target, x = listener->struck.x;
    float told[STYLE_SHIFTS], expected[STYLE_SHIFTS], sum = 0;
    int best = 0;
    channel_judge(&listener->channel, listener->struck.x, told);
    for (int k = 0; k < STYLE_SHIFTS; k++) {
        told[k] = fmaxf(told[k] + prior[k], -60);
        best = told[k] > told[best] ? k : best;
    }
    for (int k = 0; k < STYLE_SHIFTS; k++)
        sum += expf(told[k] - told[best]);
    float all = told[best] + logf(sum);
    for (int k = 0; k < STYLE_SHIFTS; k++)
        told[k] -= all;
    exponentials(prior, STYLE_SHIFTS, expected);
    channel_hear(&listener->channel, listener->struck.x, expected);
    if (target >= 0) {
        group->right_loss -= (double)told[target];
        group->right += best == target;
        group->judged++;
    }
    style_hear(&listener->memory, listener->struck.x, told, false);
    style_playback_send(&listener->playback, best);
    line_add(&listener->meant, target >= 0 ? x + target - STYLE_RANGE : x);
    line_add(&listener->believed, x + best - STYLE_RANGE);
}

static int take_note(struct listener *listener, struct error *error)
{
    if (style_playback_next(&listener->playback, &listener->struck, error) != 0)
        return -1;
    if (listener->struck.first) {
        style_start(&listener->memory);
        listener->memory.found = listener->struck.found;
        channel_start(&listener->channel, false);
        listener->alone = rng_below(&listener->playback.rng, 2);
    }
    style_advance(&listener->memory, listener->struck.position);
    return 0;
}

/* Around the keys: what is expected as each playback knows its past. */
static void judge_notes(struct group *group)
{
    struct views *views = &group->views;
    uint32_t id[EXPECT_LANES], count = 0;
    for (uint32_t i = 0; i < EXPECT_LANES; i++) {
        const struct listener *listener = &group->listener[i];
        views->first_feature[i + 1] = views->first_feature[i];
        if (listener->answered)
            continue;
        look(group, i, listener->struck.x,
             listener->alone ? &listener->believed : &listener->meant);
        id[count++] = i;
    }
    if (count > 0)
        answer(group, id, count);
    for (uint32_t i = 0; i < EXPECT_LANES; i++)
        if (group->listener[i].answered)
            memcpy(views->logit + (size_t)i * STYLE_SHIFTS, group->listener[i].answer,
                   sizeof group->listener[i].answer);
    normalise(views);
}

static int teach(void *context, uint32_t number, float *gradient, struct error *error)
{
    struct group *group = (struct group *)context + number;
    for (int n = 0; n < EXPECT_NOTES; n++) {
        for (uint32_t i = 0; i < EXPECT_LANES; i++)
            if (take_note(&group->listener[i], error) != 0)
                return -1;
        learn_notes(group, gradient);
        judge_notes(group);
        for (uint32_t i = 0; i < EXPECT_LANES; i++)
            conclude(group, i);
    }
    return 0;
}

static struct expect_report report(struct group *groups, uint64_t notes)
{
    struct expect_report about = {.notes = notes};
    uint64_t seen = 0, right = 0, judged = 0;
    for (uint32_t g = 0; g < TRAINER_GROUPS; g++) {
        struct group *group = &groups[g];
        about.loss += group->loss;
        about.right_loss += group->right_loss;
        seen += group->seen;
        right += group->right;
        judged += group->judged;
        group->loss = group->right_loss = 0;
        group->seen = group->right = group->judged = 0;
    }
    about.loss /= (double)seen;
    about.right_loss /= (double)judged;
    about.right = (double)right / (double)judged;
    return about;
}

/* Who is told how it goes. */
struct audience {
    struct group *groups;
    expect_watch *watch;
    void *context;
};

static int tell(void *context, uint64_t notes, double rate, struct error *error)
{
    struct audience *audience = context;
    (void)rate;
    struct expect_report about = report(audience->groups, notes);
    if (!isfinite(about.loss))
        return error_set(error, "training diverged after %llu notes", (unsigned long long)notes);
    return audience->watch && !audience->watch(audience->context, &about);
}

int expect_learn(struct policy *network, const struct style_corpus *corpus,
                 const struct expect_settings *settings, expect_watch *watch, void *context,
                 struct error *error)
{
    if (corpus->works == 0)
        return error_set(error, "no music to learn from");
    struct group *groups = calloc(TRAINER_GROUPS, sizeof *groups);
    if (!groups)
        return error_set(error, "out of memory");
    int status = 0;
    for (uint32_t g = 0; status == 0 && g < TRAINER_GROUPS; g++)
        status = group_open(&groups[g], network, corpus, settings->seed, g, error);
    struct trainer *trainer = status == 0 ? trainer_open(network, settings->decay,
                                                         settings->threads, teach, groups, error)
                                          : NULL;
    struct audience audience = {groups, watch, context};
    const struct trainer_schedule course = {
        .notes = settings->notes,
        .step = TRAINER_GROUPS * EXPECT_LANES * EXPECT_NOTES,
        .rising = RISING,
        .reports = REPORT,
        .rate = settings->rate,
    };
    status = trainer ? trainer_learn(trainer, &course, tell, &audience, error) : -1;
    if (status == 0)
        status = policy_quantise(network, error);
    trainer_close(trainer);
    for (uint32_t g = 0; g < TRAINER_GROUPS; g++)
        group_close(&groups[g]);
    free(groups);
    return status;
}
