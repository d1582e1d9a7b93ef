/* Beam of Kalman filters over places in the beat; the model is told in pulse.h. */
#include "grid/pulse.h"

#include "grid/rhythm.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum {
    TEMPI = 28,              /* tried at the first event */
    CANDIDATES_A_STATE = 24, /* room; when it is full the worse guesses get none */
    TEMPO_BINS = 96,
    KIND_PLACES = 8, /* kinds: place in the beat by thirty-seconds ... */
    KIND_TEMPI = 16, /* ... and tempo */
    KINDS = KIND_PLACES * KIND_TEMPI,
    LONGEST_STEP = 24 * RHYTHM_UNITS, /* beyond, only a hesitation explains the gap */
    LONGEST_WAIT = 48,                /* units of score that a hesitation may take */
    FARTHEST = 24,                    /* units from where the onset was expected */
};

static const double tempo_bin = 0.03;    /* of log seconds: closer ones are the same guess */
static const double hopeless = 12;       /* log probability behind the best of all */
static const double far_behind = 60;     /* behind the best, of any kind */
static const double out_of_the_way = 24; /* behind, for careless onsets and waits */
static const double kind_hopeless = 4;   /* behind the best of the same kind */

static const double careless_share = 0.03;
static const double wait_scale = 0.4; /* seconds */
static const double wait_tail = 1.2;  /* exponent of the pause's power law */

/* The candidate that holds a place, texture and tempo, for one event. */
struct cell {
    uint32_t stamp; /* the event */
    uint32_t candidate;
};

struct pulse {
    struct pulse_options options;
    struct rhythm rhythm;
    struct rhythm_history history, history_before; /* the last event */
    int cue;                                       /* of the last event */
    struct pulse_state *states, *next;
    struct pulse_state *candidates;
    uint32_t *order;
    uint8_t *kind;   /* of the candidates */
    uint8_t *chosen; /* along order */
    size_t count, candidate_count, candidate_room;
    double best;                   /* of the candidates */
    bool peeking;                  /* all but the best of them are hopeless */
    double highest[PULSE_TIMINGS]; /* log density that an onset can have */
    double highest_prior;          /* log weight that a step can have */
    double kind_best[KINDS];
    double evidence;
    double kind_scale; /* kinds of tempo a unit of log period */
    uint32_t stamp;
    struct cell cells[RHYTHM_UNITS][RHYTHM_TEXTURES][TEMPO_BINS];
};

static double normal_density(double x, double variance)
{
    return -0.5 * (x * x / variance + log(2 * M_PI * variance));
}

struct pulse *pulse_create(const struct pulse_options *options, struct error *error)
{
    if (!options)
        options = &pulse_steady;
    if (pulse_options_check(options, error) != 0)
        return NULL;

    struct pulse *pulse = calloc(1, sizeof *pulse);
    if (!pulse) {
        error_set(error, "beat tracking: out of memory");
        return NULL;
    }
    pulse->options = *options;
    double noise = options->timing * options->timing;
    double careless = options->careless * options->period_low;
    pulse->highest[PULSE_PLAIN] = normal_density(0, noise);
    pulse->highest[PULSE_CARELESS] =
        log(careless_share) + normal_density(0, noise + careless * careless);
    pulse->highest[PULSE_HESITATION] = log(options->hesitation * wait_tail / wait_scale);
    pulse->kind_scale = KIND_TEMPI / log(options->period_high / options->period_low);
    pulse->candidate_room = options->width * CANDIDATES_A_STATE + (size_t)TEMPI * RHYTHM_UNITS;
    pulse->states = calloc(options->width, sizeof *pulse->states);
    pulse->next = calloc(options->width, sizeof *pulse->next);
    pulse->candidates = calloc(pulse->candidate_room, sizeof *pulse->candidates);
    pulse->order = calloc(pulse->candidate_room, sizeof *pulse->order);
    pulse->kind = calloc(pulse->candidate_room, 1);
    pulse->chosen = calloc(pulse->candidate_room, 1);
    if (!pulse->states || !pulse->next || !pulse->candidates || !pulse->order || !pulse->kind ||
        !pulse->chosen) {
        error_set(error, "beat tracking: out of memory");
        pulse_free(pulse);
        return NULL;
    }
    rhythm_init(&pulse->rhythm);
    for (int unit = 0; unit < RHYTHM_UNITS; unit++)
        for (int cue = 0; cue < RHYTHM_CUES; cue++) {
            double accent = (double)pulse->rhythm.accent[unit][cue];
            if (accent > pulse->highest_prior) /* fmax here ends gcc 12 for arm64 at -O3 */
                pulse->highest_prior = accent;
        }
    return pulse;
}

