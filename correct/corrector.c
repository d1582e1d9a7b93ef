/* The corrector: tells the follower and the key finder of every note whatever the
 * mode, so that a change of mode finds them ready, and lets the one of the mode
 * decide. Generation starts where it was left.
 *
 * A note is decided by what was known before it; what it tells itself of player
 * and place is taken in afterwards, when it has long been sent (corrector_settle).
 *
 * Owns the experts; borrows the models. */
#include "correct/corrector.h"
#include "correct/expert.h"
#include "correct/follow.h"
#include "correct/generate.h"
#include "correct/scale.h"
#include "correct/smooth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct corrector {
    struct correct_settings settings;
    struct timeline *timeline;
    struct follow *follow;
    struct generate *generate; /* NULL without a model */
    struct expert *expert;     /* of music that is not known; NULL without a style */
    struct scale scale;
    uint16_t sounding[128]; /* keys that hold each pitch */
    note_set held;          /* pitches that are held */
    struct decided {
        bool waiting; /* to be taken in */
        bool judged;  /* by the expert */
        bool found;   /* its slot, by a clock */
        double slot;
        uint8_t x, y;
        note_set held; /* before it */
    } last;
};

struct correct_settings correct_defaults(void)
{
    return (struct correct_settings){
        .mode = CORRECT_CORRECT, .follow = 1, .keep = 0, .avoid_semitone = true, .seed = 1};
}

static int settings_check(const struct correct_settings *settings, struct error *error)
{
    if (!(settings->follow >= 0 && settings->follow <= 100))
        return error_set(error, "follow is %g, expected 0 to 100", (double)settings->follow);
    if (!(settings->keep >= 0 && settings->keep <= 100))
        return error_set(error, "keep is %g, expected 0 to 100", (double)settings->keep);
    if (settings->mode < CORRECT_OFF || settings->mode > CORRECT_GENERATE)
        return error_set(error, "mode %d does not exist", (int)settings->mode);
    return 0;
}

static void release_all(struct corrector *corrector)
{
    memset(corrector->sounding, 0, sizeof corrector->sounding);
    corrector->held = 0;
}

static void corrector_start(struct corrector *corrector)
{
    follow_start(corrector->follow, corrector->timeline);
    scale_start(&corrector->scale);
    if (corrector->generate)
        generate_start(corrector->generate);
    if (corrector->expert)
        expert_start(corrector->expert);
    release_all(corrector);
    corrector->last.waiting = false;
}

/* NULL: none of them has pieces. */
static const struct model *first_of_pieces(const struct model *const *models, size_t count)
{
    for (size_t m = 0; m < count; m++)
        if (model_process(models[m]))
            return models[m];
    return NULL;
}

struct corrector *corrector_open(const struct model *const *models, size_t count,
                                 const struct correct_settings *settings, struct error *error)
{
    if (settings_check(settings, error) != 0)
        return NULL;
    struct corrector *corrector = calloc(1, sizeof *corrector);
    if (!corrector) {
        error_set(error, "out of memory");
        return NULL;
    }
    corrector->settings = *settings;
    corrector->timeline = timeline_open(models, count, error);
    corrector->follow = corrector->timeline ? malloc(sizeof *corrector->follow) : NULL;
    const struct model *proposer = first_of_pieces(models, count);
    if (proposer && corrector->follow)
        corrector->generate = generate_open(proposer, settings->seed, error);
    if (!corrector->follow || (proposer && !corrector->generate) ||
        expert_open(&corrector->expert, models, count, error) != 0) {
        corrector_close(corrector);
        return NULL;
    }
    corrector_start(corrector);
    return corrector;
}

void corrector_close(struct corrector *corrector)
{
    if (!corrector)
        return;
    generate_close(corrector->generate);
    expert_close(corrector->expert);
    free(corrector->follow);
    timeline_close(corrector->timeline);
    free(corrector);
}

int corrector_set(struct corrector *corrector, const struct correct_settings *settings,
                  struct error *error)
{
    if (settings_check(settings, error) != 0)
        return -1;
    corrector->settings = *settings;
    return 0;
}

static uint8_t decide_generate(struct corrector *corrector, double slot, uint8_t x)
{
    const struct correct_settings *settings = &corrector->settings;
    struct generate_options options = {.fold_octave = settings->fold_octave,
                                       .keep_direction = settings->keep_direction,
                                       .avoid_semitone = settings->avoid_semitone};
    return generate_decide(corrector->generate, slot, x, &options, corrector->sounding);
}

static void judge(struct corrector *corrector, float meant[STYLE_SHIFTS])
{
    struct decided *last = &corrector->last;
    last->judged = true;
    expert_judge(corrector->expert, last->slot, last->found, last->x, last->held,
                 corrector->settings.follow, meant);
}

