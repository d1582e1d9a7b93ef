/* SARSA(lambda), tabular. Traces fade by gamma * lambda a step, so only the
 * last few arcs matter: they are kept in a ring, newest last, and what has faded
 * below one in a thousand falls out. */
#include "rl/sarsa.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAM = 0x736172,
    RING = 1024, /* a power of 2 */
    REPORT = 8192,
};

static const double FADED = 1e-3;

/* Where the walk is; with the action values all that going on needs. */
struct course {
    struct rng rng;
    uint64_t steps, time; /* time of the newest trace */
    uint64_t episode;     /* time when the episode began: older traces are cut */
    uint32_t arc, left;   /* to be taken next; steps to the end of the episode */
    uint32_t ring[RING];  /* arcs by time */
};

struct sarsa {
    const struct process *process;
    struct sarsa_settings settings;
    struct course course;
    uint32_t reach;      /* traces that have not faded */
    float fading[RING];  /* trace by age */
    float *value;        /* [arcs] */
    uint64_t *last_time; /* [arcs]: of the newest visit, which replaces older ones */
};

struct sarsa_settings sarsa_defaults(void)
{
    return (struct sarsa_settings){
        .total_steps = 1000000,
        .horizon = 64,
        .rate = 0.5,
        .rate_end = 0.05,
        .gamma = 0.97,
        .lambda = 0.8,
        .explore = 0.3,
        .explore_end = 0.01,
        .temperature = 0.02,
    };
}

static int check_share(const char *name, double value, struct error *error)
{
    if (value >= 0 && value <= 1)
        return 0;
    return error_set(error, "learning: %s is %g, expected 0 to 1", name, value);
}

static int check(const struct sarsa_settings *s, struct error *error)
{
    if (s->total_steps == 0 || s->horizon == 0)
        return error_set(error, "learning: total steps and horizon must be above 0");
    if (!(s->temperature > 0 && s->temperature <= 1e6))
        return error_set(error, "learning: temperature is %g, expected above 0", s->temperature);
    if (check_share("learning rate", s->rate, error) != 0 ||
        check_share("final learning rate", s->rate_end, error) != 0 ||
        check_share("gamma", s->gamma, error) != 0 ||
        check_share("lambda", s->lambda, error) != 0 ||
        check_share("exploration", s->explore, error) != 0 ||
        check_share("final exploration", s->explore_end, error) != 0)
        return -1;
    return 0;
}

static double schedule(const struct sarsa *sarsa, double from, double to)
{
    double done = (double)sarsa->course.steps / (double)sarsa->settings.total_steps;
    return done < 1 ? from + (to - from) * done : to;
}

/* Epsilon-greedy. */
static uint32_t choose(struct sarsa *sarsa, uint32_t state, double explore)
{
    uint32_t first = sarsa->process->first_arc[state], end = sarsa->process->first_arc[state + 1];
    if (end == first + 1)
        return first;
    if (rng_double(&sarsa->course.rng) < explore)
        return first + rng_below(&sarsa->course.rng, end - first);
    uint32_t best = first;
    for (uint32_t a = first + 1; a < end; a++)
        if (sarsa->value[a] > sarsa->value[best])
            best = a;
    return best;
}

static void begin_episode(struct sarsa *sarsa)
{
    struct course *course = &sarsa->course;
    course->episode = course->time + 1;
    course->left = sarsa->settings.horizon;
    course->arc = choose(sarsa, rng_below(&course->rng, sarsa->process->states),
                         schedule(sarsa, sarsa->settings.explore, sarsa->settings.explore_end));
}

struct sarsa *sarsa_open(const struct process *process, const struct sarsa_settings *settings,
                         struct error *error)
{
    if (check(settings, error) != 0)
        return NULL;
    struct sarsa *sarsa = calloc(1, sizeof *sarsa);
    if (sarsa) {
        sarsa->value = calloc(process->arcs, sizeof *sarsa->value);
        sarsa->last_time = calloc(process->arcs, sizeof *sarsa->last_time);
    }
    if (!sarsa || !sarsa->value || !sarsa->last_time) {
        sarsa_close(sarsa);
        error_set(error, "learning: out of memory");
        return NULL;
    }
    sarsa->process = process;
    sarsa->settings = *settings;
    double trace = 1;
    while (sarsa->reach < RING && trace >= FADED) {
        sarsa->fading[sarsa->reach++] = (float)trace;
        trace *= settings->gamma * settings->lambda;
    }
    rng_seed(&sarsa->course.rng, settings->seed, STREAM);
    begin_episode(sarsa);
    return sarsa;
}

void sarsa_close(struct sarsa *sarsa)
{
    if (!sarsa)
        return;
    free(sarsa->value);
    free(sarsa->last_time);
    free(sarsa);
}

/* Moves every arc on the trace by its share of the error. */
static void spread(struct sarsa *sarsa, float move)
{
    const struct course *course = &sarsa->course;
    for (uint32_t age = 0; age < sarsa->reach; age++) {
        uint64_t time = course->time - age;
        if (time < course->episode)
            break;
        uint32_t arc = course->ring[time % RING];
        if (sarsa->last_time[arc] == time)
            sarsa->value[arc] += move * sarsa->fading[age];
    }
}

