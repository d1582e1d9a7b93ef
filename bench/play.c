/* Each take draws its own numbers in a fixed order: a seed is a take. */
#include "bench/play.h"

#include <math.h>
#include <stdlib.h>

const struct play_manner play_manners[PLAY_MANNERS] = {
    {"steady", 0.008, 0, 0, 0.004, 0.010, 0.010, 0, 0, 0, 0, 0},
    {"rubato", 0.025, 0.12, 0.25, 0.010, 0.015, 0.015, 0, 0, 0, 0, 0},
    {"learner", 0.03, 0.05, 0.10, 0.015, 0.025, 0.020, 0.03, 0, 0, 0, 0},
    {"concert", 0.02, 0.15, 0.4, 0.015, 0.010, 0.008, 0.005, 0.025, 0.1, 0.02, 0.01},
};

static void make_tempo(struct play *play, const struct play_manner *manner, double period,
                       struct rng *rng)
{
    double time = 1, walk = 0;
    size_t phrase = 16 + 16 * rng_below(rng, 2);
    for (size_t b = 0; b <= play->beats; b++) {
        play->beat[b] = time + manner->push * rng_normal(rng);
        walk = 0.97 * walk + manner->walk * rng_normal(rng);
        double along = (double)(b % phrase) / (double)phrase;
        double shape = -manner->swell * sin(2 * M_PI * along);
        double left = (double)phrase - (double)(b % phrase);
        if (left <= 3)
            shape += manner->ritard * (4 - left) / 3;
        play->length[b] = period * exp(walk + shape);
        time += play->length[b];
        if (rng_double(rng) < manner->wait)
            time += 0.4 + 2.5 * rng_double(rng) * rng_double(rng);
    }
}

static uint8_t slip(uint8_t pitch, struct rng *rng)
{
    if (rng_double(rng) >= 0.2)
        return pitch;
    int shift = (int)rng_below(rng, 2) + 1;
    int wrong = rng_below(rng, 2) ? pitch + shift : pitch - shift;
    return wrong < 0 || wrong > 127 ? pitch : (uint8_t)wrong;
}

static int compare_onsets(const void *a, const void *b)
{
    const struct play_onset *x = a, *y = b;
    if (x->seconds < y->seconds || x->seconds > y->seconds)
        return x->seconds < y->seconds ? -1 : 1;
    return (x->pitch > y->pitch) - (x->pitch < y->pitch);
}

static void add_onset(struct play *play, const struct play_onset *onset)
{
    if (play->count < PLAY_MOST_ONSETS)
        play->onset[play->count++] = *onset;
}

/* The note, its upper neighbour and the note again before the one that is written. */
static void add_mordent(struct play *play, struct play_onset onset, struct rng *rng)
{
    double length = 0.05 + 0.03 * rng_double(rng);
    onset.extra = true;
    onset.seconds -= 2 * length;
    add_onset(play, &onset);
    onset.seconds += length;
    onset.struck = (uint8_t)(onset.pitch < 126 ? onset.pitch + 1 + rng_below(rng, 2) : 127);
    add_onset(play, &onset);
}

/* The notes from `first` up to `end` are struck together. */
static void place_chord(struct play *play, const struct take *take, size_t first, size_t end,
                        const struct play_manner *manner, struct rng *rng)
{
    double slot = take->note[first].slot;
    size_t b = (size_t)(slot / 4);
    double length = fmin(play->length[b], play->beat[b + 1] - play->beat[b]);
    double shift = manner->jitter * rng_normal(rng);
    bool roll = end - first > 2 && rng_double(rng) < manner->roll;
    double step = 0.03 + 0.04 * rng_double(rng);
    uint8_t highest = 0;
    for (size_t i = first; i < end; i++)
        highest = take->note[i].pitch > highest ? take->note[i].pitch : highest;
    for (size_t i = first; i < end; i++) {
        struct play_onset onset = {
            .seconds = play->beat[b] + (slot / 4 - (double)b) * length + shift +
                       manner->spread * rng_normal(rng),
            .slot = slot,
            .period = length,
            .pitch = take->note[i].pitch,
            .struck = slip(take->note[i].pitch, rng),
            .note = i,
        };
        if (onset.pitch == highest && end - first > 1)
            onset.seconds -= manner->lead * rng_double(rng);
        for (size_t k = first; roll && k < end; k++)
            onset.seconds += take->note[k].pitch < onset.pitch ? step : 0;
        if (manner->omit > 0 && rng_double(rng) < manner->omit)
            continue;
        if (onset.pitch == highest && manner->adorn > 0 && rng_double(rng) < manner->adorn)
            add_mordent(play, onset, rng);
        add_onset(play, &onset);
    }
}

/* About the file's own; 120 beats a minute mean nothing in a file, then 60 to 130. */
static double choose_period(const struct take *take, size_t count, struct rng *rng)
{
    double any = 60 / (60 + 70 * rng_double(rng)), factor = exp(0.15 * rng_normal(rng));
    if (count < 2 || !(take->note[count - 1].slot > take->note[0].slot))
        return any;
    double own = 4 * (take->note[count - 1].seconds - take->note[0].seconds) /
                 (take->note[count - 1].slot - take->note[0].slot);
    return fabs(own - 0.5) < 0.001 ? any : fmin(fmax(own * factor, 0.25), 1.8);
}

void play_make(struct play *play, const struct take *take, const struct play_manner *manner,
               bool middle, struct rng *rng)
{
    size_t count = take->count < PLAY_MOST_ONSETS ? take->count : PLAY_MOST_ONSETS;
    while (count && take->note[count - 1].slot >= 4 * (PLAY_MOST_BEATS - 1))
        count--;
    double from =
        middle ? 16 * (double)rng_below(rng, (uint32_t)(take->note[count - 1].slot / 32) + 1) : 0;
    play->count = 0;
    play->beats = count ? (size_t)(take->note[count - 1].slot / 4) + 1 : 0;
    double period = choose_period(take, count, rng);
    make_tempo(play, manner, period, rng);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && take->note[end].slot <= take->note[first].slot;)
            end++;
        if (take->note[first].slot >= from)
            place_chord(play, take, first, end, manner, rng);
    }
    qsort(play->onset, play->count, sizeof *play->onset, compare_onsets);
}
