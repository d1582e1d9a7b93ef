/* Processes for tests, made by hand or from random numbers. */
#ifndef TESTS_RL_CHAINS_H
#define TESTS_RL_CHAINS_H

#include "rl/process.h"

/* One observation a letter, one trajectory a string. */
struct process *process_of_letters(const char *const *letters, uint32_t count, uint32_t context,
                                   struct error *error);

/* Of a single string. */
struct process *process_of(const char *letters, uint32_t context);

/* Sections of eight steps, some repeated, some with a step from elsewhere. */
struct process *process_at_random(uint64_t seed, uint32_t sections);

#endif
