/* The classical experiment: does generation come nearer to the truth while the
 * policy trains?
 *
 * Truth pieces are played with errors and corrected by generation with the
 * policy at each stage of its training. IM is the improvement of the Wasserstein
 * distance between the pitches sent and the pitches meant over that of an
 * untrained policy (measure/wasserstein.h). Distances count onsets, the notes
 * that were struck and meant: the truth's pitch of each against the pitch sent
 * for it, so both sides have equally many.
 *
 * IM alone deceives: it mostly measures whether registers overlap. So the
 * untrained side is the mean over several untrained starts and all repeats, the
 * spread that single starts would have given is told, and on the same task stand
 * trivial contenders:
 *   untrained            the starts themselves, against their mean
 *   random legal         every legal next beat equally likely
 *   observed             next beats as often as they followed in the pieces
 *   greedy loop          always the next beat with the highest reward
 *   SARSA                trained here, for as many steps as the last stage
 *   noise in range       pitches evenly between the lowest and highest of the pieces
 *   constant median      the median pitch of the pieces, for every note
 * and beside IM figures that cannot be fooled: the reward a step as a share of
 * the best possible, the share of legal moves, and exact pitches.
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
    uint32_t starts;      /* untrained policies, 1 .. 100; 5 */
    uint32_t horizon;     /* steps of the reward a step, above 0; 64 */
    uint64_t sarsa_steps; /* 0: as many as the last stage has, at least 100,000; 0 */
    uint64_t seed;
};

/* shift:p=0.5,max=2 and the defaults named above. */
struct experiment_settings experiment_defaults(void);

/* In per cent unless said. */
struct experiment_row {
    char name[EXPERIMENT_NAME];
    bool stage;                         /* of the training; otherwise a contender */
    uint64_t steps;                     /* of a stage */
    double im, im_low, im_high;         /* mean, and 5 and 95 per cent of the repeats */
    double im_start_low, im_start_high; /* the mean, had only one start been the reference:
                                           lowest and highest over the starts */
    double distance;                    /* mean Wasserstein distance, semitones */
    double reward;                      /* a step, of the best possible; NaN: no policy */
    double legal; /* moves; of those that pick notes and not beats, the moves from beat to beat of
                     what was sent that a legal one makes, going by sets of pitches */
    double exact; /* notes on the pitch meant */
};

struct experiment {
    struct experiment_row *rows; /* stages by steps, then the contenders as listed above */
    size_t count, stages;
    double best_reward; /* a step, by value iteration */
    uint32_t repeats, starts;
};

/* Called after each repeat of each row; false stops the run. NULL: none. */
typedef bool experiment_watch(void *context, size_t done, size_t all);

/* Runs it. The models are stages of one training, of the same process; their
 * order does not matter. The result is freed with experiment_free. NULL: no
 * models, models of different processes, no notes, settings out of range, out
 * of memory, stopped. */
struct experiment *experiment_run(const struct model *const *stages, size_t stage_count,
                                  const struct experiment_piece *pieces, size_t piece_count,
                                  const struct experiment_settings *settings,
                                  experiment_watch *watch, void *context, struct error *error);

void experiment_free(struct experiment *experiment);

/* The rows as a table. NULL: out of memory. */
struct table *experiment_table(const struct experiment *experiment, struct error *error);

/* IM over training steps with its band, contenders as levels. */
int experiment_plot(const struct experiment *experiment, const char *title, const char *path,
                    struct error *error);

/* The mean reward a step over `horizon` steps of moving by these probabilities of
 * the arcs, averaged over starts drawn evenly from all states; exact, not drawn.
 * To be compared with process_best_reward. Negative: out of memory. O(horizon * arcs). */
double experiment_reward(const struct process *process, const float *probability, uint32_t horizon);

#endif
