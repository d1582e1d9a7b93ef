/* Learning for tests: in one go or, with a `pause`, stopped after so many steps and taken up again
 * in the environment `later`, from bytes that are refused when cut short. Environments are closed
 * here; what goes wrong fails the test. */
#ifndef TESTS_RL_LESSON_H
#define TESTS_RL_LESSON_H

#include "rl/ppo.h"
#include "rl/sarsa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static inline void lesson_ppo(struct policy *policy, const struct ppo_settings *settings,
                              struct environment *environment, uint64_t pause,
                              struct environment *later)
{
    struct ppo *ppo = ppo_open(environment, policy, settings, NULL);
    assert_non_null(ppo);
    if (pause) {
        size_t length;
        assert_int_equal(ppo_run(ppo, pause, NULL, NULL, NULL), 0);
        unsigned char *bytes = ppo_export(ppo, &length, NULL);
        assert_non_null(bytes);
        ppo_close(ppo);
        ppo = ppo_open(later, policy, settings, NULL);
        assert_int_equal(ppo_import(ppo, bytes, length - 1, NULL), -1);
        assert_int_equal(ppo_import(ppo, bytes, length, NULL), 0);
        free(bytes);
    }
    assert_int_equal(ppo_run(ppo, settings->total_timesteps, NULL, NULL, NULL), 0);
    ppo_close(ppo);
    environment_free(environment);
    environment_free(later);
}

/* Gives what was learned from `fresh`; it is taken up again with another seed. */
static inline struct policy *lesson_sarsa(const struct policy *fresh,
                                          struct sarsa_settings settings,
                                          struct environment *environment, uint64_t pause,
                                          struct environment *later)
{
    struct sarsa *sarsa = sarsa_open(environment, fresh, &settings, NULL);
    assert_non_null(sarsa);
    if (pause) {
        size_t length;
        assert_int_equal(sarsa_run(sarsa, pause, NULL, NULL, NULL), 0);
        unsigned char *bytes = sarsa_export(sarsa, &length, NULL);
        assert_non_null(bytes);
        sarsa_close(sarsa);
        settings.seed += 99;
        sarsa = sarsa_open(later, fresh, &settings, NULL);
        assert_int_equal(sarsa_import(sarsa, bytes, length - 1, NULL), -1);
        assert_int_equal(sarsa_import(sarsa, bytes, length, NULL), 0);
        free(bytes);
    }
    assert_int_equal(sarsa_run(sarsa, settings.total_timesteps, NULL, NULL, NULL), 0);
    struct policy *policy = sarsa_policy(sarsa, NULL);
    assert_non_null(policy);
    sarsa_close(sarsa);
    environment_free(environment);
    environment_free(later);
    return policy;
}

#endif
