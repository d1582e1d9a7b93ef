/* Tracking a whole take: chords gathered, the beam of pulse.h run over them with
 * its history kept, the best path traced back and smoothed, and every onset put
 * on it. */
#include "grid/grid.h"

#include "grid/rhythm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double chord_gap = 0.042; /* seconds between neighbours of a chord */

enum {
    WINDOW = 8192 /* events of history; the older half is decided when it is full */
};

struct event {
    double seconds;      /* mean of its onsets */
    uint32_t first, end; /* onsets */
    int16_t lowest;      /* note number, -1 where not known */
};

/* How an event followed the one before; the first one's step is its unit in the beat. */
struct decision {
    uint32_t step;
    uint8_t timing;
};

/* A guess's way back: one for each state after each event. */
struct link {
    uint32_t step;
    uint16_t parent;
    uint8_t timing;
};

struct history {
    struct link *links; /* [WINDOW][width] */
    size_t width;
    size_t begin, end; /* events it holds: links of event i in row i - begin */
    uint16_t *ancestor;
    bool *keep;
};

static int onsets_check(const struct grid_onsets *onsets, struct error *error)
{
    if (onsets->count > GRID_MAX_ONSETS)
        return error_set(error, "%zu onsets: at most %d can be tracked", onsets->count,
                         GRID_MAX_ONSETS);
    for (size_t i = 0; i < onsets->count; i++) {
        double t = onsets->seconds[i];
        if (!isfinite(t) || t < 0)
            return error_set(error, "onset %zu: time %g is not a finite number of seconds from 0",
                             i, t);
        if (i && t < onsets->seconds[i - 1])
            return error_set(error, "onset %zu: time %g s lies before the last one, %g s", i, t,
                             onsets->seconds[i - 1]);
    }
    return 0;
}

static size_t gather(const struct grid_onsets *onsets, struct event *events)
{
    const double *seconds = onsets->seconds;
    size_t count = 0;

    for (size_t i = 0; i < onsets->count;) {
        struct event *e = &events[count++];
        size_t first = i;
        double sum = 0;
        e->lowest = onsets->pitch ? onsets->pitch[i] : -1;
        do {
            sum += seconds[i] - seconds[first];
            if (onsets->pitch && onsets->pitch[i] < e->lowest)
                e->lowest = onsets->pitch[i];
            i++;
        } while (i < onsets->count && seconds[i] - seconds[i - 1] < chord_gap &&
                 seconds[i] - seconds[first] < RHYTHM_CHORD_SPAN);
        e->first = (uint32_t)first;
        e->end = (uint32_t)i;
        e->seconds = seconds[first] + sum / (double)(i - first);
    }
    return count;
}

static void remember(struct history *h, const struct pulse *pulse)
{
    size_t count;
    const struct pulse_state *states = pulse_states(pulse, &count);
    struct link *row = h->links + (h->end++ - h->begin) * h->width;

    for (size_t i = 0; i < count; i++)
        row[i] = (struct link){states[i].step, states[i].parent, states[i].timing};
}

/* Follows the best guess back; events before `until` are written to `decisions`. */
static void trace(const struct history *h, size_t until, struct decision *decisions)
{
    uint16_t at = 0;

    for (size_t i = h->end; i-- > h->begin;) {
        const struct link *link = &h->links[(i - h->begin) * h->width + at];
        if (i < until)
            decisions[i] = (struct decision){link->step, link->timing};
        at = link->parent;
    }
}

/* Decides the older half by what is best now and drops the guesses that disagree. */
static void commit(struct history *h, struct pulse *pulse, struct decision *decisions)
{
    size_t half = WINDOW / 2, count, kept = 0;
    struct link *last = h->links + (h->end - h->begin - 1) * h->width;

    trace(h, h->begin + half, decisions);
    pulse_states(pulse, &count);
    for (size_t s = 0; s < count; s++) {
        uint16_t at = (uint16_t)s;
        for (size_t row = h->end - h->begin; row-- > half;)
            at = h->links[row * h->width + at].parent;
        h->ancestor[s] = at;
    }
    for (size_t s = 0; s < count; s++) {
        h->keep[s] = h->ancestor[s] == h->ancestor[0];
        if (h->keep[s])
            last[kept++] = last[s];
    }
    pulse_keep(pulse, h->keep);
    memmove(h->links, h->links + half * h->width, half * h->width * sizeof *h->links);
    h->begin += half;
}

/* What part of the whole a run of the beam is. */
struct share {
    const struct task *task;
    double from, of;
};

