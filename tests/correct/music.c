#include "music.h"

#include "rl/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SECTION_BARS = 8,
    SECTION = SECTION_BARS * MUSIC_BAR,
    SECTION_NOTES = SECTION * 4,
    LETTERS = 4,
};

static void *need(void *memory)
{
    if (!memory) {
        fprintf(stderr, "tests: out of memory\n");
        exit(1);
    }
    return memory;
}

/* A pitch of the major scale on `tonic`, counted in steps from it. */
static uint8_t scale_pitch(int tonic, int step)
{
    static const int scale[] = {0, 2, 4, 5, 7, 9, 11};
    int octave = step >= 0 ? step / 7 : -((6 - step) / 7);
    return (uint8_t)(tonic + 12 * octave + scale[step - 7 * octave]);
}

struct writer {
    struct song_note *note;
    size_t count;
};

static void write_note(struct writer *writer, uint32_t slot, uint8_t pitch)
{
    writer->note[writer->count++] = (struct song_note){slot, pitch};
}

static void write_chord(struct writer *writer, struct rng *rng, uint32_t bar, int tonic, int root)
{
    bool broken = rng_below(rng, 2) == 0;
    for (uint32_t k = 0; k < 4; k++) {
        static const int steps[] = {0, 2, 4, 2};
        if (broken) {
            write_note(writer, bar + 4 * k, scale_pitch(tonic - 24, root + steps[k]));
        } else if (k % 2 == 0) {
            for (int n = 0; n < 3; n++)
                write_note(writer, bar + 4 * k, scale_pitch(tonic - 24, root + 2 * n));
        }
    }
}

static void write_section(struct writer *writer, struct rng *rng, enum music_kind kind, int tonic)
{
    int step = 7 + (int)rng_below(rng, 7);
    for (uint32_t bar = 0; bar < SECTION; bar += MUSIC_BAR) {
        int root = (int)rng_below(rng, 7);
        if (kind == MUSIC_PIANO)
            write_chord(writer, rng, bar, tonic, root);
        for (uint32_t slot = 0; slot < MUSIC_BAR; slot += 2) {
            if (slot && rng_below(rng, 3) == 0)
                continue;
            step += (int)rng_below(rng, 5) - 2;
            step = step < 2 ? 2 : step > 16 ? 16 : step;
            write_note(writer, bar + slot + (rng_below(rng, 6) == 0), scale_pitch(tonic, step));
        }
    }
}

struct song *music_compose(enum music_kind kind, uint64_t seed, uint32_t sections)
{
    static const int order[] = {0, 0, 1, 0, 2, 3, 2, 1};
    struct song_note *letter = need(malloc(LETTERS * SECTION_NOTES * sizeof *letter));
    struct song_note *note = need(malloc((size_t)sections * SECTION_NOTES * sizeof *note));
    struct writer writer[LETTERS], all = {note, 0};
    struct rng rng;
    rng_seed(&rng, seed, 100);
    int tonic = 60 + (int)rng_below(&rng, 12) - 6;
    for (int l = 0; l < LETTERS; l++) {
        writer[l] = (struct writer){letter + (size_t)l * SECTION_NOTES, 0};
        write_section(&writer[l], &rng, kind, tonic);
    }
    for (uint32_t s = 0; s < sections; s++) {
        const struct writer *from = &writer[order[s % 8]];
        for (size_t i = 0; i < from->count; i++)
            write_note(&all, from->note[i].slot + s * SECTION, from->note[i].pitch);
    }
    struct song *song = music_written(note, all.count);
    free(letter);
    free(note);
    return song;
}

struct song *music_written(const struct song_note *notes, size_t count)
{
    return need(song_create("made up", 0, notes, count, NULL));
}

struct model *music_model(struct song **songs, size_t count)
{
    struct process *process =
        need(beats_process((const struct song *const *)songs, count, 0, NULL));
    float *probability = need(malloc(process->arcs * sizeof *probability));
    process_observed(process, probability);
    struct policy *policy = need(policy_of_probability(process, probability, NULL));
    free(probability);
    struct model_origin origin = {.algorithm = "counts", .policy = "table"};
    return need(model_create(songs, count, process, policy, &origin, NULL));
}

struct model *music_model_of(enum music_kind kind, uint64_t seed, uint32_t sections)
{
    struct song *song = music_compose(kind, seed, sections);
    return music_model(&song, 1);
}

static void add_note(struct playing *playing, struct correct_note note, uint8_t meant,
                     uint8_t extra)
{
    if (playing->count == playing->room) {
        size_t room = playing->room * 2 + 256;
        playing->note = need(realloc(playing->note, room * sizeof *playing->note));
        playing->meant = need(realloc(playing->meant, room));
        playing->extra = need(realloc(playing->extra, room));
        playing->sent = need(realloc(playing->sent, room));
        playing->room = room;
    }
    playing->note[playing->count] = note;
    playing->meant[playing->count] = meant;
    playing->sent[playing->count] = note.pitch;
    playing->extra[playing->count++] = extra;
}

