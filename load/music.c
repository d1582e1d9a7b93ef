/* By kind of file, then notes chosen and placed. */
#include "load/music.h"

#include "base/infile.h"
#include "load/notation.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

size_t music_stem_length(const char *path)
{
    static const char *const endings[] = {".mid",      ".midi", ".smf", ".kar",  ".rmi",
                                          ".musicxml", ".xml",  ".mxl", ".model"};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && dot > name && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0)
            return (size_t)(dot - path);
    return strlen(path);
}

bool music_is_copy(const char *name)
{
    for (const char *at = name; (at = strpbrk(at + 1, ".~")) && at[1];) {
        char *part = strndup(name, (size_t)(at - name));
        bool ended = part && music_stem_length(part) < strlen(part);
        free(part);
        if (ended && music_stem_length(name) == strlen(name))
            return true;
    }
    size_t length = strlen(name);
    return length > 1 && name[length - 1] == '~';
}

char *music_stem(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') /* of a folder */
        length--;
    size_t begin = length;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    char *stem = strndup(path + begin, length - begin);
    if (stem)
        stem[music_stem_length(stem)] = '\0';
    return stem;
}

bool music_takes(enum filekind kind)
{
    return kind == FILEKIND_MIDI ||
           ((kind == FILEKIND_MUSICXML || kind == FILEKIND_MXL) && musicxml_available());
}

bool music_is_score(const void *bytes, size_t length)
{
    enum filekind kind = filekind_of(bytes, length);
    if (kind == FILEKIND_MUSICXML || kind == FILEKIND_MXL)
        return true;
    const char *name = filekind_name(bytes, length);
    return musicxml_available() && name && strcmp(name, "a zip archive") == 0;
}

static struct midifile *refuse(const void *bytes, size_t length, const char *name,
                               enum filekind kind, struct error *error)
{
    const char *what = filekind_name(bytes, length);
    if (kind == FILEKIND_MODEL)
        error_set(error, "%s: is %s, expected music; a model is named with -m", name, what);
    else if (what && strstr(what, "MuseScore"))
        error_set(error, "%s: is %s; export it there as MusicXML: File, Export, MusicXML", name,
                  what);
    else
        return midifile_load_memory(bytes, length, name, error); /* says what is wrong with it */
    return NULL;
}

/* A bar's number: its leading digits; one without ("X1") is a part of the bar before it. */
static uint32_t printed_number(const char *text, uint32_t before)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    return end > text && text[0] != '-' && number <= MUSICXML_MAX_BARS ? (uint32_t)number : before;
}

static void keep_printed(struct music *music, const struct musicxml *score)
{
    uint32_t number = 0, m = 0;
    music->printed = calloc(score->bars, sizeof *music->printed);
    for (uint32_t b = 0; music->printed && b < score->bars; b++) {
        const struct musicxml_bar *bar = &score->bar[b];
        while (m + 1 < score->meters && score->meter[m + 1].tick <= bar->tick)
            m++;
        number = printed_number(bar->number, number);
        music->printed[music->printed_bars++] =
            (struct score_bar){.quarter = (double)bar->tick / score->division,
                               .number = number,
                               .beats = score->meters ? score->meter[m].beats : 4,
                               .unit = score->meters ? score->meter[m].unit : 4};
    }
}

static void keep_fingers(struct music *music, const struct musicxml *score, int part)
{
    music->fingers = calloc(score->notes + 1, sizeof *music->fingers);
    for (size_t n = 0; music->fingers && n < score->notes; n++) {
        const struct musicxml_note *note = &score->note[n];
        if (note->fingering && !note->grace && (part == NOTATION_ALL_PARTS || note->part == part))
            music->fingers[music->finger_count++] =
                (struct score_finger){.quarter = (double)note->tick / score->division,
                                      .pitch = note->pitch,
                                      .finger = note->fingering};
    }
}

/* `music` (NULL: nobody asks) gets what the file of notes cannot say. */
static struct midifile *read_score(const void *bytes, size_t length, int part, const char *name,
                                   struct music *music, struct error *error)
{
    struct musicxml *score = musicxml_read(bytes, length, name, error);
    size_t size = 0;
    if (score && music) {
        keep_printed(music, score);
        keep_fingers(music, score, part == NOTATION_KEYBOARD ? musicxml_keyboard(score) : part);
    }
    uint8_t *smf = score ? notation_smf(score, part, name, &size, error) : NULL;
    struct midifile *file = smf ? midifile_load_memory(smf, size, name, error) : NULL;
    free(smf);
    musicxml_free(score);
    return file;
}

static struct midifile *read_file(const void *bytes, size_t length, int part, const char *name,
                                  struct music *music, struct error *error)
{
    enum filekind kind = filekind_of(bytes, length);
    if (kind == FILEKIND_MIDI)
        return midifile_load_memory(bytes, length, name, error);
    if (music_is_score(bytes, length))
        return read_score(bytes, length, part, name, music, error);
    return refuse(bytes, length, name, kind, error);
}

struct midifile *music_read_file(const void *bytes, size_t length, int part, const char *name,
                                 struct error *error)
{
    return read_file(bytes, length, part, name, NULL, error);
}

struct music *music_read(const void *bytes, size_t length, const char *path,
                         const struct take_choice *choice, struct error *error)
{
    struct music *music = calloc(1, sizeof *music);
    if (music) {
        music->name = strdup(infile_name(path));
        music->stem = music_stem(infile_name(path));
    }
    if (!music || !music->name || !music->stem) {
        error_set(error, "%s: out of memory", path);
        music_free(music);
        return NULL;
    }
    int part = choice->part > 0 ? choice->part - 1
               : choice->tracks ? NOTATION_ALL_PARTS
                                : NOTATION_KEYBOARD;
    music->file = read_file(bytes, length, part, music->name, music, error);
    if (music->file && task_step(choice->task, 0, error) == 0)
        music->take = take_create(music->file, music->name, choice, error);
    if (music->take)
        return music;
    music_free(music);
    return NULL;
}

struct music *music_open(const char *path, const struct take_choice *choice, struct error *error)
{
    size_t length = 0;
    void *bytes = infile_read(path, MUSIC_MAX_BYTES, &length, error);
    struct music *music = bytes ? music_read(bytes, length, path, choice, error) : NULL;
    free(bytes);
    return music;
}

void music_free(struct music *music)
{
    if (!music)
        return;
    take_free(music->take);
    midifile_free(music->file);
    free(music->name);
    free(music->stem);
    free(music->printed);
    free(music->fingers);
    free(music);
}

struct song *music_song(const struct music *music, struct error *error)
{
    struct song *song = take_song(music->take, music->file, music->stem, error);
    if (song && music->printed && song->score->bars_known)
        score_number_bars(song->score, music->printed, music->printed_bars);
    if (song && score_set_fingers(song->score, music->fingers, music->finger_count, error) != 0) {
        song_free(song);
        return NULL;
    }
    return song;
}
