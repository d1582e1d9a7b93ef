/* Beat by beat, and notes by where they stand between beats. */
#include "style/player.h"

#include <math.h>
#include <stdlib.h>

enum { BEAT = 4 };

/* How one player plays. */
struct manner {
    double period;   /* of a beat, seconds */
    double walk;     /* deviation of the logarithm of the tempo, a beat */
    double swell;    /* of the tempo over a phrase, share */
    double ritard;   /* slowing at the end of a phrase, share */
    double push;     /* deviation of a beat's place, seconds */
    double jitter;   /* of an onset, seconds */
    double spread;   /* of a note of a chord, seconds */
    double wait;     /* chance of a hesitation before a beat */
    uint32_t phrase; /* beats */
};

/* Draws stand in statements of their own: their order must not be the compiler's choice. */
static struct manner draw_manner(struct rng *rng)
{
    struct manner manner = {0};
    double ease = rng_double(rng);
    manner.period = 60 / (55 + 85 * rng_double(rng));
    manner.walk = .005 + .03 * ease * rng_double(rng);
    manner.swell = .13 * ease * rng_double(rng);
    manner.ritard = .3 * ease * rng_double(rng);
    manner.push = .003 + .013 * rng_double(rng);
    manner.jitter = .007 + .02 * rng_double(rng);
    manner.spread = .007 + .015 * rng_double(rng);
    manner.phrase = 16 + 16 * rng_below(rng, 2);
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
    if (rng_double(rng) < manner->wait) {
        double wait = 2.5 * rng_double(rng);
        wait *= rng_double(rng);
        at->begin += .4 + wait;
    }
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
