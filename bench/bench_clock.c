/* How well the beat clock finds the beat of human playing, causally.
 *
 *     bench_clock [-mrv] [-S STYLE.model] [-n TAKES] [-s SEED] [-t TRACKS] FILE.mid...
 *
 * Each file, whose own grid is the truth, is played in the four manners of play.h. Prints,
 * for each manner, over all takes:
 *
 *   step   share of events placed at the right distance from the event before
 *   slot   share of onsets whose slot differs from the truth by the same constant
 *          as at least half of the 32 onsets about it do
 *   phase  the same and in the right place of the beat
 *   octave share of onsets with a tempo within 12 % of the truth
 *   F      beat F-measure, +-70 ms, of beats told by what was known before them
 *   lock   beats until 16 events on end are placed right; median and 90th percentile
 *   us     microseconds to place an onset; median and 99th percentile
 *   after  the same of the work that can wait until the note was sent
 *
 * and again while the piece is known and followed, and drives the clock as in the
 * filter, with shift:p=0.2,max=2 wrong notes:
 *
 *   given  exact pitches after correction with the true slots, in per cent
 *   found  the same with the clock's
 *
 * With -r all files are one repertoire, and which is played is not known; with -S no piece
 * is, but a style; with -m takes begin at any bar of the first half; with -v there is a
 * line for every file, too. */
#include "bench/play.h"
#include "filter/clock.h"
#include "rl/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_TIMED = 1 << 21, MOST_TAKES = 4096, AROUND = 16, LOCKED = 16 };

