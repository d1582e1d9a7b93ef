/* The folder is listed anew each time: its names, sizes and times are all that is remembered. */
#include "daemon/study.h"

#include "base/infile.h"
#include "base/outfile.h"
#include "correct/key.h"
#include "daemon/log.h"
#include "draft/draft.h"
#include "filter/learned.h"
#include "load/music.h"
#include "midi/text.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_BYTES = 16 << 20, /* of a recording */
    MOST_LEARNED = 1024,
    MOST_NAMES = 100, /* of pieces of one day in one key */
};

static const double alike = .5; /* likeness from which on two pieces are one */

/* A piece with less than this share of a file's notes is a part of it that was practised. Takes
 * that are added change the notes by a few per cent (docs/figures.md). */
static const double part = .75;

/* A recording in the store. */
struct recording_file {
    char *path;
    struct stat status;
};

struct study {
    char *store, *repertoire;
    unsigned takes;
    uint64_t seen; /* of the store, when it was learned from last */
    uint64_t now;  /* of the store, when it was looked at last */

    pthread_mutex_t lock;
    /* Guarded by the lock. */
    size_t recordings, pieces;
    char *last;     /* the piece learned last; NULL: none */
    unsigned heard; /* how often it was */
};

struct study *study_open(struct error *error)
{
    struct study *study = calloc(1, sizeof *study);
    if (study)
        pthread_mutex_init(&study->lock, NULL);
    else
        error_set(error, "out of memory");
    return study;
}

void study_close(struct study *study)
{
    if (!study)
        return;
    pthread_mutex_destroy(&study->lock);
    free(study->store);
    free(study->repertoire);
    free(study->last);
    free(study);
}

int study_choose(struct study *study, const char *store, unsigned takes, const char *repertoire,
                 struct error *error)
{
    char *copies[] = {store ? strdup(store) : NULL, repertoire ? strdup(repertoire) : NULL};
    if ((store && !copies[0]) || (repertoire && !copies[1])) {
        free(copies[0]);
        free(copies[1]);
        return error_set(error, "out of memory");
    }
    pthread_mutex_lock(&study->lock);
    free(study->store);
    free(study->repertoire);
    study->store = copies[0];
    study->repertoire = copies[1];
    study->takes = takes;
    study->seen = 0;
    pthread_mutex_unlock(&study->lock);
    return 0;
}

/* --- The store --- */

