/* How well a style repairs music (correct/expert.h). */
#ifndef STYLE_TRIAL_H
#define STYLE_TRIAL_H

#include "measure/accuracy.h"
#include "style/corpus.h"

/* Plays a song with the errors of `spec` and adds what is sent to the score: the
 * likeliest shift, `keep` nats being given to the pitch played; `whole`: knowing all
 * of the playing, else live, note by note. Without networks (NULL) it is the scale
 * that decides (correct/scale.h). -1: out of memory. */
int style_trial(const struct style_networks *networks, const struct style_song *song,
                const struct inject_spec *spec, float keep, bool whole, uint64_t seed,
                struct accuracy *score, struct error *error);

#endif