struct sums {
    double step, steps, slot, phase, octave, onsets, hit, told, beats;
    double lock[MOST_TAKES];
    size_t takes;
    double given, found;
    double *microseconds[2]; /* placing, settling */
    size_t events;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

/* Beats that the clock tells between an onset and the next, none twice. */
static void tell_beats(struct play *play, const struct clock *clock, double from, double to)
{
    struct clock_state state = clock_state(clock, from);
    double rate = state.tempo / 60 * 4;
    double beat = fmax(play->last_told + 4, 4 * ceil((state.position - 0.5) / 4));
    for (; from + (beat - state.position) / rate < to; beat += 4) {
        if (play->told_count < PLAY_MOST_BEATS)
            play->told[play->told_count++] = fmax(from, from + (beat - state.position) / rate);
        play->last_told = beat;
    }
}

/* Whether the note is the piece's after correction; `found`: its slot is the clock's. */
static bool ends_right(struct corrector *corrector, const struct play_onset *onset, bool found)
{
    struct correct_note note = {.seconds = onset->seconds,
                                .slot = found ? onset->position : onset->slot,
                                .pitch = onset->struck,
                                .velocity = 80,
                                .found = found};
    uint8_t pitch = corrector_note(corrector, &note);
    corrector_release(corrector, pitch);
    return !onset->extra && pitch == onset->pitch;
}

/* `model`: the piece is known and drives the clock, as the filter does it; or NULL. */
static void run(struct play *play, struct sums *sums, const struct clock_settings *settings,
                const struct model *model)
{
    struct clock *clock = clock_open(settings, NULL);
    struct correct_settings knobs = correct_defaults();
    struct corrector *corrector = model ? corrector_open(&model, 1, &knobs, NULL) : NULL;
    play->told_count = 0;
    play->last_told = -8;
    for (size_t i = 0; i < play->count; i++) {
        struct play_onset *onset = &play->onset[i];
        double began = now();
        onset->position = clock_note(clock, onset->seconds, onset->struck);
        double placed = now();
        if (corrector)
            sums->found += ends_right(corrector, onset, true);
        double resumed = now();
        clock_settle(clock);
        if (sums->events < MOST_TIMED) {
            sums->microseconds[0][sums->events] = placed - began;
            sums->microseconds[1][sums->events++] = now() - resumed;
        }
        onset->tempo = clock_state(clock, onset->seconds).tempo;
        if (i + 1 < play->count && play->onset[i + 1].seconds - onset->seconds > 0.05)
            tell_beats(play, clock, onset->seconds, play->onset[i + 1].seconds);
    }
    clock_close(clock);
    corrector_close(corrector);
}

static struct song *read_song(const char *path, const struct take_choice *choice)
{
    struct midifile *file = midifile_load(path, NULL);
    struct take *take = file ? take_create(file, path, choice, NULL) : NULL;
    struct song *song = take ? take_song(take, file, path, NULL) : NULL;
    take_free(take);
    midifile_free(file);
    return song;
}

/* The model of some pieces whose policy takes what the pieces took; NULL: none can be read. */
static struct model *know(char *const *paths, size_t count, const struct take_choice *choice)
{
    struct model_origin origin = {.algorithm = "counts", .policy = "table"};
    struct song **songs = calloc(count, sizeof(struct song *));
    size_t read = 0;
    for (size_t i = 0; i < count; i++)
        if ((songs[read] = read_song(paths[i], choice)))
            read++;
    struct model *model = NULL;
    if (read) {
        struct process *process = beats_process((const struct song *const *)songs, read, 1, NULL);
        float *probability = malloc(process->arcs * sizeof *probability);
        process_observed(process, probability);
        struct policy *policy = policy_of_probability(process, probability, NULL);
        free(probability);
        model = model_create(songs, read, process, policy, &origin, NULL);
    }
    free(songs);
    return model;
}

/* Notes that end right with the true slots. */
static double correct_given(const struct play *play, const struct model *model)
{
    struct correct_settings knobs = correct_defaults();
    struct corrector *corrector = corrector_open(&model, 1, &knobs, NULL);
    double right = 0;
    for (size_t i = 0; i < play->count; i++)
        right += ends_right(corrector, &play->onset[i], false);
    corrector_close(corrector);
    return right;
}

static long place(double slot)
{
    return (long)floor(slot + 0.5);
}

static void score_beats(const struct play *play, struct sums *sums)
{
    size_t at = 0, first = 0;
    while (first < play->beats && play->beat[first] < play->onset[0].seconds - 0.07)
        first++;
    sums->beats += (double)(play->beats - first);
    sums->told += (double)play->told_count;
    for (size_t b = first; b < play->beats; b++) {
        while (at < play->told_count && play->told[at] < play->beat[b] - 0.07)
            at++;
        if (at < play->told_count && play->told[at] <= play->beat[b] + 0.07) {
            sums->hit++;
            at++;
        }
    }
}

static void score_onsets(const struct play *play, struct sums *sums)
{
    size_t run_length = 0;
    double lock = -1;
    size_t before = 0; /* the last onset that is in the piece */
    while (before < play->count && play->onset[before].extra)
        before++;
    for (size_t i = before; i < play->count; i++) {
        const struct play_onset *o = &play->onset[i];
        if (o->extra)
            continue;
        long gap = place(o->position) - place(o->slot);
        size_t same = 0, all = 0;
        for (size_t k = i > AROUND ? i - AROUND : 0; k < play->count && k <= i + AROUND; k++) {
            if (play->onset[k].extra)
                continue;
            all++;
            same += place(play->onset[k].position) - place(play->onset[k].slot) == gap;
        }
        int right = 2 * same >= all;
        sums->onsets++;
        sums->slot += right;
        sums->phase += right && gap % 4 == 0;
        sums->octave += fabs(o->tempo * o->period / 60 - 1) < 0.12;
        const struct play_onset *last = &play->onset[before];
        before = i;
        if (i == 0 || place(o->slot) == place(last->slot))
            continue;
        int step = place(o->position) - place(last->position) == place(o->slot) - place(last->slot);
        sums->steps++;
        sums->step += step;
        run_length = step ? run_length + 1 : 0;
        if (run_length == LOCKED && lock < 0) {
            size_t first = i;
            for (size_t n = 0; first > 0 && n < LOCKED; first--)
                n += place(play->onset[first].slot) != place(play->onset[first - 1].slot);
            lock = (play->onset[first].slot - play->onset[0].slot) / 4;
        }
    }
    sums->lock[sums->takes++] = lock < 0 ? 999 : lock;
}

static void score(const struct play *play, struct sums *sums)
{
    score_onsets(play, sums);
    score_beats(play, sums);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(const char *name, struct sums *sums)
{
    double precision = sums->hit / sums->told, recall = sums->hit / sums->beats;
    qsort(sums->lock, sums->takes, sizeof *sums->lock, compare);
    printf("%-14s %6.1f %6.1f %6.1f %6.1f %6.1f %6.1f %6.1f", name, 100 * sums->step / sums->steps,
           100 * sums->slot / sums->onsets, 100 * sums->phase / sums->onsets,
           100 * sums->octave / sums->onsets, 200 * precision * recall / (precision + recall),
           sums->lock[sums->takes / 2], sums->lock[sums->takes * 9 / 10]);
    for (int i = 0; i < 2; i++) {
        qsort(sums->microseconds[i], sums->events, sizeof(double), compare);
        printf(" %6.1f %6.1f", sums->microseconds[i][sums->events / 2],
               sums->microseconds[i][sums->events * 99 / 100]);
    }
    if (sums->given > 0)
        printf(" %6.2f %6.2f", 100 * sums->given / sums->onsets, 100 * sums->found / sums->onsets);
    printf(" %8.0f\n", sums->onsets);
}

struct plan {
    struct take_choice choice;
    unsigned long takes, seed;
    const struct model *repertoire; /* NULL: each file's own */
    bool middle;
};

/* One file in all manners, alone and followed. */
static void bench(char *path, const struct plan *plan, unsigned long number,
                  struct sums sums[2][PLAY_MANNERS])
{
    static struct play play;
    struct clock_settings settings = clock_defaults();
    struct error error;
    struct midifile *file = midifile_load(path, &error);
    struct take *take = file ? take_create(file, path, &plan->choice, &error) : NULL;
    if (!take) {
        fprintf(stderr, "%s\n", error.text);
        midifile_free(file);
        return;
    }
    struct model *own = plan->repertoire ? NULL : know(&path, 1, &plan->choice);
    const struct model *model = own ? own : plan->repertoire;
    for (int m = 0; take->count > 2 * LOCKED && m < PLAY_MANNERS; m++)
        for (unsigned long n = 0; n < plan->takes && sums[0][m].takes < MOST_TAKES; n++) {
            struct rng rng;
            rng_seed(&rng, plan->seed + number * 1000003, n);
            play_make(&play, take, &play_manners[m], plan->middle, &rng);
            run(&play, &sums[0][m], &settings, NULL);
            score(&play, &sums[0][m]);
            run(&play, &sums[1][m], &settings, model);
            score(&play, &sums[1][m]);
            sums[1][m].given += correct_given(&play, model);
        }
    model_free(own);
    take_free(take);
    midifile_free(file);
}

/* What this file adds, in a line a manner: events placed right, of onsets in the right slot,
 * and of notes ending right, given and found. */
static void print_file(const char *path, struct sums before[2][PLAY_MANNERS],
                       struct sums after[2][PLAY_MANNERS])
{
    for (int m = 0; m < PLAY_MANNERS; m++) {
        const struct sums *a = &before[0][m], *b = &after[0][m];
        const struct sums *c = &before[1][m], *d = &after[1][m];
        double onsets = b->onsets - a->onsets;
        if (onsets <= 0)
            continue;
        printf("%-8s alone %5.1f %5.1f known %5.1f %5.1f %5.1f given %6.2f found %6.2f lost %5.2f "
               "%5.0f %s\n",
               play_manners[m].name, 100 * (b->step - a->step) / (b->steps - a->steps),
               100 * (b->slot - a->slot) / onsets,
               100 * (d->step - c->step) / (d->steps - c->steps),
               100 * (d->slot - c->slot) / onsets, 100 * (d->phase - c->phase) / onsets,
               100 * (d->given - c->given) / onsets, 100 * (d->found - c->found) / onsets,
               100 * (d->given - c->given - d->found + c->found) / onsets, onsets, path);
    }
}

int main(int argc, char **argv)
{
    static struct sums sums[2][PLAY_MANNERS];
    struct plan plan = {.choice.grid = TAKE_GRID_FILE, .seed = 1, .takes = 1};
    bool verbose = false, together = false;
    const char *style = NULL;
    int option;
    while ((option = getopt(argc, argv, "mrvn:s:t:S:")) != -1) {
        if (option == 'n')
            plan.takes = strtoul(optarg, NULL, 10);
        else if (option == 's')
            plan.seed = strtoul(optarg, NULL, 10);
        else if (option == 'm')
            plan.middle = true;
        else if (option == 'r')
            together = true;
        else if (option == 'v')
            verbose = true;
        else if (option == 't')
            plan.choice.tracks = optarg;
        else if (option == 'S')
            style = optarg;
        else
            return 2;
    }
    struct error error;
    struct model *repertoire = style ? model_load(style, &error)
                               : together
                                   ? know(argv + optind, (size_t)(argc - optind), &plan.choice)
                                   : NULL;
    if (style && !repertoire) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    plan.repertoire = repertoire;
    for (int i = 0; i < 4 * PLAY_MANNERS; i++)
        sums[i & 1][i / 4].microseconds[i >> 1 & 1] = calloc(MOST_TIMED, sizeof(double));
    static struct sums before[2][PLAY_MANNERS];
    for (int f = optind; f < argc; f++) {
        memcpy(before, sums, sizeof sums);
        bench(argv[f], &plan, (unsigned long)(f - optind), sums);
        if (verbose)
            print_file(argv[f], before, sums);
    }
    printf("%-14s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %8s\n", "manner", "step",
           "slot", "phase", "tempo", "F", "lock", "lock90", "us", "us99", "after", "aft99", "given",
           "found", "onsets");
    for (int i = 0; i < 2 * PLAY_MANNERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s", play_manners[i % PLAY_MANNERS].name,
                 i < PLAY_MANNERS ? "" : ", known");
        if (sums[i / PLAY_MANNERS][i % PLAY_MANNERS].takes)
            print(name, &sums[i / PLAY_MANNERS][i % PLAY_MANNERS]);
    }
    model_free(repertoire);
    return 0;
}
