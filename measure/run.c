/* Releases are sorted by time beforehand and handed over between the notes. */
#include "measure/run.h"

#include "base/monotonic.h"

#include <math.h>
#include <stdlib.h>

struct release {
    double seconds;
    size_t index;
};

static int by_time(const void *left, const void *right)
{
    const struct release *a = left, *b = right;
    if (a->seconds != b->seconds)
        return a->seconds < b->seconds ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static struct correct_note correct_note_of(const struct take_played *played)
{
    return (struct correct_note){.seconds = played->note.seconds,
                                 .slot = played->note.position,
                                 .pitch = played->note.pitch,
                                 .velocity = played->note.velocity};
}

static int check_order(const struct take_played *take, size_t count, struct error *error)
{
    for (size_t i = 1; i < count; i++)
        if (!(take[i].note.position >= take[i - 1].note.position &&
              take[i].note.seconds >= take[i - 1].note.seconds))
            return error_set(error, "note %zu of the take is out of order", i + 1);
    return 0;
}

int run_live(struct corrector *corrector, const struct take_played *take, size_t count,
             uint8_t *sent, uint64_t *nanoseconds, struct error *error)
{
    if (check_order(take, count, error) != 0)
        return -1;
    struct release *release = malloc((count + 1) * sizeof *release);
    if (!release)
        return error_set(error, "out of memory for %zu notes", count);
    for (size_t i = 0; i < count; i++) {
        /* No key is up again before it is down. */
        double held = fmax(take[i].note.duration, 0.001);
        release[i] = (struct release){take[i].note.seconds + held, i};
    }
    qsort(release, count, sizeof *release, by_time);
    size_t released = 0;
    for (size_t i = 0; i < count; i++) {
        for (; release[released].seconds <= take[i].note.seconds; released++)
            corrector_release(corrector, sent[release[released].index]);
        struct correct_note note = correct_note_of(&take[i]);
        uint64_t start = nanoseconds ? monotonic_nanoseconds() : 0;
        sent[i] = corrector_note(corrector, &note);
        if (nanoseconds) {
            corrector_settle(corrector);
            nanoseconds[i] = monotonic_nanoseconds() - start;
        }
    }
    for (; released < count; released++)
        corrector_release(corrector, sent[release[released].index]);
    free(release);
    return 0;
}

int run_whole(struct corrector *corrector, const struct take_played *take, size_t count,
              uint8_t *sent, struct error *error)
{
    if (check_order(take, count, error) != 0)
        return -1;
    struct correct_note *notes = malloc((count + 1) * sizeof *notes);
    if (!notes)
        return error_set(error, "out of memory for %zu notes", count);
    for (size_t i = 0; i < count; i++)
        notes[i] = correct_note_of(&take[i]);
    int result = corrector_take(corrector, notes, count, sent, NULL, error);
    free(notes);
    return result;
}
