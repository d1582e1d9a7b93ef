/* One job a file: load it, and for every error model and repeat inject once and
 * correct in all modes, so that the modes are compared on the same takes. */
#include "tool/assess.h"

#include "tool/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct job {
    struct accuracy *score; /* [specs * modes] */
    GArray **bars;          /* [specs]: of double; INFINITY where never recognised */
    char *name;
    struct error error;
    bool failed;
};

struct work {
    char *const *paths;
    const struct assess_settings *settings;
    const struct models *models;
    const struct models *forgotten; /* the same, untrained */
    struct job *jobs;
    size_t count;
    GMutex lock; /* of all that follows */
    struct progress progress;
    size_t done;
    size_t first_failed;
    struct accuracy *total; /* [specs * modes] */
};

/* What is played: the truth from the bar at which the player begins. */
struct playing {
    const struct music *music;
    const struct models *models;
    const struct models *forgotten;
    double slots_a_bar;
    struct take_note *truth; /* all of it; g_free */
    size_t count;
};

/* --- Where the player begins --- */

static double slots_a_bar(const struct midifile *file)
{
    uint32_t count = 0;
    const struct midifile_meter *meters = midifile_meters(file, &count);
    if (count == 0 || meters[0].numerator == 0 || meters[0].denominator == 0)
        return 4 * SONG_SLOTS_A_BEAT;
    return 4.0 * SONG_SLOTS_A_BEAT * meters[0].numerator / meters[0].denominator;
}

/* Moves the notes to begin at the bar's beat; returns how many are skipped. Bars
 * of the last quarter of the piece are not begun at. */
static size_t begin_at_random(const struct playing *playing, struct rng *rng,
                              struct take_note *truth)
{
    double bars = playing->truth[playing->count - 1].position / playing->slots_a_bar;
    uint32_t bar = rng_below(rng, (uint32_t)(bars * 0.75) + 1);
    double from = floor(bar * playing->slots_a_bar / SONG_SLOTS_A_BEAT) * SONG_SLOTS_A_BEAT;
    size_t skipped = 0;
    while (skipped + 1 < playing->count && playing->truth[skipped].position < from - 0.5)
        skipped++;
    double seconds = playing->truth[skipped].seconds;
    size_t count = playing->count - skipped;
    memcpy(truth, playing->truth + skipped, count * sizeof *truth);
    for (size_t i = 0; i < count; i++) {
        truth[i].position = fmax(0, truth[i].position - from);
        truth[i].seconds -= seconds;
    }
    return skipped;
}

/* --- When the piece is recognised --- */

static bool right_piece(const struct models *models, int piece, const struct midifile *file)
{
    for (size_t m = 0; piece >= 0 && m < models->count; m++) {
        int songs = (int)model_songs(models->model[m]);
        if (piece < songs)
            return model_song(models->model[m], (size_t)piece)->checksum == midifile_checksum(file);
        piece -= songs;
    }
    return false;
}

static double bars_to_recognise(const struct playing *playing, const struct take_played *take,
                                const struct correct_place *place, size_t count)
{
    double since = INFINITY;
    for (size_t i = 0; i < count; i++) {
        double now = take[i].note.position;
        if (!right_piece(playing->models, place[i].piece, playing->music->file))
            since = INFINITY;
        else if (isinf(since))
            since = now;
        if (now - since >= playing->slots_a_bar)
            break;
    }
    return (since - take[0].note.position) / playing->slots_a_bar;
}

/* --- Correcting a take --- */

struct sending {
    struct correct_note *notes;
    double *releases;
    uint8_t *sent;
    uint8_t *reference;
    uint64_t *nanoseconds;
    struct correct_place *place;
};