void pulse_free(struct pulse *pulse)
{
    if (!pulse)
        return;
    free(pulse->states);
    free(pulse->next);
    free(pulse->candidates);
    free(pulse->order);
    free(pulse->kind);
    free(pulse->chosen);
    free(pulse);
}

double pulse_evidence(const struct pulse *pulse)
{
    return pulse->evidence;
}

void pulse_keep(struct pulse *pulse, const bool *keep)
{
    size_t kept = 0;

    for (size_t i = 0; i < pulse->count; i++)
        if (keep[i])
            pulse->states[kept++] = pulse->states[i];
    pulse->count = kept;
}

void pulse_reset(struct pulse *pulse)
{
    pulse->count = 0;
    pulse->evidence = 0;
    pulse->history = (struct rhythm_history){0};
}

const struct pulse_state *pulse_states(const struct pulse *pulse, size_t *count)
{
    *count = pulse->count;
    return pulse->states;
}

/* Time update over `beats`: the period walks (white noise integrated once for
 * the period, twice for the time) and the beat is pushed. */
void pulse_predict(const struct pulse_options *o, struct pulse_state *s, double beats)
{
    double walk = o->drift * o->drift * s->period * s->period * beats;
    double push = o->push * o->push * s->period * s->period * beats;

    s->time += beats * s->period;
    s->cov[0] +=
        2 * beats * s->cov[1] + beats * beats * s->cov[2] + walk * beats * beats / 3 + push;
    s->cov[1] += beats * s->cov[2] + walk * beats / 2;
    s->cov[2] += walk;
}

static void correct(struct pulse_state *s, double gap, double noise)
{
    double total = s->cov[0] + noise;
    double gain_time = s->cov[0] / total, gain_period = s->cov[1] / total;

    s->time += gain_time * gap;
    s->period += gain_period * gap;
    s->cov[2] -= gain_period * s->cov[1];
    s->cov[1] -= gain_time * s->cov[1];
    s->cov[0] -= gain_time * s->cov[0];
}

double pulse_move(const struct pulse_options *o, struct pulse_state *s, uint32_t step,
                  double seconds, enum pulse_timing timing)
{
    double noise = o->timing * o->timing;
    double log_density;

    pulse_predict(o, s, (double)step / RHYTHM_UNITS);
    double gap = seconds - s->time;
    if (timing == PULSE_HESITATION) {
        double wait = fmax(gap, 0);
        log_density = log(o->hesitation * wait_tail / wait_scale) -
                      (wait_tail + 1) * log1p(wait / wait_scale);
        s->time = seconds;
        s->cov[0] = noise;
        s->cov[1] = 0;
        double loosened = 2 * o->drift * s->period;
        s->cov[2] += loosened * loosened;
    } else {
        if (timing == PULSE_CARELESS)
            noise += o->careless * o->careless * s->period * s->period;
        log_density = normal_density(gap, s->cov[0] + noise);
        if (timing == PULSE_CARELESS)
            log_density += log(careless_share);
        correct(s, gap, noise);
    }
    s->timing = (uint8_t)timing;
    s->step = step;
    s->units += step;
    if (step)
        s->texture = (uint8_t)rhythm_texture(step);
    return log_density;
}

static int bin_of(double tempo, double bins_a_unit, int bins)
{
    int bin = (int)(tempo * bins_a_unit);
    return bin < 0 ? 0 : bin >= bins ? bins - 1 : bin;
}

