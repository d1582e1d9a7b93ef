/* The trellis of a beam over a whole take: which hypotheses there were before each
 * note, and which ways led from one to the next; and the backward pass over it
 * (Rabiner 1989). */
#ifndef CORRECT_TRACE_H
#define CORRECT_TRACE_H

#include <stddef.h>
#include <stdint.h>

enum { TRACE_SHIFTS = 25 };

static const uint32_t TRACE_NONE = UINT32_MAX;

struct trace;

/* NULL: out of memory. */
struct trace *trace_open(size_t notes);
void trace_close(struct trace *trace);

/* Starts anew. */
void trace_start(struct trace *trace);

/* The hypotheses before the next note, by logarithmic weight. */
void trace_step(struct trace *trace, const float *weight, uint32_t count);

/* A way on from one of them by a shift of the note, `weight` being the logarithm of
 * its probability; its number. */
uint32_t trace_edge(struct trace *trace, uint32_t from, uint32_t shift, float weight);

/* Where a way led to: the number of a hypothesis before the note after it. Ways
 * that are never said to lead anywhere end. */
void trace_lead(struct trace *trace, uint32_t edge, uint32_t to);

/* The probability of each shift of each note, knowing all of them. -1: out of
 * memory, now or before. */
int trace_smooth(const struct trace *trace, float (*probability)[TRACE_SHIFTS]);

#endif