static struct sending sending_create(const struct take_played *take, size_t count)
{
    struct sending sending = {g_new(struct correct_note, count + 1),
                              g_new(double, count + 1),
                              g_new(uint8_t, count + 1),
                              g_new(uint8_t, count + 1),
                              g_new(uint64_t, count + 1),
                              g_new(struct correct_place, count + 1)};
    for (size_t i = 0; i < count; i++) {
        const struct take_note *note = &take[i].note;
        sending.notes[i] = (struct correct_note){.seconds = note->seconds,
                                                 .slot = note->position,
                                                 .pitch = note->pitch,
                                                 .velocity = note->velocity};
        sending.releases[i] = note->seconds + note->duration;
    }
    return sending;
}

static void sending_clear(struct sending *sending)
{
    g_free(sending->notes);
    g_free(sending->releases);
    g_free(sending->sent);
    g_free(sending->reference);
    g_free(sending->nanoseconds);
    g_free(sending->place);
}

static int send(const struct assess_settings *settings, const struct models *models,
                enum correct_mode mode, const struct sending *sending, size_t count, uint8_t *sent,
                const struct take_trace *trace, struct error *error)
{
    struct correct_settings correct = settings->correct;
    correct.mode = mode;
    struct corrector *corrector =
        corrector_open((const struct model *const *)models->model, models->count, &correct, error);
    if (!corrector)
        return -1;
    int status = settings->way == DECIDE_SERVICE
                     ? take_play(sending->notes, sending->releases, count, corrector, &correct,
                                 sent, trace, error)
                     : take_correct(sending->notes, sending->releases, count, corrector,
                                    settings->way == DECIDE_LIVE, sent, trace, error);
    corrector_close(corrector);
    return status;
}

struct take_of {
    const struct take_note *truth;
    size_t truth_count;
    struct take_played *take;
    size_t count;
    uint64_t seed;
};

static int assess_take(const struct assess_settings *settings, const struct playing *playing,
                       const struct take_of *of, struct accuracy *scores, GArray *bars,
                       struct error *error)
{
    struct sending sending = sending_create(of->take, of->count);
    bool compared = playing->forgotten->count > 0;
    bool live = settings->way != DECIDE_WHOLE;
    int status = 0;
    /* IM compares with what untrained policies generate on the same take. */
    if (compared)
        status = send(settings, playing->forgotten, CORRECT_GENERATE, &sending, of->count,
                      sending.reference, NULL, error);
    for (size_t m = 0; status == 0 && m < settings->mode_count; m++) {
        struct take_trace trace = {sending.nanoseconds, live ? sending.place : NULL};
        status = send(settings, playing->models, settings->modes[m], &sending, of->count,
                      sending.sent, &trace, error);
        if (status == 0)
            status = accuracy_take(&scores[m], of->truth, of->truth_count, of->take, of->count,
                                   sending.sent, compared ? sending.reference : NULL,
                                   live ? sending.nanoseconds : NULL, error);
        if (status == 0 && live && of->count > 0 && settings->modes[m] == CORRECT_CORRECT) {
            double value = bars_to_recognise(playing, of->take, sending.place, of->count);
            g_array_append_val(bars, value);
        }
    }
    sending_clear(&sending);
    return status;
}

static int assess_repeat(const struct assess_settings *settings, const struct playing *playing,
                         uint64_t stream, const struct inject_spec *spec, struct accuracy *scores,
                         GArray *bars, struct error *error)
{
    struct rng rng;
    rng_seed(&rng, (uint64_t)settings->common.seed, stream);
    struct take_note *truth = g_new(struct take_note, playing->count);
    struct take_of of = {.truth = truth, .truth_count = playing->count};
    memcpy(truth, playing->truth, playing->count * sizeof *truth);
    if (settings->random_start)
        of.truth_count -= begin_at_random(playing, &rng, truth);
    of.take = inject(truth, of.truth_count, spec, &rng, &of.count, error);
    of.seed = rng_next(&rng);
    int status = of.take ? assess_take(settings, playing, &of, scores, bars, error) : -1;
    free(of.take);
    g_free(truth);
    return status;
}

/* --- A file --- */

