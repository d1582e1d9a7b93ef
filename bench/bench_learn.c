/* How well a piece is learned from takes of it (draft/draft.h), and what that is worth.
 *
 *     bench_learn [-v] [-r] [-t TRACKS] [-e SPEC] [-m MANNER] [-k TAKES,...] [-s SEED] STYLE
 * FILE.mid...
 *
 * Each file, whose own grid is the truth, is played in a manner of play.h (learner) with errors
 * drawn anew for each take (SPEC as of `audiogenrl errors`; shift:p=0.1). From the first takes a
 * piece is learned. Then one more take is corrected live, through the filter, by the style alone,
 * by the style and what was learned, and by the style and the true file; and the same of a take
 * without errors. With -r it is corrected once more by the style alone, in one sitting with the
 * first take: what the style remembers of that. Prints, over all files:
 *
 *   exact    notes of the next take that are sent as they were meant, per cent
 *   kept     of those struck right
 *   fixed    of those struck wrong
 *   clean    kept, of a take without errors
 *   worse    files whose exact is lower than with the style alone; the lowest exact of a file
 *   right    notes of the learned piece that are the file's, per cent of those it has
 *   wrong, missing, too many: per cent of the notes of the file
 *   seconds  of processor time, learning; the longest, and how many notes it was from
 */
#include "base/infile.h"
#include "bench/compare.h"
#include "bench/play.h"
#include "draft/draft.h"
#include "filter/take.h"
#include "load/music.h"
#include "measure/inject.h"
#include "rl/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_COUNTS = 8, /* of takes to learn from */
    MOST_TAKES = 32,
    NEXT = 1000, /* numbers of the takes that are corrected */
    CLEAN = 1001,
};

/* A take in human time. */
struct played {
    struct draft_key *key;
    int16_t *meant; /* -1: nothing */
    size_t count;
};

struct sums {
    uint64_t meant, exact, right, kept, clean, clean_kept;
    uint64_t worse, files, failed;
    double lowest;
    struct compare_counts score;
    double seconds, longest, most_seconds_notes;
};

struct plan {
    const char *tracks;
    struct inject_spec errors, none;
    const struct play_manner *manner;
    unsigned takes[MOST_COUNTS];
    size_t counts;
    unsigned long seed;
    bool verbose, sitting;
    const struct model *style;
};

static double processor_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void fail(const char *what, const struct error *error)
{
    fprintf(stderr, "%s: %s\n", what, error->text);
    exit(1);
}

static int compare_positions(const void *a, const void *b)
{
    const struct take_note *x = a, *y = b;
    if (x->position < y->position || x->position > y->position)
        return x->position < y->position ? -1 : 1;
    return (x->pitch > y->pitch) - (x->pitch < y->pitch);
}

/* The file's notes by position; one pitch stands in a slot once. */
static struct take_note *read_truth(const struct take *take, size_t *count)
{
    struct take_note *truth = calloc(take->count + 1, sizeof *truth);
    size_t kept = 0;
    for (size_t i = 0; i < take->count; i++)
        truth[i] = (struct take_note){.position = floor(take->note[i].slot + .5),
                                      .seconds = take->note[i].seconds,
                                      .duration = take->release[i] - take->note[i].seconds,
                                      .pitch = take->note[i].pitch,
                                      .velocity = take->note[i].velocity};
    qsort(truth, take->count, sizeof *truth, compare_positions);
    for (size_t i = 0; i < take->count; i++)
        if (!kept || truth[i].pitch != truth[kept - 1].pitch ||
            truth[i].position > truth[kept - 1].position)
            truth[kept++] = truth[i];
    *count = kept;
    return truth;
}

static struct played play_take(const struct take_note *truth, size_t count,
                               const struct inject_spec *spec, const struct plan *plan,
                               unsigned long file, unsigned long number)
{
    static struct play play;
    struct rng rng;
    struct error error;
    size_t struck = 0;
    rng_seed(&rng, plan->seed + file * 1000003, number);
    struct take_played *injected = inject(truth, count, spec, &rng, &struck, &error);
    if (!injected)
        fail("inject", &error);
    struct take take = {.count = struck, .note = calloc(struck + 1, sizeof *take.note)};
    for (size_t i = 0; i < struck; i++)
        take.note[i] = (struct correct_note){.slot = injected[i].note.position,
                                             .seconds = injected[i].note.seconds,
                                             .pitch = injected[i].note.pitch,
                                             .velocity = injected[i].note.velocity};
    play_make(&play, &take, plan->manner, false, &rng);
    struct played played = {.key = calloc(play.count + 1, sizeof *played.key),
                            .meant = calloc(play.count + 1, sizeof *played.meant),
                            .count = play.count};
    for (size_t i = 0; i < play.count; i++) {
        const struct play_onset *onset = &play.onset[i];
        const struct take_played *of = &injected[onset->note];
        played.key[i] =
            (struct draft_key){.seconds = onset->seconds,
                               .release = onset->seconds + fmax(.05, .9 * of->note.duration),
                               .pitch = onset->extra ? onset->struck : onset->pitch,
                               .velocity = of->note.velocity ? of->note.velocity : 64};
        played.meant[i] =
            (int16_t)(onset->extra || of->truth < 0 ? -1 : (int)truth[of->truth].pitch);
    }
    free(take.note);
    free(injected);
    return played;
}

