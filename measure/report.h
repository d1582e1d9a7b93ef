/* The tables that `evaluate` prints and writes: scores, and the IM experiment. */
#ifndef MEASURE_REPORT_H
#define MEASURE_REPORT_H

#include "measure/accuracy.h"
#include "measure/table.h"

/* An empty table of scores; as text the figures, in CSV and JSON also the counts
 * that they are made of. */
struct table *report_scores(struct error *error);

/* Adds a line: what was measured (a file, or "total"), the mode, the error model. */
void report_score(struct table *table, const char *what, const char *mode, const char *errors,
                  const struct accuracy *score);

#endif
