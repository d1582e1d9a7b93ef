/* Drawing songs and errors. */
#include "style/corpus.h"

#include "filter/clock.h"
#include "style/player.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NOTES = 1600, LOWEST = 24, HIGHEST = 105 };

int style_lane_open(struct style_lane *lane, const struct style_corpus *corpus, uint64_t seed,
                    uint64_t stream, struct error *error)
{
    memset(lane, 0, sizeof *lane);
    lane->corpus = corpus;
    rng_seed(&lane->rng, seed, stream);
    lane->truth = malloc(MOST_NOTES * sizeof *lane->truth);
    return lane->truth ? 0 : error_set(error, "out of memory");
}

void style_lane_close(struct style_lane *lane)
{
    clock_close(lane->clock);
    free(lane->truth);
    free(lane->take);
}

/* Most playing has few errors, some has many, and a quarter has none. */
static void draw_errors(struct rng *rng, struct inject_spec *spec, double p)
{
    double kind = rng_double(rng);
    *spec = (struct inject_spec){.kind = TAKE_SHIFT, .p = p, .reach = 2};
    if (kind < .12)
        spec->reach = 1;
    else if (kind < .42)
        spec->kind = TAKE_SLIP;
    else if (kind < .55) {
        spec->kind = TAKE_ANY;
        spec->reach = 12;
    }
    if (rng_below(rng, 3) == 0)
        spec->drop = .1 * rng_double(rng) * rng_double(rng);
    if (rng_below(rng, 3) == 0)
        spec->add = .1 * rng_double(rng) * rng_double(rng);
    if (rng_below(rng, 4) == 0)
        spec->jitter = .1 * rng_double(rng) * rng_double(rng);
}

/* A window of a song, transposed, and with its beats somewhere in the bar. */
static void copy_truth(struct style_lane *lane, const struct style_song *song)
{
    struct rng *rng = &lane->rng;
    size_t first = 0, count = song->count;
    int low = 127, high = 0;
    if (count > MOST_NOTES) {
        first = rng_below(rng, 3) ? rng_below(rng, (uint32_t)(count - MOST_NOTES)) : 0;
        count = MOST_NOTES;
    }
    for (size_t i = 0; i < count; i++) {
        int pitch = song->note[first + i].pitch;
        low = pitch < low ? pitch : low;
        high = pitch > high ? pitch : high;
    }
    int by = (int)rng_below(rng, 12) - 6;
    if (low + by < LOWEST && by < 0)
        by += 12;
    if (high + by > HIGHEST && by > 0)
        by -= 12;
    if (low + by < 0 || high + by > 127)
        by = 0;
    double start = floor(song->note[first].position / 16) * 16;
    double offset = rng_below(rng, 4) == 0 ? 4 * rng_below(rng, 4) : 0;
    for (size_t i = 0; i < count; i++) {
        struct take_note *note = &lane->truth[i];
        *note = song->note[first + i];
        note->position += offset - start;
        note->pitch = (uint8_t)(note->pitch + by);
    }
    lane->truth_count = count;
}

/* Plays what was played once more with other errors: mixtures. */
static int play_again(struct style_lane *lane, const struct inject_spec *spec, struct error *error)
{
    size_t count = 0, before = lane->count;
    struct take_note *note = malloc((before + 1) * sizeof *note);
    if (!note)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < before; i++)
        note[i] = lane->take[i].note;
    struct take_played *take = inject(note, before, spec, &lane->rng, &count, error);
    free(note);
    if (!take)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int32_t source = take[i].truth >= 0 ? take[i].truth : take[i].brushed;
        const struct take_played *was = &lane->take[source];
        if (take[i].truth < 0)
            take[i].brushed = was->truth >= 0 ? was->truth : was->brushed;
        else {
            take[i].truth = was->truth;
            take[i].brushed = was->brushed;
        }
    }
    free(lane->take);
    lane->take = take;
    lane->count = count;
    return 0;
}

/* Whoever draws works evenly hears long ones most of the time, whoever draws notes evenly hears
 * little else. So a work is drawn with a weight of one by the square root of its notes (of as many
 * as are played at once): ten times as many notes are heard three times as much. */
static const struct style_work *draw_work(const struct style_corpus *corpus, struct rng *rng)
{
    for (;;) {
        const struct style_work *work = corpus->work[rng_below(rng, (uint32_t)corpus->works)];
        size_t notes = work->song[0].count < MOST_NOTES ? work->song[0].count : MOST_NOTES;
        if (rng_double(rng) < sqrt(STYLE_LEAST / (double)notes))
            return work;
    }
}

