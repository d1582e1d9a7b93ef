/* Loading works, and which of them are held out. */
#include "tool/corpus.h"

#include "tool/files.h"
#include "tool/music.h"
#include "tool/progress.h"

#include <string.h>
#include <zlib.h>

char *corpus_work(const char *path)
{
    char *stem = music_stem(files_name(path));
    char *name = g_ascii_strdown(stem, -1);
    free(stem);
    size_t digits = strspn(name, "0123456789");
    char *last = NULL;
    if (digits > 0) {
        name[digits] = '\0';
        return name;
    }
    if (g_str_has_prefix(name, "pl-") && strchr(name, '_')) {
        char *rest = g_strdup(strchr(name, '_') + 1);
        g_free(name);
        return rest;
    }
    for (char *at = strstr(name, "__"); at; at = strstr(at + 2, "__"))
        last = at;
    if (last)
        *last = '\0';
    return name;
}

static bool is_held_out(const char *path, uint32_t hold_out)
{
    char *name = corpus_work(path);
    uLong crc = crc32_z(0, (const Bytef *)name, strlen(name));
    g_free(name);
    return hold_out && crc % hold_out == 0;
}

/* Notes of one track, or of all for part < 0. */
static void add_song(GArray *songs, const struct music *music, const struct take_note *truth,
                     int part, const char *voice)
{
    struct style_song song = {.note = g_new(struct take_note, music->take->count)};
    for (size_t i = 0; i < music->take->count; i++) {
        if (part >= 0 && truth[i].part != part)
            continue;
        song.note[song.count] = truth[i];
        song.count++;
    }
    if (song.count < STYLE_LEAST) {
        g_free(song.note);
        return;
    }
    song.voice = g_strdup(voice);
    g_array_append_val(songs, song);
    /* cppcheck-suppress memleak; the array has it */
}

static struct style_work *load_work(const char *path, uint32_t folder,
                                    const struct command_common *common,
                                    struct signature_mean *mean, struct error *error)
{
    struct take_choice choice = {.grid = TAKE_GRID_FILE};
    struct music *music = music_load(path, &choice, common, error);
    if (!music)
        return NULL;
    struct take_note *truth = music_truth(music);
    GArray *songs = g_array_new(FALSE, FALSE, sizeof(struct style_song));
    add_song(songs, music, truth, -1, "");
    uint32_t tracks = midifile_tracks(music->file);
    for (uint32_t t = 0; t < tracks; t++)
        add_song(songs, music, truth, (int)t, midifile_track_name(music->file, t));
    /* One track alone is all there is. */
    if (songs->len == 2) {
        struct style_song *twin = &g_array_index(songs, struct style_song, 1);
        if (twin->count == g_array_index(songs, struct style_song, 0).count) {
            g_free(twin->note);
            g_free(twin->voice);
            g_array_set_size(songs, 1);
        }
    }
    struct style_work *work = g_new0(struct style_work, 1);
    work->name = g_strdup(music->stem);
    work->folder = folder;
    work->songs = songs->len;
    work->song = (struct style_song *)(void *)g_array_free(songs, FALSE);
    const struct signature_count count = signature_count(music->file);
    g_free(truth);
    music_free(music);
    if (work->songs == 0) {
        error_set(error, "%s: fewer than %d notes", path, STYLE_LEAST);
        g_free(work->song);
        g_free(work->name);
        g_free(work);
        return NULL;
    }
    signature_add(mean, &count);
    return work;
}

static void free_work(struct style_work *work)
{
    for (size_t i = 0; i < work->songs; i++) {
        g_free(work->song[i].note);
        g_free(work->song[i].voice);
    }
    g_free(work->song);
    g_free(work->name);
    g_free(work);
}

struct lists {
    GPtrArray *all, *learned, *held_out;
};

