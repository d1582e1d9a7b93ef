/* Names of kinds, and the sets of slots found by bisection. */
#include "measure/take.h"

const char *take_kind_name(enum take_kind kind)
{
    static const char *const names[] = {"right", "shift", "slip", "any", "added", "dropped"};
    return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "?";
}

void take_slot_set(const struct take_note *notes, size_t count, uint32_t slot, uint64_t set[2])
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (take_slot(notes[middle].position) < slot)
            low = middle + 1;
        else
            high = middle;
    }
    set[0] = set[1] = 0;
    for (; low < count && take_slot(notes[low].position) == slot; low++)
        set[notes[low].pitch >> 6] |= UINT64_C(1) << (notes[low].pitch & 63);
}