/* Takes a candidate in unless it is hopeless or a better one is the same guess. */
static void add_candidate(struct pulse *pulse, const struct pulse_state *s)
{
    if (!(s->period >= pulse->options.period_low && s->period <= pulse->options.period_high))
        return;
    double tempo = log(s->period / pulse->options.period_low);
    int unit = (int)(s->units % RHYTHM_UNITS);
    int kind = unit / (RHYTHM_UNITS / KIND_PLACES) * KIND_TEMPI +
               bin_of(tempo, pulse->kind_scale, KIND_TEMPI);
    if (s->score < pulse->best - far_behind ||
        (s->score < pulse->best - hopeless && s->score < pulse->kind_best[kind] - kind_hopeless))
        return;

    struct cell *cell = &pulse->cells[unit][s->texture][bin_of(tempo, 1 / tempo_bin, TEMPO_BINS)];
    if (cell->stamp == pulse->stamp && pulse->candidates[cell->candidate].score >= s->score)
        return;
    if (cell->stamp != pulse->stamp) {
        if (pulse->candidate_count == pulse->candidate_room)
            return;
        *cell = (struct cell){pulse->stamp, (uint32_t)pulse->candidate_count++};
    }
    pulse->candidates[cell->candidate] = *s;
    pulse->kind[cell->candidate] = (uint8_t)kind;
    pulse->best = fmax(pulse->best, s->score);
    pulse->kind_best[kind] = fmax(pulse->kind_best[kind], s->score);
}

static double period_prior(const struct pulse_options *o, double period)
{
    double deviation = log(period / o->period) / o->period_spread;
    return -0.5 * deviation * deviation;
}

/* Log chance that a guess goes on by this step. */
static double step_prior(const struct pulse *pulse, const struct pulse_state *s, uint32_t step,
                         int cue)
{
    int unit = (int)(s->units % RHYTHM_UNITS);
    double prior = (double)rhythm_step(&pulse->rhythm, unit, s->texture, step);
    return step ? prior + (double)pulse->rhythm.accent[((uint32_t)unit + step) % RHYTHM_UNITS][cue]
                : prior;
}

/* A step with its log chance, unless that leaves it too far behind. */
static void try_step(struct pulse *pulse, size_t parent, uint32_t step, double prior,
                     double seconds, enum pulse_timing timing)
{
    double before = pulse->states[parent].score + prior;
    /* No density here is above e^6 a second; the ways out are dearer still. */
    double reachable = before + (timing == PULSE_PLAIN ? 6 : 0);
    if (pulse->peeking
            ? before + pulse->highest[timing] < pulse->best
            : reachable < pulse->best - (timing == PULSE_PLAIN ? far_behind : out_of_the_way))
        return;
    struct pulse_state s = pulse->states[parent];
    s.score = before + pulse_move(&pulse->options, &s, step, seconds, timing);
    if (step)
        s.score += pulse->options.period_weight * period_prior(&pulse->options, s.period);
    s.parent = (uint16_t)parent;
    add_candidate(pulse, &s);
}

/* Whether no step of a guess can be the best any more, explained in this way. */
static bool is_beaten(const struct pulse *pulse, const struct pulse_state *s,
                      enum pulse_timing timing)
{
    return pulse->peeking && s->score + pulse->highest_prior + pulse->highest[timing] < pulse->best;
}

static bool may_stand(const struct pulse *pulse, const struct pulse_state *s, long step)
{
    return pulse->rhythm.start[(s->units + step) % RHYTHM_UNITS] > -INFINITY;
}