/* Runs the beam over the events and takes its best path. */
static int decide(const struct pulse_options *options, const struct event *events, size_t count,
                  const struct share *part, struct decision *decisions, double *evidence,
                  struct error *error)
{
    struct pulse *pulse = pulse_create(options, error);
    if (!pulse)
        return -1;

    size_t width = options->width, rows = count < WINDOW ? count : WINDOW;
    struct history h = {
        .links = calloc(rows * width, sizeof *h.links),
        .width = width,
        .ancestor = malloc(width * sizeof *h.ancestor),
        .keep = malloc(width * sizeof *h.keep),
    };
    int status = h.links && h.ancestor && h.keep ? 0 : -1;
    if (status)
        error_set(error, "no memory to track %zu onsets", count);
    for (size_t i = 0; i < count && !status; i++) {
        if (h.end - h.begin == WINDOW)
            commit(&h, pulse, decisions);
        pulse_event(pulse, events[i].seconds, events[i].end - events[i].first, events[i].lowest);
        remember(&h, pulse);
        status = task_step(part->task, part->from + part->of * (double)i / (double)count, error);
    }
    if (!status)
        trace(&h, count, decisions);
    *evidence = pulse_evidence(pulse);
    free(h.links);
    free(h.ancestor);
    free(h.keep);
    pulse_free(pulse);
    return status;
}

/* A first guess at the period: the mean over the first two beats of the path. */
static double first_period(const struct event *events, const struct decision *decisions,
                           size_t count, double fallback)
{
    uint64_t units = 0;

    for (size_t i = 1; i < count; i++) {
        units += decisions[i].step;
        if (units >= 2u * RHYTHM_UNITS || (i + 1 == count && units > 0))
            return (events[i].seconds - events[0].seconds) * RHYTHM_UNITS / (double)units;
    }
    return fallback;
}

/* One backward step of the smoother, from b to a before it:
 * x_a += G (x_b - F x_a), G = P_a F' inverse(F P_a F' + Q). */
static void smooth_step(const struct pulse_options *o, struct pulse_state *a,
                        const struct pulse_state *b)
{
    double beats = (double)b->step / RHYTHM_UNITS;
    struct pulse_state ahead = *a;

    pulse_predict(o, &ahead, beats);
    double tt = ahead.cov[0], tp = ahead.cov[1], pp = ahead.cov[2];
    double det = tt * pp - tp * tp;
    if (!(det > 0) || b->timing == PULSE_HESITATION)
        return;
    double time_gap = b->time - ahead.time, period_gap = b->period - ahead.period;
    double u = (pp * time_gap - tp * period_gap) / det;
    double v = (tt * period_gap - tp * time_gap) / det;
    a->time += (a->cov[0] + beats * a->cov[1]) * u + a->cov[1] * v;
    a->period += (a->cov[1] + beats * a->cov[2]) * u + a->cov[2] * v;
}

/* Filters forwards along the decided path, then smooths backwards. */
static void smooth(const struct pulse_options *o, const struct event *events,
                   const struct decision *decisions, size_t count, struct pulse_state *path)
{
    double period = first_period(events, decisions, count, o->period);

    period = fmin(fmax(period, o->period_low), o->period_high);
    path[0] = (struct pulse_state){
        .time = events[0].seconds,
        .period = period,
        .cov = {o->timing * o->timing, 0, 0.04 * period * period},
        .units = decisions[0].step,
    };
    for (size_t i = 1; i < count; i++) {
        path[i] = path[i - 1];
        pulse_move(o, &path[i], decisions[i].step, events[i].seconds, decisions[i].timing);
    }
    for (size_t i = count; i-- > 1;)
        smooth_step(o, &path[i - 1], &path[i]);
    for (size_t i = 0; i < count; i++)
        path[i].period = fmin(fmax(path[i].period, o->period_low), o->period_high);
}

static uint32_t slot_of(int64_t units)
{
    return (uint32_t)((units + RHYTHM_SLOT / 2) / RHYTHM_SLOT);
}

static void place_onsets(const struct grid_onsets *onsets, const struct event *events,
                         const struct pulse_state *path, size_t count, struct grid_place *place)
{
    for (size_t i = 0; i < count; i++) {
        const struct pulse_state *s = &path[i];
        for (size_t k = events[i].first; k < events[i].end; k++) {
            place[k].slot = slot_of(s->units);
            place[k].position = (double)s->units / RHYTHM_SLOT +
                                (onsets->seconds[k] - s->time) / s->period * GRID_SLOTS_A_BEAT;
        }
    }
}

