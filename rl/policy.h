/* Policies: what acts in an environment, and what learning changes.
 *
 * A policy turns an observation into a logit for each legal action and an
 * estimate of the value. An observation is a short list of active features;
 * its legal actions are a span of action numbers. A decision process has
 * one observation a state: one feature, the state itself, and the state's arcs
 * as actions. Other environments may have many features and the same few
 * actions everywhere; nothing here knows the difference.
 *
 * All parameters of a policy stand in one flat array, so that optimising,
 * saving and comparing need not know its kind. Work happens on many
 * observations a call. A policy may be read from several threads as long as
 * each brings its own scratch memory and none changes the parameters. */
#ifndef RL_POLICY_H
#define RL_POLICY_H

#include "base/error.h"
#include "rl/process.h"

enum policy_kind {
    POLICY_TABLE, /* a logit an action, a value a feature; exactly one feature an observation */
    POLICY_MLP,   /* layers of rectified linear units; the first sums the active features' rows */
    POLICY_RELATIVE, /* layers that see every action from its own place, and an mlp or gates:
                        policy_relative.c */
    POLICY_LINEAR,   /* a weight a feature of an action, a value a feature of an observation; the
                        table is the case where every action is its own only feature */
};

/* Places in policy_shape.width that POLICY_RELATIVE gives a meaning of its own. */
enum {
    POLICY_CHANNELS = 2,  /* of an action's first layer, a multiple of 16 */
    POLICY_CHANNELS2 = 3, /* of its second, a multiple of 16 */
    POLICY_PLANES = 4,    /* the first planes * window features are distances around the centre */
    POLICY_WINDOW = 5,
};

enum {
    POLICY_MAX_LAYERS = 6,
    POLICY_MAX_WIDTH = 1024,
};

struct policy_shape {
    enum policy_kind kind;
    uint32_t inputs;  /* features there are */
    uint32_t actions; /* actions there are over all observations; linear: features they have */
    uint32_t layers;  /* mlp: hidden layers, 1 .. POLICY_MAX_LAYERS; relative: 0, 1, 2; others: 0 */
    uint32_t width[POLICY_MAX_LAYERS]; /* multiples of 16 up to POLICY_MAX_WIDTH */
};

/* Borrowed arrays; observation i has the features feature[first_feature[i] ..
 * first_feature[i + 1] - 1] and n = first_logit[i + 1] - first_logit[i] >= 1
 * legal actions, first_action[i] .. first_action[i] + n - 1, whose logits stand
 * at first_logit[i] of any array of logits. */
struct observations {
    uint32_t count;
    const uint32_t *first_feature; /* [count + 1] */
    const uint32_t *feature;
    const float *strength;        /* beside feature; NULL: all 1 */
    const uint32_t *first_logit;  /* [count + 1] */
    const uint32_t *first_action; /* [count] */
    /* For linear policies: the action of logit l has the features
     * action_feature[first_of_logit[l] .. first_of_logit[l + 1] - 1]. */
    const uint32_t *first_of_logit;
    const uint32_t *action_feature;
    const float *action_strength; /* beside action_feature; NULL: all 1 */
};

struct policy_ops;
struct quantised;

struct policy {
    struct policy_shape shape;
    const struct policy_ops *ops;
    size_t parameters;
    float *parameter;            /* [parameters] */
    struct quantised *quantised; /* rl/quantised.h: NULL, or what policy_quantise made; owned */
};

/* The table of functions that makes a kind of policy. `id` lists n different
 * observations; logits and value are indexed by the observations' own numbers,
 * entries of observations not listed are left alone. */
struct policy_ops {
    const char *name;
    size_t (*parameters)(const struct policy_shape *shape);
    size_t (*scratch)(const struct policy_shape *shape, uint32_t n);
    void (*initialise)(struct policy *policy, uint64_t seed);
    void (*forward)(const struct policy *policy, const struct observations *observations,
                    const uint32_t *id, uint32_t n, float *scratch, float *logit, float *value);
    void (*backward)(const struct policy *policy, const struct observations *observations,
                     const uint32_t *id, uint32_t n, float *scratch, const float *logit_gradient,
                     const float *value_gradient, float *gradient);
};

/* Allocates and initialises: a table with zeros (uniform over the legal
 * actions), a network with He's normal weights (arXiv 1502.01852), its output
 * rows scaled by 0.01 so that it starts near uniform. NULL: out of memory, a
 * shape that is out of range. */
struct policy *policy_create(const struct policy_shape *shape, uint64_t seed, struct error *error);

void policy_free(struct policy *policy);

/* Makes `quantised` of a relative policy, of the parameters as they are now. Not to be called
 * while others read the policy. -1: out of memory, another kind. */
int policy_quantise(struct policy *policy, struct error *error);

/* NULL: out of memory. The copy is not frozen. */
struct policy *policy_copy(const struct policy *policy, struct error *error);

/* "table", "linear", "mlp"; policy_kind answers -1 for any other name. */
const char *policy_name(enum policy_kind kind);
int policy_kind(const char *name);

/* How many parameters a policy of this shape has; 0: the shape is out of range. */
size_t policy_parameters(const struct policy_shape *shape);

/* Floats of scratch memory that calls with up to n observations need. */
size_t policy_scratch(const struct policy *policy, uint32_t n);

/* Logits of the legal actions and values of the n listed observations. */
void policy_forward(const struct policy *policy, const struct observations *observations,
                    const uint32_t *id, uint32_t n, float *scratch, float *logit, float *value);

/* Adds to gradient[parameters] the gradient of a loss whose derivatives by the
 * logits and values of the listed observations are given. Must follow
 * policy_forward with the same observations, list and scratch, parameters
 * unchanged. */
void policy_backward(const struct policy *policy, const struct observations *observations,
                     const uint32_t *id, uint32_t n, float *scratch, const float *logit_gradient,
                     const float *value_gradient, float *gradient);

/* Softmax over the legal actions of the listed observations: log-probabilities
 * and probabilities, indexed as the logits. Either may be the logits' array. */
void policy_softmax(const struct observations *observations, const uint32_t *id, uint32_t n,
                    const float *logit, float *log_probability, float *probability);

/* The observations of a process, one a state, its number the only feature, as the
 * number of an arc is that of the arc: borrows from the process, which must
 * outlive them. -1: out of memory. */
int observations_of_process(struct observations *observations, const struct process *process,
                            struct error *error);
void observations_release(struct observations *observations);

/* The shape of the policy of a process; mlp: an embedding of 64, then 64, 64. */
struct policy_shape policy_shape_of_process(enum policy_kind kind, const struct process *process);

/* Probabilities of the arcs of a process under a policy of its shape, [arcs].
 * -1: out of memory, another shape, or a policy whose logits are not finite. */
int policy_arc_probability(const struct policy *policy, const struct process *process,
                           float *probability, struct error *error);

/* A table that has these probabilities of the arcs (at least 1e-6 each before
 * normalising) and values 0. */
struct policy *policy_of_probability(const struct process *process, const float *probability,
                                     struct error *error);

extern const struct policy_ops policy_table_ops, policy_linear_ops, policy_mlp_ops,
    policy_relative_ops;

#endif
