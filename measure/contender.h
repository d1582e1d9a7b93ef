/* Contenders of the IM experiment (measure/experiment.h): whatever sends a pitch
 * for each note struck. */
#ifndef MEASURE_CONTENDER_H
#define MEASURE_CONTENDER_H

#include "base/rng.h"
#include "correct/corrector.h"
#include "measure/take.h"
#include "piece/agent.h"
#include "piece/model.h"

enum contender_kind { CONTENDER_AGENT, CONTENDER_MODE, CONTENDER_NOISE, CONTENDER_MEDIAN };

struct contender {
    const char *name;
    enum contender_kind kind;
    const struct policy *policy; /* of an agent */
    enum correct_mode mode;      /* of a mode */
    struct policy *owned;        /* the policy where the contender made it; NULL: borrowed */
};

/* What the training pieces of a model hold. Borrows the model. */
struct contender_music;
struct contender_music *contender_music_open(const struct model *model, struct error *error);
void contender_music_close(struct contender_music *music);
const struct agent_task *contender_task(const struct contender_music *music);

/* A stage of training. Borrows the model. */
struct contender contender_of_model(const struct model *model);

/* A corrector in some mode that knows the pieces and hears every pitch. */
struct contender contender_of_mode(const char *name, enum correct_mode mode);

/* Agents; -1: out of memory. Before training; moving as often as the pieces do,
 * by the arc of highest reward, or by that of the nearest rhythm; trained here. */
int contender_untrained(struct contender *contender, const struct contender_music *music,
                        struct error *error);
int contender_observed(struct contender *contender, const struct contender_music *music,
                       struct error *error);
int contender_greedy(struct contender *contender, const struct contender_music *music,
                     struct error *error);
int contender_nearest(struct contender *contender, const struct contender_music *music,
                      struct error *error);
int contender_sarsa(struct contender *contender, const struct contender_music *music,
                    uint64_t steps, uint64_t seed, struct error *error);
struct contender contender_noise(void);
struct contender contender_median(void);
void contender_close(struct contender *contender);

/* Sends a take from its first beat on: agents alone in their process, with nothing
 * of the playing used but how many notes are struck in each slot; modes live.
 * Writes sent[count]. */
int contender_send(const struct contender *contender, const struct contender_music *music,
                   const struct take_played *take, size_t count, struct rng *rng, uint8_t *sent,
                   struct error *error);

/* Counts the moves from each beat in which something was sent to the next beat,
 * where something was sent there too, and those of them that an arc of the
 * process makes, going by the sets of pitches of the two beats. */
void contender_count_moves(const struct contender_music *music, const struct take_played *take,
                           size_t count, const uint8_t *sent, uint64_t *moves, uint64_t *legal);

#endif
