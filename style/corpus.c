/* Drawing songs and errors. */
#include "style/corpus.h"

#include "filter/clock.h"
#include "style/player.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NOTES = 1600, LOWEST = 24, HIGHEST = 105 };

int style_playback_open(struct style_playback *playback, const struct style_corpus *corpus,
                        uint64_t seed, uint64_t stream, struct error *error)
{
    memset(playback, 0, sizeof *playback);
    playback->corpus = corpus;
    rng_seed(&playback->rng, seed, stream);
    playback->truth = malloc(MOST_NOTES * sizeof *playback->truth);
    return playback->truth ? 0 : error_set(error, "out of memory");
}

void style_playback_close(struct style_playback *playback)
{
    clock_close(playback->clock);
    free(playback->truth);
    free(playback->take);
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
static void copy_truth(struct style_playback *playback, const struct style_song *song)
{
    struct rng *rng = &playback->rng;
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
        struct take_note *note = &playback->truth[i];
        *note = song->note[first + i];
        note->position += offset - start;
        note->pitch = (uint8_t)(note->pitch + by);
    }
    playback->truth_count = count;
}

/* Plays what was played once more with other errors: mixtures. */
static int play_again(struct style_playback *playback, const struct inject_spec *spec,
                      struct error *error)
{
    size_t count = 0, before = playback->count;
    struct take_note *note = malloc((before + 1) * sizeof *note);
    if (!note)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < before; i++)
        note[i] = playback->take[i].note;
    struct take_played *take = inject(note, before, spec, &playback->rng, &count, error);
    free(note);
    if (!take)
        return -1;
    for (size_t i = 0; i < count; i++) {
        int32_t source = take[i].truth >= 0 ? take[i].truth : take[i].brushed;
        const struct take_played *was = &playback->take[source];
        if (take[i].truth < 0)
            take[i].brushed = was->truth >= 0 ? was->truth : was->brushed;
        else {
            take[i].truth = was->truth;
            take[i].brushed = was->brushed;
        }
    }
    free(playback->take);
    playback->take = take;
    playback->count = count;
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
static int play_in_time(struct style_playback *playback, struct error *error)
{
    const struct clock_settings settings = clock_defaults();
    clock_close(playback->clock);
    playback->clock = NULL;
    playback->position = 0;
    playback->placed = 0;
    if (rng_below(&playback->rng, 3) > 0)
        return 0;
    player_play(playback->take, playback->count, &playback->rng);
    playback->clock = clock_open(&settings, error);
    return playback->clock ? 0 : -1;
}

/* Notes are placed as they come, and not all at once, as that takes time. */
static void place(struct style_playback *playback)
{
    struct take_note *note = &playback->take[playback->next].note;
    if (!playback->clock || playback->placed > playback->next)
        return;
    playback->placed++;
    note->position = clock_note(playback->clock, note->seconds, note->pitch);
    clock_settle(playback->clock);
    playback->position = note->position = fmax(playback->position, note->position);
}

static int begin(struct style_playback *playback, struct error *error)
{
    struct rng *rng = &playback->rng;
    const struct style_work *work = draw_work(playback->corpus, rng);
    struct inject_spec spec;
    free(playback->take);
    playback->take = NULL;
    playback->count = playback->next = 0;
    playback->holding = 0;
    copy_truth(playback, draw_song(work, rng));
    double u = rng_double(rng), p = rng_below(rng, 4) ? .6 * pow(u, 1.5) : .02 * u * u;
    bool mixed = rng_below(rng, 6) == 0;
    draw_errors(rng, &spec, mixed ? p / 2 : p);
    playback->take =
        inject(playback->truth, playback->truth_count, &spec, rng, &playback->count, error);
    if (!playback->take)
        return -1;
    if (mixed) {
        draw_errors(rng, &spec, p / 2);
        spec.drop = spec.add = spec.jitter = 0;
        if (play_again(playback, &spec, error) != 0)
            return -1;
    }
    return play_in_time(playback, error);
}

static note_set release_held(struct style_playback *playback, double seconds)
{
    note_set set = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < playback->holding; i++)
        if (playback->held[i].release > seconds) {
            set |= note_set_bit(playback->held[i].pitch);
            playback->held[kept++] = playback->held[i];
        }
    playback->holding = kept;
    return set;
}

int style_target(const struct take_note *truth, const struct take_played *played)
{
    int32_t meant = played->truth >= 0 ? played->truth : played->brushed;
    int shift = meant >= 0 ? truth[meant].pitch - played->note.pitch : 1000;
    return shift >= -STYLE_RANGE && shift <= STYLE_RANGE ? shift + STYLE_RANGE : -1;
}

int style_playback_next(struct style_playback *playback, struct style_struck *struck,
                        struct error *error)
{
    while (playback->next == playback->count)
        if (begin(playback, error) != 0)
            return -1;
    place(playback);
    const struct take_played *played = &playback->take[playback->next];
    *struck = (struct style_struck){.position = played->note.position,
                                    .found = playback->clock != NULL,
                                    .x = played->note.pitch,
                                    .target = style_target(playback->truth, played),
                                    .first = playback->next == 0,
                                    .last = playback->next + 1 == playback->count,
                                    .held = release_held(playback, played->note.seconds)};
    return 0;
}

void style_playback_send(struct style_playback *playback, int shift)
{
    const struct take_note *note = &playback->take[playback->next++].note;
    int pitch = note->pitch + shift - STYLE_RANGE;
    if (playback->holding == STYLE_HELD)
        memmove(playback->held, playback->held + 1, --playback->holding * sizeof *playback->held);
    playback->held[playback->holding].release = note->seconds + note->duration;
    playback->held[playback->holding++].pitch = (uint8_t)(pitch < 0     ? 0
                                                          : pitch > 127 ? 127
                                                                        : pitch);
}