static void step(struct sarsa *sarsa, struct learning_report *report)
{
    const struct sarsa_settings *settings = &sarsa->settings;
    struct course *course = &sarsa->course;
    uint32_t arc = course->arc;
    double explore = schedule(sarsa, settings->explore, settings->explore_end);
    uint32_t next = choose(sarsa, sarsa->process->arc_next[arc], explore);
    float reward = sarsa->process->arc_reward[arc];
    float error = reward + (float)settings->gamma * sarsa->value[next] - sarsa->value[arc];
    course->time++;
    course->ring[course->time % RING] = arc;
    sarsa->last_time[arc] = course->time;
    report->rate = schedule(sarsa, settings->rate, settings->rate_end);
    spread(sarsa, (float)report->rate * error);
    report->reward += (double)reward;
    report->value_loss += (double)error * (double)error / 2;
    course->arc = next;
    course->steps++;
    if (--course->left == 0)
        begin_episode(sarsa);
}

int sarsa_run(struct sarsa *sarsa, uint64_t until, learning_watch *watch, void *context,
              struct error *error)
{
    while (sarsa->course.steps < until) {
        struct learning_report report = {.entropy = NAN,
                                         .kl = NAN,
                                         .clip_fraction = NAN,
                                         .policy_loss = NAN,
                                         .explained_variance = NAN,
                                         .gradient_length = NAN};
        while (report.updates < REPORT && sarsa->course.steps < until) {
            step(sarsa, &report);
            report.updates++;
        }
        report.steps = sarsa->course.steps;
        report.reward /= report.updates;
        report.value_loss /= report.updates;
        if (!isfinite(report.value_loss))
            return error_set(error,
                             "learning ran away after %llu steps; use a smaller learning rate",
                             (unsigned long long)sarsa->course.steps);
        if (watch && !watch(context, &report))
            break;
    }
    return 0;
}

uint64_t sarsa_steps(const struct sarsa *sarsa)
{
    return sarsa->course.steps;
}

const float *sarsa_values(const struct sarsa *sarsa)
{
    return sarsa->value;
}

struct policy *sarsa_policy(const struct sarsa *sarsa, struct error *error)
{
    const struct process *process = sarsa->process;
    struct policy_shape shape = policy_shape_of_process(POLICY_TABLE, process);
    struct policy *policy = policy_create(&shape, 0, error);
    for (uint32_t s = 0; policy && s < process->states; s++) {
        float best = sarsa->value[process->first_arc[s]];
        for (uint32_t a = process->first_arc[s]; a < process->first_arc[s + 1]; a++) {
            best = sarsa->value[a] > best ? sarsa->value[a] : best;
            policy->parameter[a] = sarsa->value[a] / (float)sarsa->settings.temperature;
        }
        policy->parameter[process->arcs + s] = best;
    }
    return policy;
}

/* An export is this head, the course, the values and the times of the arcs, in
 * the machine's own byte order, which the head shows. */
struct export_head {
    char mark[8];
    uint64_t order, arcs;
};

static const struct export_head head_like = {.mark = "SARSA 1", .order = 0x0102030405060708};

static size_t export_length(const struct sarsa *sarsa)
{
    return sizeof(struct export_head) + sizeof(struct course) +
           sarsa->process->arcs * (sizeof *sarsa->value + sizeof *sarsa->last_time);
}

unsigned char *sarsa_export(const struct sarsa *sarsa, size_t *length, struct error *error)
{
    size_t arcs = sarsa->process->arcs;
    struct export_head head = head_like;
    unsigned char *bytes = malloc(export_length(sarsa)), *at = bytes;
    if (!bytes) {
        error_set(error, "learning: out of memory");
        return NULL;
    }
    head.arcs = arcs;
    at = (unsigned char *)mempcpy(at, &head, sizeof head);
    at = (unsigned char *)mempcpy(at, &sarsa->course, sizeof sarsa->course);
    at = (unsigned char *)mempcpy(at, sarsa->value, arcs * sizeof *sarsa->value);
    memcpy(at, sarsa->last_time, arcs * sizeof *sarsa->last_time);
    *length = export_length(sarsa);
    return bytes;
}

int sarsa_import(struct sarsa *sarsa, const unsigned char *bytes, size_t length,
                 struct error *error)
{
    size_t arcs = sarsa->process->arcs;
    struct export_head head;
    struct course *course = &sarsa->course;
    if (length != export_length(sarsa))
        goto other;
    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.mark, head_like.mark, sizeof head.mark) != 0 || head.order != head_like.order ||
        head.arcs != arcs)
        goto other;
    bytes += sizeof head;
    memcpy(course, bytes, sizeof *course);
    bytes += sizeof *course;
    memcpy(sarsa->value, bytes, arcs * sizeof *sarsa->value);
    memcpy(sarsa->last_time, bytes + arcs * sizeof *sarsa->value, arcs * sizeof *sarsa->last_time);
    if (course->arc >= arcs || course->left == 0)
        goto other;
    for (int i = 0; i < RING; i++)
        if (course->ring[i] >= arcs)
            goto other;
    for (size_t a = 0; a < arcs; a++)
        if (!isfinite(sarsa->value[a]))
            goto other;
    return 0;
other:
    return error_set(error, "the state of training is not of this process; it cannot go on from "
                            "there");
}