static int own_models(const struct assess_settings *settings, const struct music *music,
                      struct models *own, struct models *forgotten, struct error *error)
{
    struct learn_settings learn = {.steps = settings->own_steps,
                                   .seed = (uint64_t)settings->common.seed};
    struct song *song = music_song(music, error);
    *own = (struct models){0};
    if (!song)
        return -1;
    struct model *model = settings->own_steps
                              ? learn_songs(&song, 1, LEARN_CONTEXT, &learn, NULL, NULL, error)
                              : models_untrained(&song, 1, LEARN_CONTEXT, MODELS_OBSERVED, error);
    song_free(song);
    if (!model)
        return -1;
    own->model = g_new(struct model *, 1);
    own->model[own->count++] = model;
    if (models_forget(forgotten, own, error) == 0)
        return 0;
    models_free(own);
    return -1;
}

static int assess_music(const struct assess_settings *settings, const struct playing *playing,
                        size_t number, struct job *job)
{
    for (size_t s = 0; s < settings->spec_count; s++)
        for (unsigned r = 0; r < settings->repeats; r++) {
            uint64_t stream = (number * settings->spec_count + s) * settings->repeats + r;
            if (assess_repeat(settings, playing, stream, &settings->specs[s],
                              job->score + s * settings->mode_count, job->bars[s],
                              &job->error) != 0)
                return error_prefix(&job->error, job->name);
        }
    return 0;
}

static int assess_file(const struct work *work, size_t number, struct job *job)
{
    const struct assess_settings *settings = work->settings;
    struct music *music =
        music_load(work->paths[number], &settings->choice, &settings->common, &job->error);
    if (!music)
        return -1;
    struct models own = {0};
    struct models forgotten = {0};
    job->name = g_strdup(music->name);
    int status =
        settings->own_models ? own_models(settings, music, &own, &forgotten, &job->error) : 0;
    if (status == 0) {
        struct playing playing = {
            .music = music,
            .models = settings->own_models ? &own : work->models,
            .forgotten = settings->own_models ? &forgotten : work->forgotten,
            .slots_a_bar = slots_a_bar(music->file),
            .truth = music_truth(music),
            .count = music->take->count,
        };
        status = assess_music(settings, &playing, number, job);
        g_free(playing.truth);
    }
    models_free(&own);
    models_free(&forgotten);
    music_free(music);
    return status;
}

static void finish_job(struct work *work, size_t number, struct job *job)
{
    size_t cells = work->settings->spec_count * work->settings->mode_count;
    work->done++;
    if (job->failed)
        work->first_failed = MIN(work->first_failed, number);
    for (size_t c = 0; !job->failed && c < cells; c++)
        accuracy_add(&work->total[c], &job->score[c]);
    if (!work->settings->by_file)
        g_clear_pointer(&job->score, g_free);
    progress_show(&work->progress, (double)work->done / (double)work->count,
                  job->name ? job->name : work->paths[number]);
}

/* After a failure only the files before it still matter: the first is told. */
static void run_job(gpointer place, gpointer context)
{
    struct work *work = context;
    size_t number = GPOINTER_TO_SIZE(place) - 1;
    struct job *job = &work->jobs[number];
    g_mutex_lock(&work->lock);
    bool wanted = number < work->first_failed;
    g_mutex_unlock(&work->lock);
    if (!wanted)
        return;
    job->score = g_new0(struct accuracy, work->settings->spec_count * work->settings->mode_count);
    job->failed = assess_file(work, number, job) != 0;
    g_mutex_lock(&work->lock);
    finish_job(work, number, job);
    g_mutex_unlock(&work->lock);
}

/* --- All of them --- */

