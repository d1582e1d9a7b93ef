/* Songs for tests, made by hand or from random numbers. */
#ifndef TESTS_PIECE_PIECES_H
#define TESTS_PIECE_PIECES_H

#include "piece/beats.h"

/* One beat a letter: the same letter is the same beat. */
struct song *piece_of_letters(const char *letters);

/* Sections of eight beats, some repeated, some with a beat from elsewhere. */
struct song *piece_at_random(uint64_t seed, uint32_t sections);

/* The process of one song. */
struct process *process_of(const struct song *song, uint32_t context);

#endif
