/* Model files: what training leaves behind and the corrector reads.
 *
 * A model holds the training pieces themselves (as scores and songs), their decision
 * process, the trained policy, and how it was made. The file is versioned,
 * little-endian and checksummed (CRC-32); every field is checked before use, so
 * a damaged, cut or newer file gives one sentence and never a crash. Immutable
 * after loading; may be read from any thread. */
#ifndef PIECE_MODEL_H
#define PIECE_MODEL_H

#include "base/error.h"
#include "piece/beats.h"
#include "piece/score.h"

#include <stdbool.h>

struct model_origin {
    char algorithm[16]; /* "ppo", "sarsa"; "counts": observed frequencies, untrained */
    char policy[16];    /* "linear": an agent's (piece/agent.h); "table", "mlp": of the arcs */
    uint64_t steps;     /* environment steps trained */
    uint64_t seed;
};

struct policy; /* rl/policy.h */
struct model;

enum {
    MODEL_MAX_NETWORKS = 4,
    MODEL_MAX_BYTES = 1 << 28, /* of a file */
};

/* Makes a model in memory. Takes ownership of the songs (the array is copied),
 * the process and the policy, also when it fails. A song without a score gets the
 * one that its slots make. */
struct model *model_create(struct song **songs, size_t count, struct process *process,
                           struct policy *policy, const struct model_origin *origin,
                           struct error *error);

/* A model without pieces, process and policy: networks that serve any music;
 * what they see and answer is their users' affair. Takes ownership of the
 * networks, also when it fails. */
struct model *model_create_networks(struct policy **networks, size_t count,
                                    const struct model_origin *origin, struct error *error);

/* A file as base/infile.h reads it; "-" is standard input. */
struct model *model_load(const char *path, struct error *error);

/* The same, with the state that training was left in, to go on from. */
struct model *model_load_to_resume(const char *path, struct error *error);

/* From bytes that begin as a model file does; `training`: with that state too. */
struct model *model_load_memory(const void *bytes, size_t length, const char *name, bool training,
                                struct error *error);

int model_save(const struct model *model, const char *path, struct error *error);
void model_free(struct model *model);

/* A model has songs, and then a process and a policy (else NULL), or networks. */
size_t model_songs(const struct model *model);
const struct song *model_song(const struct model *model, size_t index);
const struct score *model_score(const struct model *model, size_t index); /* never NULL */

/* Gives a piece another name, before others read the model. -1: out of memory. */
int model_name_song(struct model *model, size_t index, const char *name, struct error *error);

const struct process *model_process(const struct model *model);
const struct policy *model_policy(const struct model *model);
size_t model_networks(const struct model *model);
const struct policy *model_network(const struct model *model, size_t index);
const struct model_origin *model_origin(const struct model *model);

/* The policy's probability of every arc where no rhythm is heard,
 * [process->arcs], computed once when the model is made; sums to 1 over the arcs
 * of a state. */
const float *model_arc_probability(const struct model *model);

/* The state training was left in, so that it can go on as if it had not
 * stopped (ppo_export, sarsa_export); opaque here. Attaching copies; length 0
 * removes it. model_training answers NULL and length 0 where there is none or it
 * was not loaded. */
int model_attach_training(struct model *model, const void *bytes, size_t length,
                          struct error *error);
const void *model_training(const struct model *model, size_t *length);

#endif