static uint8_t decide_correct(struct corrector *corrector, uint8_t x)
{
    const struct correct_settings *settings = &corrector->settings;
    float score[128], meant[STYLE_SHIFTS];
    float played = follow_score(corrector->follow, x, settings->follow, score);
    bool ask = corrector->expert && follow_is_open(score, played, settings->keep, x);
    if (ask)
        judge(corrector, meant);
    follow_spread(played, ask ? meant : NULL, x, score);
    return follow_choose(score, settings->keep, x);
}

uint8_t corrector_note(struct corrector *corrector, const struct correct_note *note)
{
    corrector_settle(corrector);
    struct decided *last = &corrector->last;
    uint8_t x = note->pitch & 127, y = x;
    *last = (struct decided){
        .waiting = true, .slot = note->slot, .found = note->found, .x = x, .held = corrector->held};
    follow_advance(corrector->follow, note->slot);
    if (follow_is_first(corrector->follow))
        follow_enter(corrector->follow, x);
    switch (corrector->settings.mode) {
    case CORRECT_OFF:
        break;
    case CORRECT_SCALE:
        y = scale_decide(&corrector->scale, x);
        break;
    case CORRECT_CORRECT:
        y = decide_correct(corrector, x);
        break;
    case CORRECT_GENERATE:
        if (corrector->generate)
            y = decide_generate(corrector, note->slot, x);
        break;
    }
    last->y = y;
    if (corrector->sounding[y] < UINT16_MAX)
        corrector->sounding[y]++;
    corrector->held |= note_set_bit(y);
    return y;
}

void corrector_realign(struct corrector *corrector, double slots)
{
    corrector->follow->realigned += slots;
}

/* What other music would sound like is known better by the style than by habits: where
 * it expected the note more, being at no known place gains by as much. */
static void leave_to_style(struct corrector *corrector, uint8_t x)
{
    static const float within_reach = .6f; /* probability of the keys that evidence is about */
    static const float most = 10;
    struct follow *follow = corrector->follow;
    float ratio = within_reach * expert_evidence(corrector->expert) / habit_note(&follow->habit, x);
    if (ratio > 1)
        follow->away *= fminf(ratio, most);
}

void corrector_settle(struct corrector *corrector)
{
    struct decided *last = &corrector->last;
    struct follow *follow = corrector->follow;
    float meant[STYLE_SHIFTS];
    if (!last->waiting)
        return;
    last->waiting = false;
    if (!follow_is_first(follow))
        follow_enter(follow, last->x);
    if (corrector->expert) {
        if (!last->judged)
            judge(corrector, meant);
        leave_to_style(corrector, last->x);
    }
    follow_weigh(follow, last->x, NULL);
    follow_sent(follow, last->x, last->y);
    if (corrector->expert)
        expert_hear(corrector->expert, last->x);
    scale_sent(&corrector->scale, last->x, last->y);
}

void corrector_release(struct corrector *corrector, uint8_t pitch)
{
    uint16_t *keys = &corrector->sounding[pitch & 127];
    if (*keys > 0 && --*keys == 0)
        corrector->held &= ~note_set_bit(pitch & 127);
}

struct correct_place corrector_place(struct corrector *corrector)
{
    corrector_settle(corrector);
    return follow_place(corrector->follow);
}

struct correct_ahead corrector_ahead(struct corrector *corrector, uint8_t pitch)
{
    corrector_settle(corrector);
    return follow_ahead(corrector->follow, pitch & 127);
}

/* A take in mode `correct`. */
static int correct_take(struct corrector *corrector, const struct correct_note *notes, size_t count,
                        uint8_t *pitches, struct error *error)
{
    const struct correct_settings *settings = &corrector->settings;
    float(*meant)[STYLE_SHIFTS] = NULL;
    if (corrector->expert) {
        meant = malloc((count + 1) * sizeof *meant);
        if (!meant)
            return error_set(error, "out of memory for a take of %zu notes", count);
    }
    int status =
        meant ? expert_take(corrector->expert, notes, count, settings->follow, meant, error) : 0;
    if (status == 0)
        status =
            smooth_take(corrector->follow, corrector->timeline, settings->follow, settings->keep,
                        notes, count, (const float(*)[STYLE_SHIFTS])meant, pitches, error);
    free(meant);
    return status;
}

int corrector_take(struct corrector *corrector, const struct correct_note *notes, size_t count,
                   uint8_t *pitches, struct error *error)
{
    corrector_start(corrector);
    if (corrector->settings.mode == CORRECT_CORRECT)
        return correct_take(corrector, notes, count, pitches, error);
    /* The other modes have no use for what comes later. Releases are not told:
     * only notes of the same slot are taken to sound together. */
    for (size_t i = 0; i < count; i++) {
        if (i && floor(notes[i].slot + .5) > floor(notes[i - 1].slot + .5))
            release_all(corrector);
        pitches[i] = corrector_note(corrector, &notes[i]);
    }
    return 0;
}