/* All steps that may explain an event for one guess. */
static void extend(struct pulse *pulse, size_t parent, double seconds, int cue)
{
    const struct pulse_state *s = &pulse->states[parent];
    const struct pulse_options *o = &pulse->options;
    double beats = fmax((seconds - s->time) / s->period, 0);
    double careless = o->careless * s->period;
    struct pulse_state ahead = *s;

    pulse_predict(o, &ahead, beats);
    double reach = 3.5 * sqrt(ahead.cov[0] + o->timing * o->timing);
    double wide_reach = 2.5 * sqrt(ahead.cov[0] + careless * careless);
    bool vague = ahead.cov[0] > careless * careless; /* carelessness would add nothing */
    double units = (seconds - s->time) / s->period * RHYTHM_UNITS;
    double scale = RHYTHM_UNITS / s->period;
    double plain_low = units - reach * scale, plain_high = units + reach * scale;
    double early = fmax(units - FARTHEST, fmin(plain_low, units - wide_reach * scale));
    double late = fmin(units + FARTHEST, fmax(plain_high, units + wide_reach * scale));
    double from = fmax(0, ceil(early)), to = fmin(LONGEST_STEP, late);

    for (long step = (long)from; step <= (long)to; step++) {
        if (!may_stand(pulse, s, step))
            continue;
        bool plain = (double)step >= plain_low && (double)step <= plain_high;
        bool off = !vague && !is_beaten(pulse, s, PULSE_CARELESS);
        if (!plain && !off)
            continue;
        double prior = step_prior(pulse, s, (uint32_t)step, cue);
        if (plain)
            try_step(pulse, parent, (uint32_t)step, prior, seconds, PULSE_PLAIN);
        if (off)
            try_step(pulse, parent, (uint32_t)step, prior, seconds, PULSE_CARELESS);
    }
    double latest = fmin(units - 1.25 * careless * scale, LONGEST_WAIT);
    for (long step = 1; (double)step <= latest && !is_beaten(pulse, s, PULSE_HESITATION); step++)
        if (may_stand(pulse, s, step))
            try_step(pulse, parent, (uint32_t)step, step_prior(pulse, s, (uint32_t)step, cue),
                     seconds, PULSE_HESITATION);
}

static void start(struct pulse *pulse, double seconds, int cue)
{
    const struct pulse_options *o = &pulse->options;
    double range = log(o->period_high / o->period_low) / TEMPI;

    for (int i = 0; i < TEMPI; i++) {
        double period = o->period_low * exp(range * (i + 0.5));
        for (int unit = 0; unit < RHYTHM_UNITS; unit++) {
            if (pulse->rhythm.start[unit] == -INFINITY)
                continue;
            struct pulse_state s = {
                .score = period_prior(o, period) + (double)pulse->rhythm.start[unit] +
                         (double)pulse->rhythm.accent[unit][cue],
                .time = seconds,
                .period = period,
                .cov = {o->timing * o->timing, 0, pow(0.6 * range * period, 2)},
                .units = unit,
                .step = (uint32_t)unit,
                .texture = RHYTHM_ANY_TEXTURE,
            };
            add_candidate(pulse, &s);
        }
    }
}

static bool is_better(const struct pulse_state *candidates, uint32_t i, uint32_t j)
{
    if (candidates[i].score > candidates[j].score || candidates[i].score < candidates[j].score)
        return candidates[i].score > candidates[j].score;
    return i < j;
}

static void sift(const struct pulse_state *candidates, uint32_t *order, size_t at, size_t count)
{
    uint32_t moved = order[at];

    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && is_better(candidates, order[child], order[child + 1]))
            child++;
        if (!is_better(candidates, moved, order[child]))
            break;
        order[at] = order[child];
        at = child;
    }
    order[at] = moved;
}

/* Best first, in place: the library's sort may allocate. */
static void sort_by_score(const struct pulse_state *candidates, uint32_t *order, size_t count)
{
    for (size_t at = count / 2; at-- > 0;)
        sift(candidates, order, at, count);
    for (size_t last = count; last-- > 1;) {
        uint32_t worst = order[0];
        order[0] = order[last];
        order[last] = worst;
        sift(candidates, order, 0, last);
    }
}

/* Best first. The best of every kind has a seat before the others are seated:
 * what the first bars make unlikely may be what the whole piece bears out. */
