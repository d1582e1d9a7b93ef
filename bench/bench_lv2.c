/* The plugin's run() in blocks of 64 frames at 48 kHz, with a repertoire:
 *
 *     bench_lv2 MODULE BUNDLE [REPERTOIRE [SECONDS [RUNS]]]
 *
 * Prints the processor time of a note (of a block, shared by the notes in it) and of a block
 * without notes, in microseconds: p50, p99, p99.9, the longest. The playing is a piece with slips,
 * eight notes a second and chords. Of several runs, which are equal, the least time of each block
 * counts: what else the machine does makes it longer only. */
#include "tests/correct/music.h"
#include "tests/lv2/host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RATE = 48000, BLOCK = 64 };

/* Of this thread: what others do meanwhile does not count. */
static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return 1e6 * (double)time.tv_sec + 1e-3 * (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static void print(const char *what, double *times, size_t count)
{
    if (count == 0)
        return;
    qsort(times, count, sizeof *times, by_value);
    printf("%s: %zu, p50 %.2f us, p99 %.2f us, p99.9 %.2f us, longest %.2f us\n", what, count,
           times[count / 2], times[count * 99 / 100], times[count * 999 / 1000], times[count - 1]);
}

/* What is played in the loop: strikes and, an eighth of a second later, releases. */
static struct playing make_playing(void)
{
    struct song *song = music_compose(MUSIC_PIANO, 7, 4);
    struct playing playing = {0};
    struct rng rng;
    rng_seed(&rng, 1, 0);
    playing_add(&playing, song, 0, 32 * MUSIC_BAR);
    playing_shift(&playing, &rng, .15, 2);
    song_free(song);
    return playing;
}

struct times {
    double *note, *empty; /* [blocks] */
    size_t notes, empties;
};

static void keep_least(double *time, double found, bool first)
{
    if (first || found < *time)
        *time = found;
}

static void play(struct host *host, const struct playing *playing, size_t blocks,
                 struct times *times, bool first)
{
    size_t next = 0;
    double begin = 1;
    times->notes = times->empties = 0;
    for (size_t block = 0; block < blocks; block++) {
        double end = (double)(host_frames(host) + BLOCK) / RATE;
        unsigned struck = 0;
        while (next < playing->count && begin + playing->note[next].slot * .125 < end) {
            const uint8_t pitch = playing->note[next].pitch;
            const uint8_t on[] = {0x90, pitch, 80};
            const uint8_t off[] = {0x80, next > 0 ? playing->note[next - 1].pitch : pitch, 64};
            host_midi(host, 0, off, sizeof off);
            host_midi(host, 0, on, sizeof on);
            struck++;
            next++;
        }
        if (next == playing->count) {
            begin = end + 2;
            next = 0;
        }
        double before = now();
        host_run(host, BLOCK);
        double time = now() - before;
        if (struck)
            keep_least(&times->note[times->notes++], time / struck, first);
        else
            keep_least(&times->empty[times->empties++], time, first);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench_lv2 MODULE BUNDLE [REPERTOIRE [SECONDS [RUNS]]]\n");
        return 2;
    }
    double seconds = argc > 4 ? atof(argv[4]) : 300;
    int runs = argc > 5 ? atoi(argv[5]) : 1;
    size_t blocks = (size_t)(seconds * RATE / BLOCK);
    struct times times = {.note = calloc(blocks, sizeof(double)),
                          .empty = calloc(blocks, sizeof(double))};
    struct playing playing = make_playing();
    unsigned faults = 0;
    for (int run = 0; run < runs; run++) {
        struct host *host = host_open(argv[1], argv[2], RATE, HOST_AT_ONCE);
        if (argc > 3)
            host_set_path(host, 0, "urn:audiogenrl:corrector#repertoire", argv[3]);
        host_mute(host, true);
        host_run(host, BLOCK);
        play(host, &playing, blocks, &times, run == 0);
        faults += host_faults();
        host_close(host);
    }
    print("a note", times.note, times.notes);
    print("a block without", times.empty, times.empties);
    printf("%u times it allocated, locked or touched a file\n", faults);
    playing_free(&playing);
    free(times.note);
    free(times.empty);
    return 0;
}
