/* Beat by beat, and notes by where they stand between beats. */
#include "style/player.h"

#include <math.h>
#include <stdlib.h>

enum { BEAT = 4 };

/* Deviations, of which most are shares of a beat or seconds. */
struct manner {
    double period;   /* of a beat, seconds */
    double walk;     /* of the logarithm of the tempo, a beat */
    double swell;    /* of the tempo over a phrase */
    double ritard;   /* at the end of a phrase */
    double push;     /* of a beat, seconds */
    double jitter;   /* of an onset, seconds */
    double spread;   /* of the notes of a chord, seconds */
    double wait;     /* chance of a hesitation before a beat */
    uint32_t phrase; /* beats */
};

static struct manner draw_manner(struct rng *rng)
{
    double ease = rng_double(rng);
    struct manner manner = {.period = 60 / (55 + 85 * rng_double(rng)),
                            .walk = .005 + .03 * ease * rng_double(rng),
                            .swell = .13 * ease * rng_double(rng),
                            .ritard = .3 * ease * rng_double(rng),
                            .push = .003 + .013 * rng_double(rng),
                            .jitter = .007 + .02 * rng_double(rng),
                            .spread = .007 + .015 * rng_double(rng),
                            .phrase = 16 + 16 * rng_below(rng, 2)};
    manner.wait = rng_below(rng, 3) == 0 ? .04 * rng_double(rng) : 0;
    return manner;
}

/* Where the player is: between two beats. */
struct progress {
    double beat;          /* number */
    double begin, length; /* seconds */
    double walk, late;    /* of the tempo; of the beat's place, seconds */
};

static void next_beat(struct progress *at, const struct manner *manner, struct rng *rng)
{
    at->begin += at->length;
    if (rng_double(rng) < manner->wait)
        at->begin += .4 + 2.5 * rng_double(rng) * rng_double(rng);
    at->beat++;
    at->late = manner->push * rng_normal(rng);
    at->walk = .97 * at->walk + manner->walk * rng_normal(rng);
    double within = fmod(at->beat, manner->phrase), left = manner->phrase - within;
    double shape = -manner->swell * sin(2 * M_PI * within / manner->phrase);
    if (left <= 3)
        shape += manner->ritard * (4 - left) / 3;
    at->length = manner->period * exp(at->walk + shape);
}

static int compare(const void *a, const void *b)
{
    const struct take_played *x = a, *y = b;
    if (x->note.seconds < y->note.seconds || x->note.seconds > y->note.seconds)
        return x->note.seconds < y->note.seconds ? -1 : 1;
    return (x->note.pitch > y->note.pitch) - (x->note.pitch < y->note.pitch);
}

/* Long rests are as long as a phrase at most. */
static void play_in_time(struct take_played *take, size_t count, const struct manner *manner,
                         struct rng *rng)
{
    struct progress at = {.beat = floor(take[0].note.position / BEAT) - 1};
    double jitter = 0, slot = -1, rest = 0;
    next_beat(&at, manner, rng);
    for (size_t i = 0; i < count; i++) {
        struct take_note *note = &take[i].note;
        double beat = floor(note->position / BEAT) - rest;
        if (beat - at.beat > manner->phrase) {
            rest += beat - at.beat - manner->phrase;
            beat = at.beat + manner->phrase;
        }
        while (at.beat < beat)
            next_beat(&at, manner, rng);
        if (note->position > slot)
            jitter = manner->jitter * rng_normal(rng);
        slot = note->position;
        note->seconds = 1 + at.begin + at.late + (note->position / BEAT - rest - beat) * at.length +
                        jitter + manner->spread * rng_normal(rng);
    }
}

void player_play(struct take_played *take, size_t count, struct rng *rng)
{
    if (count < 2)
        return;
    struct manner manner = draw_manner(rng);
    double before = take[count - 1].note.seconds - take[0].note.seconds;
    play_in_time(take, count, &manner, rng);
    double after = take[count - 1].note.seconds - take[0].note.seconds;
    for (size_t i = 0; i < count; i++)
        take[i].note.duration *= before > 0 && after > 0 ? after / before : 1;
    qsort(take, count, sizeof *take, compare);
}