/* Times of the beats: between two events in proportion, before the first with its period. */
static void place_beats(const struct pulse_state *path, size_t count, double *beat, size_t beats)
{
    size_t after = 0;

    for (size_t b = 0; b < beats; b++) {
        int64_t units = (int64_t)b * RHYTHM_UNITS;
        while (after < count && path[after].units < units)
            after++;
        const struct pulse_state *near = &path[after < count ? after : count - 1];
        double rate = near->period / RHYTHM_UNITS;
        if (after > 0 && after < count)
            rate = (near->time - near[-1].time) / (double)(near->units - near[-1].units);
        beat[b] = near->time + (double)(units - near->units) * rate;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int summarise(const struct event *events, const struct pulse_state *path, size_t count,
                     struct grid_track *track, struct error *error)
{
    double *periods = malloc(count * sizeof *periods);
    if (!periods)
        return error_set(error, "no memory to track %zu onsets", count);

    size_t expected = 0;
    for (size_t i = 0; i < count; i++) {
        bool waited = path[i].timing == PULSE_HESITATION;
        periods[i] = path[i].period;
        track->hesitations += waited;
        expected +=
            i && !waited &&
            fabs(events[i].seconds - path[i].time) * GRID_SLOTS_A_BEAT < 0.25 * path[i].period;
    }
    qsort(periods, count, sizeof *periods, by_value);
    track->tempo = 60 / periods[count / 2];
    track->confidence = count > 1 ? (double)expected / (double)(count - 1) : 0;
    free(periods);
    return 0;
}

/* Both presets; `steady` gets the decisions of the better one. */
static const struct pulse_options *decide_either(const struct event *events, size_t count,
                                                 const struct task *task, struct decision *steady,
                                                 struct error *error)
{
    const struct share first = {task, 0, .5}, second = {task, .5, .5};
    double kept, loose;
    struct decision *rubato = malloc(count * sizeof *rubato);
    const struct pulse_options *better = NULL;

    if (!rubato) {
        error_set(error, "no memory to track %zu onsets", count);
    } else if (!decide(&pulse_steady, events, count, &first, steady, &kept, error) &&
               !decide(&pulse_rubato, events, count, &second, rubato, &loose, error)) {
        better = kept >= loose ? &pulse_steady : &pulse_rubato;
        if (kept < loose)
            memcpy(steady, rubato, count * sizeof *rubato);
    }
    free(rubato);
    return better;
}

static int fill(const struct grid_onsets *onsets, const struct pulse_options *options,
                struct event *events, struct decision *decisions, struct grid_track *track,
                struct error *error)
{
    double evidence;
    size_t count = gather(onsets, events);
    const struct share all = {onsets->task, 0, 1};

    if (!options)
        options = decide_either(events, count, onsets->task, decisions, error);
    else if (decide(options, events, count, &all, decisions, &evidence, error))
        options = NULL;
    if (!options)
        return -1;
    track->steady = options == &pulse_steady;

    struct pulse_state *path = malloc(count * sizeof *path);
    if (!path)
        return error_set(error, "no memory to track %zu onsets", count);
    smooth(options, events, decisions, count, path);
    track->beats = (size_t)(path[count - 1].units / RHYTHM_UNITS) + 1;
    track->place = malloc(onsets->count * sizeof *track->place);
    track->beat = malloc(track->beats * sizeof *track->beat);
    int status = -1;
    if (track->place && track->beat) {
        place_onsets(onsets, events, path, count, track->place);
        place_beats(path, count, track->beat, track->beats);
        status = summarise(events, path, count, track, error);
    } else {
        error_set(error, "no memory to track %zu onsets", onsets->count);
    }
    free(path);
    return status;
}

int grid_track(const struct grid_onsets *onsets, const struct pulse_options *options,
               struct grid_track *track, struct error *error)
{
    *track = (struct grid_track){0};
    if (onsets_check(onsets, error))
        return -1;
    if (!onsets->count)
        return 0;

    struct event *events = malloc(onsets->count * sizeof *events);
    struct decision *decisions = malloc(onsets->count * sizeof *decisions);
    int status = -1;
    if (events && decisions)
        status = fill(onsets, options, events, decisions, track, error);
    else
        error_set(error, "no memory to track %zu onsets", onsets->count);
    free(events);
    free(decisions);
    if (status)
        grid_track_free(track);
    return status;
}

void grid_track_free(struct grid_track *track)
{
    free(track->place);
    free(track->beat);
    *track = (struct grid_track){0};
}
