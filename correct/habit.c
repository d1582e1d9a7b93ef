/* Decayed counts with a little of everything added, so that nothing is impossible. */
#include "correct/habit.h"

#include <string.h>

static const float forget_note = .98f, forget_slot = .96f;
static const float any_note = 1 / 50.f; /* before anything was heard: the keys in use */
static const float any_weight = 4;      /* it counts as much as so many notes */
static const float same_pitch = .6f;    /* of what was heard, the pitch itself; else its class */
static const float octaves = 3.5f;      /* in which a pitch class is expected */
static const float trace = 1e-20f; /* left of what was heard long ago: denormal numbers are slow */

void habit_start(struct habit *habit)
{
    memset(habit, 0, sizeof *habit);
    for (int s = 0; s < HABIT_SLOTS; s++) {
        habit->struck[s] = .8f;
        habit->passed[s] = 2;
    }
    for (int n = 0; n < HABIT_CHORD; n++)
        habit->chord[n] = n == 0 ? .8f : .3f;
}

float habit_note(const struct habit *habit, uint8_t x)
{
    float heard = same_pitch * habit->pitch[x] + (1 - same_pitch) * habit->class[x % 12] / octaves;
    return (heard + any_weight * any_note) / (habit->notes + any_weight);
}

void habit_hear(struct habit *habit, uint8_t x)
{
    for (int p = 0; p < 128; p++)
        habit->pitch[p] = habit->pitch[p] * forget_note + trace;
    for (int c = 0; c < 12; c++)
        habit->class[c] = habit->class[c] * forget_note + trace;
    habit->pitch[x] += 1;
    habit->class[x % 12] += 1;
    habit->notes = habit->notes * forget_note + 1;
}

float habit_slot(struct habit *habit, int64_t slot, uint32_t notes)
{
    unsigned s = (unsigned)(slot & (HABIT_SLOTS - 1));
    float struck = (habit->struck[s] + .2f) / (habit->passed[s] + .4f);
    float probability = 1 - struck;
    if (notes) {
        unsigned chord = notes < HABIT_CHORD ? notes - 1 : HABIT_CHORD - 1;
        float sum = 0;
        for (int n = 0; n < HABIT_CHORD; n++)
            sum += habit->chord[n];
        probability = struck * (habit->chord[chord] + .05f) / (sum + .05f * HABIT_CHORD);
        for (int n = 0; n < HABIT_CHORD; n++)
            habit->chord[n] = habit->chord[n] * forget_slot + ((unsigned)n == chord ? 1.f : 0);
    }
    habit->passed[s] = habit->passed[s] * forget_slot + 1;
    habit->struck[s] = habit->struck[s] * forget_slot + (notes != 0);
    return probability;
}
