/* What a note costs in the corrector: microseconds at the median, the 99th and
 * the 99.9th percentile, for one piece and for a repertoire, played clean, with
 * wrong notes, and playing something else.
 *
 *     bench_correct [FILE.mid...]      the pieces; without any, 100 made up ones
 *
 * Beside each figure stand two others of the same run: the floor, which only
 * reads the note and answers it (so: what taking the time costs), and a plain
 * forward algorithm over all places of all pieces, the simplest thing that
 * follows at all. Every playing is done several times from the start and each
 * note counts with its least time: what the corrector does for a note is the
 * same every time, what else the machine does is not. */
#include "base/monotonic.h"
#include "filter/take.h"
#include "midi/midifile.h"
#include "music.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MADE_UP = 100, RUNS = 5, NOTES = 50000, BARS = 8 };

/* The plain follower: the belief of all places, kept whole. */
struct scan {
    const uint64_t (*set)[2];
    float *weight, *next;
    size_t places;
    double slot;
};

struct subject {
    struct corrector *corrector; /* NULL: the scan; that NULL too: the floor */
    struct scan *scan;
};

static void *need(void *memory)
{
    if (!memory) {
        fputs("bench_correct: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static struct scan *scan_open(const struct model *model)
{
    struct scan *scan = need(calloc(1, sizeof *scan));
    for (size_t k = 0; k < model_songs(model); k++)
        scan->places += model_song(model, k)->slots;
    uint64_t(*set)[2] = need(calloc(scan->places + 1, sizeof *set));
    size_t place = 0;
    for (size_t k = 0; k < model_songs(model); k++)
        for (uint32_t s = 0; s < model_song(model, k)->slots; s++)
            song_slot_set(model_song(model, k), s, set[place++]);
    scan->set = (const uint64_t(*)[2])set;
    scan->weight = need(calloc(scan->places + 1, sizeof *scan->weight));
    scan->next = need(calloc(scan->places + 1, sizeof *scan->next));
    return scan;
}

static void scan_close(struct scan *scan)
{
    free((void *)scan->set);
    free(scan->weight);
    free(scan->next);
    free(scan);
}

static void scan_start(struct scan *scan)
{
    scan->slot = 0;
    for (size_t p = 0; p < scan->places; p++)
        scan->weight[p] = 1 / (float)scan->places;
}

/* On by the slots that passed, times the likelihood of the note, to a sum of one. */
static uint8_t scan_note(struct scan *scan, const struct correct_note *note)
{
    size_t passed = (size_t)(note->slot - scan->slot);
    float jump = .003f / (float)scan->places, sum = 0;
    for (size_t p = 0; p < scan->places; p++) {
        float before = p >= passed ? scan->weight[p - passed] : 0;
        float likelihood = scan->set[p][note->pitch >> 6] >> (note->pitch & 63) & 1 ? .3f : .01f;
        scan->next[p] = (before * .997f + jump) * likelihood;
        sum += scan->next[p];
    }
    size_t best = 0;
    for (size_t p = 0; p < scan->places; p++) {
        scan->next[p] /= sum;
        if (scan->next[p] > scan->next[best])
            best = p;
    }
    float *old = scan->weight;
    scan->weight = scan->next;
    scan->next = old;
    scan->slot = note->slot;
    uint64_t low = scan->set[best][0];
    return low ? (uint8_t)__builtin_ctzll(low) : note->pitch;
}

/* Plays once; each note's least time so far goes to time[]. */
static void play(struct subject subject, const struct playing *playing, uint32_t *time)
{
    double held = -1;
    size_t release = 0;
    for (size_t i = 0; i < playing->count; i++) {
        const struct correct_note *note = &playing->note[i];
        for (; subject.corrector && note->slot > held && release < i; release++)
            corrector_release(subject.corrector, playing->sent[release]);
        held = note->slot;
        uint64_t began = monotonic_nanoseconds();
        playing->sent[i] = subject.corrector ? corrector_note(subject.corrector, note)
                           : subject.scan    ? scan_note(subject.scan, note)
                                             : note->pitch;
        uint64_t took = monotonic_nanoseconds() - began;
        if (took < time[i])
            time[i] = (uint32_t)took;
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

struct percentiles {
    double p50, p99, p999; /* microseconds */
};

static struct percentiles percentiles(uint32_t *time, size_t count)
{
    qsort(time, count, sizeof *time, compare);
    size_t at[] = {count / 2, count * 99 / 100, count * 999 / 1000};
    return (struct percentiles){time[at[0]] * 1e-3, time[at[1]] * 1e-3, time[at[2]] * 1e-3};
}

enum what { FLOOR, SCAN, CORRECTOR };

static struct percentiles measure(enum what what, const struct model *model,
                                  const struct playing *playing)
{
    uint32_t *time = need(malloc(playing->count * sizeof *time));
    memset(time, 0xff, playing->count * sizeof *time);
    struct scan *scan = what == SCAN ? scan_open(model) : NULL;
    for (int run = 0; run < (what == SCAN ? 2 : RUNS); run++) {
        struct corrector *corrector =
            what == CORRECTOR ? music_corrector(model, CORRECT_CORRECT) : NULL;
        if (scan)
            scan_start(scan);
        play((struct subject){corrector, scan}, playing, time);
        corrector_close(corrector);
    }
    if (scan)
        scan_close(scan);
    struct percentiles found = percentiles(time, playing->count);
    free(time);
    return found;
}

/* Parts of eight bars from anywhere in the songs, one after the other. */
static struct playing pieces_played(struct song *const *songs, size_t count, double wrong, int most,
                                    size_t notes)
{
    struct playing playing = {0};
    struct rng rng;
    rng_seed(&rng, 1, 0);
    while (playing.count < notes) {
        const struct song *song = songs[rng_below(&rng, (uint32_t)count)];
        uint32_t from = rng_below(&rng, song->slots / MUSIC_BAR + 1) * MUSIC_BAR;
        if (from < song->slots)
            playing_add(&playing, song, from, from + BARS * MUSIC_BAR);
    }
    if (wrong > 0)
        playing_shift(&playing, &rng, wrong, most);
    return playing;
}

static void row(const char *name, const struct model *model, struct playing playing)
{
    struct percentiles floor = measure(FLOOR, model, &playing);
    struct percentiles c = measure(CORRECTOR, model, &playing);
    if (playing.count > NOTES / 50)
        playing.count = NOTES / 50; /* the scan is slow */
    struct percentiles scan = measure(SCAN, model, &playing);
    printf("  %-18s %7.2f %7.2f %7.2f  %7.2f %7.1f  %8.1f %7.4f\n", name, c.p50, c.p99, c.p999,
           floor.p50, c.p50 / floor.p50, scan.p50, c.p50 / scan.p50);
    playing_free(&playing);
}

static void table(struct song **songs, size_t count)
{
    struct model *model = music_model(songs, count);
    struct song *kept[MADE_UP + 1];
    struct song *other = music_compose(MUSIC_PIANO, 999, 8);
    size_t places = 0;
    uint64_t least = UINT64_MAX;
    for (size_t k = 0; k < count; k++) {
        kept[k] = (struct song *)model_song(model, k);
        places += kept[k]->slots;
    }
    for (int run = 0; run < RUNS; run++) {
        uint64_t began = monotonic_nanoseconds();
        corrector_close(music_corrector(model, CORRECT_CORRECT));
        uint64_t took = monotonic_nanoseconds() - began;
        least = took < least ? took : least;
    }
    printf("%zu piece%s, %zu slots; opened in %.1f ms\n", count, count == 1 ? "" : "s", places,
           (double)least * 1e-6);
    row("clean", model, pieces_played(kept, count, 0, 0, NOTES));
    row("one in ten wrong", model, pieces_played(kept, count, .1, 2, NOTES));
    row("half wrong", model, pieces_played(kept, count, .5, 2, NOTES));
    row("half anywhere", model, pieces_played(kept, count, .5, 12, NOTES));
    row("something else", model, pieces_played(&other, 1, 0, 0, NOTES));
    song_free(other);
    model_free(model);
}

static struct song *read_piece(const char *path)
{
    struct error error = {""};
    struct take_choice choice = {0};
    struct midifile *file = midifile_load(path, &error);
    struct take *take = file ? take_create(file, path, &choice, &error) : NULL;
    struct song *song = take ? take_song(take, file, path, &error) : NULL;
    if (!song) {
        fprintf(stderr, "bench_correct: %s\n", error.text);
        exit(1);
    }
    take_free(take);
    midifile_free(file);
    return song;
}

int main(int argc, char **argv)
{
    struct song *songs[MADE_UP];
    size_t count = argc > 1 ? (size_t)argc - 1 : MADE_UP;
    if (count > MADE_UP) {
        fprintf(stderr, "bench_correct: at most %d files\n", MADE_UP);
        return 2;
    }
    puts("microseconds a note                          floor           plain scan\n"
         "                         p50     p99   p99.9     p50   ratio       p50   ratio");
    songs[0] = argc > 1 ? read_piece(argv[1]) : music_compose(MUSIC_PIANO, 1, 8);
    table(songs, 1);
    for (size_t k = 0; k < count; k++)
        songs[k] = argc > 1 ? read_piece(argv[k + 1])
                            : music_compose(k % 2 ? MUSIC_MELODY : MUSIC_PIANO, k + 1, 8);
    if (count > 1)
        table(songs, count);
    return 0;
}
