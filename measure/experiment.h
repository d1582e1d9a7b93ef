/* The classical experiment: does an agent come nearer to the truth while it is
 * trained?
 *
 * Truth pieces are played with errors, by default with every pitch wrong. The
 * agent of each stage of a training hears the rhythm from the first bar on and
 * plays alone in its decision process (piece/agent.h), with nothing of the
 * service's follower. IM is the improvement of the Wasserstein distance between
 * the pitches sent and the pitches meant over that of an untrained agent
 * (measure/wasserstein.h). Distances count onsets, the notes that were struck
 * and meant: the truth's pitch of each against the pitch sent for it, so both
 * sides have equally many.
 *
 * IM alone deceives: it mostly measures whether registers overlap. So on the same
 * takes stand
 *   untrained            the agent before any training: every legal beat alike
 *   observed             next beats as often as they followed in the pieces
 *   greedy loop          always the next beat with the highest reward
 *   nearest rhythm       always the legal beat whose rhythm is nearest
 *   SARSA                trained here, for as many steps as the last stage
 *   noise in range       pitches evenly between the lowest and highest of the pieces
 *   constant median      the median pitch of the pieces, for every note
 *   off, scale, correct, generate
 *                        what the service does in these modes, knowing the pieces
 * and beside IM figures that cannot be fooled: the reward a beat as a share of
 * what none can exceed (piece/practice.h), the share of legal moves, and exact
 * pitches, as sets: of the pitches meant in a slot those that were sent in it.
 *
 * Each repeat injects errors anew, the same for all contenders. Same seed: same
 * figures. */
#ifndef MEASURE_EXPERIMENT_H
#define MEASURE_EXPERIMENT_H

#include "measure/inject.h"
#include "measure/table.h"
#include "piece/model.h"

enum { EXPERIMENT_NAME = 32 };

struct experiment_piece {
    const struct take_note *notes; /* in order of position */
    size_t count;
};

struct experiment_settings {
    struct inject_spec errors;
    uint32_t repeats;     /* 2 .. 10000; 20 */
    uint64_t sarsa_steps; /* 0: as many as the last stage has, at least 100,000; 0 */
    uint64_t seed;
};

/* any:p=1,range=12 and the defaults named above. */
struct experiment_settings experiment_defaults(void);

/* A mean over the repeats, and 5 and 95 per cent of them. */
struct experiment_band {
    double mean, low, high;
};

/* In per cent unless said. */
struct experiment_row {
    char name[EXPERIMENT_NAME];
    bool stage;                /* of the training; otherwise a contender */
    uint64_t steps;            /* of a stage */
    struct experiment_band im; /* its mean is that of the mean distance */
    double distance;           /* mean Wasserstein distance, semitones */
    double reward;             /* a beat, of what none can exceed; NaN: no agent */
    double legal;              /* moves from beat to beat of what was sent that a legal one makes,
                                  going by sets of pitches */
    struct experiment_band exact;
};

struct experiment {
    struct experiment_row *rows; /* stages by steps, then the contenders as listed above */
    size_t count, stages;
    double best_reward; /* a beat */
    uint32_t repeats;
};

/* Called after each repeat of each row; false stops the run. NULL: none. */
typedef bool experiment_watch(void *context, size_t done, size_t all);

/* Runs it. The models are stages of one training, of the same process; their
 * order does not matter. The result is freed with experiment_free. NULL: no
 * models, models of different processes or without an agent's policy, no notes,
 * settings out of range, out of memory, stopped. */
struct experiment *experiment_run(const struct model *const *stages, size_t stage_count,
                                  const struct experiment_piece *pieces, size_t piece_count,
                                  const struct experiment_settings *settings,
                                  experiment_watch *watch, void *context, struct error *error);

void experiment_free(struct experiment *experiment);

/* The rows as a table. NULL: out of memory. */
struct table *experiment_table(const struct experiment *experiment, struct error *error);

/* IM and exact pitches over training steps with their bands, one below the other,
 * contenders as levels. */
int experiment_plot(const struct experiment *experiment, const char *title, const char *path,
                    struct error *error);

#endif