void playing_add(struct playing *playing, const struct song *song, uint32_t from, uint32_t to)
{
    for (uint32_t s = from; s < to && s < song->slots; s++)
        for (uint32_t i = song->first[s]; i < song->first[s + 1]; i++) {
            double slot = playing->end + (s - from);
            add_note(playing, (struct correct_note){slot / 8, slot, song->pitch[i], 80, false},
                     song->pitch[i], 0);
        }
    playing->end += (to < song->slots ? to : song->slots) - from;
}

void playing_rest(struct playing *playing, double slots)
{
    playing->end += slots;
}

void playing_shift(struct playing *playing, struct rng *rng, double p, int most)
{
    for (size_t i = 0; i < playing->count; i++)
        if (rng_double(rng) < p) {
            int by = 1 + (int)rng_below(rng, (uint32_t)most);
            int pitch = playing->note[i].pitch + (rng_below(rng, 2) ? by : -by);
            if (pitch >= 0 && pitch <= 127)
                playing->note[i].pitch = (uint8_t)pitch;
        }
}

/* Builds the playing anew from the notes that `take` lets through, with those it adds. */
static void rebuild(struct playing *playing, struct rng *rng, double p, bool drop)
{
    struct playing old = *playing;
    *playing = (struct playing){.end = old.end};
    for (size_t i = 0; i < old.count; i++) {
        bool struck = rng_double(rng) < p;
        if (!(drop && struck))
            add_note(playing, old.note[i], old.meant[i], old.extra[i]);
        if (!drop && struck) {
            struct correct_note note = old.note[i];
            int by = 1 + (int)rng_below(rng, 2);
            note.pitch = (uint8_t)(note.pitch + (rng_below(rng, 2) ? by : -by));
            note.velocity = 20;
            add_note(playing, note, old.meant[i], 1);
        }
    }
    playing_free(&old);
}

void playing_drop(struct playing *playing, struct rng *rng, double p)
{
    rebuild(playing, rng, p, true);
}

void playing_brush(struct playing *playing, struct rng *rng, double p)
{
    rebuild(playing, rng, p, false);
}

void playing_jitter(struct playing *playing, struct rng *rng, double p)
{
    for (size_t i = 0; i < playing->count; i++)
        if (rng_double(rng) < p) {
            int by = rng_below(rng, 2) ? 1 : -1;
            playing->note[i].slot += by;
            playing->note[i].seconds += by / 8.;
        }
    /* Moves notes by a slot: sorting by insertion keeps the order inside slots. */
    for (size_t i = 1; i < playing->count; i++)
        for (size_t k = i; k > 0 && playing->note[k].slot < playing->note[k - 1].slot; k--) {
            struct correct_note note = playing->note[k];
            uint8_t meant = playing->meant[k], extra = playing->extra[k];
            playing->note[k] = playing->note[k - 1];
            playing->meant[k] = playing->meant[k - 1];
            playing->extra[k] = playing->extra[k - 1];
            playing->note[k - 1] = note;
            playing->meant[k - 1] = meant;
            playing->extra[k - 1] = extra;
        }
}

void playing_play(struct playing *playing, struct corrector *corrector)
{
    size_t held = 0;
    for (size_t i = 0; i < playing->count; i++) {
        for (; held < i && playing->note[held].slot < playing->note[i].slot; held++)
            corrector_release(corrector, playing->sent[held]);
        playing->sent[i] = corrector_note(corrector, &playing->note[i]);
    }
    for (; held < playing->count; held++)
        corrector_release(corrector, playing->sent[held]);
}

void playing_free(struct playing *playing)
{
    free(playing->note);
    free(playing->meant);
    free(playing->extra);
    free(playing->sent);
    *playing = (struct playing){0};
}

static double per_cent(size_t part, size_t all)
{
    return all ? 100. * (double)part / (double)all : 100;
}

struct tally playing_tally(const struct playing *playing, size_t first)
{
    size_t notes = 0, right = 0, good = 0, kept = 0, same = 0;
    for (size_t i = first; i < playing->count; i++) {
        if (playing->extra[i])
            continue;
        bool well = playing->note[i].pitch == playing->meant[i];
        notes++;
        right += playing->sent[i] == playing->meant[i];
        good += well;
        kept += well && playing->sent[i] == playing->meant[i];
        same += playing->sent[i] == playing->note[i].pitch;
    }
    return (struct tally){per_cent(right, notes), per_cent(kept, good), per_cent(same, notes)};
}

struct corrector *music_corrector(const struct model *model, enum correct_mode mode)
{
    struct correct_settings settings = correct_defaults();
    settings.mode = mode;
    return need(corrector_open(&model, model ? 1 : 0, &settings, NULL));
}