static void played_free(struct played *played)
{
    free(played->key);
    free(played->meant);
}

/* The model of a piece as it stands. */
static struct model *model_of(const void *bytes, size_t length, const struct take_choice *choice)
{
    const struct model_origin origin = {.algorithm = "counts", .policy = "table"};
    struct error error;
    struct music *music = music_read(bytes, length, "piece.mid", choice, &error);
    struct song *song = music ? music_song(music, &error) : NULL;
    struct process *process =
        song ? beats_process((const struct song *const *)&song, 1, 1, &error) : NULL;
    if (!process)
        fail("model", &error);
    float *probability = malloc(process->arcs * sizeof *probability);
    process_observed(process, probability);
    struct policy *policy = policy_of_probability(process, probability, &error);
    free(probability);
    music_free(music);
    struct model *model = policy ? model_create(&song, 1, process, policy, &origin, &error) : NULL;
    if (!model)
        fail("model", &error);
    return model;
}

/* What is sent, live; [count]. */
static uint8_t *correct(const struct played *played, const struct model *piece,
                        const struct model *style)
{
    struct error error;
    const struct model *models[] = {style, piece};
    struct correct_settings settings = correct_defaults();
    struct corrector *corrector = corrector_open(models, piece ? 2 : 1, &settings, &error);
    struct correct_note *notes = calloc(played->count + 1, sizeof *notes);
    double *releases = calloc(played->count + 1, sizeof *releases);
    uint8_t *sent = malloc(played->count + 1);
    for (size_t i = 0; i < played->count; i++) {
        notes[i] = (struct correct_note){.seconds = played->key[i].seconds,
                                         .pitch = played->key[i].pitch,
                                         .velocity = played->key[i].velocity};
        releases[i] = played->key[i].release;
    }
    if (!corrector ||
        take_play(notes, releases, played->count, corrector, &settings, sent, NULL, &error) != 0)
        fail("correct", &error);
    free(notes);
    free(releases);
    corrector_close(corrector);
    return sent;
}

/* Exact notes. */
static uint64_t score(const struct played *played, const uint8_t *sent, uint64_t *meant,
                      uint64_t *right, uint64_t *kept)
{
    uint64_t exact = 0;
    for (size_t i = 0; i < played->count; i++) {
        if (played->meant[i] < 0)
            continue;
        bool was = played->key[i].pitch == played->meant[i], is = sent[i] == played->meant[i];
        ++*meant;
        exact += is;
        *right += was;
        *kept += was && is;
    }
    return exact;
}

static double correct_both(const struct played *next, const struct played *clean,
                           const struct model *piece, const struct model *style, struct sums *sums)
{
    uint64_t meant = 0, all = 0, right = 0;
    uint8_t *sent = correct(next, piece, style);
    uint64_t exact = score(next, sent, &meant, &sums->right, &sums->kept);
    free(sent);
    sent = correct(clean, piece, style);
    score(clean, sent, &all, &right, &sums->clean_kept);
    sums->clean += right;
    free(sent);
    sums->meant += meant;
    sums->exact += exact;
    sums->files++;
    double share = 100. * (double)exact / (double)meant;
    sums->lowest = sums->files == 1 ? share : fmin(sums->lowest, share);
    return share;
}

static void compare_piece(const struct take_note *truth, size_t count,
                          const struct draft_piece *piece, struct compare_counts *counts)
{
    size_t most = count > piece->count ? count : piece->count;
    double *time = malloc((most + 1) * sizeof *time);
    uint8_t *pitch = malloc(most + 1);
    struct compare_onset *a = malloc((count + 1) * sizeof *a);
    struct compare_onset *b = malloc((piece->count + 1) * sizeof *b);
    for (size_t i = 0; i < count; i++) {
        time[i] = truth[i].position;
        pitch[i] = truth[i].pitch;
    }
    size_t truths = compare_onsets(time, pitch, count, a);
    for (size_t i = 0; i < piece->count; i++) {
        time[i] = piece->note[i].quarter;
        pitch[i] = piece->note[i].pitch;
    }
    size_t onsets = compare_onsets(time, pitch, piece->count, b);
    if (compare(a, truths, b, onsets, counts) != 0)
        exit(1);
    free(time);
    free(pitch);
    free(a);
    free(b);
}

