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
#include "correct/fade.h"
#include "correct/scale.h"
#include "follow/follow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct corrector {
    struct correct_settings settings;
    struct pieces *pieces;
    struct follow *follow;
    struct fade *fade;
    struct expert *expert; /* of music that is not known; NULL without a style */
    struct scale scale;
    const struct task *task; /* who watches whole takes */
    uint16_t sounding[128];  /* keys that hold each pitch */
    note_set held;           /* pitches that are held */
    struct decided {
        bool waiting; /* to be taken in */
        bool judged;  /* by the expert */
        bool found;   /* its slot, by a clock */
        double slot;
        bool fades; /* with help that fades */
        unsigned help;
        float follow; /* trust in the player */
        uint8_t x, y;
        note_set held; /* before it */
    } last;
};

static void release_all(struct corrector *corrector)
{
    memset(corrector->sounding, 0, sizeof corrector->sounding);
    corrector->held = 0;
}

static void corrector_start(struct corrector *corrector)
{
    follow_start(corrector->follow);
    scale_start(&corrector->scale);
    if (corrector->expert)
        expert_start(corrector->expert);
    release_all(corrector);
    corrector->last.waiting = false;
}

struct corrector *corrector_open(const struct model *const *models, size_t count,
                                 const struct correct_settings *settings, struct error *error)
{
    if (correct_check(settings, error) != 0)
        return NULL;
    struct corrector *corrector = calloc(1, sizeof *corrector);
    if (!corrector) {
        error_set(error, "out of memory");
        return NULL;
    }
    corrector->settings = *settings;
    corrector->pieces = pieces_open(models, count, error);
    if (corrector->pieces)
        corrector->follow = follow_open(corrector->pieces, error);
    if (corrector->follow)
        corrector->fade = fade_open(corrector->pieces, error);
    if (!corrector->fade || expert_open(&corrector->expert, models, count, error) != 0) {
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
    expert_close(corrector->expert);
    fade_close(corrector->fade);
    follow_close(corrector->follow);
    pieces_close(corrector->pieces);
    free(corrector);
}

int corrector_set(struct corrector *corrector, const struct correct_settings *settings,
                  struct error *error)
{
    if (correct_check(settings, error) != 0)
        return -1;
    corrector->settings = *settings;
    return 0;
}

static void judge(struct corrector *corrector, float meant[STYLE_SHIFTS])
{
    struct decided *last = &corrector->last;
    last->judged = true;
    expert_judge(corrector->expert, last->slot, last->found, last->x, last->held, last->follow,
                 meant);
}

/* The pitch with the largest vote, the player's own among equals; it has `bonus` times its own. */
static uint8_t choose(const float vote[128], uint8_t x, float bonus)
{
    uint8_t best = x;
    float largest = vote[x] * bonus;
    for (unsigned y = 0; y < 128; y++)
        if (vote[y] > largest) {
            largest = vote[y];
            best = (uint8_t)y;
        }
    return best;
}

/* Whether it could matter how what is elsewhere is spread over pitches. */
static bool is_open(const float vote[128], float elsewhere, float bonus, uint8_t x)
{
    float largest = 0;
    for (unsigned y = 0; y < 128; y++)
        if (y != x && vote[y] > largest)
            largest = vote[y];
    return elsewhere + largest >= vote[x] * bonus && elsewhere * 2 > largest - vote[x] * bonus;
}

static uint8_t decide_correct(struct corrector *corrector, float vote[128],
                              const struct follow_rest *rest, uint8_t x)
{
    float meant[STYLE_SHIFTS], bonus = expf(corrector->settings.keep);
    vote[x] += rest->as_played;
    if (corrector->expert && is_open(vote, rest->elsewhere, bonus, x)) {
        judge(corrector, meant);
        for (int k = 0; k < STYLE_SHIFTS; k++)
            if (meant[k] > 0)
                vote[x + k - STYLE_RANGE] += rest->elsewhere * meant[k];
    } else
        vote[x] += rest->elsewhere;
    return choose(vote, x, bonus);
}

/* The notes of the piece alone: as the most aggressive correction has it, nothing that
 * was struck is left as it is. Where no piece is known there is nothing to sound but the key. */
static uint8_t decide_generate(const float vote[128], uint8_t x)
{
    uint8_t best = x;
    float largest = 0;
    for (unsigned y = 0; y < 128; y++)
        if (vote[y] > largest) {
            largest = vote[y];
            best = (uint8_t)y;
        }
    return best;
}

/* How much help a note gets. */
static void fade_in(struct corrector *corrector, double seconds)
{
    const struct correct_settings *settings = &corrector->settings;
    struct decided *last = &corrector->last;
    last->fades = settings->fade && settings->mode == CORRECT_CORRECT;
    last->help = FADE_ALL;
    last->follow = settings->follow;
    if (!last->fades) {
        fade_leave(corrector->fade);
        return;
    }
    last->help = fade_help(corrector->fade, seconds);
    last->follow = fminf(settings->follow * fade_trust(last->help), 100);
}

uint8_t corrector_note(struct corrector *corrector, const struct correct_note *note)
{
    corrector_settle(corrector);
    struct decided *last = &corrector->last;
    enum correct_mode mode = corrector->settings.mode;
    uint8_t x = note->pitch & 127, y = x;
    *last = (struct decided){
        .waiting = true, .slot = note->slot, .found = note->found, .x = x, .held = corrector->held};
    fade_in(corrector, note->seconds);
    float vote[128];
    struct follow_rest rest = follow_note(corrector->follow, note->seconds, x,
                                          mode == CORRECT_GENERATE ? 0 : last->follow, vote);
    if (mode == CORRECT_SCALE)
        y = scale_decide(&corrector->scale, corrector->settings.key, x);
    else if (mode == CORRECT_CORRECT && last->help != FADE_NONE)
        y = decide_correct(corrector, vote, &rest, x);
    else if (mode == CORRECT_GENERATE)
        y = decide_generate(vote, x);
    last->y = y;
    if (corrector->sounding[y] < UINT16_MAX)
        corrector->sounding[y]++;
    corrector->held |= note_set_bit(y);
    return y;
}

/* How much better than by the follower's own account the style explains the last key. */
static float style_evidence(const struct corrector *corrector)
{
    static const float within_reach = .6f; /* probability of the keys that evidence is about */
    static const float most = 10;
    float ratio =
        within_reach * expert_evidence(corrector->expert) / follow_elsewhere(corrector->follow);
    return fminf(fmaxf(ratio, 1), most);
}

void corrector_settle(struct corrector *corrector)
{
    struct decided *last = &corrector->last;
    float meant[STYLE_SHIFTS];
    if (!last->waiting)
        return;
    last->waiting = false;
    if (corrector->expert && !last->judged)
        judge(corrector, meant);
    follow_settle(corrector->follow, corrector->expert ? style_evidence(corrector) : 1);
    if (last->fades) {
        struct follow_place place = follow_place(corrector->follow);
        fade_note(corrector->fade, &place, last->x);
    }
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
    struct follow_place place = follow_place(corrector->follow);
    struct correct_place told = {.piece = place.piece,
                                 .seconds = place.onset_time,
                                 .tempo = place.tempo,
                                 .shift = place.shift,
                                 .confidence = place.confidence,
                                 .sure = place.sure};
    if (place.piece >= 0) {
        told.onset = corrector->pieces->onset[place.position];
        told.quarter = corrector->pieces->quarter[place.position];
    }
    return told;
}

void corrector_watch(struct corrector *corrector, const struct task *task)
{
    corrector->task = task;
}

/* A whole take being decided. */
struct taking {
    const struct correct_note *note;
    const float (*meant)[STYLE_SHIFTS]; /* by the style, of each note; NULL: as played */
    float bonus;
    bool generates;
    uint8_t *pitch;
};

static void decide_taken(void *context, size_t n, float vote[128], const struct follow_rest *rest)
{
    const struct taking *taking = context;
    uint8_t x = taking->note[n].pitch & 127;
    if (taking->generates) {
        taking->pitch[n] = decide_generate(vote, x);
        return;
    }
    vote[x] += rest->as_played + (taking->meant ? 0 : rest->elsewhere);
    for (int k = 0; taking->meant && k < STYLE_SHIFTS; k++)
        if (taking->meant[n][k] > 0)
            vote[x + k - STYLE_RANGE] += rest->elsewhere * taking->meant[n][k];
    taking->pitch[n] = choose(vote, x, taking->bonus);
}

int corrector_read(struct corrector *corrector, const struct correct_note *notes, size_t count,
                   uint8_t *pitches, struct follow_reading *reading, struct error *error)
{
    const struct correct_settings *settings = &corrector->settings;
    float trust = settings->mode == CORRECT_GENERATE ? 0 : settings->follow;
    float(*meant)[STYLE_SHIFTS] = NULL;
    struct follow_key *keys = malloc((count + 1) * sizeof *keys);
    if (corrector->expert && settings->mode == CORRECT_CORRECT)
        meant = malloc((count + 1) * sizeof *meant);
    struct task_part halves[] = {{corrector->task, 0, meant ? .5 : 0},
                                 {corrector->task, meant ? .5 : 0, 1}};
    const struct task style = {task_part_goes_on, &halves[0]};
    const struct task pieces = {task_part_goes_on, &halves[1]};
    int status = 0;
    if (!keys || (corrector->expert && settings->mode == CORRECT_CORRECT && !meant)) {
        error_set(error, "out of memory for a take of %zu notes", count);
        status = -1;
    }
    for (size_t i = 0; status == 0 && i < count; i++)
        keys[i] = (struct follow_key){.seconds = notes[i].seconds, .pitch = notes[i].pitch & 127};
    if (status == 0 && meant)
        status =
            expert_take(corrector->expert, notes, count, settings->follow, meant, &style, error);
    struct taking taking = {.note = notes,
                            .meant = (const float(*)[STYLE_SHIFTS])meant,
                            .bonus = expf(settings->keep),
                            .generates = settings->mode == CORRECT_GENERATE,
                            .pitch = pitches};
    corrector_start(corrector);
    if (status == 0)
        status = follow_take(corrector->follow, keys, count, trust, decide_taken, &taking, reading,
                             &pieces, error);
    free(keys);
    free(meant);
    return status;
}

static struct correct_place place_read(const struct pieces *pieces,
                                       const struct follow_reading *reading, double seconds)
{
    struct correct_place place = {.piece = reading->piece, .seconds = seconds};
    if (reading->piece >= 0) {
        place.onset = pieces->onset[reading->of];
        place.quarter = pieces->quarter[reading->of];
        place.shift = reading->shift;
        place.sure = place.confidence = reading->sure;
    }
    return place;
}

/* Read, and where each note was. */
static int take_placed(struct corrector *corrector, const struct correct_note *notes, size_t count,
                       uint8_t *pitches, struct correct_place *place, struct error *error)
{
    struct follow_reading *reading = malloc((count + 1) * sizeof *reading);
    if (!reading)
        return error_set(error, "out of memory for a take of %zu notes", count);
    int status = corrector_read(corrector, notes, count, pitches, reading, error);
    for (size_t i = 0; status == 0 && i < count; i++)
        place[i] = place_read(corrector->pieces, &reading[i], notes[i].seconds);
    free(reading);
    return status;
}

int corrector_take(struct corrector *corrector, const struct correct_note *notes, size_t count,
                   uint8_t *pitches, struct correct_place *place, struct error *error)
{
    enum correct_mode mode = corrector->settings.mode;
    if (mode == CORRECT_CORRECT || mode == CORRECT_GENERATE)
        return place ? take_placed(corrector, notes, count, pitches, place, error)
                     : corrector_read(corrector, notes, count, pitches, NULL, error);
    corrector_start(corrector);
    for (size_t i = 0; i < count; i++) {
        pitches[i] = corrector_note(corrector, &notes[i]);
        if (place)
            place[i] = (struct correct_place){.piece = -1};
    }
    return 0;
}

struct fade *corrector_fade(struct corrector *corrector)
{
    return corrector->fade;
}

const struct pieces *corrector_pieces(const struct corrector *corrector)
{
    return corrector->pieces;
}
