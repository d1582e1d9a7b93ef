/* The style expert at work: what a note is believed to mean in music that is not known.
 *
 * The beam (correct/beam.h) expects, and hears what was struck; the policy (correct/style.h)
 * stands upon it and answers. Whole takes are the beam's, which asks the policy once.
 *
 * Borrows the networks. Live it allocates when it is opened only. One thread at a time. */
#ifndef CORRECT_EXPERT_H
#define CORRECT_EXPERT_H

#include "correct/corrector.h"
#include "correct/style.h"

struct expert;

/* Takes the networks of the first model whose algorithm is "style"; *expert is NULL
 * where none is. -1: out of memory, or networks that this program does not know. */
int expert_open(struct expert **expert, const struct model *const *models, size_t count,
                struct error *error);

/* With these networks; without a policy (NULL) the beam's answer stands. NULL: out of memory. */
struct expert *expert_create(const struct style_networks *networks, struct error *error);

void expert_close(struct expert *expert);

/* Forgets all playing. */
void expert_start(struct expert *expert);

/* What is meant by key x, struck now while the pitches `held` sound: meant[k] is the
 * probability of pitch x + k - STYLE_RANGE. found: the slot is a clock's guess. The player is
 * trusted as P(x | y)^trust: 1 is what the network learned. To be followed by expert_hear. */
void expert_judge(struct expert *expert, double slot, bool found, uint8_t x, note_set held,
                  float trust, float meant[STYLE_SHIFTS]);

/* How well that note is explained: the probability of its key among those within
 * STYLE_RANGE of it. After expert_judge. */
float expert_evidence(const struct expert *expert);

/* Remembers that note. */
void expert_hear(struct expert *expert, uint8_t x);

/* The same for whole takes, sorted by slot: each note is judged knowing all of them. What
 * was played before does not count. Allocates. -1: out of memory. */
int expert_take(const struct expert *expert, const struct correct_note *notes, size_t count,
                float trust, float (*meant)[STYLE_SHIFTS], const struct task *task,
                struct error *error);

#endif