/* NULL: nothing was learned. */
static struct model *learn(const struct played *takes, unsigned count, const struct plan *plan,
                           const struct take_note *truth, size_t truths, struct sums *sums,
                           struct compare_counts *own)
{
    struct draft_settings settings = draft_defaults();
    struct draft_take given[MOST_TAKES];
    struct error error;
    size_t notes = 0, length = 0;
    settings.style = plan->style;
    for (unsigned k = 0; k < count; k++) {
        given[k] = (struct draft_take){takes[k].key, takes[k].count};
        notes += takes[k].count;
    }
    double began = processor_seconds();
    struct draft *draft = draft_learn(given, count, &settings, &error);
    double took = processor_seconds() - began;
    sums->seconds += took;
    if (took > sums->longest) {
        sums->longest = took;
        sums->most_seconds_notes = (double)notes;
    }
    if (!draft) {
        fprintf(stderr, "%s\n", error.text);
        sums->failed++;
        return NULL;
    }
    compare_piece(truth, truths, &draft->piece[0], own);
    uint8_t *bytes = draft_smf(&draft->piece[0], "piece", &length, &error);
    const struct take_choice choice = {.grid = TAKE_GRID_DECIDE};
    struct model *model = model_of(bytes, length, &choice);
    free(bytes);
    draft_free(draft);
    return model;
}

static void add_counts(struct compare_counts *sum, const struct compare_counts *own)
{
    sum->truth += own->truth;
    sum->learned += own->learned;
    sum->right += own->right;
    sum->wrong += own->wrong;
    sum->missing += own->missing;
    sum->too_many += own->too_many;
}

/* A model of the true notes: the file's, in the tracks chosen. */
static struct model *true_model(const char *path, const struct plan *plan)
{
    const struct take_choice choice = {.grid = TAKE_GRID_FILE, .tracks = plan->tracks};
    struct error error;
    size_t length = 0;
    void *bytes = infile_read(path, MUSIC_MAX_BYTES, &length, &error);
    if (!bytes)
        fail(path, &error);
    struct model *model = model_of(bytes, length, &choice);
    free(bytes);
    return model;
}

/* b behind a, after 3 seconds. */
static struct played join(const struct played *a, const struct played *b)
{
    size_t count = a->count + b->count;
    struct played both = {.key = calloc(count + 1, sizeof *both.key),
                          .meant = calloc(count + 1, sizeof *both.meant),
                          .count = count};
    double shift = count > b->count ? a->key[a->count - 1].seconds + 3 : 0;
    for (size_t i = 0; i < count; i++) {
        bool first = i < a->count;
        both.key[i] = first ? a->key[i] : b->key[i - a->count];
        both.key[i].seconds += first ? 0 : shift;
        both.key[i].release += first ? 0 : shift;
        both.meant[i] = first ? -1 : b->meant[i - a->count];
    }
    return both;
}

static void bench(const char *path, unsigned long number, const struct plan *plan,
                  struct sums *style, struct sums *sitting, struct sums *truth_sums,
                  struct sums *learned)
{
    const struct take_choice choice = {.grid = TAKE_GRID_FILE, .tracks = plan->tracks};
    struct error error;
    struct music *music = music_open(path, &choice, &error);
    if (!music)
        fail(path, &error);
    size_t truths = 0;
    struct take_note *truth = read_truth(music->take, &truths);
    struct played takes[MOST_TAKES] = {{0}};
    unsigned most = 0;
    for (size_t c = 0; c < plan->counts; c++)
        most = plan->takes[c] > most ? plan->takes[c] : most;
    for (unsigned k = 0; k < most; k++)
        takes[k] = play_take(truth, truths, &plan->errors, plan, number, k);
    struct played next = play_take(truth, truths, &plan->errors, plan, number, NEXT);
    struct played clean = play_take(truth, truths, &plan->none, plan, number, CLEAN);
    double alone = correct_both(&next, &clean, NULL, plan->style, style);
    if (plan->sitting) {
        struct played both = join(&takes[0], &next), both_clean = join(&takes[0], &clean);
        correct_both(&both, &both_clean, NULL, plan->style, sitting);
        played_free(&both);
        played_free(&both_clean);
    }
    struct model *model = true_model(path, plan);
    double best = correct_both(&next, &clean, model, plan->style, truth_sums);
    model_free(model);
    if (plan->verbose)
        printf("%s: %zu notes, style %.2f, true %.2f", music->stem, truths, alone, best);
    for (size_t c = 0; c < plan->counts; c++) {
        struct compare_counts own = {0};
        model = learn(takes, plan->takes[c], plan, truth, truths, &learned[c], &own);
        double share = model ? correct_both(&next, &clean, model, plan->style, &learned[c]) : 0;
        learned[c].worse += share < alone;
        add_counts(&learned[c].score, &own);
        if (plan->verbose)
            printf("; %u: %.2f (score %llu wrong, %llu missing, %llu too many)", plan->takes[c],
                   share, (unsigned long long)own.wrong, (unsigned long long)own.missing,
                   (unsigned long long)own.too_many);
        model_free(model);
    }
    if (plan->verbose)
        printf("\n");
    fflush(stdout);
    for (unsigned k = 0; k < most; k++)
        played_free(&takes[k]);
    played_free(&next);
    played_free(&clean);
    free(truth);
    music_free(music);
}