static int is_recording(const struct dirent *file)
{
    size_t length = strlen(file->d_name);
    return file->d_name[0] != '.' && length > 4 && strcmp(file->d_name + length - 4, ".mid") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The files of a folder, by name, which is when they were begun. */
static struct recording_file *list_files(const char *folder, size_t *count)
{
    struct dirent **entry = NULL;
    int found = scandir(folder, &entry, is_recording, by_name);
    struct recording_file *file = calloc((size_t)(found > 0 ? found : 0) + 1, sizeof *file);
    *count = 0;
    for (int i = 0; i < found; i++) {
        char *path = NULL;
        if (file && asprintf(&path, "%s/%s", folder, entry[i]->d_name) >= 0 &&
            lstat(path, &file[*count].status) == 0 && S_ISREG(file[*count].status.st_mode))
            file[(*count)++].path = path;
        else
            free(path);
        free(entry[i]);
    }
    free(entry);
    return file;
}

static void free_files(struct recording_file *file, size_t count)
{
    for (size_t i = 0; file && i < count; i++)
        free(file[i].path);
    free(file);
}

/* What the store looks like (FNV-1a); 0: something in it is not quiet yet, or there is nothing. */
static uint64_t look(const char *store)
{
    size_t count = 0;
    uint64_t mark = 0xcbf29ce484222325u;
    time_t now = time(NULL);
    struct recording_file *file = list_files(store, &count);
    bool quiet = file && count > 0;
    for (size_t i = 0; file && i < count; i++) {
        const struct stat *status = &file[i].status;
        uint64_t told[] = {(uint64_t)status->st_ino, (uint64_t)status->st_size,
                           (uint64_t)status->st_mtim.tv_sec, (uint64_t)status->st_mtim.tv_nsec};
        for (size_t k = 0; k < sizeof told / sizeof *told; k++)
            mark = (mark ^ told[k]) * 0x100000001b3u;
        quiet &= now - status->st_mtim.tv_sec >= STUDY_QUIET || status->st_mtim.tv_sec > now;
    }
    free_files(file, count);
    return quiet ? mark : 0;
}

bool study_wants(struct study *study)
{
    if (!study->store || !study->repertoire)
        return false;
    study->now = look(study->store);
    return study->now && study->now != study->seen;
}

/* Whether the service wrote it for itself. Others may be somebody's only copy. */
static bool is_own(const struct recording_file *file)
{
    return file->status.st_uid == geteuid() && !(file->status.st_mode & 077);
}

/* Deletes the oldest of its own that are too many; how many are left. */
static size_t trim(struct recording_file *file, size_t count)
{
    size_t own = 0, bytes = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        if (is_own(&file[i])) {
            own++;
            bytes += (size_t)file[i].status.st_size;
        }
    for (size_t i = 0; i < count; i++) {
        bool goes = is_own(&file[i]) && (own > STUDY_FILES || bytes > STUDY_BYTES);
        if (goes) {
            own--;
            bytes -= (size_t)file[i].status.st_size;
        }
        if (goes && unlink(file[i].path) == 0) {
            log_say(LOG_INFO, "learning: %s: the store is full, the oldest recording is deleted",
                    file[i].path);
            free(file[i].path);
        } else
            file[kept++] = file[i];
    }
    return kept;
}

/* --- Takes --- */

struct takes {
    struct draft_take *take;
    size_t count, notes;
};

static void takes_clear(struct takes *takes)
{
    for (size_t i = 0; takes->take && i < takes->count; i++)
        free((void *)takes->take[i].key);
    free(takes->take);
}

static struct music *open_keys(const char *path, struct error *error)
{
    const struct take_choice choice = {.grid = TAKE_GRID_FILE, .tracks = "played"};
    size_t length = 0;
    void *bytes = infile_read(path, MOST_BYTES, &length, error);
    struct music *music = bytes ? music_read(bytes, length, path, &choice, error) : NULL;
    free(bytes);
    return music;
}

/* One that cannot be read is left out: it may have been deleted just now. Of one that is too long
 * the end is taken. */
static void add_take(struct takes *takes, const char *path)
{
    struct error error;
    struct music *music = open_keys(path, &error);
    struct draft_key *key = music ? draft_keys(music->take) : NULL;
    if (key) {
        size_t count = music->take->count, room = STUDY_NOTES - takes->notes;
        size_t left_out = count > room ? count - room : 0;
        memmove(key, key + left_out, (count - left_out) * sizeof *key);
        takes->take[takes->count++] = (struct draft_take){key, count - left_out};
        takes->notes += count - left_out;
    }
    music_free(music);
}

/* The newest recordings, the oldest of them first. -1: out of memory. */
static int read_takes(struct takes *takes, const struct recording_file *file, size_t count)
{
    takes->take = calloc(count + 1, sizeof *takes->take);
    for (size_t i = count;
         takes->take && i-- > 0 && takes->notes < STUDY_NOTES && takes->count < DRAFT_MOST_TAKES;)
        add_take(takes, file[i].path);
    for (size_t i = 0; takes->take && i < takes->count / 2; i++) {
        struct draft_take other = takes->take[i];
        takes->take[i] = takes->take[takes->count - 1 - i];
        takes->take[takes->count - 1 - i] = other;
    }
    return takes->take ? 0 : -1;
}

/* --- Pieces that were learned --- */

static bool was_learned(const char *path)
{
    char head[LEARNED_HEAD];
    size_t length = 0;
    return infile_head(path, head, sizeof head, &length) == 0 && learned_takes(head, length) > 0;
}

/* How much the file at a path is the piece; *notes are the file's. */
static double likeness(const struct draft_piece *piece, const char *path, uint32_t *notes)
{
    struct error error;
    size_t length = 0;
    void *bytes = infile_read(path, MOST_BYTES, &length, &error);
    struct midifile *file = bytes ? midifile_load_memory(bytes, length, path, &error) : NULL;
    double found = file ? draft_likeness(piece, file) : 0;
    if (file)
        (void)midifile_notes(file, notes);
    midifile_free(file);
    free(bytes);
    return found;
}

/* The file of a folder that is the same piece, malloced, and how many notes it has; NULL: none is.
 */
static char *find_alike(const struct draft_piece *piece, const char *folder, uint32_t *notes)
{
    size_t count = 0;
    char *found = NULL;
    struct recording_file *file = list_files(folder, &count);
    double most = alike;
    for (size_t i = 0; i < count && i < MOST_LEARNED; i++) {
        uint32_t own = 0;
        double like = was_learned(file[i].path) ? likeness(piece, file[i].path, &own) : 0;
        if (like < most)
            continue;
        most = like;
        *notes = own;
        free(found);
        found = strdup(file[i].path);
    }
    free_files(file, count);
    return found;
}

static bool is_forgotten(const struct study *study, const struct draft_piece *piece)
{
    char *folder = NULL;
    if (asprintf(&folder, "%s/forgotten", study->store) < 0)
        return false;
    uint32_t notes = 0;
    char *found = find_alike(piece, folder, &notes);
    bool forgotten = found != NULL;
    free(found);
    free(folder);
    return forgotten;
}

static const char *name_key(const struct draft_piece *piece)
{
    double weight[12] = {0};
    for (size_t i = 0; i < piece->count; i++)
        weight[piece->note[i].pitch % 12] += piece->note[i].length;
    return key_name(key_estimate(weight));
}

/* "FOLDER/2026-11-30 E minor.mid", with 2, 3 ... where that is taken; malloced. */
static char *name_file(const struct study *study, const struct draft_piece *piece)
{
    char date[32];
    struct tm local;
    time_t now = time(NULL);
    localtime_r(&now, &local);
    strftime(date, sizeof date, "%Y-%m-%d", &local);
    for (int i = 1; i < MOST_NAMES; i++) {
        char *path = NULL, number[16] = "";
        if (i > 1)
            snprintf(number, sizeof number, " %d", i);
        if (asprintf(&path, "%s/%s %s%s.mid", study->repertoire, date, name_key(piece), number) < 0)
            return NULL;
        if (access(path, F_OK) != 0)
            return path;
        free(path);
    }
    return NULL;
}

static bool is_same(const char *path, const void *bytes, size_t length)
{
    size_t size = 0;
    void *old = infile_read(path, MOST_BYTES, &size, NULL);
    bool same = old && size == length && memcmp(old, bytes, length) == 0;
    free(old);
    return same;
}

static void note_piece(struct study *study, const char *path, unsigned heard)
{
    char *stem = music_stem(path);
    pthread_mutex_lock(&study->lock);
    free(study->last);
    study->last = stem;
    study->heard = heard;
    pthread_mutex_unlock(&study->lock);
}

static void keep_piece(struct study *study, const struct draft_piece *piece)
{
    struct error error;
    size_t length = 0;
    uint32_t notes = 0;
    if (is_forgotten(study, piece))
        return;
    char *path = find_alike(piece, study->repertoire, &notes);
    bool known = path != NULL;
    if (known && (double)piece->count < part * notes) {
        free(path);
        return;
    }
    if (!path)
        path = name_file(study, piece);
    char *stem = path ? music_stem(path) : NULL;
    uint8_t *bytes = stem ? draft_smf(piece, stem, &length, &error) : NULL;
    if (bytes && !is_same(path, bytes, length)) {
        if (outfile_write_durable(path, bytes, length, &error) != 0)
            log_say(LOG_ERR, "learning: %s", error.text);
        else
            log_say(LOG_NOTICE, "learning: heard %u times: %s%s", piece->passes, path,
                    known ? ", which is better now" : "");
    }
    if (bytes)
        note_piece(study, path, piece->passes);
    free(bytes);
    free(stem);
    free(path);
}

/* --- Work --- */

/* Whether a model is of a file that was learned here. A model that was trained brings names of its
 * own. */
static bool is_learned(const struct study *study, const struct model *model)
{
    const char *name = model_songs(model) == 1 ? model_song(model, 0)->name : "/";
    char *path = NULL;
    if (strchr(name, '/') || asprintf(&path, "%s/%s.mid", study->repertoire, name) < 0)
        return false;
    bool learned = was_learned(path);
    free(path);
    return learned;
}

/* Models of pieces that were not learned here, and the style. */
static size_t choose_models(const struct study *study, const struct model *const *models,
                            size_t count, const struct model **known, const struct model **style)
{
    size_t kept = 0;
    for (size_t m = 0; m < count; m++) {
        if (strcmp(model_origin(models[m])->algorithm, "style") == 0) {
            *style = models[m];
            continue;
        }
        if (model_songs(models[m]) > 0 && !is_learned(study, models[m]))
            known[kept++] = models[m];
    }
    return kept;
}

/* Whether it came to an end. */
static bool learn(struct study *study, const struct takes *takes, const struct model *const *models,
                  size_t count, const struct task *task)
{
    struct error error;
    struct draft_settings settings = draft_defaults();
    const struct model **known = calloc(count + 1, sizeof(struct model *));
    if (!known)
        return false;
    settings.known = known;
    settings.known_count = choose_models(study, models, count, known, &settings.style);
    settings.least = study->takes > 2 ? study->takes : 2;
    settings.ends = false;
    settings.task = task;
    struct draft *draft = draft_learn(takes->take, takes->count, &settings, &error);
    bool stopped = !draft && task_step(task, 0, NULL) != 0;
    for (size_t p = 0; draft && p < draft->count; p++)
        keep_piece(study, &draft->piece[p]);
    pthread_mutex_lock(&study->lock);
    study->pieces = draft ? draft->count : 0;
    pthread_mutex_unlock(&study->lock);
    draft_free(draft);
    free(known);
    return !stopped;
}

void study_work(struct study *study, const struct model *const *models, size_t count,
                const struct task *task)
{
    size_t found = 0;
    struct takes takes = {0};
    struct recording_file *file = list_files(study->store, &found);
    size_t files = file ? trim(file, found) : 0;
    bool done = file && read_takes(&takes, file, files) == 0;
    if (done && takes.count > 0)
        done = learn(study, &takes, models, count, task);
    if (done)
        study->seen = files < found ? look(study->store) : study->now;
    pthread_mutex_lock(&study->lock);
    study->recordings = files;
    pthread_mutex_unlock(&study->lock);
    takes_clear(&takes);
    free_files(file, files);
}

json_t *study_describe(struct study *study)
{
    pthread_mutex_lock(&study->lock);
    char *folder =
        study->store ? midi_text((const uint8_t *)study->store, strlen(study->store)) : NULL;
    char *last = study->last ? midi_text((const uint8_t *)study->last, strlen(study->last)) : NULL;
    json_t *described =
        !study->store ? json_null()
                      : json_pack("{s:s, s:I, s:i, s:I, s:s?, s:i}", "folder", folder ? folder : "",
                                  "recordings", (json_int_t)study->recordings, "takes",
                                  (int)study->takes, "pieces", (json_int_t)study->pieces, "last",
                                  last, "heard", (int)study->heard);
    pthread_mutex_unlock(&study->lock);
    free(folder);
    free(last);
    return described;
}