/* Voices with few notes are drawn more often, or they would hardly be heard. */
static const struct style_song *draw_song(const struct style_work *work, struct rng *rng)
{
    double sum = 0;
    for (size_t i = 0; i < work->songs; i++)
        sum += 1 / sqrt((double)work->song[i].count);
    double left = rng_double(rng) * sum;
    for (size_t i = 0; i + 1 < work->songs; i++) {
        left -= 1 / sqrt((double)work->song[i].count);
        if (left < 0)
            return &work->song[i];
    }
    return &work->song[work->songs - 1];
}

/* One song of three. */
static int play_in_time(struct style_lane *lane, struct error *error)
{
    const struct clock_settings settings = clock_defaults();
    clock_close(lane->clock);
    lane->clock = NULL;
    lane->position = 0;
    lane->placed = 0;
    if (rng_below(&lane->rng, 3) > 0)
        return 0;
    player_play(lane->take, lane->count, &lane->rng);
    lane->clock = clock_open(&settings, error);
    return lane->clock ? 0 : -1;
}

/* Notes are placed as they come, and not all at once, as that takes time. */
static void place(struct style_lane *lane)
{
    struct take_note *note = &lane->take[lane->next].note;
    if (!lane->clock || lane->placed > lane->next)
        return;
    lane->placed++;
    note->position = clock_note(lane->clock, note->seconds, note->pitch);
    clock_settle(lane->clock);
    lane->position = note->position = fmax(lane->position, note->position);
}

static int begin(struct style_lane *lane, struct error *error)
{
    struct rng *rng = &lane->rng;
    const struct style_work *work = draw_work(lane->corpus, rng);
    struct inject_spec spec;
    free(lane->take);
    lane->take = NULL;
    lane->count = lane->next = 0;
    lane->holding = 0;
    copy_truth(lane, draw_song(work, rng));
    double u = rng_double(rng), p = rng_below(rng, 4) ? .6 * pow(u, 1.5) : .02 * u * u;
    bool mixed = rng_below(rng, 6) == 0;
    draw_errors(rng, &spec, mixed ? p / 2 : p);
    lane->take = inject(lane->truth, lane->truth_count, &spec, rng, &lane->count, error);
    if (!lane->take)
        return -1;
    if (mixed) {
        draw_errors(rng, &spec, p / 2);
        spec.drop = spec.add = spec.jitter = 0;
        if (play_again(lane, &spec, error) != 0)
            return -1;
    }
    return play_in_time(lane, error);
}

static note_set release_held(struct style_lane *lane, double seconds)
{
    note_set set = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < lane->holding; i++)
        if (lane->held[i].release > seconds) {
            set |= note_set_bit(lane->held[i].pitch);
            lane->held[kept++] = lane->held[i];
        }
    lane->holding = kept;
    return set;
}

int style_target(const struct take_note *truth, const struct take_played *played)
{
    int32_t meant = played->truth >= 0 ? played->truth : played->brushed;
    int shift = meant >= 0 ? truth[meant].pitch - played->note.pitch : 1000;
    return shift >= -STYLE_RANGE && shift <= STYLE_RANGE ? shift + STYLE_RANGE : -1;
}

int style_lane_next(struct style_lane *lane, struct style_struck *struck, struct error *error)
{
    while (lane->next == lane->count)
        if (begin(lane, error) != 0)
            return -1;
    place(lane);
    const struct take_played *played = &lane->take[lane->next];
    *struck = (struct style_struck){.position = played->note.position,
                                    .found = lane->clock != NULL,
                                    .x = played->note.pitch,
                                    .target = style_target(lane->truth, played),
                                    .first = lane->next == 0,
                                    .last = lane->next + 1 == lane->count,
                                    .held = release_held(lane, played->note.seconds)};
    return 0;
}

void style_lane_send(struct style_lane *lane, int shift)
{
    const struct take_note *note = &lane->take[lane->next++].note;
    int pitch = note->pitch + shift - STYLE_RANGE;
    if (lane->holding == STYLE_HELD)
        memmove(lane->held, lane->held + 1, --lane->holding * sizeof *lane->held);
    lane->held[lane->holding].release = note->seconds + note->duration;
    lane->held[lane->holding++].pitch = (uint8_t)(pitch < 0 ? 0 : pitch > 127 ? 127 : pitch);
}