static void tell_key(const char *path, const struct signature_mean *mean,
                     const struct command_common *common)
{
    double in_key = 100 * mean->in_key / mean->files, in_c = 100 * mean->in_c / mean->files;
    if (signature_is_implausible(mean))
        command_note(common,
                     "%s: warning: only %.0f %% of the notes lie in the key of their signature, "
                     "%.0f %% in C major (%u files with sharps or flats): are accidentals lost?",
                     path, in_key, in_c, mean->files);
    else if (mean->files > 0)
        command_note(common,
                     "%s: %.0f %% of the notes lie in the key of their signature (%u files with "
                     "sharps or flats)",
                     path, in_key, mean->files);
}

static int load_folder(struct lists *lists, char *path, uint32_t folder, uint32_t hold_out,
                       const struct command_common *common, struct signature_mean *mean,
                       struct error *error)
{
    char *one[] = {path, NULL};
    char **files = files_expand(one, FILES_MUSIC, error);
    uint32_t left_out = 0;
    for (size_t i = 0; files && files[i]; i++) {
        struct error why;
        struct style_work *work = load_work(files[i], folder, common, mean, &why);
        if (!work) {
            left_out++;
            continue;
        }
        g_ptr_array_add(lists->all, work);
        g_ptr_array_add(is_held_out(files[i], hold_out) ? lists->held_out : lists->learned, work);
    }
    if (left_out)
        command_note(common, "%s: %u files left out: no music in them that can be read", path,
                     left_out);
    tell_key(path, mean, common);
    g_strfreev(files);
    return files ? 0 : -1;
}

/* Whether the path at place `to` was named before, and where first. */
static bool named_before(char *const *paths, uint32_t to, uint32_t *first)
{
    for (*first = 0; *first < to; ++*first)
        if (strcmp(paths[*first], paths[to]) == 0)
            return true;
    return false;
}

int corpus_load(struct corpus *corpus, char *const *paths, uint32_t hold_out,
                const struct command_common *common, struct error *error)
{
    struct lists lists = {g_ptr_array_new(), g_ptr_array_new(), g_ptr_array_new()};
    GPtrArray *folders = g_ptr_array_new();
    int status = 0;
    corpus->signature = g_new0(struct signature_mean, g_strv_length((char **)paths));
    for (uint32_t i = 0; status == 0 && paths[i]; i++) {
        uint32_t first;
        g_ptr_array_add(folders, g_path_get_basename(paths[i]));
        if (!named_before(paths, i, &first))
            status =
                load_folder(&lists, paths[i], i, hold_out, common, &corpus->signature[i], error);
    }
    guint once = lists.learned->len;
    for (uint32_t i = 0; status == 0 && paths[i]; i++) {
        uint32_t first;
        for (guint k = 0; named_before(paths, i, &first) && k < once; k++) {
            struct style_work *work = g_ptr_array_index(lists.learned, k);
            if (work->folder == first)
                g_ptr_array_add(lists.learned, work);
        }
    }
    corpus->folders = folders->len;
    corpus->folder = (char **)g_ptr_array_free(folders, FALSE);
    corpus->files = lists.all->len;
    corpus->learned.works = lists.learned->len;
    corpus->held_out.works = lists.held_out->len;
    corpus->all = (struct style_work **)g_ptr_array_free(lists.all, FALSE);
    corpus->learned.work = (struct style_work **)g_ptr_array_free(lists.learned, FALSE);
    corpus->held_out.work = (struct style_work **)g_ptr_array_free(lists.held_out, FALSE);
    if (status == 0 && corpus->learned.works == 0)
        status = error_set(error, "no music to learn from");
    if (status != 0)
        corpus_free(corpus);
    return status;
}

void corpus_free(struct corpus *corpus)
{
    for (uint32_t i = 0; i < corpus->folders; i++)
        g_free(corpus->folder[i]);
    g_free(corpus->folder);
    g_free(corpus->signature);
    for (size_t i = 0; i < corpus->files; i++)
        free_work(corpus->all[i]);
    g_free(corpus->all);
    g_free(corpus->learned.work);
    g_free(corpus->held_out.work);
    *corpus = (struct corpus){0};
}