static int compare_doubles(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static struct assess_recognition recognition(const struct work *work, size_t spec)
{
    struct assess_recognition sum = {.median = NAN, .worst = NAN};
    GArray *all = g_array_new(FALSE, FALSE, sizeof(double));
    for (size_t i = 0; i < work->count; i++)
        g_array_append_vals(all, work->jobs[i].bars[spec]->data, work->jobs[i].bars[spec]->len);
    g_array_sort(all, compare_doubles);
    const double *bars = (const double *)(const void *)all->data;
    sum.takes = all->len;
    for (size_t i = 0; i < sum.takes; i++)
        sum.recognised += isfinite(bars[i]);
    if (sum.takes > 0) {
        sum.median = (bars[(sum.takes - 1) / 2] + bars[sum.takes / 2]) / 2;
        sum.worst = bars[sum.takes - 1];
    }
    g_array_free(all, TRUE);
    return sum;
}

static struct assessment *gather(struct work *work)
{
    const struct assess_settings *settings = work->settings;
    struct assessment *sum = g_new0(struct assessment, 1);
    sum->files = work->count;
    sum->modes = settings->mode_count;
    sum->specs = settings->spec_count;
    sum->names = g_new0(char *, work->count);
    sum->total = g_steal_pointer(&work->total);
    sum->file = g_new0(struct accuracy *, work->count);
    sum->recognition = g_new0(struct assess_recognition, settings->spec_count);
    for (size_t i = 0; i < work->count; i++) {
        sum->names[i] = g_steal_pointer(&work->jobs[i].name);
        sum->file[i] = g_steal_pointer(&work->jobs[i].score);
    }
    for (size_t s = 0; s < settings->spec_count; s++)
        sum->recognition[s] = recognition(work, s);
    return sum;
}

static void jobs_open(struct work *work)
{
    const struct assess_settings *settings = work->settings;
    work->jobs = g_new0(struct job, work->count);
    work->first_failed = work->count;
    work->total = g_new0(struct accuracy, settings->spec_count * settings->mode_count);
    for (size_t i = 0; i < work->count; i++) {
        work->jobs[i].bars = g_new(GArray *, settings->spec_count);
        for (size_t s = 0; s < settings->spec_count; s++)
            work->jobs[i].bars[s] = g_array_new(FALSE, FALSE, sizeof(double));
    }
}

static void jobs_close(struct work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        for (size_t s = 0; s < work->settings->spec_count; s++)
            g_array_free(work->jobs[i].bars[s], TRUE);
        g_free(work->jobs[i].bars);
        g_free(work->jobs[i].score);
        g_free(work->jobs[i].name);
    }
    g_free(work->jobs);
    g_free(work->total);
}

struct assessment *assess(char *const *paths, const struct assess_settings *settings,
                          const struct models *models, struct error *error)
{
    struct models forgotten = {0};
    struct work work = {
        .paths = paths, .settings = settings, .models = models, .forgotten = &forgotten};
    struct assessment *sum = NULL;
    if (models_forget(&forgotten, models, error) != 0)
        return NULL;
    while (paths[work.count])
        work.count++;
    jobs_open(&work);
    g_mutex_init(&work.lock);
    progress_begin(&work.progress, "evaluating", settings->common.quiet);
    GThreadPool *pool = g_thread_pool_new(run_job, &work, (gint)settings->threads, TRUE, NULL);
    for (size_t i = 0; i < work.count; i++)
        g_thread_pool_push(pool, GSIZE_TO_POINTER(i + 1), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    progress_end(&work.progress);
    g_mutex_clear(&work.lock);
    if (work.first_failed < work.count && error)
        *error = work.jobs[work.first_failed].error;
    if (work.first_failed == work.count)
        sum = gather(&work);
    jobs_close(&work);
    models_free(&forgotten);
    return sum;
}

void assessment_free(struct assessment *assessment)
{
    if (!assessment)
        return;
    for (size_t i = 0; i < assessment->files; i++) {
        g_free(assessment->names[i]);
        g_free(assessment->file[i]);
    }
    g_free(assessment->names);
    g_free(assessment->file);
    g_free(assessment->total);
    g_free(assessment->recognition);
    g_free(assessment);
}
