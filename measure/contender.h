/* Contenders of the IM experiment (measure/experiment.h): whatever sends a pitch
 * for each note struck. */
#ifndef MEASURE_CONTENDER_H
#define MEASURE_CONTENDER_H

#include "base/rng.h"
#include "measure/take.h"
#include "piece/model.h"

enum contender_kind { CONTENDER_POLICY, CONTENDER_NOISE, CONTENDER_MEDIAN };

struct contender {
    const char *name;
    enum contender_kind kind;
    const struct model *model; /* of a policy; NULL for the others */
    struct model *owned;       /* the same where the contender made it; NULL: borrowed */
};

/* What the training pieces of a model hold, for contenders without a policy. */
struct contender_music;

/* A stage of training. Borrows the model. */
struct contender contender_of_model(const struct model *model);

/* The rest are models made in memory on the pieces and process of `model`, -1:
 * out of memory. An untrained policy is of the model's own kind and shape. */
int contender_untrained(struct contender *contender, const struct model *model, uint64_t seed,
                        struct error *error);
int contender_random_legal(struct contender *contender, const struct model *model,
                           struct error *error);
int contender_observed(struct contender *contender, const struct model *model, struct error *error);
int contender_greedy(struct contender *contender, const struct model *model, struct error *error);
int contender_sarsa(struct contender *contender, const struct model *model, uint64_t steps,
                    uint32_t horizon, uint64_t seed, struct error *error);
struct contender contender_noise(void);
struct contender contender_median(void);
void contender_close(struct contender *contender);

struct contender_music *contender_music_open(const struct model *model, struct error *error);
void contender_music_close(struct contender_music *music);

/* Sends a take: policies through a corrector in mode generate, live, with nothing
 * of the playing used but when notes are struck. Writes sent[count]. */
int contender_send(const struct contender *contender, const struct contender_music *music,
                   const struct take_played *take, size_t count, struct rng *rng, uint8_t *sent,
                   struct error *error);

/* Counts the moves from each beat in which something was sent to the next beat,
 * where something was sent there too, and those of them that an arc of the
 * process makes, going by the sets of pitches of the two beats. */
void contender_count_moves(const struct contender_music *music, const struct take_played *take,
                           size_t count, const uint8_t *sent, uint64_t *moves, uint64_t *legal);

#endif