static void select_states(struct pulse *pulse)
{
    size_t live = 0, seats = pulse->options.width, kept = 0;
    bool seated[KINDS] = {false};

    for (size_t i = 0; i < pulse->candidate_count; i++) {
        double score = pulse->candidates[i].score;
        if (score >= pulse->best - hopeless || score >= pulse->kind_best[pulse->kind[i]])
            pulse->order[live++] = (uint32_t)i;
    }
    sort_by_score(pulse->candidates, pulse->order, live);
    for (size_t i = 0; i < live; i++) {
        int kind = pulse->kind[pulse->order[i]];
        pulse->chosen[i] = seats && !seated[kind];
        seats -= pulse->chosen[i];
        seated[kind] = true;
    }
    for (size_t i = 0; i < live; i++) {
        const struct pulse_state *s = &pulse->candidates[pulse->order[i]];
        if (!pulse->chosen[i]) {
            if (!seats || s->score < pulse->best - hopeless)
                continue;
            seats--;
        }
        pulse->next[kept] = *s;
        pulse->next[kept++].score -= pulse->best;
    }
    pulse->evidence += pulse->best;
    struct pulse_state *old = pulse->states;
    pulse->states = pulse->next;
    pulse->next = old;
    pulse->count = kept;
}

/* Moves a state up to its rank among those before it. */
static void rank_state(struct pulse *pulse, size_t at)
{
    struct pulse_state state = pulse->states[at];

    for (; at > 0 && pulse->states[at - 1].score < state.score; at--)
        pulse->states[at] = pulse->states[at - 1];
    pulse->states[at] = state;
}

void pulse_amend(struct pulse *pulse, unsigned notes, int lowest)
{
    pulse->history = pulse->history_before;
    int before = pulse->cue, cue = rhythm_cue(&pulse->history, notes, lowest);
    bool first = pulse->history_before.count == 0;

    pulse->cue = cue;
    for (size_t i = 0; i < pulse->count; i++) {
        struct pulse_state *state = &pulse->states[i];
        int unit = (int)(state->units % RHYTHM_UNITS);
        if (state->step || first)
            state->score +=
                (double)(pulse->rhythm.accent[unit][cue] - pulse->rhythm.accent[unit][before]);
        rank_state(pulse, i);
    }
}

void pulse_aim(struct pulse *pulse, double period)
{
    pulse->options.period =
        fmin(fmax(period, pulse->options.period_low), pulse->options.period_high);
}

/* Candidates for an event from the first `guesses` states, or from none. */
static void try_event(struct pulse *pulse, double seconds, int cue, size_t guesses)
{
    pulse->candidate_count = 0;
    pulse->stamp++;
    pulse->best = -HUGE_VAL;
    for (int k = 0; k < KINDS; k++)
        pulse->kind_best[k] = -HUGE_VAL;
    if (!pulse->count)
        start(pulse, seconds, cue);
    for (size_t i = 0; i < guesses && i < pulse->count; i++)
        extend(pulse, i, seconds, cue);
    if (!pulse->candidate_count) {
        /* Nothing explains it within the range of tempi: wait where the best guess is. */
        struct pulse_state s = pulse->states[0];
        s.score += pulse_move(&pulse->options, &s, 0, seconds, PULSE_HESITATION);
        s.parent = 0;
        add_candidate(pulse, &s);
    }
}

struct pulse_state pulse_peek(struct pulse *pulse, double seconds, unsigned notes, int lowest,
                              size_t guesses)
{
    struct rhythm_history history = pulse->history;
    size_t best = 0;

    pulse->peeking = true;
    try_event(pulse, seconds, rhythm_cue(&history, notes, lowest), guesses);
    for (size_t i = 1; i < pulse->candidate_count; i++)
        if (pulse->candidates[i].score > pulse->candidates[best].score)
            best = i;
    pulse->peeking = false;
    return pulse->candidates[best];
}

void pulse_event(struct pulse *pulse, double seconds, unsigned notes, int lowest)
{
    pulse->history_before = pulse->history;
    pulse->cue = rhythm_cue(&pulse->history, notes, lowest);
    try_event(pulse, seconds, pulse->cue, pulse->count);
    select_states(pulse);
}