static double per_cent(uint64_t part, uint64_t whole)
{
    return whole ? 100. * (double)part / (double)whole : (double)NAN;
}

static void print(const char *name, const struct sums *s)
{
    printf("%-12s %7.2f %7.2f %7.2f %7.2f %4llu %6.2f", name, per_cent(s->exact, s->meant),
           per_cent(s->kept, s->right), per_cent(s->exact - s->kept, s->meant - s->right),
           per_cent(s->clean_kept, s->clean), (unsigned long long)s->worse, s->lowest);
    if (s->score.truth)
        printf(" %7.2f %6.2f %7.2f %8.2f %7.2f %7.2f (%.0f notes)",
               per_cent(s->score.right, s->score.learned), per_cent(s->score.wrong, s->score.truth),
               per_cent(s->score.missing, s->score.truth),
               per_cent(s->score.too_many, s->score.truth),
               s->seconds / (double)(s->files ? s->files : 1), s->longest, s->most_seconds_notes);
    printf("\n");
}

static int read_takes(struct plan *plan, char *list)
{
    plan->counts = 0;
    for (char *word = strtok(list, ","); word; word = strtok(NULL, ",")) {
        unsigned long takes = strtoul(word, NULL, 10);
        if (takes < 1 || takes > MOST_TAKES || plan->counts == MOST_COUNTS)
            return -1;
        plan->takes[plan->counts++] = (unsigned)takes;
    }
    return plan->counts ? 0 : -1;
}

static const struct play_manner *find_manner(const char *name)
{
    for (int i = 0; i < PLAY_MANNERS; i++)
        if (strcmp(play_manners[i].name, name) == 0)
            return &play_manners[i];
    return NULL;
}

static int read_options(struct plan *plan, int argc, char **argv)
{
    struct error error;
    int option;
    while ((option = getopt(argc, argv, "vrt:e:m:k:s:")) != -1) {
        if (option == 'v')
            plan->verbose = true;
        else if (option == 'r')
            plan->sitting = true;
        else if (option == 't')
            plan->tracks = optarg;
        else if (option == 's')
            plan->seed = strtoul(optarg, NULL, 10);
        else if (option == 'm')
            plan->manner = find_manner(optarg);
        else if (option == 'e') {
            if (inject_parse(optarg, &plan->errors, &error) != 0)
                fail(optarg, &error);
        } else if (option != 'k' || read_takes(plan, optarg) != 0)
            return -1;
    }
    return plan->manner && optind + 1 < argc ? 0 : -1;
}

int main(int argc, char **argv)
{
    static struct sums style, sitting, truth, learned[MOST_COUNTS];
    struct plan plan = {
        .manner = find_manner("learner"), .seed = 1, .takes = {1, 2, 3, 5}, .counts = 4};
    struct error error;
    if (inject_parse("shift:p=0.1", &plan.errors, &error) != 0 ||
        inject_parse("none", &plan.none, &error) != 0)
        fail("errors", &error);
    if (read_options(&plan, argc, argv) != 0) {
        fprintf(stderr,
                "bench_learn [-v] [-r] [-t TRACKS] [-e SPEC] [-m MANNER] [-k TAKES,...] [-s SEED] "
                "STYLE.model FILE.mid...\n");
        return 2;
    }
    struct model *loaded = model_load(argv[optind], &error);
    if (!loaded)
        fail(argv[optind], &error);
    plan.style = loaded;
    for (int f = optind + 1; f < argc; f++)
        bench(argv[f], (unsigned long)(f - optind), &plan, &style, &sitting, &truth, learned);
    printf("%-12s %7s %7s %7s %7s %4s %6s %7s %6s %7s %8s %7s %7s\n", "", "exact", "kept", "fixed",
           "clean", "worse", "lowest", "right", "wrong", "missing", "too many", "seconds",
           "longest");
    print("style alone", &style);
    if (plan.sitting)
        print("2nd time", &sitting);
    for (size_t c = 0; c < plan.counts; c++) {
        char name[32];
        snprintf(name, sizeof name, "%u take%s", plan.takes[c], plan.takes[c] > 1 ? "s" : "");
        print(name, &learned[c]);
    }
    print("true file", &truth);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("memory at most: %ld MiB\n", usage.ru_maxrss >> 10);
    model_free(loaded);
    return 0;
}
