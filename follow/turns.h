/* The ways on that the policies propose at the ends of beats. */
#ifndef FOLLOW_TURNS_H
#define FOLLOW_TURNS_H

#include "follow/pieces.h"

/* Fills turn_first and turn of pieces laid otherwise. -1: out of memory. */
int turns_lay(struct pieces *pieces, const struct model *const *models, size_t count);

#endif
